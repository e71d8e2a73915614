/** Bytes that payloads share an allocation in: one costs several times what copying a datagram does. */
const SLAB_BYTES = 32 * 1024;
/** Longer payloads have one of their own. */
const LARGEST_SHARED = SLAB_BYTES / 4;
/** Below this a loop beats making a view for `set`. */
const SMALL_COPY = 128;

/**
 * Memory for received payloads, cut from slabs one after the other. A payload that its user keeps keeps its slab, so what an endpoint
 * holds may be that much more than its queue says; nobody else writes into it.
 */
export class PayloadSlabs {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of `bytes[at, end)`, to be kept by whoever gets it. */
  copy(bytes: Uint8Array, at: number, end: number): Uint8Array {
    const size = end - at;
    if (size > LARGEST_SHARED) return bytes.slice(at, end);
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    const slab = this.#slab;
    const from = this.#used;
    this.#used += size;
    if (size >= SMALL_COPY) slab.set(bytes.subarray(at, end), from);
    else for (let i = 0; i < size; i++) slab[from + i] = bytes[at + i]!;
    return new Uint8Array(slab.buffer, from, size);
  }
}
