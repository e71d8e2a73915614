import type { CallHandler, CallReply } from "../winsock/provider/calls.ts";
import type { Channel } from "./channel.ts";
import { CLOSE, EVENT, emptyMessage, LENT, MAX_DATA, type Message, OPEN, REQUEST } from "./message.ts";
import { type ClientNumbers, putReply, type RequestServer, requestIn } from "./request-server.ts";
import { RingReader, RingWriter, ringBytes } from "./ring.ts";
import type { SharedRings } from "./shared-rings.ts";
import { asksOthersFirst, isHeldUp, type ThreadFences, type ThreadRoad } from "./thread-fences.ts";

/** Events wait for nobody: they need this much of the ring to be free, so that replies always find room first. */
const EVENT_RESERVE = 2 * MAX_DATA;

/** The serving end of a channel: requests out of the ring into the handler, its replies back. Runs in the handler's thread and never waits. */
export class ChannelServer implements RequestServer, ThreadRoad {
  isAwaited = false;
  readonly #channel: Channel;
  readonly #handler: CallHandler;
  readonly #numbers: ClientNumbers;
  readonly #rings: SharedRings | undefined;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  /** The channel's names for its clients, and the handler's. */
  readonly #clients = new Map<number, number>();
  readonly #message: Message = emptyMessage();
  readonly #reply: Message = emptyMessage();
  /** Replies for which the ring had no room. While there are any no request is taken, and waiting calls are held. */
  #backlog: Message[] = [];
  #wroteReplies = false;
  readonly #fences: ThreadFences | undefined;
  /** Of the client that opened first, which is the only one of a thread. */
  #process = 0;
  /** A fence that waits for what other threads have asked before it; behind it nothing is taken. */
  #fence: { readonly message: Message; readonly roads: readonly ThreadRoad[] } | undefined;

  /**
   * @param rings of the host, whose memory the client has too
   * @param fences where the host's other roads can be found
   */
  constructor(channel: Channel, handler: CallHandler, numbers: ClientNumbers, rings?: SharedRings, fences?: ThreadFences) {
    this.#fences = fences;
    this.#channel = channel;
    this.#handler = handler;
    this.#numbers = numbers;
    this.#rings = rings;
    this.#reader = new RingReader(channel.requests);
    this.#writer = new RingWriter(channel.replies);
  }

  get isClosed(): boolean {
    return this.#channel.isClosed;
  }

  get hasWork(): boolean {
    if (this.#channel.isClosed) return true;
    if (this.#fence !== undefined) return true;
    const [next] = this.#backlog;
    // The client may have made room while we were awake, when its ringing wakes nobody.
    return next === undefined ? this.#reader.hasMessage : this.#writer.hasRoom(ringBytes(next));
  }

  /** One that leaves its replies unread waits for its program: nobody waits for it. */
  get mayHoldRequests(): boolean {
    return this.#backlog.length === 0 && this.#fence === undefined && this.#reader.hasMessage;
  }

  serve(budget: number): boolean {
    this.#writeBacklog();
    this.#passFence();
    let taken = 0;
    while (taken < budget && this.#backlog.length === 0 && this.#fence === undefined && this.#reader.read(this.#message)) {
      this.#handle(this.#message);
      if (this.#reader.release()) this.#wroteReplies = true;
      taken++;
    }
    if (this.isAwaited && !this.mayHoldRequests) this.isAwaited = false;
    return taken === budget;
  }

  #passFence(): void {
    const fence = this.#fence;
    if (fence === undefined || isHeldUp(fence.roads)) return;
    this.#fence = undefined;
    this.#request(fence.message);
  }

  flush(): void {
    this.#writeBacklog();
    if (!this.#wroteReplies) return;
    this.#wroteReplies = false;
    this.#channel.wakeClient();
  }

  owns(client: number): boolean {
    for (const mine of this.#clients.values()) if (mine === client) return true;
    return false;
  }

  event(client: number, subscription: number, count: number, data: Uint8Array): boolean {
    if (this.#backlog.length > 0 || data.length > MAX_DATA || this.#writer.freeBytes < EVENT_RESERVE + data.length) return false;
    for (const [name, mine] of this.#clients) {
      if (mine !== client) continue;
      this.#put({ ...emptyMessage(), kind: EVENT, client: name, a: subscription, b: count, data });
      return true;
    }
    return false;
  }

  end(): void {
    this.#fences?.leave(this.#process, this);
    this.#fence = undefined;
    for (const client of this.#clients.values()) this.#handler.closeClient(client);
    this.#clients.clear();
    this.#backlog = [];
    this.#channel.markSpent();
  }

  #handle(message: Message): void {
    const client = this.#clients.get(message.client);
    if (message.kind === OPEN && client === undefined) {
      const number = this.#numbers.next();
      this.#clients.set(message.client, number);
      if (this.#clients.size === 1) {
        this.#process = message.a;
        this.#fences?.join(this.#process, this);
      }
      this.#handler.openClient(number, message.a);
    } else if (message.kind === CLOSE && client !== undefined) {
      this.#clients.delete(message.client);
      this.#handler.closeClient(client);
    } else if (message.kind === REQUEST && client !== undefined) {
      const roads = asksOthersFirst(message) ? this.#fences?.begin(this.#process, this) : undefined;
      if (roads === undefined || roads.length === 0) this.#request(message);
      else this.#fence = { message: { ...message, data: null }, roads };
    }
  }

  #request(message: Message): void {
    const { client: name, op } = message;
    const client = this.#clients.get(name);
    if (client !== undefined) this.#handler.call(client, requestIn(message), (reply) => this.#answer(name, client, op, reply));
  }

  #answer(name: number, client: number, op: number, reply: CallReply): void {
    // The name may have passed to another client since.
    if (this.#clients.get(name) !== client) return;
    if (reply.data !== null && this.#lend(name, op, reply, reply.data)) return;
    putReply(this.#reply, name, op, reply, (message) => this.#put(message));
  }

  /** Where the data lies in memory that the client has too, it is enough to say where. @returns false when it has to be copied */
  #lend(name: number, op: number, { id, result }: CallReply, data: Uint8Array): boolean {
    const a = this.#rings?.placeOf(data);
    if (a === undefined) return false;
    this.#put(Object.assign(this.#reply, { kind: LENT, op, client: name, id, value: result, a, b: 0, c: 0, more: false, data: null }));
    return true;
  }

  #put(message: Message): void {
    if (this.#backlog.length === 0 && this.#writer.write(message)) {
      this.#wroteReplies = true;
      return;
    }
    this.#backlog.push({ ...message, data: message.data?.slice() ?? null });
    if (this.#backlog.length === 1) this.#hold(true);
  }

  #hold(isHeld: boolean): void {
    for (const client of this.#clients.values()) this.#handler.hold(client, isHeld);
  }

  #writeBacklog(): void {
    let written = 0;
    while (written < this.#backlog.length && this.#writer.write(this.#backlog[written]!)) written++;
    if (written === 0) return;
    this.#backlog.splice(0, written);
    this.#wroteReplies = true;
    if (this.#backlog.length === 0) this.#hold(false);
  }
}
