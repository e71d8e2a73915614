import type { Time } from "../../core/time.ts";
import type { GroupQuery, QuerierVersion } from "./group-messages.ts";

/** Robustness Variable and Query Interval while no querier told its own (RFC 3376 §8.1–8.2, RFC 3810 §9.1–9.2). */
export const ROBUSTNESS = 2;
export const QUERY_INTERVAL_MS = 125_000;
/** Query Response Interval, which is a part of how long an older querier is remembered (RFC 3376 §8.12). */
const QUERY_RESPONSE_MS = 10_000;

/** What the routers of a link speak, RFC 3376 §7.2.1 and RFC 3810 §8.2.1: the oldest version heard lately. */
export class Querier {
  readonly #time: Time;
  #robustness = ROBUSTNESS;
  #intervalMs = QUERY_INTERVAL_MS;
  #olderUntilMs = Number.NEGATIVE_INFINITY;
  #oldestUntilMs = Number.NEGATIVE_INFINITY;

  constructor(time: Time) {
    this.#time = time;
  }

  get version(): QuerierVersion {
    const { now } = this.#time;
    if (now < this.#oldestUntilMs) return "oldest";
    return now < this.#olderUntilMs ? "older" : "current";
  }

  /** How often each change is told. */
  get robustness(): number {
    return this.#robustness;
  }

  heard({ version, robustness, intervalMs }: GroupQuery): void {
    if (version === "current") {
      this.#robustness = robustness || ROBUSTNESS;
      this.#intervalMs = intervalMs || QUERY_INTERVAL_MS;
      return;
    }
    const untilMs = this.#time.now + this.#robustness * this.#intervalMs + QUERY_RESPONSE_MS;
    if (version === "older") this.#olderUntilMs = untilMs;
    else this.#oldestUntilMs = untilMs;
  }
}
