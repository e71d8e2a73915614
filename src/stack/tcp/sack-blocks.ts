import { MAX_SACK_BLOCKS } from "../packet/tcp-options.ts";
import type { ControlBlock } from "./control-block.ts";

/** The SACK blocks of the next segment: what we hold out of order, RFC 2018 §4. */
export class SackBlocks {
  readonly left = new Uint32Array(MAX_SACK_BLOCKS);
  readonly right = new Uint32Array(MAX_SACK_BLOCKS);
  count = 0;

  /** First the block with what arrived last, then others in order. */
  gather(conn: ControlBlock): void {
    const { outOfOrder } = conn.receiveBuffer;
    const first = conn.receiveBuffer.newestRange;
    this.count = Math.min(outOfOrder.count, room(conn));
    for (let i = 0; i < this.count; i++) {
      const range = (first + i) % outOfOrder.count;
      this.left[i] = outOfOrder.start(range);
      this.right[i] = outOfOrder.end(range);
    }
  }
}

/** Beside timestamps there is room for one block less. */
const room = (conn: ControlBlock): number => (conn.timestamps !== undefined ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS);

/** Bytes of SACK option that each segment carries now. */
export function sackLength(conn: ControlBlock): number {
  const gaps = conn.receiveBuffer.outOfOrder.count;
  return conn.sackPermitted && gaps > 0 ? 4 + 8 * Math.min(gaps, room(conn)) : 0;
}
