/**
 * Winsock's structures in both forms that a program may pass: an object with C's field names, or a Uint8Array in the layout of x64
 * Windows (little-endian; fields that C keeps in network byte order stay in it). Offsets are Microsoft's headers'.
 *
 * Nothing here throws, because C would not: a field that is missing or not a number counts as 0, numbers are cut to the field's width,
 * bytes missing at the end of a short array count as 0 when read and are not written. Checking lengths (WSAEFAULT) is the caller's part.
 * The objects are mutable on purpose: they stand for memory that the program owns and the calls fill.
 */
import { AF_INET6, FD_SETSIZE, INVALID_SOCKET, WSADESCRIPTION_LEN, WSASYS_STATUS_LEN } from "./constants.ts";
import { field, getI32, getU16, getU32, integer, putBytes, setU16, setU32 } from "./fields.ts";
import { readSockaddrIrda, type SOCKADDR_IRDA, sockaddrIrdaBytes } from "./irda-structures.ts";

/** A handle; INVALID_SOCKET is -1. */
export type SOCKET = number;

/** A pointer to a scalar: `int *` is `{ value: 0 }`. */
export interface Box<T> {
  value: T;
}

export const sizeof_int = 4;
export const sizeof_u_long = 4;
export const sizeof_u_short = 2;
export const sizeof_BOOL = 4;
export const sizeof_DWORD = 4;
export const sizeof_SOCKET = 8;
export const sizeof_in_addr = 4;
export const sizeof_in6_addr = 16;
export const sizeof_sockaddr = 16;
export const sizeof_sockaddr_in = 16;
export const sizeof_sockaddr_in6 = 28;
export const sizeof_sockaddr_storage = 128;
export const sizeof_WSADATA = 408;
export const sizeof_fd_set = 520;
export const sizeof_timeval = 8;
export const sizeof_linger = 4;

/** An IPv4 address. */
export interface in_addr {
  /** Network byte order: 127.0.0.1 is 0x0100007f. */
  s_addr: number;
}

/** An IPv6 address. */
export interface in6_addr {
  /** 16 bytes, as on the wire. */
  s6_addr: Uint8Array | number[];
}

/** An address of any family. */
export interface sockaddr {
  sa_family: number;
  /** What follows the family, as bytes; 14 of them in C. */
  sa_data: Uint8Array | number[];
}

export interface sockaddr_in {
  sin_family: number;
  /** Network byte order: port 80 is htons(80). */
  sin_port: number;
  sin_addr: in_addr;
  /** 8 bytes of padding. */
  sin_zero?: Uint8Array | number[];
}

export interface sockaddr_in6 {
  sin6_family: number;
  /** Network byte order. */
  sin6_port: number;
  sin6_flowinfo: number;
  sin6_addr: in6_addr;
  sin6_scope_id: number;
}

/** Relative time: seconds and microseconds, both signed 32 bits. */
export interface timeval {
  tv_sec: number;
  tv_usec: number;
}

export interface linger {
  /** 0 off, anything else on. */
  l_onoff: number;
  /** Seconds. */
  l_linger: number;
}

/** What WSAStartup tells about the implementation. */
export interface WSADATA {
  wVersion: number;
  wHighVersion: number;
  szDescription: string;
  szSystemStatus: string;
  iMaxSockets: number;
  iMaxUdpDg: number;
  /** Never written. */
  lpVendorInfo: null;
}

/** A set of sockets for select; see fd-set.ts for the FD_ macros. */
export interface fd_set {
  /** How many entries of fd_array count. */
  fd_count: number;
  fd_array: SOCKET[];
}

/** A zeroed sockaddr_in. */
export function new_sockaddr_in(): sockaddr_in {
  return { sin_family: 0, sin_port: 0, sin_addr: { s_addr: 0 }, sin_zero: new Uint8Array(8) };
}

/** A zeroed sockaddr_in6. */
export function new_sockaddr_in6(): sockaddr_in6 {
  return {
    sin6_family: 0,
    sin6_port: 0,
    sin6_flowinfo: 0,
    sin6_addr: { s6_addr: new Uint8Array(sizeof_in6_addr) },
    sin6_scope_id: 0,
  };
}

/** A zeroed WSADATA. */
export function new_WSADATA(): WSADATA {
  return { wVersion: 0, wHighVersion: 0, szDescription: "", szSystemStatus: "", iMaxSockets: 0, iMaxUdpDg: 0, lpVendorInfo: null };
}

// ---- Socket addresses ----

/**
 * The bytes of a socket address: an array is returned as it is, an object as a new array of its structure's size. The structure is
 * told by the name of the family's field: `sin6_family` (28 bytes), `sa_family` (at least 16), otherwise `sin_family` (16). One that has
 * both `sin6_family` and `sin_family`, because names of both families were written to it, is what `sin6_family` says.
 */
