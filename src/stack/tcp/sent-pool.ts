import type { Seq } from "../core/seq.ts";
import { seq } from "../core/seq.ts";
import { SentLog } from "./sent.ts";

/** Kept for the next connection that sends. */
const KEPT_LOGS = 64;
/** A log that has grown beyond as many records is left to the garbage collector. */
const KEPT_RECORDS = 256;

/** Of all connections of which nothing is outstanding. Never written to. */
export const NOTHING_SENT = new SentLog(seq(0));

/** Logs of transmissions that no connection needs now: one that waits for nothing holds none. */
export class SentPool {
  readonly #free: SentLog[] = [];

  take(start: Seq): SentLog {
    const log = this.#free.pop();
    if (log === undefined) return new SentLog(start);
    log.begin(start);
    return log;
  }

  give(log: SentLog): void {
    if (log !== NOTHING_SENT && log.capacity <= KEPT_RECORDS && this.#free.length < KEPT_LOGS) this.#free.push(log);
  }
}
