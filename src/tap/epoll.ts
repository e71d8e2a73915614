import { addressOf, libc, O_CLOEXEC } from "./libc.ts";
import { TapError } from "./tap-error.ts";

export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

/** struct epoll_event is packed on x86-64 alone: events, then eight bytes of data, whose first four hold the descriptor. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4;
const DATA_WORD = process.arch === "x64" ? 1 : 2;
const EVENTS_AT_ONCE = 64;

/**
 * Which of many descriptors have something to do, at a cost that grows with those alone. It never waits: its own descriptor is
 * readable when one of them is ready, so that a `Poller` waits for it beside others.
 */
export class Epoll {
  readonly descriptor: number;
  readonly #libc = libc();
  readonly #event = new Int32Array(4);
  readonly #eventAddress = addressOf(this.#event);
  readonly #events = new Int32Array(EVENT_WORDS * EVENTS_AT_ONCE);
  readonly #eventsAddress = addressOf(this.#events);

  /** @throws TapError when the system has no descriptors left */
  constructor() {
    this.descriptor = this.#libc.epoll_create1(O_CLOEXEC);
    if (this.descriptor < 0) throw new TapError("watch many descriptors", this.#libc.errno(), "check the limit on open files");
  }

  /** @returns false when the system refuses: too many are watched */
  add(fd: number, events: number): boolean {
    return this.#control(EPOLL_CTL_ADD, fd, events);
  }

  change(fd: number, events: number): void {
    this.#control(EPOLL_CTL_MOD, fd, events);
  }

  /** Closing a descriptor does the same. */
  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Tells of those that are ready now, at most 64 of them. @returns how many */
  ready(each: (fd: number, events: number) => void): number {
    const count = this.#libc.epoll_wait(this.descriptor, this.#eventsAddress, EVENTS_AT_ONCE, 0);
    for (let i = 0; i < count; i++) {
      const at = i * EVENT_WORDS;
      each(this.#events[at + DATA_WORD]!, this.#events[at]!);
    }
    return count;
  }

  close(): void {
    this.#libc.close(this.descriptor);
  }

  #control(operation: number, fd: number, events: number): boolean {
    this.#event[0] = events;
    this.#event[DATA_WORD] = fd;
    this.#event[DATA_WORD + 1] = 0;
    return this.#libc.epoll_ctl(this.descriptor, operation, fd, this.#eventAddress) === 0;
  }
}
