import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { FastOpenKey } from "./fast-open.ts";
import type { Loans } from "./loans.ts";
import type {
  ConnectionOptions,
  ConnectionStatus,
  ListenRequest,
  OpenFailure,
  OpenRequest,
  PortShortage,
  TcpState,
  TcpUser,
  WriteEnding,
} from "./tcp-user.ts";

/** The user's side of one connection: the calls of RFC 9293 §3.9.1. None of them waits. */
export interface TcpConnection {
  readonly id: number;
  readonly state: TcpState;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  /** Changed when a connection passes from the listener's queue to its acceptor. */
  user: TcpUser;

  /** SEND: copies all of `bytes[at, end)` into the send queue, which grows as needed; the caller keeps quotas by `sendQueueBytes`. @param ending what the user says of where its text may be cut; nothing when left out @returns false when the queue's hard cap would be passed or sending is over */
  write(bytes: Uint8Array, at: number, end: number, ending?: WriteEnding): boolean;
  /** What is held back for more text leaves now, as far as the windows let it. */
  push(): void;
  /** The same of urgent data: the urgent pointer names the end of it (RFC 9293 §3.8.5), so that whoever takes one byte apart takes its last. */
  writeUrgent(bytes: Uint8Array, at: number, end: number): boolean;
  /** Queued and unacknowledged bytes. */
  readonly sendQueueBytes: number;
  /** Bytes in the send queue that keep the path busy, so far as it is known: a quota below it costs speed. */
  readonly idealSendBacklog: number;

  /** RECEIVE: moves up to `end - at` bytes into `target` and opens the window accordingly. @returns how many */
  read(target: Uint8Array, at: number, end: number): number;
  /** As `read`, leaving the bytes where they are. @param skip begins so many bytes after the first */
  peek(target: Uint8Array, at: number, end: number, skip?: number): number;
  /**
   * As `peek` without the copying: bytes where they lie, in one piece, noted in `loans` and to be returned there.
   * @returns undefined where they have to be copied
   */
  lend(most: number, skip: number, loans: Loans): Uint8Array | undefined;
  /** As `lend`, of any ring: the bytes stay until anything else happens to the connection. */
  look(most: number, skip: number): Uint8Array;
  /** As `read` for a user that does not want the bytes. @returns how many there were, at most `count` */
  discard(count: number): number;
  /**
   * Urgent bytes that stand apart, as they do without the option `urgentInline`: bytes before a mark that have come in their turn and that
   * `read` leaves out. Of more than `MAX_URGENT_MARKS` the oldest that the stream was read beyond are forgotten, and beyond so many whose
   * place is unread the later ones are bytes as all others.
   */
  readonly urgentApart: number;
  /** The oldest of them. @param isPeek leaves it @returns undefined for none */
  readUrgent(isPeek: boolean): number | undefined;
  /** Urgent bytes that have come in their turn, from the beginning. */
  readonly urgentCount: number;
  /** Bytes of the stream from the first unread one to the last urgent one, which may be announced only; 0 for none. */
  readonly urgentAhead: number;
  /** Readable bytes before the first urgent one that is read with the stream; undefined for none. */
  readonly bytesUntilUrgent: number | undefined;
  /** An urgent byte that stood apart waits in the stream, since `urgentInline` was set. */
  readonly urgentHasReturned: boolean;
  /** In order and not yet read. */
  readonly readableBytes: number;
  /** The peer's FIN has been received in order; it may still have unread bytes before it. */
  readonly finReceived: boolean;

  /** CLOSE: a FIN follows what is queued; receiving goes on. A second call does nothing. */
  shutdownSend(): void;
  /** The user receives no more: what comes is thrown away (and acknowledged). */
  shutdownReceive(): void;
  /** The user is gone: FIN in the background, or a reset when received data is left unread (RFC 9293 §3.6.1). No upcalls follow, except `finished` and `aborted` when `linger` is true. */
  close(linger: boolean): void;
  /** ABORT: reset now, no TIME-WAIT. No upcalls follow. */
  abort(): void;

