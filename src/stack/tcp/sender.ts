import { seqAdd, seqDiff } from "../core/seq.ts";
import { ACK, FIN, PSH } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { isTailUnheard, watchAfterResend, watchAfterSend } from "./loss-alarms.ts";
import { lossOf } from "./loss-state.ts";
import { inPipe, type LostRange, nextRetransmission } from "./recovery.ts";
import { sackLength } from "./sack-blocks.ts";
import { fitPath } from "./segment-size.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { textLeft } from "./sent-text.ts";
import { prepareFastOpen } from "./syn-text.ts";
import { tailProbeLeft } from "./tail-loss-probe.ts";
import { holdsTail, untilRecordEnd } from "./text-cutting.ts";
import { timestampNow } from "./timestamps.ts";
import { untilMark, urgentPointerAt } from "./urgent.ts";
import { armPersist } from "./zero-window.ts";

/** Text in one super-segment at most: what fits one IP datagram, in whole segments. */
const SUPER_SEGMENT = 65_535 - 120;
/** Transmissions of one connection in one turn, so that no connection keeps the others waiting. */
const SEGMENTS_PER_TURN = 64;

const lost: LostRange = { start: 0 as LostRange["start"], length: 0 };

/** What became of a connection's wish to send. `blocked`: the device is full; `again`: its share of this turn is used up. */
export type OutputResult = "done" | "again" | "blocked";

/**
 * Sends what may leave now: lost ranges first, then new text by the window, congestion and Nagle, then the FIN, and a bare ACK when
 * nothing else carried it.
 */
export function output(conn: ControlBlock, writer: SegmentWriter): OutputResult {
  if (conn.isReleased || conn.state === "CLOSED") return "done";
  if (conn.state === "SYN-SENT") return conn.opening?.synDue ? openWithSyn(conn, writer) : "done";
  if (conn.state === "SYN-RECEIVED") return conn.turn.ackNow ? acknowledge(conn, writer) : "done";
  fitPath(conn);
  conn.sizes.effSndMss = conn.sizes.sndMss - sackLength(conn);
  const largest = conn.path.cutsSegments ? SUPER_SEGMENT - (SUPER_SEGMENT % conn.sizes.effSndMss) : conn.sizes.effSndMss;
  idleRestart(conn);

  conn.turn.cwndLimited = false;
  if (conn.loss.probeDue && !probeTail(conn, writer)) return "blocked";
  let sent = 0;
  let hasNew = false;
  let isBlocked = false;
  for (; sent < SEGMENTS_PER_TURN; sent++) {
    const room = conn.congestion.cwnd - inPipe(conn);
    if (!conn.loss.prefersNew && nextRetransmission(conn, lost)) {
      if (!conn.loss.retransmitAtOnce && room < Math.min(lost.length, conn.sizes.effSndMss)) {
        conn.turn.cwndLimited = true;
        break;
      }
      const limit = Math.max(conn.sizes.effSndMss, Math.min(largest, wholeSegments(conn, room)));
      if (!retransmit(conn, writer, Math.min(lost.length, limit))) {
        isBlocked = true;
        break;
      }
      continue;
    }
    const step = sendNew(conn, writer, room, largest, false);
    if (step === "sent") hasNew = true;
    else if (step === "blocked") {
      isBlocked = true;
      break;
    } else if (conn.loss.prefersNew && seqDiff(conn.sndNxt, conn.loss.recoveryPoint) <= 0) noNewText(conn);
    else break;
  }
  if (hasNew) watchAfterSend(conn);
  if (hasNew || conn.turn.cwndLimited) conn.turn.windowUse.sent(conn.turn.cwndLimited, conn.sndUna, conn.sndNxt);
  if (isBlocked) return "blocked";
  if (conn.turn.ackNow && acknowledge(conn, writer) === "blocked") return "blocked";
  if (conn.textCuts !== undefined && sent < SEGMENTS_PER_TURN) conn.textCuts.isPushed = false;
  return sent === SEGMENTS_PER_TURN ? "again" : "done";
}

function openWithSyn(conn: ControlBlock, writer: SegmentWriter): OutputResult {
  const text = prepareFastOpen(conn);
  const fate = writer.syn(conn, text);
  if (fate === "full") return "blocked";
  conn.sndNxt = seqAdd(conn.iss, 1 + text);
  const { opening } = conn;
  if (opening !== undefined) {
    opening.synDue = false;
    opening.synTried(fate, conn.context.now);
  }
  return "done";
}

function retransmit(conn: ControlBlock, writer: SegmentWriter, wanted: number): boolean {
  const queued = Math.min(wanted, seqDiff(conn.sendBuffer.end, lost.start));
  const text = queued > 0 ? untilMark(conn, lost.start, queued) : queued;
  const length = text < queued ? text : wanted;
  const withFin = conn.finSent && text < length;
  const isEnd = seqAdd(lost.start, text) === conn.sendBuffer.end || text === untilRecordEnd(conn, lost.start);
  const flags = ACK | (withFin ? FIN : 0) | (text > 0 && isEnd ? PSH : 0);
  if (writer.data(conn, flags, lost.start, Math.max(0, text)) === "full") return false;
  const { sent, sizes, context } = conn;
  const loss = lossOf(conn);
  sent.resent(lost.start, seqAdd(lost.start, length), sizes.effSndMss, context.now);
  loss.retransmitAtOnce = false;
  loss.prr?.sent(length);
  loss.undo?.resent(length, conn.timestamps === undefined ? undefined : timestampNow(conn));
  conn.retransmissions++;
  conn.owner.recoveries.retransmissions++;
  watchAfterResend(conn, lost.start === conn.sndUna);
  return true;
}

