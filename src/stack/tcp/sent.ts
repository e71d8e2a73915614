import { type Seq, seq, seqAdd, seqDiff } from "../core/seq.ts";

/** What is known of a transmission, as bits of `SentLog.flagsOf`. */
export const SENT = {
  /** The peer has reported it (RFC 2018). */
  sacked: 1,
  /** Taken for lost. It stays so while its retransmission is on its way. */
  lost: 2,
  /** Sent again, and that copy is not known to be lost: it is in the network. */
  resent: 4,
  /** Sent again at any time: an acknowledgement does not tell which copy it answers (Karn). */
  wasResent: 8,
} as const;

/** Records that one log holds; beyond them new text joins the last record, and SACK cuts none in two (hardening against CVE-2019-11477 and kin). */
export const SENT_RECORDS_CAP = 16_384;

const FIRST_CAPACITY = 16;
const NONE = -1;
/** In `#older` of what is not linked. */
const UNLINKED = -2;

export function copyMark(from: TransmissionMark, to: TransmissionMark): void {
  to.sentMs = from.sentMs;
  to.serial = from.serial;
  to.end = from.end;
}

/** What one acknowledgement tells for the first time. One record is used again for each. */
export class DeliveryNews {
  /** Sequence numbers that arrived, by this ACK or its SACK blocks. */
  bytes = 0;
  segments = 0;
  /** Something that had left once only was acknowledged: when the first and the last of it had left. */
  hasOriginal = false;
  firstSentMs = 0;
  lastSentMs = 0;
  /** The same of what was reported by SACK. */
  hasSackedOriginal = false;
  sackedSentMs = 0;
  /** Something was acknowledged that had left more than once: no time can be told from it (Karn, RFC 6298 §3). */
  hasResent = false;
  /** The transmission that left last of all that arrived: RACK.xmit_ts and RACK.end_seq of RFC 8985 §6.2. */
  readonly newest: TransmissionMark = { sentMs: Number.NEGATIVE_INFINITY, serial: 0, end: seq(0) };
  newestWasResent = false;
  /** Of the one that was looked at last, the highest where all were acknowledged: RACK.rtt is its round trip. */
  lastArrivedMs = 0;
  lastArrivedWasResent = false;
  /** Where the lowest begins that had left once only, if any arrived: when something above it came before, the path reorders. */
  lowestOriginal: Seq | undefined;
  /** Its end, for who asks whether it left before a certain moment. */
  lowestOriginalEnd: Seq = seq(0);
  /** The highest end of all that arrived, if anything did. */
  highest: Seq | undefined;

  clear(): void {
    this.bytes = 0;
    this.segments = 0;
    this.hasOriginal = false;
    this.hasSackedOriginal = false;
    this.hasResent = false;
    this.newest.sentMs = Number.NEGATIVE_INFINITY;
    this.newestWasResent = false;
    this.lowestOriginal = undefined;
    this.highest = undefined;
  }

  /** A record, or the front of one, is acknowledged or reported. @param flags of `SENT`, as they were before */
  arrived(flags: number, start: Seq, mark: TransmissionMark, segments: number, isAcknowledged: boolean): void {
    const { end, sentMs } = mark;
    const wasResent = (flags & SENT.wasResent) !== 0;
    if (isAcknowledged && wasResent) this.hasResent = true;
    // What was reported before brings no news.
    if ((flags & SENT.sacked) !== 0) return;
    this.bytes += seqDiff(end, start);
    this.segments += segments;
    if (this.highest === undefined || seqDiff(end, this.highest) > 0) this.highest = end;
    this.lastArrivedMs = sentMs;
    this.lastArrivedWasResent = wasResent;
    if (sentAfter(mark, this.newest)) {
      copyMark(mark, this.newest);
      this.newestWasResent = wasResent;
    }
    if (wasResent) return;
    if (this.lowestOriginal === undefined || seqDiff(start, this.lowestOriginal) < 0) {
      this.lowestOriginal = start;
      this.lowestOriginalEnd = end;
    }
    if (!isAcknowledged) {
      this.hasSackedOriginal = true;
      this.sackedSentMs = sentMs;
      return;
    }
    if (!this.hasOriginal) this.firstSentMs = sentMs;
    this.hasOriginal = true;
    this.lastSentMs = sentMs;
  }
}

