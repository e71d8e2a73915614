import { copyBytes } from "../../stack/core/copy-bytes.ts";
import type { TakenCounter } from "../provider/taken-counter.ts";

/** Bytes that one answer may show. */
export const SHOWN_AT_ONCE = 256 * 1024;
/** How far ahead a stream is asked for: so many answers, while no more than so many bytes lie here unread. */
interface Reach {
  readonly answers: number;
  readonly bytes: number;
}
/** While the host turns to others, and the program is woken, there is something to take. */
const FAR: Reach = { answers: 8, bytes: 4 * SHOWN_AT_ONCE };
/** For each of many, which would hold a great deal together. */
const NEAR: Reach = { answers: 1, bytes: SHOWN_AT_ONCE / 4 };
/** Memory of blocks that were used up, kept for the next ones: as much as one stream is ahead. */
const MOST_SPARES = 8;
/** So many taken bytes are worth telling by themselves: the peer's window waits for it. */
const WORTH_TELLING = 64 * 1024;
/** A receive of so many bytes that gets them all is part of a stream. */
const STREAM_FROM = 4096;
/** Receives that go without, after bytes were shown for nothing, and after the host would not show any. */
const REST_AFTER_WASTE = 8;
const REST_AFTER_REFUSAL = 64;

/** Bytes that one answer has shown. */
interface Block {
  readonly bytes: Uint8Array;
  /** They lie where the host has them. */
  readonly isLent: boolean;
}

/**
 * Bytes of one stream that the host has shown before the program asked for them. They stay unread at the host, where `select`,
 * FIONREAD, MSG_PEEK and a close see them, until the program takes them and the host is told. So a receive in a busy stream costs a
 * copy and no way there and back; whatever else the program asks of the socket finds things as if nothing had been shown.
 *
 *      head of the stream at the host
 *        │ taken, not told │ here │ asked for │ …
 */
export class ReadAhead {
  #blocks: Block[] = [];
  /** Read from the first block. */
  #at = 0;
  #held = 0;
  #target: Uint8Array | undefined;
  #targetTaken = 0;
  readonly #spares: Uint8Array[];
  #rest = 0;
  /** Times that the host has been asked to show more, and has not answered. */
  #asked = 0;
  /** Of these, how many were asked before something else was asked of the socket: their answers come first, and are of no use. */
  #outdated = 0;
  /** Answers that were of use. */
  #answers = 0;
  #answer: Promise<void> | undefined;
  #resolveAnswer: (() => void) | undefined;
  /** Of the bytes taken since the host was last told. */
  counter: TakenCounter;

  /** @param spares memory of `SHOWN_AT_ONCE` bytes each that nobody uses; those that read ahead by turns may have it in common */
  constructor(counter: TakenCounter, spares: Uint8Array[] = []) {
    this.counter = counter;
    this.#spares = spares;
  }

  /** Bytes will be shown that follow those here. */
  get isAsked(): boolean {
    return this.#asked > this.#outdated;
  }

  /** What it was asked for before is of no use: whoever wants bytes now has to ask the host. */
  get isForgotten(): boolean {
    return this.#outdated > 0;
  }

