import type { DropReason } from "../stack/core/drop-reasons.ts";
import type { DropCounters } from "../stack/core/drops.ts";
import type { Time } from "../stack/core/time.ts";
import { TokenBucket } from "../stack/core/token-bucket.ts";

/** So many are told one after another, and later one a minute: a class of packets that trips us up may come at any rate. */
const TOLD_AT_ONCE = 10;
const TOLD_PER_SECOND = 1 / 60;

/**
 * Exceptions of our own code in a host that goes on. Each has cost one packet, alarm, connection or call; all are counted beside the
 * reasons for which packets are dropped, and some are told. However many there are, they do not end the host: whoever could send the
 * packets that make them would have a switch to turn it off with.
 */
export class MistakeReports {
  readonly #drops: DropCounters;
  readonly #say: (text: string) => void;
  readonly #rate: TokenBucket;
  #untold = 0;

  /** @param say tells people, in text that may have lines */
  constructor(time: Time, drops: DropCounters, say: (text: string) => void) {
    this.#drops = drops;
    this.#say = say;
    this.#rate = new TokenBucket(time, TOLD_PER_SECOND, TOLD_AT_ONCE);
  }

  /** @param kind as it is counted; @param what it cost, in words */
  report(kind: DropReason, what: string, error: unknown): void {
    this.#drops.count(kind);
    if (!this.#rate.take()) {
      this.#untold++;
      return;
    }
    const others = this.#untold === 0 ? "" : ` (${this.#untold} others since were not told)`;
    this.#untold = 0;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#say(`${what} failed by a mistake of ours${others}, please report it: ${text}`);
  }
}
