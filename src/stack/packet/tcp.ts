/**
 * TCP header, RFC 9293 §3.1. Integers are big-endian; lengths and offsets count bytes; `at` is where the header begins and
 * `end` where the segment ends. Options are tcp-options.ts's.
 */
import { type Seq, seq } from "../core/seq.ts";
import { i32, putU16, putU32, u8, u16 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";

export const MIN_HEADER = 20;
export const MAX_HEADER = 60;
/** Where the checksum lies, for a device that fills it in. */
export const CHECKSUM_OFFSET = 16;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
/** RFC 3168 §6.1. */
export const ECE = 0x40;
export const CWR = 0x80;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQ = 4;
const ACK_NUMBER = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const URGENT = 18;

export type Malformed = "tcp-truncated" | "tcp-bad-data-offset";

/** Says what is wrong with the bytes in [at, end), or undefined when a whole header lies there. Run it before any of the functions below. */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < MIN_HEADER) return "tcp-truncated";
  const length = headerLength(b, at);
  if (length < MIN_HEADER) return "tcp-bad-data-offset";
  return end - at < length ? "tcp-truncated" : undefined;
}

export const sourcePort = (b: Uint8Array, at: number): number => u16(b, at + SOURCE_PORT);
export const destinationPort = (b: Uint8Array, at: number): number => u16(b, at + DESTINATION_PORT);
export const sequence = (b: Uint8Array, at: number): Seq => seq(i32(b, at + SEQ));
/** Means something only when the ACK flag is set. */
export const acknowledgment = (b: Uint8Array, at: number): Seq => seq(i32(b, at + ACK_NUMBER));
/** With options: 20 to 60. */
export const headerLength = (b: Uint8Array, at: number): number => (u8(b, at + DATA_OFFSET) >>> 4) * 4;
/** The eight from CWR to FIN; the four reserved bits beside the data offset are ignored on receipt. */
export const flags = (b: Uint8Array, at: number): number => u8(b, at + FLAGS);
/** As sent, before the RFC 7323 shift. */
export const window = (b: Uint8Array, at: number): number => u16(b, at + WINDOW);
export const checksum = (b: Uint8Array, at: number): number => u16(b, at + CHECKSUM_OFFSET);
/** Means something only when the URG flag is set. */
export const urgentPointer = (b: Uint8Array, at: number): number => u16(b, at + URGENT);

export const optionsAt = (at: number): number => at + MIN_HEADER;
export const payloadAt = (b: Uint8Array, at: number): number => at + headerLength(b, at);

/** @param pseudoHeader sum of the pseudo-header for a segment of end - at bytes */
export const verifyChecksum = (b: Uint8Array, at: number, end: number, pseudoHeader: number): boolean =>
  internetChecksum.verify(internetChecksum.sum(b, at, end - at, pseudoHeader));

/**
 * Writes the 20 bytes before the options; reserved bits, urgent pointer and checksum are 0.
 * @param headerBytes with the options that lie, or will lie, behind it: a multiple of four, 20 to 60
 * @param windowField as it goes on the wire, already shifted
 */
export function writeHeader(
  b: Uint8Array,
  at: number,
  from: number,
  to: number,
  sequenceNumber: Seq,
  acknowledged: Seq,
  headerBytes: number,
  flagBits: number,
  windowField: number,
): void {
  putU16(b, at + SOURCE_PORT, from);
  putU16(b, at + DESTINATION_PORT, to);
  putU32(b, at + SEQ, sequenceNumber);
  putU32(b, at + ACK_NUMBER, acknowledged);
  b[at + DATA_OFFSET] = (headerBytes >>> 2) << 4;
  b[at + FLAGS] = flagBits;
  putU16(b, at + WINDOW, windowField);
  putU16(b, at + CHECKSUM_OFFSET, 0);
  putU16(b, at + URGENT, 0);
}

export const setSequence = (b: Uint8Array, at: number, sequenceNumber: Seq): void => putU32(b, at + SEQ, sequenceNumber);
export const setAcknowledgment = (b: Uint8Array, at: number, acknowledged: Seq): void => putU32(b, at + ACK_NUMBER, acknowledged);
export function setFlags(b: Uint8Array, at: number, flagBits: number): void {
  b[at + FLAGS] = flagBits;
}
export const setWindow = (b: Uint8Array, at: number, windowField: number): void => putU16(b, at + WINDOW, windowField);
export const setUrgentPointer = (b: Uint8Array, at: number, bytes: number): void => putU16(b, at + URGENT, bytes);

/** Computes the checksum over header and payload; to be called last. */
export function putChecksum(b: Uint8Array, at: number, end: number, pseudoHeader: number): void {
  putU16(b, at + CHECKSUM_OFFSET, 0);
  putU16(b, at + CHECKSUM_OFFSET, internetChecksum.finish(internetChecksum.sum(b, at, end - at, pseudoHeader)));
}

/** Leaves the sum over header and payload to the device (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
export const putPartialChecksum = (b: Uint8Array, at: number, pseudoHeader: number): void =>
  putU16(b, at + CHECKSUM_OFFSET, internetChecksum.fold(pseudoHeader));

/** In the order in which people say them: SYN,ACK and not ACK,SYN. */
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [SYN, "SYN"],
  [FIN, "FIN"],
  [RST, "RST"],
  [PSH, "PSH"],
  [ACK, "ACK"],
  [URG, "URG"],
  [ECE, "ECE"],
  [CWR, "CWR"],
];

/** As `SYN,ACK`; empty when no flag is set. */
export const flagsText = (flagBits: number): string =>
  FLAG_NAMES.filter(([bit]) => (flagBits & bit) !== 0)
    .map(([, name]) => name)
    .join(",");
