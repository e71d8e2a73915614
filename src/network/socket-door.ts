import { getSystemErrorName } from "node:util";
import type { DoorLimits, DoorUsage } from "../management/door-usage.ts";
import type { TimerQueue } from "../stack/core/timers.ts";
import { TokenBucket } from "../stack/core/token-bucket.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, Epoll } from "../tap/epoll.ts";
import { addressOf, EAGAIN, ECONNABORTED, EMFILE, ENFILE } from "../tap/libc.ts";
import { peerCredentials } from "../tap/peer-credentials.ts";
import { acceptFrom, closeDescriptor, endSending, receiveNow } from "../tap/unix-socket.ts";
import {
  EVENT,
  emptyMessage,
  HEADER_BYTES,
  HELLO,
  HELLO_MAGIC,
  helloMessage,
  MAX_MESSAGE,
  type Message,
  messageLength,
  PROTOCOL_VERSION,
  REQUEST,
  readMessage,
} from "../transport/message.ts";
import { type ClientNumbers, putReply, type RequestServer, requestIn } from "../transport/request-server.ts";
import { asksOthersFirst, isHeldUp, ThreadFences } from "../transport/thread-fences.ts";
import type { CallHandler } from "../winsock/provider/calls.ts";
import { DoorClient } from "./door-client.ts";
import { Outbox } from "./outbox.ts";

export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  clients: 1024,
  requestBytes: 128 * 1024 * 1024,
  clientReplyBytes: 1024 * 1024,
  replyBytes: 256 * 1024 * 1024,
};

/** Those that have connected and said nothing take no client's place; more of them than this, and the oldest is shown out. */
const MAX_STRANGERS = 128;
/** A client has this long to say who it is. */
const HELLO_LIMIT_MS = 5_000;
/** What one client may have read before the others have their turn. */
const BYTES_IN_TURN = MAX_MESSAGE + 64 * 1024;
/** Reads of what a client that goes has left, before its socket is closed. */
const DRAINED_AT_MOST = 8;
/** A program's number is less than this. */
const PROCESS_NUMBERS = 2 ** 31;
/** Where there are no descriptors left, whoever knocks waits so long before the door looks again. */
const SHORTAGE_PAUSE_MS = 100;
/** Coming and going that is told each second, and at once after a quiet time; a crowd for hours would drown the log. */
const NOTICES_PER_SECOND = 50;
const NOTICES_AT_ONCE = 5000;

/** What the door's owner is told, for its log. */
export type DoorNotice =
  | { readonly type: "client-opened"; readonly client: number }
  | { readonly type: "client-closed"; readonly client: number; readonly why: string }
  | { readonly type: "clients-refused"; readonly why: string };

/** Whose programs may have raw sockets, as Windows' administrators may: `everyone` is whoever may come in, who may stop the host as well. */
export const ADMINISTRATORS = ["everyone", "root", "nobody"] as const;
export type Administrators = (typeof ADMINISTRATORS)[number];

export interface DoorParts {
  /** A listening Unix socket, nonblocking. The door closes it. */
  readonly listener: number;
  readonly handler: CallHandler;
  readonly numbers: ClientNumbers;
  readonly timers: TimerQueue;
  readonly limits: DoorLimits;
  readonly administrators: Administrators;
  readonly notice: (notice: DoorNotice) => void;
  /** Hears of an exception of ours, which costs the client that it happened for. */
  readonly mistake: (error: unknown) => void;
}

/**
 * Other processes' way to the host: a listening Unix socket and its clients, served by the host's own thread, without an event loop
 * between. A client that does not read is not read from, one that breaks the rules is shown out, and neither touches the others.
 */
