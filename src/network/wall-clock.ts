import type { Clock } from "./real-clock.ts";

/** Differences below this are the rounding of Date.now() and the pace at which NTP slews a clock. */
const STEP_MS = 20;

/** What a clock that only counts up lacks to the time of day. The machine's suspension and a clock that was set change it. */
export class WallClock {
  readonly #clock: Clock;
  readonly #date: () => number;
  #offsetMs: number;

  /** @param date milliseconds since 1970 */
  constructor(clock: Clock, date: () => number = Date.now) {
    this.#clock = clock;
    this.#date = date;
    this.#offsetMs = date() - clock.now();
  }

  /** The same as last time, so that times keep their order and their fractions, unless it is wrong by now. */
  get offsetMs(): number {
    const fresh = this.#date() - this.#clock.now();
    if (Math.abs(fresh - this.#offsetMs) > STEP_MS) this.#offsetMs = fresh;
    return this.#offsetMs;
  }
}
