/**
 * One piece of shared memory between a simulation and a program in a thread of its own, in which one of the two always waits: a message
 * goes one way, then one the other. Long messages go in parts.
 */

const BYTES = 256 * 1024;
const TURN = 0;
const LENGTH = 1;
const MORE = 2;
const WORDS = 3;
/** Whose turn it is. */
const HOST = 0;
const PROGRAM = 1;

export const newLinkMemory = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4 + BYTES);

/** One end of the memory. */
export class ProgramLink {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #other: number;

  /** @param isProgram which of the two ends this is; the host's has the first turn */
  constructor(memory: SharedArrayBuffer, isProgram: boolean) {
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#bytes = new Uint8Array(memory, WORDS * 4);
    this.#other = isProgram ? HOST : PROGRAM;
  }

  /** Gives the turn to the other end, with a message. */
  send(text: string, limitMs = Number.POSITIVE_INFINITY): boolean {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; ; at += BYTES) {
      const part = bytes.subarray(at, at + BYTES);
      const more = at + BYTES < bytes.length;
      this.#bytes.set(part);
      this.#words[LENGTH] = part.length;
      this.#words[MORE] = more ? 1 : 0;
      this.#pass();
      if (!more) return true;
      if (!this.#await(limitMs)) return false;
    }
  }

  /** Waits for the turn, and what came with it. @returns undefined when it does not come in time */
  receive(limitMs = Number.POSITIVE_INFINITY): string | undefined {
    const parts: Uint8Array[] = [];
    for (;;) {
      if (!this.#await(limitMs)) return undefined;
      // A copy, since text is not decoded from shared memory.
      parts.push(this.#bytes.slice(0, this.#words[LENGTH]!));
      if (this.#words[MORE] === 0) return decoded(parts);
      this.#pass();
    }
  }

  #pass(): void {
    Atomics.store(this.#words, TURN, this.#other);
    Atomics.notify(this.#words, TURN);
  }

  /** A waking alone says nothing: that of an earlier turn may come when the next turn has passed already. */
  #await(limitMs: number): boolean {
    const until = performance.now() + limitMs;
    while (Atomics.load(this.#words, TURN) === this.#other) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return false;
      Atomics.wait(this.#words, TURN, this.#other, leftMs);
    }
    return true;
  }
}

function decoded(parts: readonly Uint8Array[]): string {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(all);
}