  setOptions(options: Partial<ConnectionOptions>): void;
  /** Its SYN showed a cookie (RFC 7413): it may be used as any other although its handshake is not over. */
  readonly isFastOpen: boolean;
  /** Segments carry timestamps (RFC 7323). */
  readonly hasTimestamps: boolean;
  /** The shortest round trip measured, in milliseconds; Infinity before the first. */
  readonly leastRttMs: number;
  /** STATUS. */
  status(): ConnectionStatus;
}

/** Who waits to be accepted: a connection, or with a conditional listener a request for one, in LISTEN. Its `id` is no other's of this listener. */
export type Incoming = Pick<TcpConnection, "id" | "state" | "local" | "localPort" | "remote" | "remotePort">;

export interface TcpListener {
  readonly local: BoundAddress;
  readonly localPort: number;
  /** How many wait for `accept`. */
  readonly waiting: number;
  /** The oldest of them, left where it is. A request may go meanwhile: its peer takes it back, is not heard any more, or others come. */
  readonly next: Incoming | undefined;
  /**
   * Takes the oldest waiting connection; set its `user` at once. It may have been reset meanwhile: look at its state. A request is answered
   * now, and its connection is in SYN-RECEIVED: the user is told when it is `established`, or `aborted` when nothing comes of it.
   * @returns undefined where none waits, or the oldest request cannot be answered any more
   */
  accept(): TcpConnection | undefined;
  /** Resets `next`. One that waits no more is left alone. */
  refuse(incoming: Incoming): void;
  /** While it is, each SYN is answered by a reset, but that of a request that waits. What waits already may be accepted. */
  isPaused: boolean;
  setBacklog(backlog: number): void;
  /** As `ListenRequest.fastOpenQueue`. */
  fastOpenQueue: number;
  /** What connections have that begin from now on. */
  setOptions(options: Partial<ConnectionOptions>): void;
  /** Ends listening; connections that nobody accepted are reset. */
  close(): void;
}

/** TCP as its users see it. */
export interface TcpService {
  /** The key of Fast Open's cookies (RFC 7413 §4.1.2), for servers that stand for one another; without one it is a secret that changes. */
  setFastOpenKey(key: FastOpenKey): void;
  /** What is known of peers' cookies and segment sizes. */
  forgetFastOpenPeers(): void;
  /** For bytes of one connection that its user reads where they lie. */
  newLoans(): Loans;
  /** OPEN, active: the SYN leaves in the host's next turn. */
  open(request: OpenRequest): TcpConnection | OpenFailure;
  /** OPEN, passive. Several listeners on one address and port are served in the order in which they came. */
  listen(request: ListenRequest): TcpListener;
  /**
   * A port of the profile's dynamic range that nobody holds and that `isFree` allows (RFC 6056). TIME-WAIT bars only the same pair of
   * sockets (RFC 9293 §3.6.1): with `remote`, no port whose flow thither is remembered; ports in TIME-WAIT towards others come last.
   */
  choosePort(isFree: (port: number) => boolean, remote?: IpAddress, remotePort?: number): number | PortShortage;
  /** A socket's claim on a local port begins or ends: while it stands the port is not chosen. */
  holdPort(port: number, change: 1 | -1): void;
  /** Whether any connection, of TIME-WAIT too, or listener has this local port. */
  isPortInUse(port: number): boolean;
  /** Whether any connection, those of TIME-WAIT left out, has a local address that falls to this one or to this wildcard, and port. */
  hasConnectionOn(local: BoundAddress, port: number): boolean;
  /** Every connection, and every listener as a row in LISTEN. */
  statuses(): ConnectionStatus[];
  /** Connections of every state, TIME-WAIT included. */
  readonly connectionCount: number;
  /** Connections whose FIN, or text before it, the peer has not acknowledged. */
  readonly unfinishedCount: number;
  /** Some connection that its user has closed has text or a FIN that is not acknowledged. */
  readonly hasUndelivered: boolean;
  /** Memory that the buffers of all connections take, in bytes. */
  readonly bufferBytes: number;
}
