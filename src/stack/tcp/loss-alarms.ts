import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";

/**
 * One alarm at a time watches over what is outstanding (RFC 8985 §8): the retransmission timer (RFC 6298), the probe of the tail
 * (RFC 8985 §7), or the end of the reordering window (§6).
 */

/** TLP.max_ack_delay of RFC 8985 §7.1: how long a peer may wait before it acknowledges a single segment. */
const MAX_ACK_DELAY_MS = 200;
/** The probe's timeout before a round trip was measured, §7.2. */
const UNKNOWN_PROBE_MS = 1000;

/** Something watches over what is outstanding. */
export const isWatched = ({ alarms }: ControlBlock): boolean =>
  alarms.isPending(ALARM.retransmission) || alarms.isPending(ALARM.tailLossProbe) || alarms.isPending(ALARM.reordering);

function only(conn: ControlBlock, alarm: number, delayMs: number): void {
  const { alarms } = conn;
  if (alarm !== ALARM.retransmission) alarms.cancel(ALARM.retransmission);
  if (alarm !== ALARM.tailLossProbe) alarms.cancel(ALARM.tailLossProbe);
  if (alarm !== ALARM.reordering) alarms.cancel(ALARM.reordering);
  alarms.set(alarm, delayMs);
}

/**
 * An acknowledgement brought news.
 * @param advanced SND.UNA moved, so that the timer starts again (RFC 6298 §5.3)
 * @param reorderingMs until something could be found lost by the time it has taken; 0 for never
 */
export function watchAfterAck(conn: ControlBlock, advanced: boolean, reorderingMs: number): void {
  const { alarms } = conn;
  if (conn.flight === 0) {
    alarms.cancel(ALARM.retransmission);
    alarms.cancel(ALARM.tailLossProbe);
    alarms.cancel(ALARM.reordering);
  } else if (reorderingMs > 0) only(conn, ALARM.reordering, reorderingMs);
  else if (advanced || !isWatched(conn) || alarms.isPending(ALARM.reordering)) watchAnew(conn);
  // A probe is for what nothing was heard of; now the tail is known to have holes.
  else if (alarms.isPending(ALARM.tailLossProbe) && !mayProbe(conn)) only(conn, ALARM.retransmission, remainingMs(conn));
}

/** New text or a FIN left. */
export function watchAfterSend(conn: ControlBlock): void {
  if (mayProbe(conn)) only(conn, ALARM.tailLossProbe, probeTimeoutMs(conn));
  else if (!isWatched(conn)) conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
}

/** Something was sent again. @param isFirst what stands at SND.UNA: the timer counts from now on */
export function watchAfterResend(conn: ControlBlock, isFirst: boolean): void {
  const { alarms, contact } = conn;
  // After a timeout it is set already, and may have to end sooner.
  if (alarms.isPending(ALARM.reordering) || (contact.retries > 0 && alarms.isPending(ALARM.retransmission))) return;
  if (isFirst || !isWatched(conn)) only(conn, ALARM.retransmission, conn.rtt.timeoutMs);
}

/** The probe left: if it is not answered, the timer follows (RFC 8985 §7.3). */
export const watchAfterProbe = (conn: ControlBlock): void => only(conn, ALARM.retransmission, conn.rtt.timeoutMs);

function watchAnew(conn: ControlBlock): void {
  if (mayProbe(conn)) only(conn, ALARM.tailLossProbe, probeTimeoutMs(conn));
  else only(conn, ALARM.retransmission, conn.rtt.timeoutMs);
}

/** To the timeout, counted from when the first that is outstanding left last. */
function remainingMs(conn: ControlBlock): number {
  const { rtt, sent, context } = conn;
  return sent.count === 0 ? rtt.timeoutMs : Math.max(1, rtt.timeoutMs - (context.now - sent.sentMsOf(0)));
}

/** Something is outstanding, and nothing of it is reported or lost. */
export const isTailUnheard = ({ flight, loss, sent }: ControlBlock): boolean =>
  flight > 0 && loss.state === "open" && sent.sackedBytes === 0;

/** RFC 8985 §7.2: nothing is reported, lost or being probed, and a round trip was measured since the last probe. */
function mayProbe(conn: ControlBlock): boolean {
  const { profile } = conn.context;
  if (!profile.tailLossProbe || !conn.sackPermitted || conn.sndWnd === 0) return false;
  const { loss, rtt } = conn;
  if (!isTailUnheard(conn) || loss.probe !== undefined || loss.probeNeedsSample) return false;
  return conn.contact.retries === 0 && rtt.backoffs === 0 && rtt.srttMs >= profile.tailLossProbeMinSrttMs;
}

/** TLP_calc_PTO of RFC 8985 §7.2. */
function probeTimeoutMs(conn: ControlBlock): number {
  const { rtt, sent } = conn;
  if (!rtt.hasSample) return Math.min(UNKNOWN_PROBE_MS, remainingMs(conn));
  const probeMs = 2 * rtt.srttMs + (sent.segments <= 1 ? MAX_ACK_DELAY_MS : 0);
  // A probe in less than a tick would be no probe of loss.
  return Math.min(Math.max(probeMs, 1), remainingMs(conn));
}
