import type { RingSource } from "../stack/tcp/ring-pool.ts";
import { mapMemory, unmapMemory } from "../tap/libc.ts";

/** Smaller rings cost less to copy than to look up, and there may be a great many of them. */
export const SMALLEST_MAPPED = 64 * 1024;
/** A process may have 65,530 mappings (vm.max_map_count). */
const MOST = 1024;

/** Where a piece of a mapped ring lies. */
export interface PlaceInRing {
  /** The ring's first byte in the address space of the process. */
  readonly address: number;
  /** The ring's. */
  readonly capacity: number;
  /** Of the piece, in the ring. */
  readonly offset: number;
}

/**
 * Large rings in memory that belongs to the process rather than to the host's thread: threads of the same process read what is lent to
 * them where it lies, and may do so even while the host's thread dies.
 */
export class MappedRings implements RingSource {
  readonly #addresses = new Map<ArrayBufferLike, number>();
  #areReadersLeft = false;

  take(capacity: number): Uint8Array | undefined {
    if (capacity < SMALLEST_MAPPED || this.#addresses.size >= MOST) return undefined;
    const mapped = mapMemory(capacity);
    if (mapped === undefined) return undefined;
    this.#addresses.set(mapped.bytes.buffer, mapped.address);
    return mapped.bytes;
  }

  owns(ring: Uint8Array): boolean {
    return this.#addresses.has(ring.buffer);
  }

  give(ring: Uint8Array): void {
    const address = this.#addresses.get(ring.buffer);
    if (address === undefined) return;
    this.#addresses.delete(ring.buffer);
    if (!this.#areReadersLeft) unmapMemory(address, ring.length);
  }

  /** @returns undefined for bytes that are not in one of these rings */
  placeOf(bytes: Uint8Array): PlaceInRing | undefined {
    const address = this.#addresses.get(bytes.buffer);
    return address === undefined ? undefined : { address, capacity: bytes.buffer.byteLength, offset: bytes.byteOffset };
  }

  /** The host ends under programs that may be reading what they were lent: none of it is given back as long as the process lives. */
  leaveToReaders(): void {
    this.#areReadersLeft = true;
  }

  /** The host has ended: all memory goes back, unless it was left to readers. */
  close(): void {
    for (const [buffer, address] of this.#addresses) if (!this.#areReadersLeft) unmapMemory(address, buffer.byteLength);
    this.#addresses.clear();
  }
}
