import type { LsapConnection, LsapUser } from "./irlmp.ts";
import { LM_REASON } from "./irlmp-frame.ts";

/** Frames that we take before their reader has had them; Linux says 16. */
const INITIAL_CREDIT = 16;
const MOST_CREDIT = 0x7f;
const MORE = 0x80;
const CREDIT = 0x7f;
const OVERHEAD = 1;
/** With so much unread, IrLAP asks the peer to wait; what is on its way then still has room. */
const PLAIN_BUFFER = 32_768;
const MOST_PLAIN = 2 * PLAIN_BUFFER;

/**
 * What a stream lies on: TinyTP; TinyTP with a control channel that each frame may begin with, which IrCOMM calls 9-wire (cooked) and of
 * which we say and hear nothing; or IrLMP alone, which printers take (IrLPT).
 */
export type StreamMode = "tinytp" | "9wire" | "irlpt";

/** Who has a connection's end. */
export interface TinyTpUser {
  /** What we asked for stands. */
  ttpConnected(): void;
  /** The peer said no, or ended it, or the link is gone; `reason` of `LM_REASON`. */
  ttpDisconnected(reason: number): void;
  ttpReadable(): void;
  /** Some of what was written has left. */
  ttpWritable(): void;
}

/** Data of TinyTP taken apart, where they lie; undefined for what is too short. */
export function parseTtpPdu(
  bytes: Uint8Array,
): { readonly credit: number; readonly hasMore: boolean; readonly data: Uint8Array } | undefined {
  if (bytes.length < OVERHEAD) return undefined;
  return { credit: bytes[0]! & CREDIT, hasMore: (bytes[0]! & MORE) !== 0, data: bytes.subarray(OVERHEAD) };
}

/** IrCOMM's data behind the control channel, whose length comes first. */
const withoutControl = (data: Uint8Array): Uint8Array => data.subarray(1 + (data[0] ?? 0));

/** A connection: a byte stream over IrLMP, with the credits of TinyTP unless it is plain. One that was closed sends what was written before it goes. */
export class TinyTp implements LsapUser {
  connection: LsapConnection | undefined;
  user: TinyTpUser | undefined;
  /** What the peer may get from us: frames. */
  #sendCredit = 0;
  /** What it may still send. */
  #givenCredit = INITIAL_CREDIT;
  readonly #out: Uint8Array[] = [];
  #outBytes = 0;
  readonly #in: Uint8Array[] = [];
  #inBytes = 0;
  #isClosing = false;
  #isOver = false;
  /** Exclusive mode is asked for before the user hears of the connection. */
  #wantsExclusive = false;
  #hasExclusiveFailed = false;

  readonly mode: StreamMode;
  /** What comes next goes on with what came last, and has no control channel. */
  #isWithin = false;

  constructor(mode: StreamMode = "tinytp") {
    this.mode = mode;
  }

  /** The peer's end, from its connect. */
  static accepted(connection: LsapConnection, userData: Uint8Array, mode: StreamMode): TinyTp {
    const ttp = new TinyTp(mode);
    ttp.connection = connection;
    ttp.#greeted(userData);
    return ttp;
  }

  /** For IrLMP's connect and confirm. */
  get greeting(): Uint8Array {
    return this.mode === "irlpt" ? NOTHING : Uint8Array.of(INITIAL_CREDIT);
  }

