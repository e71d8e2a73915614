import { VirtualClock } from "../../src/stack/core/clock.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { TimerQueue } from "../../src/stack/core/timers.ts";
import type { Host } from "../../src/stack/host/host.ts";

/** Hosts that share one virtual clock: everything that can happen now happens, then time moves to the next thing due. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  /** Alarms that belong to no host: delays of impaired wires, and what a test plans. */
  readonly timers: TimerQueue;
  readonly #hosts: Host[] = [];
  readonly #waiting = new Set<Host>();

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
    this.timers = new TimerQueue(this.clock);
  }

  add(host: Host): Host {
    this.#hosts.push(host);
    this.#waiting.add(host);
    host.onTurnRequested = () => this.#waiting.add(host);
    return host;
  }

  at(atMs: number, what: () => void): void {
    this.timers.timer("planned", () => "test", what).set(atMs - this.clock.now());
  }

  /** Lets everything happen that needs no time to pass. */
  settle(): void {
    for (let rounds = 0; rounds < 1_000_000; rounds++) {
      let isBusy = this.timers.runDue() > 0;
      for (const host of this.#hosts) {
        if (!this.#waiting.delete(host) && host.nextDeadlineMs > this.clock.now()) continue;
        isBusy = true;
        if (host.turn()) this.#waiting.add(host);
      }
      if (!isBusy) return;
    }
    throw new Error("The hosts never come to rest");
  }

  get nextMs(): number {
    return Math.min(this.timers.nextDeadlineMs, ...this.#hosts.map((host) => host.nextDeadlineMs));
  }

  /** Runs until `done` or until `limitMs` on the clock. @returns whether `done` */
  run(done: () => boolean, limitMs = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      this.settle();
      if (done()) return true;
      const next = this.nextMs;
      if (next > limitMs || next === Number.POSITIVE_INFINITY) {
        if (Number.isFinite(limitMs) && limitMs > this.clock.now()) this.clock.moveTo(limitMs);
        return done();
      }
      this.clock.moveTo(Math.max(next, this.clock.now()));
    }
  }

  advance(byMs: number): void {
    this.run(() => false, this.clock.now() + byMs);
  }
}
