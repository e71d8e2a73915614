/**
 * Proportional Rate Reduction, RFC 9937: in recovery the window comes down to ssthresh in proportion to what is delivered, so that
 * sending neither stops for half a round trip nor comes in one burst. Bytes throughout.
 */
export class ProportionalRateReduction {
  /** Outstanding when recovery began, what was reported by then left out. */
  readonly #recoverFs: number;
  /** Delivered to the peer, and sent, since. */
  #delivered = 0;
  #out = 0;

  constructor(recoverFs: number) {
    this.#recoverFs = Math.max(1, recoverFs);
  }

  /** Text left, new or again. */
  sent(bytes: number): void {
    this.#out += bytes;
  }

  /**
   * §6.2, at each ACK.
   * @param delivered by this ACK
   * @param inFlight after it, and after what it shows to be lost
   * @param isSafe SND.UNA advanced and nothing more was found lost
   * @returns cwnd
   */
  window(delivered: number, inFlight: number, ssthresh: number, mss: number, isSafe: boolean): number {
    this.#delivered += delivered;
    let count: number;
    if (inFlight > ssthresh) {
      // In whole segments, rounded up: a fraction would wait for the next ACK, and half of them send nothing.
      count = Math.ceil((this.#delivered * ssthresh) / this.#recoverFs / mss) * mss - this.#out;
    } else {
      count = Math.max(this.#delivered - this.#out, delivered);
      if (isSafe) count += mss;
      count = Math.min(ssthresh - inFlight, count);
    }
    // Recovery begins with a retransmission, whatever the proportion says.
    if (this.#out === 0) count = Math.max(count, mss);
    return inFlight + Math.max(0, count);
  }
}
