import type { FrameInfo } from "../core/frame-info.ts";

/**
 * Writes the transport checksum that a device with checksum offload would have written (virtio 1.2 §5.1.6.2): the field holds the
 * folded pseudo-header sum, and the Internet checksum (RFC 1071) of everything from `checksumStart` on goes over it.
 * Afterwards `info` says that the checksum is complete. Does nothing when it is already.
 */
export function completeChecksum(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
  if (info.checksumStart === 0) return;
  const start = at + info.checksumStart;
  const field = start + info.checksumOffset;
  if (field + 2 <= end) {
    let sum = 0;
    let i = start;
    // A frame is under 2^17 bytes, so the sum of its words stays far below 2^53.
    for (; i + 1 < end; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
    if (i < end) sum += bytes[i]! * 256;
    while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + (sum % 0x10000);
    // Zero would mean "no checksum" in UDP (RFC 768), and both stand for the same number.
    const checksum = ~sum & 0xffff || 0xffff;
    bytes[field] = checksum >>> 8;
    bytes[field + 1] = checksum & 0xff;
  }
  info.checksumStart = 0;
  info.checksumOffset = 0;
}
