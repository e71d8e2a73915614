import type { RingSource } from "../stack/tcp/ring-pool.ts";
import { addressOf, libc, MADV_DONTNEED, MADV_HUGEPAGE, MADV_NOHUGEPAGE, plainView } from "../tap/libc.ts";
import { BuddyBlocks } from "./buddy-blocks.ts";

/** Smaller rings cost less to copy than to look up, and there may be a great many of them. */
export const SMALLEST_SHARED = 64 * 1024;
/** All of them together. Memory that was never touched is none. */
const SPACE = 64 * 1024 * 1024;
/**
 * Rings of so much have memory in pages of this size: at the start of a stream, while the buffers grow, most of the time would go by in faults
 * of small ones. For less one would be a waste.
 */
const HUGE_PAGE = 2 * 1024 * 1024;

/** Memory of the large rings of one host. Programs of the same process look at it too. */
export const newRingsMemory = (): SharedArrayBuffer => new SharedArrayBuffer(SPACE + HUGE_PAGE);

/**
 * Large rings in memory that the host's thread has in common with the programs of its process: their threads read what is lent to them where
 * it lies, and may do so even while the host's thread dies.
 */
export class SharedRings implements RingSource {
  readonly #bytes: Uint8Array;
  readonly #blocks = new BuddyBlocks(SPACE, SMALLEST_SHARED);
  /** Where rings can begin, so that each is made of whole pages. */
  readonly #begin: number;
  #areReadersLeft = false;

  /** @param memory `newRingsMemory`'s; all of it is this host's. `libc` must be at hand */
  constructor(memory: SharedArrayBuffer) {
    this.#bytes = plainView(memory);
    this.#begin = HUGE_PAGE - (addressOf(this.#bytes) % HUGE_PAGE);
  }

  take(capacity: number): Uint8Array | undefined {
    if (capacity < SMALLEST_SHARED) return undefined;
    const at = this.#blocks.take(capacity);
    if (at === undefined) return undefined;
    const ring = this.#bytes.subarray(this.#begin + at, this.#begin + at + capacity);
    if (capacity >= HUGE_PAGE) advise(ring, MADV_HUGEPAGE);
    return ring;
  }

  owns(ring: Uint8Array): boolean {
    return ring.buffer === this.#bytes.buffer;
  }

  give(ring: Uint8Array): void {
    if (this.#areReadersLeft || !this.owns(ring)) return;
    this.#blocks.give(ring.byteOffset - this.#begin, ring.length);
    advise(ring, MADV_DONTNEED);
    if (ring.length >= HUGE_PAGE) advise(ring, MADV_NOHUGEPAGE);
  }

  /** @returns where in the memory these bytes begin; undefined for bytes that are not in it */
  placeOf(bytes: Uint8Array): number | undefined {
    return this.owns(bytes) ? bytes.byteOffset : undefined;
  }

  /** The host ends under programs that may be reading what they were lent: none of it changes any more. */
  leaveToReaders(): void {
    this.#areReadersLeft = true;
  }

  /** The host has ended. Some thread that has ended its use too may keep the memory for long, which then had better be none. */
  close(): void {
    if (!this.#areReadersLeft) advise(this.#bytes.subarray(this.#begin, this.#begin + SPACE), MADV_DONTNEED);
  }
}

/** A system that does not take advice goes on as before. */
function advise(pages: Uint8Array, advice: number): void {
  libc().madvise(addressOf(pages), pages.length, advice);
}
