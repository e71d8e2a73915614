import type { Time } from "./time.ts";

/** Lets `perSecond` events a second pass, and up to `burst` at once. */
export class TokenBucket {
  readonly #time: Time;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(time: Time, perSecond: number, burst: number) {
    this.#time = time;
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = time.now;
  }

  /**
   * @param surcharge tokens beyond the one that an event costs, if there are any left
   * @returns whether one more event may pass now
   */
  take(surcharge = 0): boolean {
    const now = this.#time.now;
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAtMs) * this.#perMs);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens = Math.max(0, this.#tokens - 1 - surcharge);
    return true;
  }
}
