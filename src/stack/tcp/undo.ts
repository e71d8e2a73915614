import { type Seq, seqDiff } from "../core/seq.ts";
import type { CongestionSnapshot } from "./congestion/congestion-control.ts";

/**
 * What is needed to take back a reduction of the window that turns out to have had no reason: each retransmission arrived twice
 * (RFC 3708, by D-SACK), or what was sent first arrived before it was sent again (Eifel, RFC 3522, by timestamps), or after a timeout
 * something arrives that was never sent again (F-RTO, RFC 5682).
 */
export class Undo {
  /** SND.UNA at the reduction. */
  readonly marker: Seq;
  readonly saved: CongestionSnapshot;
  /** D-SACKs of it may come until this is acknowledged; unknown while the recovery lasts. */
  until: Seq | undefined;
  /** Sent again since, less what arrived twice: sequence numbers. */
  #resentBytes = 0;
  #hasResent = false;
  /** TSval of the first retransmission. */
  #firstTsVal: number | undefined;

  constructor(marker: Seq, saved: CongestionSnapshot) {
    this.marker = marker;
    this.saved = saved;
  }

  /** @param tsVal that the copy carries, with timestamps */
  resent(bytes: number, tsVal: number | undefined): void {
    if (!this.#hasResent) this.#firstTsVal = tsVal;
    this.#hasResent = true;
    this.#resentBytes += bytes;
  }

  /** The peer received [left, right) twice. */
  duplicateArrived(left: Seq, right: Seq): void {
    if (seqDiff(right, this.marker) > 0) this.#resentBytes -= seqDiff(right, left);
  }

  /** Each copy arrived beside its original. */
  get allArrivedTwice(): boolean {
    return this.#hasResent && this.#resentBytes <= 0;
  }

  /** An ACK that echoes this was caused by something that left before the first retransmission. */
  isOfOriginal(tsEcr: number): boolean {
    return this.#firstTsVal !== undefined && ((tsEcr - this.#firstTsVal) | 0) < 0;
  }
}
