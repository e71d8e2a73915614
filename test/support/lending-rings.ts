import type { RingSource } from "../../src/stack/tcp/ring-pool.ts";

const POISON = 0xee;

/** Rings of any size that may be read where they lie. What is given back is spoilt at once, so that whoever still reads it is found out. */
export class LendingRings implements RingSource {
  readonly #rings = new Map<ArrayBufferLike, Uint8Array>();
  taken = 0;

  get count(): number {
    return this.#rings.size;
  }

  take(capacity: number): Uint8Array {
    const ring = new Uint8Array(capacity);
    this.#rings.set(ring.buffer, ring);
    this.taken++;
    return ring;
  }

  owns(bytes: Uint8Array): boolean {
    return this.#rings.has(bytes.buffer);
  }

  give(ring: Uint8Array): void {
    this.#rings.delete(ring.buffer);
    ring.fill(POISON);
  }
}
