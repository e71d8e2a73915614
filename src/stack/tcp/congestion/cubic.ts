import type { SlowStartBursts } from "../../core/profile.ts";
import {
  type AckSample,
  type CongestionControl,
  type CongestionEvent,
  type CongestionSnapshot,
  initialWindow,
} from "./congestion-control.ts";
import { cubeRoot } from "./cube-root.ts";
import { HYSTART, HyStart } from "./hystart.ts";

/** RFC 9438 §4.1.1 and §5.1: segments per second cubed. */
const C = 0.4;
/** β of §4.6 is 7/10; as a fraction, for of a hundred segments 0.7 would leave a byte less. */
const reduced = (bytes: number): number => Math.floor((bytes * 7) / 10);
/** α of §4.3, 3·(1 − β)/(1 + β), with which a flow that comes down to β has Reno's share. */
const ALPHA = 9 / 17;
/** Fast convergence (§4.7): (1 + β)/2. */
const converged = (bytes: number): number => (bytes * 17) / 20;

/** One stage of congestion avoidance, from its first ACK to the next congestion event. Windows in bytes, not whole ones. */
class Epoch {
  /** Moved on by times that do not count. */
  startMs: number;
  /** The window that Reno would have. */
  wEst: number;
  readonly #wMax: number;
  /** Time from the start to W_max, seconds. */
  readonly #k: number;
  /** C for windows of bytes. */
  readonly #c: number;

  constructor(startMs: number, wEst: number, wMax: number, k: number, c: number) {
    this.startMs = startMs;
    this.wEst = wEst;
    this.#wMax = wMax;
    this.#k = k;
    this.#c = c;
  }

  /** After a timeout and after HyStart++ no W_max is known (§4.8, §4.10), and one below the window says as little: then K is 0. */
  static begin(startMs: number, cwnd: number, wMax: number, mss: number): Epoch {
    const origin = Math.max(wMax, cwnd);
    const c = C * mss;
    return new Epoch(startMs, cwnd, origin, cubeRoot((origin - cwnd) / c), c);
  }

  copy(): Epoch {
    return new Epoch(this.startMs, this.wEst, this.#wMax, this.#k, this.#c);
  }

  /** W_cubic(t) of figure 1, `sinceMs` after the start. */
  window(sinceMs: number): number {
    const seconds = sinceMs / 1000 - this.#k;
    return this.#c * seconds * seconds * seconds + this.#wMax;
  }
}

/**
 * CUBIC (RFC 9438): after a loss the window returns to where it was by a cubic function of time, which is steep at first, flat about the old
 * window, and steep again beyond it, whatever the round trip; where Reno would be faster it does as Reno does. Its first slow start ends by HyStart++.
 */
export class Cubic implements CongestionControl {
  readonly name = "cubic";
  cwnd = 0;
  ssthresh = Number.POSITIVE_INFINITY;
  /** Of a byte, by which the window is larger than `cwnd`. */
  #fraction = 0;
  #mss = 0;
  #initialSegments = 1;
  /** The window before the last event, less after one that came before it was reached again; 0 for unknown. */
  #wMax = 0;
  /** The window at the last event that set ssthresh; 0 before the first. */
  #cwndPrior = 0;
  /** The window that recovery will leave: ssthresh, but for a mark down to one segment (§4.6). Infinity when none is going on. */
  #reduced = Number.POSITIVE_INFINITY;
  /** After a timeout one ACK may add one segment only (RFC 3465 §2.3). */
  #cautious = false;
  /** While in congestion avoidance. */
  #epoch: Epoch | undefined;
  /** In the first slow start, from the first ACK that finds the window used. */
  #hystart: HyStart | undefined;
  /** The last ACK outside of recovery. */
  #lastAckMs = 0;
  readonly #bursts: SlowStartBursts;

  constructor(bursts: SlowStartBursts) {
    this.#bursts = bursts;
  }

  begin(mss: number, segments: number): void {
    this.#mss = mss;
    this.#initialSegments = segments;
    this.cwnd = initialWindow(mss, segments);
    this.ssthresh = Number.POSITIVE_INFINITY;
    this.#fraction = 0;
    this.#wMax = 0;
    this.#cwndPrior = 0;
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#cautious = false;
    this.#epoch = undefined;
    this.#hystart = undefined;
  }

  onAck(sample: AckSample): void {
    if (this.cwnd >= this.ssthresh) this.#avoidCongestion(sample);
    else if (this.ssthresh === Number.POSITIVE_INFINITY) this.#slowStartAtFirst(sample);
    else this.#slowStart(sample);
    this.#lastAckMs = sample.nowMs;
  }

  /** RFC 9406 §4.2, as long as no loss has told where to stop. */
  #slowStartAtFirst(sample: AckSample): void {
    if (sample.limited) this.#hystart ??= new HyStart(sample.sndNxt);
    const hystart = this.#hystart;
    if (hystart === undefined) return;
    const limit = this.#bursts === "free" ? Number.POSITIVE_INFINITY : HYSTART.limitSegments * this.#mss;
    if (sample.limited) this.#become(this.cwnd + this.#fraction + hystart.growth(sample.acked, limit));
    hystart.onAck(sample);
    if (hystart.phase !== "over") return;
    this.ssthresh = this.cwnd;
    this.#hystart = undefined;
  }

