import { seqAdd, seqDiff } from "../core/seq.ts";
import { ACK, PSH } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { isWatched, watchAfterAck } from "./loss-alarms.ts";
import { textLeft } from "./sent-text.ts";
import { untilMark } from "./urgent.ts";
import type { WindowProbes } from "./window-probes.ts";

/** Sending into a window that is shut, or too small to be worth a segment: RFC 9293 §3.8.6.1. */

/** Tries for what nobody owns any more and the peer's window holds back: some five minutes (CVE-2008-4609; Linux has tcp_orphan_retries). */
export const ORPHAN_TRIES = 12;

/** There is something to send and the window holds nothing of it. */
export function armPersist(conn: ControlBlock): void {
  const { alarms } = conn;
  if (alarms.isPending(ALARM.persist) || isWatched(conn)) return;
  alarms.set(ALARM.persist, persistDelay(conn));
}

export function windowGrew(conn: ControlBlock, wasShut: boolean): void {
  if (conn.probes !== undefined) conn.probes.count = 0;
  conn.alarms.cancel(ALARM.persist);
  if (!wasShut) return;
  // Tries that only asked for the window say nothing about the path.
  conn.contact.retries = 0;
  conn.rtt.forgetBackOff();
  if (conn.flight > 0) watchAfterAck(conn, true, 0);
}

/** The octet that probed a shut window was taken in after all: it counts as sent. */
export function probeTaken(conn: ControlBlock): void {
  textLeft(conn, 1);
  conn.bytesSent++;
  if (conn.probes !== undefined) conn.probes.at = undefined;
}

/** The first after one timeout, then at doubling intervals. */
function persistDelay(conn: ControlBlock): number {
  const { rtt, context, probes } = conn;
  return Math.min(60_000, Math.max(context.profile.minRtoMs, rtt.rtoMs) * 2 ** Math.min(probes?.count ?? 0, 10));
}

export function persistTimedOut(conn: ControlBlock): void {
  // What waited was sent meanwhile: the retransmission timer watches it.
  if (conn.flight > 0 || (conn.unsentBytes <= 0 && !conn.isFinDue)) return;
  conn.probes ??= { count: 0, hasLeft: true, at: undefined };
  const { probes } = conn;
  // A connection whose probes are answered is kept open for ever (MUST-37), unless nobody owns it.
  if (probes.hasLeft) conn.contact.retries = conn.contact.isAnswered ? 0 : conn.contact.retries + 1;
  if (conn.contact.retries >= conn.context.profile.dataRetries || (conn.isOrphan && probes.count >= ORPHAN_TRIES)) {
    conn.breakOff("timed-out");
    return;
  }
  if (conn.unsentBytes <= 0 || (conn.sndWnd === 0 && conn.context.profile.windowProbe === "empty")) {
    askWithoutText(conn, probes);
    return;
  }
  const usable = usableForProbe(conn);
  probes.hasLeft = conn.owner.emitText(conn, ACK | PSH, conn.sndNxt, usable) !== "full";
  if (probes.hasLeft) {
    probes.count++;
    if (conn.sndWnd < usable) probes.at = conn.sndNxt;
    else {
      textLeft(conn, usable);
      conn.bytesSent += usable;
      probes.count = 0;
      conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
      return;
    }
  }
  conn.alarms.set(ALARM.persist, persistDelay(conn));
}

/** Without text, as for a FIN, which never leaves before the window has room for it: an old number makes the peer answer with where it stands. */
function askWithoutText(conn: ControlBlock, probes: WindowProbes): void {
  probes.hasLeft = conn.owner.emitControl(conn, ACK, seqAdd(conn.sndUna, -1), conn.rcvNxt) !== "full";
  if (probes.hasLeft) {
    probes.count++;
    conn.contact.lastSentMs = conn.context.now;
  }
  conn.alarms.set(ALARM.persist, persistDelay(conn));
}

/**
 * One octet beyond a closed window: the answer tells the window. When the sender waits for a window large enough (silly window
 * avoidance) the probe is what overrides the wait.
 */
function usableForProbe(conn: ControlBlock): number {
  const unsent = seqDiff(conn.sendBuffer.end, conn.sndNxt);
  return Math.max(1, untilMark(conn, conn.sndNxt, Math.min(conn.sndWnd, unsent, conn.sizes.effSndMss)));
}
