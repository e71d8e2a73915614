/**
 * Which parts of a piece of memory are taken, by the buddy system (Knuth, The Art of Computer Programming, §2.5): every part is a power of
 * two and begins at a multiple of its size, and two free halves are one whole again. Low places are taken first, where memory has been touched.
 */
export class BuddyBlocks {
  readonly #smallest: number;
  /** Where free blocks begin: those of the smallest size, of twice as much, and so on. */
  readonly #free: readonly Set<number>[];

  /** @param total of the memory; this and the `smallest` block are powers of two below 2^31 */
  constructor(total: number, smallest: number) {
    this.#smallest = smallest;
    this.#free = Array.from({ length: this.#orderOf(total) + 1 }, () => new Set<number>());
    this.#free.at(-1)!.add(0);
  }

  /**
   * @param size a power of two, no less than the smallest
   * @returns where the block begins; undefined when no free one is as large
   */
  take(size: number): number | undefined {
    const order = this.#orderOf(size);
    let split = order;
    while (this.#free[split]?.size === 0) split++;
    const blocks = this.#free[split];
    if (blocks === undefined) return undefined;
    const at = Math.min(...blocks);
    blocks.delete(at);
    while (split > order) this.#free[--split]!.add(at + this.#sizeOf(split));
    return at;
  }

  /** The block of this size that `take` gave is free again. */
  give(at: number, size: number): void {
    let order = this.#orderOf(size);
    let begin = at;
    for (; order < this.#free.length - 1; order++) {
      const buddy = begin ^ this.#sizeOf(order);
      if (!this.#free[order]!.delete(buddy)) break;
      begin = Math.min(begin, buddy);
    }
    this.#free[order]!.add(begin);
  }

  #orderOf(size: number): number {
    return Math.log2(size / this.#smallest);
  }

  #sizeOf(order: number): number {
    return this.#smallest << order;
  }
}
