import { type Seq, seqDiff } from "../core/seq.ts";

/** Ranges for those who only ask. */
export type RangesView = Pick<SequenceRanges, "count" | "bytes" | "start" | "end" | "firstEndingAfter">;

/**
 * Disjoint half-open ranges [start, end) of sequence numbers in order, kept merged. The receiver's out-of-order data and the
 * sender's SACK scoreboard are both such a set. The cap bounds memory and the work for each segment whatever the peer sends
 * (the class of CVE-2018-5390); ranges all lie within one window, so plain differences compare them.
 */
export class SequenceRanges {
  readonly #starts: Seq[] = [];
  readonly #ends: Seq[] = [];
  readonly #cap: number;
  #bytes = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Sum of the ranges' lengths. */
  get bytes(): number {
    return this.#bytes;
  }

  start(i: number): Seq {
    return this.#starts[i]!;
  }

  end(i: number): Seq {
    return this.#ends[i]!;
  }

  /** Index of the first range whose end lies after `at`, or `count`. */
  firstEndingAfter(at: Seq): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqDiff(this.#ends[middle]!, at) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * Adds [start, end), merged with what it touches.
   * @returns whether it was added: false only when it would be one range more than the cap
   */
  add(start: Seq, end: Seq): boolean {
    if (seqDiff(end, start) <= 0) return true;
    let first = this.firstEndingAfter(start);
    // A range that ends exactly at `start` is touched too.
    if (first > 0 && this.#ends[first - 1] === start) first--;
    let last = first;
    let newStart = start;
    let newEnd = end;
    let replaced = 0;
    while (last < this.count && seqDiff(this.#starts[last]!, end) <= 0) {
      if (seqDiff(this.#starts[last]!, newStart) < 0) newStart = this.#starts[last]!;
      if (seqDiff(this.#ends[last]!, newEnd) > 0) newEnd = this.#ends[last]!;
      replaced += seqDiff(this.#ends[last]!, this.#starts[last]!);
      last++;
    }
    if (first === last && this.count >= this.#cap) return false;
    this.#starts.splice(first, last - first, newStart);
    this.#ends.splice(first, last - first, newEnd);
    this.#bytes += seqDiff(newEnd, newStart) - replaced;
    return true;
  }

  /** Forgets everything before `until`. */
  removeBefore(until: Seq): void {
    const keep = this.firstEndingAfter(until);
    for (let i = 0; i < keep; i++) this.#bytes -= seqDiff(this.#ends[i]!, this.#starts[i]!);
    if (keep > 0) {
      this.#starts.splice(0, keep);
      this.#ends.splice(0, keep);
    }
    if (this.count > 0 && seqDiff(until, this.#starts[0]!) > 0) {
      this.#bytes -= seqDiff(until, this.#starts[0]!);
      this.#starts[0] = until;
    }
  }

  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#bytes = 0;
  }
}
