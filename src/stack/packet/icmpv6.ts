/**
 * ICMPv6, RFC 4443. Integers are big-endian; lengths and offsets count bytes; `at` is where the message begins, after the IPv6 header and
 * whatever follows it, and `end` where the packet ends. Messages of neighbour discovery are in ndp.ts.
 */
import type { AddressWords } from "../core/address.ts";
import { putU16, putU32, u8, u16, u32 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";
import * as ipv6 from "./ipv6.ts";

/** Type, code, checksum, and four bytes whose meaning depends on the type. */
export const HEADER = 8;

export const DESTINATION_UNREACHABLE = 1;
export const PACKET_TOO_BIG = 2;
export const TIME_EXCEEDED = 3;
export const PARAMETER_PROBLEM = 4;
export const ECHO_REQUEST = 128;
export const ECHO_REPLY = 129;
/** Multicast listener discovery, RFC 2710 and RFC 3810. */
export const LISTENER_QUERY = 130;
export const LISTENER_REPORT_V1 = 131;
export const LISTENER_DONE = 132;
export const LISTENER_REPORT_V2 = 143;
/** Neighbour discovery, RFC 4861 §4. */
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
export const REDIRECT = 137;

/** Codes of DESTINATION_UNREACHABLE, RFC 4443 §3.1. */
export const NO_ROUTE = 0;
export const PROHIBITED = 1;
export const BEYOND_SCOPE = 2;
export const ADDRESS_UNREACHABLE = 3;
export const PORT_UNREACHABLE = 4;
export const POLICY_FAILED = 5;
export const ROUTE_REJECTED = 6;

/** Codes of TIME_EXCEEDED. */
export const HOP_LIMIT_EXCEEDED = 0;
export const REASSEMBLY_TIME_EXCEEDED = 1;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

export type Malformed = "icmpv6-truncated";

/** Says what is wrong with the bytes in [at, end), or undefined when a whole header lies there. */
export const check = (_b: Uint8Array, at: number, end: number): Malformed | undefined =>
  end - at < HEADER ? "icmpv6-truncated" : undefined;

export const type = (b: Uint8Array, at: number): number => u8(b, at + TYPE);
export const code = (b: Uint8Array, at: number): number => u8(b, at + CODE);
/** Of an echo. */
export const identifier = (b: Uint8Array, at: number): number => u16(b, at + REST);
/** Of an echo. */
export const sequence = (b: Uint8Array, at: number): number => u16(b, at + REST + 2);
/** The MTU of the next hop, in PACKET_TOO_BIG. */
export const mtu = (b: Uint8Array, at: number): number => u32(b, at + REST);
/** Where in the quoted packet the trouble lies, in PARAMETER_PROBLEM. */
export const pointer = (b: Uint8Array, at: number): number => u32(b, at + REST);
/** Where the echoed data begin. */
export const dataAt = (at: number): number => at + HEADER;

/** Whether messages of this type report trouble and quote a packet: the highest bit is clear (RFC 4443 §2.1). */
export const isError = (messageType: number): boolean => messageType < 128;

/** Where the quoted IPv6 header begins, in an error. */
export const quotedAt = (at: number): number => at + HEADER;

export type MalformedQuote = "icmpv6-quote-truncated" | "icmpv6-quote-bad-version";

/** Says what is wrong with an error's quoted packet, or undefined when its IPv6 header is there. It may be cut short behind that. */
export function checkQuote(b: Uint8Array, at: number, end: number): MalformedQuote | undefined {
  const quote = quotedAt(at);
  if (end - quote < ipv6.HEADER) return "icmpv6-quote-truncated";
  return u8(b, quote) >>> 4 === 6 ? undefined : "icmpv6-quote-bad-version";
}

const pseudoHeader = (b: Uint8Array, at: number, end: number, from: AddressWords, to: AddressWords): number =>
  internetChecksum.sum(b, at, end - at, internetChecksum.pseudoHeader(from, to, ipv6.PROTOCOL_ICMP, end - at));

export const verifyChecksum = (b: Uint8Array, at: number, end: number, from: AddressWords, to: AddressWords): boolean =>
  internetChecksum.verify(pseudoHeader(b, at, end, from, to));

/** Computes the checksum over pseudo-header and message, RFC 4443 §2.3; to be called last. */
export function putChecksum(b: Uint8Array, at: number, end: number, from: AddressWords, to: AddressWords): void {
  putU16(b, at + CHECKSUM, 0);
  putU16(b, at + CHECKSUM, internetChecksum.finish(pseudoHeader(b, at, end, from, to)));
}

/** Writes the header of an echo. Data follow at dataAt; then putChecksum. */
export function writeEcho(b: Uint8Array, at: number, messageType: number, id: number, sequenceNumber: number): void {
  b[at + TYPE] = messageType;
  b[at + CODE] = 0;
  putU16(b, at + CHECKSUM, 0);
  putU16(b, at + REST, id);
  putU16(b, at + REST + 2, sequenceNumber);
}

/**
 * Writes the header of an error or of a message whose body the caller adds; then putChecksum.
 * @param rest the four bytes after the checksum: MTU, pointer, flags, or 0
 */
export function writeHeader(b: Uint8Array, at: number, messageType: number, messageCode: number, rest = 0): void {
  b[at + TYPE] = messageType;
  b[at + CODE] = messageCode;
  putU16(b, at + CHECKSUM, 0);
  putU32(b, at + REST, rest);
}
