import type { Random } from "../stack/core/random.ts";

/** Randomness of the operating system, by way of Web Crypto, which Node and browsers have alike; fetched a kilobyte at a time. */
export class SystemRandom implements Random {
  readonly #pool = new Uint32Array(256);
  #next = this.#pool.length;

  u32(): number {
    if (this.#next === this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#next = 0;
    }
    const value = this.#pool[this.#next]!;
    // Nobody who reads this memory later should learn what a secret was made from.
    this.#pool[this.#next++] = 0;
    return value;
  }
}
