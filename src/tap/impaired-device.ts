import { below, fraction, type Random } from "../stack/core/random.ts";
import type { Timer, TimerQueue } from "../stack/core/timers.ts";
import { DeviceCounters } from "./device-counters.ts";
import { ETHERNET_HEADER, unfitFrame } from "./frame-check.ts";
import { FRAME_KINDS, type FrameKind, isOfKind } from "./frame-match.ts";
import { FrameQueue } from "./frame-queue.ts";
import {
  FRAME_HEADROOM,
  type FrameInfo,
  type FrameSink,
  GSO_NONE,
  type LinkDevice,
  type LinkListener,
  plainFrame,
  type TransmitResult,
} from "./link-device.ts";
import { completeChecksum } from "./partial-checksum.ts";
import { WrappedDevice } from "./wrapped-device.ts";

/** `out` leaves the host through this device, `in` arrives at the host. */
export type Direction = "in" | "out";

/** How one direction misbehaves; what is left out stays as it is. Shares are probabilities from 0 to 1, drawn for each frame on its own. */
export interface Impairment {
  readonly loss: number;
  readonly duplicate: number;
  /** Share of frames that are held back by `reorderDelayMs` while later ones pass. */
  readonly reorder: number;
  readonly reorderDelayMs: number;
  /** Share of frames in which one bit after the Ethernet header is turned over. */
  readonly corrupt: number;
  readonly delayMs: number;
  /** Added to the delay, uniform from 0 to this; does not reorder. */
  readonly jitterMs: number;
  /** 0 for no limit. Frames wait for each other as on a slow line. */
  readonly rateBitsPerSecond: number;
  /** How many frames may wait for delay and rate together; the next is lost. */
  readonly queueFrames: number;
}

export const NO_IMPAIRMENT: Impairment = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderDelayMs: 10,
  corrupt: 0,
  delayMs: 0,
  jitterMs: 0,
  rateBitsPerSecond: 0,
  queueFrames: 1000,
};

/** Something done to the next few frames of a kind. */
export interface Pick {
  readonly match: FrameKind;
  /** Both when left out. */
  readonly direction?: Direction;
  /** How many frames; 1 when left out. */
  readonly count?: number;
  readonly action: "drop" | "duplicate" | "delay" | "corrupt";
  /** For `delay`; 100 when left out. */
  readonly delayMs?: number;
}

/** What `describe` reports; it survives JSON. */
export interface ImpairmentReport {
  readonly impaired: boolean;
  readonly in: DirectionReport;
  readonly out: DirectionReport;
  readonly picks: readonly Pick[];
}

export interface DirectionReport {
  readonly settings: Impairment;
  /** Frames waiting for their time. */
  readonly waiting: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
  readonly delayed: number;
  readonly queueFull: number;
}

const ACTIONS = ["drop", "duplicate", "delay", "corrupt"] as const;
const SHARES = ["loss", "duplicate", "reorder", "corrupt"] as const;
const AMOUNTS = ["reorderDelayMs", "delayMs", "jitterMs", "rateBitsPerSecond", "queueFrames"] as const;

/**
 * A device around another that loses, repeats, delays and damages frames on purpose. Time and chance are brought by the host, so the same
 * seed gives the same misfortune. With nothing configured it passes everything on untouched.
 *
 * While it impairs, the inner device's segmentation is off, for a super-frame is not a packet.
 */
export class ImpairedDevice extends WrappedDevice {
  override readonly counters = new DeviceCounters();
  readonly #lines: Readonly<Record<Direction, Line>>;
  /** Frames for the host whose time has come. */
  readonly #arrived = new FrameQueue();
  readonly #judge: FrameSink;
  #sink: FrameSink | undefined;
  #picks: ActivePick[] = [];
  #listener: LinkListener | undefined;
  #maySegment = true;
  #isImpaired = false;
  #isClosed = false;

