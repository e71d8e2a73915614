import { formatEndpoint } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import { ConnectionRequest, type ConnectionRequests } from "./connection-request.ts";
import { PackedQueue } from "./packed-queue.ts";
import { EMPTY_STATUS } from "./status.ts";
import type { Incoming, TcpConnection, TcpListener } from "./tcp-service.ts";
import { type ConnectionOptions, type ConnectionStatus, type ListenRequest, withDefaults } from "./tcp-user.ts";

/**
 * Half-open connections of one listener; a SYN beyond them is answered by a cookie. Where the profile has none it takes the place of the
 * oldest (RFC 4987 §3.4), and a client gets in when its handshake takes less than the cap by the rate of a flood: at 10,000 SYNs a second, 400 ms.
 */
export const HALF_OPEN_CAP = 4096;

/** RFC 7413 §5.1: a reset Fast Open counts as one under way for so long. */
const FAST_OPEN_RESET_MS = 60_000;

/** A connection that waits for the end of its handshake. */
export interface PendingHandshake {
  /** A later one has a greater. */
  readonly id: number;
  /** Forgotten in silence. */
  release(): void;
  /** Reset. */
  abort(): void;
}

/** A passive open: connections that wait for their handshake, and those that wait to be accepted; or requests that wait for both. */
export class Listener implements TcpListener {
  /** Among the host's. */
  readonly id: number;
  readonly local: BoundAddress;
  readonly localPort: number;
  options: Readonly<ConnectionOptions>;
  readonly acceptable: () => void;
  readonly networkDown: () => void;
  readonly #queue: TcpConnection[] = [];
  readonly #onClose: (listener: Listener) => void;
  readonly #oldestPacked: (listener: Listener) => PendingHandshake | undefined;
  /** Connections whose handshake is under way. */
  readonly #opening = new Set<PendingHandshake>();
  /** Those that the host keeps packed. */
  readonly packed = new PackedQueue();
  /** Of a listener whose user decides before a SYN is answered. */
  readonly requests: ConnectionRequests | undefined;
  isPaused = false;
  /** When a SYN was last answered by a cookie, on the host's clock in milliseconds. */
  cookieSentMs: number | undefined;
  fastOpenQueue: number;
  #fastOpens = 0;
  /** When connections of Fast Open were reset before their handshake was over, on the host's clock. */
  readonly #fastOpenResets: number[] = [];
  #backlog: number;

  /** @param oldestPacked of the half-open connections that the host keeps packed for this listener */
  constructor(
    id: number,
    request: ListenRequest,
    onClose: (listener: Listener) => void,
    oldestPacked: (listener: Listener) => PendingHandshake | undefined,
    requests?: ConnectionRequests,
  ) {
    this.id = id;
    this.local = request.local;
    this.localPort = request.localPort;
    this.options = withDefaults(request.options);
    this.acceptable = request.acceptable;
    this.networkDown = request.networkDown ?? (() => {});
    this.#backlog = Math.max(1, request.backlog);
    this.fastOpenQueue = request.fastOpenQueue ?? 0;
    this.#onClose = onClose;
    this.#oldestPacked = oldestPacked;
    this.requests = requests;
  }

  get backlog(): number {
    return this.#backlog;
  }

  /** `203.0.113.2:80`, or `*:80` on every address. */
  get label(): string {
    return this.local === undefined ? `*:${this.localPort}` : formatEndpoint(this.local, this.localPort);
  }

  get waiting(): number {
    return this.#queue.length + (this.requests?.size ?? 0);
  }

  get next(): Incoming | undefined {
    return this.#queue[0] ?? this.requests?.first;
  }

  /** A flood may not make more of them than of half-open connections. */
  get mostRequests(): number {
    return Math.min(this.#backlog, HALF_OPEN_CAP);
  }

  get isFull(): boolean {
    return this.#queue.length >= this.#backlog;
  }

  /** So many are half open that most are a flood's: SYN-ACKs leave once, a client that misses one sends its SYN again. */
  get isPressed(): boolean {
    return this.halfOpenCount > HALF_OPEN_CAP / 2;
  }

  /** There is room for no more half-open connections. */
  get isHalfOpenFull(): boolean {
    return this.halfOpenCount >= HALF_OPEN_CAP;
  }

  get halfOpenCount(): number {
    return this.#opening.size + this.packed.size;
  }

  handshakeBegan(conn: PendingHandshake): void {
    this.#opening.add(conn);
  }

  /** It is over, or goes on packed. */
  handshakeEnded(conn: PendingHandshake): void {
    this.#opening.delete(conn);
  }

  /** The oldest half-open connection gives way, in silence, when there is no room for another. */
  makeRoom(): void {
    if (!this.isHalfOpenFull) return;
    let oldest = this.#oldestPacked(this);
    for (const first of this.#opening) {
      if (oldest === undefined || first.id < oldest.id) oldest = first;
      break;
    }
    oldest?.release();
  }

  /** One more connection may be open before its handshake is over (RFC 7413 §4.2). @param nowMs on the host's clock */
  hasFastOpenRoom(nowMs: number): boolean {
    const resets = this.#fastOpenResets;
    while (resets.length > 0 && nowMs - resets[0]! >= FAST_OPEN_RESET_MS) resets.shift();
    return this.#fastOpens + resets.length < this.fastOpenQueue;
  }

  fastOpenBegan(): void {
    this.#fastOpens++;
  }

  /** @param resetAtMs when a reset ended it, if one did: who forges SYNs may forge resets too, and gets no room by it for a while */
  fastOpenEnded(resetAtMs?: number): void {
    this.#fastOpens--;
    if (resetAtMs !== undefined) this.#fastOpenResets.push(resetAtMs);
  }

  setBacklog(backlog: number): void {
    this.#backlog = Math.max(1, backlog);
  }

  setOptions(options: Partial<ConnectionOptions>): void {
    this.options = { ...this.options, ...options };
  }

  accept(): TcpConnection | undefined {
    return this.#queue.shift() ?? this.requests?.accept(this.options);
  }

  refuse(incoming: Incoming): void {
    if (incoming instanceof ConnectionRequest) this.requests?.refuse(incoming);
    else if (this.#queue.length > 0 && this.#queue[0] === incoming) this.#queue.shift()?.abort();
  }

  enqueue(conn: TcpConnection): void {
    this.#queue.push(conn);
  }

  /** As a row of `ss`: the receive queue counts connections, as in Linux' listing. */
  status(): ConnectionStatus {
    return { ...EMPTY_STATUS, state: "LISTEN", local: this.label, remote: "*:*", receiveQueueBytes: this.waiting };
  }

  close(): void {
    this.#onClose(this);
    for (const conn of [...this.#opening, ...this.#queue]) conn.abort();
    for (let packed = this.#oldestPacked(this); packed !== undefined; packed = this.#oldestPacked(this)) {
      packed.abort();
      // There may be no way to its peer.
      if (this.#oldestPacked(this)?.id === packed.id) packed.release();
    }
    this.#queue.length = 0;
    this.#opening.clear();
    this.requests?.refuseAll();
  }
}
