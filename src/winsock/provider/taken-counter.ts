import { atomics } from "./word-atomics.ts";

/** A counter's two words: the socket (0 where the counter is free), and what was taken. */
export const COUNTER_WORDS = 2;

/**
 * A counter that nothing may be taken by any more; one that another thread is about to close; one whose owner is telling the host; and one
 * whose owner reads what it takes.
 */
const CLOSED = -1;
const CLAIMED = -2;
const TELLING = -3;
const TAKING = -4;
/** These last for one request, or for a copy. Whoever has died in the middle of it is not waited for longer. */
const CLAIM_LIMIT_MS = 1000;
/** Nobody who has read says so to one that waits: it looks. */
const CLAIM_LOOK_MS = 1;

/** Bytes of one stream that its program has taken and the host does not know to be taken. */
export class TakenCounter {
  readonly #words: Int32Array;
  /** Of what was taken; the word before it is the socket. */
  readonly #at: number;
  #isReleased = false;
  #beforeTaking = 0;

  /** @param at of its first word, which says whose it is; nothing is counted yet */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at + 1;
    atomics.store(words, this.#at, 0);
  }

  get isClosed(): boolean {
    return this.#isReleased || atomics.load(this.#words, this.#at) < 0;
  }

  /** 0 when it is closed. */
  get count(): number {
    return this.#isReleased ? 0 : Math.max(0, atomics.load(this.#words, this.#at));
  }

  /**
   * Before bytes are read: until `endTaking` no other thread can make the host use their memory otherwise.
   * @returns false when another thread uses the stream too, and the bytes are the host's to give
   */
  beginTaking(): boolean {
    const now = this.#isReleased ? CLOSED : atomics.load(this.#words, this.#at);
    if (now < 0 || atomics.compareExchange(this.#words, this.#at, now, TAKING) !== now) return false;
    this.#beforeTaking = now;
    return true;
  }

  /** So many have been read. @returns false when another thread would not wait any longer: they are not the program's */
  endTaking(bytes: number): boolean {
    return atomics.compareExchange(this.#words, this.#at, TAKING, this.#beforeTaking + bytes) === TAKING;
  }

  /** As `endTaking`, and the host hears of it by `post`: until that has left no other thread can come between. */
  endTakingWith(bytes: number, post: (taken: number) => void): boolean {
    if (atomics.compareExchange(this.#words, this.#at, TAKING, TELLING) !== TAKING) return false;
    post(this.#beforeTaking + bytes);
    settle(this.#words, this.#at, TELLING, 0);
    return true;
  }

  /** Of a socket that is closed, or of which nothing is known any more. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    freeCounter(this.#words, this.#at - 1);
  }

  /** Hands over what was taken, if anything was; `post` sends it to the host, ahead of whatever this thread asks next. */
  tell(post: (taken: number) => void): void {
    this.tellWith((taken) => {
      if (taken > 0) post(taken);
    });
  }

  /** As `tell`, with a request that leaves in any case. */
  tellWith(post: (taken: number) => void): void {
    const taken = this.#isReleased ? CLOSED : claim(this.#words, this.#at, TELLING);
    post(Math.max(0, taken));
    if (taken >= 0) settle(this.#words, this.#at, TELLING, 0);
  }
}

/**
 * Another thread's counter: nothing may be taken by it any more.
 * @param at of the counter's first word
 * @param tell tells the host what was taken, and returns when it knows
 */
export function closeCounter(words: Int32Array, at: number, tell: (taken: number) => void): void {
  const taken = claim(words, at + 1, CLAIMED);
  if (taken === CLOSED) return;
  if (taken > 0) tell(taken);
  settle(words, at + 1, CLAIMED, CLOSED);
}

/** Takes a counter over, when nobody else has. @returns what it counted, or CLOSED when nobody may count any more */
function claim(words: Int32Array, at: number, how: number): number {
  for (let waitedMs = 0; ; ) {
    const now = atomics.load(words, at);
    if (now === CLOSED) return CLOSED;
    if (now >= 0) {
      if (atomics.compareExchange(words, at, now, how) === now) return now;
    } else if (waitedMs >= CLAIM_LIMIT_MS) {
      atomics.compareExchange(words, at, now, CLOSED);
    } else if (atomics.wait(words, at, now, CLAIM_LOOK_MS) === "timed-out") {
      waitedMs += CLAIM_LOOK_MS;
    }
  }
}

/** What was claimed counts anew, unless another thread has closed it meanwhile. */
function settle(words: Int32Array, at: number, how: number, value: number): void {
  atomics.compareExchange(words, at, how, value);
  atomics.notify(words, at);
}

/** Nobody's counter from here on. @param at of its first word */
export function freeCounter(words: Int32Array, at: number): void {
  // Whoever gets it is seen to have it before it counts.
  atomics.store(words, at + 1, CLOSED);
  atomics.store(words, at, 0);
}
