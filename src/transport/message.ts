import { copyBytes } from "../stack/core/copy-bytes.ts";

/**
 * What passes between a program and the host it uses: calls, replies and events, as bytes. The same bytes lie in shared memory and
 * on the daemon's socket. Integers are little-endian; numbers that C holds in more than 32 bits travel as doubles.
 *
 *      0        4      5       6      8        12     16      24    32    40    48    56    64
 *      | length | kind | flags | op   | client | id   | value | a   | b   | c   | d   | e   | data …
 *      | u32    | u8   | u8    | u16  | u32    | u32  | f64   | f64 | f64 | f64 | f64 | f64 |
 */

/** First message of either side on a socket: `op` is the version, `value` is HELLO_MAGIC. */
export const HELLO = 1;
/** `value` is the socket; a, b, c, d, e and data as `CallRequest` says. */
export const REQUEST = 2;
/** `value` is the result, `c` the error; a and b as `CallReply` says. */
export const REPLY = 3;
/** Something that a client subscribed to: `a` is the subscription, `b` counts its events from 0, so that a gap tells what was lost. */
export const EVENT = 4;
/** A client attached (between a process's own threads only). */
export const OPEN = 5;
export const CLOSE = 6;
/** As REPLY, of `value` bytes that lie at `a` in the memory of the host's rings (between a process's own threads only). */
export const LENT = 7;

export const PROTOCOL_VERSION = 3;
/** "TAPSOCK" has seven letters; the first four have to do. */
export const HELLO_MAGIC = 0x53504154;

export const HEADER_BYTES = 64;
/** Bytes of data in one message, a piece of 256 KiB with a name before it; longer replies travel in pieces. */
export const MAX_DATA = 256 * 1024 + 1024;
export const MAX_MESSAGE = HEADER_BYTES + MAX_DATA;

/** Data is there, be it empty: NULL and an empty buffer are two things. */
const HAS_DATA = 1;
/** The data goes on in the next message of this id. */
const HAS_MORE = 2;

/** One record is refilled for each message that arrives. */
export interface Message {
  kind: number;
  op: number;
  client: number;
  id: number;
  value: number;
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  /** More of the data follows in another message. */
  more: boolean;
  /** A view of where the message lies; copy what must outlive it. */
  data: Uint8Array | null;
}

export const emptyMessage = (): Message => ({
  ...{ kind: 0, op: 0, client: 0, id: 0, value: 0, a: 0, b: 0, c: 0, d: 0, e: 0 },
  more: false,
  data: null,
});

export type MalformedMessage =
  | "message-too-short"
  | "message-too-long"
  | "message-of-unknown-kind"
  | "message-with-bad-flags"
  | "message-with-bad-number";

/** Bytes that the message takes. */
export const messageBytes = (message: Message): number => HEADER_BYTES + (message.data?.length ?? 0);

/** Writes the message at `at` and returns where it ends; `bytes` and `view` look at the same memory. */
export function writeMessage(bytes: Uint8Array, view: DataView, at: number, message: Message): number {
  writeMessageHeader(view, at, message);
  if (message.data !== null) copyBytes(bytes, at + HEADER_BYTES, message.data);
  return at + messageBytes(message);
}

/** All but the data, HEADER_BYTES at `at`. */
export function writeMessageHeader(view: DataView, at: number, message: Message): void {
  const { data } = message;
  view.setUint32(at, messageBytes(message), true);
  view.setUint8(at + 4, message.kind);
  view.setUint8(at + 5, (data === null ? 0 : HAS_DATA) | (message.more ? HAS_MORE : 0));
  view.setUint16(at + 6, message.op, true);
  view.setUint32(at + 8, message.client, true);
  view.setUint32(at + 12, message.id, true);
  view.setFloat64(at + 16, message.value, true);
  view.setFloat64(at + 24, message.a, true);
  view.setFloat64(at + 32, message.b, true);
  view.setFloat64(at + 40, message.c, true);
  view.setFloat64(at + 48, message.d, true);
  view.setFloat64(at + 56, message.e, true);
}

/** Length of the message at `at`, of which four bytes must be there; or what is wrong with it. */
export function messageLength(view: DataView, at: number): number | MalformedMessage {
  const length = view.getUint32(at, true);
  if (length < HEADER_BYTES) return "message-too-short";
  return length > MAX_MESSAGE ? "message-too-long" : length;
}

/** Reads the whole message of `length` bytes at `at` into `into`, or says what is wrong with it. */
export function readMessage(bytes: Uint8Array, view: DataView, at: number, length: number, into: Message): MalformedMessage | undefined {
  const kind = view.getUint8(at + 4);
  const flags = view.getUint8(at + 5);
  if (kind < HELLO || kind > LENT) return "message-of-unknown-kind";
  if (flags > (HAS_DATA | HAS_MORE)) return "message-with-bad-flags";
  const hasData = (flags & HAS_DATA) !== 0;
  if (!hasData && length !== HEADER_BYTES) return "message-with-bad-flags";
  into.kind = kind;
  into.op = view.getUint16(at + 6, true);
  into.client = view.getUint32(at + 8, true);
  into.id = view.getUint32(at + 12, true);
  into.value = view.getFloat64(at + 16, true);
  into.a = view.getFloat64(at + 24, true);
  into.b = view.getFloat64(at + 32, true);
  into.c = view.getFloat64(at + 40, true);
  into.d = view.getFloat64(at + 48, true);
  into.e = view.getFloat64(at + 56, true);
  into.more = (flags & HAS_MORE) !== 0;
  into.data = hasData ? bytes.subarray(at + HEADER_BYTES, at + length) : null;
  const areWhole =
    Number.isSafeInteger(into.value) &&
    Number.isSafeInteger(into.a) &&
    Number.isSafeInteger(into.b) &&
    Number.isSafeInteger(into.c) &&
    Number.isSafeInteger(into.d) &&
    Number.isSafeInteger(into.e);
  return areWhole ? undefined : "message-with-bad-number";
}

/** The message as bytes of its own. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(messageBytes(message));
  writeMessage(bytes, new DataView(bytes.buffer), 0, message);
  return bytes;
}

/** @param process what the threads of one program have in common; 0 for a program of one */
export const helloMessage = (process = 0): Message => ({
  ...emptyMessage(),
  kind: HELLO,
  op: PROTOCOL_VERSION,
  value: HELLO_MAGIC,
  a: process,
});

/** The data of a reply that came in pieces. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
