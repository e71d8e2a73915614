import type { LineFate } from "../stack/core/trace.ts";
import type { FrameRunEvent, RunEvent } from "./run-event.ts";

/** Where a frame came to, and when. */
export interface FrameArrival {
  readonly host: string;
  readonly atMs: number;
  /** Place of the event in the run. */
  readonly place: number;
  /** What came differs from what left. */
  readonly isCorrupted: boolean;
}

/** What a line did to a frame. */
export interface FrameMishap {
  readonly fate: LineFate;
  /** Whose line it was. */
  readonly host: string;
  readonly direction: "in" | "out";
  readonly atMs: number;
  readonly place: number;
  readonly delayMs?: number | undefined;
}

/** A frame on its way: what left one host and came to others, told as one. */
export interface PairedFrame {
  /** Counts from 0 in the order in which they were first seen. */
  readonly index: number;
  /** The event that shows it first: its leaving where that was seen. */
  readonly event: FrameRunEvent;
  readonly place: number;
  /** The host that it left; undefined where only its coming was seen. */
  readonly from: string | undefined;
  readonly arrivals: readonly FrameArrival[];
  readonly mishaps: readonly FrameMishap[];
  /** What took it away, if something did. */
  readonly lost: FrameMishap | undefined;
}

/** The record behind, which grows as more is seen. */
interface OpenFrame extends PairedFrame {
  readonly arrivals: FrameArrival[];
  readonly mishaps: FrameMishap[];
  lost: FrameMishap | undefined;
  /** How many more than one may come to a host. */
  copies: number;
  readonly key: number;
}

/** Frames whose arrival may still be seen; of older ones it is not looked for. */
const MAX_OPEN = 4096;
/** What a frame that comes damaged is compared with. */
const MAX_COMPARED = 256;
const ETHERNET_HEADER = 14;
const KEY_BYTES = 128;

const isLoss = (fate: LineFate): boolean => fate === "lost" || fate === "queue-full" || fate === "picked" || fate === "reset";

/**
 * Puts together what different hosts saw of one frame: the same bytes behind the Ethernet header, first in, first out. What a line did
 * says `frame-impaired`: a frame that was lost pairs with nothing, one that was duplicated with two, and a corrupted one with what
 * differs by a bit. Events are pushed in the order of the run.
 */
export class FramePairs {
  readonly #frames: OpenFrame[] = [];
  readonly #open = new Map<number, OpenFrame[]>();
  /** The keys of what is open, the oldest first. */
  #openOrder: OpenFrame[] = [];
  /** Damaged on its way, and not yet seen to come. */
  #damaged: OpenFrame[] = [];
  /** Told of before the frame itself: the line judges while it takes the frame. */
  #early: { readonly event: ImpairedEvent; readonly place: number }[] = [];
  /** Frames by the places of all events that show them. */
  readonly #byPlace = new Map<number, OpenFrame>();

  /** In the order in which they were first seen. */
  get frames(): readonly PairedFrame[] {
    return this.#frames;
  }

  /** The frame that an event shows, is it its leaving, its arrival or its mishap. */
  at(place: number): PairedFrame | undefined {
    return this.#byPlace.get(place);
  }

  push(event: RunEvent, place: number): void {
    if (event.type === "frame") {
      if (event.direction === "out") this.#left(event, place);
      else this.#came(event, place);
    } else if (event.type === "frame-impaired") this.#impaired(event, place);
  }

