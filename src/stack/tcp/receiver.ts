import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import { FIN } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { ControlBlock } from "./control-block.ts";
import { NOTICE } from "./notices.ts";
import { QuickAcks } from "./quick-acks.ts";
import { cameAgain, cameTwice } from "./sack-blocks.ts";
import type { Segment } from "./segment.ts";
import { mssOfPath } from "./segment-size.ts";
import { urgentCame, urgentEnded } from "./urgent.ts";

/**
 * The receiving half: taking text in, and what to tell the peer about it. ACKs are decided here and leave once, at the end of the
 * turn, however many segments came in it (RFC 9293 MUST-58, MUST-59).
 */

/** Seventh and eighth of RFC 9293 §3.10.7.4: the text of a segment, which begins at `from`, and the FIN behind it. */
export function acceptTextAndFin(conn: ControlBlock, seg: Segment, from: Seq): SegmentVerdict {
  const verdict = seg.textLength > 0 ? acceptText(conn, seg, from) : "accepted";
  if (seg.has(FIN)) keepFin(conn, seqAdd(from, seg.textLength));
  if (conn.finSeq === conn.receiveBuffer.rcvNxt) countFin(conn);
  return verdict;
}

/** A FIN within the window is held as text is, until everything before it is here (SHLD-31); the first one counts. */
function keepFin(conn: ControlBlock, finSeq: Seq): void {
  acknowledgeSoon(conn);
  const { rcvNxt, outOfOrder } = conn.receiveBuffer;
  const ahead = seqDiff(finSeq, rcvNxt);
  // One whose text was cut off by the window comes again with that text.
  if (conn.finSeq !== undefined || ahead < 0 || seqDiff(conn.rcvAdv, finSeq) < 0) return;
  // Text beyond it is held already: one of the two is false, and only a FIN that needs no waiting is believed.
  const { count } = outOfOrder;
  if (ahead > 0 && count > 0 && seqDiff(outOfOrder.end(count - 1), finSeq) > 0) return;
  conn.finSeq = finSeq;
}

/** Everything before the FIN is here. */
function countFin(conn: ControlBlock): void {
  acknowledgeSoon(conn);
  conn.finReceived = true;
  urgentEnded(conn);
  if (seqDiff(conn.rcvAdv, conn.rcvNxt) < 0) conn.rcvAdv = conn.rcvNxt;
  conn.notify(NOTICE.endOfStream);
  switch (conn.state) {
    case "ESTABLISHED":
      conn.become("CLOSE-WAIT");
      return;
    case "FIN-WAIT-1":
      // Our FIN is not acknowledged: the ACK field came first and would have led to FIN-WAIT-2.
      conn.become("CLOSING");
      return;
    case "FIN-WAIT-2":
      conn.owner.enterTimeWait(conn);
      return;
    default:
  }
}

/** Takes in text, trimmed to the window and to the FIN if that came first. */
function acceptText(conn: ControlBlock, seg: Segment, from: Seq): SegmentVerdict {
  const buffer = conn.receiveBuffer;
  let at = seg.textAt;
  let end = seg.textEnd;
  let start = from;
  const old = seqDiff(buffer.rcvNxt, start);
  if (old > 0) {
    cameAgain(conn, from, seqAdd(from, end - at));
    troubled(conn);
    if (old >= end - at) {
      acknowledgeSoon(conn);
      return "text-duplicate";
    }
    at += old;
    start = buffer.rcvNxt;
    conn.turn.ackNow = true;
  }
  const room = seqDiff(conn.finSeq ?? conn.rcvAdv, start);
  if (end - at > room) end = at + Math.max(0, room);
  if (end === at) {
    acknowledgeSoon(conn);
    return "outside-window";
  }

  const text = end - at;
  if (seg.pieces > 0) conn.sizes.rcvMss = Math.max(conn.sizes.rcvMss, Math.min(Math.ceil(text / seg.pieces), mssOfPath(conn)));
  const before = buffer.rcvNxt;
  const readableBefore = buffer.readableBytes;
  const hadGap = buffer.outOfOrder.count > 0;
  const heldBefore = buffer.outOfOrder.bytes;
  const stored = buffer.store(start, seg.bytes, at, end);
  if (!stored) {
    acknowledgeSoon(conn);
    return "out-of-order-cap";
  }
  const advanced = seqDiff(buffer.rcvNxt, before);
  if (advanced === 0) {
    // RFC 2883 §4.1: beyond a gap all of it was here already.
    if (buffer.outOfOrder.bytes === heldBefore) cameTwice(conn, start, seqAdd(start, text));
    troubled(conn);
    acknowledgeSoon(conn);
    return "accepted";
  }
  conn.bytesReceived += advanced;
  conn.contact.lastTextReceivedMs = conn.context.now;
  // Text that is new shows that our acknowledgements arrive.
  conn.path.confirm();
  // RFC 5681 §4.2: filling a gap is acknowledged at once.
  if (hadGap) conn.turn.ackNow = true;
  urgentCame(conn);
  if (conn.receiveShut) discard(conn, buffer.readableBytes);
  else if (buffer.readableBytes > readableBefore) conn.notify(NOTICE.readable);
  textCame(conn);
  acknowledgeByAndBy(conn);
  return "accepted";
}