/** Which transmission: when it left, as which since the connection last had nothing outstanding, and where it ends. */
export interface TransmissionMark {
  sentMs: number;
  serial: number;
  end: Seq;
}

/**
 * RACK_sent_after of RFC 8985 §6.2. Of what left in one turn of the host the serial number knows the order, where the RFC has to go by
 * sequence numbers.
 */
export function sentAfter(a: TransmissionMark, b: TransmissionMark): boolean {
  if (a.sentMs !== b.sentMs) return a.sentMs > b.sentMs;
  const order = (a.serial - b.serial) | 0;
  return order === 0 ? seqDiff(a.end, b.end) > 0 : order > 0;
}

/**
 * The transmissions that are not acknowledged, [SND.UNA, SND.NXT), one record each, in sequence order. What leaves at once in whole
 * segments is one record; SACK cuts records where it has to, and joins what is reported.
 *
 *     order   ┌──┬──┬──┬──┐  places of the records in sequence order: the only array in which anything moves
 *             └──┴──┴──┴──┘
 *     place   start · end · sent at · serial · flags · segments · next older · next newer
 *
 * Those in the network are also linked by when they left last, so that RACK looks at none that left after what has arrived (RFC 8985 §6.2).
 */
export class SentLog {
  /** SND.UNA. */
  start: Seq;
  #order = new Int32Array(FIRST_CAPACITY);
  #first = 0;
  #count = 0;

  #starts = new Int32Array(FIRST_CAPACITY);
  #ends = new Int32Array(FIRST_CAPACITY);
  #sentMs = new Float64Array(FIRST_CAPACITY);
  #flags = new Uint8Array(FIRST_CAPACITY);
  #segments = new Int32Array(FIRST_CAPACITY);
  #older = new Int32Array(FIRST_CAPACITY);
  #newer = new Int32Array(FIRST_CAPACITY);
  #serials = new Int32Array(FIRST_CAPACITY);
  #lastSerial = 0;
  readonly #marked: TransmissionMark = { sentMs: 0, serial: 0, end: seq(0) };
  /** The first of the free places, linked by `#newer`; those from `#used` on have never been taken. */
  #free = NONE;
  #used = 0;
  #oldest = NONE;
  #newest = NONE;

  /** Of all that is outstanding. */
  segments = 0;
  /** Reported by the peer. */
  sackedBytes = 0;
  sackedSegments = 0;
  /** Taken for lost, whether sent again since or not. */
  lostBytes = 0;
  lostSegments = 0;
  /** Copies in the network. */
  resentBytes = 0;
  resentSegments = 0;
  #dueBytes = 0;
  /** Copies that were lost, so far. */
  copiesLost = 0;
  /** Nothing before it is due. */
  #hint: Seq;

  constructor(start: Seq) {
    this.start = start;
    this.#hint = start;
  }

