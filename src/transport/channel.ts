import { useSharedCopy } from "../stack/core/copy-bytes.ts";
import { isLibcLoaded, plainView } from "../tap/libc.ts";
import { MAX_DATA } from "./message.ts";
import { hasEnded, type NativeThread } from "./native-thread.ts";
import { copyInNode } from "./node-copy.ts";
import { RING_WORDS, type RingMemory, smallestRing } from "./ring.ts";

/**
 * A channel is the shared memory between one thread of a program and the thread that serves it: a ring of messages each way, and
 * some words of their state.
 */

const CLIENT_SLEEPS = 2 * RING_WORDS;
const CLIENT_CLOSED = CLIENT_SLEEPS + 1;
const SERVER_CLOSED = CLIENT_SLEEPS + 2;
/** The client's thread, as Node numbers it and as the kernel does. */
const CLIENT_WORKER = CLIENT_SLEEPS + 3;
const CLIENT_THREAD = CLIENT_SLEEPS + 4;
const CLIENT_THREAD_START = CLIENT_SLEEPS + 5;
const WORDS = 2 * RING_WORDS + 32;

// Every thread that has a channel copies to and from shared memory.
useSharedCopy(copyInNode);

/** Bytes in each direction. */
export const CHANNEL_BYTES = 2 * 1024 * 1024;

/** @param bytes of each direction, a power of two of at least 1 MiB */
export function newChannelMemory(bytes = CHANNEL_BYTES): SharedArrayBuffer {
  if (bytes < smallestRing(MAX_DATA) || (bytes & (bytes - 1)) !== 0) {
    throw new RangeError(`Cannot make a channel of ${bytes} bytes: expected a power of two from ${smallestRing(MAX_DATA)}`);
  }
  return new SharedArrayBuffer(WORDS * 4 + 2 * bytes);
}

export class Channel {
  readonly memory: SharedArrayBuffer;
  /** From the client to its server. */
  readonly requests: RingMemory;
  readonly replies: RingMemory;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    const bytes = (memory.byteLength - WORDS * 4) / 2;
    const all = isLibcLoaded() ? plainView(memory) : new Uint8Array(memory);
    const rings = all.subarray(WORDS * 4);
    this.requests = { words: this.#words.subarray(0, RING_WORDS), bytes: rings.subarray(0, bytes) };
    this.replies = { words: this.#words.subarray(RING_WORDS, 2 * RING_WORDS), bytes: rings.subarray(bytes) };
  }

  // The server's side.

  /** Replies have been written, or room for requests was made. */
  wakeClient(): void {
    if (Atomics.load(this.#words, CLIENT_SLEEPS) === 0 || Atomics.exchange(this.#words, CLIENT_SLEEPS, 0) === 0) return;
    Atomics.notify(this.#words, CLIENT_SLEEPS);
  }

  /** The client is gone and will neither write nor read. */
  get isClosed(): boolean {
    return Atomics.load(this.#words, CLIENT_CLOSED) !== 0;
  }

  /** `threadId` of the client's thread (node:worker_threads). */
  get clientWorker(): number {
    return Atomics.load(this.#words, CLIENT_WORKER);
  }

  /** The client's thread can end while the server's goes on. The kernel gives the main thread the number of the process. */
  get isClientMortal(): boolean {
    const id = Atomics.load(this.#words, CLIENT_THREAD);
    return id !== 0 && id !== process.pid;
  }

  /** The client's thread has ended, and may have had no time to close the channel. Asks the kernel. */
  get isClientDead(): boolean {
    return hasEnded({ id: Atomics.load(this.#words, CLIENT_THREAD), startTicks: Atomics.load(this.#words, CLIENT_THREAD_START) });
  }

  /** The server has seen that the client is gone, and will touch the channel no more. */
  markSpent(): void {
    Atomics.store(this.#words, SERVER_CLOSED, 1);
  }

  // The client's side.

  /** Both ends have let go of it: its memory may carry another channel. */
  get isSpent(): boolean {
    return this.isClosed && Atomics.load(this.#words, SERVER_CLOSED) !== 0;
  }

  /** A new channel in the memory of this spent one. */
  renew(): Channel {
    this.#words.fill(0);
    return new Channel(this.memory);
  }

  /** Whose channel it is, so that others can close it when that thread is terminated. */
  setClient(worker: number, { id, startTicks }: NativeThread): void {
    Atomics.store(this.#words, CLIENT_WORKER, worker);
    Atomics.store(this.#words, CLIENT_THREAD_START, startTicks);
    Atomics.store(this.#words, CLIENT_THREAD, id);
  }

  /** By the client, or for one that cannot do it any more. */
  markClosed(): void {
    Atomics.store(this.#words, CLIENT_CLOSED, 1);
  }

  /** From here on `wakeClient` wakes; look for replies once more before really waiting. */
  aboutToSleep(): void {
    Atomics.store(this.#words, CLIENT_SLEEPS, 1);
  }

  awake(): void {
    Atomics.store(this.#words, CLIENT_SLEEPS, 0);
  }

  /** @returns false when the time was up before anybody woke us */
  sleep(timeoutMs: number): boolean {
    return Atomics.wait(this.#words, CLIENT_SLEEPS, 1, timeoutMs) !== "timed-out";
  }

  /** Undefined when there is nothing to wait for. */
  sleepAsync(): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.#words, CLIENT_SLEEPS, 1);
    return wait.async ? wait.value : undefined;
  }

  /** The server has ended: end every wait. */
  release(): void {
    this.awake();
    Atomics.notify(this.#words, CLIENT_SLEEPS);
  }
}