function textCame(conn: ControlBlock): void {
  const { now, profile } = conn.context;
  if (profile.quickAcks === 0) return;
  conn.quickAcks ??= new QuickAcks(profile.quickAcks, now);
  conn.quickAcks.textCame(now, conn.rtt.timeoutMs, profile.quickAcks);
}

function troubled(conn: ControlBlock): void {
  conn.quickAcks?.troubled(conn.context.profile.quickAcks);
}

/** An ACK leaves at the end of this turn. */
export function acknowledgeSoon(conn: ControlBlock): void {
  conn.turn.ackNow = true;
  conn.owner.wantsOutput(conn);
}

/**
 * The rule of every second segment is meant for paths of ordinary segments. Where one is this large (loopback), a sender with an
 * ordinary send buffer has nothing more to send until it is acknowledged, so that waiting for the second would be waiting for the timer.
 */
const LARGE_SEGMENT = 16 * 1024;

/**
 * Delayed ACK, RFC 9293 §3.8.6.3: at once for every second full segment, and for half a receive buffer, beyond which no second one may
 * come; otherwise within the profile's delay.
 */
function acknowledgeByAndBy(conn: ControlBlock): void {
  const { profile } = conn.context;
  const { rcvMss } = conn.sizes;
  const unacknowledged = seqDiff(conn.rcvNxt, conn.lastAckSent);
  const often = profile.ackBeyondOneSegment ? rcvMss + 1 : profile.ackEverySegments * rcvMss;
  const wanted = rcvMss >= LARGE_SEGMENT ? LARGE_SEGMENT : often;
  if (conn.quickAcks?.isQuick === true) conn.turn.ackNow = true;
  else if (unacknowledged >= Math.min(wanted, conn.receiveBuffer.limit >>> 1)) conn.turn.ackNow = true;
  else if (!conn.alarms.isPending(ALARM.delayedAck)) conn.alarms.set(ALARM.delayedAck, profile.delayedAckMs);
  conn.owner.wantsOutput(conn);
}

/**
 * The window field's value in bytes for a segment that leaves now. The right edge never moves back (RFC 9293 §3.8.6.2.1), and moves
 * forward only by a worthwhile step (SWS avoidance, §3.8.6.2.2).
 */
export function windowToOffer(conn: ControlBlock): number {
  const edge = seqAdd(conn.receiveBuffer.rcvNxt, offerableCapacity(conn) - conn.readableBytes);
  const step = seqDiff(edge, conn.rcvAdv);
  if (step >= Math.min(conn.receiveBuffer.limit >>> 1, conn.sizes.rcvMss)) conn.rcvAdv = edge;
  const window = conn.rcvWnd;
  // What is told must be what was meant: round to the shift.
  const told = Math.min(window >>> conn.rcvWindShift, 65535);
  return told << conn.rcvWindShift;
}

const offerableCapacity = (conn: ControlBlock): number => Math.min(conn.receiveBuffer.limit, 65535 << conn.rcvWindShift);

/** Takes up to `count` readable bytes that nobody wants. @returns how many there were */
export function discard(conn: ControlBlock, count: number): number {
  const taken = Math.min(count, conn.readableBytes);
  conn.receiveBuffer.discard(taken);
  if (taken > 0) considerWindowUpdate(conn, taken);
  return taken;
}

/** The user has read `count` bytes: perhaps the peer should hear of the room, and perhaps the buffer should grow. */
export function considerWindowUpdate(conn: ControlBlock, count: number): void {
  if (conn.context.trace.isOn) conn.owner.touched(conn);
  if (conn.isReleased || conn.finReceived || conn.state === "CLOSED" || conn.state === "SYN-SENT") return;
  tuneCapacity(conn, count);
  const capacity = offerableCapacity(conn);
  const room = capacity - conn.readableBytes;
  const gain = room - seqDiff(conn.rcvAdv, conn.receiveBuffer.rcvNxt);
  // An update of its own is worth a segment when the window had shrunk to half; otherwise the ACKs of the data carry it.
  if (gain >= Math.min(capacity >>> 1, 2 * conn.sizes.rcvMss) && conn.rcvWnd <= capacity >>> 1) acknowledgeSoon(conn);
}

/**
 * Receive-buffer tuning: when the user keeps up with a whole buffer's worth of data, the buffer is what holds the sender back, so it
 * doubles up to the profile's limit. Memory is taken as data fills it, not as the window grows. SO_RCVBUF turns this off.
 */
function tuneCapacity(conn: ControlBlock, count: number): void {
  const { receiveBuffer, options, context } = conn;
  if (!receiveBuffer.keepsUp(count, context.now) || options.receiveBufferBytes !== undefined) return;
  receiveBuffer.limit = Math.min(receiveBuffer.limit * 2, Math.max(context.profile.receiveBufferMaxBytes, receiveBuffer.limit));
}
