import type { AckSample, CongestionControl, CongestionEvent, CongestionSnapshot } from "./congestion-control.ts";

/** Slow start and congestion avoidance of RFC 5681 with the windows of RFC 6582, counting bytes (RFC 3465), initial window of RFC 6928. */
export class NewReno implements CongestionControl {
  readonly name = "newreno";
  cwnd = 0;
  ssthresh = Number.POSITIVE_INFINITY;
  #mss = 0;
  #initialSegments = 1;
  /** Bytes acknowledged in congestion avoidance that have not yet grown the window. */
  #credit = 0;
  /** After a timeout one ACK may add one segment only (RFC 3465 §2.3), so that the burst of a cumulative ACK is not sent at once. */
  #cautious = false;

  constructor(mss: number, segments: number) {
    this.begin(mss, segments);
  }

  begin(mss: number, segments: number): void {
    this.#mss = mss;
    this.#initialSegments = segments;
    this.cwnd = this.#initialWindow();
  }

  /** Of segments as they are now: one that was meant for smaller ones may hold none at all. */
  #initialWindow(): number {
    const segments = this.#initialSegments;
    return segments <= 1 ? this.#mss : Math.min(segments * this.#mss, Math.max(2 * this.#mss, segments * 1460));
  }

  onAck({ acked, limited }: AckSample): void {
    // A window that was not used proves nothing about what the network would carry (RFC 7661 §4).
    if (!limited) return;
    if (this.cwnd < this.ssthresh) {
      this.cwnd = Math.min(this.ssthresh, this.cwnd + (this.#cautious ? Math.min(acked, this.#mss) : acked));
      return;
    }
    this.#cautious = false;
    this.#credit += acked;
    if (this.#credit >= this.cwnd) {
      this.#credit -= this.cwnd;
      this.cwnd += this.#mss;
    }
  }

  onEvent(event: CongestionEvent, inFlight: number, _nowMs: number, repeated: boolean): void {
    if (!repeated) this.ssthresh = this.#half(inFlight);
    this.#credit = 0;
    if (event !== "timeout") return;
    this.cwnd = this.#mss;
    this.#cautious = true;
  }

  onRecovered(): void {
    this.cwnd = this.ssthresh;
  }

  onPause(): void {}

  save(): CongestionSnapshot {
    return { cwnd: this.cwnd, ssthresh: this.ssthresh };
  }

  restore({ cwnd, ssthresh }: CongestionSnapshot): void {
    this.cwnd = Math.max(this.cwnd, cwnd);
    this.ssthresh = Math.max(this.ssthresh, ssthresh);
  }

  /** RFC 5681 equation 4. */
  #half(flight: number): number {
    return Math.max(flight >>> 1, 2 * this.#mss);
  }

  onIdle(): void {
    this.cwnd = Math.min(this.cwnd, this.#initialWindow());
  }

  onMss(mss: number): void {
    this.#mss = mss;
    this.cwnd = Math.max(this.cwnd, mss);
  }
}
