import { seqAdd, seqDiff } from "../core/seq.ts";
import type { ConnectionWait } from "../core/wait-reasons.ts";
import { ALARM, ALARM_NAMES } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { inPipe } from "./recovery.ts";

/** What the connection waits for now, between turns: the first of `WAIT_REASONS` that holds. */
export function waitOf(conn: ControlBlock): ConnectionWait {
  return waitToLeave(conn) ?? waitOfHandshake(conn) ?? waitToSend(conn) ?? waitForAnswer(conn);
}

/** What should leave cannot leave the host. */
function waitToLeave(conn: ControlBlock): ConnectionWait | undefined {
  if (conn.owner.awaitsDevice(conn)) return { reason: "device-full" };
  const hasSent = conn.opening === undefined ? conn.flight > 0 : conn.opening.synFate === "queued";
  return hasSent && conn.path.awaitsNeighbour ? { reason: "neighbour" } : undefined;
}

function waitOfHandshake(conn: ControlBlock): ConnectionWait | undefined {
  if (conn.state === "SYN-SENT") {
    return timed(conn, "syn-answer", [ALARM.synAfterReset, ALARM.retransmission, ALARM.connectLimit]);
  }
  if (conn.state !== "SYN-RECEIVED") return undefined;
  return conn.opening?.awaitsRoom ? { reason: "accept-queue" } : timed(conn, "handshake-end", [ALARM.retransmission]);
}

/** What holds back text, a FIN, or a retransmission; as sender.ts decides it. */
function waitToSend(conn: ControlBlock): ConnectionWait | undefined {
  const { flight, contact, sizes } = conn;
  const unsent = conn.finSent ? 0 : conn.unsentBytes;
  const isToSend = unsent > 0 || conn.isFinDue;
  const isProbing = flight > 0 && contact.retries > 0 && contact.isAnswered;
  if (conn.sndWnd === 0 && (isToSend || isProbing)) {
    const byteCount = unsent > 0 || conn.isFinDue ? unsent : textInFlight(conn);
    return timed(conn, "peer-window-shut", [ALARM.persist, ALARM.retransmission], byteCount);
  }
  if (flight > 0 && contact.retries > 0) return timed(conn, "loss-timeout", [ALARM.retransmission], textInFlight(conn));

  const room = conn.congestion.cwnd - inPipe(conn);
  if (conn.sent.hasDue) return { reason: "congestion-window", byteCount: unsent + conn.sent.dueBytes };
  if (!isToSend) return undefined;
  const usable = seqDiff(seqAdd(conn.sndUna, conn.sndWnd), conn.sndNxt);
  const segment = Math.min(unsent, sizes.effSndMss);
  if (usable <= 0 || usable < segment) return timed(conn, "peer-window", [ALARM.persist], unsent);
  if (segment > room) return { reason: "congestion-window", byteCount: unsent };
  if (unsent > 0 && unsent < sizes.effSndMss && flight > 0 && !conn.options.noDelay) return { reason: "nagle", byteCount: unsent };
  return undefined;
}

function waitForAnswer(conn: ControlBlock): ConnectionWait {
  const text = textInFlight(conn);
  if (text > 0) return { reason: "acknowledgement", byteCount: text };
  if (conn.alarms.isPending(ALARM.delayedAck)) return timed(conn, "delayed-ack", [ALARM.delayedAck]);
  if (conn.readableBytes > 0 && !conn.receiveShut) return { reason: "unread", byteCount: conn.readableBytes };
  if (conn.finSent && !conn.isFinAcked) return { reason: "fin-acknowledgement" };
  if (conn.state === "FIN-WAIT-2") return timed(conn, "peer-fin", [ALARM.finWait2]);
  return { reason: conn.state === "CLOSE-WAIT" ? "own-close" : "nothing-to-do" };
}

/** Without the FIN. */
const textInFlight = (conn: ControlBlock): number => Math.max(0, conn.flight - (conn.finSent && !conn.isFinAcked ? 1 : 0));

/** With the first of the alarms that is set, if one is. */
function timed(conn: ControlBlock, reason: ConnectionWait["reason"], alarms: readonly number[], byteCount?: number): ConnectionWait {
  const wait = byteCount === undefined ? { reason } : { reason, byteCount };
  const alarm = alarms.find((each) => conn.alarms.isPending(each));
  return alarm === undefined ? wait : { ...wait, timer: ALARM_NAMES[alarm]!, untilMs: conn.alarms.deadlineOf(alarm) };
}