  /** Of a connection of which nothing is outstanding. */
  begin(start: Seq): void {
    this.start = start;
    this.#hint = start;
    this.#first = 0;
    this.#count = 0;
    this.#free = NONE;
    this.#used = 0;
    this.#oldest = NONE;
    this.#newest = NONE;
    this.segments = 0;
    this.sackedBytes = 0;
    this.sackedSegments = 0;
    this.lostBytes = 0;
    this.lostSegments = 0;
    this.resentBytes = 0;
    this.resentSegments = 0;
    this.#dueBytes = 0;
    this.copiesLost = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Records that there is memory for. */
  get capacity(): number {
    return this.#ends.length;
  }

  /** SND.NXT. */
  get end(): Seq {
    return this.#count === 0 ? this.start : this.endOf(this.#count - 1);
  }

  /** `pipe` of RFC 6675 §4 in sequence numbers: what is neither reported nor lost, and the copies on their way. */
  get inNetwork(): number {
    return seqDiff(this.end, this.start) - this.sackedBytes - this.lostBytes + this.resentBytes;
  }

  /** Lost, and no copy is in the network. */
  get dueBytes(): number {
    return this.#dueBytes;
  }

  /** Something lost is to be sent again. */
  get hasDue(): boolean {
    return this.#dueBytes > 0;
  }

  // The records, by their index in sequence order

  startOf(index: number): Seq {
    return this.#starts[this.#placeOf(index)]! as Seq;
  }

  endOf(index: number): Seq {
    return this.#ends[this.#placeOf(index)]! as Seq;
  }

  /** Bits of `SENT`. */
  flagsOf(index: number): number {
    return this.#flags[this.#placeOf(index)]!;
  }

  /** When it left last. */
  sentMsOf(index: number): number {
    return this.#sentMs[this.#placeOf(index)]!;
  }

  /** The first record that ends after `at`, or `count`. */
  indexEndingAfter(at: Seq): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqDiff(this.endOf(middle), at) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What the peer has reported, in order. */
  *sackedRanges(): IterableIterator<readonly [start: Seq, end: Seq]> {
    // What touches is one record.
    for (let i = 0; i < this.#count; i++) if ((this.flagsOf(i) & SENT.sacked) !== 0) yield [this.startOf(i), this.endOf(i)];
  }

  // What leaves

  /** What lies between the log's end and `end` has left for the first time. @param mss of the segments that it left in */
  append(end: Seq, mss: number, nowMs: number): void {
    const start = this.end;
    const length = seqDiff(end, start);
    const segments = segmentsIn(length, mss);
    this.segments += segments;
    if (this.#count > 0 && this.#joinsLast(length, mss, nowMs)) {
      const last = this.#placeOf(this.#count - 1);
      this.#ends[last] = end;
      this.#segments[last] = this.#segments[last]! + segments;
      this.#sentMs[last] = nowMs;
      return;
    }
    const place = this.#take();
    this.#starts[place] = start;
    this.#ends[place] = end;
    this.#sentMs[place] = nowMs;
    this.#serials[place] = ++this.#lastSerial | 0;
    this.#flags[place] = 0;
    this.#segments[place] = segments;
    this.#insertPlace(this.#count, place);
    this.#linkNewest(place);
  }

  /** One record can stand for both: they left at once, and the seam lies between two segments. */
  #joinsLast(length: number, mss: number, nowMs: number): boolean {
    const last = this.#placeOf(this.#count - 1);
    if (this.#flags[last] !== 0) return false;
    if (this.#count >= SENT_RECORDS_CAP) return true;
    return this.#sentMs[last] === nowMs && length % mss === 0 && this.#lengthOf(last) % mss === 0;
  }

  /**
   * Finds the lowest stretch that is lost and of which no copy is in the network.
   * @returns the index of its first record, or `count` when there is none
   */
  nextDue(): number {
    if (this.#dueBytes === 0) return this.#count;
    let i = this.indexEndingAfter(this.#hint);
    while (i < this.#count && !isDue(this.flagsOf(i))) i++;
    if (i < this.#count) this.#hint = this.startOf(i);
    return i;
  }

  /** Where the stretch that begins with this record ends; somewhere beyond `most` bytes, if it is longer. */
  dueUntil(index: number, most: number): Seq {
    const start = this.startOf(index);
    let i = index;
    while (i + 1 < this.#count && isDue(this.flagsOf(i + 1)) && seqDiff(this.endOf(i), start) < most) i++;
    return this.endOf(i);
  }

  /** [from, until) has left again. */
  resent(from: Seq, until: Seq, mss: number, nowMs: number): void {
    for (let i = this.indexEndingAfter(from); i < this.#count && seqDiff(this.startOf(i), until) < 0; i++) {
      if (seqDiff(this.startOf(i), from) < 0) {
        if (!this.#split(i, from, mss)) continue;
        i++;
      }
      if (seqDiff(this.endOf(i), until) > 0) this.#split(i, until, mss);
      const place = this.#placeOf(i);
      this.#change(place, this.#flags[place]! | SENT.resent | SENT.wasResent);
      this.#sentMs[place] = nowMs;
      this.#serials[place] = ++this.#lastSerial | 0;
      this.#unlink(place);
      this.#linkNewest(place);
    }
  }

  // What arrives

  /** Everything before `until` is acknowledged. */
  acknowledge(until: Seq, mss: number, news: DeliveryNews): void {
    while (this.#count > 0) {
      const place = this.#order[this.#first]!;
      const end = this.#ends[place]! as Seq;
      if (seqDiff(end, until) > 0) break;
      news.arrived(this.#flags[place]!, this.start, this.#mark(place, end), this.#segments[place]!, true);
      this.#change(place, 0);
      this.segments -= this.#segments[place]!;
      this.start = end;
      this.#unlink(place);
      this.#give(place);
      this.#first++;
      this.#count--;
    }
    if (this.#count === 0) this.#first = 0;
    else if (seqDiff(until, this.start) > 0) this.#acknowledgePart(until, mss, news);
    if (seqDiff(this.#hint, this.start) < 0) this.#hint = this.start;
  }

  /** The first record is acknowledged up to `until`. It counts a segment as long as anything is left of it. */
  #acknowledgePart(until: Seq, mss: number, news: DeliveryNews): void {
    const place = this.#order[this.#first]!;
    const flags = this.#flags[place]!;
    const total = this.#segments[place]!;
    const segments = total - Math.min(total, segmentsIn(seqDiff(this.#ends[place]! as Seq, until), mss));
    news.arrived(flags, this.start, this.#mark(place, until), segments, true);
    this.#change(place, 0);
    this.segments -= segments;
    this.start = until;
    this.#starts[place] = until;
    this.#segments[place] = total - segments;
    this.#change(place, flags);
  }

  /** The peer reports [left, right), which lies within the log. */
  sack(left: Seq, right: Seq, mss: number, news: DeliveryNews): void {
    for (let i = this.indexEndingAfter(left); i < this.#count && seqDiff(this.startOf(i), right) < 0; i++) {
      if ((this.flagsOf(i) & SENT.sacked) !== 0) continue;
      if (seqDiff(this.startOf(i), left) < 0) {
        if (!this.#split(i, left, mss)) continue;
        i++;
      }
      if (seqDiff(this.endOf(i), right) > 0 && !this.#split(i, right, mss)) return;
      const place = this.#placeOf(i);
      const flags = this.#flags[place]!;
      news.arrived(flags, this.startOf(i), this.#mark(place, this.endOf(i)), this.#segments[place]!, false);
      this.#change(place, (flags & SENT.wasResent) | SENT.sacked);
      this.#unlink(place);
      if (i + 1 < this.#count && (this.flagsOf(i + 1) & SENT.sacked) !== 0) this.#join(i);
      if (i > 0 && (this.flagsOf(i - 1) & SENT.sacked) !== 0) this.#join(--i);
    }
  }

  // What is lost

  /**
   * RACK_detect_loss of RFC 8985 §6.2 step 5: what left before the newest that arrived, and longer ago than a round trip and the
   * reordering window.
   * @returns milliseconds until the next would be lost by that rule, 0 when none waits
   */
  markOutrun(newest: TransmissionMark, roundTripAndWindowMs: number, nowMs: number): number {
    for (let place = this.#oldest; place !== NONE; ) {
      if (!sentAfter(newest, this.#mark(place, this.#ends[place]! as Seq))) break;
      const leftMs = this.#sentMs[place]! + roundTripAndWindowMs - nowMs;
      if (leftMs > 0) return leftMs;
      const next = this.#newer[place]!;
      this.#markLost(place);
      place = next;
    }
    return 0;
  }

  /** The first `bytes` are lost, where only duplicates tell (RFC 6582). */
  markHead(bytes: number, mss: number): void {
    if (this.#count === 0) return;
    const until = seqAdd(this.start, bytes);
    if (seqDiff(this.endOf(0), until) > 0) this.#split(0, until, mss);
    this.#markLost(this.#placeOf(0));
  }

  /** Everything that the peer has not reported is lost, but what left less than `keepMs` ago (RFC 8985 §6.3); the first in any case. */
  markAll(nowMs: number, keepMs: number): void {
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeOf(i);
      if (i === 0 || nowMs - this.#sentMs[place]! >= keepMs) this.#markLost(place);
    }
  }

  /** What was taken for lost was only late. */
  unmarkLost(): void {
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeOf(i);
      this.#change(place, this.#flags[place]! & ~(SENT.lost | SENT.resent));
    }
    this.#linkAll();
  }

  /** RFC 2018 §8: the peer has thrown away what it reported. */
  forgetSacked(): void {
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeOf(i);
      this.#change(place, this.#flags[place]! & ~SENT.sacked);
    }
    this.#linkAll();
  }

  #markLost(place: number): void {
    const flags = this.#flags[place]!;
    if ((flags & SENT.sacked) !== 0 || isDue(flags)) return;
    if ((flags & SENT.resent) !== 0) this.copiesLost++;
    this.#change(place, (flags | SENT.lost) & ~SENT.resent);
    this.#unlink(place);
    const start = this.#starts[place]! as Seq;
    if (seqDiff(start, this.#hint) < 0) this.#hint = start;
  }

  // Records

  #placeOf(index: number): number {
    return this.#order[this.#first + index]!;
  }

  /** One record for all. */
  #mark(place: number, end: Seq): TransmissionMark {
    const mark = this.#marked;
    mark.sentMs = this.#sentMs[place]!;
    mark.serial = this.#serials[place]!;
    mark.end = end;
    return mark;
  }

  #lengthOf(place: number): number {
    return (this.#ends[place]! - this.#starts[place]!) | 0;
  }

  /** The one place where flags change, and the sums with them. */
  #change(place: number, to: number): void {
    const from = this.#flags[place]!;
    if (from === to) return;
    const bytes = this.#lengthOf(place);
    const segments = this.#segments[place]!;
    const sacked = bit(to, SENT.sacked) - bit(from, SENT.sacked);
    const lost = bit(to, SENT.lost) - bit(from, SENT.lost);
    const resent = bit(to, SENT.resent) - bit(from, SENT.resent);
    this.sackedBytes += sacked * bytes;
    this.sackedSegments += sacked * segments;
    this.lostBytes += lost * bytes;
    this.lostSegments += lost * segments;
    this.resentBytes += resent * bytes;
    this.resentSegments += resent * segments;
    this.#dueBytes += (Number(isDue(to)) - Number(isDue(from))) * bytes;
    this.#flags[place] = to;
  }

  /** Cuts the record at `at`, which lies within it; the first part takes a record of its own before it. @returns false when the log is full */
  #split(index: number, at: Seq, mss: number): boolean {
    if (this.#count >= SENT_RECORDS_CAP) return false;
    const place = this.#placeOf(index);
    const flags = this.#flags[place]!;
    const front = this.#take();
    const total = this.#segments[place]!;
    this.#change(place, 0);
    this.#starts[front] = this.#starts[place]!;
    this.#ends[front] = at;
    this.#starts[place] = at;
    const segments = Math.min(segmentsIn(this.#lengthOf(front), mss), Math.max(1, total - 1));
    this.#segments[front] = segments;
    this.#segments[place] = Math.max(1, total - segments);
    this.segments += this.#segments[place]! + segments - total;
    this.#sentMs[front] = this.#sentMs[place]!;
    this.#serials[front] = this.#serials[place]!;
    this.#flags[front] = 0;
    this.#change(front, flags);
    this.#change(place, flags);
    this.#insertPlace(index, front);
    if (this.#older[place] === UNLINKED) this.#older[front] = UNLINKED;
    else this.#linkBefore(front, place);
    return true;
  }

  /** The record after this one joins it; both are reported. */
  #join(index: number): void {
    const place = this.#placeOf(index);
    const next = this.#placeOf(index + 1);
    const flags = this.#flags[place]! | this.#flags[next]!;
    this.#change(next, 0);
    this.#change(place, 0);
    this.#ends[place] = this.#ends[next]!;
    this.#segments[place] = this.#segments[place]! + this.#segments[next]!;
    this.#change(place, flags);
    this.#give(next);
    const at = this.#first + index + 1;
    this.#order.copyWithin(at, at + 1, this.#first + this.#count);
    this.#count--;
  }

  #insertPlace(index: number, place: number): void {
    if (this.#first + this.#count === this.#order.length) {
      this.#order.copyWithin(0, this.#first, this.#first + this.#count);
      this.#first = 0;
    }
    const at = this.#first + index;
    if (index < this.#count) this.#order.copyWithin(at + 1, at, this.#first + this.#count);
    this.#order[at] = place;
    this.#count++;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#newer[free]!;
      return free;
    }
    if (this.#used === this.#ends.length) this.#grow();
    return this.#used++;
  }

  #give(place: number): void {
    this.#newer[place] = this.#free;
    this.#free = place;
  }

  #grow(): void {
    const capacity = this.#ends.length * 2;
    this.#order = larger(this.#order, capacity);
    this.#starts = larger(this.#starts, capacity);
    this.#ends = larger(this.#ends, capacity);
    this.#segments = larger(this.#segments, capacity);
    this.#serials = larger(this.#serials, capacity);
    this.#older = larger(this.#older, capacity);
    this.#newer = larger(this.#newer, capacity);
    const sentMs = new Float64Array(capacity);
    sentMs.set(this.#sentMs);
    this.#sentMs = sentMs;
    const flags = new Uint8Array(capacity);
    flags.set(this.#flags);
    this.#flags = flags;
  }

  // The order in which they left

  #linkNewest(place: number): void {
    this.#older[place] = this.#newest;
    this.#newer[place] = NONE;
    if (this.#newest === NONE) this.#oldest = place;
    else this.#newer[this.#newest] = place;
    this.#newest = place;
  }

  #linkBefore(place: number, next: number): void {
    const older = this.#older[next]!;
    this.#older[place] = older;
    this.#newer[place] = next;
    this.#older[next] = place;
    if (older === NONE) this.#oldest = place;
    else this.#newer[older] = place;
  }

  #unlink(place: number): void {
    const older = this.#older[place]!;
    if (older === UNLINKED) return;
    const newer = this.#newer[place]!;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.#older[place] = UNLINKED;
  }

  /** Links all that is in the network anew. */
  #linkAll(): void {
    const places: number[] = [];
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeOf(i);
      this.#older[place] = UNLINKED;
      const flags = this.#flags[place]!;
      if ((flags & SENT.sacked) === 0 && !isDue(flags)) places.push(place);
    }
    places.sort((a, b) => this.#sentMs[a]! - this.#sentMs[b]! || (this.#ends[a]! - this.#ends[b]!) | 0);
    this.#oldest = NONE;
    this.#newest = NONE;
    for (const place of places) this.#linkNewest(place);
  }
}

const isDue = (flags: number): boolean => (flags & (SENT.lost | SENT.resent | SENT.sacked)) === SENT.lost;

const bit = (flags: number, flag: number): 0 | 1 => ((flags & flag) === 0 ? 0 : 1);

const segmentsIn = (bytes: number, mss: number): number => Math.max(1, Math.ceil(bytes / mss));

function larger(array: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(capacity);
  copy.set(array);
  return copy;
}
