/**
 * What the threads of one program know of each other without asking the host: whether there is more than one, and how many bytes each of
 * them has taken ahead of a stream that the host has not been told of. The memory is shared by the threads, whatever carries their calls.
 */

/** What is needed of Atomics. */
interface WordAtomics {
  load(words: Int32Array, at: number): number;
  store(words: Int32Array, at: number, value: number): number;
  add(words: Int32Array, at: number, value: number): number;
  sub(words: Int32Array, at: number, value: number): number;
  exchange(words: Int32Array, at: number, value: number): number;
  compareExchange(words: Int32Array, at: number, expected: number, value: number): number;
  wait(words: Int32Array, at: number, value: number, timeoutMs: number): string;
  notify(words: Int32Array, at: number): number;
}

/** Where a program has no memory to share it has one thread, to which its own reads and writes are atomic. */
const ofOneThread: WordAtomics = {
  load: (words, at) => words[at]!,
  store(words, at, value) {
    words[at] = value;
    return value;
  },
  add: (words, at, value) => changed(words, at, (before) => before + value),
  sub: (words, at, value) => changed(words, at, (before) => before - value),
  exchange: (words, at, value) => changed(words, at, () => value),
  compareExchange: (words, at, expected, value) => changed(words, at, (before) => (before === expected ? value : before)),
  wait: () => "timed-out",
  notify: () => 0,
};

/** @returns what stood there before */
function changed(words: Int32Array, at: number, change: (before: number) => number): number {
  const before = words[at]!;
  words[at] = change(before);
  return before;
}

const atomics: WordAtomics = typeof Atomics === "undefined" ? ofOneThread : Atomics;

/** Words of the memory: the program's number, how many ports have been opened since ever, how many are open, whose they are, and counters. */
const NUMBER = 0;
const JOINS = 1;
const OPEN = 2;
const OWNERS = 3;
const MOST_OWNERS = 256;
/** An owner's words: its thread plus one (0 where the place is free), and what the system knows the thread by. */
const OWNER_WORDS = 3;
const COUNTERS = OWNERS + MOST_OWNERS * OWNER_WORDS;
const MOST_COUNTERS = 1024;
/** A counter's two words: the socket (0 where the counter is free), and what was taken. */
const COUNTER_WORDS = 2;
const WORDS = COUNTERS + MOST_COUNTERS * COUNTER_WORDS;

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

/** @param number what the host knows the program by; 0 for one of a single thread */
export function newProcessMemory(number: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4 * WORDS);
  new Int32Array(memory)[NUMBER] = number;
  return memory;
}

/** Bytes of one stream that its program has taken and the host does not know to be taken. */
export class TakenCounter {
  readonly #words: Int32Array;
  /** Of what was taken; the word before it is the socket. */
  readonly #at: number;
  #isReleased = false;
  #beforeTaking = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
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

  /** Of a socket that is closed, or of which nothing is known any more. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    free(this.#words, this.#at - 1);
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

/** As the system knows a thread; an id of 0 where it cannot be told. */
export interface SystemThread {
  readonly id: number;
  readonly startTicks: number;
}

export class SharedProcess {
  readonly #words: Int32Array;

  /** @param words over `newProcessMemory`'s, or nothing for a program of one thread */
  constructor(memory?: SharedArrayBuffer) {
    this.#words = memory === undefined ? new Int32Array(WORDS) : new Int32Array(memory);
  }

  get number(): number {
    return this.#words[NUMBER]!;
  }

  /** Grows whenever a thread comes: what was known before holds no longer. */
  get joins(): number {
    return atomics.load(this.#words, JOINS);
  }

  /** No other thread has a port. */
  get isAlone(): boolean {
    return atomics.load(this.#words, OPEN) <= 1;
  }

  /** Some thread has a port. */
  get isInUse(): boolean {
    return atomics.load(this.#words, OPEN) > 0;
  }

  /** A port is about to be opened. @param thread a number of the thread's own @returns what `leave` takes */
  join(thread: number, { id, startTicks }: SystemThread = { id: 0, startTicks: 0 }): number {
    atomics.add(this.#words, JOINS, 1);
    if (atomics.add(this.#words, OPEN, 1) === 0) this.#freeCounters();
    for (let at = OWNERS; at < COUNTERS; at += OWNER_WORDS) {
      if (atomics.compareExchange(this.#words, at, 0, thread + 1) !== 0) continue;
      atomics.store(this.#words, at + 2, startTicks);
      atomics.store(this.#words, at + 1, id);
      return at;
    }
    return 0;
  }

  /** Those that are there when nobody has a port are of threads that have ended in the middle of a stream. */
  #freeCounters(): void {
    for (let at = COUNTERS; at < WORDS; at += COUNTER_WORDS) free(this.#words, at);
  }

  /** The port is closed. */
  leave(place: number): void {
    if (place !== 0) atomics.store(this.#words, place + 1, 0);
    if (place === 0 || atomics.exchange(this.#words, place, 0) !== 0) atomics.sub(this.#words, OPEN, 1);
  }

  /** The thread has ended, and has left none of its ports. */
  threadEnded(thread: number): void {
    for (let at = OWNERS; at < COUNTERS; at += OWNER_WORDS) {
      if (atomics.load(this.#words, at) === thread + 1) this.leave(at);
    }
  }

  /** Threads that have left none of their ports, and of which the system says that they have ended. */
  orphans(hasEnded: (thread: SystemThread) => boolean): readonly number[] {
    const found = new Set<number>();
    for (let at = OWNERS; at < COUNTERS; at += OWNER_WORDS) {
      const id = atomics.load(this.#words, at + 1);
      const thread = atomics.load(this.#words, at) - 1;
      if (id !== 0 && thread >= 0 && hasEnded({ id, startTicks: atomics.load(this.#words, at + 2) })) found.add(thread);
    }
    return [...found];
  }

  /** A counter for what is read ahead of this socket. @returns undefined when there are other threads, or too many counters */
  counterOf(socket: number): TakenCounter | undefined {
    for (let at = COUNTERS; at < WORDS; at += COUNTER_WORDS) {
      if (atomics.compareExchange(this.#words, at, 0, socket) !== 0) continue;
      atomics.store(this.#words, at + 1, 0);
      const counter = new TakenCounter(this.#words, at + 1);
      // After it can be seen: whoever comes now finds it, or is found here.
      if (this.isAlone) return counter;
      counter.release();
      return undefined;
    }
    return undefined;
  }

  /**
   * Of a thread that has come: from here on nobody takes ahead, and the host knows what was taken.
   * @param tell tells the host, and returns when it knows
   */
  closeCounters(tell: (socket: number, taken: number) => void): void {
    for (let at = COUNTERS; at < WORDS; at += COUNTER_WORDS) {
      const socket = atomics.load(this.#words, at);
      if (socket === 0) continue;
      const taken = claim(this.#words, at + 1, CLAIMED);
      if (taken === CLOSED) continue;
      if (taken > 0) tell(socket, taken);
      settle(this.#words, at + 1, CLAIMED, CLOSED);
    }
  }
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

/** @param at of the counter's first word */
function free(words: Int32Array, at: number): void {
  // Whoever gets it is seen to have it before it counts.
  atomics.store(words, at + 1, CLOSED);
  atomics.store(words, at, 0);
}
