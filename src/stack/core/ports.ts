import { below, type Random } from "./random.ts";

/** The three parts of the range: used by nobody, used only by connections in TIME-WAIT, used. */
const FREE = 0;
const WAITING = 1;
const USED = 2;

/**
 * Dynamic ports in random order (RFC 6056 §3.3.1); TCP and UDP keep one each. The range lies in one array, ordered by part, so that a
 * free port is found at the first look however few are left.
 *
 *     ┌──────────┬──────────────────┬──────────┐
 *     │ free     │ TIME-WAIT only   │ used     │
 *     └──────────┴──────────────────┴──────────┘
 *                ▲ #ends[FREE]      ▲ #ends[WAITING]
 */
export class EphemeralPorts {
  readonly #random: Random;
  readonly #first: number;
  readonly #order: Uint16Array;
  /** Where in `#order` each port lies; ports are counted from the first of the range. */
  readonly #place: Uint16Array;
  readonly #uses: Uint32Array;
  readonly #waits: Uint32Array;
  readonly #ends: [number, number];

  /** @param range lowest and highest port, both included (`profile.portRange`) */
  constructor(random: Random, range: readonly [number, number]) {
    this.#random = random;
    this.#first = range[0];
    const count = range[1] - range[0] + 1;
    this.#order = new Uint16Array(count);
    // Not by Uint16Array.from, which takes milliseconds.
    for (let port = 0; port < count; port++) this.#order[port] = port;
    this.#place = this.#order.slice();
    this.#uses = new Uint32Array(count);
    this.#waits = new Uint32Array(count);
    this.#ends = [count, count];
  }

  /** One user of `port` more or less; ports outside the range are nobody's concern here. */
  use(port: number, change: 1 | -1): void {
    this.#count(this.#uses, port, change);
  }

  /** One connection in TIME-WAIT on `port` more or less: such a port is given again, but last (RFC 9293 §3.6.1 bars the pair alone). */
  wait(port: number, change: 1 | -1): void {
    this.#count(this.#waits, port, change);
  }

  /** Whether some port is kept back by TIME-WAIT alone. */
  get hasWaiting(): boolean {
    return this.#ends[WAITING] > this.#ends[FREE];
  }

  /** A port without users that `isFree` allows: from a random one on among those without TIME-WAIT, then among those with. Undefined when there is none. */
  choose(isFree: (port: number) => boolean): number | undefined {
    return this.#chooseFrom(0, this.#ends[FREE], isFree) ?? this.#chooseFrom(this.#ends[FREE], this.#ends[WAITING], isFree);
  }

  #chooseFrom(from: number, until: number, isFree: (port: number) => boolean): number | undefined {
    const count = until - from;
    if (count === 0) return undefined;
    const start = below(this.#random, count);
    for (let i = 0; i < count; i++) {
      const port = this.#first + this.#order[from + ((start + i) % count)]!;
      if (isFree(port)) return port;
    }
    return undefined;
  }

  #count(counts: Uint32Array, port: number, change: 1 | -1): void {
    const at = port - this.#first;
    if (at < 0 || at >= counts.length) return;
    const before = this.#partOf(at);
    counts[at] = counts[at]! + change;
    const after = this.#partOf(at);
    for (let part = before; part < after; part++) this.#swap(at, --this.#ends[part as 0 | 1]);
    for (let part = before; part > after; part--) this.#swap(at, this.#ends[(part - 1) as 0 | 1]++);
  }

  #partOf(at: number): number {
    if (this.#uses[at]! > 0) return USED;
    return this.#waits[at]! > 0 ? WAITING : FREE;
  }

  #swap(at: number, place: number): void {
    const from = this.#place[at]!;
    const other = this.#order[place]!;
    this.#order[from] = other;
    this.#place[other] = from;
    this.#order[place] = at;
    this.#place[at] = place;
  }
}
