// The kernel's own sockets, called directly: between the load and the kernel stands no event loop, and one buffer serves every call.
import koffi from "koffi";

const library = koffi.load(null);
const call = (name, result, ...parameters) => library.func(name, result, parameters);

export const socket = call("socket", "int", "int", "int", "int");
export const connect = call("connect", "int", "int", "uintptr_t", "uint32_t");
export const bind = call("bind", "int", "int", "uintptr_t", "uint32_t");
export const listen = call("listen", "int", "int", "int");
export const accept4 = call("accept4", "int", "int", "uintptr_t", "uintptr_t", "int");
export const send = call("send", "int64_t", "int", "uintptr_t", "size_t", "int");
export const recv = call("recv", "int64_t", "int", "uintptr_t", "size_t", "int");
export const poll = call("poll", "int", "uintptr_t", "unsigned long", "int");
export const shutdown = call("shutdown", "int", "int", "int");
export const close = call("close", "int", "int");
const setsockopt = call("setsockopt", "int", "int", "int", "int", "uintptr_t", "uint32_t");
const getsockopt = call("getsockopt", "int", "int", "int", "int", "uintptr_t", "uintptr_t");

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SHUT_WR = 1;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_DONTWAIT = 0x40;
export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const EAGAIN = 11;

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const SO_RCVTIMEO = 20;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_INFO = 11;
const TCP_CONGESTION = 13;

export const errno = () => koffi.errno();
export const addressOf = (view) => Number(koffi.address(view));

/** Throws what a call that returned −1 failed with. */
export function must(result, action) {
  if (result < 0) throw new Error(`Cannot ${action}: errno ${errno()}`);
  return result;
}

/** struct sockaddr_in of a dotted quad and a port. */
export function socketAddress(host, port) {
  if (host.includes(":")) {
    const [before, after = ""] = host.split("::");
    const words = (text) =>
      text
        .split(":")
        .filter(Boolean)
        .flatMap((word) => [Number.parseInt(word, 16) >>> 8, Number.parseInt(word, 16) & 255]);
    const bytes = words(before);
    const rest = words(after);
    const gap = new Array(16 - bytes.length - rest.length).fill(0);
    return new Uint8Array([AF_INET6, 0, port >>> 8, port & 255, 0, 0, 0, 0, ...bytes, ...gap, ...rest, 0, 0, 0, 0]);
  }
  return new Uint8Array([AF_INET, 0, port >>> 8, port & 255, ...host.split(".").map(Number), 0, 0, 0, 0, 0, 0, 0, 0]);
}

const option = new Uint8Array(new ArrayBuffer(16));
const words = new Int32Array(option.buffer);
const optionAddress = addressOf(option);

function setNumber(fd, level, name, first, second, bytes) {
  words[0] = first;
  words[1] = second;
  return setsockopt(fd, level, name, optionAddress, bytes);
}

export const setNoDelay = (fd) => setNumber(fd, IPPROTO_TCP, TCP_NODELAY, 1, 0, 4);
export const setReuseAddress = (fd) => setNumber(fd, SOL_SOCKET, SO_REUSEADDR, 1, 0, 4);

/** How long a blocking recv may take before it fails with EAGAIN. */
export function setReceiveTimeout(fd, seconds) {
  const timeval = new BigInt64Array([BigInt(seconds), 0n]);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, addressOf(timeval), 16);
}

/** Cubic, whatever this machine's default is: a pacing control such as BBR would be measured instead of the stack. */
export function setCubic(fd) {
  option.set(new TextEncoder().encode("cubic"));
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, optionAddress, 5);
}

/** Ends a connection by a reset, without TIME-WAIT. */
export function closeAbruptly(fd) {
  setNumber(fd, SOL_SOCKET, SO_LINGER, 1, 0, 8);
  close(fd);
}

const info = new Uint8Array(new ArrayBuffer(256));
const infoView = new DataView(info.buffer);
const infoLength = new Int32Array(new ArrayBuffer(8));
const TOTAL_RETRANSMISSIONS = 100;
const BYTES_ACKED = 120;

/** What of struct tcp_info (linux/tcp.h) is wanted here. */
export function tcpInfo(fd) {
  infoLength[0] = info.length;
  must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, addressOf(info), addressOf(infoLength)), "read TCP_INFO");
  return {
    bytesAcked: Number(infoView.getBigUint64(BYTES_ACKED, true)),
    retransmissions: infoView.getUint32(TOTAL_RETRANSMISSIONS, true),
  };
}
