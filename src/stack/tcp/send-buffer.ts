import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import { capacityFor, EMPTY_RING, type RingPool, type RingUser } from "./ring-pool.ts";

/**
 * What the user sent and the peer has not acknowledged: a ring addressed by sequence number.
 *
 *         start (SND.UNA)        end (where the next byte written goes)
 *           ▼                       ▼
 *     ──────┬───────────┬───────────┬──────
 *           │ in flight │ not sent  │            byte of seq s lies at (s − start + head) mod capacity
 *     ──────┴───────────┴───────────┴──────
 *
 * The ring grows by doubling. It shrinks to what was in it of late, and is given back after a while without bytes.
 */
export class SendBuffer implements RingUser {
  readonly #rings: RingPool;
  #ring: Uint8Array = EMPTY_RING;
  #head = 0;
  #length = 0;
  #start: Seq;
  /** Most bytes at once since the pool last looked. */
  #peak = 0;
  #isWatched = false;

  constructor(start: Seq, rings: RingPool) {
    this.#start = start;
    this.#rings = rings;
  }

  get end(): Seq {
    return seqAdd(this.#start, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory. */
  get capacity(): number {
    return this.#ring.length;
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
    if (this.#length > this.#peak) this.#peak = this.#length;
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
    this.#head = this.#length === 0 ? 0 : (this.#head + count) & (this.#ring.length - 1);
    this.#watch();
  }

  /** Forgets everything, and gives the ring back at once. */
  clear(): void {
    this.#start = this.end;
    this.#length = 0;
    this.#peak = 0;
    this.#release();
  }

  trim(): boolean {
    const peak = this.#peak;
    this.#peak = this.#length;
    if (peak === 0) this.#release();
    // One size more than was needed is kept: the next burst may be a little larger.
    else if (this.#ring.length > 2 * capacityFor(peak)) this.#move(capacityFor(peak));
    // Bytes that lie still are looked at again when an acknowledgement comes.
    this.#isWatched = peak > this.#length;
    return this.#isWatched;
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#rings.watch(this);
  }

  #release(): void {
    this.#rings.give(this.#ring);
    this.#ring = EMPTY_RING;
    this.#head = 0;
  }

  #reserve(needed: number): void {
    if (needed > this.#ring.length) this.#move(capacityFor(needed));
  }

  #move(capacity: number): void {
    const ring = this.#rings.take(capacity);
    if (this.#length > 0) this.copy(this.#start, this.#length, ring, 0);
    this.#rings.give(this.#ring);
    this.#ring = ring;
    this.#head = 0;
  }
}
