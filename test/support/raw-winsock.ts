/** Raw sockets with less ceremony, for tests, and the datagrams that they take and give. */
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as icmpv6 from "../../src/stack/packet/icmpv6.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as udp from "../../src/stack/packet/udp.ts";
import { AF_INET, AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6, SO_RCVTIMEO, SOCK_RAW, SOL_SOCKET } from "../../src/winsock/abi/constants.ts";
import {
  new_sockaddr_in,
  new_sockaddr_in6,
  type SOCKET,
  sizeof_sockaddr_in,
  sizeof_sockaddr_in6,
} from "../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../src/winsock/faces/blocking-face.ts";
import { address6, text6 } from "./ipv6-winsock.ts";
import { address } from "./virtual-winsock.ts";
import { outcome } from "./winsock-calls.ts";

export const raw = (face: BlockingFace, protocol = IPPROTO_ICMP, family = AF_INET): SOCKET => {
  const s = face.socket(family, SOCK_RAW, protocol);
  // What never comes should fail a test, and not keep it.
  face.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 1000 }, 4);
  return s;
};
export const raw6 = (face: BlockingFace, protocol = IPPROTO_ICMPV6): SOCKET => raw(face, protocol, AF_INET6);

export function boundRaw(face: BlockingFace, protocol = IPPROTO_ICMP, to = "0.0.0.0"): SOCKET {
  const s = raw(face, protocol);
  if (face.bind(s, address(to, 0), sizeof_sockaddr_in) !== 0) throw new Error(`bind: ${face.WSAGetLastError()}`);
  return s;
}

export function boundRaw6(face: BlockingFace, protocol = IPPROTO_ICMPV6, to = "::"): SOCKET {
  const s = raw6(face, protocol);
  if (face.bind(s, address6(to, 0), sizeof_sockaddr_in6) !== 0) throw new Error(`bind: ${face.WSAGetLastError()}`);
  return s;
}

export const sendTo = (face: BlockingFace, s: SOCKET, message: Uint8Array, to: string, port = 0) =>
  outcome(face, face.sendto(s, message, message.length, 0, address(to, port), sizeof_sockaddr_in));

export const sendTo6 = (face: BlockingFace, s: SOCKET, message: Uint8Array, to: string) =>
  outcome(face, face.sendto(s, message, message.length, 0, address6(to, 0), sizeof_sockaddr_in6));

export interface Came {
  /** Of the sender; the port is 0. */
  readonly from: string;
  readonly bytes: Uint8Array;
}

/** The next datagram, or the code. */
export function receive(face: BlockingFace, s: SOCKET, room = 65536): Came | number {
  const buffer = new Uint8Array(room);
  const from = new_sockaddr_in();
  const length = face.recvfrom(s, buffer, room, 0, from, { value: sizeof_sockaddr_in });
  if (length < 0) return face.WSAGetLastError();
  return { from: `${face.inet_ntoa(from.sin_addr)}:${from.sin_port}`, bytes: buffer.slice(0, length) };
}

export function receive6(face: BlockingFace, s: SOCKET, room = 65536): Came | number {
  const buffer = new Uint8Array(room);
  const from = new_sockaddr_in6();
  const length = face.recvfrom(s, buffer, room, 0, from, { value: sizeof_sockaddr_in6 });
  if (length < 0) return face.WSAGetLastError();
  return { from: `[${text6(from)}]:${from.sin6_port}`, bytes: buffer.slice(0, length) };
}

/** What waits now, in the words of `describe`. */
export function waiting(face: BlockingFace, s: SOCKET, describe: (came: Came) => string): string[] {
  face.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 1 }, 4);
  const found: string[] = [];
  for (let came = receive(face, s); typeof came !== "number"; came = receive(face, s)) found.push(describe(came));
  return found;
}

/** A message of ICMP, its checksum made. */
export function echoRequest(id: number, sequence: number, data: Uint8Array = new Uint8Array(0), type = icmp.ECHO_REQUEST): Uint8Array {
  const message = new Uint8Array(icmp.HEADER + data.length);
  icmp.writeEcho(message, 0, type, id, sequence);
  message.set(data, icmp.dataAt(0));
  icmp.putChecksum(message, 0, message.length);
  return message;
}

/** One of ICMPv6, whose checksum is the stack's to make. */
export function echoRequest6(id: number, sequence: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const message = new Uint8Array(icmpv6.HEADER + data.length);
  icmpv6.writeEcho(message, 0, icmpv6.ECHO_REQUEST, id, sequence);
  message.set(data, icmpv6.HEADER);
  return message;
}

/** An IPv4 datagram around a payload; without `from` the source is for the stack to fill in. */
export function datagramOf(to: string, protocol: number, payload: Uint8Array, from = "0.0.0.0", ttl = 64): Uint8Array {
  const datagram = new Uint8Array(ipv4.MIN_HEADER + payload.length);
  ipv4.writeHeader(datagram, 0, datagram.length, bits(from), bits(to), protocol, ttl, 0, 0);
  datagram.set(payload, ipv4.MIN_HEADER);
  return datagram;
}

/** UDP without a checksum, as IPv4 lets it be. */
export function udpDatagram(from: number, to: number, payload: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(udp.HEADER + payload.length);
  udp.writeHeader(datagram, 0, from, to, payload.length);
  datagram.set(payload, udp.HEADER);
  return datagram;
}

const bits = (text: string): number => text.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0);
export const addressAt = (b: Uint8Array, at: number): string => b.subarray(at, at + 4).join(".");

const TYPES = new Map([
  [icmp.ECHO_REPLY, "reply"],
  [icmp.ECHO_REQUEST, "request"],
  [icmp.DESTINATION_UNREACHABLE, "unreachable"],
  [icmp.TIME_EXCEEDED, "time exceeded"],
]);

/** `203.0.113.1 > 203.0.113.2: reply 7/1`, of ICMP in IPv4. */
export function icmpText({ bytes }: Came): string {
  const at = ipv4.payloadAt(bytes, 0);
  const type = icmp.type(bytes, at);
  const rest = icmp.isError(type) ? `code ${icmp.code(bytes, at)}` : `${icmp.identifier(bytes, at)}/${icmp.sequence(bytes, at)}`;
  return `${addressAt(bytes, 12)} > ${addressAt(bytes, 16)}: ${TYPES.get(type) ?? type} ${rest}`;
}
