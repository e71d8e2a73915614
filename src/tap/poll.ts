import { addressOf, EAGAIN, EINTR, libc, O_CLOEXEC, O_NONBLOCK } from "./libc.ts";
import { TapError } from "./tap-error.ts";

export type Interest = "read" | "read+write";

const POLLIN = 0x1;
const POLLOUT = 0x4;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;
const FAILED = POLLERR | POLLHUP | POLLNVAL;

/**
 * Waits in poll(2) for descriptors and for a wake-up from another thread. `wait` blocks the calling thread and allocates nothing.
 * The array of struct pollfd is held as two 32-bit words for each descriptor: fd; events below, revents above.
 */
export class Poller {
  /** An eventfd; give the number to other threads, which call `wake` with it. */
  readonly wakeDescriptor: number;
  #entries = new Int32Array(2 * 8);
  #address = addressOf(this.#entries);
  #count = 0;
  #ready = 0;
  readonly #timespec = new Int32Array(4);
  readonly #timespecAddress = addressOf(this.#timespec);
  readonly #counter = new Int32Array(2);
  readonly #counterAddress = addressOf(this.#counter);
  readonly #libc = libc();
  #isClosed = false;

  /** @throws TapError when the system has no descriptors left, or lacks poll(2) for us (no Linux, no koffi) */
  constructor() {
    const c = this.#libc;
    this.wakeDescriptor = c.eventfd(0, O_NONBLOCK | O_CLOEXEC);
    if (this.wakeDescriptor < 0) throw new TapError("make a wake-up descriptor", c.errno(), "check the limit on open files");
    this.add(this.wakeDescriptor, "read");
  }

  /** Adding a descriptor again changes its interest. */
  add(fd: number, interest: Interest): void {
    let at = this.#find(fd);
    if (at < 0) {
      at = 2 * this.#count++;
      if (at === this.#entries.length) {
        const grown = new Int32Array(2 * at);
        grown.set(this.#entries);
        this.#entries = grown;
        this.#address = addressOf(grown);
      }
      this.#entries[at] = fd;
      this.#entries[at + 1] = 0;
    }
    // What the last `wait` found stays above.
    this.#entries[at + 1] = (this.#entries[at + 1]! & ~0xffff) | (interest === "read" ? POLLIN : POLLIN | POLLOUT);
  }

  remove(fd: number): void {
    const at = this.#find(fd);
    if (at < 0) return;
    const last = 2 * --this.#count;
    this.#entries[at] = this.#entries[last]!;
    this.#entries[at + 1] = this.#entries[last + 1]!;
  }

  /**
   * Blocks until a descriptor is ready, somebody wakes, or the time is up.
   * @param timeoutMs may have fractions; 0 looks without waiting, Infinity waits without end. Never returns early because of rounding.
   * @returns how many descriptors are ready, the wake-up descriptor among them; 0 also after a signal
   * @throws TapError when poll itself fails
   */
  wait(timeoutMs: number): number {
    const c = this.#libc;
    const address = this.#address;
    let ready: number;
    if (timeoutMs <= 0) ready = c.poll(address, this.#count, 0);
    else if (putTimespec(timeoutMs, this.#timespec)) ready = c.ppoll(address, this.#count, this.#timespecAddress, 0);
    else ready = c.poll(address, this.#count, -1);
    if (ready < 0) {
      const errno = c.errno();
      if (errno !== EINTR && errno !== EAGAIN) throw new TapError("wait for descriptors", errno, "check the limit on open files");
      ready = 0;
    }
    this.#ready = ready;
    return ready;
  }

  /** After `wait`: there is something to read, or reading will tell what is wrong with the descriptor. */
  isReadable(fd: number): boolean {
    return (this.#events(fd) & (POLLIN | FAILED)) !== 0;
  }

  /** After `wait`: writing will not block, or will tell what is wrong. */
  isWritable(fd: number): boolean {
    return (this.#events(fd) & (POLLOUT | FAILED)) !== 0;
  }

  /** After `wait`: the descriptor is broken or closed; unless it is removed, every `wait` returns at once. */
  hasFailed(fd: number): boolean {
    return (this.#events(fd) & FAILED) !== 0;
  }

  /** Takes back all wake-ups so far. @returns whether there were any */
  drainWake(): boolean {
    return this.#libc.read(this.wakeDescriptor, this.#counterAddress, 8) === 8;
  }

  /** Ends the wake-up descriptor; a second call does nothing. The other descriptors stay open, they are not ours. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#count = 0;
    this.#libc.close(this.wakeDescriptor);
  }

  #find(fd: number): number {
    const entries = this.#entries;
    for (let at = 0; at < 2 * this.#count; at += 2) if (entries[at] === fd) return at;
    return -1;
  }

  #events(fd: number): number {
    if (this.#ready === 0) return 0;
    const at = this.#find(fd);
    return at < 0 ? 0 : this.#entries[at + 1]! >>> 16;
  }
}

/** Seconds are held in the lower word of their 64 bits: enough for 68 years. */
const MOST_SECONDS = 0x7fffffff;

/**
 * struct timespec, rounded up.
 * @param words seconds in the first, nanoseconds in the third
 * @returns false for a time that never comes; any other comes, though it be months ahead
 */
export function putTimespec(timeoutMs: number, words: Int32Array): boolean {
  if (timeoutMs === Number.POSITIVE_INFINITY) return false;
  const seconds = Math.min(Math.floor(timeoutMs / 1000), MOST_SECONDS - 1);
  const nanoseconds = Math.ceil((timeoutMs - seconds * 1000) * 1e6);
  words[0] = nanoseconds >= 1e9 ? seconds + 1 : seconds;
  words[2] = nanoseconds >= 1e9 ? 0 : nanoseconds;
  return true;
}

let one: Int32Array | undefined;

/** Ends a `wait` in another thread; cheap to call twice, for wake-ups add up until they are drained. */
export function wake(wakeDescriptor: number): void {
  one ??= new Int32Array([1, 0]);
  libc().write(wakeDescriptor, addressOf(one), 8);
}