export function sockaddrBytes(name: sockaddr_in | sockaddr_in6 | sockaddr | SOCKADDR_IRDA | Uint8Array): Uint8Array {
  if (name instanceof Uint8Array) return name;
  if (field(name, "irdaAddressFamily") !== undefined) return sockaddrIrdaBytes(name);
  const isIn6 = integer(name, "sin6_family") === AF_INET6 || field(name, "sin_family") === undefined;
  if (isIn6 && field(name, "sin6_family") !== undefined) return sockaddrIn6Bytes(name);
  if (field(name, "sa_family") !== undefined) {
    const data = field(name, "sa_data");
    const length = data instanceof Uint8Array || Array.isArray(data) ? data.length : 0;
    const bytes = new Uint8Array(Math.min(Math.max(sizeof_sockaddr, 2 + length), sizeof_sockaddr_storage));
    setU16(bytes, 0, integer(name, "sa_family"));
    putBytes(bytes, 2, data);
    return bytes;
  }
  const bytes = new Uint8Array(sizeof_sockaddr_in);
  setU16(bytes, 0, integer(name, "sin_family"));
  setU16(bytes, 2, integer(name, "sin_port"));
  setU32(bytes, 4, integer(field(name, "sin_addr"), "s_addr"));
  putBytes(bytes, 8, field(name, "sin_zero"));
  return bytes;
}

function sockaddrIn6Bytes(name: unknown): Uint8Array {
  const bytes = new Uint8Array(sizeof_sockaddr_in6);
  setU16(bytes, 0, integer(name, "sin6_family"));
  setU16(bytes, 2, integer(name, "sin6_port"));
  setU32(bytes, 4, integer(name, "sin6_flowinfo"));
  const address = field(field(name, "sin6_addr"), "s6_addr");
  if (address instanceof Uint8Array || Array.isArray(address)) putBytes(bytes, 8, address.slice(0, sizeof_in6_addr));
  setU32(bytes, 24, integer(name, "sin6_scope_id"));
  return bytes;
}

/** A sockaddr_in in C layout as an object. */
export function readSockaddrIn(bytes: Uint8Array): sockaddr_in {
  const name = new_sockaddr_in();
  writeSockaddrIn(name, bytes);
  return name;
}

/** A sockaddr_in6 in C layout as an object. */
export function readSockaddrIn6(bytes: Uint8Array): sockaddr_in6 {
  const address = new Uint8Array(sizeof_in6_addr);
  address.set(bytes.subarray(8, 8 + sizeof_in6_addr));
  return {
    sin6_family: getU16(bytes, 0),
    sin6_port: getU16(bytes, 2),
    sin6_flowinfo: getU32(bytes, 4),
    sin6_addr: { s6_addr: address },
    sin6_scope_id: getU32(bytes, 24),
  };
}

/**
 * Fills the program's structure with an address, as getsockname and accept do: bytes as far as they fit, or the object's fields in
 * place. An object gets sin6_ fields for an AF_INET6 address, sa_ fields if it has an `sa_family`, and sin_ fields otherwise; its
 * sin_addr object is kept, and sin_zero is written where it exists. Family and port, which lie in one place in C, are written under the
 * names of the other structure too where it has those.
 */
export function writeSockaddrIn(target: sockaddr_in | sockaddr_in6 | sockaddr | SOCKADDR_IRDA | Uint8Array, bytes: Uint8Array): void {
  if (target instanceof Uint8Array) {
    target.set(bytes.subarray(0, target.length));
  } else if (field(target, "irdaAddressFamily") !== undefined) {
    Object.assign(target, readSockaddrIrda(bytes));
  } else if (field(target, "sa_family") !== undefined) {
    Object.assign(target, { sa_family: getU16(bytes, 0), sa_data: bytes.slice(2) });
  } else if (getU16(bytes, 0) === AF_INET6) {
    const name = readSockaddrIn6(bytes);
    Object.assign(target, name);
    if (field(target, "sin_family") !== undefined) Object.assign(target, { sin_family: name.sin6_family, sin_port: name.sin6_port });
  } else {
    const name = target as Partial<sockaddr_in>;
    if (field(target, "sin6_family") !== undefined) Object.assign(target, { sin6_family: getU16(bytes, 0), sin6_port: getU16(bytes, 2) });
    name.sin_family = getU16(bytes, 0);
    name.sin_port = getU16(bytes, 2);
    const address = getU32(bytes, 4);
    if (typeof name.sin_addr === "object" && name.sin_addr !== null) name.sin_addr.s_addr = address;
    else name.sin_addr = { s_addr: address };
    if (name.sin_zero !== undefined) name.sin_zero = bytes.slice(8, 16);
  }
}

// ---- Time and linger ----

/** The fields of a timeval in either form, as C's longs. */
export function readTimeval(timeout: timeval | Uint8Array): timeval {
  if (timeout instanceof Uint8Array) return { tv_sec: getI32(timeout, 0), tv_usec: getI32(timeout, 4) };
  return { tv_sec: integer(timeout, "tv_sec") | 0, tv_usec: integer(timeout, "tv_usec") | 0 };
}

