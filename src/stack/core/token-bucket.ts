import type { Clock } from "./clock.ts";

/** Lets `perSecond` events a second pass, and up to `burst` at once. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock;
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = clock.now();
  }

  /**
   * @param surcharge tokens beyond the one that an event costs, if there are any left
   * @returns whether one more event may pass now
   */
  take(surcharge = 0): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens = Math.max(0, this.#tokens - 1 - surcharge);
    return true;
  }
}