  constructor(inner: LinkDevice, options: { readonly timers: TimerQueue; readonly random: Random }) {
    super(inner);
    const name = inner.name;
    this.#lines = {
      in: new Line(`${name} in`, options.timers, options.random, (b, at, end, info) => this.#deliverLate(b, at, end, info)),
      out: new Line(`${name} out`, options.timers, options.random, (b, at, end, info) => this.#send(b, at, end, info)),
    };
    this.#judge = { frame: (bytes, at, end, info) => this.#judgeArrival(bytes, at, end, info) };
    inner.setListener({
      readable: () => this.#listener?.readable(),
      writable: () => {
        this.#lines.out.resume();
        this.#listener?.writable();
      },
      linkChanged: (up) => this.#listener?.linkChanged(up),
    });
  }

  override get isUp(): boolean {
    return this.inner.isUp && !this.#isClosed;
  }

  override get isGone(): boolean {
    return this.inner.isGone || this.#isClosed;
  }

  get isImpaired(): boolean {
    return this.#isImpaired;
  }

  override setListener(listener: LinkListener): void {
    this.#listener = listener;
  }

  override setSegmentation(on: boolean): void {
    this.#maySegment = on;
    this.inner.setSegmentation(on && !this.#isImpaired);
  }

  /** Changes some settings of a direction, for frames from now on. @throws RangeError when a value is out of its range */
  configure(direction: Direction, settings: Partial<Impairment>): void {
    const line = this.#lines[direction];
    line.settings = checked({ ...line.settings, ...settings });
    this.#refresh();
  }

  /** @throws RangeError when a word or a number is not one of the possible ones */
  pick(pick: Pick): void {
    if (!FRAME_KINDS.includes(pick.match)) throw new RangeError(`Cannot pick "${pick.match}": want one of ${FRAME_KINDS.join(", ")}`);
    if (!ACTIONS.includes(pick.action))
      throw new RangeError(`Cannot pick with the action "${pick.action}": want one of ${ACTIONS.join(", ")}`);
    if (pick.direction !== undefined && pick.direction !== "in" && pick.direction !== "out") {
      throw new RangeError(`Cannot pick in the direction "${pick.direction}": want "in" or "out"`);
    }
    const count = pick.count ?? 1;
    if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`Cannot pick ${count} frames: want a whole number above 0`);
    const delayMs = pick.delayMs ?? 100;
    if (!(Number.isFinite(delayMs) && delayMs >= 0)) throw new RangeError(`Cannot delay by ${delayMs} ms: want 0 or more`);
    this.#picks.push({ match: pick.match, direction: pick.direction, left: count, action: pick.action, delayMs });
    this.#refresh();
  }

  /** `dropNext("syn-ack")`: in either direction unless one is given. */
  dropNext(match: FrameKind, direction?: Direction, count = 1): void {
    this.pick({ match, action: "drop", count, ...(direction === undefined ? {} : { direction }) });
  }

  /** Back to a good device: what waits goes on at once, in order, and picks are forgotten. */
  clear(): void {
    this.#picks = [];
    for (const line of Object.values(this.#lines)) {
      line.settings = NO_IMPAIRMENT;
      line.flush();
    }
    this.#refresh();
  }

  describe(): ImpairmentReport {
    return {
      impaired: this.#isImpaired,
      in: this.#lines.in.report(),
      out: this.#lines.out.report(),
      picks: this.#picks.map((p) => ({
        match: p.match,
        ...(p.direction === undefined ? {} : { direction: p.direction }),
        count: p.left,
        action: p.action,
        ...(p.action === "delay" ? { delayMs: p.delayMs } : {}),
      })),
    };
  }

  /** A frame that no device could carry (runt, longer than the MTU) counts as sent, and as a drop. */
  override transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const line = this.#lines.out;
    if (!this.isUp) return this.#send(bytes, at, end, info);
    const unfit = unfitFrame(bytes, at, end, info, this.mtu);
    if (unfit !== undefined) {
      this.counters.drop(unfit);
      return "sent";
    }
    if (!this.#isImpaired && line.waiting === 0) return this.#send(bytes, at, end, info);
    // A sender is held back as it would be without us; what is lost later on the line is lost silently.
    if (line.isStuck) return "full";
    const fate = this.#decide("out", bytes, at, end);
    if (fate.isLost) {
      this.counters.drop(fate.reason);
      return "sent";
    }
    if (!fate.isCorrupt && !fate.isDuplicate && fate.delayMs === 0 && line.waiting === 0) return this.#send(bytes, at, end, info);
    this.#putOnLine(line, fate, bytes, at, end, info);
    line.runDue();
    return "sent";
  }

  /** Frames lost here count against the budget, so that fewer than `budget` still means dry. */
  override receive(sink: FrameSink, budget: number): number {
    let frames = this.#arrived.deliver(sink, budget);
    if (frames < budget) {
      this.#sink = sink;
      try {
        frames += this.inner.receive(this.#judge, budget - frames);
      } finally {
        this.#sink = undefined;
      }
    }
    if (frames < budget) frames += this.#arrived.deliver(sink, budget - frames);
    return frames;
  }

  /** Ends the inner device too; what still waits is lost. */
  override close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lines.in.discard();
    this.#lines.out.discard();
    this.#arrived.clear();
    this.inner.close();
  }

  #judgeArrival(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const line = this.#lines.in;
    const isFree = line.waiting === 0 && this.#arrived.size === 0;
    if (!this.#isImpaired && isFree) {
      this.#deliverNow(bytes, at, end, info);
      return;
    }
    const fate = this.#decide("in", bytes, at, end);
    if (fate.isLost) {
      this.counters.drop(fate.reason);
    } else if (isFree && !fate.isCorrupt && !fate.isDuplicate && fate.delayMs === 0) {
      this.#deliverNow(bytes, at, end, info);
    } else {
      this.#putOnLine(line, fate, bytes, at, end, info);
      line.runDue();
    }
  }

  #deliverNow(bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    this.counters.cameIn(end - at);
    this.#sink?.frame(bytes, at, end, info);
  }

  #deliverLate(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    if (this.#arrived.push(bytes, at, end, info) < 0) {
      this.counters.drop("full");
      return "sent";
    }
    this.counters.cameIn(end - at);
    this.#listener?.readable();
    return "sent";
  }

  #send(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult {
    const result = this.inner.transmit(bytes, at, end, info);
    if (result === "sent") this.counters.wentOut(end - at);
    else if (result === "down") this.counters.drop("down");
    return result;
  }

  #putOnLine(line: Line, fate: Fate, bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const frame = copyOf(bytes, at, end, info);
    if (fate.isCorrupt) line.corrupt(frame);
    if (!line.enter(frame, fate.delayMs, fate.overtaken)) this.counters.drop("queue-full");
    if (fate.isDuplicate && !line.enter(frame, fate.delayMs, fate.overtaken)) this.counters.drop("queue-full");
  }

  #decide(direction: Direction, bytes: Uint8Array, at: number, end: number): Fate {
    const line = this.#lines[direction];
    const pick = this.#takePick(direction, bytes, at, end);
    return line.fateOf(end - at, pick);
  }

  #takePick(direction: Direction, bytes: Uint8Array, at: number, end: number): ActivePick | undefined {
    for (const pick of this.#picks) {
      if (pick.direction !== undefined && pick.direction !== direction) continue;
      if (!isOfKind(pick.match, bytes, at, end)) continue;
      if (--pick.left === 0) {
        this.#picks = this.#picks.filter((p) => p !== pick);
        this.#refresh();
      }
      return pick;
    }
    return undefined;
  }

  #refresh(): void {
    this.#isImpaired = this.#picks.length > 0 || isActive(this.#lines.in.settings) || isActive(this.#lines.out.settings);
    this.setSegmentation(this.#maySegment);
  }
}

