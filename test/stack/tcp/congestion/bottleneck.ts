import { type Seq, seq } from "../../../../src/stack/core/seq.ts";
import type { AckSample, CongestionControl } from "../../../../src/stack/tcp/congestion/congestion-control.ts";

/** A wire of one rate with a queue that drops what does not fit, and behind it a delay; packets of one size. */
export interface Link {
  readonly mbits: number;
  readonly rttMs: number;
  /** In packets. */
  readonly queue: number;
  /** Every so many packets one is lost on the way, however short the queue. */
  readonly lossEvery?: number;
}

export const PACKET = 1500;

/** Packets that a link holds without a queue. */
export const bdpOf = (mbits: number, rttMs: number): number => Math.round((mbits * rttMs * 1000) / 8 / PACKET);

export interface FlowFigures {
  delivered: number;
  /** Delivered in the second half of the time. */
  deliveredLate: number;
  dropped: number;
  /** Losses and timeouts that congestion control was told of. */
  events: number;
  timeouts: number;
  /** Dropped before the window had come down for the first time. */
  firstOvershoot: number;
  /** Delivered until then. */
  deliveredBefore: number;
}

/** A transmission; each has a number of its own, as in QUIC, and what is lost is as good as new text. */
interface Sent {
  readonly number: number;
  readonly atMs: number;
  readonly ackMs: number;
}

/** A sender that always has something to send: SACK, three later ones tell of a loss, PRR (RFC 9937) brings the window down. */
class Flow {
  readonly control: CongestionControl;
  readonly figures: FlowFigures = {
    delivered: 0,
    deliveredLate: 0,
    dropped: 0,
    events: 0,
    timeouts: 0,
    firstOvershoot: 0,
    deliveredBefore: 0,
  };
  readonly startMs: number;
  readonly #lateMs: number;
  /** On their way, in the order in which they will be acknowledged. */
  readonly #acks: Sent[] = [];
  #head = 0;
  /** Dropped, and not yet missed. */
  readonly #missing: number[] = [];
  #next = 0;
  #inFlight = 0;
  #srttMs = 0;
  #leastRttMs = Number.POSITIVE_INFINITY;
  /** What was sent before it is part of the last event. */
  #eventEnd = 0;
  #recovery: { readonly atStart: number; delivered: number; out: number } | undefined;
  #idleSinceMs = 0;
  readonly #sample: AckSample;

