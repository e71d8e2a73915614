import { seqAdd } from "../core/seq.ts";
import { ACK } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";

/** Keepalive, RFC 9293 §3.8.4. */

export function keepAliveChanged(conn: ControlBlock): void {
  if (!conn.options.keepAlive) {
    conn.keepAlive = undefined;
    conn.alarms.cancel(ALARM.keepAlive);
    return;
  }
  conn.keepAlive = { probes: 0, probedAtMs: 0 };
  if (conn.state === "CLOSED" || conn.state === "SYN-SENT" || conn.state === "SYN-RECEIVED") return;
  conn.alarms.set(ALARM.keepAlive, idleMs(conn));
}

/** The user chose another time without traffic after which the peer is asked: what of it has passed counts. */
export function idleTimeChanged(conn: ControlBlock): void {
  if (conn.keepAlive?.probes !== 0 || !conn.alarms.isPending(ALARM.keepAlive)) return;
  conn.alarms.set(ALARM.keepAlive, Math.max(0, idleMs(conn) - (conn.context.now - conn.contact.lastReceivedMs)));
}

const idleMs = ({ options, context }: ControlBlock): number => options.keepAliveIdleMs ?? context.profile.keepAliveIdleMs;

export function keepAliveTimedOut(conn: ControlBlock): void {
  const { alarms, keepAlive } = conn;
  const { profile, now } = conn.context;
  if (keepAlive === undefined) return;
  // While anything waits to be acknowledged or for the window, its own timers judge the peer, and no probe leaves (MUST-26, MUST-29).
  if (conn.flight > 0 || conn.unsentBytes > 0 || conn.isFinDue) {
    keepAlive.probes = 0;
    alarms.set(ALARM.keepAlive, idleMs(conn));
    return;
  }
  // Anything heard since the last probe, or while none was sent yet, starts the idle time again.
  const quietMs = now - conn.contact.lastReceivedMs;
  const isAnswered = keepAlive.probes > 0 && conn.contact.lastReceivedMs >= keepAlive.probedAtMs;
  if (isAnswered || (keepAlive.probes === 0 && quietMs < idleMs(conn))) {
    keepAlive.probes = 0;
    alarms.set(ALARM.keepAlive, idleMs(conn) - quietMs);
    return;
  }
  if (keepAlive.probes >= (conn.options.keepAliveProbes ?? profile.keepAliveProbes)) {
    conn.breakOff("timed-out");
    return;
  }
  keepAlive.probes++;
  keepAlive.probedAtMs = now;
  // An old sequence number makes the peer answer with where it stands.
  conn.owner.emitControl(conn, ACK, seqAdd(conn.sndUna, -1), conn.rcvNxt);
  alarms.set(ALARM.keepAlive, conn.options.keepAliveIntervalMs ?? profile.keepAliveIntervalMs);
}
