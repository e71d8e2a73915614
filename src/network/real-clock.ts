/** What a driver of hosts goes by. The hosts themselves are told the time. */
export interface Clock {
  /** Milliseconds since an arbitrary origin, with fractions; never goes back. */
  now(): number;
}

/** Milliseconds since the thread (in a browser: the page) began, from the system's monotonic clock. */
export class RealClock implements Clock {
  now(): number {
    return performance.now();
  }
}
