import type { HostContext } from "../core/context.ts";
import { below } from "../core/random.ts";

/** ICMP errors sent per second, and at once after a pause. */
export const ERRORS_PER_SECOND = 1000;
export const ERROR_BURST = 50;

/**
 * Token bucket for the ICMP errors that we send (RFC 1812 §4.3.2.8). An error costs one token, sometimes more, so that an outsider
 * cannot count another's errors by what is left of the budget (CVE-2020-25705, "SAD DNS").
 */
export class ErrorRateLimit {
  readonly #context: HostContext;
  #tokens = ERROR_BURST;
  #filledAtMs: number;

  constructor(context: HostContext) {
    this.#context = context;
    this.#filledAtMs = context.clock.now();
  }

  /** Whether one more error may go now. */
  take(): boolean {
    const now = this.#context.clock.now();
    this.#tokens = Math.min(ERROR_BURST, this.#tokens + ((now - this.#filledAtMs) * ERRORS_PER_SECOND) / 1000);
    this.#filledAtMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens = Math.max(0, this.#tokens - 1 - below(this.#context.random, 3));
    return true;
  }
}