  #greeted(userData: Uint8Array): void {
    this.#sendCredit = this.mode === "irlpt" ? Number.POSITIVE_INFINITY : (userData[0] ?? 0) & CREDIT;
  }

  /** Of ours before a program's bytes. */
  get #overhead(): number {
    if (this.mode === "irlpt") return 0;
    return this.mode === "9wire" ? OVERHEAD + 1 : OVERHEAD;
  }

  get isBusy(): boolean {
    return this.mode === "irlpt" && this.#inBytes >= PLAIN_BUFFER;
  }

  get sendQueueBytes(): number {
    return this.#outBytes;
  }

  get readableBytes(): number {
    return this.#inBytes;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Most bytes of a program's in one frame. */
  get pduBytes(): number {
    return Math.max(0, (this.connection?.dataSize ?? 0) - this.#overhead);
  }

  get hasExclusiveFailed(): boolean {
    return this.#hasExclusiveFailed;
  }

  wantExclusive(): void {
    this.#wantsExclusive = true;
  }

  // ---- Data ----

  /** The bytes are copied. */
  write(bytes: Uint8Array): void {
    if (this.#isOver || bytes.length === 0) return;
    this.#out.push(bytes.slice());
    this.#outBytes += bytes.length;
    this.connection?.kick();
  }

  /** @returns how many bytes were put into the target */
  read(target: Uint8Array, at: number, limit: number, isPeek = false): number {
    let count = 0;
    let index = 0;
    while (count < limit && index < this.#in.length) {
      const piece = this.#in[index]!;
      const taken = piece.subarray(0, limit - count);
      target.set(taken, at + count);
      count += taken.length;
      if (isPeek) index++;
      else if (taken.length === piece.length) this.#in.shift();
      else this.#in[0] = piece.subarray(taken.length);
    }
    if (!isPeek) {
      this.#inBytes -= count;
      // Worth a frame of its own once the peer might have to wait.
      if (this.#creditToGive > 0 && this.#givenCredit <= INITIAL_CREDIT / 2) this.connection?.kick();
    }
    return count;
  }

  get #creditToGive(): number {
    if (this.mode === "irlpt") return 0;
    return Math.max(0, INITIAL_CREDIT - this.#in.length - this.#givenCredit);
  }

  nextLsapData(): Uint8Array | undefined {
    const text = this.#sendCredit > 0 && this.#outBytes > 0 ? this.#nextText() : undefined;
    const credit = this.#creditToGive;
    if (text === undefined) {
      if (credit === 0 || this.#givenCredit > INITIAL_CREDIT / 2) return undefined;
      this.#givenCredit += credit;
      return Uint8Array.of(credit);
    }
    this.#sendCredit--;
    this.#givenCredit += credit;
    const pdu = new Uint8Array(this.#overhead + text.length);
    pdu.set(text, this.#overhead);
    if (this.#overhead > 0) pdu[0] = credit;
    this.user?.ttpWritable();
    if (this.#outBytes === 0 && this.#isClosing) this.#afterLast = true;
    return pdu;
  }

  /** The last bytes of a closed connection are on their way; the end follows them. */
  #afterLast = false;

  #nextText(): Uint8Array {
    const text = new Uint8Array(Math.min(this.pduBytes, this.#outBytes));
    let filled = 0;
    while (filled < text.length) {
      const piece = this.#out[0]!;
      const part = piece.subarray(0, text.length - filled);
      text.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) this.#out.shift();
      else this.#out[0] = piece.subarray(part.length);
    }
    this.#outBytes -= filled;
    return text;
  }

  // ---- Ending ----

  /** Sends what was written, then ends. */
  close(): void {
    if (this.#isOver || this.#isClosing) return;
    this.#isClosing = true;
    if (this.#outBytes === 0) this.abort();
    else this.connection?.kick();
  }

  /** Ends at once. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#out.length = 0;
    this.#outBytes = 0;
    this.connection?.disconnect();
  }

  /** Called when IrLMP has taken what was the last: the end may be queued behind it. */
  lsapTaken(): void {
    if (!this.#afterLast || this.#isOver) return;
    this.abort();
    this.user?.ttpWritable();
  }

  // ---- What IrLMP says ----

  lsapConnected(userData: Uint8Array): void {
    this.#greeted(userData);
    if (this.#wantsExclusive) this.connection?.askExclusive();
    else this.user?.ttpConnected();
  }

  exclusiveAnswered(isTaken: boolean): void {
    if (!this.#wantsExclusive) return;
    this.#wantsExclusive = false;
    if (isTaken) {
      this.user?.ttpConnected();
      return;
    }
    this.#hasExclusiveFailed = true;
    this.abort();
    this.user?.ttpDisconnected(LM_REASON.userRequest);
  }

  lsapDisconnected(reason: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#out.length = 0;
    this.#outBytes = 0;
    this.user?.ttpDisconnected(reason);
  }

  lsapData(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.mode === "irlpt") {
      if (this.#inBytes + bytes.length > MOST_PLAIN) this.#spoilt();
      else this.#take(bytes);
      return;
    }
    const pdu = parseTtpPdu(bytes);
    if (pdu === undefined) return;
    this.#sendCredit = Math.min(MOST_CREDIT, this.#sendCredit + pdu.credit);
    if (this.#outBytes > 0) this.connection?.kick();
    if (pdu.data.length === 0) return;
    if (this.#givenCredit === 0) {
      this.#spoilt();
      return;
    }
    this.#givenCredit--;
    const isHeaded = this.mode === "9wire" && !this.#isWithin;
    this.#isWithin = pdu.hasMore;
    this.#take(isHeaded ? withoutControl(pdu.data) : pdu.data);
  }

  /** The peer sends what it was not allowed to: the stream would have a hole. */
  #spoilt(): void {
    this.abort();
    this.user?.ttpDisconnected(LM_REASON.unexpectedLapDisconnect);
  }

  #take(data: Uint8Array): void {
    if (this.#isClosing) return;
    // A frame of control alone.
    if (data.length === 0) {
      this.connection?.kick();
      return;
    }
    this.#in.push(data.slice());
    this.#inBytes += data.length;
    this.user?.ttpReadable();
  }
}

const NOTHING = new Uint8Array(0);
