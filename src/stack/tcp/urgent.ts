import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import { NOTICE } from "./notices.ts";
import type { Segment } from "./segment.ts";
import { untilRecordEnd } from "./text-cutting.ts";
import { MAX_URGENT_MARKS } from "./urgent-marks.ts";
import { UrgentState } from "./urgent-state.ts";

/** The pointer has 16 bits: a mark further away is announced by a later segment. */
const FARTHEST = 0xffff;

/** The user has written urgent data up to the end of the send queue. */
export function urgentWritten(conn: ControlBlock): void {
  conn.urgent ??= new UrgentState();
  const { sent } = conn.urgent;
  // Of too many the newest take the place of their predecessor, as everywhere where there is only one pointer.
  if (sent.length >= MAX_URGENT_MARKS) sent.pop();
  sent.push(conn.sendBuffer.end);
  // A window that holds nothing does not hold up the news.
  if (seqDiff(conn.sndNxt, conn.sndUna) >= conn.sndWnd) conn.turn.ackNow = true;
}

export function urgentAcknowledged(conn: ControlBlock, until: Seq): void {
  const sent = conn.urgent?.sent;
  while (sent !== undefined && sent.length > 0 && seqDiff(until, sent[0]!) >= 0) sent.shift();
}

/** What the urgent pointer of a segment that begins at `from` says; 0 for a segment that has none. */
export function urgentPointerAt(conn: ControlBlock, from: Seq): number {
  const sent = conn.urgent?.sent;
  if (sent === undefined) return 0;
  for (const mark of sent) {
    const ahead = seqDiff(mark, from);
    if (ahead > 0) return ahead <= FARTHEST ? ahead : 0;
  }
  return 0;
}

/**
 * How much text a segment from `from` may have: none goes beyond a mark or the end of a record, and one that announces a mark is a segment by itself, since a device
 * that cuts it would give each part the same pointer.
 */
export function untilMark(conn: ControlBlock, from: Seq, most: number): number {
  const ahead = urgentPointerAt(conn, from);
  const inRecord = Math.min(most, untilRecordEnd(conn, from));
  return ahead === 0 ? inRecord : Math.min(inRecord, ahead, conn.sizes.effSndMss);
}

/** Sixth of RFC 9293 §3.10.7.4: RCV.UP moves forward only, and is believed of bytes that are to come, wherever it points. */
export function urgentArrives(conn: ControlBlock, seg: Segment): void {
  if (seg.urgentPointer === 0 || conn.receiveShut || conn.isOrphan) return;
  const mark = seqAdd(seg.seq, seg.urgentPointer);
  if (seqDiff(mark, conn.rcvNxt) <= 0) return;
  conn.urgent ??= new UrgentState();
  const { urgent } = conn;
  const isWithin = seg.urgentPointer <= seg.textLength && seqDiff(conn.rcvAdv, mark) >= 0;
  if (isWithin && urgent.within.length < MAX_URGENT_MARKS && !urgent.within.includes(mark)) {
    urgent.within.push(mark);
    urgent.within.sort(seqDiff);
  }
  if (urgent.announced !== undefined && seqDiff(mark, urgent.announced) <= 0) return;
  urgent.announced = mark;
  conn.notify(NOTICE.urgent);
}

/** Text has come in its turn: urgent bytes among it are marked. */
export function urgentCame(conn: ControlBlock): void {
  const { urgent } = conn;
  if (urgent === undefined) return;
  const { within, announced } = urgent;
  const { rcvNxt } = conn.receiveBuffer;
  const hasCome = (mark: Seq | undefined): mark is Seq => mark !== undefined && seqDiff(rcvNxt, mark) >= 0;
  if (hasCome(announced)) {
    urgent.announced = undefined;
    if (within.at(-1) !== announced) within.push(announced);
  }
  while (hasCome(within[0])) {
    conn.receiveBuffer.markUrgent(seqAdd(within.shift()!, -1), !conn.options.urgentInline);
    urgent.count++;
    conn.notify(NOTICE.urgent);
  }
}

/** The stream has ended: what was announced beyond its end will never come. */
export function urgentEnded(conn: ControlBlock): void {
  if (conn.urgent === undefined) return;
  conn.urgent.announced = undefined;
  conn.urgent.within.length = 0;
}
