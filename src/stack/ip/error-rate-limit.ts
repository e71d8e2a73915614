import type { HostContext } from "../core/context.ts";
import { below, type Random } from "../core/random.ts";
import { TokenBucket } from "../core/token-bucket.ts";

/** ICMP errors sent per second, and at once after a pause. */
export const ERRORS_PER_SECOND = 1000;
export const ERROR_BURST = 50;

/**
 * Bounds the ICMP errors that we send (RFC 1812 §4.3.2.8). An error costs one token, sometimes more, so that an outsider cannot
 * count another's errors by what is left of the budget (CVE-2020-25705, "SAD DNS").
 */
export class ErrorRateLimit {
  readonly #bucket: TokenBucket;
  readonly #random: Random;

  constructor(context: HostContext) {
    this.#bucket = new TokenBucket(context, ERRORS_PER_SECOND, ERROR_BURST);
    this.#random = context.random;
  }

  /** Whether one more error may go now. */
  take(): boolean {
    return this.#bucket.take(below(this.#random, 3));
  }
}
