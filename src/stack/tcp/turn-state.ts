import { type Seq, seqDiff } from "../core/seq.ts";
import { NOTICE } from "./notices.ts";
import type { AbortReason, ConnectFailure, IcmpReport, TcpUser } from "./tcp-user.ts";

/** Whether the congestion window, not the user or the peer, holds the sender back: what was not used may not grow (RFC 7661 §4). */
export class WindowUse {
  /** It did in this round trip. */
  #isLimited = false;
  /** Most that was outstanding in it, bytes. */
  #most = 0;
  #roundEnd: Seq | undefined;

  /** A burst has left, or could not. @param isLimited more would have left */
  sent(isLimited: boolean, sndUna: Seq, sndNxt: Seq): void {
    const flight = seqDiff(sndNxt, sndUna);
    const isRoundOver = this.#roundEnd === undefined || seqDiff(sndUna, this.#roundEnd) >= 0;
    if (!isRoundOver && !isLimited && (this.#isLimited || flight <= this.#most)) return;
    this.#isLimited = isLimited;
    this.#most = flight;
    this.#roundEnd = sndNxt;
  }

  /** In slow start half of it is use enough, since the other half was not there a round trip ago. */
  isLimited(cwnd: number, ssthresh: number): boolean {
    return cwnd < ssthresh ? cwnd < 2 * this.#most : this.#isLimited;
  }
}

/** What the segments and calls of a turn leave for its end, when everything leaves at once and the user is told. */
export class TurnState {
  /** The host has the connection on its list of those that have something to send. */
  isOutputQueued = false;
  /** An acknowledgement must leave. */
  ackNow = false;
  /** The congestion window, not the user or the peer, held the sender back when it last sent. */
  cwndLimited = false;
  /** How the congestion window is used over a round trip. */
  readonly windowUse = new WindowUse();
  /** The host has the connection on its list of those that have something to tell. */
  isNoticeQueued = false;
  #notices = 0;
  /** Of the one notice that has a reason: a connection fails or breaks off once. */
  #reason: ConnectFailure | AbortReason = "reset";

  /** @param notice of `NOTICE` */
  notify(notice: number): void {
    this.#notices |= notice;
  }

  connectFailed(reason: ConnectFailure): void {
    this.#reason = reason;
    this.#notices |= NOTICE.connectFailed;
  }

  aborted(reason: AbortReason): void {
    this.#reason = reason;
    this.#notices |= NOTICE.aborted;
  }

  /** Gives the gathered notices. Whoever is told may make new ones, and put another user in its place. */
  deliver(conn: { readonly user: TcpUser; readonly icmpSaid: IcmpReport | undefined }): void {
    const notices = this.#notices;
    this.#notices = 0;
    if ((notices & NOTICE.established) !== 0) conn.user.established?.();
    if ((notices & NOTICE.connectFailed) !== 0) conn.user.connectFailed?.(this.#reason as ConnectFailure, conn.icmpSaid);
    if ((notices & NOTICE.urgent) !== 0) conn.user.urgent?.();
    if ((notices & NOTICE.readable) !== 0) conn.user.readable?.();
    if ((notices & NOTICE.endOfStream) !== 0) conn.user.endOfStream?.();
    if ((notices & NOTICE.writable) !== 0) conn.user.writable?.();
    if ((notices & NOTICE.aborted) !== 0) conn.user.aborted?.(this.#reason as AbortReason);
    if ((notices & NOTICE.finished) !== 0) conn.user.finished?.();
  }
}
