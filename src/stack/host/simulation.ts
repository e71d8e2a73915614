import { SeededRandom } from "../core/random.ts";
import { FrozenTime, type Time } from "../core/time.ts";
import { TimerQueue } from "../core/timers.ts";
import { Host } from "./host.ts";
import type { HostOptions } from "./host-options.ts";

/** More rounds than any exchange needs at one instant. */
const MAX_ROUNDS = 1_000_000;

/**
 * Drives any number of hosts in virtual time: everything that can happen now happens, then time moves to the next thing due, for all of
 * them at once. So calls may be made at any moment between two runs, and they happen at `now`.
 */
export class Simulation implements Time {
  /** For what belongs to no host, such as impaired wires. */
  readonly random: SeededRandom;
  /** Alarms that belong to no host: delays of impaired wires, and what is planned with `at`. */
  readonly timers: TimerQueue;
  readonly #time = new FrozenTime();
  readonly #hosts: Host[] = [];
  readonly #waiting = new Set<Host>();

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
    this.timers = new TimerQueue(this.#time);
  }

  /** In milliseconds from the beginning. */
  get now(): number {
    return this.#time.now;
  }

  /** Makes a host that lives in this time. Its devices are attached by the caller. */
  host(options: Omit<HostOptions, "startMs">): Host {
    const host = new Host({ ...options, startMs: this.now });
    this.#hosts.push(host);
    this.#waiting.add(host);
    host.onTurnRequested = () => this.#waiting.add(host);
    return host;
  }

  /** Plans something that comes from outside of the hosts. */
  at(atMs: number, what: () => void): void {
    this.timers.timer("planned", () => "simulation", what).set(atMs - this.now);
  }

  /** Lets everything happen that needs no time to pass. @throws Error when that has no end */
  settle(): void {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let isBusy = this.timers.runDue() > 0;
      for (const host of this.#hosts) {
        if (!this.#waiting.delete(host) && host.nextDeadlineMs > this.now) continue;
        isBusy = true;
        if (host.turn(this.now)) this.#waiting.add(host);
      }
      if (!isBusy) return;
    }
    throw new Error(`The hosts do not come to rest at ${this.now} ms`);
  }

  /** When the next thing is due; Infinity when nothing is left that could happen. */
  get nextMs(): number {
    let nextMs = this.timers.nextDeadlineMs;
    for (const host of this.#hosts) nextMs = Math.min(nextMs, host.nextDeadlineMs);
    return nextMs;
  }

  /** Runs until `done`, or until nothing is left, or until `limitMs`, where it then stands. @returns whether `done` */
  run(done: () => boolean, limitMs = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      this.settle();
      if (done()) return true;
      const nextMs = this.nextMs;
      if (nextMs > limitMs || nextMs === Number.POSITIVE_INFINITY) {
        if (Number.isFinite(limitMs)) this.#moveTo(limitMs);
        return done();
      }
      this.#moveTo(nextMs);
    }
  }

  advance(byMs: number): void {
    this.run(() => false, this.now + byMs);
  }

  #moveTo(toMs: number): void {
    if (toMs <= this.now) return;
    this.#time.moveTo(toMs);
    for (const host of this.#hosts) host.enter(toMs);
  }
}
