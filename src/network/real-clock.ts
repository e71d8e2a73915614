import type { Clock } from "../stack/core/clock.ts";

/** Milliseconds since the thread began, from the system's monotonic clock. */
export class RealClock implements Clock {
  now(): number {
    return performance.now();
  }
}
