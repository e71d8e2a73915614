import type { Seq } from "../../core/seq.ts";

/** What one acknowledgement says to congestion control; one record is used again for each. Bytes and milliseconds. */
export interface AckSample {
  /** Newly delivered: acknowledged, or reported by SACK for the first time. */
  acked: number;
  /** Measured by this ACK. */
  rttMs: number | undefined;
  /** The shortest of late; Infinity before the first. */
  leastRttMs: number;
  srttMs: number;
  nowMs: number;
  /** In the network when the ACK came, before it is counted off. */
  inFlight: number;
  /** The congestion window, not the user or the peer, held the sender back. */
  limited: boolean;
  /** After the ACK. */
  sndUna: Seq;
  sndNxt: Seq;
}

export type CongestionEvent = "loss" | "ecn" | "timeout";

export interface CongestionSnapshot {
  readonly cwnd: number;
  readonly ssthresh: number;
}

/** What limits the sender for the network's sake. Bytes throughout. When to enter and leave recovery is decided in recovery.ts. */
export interface CongestionControl {
  readonly name: string;
  /** May be in flight. */
  cwnd: number;
  /** Infinity before the first loss. */
  readonly ssthresh: number;
  begin(mss: number, segments: number): void;
  onAck(sample: AckSample): void;
  onEvent(event: CongestionEvent, inFlight: number, nowMs: number, repeated: boolean): void;
  onRecovered(inFlight: number): void;
  onIdle(): void;
  onPause(ms: number): void;
  onMss(mss: number): void;
  save(): CongestionSnapshot;
  restore(saved: CongestionSnapshot): void;
}
