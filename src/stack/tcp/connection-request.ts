import { formatEndpoint, type IpAddress, keepAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seqAdd } from "../core/seq.ts";
import { type PendingTimer, QueueEntry, type TimerHolder, type TimerSubject } from "../core/timers.ts";
import { type Flow, FlowTable } from "./flow-table.ts";
import type { Segment, Syn, SynOptions } from "./segment.ts";
import type { TcpConnection } from "./tcp-service.ts";
import type { ConnectionOptions, TcpState } from "./tcp-user.ts";

/** A peer that was not heard for so long has given up: one that doubles its timeout from a second has tried five times by then. */
export const REQUEST_LIFE_MS = 30_000;

const TIMER = "connection-request";
const NO_CONNECTION: TimerSubject = {};

/** What requests need of their host. */
export interface RequestHost {
  /** The SYN-ACK leaves. @returns undefined when no way leads to the peer, or its flow is another connection's by now */
  answer(request: ConnectionRequest, options: Readonly<ConnectionOptions>): TcpConnection | undefined;
  /** Reset. */
  refuse(request: ConnectionRequest): void;
}

/** A SYN that is not answered before its listener's user has decided: until then there is no connection, and the state is LISTEN. */
export class ConnectionRequest extends QueueEntry implements Flow, Syn, TimerHolder {
  /** Among those of one listener. */
  readonly id: number;
  readonly seq: Seq;
  length = 0;
  window = 0;
  options: SynOptions;
  readonly source: IpAddress;
  readonly sourcePort: number;
  readonly destination: IpAddress;
  readonly destinationPort: number;
  readonly #timedOut: (request: ConnectionRequest) => void;

  constructor(id: number, syn: Syn, timedOut: (request: ConnectionRequest) => void) {
    super();
    this.id = id;
    this.seq = syn.seq;
    this.options = this.#learn(syn);
    this.source = keepAddress(syn.source);
    this.sourcePort = syn.sourcePort;
    this.destination = keepAddress(syn.destination);
    this.destinationPort = syn.destinationPort;
    this.#timedOut = timedOut;
  }

  /** The peer has sent it again, perhaps without options that nobody answered: the last is answered, and the clock in it echoed. */
  repeated(syn: Syn): void {
    this.options = this.#learn(syn);
  }

  #learn({ length, window, options }: Syn): SynOptions {
    this.length = length;
    this.window = window;
    const { mss, windowScale, sackPermitted, hasTimestamps, tsVal } = options;
    return { mss, windowScale, sackPermitted, hasTimestamps, tsVal };
  }

  get state(): TcpState {
    return "LISTEN";
  }

  get local(): IpAddress {
    return this.destination;
  }

  get localPort(): number {
    return this.destinationPort;
  }

  get remote(): IpAddress {
    return this.source;
  }

  get remotePort(): number {
    return this.sourcePort;
  }

  get label(): string {
    return `${formatEndpoint(this.local, this.localPort)} – ${formatEndpoint(this.remote, this.remotePort)}`;
  }

  get subject(): TimerSubject {
    return NO_CONNECTION;
  }

  // Its place in the queue of timers

  get dueMs(): number {
    return this.deadlineMs;
  }

  goOff(): void {
    this.#timedOut(this);
  }

  pending(): PendingTimer[] {
    return [{ name: TIMER, owner: this.label, deadlineMs: this.deadlineMs }];
  }
}

/**
 * The requests of a conditional listener, the oldest first. RFC 9293 leaves open when a passive open answers a SYN; here it is when the user
 * accepts. What strangers can put here is bounded, and the oldest gives way in silence (RFC 4987 §3.4): its peer's next SYN asks anew.
 */
export class ConnectionRequests {
  readonly #context: HostContext;
  readonly #host: RequestHost;
  readonly #byFlow: FlowTable<ConnectionRequest>;
  readonly #queue = new Set<ConnectionRequest>();
  #nextId = 1;

  constructor(context: HostContext, hash: KeyedHash, host: RequestHost) {
    this.#context = context;
    this.#host = host;
    this.#byFlow = new FlowTable(hash);
  }

  get size(): number {
    return this.#queue.size;
  }

  get first(): ConnectionRequest | undefined {
    for (const request of this.#queue) return request;
    return undefined;
  }

  /** @returns whether it is the SYN of one that waits. With another number its peer has begun anew, and asks no more for what it did. */
  synRepeats(syn: Syn): boolean {
    const known = this.#find(syn);
    if (known === undefined) return false;
    if (known.seq !== syn.seq) {
      this.#remove(known);
      return false;
    }
    // The wait for a decision is not taken for a round trip.
    known.repeated(syn);
    this.#heard(known);
    return true;
  }

  /**
   * A SYN that asks for the first time.
   * @param most that may wait
   */
  add(syn: Syn, most: number): void {
    while (this.#queue.size >= most) this.#end(this.first!);
    const request = new ConnectionRequest(this.#nextId++, syn, this.#timedOut);
    this.#queue.add(request);
    this.#byFlow.add(request);
    this.#heard(request);
  }

  /** A reset came: it takes a request back when it has the number that follows the SYN's. @returns whether it did */
  withdraw(rst: Segment): boolean {
    const request = this.#find(rst);
    if (request === undefined || rst.seq !== seqAdd(request.seq, 1)) return false;
    this.#end(request);
    return true;
  }

  /** Takes the oldest and answers it. @returns its connection, in SYN-RECEIVED */
  accept(options: Readonly<ConnectionOptions>): TcpConnection | undefined {
    const request = this.first;
    if (request === undefined) return undefined;
    this.#end(request);
    return this.#host.answer(request, options);
  }

  /** Resets one, if it still waits. */
  refuse(request: ConnectionRequest): void {
    if (!this.#queue.has(request)) return;
    this.#end(request);
    this.#host.refuse(request);
  }

  refuseAll(): void {
    for (const request of this.#queue) this.refuse(request);
  }

  /** Those to such an address of ours are forgotten. */
  forget(isAffected: (local: IpAddress) => boolean): void {
    for (const request of this.#queue) if (isAffected(request.local)) this.#end(request);
  }

  #find({ destination, destinationPort, source, sourcePort }: Syn): ConnectionRequest | undefined {
    return this.#byFlow.find(destination, destinationPort, source, sourcePort);
  }

  #heard(request: ConnectionRequest): void {
    const { timers } = this.#context;
    timers.observer?.timerSet(TIMER, request, REQUEST_LIFE_MS);
    timers.add(request, this.#context.now + REQUEST_LIFE_MS);
  }

  readonly #timedOut = (request: ConnectionRequest): void => {
    this.#context.timers.observer?.timerFired(TIMER, request);
    this.#remove(request);
  };

  /** Before its time. */
  #end(request: ConnectionRequest): void {
    this.#context.timers.observer?.timerCancelled(TIMER, request);
    this.#remove(request);
  }

  #remove(request: ConnectionRequest): void {
    this.#context.timers.remove(request);
    this.#queue.delete(request);
    this.#byFlow.delete(request);
  }
}
