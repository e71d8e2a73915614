import { FRAME_KINDS, type FrameKind } from "./frame-match.ts";

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
export interface FramePick {
  readonly match: FrameKind;
  /** Both when left out. */
  readonly direction?: Direction;
  /** So many of those that no other pick takes pass first; 0 when left out. */
  readonly skip?: number;
  /** How many frames; 1 when left out. */
  readonly count?: number;
  /** Only the TCP segment that begins with this sequence number, 0 to 2^32 − 1: "this one again". */
  readonly sequence?: number;
  /** Only what is from this port of TCP or UDP, or to it. */
  readonly port?: number;
  /** `reset` swallows a TCP segment and answers its sender with a reset (RFC 9293 §3.10.7.1); it passes over what has no such answer. */
  readonly action: "drop" | "duplicate" | "delay" | "corrupt" | "reset";
  /** For `delay`; 100 when left out. */
  readonly delayMs?: number;
}

/** What `describe` reports; it survives JSON. */
export interface ImpairmentReport {
  readonly impaired: boolean;
  readonly in: DirectionReport;
  readonly out: DirectionReport;
  readonly picks: readonly FramePick[];
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

/** What a pick may do. */
export const ACTIONS = ["drop", "duplicate", "delay", "corrupt", "reset"] as const;
/** Frames of these kinds no reset answers. */
const WITHOUT_RESET: readonly FrameKind[] = ["arp", "icmp", "udp", "rst"];
const SHARES = ["loss", "duplicate", "reorder", "corrupt"] as const;
const AMOUNTS = ["reorderDelayMs", "delayMs", "jitterMs", "rateBitsPerSecond", "queueFrames"] as const;

/** Whether the settings do anything at all. */
export const isActive = (s: Impairment): boolean =>
  s.loss > 0 || s.duplicate > 0 || s.reorder > 0 || s.corrupt > 0 || s.delayMs > 0 || s.jitterMs > 0 || s.rateBitsPerSecond > 0;

/** @throws RangeError when a value is out of its range */
export function checkedImpairment(settings: Impairment): Impairment {
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

/** @throws RangeError when a word or a number is not one of the possible ones */
export function checkPick({ match, action, direction, skip = 0, count = 1, delayMs = 0, sequence = 0, port = 1 }: FramePick): void {
  if (!FRAME_KINDS.includes(match)) throw new RangeError(`Cannot pick "${match}": want one of ${FRAME_KINDS.join(", ")}`);
  if (!ACTIONS.includes(action)) throw new RangeError(`Cannot pick with the action "${action}": want one of ${ACTIONS.join(", ")}`);
  if (action === "reset" && WITHOUT_RESET.includes(match)) throw new RangeError(`Cannot answer "${match}" with a reset: want TCP segments`);
  if (direction !== undefined && direction !== "in" && direction !== "out") {
    throw new RangeError(`Cannot pick in the direction "${direction}": want "in" or "out"`);
  }
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`Cannot pick ${count} frames: want a whole number above 0`);
  if (!(Number.isInteger(skip) && skip >= 0)) throw new RangeError(`Cannot let ${skip} frames pass first: want a whole number`);
  if (!(Number.isFinite(delayMs) && delayMs >= 0)) throw new RangeError(`Cannot delay by ${delayMs} ms: want 0 or more`);
  if (!(Number.isInteger(sequence) && sequence >= 0 && sequence <= 0xffffffff)) {
    throw new RangeError(`Cannot pick the sequence number ${sequence}: want a whole number from 0 to 4294967295`);
  }
  if (!(Number.isInteger(port) && port >= 1 && port <= 65_535)) throw new RangeError(`Cannot pick port ${port}: want 1 to 65535`);
}
