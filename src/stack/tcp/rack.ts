import { type Seq, seq, seqDiff } from "../core/seq.ts";
import { copyMark, type DeliveryNews, sentAfter, type TransmissionMark } from "./sent.ts";

/** Recoveries without a D-SACK after which the reordering window shrinks again: RACK.reo_wnd_persist of RFC 8985 §6.1. */
const PERSISTENT_RECOVERIES = 16;

/** What is less says nothing: the host takes what arrives in turns. */
const GRANULARITY_MS = 1;

/** RACK, RFC 8985 §6: a transmission is lost when one that left sufficiently later has arrived. Times in milliseconds. */
export class Rack {
  /** RACK.xmit_ts and RACK.end_seq: of the transmission that left last of all that arrived. */
  readonly newest: TransmissionMark = { sentMs: Number.NEGATIVE_INFINITY, serial: 0, end: seq(0) };
  /** RACK.rtt: of the last that arrived, by sequence number. */
  rttMs = 0;
  /** RACK.fack: the highest sequence number that arrived. */
  fack: Seq;
  /** How often the path was seen to reorder. */
  reorderings = 0;
  /** How far apart, in sequence numbers, the farthest two were that changed places. */
  reorderingBytes = 0;
  /** RACK.reo_wnd_mult: quarters of the shortest round trip. */
  #windowQuarters = 1;
  #persist = 0;
  /** RACK.dsack_round: until this is acknowledged, further D-SACKs belong to the same round. */
  #dsackRound: Seq | undefined;

  constructor(sndUna: Seq) {
    this.fack = sndUna;
  }

  /** RACK.reordering_seen. */
  get reorderingSeen(): boolean {
    return this.reorderings > 0;
  }

  /** It remembers nothing that would be missed. */
  get isFresh(): boolean {
    return !this.reorderingSeen && this.#windowQuarters === 1;
  }

  /**
   * §6.2 steps 1 to 3.
   * @param isOriginal the newest that arrived was sent again, and a timestamp proves that it is the first copy that arrived
   */
  update(news: DeliveryNews, nowMs: number, leastRttMs: number, isOriginal: boolean): void {
    if (news.lowestOriginal !== undefined && seqDiff(this.fack, news.lowestOriginal) > 0) {
      this.reorderings++;
      this.reorderingBytes = Math.max(this.reorderingBytes, seqDiff(this.fack, news.lowestOriginal));
    }
    if (news.highest !== undefined && seqDiff(news.highest, this.fack) > 0) this.fack = news.highest;
    if (news.newest.sentMs === Number.NEGATIVE_INFINITY) return;
    const isSure = (sentMs: number, wasResent: boolean): boolean => !wasResent || (!isOriginal && nowMs - sentMs >= leastRttMs);
    if (isSure(news.lastArrivedMs, news.lastArrivedWasResent)) this.rttMs = nowMs - news.lastArrivedMs;
    // The answer came too soon to be the second copy's (step 2).
    if (!isSure(news.newest.sentMs, news.newestWasResent)) return;
    if (sentAfter(news.newest, this.newest)) copyMark(news.newest, this.newest);
  }

  /** §6.2 step 4: what the peer received twice shows that the window was too short. Once in a round trip. */
  duplicateArrived(sndUna: Seq, sndNxt: Seq): void {
    if (this.#dsackRound !== undefined && seqDiff(sndUna, this.#dsackRound) < 0) return;
    this.#dsackRound = sndNxt;
    this.#windowQuarters++;
    this.#persist = PERSISTENT_RECOVERIES;
  }

  /** A recovery is over. */
  recovered(): void {
    if (this.#persist === 0) return;
    this.#persist--;
    if (this.#persist === 0) this.#windowQuarters = 1;
  }

  /**
   * RACK_update_reo_wnd, §6.2 step 4.
   * @param isSure enough segments were reported, or loss is being repaired already: without reordering seen, order is taken for granted
   */
  reorderingWindowMs(leastRttMs: number, srttMs: number, isSure: boolean): number {
    if (!this.reorderingSeen && isSure) return 0;
    const least = Number.isFinite(leastRttMs) ? leastRttMs : srttMs;
    return Math.max(GRANULARITY_MS, Math.min((this.#windowQuarters * least) / 4, srttMs));
  }
}
