/**
 * ICMP for IPv4, RFC 792. Integers are big-endian; lengths and offsets count bytes; `at` is where the message begins, after the
 * IPv4 header, and `end` where the datagram ends.
 */
import { putU16, putU32, u8, u16, u32 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";
import * as ipv4 from "./ipv4.ts";

/** Type, code, checksum, and four bytes whose meaning depends on the type. */
export const HEADER = 8;

export const ECHO_REPLY = 0;
export const DESTINATION_UNREACHABLE = 3;
export const SOURCE_QUENCH = 4;
export const REDIRECT = 5;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;
export const PARAMETER_PROBLEM = 12;

/** Codes of DESTINATION_UNREACHABLE; 0 to 5 by RFC 792, 6 to 12 by RFC 1122 §3.2.2.1, 13 to 15 by RFC 1812 §5.2.7.1. */
export const NET_UNREACHABLE = 0;
export const HOST_UNREACHABLE = 1;
export const PROTOCOL_UNREACHABLE = 2;
export const PORT_UNREACHABLE = 3;
export const FRAGMENTATION_NEEDED = 4;
export const SOURCE_ROUTE_FAILED = 5;
export const NET_UNKNOWN = 6;
export const HOST_UNKNOWN = 7;
export const HOST_ISOLATED = 8;
export const NET_PROHIBITED = 9;
export const HOST_PROHIBITED = 10;
export const NET_UNREACHABLE_FOR_TOS = 11;
export const HOST_UNREACHABLE_FOR_TOS = 12;
export const COMMUNICATION_PROHIBITED = 13;
export const HOST_PRECEDENCE_VIOLATION = 14;
export const PRECEDENCE_CUTOFF = 15;

/** Codes of TIME_EXCEEDED. */
export const TTL_EXCEEDED = 0;
export const REASSEMBLY_TIME_EXCEEDED = 1;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

/** Transport bytes that every quote holds: enough for the ports and, in TCP, the sequence number. */
const MIN_QUOTED_PAYLOAD = 8;

export type Malformed = "icmp-truncated";

/** Says what is wrong with the bytes in [at, end), or undefined when a whole header lies there. */
export const check = (_b: Uint8Array, at: number, end: number): Malformed | undefined => (end - at < HEADER ? "icmp-truncated" : undefined);

export const type = (b: Uint8Array, at: number): number => u8(b, at + TYPE);
export const code = (b: Uint8Array, at: number): number => u8(b, at + CODE);
export const checksum = (b: Uint8Array, at: number): number => u16(b, at + CHECKSUM);
/** Of an echo. */
export const identifier = (b: Uint8Array, at: number): number => u16(b, at + REST);
/** Of an echo. */
export const sequence = (b: Uint8Array, at: number): number => u16(b, at + REST + 2);
/** MTU of the next hop in FRAGMENTATION_NEEDED, RFC 1191 §4; 0 from a router that does not tell it. */
export const nextHopMtu = (b: Uint8Array, at: number): number => u16(b, at + REST + 2);
/** The better router, in REDIRECT: an IPv4 address. */
export const gateway = (b: Uint8Array, at: number): number => u32(b, at + REST);
/** Where in the quoted header the trouble lies, in PARAMETER_PROBLEM. */
export const pointer = (b: Uint8Array, at: number): number => u8(b, at + REST);
/** Where the echoed data begin. */
export const dataAt = (at: number): number => at + HEADER;

/** Whether messages of this type report trouble and quote a datagram; no error may answer them (RFC 1122 §3.2.2). */
export const isError = (messageType: number): boolean =>
  messageType === DESTINATION_UNREACHABLE ||
  messageType === TIME_EXCEEDED ||
  messageType === PARAMETER_PROBLEM ||
  messageType === REDIRECT ||
  messageType === SOURCE_QUENCH;

/** Where the quoted IPv4 header begins, in an error. */
export const quotedAt = (at: number): number => at + HEADER;
/** Where the quoted transport header begins. Its first eight bytes are there after checkQuote, and nothing more is promised. */
export const quotedPayloadAt = (b: Uint8Array, at: number): number => quotedAt(at) + ipv4.headerLength(b, quotedAt(at));

export type MalformedQuote = "icmp-quote-truncated" | "icmp-quote-bad-version" | "icmp-quote-bad-header-length";

/**
 * Says what is wrong with an error's quoted datagram, or undefined when its IPv4 header and eight bytes of payload are there.
 * Its total length is not held against it: quotes are cut short by design. Its checksum neither: routers rewrite what they quote.
 */
export function checkQuote(b: Uint8Array, at: number, end: number): MalformedQuote | undefined {
  const quote = quotedAt(at);
  if (end - quote < ipv4.MIN_HEADER) return "icmp-quote-truncated";
  if (u8(b, quote) >>> 4 !== 4) return "icmp-quote-bad-version";
  const header = ipv4.headerLength(b, quote);
  if (header < ipv4.MIN_HEADER) return "icmp-quote-bad-header-length";
  return end - quote < header + MIN_QUOTED_PAYLOAD ? "icmp-quote-truncated" : undefined;
}

export const verifyChecksum = (b: Uint8Array, at: number, end: number): boolean =>
  internetChecksum.verify(internetChecksum.sum(b, at, end - at));

/** Computes the checksum over the whole message; to be called last. */
export function putChecksum(b: Uint8Array, at: number, end: number): void {
  putU16(b, at + CHECKSUM, 0);
  putU16(b, at + CHECKSUM, internetChecksum.finish(internetChecksum.sum(b, at, end - at)));
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
 * Writes the header of an error. The quote follows at quotedAt; then putChecksum.
 * @param rest the four bytes after the checksum: next-hop MTU, gateway, pointer shifted left by 24, or 0
 */
export function writeError(b: Uint8Array, at: number, messageType: number, messageCode: number, rest = 0): void {
  b[at + TYPE] = messageType;
  b[at + CODE] = messageCode;
  putU16(b, at + CHECKSUM, 0);
  putU32(b, at + REST, rest);
}
