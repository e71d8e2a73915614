import { type Seq, seqDiff, seqMin } from "../core/seq.ts";
import { MAX_SACK_BLOCKS } from "../packet/tcp-options.ts";
import type { ControlBlock } from "./control-block.ts";

/** [left, right) has come, and part of it before: the next segment says so. The first of a turn stands. */
export function cameTwice(conn: ControlBlock, left: Seq, right: Seq): void {
  if (!conn.sackPermitted || conn.duplicate !== undefined || seqDiff(right, left) <= 0) return;
  conn.duplicate = { left, right };
}

/** Text below RCV.NXT has come once more. */
export function cameAgain(conn: ControlBlock, left: Seq, right: Seq): void {
  cameTwice(conn, left, seqMin(right, conn.receiveBuffer.rcvNxt));
}

/** The SACK blocks of the next segment: what came twice (RFC 2883 §4), and what we hold out of order (RFC 2018 §4). */
export class SackBlocks {
  readonly left = new Uint32Array(MAX_SACK_BLOCKS);
  readonly right = new Uint32Array(MAX_SACK_BLOCKS);
  count = 0;

  /** First what came twice, which is told once; then the block with what arrived last, then those reported before it. */
  gather(conn: ControlBlock): void {
    const { outOfOrder } = conn.receiveBuffer;
    let at = 0;
    if (conn.duplicate !== undefined) {
      this.left[at] = conn.duplicate.left;
      this.right[at] = conn.duplicate.right;
      at++;
      conn.duplicate = undefined;
    }
    if (outOfOrder.count > 0) {
      for (const range of conn.receiveBuffer.recentRanges(room(conn) - at)) {
        this.left[at] = outOfOrder.start(range);
        this.right[at] = outOfOrder.end(range);
        at++;
      }
    }
    this.count = at;
  }
}

/** Beside timestamps there is room for one block less. */
const room = (conn: ControlBlock): number => (conn.timestamps !== undefined ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS);

/** Bytes of SACK option that each segment carries now. */
export function sackLength(conn: ControlBlock): number {
  const blocks = conn.receiveBuffer.outOfOrder.count + (conn.duplicate === undefined ? 0 : 1);
  return conn.sackPermitted && blocks > 0 ? 4 + 8 * Math.min(blocks, room(conn)) : 0;
}
