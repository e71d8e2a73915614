/**
 * TCP options, RFC 9293 §3.2: MSS, window scale and timestamps (RFC 7323), SACK (RFC 2018).
 * Parsing fills one record again and again; writing puts them behind a header of tcp.ts.
 */
import type { SynOption } from "../core/profile.ts";
import { type Seq, seq } from "../core/seq.ts";
import { i32, putU16, putU32, u8, u16, u32 } from "./bytes.ts";
import * as tcp from "./tcp.ts";

export const EOL = 0;
export const NOP = 1;
export const MSS = 2;
export const WINDOW_SCALE = 3;
export const SACK_PERMITTED = 4;
export const SACK = 5;
export const TIMESTAMPS = 8;
/** TCP Fast Open, RFC 7413 §4.1.1. */
export const FAST_OPEN = 34;
/** Shared by experiments (RFC 6994); that of Fast Open is told by the number behind it. */
export const EXPERIMENT = 254;
const FAST_OPEN_EXPERIMENT = 0xf989;
/** A cookie is so long, and of an even number of bytes. */
const LEAST_COOKIE = 4;
export const MOST_COOKIE = 16;

const MSS_LENGTH = 4;
const WINDOW_SCALE_LENGTH = 3;
const SACK_PERMITTED_LENGTH = 2;
const TIMESTAMPS_LENGTH = 10;
const SACK_BLOCK_LENGTH = 8;

/** Room for options in a header. */
export const MAX_LENGTH = 40;
/** What timestamps take up on every segment, two NOPs included (RFC 7323 appendix A). */
export const PADDED_TIMESTAMPS_LENGTH = 12;
/** NOP, NOP, kind, length as one number: how nearly every segment of a connection with timestamps begins its options. */
const PADDED_TIMESTAMPS = 0x0101080a;

/** 40 bytes hold four; beside timestamps, three. */
export const MAX_SACK_BLOCKS = 4;
/** RFC 7323 §2.3: a greater shift count is to be taken for this one. */
export const MAX_WINDOW_SCALE = 14;

/** What a segment's options say. Window scale, SACK permitted and MSS count only on a SYN; the caller knows whether this is one. */
export interface SegmentOptions {
  /** In bytes; 0 when absent, or when the peer says so, which means nothing. */
  mss: number;
  /** The shift count, 0 to 14; −1 when absent. */
  windowScale: number;
  sackPermitted: boolean;
  hasTimestamps: boolean;
  tsVal: number;
  tsEcr: number;
  /** How many entries of sackLeft and sackRight count. */
  sackBlocks: number;
  /** First sequence number of each block. */
  readonly sackLeft: Int32Array;
  /** The sequence number right after each block. */
  readonly sackRight: Int32Array;
  /** Bytes of the Fast Open cookie; 0 where one is asked for, −1 when the option is absent. Counts only on a SYN. */
  fastOpenLength: number;
  readonly fastOpenCookie: Uint8Array;
  /** The option came in the kind of experiments. */
  fastOpenIsExperimental: boolean;
  /** An option had an illegal length. What was read before it, and after it if its end could be told, stands. */
  malformed: boolean;
}

/** A record to be filled by `parse`. */
export const makeSegmentOptions = (): SegmentOptions => ({
  mss: 0,
  windowScale: -1,
  sackPermitted: false,
  hasTimestamps: false,
  tsVal: 0,
  tsEcr: 0,
  sackBlocks: 0,
  sackLeft: new Int32Array(MAX_SACK_BLOCKS),
  sackRight: new Int32Array(MAX_SACK_BLOCKS),
  fastOpenLength: -1,
  fastOpenCookie: new Uint8Array(MOST_COOKIE),
  fastOpenIsExperimental: false,
  malformed: false,
});

/**
 * Reads the options of the segment whose header begins at `at` and has passed tcp.check. Unknown kinds are skipped by their
 * length (RFC 9293 MUST-6); one whose length is under two, or runs past the header, ends the parse (MUST-7); no alignment is
 * assumed (MUST-64). Of an option that occurs twice the last one counts.
 */
export function parse(b: Uint8Array, at: number, into: SegmentOptions): void {
  into.mss = 0;
  into.windowScale = -1;
  into.sackPermitted = false;
  into.hasTimestamps = false;
  into.sackBlocks = 0;
  into.fastOpenLength = -1;
  into.malformed = false;

  const end = at + tcp.headerLength(b, at);
  let o = tcp.optionsAt(at);
  if (end - o >= PADDED_TIMESTAMPS_LENGTH && u32(b, o) === PADDED_TIMESTAMPS) {
    readTimestamps(b, o + 2, into);
    o += PADDED_TIMESTAMPS_LENGTH;
  }
  while (o < end) {
    const kind = u8(b, o);
    if (kind === EOL) return;
    const length = optionLength(b, o, end);
    if (length === 0) {
      into.malformed = true;
      return;
    }
    if (kind !== NOP && !readOption(b, o, kind, length, into)) into.malformed = true;
    o += length;
  }
}

