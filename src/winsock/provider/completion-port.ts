import type { ByteBudget } from "./limits.ts";
import { HandleObject } from "./waitable.ts";

/** What a packet costs while nobody takes it. */
export const BYTES_OF_PACKET = 64;

/** Packets that a port holds whatever its program has left: of calls that were said to go on, and may not end unheard. */
const SHORT_QUEUE = 1024;

/** Packets that a face may know of ahead: when it was last told so there was room, but they cannot be refused if that is used up since. */
const MOST_AHEAD = 1024;

/** What a completion port tells of one call that is over, or that PostQueuedCompletionStatus put there. */
export interface Packet {
  readonly key: number;
  /** The thread that made the call, and its number of it. */
  readonly thread: number;
  readonly call: number;
  readonly bytes: number;
  /** 0 or a WSA code. */
  readonly error: number;
}

/** A packet in its port. */
interface Queued {
  readonly packet: Packet;
  /** Number of takes after which its face knew of it; until the next one the face may take it without asking. −1 where it does not know of it. */
  aheadSince: number;
}

/** What CreateIoCompletionPort makes: packets, first in, first out. Those that a face takes ahead it takes in this order too. */
export class CompletionPort extends HandleObject {
  readonly #queue: Queued[] = [];
  #ahead = 0;
  /** As of `show`. */
  #takesAhead = false;
  #takes = 0;
  readonly #budget: ByteBudget;
  /** Nobody has a handle of it any more; who waits is told so. */
  isClosed = false;

  /** @param budget of its program, which holds the packets */
  constructor(budget: ByteBudget) {
    super();
    this.#budget = budget;
  }

  get hasRoom(): boolean {
    return this.#budget.left >= BYTES_OF_PACKET;
  }

  get isShort(): boolean {
    return this.#queue.length < SHORT_QUEUE;
  }

  /** For another one that its face knows of. */
  get hasRoomAhead(): boolean {
    return this.#takesAhead && this.#ahead < MOST_AHEAD;
  }

  /** @param isKnown the face of its thread knows of it, and may take it without asking */
  post(packet: Packet, isKnown = false): void {
    if (this.isClosed) return;
    const isAhead = isKnown && this.hasRoomAhead;
    this.#queue.push({ packet, aheadSince: isAhead ? this.#takes : -1 });
    if (isAhead) this.#ahead++;
    this.#changed(1);
    this.wake();
  }

  /** At most so many, the oldest first. No other one may be taken ahead any more. */
  take(most: number): Packet[] {
    const taken = this.#queue.splice(0, most);
    this.#takes++;
    this.#ahead = 0;
    this.#changed(-taken.length);
    return taken.map(({ packet }) => packet);
  }

  /** The oldest, after a `take`. They stay, and may be taken ahead; so may others that come, unless `most` is 0. */
  show(most: number): readonly Packet[] {
    this.#takesAhead = most > 0;
    const shown = this.#queue.slice(0, most);
    for (const queued of shown) queued.aheadSince = this.#takes;
    this.#ahead = shown.length;
    return shown.map(({ packet }) => packet);
  }

  /** So many of those that may be taken ahead have been, the oldest first. */
  takeAhead(count: number): void {
    const taken = Math.min(Math.max(0, count), this.#ahead);
    for (let at = 0, left = taken; left > 0; ) {
      if (this.#isAhead(this.#queue[at]!)) {
        this.#queue.splice(at, 1);
        left--;
      } else at++;
    }
    this.#ahead -= taken;
    this.#changed(-taken);
  }

  /** Takes back the packet of a call that its thread was told of otherwise. @param onlyFailed unless it succeeded */
  withdraw(thread: number, call: number, onlyFailed: boolean): void {
    const at = this.#queue.findLastIndex(({ packet }) => packet.thread === thread && packet.call === call);
    const found = this.#queue[at];
    if (found === undefined || (onlyFailed && found.packet.error === 0)) return;
    this.#queue.splice(at, 1);
    if (this.#isAhead(found)) this.#ahead--;
    this.#changed(-1);
  }

  /** For the trace. */
  get stateText(): string {
    return this.#queue.length === 1 ? "1 packet" : `${this.#queue.length} packets`;
  }

  /** So many packets more. */
  #changed(packets: number): void {
    if (packets === 0) return;
    this.#budget.change(BYTES_OF_PACKET * packets);
    this.onStateChange?.();
  }

  #isAhead({ aheadSince }: Queued): boolean {
    return aheadSince === this.#takes;
  }

  override abort(): void {
    this.isClosed = true;
    this.take(this.#queue.length);
    this.wake();
  }
}

/** A socket's port, and the key by which its program knows the socket there. */
export interface Completion {
  readonly port: CompletionPort;
  readonly key: number;
}
