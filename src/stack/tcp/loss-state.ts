import { type Seq, seq, seqDiff } from "../core/seq.ts";
import type { ProportionalRateReduction } from "./prr.ts";
import { Rack } from "./rack.ts";
import type { Undo } from "./undo.ts";

/**
 * Where a connection stands with loss.
 *
 *     open ──────► disorder ──────► recovery      what was sent is answered out of order; and by RACK or duplicates something is lost
 *       │             │
 *       └─────────────┴──► loss                   the retransmission timer went off
 *       └─────────────┴──► cwr                    the network asked for less (RFC 3168): not yet, since we do not take part in ECN
 */
export type LossStateName = "open" | "disorder" | "cwr" | "recovery" | "loss";

/** What is known of loss, for those who only ask. */
export interface LossView {
  readonly state: LossStateName;
  /** RecoveryPoint of RFC 6675, `recover` of RFC 6582: what was outstanding when the state was entered ends here. */
  readonly recoveryPoint: Seq;
  /** A retransmission that must leave whatever the window says. */
  readonly retransmitAtOnce: boolean;
  readonly dupAcks: number;
  /** `recoveryPoint` was set by a timeout, and nothing beyond it is acknowledged yet. */
  readonly hasTimedOut: boolean;
  /** New text is tried before anything is sent again: its answer tells whether the timeout was spurious (RFC 5682 §2.1). */
  readonly prefersNew: boolean;
  /** A tail loss probe is to leave (RFC 8985 §7.3). */
  readonly probeDue: boolean;
  readonly probe: TailLossProbe | undefined;
  readonly probeNeedsSample: boolean;
  readonly prr: ProportionalRateReduction | undefined;
  readonly undo: Undo | undefined;
  readonly rack: Pick<Rack, "reorderings" | "reorderingBytes">;
}

/** TLP.end_seq and TLP.is_retrans of RFC 8985 §7. */
export interface TailLossProbe {
  readonly end: Seq;
  readonly isResent: boolean;
}

/** Loss on one connection, from the first sign of it until nothing of it matters any more. */
export class LossState implements LossView {
  state: LossStateName = "open";
  recoveryPoint: Seq;
  retransmitAtOnce = false;
  dupAcks = 0;
  hasTimedOut = false;
  prefersNew = false;
  /** The timeout may prove spurious: F-RTO has begun (RFC 5682). */
  isDoubtful = false;
  readonly rack: Rack;
  prr: ProportionalRateReduction | undefined;
  undo: Undo | undefined;
  probe: TailLossProbe | undefined;
  probeDue = false;
  /** When the window was reduced last, in this recovery. */
  reducedMs = 0;
  /** No round trip was measured since the last probe: there is no other before (RFC 8985 §7.3). */
  probeNeedsSample = false;

  constructor(sndUna: Seq) {
    this.recoveryPoint = sndUna;
    this.rack = new Rack(sndUna);
  }

  enter(state: LossStateName, sndNxt: Seq): void {
    this.state = state;
    this.recoveryPoint = sndNxt;
    this.prr = undefined;
    this.isDoubtful = false;
    this.prefersNew = false;
    this.probe = undefined;
    this.probeDue = false;
  }

  /** SND.UNA has moved to `sndUna`. */
  acknowledged(sndUna: Seq): void {
    // Beyond it duplicates speak of text sent since; and in two gigabytes the difference would no longer tell before from after.
    if (seqDiff(sndUna, this.recoveryPoint) > 0) this.hasTimedOut = false;
    if (this.state !== "recovery") this.dupAcks = 0;
    if (this.undo?.until !== undefined && seqDiff(sndUna, this.undo.until) > 0) this.undo = undefined;
  }

  /** Without SACK, a part of what was outstanding is acknowledged in recovery (RFC 6582 §3.2 step 3). @param segments acknowledged, in whole */
  partlyRepaired(segments: number): void {
    this.retransmitAtOnce = true;
    this.dupAcks = Math.max(0, this.dupAcks - segments + 1);
  }

  /** Nothing is lost that was not repaired. @param sndNxt until this is acknowledged, D-SACKs of it may come */
  repaired(sndNxt: Seq): void {
    this.state = "open";
    this.dupAcks = 0;
    this.retransmitAtOnce = false;
    this.prefersNew = false;
    this.isDoubtful = false;
    this.prr = undefined;
    if (this.undo !== undefined) this.undo.until = sndNxt;
  }

  /** Nothing in here would be missed. */
  get isOver(): boolean {
    return (
      this.state === "open" &&
      !this.hasTimedOut &&
      this.dupAcks === 0 &&
      this.undo === undefined &&
      this.probe === undefined &&
      !this.probeDue &&
      !this.probeNeedsSample &&
      this.rack.isFresh
    );
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
