import * as z from "zod";
import { type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP } from "../stack/core/frame-info.ts";
import { PROFILES, type Profile } from "../stack/core/profile.ts";
import type { CallRequest } from "../winsock/provider/calls.ts";

/**
 * The file format of a recording: what came into a host from outside, in order, so that the same comes out of it again.
 *
 * A file is a row of blocks. A block is, little-endian: kind (u8), device (u8, index among the recorded devices), quiet (u16), length of
 * the whole block (u32), body. The first one is SETUP and says the format and its version. `quiet` counts what the devices did since the
 * block before in the ordinary way: frames that they sent, looks for frames that found none; answers that programs heard count too.
 * Brackets (TURN … TURNED, CALL … CALLED) hold what happened meanwhile. Calls that a program made while it heard an answer stand where
 * it heard it, and HEARD follows them.
 */

/** Goes up with every change that an older reader would misunderstand. */
export const VERSION = 2;
const FORMAT = "tapsock recording";

export const BLOCK_HEADER = 8;
/** Of quiet operations, before they need a block of their own. */
export const MAX_QUIET = 0xffff;
/** Longer than any request; a length beyond it is no length. */
const MAX_BLOCK = 64 * 1024 * 1024;

export const KIND = {
  /** JSON, see `Setup`. */
  setup: 1,
  /** u32 each: what the random source gave, in order; where in the file it stands says nothing. */
  words: 2,
  /** f64: now. */
  turn: 3,
  turned: 4,
  /** Nothing but its quiet operations. */
  quiet: 5,
  /** u8: 1 full, 2 down. */
  notSent: 6,
  /** Frame information, then the frame; the device handed it over within `receive`. */
  frame: 7,
  /** u16: what `receive` returned, where it handed frames over or told something. */
  received: 8,
  /** f64: now; u8: whether the link is up. */
  link: 9,
  /** f64: now. */
  writable: 10,
  /** Within a bracket only. */
  readable: 11,
  /** u8: bits of STATE. What the host sees of its device from here on. */
  state: 12,
  /** u8: whether somebody watches the trace, for whom receives are made as calls. */
  watched: 13,
  /** f64 each: now, client, its process, which stands for 0 where it is left out, and of a program that is no administrator 0. */
  openClient: 14,
  /** f64 each: now, client. */
  closeClient: 15,
  /** f64 each: now, client, whether (0 or 1). */
  hold: 16,
  /** f64 each: now, client, id, op, s, a, b, c, d, e; u8: whether there is data; data. */
  call: 17,
  /** The end of each of the four above. */
  called: 18,
  /** The recording was ended in order. */
  end: 19,
  /** The end of what a program did while it heard an answer or an event. */
  heard: 20,
} as const;

const KINDS = new Map<number, string>(Object.entries(KIND).map(([name, kind]) => [kind, name]));
/** Bytes of a body: exactly so many, or at least so many where more may follow. */
const BODY: Readonly<Record<number, readonly [number, number]>> = {
  [KIND.setup]: [2, MAX_BLOCK],
  [KIND.words]: [4, MAX_BLOCK],
  [KIND.turn]: [8, 8],
  [KIND.turned]: [0, 0],
  [KIND.quiet]: [0, 0],
  [KIND.notSent]: [1, 1],
  [KIND.frame]: [10, MAX_BLOCK],
  [KIND.received]: [2, 2],
  [KIND.link]: [9, 9],
  [KIND.writable]: [8, 8],
  [KIND.readable]: [0, 0],
  [KIND.state]: [1, 1],
  [KIND.watched]: [1, 1],
  [KIND.openClient]: [16, 32],
  [KIND.closeClient]: [16, 16],
  [KIND.hold]: [24, 24],
  [KIND.call]: [81, MAX_BLOCK],
  [KIND.called]: [0, 0],
  [KIND.end]: [0, 0],
  [KIND.heard]: [0, 0],
};

