import { type Seq, seqDiff } from "../core/seq.ts";

/**
 * Round-trip estimation and the retransmission timeout, RFC 6298. Times in milliseconds.
 */
export class RttEstimator {
  srttMs = 0;
  /** The shortest of all samples; Infinity before the first. */
  leastMs = Number.POSITIVE_INFINITY;
  rttvarMs = 0;
  /** Without back-off; `timeoutMs` applies it. */
  rtoMs: number;
  /** Doublings since the last sample (§5.5): an ACK of what was sent twice does not end them (Karn). */
  backoffs = 0;
  hasSample = false;
  /** The number whose acknowledgement ends the running measurement, with its start. */
  #timedSeq: Seq | undefined;
  #timedAtMs = 0;
  readonly #minMs: number;
  readonly #maxMs: number;

  constructor(initialMs: number, minMs: number, maxMs: number) {
    this.rtoMs = initialMs;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** §2.2, §2.3 with α = 1/8, β = 1/4; a clock granularity of 1 ms. */
  sample(rttMs: number): void {
    this.leastMs = Math.min(this.leastMs, rttMs);
    if (this.hasSample) {
      this.rttvarMs = 0.75 * this.rttvarMs + 0.25 * Math.abs(this.srttMs - rttMs);
      this.srttMs = 0.875 * this.srttMs + 0.125 * rttMs;
    } else {
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
      this.hasSample = true;
    }
    this.rtoMs = Math.min(this.#maxMs, Math.max(this.#minMs, this.srttMs + Math.max(1, 4 * this.rttvarMs)));
    this.backoffs = 0;
  }

  /** Without timestamps one segment at a time is measured: that which leaves now and ends before `end`, unless another is. */
  time(end: Seq, nowMs: number): void {
    if (this.#timedSeq !== undefined) return;
    this.#timedSeq = end;
    this.#timedAtMs = nowMs;
  }

  /** Karn's rule (§3): what is sent twice is not measured. */
  stopTiming(): void {
    this.#timedSeq = undefined;
  }

  /** @returns milliseconds since the measured segment left, undefined unless `ack` acknowledges it */
  timed(ack: Seq, nowMs: number): number | undefined {
    if (this.#timedSeq === undefined || seqDiff(ack, this.#timedSeq) < 0) return undefined;
    this.#timedSeq = undefined;
    return nowMs - this.#timedAtMs;
  }

  /** What the timer is set to now. */
  get timeoutMs(): number {
    return Math.min(this.#maxMs, this.rtoMs * 2 ** Math.min(this.backoffs, 20));
  }

  /** §5.5: the timer went off. */
  backOff(): void {
    this.backoffs++;
  }

  /** What the timer waited for was not lost: the next timeout starts from the estimate again. */
  forgetBackOff(): void {
    this.backoffs = 0;
  }

  /** §5.7: the SYN had to be sent again and nothing is known yet. */
  distrustInitial(): void {
    if (!this.hasSample) this.rtoMs = Math.max(this.rtoMs, 3000);
    this.backoffs = 0;
  }
}
