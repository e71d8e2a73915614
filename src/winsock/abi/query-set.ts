/**
 * WSAQUERYSET, which says what WSALookupService looks for and what it has found. In bytes a pointer is the offset from where the structure
 * begins, and 0 is NULL: what it leads to lies in the same buffer.
 */
import { field, getI32, getU16, getU32, getU64, integer } from "./fields.ts";
import { type GUID, guidBytes, readGuid, sizeof_GUID } from "./guid.ts";
import { type CSADDR_INFO, readSocketAddress, sizeof_CSADDR_INFO } from "./socket-state.ts";
import { StructureMemory } from "./structure-memory.ts";
import { type sockaddr_in, sockaddrBytes } from "./structures.ts";

export const sizeof_WSAQUERYSETW = 120;
export const sizeof_WSAQUERYSETA = 120;
export const sizeof_AFPROTOCOLS = 8;
export const sizeof_BLOB = 16;
export const sizeof_WSAVERSION = 8;

/** A family of addresses and a protocol that a service may be had by. */
export interface AFPROTOCOLS {
  /** AF_INET, AF_INET6, or AF_UNSPEC for both. */
  iAddressFamily: number;
  /** IPPROTO_TCP, IPPROTO_UDP, or 0 for both. */
  iProtocol: number;
}

/** Bytes of some structure: a hostent or servent in C layout, whose pointers are offsets from its beginning. */
export interface BLOB {
  cbSize: number;
  pBlobData: Uint8Array | null;
}

/** Of a service; the names of DNS have none. */
export interface WSAVERSION {
  dwVersion: number;
  /** 0 for exactly this one, 1 for this or a later one. */
  ecHow: number;
}

/** WSAQUERYSETW and WSAQUERYSETA, which differ in the bytes of their strings only. */
export interface WSAQUERYSET {
  /** sizeof_WSAQUERYSETW. */
  dwSize: number;
  lpszServiceInstanceName: string | null;
  lpServiceClassId: GUID | Uint8Array | null;
  lpVersion: WSAVERSION | null;
  lpszComment: string | null;
  /** NS_ALL or NS_DNS. */
  dwNameSpace: number;
  lpNSProviderId: GUID | Uint8Array | null;
  lpszContext: string | null;
  dwNumberOfProtocols: number;
  lpafpProtocols: AFPROTOCOLS[] | null;
  lpszQueryString: string | null;
  dwNumberOfCsAddrs: number;
  lpcsaBuffer: CSADDR_INFO[] | null;
  /** RESULT_IS_ALIAS, or 0. */
  dwOutputFlags: number;
  lpBlob: BLOB | null;
}

/** One that was bytes. */
export interface ReadQuerySet extends WSAQUERYSET {
  lpServiceClassId: GUID | null;
  lpNSProviderId: GUID | null;
}

export type WSAQUERYSETW = WSAQUERYSET;
export type WSAQUERYSETA = WSAQUERYSET;

/** A WSAQUERYSETW of nothing, with its size. */
export const new_WSAQUERYSETW = (): WSAQUERYSETW => ({
  dwSize: sizeof_WSAQUERYSETW,
  lpszServiceInstanceName: null,
  lpServiceClassId: null,
  lpVersion: null,
  lpszComment: null,
  dwNameSpace: 0,
  lpNSProviderId: null,
  lpszContext: null,
  dwNumberOfProtocols: 0,
  lpafpProtocols: null,
  lpszQueryString: null,
  dwNumberOfCsAddrs: 0,
  lpcsaBuffer: null,
  dwOutputFlags: 0,
  lpBlob: null,
});

/** A WSAQUERYSETA of nothing, with its size. */
export const new_WSAQUERYSETA = (): WSAQUERYSETA => new_WSAQUERYSETW();

const POINTER = 8;
const NAME_AT = 8;
const CLASS_AT = 16;
const VERSION_AT = 24;
const COMMENT_AT = 32;
const NAME_SPACE_AT = 40;
const PROVIDER_AT = 48;
const CONTEXT_AT = 56;
const PROTOCOLS_AT = 64;
const QUERY_AT = 80;
const ADDRESSES_AT = 88;
const OUTPUT_AT = 104;
const BLOB_AT = 112;

