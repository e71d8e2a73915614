/**
 * Multicast listener discovery, versions 1 (RFC 2710) and 2 (RFC 3810), as bodies of ICMPv6 messages. Integers are big-endian; lengths and
 * offsets count bytes; `at` is where the ICMPv6 message begins and `end` where the packet ends.
 */
import type { AddressSlot, AddressWords } from "../core/address.ts";
import { putU16, putU32, u8, u16 } from "./bytes.ts";
import * as icmpv6 from "./icmpv6.ts";
import * as ipv6 from "./ipv6.ts";

/** A whole message of version 1. */
export const V1_MESSAGE = 24;
/** The least query of version 2. */
export const V2_QUERY_HEADER = 28;
/** Group and counts; sources of sixteen bytes follow. */
export const RECORD_HEADER = 20;
export const SOURCE_BYTES = 16;

const MAX_RESPONSE = 4;
const GROUP = 8;
const ROBUSTNESS = 24;
const INTERVAL = 25;
const SOURCE_COUNT = 26;
const RECORD_COUNT = 6;

export type Malformed = "mld-truncated" | "mld-bad-length";

/**
 * Says what is wrong with the bytes in [at, end), or undefined when a whole message lies there. A query of 25 to 27 bytes is of no version
 * (RFC 3810 §8.1). What follows the sources is ignored, and reports of version 2, which are for routers, are not looked into.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  const bytes = end - at;
  if (icmpv6.type(b, at) === icmpv6.LISTENER_REPORT_V2) return undefined;
  if (bytes < V1_MESSAGE) return "mld-truncated";
  if (icmpv6.type(b, at) !== icmpv6.LISTENER_QUERY || bytes === V1_MESSAGE) return undefined;
  if (bytes < V2_QUERY_HEADER) return "mld-bad-length";
  return bytes < V2_QUERY_HEADER + sourceCount(b, at) * SOURCE_BYTES ? "mld-truncated" : undefined;
}

/** Which version a query is of, RFC 3810 §8.1. */
export const queryVersion = (at: number, end: number): 1 | 2 => (end - at === V1_MESSAGE ? 1 : 2);

/** How long an answer may take, in milliseconds: in version 2 above 32767 as a float (RFC 3810 §5.1.3). */
export function maxResponseMs(b: Uint8Array, at: number, version: 1 | 2): number {
  const code = u16(b, at + MAX_RESPONSE);
  return version === 1 || code < 0x8000 ? code : ((code & 0x0fff) | 0x1000) << (((code >>> 12) & 0x07) + 3);
}

/** Of any message but a report of version 2; unspecified in a query of all groups. @param scope of what belongs to one link only */
export const fillGroup = (b: Uint8Array, at: number, slot: AddressSlot, scope: number): void =>
  ipv6.fillAddress(b, at + GROUP, slot, scope);

/** Of a query of version 2: 0 when the querier does not tell, or uses more than 7. */
export const robustness = (b: Uint8Array, at: number): number => u8(b, at + ROBUSTNESS) & 0x07;

/** Of a query of version 2, in milliseconds: seconds on the wire, above 127 as a float (RFC 3810 §5.1.9). */
export function queryIntervalMs(b: Uint8Array, at: number): number {
  const code = u8(b, at + INTERVAL);
  return (code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >>> 4) & 0x07) + 3)) * 1000;
}

/** Of a query of version 2. */
export const sourceCount = (b: Uint8Array, at: number): number => u16(b, at + SOURCE_COUNT);
/** Of a query of version 2; `index` from 0. */
export const fillSource = (b: Uint8Array, at: number, index: number, slot: AddressSlot, scope: number): void =>
  ipv6.fillAddress(b, at + V2_QUERY_HEADER + index * SOURCE_BYTES, slot, scope);

/** Writes what follows the ICMPv6 header in a message of version 1. @param delayMs of a query; 0 in everything else */
export function writeBody(b: Uint8Array, at: number, group: AddressWords, delayMs = 0): void {
  putU32(b, at + MAX_RESPONSE, delayMs << 16);
  ipv6.putAddress(b, at + GROUP, group);
}

/** Writes the count of records into a report of version 2. Records follow from at + HEADER on. */
export const putRecordCount = (b: Uint8Array, at: number, records: number): void => putU16(b, at + RECORD_COUNT, records);

/** Writes a group record without its sources, which follow. */
export function writeRecord(b: Uint8Array, at: number, kind: number, sources: number, group: AddressWords): void {
  b[at] = kind;
  b[at + 1] = 0;
  putU16(b, at + 2, sources);
  ipv6.putAddress(b, at + 4, group);
}

// For whoever reads reports.

export const firstRecord = (at: number): number => at + icmpv6.HEADER;
/** Of a report of version 2. */
export const recordCount = (b: Uint8Array, at: number): number => u16(b, at + RECORD_COUNT);
export const recordKind = (b: Uint8Array, record: number): number => u8(b, record);
export const recordSourceCount = (b: Uint8Array, record: number): number => u16(b, record + 2);
export const fillRecordGroup = (b: Uint8Array, record: number, slot: AddressSlot): void => ipv6.fillAddress(b, record + 4, slot, 0);
export const fillRecordSource = (b: Uint8Array, record: number, index: number, slot: AddressSlot): void =>
  ipv6.fillAddress(b, record + RECORD_HEADER + index * SOURCE_BYTES, slot, 0);
/** Where the next record begins; auxiliary data, counted in words of four bytes, are passed over. */
export const nextRecord = (b: Uint8Array, record: number): number =>
  record + RECORD_HEADER + recordSourceCount(b, record) * SOURCE_BYTES + u8(b, record + 1) * 4;
