import type { AddressWords } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { KeyedHash } from "../../core/keyed-hash.ts";
import type { Time } from "../../core/time.ts";

/** RFC 791's lifetime of a datagram in the network, as RFC 6864 §2 counts with it. */
export const DATAGRAM_LIFETIME_MS = 120_000;

const COUNTERS = 256;
/** Of the 65536 values of a counter, whose last uses are told apart. */
const BLOCKS = 8;
const BLOCK = 0x10000 / BLOCKS;
const ROUNDS = 4;

/**
 * IPv4 Identification (RFC 6864). Each flow of datagrams goes through all values from a random place on, with a counter that it may share
 * with a few others, chosen by a keyed hash: nobody outside can count another's. Where the profile does not want them to count up they go
 * through in an order of each counter's own, so that nobody can foretell one.
 */
export class Identifications {
  readonly #time: Time;
  readonly #hash: KeyedHash;
  readonly #nextAtomic = new Uint16Array(COUNTERS);
  readonly #next = new Uint16Array(COUNTERS);
  /** When the last value of a block was taken, by counter and block. */
  readonly #leftAtMs = new Float64Array(COUNTERS * BLOCKS).fill(Number.NEGATIVE_INFINITY);
  /** Random functions of eight bits, one for each round of the Feistel network that orders the values. */
  readonly #rounds = new Uint8Array(ROUNDS * 256);
  readonly #countsUp: boolean;

  constructor(context: HostContext) {
    this.#time = context;
    this.#hash = new KeyedHash(context.random);
    for (let i = 0; i < COUNTERS; i++) {
      const start = context.random.u32();
      this.#nextAtomic[i] = start;
      this.#next[i] = start;
    }
    for (let i = 0; i < this.#rounds.length; i++) this.#rounds[i] = this.#hash.of(i, 0, 0);
    this.#countsUp = context.profile.ipIdentification === "increment";
  }

  /** Which counter serves datagrams from `local` to `remote`; to be kept by the path. */
  counterOf(local: AddressWords, remote: AddressWords): number {
    return this.#hash.ofPair(local, remote, 0) % COUNTERS;
  }

  /** For a datagram that is never fragmented, whose identification means nothing (RFC 6864 §4.1). */
  takeAtomic(counter: number): number {
    return this.#countsUp ? this.#nextAtomic[counter]!++ : 0;
  }

  /**
   * For a datagram that may be fragmented: none comes back within DATAGRAM_LIFETIME_MS (RFC 6864 §4.3).
   * @returns −1 when too many were taken in that time
   */
  take(counter: number): number {
    const next = this.#next[counter]!;
    const block = counter * BLOCKS + Math.floor(next / BLOCK);
    const { now } = this.#time;
    if (next % BLOCK === 0 && now - this.#leftAtMs[block]! < DATAGRAM_LIFETIME_MS) return -1;
    if (next % BLOCK === BLOCK - 1) this.#leftAtMs[block] = now;
    this.#next[counter] = next + 1;
    return this.#countsUp ? next : this.#inOrder(counter, next);
  }

  /** The value in this place of the counter's order: a permutation (Luby and Rackoff), so that each value has one place. */
  #inOrder(counter: number, place: number): number {
    const rounds = this.#rounds;
    let left = place >>> 8;
    let right = place & 0xff;
    for (let round = 0; round < ROUNDS; round++) {
      const mixed = left ^ rounds[(round << 8) | (right ^ rounds[(round << 8) | counter]!)]!;
      left = right;
      right = mixed;
    }
    return (left << 8) | right;
  }
}
