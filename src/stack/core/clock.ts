/** Time for everything in the stack. Nothing here reads a real clock: who makes the host brings one. */
export interface Clock {
  /** Milliseconds since an arbitrary origin, with fractions; never goes back. */
  now(): number;
}

/** A clock that stands still until it is moved: time in tests and in the lab. */
export class VirtualClock implements Clock {
  #nowMs: number;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** @throws RangeError when `toMs` lies in the past */
  moveTo(toMs: number): void {
    if (toMs < this.#nowMs) throw new RangeError(`Cannot move the clock back from ${this.#nowMs} ms to ${toMs} ms`);
    this.#nowMs = toMs;
  }
}