interface ActivePick {
  readonly match: FrameKind;
  readonly direction: Direction | undefined;
  readonly action: Pick["action"];
  readonly delayMs: number;
  left: number;
}

interface Fate {
  readonly isLost: boolean;
  readonly reason: string;
  readonly isDuplicate: boolean;
  readonly isCorrupt: boolean;
  readonly delayMs: number;
  /** Later frames may pass it. */
  readonly overtaken: boolean;
}

const lostBy = (reason: string): Fate => ({ isLost: true, reason, isDuplicate: false, isCorrupt: false, delayMs: 0, overtaken: false });

interface WaitingFrame {
  readonly bytes: Uint8Array;
  readonly info: FrameInfo;
  dueMs: number;
}

type Exit = (bytes: Uint8Array, at: number, end: number, info: FrameInfo) => TransmitResult;

/** One direction: its settings, and the frames on their way, soonest first. */
class Line {
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
    return { isLost: false, reason: "", isDuplicate, isCorrupt, delayMs, overtaken: isReordered || pick?.action === "delay" };
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
    let dueMs = this.#timers.clock.now() + delayMs;
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
    const now = this.#timers.clock.now();
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
    else this.#timer.set(first.dueMs - this.#timers.clock.now());
  }

  #transmissionMs(length: number, bitsPerSecond: number): number {
    const now = this.#timers.clock.now();
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
function copyOf(bytes: Uint8Array, at: number, end: number, info: FrameInfo): WaitingFrame {
  const copy = new Uint8Array(FRAME_HEADROOM + end - at);
  copy.set(bytes.subarray(at, end), FRAME_HEADROOM);
  const copyInfo = Object.assign(plainFrame(), info);
  // A super-frame that was on its way when the impairment began keeps its partial checksum, which its pieces need.
  if (info.gsoType === GSO_NONE) completeChecksum(copy, FRAME_HEADROOM, copy.length, copyInfo);
  return { bytes: copy, info: copyInfo, dueMs: 0 };
}

const isActive = (s: Impairment): boolean =>
  s.loss > 0 || s.duplicate > 0 || s.reorder > 0 || s.corrupt > 0 || s.delayMs > 0 || s.jitterMs > 0 || s.rateBitsPerSecond > 0;

function checked(settings: Impairment): Impairment {
  for (const key of SHARES) {
    const value = settings[key];
    if (!(value >= 0 && value <= 1)) throw new RangeError(`Cannot set ${key} to ${value}: want a share from 0 to 1`);
  }
  for (const key of AMOUNTS) {
    const value = settings[key];
    if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`Cannot set ${key} to ${value}: want 0 or more`);
  }
  return settings;
}
