import { EMPTY_RING, type RingPool } from "./ring-pool.ts";

/** Consecutive bytes in one ring; in `EMPTY_RING` stand those that were copied instead. */
interface Loan {
  readonly ring: Uint8Array;
  bytes: number;
}

/**
 * Unread bytes of one stream that its user has seen before it takes them, oldest first: copied, or read where they lie. A ring that is
 * read in place stays as it is until they are returned, also when the buffer has moved to another ring or the connection is gone.
 */
export class Loans {
  readonly #rings: RingPool;
  readonly #loans: Loan[] = [];
  #bytes = 0;

  constructor(rings: RingPool) {
    this.#rings = rings;
  }

  /** Bytes that were lent and not returned. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The next bytes of the stream were copied. */
  copied(bytes: number): void {
    this.#append(EMPTY_RING, bytes);
  }

  /** The next bytes of the stream are read where they lie. */
  lent(ring: Uint8Array, bytes: number): void {
    this.#append(ring, bytes);
  }

  /** The oldest bytes are taken, or of no interest any more. */
  return(bytes: number): void {
    this.#bytes -= bytes;
    for (let left = bytes; left > 0; ) {
      const oldest = this.#loans[0]!;
      const part = Math.min(left, oldest.bytes);
      oldest.bytes -= part;
      left -= part;
      if (oldest.bytes === 0) this.#end(this.#loans.shift()!);
    }
  }

  /** All but the oldest `bytes` are of no interest. */
  keep(bytes: number): void {
    while (this.#bytes > bytes) {
      const newest = this.#loans.at(-1)!;
      const part = Math.min(this.#bytes - bytes, newest.bytes);
      newest.bytes -= part;
      this.#bytes -= part;
      if (newest.bytes === 0) this.#end(this.#loans.pop()!);
    }
  }

  #append(ring: Uint8Array, bytes: number): void {
    if (bytes === 0) return;
    this.#bytes += bytes;
    const newest = this.#loans.at(-1);
    if (newest?.ring === ring) {
      newest.bytes += bytes;
      return;
    }
    this.#loans.push({ ring, bytes });
    this.#rings.hold(ring);
  }

  #end({ ring }: Loan): void {
    this.#rings.letGo(ring);
  }
}
