/**
 * What the threads of one program know of each other without asking the host: whether there is more than one, and how many bytes each of
 * them has taken ahead of a stream that the host has not been told of. The memory is shared by the threads, whatever carries their calls.
 */

import { COUNTER_WORDS, closeCounter, freeCounter, TakenCounter } from "./taken-counter.ts";
import { atomics } from "./word-atomics.ts";

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
const WORDS = COUNTERS + MOST_COUNTERS * COUNTER_WORDS;

/** @param number what the host knows the program by; 0 for one of a single thread */
export function newProcessMemory(number: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4 * WORDS);
  new Int32Array(memory)[NUMBER] = number;
  return memory;
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
    for (let at = COUNTERS; at < WORDS; at += COUNTER_WORDS) freeCounter(this.#words, at);
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
      const counter = new TakenCounter(this.#words, at);
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
      if (socket !== 0) closeCounter(this.#words, at, (taken) => tell(socket, taken));
    }
  }
}
