import { ALARM } from "./alarm.ts";
import { suspectBlackHole } from "./black-hole.ts";
import type { ControlBlock } from "./control-block.ts";
import { assumeAllLost } from "./recovery.ts";
import { ORPHAN_TRIES } from "./zero-window.ts";

/** R1 of RFC 9293 §3.8.3: after as many tries the next hop is suspected, though the connection is not given up. */
export const R1_RETRIES = 3;

/** Text or a FIN was not acknowledged in time: RFC 6298 §5.4 to §5.6, and RFC 9293 §3.8.3 for when to give up. */
export function retransmissionTimedOut(conn: ControlBlock): void {
  const { profile, now } = conn.context;
  const { contact } = conn;
  if (conn.flight === 0) return;
  if (conn.loss.state === "loss" && conn.loss.retransmitAtOnce) {
    // The device has not taken the last try yet, so that there is nothing to conclude from silence.
    conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
    return;
  }
  // A peer that shut its window over what is in flight, and says so each time, lives: these are probes now (RFC 9293 §3.8.6 SHLD-17).
  const isProbe = conn.sndWnd === 0 && contact.isAnswered && !(conn.isOrphan && conn.rtt.backoffs >= ORPHAN_TRIES);
  const before = contact.retries === 0 ? undefined : contact.troubleSinceMs;
  const troubleSinceMs = isProbe ? now : (before ?? now - conn.rtt.timeoutMs);
  contact.troubleSinceMs = troubleSinceMs;
  if (isProbe) contact.retries = Math.min(contact.retries, 1);
  const limitMs = conn.options.maxRetransmissionMs;
  const isOver = limitMs === undefined ? contact.retries >= profile.dataRetries : now - troubleSinceMs >= limitMs;
  if (isOver) {
    conn.breakOff("timed-out");
    return;
  }
  contact.retries++;
  if (contact.retries >= R1_RETRIES) conn.path.suspect();
  conn.rtt.backOff();
  if (!isProbe) suspectBlackHole(conn);
  assumeAllLost(conn);
  const leftMs = limitMs === undefined ? Number.POSITIVE_INFINITY : troubleSinceMs + limitMs - now;
  conn.alarms.set(ALARM.retransmission, Math.min(conn.rtt.timeoutMs, leftMs));
  conn.owner.wantsOutput(conn);
}
