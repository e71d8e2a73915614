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
  /** Words of a longer message behind its first three. */
  readonly #rest = new Int32Array(6);

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
    const rest = this.#rest;
    rest[0] = a.w3;
    rest[1] = b.w0;
    rest[2] = b.w1;
    rest[3] = b.w2;
    rest[4] = b.w3;
    rest[5] = c;
    return this.#digest(9, a.w0, a.w1, a.w2);
  }

  /** Of three words. @returns an unsigned 32-bit value */
  of(a: number, b: number, c: number): number {
    return this.#digest(3, a, b, c);
  }

  /** The first three words are arguments, for most messages have no more. */
  #digest(words: number, a: number, b: number, c: number): number {
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    // The words, the one that closes the message with its length in bytes, and the finalization.
    for (let step = 0; step <= words + 1; step++) {
      const isFinal = step > words;
      const m =
        step === 0 ? a | 0 : step === 1 ? b | 0 : step === 2 ? c | 0 : step < words ? this.#rest[step - 3]! : isFinal ? 0 : words << 26;
      v3 ^= m;
      if (isFinal) v2 ^= 0xff;
      for (let round = isFinal ? this.#finalRounds : this.#compressionRounds; round > 0; round--) {
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
      v0 ^= m;
    }
    return (v1 ^ v3) >>> 0;
  }
}