/** In a CSADDR_INFO. */
const SECOND_NAME_AT = 16;
const TYPE_AT = 32;
const PROTOCOL_AT = 36;

const TEXTS = [
  ["lpszServiceInstanceName", NAME_AT],
  ["lpszComment", COMMENT_AT],
  ["lpszContext", CONTEXT_AT],
  ["lpszQueryString", QUERY_AT],
] as const;

/** In C layout, with all that it leads to; a field that is missing is NULL or 0. */
export function querySetBytes(set: WSAQUERYSET, isWide: boolean): Uint8Array {
  const memory = new StructureMemory(sizeof_WSAQUERYSETW);
  memory.setWord(0, integer(set, "dwSize"));
  memory.setWord(NAME_SPACE_AT, integer(set, "dwNameSpace"));
  memory.setWord(OUTPUT_AT, integer(set, "dwOutputFlags"));
  for (const [name, at] of [["lpServiceClassId", CLASS_AT] as const, ["lpNSProviderId", PROVIDER_AT] as const]) {
    const id = field(set, name);
    if (isObject(id)) memory.setPointer(at, memory.put(guidBytes(id as GUID).slice(0, sizeof_GUID), POINTER));
  }
  const version = field(set, "lpVersion");
  if (isObject(version)) {
    const at = memory.reserve(sizeof_WSAVERSION, POINTER);
    memory.setPointer(VERSION_AT, at);
    memory.setWord(at, integer(version, "dwVersion"));
    memory.setWord(at + 4, integer(version, "ecHow"));
  }
  putProtocols(memory, entries(set, "lpafpProtocols", "dwNumberOfProtocols"));
  putAddresses(memory, entries(set, "lpcsaBuffer", "dwNumberOfCsAddrs"));
  const data = field(field(set, "lpBlob"), "pBlobData");
  if (data instanceof Uint8Array) putBlob(memory, data);
  for (const [name, at] of TEXTS) {
    const text = field(set, name);
    if (typeof text === "string") memory.setPointer(at, memory.putText(text.split("\0", 1)[0]!, isWide));
  }
  return memory.bytes;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** As many as are said to be there. */
function entries(set: WSAQUERYSET, list: keyof WSAQUERYSET, count: keyof WSAQUERYSET): unknown[] {
  const all = field(set, list);
  return Array.isArray(all) ? all.slice(0, integer(set, count) >>> 0) : [];
}

function putProtocols(memory: StructureMemory, protocols: readonly unknown[]): void {
  memory.setWord(PROTOCOLS_AT, protocols.length);
  if (protocols.length === 0) return;
  const list = memory.reserve(protocols.length * sizeof_AFPROTOCOLS, POINTER);
  memory.setPointer(PROTOCOLS_AT + POINTER, list);
  for (const [i, each] of protocols.entries()) {
    memory.setWord(list + i * sizeof_AFPROTOCOLS, integer(each, "iAddressFamily"));
    memory.setWord(list + i * sizeof_AFPROTOCOLS + 4, integer(each, "iProtocol"));
  }
}

function putAddresses(memory: StructureMemory, addresses: readonly unknown[]): void {
  memory.setWord(ADDRESSES_AT, addresses.length);
  if (addresses.length === 0) return;
  const list = memory.reserve(addresses.length * sizeof_CSADDR_INFO, POINTER);
  memory.setPointer(ADDRESSES_AT + POINTER, list);
  for (const [i, each] of addresses.entries()) {
    const at = list + i * sizeof_CSADDR_INFO;
    for (const [name, nameAt] of [["LocalAddr", at] as const, ["RemoteAddr", at + SECOND_NAME_AT] as const]) {
      const pointer = field(field(each, name), "lpSockaddr");
      if (!isObject(pointer)) continue;
      const bytes = sockaddrBytes(pointer as sockaddr_in);
      memory.setPointer(nameAt, memory.put(bytes, 4));
      memory.setWord(nameAt + POINTER, bytes.length);
    }
    memory.setWord(at + TYPE_AT, integer(each, "iSocketType"));
    memory.setWord(at + PROTOCOL_AT, integer(each, "iProtocol"));
  }
}

function putBlob(memory: StructureMemory, data: Uint8Array): void {
  const at = memory.reserve(sizeof_BLOB, POINTER);
  memory.setPointer(BLOB_AT, at);
  memory.setWord(at, data.length);
  memory.setPointer(at + POINTER, memory.put(data, POINTER));
}

/** From C layout; what lies outside of the bytes is NULL. */
export function readQuerySet(bytes: Uint8Array, isWide: boolean): ReadQuerySet {
  const text = (at: number): string | null => textAt(bytes, getU64(bytes, at), isWide);
  const id = (at: number): GUID | null => read(bytes, at, sizeof_GUID, readGuid);
  const protocols = list(bytes, PROTOCOLS_AT, sizeof_AFPROTOCOLS, (at) => ({
    iAddressFamily: getI32(bytes, at),
    iProtocol: getI32(bytes, at + 4),
  }));
  const addresses = list(bytes, ADDRESSES_AT, sizeof_CSADDR_INFO, (at) => ({
    LocalAddr: readSocketAddress(bytes, at),
    RemoteAddr: readSocketAddress(bytes, at + SECOND_NAME_AT),
    iSocketType: getI32(bytes, at + TYPE_AT),
    iProtocol: getI32(bytes, at + PROTOCOL_AT),
  }));
  return {
    dwSize: getU32(bytes, 0),
    lpszServiceInstanceName: text(NAME_AT),
    lpServiceClassId: id(CLASS_AT),
    lpVersion: read(bytes, VERSION_AT, sizeof_WSAVERSION, (b) => ({ dwVersion: getU32(b, 0), ecHow: getI32(b, 4) })),
    lpszComment: text(COMMENT_AT),
    dwNameSpace: getU32(bytes, NAME_SPACE_AT),
    lpNSProviderId: id(PROVIDER_AT),
    lpszContext: text(CONTEXT_AT),
    dwNumberOfProtocols: protocols?.length ?? 0,
    lpafpProtocols: protocols,
    lpszQueryString: text(QUERY_AT),
    dwNumberOfCsAddrs: addresses?.length ?? 0,
    lpcsaBuffer: addresses,
    dwOutputFlags: getU32(bytes, OUTPUT_AT),
    lpBlob: read(bytes, BLOB_AT, sizeof_BLOB, (b) => blobAt(bytes, getU32(b, 0), getU64(b, POINTER))),
  };
}

/** @param at where the pointer lies @param length bytes that it leads to */
function read<T>(bytes: Uint8Array, at: number, length: number, value: (there: Uint8Array) => T): T | null {
  const pointer = getU64(bytes, at);
  return pointer === 0 || pointer + length > bytes.length ? null : value(bytes.subarray(pointer, pointer + length));
}

/** A count, and behind it a pointer to so many structures, of which those within the bytes count. */
function list<T>(bytes: Uint8Array, at: number, size: number, value: (at: number) => T): T[] | null {
  const pointer = getU64(bytes, at + POINTER);
  if (pointer === 0 || pointer > bytes.length) return null;
  const count = Math.min(getU32(bytes, at), Math.floor((bytes.length - pointer) / size));
  return Array.from({ length: count }, (_, i) => value(pointer + i * size));
}

const blobAt = (bytes: Uint8Array, length: number, pointer: number): BLOB | null =>
  pointer + length > bytes.length ? null : { cbSize: length, pBlobData: bytes.slice(pointer, pointer + length) };

/** To its NUL, or the end of the bytes. */
function textAt(bytes: Uint8Array, pointer: number, isWide: boolean): string | null {
  if (pointer === 0 || pointer >= bytes.length) return null;
  const units: string[] = [];
  for (let at = pointer; at < bytes.length; at += isWide ? 2 : 1) {
    const unit = isWide ? getU16(bytes, at) : bytes[at]!;
    if (unit === 0) break;
    units.push(String.fromCharCode(unit));
  }
  // Joined, it takes its own bytes; added up, each of its parts would be kept for as long as it is.
  return units.join("");
}