  #slowStart({ acked, limited }: AckSample): void {
    this.#epoch = undefined;
    // A window that was not used proves nothing about what the network would carry (RFC 7661 §4).
    if (!limited) return;
    this.#become(Math.min(this.ssthresh, this.cwnd + (this.#cautious ? Math.min(acked, this.#mss) : acked)));
  }

  #avoidCongestion({ acked, limited, nowMs, srttMs }: AckSample): void {
    this.#cautious = false;
    if (!limited) {
      this.onPause(Math.max(0, nowMs - this.#lastAckMs));
      return;
    }
    const cwnd = this.cwnd + this.#fraction;
    this.#epoch ??= Epoch.begin(nowMs, cwnd, this.#wMax, this.#mss);
    const epoch = this.#epoch;
    const sinceMs = Math.max(0, nowMs - epoch.startMs);
    // §4.3: what one ACK acknowledges grows it by α segments a window.
    epoch.wEst += ((epoch.wEst >= this.#cwndPrior ? 1 : ALPHA) * acked * this.#mss) / cwnd;
    if (epoch.window(sinceMs) < epoch.wEst) {
      this.#become(Math.max(cwnd, Math.min(epoch.wEst, cwnd + acked)));
      return;
    }
    // §4.2, §4.4, §4.5: a round trip brings the window to the target, so that each ACK adds its share of the way.
    const target = Math.min(Math.max(epoch.window(sinceMs + srttMs), cwnd), 1.5 * cwnd);
    this.#become(Math.min(target, cwnd + ((target - cwnd) * acked) / cwnd));
  }

  #become(window: number): void {
    this.cwnd = Math.floor(window);
    this.#fraction = window - this.cwnd;
  }

  /**
   * §4.6 to §4.8. What counts is the window, as §4.6 lets those choose whose window does not grow unless it is used, and not what is in flight
   * now: the last segment of a burst that is lost says nothing of the burst.
   */
  onEvent(event: CongestionEvent, _inFlight: number, _nowMs: number, repeated: boolean): void {
    const { cwnd } = this;
    if (!repeated) {
      this.ssthresh = Math.max(reduced(cwnd), 2 * this.#mss);
      this.#cwndPrior = cwnd;
      this.#wMax = cwnd < this.#wMax ? converged(cwnd) : cwnd;
    }
    this.#reduced = event === "ecn" ? Math.max(reduced(cwnd), this.#mss) : this.ssthresh;
    this.#epoch = undefined;
    this.#hystart = undefined;
    this.#fraction = 0;
    if (event !== "timeout") return;
    this.cwnd = this.#mss;
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#wMax = 0;
    this.#cautious = this.#bursts === "limited";
  }

  onRecovered(): void {
    if (this.#reduced === Number.POSITIVE_INFINITY) return;
    this.cwnd = Math.max(this.#reduced, this.#mss);
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#fraction = 0;
  }

  onIdle(): void {
    this.#become(Math.min(this.cwnd, initialWindow(this.#mss, this.#initialSegments)));
    this.#epoch = undefined;
    this.#hystart = undefined;
  }

  onPause(ms: number): void {
    this.#lastAckMs += ms;
    if (this.#epoch !== undefined) this.#epoch.startMs += ms;
  }

  onMss(mss: number): void {
    if (mss === this.#mss) return;
    this.#mss = mss;
    this.cwnd = Math.max(this.cwnd, mss);
    // Its function counted in segments of the old size.
    this.#epoch = undefined;
  }

  save(): CongestionSnapshot {
    return new CubicSnapshot({
      cwnd: this.cwnd,
      ssthresh: this.ssthresh,
      fraction: this.#fraction,
      wMax: this.#wMax,
      cwndPrior: this.#cwndPrior,
      cautious: this.#cautious,
      epoch: this.#epoch?.copy(),
      hystart: this.#hystart?.copy(),
    });
  }

  restore(saved: CongestionSnapshot): void {
    this.cwnd = saved.cwnd;
    this.ssthresh = saved.ssthresh;
    this.#reduced = Number.POSITIVE_INFINITY;
    this.#fraction = 0;
    this.#epoch = undefined;
    this.#hystart = undefined;
    if (!(saved instanceof CubicSnapshot)) return;
    const { fraction, wMax, cwndPrior, cautious, epoch, hystart } = saved.all;
    this.#fraction = fraction;
    this.#wMax = wMax;
    this.#cwndPrior = cwndPrior;
    this.#cautious = cautious;
    this.#epoch = epoch?.copy();
    this.#hystart = hystart?.copy();
  }
}

/** §4.9, and what else an event changes. */
interface CubicFacts {
  readonly cwnd: number;
  readonly ssthresh: number;
  readonly fraction: number;
  readonly wMax: number;
  readonly cwndPrior: number;
  readonly cautious: boolean;
  readonly epoch: Epoch | undefined;
  readonly hystart: HyStart | undefined;
}

class CubicSnapshot implements CongestionSnapshot {
  readonly all: CubicFacts;

  constructor(all: CubicFacts) {
    this.all = all;
  }

  get cwnd(): number {
    return this.all.cwnd;
  }

  get ssthresh(): number {
    return this.all.ssthresh;
  }
}
