import { type FrameInfo, plainFrame } from "../stack/core/frame-info.ts";
import type { Random } from "../stack/core/random.ts";
import type { TimerQueue } from "../stack/core/timers.ts";
import type { LineFate } from "../stack/core/trace.ts";
import { DeviceCounters } from "../stack/link/device-counters.ts";
import { unfitFrame } from "../stack/link/frame-check.ts";
import { FRAME_HEADROOM, type FrameSink, type LinkDevice, type LinkListener, type TransmitResult } from "../stack/link/link-device.ts";
import { type FrameKind, hasSequence, isOfKind, isOfPort } from "./frame-match.ts";
import { FrameQueue } from "./frame-queue.ts";
import { type ActivePick, type Fate, frameCopy, Line } from "./impaired-line.ts";
import {
  checkedImpairment,
  checkPick,
  type Direction,
  type FramePick,
  type Impairment,
  type ImpairmentReport,
  isActive,
  NO_IMPAIRMENT,
} from "./impairment.ts";
import { isAnsweredByReset, resetAnswering } from "./segment-reset.ts";
import { WrappedDevice } from "./wrapped-device.ts";

/** In force at a time: each frame is held against all of them. */
const MOST_PICKS = 100;

/**
 * Hears what the line does to a frame, whose bytes are as it came to the line and valid during the call only. A frame may have several
 * fates. Of `delayed` it hears where a pick asked for it, not for every frame of a slow line.
 * @param delayMs by how much later it goes on when it is delayed or reordered, else 0
 */
export type LineObserver = (direction: Direction, fate: LineFate, bytes: Uint8Array, at: number, end: number, delayMs: number) => void;

/**
 * A device around another that loses, repeats, delays and damages frames on purpose. Time and chance are brought by the host, so the same
 * seed gives the same misfortune. With nothing configured it passes everything on untouched.
 *
 * While it impairs, the inner device's segmentation is off, for a super-frame is not a packet.
 */
export class ImpairedDevice extends WrappedDevice {
  override readonly counters = new DeviceCounters();
  /** Hears what becomes of frames; undefined when nobody looks. */
  observer: LineObserver | undefined;
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
    line.settings = checkedImpairment({ ...line.settings, ...settings });
    this.#refresh();
  }

  /** @throws RangeError when a word or a number is not one of the possible ones */
  pick(pick: FramePick): void {
    checkPick(pick);
    if (this.#picks.length >= MOST_PICKS) throw new RangeError(`Cannot pick more: ${MOST_PICKS} picks are in force; clear them first`);
    const { match, direction, action, sequence, port, skip = 0, count = 1, delayMs = 100 } = pick;
    this.#picks.push({ match, direction, action, sequence, port, skip, left: count, delayMs });
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
        ...(p.skip === 0 ? {} : { skip: p.skip }),
        count: p.left,
        action: p.action,
        ...(p.sequence === undefined ? {} : { sequence: p.sequence }),
        ...(p.port === undefined ? {} : { port: p.port }),
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
      this.#lose("out", fate, bytes, at, end);
      return "sent";
    }
    if (!fate.isCorrupt && !fate.isDuplicate && fate.delayMs === 0 && line.waiting === 0) return this.#send(bytes, at, end, info);
    this.#putOnLine("out", fate, bytes, at, end, info);
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
      this.#lose("in", fate, bytes, at, end);
    } else if (isFree && !fate.isCorrupt && !fate.isDuplicate && fate.delayMs === 0) {
      this.#deliverNow(bytes, at, end, info);
    } else {
      this.#putOnLine("in", fate, bytes, at, end, info);
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

  #putOnLine(direction: Direction, fate: Fate, bytes: Uint8Array, at: number, end: number, info: FrameInfo): void {
    const line = this.#lines[direction];
    const frame = frameCopy(bytes, at, end, info);
    if (fate.isCorrupt) {
      line.corrupt(frame);
      this.observer?.(direction, "corrupted", bytes, at, end, 0);
    }
    for (let copy = fate.isDuplicate ? 2 : 1; copy > 0; copy--) {
      if (line.enter(frame, fate.delayMs, fate.overtaken)) continue;
      this.counters.drop("queue-full");
      this.observer?.(direction, "queue-full", bytes, at, end, 0);
    }
    if (fate.isDuplicate) this.observer?.(direction, "duplicated", bytes, at, end, 0);
    if (fate.overtaken) this.observer?.(direction, fate.isReordered ? "reordered" : "delayed", bytes, at, end, fate.delayMs);
  }

  #lose(direction: Direction, fate: Fate, bytes: Uint8Array, at: number, end: number): void {
    this.counters.drop(fate.reason);
    this.observer?.(direction, fate.isReset ? "reset" : fate.reason === "picked" ? "picked" : "lost", bytes, at, end, 0);
    if (!fate.isReset) return;
    const back = this.#lines[direction === "in" ? "out" : "in"];
    back.enter({ bytes: resetAnswering(bytes, at, end, FRAME_HEADROOM), info: plainFrame(), dueMs: 0 }, 0, true);
    back.runDue();
  }

  #decide(direction: Direction, bytes: Uint8Array, at: number, end: number): Fate {
    const line = this.#lines[direction];
    const pick = this.#takePick(direction, bytes, at, end);
    return line.fateOf(end - at, pick);
  }

  #takePick(direction: Direction, bytes: Uint8Array, at: number, end: number): ActivePick | undefined {
    const passed: ActivePick[] = [];
    for (const pick of this.#picks) {
      if (pick.direction !== undefined && pick.direction !== direction) continue;
      if (!isOfKind(pick.match, bytes, at, end)) continue;
      if (pick.sequence !== undefined && !hasSequence(pick.sequence, bytes, at, end)) continue;
      if (pick.port !== undefined && !isOfPort(pick.port, bytes, at, end)) continue;
      if (pick.action === "reset" && !isAnsweredByReset(bytes, at, end)) continue;
      if (pick.skip > 0) {
        passed.push(pick);
        continue;
      }
      if (--pick.left === 0) {
        this.#picks = this.#picks.filter((p) => p !== pick);
        this.#refresh();
      }
      return pick;
    }
    for (const pick of passed) pick.skip--;
    return undefined;
  }

  #refresh(): void {
    this.#isImpaired = this.#picks.length > 0 || isActive(this.#lines.in.settings) || isActive(this.#lines.out.settings);
    this.setSegmentation(this.#maySegment);
  }
}
