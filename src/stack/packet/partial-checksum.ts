import type { FrameInfo } from "../core/frame-info.ts";
import * as internetChecksum from "./checksum.ts";

/**
 * Writes the transport checksum that a device with checksum offload would have written (virtio 1.2 §5.1.6.2): the field holds the
 * folded pseudo-header sum, and the Internet checksum (RFC 1071) of everything from `checksumStart` on goes over it.
 * Afterwards `info` says that the checksum is complete. Does nothing when it is already.
 */
export function completeChecksum(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
  if (info.checksumStart === 0) return;
  internetChecksum.completePartial(bytes, at, end, info.checksumStart, info.checksumOffset);
  info.checksumStart = 0;
  info.checksumOffset = 0;
}