/** The bytes of a timeval: an array is returned as it is. */
export function timevalBytes(timeout: timeval | Uint8Array): Uint8Array {
  if (timeout instanceof Uint8Array) return timeout;
  const bytes = new Uint8Array(sizeof_timeval);
  setU32(bytes, 0, integer(timeout, "tv_sec"));
  setU32(bytes, 4, integer(timeout, "tv_usec"));
  return bytes;
}

/** The fields of a linger in either form, as C's unsigned shorts. */
export function readLinger(option: linger | Uint8Array): linger {
  if (option instanceof Uint8Array) return { l_onoff: getU16(option, 0), l_linger: getU16(option, 2) };
  return { l_onoff: integer(option, "l_onoff") & 0xffff, l_linger: integer(option, "l_linger") & 0xffff };
}

/** The bytes of a linger: an array is returned as it is. */
export function lingerBytes(option: linger | Uint8Array): Uint8Array {
  if (option instanceof Uint8Array) return option;
  const bytes = new Uint8Array(sizeof_linger);
  setU16(bytes, 0, integer(option, "l_onoff"));
  setU16(bytes, 2, integer(option, "l_linger"));
  return bytes;
}

/** Fills the program's structure, as getsockopt(SO_LINGER) does. */
export function writeLinger(target: linger | Uint8Array, option: linger): void {
  if (target instanceof Uint8Array) target.set(lingerBytes(option).subarray(0, target.length));
  else Object.assign(target, readLinger(option));
}

// ---- WSADATA ----

const DESCRIPTION_AT = 16;
const SYSTEM_STATUS_AT = DESCRIPTION_AT + WSADESCRIPTION_LEN + 1;

/** A WSADATA in C layout, everything that is not said being 0. */
export function encodeWsadata(data: WSADATA): Uint8Array {
  const bytes = new Uint8Array(sizeof_WSADATA);
  writeWsadata(bytes, data);
  return bytes;
}

/** Fills the program's WSADATA as WSAStartup does: lpVendorInfo is left alone, and in bytes so is what lies behind a text's NUL. */
export function writeWsadata(target: WSADATA | Uint8Array, data: WSADATA): void {
  if (!(target instanceof Uint8Array)) {
    const { lpVendorInfo: _, ...written } = data;
    Object.assign(target, written);
    return;
  }
  setU16(target, 0, data.wVersion);
  setU16(target, 2, data.wHighVersion);
  setU16(target, 4, data.iMaxSockets);
  setU16(target, 6, data.iMaxUdpDg);
  putText(target, DESCRIPTION_AT, data.szDescription, WSADESCRIPTION_LEN);
  putText(target, SYSTEM_STATUS_AT, data.szSystemStatus, WSASYS_STATUS_LEN);
}

/** At most `limit` characters, one byte each, and a NUL. */
function putText(target: Uint8Array, at: number, text: string, limit: number): void {
  const length = Math.min(text.length, limit);
  for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
  target[at + length] = 0;
}

// ---- fd_set ----

const FD_ARRAY_AT = 8;

/**
 * The members of a set that select looks at: the first fd_count entries, more than FD_SETSIZE of them if the memory is really there,
 * never past its end. Entries that are not numbers are sockets 0, which no program owns.
 */
export function readFdSet(set: fd_set | Uint8Array): SOCKET[] {
  if (set instanceof Uint8Array) {
    const room = Math.max(0, Math.floor((set.length - FD_ARRAY_AT) / sizeof_SOCKET));
    return Array.from({ length: Math.min(getU32(set, 0), room) }, (_, i) => readSocket(set, FD_ARRAY_AT + i * sizeof_SOCKET));
  }
  const members = field(set, "fd_array");
  if (!Array.isArray(members)) return [];
  const count = Math.min(integer(set, "fd_count") >>> 0, members.length);
  return Array.from({ length: count }, (_, i) => integer(members, String(i)));
}

/** Makes `members` the set's members, as select does with those that are ready; entries behind them keep what they held. */
export function writeFdSet(set: fd_set | Uint8Array, members: readonly SOCKET[]): void {
  if (set instanceof Uint8Array) {
    setU32(set, 0, members.length);
    members.forEach((s, i) => {
      writeSocket(set, FD_ARRAY_AT + i * sizeof_SOCKET, s);
    });
    return;
  }
  set.fd_count = members.length;
  if (!Array.isArray(set.fd_array)) set.fd_array = [];
  members.forEach((s, i) => {
    set.fd_array[i] = s;
  });
}

/** An empty set with room for FD_SETSIZE members. */
export function new_fd_set(): fd_set {
  return { fd_count: 0, fd_array: new Array<SOCKET>(FD_SETSIZE).fill(0) };
}

function readSocket(b: Uint8Array, at: number): SOCKET {
  const low = getU32(b, at);
  const high = getU32(b, at + 4);
  return low === 0xffffffff && high === 0xffffffff ? INVALID_SOCKET : high * 2 ** 32 + low;
}

function writeSocket(b: Uint8Array, at: number, s: SOCKET): void {
  setU32(b, at, s);
  setU32(b, at + 4, s < 0 ? 0xffffffff : Math.floor(s / 2 ** 32));
}
