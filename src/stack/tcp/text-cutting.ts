import { type Seq, seqDiff } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import type { WriteEnding } from "./tcp-user.ts";
import { TextCuts } from "./text-cuts.ts";

/** Ends of records that one connection remembers. Beyond so many, later ones are not kept: their text may share segments. */
const MAX_RECORDS = 1024;

/** The user has written up to the end of the send queue. */
export function textWritten(conn: ControlBlock, ending: WriteEnding | undefined): void {
  conn.textCuts ??= new TextCuts();
  conn.textCuts.moreComes = ending === "more";
  conn.textCuts.isOpenEnded = conn.textCuts.moreComes;
  const { recordEnds } = conn.textCuts;
  if (ending === "record" && recordEnds.length < MAX_RECORDS) recordEnds.push(conn.sendBuffer.end);
}

/** An acknowledgement has come, after which text is not held back for more (as in Linux). */
export function cutsAcknowledged(conn: ControlBlock): void {
  const cuts = conn.textCuts;
  if (cuts === undefined) return;
  while (cuts.recordEnds.length > 0 && seqDiff(conn.sndUna, cuts.recordEnds[0]!) >= 0) cuts.recordEnds.shift();
  if (!cuts.moreComes) return;
  cuts.moreComes = false;
  conn.owner.wantsOutput(conn);
}

/** Less than a full segment at the end of the send queue waits for more text. */
export const holdsTail = ({ options, textCuts }: ControlBlock): boolean =>
  textCuts?.isPushed !== true && (options.cork || textCuts?.moreComes === true);

/** Text from `from` to the end of its record; Infinity where no end is known. */
export function untilRecordEnd({ textCuts }: ControlBlock, from: Seq): number {
  if (textCuts === undefined) return Number.POSITIVE_INFINITY;
  for (const end of textCuts.recordEnds) {
    const ahead = seqDiff(end, from);
    if (ahead > 0) return ahead;
  }
  return Number.POSITIVE_INFINITY;
}
