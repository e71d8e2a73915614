import { availableParallelism } from "node:os";
import { WSAENETDOWN, WSAENOBUFS } from "../winsock/abi/errors.ts";
import type { BlockingPort, CallReply, CallRequest } from "../winsock/provider/calls.ts";
import type { SharedProcess } from "../winsock/provider/shared-process.ts";
import type { Channel } from "./channel.ts";
import type { Doorbell } from "./doorbell.ts";
import { CLOSE, emptyMessage, joinPieces, MAX_DATA, type Message, OPEN, REPLY, REQUEST } from "./message.ts";
import { failedCall, PostedCalls, replyIn } from "./posted-calls.ts";
import { RingReader, RingWriter } from "./ring.ts";

/** How often a thread that waits looks whether its server's thread is still there. One that dies of a lack of memory tells nobody. */
const DEATH_CHECK_MS = 5000;

/** In a stream the next answer is a matter of microseconds, and being put to sleep and woken costs both sides tens of them. */
const LOOKS_AGAIN_MS = 0.02;
const LOOKS_BETWEEN_CLOCKS = 32;
/** Whoever is waited for needs a CPU too. */
const MAY_LOOK_AGAIN = availableParallelism() > 1;

const CLIENT = 1;

/** What a port may be made with. */
export interface BlockingPortOptions {
  /** Of which the caller is a thread. */
  readonly process?: SharedProcess;
  /** As of `PostedCalls`. */
  readonly rings?: SharedArrayBuffer | undefined;
  /** The channel may be forgotten. */
  readonly onClose?: () => void;
}

/** Calls that block the calling thread until the server's thread has answered. */
export class BlockingCallPort implements BlockingPort {
  readonly process: SharedProcess | undefined;
  readonly #channel: Channel;
  readonly #doorbell: Doorbell;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  readonly #request: Message = emptyMessage();
  readonly #reply: Message = emptyMessage();
  readonly #onClose: () => void;
  readonly #posted: PostedCalls;
  #holdsReply = false;
  #isClosed = false;

  constructor(channel: Channel, doorbell: Doorbell, { process, rings, onClose = () => {} }: BlockingPortOptions = {}) {
    this.process = process;
    this.#posted = new PostedCalls(rings);
    this.#channel = channel;
    this.#doorbell = doorbell;
    this.#onClose = onClose;
    this.#reader = new RingReader(channel.replies);
    this.#writer = new RingWriter(channel.requests);
    this.#writer.write({ ...emptyMessage(), kind: OPEN, client: CLIENT, a: process?.number ?? 0 });
    doorbell.ring();
  }

  /**
   * The reply's data is valid until the next call on this port. A network that is gone answers WSAENETDOWN.
   * `request.data` may have MAX_DATA bytes; a longer send goes in pieces, and anything else that long is WSAENOBUFS.
   */
  call(request: Omit<CallRequest, "id">): CallReply {
    const id = this.#posted.nextId();
    if (request.data !== null && request.data.length > MAX_DATA) return failedCall(id, WSAENOBUFS);
    return this.#send(id, request) ? this.#awaitReply(id) : failedCall(id, WSAENETDOWN);
  }

  post(request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): number {
    const id = this.#posted.nextId();
    if (request.data !== null && request.data.length > MAX_DATA) replied(failedCall(id, WSAENOBUFS));
    else if (this.#send(id, request)) this.#posted.add(id, replied);
    else replied(failedCall(id, WSAENETDOWN));
    return id;
  }

  takeReplies(): void {
    if (this.#posted.size === 0) return;
    this.#releaseReply();
    while (this.#reader.read(this.#reply)) this.#deliver();
  }

  awaitPosted(): boolean {
    this.#releaseReply();
    while (this.#posted.size > 0) {
      while (this.#reader.read(this.#reply)) if (this.#deliver()) return true;
      if (this.#comesAtOnce()) continue;
      if (!this.#sleep(() => this.#reader.hasMessage)) this.#posted.fail();
    }
    return false;
  }

  /** @returns false when the network is gone */
  #send(id: number, request: Omit<CallRequest, "id">): boolean {
    this.#releaseReply();
    if (this.#isClosed) return false;
    const message = this.#request;
    message.kind = REQUEST;
    message.client = CLIENT;
    message.id = id;
    message.op = request.op;
    message.value = request.s;
    message.a = request.a;
    message.b = request.b;
    message.c = request.c;
    message.d = request.d ?? 0;
    message.e = request.e ?? 0;
    message.data = request.data;
    while (!this.#writer.write(message)) {
      // Answers to posted calls that nobody takes would keep the server from taking requests.
      while (this.#reader.read(this.#reply)) this.#deliver();
      const mayGoOn = () => this.#writer.hasRoom(this.#channel.requests.bytes.length / 2) || this.#reader.hasMessage;
      if (!this.#sleep(mayGoOn)) {
        this.#posted.fail();
        return false;
      }
    }
    message.data = null;
    this.#doorbell.ring();
    return true;
  }

  /** The memory of the last reply goes back to the ring. */
  #releaseReply(): void {
    if (!this.#holdsReply) return;
    this.#holdsReply = false;
    if (this.#reader.release()) this.#doorbell.ring();
  }

  /** Gives the message that was read to whoever posted its call, and back to the ring. @returns whether there was somebody */
  #deliver(): boolean {
    const isPosted = this.#posted.deliver(this.#reply);
    if (this.#reader.release()) this.#doorbell.ring();
    return isPosted;
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
        if (reply.kind !== REPLY || reply.id !== id) {
          this.#deliver();
          continue;
        }
        if (!reply.more && pieces === undefined) {
          this.#holdsReply = true;
          return replyIn(reply, reply.data);
        }
        if (reply.data !== null) {
          pieces ??= [];
          pieces.push(reply.data.slice());
        }
        if (this.#reader.release()) this.#doorbell.ring();
        if (!reply.more) return replyIn(reply, joinPieces(pieces ?? []));
      }
      if (this.#comesAtOnce()) continue;
      if (!this.#sleep(() => this.#reader.hasMessage)) {
        this.#posted.fail();
        return failedCall(id, WSAENETDOWN);
      }
    }
  }

  /** Looks for a message without sleeping yet. */
  #comesAtOnce(): boolean {
    if (!MAY_LOOK_AGAIN) return false;
    const until = performance.now() + LOOKS_AGAIN_MS;
    do for (let look = 0; look < LOOKS_BETWEEN_CLOCKS; look++) if (this.#reader.hasMessage) return true;
    while (performance.now() < until);
    return false;
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
}
