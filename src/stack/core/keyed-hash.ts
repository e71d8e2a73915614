import { type AddressWords, areV4 } from "./address.ts";
import type { Random } from "./random.ts";

/**
 * HalfSipHash-c-d (Aumasson and Bernstein) over 32-bit words: a keyed pseudo-random function that is quick in 32-bit arithmetic.
 * With 2-4 rounds it keys initial sequence numbers (RFC 6528 §3); with 1-3 it keeps outsiders from choosing what collides in a table.
 */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #compressionRounds: number;
  readonly #finalRounds: number;
  readonly #state = new State();

  /** The key is drawn from `random`. */
  constructor(random: Random, compressionRounds = 2, finalRounds = 4) {
    this.#k0 = random.u32() | 0;
    this.#k1 = random.u32() | 0;
    this.#compressionRounds = compressionRounds;
    this.#finalRounds = finalRounds;
  }

  /** Of two addresses and a word. @returns an unsigned 32-bit value */
  ofPair(a: AddressWords, b: AddressWords, c: number): number {
    // The length is part of the message: what is told by three words collides with nothing that takes nine.
    if (areV4(a, b)) return this.of(a.w3, b.w3, c);
    this.#begin();
    this.#absorbBoth(a, b);
    this.#absorb(c);
    return this.#finish(9);
  }

  /** Of two addresses and three words. @returns an unsigned 32-bit value */
  ofFlow(a: AddressWords, b: AddressWords, c: number, d: number, e: number): number {
    this.#begin();
    const areShort = areV4(a, b);
    if (areShort) {
      this.#absorb(a.w3);
      this.#absorb(b.w3);
    } else this.#absorbBoth(a, b);
    this.#absorb(c);
    this.#absorb(d);
    this.#absorb(e);
    return this.#finish(areShort ? 5 : 11);
  }

  /** Of three words. @returns an unsigned 32-bit value */
  of(a: number, b: number, c: number): number {
    this.#begin();
    this.#absorb(a);
    this.#absorb(b);
    this.#absorb(c);
    return this.#finish(3);
  }

  #begin(): void {
    const state = this.#state;
    state.v0 = this.#k0;
    state.v1 = this.#k1;
    state.v2 = 0x6c796765 ^ this.#k0;
    state.v3 = 0x74656462 ^ this.#k1;
  }

  #absorbBoth(a: AddressWords, b: AddressWords): void {
    this.#absorb(a.w0);
    this.#absorb(a.w1);
    this.#absorb(a.w2);
    this.#absorb(a.w3);
    this.#absorb(b.w0);
    this.#absorb(b.w1);
    this.#absorb(b.w2);
    this.#absorb(b.w3);
  }

  #absorb(word: number): void {
    const state = this.#state;
    const m = word | 0;
    state.v3 ^= m;
    mix(state, this.#compressionRounds);
    state.v0 ^= m;
  }

  /** After `words` words: the one that closes the message with its length in bytes, and the finalization. */
  #finish(words: number): number {
    this.#absorb(words << 26);
    const state = this.#state;
    state.v2 ^= 0xff;
    mix(state, this.#finalRounds);
    return (state.v1 ^ state.v3) >>> 0;
  }
}

/** An object of its own, on which V8 keeps the four words in registers where it inlines `mix`. */
class State {
  v0 = 0;
  v1 = 0;
  v2 = 0;
  v3 = 0;
}

/** SipRound, `rounds` times. */
function mix(state: State, rounds: number): void {
  let { v0, v1, v2, v3 } = state;
  for (let round = rounds; round > 0; round--) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  state.v0 = v0;
  state.v1 = v1;
  state.v2 = v2;
  state.v3 = v3;
}