/** Bytes that the option at `o` takes up, kind and length included, or 0 when its length is illegal. EOL and NOP are one byte long. */
export function optionLength(b: Uint8Array, o: number, end: number): number {
  if (u8(b, o) <= NOP) return 1;
  if (o + 2 > end) return 0;
  const length = u8(b, o + 1);
  return length < 2 || o + length > end ? 0 : length;
}

/** False when the length is not one that the kind can have. */
function readOption(b: Uint8Array, o: number, kind: number, length: number, into: SegmentOptions): boolean {
  switch (kind) {
    case MSS:
      if (length !== MSS_LENGTH) return false;
      into.mss = u16(b, o + 2);
      return true;
    case WINDOW_SCALE:
      if (length !== WINDOW_SCALE_LENGTH) return false;
      into.windowScale = Math.min(u8(b, o + 2), MAX_WINDOW_SCALE);
      return true;
    case SACK_PERMITTED:
      if (length !== SACK_PERMITTED_LENGTH) return false;
      into.sackPermitted = true;
      return true;
    case TIMESTAMPS:
      if (length !== TIMESTAMPS_LENGTH) return false;
      readTimestamps(b, o, into);
      return true;
    case SACK:
      return readSack(b, o, length, into);
    case FAST_OPEN:
      readFastOpen(b, o + 2, length - 2, false, into);
      return true;
    case EXPERIMENT:
      if (length >= 4 && u16(b, o + 2) === FAST_OPEN_EXPERIMENT) readFastOpen(b, o + 4, length - 4, true, into);
      return true;
    default:
      return true;
  }
}

/** One with another length than cookies have says nothing (RFC 7413 §4.1.1). */
function readFastOpen(b: Uint8Array, at: number, length: number, isExperimental: boolean, into: SegmentOptions): void {
  if (length !== 0 && (length < LEAST_COOKIE || length > MOST_COOKIE || length % 2 !== 0)) return;
  into.fastOpenLength = length;
  into.fastOpenIsExperimental = isExperimental;
  for (let i = 0; i < length; i++) into.fastOpenCookie[i] = u8(b, at + i);
}

function readTimestamps(b: Uint8Array, o: number, into: SegmentOptions): void {
  into.hasTimestamps = true;
  into.tsVal = i32(b, o + 2);
  into.tsEcr = i32(b, o + 6);
}

function readSack(b: Uint8Array, o: number, length: number, into: SegmentOptions): boolean {
  const blocks = (length - 2) / SACK_BLOCK_LENGTH;
  // 40 bytes of options hold no fifth block, so a whole number above zero is all there is to ask.
  if (!Number.isInteger(blocks) || blocks === 0) return false;
  for (let i = 0; i < blocks; i++) {
    const block = o + 2 + i * SACK_BLOCK_LENGTH;
    into.sackLeft[i] = i32(b, block);
    into.sackRight[i] = i32(b, block + 4);
  }
  into.sackBlocks = blocks;
  return true;
}

/** Left edge of block `i`, which must be under `sackBlocks`. */
export const sackLeftEdge = (options: SegmentOptions, i: number): Seq => seq(options.sackLeft[i] as number);
/** Right edge of block `i`, which must be under `sackBlocks`. */
export const sackRightEdge = (options: SegmentOptions, i: number): Seq => seq(options.sackRight[i] as number);

export interface SynOptionValues {
  /** In bytes; 0 leaves the option out. */
  readonly mss: number;
  /** Shift count; −1 leaves the option out. */
  readonly windowScale: number;
  readonly sackPermitted: boolean;
  readonly timestamps: boolean;
  readonly tsVal: number;
  readonly tsEcr: number;
}

/**
 * Writes the options of a SYN or SYN-ACK at `at`, in the profile's order. An option that is not wanted is left out together with
 * the NOPs right before it, which only align it. What is left to a multiple of four is filled with EOL (RFC 9293 MUST-69).
 * @returns bytes written, padding included
 * @throws RangeError when the order asks for more than 40 bytes, which is a mistake in the profile
 */
