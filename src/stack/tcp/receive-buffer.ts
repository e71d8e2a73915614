import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import { MAX_SACK_BLOCKS } from "../packet/tcp-options.ts";
import type { Loans } from "./loans.ts";
import { capacityFor, EMPTY_RING, type RingPool, type RingUser } from "./ring-pool.ts";
import { type RangesView, SequenceRanges } from "./sequence-ranges.ts";
import { UrgentMarks } from "./urgent-marks.ts";

/** Out-of-order ranges that are kept at once; what would open one more is dropped and comes again. */
export const MAX_OUT_OF_ORDER_RANGES = 1024;

/** A user that takes a whole buffer in this time is not slow, however much is there when it comes: its thread had to be woken. */
const QUICK_MS = 2;

/** Of all buffers that hold nothing out of order. */
const NONE_RECENT: readonly Seq[] = [];
const NO_RANGES = new SequenceRanges(0);

/**
 * What the peer sent and the user has not read: one ring that holds in-order bytes, and after them out-of-order bytes already at
 * their final place, so that filling a gap moves nothing.
 *
 *      unread start          RCV.NXT
 *        ▼                     ▼
 *     ───┬─────────────────────┬────┬──────┬──────
 *        │ in order, readable  │ gap│ held │ …
 *     ───┴─────────────────────┴────┴──────┴──────
 *
 * A byte once stored is not overwritten by a later copy (first copy wins, RFC 9293 §3.10.7.4 leaves the choice). The ring is as large
 * as what was in it of late, gaps included, and is given back after a while without bytes.
 */
export class ReceiveBuffer implements RingUser {
  readonly #rings: RingPool;
  #ring: Uint8Array = EMPTY_RING;
  #head = 0;
  /** Urgent bytes that stand apart are counted here, until the user has read beyond them. */
  #readable = 0;
  #urgent: UrgentMarks | undefined;
  #rcvNxt: Seq;
  #ranges: SequenceRanges = NO_RANGES;
  /** Each in another of the ranges, that which grew last first; as many as SACK has room for. */
  #recent: readonly Seq[] = NONE_RECENT;
  /** Most bytes at once since the pool last looked, gaps included. */
  #peak = 0;
  #isWatched = false;

  /** Bytes of window to offer at most; grows by tuning unless the user fixed it. */
  limit = 0;
  /** For tuning: where the running measure of the user's reading began, and what it has read since. */
  #tuningStart: Seq;
  #tuningRead = 0;
  #tuningStartMs = 0;

  constructor(rcvNxt: Seq, rings: RingPool) {
    this.#rcvNxt = rcvNxt;
    this.#tuningStart = rcvNxt;
    this.#rings = rings;
  }

  /** The peer's first number becomes known, while nothing is held. */
  begin(rcvNxt: Seq): void {
    this.#rcvNxt = rcvNxt;
    this.#tuningStart = rcvNxt;
  }

  /** Bytes of memory. */
  get capacity(): number {
    return this.#ring.length;
  }

  /** RCV.NXT as far as text goes: a FIN is not counted here. */
  get rcvNxt(): Seq {
    return this.#rcvNxt;
  }

  get readableBytes(): number {
    return this.#urgent === undefined ? this.#readable : this.#readable - this.#urgent.holes;
  }

  /** Urgent bytes, once there were any. */
  get urgent(): Omit<UrgentMarks, "add" | "take" | "returnToStream" | "passed"> | undefined {
    return this.#urgent;
  }