export const STATE = { up: 1, gone: 2, checksum: 4, tso4: 8, tso6: 16, uso: 32 } as const;
export const NOT_SENT = { full: 1, down: 2 } as const;

/** A recording is cut, damaged, of another version, or no recording at all. The message is a sentence that says where. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

const mac = z.array(z.number().int().min(0).max(255)).length(6);
const setupSchema = z.object({
  format: z.literal(FORMAT, { error: "this is no recording" }),
  version: z.literal(VERSION, { error: `this program reads version ${VERSION}` }),
  startMs: z.number(),
  /** Name of a profile, and what differed from it. */
  profile: z.string().refine((name) => PROFILES.has(name), { error: "there is no such profile" }),
  profileChanges: z.record(z.string(), z.unknown()),
  /** Management answers beside the provider, and devices have its wrappers. */
  isManaged: z.boolean(),
  /** What programs subscribed to is not in it, for a trace depends on who else looks: nobody subscribes when it is replayed. */
  omitsEvents: z.boolean().default(false),
  /** Smallest ring that the host lent its programs, or null where it copied everything. */
  lentFromBytes: z.number().int().positive().nullable(),
  limits: z.record(z.string(), z.number()),
  /** In the order in which they were attached. */
  interfaces: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("loopback"), name: z.string() }),
      z.object({
        kind: z.literal("device"),
        /** As blocks name it. */
        device: z.number().int().min(0).max(255),
        name: z.string(),
        mac,
        mtu: z.number().int().positive(),
        addresses: z.array(
          z.object({
            address: z.string(),
            prefixLength: z.number(),
            /** It was being tried when the recording began. */
            detectConflicts: z.boolean().optional(),
          }),
        ),
        /** Addresses come from a server. */
        dhcp: z
          .object({
            address: z.string().optional(),
            clientId: z.array(z.number()).optional(),
            hostName: z.string().optional(),
            broadcast: z.boolean().optional(),
          })
          .optional(),
        /** It takes what routers advertise. */
        autoconfiguration: z.object({ temporaryAddresses: z.boolean().optional() }).optional(),
        conflictPolicy: z.enum(["yield", "defend-once", "keep"]).default("defend-once"),
      }),
    ]),
  ),
  routes: z.array(
    z.object({
      destination: z.string(),
      prefixLength: z.number(),
      gateway: z.string().optional(),
      interface: z.string(),
      metric: z.number(),
    }),
  ),
  /** What the host calls itself. */
  hostName: z.string().optional(),
  /** How names are resolved; left out where nothing was said about it. */
  names: z
    .object({
      configurations: z.array(
        z.object({
          source: z.string(),
          servers: z.array(z.object({ address: z.string(), port: z.number().optional() })),
          searchList: z.array(z.string()),
        }),
      ),
      hosts: z.string(),
    })
    .optional(),
});

/** How the host was made. */
export type Setup = Omit<z.infer<typeof setupSchema>, "format" | "version">;

/** JSON has no Infinity, and profiles do. */
const INFINITE = "Infinity";

export function setupBody(setup: Setup): Uint8Array {
  const whole = { format: FORMAT, version: VERSION, ...setup };
  const text = JSON.stringify(whole, (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? INFINITE : value));
  return new TextEncoder().encode(text);
}

/** What differs from the profile of the same name, for `Setup`. */
export function profileChanges(profile: Profile): Record<string, unknown> {
  const named = PROFILES.get(profile.name) as unknown as Record<string, unknown> | undefined;
  return Object.fromEntries(Object.entries(profile).filter(([key, value]) => JSON.stringify(named?.[key]) !== JSON.stringify(value)));
}

/** @param quiet operations since the block before, at most MAX_QUIET */
export function block(kind: number, device: number, quiet: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BLOCK_HEADER + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint8(1, device);
  view.setUint16(2, quiet, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, BLOCK_HEADER);
  return bytes;
}

