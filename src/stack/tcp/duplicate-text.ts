import type { Seq } from "../core/seq.ts";

/** What came twice: the D-SACK block of the next segment (RFC 2883 §4). */
export interface DuplicateText {
  readonly left: Seq;
  readonly right: Seq;
}
