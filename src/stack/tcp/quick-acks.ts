/**
 * Quick acknowledgements, as Linux has them: a stream that begins is acknowledged segment by segment, so that the peer's congestion window
 * opens; once the user answers what comes, acknowledgements wait for the answers. Times on the host's clock, in milliseconds.
 */

/** An answer within this of what it answers makes an exchange of questions and answers. */
const ANSWER_MS = 40;

/** One connection's. There is one only in profiles that have quick acknowledgements, and once text has come. */
export class QuickAcks {
  #left: number;
  /** Questions and answers follow each other. */
  #isExchange = false;
  #lastTextMs: number;

  /** @param count segments that may be acknowledged at once */
  constructor(count: number, nowMs: number) {
    this.#left = count;
    this.#lastTextMs = nowMs;
  }

  /** When text came last. */
  get lastTextMs(): number {
    return this.#lastTextMs;
  }

  /** Text has come. @param count as at the beginning: the peer has been quiet for so long that it begins anew */
  textCame(nowMs: number, rtoMs: number, count: number): void {
    if (nowMs - this.#lastTextMs > rtoMs) this.#left = Math.max(this.#left, count);
    this.#lastTextMs = nowMs;
  }

  /** Text has come out of order, or twice: the peer needs to know at once what it has lost, for some time. */
  troubled(count: number): void {
    this.#isExchange = false;
    this.#left = Math.max(this.#left, count);
  }

  /** Text has left. */
  answered(nowMs: number): void {
    if (nowMs - this.#lastTextMs < ANSWER_MS) this.#isExchange = true;
  }

  acknowledged(): void {
    if (this.#left > 0) this.#left--;
  }

  get isQuick(): boolean {
    return this.#left > 0 && !this.#isExchange;
  }
}
