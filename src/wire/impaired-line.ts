import { type FrameInfo, GSO_NONE, plainFrame } from "../stack/core/frame-info.ts";
import { below, fraction, type Random } from "../stack/core/random.ts";
import type { Timer, TimerQueue } from "../stack/core/timers.ts";
import { ETHERNET_HEADER } from "../stack/link/frame-check.ts";
import { FRAME_HEADROOM, type TransmitResult } from "../stack/link/link-device.ts";
import { completeChecksum } from "../stack/packet/partial-checksum.ts";
import type { FrameKind } from "./frame-match.ts";
import { type Direction, type DirectionReport, type FramePick, type Impairment, NO_IMPAIRMENT } from "./impairment.ts";

/** A pick that has not yet taken all its frames. */
export interface ActivePick {
  readonly match: FrameKind;
  readonly direction: Direction | undefined;
  readonly action: FramePick["action"];
  readonly delayMs: number;
  readonly sequence: number | undefined;
  readonly port: number | undefined;
  /** So many pass before it takes its first. */
  skip: number;
  left: number;
}

/** What is to become of one frame. */
export interface Fate {
  readonly isLost: boolean;
  readonly reason: string;
  /** A reset goes back instead of it. */
  readonly isReset: boolean;
  readonly isDuplicate: boolean;
  readonly isCorrupt: boolean;
  readonly delayMs: number;
  readonly isReordered: boolean;
  /** Later frames may pass it. */
  readonly overtaken: boolean;
}

const lostBy = (reason: string): Fate => ({
  isLost: true,
  reason,
  isReset: reason === "reset",
  isReordered: false,
  isDuplicate: false,
  isCorrupt: false,
  delayMs: 0,
  overtaken: false,
});

export interface WaitingFrame {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
  dueMs: number;
}

type Exit = (bytes: Uint8Array, at: number, end: number, info: FrameInfo) => TransmitResult;

/** One direction: its settings, and the frames on their way, soonest first. */
export class Line {
  settings: Impairment = NO_IMPAIRMENT;
  /** The frame at the head found the device full; it goes on at `resume`. */
  isStuck = false;
  readonly #timers: TimerQueue;
  readonly #random: Random;
  readonly #timer: Timer;
  readonly #exit: Exit;
  #frames: WaitingFrame[] = [];
  /** When the sender's end of the line is free again. */
  #freeAtMs = 0;
  /** No frame that keeps its place leaves before this. */
  #lastDueMs = 0;
  #lost = 0;
  #duplicated = 0;
  #reordered = 0;
  #corrupted = 0;
  #delayed = 0;
  #queueFull = 0;