  #left(event: FrameRunEvent, place: number): void {
    const frame = this.#add(event, place, event.host);
    const early = this.#early;
    this.#early = [];
    for (const each of early) {
      const isOfThis = each.event.host === event.host && each.event.atMs === event.atMs && isAlike(each.event, event);
      if (isOfThis) this.#note(frame, each.event, each.place);
      else if (each.event.atMs === event.atMs) this.#early.push(each);
    }
  }

  #came(event: FrameRunEvent, place: number): void {
    const { host, atMs } = event;
    const frame = this.#open.get(keyOf(event))?.find((open) => awaits(open, host) && isAlike(open.event, event));
    if (frame !== undefined) {
      this.#arrived(frame, { host, atMs, place, isCorrupted: false });
      return;
    }
    const damaged = this.#damaged.find((open) => awaits(open, host) && differsByBits(open.event, event));
    if (damaged !== undefined) {
      this.#damaged = this.#damaged.filter((open) => open !== damaged);
      this.#arrived(damaged, { host, atMs, place, isCorrupted: true });
      return;
    }
    const alone = this.#add(event, place, undefined);
    alone.arrivals.push({ host, atMs, place, isCorrupted: false });
  }

  #impaired(event: ImpairedEvent, place: number): void {
    const frame = this.#impairedFrame(event);
    if (frame !== undefined) this.#note(frame, event, place);
    else if (event.direction === "out") {
      this.#early.push({ event, place });
      if (this.#early.length > MAX_COMPARED) this.#early.shift();
    }
  }

  #impairedFrame(event: ImpairedEvent): OpenFrame | undefined {
    const mayBe = (open: OpenFrame): boolean =>
      event.direction === "out"
        ? open.from === event.host && open.event.atMs === event.atMs && open.lost === undefined
        : awaits(open, event.host);
    const alike = this.#open.get(keyOf(event))?.filter((open) => mayBe(open) && isAlike(open.event, event));
    // What leaves has its mishap at once, so it is the latest; what comes has waited in turn.
    if (alike !== undefined && alike.length > 0) return event.direction === "out" ? alike.at(-1) : alike[0];
    if (event.fate !== "corrupted") return undefined;
    return this.#openOrder.slice(-MAX_COMPARED).find((open) => mayBe(open) && differsByBits(open.event, event));
  }

  #note(frame: OpenFrame, { fate, host, direction, atMs, delayMs }: ImpairedEvent, place: number): void {
    const mishap = { fate, host, direction, atMs, place, delayMs };
    frame.mishaps.push(mishap);
    this.#byPlace.set(place, frame);
    if (isLoss(fate)) frame.lost = mishap;
    if (fate === "duplicated") frame.copies++;
    if (fate === "corrupted") {
      this.#damaged.push(frame);
      if (this.#damaged.length > MAX_COMPARED) this.#damaged.shift();
    }
  }

  #arrived(frame: OpenFrame, arrival: FrameArrival): void {
    frame.arrivals.push(arrival);
    this.#byPlace.set(arrival.place, frame);
  }

  #add(event: FrameRunEvent, place: number, from: string | undefined): OpenFrame {
    const key = keyOf(event);
    const frame = { index: this.#frames.length, event, place, from, arrivals: [], mishaps: [], lost: undefined, copies: 0, key };
    this.#frames.push(frame);
    this.#byPlace.set(place, frame);
    if (from === undefined) return frame;
    const alike = this.#open.get(key);
    if (alike === undefined) this.#open.set(key, [frame]);
    else alike.push(frame);
    this.#openOrder.push(frame);
    if (this.#openOrder.length > 2 * MAX_OPEN) this.#giveUpOldest();
    return frame;
  }

  #giveUpOldest(): void {
    for (const old of this.#openOrder.splice(0, MAX_OPEN)) {
      const rest = this.#open.get(old.key)!.filter((each) => each !== old);
      if (rest.length === 0) this.#open.delete(old.key);
      else this.#open.set(old.key, rest);
    }
  }
}

type ImpairedEvent = Extract<RunEvent, { readonly type: "frame-impaired" }>;
type SeenFrame = Pick<FrameRunEvent, "bytes" | "length">;

/** Whether the frame may still come to the host. */
function awaits(frame: OpenFrame, host: string): boolean {
  if (frame.from === host || frame.lost !== undefined) return false;
  return frame.arrivals.filter((arrival) => arrival.host === host).length <= frame.copies;
}

/** FNV-1a of what stands behind the Ethernet header, and the length. */
function keyOf({ bytes, length }: SeenFrame): number {
  let key = 0x811c9dc5 ^ length;
  const end = Math.min(bytes.length, ETHERNET_HEADER + KEY_BYTES);
  for (let i = ETHERNET_HEADER; i < end; i++) key = Math.imul(key ^ bytes[i]!, 0x01000193);
  return key;
}

function isAlike(a: SeenFrame, b: SeenFrame): boolean {
  if (a.length !== b.length) return false;
  const end = Math.min(a.bytes.length, b.bytes.length);
  for (let i = ETHERNET_HEADER; i < end; i++) if (a.bytes[i] !== b.bytes[i]) return false;
  return true;
}

/** By one bit, or a few of one byte. */
function differsByBits(a: SeenFrame, b: SeenFrame): boolean {
  if (a.length !== b.length) return false;
  let different = 0;
  const end = Math.min(a.bytes.length, b.bytes.length);
  for (let i = ETHERNET_HEADER; i < end; i++) if (a.bytes[i] !== b.bytes[i] && ++different > 1) return false;
  return different === 1;
}
