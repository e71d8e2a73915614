import { isMainThread } from "node:worker_threads";
import { addressOf, libc } from "./libc.ts";

const POLLIN = 0x1;
const POLLOUT = 0x4;

/** Node can end a worker only while it runs JavaScript, not in poll(2): one that waits looks up so often. */
export const WORKER_LOOKS_UP_MS = 500;

/** Waits for one descriptor, blocking the calling thread. One that is broken or closed counts as ready: using it tells what is wrong. */
export class Readiness {
  readonly #entry: Int32Array;
  readonly #address: number;
  readonly #libc = libc();

  constructor(fd: number) {
    this.#entry = new Int32Array([fd, 0]);
    this.#address = addressOf(this.#entry);
  }

  /** @returns false when the time is up */
  waitReadable(timeoutMs: number): boolean {
    return this.#poll(POLLIN, timeoutMs) !== 0;
  }

  waitWritable(): void {
    this.#poll(POLLOUT, Number.POSITIVE_INFINITY);
  }

  /** Until it can be read or written. @returns whether it can be read */
  waitEither(): boolean {
    return (this.#poll(POLLIN | POLLOUT, Number.POSITIVE_INFINITY) & ~POLLOUT) !== 0;
  }

  /** @returns what is ready: 0 when the time is up */
  #poll(events: number, timeoutMs: number): number {
    const giveUpAt = performance.now() + timeoutMs;
    this.#entry[1] = events;
    for (;;) {
      const left = giveUpAt - performance.now();
      const slice = Math.min(left, isMainThread ? 0x7fffffff : WORKER_LOOKS_UP_MS);
      const ready = this.#libc.poll(this.#address, 1, Math.max(0, Math.ceil(slice)));
      if (ready > 0) return this.#entry[1]! >>> 16;
      if (left <= 0) return 0;
    }
  }
}
