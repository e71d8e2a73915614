import { ACK, SYN } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { R1_RETRIES } from "./retransmission.ts";

/** What time does to a connection before it is established: SYN and SYN-ACK are tried again, and given up. */

/** The first SYN is due. */
export function openingBegan(conn: ControlBlock): void {
  if (conn.opening !== undefined) conn.opening.synDue = true;
  conn.alarms.set(ALARM.retransmission, synTimeout(conn));
  connectLimitChanged(conn);
}

export function simultaneousOpen(conn: ControlBlock): void {
  conn.contact.retries = 0;
  conn.alarms.cancel(ALARM.synAfterReset);
  conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
}

export function openingEnded(conn: ControlBlock): void {
  conn.alarms.cancel(ALARM.retransmission);
  conn.alarms.cancel(ALARM.connectLimit);
  conn.alarms.cancel(ALARM.synAfterReset);
}

/** TCP_MAXRT, or the profile's limit of a whole connect attempt. */
export function connectLimitChanged(conn: ControlBlock): void {
  if (conn.state !== "SYN-SENT" && conn.state !== "SYN-RECEIVED") return;
  const { maxRetransmissionMs, initialRtoMs, synRetries } = conn.options;
  const isByRetries = initialRtoMs !== undefined || synRetries !== undefined;
  const limitMs = maxRetransmissionMs ?? (isByRetries ? Number.POSITIVE_INFINITY : conn.context.profile.connectLimitMs);
  if (!Number.isFinite(limitMs) || conn.isPassive) conn.alarms.cancel(ALARM.connectLimit);
  else conn.alarms.set(ALARM.connectLimit, limitMs);
}

/** The SYN was refused, and the profile lets it be tried again. */
export function retryAfterReset(conn: ControlBlock, delayMs: number): void {
  conn.alarms.cancel(ALARM.retransmission);
  if (!conn.alarms.isPending(ALARM.synAfterReset)) conn.alarms.set(ALARM.synAfterReset, delayMs);
}

/** What the peer still had of an old connection is reset: the SYN follows, once in a timeout, so that a peer that answers each alike makes no loop. */
export function synAfterOldConnection(conn: ControlBlock): void {
  const { opening } = conn;
  if (opening === undefined || opening.hasResetOldConnection || !conn.alarms.isPending(ALARM.retransmission)) return;
  opening.hasResetOldConnection = true;
  opening.isSynRetransmitted = true;
  conn.retransmissions++;
  conn.owner.emitControl(conn, SYN, conn.iss, conn.rcvNxt);
}

/** Sends SYN or SYN-ACK again. */
export function synAgain(conn: ControlBlock): void {
  const { opening } = conn;
  if (opening === undefined) return;
  opening.hasResetOldConnection = false;
  opening.synDue = false;
  conn.contact.retries++;
  // Of a passive open only strangers would be the witnesses.
  if (conn.contact.retries >= R1_RETRIES && !conn.isPassive) conn.path.suspect();
  if (!conn.listener?.isPressed || opening.awaitsRoom) {
    conn.retransmissions++;
    if (conn.state === "SYN-SENT" && opening.fastOpen !== undefined) {
      // What is in the way of the option, or of text on a SYN, is not in that of a plain one (RFC 7413 §4.2.2).
      opening.fastOpen = undefined;
      opening.fastOpenWasLost = true;
    }
    sendSyn(conn, conn.state === "SYN-SENT" ? SYN : SYN | ACK);
  }
  conn.alarms.set(ALARM.retransmission, synTimeout(conn));
}

/** One try of the SYN or SYN-ACK, noted. */
export function sendSyn(conn: ControlBlock, flags: number): void {
  const fate = conn.owner.emitControl(conn, flags, conn.iss, conn.rcvNxt);
  conn.opening?.synTried(fate, conn.context.now);
}

/** How often the SYN is sent again after the first. */
export const synRetriesOf = ({ options, context }: ControlBlock): number => options.synRetries ?? context.profile.synRetries;

/** No answer to the SYN or SYN-ACK. */
export function synTimedOut(conn: ControlBlock): void {
  const { profile } = conn.context;
  if (conn.state === "SYN-SENT") {
    // The limit of the whole attempt, where there is one, decides when to give up; without it the retries do. A limit that the
    // user set (TCP_MAXRT, which may be for ever) is tried to its end.
    if (conn.contact.retries < synRetriesOf(conn) || conn.options.maxRetransmissionMs !== undefined) synAgain(conn);
    else if (!conn.alarms.isPending(ALARM.connectLimit)) conn.fail("timed-out");
  } else if (conn.contact.retries < profile.synAckRetries) synAgain(conn);
  else openingFailed(conn, "timed-out");
}

/** Nothing comes of SYN-RECEIVED. Passive: back to LISTEN (RFC 9293 §3.10.7.4), and only a user that has accepted already is told. */
export function openingFailed(conn: ControlBlock, reason: "refused" | "timed-out"): void {
  const { opening } = conn;
  if (opening !== undefined) opening.wasReset = reason === "refused";
  if (!conn.isPassive) conn.fail(reason);
  else if (conn.listener !== undefined && opening?.isFast !== true) conn.release();
  else conn.breakOff(reason === "refused" ? "reset" : reason);
}

function synTimeout(conn: ControlBlock): number {
  const { profile } = conn.context;
  const linear = conn.state === "SYN-SENT" ? profile.synLinearRetries : 0;
  const doublings = Math.max(0, conn.contact.retries - linear);
  return Math.min(profile.maxSynRtoMs, (conn.options.initialRtoMs ?? profile.initialRtoMs) * 2 ** Math.min(doublings, 20));
}
