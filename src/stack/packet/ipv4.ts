/**
 * IPv4 header, RFC 791 §3.1. Integers are big-endian; lengths and offsets count bytes; `at` is where the header begins.
 * An address is an unsigned 32-bit number.
 */
import { i32, putU16, putU32, u8, u16 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";

export const MIN_HEADER = 20;
export const MAX_HEADER = 60;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;

/** The flags as they stand in the 16-bit word that they share with the fragment offset. */
export const DONT_FRAGMENT = 0x4000;
export const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;

export const OPTION_RECORD_ROUTE = 7;
export const OPTION_TIMESTAMP = 68;
export const OPTION_LOOSE_SOURCE_ROUTE = 131;
export const OPTION_STRICT_SOURCE_ROUTE = 137;
/** RFC 2113. */
export const OPTION_ROUTER_ALERT = 148;
const OPTION_END = 0;
const OPTION_NOP = 1;

const VERSION_AND_LENGTH = 0;
const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

/** Where source and destination stand. */
export const ADDRESSES = SOURCE;

export type Malformed = "ipv4-truncated" | "ipv4-bad-version" | "ipv4-bad-header-length" | "ipv4-bad-total-length";

/**
 * Says what is wrong with the bytes in [at, end), or undefined when a whole datagram lies there. Run it before any of the
 * functions below. Bytes after the total length are link padding, and are not complained of. The checksum is verifyChecksum's.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  const available = end - at;
  if (available < MIN_HEADER) return "ipv4-truncated";
  if (u8(b, at + VERSION_AND_LENGTH) >>> 4 !== 4) return "ipv4-bad-version";
  const header = headerLength(b, at);
  if (header < MIN_HEADER) return "ipv4-bad-header-length";
  const total = totalLength(b, at);
  if (total < header) return "ipv4-bad-total-length";
  return available < total ? "ipv4-truncated" : undefined;
}

/** With options: 20 to 60. */
export const headerLength = (b: Uint8Array, at: number): number => (u8(b, at + VERSION_AND_LENGTH) & 0x0f) * 4;
/** DSCP in the upper six bits (RFC 2474), ECN in the lower two (RFC 3168). */
export const tos = (b: Uint8Array, at: number): number => u8(b, at + TOS);
/** RFC 3168 §5: 0 not ECN-capable, 1 and 2 capable, 3 congestion experienced. */
export const ecn = (b: Uint8Array, at: number): number => u8(b, at + TOS) & 0x03;
/** Header and payload. */
export const totalLength = (b: Uint8Array, at: number): number => u16(b, at + TOTAL_LENGTH);
export const identification = (b: Uint8Array, at: number): number => u16(b, at + IDENTIFICATION);
export const dontFragment = (b: Uint8Array, at: number): boolean => (u16(b, at + FRAGMENT) & DONT_FRAGMENT) !== 0;
export const moreFragments = (b: Uint8Array, at: number): boolean => (u16(b, at + FRAGMENT) & MORE_FRAGMENTS) !== 0;
/** In bytes: 0 to 65528. */
export const fragmentOffset = (b: Uint8Array, at: number): number => (u16(b, at + FRAGMENT) & FRAGMENT_OFFSET_MASK) * 8;
/** Whether this is a part of a datagram, the first or a later one. */
export const isFragment = (b: Uint8Array, at: number): boolean => (u16(b, at + FRAGMENT) & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK)) !== 0;
export const ttl = (b: Uint8Array, at: number): number => u8(b, at + TTL);
export const protocol = (b: Uint8Array, at: number): number => u8(b, at + PROTOCOL);
export const checksum = (b: Uint8Array, at: number): number => u16(b, at + CHECKSUM);
/** The 32 bits as a signed integer, as in `AddressWords`. */
export const source = (b: Uint8Array, at: number): number => i32(b, at + SOURCE);
export const destination = (b: Uint8Array, at: number): number => i32(b, at + DESTINATION);

export const payloadAt = (b: Uint8Array, at: number): number => at + headerLength(b, at);
/** Where the datagram ends, which may be before the frame does. */
export const payloadEnd = (b: Uint8Array, at: number): number => at + totalLength(b, at);
export const payloadLength = (b: Uint8Array, at: number): number => totalLength(b, at) - headerLength(b, at);

/** Sum to begin the checksum of the TCP or UDP payload with. */
export const pseudoHeader = (b: Uint8Array, at: number): number =>
  internetChecksum.pseudoHeaderV4(source(b, at), destination(b, at), protocol(b, at), payloadLength(b, at));

export const verifyChecksum = (b: Uint8Array, at: number): boolean =>
  internetChecksum.verify(internetChecksum.sum(b, at, headerLength(b, at)));

