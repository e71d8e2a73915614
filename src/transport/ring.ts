import { HEADER_BYTES, type Message, messageBytes, messageLength, readMessage, writeMessage } from "./message.ts";

/**
 * A ring of messages in shared memory, with one thread that writes and one that reads.
 *
 *      tail                head
 *       │ message │ message │ free …            positions count bytes for ever, modulo 2^32
 *
 * A message lies in one piece, so that its data is written straight from the caller's bytes and read straight from the ring.
 * One that does not fit before the end of the memory begins again at its start, behind a filler.
 */

/** Words of the ring's control block; each writer's on a cache line of its own. */
const HEAD = 0;
/** How many free bytes the writer waits for; 0 while it does not wait. */
const WANTED = 1;
const TAIL = 16;
export const RING_WORDS = 32;

/** Kind of a filler, which `readMessage` would not know. */
const FILLER = 0;

const aligned = (length: number): number => (length + 7) & ~7;

/** Room that lets the message through at any position, a filler before it included. */
export const ringBytes = (message: Message): number => 2 * aligned(messageBytes(message));

export interface RingMemory {
  /** RING_WORDS words. */
  readonly words: Int32Array;
  /** A power of two, at least four times the longest message. */
  readonly bytes: Uint8Array;
}

export class RingWriter {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  #head: number;

  constructor(memory: RingMemory) {
    this.#words = memory.words;
    this.#bytes = memory.bytes;
    this.#view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset, memory.bytes.length);
    this.#size = memory.bytes.length;
    this.#head = Atomics.load(this.#words, HEAD);
  }

  /** Bytes that no message holds. */
  get freeBytes(): number {
    return this.#size - ((this.#head - Atomics.load(this.#words, TAIL)) >>> 0);
  }

  /** Whether so many bytes are free; when they are not, the release that makes them so says it (`RingReader.release` returns true). */
  hasRoom(bytes: number): boolean {
    if (this.freeBytes >= bytes) return true;
    Atomics.store(this.#words, WANTED, bytes);
    return this.freeBytes >= bytes;
  }

  /**
   * @returns false when there is no room; the reader then says so (`RingReader.release` returns true) once there is plenty: a writer that
   * was woken for each message read would sleep again after each that it writes
   */
  write(message: Message): boolean {
    if (this.#tryWrite(message)) return true;
    Atomics.store(this.#words, WANTED, Math.max(this.#size / 2, ringBytes(message)));
    // The reader may have made room before it could see the flag.
    if (!this.#tryWrite(message)) return false;
    Atomics.store(this.#words, WANTED, 0);
    return true;
  }

  #tryWrite(message: Message): boolean {
    const length = aligned(messageBytes(message));
    let at = (this.#head >>> 0) % this.#size;
    const toEnd = this.#size - at;
    const filler = length > toEnd ? toEnd : 0;
    if (this.freeBytes < filler + length) return false;
    if (filler > 0) {
      this.#view.setUint32(at, filler, true);
      this.#view.setUint8(at + 4, FILLER);
      at = 0;
    }
    writeMessage(this.#bytes, this.#view, at, message);
    this.#head = (this.#head + filler + length) | 0;
    Atomics.store(this.#words, HEAD, this.#head);
    return true;
  }
}

export class RingReader {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  #tail: number;
  #held = 0;

  constructor(memory: RingMemory) {
    this.#words = memory.words;
    this.#bytes = memory.bytes;
    this.#view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset, memory.bytes.length);
    this.#size = memory.bytes.length;
    this.#tail = Atomics.load(this.#words, TAIL);
  }

  /** There is a message that `read` has not given out yet. */
  get hasMessage(): boolean {
    return Atomics.load(this.#words, HEAD) !== ((this.#tail + this.#held) | 0);
  }

  /**
   * The oldest message, whose data stays where it is until `release`, which has to come before the next `read`.
   * @returns false when there is none
   * @throws Error when the memory holds no message where one should be: the two sides do not run the same program
   */
  read(into: Message): boolean {
    const head = Atomics.load(this.#words, HEAD);
    if (head === this.#tail) return false;
    let at = (this.#tail >>> 0) % this.#size;
    let filler = 0;
    if (this.#view.getUint8(at + 4) === FILLER) {
      filler = this.#view.getUint32(at, true);
      at = 0;
    }
    const length = messageLength(this.#view, at);
    const wrong = typeof length === "string" ? length : readMessage(this.#bytes, this.#view, at, length, into);
    if (typeof length === "string" || wrong !== undefined) throw new Error(`Cannot read the shared ring: ${wrong}`);
    this.#held = filler + aligned(length);
    return true;
  }

  /** Gives the memory of the last message back. @returns whether the writer has waited for the room that there is now, and should be woken */
  release(): boolean {
    if (this.#held === 0) return false;
    this.#tail = (this.#tail + this.#held) | 0;
    this.#held = 0;
    Atomics.store(this.#words, TAIL, this.#tail);
    const wanted = Atomics.load(this.#words, WANTED);
    if (wanted === 0 || this.#size - ((Atomics.load(this.#words, HEAD) - this.#tail) >>> 0) < wanted) return false;
    return Atomics.exchange(this.#words, WANTED, 0) !== 0;
  }
}

/** The smallest ring that takes a message of `dataBytes` at any position. */
export const smallestRing = (dataBytes: number): number => 2 ** Math.ceil(Math.log2(2 * aligned(HEADER_BYTES + dataBytes)));
