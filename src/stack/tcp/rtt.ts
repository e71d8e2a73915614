/** A path may become longer: the shortest round trip is of the last one or two of these. */
const LEAST_SPAN_MS = 300_000;

/**
 * Round-trip estimation and the retransmission timeout, RFC 6298. Times in milliseconds.
 */
export class RttEstimator {
  srttMs = 0;
  rttvarMs = 0;
  /** Without back-off; `timeoutMs` applies it. */
  rtoMs: number;
  /** Doublings since the last sample (§5.5): an ACK of what was sent twice does not end them (Karn). */
  backoffs = 0;
  hasSample = false;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #spanEndsMs = 0;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #variationMs: number;

  /** @param variationMs the least that is added to SRTT: the clock's granularity, or more */
  constructor(initialMs: number, minMs: number, maxMs: number, variationMs = 1) {
    this.#variationMs = variationMs;
    this.rtoMs = initialMs;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /**
   * §2.2, §2.3 with α = 1/8, β = 1/4; a clock granularity of 1 ms.
   * @param perRound samples to be expected in a round trip: with many, each counts for less, so that the history stays as long (RFC 7323 §4.2)
   */
  sample(rttMs: number, perRound: number, nowMs: number): void {
    this.#noteLeast(rttMs, nowMs);
    if (this.hasSample) {
      const share = 1 / Math.max(1, perRound);
      this.rttvarMs += (share / 4) * (Math.abs(this.srttMs - rttMs) - this.rttvarMs);
      this.srttMs += (share / 8) * (rttMs - this.srttMs);
    } else {
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
      this.hasSample = true;
    }
    this.rtoMs = Math.min(this.#maxMs, Math.max(this.#minMs, this.srttMs + Math.max(this.#variationMs, 4 * this.rttvarMs)));
    this.backoffs = 0;
  }

  /** The shortest round trip of this span of time and of the one before; Infinity before the first (RFC 8985 §6.2 step 1). */
  get leastMs(): number {
    return Math.min(this.#least, this.#leastBefore);
  }

  #noteLeast(rttMs: number, nowMs: number): void {
    if (nowMs >= this.#spanEndsMs) {
      this.#leastBefore = this.hasSample ? this.#least : Number.POSITIVE_INFINITY;
      this.#least = rttMs;
      this.#spanEndsMs = nowMs + LEAST_SPAN_MS;
    } else if (rttMs < this.#least) this.#least = rttMs;
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
