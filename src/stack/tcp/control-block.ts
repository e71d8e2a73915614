import { formatEndpoint, type IpAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { Profile } from "../core/profile.ts";
import { type Seq, seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { AlarmOwner, Alarms, TimerSubject } from "../core/timers.ts";
import type { HeaderChoices, Path, SendResult } from "../ip/path.ts";
import * as tcp from "../packet/tcp.ts";
import { ALARM_NAMES } from "./alarm.ts";
import { congestionControlOf } from "./congestion/choice.ts";
import type { CongestionControl } from "./congestion/congestion-control.ts";
import { sequenceSpace } from "./connection-trace.ts";
import { Contact } from "./contact.ts";
import type { DuplicateText } from "./duplicate-text.ts";
import type { FastOpen } from "./fast-open.ts";
import type { Flow } from "./flow-table.ts";
import type { Listener } from "./listener.ts";
import { type LossView, NO_LOSS } from "./loss-state.ts";
import { NOBODY, NOTICE } from "./notices.ts";
import { Opening } from "./opening.ts";
import type { QuickAcks } from "./quick-acks.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { RecoveryCounters } from "./recovery-counters.ts";
import type { RingPool } from "./ring-pool.ts";
import { RttEstimator } from "./rtt.ts";
import { SegmentSizes } from "./segment-sizes.ts";
import { SendBuffer } from "./send-buffer.ts";
import type { SentLog } from "./sent.ts";
import { NOTHING_SENT, type SentPool } from "./sent-pool.ts";
import { isEdge, isSynchronized } from "./state-diagram.ts";
import type { AbortReason, ConnectFailure, ConnectionOptions, IcmpReport, TcpState, TcpUser } from "./tcp-user.ts";
import type { TextCuts } from "./text-cuts.ts";
import type { TimestampState } from "./timestamp-state.ts";
import { TurnState } from "./turn-state.ts";
import type { UrgentState } from "./urgent-state.ts";
import type { WindowProbes } from "./window-probes.ts";

/** What the host of connections does for one of them. */
export interface ConnectionOwner {
  readonly context: HostContext;
  /** Memory of the buffers. */
  readonly rings: RingPool;
  /** Of transmissions. */
  readonly sentLogs: SentPool;
  readonly recoveries: RecoveryCounters;
  /** The connection has something to send or acknowledge at the end of this turn. */
  wantsOutput(conn: ControlBlock): void;
  readonly fastOpen: FastOpen;
  /** The connection has something to tell its user at the end of this turn. */
  wantsNotice(conn: ControlBlock): void;
  /** Sends `flags` with these numbers outside of the data stream: SYN, bare ACK, RST, probe. */
  emitControl(conn: ControlBlock, flags: number, sequence: Seq, acknowledged: Seq): SendResult;
  /** Sends `length` bytes of the send queue from `sequence`. */
  emitText(conn: ControlBlock, flags: number, sequence: Seq, length: number): SendResult;
  /** Something is different in the connection that the trace shows; to be called while the trace is on. */
  touched(conn: ControlBlock): void;
  /** What the connection has to send waits for the device. */
  awaitsDevice(conn: ControlBlock): boolean;
  stateChanged(from: TcpState, to: TcpState): void;
  /** The connection is over and to be forgotten; TIME-WAIT, if any, is entered before. */
  released(conn: ControlBlock): void;
  /** SYN-RECEIVED of a passive open became ESTABLISHED. @returns false when the listener's queue refuses it */
  handshakeDone(conn: ControlBlock): boolean;
  enterTimeWait(conn: ControlBlock): void;
  /** Its user has closed its direction: a FIN is to be sent. */
  finishes(conn: ControlBlock): void;
  /** Its user has closed, and the peer has not finished. @returns false when there are too many of these, and it should be reset */
  orphaned(conn: ControlBlock): boolean;
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
  readonly options: Readonly<ConnectionOptions>;
  readonly user: TcpUser;
}

/**
 * The transmission control block of RFC 9293 §3.3.1, and how it comes to an end. What happens to it is written elsewhere, by job, in files
 * that know this one and that it does not know: sending (sender.ts), receiving (receiver.ts), loss (recovery.ts), arrival (syn-sent.ts,
 * segment-arrives.ts), time (connection-alarms.ts); on top the calls of its user (connection.ts).
 */
export abstract class ControlBlock implements Flow, AlarmOwner {
  readonly id: number;
  readonly owner: ConnectionOwner;
  readonly path: Path;
  readonly localPort: number;
  readonly remotePort: number;
  readonly isPassive: boolean;
  /** One record for all that their users leave alone. */
  options: Readonly<ConnectionOptions>;
  /** What these come to in the headers of datagrams; undefined for what all have. */
  headerChoices: HeaderChoices | undefined;
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
  readonly sendBuffer: SendBuffer;
  /** Of a shut window, once there were any. */
  probes: WindowProbes | undefined;
  /** The user has closed its direction: a FIN follows the last byte. */
  finQueued = false;
  finSent = false;
  readonly sizes: SegmentSizes;
  /** Where the last segment that left less than full ended. */
  lastSmallEnd: Seq;
  /** Once the user has said where its text may be cut. */
  textCuts: TextCuts | undefined;

  // Receive sequence variables
  irs: Seq = seq(0);
  readonly receiveBuffer: ReceiveBuffer;
  /** RCV.NXT + RCV.WND as last told to the peer; never moves back. */
  rcvAdv: Seq = seq(0);
  /** Where the peer's FIN stands, once it has come within the window; it counts when all text before it is here. */
  finSeq: Seq | undefined;
  finReceived = false;
  receiveShut = false;
  /** Once urgent data was sent or announced. */
  urgent: UrgentState | undefined;
  /** What came twice, until the peer is told. */
  duplicate: DuplicateText | undefined;
  /** Last.ACK.sent of RFC 7323 §4.3. */
  lastAckSent: Seq = seq(0);

  // Options in force, RFC 7323 and 2018
  sndWindShift = 0;
  rcvWindShift = 0;
  sackPermitted = false;
  /** Once they are agreed on. */
  timestamps: TimestampState | undefined;

  // Loss and congestion
  readonly rtt: RttEstimator;
  readonly congestion: CongestionControl;
  /** What is outstanding. */
  sent: SentLog = NOTHING_SENT;
  /** Segments that arrived, as far as is known. */
  deliveredSegments = 0;
  /** Of loss; `lossOf` changes it. */
  loss: LossView = NO_LOSS;
  readonly contact = new Contact();
  /** Of the last bare reply to a segment that was not acceptable; bounds them to one in 500 ms (RFC 5961 §7). */
  #lastChallengeMs: number | undefined;
  /** The last ICMP error that came in SYN-SENT. */
  icmpSaid: IcmpReport | undefined;
  /** Until the connection is established. */
  opening: Opening | undefined = new Opening();
  /** Probes without an answer, while SO_KEEPALIVE is on. */
  keepAlive: { probes: number; probedAtMs: number } | undefined;

  // What is done at the end of the turn
  readonly turn = new TurnState();
  isReleased = false;
  /** The user has closed: nobody will read what comes. */
  isOrphan = false;

  /** Where a passive connection waits to be accepted, or has; undefined of one that was accepted before its handshake. */
  listener: Listener | undefined;
  /** Numbered by `ALARM`. */
  readonly alarms: Alarms;
  /** There once text has come, where the profile has such. */
  quickAcks: QuickAcks | undefined;
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
    this.options = opening.options;
    this.headerChoices = headerChoicesOf(opening.options);
    this.user = opening.user;
    this.iss = opening.iss;
    this.sizes = new SegmentSizes(opening.path.defaultMss);
    this.sndUna = opening.iss;
    this.sndNxt = opening.iss;
    this.lastSmallEnd = opening.iss;
    this.sendBuffer = new SendBuffer(seqAdd(opening.iss, 1), owner.rings);
    this.receiveBuffer = new ReceiveBuffer(seq(0), owner.rings);
    this.rtt = new RttEstimator(
      opening.options.initialRtoMs ?? profile.initialRtoMs,
      profile.minRtoMs,
      profile.maxRtoMs,
      profile.minRtoIsOf === "variation" ? profile.minRtoMs : undefined,
    );
    this.congestion = congestionControlOf(opening.options.congestionControl ?? profile.congestionControl, profile.slowStartBursts);
    this.congestion.begin(this.sizes.sndMss, profile.initialCwndSegments);
    this.receiveBuffer.limit = this.wantedCapacity();
    this.alarms = owner.context.timers.alarms(ALARM_NAMES, this);
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

  /** SND.UP; no further than SND.UNA when all urgent data is acknowledged. */
  get sndUp(): Seq {
    return this.urgent?.sent.at(-1) ?? this.sndUna;
  }

  /** RCV.UP; no further than RCV.NXT when all that was announced has come. */
  get rcvUp(): Seq {
    return this.urgent?.announced ?? this.rcvNxt;
  }

  /** SND.NXT − SND.UNA. */
  get flight(): number {
    return seqDiff(this.sndNxt, this.sndUna);
  }

  /** Bytes written and never sent. */
  get unsentBytes(): number {
    return this.state === "SYN-SENT" || this.state === "SYN-RECEIVED" ? this.sendBuffer.length : seqDiff(this.sendBuffer.end, this.sndNxt);
  }

  /** The user has closed its direction, and the FIN has not left. */
  get isFinDue(): boolean {
    return this.finQueued && !this.finSent;
  }

  get isFinAcked(): boolean {
    return this.finSent && seqDiff(this.sndUna, this.sendBuffer.end) > 0;
  }

  /** `203.0.113.2:49152 – 203.0.113.1:80`: how the trace and listings name it. */
  get label(): string {
    this.#label ??= `${formatEndpoint(this.local, this.localPort)} – ${formatEndpoint(this.remote, this.remotePort)}`;
    return this.#label;
  }

  get subject(): TimerSubject {
    return { connection: this.id };
  }

  /** The one place where the state changes. */
  become(state: TcpState): void {
    const from = this.state;
    if (!isEdge(from, state)) throw new Error(`Cannot go from ${from} to ${state}: RFC 9293 figure 5 has no such edge`);
    this.state = state;
    this.owner.stateChanged(from, state);
    const { trace } = this.context;
    if (trace.isOn) {
      trace.emit({ type: "state-changed", connection: this.id, from, to: state, ...sequenceSpace(this) });
      this.owner.touched(this);
    }
    if (state === "ESTABLISHED" && this.listener === undefined) this.notify(NOTICE.established);
  }

  // What the stack does to it

  /** An active open came to nothing. */
  fail(reason: ConnectFailure): void {
    this.turn.connectFailed(reason);
    this.owner.wantsNotice(this);
    this.release();
  }

  /** The connection broke; queues are flushed, the user is told once. */
  breakOff(reason: AbortReason): void {
    this.sendBuffer.clear();
    this.receiveBuffer.clear();
    this.turn.aborted(reason);
    this.owner.wantsNotice(this);
    this.release();
  }

  /**
   * RFC 9293 §3.6.1: there is text that nobody will ever read, and the peer should know. A user that lingers is told.
   * @param answered the acknowledgment of a segment whose sender the reset answers
   */
  refuseText(answered?: Seq): void {
    if (answered === undefined) this.owner.emitControl(this, tcp.RST | tcp.ACK, this.sndNxt, this.rcvNxt);
    else this.owner.emitControl(this, tcp.RST, answered, this.rcvNxt);
    this.breakOff("reset");
  }

  /** ABORT of RFC 9293 §3.9.1.5: reset now. The user hears nothing more. */
  abort(): void {
    this.user = NOBODY;
    // What the user has not read it never will.
    this.isOrphan = true;
    if (this.isReleased) {
      this.receiveBuffer.clear();
      return;
    }
    this.resetPeer();
    this.release();
  }

  /** Sends a reset, where there is a peer that knows of the connection. */
  resetPeer(): void {
    if (!isSynchronized(this.state) && this.state !== "SYN-RECEIVED") return;
    this.owner.emitControl(this, tcp.RST | tcp.ACK, this.sndNxt, this.rcvNxt);
  }

  /** To CLOSED, timers off, forgotten by the host. What the user has not read stays readable. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.alarms.cancelAll();
    if (this.state !== "CLOSED" && this.state !== "TIME-WAIT") this.become("CLOSED");
    this.owner.released(this);
  }

  /** One of its alarms goes off. */
  abstract fired(alarm: number): void;

  notify(notice: number): void {
    this.turn.notify(notice);
    this.owner.wantsNotice(this);
  }

  /** A bare reply to something that was not acceptable: an ACK of where we stand, at most one in 500 ms (RFC 5961 §7, hardening against ACK wars). */
  challenge(): void {
    if (this.mayAnswer()) this.owner.emitControl(this, tcp.ACK, this.sndNxt, this.rcvNxt);
  }

  /** Of the bare replies to what is not acceptable this one may leave; it is counted. */
  mayAnswer(): boolean {
    const now = this.context.now;
    if (this.#lastChallengeMs !== undefined && now - this.#lastChallengeMs < 500) return false;
    this.#lastChallengeMs = now;
    return true;
  }

  /** Bytes of window to offer at first, and again when the user chooses. */
  protected wantedCapacity(): number {
    return capacityOf(this.options, this.context.profile);
  }
}

/** Bytes of window that a connection offers at first. */
export const capacityOf = ({ receiveBufferBytes }: ConnectionOptions, profile: Profile): number =>
  // Below a few segments the window could never hold one.
  Math.max(receiveBufferBytes ?? profile.receiveBufferBytes, 4 * 1460);

/** TCP's datagrams are never fragmented. */
export const headerChoicesOf = ({ ttl, trafficClass }: ConnectionOptions): HeaderChoices | undefined =>
  ttl === undefined && trafficClass === 0 ? undefined : { ttl, trafficClass, dontFragment: true };
