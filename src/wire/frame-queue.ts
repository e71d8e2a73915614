import { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, plainFrame } from "../stack/core/frame-info.ts";
import { FRAME_HEADROOM, type FrameSink } from "../stack/link/link-device.ts";

const WORDS = 8;

/**
 * Copies of frames waiting to be received, first in first out, bounded in frames and in bytes. The bytes lie in one block that is
 * used as a ring; a frame never wraps, and has FRAME_HEADROOM before it. A second ring holds eight numbers for each frame.
 *
 *     block    [ …free… | headroom frame | headroom frame | …free… ]
 *     records  [ at end checksumStart checksumOffset verified gsoType gsoSize headerLength ] …
 *
 * The block is made at the first frame, and the system gives it memory as it is touched, so an idle queue costs little.
 */
export class FrameQueue {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #block: Uint8Array | undefined;
  readonly #records: Int32Array;
  readonly #info: FrameInfo = plainFrame();
  #head = 0;
  #count = 0;

  constructor(maxFrames = 1024, maxBytes = 4 << 20) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
    this.#records = new Int32Array(maxFrames * WORDS);
  }

  get size(): number {
    return this.#count;
  }

  /** Whether a frame of `length` bytes would be taken now. */
  hasRoom(length: number): boolean {
    return this.#place(length) >= 0;
  }

  /** Copies the frame in. @returns the view's block and where the copy begins as `at`, or −1 when there is no room */
  push(bytes: Uint8Array, at: number, end: number, info: FrameInfo): number {
    const length = end - at;
    const to = this.#place(length);
    if (to < 0) return -1;
    this.#block ??= new Uint8Array(this.#maxBytes);
    this.#block.set(bytes.subarray(at, end), to);
    const r = ((this.#head + this.#count) % this.#maxFrames) * WORDS;
    const records = this.#records;
    records[r] = to;
    records[r + 1] = to + length;
    records[r + 2] = info.checksumStart;
    records[r + 3] = info.checksumOffset;
    records[r + 4] = info.checksumVerified ? 1 : 0;
    records[r + 5] = info.gsoType;
    records[r + 6] = info.gsoSize;
    records[r + 7] = info.headerLength;
    this.#count++;
    return to;
  }

  /** Hands over at most `budget` frames, oldest first; what the sink pushes meanwhile is handed over too, if the budget lasts. */
  deliver(sink: FrameSink, budget: number): number {
    let delivered = 0;
    while (delivered < budget && this.#count > 0) {
      const r = this.#head * WORDS;
      const records = this.#records;
      const info = this.#info;
      info.checksumStart = records[r + 2]!;
      info.checksumOffset = records[r + 3]!;
      info.checksumVerified = records[r + 4] === 1;
      info.gsoType = gsoTypeOf(records[r + 5]!);
      info.gsoSize = records[r + 6]!;
      info.headerLength = records[r + 7]!;
      delivered++;
      try {
        sink.frame(this.#block!, records[r]!, records[r + 1]!, info);
      } finally {
        // Only now: until the sink is done its frame must not be overwritten.
        this.#shift();
      }
    }
    return delivered;
  }

  clear(): void {
    this.#head = 0;
    this.#count = 0;
    clearFrameInfo(this.#info);
  }

  #shift(): void {
    if (this.#count === 0) return; // the sink has cleared the queue
    this.#head = (this.#head + 1) % this.#maxFrames;
    this.#count--;
  }

  /** Where a frame of this length would begin, or −1. */
  #place(length: number): number {
    if (this.#count === this.#maxFrames) return -1;
    const need = length + FRAME_HEADROOM;
    if (this.#count === 0) return need <= this.#maxBytes ? FRAME_HEADROOM : -1;
    const records = this.#records;
    const first = records[this.#head * WORDS]! - FRAME_HEADROOM;
    const lastEnd = records[((this.#head + this.#count - 1) % this.#maxFrames) * WORDS + 1]!;
    if (lastEnd > first) {
      if (lastEnd + need <= this.#maxBytes) return lastEnd + FRAME_HEADROOM;
      return need <= first ? FRAME_HEADROOM : -1;
    }
    return lastEnd + need <= first ? lastEnd + FRAME_HEADROOM : -1;
  }
}

const gsoTypeOf = (n: number): FrameInfo["gsoType"] => (n === GSO_TCPV4 || n === GSO_TCPV6 || n === GSO_UDP ? n : GSO_NONE);
