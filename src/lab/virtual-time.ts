import { VirtualClock } from "../stack/core/clock.ts";
import type { Host } from "../stack/host/host.ts";

/** More rounds than any exchange needs at one instant. */
const MAX_ROUNDS = 1_000_000;

/** Drives hosts that share one clock: everything that can happen now happens, then time moves to the next timer. */
export class VirtualTime {
  readonly clock = new VirtualClock();
  readonly #hosts: Host[] = [];
  readonly #waiting = new Set<Host>();

  /** The host must have been made with `clock`. */
  add(host: Host): void {
    this.#hosts.push(host);
    this.#waiting.add(host);
    host.onTurnRequested = () => this.#waiting.add(host);
  }

  /** Runs until `done` says so. @returns false when nothing is left that could happen before `limitMs` on the clock */
  runUntil(done: () => boolean, limitMs = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      this.#settle();
      if (done()) return true;
      const next = Math.min(...this.#hosts.map((host) => host.nextDeadlineMs));
      if (next > limitMs || next === Number.POSITIVE_INFINITY) return false;
      this.clock.moveTo(Math.max(next, this.clock.now()));
    }
  }

  #settle(): void {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const ready = this.#hosts.filter((host) => this.#waiting.has(host) || host.nextDeadlineMs <= this.clock.now());
      if (ready.length === 0) return;
      for (const host of ready) {
        this.#waiting.delete(host);
        if (host.turn()) this.#waiting.add(host);
      }
    }
    throw new Error(`The hosts do not come to rest at ${this.clock.now()} ms`);
  }
}