/** After a timeout new text was to be tried first (RFC 5682 §3.1 step 2). There is none: what is lost is sent again. */
function noNewText(conn: ControlBlock): void {
  const loss = lossOf(conn);
  loss.prefersNew = false;
  loss.isDoubtful = false;
}

/** One segment of new text, or else the last that left once more, whatever the congestion window says (RFC 8985 §7.3). */
function probeTail(conn: ControlBlock, writer: SegmentWriter): boolean {
  const { effSndMss } = conn.sizes;
  // While the device was full an answer may have come.
  if (!isTailUnheard(conn)) {
    lossOf(conn).probeDue = false;
    return true;
  }
  const step = sendNew(conn, writer, effSndMss, effSndMss, true);
  if (step === "nothing") {
    const { sent, sndNxt } = conn;
    const length = Math.min(effSndMss, seqDiff(sndNxt, sent.startOf(sent.count - 1)));
    lost.start = seqAdd(sndNxt, -length);
    lost.length = length;
    if (!retransmit(conn, writer, length)) return false;
  }
  if (step !== "blocked") tailProbeLeft(conn, step === "nothing");
  return step !== "blocked";
}

/** One (super-)segment of new text, or the FIN. */
function sendNew(
  conn: ControlBlock,
  writer: SegmentWriter,
  room: number,
  largest: number,
  isProbe: boolean,
): "sent" | "nothing" | "blocked" {
  const unsent = conn.finSent ? 0 : seqDiff(conn.sendBuffer.end, conn.sndNxt);
  const finDue = conn.isFinDue;
  if (unsent === 0 && !finDue) return "nothing";

  const usable = seqDiff(seqAdd(conn.sndUna, conn.sndWnd), conn.sndNxt);
  const pointer = urgentPointerAt(conn, conn.sndNxt);
  let length = untilMark(conn, conn.sndNxt, Math.min(unsent, largest, usable));
  if (length > room) {
    conn.turn.cwndLimited = true;
    // Below zero when loss has shrunk the window under what is in flight; a FIN without text may leave even then.
    length = Math.max(0, wholeSegments(conn, room));
  }
  if (length > conn.sizes.effSndMss && !(length === unsent && mayBeSmall(conn, length, true, finDue))) length = wholeSegments(conn, length);
  const isLast = length === unsent;
  const endsRecord = length > 0 && length === untilRecordEnd(conn, conn.sndNxt);
  // Urgent data waits for nothing but the windows, nor does the end of a record for text that is none of it.
  const reachesMark = length > 0 && (length === pointer || (endsRecord && !isLast));

  // A FIN has a number of its own, for which the window must have room (RFC 9293 §3.4).
  if (length <= 0 && !(finDue && unsent === 0 && usable > 0)) {
    if (usable <= 0 && conn.flight === 0) armPersist(conn);
    return "nothing";
  }
  if (length < conn.sizes.effSndMss && length > 0 && !reachesMark && !isProbe && !mayBeSmall(conn, length, isLast, finDue)) {
    if (conn.flight === 0) armPersist(conn);
    return "nothing";
  }

  const withFin = finDue && isLast && (length === 0 || usable > length);
  const flags =
    ACK | (withFin ? FIN : 0) | (((isLast && conn.textCuts?.isOpenEnded !== true) || reachesMark || endsRecord) && length > 0 ? PSH : 0);
  const { lastSentMs } = conn.contact;
  if (writer.data(conn, flags, conn.sndNxt, length) === "full") return "blocked";

  if (conn.flight === 0) conn.congestion.onPause(conn.context.now - lastSentMs);
  textLeft(conn, length + (withFin ? 1 : 0));
  conn.bytesSent += length;
  if (length > 0 && length % conn.sizes.effSndMss !== 0) conn.lastSmallEnd = conn.sndNxt;
  if (withFin) finLeft(conn);
  // What was waited for has left: from now on the retransmission timer watches.
  conn.alarms.cancel(ALARM.persist);
  return "sent";
}

/** Nagle (RFC 9293 §3.7.4) and the sender's silly window avoidance (§3.8.6.2.1) for less than a full segment. */
function mayBeSmall(conn: ControlBlock, length: number, isLast: boolean, finDue: boolean): boolean {
  if (isLast) return finDue || (!holdsTail(conn) && (conn.options.noDelay || isFreeOfSmall(conn) || conn.textCuts?.isPushed === true));
  // Held back by the peer's window: worth sending when it is half of the largest ever offered.
  return length >= conn.maxSndWnd / 2;
}

/** Nothing is on its way that less than a full segment has to wait for. */
function isFreeOfSmall(conn: ControlBlock): boolean {
  if (conn.flight === 0) return true;
  return conn.context.profile.nagle === "minshall" && seqDiff(conn.lastSmallEnd, conn.sndUna) <= 0;
}

const wholeSegments = (conn: ControlBlock, bytes: number): number => bytes - (bytes % conn.sizes.effSndMss);

function finLeft(conn: ControlBlock): void {
  conn.finSent = true;
  if (conn.state === "ESTABLISHED") conn.become("FIN-WAIT-1");
  else if (conn.state === "CLOSE-WAIT") conn.become("LAST-ACK");
}

function acknowledge(conn: ControlBlock, writer: SegmentWriter): OutputResult {
  return writer.control(conn, ACK, conn.sndNxt, conn.rcvNxt) === "full" ? "blocked" : "done";
}

/** RFC 5681 §4.1: an old window says nothing about the network of today. */
function idleRestart(conn: ControlBlock): void {
  const { profile, now } = conn.context;
  if (!profile.cwndRestartAfterIdle || conn.flight > 0) return;
  if (now - conn.contact.lastSentMs > conn.rtt.timeoutMs) conn.congestion.onIdle();
}
