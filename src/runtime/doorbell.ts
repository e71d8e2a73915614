import { wake } from "../tap/poll.ts";

const SLEEPS = 0;
/** An eventfd when the thread sleeps in poll(2), −1 when it sleeps on the word. */
const WAKE_DESCRIPTOR = 1;
const PULSE = 2;
const STOP = 3;
const ATTACHMENTS = 4;
const STATE = 5;
const TEXT_BYTES = 6;
const WORDS = 16;
const TEXT_ROOM = 4096;

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
    const descriptor = Atomics.load(words, WAKE_DESCRIPTOR);
    if (descriptor >= 0) wake(descriptor);
    else Atomics.notify(words, SLEEPS);
  }

  /** A message with an attachment is in the thread's mailbox. */
  announceAttachment(): void {
    Atomics.add(this.#words, ATTACHMENTS, 1);
    this.ring();
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.ring();
  }

  get state(): ThreadState {
    return STATES[Atomics.load(this.#words, STATE)] ?? "ended";
  }

  /** Why the thread could not start, or what ended it; empty when it was told to stop. */
  get text(): string {
    const length = Atomics.load(this.#words, TEXT_BYTES);
    return new TextDecoder().decode(new Uint8Array(this.memory, WORDS * 4, length).slice());
  }

  /** Changes whenever the thread has been awake. */
  get pulse(): number {
    return Atomics.load(this.#words, PULSE);
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

  useDescriptor(descriptor: number): void {
    Atomics.store(this.#words, WAKE_DESCRIPTOR, descriptor);
  }

  becomeRunning(): void {
    this.#become(1, "");
  }

  becomeEnded(text: string): void {
    this.#become(2, text);
  }

  beat(): void {
    Atomics.add(this.#words, PULSE, 1);
  }

  get isStopping(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Attachments announced so far. */
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
