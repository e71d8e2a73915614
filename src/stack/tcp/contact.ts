/** When the two sides last heard of each other, and how long the peer has acknowledged nothing. Times on the host's clock, in milliseconds. */
export class Contact {
  /** Timeouts, or unanswered SYNs, since the peer last acknowledged something. */
  retries = 0;
  /** When what the retransmission timer waits for was sent, once it has gone off. */
  troubleSinceMs: number | undefined;
  /** Of the last text or FIN, and of the last question for room. */
  lastSentMs = 0;
  lastReceivedMs = 0;
  lastTextReceivedMs = 0;

  /** The peer has acknowledged something. */
  acknowledged(): void {
    this.retries = 0;
    this.troubleSinceMs = undefined;
  }

  /** The peer was heard since the last try. */
  get isAnswered(): boolean {
    return this.lastReceivedMs >= this.lastSentMs;
  }
}
