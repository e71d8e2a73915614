import type { SlowStartBursts } from "../../core/profile.ts";
import {
  type AckSample,
  type CongestionControl,
  type CongestionEvent,
  type CongestionSnapshot,
  initialWindow,
} from "./congestion-control.ts";

/** Slow start and congestion avoidance of RFC 5681 with the windows of RFC 6582, counting bytes (RFC 3465), initial window of RFC 6928. */
export class Reno implements CongestionControl {
  readonly name = "reno";
  cwnd = 0;
  ssthresh = Number.POSITIVE_INFINITY;
  #mss = 0;
  #initialSegments = 1;
  /** Bytes acknowledged in congestion avoidance that have not yet grown the window. */
  #credit = 0;
  /** After a timeout one ACK may add one segment only (RFC 3465 §2.3), so that the burst of a cumulative ACK is not sent at once. */
  #cautious = false;
  /** The window that recovery will leave at most: ssthresh, but for a mark down to one segment (RFC 3168 §6.1.2). Infinity when none is going on. */
  #reduced = Number.POSITIVE_INFINITY;
  readonly #bursts: SlowStartBursts;

  constructor(bursts: SlowStartBursts) {
    this.#bursts = bursts;
  }

  begin(mss: number, segments: number): void {
    this.#mss = mss;
    this.#initialSegments = segments;
    this.cwnd = initialWindow(mss, segments);
    this.ssthresh = Number.POSITIVE_INFINITY;
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#credit = 0;
    this.#cautious = false;
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
      // A round trip acknowledges a window: more of it at once is no merit to grow by later.
      this.#credit = Math.min(this.#credit - this.cwnd, this.cwnd - 1);
      this.cwnd += this.#mss;
    }
  }

  onEvent(event: CongestionEvent, inFlight: number, _nowMs: number, repeated: boolean): void {
    // RFC 5681 equation 4.
    const half = Math.floor(inFlight / 2);
    if (!repeated) this.ssthresh = Math.max(half, 2 * this.#mss);
    this.#reduced = event === "ecn" ? Math.max(half, this.#mss) : this.ssthresh;
    this.#credit = 0;
    if (event !== "timeout") return;
    this.cwnd = this.#mss;
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#cautious = this.#bursts === "limited";
  }

  onRecovered(inFlight: number): void {
    if (this.#reduced === Number.POSITIVE_INFINITY) return;
    // RFC 6582 §3.2 step 3, first option: no burst when little is outstanding.
    const withoutBurst = Math.max(inFlight, this.#mss) + this.#mss;
    this.cwnd = Math.max(Math.min(this.#reduced, withoutBurst), this.#mss);
    this.#reduced = Number.POSITIVE_INFINITY;
  }

  onIdle(): void {
    this.cwnd = Math.min(this.cwnd, initialWindow(this.#mss, this.#initialSegments));
  }

  /** What it counts is bytes alone. */
  onPause(): void {}

  onMss(mss: number): void {
    this.#mss = mss;
    this.cwnd = Math.max(this.cwnd, mss);
  }

  save(): RenoSnapshot {
    return new RenoSnapshot(this.cwnd, this.ssthresh, this.#credit, this.#cautious);
  }

  restore(saved: CongestionSnapshot): void {
    this.cwnd = saved.cwnd;
    this.ssthresh = saved.ssthresh;
    this.#reduced = Number.POSITIVE_INFINITY;
    if (!(saved instanceof RenoSnapshot)) return;
    this.#credit = saved.credit;
    this.#cautious = saved.cautious;
  }
}

class RenoSnapshot implements CongestionSnapshot {
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly credit: number;
  readonly cautious: boolean;

  constructor(cwnd: number, ssthresh: number, credit: number, cautious: boolean) {
    this.cwnd = cwnd;
    this.ssthresh = ssthresh;
    this.credit = credit;
    this.cautious = cautious;
  }
}
