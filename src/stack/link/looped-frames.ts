import type { FrameInfo } from "../core/frame-info.ts";
import type { FrameSink } from "./link-device.ts";

/** What waits to come back up, at most; what comes on top of it is lost. */
export const MAX_LOOPED_FRAMES = 1024;
export const MAX_LOOPED_BYTES = 1024 * 1024;

/** Copies of own frames that sockets of this host are to receive too (RFC 1112 §6.1), until the next turn takes them in. */
export class LoopedFrames {
  #queue: { readonly bytes: Uint8Array; readonly info: FrameInfo }[] = [];
  #bytes = 0;

  /** @returns false when there is no room */
  push(bytes: Uint8Array, at: number, end: number, info: FrameInfo): boolean {
    const size = end - at;
    if (this.#queue.length >= MAX_LOOPED_FRAMES || this.#bytes + size > MAX_LOOPED_BYTES) return false;
    this.#queue.push({ bytes: bytes.slice(at, end), info: { ...info, checksumVerified: true } });
    this.#bytes += size;
    return true;
  }

  /** Hands over what waits now. What that causes to wait stays for the next call. @returns how many there were */
  deliver(sink: FrameSink): number {
    const waiting = this.#queue;
    if (waiting.length === 0) return 0;
    this.#queue = [];
    this.#bytes = 0;
    for (const { bytes, info } of waiting) sink.frame(bytes, 0, bytes.length, info);
    return waiting.length;
  }
}
