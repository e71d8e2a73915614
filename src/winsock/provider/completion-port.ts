import type { ByteBudget } from "./limits.ts";
import { HandleObject } from "./waitable.ts";

/** What a packet costs while nobody takes it. */
export const BYTES_OF_PACKET = 64;

/** Packets that a port holds whatever its program has left: of calls that were said to go on, and may not end unheard. */
const SHORT_QUEUE = 1024;

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

/** What CreateIoCompletionPort makes: packets, first in, first out. */
export class CompletionPort extends HandleObject {
  readonly #packets: Packet[] = [];
  /** So many of the oldest were shown to a face, which may take them without asking. */
  #shown = 0;
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
    return this.#packets.length < SHORT_QUEUE;
  }

  post(packet: Packet): void {
    if (this.isClosed) return;
    this.#packets.push(packet);
    this.#budget.change(BYTES_OF_PACKET);
    this.wake();
  }

  /** At most so many, the oldest first. What was shown is no longer. */
  take(most: number): Packet[] {
    this.#shown = 0;
    const taken = this.#packets.splice(0, most);
    this.#budget.change(-BYTES_OF_PACKET * taken.length);
    return taken;
  }

  /** The oldest, which stay. */
  show(most: number): readonly Packet[] {
    const shown = this.#packets.slice(0, most);
    this.#shown = shown.length;
    return shown;
  }

  /** So many of those shown have been taken. */
  takeShown(count: number): void {
    const taken = Math.min(Math.max(0, count), this.#shown);
    const left = this.#shown - taken;
    this.take(taken);
    this.#shown = left;
  }

  /** Takes back the packet of a call that its thread was told of otherwise. @param onlyFailed unless it succeeded */
  withdraw(thread: number, call: number, onlyFailed: boolean): void {
    const at = this.#packets.findLastIndex((packet) => packet.thread === thread && packet.call === call);
    if (at < 0 || (onlyFailed && this.#packets[at]?.error === 0)) return;
    this.#packets.splice(at, 1);
    if (at < this.#shown) this.#shown--;
    this.#budget.change(-BYTES_OF_PACKET);
  }

  override abort(): void {
    this.isClosed = true;
    this.take(this.#packets.length);
    this.wake();
  }
}

/** A socket's port, and the key by which its program knows the socket there. */
export interface Completion {
  readonly port: CompletionPort;
  readonly key: number;
}
