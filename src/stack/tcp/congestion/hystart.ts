import { type Seq, seqDiff } from "../../core/seq.ts";
import type { AckSample } from "./congestion-control.ts";

/** RFC 9406 §4.3. */
export const HYSTART = {
  minRttThreshMs: 4,
  maxRttThreshMs: 16,
  minRttDivisor: 8,
  /** N_RTT_SAMPLE. */
  rttSamples: 8,
  cssGrowthDivisor: 4,
  cssRounds: 5,
  /** L, where nothing is paced. */
  limitSegments: 8,
} as const;

/**
 * HyStart++ (RFC 9406): a queue that begins to grow, seen as round trips that become longer, ends slow start before packets are lost.
 * A time of slower growth comes between, conservative slow start (CSS), in which it may turn out that it was no queue.
 */
export class HyStart {
  phase: "slow-start" | "css" | "over" = "slow-start";
  /** The round ends when what was sent before it began is acknowledged. */
  #windowEnd: Seq;
  #lastRoundMinMs = Number.POSITIVE_INFINITY;
  #roundMinMs = Number.POSITIVE_INFINITY;
  #samples = 0;
  /** Shortest round trip when CSS began. */
  #cssBaselineMs = Number.POSITIVE_INFINITY;
  /** Rounds of CSS that are over; that in which it began counts. */
  #cssRounds = 0;

  /** A first round begins, which ends at `windowEnd`: SND.NXT. */
  constructor(windowEnd: Seq) {
    this.#windowEnd = windowEnd;
  }

  copy(): HyStart {
    const copy = new HyStart(this.#windowEnd);
    copy.phase = this.phase;
    copy.#lastRoundMinMs = this.#lastRoundMinMs;
    copy.#roundMinMs = this.#roundMinMs;
    copy.#samples = this.#samples;
    copy.#cssBaselineMs = this.#cssBaselineMs;
    copy.#cssRounds = this.#cssRounds;
    return copy;
  }

  /** Bytes, not whole ones, by which an ACK of `acked` bytes makes the window grow; `limit` is L in bytes. */
  growth(acked: number, limit: number): number {
    const growth = Math.min(acked, limit);
    return this.phase === "css" ? growth / HYSTART.cssGrowthDivisor : growth;
  }

  /** An ACK, after the window has grown by it. */
  onAck({ rttMs, sndUna, sndNxt }: AckSample): void {
    if (rttMs !== undefined) {
      this.#roundMinMs = Math.min(this.#roundMinMs, rttMs);
      this.#samples++;
    }
    if (this.#samples >= HYSTART.rttSamples) this.#judge();
    if (seqDiff(sndUna, this.#windowEnd) >= 0) this.#nextRound(sndNxt);
  }

  /** The round has samples enough to be believed. */
  #judge(): void {
    if (this.phase === "css") {
      if (this.#roundMinMs >= this.#cssBaselineMs) return;
      // It was no queue: it would not have become shorter.
      this.phase = "slow-start";
      this.#cssBaselineMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#lastRoundMinMs === Number.POSITIVE_INFINITY) return;
    const threshMs = Math.max(HYSTART.minRttThreshMs, Math.min(this.#lastRoundMinMs / HYSTART.minRttDivisor, HYSTART.maxRttThreshMs));
    if (this.#roundMinMs < this.#lastRoundMinMs + threshMs) return;
    this.phase = "css";
    this.#cssBaselineMs = this.#roundMinMs;
    this.#cssRounds = 0;
  }

  #nextRound(sndNxt: Seq): void {
    this.#windowEnd = sndNxt;
    this.#lastRoundMinMs = this.#roundMinMs;
    this.#roundMinMs = Number.POSITIVE_INFINITY;
    this.#samples = 0;
    if (this.phase === "css" && ++this.#cssRounds >= HYSTART.cssRounds) this.phase = "over";
  }
}
