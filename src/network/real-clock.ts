import type { Clock } from "../stack/core/clock.ts";

/** Milliseconds since the thread (in a browser: the page) began, from the system's monotonic clock. */
export class RealClock implements Clock {
  now(): number {
    return performance.now();
  }
}
