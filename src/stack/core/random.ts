/** Randomness for everything in the stack; who makes the host brings it (seeded in tests, from the kernel in real time). */
export interface Random {
  /** Uniform in [0, 2^32). */
  u32(): number;
}

/** Uniform in [0, 1). */
export const fraction = (random: Random): number => random.u32() / 0x1_0000_0000;

/** Uniform integer in [0, bound), without modulo bias. */
export function below(random: Random, bound: number): number {
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
  let n = random.u32();
  while (n >= limit) n = random.u32();
  return n % bound;
}

/** Repeatable randomness: xoshiro128** (Blackman and Vigna), its state filled from the seed by splitmix32. Not for secrets. */
export class SeededRandom implements Random {
  readonly #s = new Uint32Array(4);

  constructor(seed: number) {
    let x = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.#s[i] = z ^ (z >>> 16);
    }
  }

  u32(): number {
    const s = this.#s;
    const s1 = s[1]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }
}

const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
