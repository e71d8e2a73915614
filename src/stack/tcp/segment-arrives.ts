import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { seqAdd, seqDiff } from "../core/seq.ts";
import { ACK, FIN, RST, SYN, URG } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { establish } from "./handshake.ts";
import { NOTICE } from "./notices.ts";
import { openingFailed, sendSyn } from "./opening-alarms.ts";
import { acceptTextAndFin, acknowledgeSoon } from "./receiver.ts";
import { acknowledgmentArrived } from "./recovery.ts";
import { sampleRtt } from "./round-trip.ts";
import { cameAgain } from "./sack-blocks.ts";
import type { Segment } from "./segment.ts";
import { cutsAcknowledged } from "./text-cutting.ts";
import { isOldTimestamp, rememberTimestamp } from "./timestamps.ts";
import { urgentArrives } from "./urgent.ts";
import { probeTaken, windowGrew } from "./zero-window.ts";

/**
 * SEGMENT ARRIVES in SYN-RECEIVED and all later states but TIME-WAIT, RFC 9293 §3.10.7.4, with the checks of RFC 5961 and PAWS.
 * @returns `accepted`, or why the segment was of no use
 */
export function segmentArrives(conn: ControlBlock, seg: Segment): SegmentVerdict {
  conn.contact.lastReceivedMs = conn.context.now;

  // Before the first: PAWS, RFC 7323 §5.3. A reset is judged by its number alone (§5.2).
  const { timestamps } = conn;
  if (timestamps !== undefined && !seg.has(RST)) {
    if (!seg.options.hasTimestamps) {
      // Once agreed they belong on every segment (§3.2); the ACK that ends a handshake is forgiven, since peers are known to omit it.
      if (conn.state !== "SYN-RECEIVED" && conn.context.profile.missingTimestamps === "drop") return "timestamp-missing";
    } else if (isOldTimestamp(timestamps, seg.options.tsVal, conn.context.now)) {
      answerUnacceptable(conn, seg);
      return "paws-rejected";
    }
  }

  // First: the sequence number.
  const acceptable = isAcceptable(conn, seg);
  if (acceptable === "no") {
    if (seg.has(RST)) return "rst-outside-window";
    if (conn.state === "SYN-RECEIVED" && seg.has(SYN) && seg.seq === conn.irs) return synAgain(conn, seg);
    answerUnacceptable(conn, seg);
    return "outside-window";
  }

  // Second: RST. Only the exact next number is believed at once (RFC 5961 §3.2).
  if (seg.has(RST)) {
    if (seg.seq !== conn.rcvNxt) {
      conn.challenge();
      return "rst-challenged";
    }
    reset(conn);
    return "accepted";
  }

  // Third, security, is not used. Fourth: a SYN in a synchronized connection is questioned, never obeyed (RFC 5961 §4.2).
  if (seg.has(SYN)) {
    conn.challenge();
    return "syn-challenged";
  }

  // Fifth: the ACK field.
  if (!seg.has(ACK)) return "ack-missing";
  const verdict = checkAck(conn, seg);
  if (verdict !== undefined) return verdict;
  if (conn.isReleased) return "accepted";
  // Only now, so that a stranger who guesses a number in the window cannot set it (RFC 5961 §5).
  rememberTimestamp(conn, seg);

  // Sixth: the URG bit, which says nothing after the peer's FIN.
  if (seg.has(URG) && (conn.state === "ESTABLISHED" || conn.state === "FIN-WAIT-1" || conn.state === "FIN-WAIT-2"))
    urgentArrives(conn, seg);

  // Seventh: the text, and eighth: the FIN.
  if (seg.textLength > 0 || seg.has(FIN)) return receive(conn, seg, acceptable === "window-closed");
  return "accepted";
}

/**
 * An ACK of where we stand. A segment with text deserves one each time, so that a probe of our window is never left alone, and a sender
 * learns of what it sent in vain; an empty one is bounded.
 */
function answerUnacceptable(conn: ControlBlock, seg: Segment): void {
  if (seg.length === 0 || seg.has(SYN)) {
    conn.challenge();
    return;
  }
  cameAgain(conn, seg.seq, seqAdd(seg.seq, seg.textLength));
  acknowledgeSoon(conn);
}

/**
 * The peer's SYN once more. With an ACK of ours it is the SYN-ACK of a simultaneous open (RFC 9293 §3.5, figure 8) and completes the
 * handshake; without, our SYN-ACK was lost, or somebody plays: it is answered at most twice a second.
 */
function synAgain(conn: ControlBlock, seg: Segment): SegmentVerdict {
  if (seg.has(ACK)) {
    const verdict = checkAck(conn, seg);
    if (verdict !== undefined) return verdict;
    acknowledgeSoon(conn);
    return "accepted";
  }
  if (conn.mayAnswer()) sendSyn(conn, SYN | ACK);
  return "syn-duplicate";
}

