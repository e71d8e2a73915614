import { seqAdd } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import { NOTHING_SENT } from "./sent-pool.ts";

/** `length` sequence numbers at SND.NXT have left for the first time, a FIN counted. */
export function textLeft(conn: ControlBlock, length: number): void {
  if (conn.sent === NOTHING_SENT) conn.sent = conn.owner.sentLogs.take(conn.sndUna);
  conn.sndNxt = seqAdd(conn.sndNxt, length);
  conn.sent.append(conn.sndNxt, conn.sizes.effSndMss, conn.context.now);
  conn.loss.prr?.sent(length);
}
