import { capacityFor } from "../../stack/tcp/ring-pool.ts";

/** Shorter pieces are made anew. */
const LEAST = 4096;
/** Memory that nobody uses is kept up to so much. */
const MOST_SPARE = 1024 * 1024;

/** Bytes of calls that wait, in memory that is used again: to make it, 64 KiB at a time, costs several times what it costs to fill it. */
export class KeptBytes {
  /** By their size, a power of two. */
  readonly #spares = new Map<number, Uint8Array[]>();
  #spareBytes = 0;

  /** A copy, which is the caller's until it gives it back; one that never does loses nothing but time. */
  keep(bytes: Uint8Array): Uint8Array {
    if (bytes.length < LEAST) return bytes.slice();
    const size = capacityFor(bytes.length);
    let memory = this.#spares.get(size)?.pop();
    if (memory === undefined) memory = new Uint8Array(size);
    else this.#spareBytes -= size;
    memory.set(bytes);
    return memory.subarray(0, bytes.length);
  }

  /** Nobody looks at these bytes any more. @param kept what `keep` returned */
  giveBack(kept: Uint8Array): void {
    const size = kept.buffer.byteLength;
    if (kept.length < LEAST || this.#spareBytes + size > MOST_SPARE) return;
    this.#spareBytes += size;
    const memory = new Uint8Array(kept.buffer);
    const spares = this.#spares.get(size);
    if (spares === undefined) this.#spares.set(size, [memory]);
    else spares.push(memory);
  }
}
