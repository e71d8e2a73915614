import { type AddressWords, formatEndpoint, type IpAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seq, seqAdd } from "../core/seq.ts";
import { type PendingTimer, QueueEntry, type TimerHolder, type TimerSubject } from "../core/timers.ts";
import type { SendResult } from "../ip/path.ts";
import { ALARM, ALARM_NAMES } from "./alarm.ts";
import type { ConnectionPicture } from "./connection-news.ts";
import type { ControlBlock } from "./control-block.ts";
import type { Flow } from "./flow-table.ts";
import { type SynFacts, takeOver } from "./handshake.ts";
import type { Listener, PendingHandshake } from "./listener.ts";
import { FIRST_COLUMN, PackedFlows } from "./packed-flows.ts";
import type { TcpState } from "./tcp-user.ts";

/** Of one listener: so many may be half open as whole connections. Ordinary handshakes end before there are more, and gain nothing by being packed. */
export const UNPACKED_HALF_OPEN = 64;

const TIMER = ALARM_NAMES[ALARM.retransmission];

/** What a packed connection needs of its host. */
export interface HalfOpenHost {
  halfOpenTimedOut(packed: HalfOpen): void;
  /** Forgotten in silence. */
  forgetHalfOpen(packed: HalfOpen): void;
  pictureOf(packed: HalfOpen): ConnectionPicture | undefined;
  /** A whole connection takes its place, if there is a way to the peer. */
  unpack(packed: HalfOpen): ControlBlock | undefined;
}

const COLUMN = {
  id: FIRST_COLUMN,
  iss: FIRST_COLUMN + 1,
  irs: FIRST_COLUMN + 2,
  tsRecent: FIRST_COLUMN + 3,
  /** The peer's window above its MSS: 16 bits each. */
  windowAndMss: FIRST_COLUMN + 4,
  rcvWnd: FIRST_COLUMN + 5,
  /** What both sides have agreed on, and what became of the tries of the SYN-ACK. */
  bits: FIRST_COLUMN + 6,
  /** Place among the deadlines, and the order of those that are the same. */
  place: FIRST_COLUMN + 7,
  order: FIRST_COLUMN + 8,
  /** Neighbours in the age of its listener's. */
  older: FIRST_COLUMN + 9,
  newer: FIRST_COLUMN + 10,
} as const;
const COLUMNS = FIRST_COLUMN + 11;
const DEADLINE = 0;
const SYN_SENT = 1;
const NONE = -1;

/** Of the column `bits`: where each begins, and how wide it is. */
const SND_SHIFT_AT = 0;
const RCV_SHIFT_AT = 4;
const SHIFT_MASK = 0xf;
const SACK_PERMITTED = 1 << 8;
const TIMESTAMPS = 1 << 9;
const RETRANSMITTED = 1 << 10;
const FATE_AT = 11;
const FATE_MASK = 0x7;
const RETRIES_AT = 14;
const RETRANSMISSIONS_AT = 22;
const COUNT_MASK = 0xff;

/** By their numbers in a record. */
const FATES: readonly (SendResult | undefined)[] = [undefined, "sent", "queued", "full", "dropped", "too-long"];

/**
 * A passive connection in SYN-RECEIVED of which nothing was heard since its SYN, as its record says it at one moment. What is not kept is
 * as for every new connection, or follows from the path.
 */
export class HalfOpen implements Flow, TimerHolder, SynFacts, PendingHandshake {
  readonly record: number;
  readonly listener: Listener;
  readonly id: number;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  readonly iss: Seq;
  readonly irs: Seq;
  readonly window: number;
  readonly rcvWnd: number;
  readonly peerMss: number;
  readonly tsRecent: number;
  readonly deadlineMs: number;
  readonly #bits: number;
  readonly #synSentMs: number;
  readonly #host: HalfOpenHost;

  constructor(flows: PackedFlows, record: number, listener: Listener, host: HalfOpenHost) {
    this.record = record;
    this.listener = listener;
    this.#host = host;
    this.id = flows.word(record, COLUMN.id);
    this.local = flows.local(record);
    this.localPort = flows.localPort(record);
    this.remote = flows.remote(record);
    this.remotePort = flows.remotePort(record);
    this.iss = seq(flows.word(record, COLUMN.iss));
    this.irs = seq(flows.word(record, COLUMN.irs));
    this.tsRecent = flows.word(record, COLUMN.tsRecent);
    const windowAndMss = flows.word(record, COLUMN.windowAndMss);
    this.window = windowAndMss >>> 16;
    this.peerMss = windowAndMss & 0xffff;
    this.rcvWnd = flows.word(record, COLUMN.rcvWnd);
    this.#bits = flows.word(record, COLUMN.bits);
    this.#synSentMs = flows.time(record, SYN_SENT);
    this.deadlineMs = flows.time(record, DEADLINE);
  }