  constructor(owner: string, timers: TimerQueue, random: Random, exit: Exit) {
    this.#timers = timers;
    this.#random = random;
    this.#exit = exit;
    this.#timer = timers.timer(
      "impairment",
      () => owner,
      () => this.runDue(),
    );
  }

  get waiting(): number {
    return this.#frames.length;
  }

  /** Draws what happens to a frame; a pick decides before chance does. Each share draws a number only when it is set. */
  fateOf(length: number, pick: ActivePick | undefined): Fate {
    const s = this.settings;
    if (pick?.action === "drop") return this.#lose("picked");
    if (pick?.action === "reset") return this.#lose("reset");
    if (this.#happens(s.loss)) return this.#lose("loss");
    const isDuplicate = pick?.action === "duplicate" || this.#happens(s.duplicate);
    const isCorrupt = pick?.action === "corrupt" || this.#happens(s.corrupt);
    const isReordered = this.#happens(s.reorder);
    let delayMs = s.delayMs;
    if (s.jitterMs > 0) delayMs += s.jitterMs * fraction(this.#random);
    if (s.rateBitsPerSecond > 0) delayMs += this.#transmissionMs(length, s.rateBitsPerSecond);
    if (isReordered) {
      delayMs += s.reorderDelayMs;
      this.#reordered++;
    }
    if (pick?.action === "delay") delayMs += pick.delayMs;
    if (isDuplicate) this.#duplicated++;
    if (delayMs > 0) this.#delayed++;
    const overtaken = isReordered || pick?.action === "delay";
    return { isLost: false, reason: "", isReset: false, isDuplicate, isCorrupt, delayMs, isReordered, overtaken };
  }

  corrupt(frame: WaitingFrame): void {
    const length = frame.bytes.length - FRAME_HEADROOM;
    const bits = (length - ETHERNET_HEADER) * 8;
    if (bits <= 0) return;
    const bit = below(this.#random, bits);
    frame.bytes[FRAME_HEADROOM + ETHERNET_HEADER + (bit >>> 3)]! ^= 1 << (bit & 7);
    frame.info.checksumVerified = false;
    this.#corrupted++;
  }

  /** @returns false when too many frames wait already */
  enter(frame: WaitingFrame, delayMs: number, overtaken: boolean): boolean {
    if (this.#frames.length >= this.settings.queueFrames) {
      this.#queueFull++;
      return false;
    }
    let dueMs = this.#timers.now + delayMs;
    if (!overtaken) {
      dueMs = Math.max(dueMs, this.#lastDueMs);
      this.#lastDueMs = dueMs;
    }
    const entry = { ...frame, info: { ...frame.info }, dueMs };
    let i = this.#frames.length;
    while (i > 0 && this.#frames[i - 1]!.dueMs > dueMs) i--;
    this.#frames.splice(i, 0, entry);
    this.#arm();
    return true;
  }

  /** Sends on what is due. */
  runDue(): void {
    const now = this.#timers.now;
    while (!this.isStuck && this.#frames.length > 0 && this.#frames[0]!.dueMs <= now) this.#sendFirst();
    this.#arm();
  }

  resume(): void {
    if (!this.isStuck) return;
    this.isStuck = false;
    this.runDue();
  }

  /** Makes everything due now. */
  flush(): void {
    for (const frame of this.#frames) frame.dueMs = Number.NEGATIVE_INFINITY;
    this.#freeAtMs = 0;
    this.#lastDueMs = 0;
    this.runDue();
  }

  discard(): void {
    this.#frames = [];
    this.#timer.cancel();
  }

  report(): DirectionReport {
    return {
      settings: this.settings,
      waiting: this.#frames.length,
      lost: this.#lost,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      corrupted: this.#corrupted,
      delayed: this.#delayed,
      queueFull: this.#queueFull,
    };
  }

  #sendFirst(): void {
    const frame = this.#frames.shift()!;
    if (this.#exit(frame.bytes, FRAME_HEADROOM, frame.bytes.length, frame.info) !== "full") return;
    this.#frames.unshift(frame);
    this.isStuck = true;
  }

  #arm(): void {
    const first = this.#frames[0];
    if (first === undefined || this.isStuck) this.#timer.cancel();
    else this.#timer.set(first.dueMs - this.#timers.now);
  }

  #transmissionMs(length: number, bitsPerSecond: number): number {
    const now = this.#timers.now;
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + (length * 8000) / bitsPerSecond;
    return this.#freeAtMs - now;
  }

  #lose(reason: string): Fate {
    this.#lost++;
    return lostBy(reason);
  }

  #happens(share: number): boolean {
    return share > 0 && fraction(this.#random) < share;
  }
}

/** A copy of our own, with its checksum complete: the frame may wait longer than its bytes stay, or be damaged. */
export function frameCopy(bytes: Uint8Array, at: number, end: number, info: FrameInfo): WaitingFrame {
  const copy = new Uint8Array(FRAME_HEADROOM + end - at);
  copy.set(bytes.subarray(at, end), FRAME_HEADROOM);
  const copyInfo = Object.assign(plainFrame(), info);
  // A super-frame that was on its way when the impairment began keeps its partial checksum, which its pieces need.
  if (info.gsoType === GSO_NONE) completeChecksum(copy, FRAME_HEADROOM, copy.length, copyInfo);
  return { bytes: copy, info: copyInfo, dueMs: 0 };
}
