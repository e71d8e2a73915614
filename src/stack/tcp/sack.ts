import { seqDiff } from "../core/seq.ts";
import * as tcpOptions from "../packet/tcp-options.ts";
import type { ControlBlock } from "./control-block.ts";
import { lossOf } from "./loss-state.ts";
import type { Segment } from "./segment.ts";
import type { DeliveryNews } from "./sent.ts";

/** What the SACK blocks of an acknowledgement say, RFC 2018 §5; the first of them may be a D-SACK (RFC 2883 §4). */
export function sackArrived(conn: ControlBlock, seg: Segment, news: DeliveryNews): void {
  const { options } = seg;
  for (let i = 0; i < options.sackBlocks; i++) {
    const left = tcpOptions.sackLeftEdge(options, i);
    const right = tcpOptions.sackRightEdge(options, i);
    const length = seqDiff(right, left);
    if (length <= 0) continue;
    if (i === 0 && isDuplicate(seg)) {
      duplicateArrived(conn, seg);
      continue;
    }
    // Outside of what is outstanding is nonsense. The right edge is held against the left one only now: of a block far away it may lie on
    // either side of SND.NXT.
    const isOutstanding = seqDiff(left, conn.sndUna) >= 0 && seqDiff(left, conn.sndNxt) < 0 && seqDiff(left, seg.ack) >= 0;
    if (isOutstanding && seqDiff(right, conn.sndNxt) <= 0) conn.sent.sack(left, right, conn.sizes.sndMss, news);
  }
}

/** RFC 2883 §4: the first block lies below the acknowledgement of the same segment, or within the second block. */
function isDuplicate({ ack, options }: Segment): boolean {
  const left = tcpOptions.sackLeftEdge(options, 0);
  const right = tcpOptions.sackRightEdge(options, 0);
  if (seqDiff(right, ack) <= 0) return true;
  if (options.sackBlocks < 2) return false;
  const outerLeft = tcpOptions.sackLeftEdge(options, 1);
  const outerRight = tcpOptions.sackRightEdge(options, 1);
  return seqDiff(left, outerLeft) >= 0 && seqDiff(right, outerRight) <= 0;
}

/** The peer has received the first block twice. Only what was ever sent, and lately, is believed. */
function duplicateArrived(conn: ControlBlock, { options }: Segment): void {
  const left = tcpOptions.sackLeftEdge(options, 0);
  const right = tcpOptions.sackRightEdge(options, 0);
  const isPlausible = seqDiff(right, conn.sndNxt) <= 0 && seqDiff(conn.sndUna, left) <= Math.max(conn.maxSndWnd, 65_535);
  if (!isPlausible) return;
  const loss = lossOf(conn);
  conn.owner.recoveries.duplicateSacks++;
  loss.rack.duplicateArrived(conn.sndUna, conn.sndNxt);
  loss.undo?.duplicateArrived(left, right);
  // RFC 8985 §7.4.2: the probe arrived beside its original.
  if (loss.probe?.isResent) loss.probe = undefined;
}
