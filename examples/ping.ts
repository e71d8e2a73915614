/**
 * Pings a host of either family through a raw socket, in C's manner.
 *
 *   node dist/examples/ping.js [HOST [COUNT]]
 *
 * Without arguments it pings 127.0.0.1, four times. Exit status: 0 when every request was answered. Raw sockets are for administrators:
 * a program on a host of its own is one, a client of a daemon if the daemon says so (tapsockd --administrators).
 */
import {
  AF_INET6,
  type addrinfo,
  closesocket,
  gai_strerror,
  getaddrinfo,
  INVALID_SOCKET,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  MAKEWORD,
  NO_ERROR,
  new_addrinfo,
  new_WSADATA,
  recvfrom,
  SO_RCVTIMEO,
  SOCK_RAW,
  SOCKET_ERROR,
  SOL_SOCKET,
  sendto,
  setsockopt,
  sizeof_DWORD,
  socket,
  WSAAddressToString,
  WSACleanup,
  WSAETIMEDOUT,
  WSAGetLastError,
  WSAStartup,
} from "tapsock/winsock";

const TIMEOUT_MS = 1000;
const DATA_BYTES = 32;
const ECHO_HEADER = 8;

/** What differs between the two families. */
interface Format {
  readonly protocol: number;
  readonly echoRequest: number;
  readonly echoReply: number;
  /** Of IPv4 a raw socket receives the IP header too. */
  messageAt(received: Uint8Array): number;
  /** The header's TTL; IPv6's is not received. */
  ttlText(received: Uint8Array): string;
}

const ICMP: Format = {
  protocol: IPPROTO_ICMP,
  echoRequest: 8,
  echoReply: 0,
  messageAt: (received) => (received[0]! & 15) * 4,
  ttlText: (received) => ` TTL=${received[8]}`,
};
const ICMPV6: Format = { protocol: IPPROTO_ICMPV6, echoRequest: 128, echoReply: 129, messageAt: () => 0, ttlText: () => "" };

/** RFC 1071. */
function checksum(message: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < message.length; i += 2) sum += (message[i]! << 8) | (message[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An echo request of RFC 792 or RFC 4443; ICMPv6's checksum, which counts the addresses as well, is the stack's to make. */
function echoRequest({ echoRequest: type, protocol }: Format, id: number, sequence: number): Uint8Array {
  const message = new Uint8Array(ECHO_HEADER + DATA_BYTES);
  const view = new DataView(message.buffer);
  message[0] = type;
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  for (let i = ECHO_HEADER; i < message.length; i++) message[i] = 97 + ((i - ECHO_HEADER) % 23);
  if (protocol === IPPROTO_ICMP) view.setUint16(2, checksum(message));
  return message;
}

/** Waits for the answer to one request among all that a raw socket hears. @returns what to print; undefined when none came */
function awaitReply(s: number, format: Format, id: number, sequence: number): string | undefined {
  const buffer = new Uint8Array(65536);
  const sentAt = performance.now();
  while (performance.now() - sentAt < TIMEOUT_MS) {
    const length = recvfrom(s, buffer, buffer.length, 0, null, null);
    if (length === SOCKET_ERROR) {
      const error = WSAGetLastError();
      return error === WSAETIMEDOUT ? undefined : `recvfrom function failed with error: ${error}`;
    }
    const at = format.messageAt(buffer);
    const view = new DataView(buffer.buffer, at);
    if (buffer[at] !== format.echoReply || view.getUint16(4) !== id || view.getUint16(6) !== sequence) continue;
    const tookMs = performance.now() - sentAt;
    const time = tookMs < 1 ? "time<1ms" : `time=${Math.round(tookMs)}ms`;
    return `bytes=${length - at - ECHO_HEADER} ${time}${format.ttlText(buffer)}`;
  }
  return undefined;
}

/** @returns how many were answered; −1 where nothing can be sent */
function ping({ ai_family, ai_addr, ai_addrlen }: addrinfo, count: number): number {
  const format = ai_family === AF_INET6 ? ICMPV6 : ICMP;
  const s = socket(ai_family, SOCK_RAW, format.protocol);
  if (s === INVALID_SOCKET) {
    console.log(`socket function failed with error: ${WSAGetLastError()}`);
    return -1;
  }
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: TIMEOUT_MS }, sizeof_DWORD);
  const text = { value: "" };
  WSAAddressToString(ai_addr!, ai_addrlen, null, text, { value: 65 });
  console.log(`Pinging ${text.value} with ${DATA_BYTES} bytes of data:`);
  const id = process.pid & 0xffff;
  let answered = 0;
  for (let sequence = 1; sequence <= count; sequence++) {
    const request = echoRequest(format, id, sequence);
    if (sendto(s, request, request.length, 0, ai_addr, ai_addrlen) === SOCKET_ERROR) {
      console.log(`sendto function failed with error: ${WSAGetLastError()}`);
      continue;
    }
    const reply = awaitReply(s, format, id, sequence);
    if (reply?.startsWith("bytes=") === true) answered++;
    console.log(reply === undefined ? "Request timed out." : `Reply from ${text.value}: ${reply}`);
  }
  closesocket(s);
  console.log(`Packets: Sent = ${count}, Received = ${answered}, Lost = ${count - answered}`);
  return answered;
}

function main(host = "127.0.0.1", times = "4"): number {
  const iResult = WSAStartup(MAKEWORD(2, 2), new_WSADATA());
  if (iResult !== NO_ERROR) {
    console.log(`WSAStartup function failed with error: ${iResult}`);
    return 1;
  }
  const found: { value: addrinfo | null } = { value: null };
  const error = getaddrinfo(host, null, new_addrinfo(), found);
  if (error !== 0 || found.value === null) {
    console.log(`${host}: ${gai_strerror(error)}`);
    WSACleanup();
    return 1;
  }
  const answered = ping(found.value, Number(times));
  WSACleanup();
  return answered === Number(times) ? 0 : 1;
}

process.exitCode = main(...process.argv.slice(2));
