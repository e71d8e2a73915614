import { formatEndpoint, type IpAddress } from "../core/address.ts";
import { type Seq, seqAdd } from "../core/seq.ts";
import { type PendingTimer, QueueEntry, type TimerHolder, type TimerSubject } from "../core/timers.ts";
import type { SendResult } from "../ip/path.ts";
import { ALARM, ALARM_NAMES } from "./alarm.ts";
import type { ConnectionPicture } from "./connection-news.ts";
import type { ControlBlock } from "./control-block.ts";
import type { Flow } from "./flow-table.ts";
import { type SynFacts, takeOver } from "./handshake.ts";
import type { Listener, PendingHandshake } from "./listener.ts";
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

/**
 * A passive connection in SYN-RECEIVED of which nothing was heard since its SYN, in less than a third of the memory: a flood of SYNs makes thousands.
 * What is not kept is as for every new connection, or follows from the path.
 */
export class HalfOpen extends QueueEntry implements Flow, TimerHolder, SynFacts, PendingHandshake {
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
  readonly sndWindShift: number;
  readonly rcvWindShift: number;
  readonly sackPermitted: boolean;
  readonly timestamps: boolean;
  readonly tsRecent: number;
  readonly #host: HalfOpenHost;
  #retries = 0;
  #retransmissions = 0;
  #synFate: SendResult | undefined;
  #isSynRetransmitted = false;
  #synSentMs = 0;

  constructor(conn: ControlBlock, listener: Listener, host: HalfOpenHost) {
    super();
    this.listener = listener;
    this.#host = host;
    this.id = conn.id;
    this.local = conn.local;
    this.localPort = conn.localPort;
    this.remote = conn.remote;
    this.remotePort = conn.remotePort;
    this.iss = conn.iss;
    this.irs = conn.irs;
    this.window = conn.sndWnd;
    this.rcvWnd = conn.rcvWnd;
    this.peerMss = conn.sizes.peerMss;
    this.sndWindShift = conn.sndWindShift;
    this.rcvWindShift = conn.rcvWindShift;
    this.sackPermitted = conn.sackPermitted;
    this.timestamps = conn.timestamps !== undefined;
    this.tsRecent = conn.timestamps?.recent ?? 0;
    this.note(conn);
  }

  /** What the tries of the SYN-ACK have changed. */
  note(conn: ControlBlock): void {
    this.#retries = conn.contact.retries;
    this.#retransmissions = conn.retransmissions;
    this.#synFate = conn.opening?.synFate;
    this.#isSynRetransmitted = conn.opening?.isSynRetransmitted ?? false;
    this.#synSentMs = conn.opening?.synSentMs ?? 0;
  }

  /** Makes a new control block what the packed one was. Its alarm is left to the caller. */
  restore(conn: ControlBlock): void {
    conn.listener = this.listener;
    conn.sndNxt = this.sndNxt;
    // No change of state: it has never been in another since.
    conn.state = this.state;
    takeOver(conn, this);
    conn.contact.retries = this.#retries;
    conn.retransmissions = this.#retransmissions;
    if (conn.opening === undefined) return;
    conn.opening.synFate = this.#synFate;
    conn.opening.isSynRetransmitted = this.#isSynRetransmitted;
    conn.opening.synSentMs = this.#synSentMs;
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

  picture(): ConnectionPicture | undefined {
    return this.#host.pictureOf(this);
  }

  release(): void {
    this.#host.forgetHalfOpen(this);
  }

  abort(): void {
    this.#host.unpack(this)?.abort();
  }

  // Its place in the queue of timers

  get dueMs(): number {
    return this.deadlineMs;
  }

  goOff(): void {
    this.#host.halfOpenTimedOut(this);
  }

  pending(): PendingTimer[] {
    return [{ name: TIMER, owner: this.label, deadlineMs: this.deadlineMs }];
  }
}
