import type { CongestionControlName } from "../../core/profile.ts";
import type { Seq } from "../../core/seq.ts";

/** What one acknowledgement says to congestion control; one record may be used again for each. */
export interface AckSample {
  /** Bytes newly delivered: acknowledged, or reported by SACK for the first time. */
  acked: number;
  /** The round trip that this ACK measured; undefined when it measured none. */
  rttMs: number | undefined;
  /** The shortest round trip of late; Infinity before the first. */
  leastRttMs: number;
  srttMs: number;
  nowMs: number;
  /** Bytes in the network when the ACK came, before it is counted off. */
  inFlight: number;
  /** The congestion window, not the user or the peer, held the sender back. */
  limited: boolean;
  /** SND.UNA after the ACK, and SND.NXT. */
  sndUna: Seq;
  sndNxt: Seq;
}

/** Loss inferred from ACKs, the peer's echo of a congestion mark (RFC 3168), the retransmission timer. */
export type CongestionEvent = "loss" | "ecn" | "timeout";

/** What a congestion event changes, as it was before. Only the algorithm that made it can read all of it. */
export interface CongestionSnapshot {
  readonly cwnd: number;
  readonly ssthresh: number;
}

/**
 * What limits the sender for the network's sake. Bytes and milliseconds throughout, and windows are whole bytes; time is told, no clock is
 * read. An algorithm decides the window; when to enter and leave recovery, and what may leave meanwhile, is decided in recovery.ts.
 */
export interface CongestionControl {
  readonly name: CongestionControlName;
  /** May be in flight. recovery.ts sets it too while it reduces the window bit by bit. */
  cwnd: number;
  /** Infinity before the first loss. */
  readonly ssthresh: number;
  /**
   * Nothing is in flight, and nothing known of the path.
   * @param segments of the initial window: 10 by RFC 6928 §2, 1 after a lost SYN (RFC 5681 §3.1)
   */
  begin(mss: number, segments: number): void;
  /** Outside of recovery, and in slow start after a timeout. */
  onAck(sample: AckSample): void;
  /**
   * The network was asked for too much, with `inFlight` bytes outstanding: a new ssthresh. A timeout sets the window too, to one segment,
   * and leaves ssthresh when it is `repeated`, for the same data. After a loss or a mark the window comes down as recovery.ts says, until `onRecovered`.
   */
  onEvent(event: CongestionEvent, inFlight: number, nowMs: number, repeated: boolean): void;
  /** All that was outstanding at the loss or mark is acknowledged: the window that follows from it. Nothing after a timeout or an undo. */
  onRecovered(inFlight: number): void;
  /** Sending starts again after an idle time longer than the timeout (RFC 5681 §4.1). */
  onIdle(): void;
  /** For so long nothing was there to be sent: time in which the window could not have grown does not count (RFC 9438 §5.8). */
  onPause(ms: number): void;
  onMss(mss: number): void;
  /** For the undo of a congestion event that is to come. */
  save(): CongestionSnapshot;
  /** As if what came after `save` had not been: all of it for a snapshot of this algorithm, the windows for another's. */
  restore(saved: CongestionSnapshot): void;
}

/** RFC 6928 §2. Of segments as they are now: a window that was meant for smaller ones may hold none at all. */
export const initialWindow = (mss: number, segments: number): number =>
  segments <= 1 ? mss : Math.min(segments * mss, Math.max(2 * mss, segments * 1460));
