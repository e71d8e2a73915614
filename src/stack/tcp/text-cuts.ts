import type { Seq } from "../core/seq.ts";

/** What the user has said of where its text may be cut, once it has said anything. */
export class TextCuts {
  /** Until another write, or an acknowledgement. */
  moreComes = false;
  /** The last write was one after which more comes: its end is none that the peer's user waits for. */
  isOpenEnded = false;
  /** What is held back leaves now, once. */
  isPushed = false;
  /** Ends of records that the peer has not acknowledged, oldest first. */
  readonly recordEnds: Seq[] = [];
}
