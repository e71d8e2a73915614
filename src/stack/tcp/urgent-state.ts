import type { Seq } from "../core/seq.ts";

/**
 * Urgent data, RFC 9293 §3.8.5, as RFC 6093 has it: the pointer names the octet behind the urgent data. Every write of urgent data has its
 * mark, which the segments before it announce and the segment that ends there reaches.
 */
export class UrgentState {
  /** Ends of urgent writes that the peer has not acknowledged, oldest first; the last is SND.UP. */
  readonly sent: Seq[] = [];
  /** RCV.UP while what it names has not come. */
  announced: Seq | undefined;
  /** Marks in or at the end of the very text that brought them, in order: a later pointer does not take their place. */
  readonly within: Seq[] = [];
  /** Urgent bytes that have come in their turn, from the beginning. */
  count = 0;
}
