import { type Seq, seq, seqDiff, seqMax } from "../core/seq.ts";
import { type RangesView, SequenceRanges } from "./sequence-ranges.ts";

/** Ranges kept of what the peer says it holds (hardening against CVE-2019-11477 and kin). */
const SCOREBOARD_CAP = 256;

/** What is known of loss, for those who only ask. */
export interface LossView {
  readonly recovery: "none" | "fast" | "timeout";
  /** `recover` of RFC 6582, RecoveryPoint of RFC 6675. */
  readonly recover: Seq;
  /** HighRxt of RFC 6675: what lies before it has been retransmitted in this recovery. */
  readonly highRxt: Seq;
  /** A retransmission that must leave whatever the window says. */
  readonly retransmitAtOnce: boolean;
  readonly dupAcks: number;
  /** `recover` was set by a timeout, and nothing beyond it is acknowledged yet. */
  readonly hasTimedOut: boolean;
  /** What the peer holds beyond SND.UNA. */
  readonly scoreboard: RangesView;
}

/** Loss on one connection, from the first sign of it until everything outstanding then is acknowledged. */
export class LossState implements LossView {
  recovery: "none" | "fast" | "timeout" = "none";
  recover: Seq;
  highRxt: Seq;
  retransmitAtOnce = false;
  dupAcks = 0;
  hasTimedOut = false;
  readonly scoreboard = new SequenceRanges(SCOREBOARD_CAP);

  constructor(sndUna: Seq) {
    this.recover = sndUna;
    this.highRxt = sndUna;
  }

  /** A recovery begins, or begins again: what lies in [sndUna, sndNxt) may be sent again, the first of it at once. */
  begin(recovery: "fast" | "timeout", sndUna: Seq, sndNxt: Seq): void {
    this.recovery = recovery;
    this.recover = sndNxt;
    this.highRxt = sndUna;
    this.retransmitAtOnce = true;
  }

  timedOut(sndUna: Seq, sndNxt: Seq): void {
    // RFC 2018 §8: a receiver may have thrown away what it reported; a SACKed first byte proves that it did.
    if (this.scoreboard.count > 0 && this.scoreboard.start(0) === sndUna) this.scoreboard.clear();
    this.begin("timeout", sndUna, sndNxt);
    this.hasTimedOut = true;
    this.dupAcks = 0;
  }

  /** What lies before `end` has left again. */
  resent(end: Seq): void {
    this.retransmitAtOnce = false;
    this.highRxt = seqMax(this.highRxt, end);
  }

  /** SND.UNA has moved to `sndUna`. */
  acknowledged(sndUna: Seq): void {
    this.scoreboard.removeBefore(sndUna);
    this.highRxt = seqMax(this.highRxt, sndUna);
    // Beyond it duplicates speak of text sent since; and in two gigabytes the difference would no longer tell before from after.
    if (seqDiff(sndUna, this.recover) > 0) this.hasTimedOut = false;
    if (this.recovery === "none") this.dupAcks = 0;
  }

  /** RFC 6582 §3.2 step 3, partial acknowledgement without SACK: the next hole begins here. @param segments acknowledged, in whole */
  partlyRepaired(segments: number): void {
    this.retransmitAtOnce = true;
    this.dupAcks = Math.max(0, this.dupAcks - segments + 1);
  }

  /** Everything that was outstanding when the recovery began is acknowledged. */
  repaired(): void {
    this.recovery = "none";
    this.dupAcks = 0;
    this.retransmitAtOnce = false;
  }

  /** Nothing in here would be missed. */
  get isOver(): boolean {
    return this.recovery === "none" && !this.hasTimedOut && this.dupAcks === 0 && this.scoreboard.count === 0;
  }
}

/** Of all connections that know of no loss. */
export const NO_LOSS: LossView = new LossState(seq(0));

interface LossHolder {
  loss: LossView;
  readonly sndUna: Seq;
}

/** The connection's own record, made when something is to be noted. */
export function lossOf(conn: LossHolder): LossState {
  if (conn.loss === NO_LOSS) conn.loss = new LossState(conn.sndUna);
  return conn.loss as LossState;
}