  constructor(control: CongestionControl, startMs: number, lateMs: number) {
    this.control = control;
    this.#lateMs = lateMs;
    this.startMs = startMs;
    control.begin(PACKET, 10);
    this.#sample = {
      acked: PACKET,
      rttMs: 0,
      leastRttMs: 0,
      srttMs: 0,
      nowMs: 0,
      inFlight: 0,
      limited: true,
      sndUna: seq(0),
      sndNxt: seq(0),
    };
  }

  /** When it next has something to do. */
  get nextMs(): number {
    const next = this.#acks[this.#head];
    if (next !== undefined) return next.ackMs;
    return this.#next === 0 ? this.startMs : this.#idleSinceMs + 1000;
  }

  step(nowMs: number, send: (nowMs: number, flow: Flow) => number | undefined): void {
    const next = this.#acks[this.#head];
    this.#idleSinceMs = nowMs;
    if (next !== undefined) this.#acknowledged(next, nowMs);
    else if (this.#next > 0) this.#timedOut(nowMs);
    while (this.#inFlight + PACKET <= this.control.cwnd) {
      const ackMs = send(nowMs, this);
      const number = this.#next++;
      this.#inFlight += PACKET;
      if (this.#recovery !== undefined) this.#recovery.out += PACKET;
      if (ackMs !== undefined) this.#acks.push({ number, atMs: nowMs, ackMs });
      else {
        this.#missing.push(number);
        this.figures.dropped++;
        if (this.figures.events === 0) this.figures.firstOvershoot++;
      }
    }
  }

  #acknowledged(packet: Sent, nowMs: number): void {
    this.#head++;
    if (this.#head > 10_000) {
      this.#acks.splice(0, this.#head);
      this.#head = 0;
    }
    const rttMs = nowMs - packet.atMs;
    this.#srttMs = this.#srttMs === 0 ? rttMs : 0.875 * this.#srttMs + 0.125 * rttMs;
    this.#leastRttMs = Math.min(this.#leastRttMs, rttMs);
    const before = this.#inFlight;
    this.#inFlight -= PACKET;
    this.figures.delivered++;
    if (nowMs >= this.#lateMs) this.figures.deliveredLate++;
    if (this.figures.events === 0) this.figures.deliveredBefore++;
    if (this.#recovery !== undefined && packet.number >= this.#eventEnd) {
      this.#recovery = undefined;
      this.control.onRecovered(this.#inFlight);
    }
    while (this.#missing[0] !== undefined && this.#missing[0] <= packet.number - 3) this.#lost(this.#missing.shift() as number, nowMs);
    if (this.#recovery === undefined) this.#tell(rttMs, before, packet.number, nowMs);
    else this.#reduce(this.#recovery);
  }

  #tell(rttMs: number, inFlight: number, number: number, nowMs: number): void {
    const sample = this.#sample;
    sample.rttMs = rttMs;
    sample.leastRttMs = this.#leastRttMs;
    sample.srttMs = this.#srttMs;
    sample.nowMs = nowMs;
    sample.inFlight = inFlight;
    sample.sndUna = after(number);
    sample.sndNxt = after(this.#next - 1);
    this.control.onAck(sample);
  }

  #lost(number: number, nowMs: number): void {
    this.#inFlight -= PACKET;
    if (number < this.#eventEnd) return;
    this.#eventEnd = this.#next;
    const atStart = this.#inFlight + PACKET;
    this.control.onEvent("loss", atStart, nowMs, false);
    this.figures.events++;
    this.#recovery = { atStart, delivered: 0, out: 0 };
  }

  #reduce(recovery: { readonly atStart: number; delivered: number; readonly out: number }): void {
    recovery.delivered += PACKET;
    const { ssthresh } = this.control;
    const room =
      this.#inFlight > ssthresh
        ? Math.ceil((recovery.delivered * ssthresh) / recovery.atStart) - recovery.out
        : Math.min(ssthresh - this.#inFlight, Math.max(recovery.delivered - recovery.out, PACKET) + PACKET);
    this.control.cwnd = Math.max(PACKET, this.#inFlight + Math.max(0, room));
  }

  /** Nothing is on its way: all of it was lost. */
  #timedOut(nowMs: number): void {
    this.control.onEvent("timeout", this.#inFlight, nowMs, false);
    this.figures.events++;
    this.figures.timeouts++;
    this.#recovery = undefined;
    this.#eventEnd = this.#next;
    this.#inFlight = 0;
    this.#missing.length = 0;
  }
}

const after = (number: number): Seq => seq((number + 1) * PACKET);

/** What became of flows that share `link` for `seconds`. */
export function shareLink(
  link: Link,
  seconds: number,
  flows: readonly { readonly control: CongestionControl; readonly startMs?: number }[],
) {
  const each = flows.map(({ control, startMs = 0 }) => new Flow(control, startMs, seconds * 500));
  const packetMs = (PACKET * 8) / (link.mbits * 1000);
  let freeAtMs = 0;
  let count = 0;
  const send = (nowMs: number): number | undefined => {
    if (link.lossEvery !== undefined && ++count % link.lossEvery === 0) return undefined;
    const startMs = Math.max(nowMs, freeAtMs);
    // One is on the wire, and the others wait.
    if ((startMs - nowMs) / packetMs > link.queue) return undefined;
    freeAtMs = startMs + packetMs;
    return freeAtMs + link.rttMs;
  };
  for (;;) {
    let next = each[0] as Flow;
    for (const flow of each) if (flow.nextMs < next.nextMs) next = flow;
    const nowMs = next.nextMs;
    if (nowMs > seconds * 1000) break;
    next.step(nowMs, send);
  }
  const capacity = (seconds * 1000) / packetMs;
  return {
    flows: each.map(({ figures }) => figures),
    /** Of what the link could carry. */
    utilisation: each.reduce((sum, { figures }) => sum + figures.delivered, 0) / capacity,
  };
}
