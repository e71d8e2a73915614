import { isMainThread } from "node:worker_threads";
import { addressOf, EAGAIN } from "../tap/libc.ts";
import { Readiness, WORKER_LOOKS_UP_MS } from "../tap/readiness.ts";
import { closeDescriptor, connectTo, GatheredSend, receiveNow, receiveWaiting, sendNow, setReceiveTimeout } from "../tap/unix-socket.ts";
import { WSAENETDOWN, WSAENOBUFS } from "../winsock/abi/errors.ts";
import type { BlockingPort, CallReply, CallRequest } from "../winsock/provider/calls.ts";
import type { SharedProcess } from "../winsock/provider/shared-process.ts";
import { ONLY_CLIENT } from "./async-call-port.ts";
import { daemonUnreachable, greetingTrouble } from "./daemon-greeting.ts";
import {
  emptyMessage,
  HEADER_BYTES,
  helloMessage,
  joinPieces,
  MAX_DATA,
  MAX_MESSAGE,
  type Message,
  messageBytes,
  messageLength,
  REPLY,
  REQUEST,
  readMessage,
  writeMessage,
  writeMessageHeader,
} from "./message.ts";
import { NetworkError } from "./network-error.ts";
import { failedCall, PostedCalls, replyIn } from "./posted-calls.ts";
import { forgetDescriptor, noteDescriptor } from "./worker-descriptors.ts";

/** Up to here a request is copied behind its header and leaves in one piece; longer data leaves from where it lies. */
const COPIED_BYTES = 4096;
/** Room for several replies: what came in part is moved to the front only where the next one would not fit behind it. */
const ARRIVAL_BYTES = 4 * MAX_MESSAGE;
const HELLO_LIMIT_MS = 5_000;

/**
 * Calls to a daemon that block the calling thread: the request is written to the daemon's socket and the reply read from it by this
 * very thread, with no other between it and the daemon's host.
 */
export class SocketCallPort implements BlockingPort {
  readonly process: SharedProcess | undefined;
  readonly #fd: number;
  readonly #onClose: () => void;
  readonly #readiness: Readiness;
  readonly #gathered = new GatheredSend();
  readonly #departure = new Uint8Array(HEADER_BYTES + COPIED_BYTES);
  readonly #departureView = new DataView(this.#departure.buffer);
  readonly #departureAddress = addressOf(this.#departure);
  readonly #arrivals = new Uint8Array(ARRIVAL_BYTES);
  readonly #arrivalsView = new DataView(this.#arrivals.buffer);
  readonly #arrivalsAddress = addressOf(this.#arrivals);
  /** What has come and was not looked at: [start, end). */
  #start = 0;
  #end = 0;
  readonly #request: Message = { ...emptyMessage(), kind: REQUEST, client: ONLY_CLIENT };
  readonly #reply: Message = emptyMessage();
  readonly #posted = new PostedCalls();
  #pieces: Uint8Array[] = [];
  #isDown = false;
  #isOpen = true;

