import { seqAdd, seqDiff } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import { NOTICE } from "./notices.ts";
import type { Segment } from "./segment.ts";
import { mssOfPath } from "./segment-size.ts";

/** The text that goes with the SYN of an active open, by TCP Fast Open (RFC 7413 §4.2.2). */

/** Bytes of options that a SYN with text leaves room for. */
const OPTION_ROOM = 40;

/** Before the first SYN of an active open leaves. @returns how many bytes of the send queue go with it */
export function prepareFastOpen(conn: ControlBlock): number {
  const { opening, owner, options, remote, sendBuffer } = conn;
  if (opening === undefined || !options.fastOpen) return 0;
  opening.fastOpen = owner.fastOpen.optionTowards(remote);
  if (opening.fastOpen === undefined || opening.fastOpen.cookie.length === 0) return 0;
  const mss = Math.min(owner.fastOpen.mssOf(remote) || conn.path.defaultMss, mssOfPath(conn));
  return Math.max(0, Math.min(sendBuffer.length, mss - OPTION_ROOM));
}

/** The SYN-ACK has come: text of the SYN that it does not acknowledge is new text again (RFC 7413 §4.2.2). */
export function fastOpenAnswered(conn: ControlBlock, seg: Segment): void {
  const { opening, owner, options, remote, sendBuffer } = conn;
  if (opening === undefined || !options.fastOpen) return;
  if (opening.fastOpen !== undefined || opening.fastOpenWasLost)
    owner.fastOpen.answered(remote, conn.sizes.peerMss, seg.options, opening.fastOpenWasLost);
  const taken = seqDiff(seg.ack, seqAdd(conn.iss, 1));
  conn.sndNxt = seg.ack;
  if (taken <= 0) return;
  sendBuffer.acknowledge(seg.ack);
  conn.bytesSent += taken;
  conn.notify(NOTICE.writable);
}
