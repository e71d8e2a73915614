import { wake } from "../tap/poll.ts";
import { hasEnded, type NativeThread } from "./native-thread.ts";

const SLEEPS = 0;
/** An eventfd when the thread sleeps in poll(2), −1 when it sleeps on the word. */
const WAKE_DESCRIPTOR = 1;
const PULSE = 2;
const STOP = 3;
const ATTACHMENTS = 4;
const STATE = 5;
const TEXT_BYTES = 6;
/** The thread, as the kernel knows it. */
const THREAD = 7;
const THREAD_START = 8;
/** How many threads are about to write to the descriptor. */
const RINGERS = 9;
/** How many of the letters announced have been acted upon. */
const LETTERS_DONE = 10;
const HAS_RUN = 11;
const WORDS = 16;
const TEXT_ROOM = 4096;

/** A ring is a write of eight bytes; whoever takes longer than this is held. */
const WITHDRAWAL_LIMIT_MS = 200;

const STATES = ["starting", "running", "ended"] as const;
export type ThreadState = (typeof STATES)[number];

export const newDoorbellMemory = (): SharedArrayBuffer => {
  const memory = new SharedArrayBuffer(WORDS * 4 + TEXT_ROOM);
  new Int32Array(memory)[WAKE_DESCRIPTOR] = -1;
  return memory;
};

/**
 * How a thread that serves others is woken, and how they see whether it still lives. A wake-up costs a system call only while
 * the thread sleeps: it raises a flag, looks once more for work, and only then waits.
 */
export class Doorbell {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
  }

  // What the others call.

  /** Call it after the work has been put where the thread finds it. */
  ring(): void {
    const words = this.#words;
    if (Atomics.load(words, SLEEPS) === 0 || Atomics.exchange(words, SLEEPS, 0) === 0) return;
    // Whoever withdraws the descriptor waits for those who may have read it.
    Atomics.add(words, RINGERS, 1);
    const descriptor = Atomics.load(words, WAKE_DESCRIPTOR);
    if (descriptor >= 0) wake(descriptor);
    else Atomics.notify(words, SLEEPS);
    if (Atomics.sub(words, RINGERS, 1) === 1) Atomics.notify(words, RINGERS);
  }

  /** A letter is in the thread's mailbox. @returns its number, for `awaitLetter` */
  announceAttachment(): number {
    const number = Atomics.add(this.#words, ATTACHMENTS, 1) + 1;
    this.ring();
    return number;
  }

  /** Blocks the caller until the thread has acted upon the letter, or the time is up. */
  awaitLetter(number: number, timeoutMs: number): void {
    for (;;) {
      const done = Atomics.load(this.#words, LETTERS_DONE);
      if (((done - number) | 0) >= 0 || this.state === "ended") return;
      if (Atomics.wait(this.#words, LETTERS_DONE, done, timeoutMs) === "timed-out") return;
    }
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.ring();
  }

  get state(): ThreadState {
    return STATES[Atomics.load(this.#words, STATE)] ?? "ended";
  }

  /** It has ended, if it has, only after it had started. */
  get hasRun(): boolean {
    return Atomics.load(this.#words, HAS_RUN) !== 0;
  }

  /** Why the thread could not start, or what ended it; empty when it was told to stop. */
  get text(): string {
    const length = Atomics.load(this.#words, TEXT_BYTES);
    return new TextDecoder().decode(new Uint8Array(this.memory, WORDS * 4, length).slice());
  }

  /** The kernel knows the thread no more, whatever it last said. False while it is only held, and where the kernel cannot be asked. */
  get isThreadDead(): boolean {
    return hasEnded({ id: Atomics.load(this.#words, THREAD), startTicks: Atomics.load(this.#words, THREAD_START) });
  }

  /** Blocks the caller until the thread runs or has ended. @returns false when the time was up first */
  waitWhileStarting(timeoutMs: number): boolean {
    return Atomics.wait(this.#words, STATE, 0, timeoutMs) !== "timed-out";
  }

  /** Blocks the caller until the thread has ended. */
  waitForEnd(timeoutMs: number): boolean {
    const seen = Atomics.load(this.#words, STATE);
    return seen === 2 || Atomics.wait(this.#words, STATE, seen, timeoutMs) !== "timed-out";
  }

  async started(): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, STATE, 0);
    if (wait.async) await wait.value;
  }

  async ended(): Promise<void> {
    for (;;) {
      const seen = Atomics.load(this.#words, STATE);
      if (seen === 2) return;
      const wait = Atomics.waitAsync(this.#words, STATE, seen);
      if (wait.async) await wait.value;
    }
  }

  /** For whoever knows that the thread is gone without having said so. */
  declareEnded(text: string): void {
    if (this.state !== "ended") this.#become(2, text);
  }

  // What the thread itself calls.

  /** Its first act, so that the others can ask the kernel whether it lives. */
  useThread({ id, startTicks }: NativeThread): void {
    Atomics.store(this.#words, THREAD_START, startTicks);
    Atomics.store(this.#words, THREAD, id);
  }

  useDescriptor(descriptor: number): void {
    Atomics.store(this.#words, WAKE_DESCRIPTOR, descriptor);
  }

  /**
   * From here on ringing notifies the word only.
   * @returns whether the descriptor may be closed. False when somebody who may still write to it does not go on (held, or terminated
   * in the middle of a ring): closed, its number could be another's by the time of that write.
   */
  withdrawDescriptor(): boolean {
    Atomics.store(this.#words, WAKE_DESCRIPTOR, -1);
    for (;;) {
      const ringers = Atomics.load(this.#words, RINGERS);
      if (ringers === 0) return true;
      if (Atomics.wait(this.#words, RINGERS, ringers, WITHDRAWAL_LIMIT_MS) === "timed-out") return false;
    }
  }

  becomeRunning(): void {
    Atomics.store(this.#words, HAS_RUN, 1);
    this.#become(1, "");
  }

  becomeEnded(text: string): void {
    this.#become(2, text);
  }

  beat(): void {
    Atomics.add(this.#words, PULSE, 1);
  }

  /** All letters up to this number have been acted upon. */
  lettersDone(number: number): void {
    Atomics.store(this.#words, LETTERS_DONE, number);
    Atomics.notify(this.#words, LETTERS_DONE);
  }

  get isStopping(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Letters announced so far. */
  get attachments(): number {
    return Atomics.load(this.#words, ATTACHMENTS);
  }

  /** From here on `ring` wakes; look for work once more before really waiting. */
  aboutToSleep(): void {
    Atomics.store(this.#words, SLEEPS, 1);
  }

  awake(): void {
    Atomics.store(this.#words, SLEEPS, 0);
  }

  /** Waits until somebody rings; returns at once when somebody has since `aboutToSleep`. */
  sleep(timeoutMs: number): void {
    Atomics.wait(this.#words, SLEEPS, 1, timeoutMs);
  }

  async sleepAsync(): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, SLEEPS, 1);
    if (wait.async) await wait.value;
  }

  #become(state: number, text: string): void {
    const bytes = new TextEncoder().encode(text).subarray(0, TEXT_ROOM);
    new Uint8Array(this.memory, WORDS * 4).set(bytes);
    Atomics.store(this.#words, TEXT_BYTES, bytes.length);
    Atomics.store(this.#words, STATE, state);
    Atomics.notify(this.#words, STATE);
    this.ring();
  }
}
