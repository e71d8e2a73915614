/**
 * IGMP, versions 1 (RFC 1112 appendix I), 2 (RFC 2236) and 3 (RFC 3376). Integers are big-endian; lengths and offsets count bytes; `at`
 * is where the message begins, after the IPv4 header, and `end` where the datagram ends.
 */
import { i32, putU16, putU32, u8, u16 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";

/** A whole message of versions 1 and 2; the least of version 3. */
export const HEADER = 8;
/** The least query of version 3. */
export const V3_QUERY_HEADER = 12;
/** Group and counts; sources of four bytes follow. */
export const RECORD_HEADER = 8;
export const SOURCE_BYTES = 4;

export const QUERY = 0x11;
export const V1_REPORT = 0x12;
export const V2_REPORT = 0x16;
export const V2_LEAVE = 0x17;
export const V3_REPORT = 0x22;

const TYPE = 0;
const MAX_RESPONSE = 1;
const CHECKSUM = 2;
const GROUP = 4;
const ROBUSTNESS = 8;
const INTERVAL = 9;
const SOURCE_COUNT = 10;
const RECORD_COUNT = 6;

export type Malformed = "igmp-truncated" | "igmp-bad-length";

/**
 * Says what is wrong with the bytes in [at, end), or undefined when a whole message lies there. A query of 9 to 11 bytes is of no version
 * (RFC 3376 §7.1). What follows the sources is ignored, and reports of version 3, which are for routers, are not looked into.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  const bytes = end - at;
  if (bytes < HEADER) return "igmp-truncated";
  if (type(b, at) !== QUERY || bytes === HEADER) return undefined;
  if (bytes < V3_QUERY_HEADER) return "igmp-bad-length";
  return bytes < V3_QUERY_HEADER + sourceCount(b, at) * SOURCE_BYTES ? "igmp-truncated" : undefined;
}

export const type = (b: Uint8Array, at: number): number => u8(b, at + TYPE);
/** The 32 bits as a signed integer, as in `AddressWords`; 0 in a query of all groups. */
export const group = (b: Uint8Array, at: number): number => i32(b, at + GROUP);

/** Which version a query is of, RFC 3376 §7.1. */
export function queryVersion(b: Uint8Array, at: number, end: number): 1 | 2 | 3 {
  if (end - at > HEADER) return 3;
  return u8(b, at + MAX_RESPONSE) === 0 ? 1 : 2;
}

/** How long an answer may take, in milliseconds: tenths of a second on the wire, in version 3 as a small float (RFC 3376 §4.1.1). */
export const maxResponseMs = (b: Uint8Array, at: number, version: 1 | 2 | 3): number =>
  (version === 3 ? floatOf(u8(b, at + MAX_RESPONSE)) : u8(b, at + MAX_RESPONSE)) * 100;

/** Of a query of version 3: 0 when the querier does not tell, or uses more than 7. */
export const robustness = (b: Uint8Array, at: number): number => u8(b, at + ROBUSTNESS) & 0x07;
/** Of a query of version 3, in milliseconds. */
export const queryIntervalMs = (b: Uint8Array, at: number): number => floatOf(u8(b, at + INTERVAL)) * 1000;
/** Of a query of version 3. */
export const sourceCount = (b: Uint8Array, at: number): number => u16(b, at + SOURCE_COUNT);
/** Of a query of version 3; `index` from 0. */
export const source = (b: Uint8Array, at: number, index: number): number => i32(b, at + V3_QUERY_HEADER + index * SOURCE_BYTES);

/** Three bits of exponent and four of mantissa above 127 (RFC 3376 §4.1.1 and §4.1.7). */
const floatOf = (code: number): number => (code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >>> 4) & 0x07) + 3));

export const verifyChecksum = (b: Uint8Array, at: number, end: number): boolean =>
  internetChecksum.verify(internetChecksum.sum(b, at, end - at));

/** Computes the checksum over the whole message; to be called last. */
export function putChecksum(b: Uint8Array, at: number, end: number): void {
  putU16(b, at + CHECKSUM, 0);
  putU16(b, at + CHECKSUM, internetChecksum.finish(internetChecksum.sum(b, at, end - at)));
}

/** Writes the eight bytes of a message of version 1 or 2; then putChecksum. @param maxResponseTenths of a query; 0 in everything else */
export function writeMessage(b: Uint8Array, at: number, messageType: number, groupBits: number, maxResponseTenths = 0): void {
  b[at + TYPE] = messageType;
  b[at + MAX_RESPONSE] = maxResponseTenths;
  putU16(b, at + CHECKSUM, 0);
  putU32(b, at + GROUP, groupBits);
}

/** Writes the header of a report of version 3. Records follow from at + HEADER on; then putChecksum. */
export function writeReport(b: Uint8Array, at: number, records: number): void {
  b[at + TYPE] = V3_REPORT;
  b[at + TYPE + 1] = 0;
  putU32(b, at + CHECKSUM, 0);
  putU16(b, at + RECORD_COUNT, records);
}

/** Writes a group record without its sources, which follow with putSource. */
export function writeRecord(b: Uint8Array, at: number, kind: number, sources: number, groupBits: number): void {
  b[at] = kind;
  b[at + 1] = 0;
  putU16(b, at + 2, sources);
  putU32(b, at + 4, groupBits);
}

export const putSource = (b: Uint8Array, at: number, bits: number): void => putU32(b, at, bits);

// For whoever reads reports: tests, and a frame in words.

/** Of a report of version 3. */
export const recordCount = (b: Uint8Array, at: number): number => u16(b, at + RECORD_COUNT);
export const recordKind = (b: Uint8Array, record: number): number => u8(b, record);
export const recordSourceCount = (b: Uint8Array, record: number): number => u16(b, record + 2);
export const recordGroup = (b: Uint8Array, record: number): number => i32(b, record + 4);
export const recordSource = (b: Uint8Array, record: number, index: number): number => i32(b, record + RECORD_HEADER + index * SOURCE_BYTES);
/** Where the next record begins; auxiliary data, counted in words of four bytes, are passed over. */
export const nextRecord = (b: Uint8Array, record: number): number =>
  record + RECORD_HEADER + (recordSourceCount(b, record) + u8(b, record + 1)) * SOURCE_BYTES;