  /** Makes a new control block what the packed one was. Its alarm is left to the caller. */
  restore(conn: ControlBlock): void {
    conn.listener = this.listener;
    conn.sndNxt = this.sndNxt;
    // No change of state: it has never been in another since.
    conn.state = this.state;
    takeOver(conn, this);
    conn.contact.retries = (this.#bits >>> RETRIES_AT) & COUNT_MASK;
    conn.retransmissions = (this.#bits >>> RETRANSMISSIONS_AT) & COUNT_MASK;
    if (conn.opening === undefined) return;
    conn.opening.synFate = FATES[(this.#bits >>> FATE_AT) & FATE_MASK];
    conn.opening.isSynRetransmitted = (this.#bits & RETRANSMITTED) !== 0;
    conn.opening.synSentMs = this.#synSentMs;
  }

  get sndWindShift(): number {
    return (this.#bits >>> SND_SHIFT_AT) & SHIFT_MASK;
  }

  get rcvWindShift(): number {
    return (this.#bits >>> RCV_SHIFT_AT) & SHIFT_MASK;
  }

  get sackPermitted(): boolean {
    return (this.#bits & SACK_PERMITTED) !== 0;
  }

  get timestamps(): boolean {
    return (this.#bits & TIMESTAMPS) !== 0;
  }

  /** The SYN came when it was first answered, near enough for a life of 24 days. */
  get tsRecentAtMs(): number {
    return this.#synSentMs;
  }

  get state(): TcpState {
    return "SYN-RECEIVED";
  }

  get sndUna(): Seq {
    return this.iss;
  }

  get sndNxt(): Seq {
    return seqAdd(this.iss, 1);
  }

  get sndWnd(): number {
    return this.window;
  }

  get rcvNxt(): Seq {
    return seqAdd(this.irs, 1);
  }

  get label(): string {
    return `${formatEndpoint(this.local, this.localPort)} – ${formatEndpoint(this.remote, this.remotePort)}`;
  }

  get subject(): TimerSubject {
    return { connection: this.id };
  }

  get timer(): PendingTimer {
    return { name: TIMER, owner: this.label, deadlineMs: this.deadlineMs };
  }

  picture(): ConnectionPicture | undefined {
    return this.#host.pictureOf(this);
  }

  release(): void {
    this.#host.forgetHalfOpen(this);
  }

  abort(): void {
    this.#host.unpack(this)?.abort();
  }
}

/**
 * Every half-open connection of a host that is packed, each in some hundred bytes: a flood of SYNs makes thousands. They have one place in
 * the queue of timers, that of the soonest.
 */
export class HalfOpens extends QueueEntry {
  readonly #context: HostContext;
  readonly #host: HalfOpenHost;
  readonly #flows: PackedFlows;
  /** By record. */
  readonly #listeners: (Listener | undefined)[] = [];
  /** Numbers of records, a binary heap by deadline. */
  readonly #heap: number[] = [];
  #lastOrder = 0;

  constructor(context: HostContext, hash: KeyedHash, host: HalfOpenHost) {
    super();
    this.#context = context;
    this.#host = host;
    this.#flows = new PackedFlows(hash, COLUMNS, 2);
    this.order = context.timers.drawOrder();
  }

  get size(): number {
    return this.#flows.size;
  }

  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): HalfOpen | undefined {
    const record = this.#flows.find(local, localPort, remote, remotePort);
    return record < 0 ? undefined : this.#at(record);
  }

  *values(): IterableIterator<HalfOpen> {
    for (const record of this.#flows.records()) yield this.#at(record);
  }

  /** Keeps a connection, which is the caller's no more, as the newest of its listener. */
  add(conn: ControlBlock, listener: Listener): HalfOpen {
    const flows = this.#flows;
    const record = flows.add(conn.local, conn.localPort, conn.remote, conn.remotePort);
    this.#listeners[record] = listener;
    flows.setWord(record, COLUMN.id, conn.id);
    flows.setWord(record, COLUMN.iss, conn.iss);
    flows.setWord(record, COLUMN.irs, conn.irs);
    flows.setWord(record, COLUMN.tsRecent, conn.timestamps?.recent ?? 0);
    flows.setWord(record, COLUMN.windowAndMss, (conn.sndWnd << 16) | conn.sizes.peerMss);
    flows.setWord(record, COLUMN.rcvWnd, conn.rcvWnd);
    flows.setWord(record, COLUMN.place, NONE);
    const { packed } = listener;
    flows.setWord(record, COLUMN.older, packed.newest);
    flows.setWord(record, COLUMN.newer, NONE);
    if (packed.newest < 0) packed.oldest = record;
    else flows.setWord(packed.newest, COLUMN.newer, record);
    packed.newest = record;
    packed.size++;
    this.#note(record, conn);
    this.#setDeadline(record, conn.alarms.deadlineOf(ALARM.retransmission));
    return this.#at(record);
  }

  /** What another try of the SYN-ACK has changed. */
  tried({ record }: HalfOpen, conn: ControlBlock): HalfOpen {
    this.#note(record, conn);
    this.#setDeadline(record, conn.alarms.deadlineOf(ALARM.retransmission));
    return this.#at(record);
  }

  delete({ record, listener: { packed } }: HalfOpen): void {
    const flows = this.#flows;
    this.#leaveHeap(record);
    const older = flows.word(record, COLUMN.older);
    const newer = flows.word(record, COLUMN.newer);
    if (older < 0) packed.oldest = newer;
    else flows.setWord(older, COLUMN.newer, newer);
    if (newer < 0) packed.newest = older;
    else flows.setWord(newer, COLUMN.older, older);
    packed.size--;
    this.#listeners[record] = undefined;
    flows.delete(record);
    if (flows.size === 0) this.#listeners.length = 0;
    if (this.#heap.length === 0) this.#context.timers.remove(this);
  }

  /** Whether its alarm is set; it is not while it goes off. */
  isPending({ record }: HalfOpen): boolean {
    return this.#flows.word(record, COLUMN.place) >= 0;
  }

  oldestOf(listener: Listener): HalfOpen | undefined {
    return listener.packed.oldest < 0 ? undefined : this.#at(listener.packed.oldest);
  }

  #at(record: number): HalfOpen {
    return new HalfOpen(this.#flows, record, this.#listeners[record]!, this.#host);
  }

  #note(record: number, conn: ControlBlock): void {
    const { opening } = conn;
    const bits =
      (conn.sndWindShift << SND_SHIFT_AT) |
      (conn.rcvWindShift << RCV_SHIFT_AT) |
      (conn.sackPermitted ? SACK_PERMITTED : 0) |
      (conn.timestamps !== undefined ? TIMESTAMPS : 0) |
      (opening?.isSynRetransmitted === true ? RETRANSMITTED : 0) |
      (Math.max(0, FATES.indexOf(opening?.synFate)) << FATE_AT) |
      (Math.min(conn.contact.retries, COUNT_MASK) << RETRIES_AT) |
      (Math.min(conn.retransmissions, COUNT_MASK) << RETRANSMISSIONS_AT);
    this.#flows.setWord(record, COLUMN.bits, bits);
    this.#flows.setTime(record, SYN_SENT, opening?.synSentMs ?? 0);
  }

  // Its place in the queue of timers

  override get keepsOrder(): boolean {
    return true;
  }

  get dueMs(): number {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#flows.time(this.#heap[0]!, DEADLINE);
  }

  goOff(): void {
    const over = this.#at(this.#heap[0]!);
    this.#leaveHeap(over.record);
    if (this.#heap.length > 0) this.#context.timers.add(this, this.dueMs);
    this.#context.timers.observer?.timerFired(TIMER, over);
    this.#host.halfOpenTimedOut(over);
  }

  pending(): PendingTimer[] {
    return this.#heap.map((record) => this.#at(record).timer);
  }

  #setDeadline(record: number, deadlineMs: number): void {
    this.#flows.setTime(record, DEADLINE, deadlineMs);
    this.#flows.setWord(record, COLUMN.order, this.#lastOrder++ | 0);
    if (this.#flows.word(record, COLUMN.place) < 0) this.#heap.push(record);
    this.#rise(this.#heap.length - 1, record);
    if (this.heapIndex < 0 || deadlineMs < this.deadlineMs) this.#context.timers.add(this, deadlineMs);
  }

  #leaveHeap(record: number): void {
    const at = this.#flows.word(record, COLUMN.place);
    if (at < 0) return;
    this.#flows.setWord(record, COLUMN.place, NONE);
    const last = this.#heap.pop()!;
    if (last === record) return;
    this.#sink(at, last);
    this.#rise(this.#flows.word(last, COLUMN.place), last);
  }

  #isSooner(a: number, b: number): boolean {
    const flows = this.#flows;
    const ahead = flows.time(a, DEADLINE) - flows.time(b, DEADLINE);
    return ahead < 0 || (ahead === 0 && ((flows.word(a, COLUMN.order) - flows.word(b, COLUMN.order)) | 0) < 0);
  }

  #rise(from: number, record: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt]!;
      if (!this.#isSooner(record, parent)) break;
      this.#put(at, parent);
      at = parentAt;
    }
    this.#put(at, record);
  }

  #sink(from: number, record: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (childAt + 1 < heap.length && this.#isSooner(heap[childAt + 1]!, heap[childAt]!)) childAt++;
      const child = heap[childAt]!;
      if (!this.#isSooner(child, record)) break;
      this.#put(at, child);
      at = childAt;
    }
    this.#put(at, record);
  }

  #put(at: number, record: number): void {
    this.#heap[at] = record;
    this.#flows.setWord(record, COLUMN.place, at);
  }
}