/** Computes the header's checksum anew; wanted after any of the setters. */
export function putChecksum(b: Uint8Array, at: number): void {
  putU16(b, at + CHECKSUM, 0);
  putU16(b, at + CHECKSUM, internetChecksum.finish(internetChecksum.sum(b, at, headerLength(b, at))));
}

/**
 * Writes a header of 20 bytes without options, checksum included.
 * @param fragment DONT_FRAGMENT and MORE_FRAGMENTS, or-ed with the fragment offset in units of eight bytes
 * @param totalBytes header and payload, at most 65535
 */
export function writeHeader(
  b: Uint8Array,
  at: number,
  totalBytes: number,
  from: number,
  to: number,
  payloadProtocol: number,
  timeToLive: number,
  id = 0,
  fragment = DONT_FRAGMENT,
  typeOfService = 0,
): void {
  b[at + VERSION_AND_LENGTH] = 0x45;
  b[at + TOS] = typeOfService;
  putU16(b, at + TOTAL_LENGTH, totalBytes);
  putU16(b, at + IDENTIFICATION, id);
  putU16(b, at + FRAGMENT, fragment);
  b[at + TTL] = timeToLive;
  b[at + PROTOCOL] = payloadProtocol;
  putU32(b, at + SOURCE, from);
  putU32(b, at + DESTINATION, to);
  putChecksum(b, at);
}

/** What the option of RFC 2113 adds to a header. */
export const ROUTER_ALERT_BYTES = 4;

/** As `writeHeader`, for a message of 24 bytes of header that routers look at (RFC 2113 §2.1). It is whole, and its identification means nothing. */
export function writeRouterAlertHeader(
  b: Uint8Array,
  at: number,
  totalBytes: number,
  from: number,
  to: number,
  payloadProtocol: number,
  timeToLive: number,
  typeOfService: number,
): void {
  writeHeader(b, at, totalBytes, from, to, payloadProtocol, timeToLive, 0, DONT_FRAGMENT, typeOfService);
  b[at + VERSION_AND_LENGTH] = 0x46;
  putU32(b, at + MIN_HEADER, (OPTION_ROUTER_ALERT << 24) | (ROUTER_ALERT_BYTES << 16));
  putChecksum(b, at);
}

export const setTotalLength = (b: Uint8Array, at: number, bytes: number): void => putU16(b, at + TOTAL_LENGTH, bytes);
export const setSource = (b: Uint8Array, at: number, address: number): void => putU32(b, at + SOURCE, address);
export const setIdentification = (b: Uint8Array, at: number, id: number): void => putU16(b, at + IDENTIFICATION, id);
/** @param offset in bytes, a multiple of eight */
export const setFragment = (b: Uint8Array, at: number, offset: number, more: boolean): void =>
  putU16(b, at + FRAGMENT, (offset >>> 3) | (more ? MORE_FRAGMENTS : 0));

/** Makes the header of a first fragment that of the whole datagram. */
export function makeWhole(b: Uint8Array, at: number, totalBytes: number, typeOfService: number): void {
  b[at + TOS] = typeOfService;
  putU16(b, at + TOTAL_LENGTH, totalBytes);
  putU16(b, at + FRAGMENT, u16(b, at + FRAGMENT) & DONT_FRAGMENT);
  putChecksum(b, at);
}

/** No (further) option. */
export const NO_OPTION = -1;
/** An option whose length is under two or runs past the header. */
export const BAD_OPTION = -2;

/** Where the first option lies that is not padding, NO_OPTION or BAD_OPTION. */
export const firstOption = (b: Uint8Array, at: number): number => optionFrom(b, at, at + MIN_HEADER);

/** Where the option after the one at `option` lies, NO_OPTION or BAD_OPTION. Each call moves on by two bytes at least, so a walk ends. */
export const nextOption = (b: Uint8Array, at: number, option: number): number => optionFrom(b, at, option + optionLength(b, option));

export const optionKind = (b: Uint8Array, option: number): number => u8(b, option);
/** Kind and length bytes included. */
export const optionLength = (b: Uint8Array, option: number): number => u8(b, option + 1);

/** Whether the header has an option of this kind before any malformed one. */
export function hasOption(b: Uint8Array, at: number, kind: number): boolean {
  for (let o = firstOption(b, at); o >= 0; o = nextOption(b, at, o)) if (optionKind(b, o) === kind) return true;
  return false;
}

function optionFrom(b: Uint8Array, at: number, from: number): number {
  const end = at + headerLength(b, at);
  let o = from;
  while (o < end && u8(b, o) === OPTION_NOP) o++;
  if (o >= end || u8(b, o) === OPTION_END) return NO_OPTION;
  if (o + 2 > end) return BAD_OPTION;
  const length = optionLength(b, o);
  return length < 2 || o + length > end ? BAD_OPTION : o;
}