export function writeSynOptions(b: Uint8Array, at: number, order: readonly SynOption[], values: SynOptionValues): number {
  let length = 0;
  let nops = 0;
  for (const [i, option] of order.entries()) {
    if (option === "nop") {
      nops++;
      continue;
    }
    const wanted = synOptionLength(option, values);
    // SACK-permitted right before timestamps shares a word with them; where they are left out, NOPs fill its word up, as Linux has it.
    if (option === "sackPermitted" && order[i + 1] === "timestamps" && wanted > 0 && !values.timestamps) nops += 2;
    // Where SACK-permitted before them was left out, NOPs bring the timestamps' numbers to where they are read fastest (RFC 7323 appendix A).
    if (option === "timestamps" && wanted > 0) nops += (6 - ((length + nops) % 4)) % 4;
    if (wanted > 0) {
      requireRoom(length + nops + wanted, order);
      b.fill(NOP, at + length, at + length + nops);
      length += nops;
      writeSynOption(b, at + length, option, values);
      length += wanted;
    }
    nops = 0;
  }
  // NOPs at the very end are part of the layout that the profile imitates.
  requireRoom(length + nops, order);
  b.fill(NOP, at + length, at + length + nops);
  length += nops;

  const padded = (length + 3) & ~3;
  b.fill(EOL, at + length, at + padded);
  return padded;
}

function requireRoom(bytes: number, order: readonly SynOption[]): void {
  if (bytes > MAX_LENGTH) throw new RangeError(`Cannot lay out TCP options "${order.join(" ")}": more than ${MAX_LENGTH} bytes`);
}

function synOptionLength(option: Exclude<SynOption, "nop">, values: SynOptionValues): number {
  switch (option) {
    case "mss":
      return values.mss > 0 ? MSS_LENGTH : 0;
    case "windowScale":
      return values.windowScale >= 0 ? WINDOW_SCALE_LENGTH : 0;
    case "sackPermitted":
      return values.sackPermitted ? SACK_PERMITTED_LENGTH : 0;
    case "timestamps":
      return values.timestamps ? TIMESTAMPS_LENGTH : 0;
  }
}

function writeSynOption(b: Uint8Array, at: number, option: Exclude<SynOption, "nop">, values: SynOptionValues): void {
  switch (option) {
    case "mss":
      b[at] = MSS;
      b[at + 1] = MSS_LENGTH;
      putU16(b, at + 2, values.mss);
      return;
    case "windowScale":
      b[at] = WINDOW_SCALE;
      b[at + 1] = WINDOW_SCALE_LENGTH;
      b[at + 2] = values.windowScale;
      return;
    case "sackPermitted":
      b[at] = SACK_PERMITTED;
      b[at + 1] = SACK_PERMITTED_LENGTH;
      return;
    case "timestamps":
      b[at] = TIMESTAMPS;
      b[at + 1] = TIMESTAMPS_LENGTH;
      putU32(b, at + 2, values.tsVal);
      putU32(b, at + 6, values.tsEcr);
      return;
  }
}

/**
 * Writes the Fast Open option and NOPs up to a multiple of four, behind what a SYN has otherwise.
 * @param cookie of no length asks for one
 * @param most bytes that there is room for
 * @returns bytes written; 0 where there is too little room
 */
export function writeFastOpen(b: Uint8Array, at: number, cookie: Uint8Array, isExperimental: boolean, most: number): number {
  const head = isExperimental ? 4 : 2;
  const length = head + cookie.length;
  const padded = (length + 3) & ~3;
  if (padded > most) return 0;
  b[at] = isExperimental ? EXPERIMENT : FAST_OPEN;
  b[at + 1] = length;
  if (isExperimental) putU16(b, at + 2, FAST_OPEN_EXPERIMENT);
  b.set(cookie, at + head);
  b.fill(NOP, at + length, at + padded);
  return padded;
}

/** Writes NOP, NOP and the timestamps, as RFC 7323 appendix A lays them out. Returns the 12 bytes written. */
export function writeTimestamps(b: Uint8Array, at: number, tsVal: number, tsEcr: number): number {
  putU32(b, at, PADDED_TIMESTAMPS);
  putU32(b, at + 4, tsVal);
  putU32(b, at + 8, tsEcr);
  return PADDED_TIMESTAMPS_LENGTH;
}

/**
 * Writes NOP, NOP and the first `blocks` SACK blocks, the most recent one first (RFC 2018 §4).
 * @param blocks 1 to 4, or to 3 beside timestamps; 0 writes nothing
 * @returns bytes written: 4 + 8 a block, or 0
 */
export function writeSack(b: Uint8Array, at: number, left: ArrayLike<number>, right: ArrayLike<number>, blocks: number): number {
  if (blocks === 0) return 0;
  b[at] = NOP;
  b[at + 1] = NOP;
  b[at + 2] = SACK;
  b[at + 3] = 2 + blocks * SACK_BLOCK_LENGTH;
  for (let i = 0; i < blocks; i++) {
    const block = at + 4 + i * SACK_BLOCK_LENGTH;
    putU32(b, block, left[i] as number);
    putU32(b, block + 4, right[i] as number);
  }
  return 4 + blocks * SACK_BLOCK_LENGTH;
}
