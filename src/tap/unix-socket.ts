import { addressOf, EINTR, ENAMETOOLONG, libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";

/**
 * Stream sockets of unix(7) as bare descriptors, for threads that wait in poll(2) or recv(2) themselves. What fails is told as a
 * negative error number, for most of it is a peer's doing and no exception.
 */

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVTIMEO = 20;
const SHUT_WR = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const BACKLOG = 1024;
/** What the kernel holds on its way to a peer; it grants at most `net.core.wmem_max`. */
const BUFFER_BYTES = 1024 * 1024;

/** `sun_path` has 108 bytes with its final zero. */
export const MAX_SOCKET_PATH = 107;

/** @returns a listening, nonblocking descriptor at `path`, where nothing may lie yet */
export function listenAt(path: string): number {
  const c = libc();
  if (isTooLong(path)) return -ENAMETOOLONG;
  const fd = c.socket(AF_UNIX, SOCK_STREAM | O_NONBLOCK | O_CLOEXEC, 0);
  if (fd < 0) return -c.errno();
  const name = socketName(path);
  if (c.bind(fd, addressOf(name), name.length) < 0 || c.listen(fd, BACKLOG) < 0) return closedWith(fd, c.errno());
  return fd;
}

/** @returns the descriptor of the next client, nonblocking */
export function acceptFrom(listener: number): number {
  const c = libc();
  const fd = c.accept4(listener, 0, 0, O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -c.errno();
  widen(fd);
  return fd;
}

/** @returns a connected descriptor in blocking mode */
export function connectTo(path: string): number {
  const c = libc();
  if (isTooLong(path)) return -ENAMETOOLONG;
  const fd = c.socket(AF_UNIX, SOCK_STREAM | O_CLOEXEC, 0);
  if (fd < 0) return -c.errno();
  const name = socketName(path);
  if (c.connect(fd, addressOf(name), name.length) < 0) return closedWith(fd, c.errno());
  widen(fd);
  return fd;
}

/** Waiting for bytes ends after this time with EAGAIN. */
export function setReceiveTimeout(fd: number, timeoutMs: number): void {
  const seconds = Math.floor(timeoutMs / 1000);
  // struct timeval: two 64-bit words.
  const time = new Int32Array([seconds, 0, (timeoutMs - seconds * 1000) * 1000, 0]);
  libc().setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, addressOf(time), 16);
}

/** Never waits. @returns how many bytes left */
export function sendNow(fd: number, address: number, length: number): number {
  const c = libc();
  for (;;) {
    const n = c.send(fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** Never waits. @returns how many bytes came; 0 at the end of the stream */
export const receiveNow = (fd: number, address: number, length: number): number => receive(fd, address, length, MSG_DONTWAIT);

/** Waits until something has come, or for the time that `setReceiveTimeout` says. @returns how many bytes; 0 at the end of the stream */
export const receiveWaiting = (fd: number, address: number, length: number): number => receive(fd, address, length, 0);

function receive(fd: number, address: number, length: number, flags: number): number {
  const c = libc();
  for (;;) {
    const n = c.recv(fd, address, length, flags);
    if (n >= 0) return n;
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** Two pieces of memory that leave as one: struct msghdr with two of struct iovec, as 32-bit words. */
export class GatheredSend {
  readonly #vectors = new Int32Array(8);
  readonly #header = new Int32Array(14);
  readonly #address = addressOf(this.#header);

  constructor() {
    putAddress(this.#header, 4, addressOf(this.#vectors));
    this.#header[6] = 2;
  }

  /** Never waits. @returns how many bytes of both left */
  sendNow(fd: number, first: number, firstLength: number, second: number, secondLength: number): number {
    const c = libc();
    putAddress(this.#vectors, 0, first);
    this.#vectors[2] = firstLength;
    putAddress(this.#vectors, 4, second);
    this.#vectors[6] = secondLength;
    for (;;) {
      const n = c.sendmsg(fd, this.#address, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n >= 0) return n;
      const errno = c.errno();
      if (errno !== EINTR) return -errno;
    }
  }
}

function putAddress(words: Int32Array, at: number, address: number): void {
  words[at] = address % 2 ** 32;
  words[at + 1] = address / 2 ** 32;
}

/** The peer reads the end of the stream behind what was sent, and may itself go on sending. */
export function endSending(fd: number): void {
  libc().shutdown(fd, SHUT_WR);
}

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

function widen(fd: number): void {
  const bytes = new Int32Array([BUFFER_BYTES]);
  // Where the system grants less, large messages leave in more steps.
  libc().setsockopt(fd, SOL_SOCKET, SO_SNDBUF, addressOf(bytes), 4);
}

/** struct sockaddr_un. */
export function socketName(path: string): Uint8Array {
  const text = new TextEncoder().encode(path);
  const name = new Uint8Array(2 + text.length + 1);
  name[0] = AF_UNIX;
  name.set(text, 2);
  return name;
}

/** Cut, it would be another socket's. */
export const isTooLong = (path: string): boolean => new TextEncoder().encode(path).length > MAX_SOCKET_PATH;

function closedWith(fd: number, errno: number): number {
  libc().close(fd);
  return -errno;
}