export class SocketDoor implements RequestServer {
  readonly isClosed = false;
  readonly #parts: DoorParts;
  readonly #epoll = new Epoll();
  readonly #clients = new Map<number, DoorClient>();
  readonly #byNumber = new Map<number, DoorClient>();
  /** Those that have something to be read, each once; a turn takes them in order, and who has more stands at the end again. */
  #ready: DoorClient[] = [];
  #greeted = 0;
  #heldBytes = 0;
  /** Clients that have gone, of which the handler is told when it is not in the middle of a call. */
  #departed: number[] = [];
  /** One for all: a client's bytes stay here only while they are looked at. */
  readonly #arrivals = new Uint8Array(BYTES_IN_TURN);
  readonly #arrivalsView = new DataView(this.#arrivals.buffer);
  readonly #arrivalsAddress = addressOf(this.#arrivals);
  readonly #outbox: Outbox;
  readonly #fences = new ThreadFences();
  readonly #message: Message = emptyMessage();
  readonly #reply: Message = emptyMessage();
  readonly #notices: TokenBucket;
  #isShort = false;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#outbox = new Outbox((client) => this.#lost(client));
    this.#notices = new TokenBucket(parts.timers, NOTICES_PER_SECOND, NOTICES_AT_ONCE);
    this.#epoll.add(parts.listener, EPOLLIN);
  }

  /** Readable when the door has something to do. */
  get descriptor(): number {
    return this.#epoll.descriptor;
  }

  get hasWork(): boolean {
    return this.#ready.length > 0 || this.#departed.length > 0;
  }

  get usage(): DoorUsage {
    const strangers = this.#clients.size - this.#greeted;
    return {
      clients: this.#greeted,
      strangers,
      requestBytes: this.#heldBytes,
      replyBytes: this.#outbox.bytes,
      limits: this.#parts.limits,
    };
  }

  serve(budget: number): boolean {
    this.#epoll.ready((fd, events) => this.#happened(fd, events));
    const ready = this.#ready;
    this.#ready = [];
    for (const client of ready) {
      client.isReady = false;
      if (client.isGone) continue;
      try {
        const hasMore = this.#take(client, budget);
        if (!client.isGone) this.#boundHeld(client);
        // One for which another thread waits is read until it is known to be empty.
        if (hasMore || client.isAwaited || client.fence !== undefined) this.#makeReady(client);
      } catch (error) {
        this.#parts.mistake(error);
        this.#showOut(client, "it met a mistake of ours");
      }
    }
    this.#buryDeparted();
    return this.hasWork;
  }

  flush(): void {
    this.#outbox.post();
    this.#buryDeparted();
  }

  owns(client: number): boolean {
    return this.#byNumber.has(client);
  }

  event(number: number, subscription: number, count: number, data: Uint8Array): boolean {
    const client = this.#byNumber.get(number);
    if (client === undefined || client.isGone || data.length > MAX_MESSAGE - HEADER_BYTES) return false;
    if (this.#outbox.waitingFor(client) > this.#share / 2) return false;
    this.#put(client, { ...emptyMessage(), kind: EVENT, a: subscription, b: count, data });
    return true;
  }

  end(): void {
    this.#outbox.post();
    for (const client of [...this.#clients.values()]) this.#forget(client, undefined);
    this.#buryDeparted();
    closeDescriptor(this.#parts.listener);
    this.#epoll.close();
  }

  /** What one client's unread replies may come to just now. */
  get #share(): number {
    const { clientReplyBytes, replyBytes } = this.#parts.limits;
    return Math.max(0, Math.min(clientReplyBytes, replyBytes - this.#outbox.bytes));
  }

  #happened(fd: number, events: number): void {
    if (fd === this.#parts.listener) {
      this.#letIn();
      return;
    }
    const client = this.#clients.get(fd);
    if (client === undefined) return;
    if ((events & EPOLLOUT) !== 0) this.#drained(client);
    // One that is not read from is told by HUP alone that it has left.
    if ((events & EPOLLIN) !== 0) this.#makeReady(client);
    else if ((events & (EPOLLHUP | EPOLLERR)) !== 0) this.#forget(client, "the connection was closed");
  }

  #makeReady(client: DoorClient): void {
    if (client.isReady || client.isGone) return;
    client.isReady = true;
    this.#ready.push(client);
  }

  // Coming

  #letIn(): void {
    for (let taken = 0; taken < MAX_STRANGERS; taken++) {
      const fd = acceptFrom(this.#parts.listener);
      if (fd === -EAGAIN) return;
      if (fd < 0) {
        // One that left before it was let in concerns nobody else; any other failure would only come again.
        if (fd === -ECONNABORTED) continue;
        this.#pauseForWant(-fd);
        return;
      }
      const pid = ownPid(fd);
      if (pid === undefined || !this.#epoll.add(fd, EPOLLIN)) {
        closeDescriptor(fd);
        continue;
      }
      this.#makePlace();
      const client = new DoorClient(fd, pid);
      client.helloLimit = this.#parts.timers.timer(
        "hello-limit",
        () => "a client of the daemon",
        () => this.#showOut(client, "it said no hello"),
      );
      client.helloLimit.set(HELLO_LIMIT_MS);
      this.#clients.set(fd, client);
    }
  }

  /** The oldest that has said nothing gives way, so that silence keeps nobody out. */
  #makePlace(): void {
    if (this.#clients.size - this.#greeted < MAX_STRANGERS) return;
    for (const client of this.#clients.values()) {
      if (client.number !== 0) continue;
      this.#showOut(client, "it said no hello");
      return;
    }
  }

  /** accept(2) would fail again at once, and poll(2) would not let us sleep. */
  #pauseForWant(errno: number): void {
    if (this.#isShort) return;
    this.#isShort = true;
    const isOfDescriptors = errno === EMFILE || errno === ENFILE;
    this.#say({
      type: "clients-refused",
      why: isOfDescriptors ? "there are no descriptors left (ulimit -n)" : `the system says ${getSystemErrorName(-errno)}`,
    });
    this.#epoll.change(this.#parts.listener, 0);
    const again = () => {
      this.#isShort = false;
      this.#epoll.change(this.#parts.listener, EPOLLIN);
    };
    this.#parts.timers.timer("descriptor-shortage", () => "the daemon's socket", again).set(SHORTAGE_PAUSE_MS);
  }

  #greet(client: DoorClient, hello: Message): void {
    if (client.isDismissed) return;
    if (hello.kind !== HELLO || hello.value !== HELLO_MAGIC || hello.a < 0 || hello.a >= PROCESS_NUMBERS) {
      this.#showOut(client, "it does not speak as a client does");
      return;
    }
    if (this.#greeted >= this.#parts.limits.clients) {
      this.#say({ type: "clients-refused", why: `there are ${this.#greeted} already` });
      this.#showOut(client, undefined);
      return;
    }
    // One that speaks another version learns ours from this.
    this.#put(client, helloMessage());
    if (hello.op !== PROTOCOL_VERSION) {
      this.#dismiss(client);
      return;
    }
    client.helloLimit?.cancel();
    client.number = this.#parts.numbers.next();
    this.#byNumber.set(client.number, client);
    this.#greeted++;
    // Nobody becomes a thread of another process by a guess.
    client.process = hello.a === 0 ? 0 : client.pid * PROCESS_NUMBERS + hello.a;
    this.#fences.join(client.process, client);
    this.#parts.handler.openClient(client.number, client.process, isOneOf(this.#parts.administrators, client.fd));
    this.#say({ type: "client-opened", client: client.number });
  }

  // Requests

  /** @returns whether more lies here that nothing will announce */
  #take(client: DoorClient, budget: number): boolean {
    this.#passFence(client);
    if (client.fence !== undefined) return false;
    if (client.holdsSomething) return this.#takeHeld(client, budget);
    const n = receiveNow(client.fd, this.#arrivalsAddress, BYTES_IN_TURN);
    if (!this.#hasCome(client, n)) return false;
    const at = this.#cut(client, this.#arrivals, this.#arrivalsView, 0, n, budget);
    if (client.isGone || at === n) return false;
    client.hold(this.#arrivals, at, n);
    return this.#mayGoOn(client) && client.isNextWhole;
  }

  /** As `#take`, where a part came before. */
  #takeHeld(client: DoorClient, budget: number): boolean {
    if (!client.isNextWhole) {
      client.settle();
      const n = receiveNow(client.fd, addressOf(client.held) + client.heldEnd, client.held.length - client.heldEnd);
      if (!this.#hasCome(client, n)) return false;
      client.heldEnd += n;
    }
    if (!this.#mayGoOn(client)) return false;
    client.heldAt = this.#cut(client, client.held, client.heldView, client.heldAt, client.heldEnd, budget);
    if (client.isGone) return false;
    client.settle();
    return this.#mayGoOn(client) && client.isNextWhole;
  }

  #hasCome(client: DoorClient, n: number): boolean {
    if (n > 0) return true;
    client.isAwaited = false;
    if (n !== -EAGAIN) this.#forget(client, "the connection was closed");
    return false;
  }

  /** Handles whole messages from `at` on. @returns where the rest begins */
  #cut(client: DoorClient, bytes: Uint8Array, view: DataView, from: number, end: number, budget: number): number {
    let at = from;
    for (let taken = 0; taken < budget && end - at >= 4 && this.#mayGoOn(client) && client.fence === undefined; taken++) {
      const length = messageLength(view, at);
      if (typeof length === "string") {
        this.#showOut(client, length);
        return end;
      }
      if (end - at < length) break;
      const wrong = readMessage(bytes, view, at, length, this.#message);
      if (wrong !== undefined) {
        this.#showOut(client, wrong);
        return end;
      }
      at += length;
      this.#handle(client, this.#message);
      if (client.isGone) return end;
    }
    return at;
  }

  #handle(client: DoorClient, message: Message): void {
    if (client.number === 0) {
      this.#greet(client, message);
      return;
    }
    if (message.kind !== REQUEST || message.more) {
      this.#showOut(client, "it sent what no client sends");
      return;
    }
    const roads = asksOthersFirst(message) ? this.#fences.begin(client.process, client) : [];
    if (roads.length === 0) {
      this.#request(client, message);
      return;
    }
    client.fence = { message: { ...message, data: null }, roads };
    client.isAwaited = false;
    for (const road of roads) if (road instanceof DoorClient) this.#makeReady(road);
    this.#makeReady(client);
  }

  #request(client: DoorClient, message: Message): void {
    const { op } = message;
    this.#parts.handler.call(client.number, requestIn(message), (reply) => {
      if (!client.isGone) putReply(this.#reply, 0, op, reply, (piece) => this.#put(client, piece));
    });
  }

  #passFence(client: DoorClient): void {
    const { fence } = client;
    if (fence === undefined || isHeldUp(fence.roads)) return;
    client.fence = undefined;
    this.#request(client, fence.message);
  }

  // Replies

  #put(client: DoorClient, message: Message): void {
    this.#outbox.put(client, message);
    if (client.isCongested || this.#outbox.waitingFor(client) <= this.#share) return;
    this.#outbox.post();
    if (!client.isGone && client.outBytes > this.#share) this.#setCongested(client, true);
  }

  /** The client's socket takes bytes again. */
  #drained(client: DoorClient): void {
    this.#outbox.resume(client);
    if (client.isGone) return;
    if (client.isCongested && client.outBytes <= this.#share / 2) this.#setCongested(client, false);
    this.#watch(client);
  }

  #mayGoOn(client: DoorClient): boolean {
    return !client.isCongested && !client.isGone;
  }

  #setCongested(client: DoorClient, isCongested: boolean): void {
    client.isCongested = isCongested;
    if (isCongested) client.isAwaited = false;
    this.#parts.handler.hold(client.number, isCongested);
    this.#watch(client);
    if (!isCongested) this.#makeReady(client);
  }

  /** Of all that is held in parts, the largest goes first when it is too much. */
  #boundHeld(client: DoorClient): void {
    this.#heldBytes += client.held.length - client.countedBytes;
    client.countedBytes = client.held.length;
    if (this.#heldBytes <= this.#parts.limits.requestBytes) return;
    let largest = client;
    for (const other of this.#clients.values()) if (other.countedBytes > largest.countedBytes) largest = other;
    this.#showOut(largest, "it left a long message unfinished while memory was short");
  }

  #watch(client: DoorClient): void {
    const events = (client.isCongested ? 0 : EPOLLIN) | (client.outBytes > 0 ? EPOLLOUT : 0);
    if (events === client.watched) return;
    client.watched = events;
    this.#epoll.change(client.fd, events);
  }

  // Going

  /** Its socket took nothing any more, or not all: what is left waits, and is asked for by EPOLLOUT. */
  #lost(client: DoorClient): void {
    if (client.isBroken) this.#forget(client, "the connection was closed");
    else if (!client.isGone) this.#watch(client);
  }

  /** Lets it read our last words, which a close would take from one that is still talking. */
  #dismiss(client: DoorClient): void {
    this.#outbox.post();
    client.isDismissed = true;
    if (!client.isGone) endSending(client.fd);
  }

  #showOut(client: DoorClient, why: string | undefined): void {
    this.#outbox.post();
    this.#forget(client, why);
  }

  #forget(client: DoorClient, why: string | undefined): void {
    if (client.isGone) return;
    client.isGone = true;
    this.#fences.leave(client.process, client);
    client.helloLimit?.cancel();
    this.#clients.delete(client.fd);
    this.#outbox.forget(client);
    // What is left unread would make a reset of the close, and the client might lose our last words.
    for (let i = 0; i < DRAINED_AT_MOST && receiveNow(client.fd, this.#arrivalsAddress, BYTES_IN_TURN) > 0; i++);
    closeDescriptor(client.fd);
    this.#heldBytes -= client.countedBytes;
    client.release();
    if (client.number === 0) return;
    this.#greeted--;
    this.#byNumber.delete(client.number);
    this.#departed.push(client.number);
    if (why !== undefined) this.#say({ type: "client-closed", client: client.number, why });
  }

  #buryDeparted(): void {
    for (let number = this.#departed.pop(); number !== undefined; number = this.#departed.pop()) this.#parts.handler.closeClient(number);
  }

  #say(notice: DoorNotice): void {
    if (this.#notices.take()) this.#parts.notice(notice);
  }
}

function isOneOf(administrators: Administrators, fd: number): boolean {
  if (administrators !== "root") return administrators === "everyone";
  try {
    return peerCredentials(fd).uid === 0;
  } catch {
    return false;
  }
}

/** Whose it is; undefined for somebody who may not use this daemon: neither we nor root. Where nobody can tell, the socket's mode has to do. */
function ownPid(fd: number): number | undefined {
  try {
    const { uid, pid } = peerCredentials(fd);
    return uid === 0 || uid === process.getuid?.() ? pid : undefined;
  } catch {
    return 0;
  }
}
