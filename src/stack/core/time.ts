/**
 * Time as the stack sees it: a number that stands still until whoever drives the host moves it on, so that all that happens in one
 * turn or one call happens at one time. Nothing in the stack reads a clock.
 */
export interface Time {
  /** Milliseconds since an arbitrary origin, with fractions. */
  readonly now: number;
}

/** A time that is moved by hand. It never goes back. */
export class FrozenTime implements Time {
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  get now(): number {
    return this.#nowMs;
  }

  /** @throws RangeError when `toMs` lies in the past, or is not a number */
  moveTo(toMs: number): void {
    if (!(toMs >= this.#nowMs)) throw new RangeError(`Cannot move the time from ${this.#nowMs} ms to ${toMs} ms: it goes forward only`);
    this.#nowMs = toMs;
  }
}
