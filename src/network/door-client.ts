import type { Timer } from "../stack/core/timers.ts";
import { EPOLLIN } from "../tap/epoll.ts";
import { HEADER_BYTES, type Message, messageLength } from "../transport/message.ts";
import type { ThreadRoad } from "../transport/thread-fences.ts";

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);

/** One connection of the daemon's socket: what has come of a message that is not whole yet, and what it has not read yet. */
export class DoorClient implements ThreadRoad {
  readonly fd: number;
  /** Of the system's process that connected; 0 where it cannot be told. */
  readonly pid: number;
  /** What the threads of its program have in common; 0 for a program of one. */
  process = 0;
  isAwaited = false;
  /** Its fence, which waits for what other threads have asked before it; behind it nothing is taken. */
  fence: { readonly message: Message; readonly roads: readonly ThreadRoad[] } | undefined;
  /** The handler's name for it; 0 until it has said hello. */
  number = 0;
  helloLimit: Timer | undefined;
  isGone = false;
  /** Has heard our last word: what it still says counts for nothing, and the end of its hello limit shows it out. */
  isDismissed = false;
  /** Its socket takes nothing any more. */
  isBroken = false;
  /** Stands in the door's line. */
  isReady = false;
  /** Leaves more unread than it may: nothing is read from it. */
  isCongested = false;
  /** What epoll(7) watches for it. */
  watched = EPOLLIN;

  /** The part of a message, or messages whose turn has not come, in [heldAt, heldEnd). */
  held: Uint8Array = NOTHING;
  heldView = NO_VIEW;
  heldAt = 0;
  heldEnd = 0;
  /** What the door has counted of it. */
  countedBytes = 0;

  /** Replies that its socket did not take, oldest first. */
  out: Uint8Array[] = [];
  outBytes = 0;

  constructor(fd: number, pid: number) {
    this.fd = fd;
    this.pid = pid;
  }

  /** Whether its socket is empty is known when it is read. One that does not read waits for its own program: nobody waits for it. */
  get mayHoldRequests(): boolean {
    return !this.isGone && !this.isCongested && this.fence === undefined;
  }

  get holdsSomething(): boolean {
    return this.heldEnd > this.heldAt;
  }

  /** A whole message is held, or one that can be seen to be malformed. */
  get isNextWhole(): boolean {
    return this.heldEnd - this.heldAt >= 4 && this.#neededBytes <= this.heldEnd - this.heldAt;
  }

  /** Keeps bytes that lie where others will. */
  hold(bytes: Uint8Array, from: number, end: number): void {
    this.#move(bytes, from, end);
  }

  /** Makes room for the rest of the message that is held in part; gives the memory back when nothing is held. */
  settle(): void {
    if (!this.holdsSomething) this.release();
    else if (this.held.length - this.heldAt < this.#neededBytes) this.#move(this.held, this.heldAt, this.heldEnd);
  }

  release(): void {
    this.held = NOTHING;
    this.heldView = NO_VIEW;
    this.heldAt = this.heldEnd = 0;
  }

  /** Of the first message held, as far as it can be told. */
  get #neededBytes(): number {
    if (this.heldEnd - this.heldAt < 4) return HEADER_BYTES;
    const length = messageLength(this.heldView, this.heldAt);
    return typeof length === "number" ? length : 0;
  }

  #move(bytes: Uint8Array, from: number, end: number): void {
    const rest = bytes.subarray(from, end);
    const length = rest.length < 4 ? HEADER_BYTES : messageLength(new DataView(rest.buffer, rest.byteOffset, rest.length), 0);
    const moved = new Uint8Array(Math.max(rest.length, typeof length === "number" ? length : 0));
    moved.set(rest);
    this.held = moved;
    this.heldView = new DataView(moved.buffer);
    this.heldAt = 0;
    this.heldEnd = rest.length;
  }
}
