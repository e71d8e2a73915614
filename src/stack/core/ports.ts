import { below, type Random } from "./random.ts";

/** Dynamic ports in random order of first choice, by RFC 6056 §3.3.1; TCP and UDP keep one each. */
export class EphemeralPorts {
  readonly #random: Random;
  readonly #first: number;
  readonly #count: number;

  /** @param range lowest and highest port, both included (`profile.portRange`) */
  constructor(random: Random, range: readonly [number, number]) {
    this.#random = random;
    this.#first = range[0];
    this.#count = range[1] - range[0] + 1;
  }

  /** A port of the range that `isFree` allows: from a random one on, once round the range. Undefined when none is free. */
  choose(isFree: (port: number) => boolean): number | undefined {
    const start = below(this.#random, this.#count);
    for (let i = 0; i < this.#count; i++) {
      const port = this.#first + ((start + i) % this.#count);
      if (isFree(port)) return port;
    }
    return undefined;
  }
}
