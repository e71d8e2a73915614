import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";

const FIRST_CAPACITY = 16 * 1024;
/** A ring up to this size is kept when it runs empty: under bulk that happens after every burst, and making it anew costs more than sending. */
const KEPT_CAPACITY = 8 * 1024 * 1024;

/**
 * What the user sent and the peer has not acknowledged: a ring addressed by sequence number.
 *
 *         start (SND.UNA)        end (where the next byte written goes)
 *           ▼                       ▼
 *     ──────┬───────────┬───────────┬──────
 *           │ in flight │ not sent  │            byte of seq s lies at (s − start + head) mod capacity
 *     ──────┴───────────┴───────────┴──────
 *
 * The ring grows by doubling; a very large one gives its memory back when it runs empty.
 */
export class SendBuffer {
  #ring = new Uint8Array(0);
  #head = 0;
  #length = 0;
  #start: Seq;

  constructor(start: Seq) {
    this.#start = start;
  }

  get end(): Seq {
    return seqAdd(this.#start, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array, at: number, end: number): void {
    const count = end - at;
    this.#reserve(this.#length + count);
    const capacity = this.#ring.length;
    const tail = (this.#head + this.#length) & (capacity - 1);
    const first = Math.min(count, capacity - tail);
    this.#ring.set(bytes.subarray(at, at + first), tail);
    if (first < count) this.#ring.set(bytes.subarray(at + first, end), 0);
    this.#length += count;
  }

  /** Copies `count` bytes from sequence number `from` to `target[at…]`; all of them must be in the buffer. */
  copy(from: Seq, count: number, target: Uint8Array, at: number): void {
    const capacity = this.#ring.length;
    const begin = (this.#head + seqDiff(from, this.#start)) & (capacity - 1);
    const first = Math.min(count, capacity - begin);
    target.set(this.#ring.subarray(begin, begin + first), at);
    if (first < count) target.set(this.#ring.subarray(0, count - first), at + first);
  }

  /** Forgets what lies before `until`; later numbers than the end (the FIN's) are taken as the end. */
  acknowledge(until: Seq): void {
    const count = Math.min(seqDiff(until, this.#start), this.#length);
    if (count <= 0) return;
    this.#length -= count;
    this.#start = seqAdd(this.#start, count);
    if (this.#length === 0) {
      this.#head = 0;
      if (this.#ring.length > KEPT_CAPACITY) this.#ring = new Uint8Array(0);
    } else {
      this.#head = (this.#head + count) & (this.#ring.length - 1);
    }
  }

  clear(): void {
    this.#start = this.end;
    this.#length = 0;
    this.#head = 0;
    this.#ring = new Uint8Array(0);
  }

  #reserve(needed: number): void {
    let capacity = this.#ring.length;
    if (needed <= capacity) return;
    capacity = Math.max(capacity, FIRST_CAPACITY);
    while (capacity < needed) capacity *= 2;
    const grown = new Uint8Array(capacity);
    if (this.#length > 0) this.copy(this.#start, this.#length, grown, 0);
    this.#ring = grown;
    this.#head = 0;
  }
}