const INFO_BYTES = 10;

export function frameBody(bytes: Uint8Array, at: number, end: number, info: FrameInfo): Uint8Array {
  const body = new Uint8Array(INFO_BYTES + end - at);
  const view = new DataView(body.buffer);
  view.setUint16(0, info.checksumStart, true);
  view.setUint16(2, info.checksumOffset, true);
  view.setUint8(4, info.checksumVerified ? 1 : 0);
  view.setUint8(5, info.gsoType);
  view.setUint16(6, info.gsoSize, true);
  view.setUint16(8, info.headerLength, true);
  body.set(bytes.subarray(at, end), INFO_BYTES);
  return body;
}

export function numbersBody(...numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(numbers).buffer);
}

const CALL_NUMBERS = 10;
const CALL_FIXED = CALL_NUMBERS * 8 + 1;

export function callBody(now: number, client: number, { id, op, s, a, b, c, d = 0, e = 0, data }: CallRequest): Uint8Array {
  const body = new Uint8Array(CALL_FIXED + (data?.length ?? 0));
  body.set(numbersBody(now, client, id, op, s, a, b, c, d, e));
  body[CALL_FIXED - 1] = data === null ? 0 : 1;
  if (data !== null) body.set(data, CALL_FIXED);
  return body;
}

/** A recording in memory, its blocks checked; they are read one after another. */
export class Recording {
  readonly setup: Setup;
  /** Everything that the random source gave. */
  readonly words: Uint32Array;
  /** Ended in order: nothing is missing at its end. */
  readonly isWhole: boolean;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #index = 0;
  #quietLeft = 0;

  /**
   * @param bytes a whole file. One that stops inside a block counts as ending before it, for that is how a recorder dies.
   * @throws RecordingError
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const found = this.#check();
    this.setup = found.setup;
    this.words = found.words;
    this.isWhole = found.isWhole;
    this.#bytes = bytes.subarray(0, found.end);
    this.next();
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** What stands next once the quiet operations before it are done; 0 at the end. */
  get kind(): number {
    return this.isAtEnd || this.#quietLeft > 0 ? 0 : this.#view.getUint8(this.#at);
  }

  get device(): number {
    return this.#view.getUint8(this.#at + 1);
  }

  /** Where the reader stands, for people. */
  get place(): string {
    if (this.isAtEnd) return "its end";
    const quiet = this.#quietLeft > 0 ? `, before which ${this.#quietLeft} ordinary operations remain` : "";
    return `block ${this.#index} (${KINDS.get(this.#view.getUint8(this.#at))}${quiet})`;
  }

