/**
 * IPv6 header, RFC 8200 §3. Integers are big-endian; lengths and offsets count bytes; `at` is where the header begins. The headers that
 * may follow it are in extension-headers.ts.
 */
import type { AddressSlot, AddressWords } from "../core/address.ts";
import { i32, putU16, putU32, u8, u16, u32 } from "./bytes.ts";

export const HEADER = 40;

/** No link may be narrower, RFC 8200 §5. */
export const MIN_MTU = 1280;

export const PROTOCOL_ICMP = 58;
/** Nothing follows, RFC 8200 §4.7. */
export const NO_NEXT_HEADER = 59;

const VERSION = 0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/** Where these fields stand, for whoever points at what is wrong (RFC 4443 §3.4). */
export const PAYLOAD_LENGTH_OFFSET = PAYLOAD_LENGTH;
export const NEXT_HEADER_OFFSET = NEXT_HEADER;

/** Where source and destination stand. */
export const ADDRESSES = SOURCE;

export type Malformed = "ipv6-truncated" | "ipv6-bad-version";

/**
 * Says what is wrong with the bytes in [at, end), or undefined when a whole packet lies there. Run it before any of the functions below.
 * Bytes after the payload are link padding, and are not complained of.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < HEADER) return "ipv6-truncated";
  if (u8(b, at + VERSION) >>> 4 !== 6) return "ipv6-bad-version";
  return payloadEnd(b, at) > end ? "ipv6-truncated" : undefined;
}

/** DSCP in the upper six bits (RFC 2474), ECN in the lower two (RFC 3168). */
export const trafficClass = (b: Uint8Array, at: number): number => (u16(b, at + VERSION) >>> 4) & 0xff;
/** 20 bits, RFC 6437. */
export const flowLabel = (b: Uint8Array, at: number): number => u32(b, at + VERSION) & 0xfffff;
/** Everything after this header, extension headers included. */
export const payloadLength = (b: Uint8Array, at: number): number => u16(b, at + PAYLOAD_LENGTH);
/** Of the payload: a transport protocol, or an extension header. */
export const nextHeader = (b: Uint8Array, at: number): number => u8(b, at + NEXT_HEADER);
export const hopLimit = (b: Uint8Array, at: number): number => u8(b, at + HOP_LIMIT);
export const payloadAt = (at: number): number => at + HEADER;
/** Where the packet ends, which may be before the frame does. */
export const payloadEnd = (b: Uint8Array, at: number): number => at + HEADER + payloadLength(b, at);

/** @param scope the zone of an address that means something on one link only, RFC 4007 §6 */
export const fillSource = (b: Uint8Array, at: number, slot: AddressSlot, scope: number): void => fillAddress(b, at + SOURCE, slot, scope);
export const fillDestination = (b: Uint8Array, at: number, slot: AddressSlot, scope: number): void =>
  fillAddress(b, at + DESTINATION, slot, scope);

/** The sixteen bytes at `at` as an address; only one of one link keeps the scope. */
export function fillAddress(b: Uint8Array, at: number, slot: AddressSlot, scope: number): void {
  slot.w0 = i32(b, at);
  slot.w1 = i32(b, at + 4);
  slot.w2 = i32(b, at + 8);
  slot.w3 = i32(b, at + 12);
  slot.scope = isOfOneLink(slot) ? scope : 0;
}

/** fe80::/10, and the groups ff01::/16 and ff02::/16 of one interface or link. */
const isOfOneLink = ({ w0 }: AddressWords): boolean => w0 >>> 22 === 0x3fa || (w0 >>> 24 === 0xff && ((w0 >>> 16) & 0xf) <= 2);

export function putAddress(b: Uint8Array, at: number, { w0, w1, w2, w3 }: AddressWords): void {
  putU32(b, at, w0);
  putU32(b, at + 4, w1);
  putU32(b, at + 8, w2);
  putU32(b, at + 12, w3);
}

/**
 * Writes the header.
 * @param payloadBytes everything after it, at most 65535
 * @param label 20 bits
 */
export function writeHeader(
  b: Uint8Array,
  at: number,
  payloadBytes: number,
  from: AddressWords,
  to: AddressWords,
  next: number,
  hops: number,
  trafficClassBits = 0,
  label = 0,
): void {
  putU32(b, at + VERSION, 0x60000000 | (trafficClassBits << 20) | label);
  putU16(b, at + PAYLOAD_LENGTH, payloadBytes);
  b[at + NEXT_HEADER] = next;
  b[at + HOP_LIMIT] = hops;
  putAddress(b, at + SOURCE, from);
  putAddress(b, at + DESTINATION, to);
}

export const setPayloadLength = (b: Uint8Array, at: number, bytes: number): void => putU16(b, at + PAYLOAD_LENGTH, bytes);
