/**
 * What SO_BSP_STATE and TCP_ICMP_ERROR_INFO tell. In bytes a pointer is the offset from where the structure begins, and 0 is NULL: what
 * it leads to lies in the same buffer.
 */

import { AF_INET6 } from "./constants.ts";
import { getI32, getU32, getU64, setU32, setU64 } from "./fields.ts";
import { readSockaddrIn, readSockaddrIn6, sizeof_sockaddr_in6, type sockaddr_in, type sockaddr_in6 } from "./structures.ts";

export const sizeof_SOCKET_ADDRESS = 16;
export const sizeof_CSADDR_INFO = 40;
export const sizeof_ICMP_ERROR_INFO = 36;

/** A socket address by pointer and length. */
export interface SOCKET_ADDRESS {
  lpSockaddr: sockaddr_in | sockaddr_in6 | Uint8Array | null;
  iSockaddrLength: number;
}

/** SO_BSP_STATE. */
export interface CSADDR_INFO {
  LocalAddr: SOCKET_ADDRESS;
  RemoteAddr: SOCKET_ADDRESS;
  iSocketType: number;
  iProtocol: number;
}

/** TCP_ICMP_ERROR_INFO. */
export interface ICMP_ERROR_INFO {
  /** Who sent the ICMP message. */
  srcaddress: sockaddr_in | sockaddr_in6;
  /** IPPROTO_ICMP or IPPROTO_ICMPV6. */
  protocol: number;
  type: number;
  code: number;
}

const REMOTE_AT = 16;
const TYPE_AT = 32;
const PROTOCOL_AT = 36;

/** With the names behind the structure; of a name that there is none of, null. */
export function csaddrInfoBytes(local: Uint8Array | null, remote: Uint8Array | null, type: number, protocol: number): Uint8Array {
  const bytes = new Uint8Array(sizeof_CSADDR_INFO + (local?.length ?? 0) + (remote?.length ?? 0));
  let end = sizeof_CSADDR_INFO;
  for (const [at, name] of [[0, local] as const, [REMOTE_AT, remote] as const]) {
    if (name === null) continue;
    putSocketAddress(bytes, at, end, name.length);
    bytes.set(name, end);
    end += name.length;
  }
  setU32(bytes, TYPE_AT, type);
  setU32(bytes, PROTOCOL_AT, protocol);
  return bytes;
}

export const readCsaddrInfo = (bytes: Uint8Array): CSADDR_INFO => ({
  LocalAddr: readSocketAddress(bytes, 0),
  RemoteAddr: readSocketAddress(bytes, REMOTE_AT),
  iSocketType: getI32(bytes, TYPE_AT),
  iProtocol: getI32(bytes, PROTOCOL_AT),
});

/** Pointer and length. @param pointsTo within `bytes` */
export function putSocketAddress(bytes: Uint8Array, at: number, pointsTo: number, length: number): void {
  setU64(bytes, at, pointsTo);
  setU32(bytes, at + 8, length);
}

/** The name that the SOCKET_ADDRESS at `at` leads to, which is NULL where that lies outside of the bytes. */
export function readSocketAddress(bytes: Uint8Array, at: number): SOCKET_ADDRESS {
  const name = pointedTo(bytes, at);
  return { lpSockaddr: name === null ? null : sockaddrOf(name), iSockaddrLength: getI32(bytes, at + 8) };
}

/** As `readSocketAddress`, the name's bytes alone. */
export function pointedTo(bytes: Uint8Array, at: number): Uint8Array | null {
  const pointer = getU64(bytes, at);
  const length = getU32(bytes, at + 8);
  return pointer === 0 || length === 0 || pointer + length > bytes.length ? null : bytes.slice(pointer, pointer + length);
}

/** A name as an object of its family. */
export const sockaddrOf = (name: Uint8Array): sockaddr_in | sockaddr_in6 =>
  name[0] === AF_INET6 ? readSockaddrIn6(name) : readSockaddrIn(name);

/** @param source a name of either family */
export function icmpErrorInfoBytes(source: Uint8Array, protocol: number, type: number, code: number): Uint8Array {
  const bytes = new Uint8Array(sizeof_ICMP_ERROR_INFO);
  bytes.set(source);
  setU32(bytes, sizeof_sockaddr_in6, protocol);
  bytes[sizeof_sockaddr_in6 + 4] = type;
  bytes[sizeof_sockaddr_in6 + 5] = code;
  return bytes;
}

export const readIcmpErrorInfo = (bytes: Uint8Array): ICMP_ERROR_INFO => ({
  srcaddress: sockaddrOf(bytes),
  protocol: getI32(bytes, sizeof_sockaddr_in6),
  type: bytes[sizeof_sockaddr_in6 + 4] ?? 0,
  code: bytes[sizeof_sockaddr_in6 + 5] ?? 0,
});
