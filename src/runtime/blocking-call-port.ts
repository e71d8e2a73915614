import { WSAENETDOWN, WSAENOBUFS } from "../winsock/errors.ts";
import type { BlockingPort, CallReply, CallRequest } from "../winsock/provider/calls.ts";
import type { Channel } from "./channel.ts";
import type { Doorbell } from "./doorbell.ts";
import { CLOSE, emptyMessage, joinPieces, MAX_DATA, type Message, OPEN, REPLY, REQUEST } from "./message.ts";
import { RingReader, RingWriter } from "./ring.ts";

/** How often a thread that waits looks whether its server's thread is still there. One that dies of a lack of memory tells nobody. */
const DEATH_CHECK_MS = 5000;

const CLIENT = 1;

/** Calls that block the calling thread until the server's thread has answered. */
export class BlockingCallPort implements BlockingPort {
  readonly #channel: Channel;
  readonly #doorbell: Doorbell;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  readonly #request: Message = emptyMessage();
  readonly #reply: Message = emptyMessage();
  readonly #onClose: () => void;
  #holdsReply = false;
  #lastId = 0;
  #isClosed = false;

  /** @param onClose the channel may be forgotten */
  constructor(channel: Channel, doorbell: Doorbell, onClose: () => void = () => {}) {
    this.#channel = channel;
    this.#doorbell = doorbell;
    this.#onClose = onClose;
    this.#reader = new RingReader(channel.replies);
    this.#writer = new RingWriter(channel.requests);
    this.#writer.write({ ...emptyMessage(), kind: OPEN, client: CLIENT });
    doorbell.ring();
  }

  /**
   * The reply's data is valid until the next call on this port. A network that is gone answers WSAENETDOWN.
   * `request.data` may have MAX_DATA bytes; a longer send goes in pieces, and anything else that long is WSAENOBUFS.
   */
  call(request: Omit<CallRequest, "id">): CallReply {
    if (this.#holdsReply) {
      this.#holdsReply = false;
      if (this.#reader.release()) this.#doorbell.ring();
    }
    const id = this.#nextId();
    if (this.#isClosed) return failed(id, WSAENETDOWN);
    if (request.data !== null && request.data.length > MAX_DATA) return failed(id, WSAENOBUFS);
    const message = this.#request;
    message.kind = REQUEST;
    message.client = CLIENT;
    message.id = id;
    message.op = request.op;
    message.value = request.s;
    message.a = request.a;
    message.b = request.b;
    message.c = request.c;
    message.data = request.data;
    while (!this.#writer.write(message)) {
      if (!this.#sleep(() => this.#writer.hasRoom(this.#channel.requests.bytes.length / 2))) return failed(id, WSAENETDOWN);
    }
    message.data = null;
    this.#doorbell.ring();
    return this.#awaitReply(id);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#writer.write({ ...emptyMessage(), kind: CLOSE, client: CLIENT });
    this.#channel.markClosed();
    this.#doorbell.ring();
    this.#onClose();
  }

  #awaitReply(id: number): CallReply {
    const reply = this.#reply;
    let pieces: Uint8Array[] | undefined;
    for (;;) {
      while (this.#reader.read(reply)) {
        const isOurs = reply.kind === REPLY && reply.id === id;
        if (isOurs && !reply.more && pieces === undefined) {
          this.#holdsReply = true;
          return { id, result: reply.value, error: reply.c, a: reply.a, b: reply.b, data: reply.data };
        }
        if (isOurs && reply.data !== null) {
          pieces ??= [];
          pieces.push(reply.data.slice());
        }
        if (this.#reader.release()) this.#doorbell.ring();
        if (isOurs && !reply.more) {
          return { id, result: reply.value, error: reply.c, a: reply.a, b: reply.b, data: joinPieces(pieces ?? []) };
        }
      }
      if (!this.#sleep(() => this.#reader.hasMessage)) return failed(id, WSAENETDOWN);
    }
  }

  /**
   * Waits until the server wakes us, however long it takes: a server that is held (by a debugger, by swapping) goes on some day.
   * @returns false when it has ended
   */
  #sleep(isReady: () => boolean): boolean {
    this.#channel.aboutToSleep();
    while (!isReady()) {
      if (this.#doorbell.state === "ended") return false;
      if (this.#channel.sleep(DEATH_CHECK_MS)) break;
      // Being blocked, this thread hears no other way of the death of one that could not say so.
      if (this.#doorbell.isThreadDead) this.#doorbell.declareEnded("its thread died");
    }
    this.#channel.awake();
    return true;
  }

  #nextId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0;
    return this.#lastId;
  }
}

const failed = (id: number, error: number): CallReply => ({ id, result: -1, error, a: 0, b: 0, data: null });
