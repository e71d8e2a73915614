import type { SendResult } from "../ip/path.ts";
import type { FastOpenOption } from "./fast-open.ts";

/** What counts only until the handshake is over. Times on the host's clock, in milliseconds. */
export class Opening {
  /** The first SYN has not left yet. */
  synDue = false;
  /** What the peer still had of an old connection was reset since the last timeout. */
  hasResetOldConnection = false;
  /** The peer has completed the handshake and found no room in the accept queue. */
  awaitsRoom = false;
  /** SYN or SYN-ACK had to be sent again after one had left: nothing can be concluded from its time, and little from the path. */
  isSynRetransmitted = false;
  /** What became of the last SYN or SYN-ACK; one that waited for the neighbour's link address has no time to measure by. */
  synFate: SendResult | undefined;
  /** The option of Fast Open that the SYN or SYN-ACK carries. */
  fastOpen: FastOpenOption | undefined;
  /** The SYN that carried it was not answered, and is sent again without. */
  fastOpenWasLost = false;
  /** The SYN showed a good cookie: its text is the user's before the handshake is over. */
  isFast = false;
  /** It was ended by a reset. */
  wasReset = false;
  /** Of the try that is timed. */
  synSentMs = 0;

  /** A SYN or SYN-ACK was tried. One that never left the host, since ARP was slow, was not lost by the path. */
  synTried(fate: SendResult, nowMs: number): void {
    const before = this.synFate;
    const hasLeft = before === "sent" || (before === "queued" && (fate === "sent" || fate === "full"));
    if (hasLeft) this.isSynRetransmitted = true;
    else this.synSentMs = nowMs;
    this.synFate = fate;
  }

  /**
   * Whether the time since `synSentMs` is a round trip of the handshake. The wait of an only try for ARP belongs to it, as it will to the
   * next after a quiet time; of one that was tried again meanwhile nobody knows which copy left.
   */
  isTimed(retries: number): boolean {
    return !this.isSynRetransmitted && (this.synFate === "sent" || retries === 0);
  }
}