  /** The number of the first unread byte. */
  get unread(): Seq {
    return seqAdd(this.#rcvNxt, -this.#readable);
  }

  /** What came before its turn. */
  get outOfOrder(): RangesView {
    return this.#ranges;
  }

  /**
   * Stores text that begins at sequence number `from`, at or after RCV.NXT and within the window (the caller has trimmed it).
   * @returns false when it was out of order and the cap on ranges refused it
   */
  store(from: Seq, bytes: Uint8Array, at: number, end: number): boolean {
    const count = end - at;
    const offset = seqDiff(from, this.#rcvNxt);
    const needed = this.#readable + offset + count;
    if (needed > this.#ring.length) this.#move(capacityFor(needed));
    if (needed > this.#peak) this.#peak = needed;
    if (offset === 0 && this.#ranges.count === 0) {
      this.#put(0, bytes, at, end);
      this.#advance(count);
      return true;
    }
    if (this.#ranges === NO_RANGES) this.#ranges = new SequenceRanges(MAX_OUT_OF_ORDER_RANGES);
    const ranges = this.#ranges;
    const until = seqAdd(from, count);
    // Write only the holes that this segment fills.
    let cursor = from;
    let i = ranges.firstEndingAfter(from);
    while (seqDiff(until, cursor) > 0) {
      const holeEnd = i < ranges.count && seqDiff(ranges.start(i), until) < 0 ? ranges.start(i) : until;
      if (seqDiff(holeEnd, cursor) > 0) {
        const skip = seqDiff(cursor, from);
        this.#put(offset + skip, bytes, at + skip, at + seqDiff(holeEnd, from));
      }
      if (i >= ranges.count) break;
      cursor = ranges.end(i);
      i++;
    }
    if (offset > 0) {
      if (!ranges.add(from, until)) return false;
      const grown = ranges.firstEndingAfter(from);
      const others = this.#recent.filter((each) => ranges.firstEndingAfter(each) !== grown);
      this.#recent = [from, ...others.slice(0, MAX_SACK_BLOCKS - 1)];
      return true;
    }
    // In order: it may reach into or up to what was held.
    let reached = until;
    while (ranges.count > 0 && seqDiff(ranges.start(0), reached) <= 0) {
      if (seqDiff(ranges.end(0), reached) > 0) reached = ranges.end(0);
      ranges.removeBefore(ranges.end(0));
    }
    this.#advance(seqDiff(reached, this.#rcvNxt));
    return true;
  }

  /**
   * Which of `outOfOrder` SACK reports: that to which the last arrival belongs, then those that were reported last (RFC 2018 §4).
   * @returns their indices, the newest first
   */
  recentRanges(most: number): number[] {
    const ranges = this.#ranges;
    // What has come in order since is no range any more, and points to the next.
    const recent = this.#recent.filter((each) => seqDiff(each, this.#rcvNxt) > 0).map((each) => ranges.firstEndingAfter(each));
    const known = new Set(recent.filter((range) => range < ranges.count));
    for (let range = 0; range < ranges.count && known.size < most; range++) known.add(range);
    return [...known].slice(0, most);
  }

  /**
   * The user has read `count` bytes.
   * @returns whether as much as `limit` has come since it last was so, and the user takes it as quickly as it comes, or so quickly that what
   * lies here unread is only on its way
   */
  keepsUp(count: number, nowMs: number): boolean {
    const half = this.limit >>> 1;
    this.#tuningRead += count;
    if (seqDiff(this.#rcvNxt, this.#tuningStart) < this.limit) return false;
    const isQuick = nowMs - this.#tuningStartMs <= QUICK_MS;
    const keptUp = this.#tuningRead >= half && (this.#readable < half || isQuick);
    this.#tuningStart = this.#rcvNxt;
    this.#tuningStartMs = nowMs;
    this.#tuningRead = 0;
    return keptUp;
  }

  /** Moves up to `end − at` readable bytes into `target`; returns how many. */
  read(target: Uint8Array, at: number, end: number): number {
    const count = this.peek(target, at, end);
    this.discard(count);
    return count;
  }

  /** As `read`, but nothing is taken. @param skip begins so many bytes after the first */
  peek(target: Uint8Array, at: number, end: number, skip = 0): number {
    const count = Math.min(end - at, this.readableBytes - skip);
    if (count <= 0) return 0;
    if (this.#urgent === undefined || this.#urgent.holes === 0) {
      this.#copy(skip, target, at, count);
      return count;
    }
    for (let copied = 0; copied < count; ) {
      const offset = this.#offsetOf(skip + copied);
      const run = Math.min(count - copied, this.#urgent.holeFrom(this.unread, offset) - offset);
      this.#copy(offset, target, at + copied, run);
      copied += run;
    }
    return count;
  }

  #copy(offset: number, target: Uint8Array, at: number, count: number): void {
    const from = (this.#head + offset) & (this.#ring.length - 1);
    const first = Math.min(count, this.#ring.length - from);
    target.set(this.#ring.subarray(from, from + first), at);
    if (first < count) target.set(this.#ring.subarray(0, count - first), at + first);
  }

  /** Where the byte lies that has so many of the stream before it. */
  #offsetOf(bytes: number): number {
    let offset = bytes;
    if (this.#urgent === undefined || this.#urgent.holes === 0) return offset;
    const { unread } = this;
    for (let hole = this.#urgent.holeFrom(unread, 0); hole <= offset; hole = this.#urgent.holeFrom(unread, hole + 1)) offset++;
    return offset;
  }

  /**
   * Readable bytes where they lie, at most `most` and no more than lie in one piece, noted in `loans`.
   * @param skip begins so many bytes after the first
   * @returns undefined when this ring cannot be lent
   */
  lend(most: number, skip: number, loans: Loans): Uint8Array | undefined {
    if (!this.#rings.canLend(this.#ring)) return undefined;
    const bytes = this.look(most, skip);
    loans.lent(this.#ring, bytes.length);
    return bytes;
  }

  /** Readable bytes where they lie, until anything else happens here: at most `most`, and no more than lie in one piece. @param skip as of `lend` */
  look(most: number, skip: number): Uint8Array {
    const offset = this.#offsetOf(skip);
    const from = (this.#head + offset) & (this.#ring.length - 1);
    const run = Math.min(
      this.readableBytes - skip,
      this.#urgent === undefined ? most : this.#urgent.holeFrom(this.unread, offset) - offset,
    );
    const count = Math.max(0, Math.min(most, run, this.#ring.length - from));
    return this.#ring.subarray(from, from + count);
  }

  /** Takes `count` readable bytes without copying them. */
  discard(count: number): void {
    if (count === 0) return;
    this.#drop(this.#offsetOf(count - 1) + 1);
    this.#passUrgent();
  }

  #passUrgent(): void {
    if (this.#urgent === undefined) return;
    while (this.#readable > 0 && this.#urgent.isDone(this.unread)) this.#drop(1);
    this.#urgent.passed(this.unread);
  }

  /** The byte of this number, which is readable, is urgent. */
  markUrgent(at: Seq, isApart: boolean): void {
    this.#urgent ??= new UrgentMarks();
    const offset = seqDiff(at, this.unread);
    this.#urgent.add(at, this.#ring[(this.#head + offset) & (this.#ring.length - 1)]!, isApart);
  }

  /** The oldest urgent byte that stands apart; undefined for none. @param isPeek leaves it */
  readUrgent(isPeek: boolean): number | undefined {
    const byte = this.#urgent?.take(isPeek);
    this.#passUrgent();
    return byte;
  }

  /** Urgent bytes that stand apart are read with the stream, as far as their place is unread. */
  returnUrgent(): void {
    this.#urgent?.returnToStream();
  }

  /** Bytes of the stream to be read before that of this number. */
  bytesBefore(at: Seq): number {
    const { unread } = this;
    const offset = seqDiff(at, unread);
    let bytes = offset;
    if (this.#urgent === undefined) return bytes;
    for (let hole = this.#urgent.holeFrom(unread, 0); hole < offset; hole = this.#urgent.holeFrom(unread, hole + 1)) bytes--;
    return bytes;
  }

  #drop(count: number): void {
    this.#readable -= count;
    if (this.#readable === 0 && this.#ranges.count === 0) this.#head = 0;
    else this.#head = (this.#head + count) & (this.#ring.length - 1);
    this.#watch();
  }

  /** Forgets everything, and gives the ring back at once. */
  clear(): void {
    this.#ranges = NO_RANGES;
    this.#urgent = undefined;
    this.#readable = 0;
    this.#peak = 0;
    this.#release();
  }

  trim(): boolean {
    const peak = this.#peak;
    const span = this.#span;
    this.#peak = span;
    if (peak === 0) {
      this.#ranges = NO_RANGES;
      this.#release();
    }
    // One size more than was needed is kept: the next burst may be a little larger.
    else if (this.#ring.length > 2 * capacityFor(peak)) this.#move(capacityFor(peak));
    // Bytes that lie still are looked at again when some are read.
    this.#isWatched = peak > span;
    return this.#isWatched;
  }

  /** From the first unread byte to the last that is held. */
  get #span(): number {
    const ranges = this.#ranges;
    return this.#readable + (ranges.count === 0 ? 0 : seqDiff(ranges.end(ranges.count - 1), this.#rcvNxt));
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

  #advance(count: number): void {
    this.#rcvNxt = seqAdd(this.#rcvNxt, count);
    this.#readable += count;
  }

  /** Writes at `offset` bytes after RCV.NXT. */
  #put(offset: number, bytes: Uint8Array, at: number, end: number): void {
    const capacity = this.#ring.length;
    const begin = (this.#head + this.#readable + offset) & (capacity - 1);
    const count = end - at;
    const first = Math.min(count, capacity - begin);
    this.#ring.set(bytes.subarray(at, at + first), begin);
    if (first < count) this.#ring.set(bytes.subarray(at + first, end), 0);
  }

  #move(capacity: number): void {
    const ring = this.#rings.take(capacity);
    const old = this.#ring;
    const span = this.#span;
    const first = Math.min(span, old.length - this.#head);
    ring.set(old.subarray(this.#head, this.#head + first));
    if (first < span) ring.set(old.subarray(0, span - first), first);
    this.#rings.give(old);
    this.#ring = ring;
    this.#head = 0;
  }
}
