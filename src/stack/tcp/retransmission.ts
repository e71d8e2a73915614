import { ALARM } from "./alarm.ts";
import { suspectBlackHole } from "./black-hole.ts";
import type { ControlBlock } from "./control-block.ts";
import { assumeAllLost } from "./recovery.ts";
import { isAnswered, ORPHAN_TRIES } from "./zero-window.ts";

/** R1 of RFC 9293 §3.8.3: after as many tries the next hop is suspected, though the connection is not given up. */
export const R1_RETRIES = 3;

/** Text or a FIN was not acknowledged in time: RFC 6298 §5.4 to §5.6, and RFC 9293 §3.8.3 for when to give up. */
export function retransmissionTimedOut(conn: ControlBlock): void {
  const { profile, now } = conn.context;
  if (conn.flight === 0) return;
  if (conn.loss.recovery === "timeout" && conn.loss.retransmitAtOnce) {
    // The device has not taken the last try yet, so that there is nothing to conclude from silence.
    conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
    return;
  }
  // A peer that shut its window over what is in flight, and says so each time, lives: these are probes now (RFC 9293 §3.8.6 SHLD-17).
  const isProbe = conn.sndWnd === 0 && isAnswered(conn) && !(conn.isOrphan && conn.rtt.backoffs >= ORPHAN_TRIES);
  if (conn.retries === 0) conn.troubleSinceMs = now - conn.rtt.timeoutMs;
  if (isProbe) {
    conn.retries = Math.min(conn.retries, 1);
    conn.troubleSinceMs = now;
  }
  const limitMs = conn.options.maxRetransmissionMs;
  const isOver = limitMs === undefined ? conn.retries >= profile.dataRetries : now - conn.troubleSinceMs >= limitMs;
  if (isOver) {
    conn.breakOff("timed-out");
    return;
  }
  conn.retries++;
  if (conn.retries >= R1_RETRIES) conn.path.suspect();
  conn.rtt.backOff();
  if (!isProbe) suspectBlackHole(conn);
  assumeAllLost(conn);
  const leftMs = limitMs === undefined ? Number.POSITIVE_INFINITY : conn.troubleSinceMs + limitMs - now;
  conn.alarms.set(ALARM.retransmission, Math.min(conn.rtt.timeoutMs, leftMs));
  conn.owner.wantsOutput(conn);
}
