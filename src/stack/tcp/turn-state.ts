import { NOTICE } from "./notices.ts";
import type { AbortReason, ConnectFailure, IcmpReport, TcpUser } from "./tcp-user.ts";

/** What the segments and calls of a turn leave for its end, when everything leaves at once and the user is told. */
export class TurnState {
  /** The host has the connection on its list of those that have something to send. */
  isOutputQueued = false;
  /** An acknowledgement must leave. */
  ackNow = false;
  /** The congestion window, not the user or the peer, held the sender back when it last sent. */
  cwndLimited = false;
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
