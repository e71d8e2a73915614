import { copyBytes } from "../stack/core/copy-bytes.ts";
import { WSAEINTR, WSAENETDOWN, WSAENOBUFS } from "../winsock/abi/errors.ts";
import { type AsyncPort, CALL, type CallReply, type CallRequest } from "../winsock/provider/calls.ts";
import { EVENT, emptyMessage, joinPieces, LENT, MAX_DATA, type Message, REPLY, REQUEST } from "./message.ts";
import type { LinkReceiver, MessageLink } from "./message-link.ts";
import { failedCall, PostedCalls, replyIn } from "./posted-calls.ts";

/** Hears of what the client subscribed to. `count` runs from 0 for each subscription; a gap in it is what was lost. */
export type EventListener = (subscription: number, count: number, data: Uint8Array) => void;

/** An asynchronous port that also delivers events. */
export interface EventPort extends AsyncPort {
  onEvent: EventListener | undefined;
  /** Called once when the network is gone. */
  onDown: ((why: string) => void) | undefined;
}

interface UnansweredCall {
  readonly resolve: (reply: CallReply) => void;
  pieces: Uint8Array[];
}

/** The client's name on a link of its own. */
export const ONLY_CLIENT = 1;

/** Calls over a link, any number at a time. A network that is gone answers WSAENETDOWN. */
export class AsyncCallPort implements EventPort, LinkReceiver {
  onEvent: EventListener | undefined;
  onDown: ((why: string) => void) | undefined;
  readonly #link: MessageLink;
  readonly #onClose: () => void;
  #isClosed = false;
  readonly #pending = new Map<number, UnansweredCall>();
  /** Nobody waits for these, so they do not keep the program alive. */
  readonly #posted: PostedCalls;
  #reasonsToLive = 0;
  #waiting: Message[] = [];
  #isDown = false;

  /**
   * @param connect makes the link, which reports to the port
   * @param onClose called once, when the port is closed
   * @param rings as of `PostedCalls`
   */
  constructor(connect: (receiver: LinkReceiver) => MessageLink, onClose: () => void = () => {}, rings?: SharedArrayBuffer) {
    this.#posted = new PostedCalls(rings);
    this.#onClose = onClose;
    this.#link = connect(this);
    this.#link.unref();
  }

  call(request: Omit<CallRequest, "id">, signal?: AbortSignal): Promise<CallReply> {
    const id = this.#nextId();
    if (this.#isDown) return Promise.resolve(failedCall(id, WSAENETDOWN));
    if (signal?.aborted) return Promise.resolve(failedCall(id, WSAEINTR));
    if (request.data !== null && request.data.length > MAX_DATA) return Promise.resolve(failedCall(id, WSAENOBUFS));
    return new Promise((resolve) => {
      const cancel = () => this.#cancel(id);
      signal?.addEventListener("abort", cancel, { once: true });
      this.#live(1);
      this.#pending.set(id, {
        pieces: [],
        resolve: (reply) => {
          signal?.removeEventListener("abort", cancel);
          resolve(reply);
        },
      });
      const { op, s, a, b, c, d = 0, e = 0, data } = request;
      this.#send({ ...emptyMessage(), kind: REQUEST, client: ONLY_CLIENT, id, op, value: s, a, b, c, d, e, data });
    });
  }

  post({ op, s, a, b, c, d = 0, e = 0, data }: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): boolean {
    if (this.#isDown) return false;
    const id = this.#nextId();
    const message = { ...emptyMessage(), kind: REQUEST, client: ONLY_CLIENT, id, op, value: s, a, b, c, d, e, data };
    if (data === null) this.#send(message);
    else if (this.#waiting.length > 0 || data.length > MAX_DATA || !this.#link.send(message)) return false;
    this.#posted.add(id, replied);
    return true;
  }

  async waitingFor(answer: Promise<void>): Promise<void> {
    this.#live(1);
    try {
      await answer;
    } finally {
      this.#live(-1);
    }
  }

  /** Pending calls end with WSAENETDOWN. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#link.close();
    this.#end();
    this.#onClose();
  }

  // LinkReceiver

  message(message: Message): boolean {
    if (message.kind === EVENT && message.data !== null) this.onEvent?.(message.a, message.b, message.data.slice());
    if (message.kind !== REPLY && message.kind !== LENT) return true;
    const call = message.kind === REPLY ? this.#pending.get(message.id) : undefined;
    if (call === undefined) {
      this.#posted.deliver(message);
      return true;
    }
    if (message.data !== null) call.pieces.push(copyOf(message.data));
    if (message.more) return true;
    this.#pending.delete(message.id);
    this.#live(-1);
    call.resolve(replyIn(message, call.pieces.length === 0 ? null : joinPieces(call.pieces)));
    return true;
  }

  room(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.#send(message);
  }

  down(why: string): void {
    this.#end();
    this.onDown?.(why);
  }

  #cancel(id: number): void {
    if (!this.#pending.has(id) || this.#isDown) return;
    // The call itself is answered with WSAEINTR; the answer to this one interests nobody.
    this.#send({ ...emptyMessage(), kind: REQUEST, client: ONLY_CLIENT, id: this.#nextId(), op: CALL.cancel, a: id });
  }

  #send(message: Message): void {
    if (this.#waiting.length === 0 && this.#link.send(message)) return;
    this.#waiting.push({ ...message, data: message.data?.slice() ?? null });
  }

  #end(): void {
    this.#isDown = true;
    this.#waiting = [];
    const calls = [...this.#pending];
    this.#pending.clear();
    for (const [id, call] of calls) {
      this.#live(-1);
      call.resolve(failedCall(id, WSAENETDOWN));
    }
    this.#posted.fail();
  }

  /** Reasons for the program to live on come and go. */
  #live(change: 1 | -1): void {
    const before = this.#reasonsToLive;
    this.#reasonsToLive += change;
    if (before === 0) this.#link.ref();
    else if (this.#reasonsToLive === 0) this.#link.unref();
  }

  #nextId(): number {
    let id = this.#posted.nextId();
    while (this.#pending.has(id)) id = this.#posted.nextId();
    return id;
  }
}

/** Below this a copy costs less than what makes a larger one quick. */
const SMALL_COPY = 2048;

/** A copy in memory of its own. */
function copyOf(source: Uint8Array): Uint8Array {
  if (source.length < SMALL_COPY) return source.slice();
  // Zeroes that are written over at once are not worth writing.
  const { buffer } = Buffer.allocUnsafeSlow(source.length);
  const copy = new Uint8Array(buffer);
  copyBytes(copy, 0, source);
  return copy;
}
