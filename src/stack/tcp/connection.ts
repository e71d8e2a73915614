import { formatEndpoint, type IpAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import { type Seq, seq, seqAdd, seqDiff, seqShown } from "../core/seq.ts";
import type { Path, SendResult } from "../ip/path.ts";
import * as tcp from "../packet/tcp.ts";
import type { CongestionControl } from "./congestion/congestion-control.ts";
import { NewReno } from "./congestion/new-reno.ts";
import { ConnectionTimers } from "./connection-timers.ts";
import { sequenceSpace } from "./connection-trace.ts";
import type { Flow } from "./flow-table.ts";
import type { Listener } from "./listener.ts";
import type { Loans } from "./loans.ts";
import { NOBODY, NOTICE } from "./notices.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import { considerWindowUpdate } from "./receiver.ts";
import type { RingPool } from "./ring-pool.ts";
import { RttEstimator } from "./rtt.ts";
import { SendBuffer } from "./send-buffer.ts";
import { SequenceRanges } from "./sequence-ranges.ts";
import { isEdge, isSynchronized } from "./state-diagram.ts";
import type { TcpConnection } from "./tcp-service.ts";
import type { AbortReason, ConnectFailure, ConnectionOptions, ConnectionStatus, TcpState, TcpUser } from "./tcp-user.ts";

/** Queued and unacknowledged bytes that one connection may hold, whatever its user's quota. */
export const SEND_QUEUE_CAP = 256 * 1024 * 1024;
/** Ranges kept of what the peer says it holds (hardening against CVE-2019-11477 and kin). */
const SCOREBOARD_CAP = 256;

/** What the host of connections does for one of them. */
export interface ConnectionOwner {
  readonly context: HostContext;
  /** Memory of the buffers. */
  readonly rings: RingPool;
  /** The connection has something to send or acknowledge at the end of this turn. */
  wantsOutput(conn: Connection): void;
  /** The connection has something to tell its user at the end of this turn. */
  wantsNotice(conn: Connection): void;
  /** Sends `flags` with these numbers outside of the data stream: SYN, bare ACK, RST, probe. */
  emitControl(conn: Connection, flags: number, sequence: Seq, acknowledged: Seq): SendResult;
  /** Sends `length` bytes of the send queue from `sequence`. */
  emitText(conn: Connection, flags: number, sequence: Seq, length: number): SendResult;
  stateChanged(from: TcpState, to: TcpState): void;
  /** The connection is over and to be forgotten; TIME-WAIT, if any, is entered before. */
  released(conn: Connection): void;
  /** SYN-RECEIVED of a passive open became ESTABLISHED. @returns false when the listener's queue refuses it */
  handshakeDone(conn: Connection): boolean;
  enterTimeWait(conn: Connection): void;
  /** Where TSval begins towards this peer. */
  timestampOffset(local: IpAddress, remote: IpAddress): number;
}

export interface ConnectionOpening {
  readonly id: number;
  readonly path: Path;
  readonly localPort: number;
  readonly remotePort: number;
  readonly iss: Seq;
  readonly isPassive: boolean;
  readonly options: ConnectionOptions;
  readonly user: TcpUser;
}

/**
 * The transmission control block of RFC 9293 §3.3.1 and the calls of its user. What happens to it is written elsewhere, by job:
 * arrival (syn-sent.ts, segment-arrives.ts), sending (sender.ts), receiving (receiver.ts), loss (recovery.ts), time
 * (connection-timers.ts).
 */
export class Connection implements TcpConnection, Flow {
  readonly id: number;
  readonly owner: ConnectionOwner;
  readonly path: Path;
  readonly localPort: number;
  readonly remotePort: number;
  readonly isPassive: boolean;
  readonly options: ConnectionOptions;
  user: TcpUser;
  state: TcpState = "CLOSED";

  // Send sequence variables
  readonly iss: Seq;
  sndUna: Seq;
  /** Next number never sent before. */
  sndNxt: Seq;
  /** SND.WND, scaled, bytes. */
  sndWnd = 0;
  sndWl1: Seq = seq(0);
  sndWl2: Seq = seq(0);
  /** Largest window the peer has offered; Max(SND.WND) of RFC 9293 §3.8.6.2.1. */
  maxSndWnd = 0;
  sendBuffer: SendBuffer;
  /** SND.NXT when an octet beyond the window was sent to probe it: the peer may acknowledge that one octet. */
  probedAt: Seq | undefined;
  /** The user has closed its direction: a FIN follows the last byte. */
  finQueued = false;
  finSent = false;
  /** What the peer's SYN announced; RFC 9293 §3.7.1. */
  peerMss = 536;
  /** Largest text in one segment towards the peer, with the options that every segment carries taken off. */
  sndMss = 536;
  /** Eff.snd.MSS of RFC 9293 §3.7.1 for the segments of this turn: `sndMss` less the SACK blocks that they carry. */
  effSndMss = 536;

  // Receive sequence variables
  irs: Seq = seq(0);
  receiveBuffer: ReceiveBuffer;
  /** RCV.NXT + RCV.WND as last told to the peer; never moves back. */
  rcvAdv: Seq = seq(0);
  /** Bytes of window to offer at most now; grows by tuning unless the user fixed it. */
  receiveCapacity: number;
  /** Where the peer's FIN stands, once it has come within the window; it counts when all text before it is here. */
  finSeq: Seq | undefined;
  finReceived = false;
  receiveShut = false;
  /** Largest segment seen from the peer: decides when two full ones have come. */
  rcvMss = 536;
  lastAckSent: Seq = seq(0);
  /** An acknowledgement must leave at the end of this turn. */
  ackNow = false;
  /** Start and number of bytes for receive-buffer tuning. */
  tuningStart: Seq = seq(0);
  tuningRead = 0;

  // Options in force, RFC 7323 and 2018
  sndWindShift = 0;
  rcvWindShift = 0;
  sackPermitted = false;
  timestamps = false;
  /** TS.Recent */
  tsRecent = 0;
  tsRecentAtMs = 0;
  readonly tsOffset: number;
  /** The most recent range that arrived out of order, to be the first SACK block (RFC 2018 §4). */
  lastOutOfOrder: Seq = seq(0);

  // Loss and congestion
  readonly rtt: RttEstimator;
  congestion: CongestionControl;
  recovery: "none" | "fast" | "timeout" = "none";
  /** `recover` was set by a timeout at least once. */
  hasTimedOut = false;
  /** `recover` of RFC 6582, RecoveryPoint of RFC 6675. */
  recover: Seq;
  /** HighRxt of RFC 6675: what lies before it has been retransmitted in this recovery. */
  highRxt: Seq;
  /** A retransmission that must leave whatever the window says. */
  retransmitAtOnce = false;
  dupAcks = 0;
  readonly scoreboard = new SequenceRanges(SCOREBOARD_CAP);
  /** The number whose acknowledgement ends the running measurement, with its start; only without timestamps. */
  timedSeq: Seq | undefined;
  timedAtMs = 0;
  /** Timeouts, or unanswered SYNs, since the peer last acknowledged something. */
  retries = 0;
  /** When what the timer waits for was sent, once it has gone off. */
  troubleSinceMs = Number.POSITIVE_INFINITY;
  cwndLimited = false;
  /** Of the last text or FIN. */
  lastSentMs = 0;
  lastReceivedMs = 0;
  /** Of the last bare reply to a segment that was not acceptable; bounds them to one in 500 ms (RFC 5961 §7). */
  lastChallengeMs = Number.NEGATIVE_INFINITY;
  /** The first SYN has not left yet. */
  synDue = false;
  /** SYN or SYN-ACK had to be sent again after one had left: nothing can be concluded from its time, and little from the path. */
  synRetransmitted = false;
  /** What became of the last SYN or SYN-ACK; one that waited for the neighbour's link address has no time to measure by. */
  synFate: SendResult | undefined;

  // What the user is told
  notices = 0;
  #failure: ConnectFailure = "timed-out";
  #abortReason: AbortReason = "reset";
  isNoticeQueued = false;
  isOutputQueued = false;
  isReleased = false;
  /** The user has closed: nobody will read what comes. */
  isOrphan = false;

  /** Where a passive connection waits to be accepted. */
  listener: Listener | undefined;
  /** The peer has completed the handshake and found no room in the accept queue. */
  awaitsRoom = false;
  readonly timers: ConnectionTimers;
  bytesSent = 0;
  bytesReceived = 0;
  retransmissions = 0;
  #label: string | undefined;

  constructor(owner: ConnectionOwner, opening: ConnectionOpening) {
    const { profile } = owner.context;
    this.owner = owner;
    this.id = opening.id;
    this.path = opening.path;
    this.localPort = opening.localPort;
    this.remotePort = opening.remotePort;
    this.isPassive = opening.isPassive;
    this.options = { ...opening.options };
    this.user = opening.user;
    this.iss = opening.iss;
    this.sndUna = opening.iss;
    this.sndNxt = opening.iss;
    this.recover = opening.iss;
    this.highRxt = opening.iss;
    this.sendBuffer = new SendBuffer(seqAdd(opening.iss, 1), owner.rings);
    this.receiveBuffer = new ReceiveBuffer(seq(0), owner.rings);
    this.rtt = new RttEstimator(profile.initialRtoMs, profile.minRtoMs, profile.maxRtoMs);
    this.congestion = new NewReno(this.sndMss, profile.initialCwndSegments);
    this.receiveCapacity = this.#wantedCapacity();
    this.tsOffset = owner.timestampOffset(this.local, this.remote);
    this.timers = new ConnectionTimers(this);
  }

  get context(): HostContext {
    return this.owner.context;
  }

  get local(): IpAddress {
    return this.path.local;
  }

  get remote(): IpAddress {
    return this.path.remote;
  }

  get sendQueueBytes(): number {
    return this.sendBuffer.length;
  }

  /** Twice what may be in flight: while one window is on its way the next can be written. */
  get idealSendBacklog(): number {
    return Math.min(2 * Math.min(this.congestion.cwnd, this.sndWnd), this.context.profile.sendBufferMaxBytes);
  }

  get readableBytes(): number {
    return this.receiveBuffer.readableBytes;
  }

  /** RCV.NXT, the FIN counted. */
  get rcvNxt(): Seq {
    return this.finReceived ? seqAdd(this.receiveBuffer.rcvNxt, 1) : this.receiveBuffer.rcvNxt;
  }

  /** RCV.WND: what the peer may still send by what it was told. */
  get rcvWnd(): number {
    return Math.max(0, seqDiff(this.rcvAdv, this.rcvNxt));
  }

  /** SND.NXT − SND.UNA. */
  get flight(): number {
    return seqDiff(this.sndNxt, this.sndUna);
  }

  /** Bytes written and never sent. */
  get unsentBytes(): number {
    return this.state === "SYN-SENT" || this.state === "SYN-RECEIVED" ? this.sendBuffer.length : seqDiff(this.sendBuffer.end, this.sndNxt);
  }

  get isFinAcked(): boolean {
    return this.finSent && seqDiff(this.sndUna, this.sendBuffer.end) > 0;
  }

  /** `203.0.113.2:49152 – 203.0.113.1:80`: how the trace and listings name it. */
  get label(): string {
    this.#label ??= `${formatEndpoint(this.local, this.localPort)} – ${formatEndpoint(this.remote, this.remotePort)}`;
    return this.#label;
  }

  /** The one place where the state changes. */
  become(state: TcpState): void {
    const from = this.state;
    if (!isEdge(from, state)) throw new Error(`Cannot go from ${from} to ${state}: RFC 9293 figure 5 has no such edge`);
    this.state = state;
    this.owner.stateChanged(from, state);
    const { trace } = this.context;
    if (trace.isOn) trace.emit({ type: "state-changed", connection: this.id, from, to: state, ...sequenceSpace(this) });
    if (state === "ESTABLISHED" && !this.isPassive) this.notify(NOTICE.established);
  }

  // The calls of the user

  write(bytes: Uint8Array, at: number, end: number): boolean {
    if (this.finQueued || this.isReleased || this.sendBuffer.length + (end - at) > SEND_QUEUE_CAP) return false;
    this.sendBuffer.append(bytes, at, end);
    this.owner.wantsOutput(this);
    return true;
  }

  read(target: Uint8Array, at: number, end: number): number {
    const count = this.receiveBuffer.read(target, at, end);
    if (count > 0) considerWindowUpdate(this, count);
    return count;
  }

  peek(target: Uint8Array, at: number, end: number, skip = 0): number {
    return this.receiveBuffer.peek(target, at, end, skip);
  }

  lend(most: number, skip: number, loans: Loans): Uint8Array | undefined {
    return this.receiveBuffer.lend(most, skip, loans);
  }

  /** As `read` for a user that does not want the bytes. */
  discard(count: number): number {
    const taken = Math.min(count, this.readableBytes);
    this.receiveBuffer.discard(taken);
    if (taken > 0) considerWindowUpdate(this, taken);
    return taken;
  }

  shutdownSend(): void {
    if (this.finQueued || this.isReleased) return;
    this.finQueued = true;
    switch (this.state) {
      case "SYN-SENT":
        this.abort();
        return;
      case "SYN-RECEIVED":
      case "ESTABLISHED":
      case "CLOSE-WAIT":
        // The state changes when the FIN leaves, in sender.ts.
        this.owner.wantsOutput(this);
        return;
      default:
        return;
    }
  }

  shutdownReceive(): void {
    this.receiveShut = true;
    this.discard(this.readableBytes);
  }

  close(linger: boolean): void {
    if (!linger) this.user = NOBODY;
    this.isOrphan = true;
    if (this.isReleased) {
      this.receiveBuffer.clear();
      return;
    }
    if (this.state === "SYN-SENT" || this.state === "SYN-RECEIVED") {
      this.abort();
      return;
    }
    if (this.readableBytes > 0) {
      this.refuseText();
      return;
    }
    this.shutdownSend();
    if (this.state === "FIN-WAIT-2") this.timers.finWait2.set(this.context.profile.finWait2Ms);
  }

  abort(): void {
    this.user = NOBODY;
    // What the user has not read it never will.
    this.isOrphan = true;
    if (this.isReleased) {
      this.receiveBuffer.clear();
      return;
    }
    if (isSynchronized(this.state) || this.state === "SYN-RECEIVED") {
      this.owner.emitControl(this, tcp.RST | tcp.ACK, this.sndNxt, this.rcvNxt);
    }
    this.release();
  }

  setOptions(options: Partial<ConnectionOptions>): void {
    const before = { ...this.options };
    Object.assign(this.options, options);
    const { noDelay, keepAlive, maxRetransmissionMs, receiveBufferBytes } = this.options;
    // Only what changed acts: what runs by a value that stays runs on.
    if (receiveBufferBytes !== before.receiveBufferBytes) {
      this.receiveCapacity = this.#wantedCapacity();
      considerWindowUpdate(this, 0);
    }
    if (keepAlive !== before.keepAlive) this.timers.keepAliveChanged();
    if (maxRetransmissionMs !== before.maxRetransmissionMs) this.timers.limitChanged();
    if (noDelay && !before.noDelay) this.owner.wantsOutput(this);
  }

  status(): ConnectionStatus {
    return {
      id: this.id,
      state: this.state,
      local: formatEndpoint(this.local, this.localPort),
      remote: formatEndpoint(this.remote, this.remotePort),
      sendQueueBytes: this.sendQueueBytes,
      receiveQueueBytes: this.readableBytes,
      sndUna: seqShown(this.sndUna),
      sndNxt: seqShown(this.sndNxt),
      sndWnd: this.sndWnd,
      rcvNxt: seqShown(this.rcvNxt),
      rcvWnd: this.rcvWnd,
      cwnd: this.congestion.cwnd,
      ssthresh: Number.isFinite(this.congestion.ssthresh) ? this.congestion.ssthresh : 0,
      srttMs: this.rtt.srttMs,
      rttvarMs: this.rtt.rttvarMs,
      rtoMs: this.rtt.timeoutMs,
      mss: this.sndMss,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      retransmissions: this.retransmissions,
      timers: this.timers.pending(),
    };
  }

  // What the stack does to it

  /** Everything outstanding did not fit the path: it is sent again at once, without blaming congestion (RFC 1191 §6.5). */
  resendAll(): void {
    if (this.flight === 0) return;
    this.recovery = "timeout";
    this.recover = this.sndNxt;
    this.highRxt = this.sndUna;
    this.retransmitAtOnce = true;
    this.timedSeq = undefined;
  }

  /** An active open came to nothing. */
  fail(reason: ConnectFailure): void {
    this.#failure = reason;
    this.notify(NOTICE.connectFailed);
    this.release();
  }

  /** The connection broke; queues are flushed, the user is told once. */
  breakOff(reason: AbortReason): void {
    this.#abortReason = reason;
    this.sendBuffer.clear();
    this.receiveBuffer.clear();
    this.notify(NOTICE.aborted);
    this.release();
  }

  /** RFC 9293 §3.6.1: there is text that nobody will ever read, and the peer should know. A user that lingers is told. */
  refuseText(): void {
    this.owner.emitControl(this, tcp.RST | tcp.ACK, this.sndNxt, this.rcvNxt);
    this.breakOff("reset");
  }

  /** To CLOSED, timers off, forgotten by the host. What the user has not read stays readable. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.timers.cancelAll();
    if (this.state !== "CLOSED" && this.state !== "TIME-WAIT") this.become("CLOSED");
    this.owner.released(this);
  }

  /** A SYN or SYN-ACK was tried. One that never left the host, since ARP was slow, was not lost by the path. */
  synTried(fate: SendResult): void {
    const before = this.synFate;
    const hasLeft = before === "sent" || (before === "queued" && (fate === "sent" || fate === "full"));
    if (hasLeft) this.synRetransmitted = true;
    else this.timedAtMs = this.context.now;
    this.synFate = fate;
  }

  /**
   * Whether the time since `timedAtMs` is a round trip of the handshake. The wait of an only try for ARP belongs to it, as it will to the
   * next after a quiet time; of one that was tried again meanwhile nobody knows which copy left.
   */
  get isHandshakeTimed(): boolean {
    return !this.synRetransmitted && (this.synFate === "sent" || this.retries === 0);
  }

  notify(notice: number): void {
    this.notices |= notice;
    if (!this.isNoticeQueued) this.owner.wantsNotice(this);
  }

  /** Gives the gathered notices. */
  deliverNotices(): void {
    const notices = this.notices;
    this.notices = 0;
    if ((notices & NOTICE.established) !== 0) this.user.established?.();
    if ((notices & NOTICE.connectFailed) !== 0) this.user.connectFailed?.(this.#failure);
    if ((notices & NOTICE.readable) !== 0) this.user.readable?.();
    if ((notices & NOTICE.endOfStream) !== 0) this.user.endOfStream?.();
    if ((notices & NOTICE.writable) !== 0) this.user.writable?.();
    if ((notices & NOTICE.aborted) !== 0) this.user.aborted?.(this.#abortReason);
    if ((notices & NOTICE.finished) !== 0) this.user.finished?.();
  }

  /** A bare reply to something that was not acceptable: an ACK of where we stand, at most one in 500 ms (RFC 5961 §7, hardening against ACK wars). */
  challenge(): void {
    const now = this.context.now;
    if (now - this.lastChallengeMs < 500) return;
    this.lastChallengeMs = now;
    this.owner.emitControl(this, tcp.ACK, this.sndNxt, this.rcvNxt);
  }

  #wantedCapacity(): number {
    const wanted = this.options.receiveBufferBytes ?? this.context.profile.receiveBufferBytes;
    // Below a few segments the window could never hold one.
    return Math.max(wanted, 4 * 1460);
  }
}
