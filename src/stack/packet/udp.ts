/** UDP header, RFC 768. Integers are big-endian; lengths and offsets count bytes; `at` is where the header begins. */
import { putU16, u16 } from "./bytes.ts";
import * as internetChecksum from "./checksum.ts";

export const HEADER = 8;
/** Where the checksum lies, for a device that fills it in. */
export const CHECKSUM_OFFSET = 6;

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;

export type Malformed = "udp-truncated" | "udp-bad-length";

/**
 * Says what is wrong with the bytes in [at, end), or undefined when a whole datagram lies there. Run it before any of the
 * functions below. A length shorter than the IP payload is legal: the rest does not belong to the datagram.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  if (end - at < HEADER) return "udp-truncated";
  const bytes = length(b, at);
  if (bytes < HEADER) return "udp-bad-length";
  return end - at < bytes ? "udp-truncated" : undefined;
}

export const sourcePort = (b: Uint8Array, at: number): number => u16(b, at + SOURCE_PORT);
export const destinationPort = (b: Uint8Array, at: number): number => u16(b, at + DESTINATION_PORT);
/** Header and payload. */
export const length = (b: Uint8Array, at: number): number => u16(b, at + LENGTH);
export const checksum = (b: Uint8Array, at: number): number => u16(b, at + CHECKSUM_OFFSET);
/** Without one, which IPv4 allows and IPv6 does not, there is nothing to verify (RFC 1122 §4.1.3.4). */
export const hasChecksum = (b: Uint8Array, at: number): boolean => checksum(b, at) !== 0;
export const payloadAt = (at: number): number => at + HEADER;
export const payloadEnd = (b: Uint8Array, at: number): number => at + length(b, at);
export const payloadLength = (b: Uint8Array, at: number): number => length(b, at) - HEADER;

/** @param pseudoHeader sum of the pseudo-header, made with this header's `length`, not with the length of the IP payload */
export const verifyChecksum = (b: Uint8Array, at: number, pseudoHeader: number): boolean =>
  internetChecksum.verify(internetChecksum.sum(b, at, length(b, at), pseudoHeader));

/** Writes the eight bytes; the checksum is 0 until putChecksum or putPartialChecksum. */
export function writeHeader(b: Uint8Array, at: number, from: number, to: number, payloadBytes: number): void {
  putU16(b, at + SOURCE_PORT, from);
  putU16(b, at + DESTINATION_PORT, to);
  putU16(b, at + LENGTH, HEADER + payloadBytes);
  putU16(b, at + CHECKSUM_OFFSET, 0);
}

/** Computes the checksum over header and payload; one that comes out as 0 is sent as all ones (RFC 768). */
export function putChecksum(b: Uint8Array, at: number, pseudoHeader: number): void {
  putU16(b, at + CHECKSUM_OFFSET, 0);
  putU16(b, at + CHECKSUM_OFFSET, internetChecksum.finish(internetChecksum.sum(b, at, length(b, at), pseudoHeader)) || 0xffff);
}

/** Leaves the sum over header and payload to the device (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
export const putPartialChecksum = (b: Uint8Array, at: number, pseudoHeader: number): void =>
  putU16(b, at + CHECKSUM_OFFSET, internetChecksum.fold(pseudoHeader));
