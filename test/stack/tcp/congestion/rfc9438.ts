/**
 * CUBIC's congestion avoidance as RFC 9438 writes it: in segments and seconds, one variable for each of §4.1.2, with the machine's own cube
 * root. Nothing of ours is in it, so that two readings of the RFC are held against each other.
 */
export class Rfc9438 {
  cwnd: number;
  ssthresh = Number.POSITIVE_INFINITY;
  #wMax = 0;
  #cwndPrior = 0;
  #epochStart: number | undefined;
  #cwndEpoch = 0;
  #k = 0;
  #wEst = 0;

  constructor(cwnd: number) {
    this.cwnd = cwnd;
  }

  /** Figures 5 and 6. */
  congestion(): void {
    if (this.cwnd < this.#wMax) this.#wMax = (this.cwnd * (1 + 0.7)) / 2;
    else this.#wMax = this.cwnd;
    this.ssthresh = this.cwnd * 0.7;
    this.#cwndPrior = this.cwnd;
    this.cwnd = Math.max(this.ssthresh, 2);
    this.ssthresh = Math.max(this.ssthresh, 2);
    this.#epochStart = undefined;
  }

  /** §4.8; and §4.10 says the same of the end of HyStart++, where nothing is reduced. */
  afterTimeout(cwnd: number): void {
    this.cwnd = cwnd;
    this.#wMax = 0;
    this.#epochStart = undefined;
  }

  /** One ACK for `segmentsAcked` segments in congestion avoidance. */
  acked(segmentsAcked: number, now: number, rtt: number): void {
    if (this.#epochStart === undefined) {
      this.#epochStart = now;
      this.#cwndEpoch = this.cwnd;
      if (this.#wMax === 0) this.#wMax = this.cwnd;
      this.#k = Math.cbrt((this.#wMax - this.#cwndEpoch) / 0.4);
      this.#wEst = this.#cwndEpoch;
    }
    const t = now - this.#epochStart;
    const wCubic = (at: number): number => 0.4 * (at - this.#k) ** 3 + this.#wMax;
    const alpha = this.#wEst >= this.#cwndPrior ? 1 : (3 * (1 - 0.7)) / (1 + 0.7);
    this.#wEst += alpha * (segmentsAcked / this.cwnd);
    if (wCubic(t) < this.#wEst) {
      this.cwnd = Math.max(this.cwnd, this.#wEst);
      return;
    }
    let target = wCubic(t + rtt);
    if (target < this.cwnd) target = this.cwnd;
    if (target > 1.5 * this.cwnd) target = 1.5 * this.cwnd;
    this.cwnd += segmentsAcked * ((target - this.cwnd) / this.cwnd);
  }
}