  /**
   * @param process of which this is a thread
   * @throws NetworkError that says what to do: no such socket, nobody listens, not allowed, another version
   */
  constructor(path: string, process?: SharedProcess, onClose: () => void = () => {}) {
    this.process = process;
    this.#fd = connectTo(path);
    if (this.#fd < 0) throw new NetworkError(`Cannot reach a daemon at ${path}: ${daemonUnreachable(-this.#fd)}`);
    this.#onClose = onClose;
    this.#readiness = new Readiness(this.#fd);
    try {
      this.#greet(path);
    } catch (error) {
      closeDescriptor(this.#fd);
      throw error;
    }
    if (isMainThread) return;
    setReceiveTimeout(this.#fd, WORKER_LOOKS_UP_MS);
    noteDescriptor(this.#fd);
  }

  /** The reply's data is valid until the next call on this port. A network that is gone answers WSAENETDOWN. */
  call(request: Omit<CallRequest, "id">): CallReply {
    const id = this.#posted.nextId();
    if (request.data !== null && request.data.length > MAX_DATA) return failedCall(id, WSAENOBUFS);
    if (!this.#write(id, request)) return failedCall(id, WSAENETDOWN);
    return this.#awaitReply(id);
  }

  post(request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): number {
    const id = this.#posted.nextId();
    if (request.data !== null && request.data.length > MAX_DATA) replied(failedCall(id, WSAENOBUFS));
    else if (this.#write(id, request)) this.#posted.add(id, replied);
    else replied(failedCall(id, WSAENETDOWN));
    return id;
  }

  takeReplies(): void {
    if (this.#posted.size === 0 || this.#isDown) return;
    this.#receive(false);
    while (this.#next()) this.#posted.deliver(this.#reply);
  }

  /** Lets the next reply to a posted call come. @returns false when the network is gone */
  awaitPosted(): boolean {
    for (;;) {
      if (this.#isDown) return false;
      if (this.#next()) {
        if (this.#posted.deliver(this.#reply)) return true;
      } else if (!this.#receive(true)) return false;
    }
  }

  close(): void {
    this.#goDown();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (!isMainThread) forgetDescriptor(this.#fd);
    closeDescriptor(this.#fd);
    this.#onClose();
  }

  #greet(path: string): void {
    const length = writeMessage(this.#departure, this.#departureView, 0, helloMessage(this.process?.number));
    const limit = performance.now() + HELLO_LIMIT_MS;
    let trouble = sendNow(this.#fd, this.#departureAddress, length) === length ? undefined : greetingTrouble("closed");
    while (trouble === undefined && !this.#next()) {
      if (this.#isDown) trouble = greetingTrouble("closed");
      else if (!this.#readiness.waitReadable(limit - performance.now())) trouble = greetingTrouble("silent");
      else this.#receive(false);
    }
    trouble ??= greetingTrouble(this.#reply);
    if (trouble !== undefined) throw new NetworkError(`Cannot use the daemon at ${path}: ${trouble}`);
  }

  /** @returns false when the network is gone */
  #write(id: number, { op, s, a, b, c, d = 0, e = 0, data }: Omit<CallRequest, "id">): boolean {
    if (this.#isDown) return false;
    const message = this.#request;
    message.id = id;
    message.op = op;
    message.value = s;
    message.a = a;
    message.b = b;
    message.c = c;
    message.d = d;
    message.e = e;
    message.data = data;
    const total = messageBytes(message);
    const isCopied = data === null || data.length <= COPIED_BYTES;
    if (isCopied) writeMessage(this.#departure, this.#departureView, 0, message);
    else writeMessageHeader(this.#departureView, 0, message);
    message.data = null;
    const dataAddress = isCopied ? this.#departureAddress + HEADER_BYTES : addressOf(data);
    for (let sent = 0; sent < total; ) {
      const n = sent < HEADER_BYTES ? this.#sendBoth(sent, total, dataAddress) : this.#sendRest(sent, total, dataAddress);
      if (n > 0) sent += n;
      else if (n !== -EAGAIN || !this.#makeRoom()) {
        this.#goDown();
        return false;
      }
    }
    return true;
  }

  #sendBoth(sent: number, total: number, dataAddress: number): number {
    return this.#gathered.sendNow(this.#fd, this.#departureAddress + sent, HEADER_BYTES - sent, dataAddress, total - HEADER_BYTES);
  }

  #sendRest(sent: number, total: number, dataAddress: number): number {
    return sendNow(this.#fd, dataAddress + sent - HEADER_BYTES, total - sent);
  }

  /** The daemon takes no more for now, perhaps since it waits for us to read. @returns false when it is gone */
  #makeRoom(): boolean {
    if (this.#readiness.waitEither()) {
      this.#receive(false);
      // What came belongs to posted calls: nobody waits for another yet.
      while (this.#next()) this.#posted.deliver(this.#reply);
    }
    return !this.#isDown;
  }

  #awaitReply(id: number): CallReply {
    const reply = this.#reply;
    for (;;) {
      while (this.#next()) {
        if (reply.kind !== REPLY || reply.id !== id) {
          this.#posted.deliver(this.#reply);
          continue;
        }
        if (!reply.more && this.#pieces.length === 0) return replyIn(reply, reply.data);
        if (reply.data !== null) this.#pieces.push(reply.data.slice());
        if (!reply.more) return replyIn(reply, joinPieces(this.#pieces.splice(0)));
      }
      if (!this.#receive(true)) {
        this.#pieces = [];
        return failedCall(id, WSAENETDOWN);
      }
    }
  }

  /** @returns whether `#reply` holds the next message */
  #next(): boolean {
    const held = this.#end - this.#start;
    if (held < 4) return false;
    const length = messageLength(this.#arrivalsView, this.#start);
    if (typeof length === "number" && held < length) return false;
    const wrong = typeof length === "string" ? length : readMessage(this.#arrivals, this.#arrivalsView, this.#start, length, this.#reply);
    if (wrong !== undefined || typeof length === "string") {
      this.#goDown();
      return false;
    }
    this.#start += length;
    return true;
  }

  /** @returns false when the network is gone */
  #receive(waits: boolean): boolean {
    if (this.#isDown) return false;
    const held = this.#end - this.#start;
    if (held === 0 || ARRIVAL_BYTES - this.#end < MAX_MESSAGE) {
      this.#arrivals.copyWithin(0, this.#start, this.#end);
      this.#end = held;
      this.#start = 0;
    }
    const address = this.#arrivalsAddress + this.#end;
    const room = ARRIVAL_BYTES - this.#end;
    for (;;) {
      const n = waits ? receiveWaiting(this.#fd, address, room) : receiveNow(this.#fd, address, room);
      if (n > 0) {
        this.#end += n;
        return true;
      }
      if (n !== -EAGAIN) {
        this.#goDown();
        return false;
      }
      if (!waits) return true;
    }
  }

  #goDown(): void {
    this.#isDown = true;
    this.#posted.fail();
  }
}
