import { emptyMessage, MAX_MESSAGE, type MalformedMessage, type Message, messageLength, readMessage } from "./message.ts";

const FIRST_BYTES = 64 * 1024;
/** A buffer that has grown beyond this is given back once little is held. */
const SHRINK_ABOVE = MAX_MESSAGE;

/** Takes a message; false when it has no room now and wants the same one again after `resume`. */
export type MessageTaker = (message: Message) => boolean;

/** Cuts a stream of bytes into messages. It holds at most one unfinished message and what came with the end of it. */
export class MessageStream {
  readonly #take: MessageTaker;
  readonly #message: Message = emptyMessage();
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;
  #failure: MalformedMessage | undefined;
  #isStalled = false;

  constructor(take: MessageTaker) {
    this.#take = take;
  }

  /** The taker had no room: give no more bytes until `resume` has returned and this is false. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** @returns what is wrong with the stream; from then on nothing more is taken from it */
  feed(chunk: Uint8Array): MalformedMessage | undefined {
    if (this.#failure !== undefined) return this.#failure;
    this.#reserve(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
    return this.#isStalled ? undefined : this.#cut();
  }

  /** The taker has room again. */
  resume(): MalformedMessage | undefined {
    this.#isStalled = false;
    return this.#failure ?? this.#cut();
  }

  #cut(): MalformedMessage | undefined {
    while (this.#end - this.#start >= 4) {
      const length = messageLength(this.#view, this.#start);
      if (typeof length === "string") return this.#fail(length);
      if (this.#end - this.#start < length) break;
      const wrong = readMessage(this.#bytes, this.#view, this.#start, length, this.#message);
      if (wrong !== undefined) return this.#fail(wrong);
      if (!this.#take(this.#message)) {
        this.#isStalled = true;
        return undefined;
      }
      this.#start += length;
    }
    if (this.#start === this.#end) this.#start = this.#end = 0;
    return undefined;
  }

  #fail(why: MalformedMessage): MalformedMessage {
    this.#failure = why;
    return why;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const held = this.#end - this.#start;
    let size = this.#bytes.length;
    while (size < held + length) size *= 2;
    // A large message has gone through: do not keep its room for ever.
    if (size > SHRINK_ABOVE && held + length <= FIRST_BYTES) size = FIRST_BYTES;
    const source = this.#bytes.subarray(this.#start, this.#end);
    if (size === this.#bytes.length) {
      this.#bytes.set(source, 0);
    } else {
      this.#bytes = new Uint8Array(size);
      this.#bytes.set(source);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#start = 0;
    this.#end = held;
  }
}
