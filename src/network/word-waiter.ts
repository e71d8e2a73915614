import type { Doorbell } from "../transport/doorbell.ts";
import type { Waiter } from "./host-loop.ts";

/** Sleeps on a word of shared memory: for a host whose devices have no descriptors. */
export class WordWaiter implements Waiter {
  readonly #doorbell: Doorbell;

  constructor(doorbell: Doorbell) {
    this.#doorbell = doorbell;
  }

  wait(timeoutMs: number): void {
    this.#doorbell.sleep(timeoutMs);
  }
}
