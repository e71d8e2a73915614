import { seqAdd, seqDiff } from "../core/seq.ts";
import type { WaitReason } from "../core/wait-reasons.ts";
import { ALARM, ALARM_NAMES } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";

/** What a connection waits for now. */
export interface ConnectionWait {
  readonly reason: WaitReason;
  /** Of which the reason speaks; 0 where it speaks of none. */
  readonly byteCount: number;
  /** What ends it if nothing else does. */
  readonly timer?: string;
  /** When that is, on the host's clock. */
  readonly untilMs?: number;
}

/** Why a connection is quiet: what it has to do, and what keeps it from that. Asked at the end of a turn, when what might leave has left. */
export function waitOf(conn: ControlBlock, isBlocked: boolean): ConnectionWait {
  const { state, opening, flight, alarms } = conn;
  if (state === "SYN-SENT") {
    if (opening?.synFate === "queued") return waitFor(conn, "neighbour");
    return waitFor(conn, "syn-answer", alarms.isPending(ALARM.synAfterReset) ? ALARM.synAfterReset : ALARM.retransmission);
  }
  if (state === "SYN-RECEIVED") return waitFor(conn, "handshake-end", ALARM.retransmission);
  if (state === "TIME-WAIT") return waitFor(conn, "time-wait");
  if (isBlocked) return waitFor(conn, "device-full", undefined, conn.unsentBytes);
  if (flight > 0 && (conn.loss.recovery !== "none" || conn.contact.retries > 0))
    return waitFor(conn, "loss-timeout", ALARM.retransmission, flight);
  const kept = unsentWait(conn);
  if (kept !== undefined) return kept;
  if (flight > 0)
    return waitFor(conn, flight === 1 && conn.finSent ? "fin-acknowledgement" : "acknowledgement", ALARM.retransmission, flight);
  if (conn.readableBytes > 0) return waitFor(conn, "unread", undefined, conn.readableBytes);
  if (alarms.isPending(ALARM.delayedAck)) return waitFor(conn, "delayed-ack", ALARM.delayedAck);
  if (state === "FIN-WAIT-2") return waitFor(conn, "peer-fin", ALARM.finWait2);
  return waitFor(conn, state === "CLOSE-WAIT" ? "own-close" : "nothing-to-do", ALARM.keepAlive);
}

/** What keeps text, or a FIN, that could leave; undefined where there is none. */
function unsentWait(conn: ControlBlock): ConnectionWait | undefined {
  const unsent = conn.finSent ? 0 : conn.unsentBytes;
  if (unsent <= 0 && !conn.isFinDue) return undefined;
  const usable = seqDiff(seqAdd(conn.sndUna, conn.sndWnd), conn.sndNxt);
  if (conn.alarms.isPending(ALARM.persist)) return waitFor(conn, "peer-window-shut", ALARM.persist, unsent);
  if (usable <= 0) return waitFor(conn, "peer-window", ALARM.retransmission, unsent);
  if (conn.turn.cwndLimited) return waitFor(conn, "congestion-window", ALARM.retransmission, unsent);
  if (unsent < conn.sizes.effSndMss && unsent <= usable && conn.flight > 0 && !conn.options.noDelay)
    return waitFor(conn, "nagle", undefined, unsent);
  return waitFor(conn, "peer-window", ALARM.retransmission, unsent);
}

function waitFor({ alarms }: ControlBlock, reason: WaitReason, alarm?: number, byteCount = 0): ConnectionWait {
  if (alarm === undefined || !alarms.isPending(alarm)) return { reason, byteCount };
  return { reason, byteCount, timer: ALARM_NAMES[alarm]!, untilMs: alarms.deadlineOf(alarm) };
}