  /** Another number after each answer that was of use. */
  get answers(): number {
    return this.#answers;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** After an ordinary receive: is this a stream, of which the next bytes had better be here before they are wanted? */
  isStream(wanted: number, received: number): boolean {
    if (received < wanted || wanted < STREAM_FROM || this.isAsked) return false;
    if (this.#rest === 0) return true;
    this.#rest--;
    return false;
  }

  /** @param isOneOfMany whose program reads many streams ahead */
  isWorthAsking(isOneOfMany = false): boolean {
    const { answers, bytes } = isOneOfMany ? NEAR : FAR;
    return this.#outdated === 0 && this.#asked < answers && this.#held <= bytes;
  }

  /**
   * The host will be asked to show more.
   * @returns what it has to know of the bytes here: how many there are, or −1 where others are still to come
   */
  asks(): number {
    this.#asked++;
    return this.#asked === 1 ? this.#held : -1;
  }

  /** It could not be asked after all. */
  hasNotAsked(): void {
    this.#asked--;
  }

  /** The host shows nothing of this socket. */
  refused(): void {
    this.forget();
    this.#rest = REST_AFTER_REFUSAL;
  }

  get isWorthTelling(): boolean {
    return this.counter.count >= WORTH_TELLING;
  }

  /** Who waits for the next bytes: they go there and not by way of here. */
  waitFor(target: Uint8Array): void {
    this.#target = target;
  }

  /** Whoever waited waits no longer. @returns how many bytes it has */
  stopWaiting(): number {
    const taken = this.#targetTaken;
    this.#target = undefined;
    this.#targetTaken = 0;
    return taken;
  }

  /** Bytes that the host has shown. @param isLent they stay until they are taken; else they are copied */
  add(shown: Uint8Array, isLent = false): void {
    if (this.isForgotten || shown.length === 0) return;
    const direct = this.#target === undefined || this.#held > 0 ? 0 : Math.min(this.#target.length, shown.length);
    if (direct > 0) {
      if (!this.counter.beginTaking()) return;
      copyBytes(this.#target!, 0, shown.subarray(0, direct));
      if (!this.counter.endTaking(direct)) return;
      this.#target = undefined;
      this.#targetTaken = direct;
    }
    if (direct === shown.length) return;
    const rest = direct === 0 ? shown : shown.subarray(direct);
    this.#held += rest.length;
    this.#blocks.push({ bytes: isLent ? rest : this.#copyOf(rest), isLent });
  }

  #copyOf(bytes: Uint8Array): Uint8Array {
    const room = this.#spares.pop() ?? new Uint8Array(SHOWN_AT_ONCE);
    copyBytes(room, 0, bytes);
    return room.subarray(0, bytes.length);
  }

  /** The host has answered what it was asked to show. */
  answered(): void {
    this.#asked--;
    if (this.#outdated > 0) this.#outdated--;
    else this.#answers++;
    this.#resolveAnswer?.();
    this.#resolveAnswer = undefined;
    this.#answer = undefined;
  }

  /** While it is asked: resolves when the host has answered. */
  nextAnswer(): Promise<void> {
    this.#answer ??= new Promise((resolve) => {
      this.#resolveAnswer = resolve;
    });
    return this.#answer;
  }

  /** Moves at most `target.length` bytes to the program. @returns how many */
  take(target: Uint8Array): number {
    if (this.#held === 0) return 0;
    if (!this.counter.beginTaking()) {
      this.forget();
      return 0;
    }
    const taken = this.#read(target);
    if (this.counter.endTaking(taken)) return taken;
    this.forget();
    return 0;
  }

  /**
   * As `take`, into several pieces of memory.
   * @param tell makes the request by which the host hears of these, and of those `taken` since it was last told
   */
  takeAndTell(targets: readonly Uint8Array[], tell: (taken: number, count: number) => void): number {
    if (this.#held === 0) return 0;
    if (!this.counter.beginTaking()) {
      this.forget();
      return 0;
    }
    let count = 0;
    for (const target of targets) count += this.#read(target);
    if (this.counter.endTakingWith(count, (taken) => tell(taken, count))) return count;
    this.forget();
    return 0;
  }

  #read(target: Uint8Array): number {
    let taken = 0;
    while (taken < target.length && this.#held > 0) {
      const { bytes: block } = this.#blocks[0]!;
      const count = Math.min(target.length - taken, block.length - this.#at);
      copyBytes(target, taken, block.subarray(this.#at, this.#at + count));
      taken += count;
      this.#at += count;
      this.#held -= count;
      if (this.#at === block.length) this.#dropFirst();
    }
    return taken;
  }

  /** Something else is asked of the socket, or it is broken: what lies here is the host's again. */
  forget(): void {
    if (this.#held > 0) this.#rest = REST_AFTER_WASTE;
    this.#held = 0;
    this.#at = 0;
    this.#blocks = [];
    this.#outdated = this.#asked;
  }

  #dropFirst(): void {
    const { bytes, isLent } = this.#blocks.shift()!;
    this.#at = 0;
    if (!isLent && this.#spares.length < MOST_SPARES) this.#spares.push(new Uint8Array(bytes.buffer));
  }
}