  /** @returns whether the recording has an ordinary operation here, which is then done */
  takeQuiet(): boolean {
    if (this.isAtEnd || this.#quietLeft === 0) return false;
    this.#quietLeft--;
    if (this.#quietLeft === 0 && this.#view.getUint8(this.#at) === KIND.quiet) this.next();
    return true;
  }

  /** Goes on to the next block that says something of its place. */
  next(): void {
    do {
      this.#at += this.#lengthAt(this.#at);
      this.#index++;
    } while (!this.isAtEnd && this.#view.getUint8(this.#at) === KIND.words);
    this.#quietLeft = this.isAtEnd ? 0 : this.#view.getUint16(this.#at + 2, true);
  }

  /** One of the f64 at the beginning of the body. */
  number(index: number): number {
    return this.#view.getFloat64(this.#at + BLOCK_HEADER + index * 8, true);
  }

  /** How many there is room for. */
  get numbers(): number {
    return Math.floor((this.#lengthAt(this.#at) - BLOCK_HEADER) / 8);
  }

  byte(offset: number): number {
    return this.#view.getUint8(this.#at + BLOCK_HEADER + offset);
  }

  get receivedCount(): number {
    return this.#view.getUint16(this.#at + BLOCK_HEADER, true);
  }

  /** Of a frame. */
  readInfo(into: FrameInfo): void {
    const at = this.#at + BLOCK_HEADER;
    into.checksumStart = this.#view.getUint16(at, true);
    into.checksumOffset = this.#view.getUint16(at + 2, true);
    into.checksumVerified = this.#view.getUint8(at + 4) === 1;
    const type = this.#view.getUint8(at + 5);
    into.gsoType = type === GSO_TCPV4 || type === GSO_TCPV6 || type === GSO_UDP ? type : GSO_NONE;
    into.gsoSize = this.#view.getUint16(at + 6, true);
    into.headerLength = this.#view.getUint16(at + 8, true);
  }

  /** Of a frame. */
  get frame(): Uint8Array {
    return this.#bytes.subarray(this.#at + BLOCK_HEADER + INFO_BYTES, this.#at + this.#lengthAt(this.#at));
  }

  get request(): CallRequest {
    const number = (i: number): number => this.number(i);
    const [id, op, s, a, b, c, d, e] = [number(2), number(3), number(4), number(5), number(6), number(7), number(8), number(9)];
    const data = this.#bytes.slice(this.#at + BLOCK_HEADER + CALL_FIXED, this.#at + this.#lengthAt(this.#at));
    return { id, op, s, a, b, c, d, e, data: this.byte(CALL_FIXED - 1) === 0 ? null : data };
  }

  #lengthAt(at: number): number {
    return this.#view.getUint32(at + 4, true);
  }

  /** Goes over all blocks once, so that nothing has to be checked while they are replayed. */
  #check(): { setup: Setup; words: Uint32Array; isWhole: boolean; end: number } {
    const view = this.#view;
    const words: number[] = [];
    let setup: Setup | undefined;
    let devices: ReadonlySet<number> = new Set();
    let isWhole = false;
    let at = 0;
    for (let index = 0; at + BLOCK_HEADER <= view.byteLength; index++) {
      const kind = view.getUint8(at);
      const length = this.#lengthAt(at);
      const [least, most] = BODY[kind] ?? [1, 0];
      const body = length - BLOCK_HEADER;
      if (index === 0 && kind !== KIND.setup) throw wrong("it does not begin as one");
      if (body < least || body > most || length > MAX_BLOCK) throw wrong(`block ${index}, at byte ${at}, is damaged`);
      if (at + length > view.byteLength) break;
      if (kind === KIND.setup) {
        if (index > 0) throw wrong(`block ${index}, at byte ${at}, is a second beginning`);
        setup = readSetup(this.#bytes.subarray(at + BLOCK_HEADER, at + length));
        devices = new Set(setup.interfaces.flatMap((i) => (i.kind === "device" ? [i.device] : [])));
      } else if (kind === KIND.words) {
        for (let i = at + BLOCK_HEADER; i + 4 <= at + length; i += 4) words.push(view.getUint32(i, true));
      } else if (OF_DEVICE.has(kind) && !devices.has(view.getUint8(at + 1))) {
        throw wrong(`block ${index}, at byte ${at}, is of a device that there is not`);
      }
      at += length;
      if (kind === KIND.end) {
        isWhole = true;
        break;
      }
    }
    if (setup === undefined) throw wrong("it ends before it begins");
    return { setup, words: Uint32Array.from(words), isWhole, end: at };
  }
}

const OF_DEVICE: ReadonlySet<number> = new Set([
  KIND.notSent,
  KIND.frame,
  KIND.received,
  KIND.link,
  KIND.writable,
  KIND.readable,
  KIND.state,
]);

function readSetup(body: Uint8Array): Setup {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body), (_, found: unknown) => (found === INFINITE ? Number.POSITIVE_INFINITY : found));
  } catch {
    throw wrong("its beginning is damaged");
  }
  const result = setupSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw wrong(`${issue?.path.join(".")}: ${issue?.message}`);
}

const wrong = (why: string): RecordingError => new RecordingError(`Cannot read the recording: ${why}`);