/** The four cases of RFC 9293 table 6. `window-closed`: the text must be left out, but RST, ACK and URG count (MUST-66). */
function isAcceptable(conn: ControlBlock, seg: Segment): "yes" | "no" | "window-closed" {
  const from = seqDiff(seg.seq, conn.rcvNxt);
  const window = conn.rcvWnd;
  if (seg.length === 0) {
    if (window === 0) return from === 0 ? "yes" : "no";
    return from >= 0 && from < window ? "yes" : "no";
  }
  if (window === 0) return from === 0 ? "window-closed" : "no";
  const last = from + seg.length - 1;
  return (from >= 0 && from < window) || (last >= 0 && last < window) ? "yes" : "no";
}

function reset(conn: ControlBlock): void {
  switch (conn.state) {
    case "SYN-RECEIVED":
      openingFailed(conn, "refused");
      return;
    case "CLOSING":
    case "LAST-ACK":
      conn.notify(NOTICE.finished);
      conn.release();
      return;
    default:
      conn.breakOff("reset");
  }
}

/** @returns why the segment ends here, or undefined to go on */
function checkAck(conn: ControlBlock, seg: Segment): SegmentVerdict | undefined {
  const ahead = seqDiff(seg.ack, conn.sndNxt);
  if (ahead === 1 && conn.probes?.at === conn.sndNxt) probeTaken(conn);
  else if (ahead > 0 && conn.state !== "SYN-RECEIVED") {
    conn.challenge();
    return "ack-of-unsent";
  }

  if (conn.state === "SYN-RECEIVED") {
    if (seqDiff(seg.ack, conn.sndUna) <= 0 || ahead > 0) {
      conn.owner.emitControl(conn, RST, seg.ack, conn.rcvNxt);
      return "ack-of-unsent";
    }
    if (!conn.owner.handshakeDone(conn)) return "accept-queue-full";
    if (conn.isReleased) return "accepted";
    conn.sndUna = seqAdd(conn.iss, 1);
    const { opening } = conn;
    if (conn.isPassive && opening?.isTimed(conn.contact.retries)) sampleRtt(conn, conn.context.now - opening.synSentMs);
    establish(conn);
    updateWindow(conn, seg);
    conn.owner.wantsOutput(conn);
  }

  // RFC 5961 §5.2: too old to be from this connection's recent past.
  if (seqDiff(conn.sndUna, seg.ack) > Math.max(conn.maxSndWnd, 65535)) {
    conn.challenge();
    return "ack-too-old";
  }

  const windowBefore = conn.sndWnd;
  updateWindow(conn, seg);
  acknowledgmentArrived(conn, seg, windowBefore !== conn.sndWnd);
  cutsAcknowledged(conn);

  if (conn.isFinAcked) {
    switch (conn.state) {
      case "FIN-WAIT-1":
        conn.become("FIN-WAIT-2");
        conn.notify(NOTICE.finished);
        if (conn.isOrphan) conn.alarms.set(ALARM.finWait2, conn.context.profile.finWait2Ms);
        break;
      case "CLOSING":
        conn.notify(NOTICE.finished);
        conn.owner.enterTimeWait(conn);
        break;
      case "LAST-ACK":
        conn.notify(NOTICE.finished);
        conn.release();
        break;
      default:
    }
  }
  return undefined;
}

/** RFC 9293 §3.10.7.4, fifth: only a segment that is not older than the last one that set the window may set it. */
function updateWindow(conn: ControlBlock, seg: Segment): void {
  if (seqDiff(seg.ack, conn.sndUna) < 0) return;
  const fresher = seqDiff(seg.seq, conn.sndWl1);
  if (fresher < 0 || (fresher === 0 && seqDiff(seg.ack, conn.sndWl2) < 0)) return;
  const before = conn.sndWnd;
  conn.sndWnd = seg.window * 2 ** conn.sndWindShift;
  conn.maxSndWnd = Math.max(conn.maxSndWnd, conn.sndWnd);
  conn.sndWl1 = seg.seq;
  conn.sndWl2 = seg.ack;
  if (conn.sndWnd > before) {
    windowGrew(conn, before === 0);
    conn.owner.wantsOutput(conn);
  }
}

function receive(conn: ControlBlock, seg: Segment, windowClosed: boolean): SegmentVerdict {
  switch (conn.state) {
    case "ESTABLISHED":
    case "FIN-WAIT-1":
    case "FIN-WAIT-2":
      break;
    default:
      // The peer has sent its FIN: what comes now is a repetition, answered by where we stand.
      acknowledgeSoon(conn);
      return "text-after-fin";
  }
  if (windowClosed) {
    acknowledgeSoon(conn);
    return "window-closed";
  }
  if (conn.isOrphan && seg.textLength > 0 && seqDiff(seqAdd(seg.seq, seg.textLength), conn.rcvNxt) > 0) {
    conn.refuseText(conn.context.profile.lateTextReset === "answer" ? seg.ack : undefined);
    return "text-after-close";
  }
  return acceptTextAndFin(conn, seg, seg.seq);
}
