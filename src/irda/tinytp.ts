import type { LsapConnection, LsapUser } from "./irlmp.ts";
import { LM_REASON } from "./irlmp-frame.ts";

/** Frames that we take before their reader has had them; Linux says 16. */
const INITIAL_CREDIT = 16;
const MOST_CREDIT = 0x7f;
const MORE = 0x80;
const CREDIT = 0x7f;
const OVERHEAD = 1;

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
export function parseTtpPdu(bytes: Uint8Array): { readonly credit: number; readonly data: Uint8Array } | undefined {
  // A stream knows no segments: MORE says nothing here.
  return bytes.length < OVERHEAD ? undefined : { credit: bytes[0]! & ~MORE, data: bytes.subarray(OVERHEAD) };
}

/** A connection of TinyTP: a byte stream with credits over IrLMP. One that was closed sends what was written before it goes. */
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

  /** For IrLMP's connect and confirm. */
  static readonly greeting = Uint8Array.of(INITIAL_CREDIT);

  /** The peer's end, from its connect. */
  static accepted(connection: LsapConnection, userData: Uint8Array): TinyTp {
    const ttp = new TinyTp();
    ttp.connection = connection;
    ttp.#sendCredit = (userData[0] ?? 0) & CREDIT;
    return ttp;
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
    return (this.connection?.dataSize ?? OVERHEAD) - OVERHEAD;
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
    const pdu = new Uint8Array(OVERHEAD + text.length);
    pdu[0] = credit;
    pdu.set(text, OVERHEAD);
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
    this.#sendCredit = (userData[0] ?? 0) & CREDIT;
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

  lsapData(data: Uint8Array): void {
    const pdu = parseTtpPdu(data);
    if (pdu === undefined || this.#isOver) return;
    this.#sendCredit = Math.min(MOST_CREDIT, this.#sendCredit + pdu.credit);
    if (this.#outBytes > 0) this.connection?.kick();
    if (pdu.data.length === 0) return;
    if (this.#givenCredit === 0) {
      // It sends what it was not allowed to: the stream would have a hole.
      this.abort();
      this.user?.ttpDisconnected(LM_REASON.unexpectedLapDisconnect);
      return;
    }
    this.#givenCredit--;
    if (this.#isClosing) return;
    this.#in.push(pdu.data.slice());
    this.#inBytes += pdu.data.length;
    this.user?.ttpReadable();
  }
}
