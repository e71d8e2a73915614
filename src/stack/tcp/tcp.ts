import { type AddressWords, formatEndpoint, type IpAddress, isMulticast, isUnspecified } from "../core/address.ts";
import { AddressMap } from "../core/address-map.ts";
import { type BoundAddress, closeness, reachesFamilyOf, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict, SegmentVerdict } from "../core/drop-reasons.ts";
import { guarded } from "../core/guard.ts";
import { KeyedHash } from "../core/keyed-hash.ts";
import { EphemeralPorts } from "../core/ports.ts";
import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { PostponedCauses } from "../core/trace.ts";
import type { ConnectionWait } from "../core/wait-reasons.ts";
import type { Ip } from "../ip/ip.ts";
import type { RouteFailure, SendResult } from "../ip/path.ts";
import type { IcmpError, IcmpErrorKind, InboundPacket, Transport } from "../ip/transport.ts";
import { pseudoHeader } from "../packet/checksum.ts";
import { PROTOCOL_TCP } from "../packet/ipv4.ts";
import * as tcp from "../packet/tcp.ts";
import { ALARM, ALARM_NAMES } from "./alarm.ts";
import { Resets, segmentInClosed } from "./closed.ts";
import { Connection } from "./connection.ts";
import { ConnectionNews, type ConnectionPicture } from "./connection-news.ts";
import { type ConnectionRequest, ConnectionRequests, type RequestHost } from "./connection-request.ts";
import { connectionOpened, sequenceSpace } from "./connection-trace.ts";
import type { ConnectionOwner } from "./control-block.ts";
import { FastOpen, type FastOpenKey } from "./fast-open.ts";
import { type Flow, FlowTable } from "./flow-table.ts";
import { type HalfOpen, type HalfOpenHost, HalfOpens, UNPACKED_HALF_OPEN } from "./half-open.ts";
import { keyedSequences, type SequenceGenerator } from "./isn.ts";
import { TCP_LIMITS, type TcpLimits } from "./limits.ts";
import { answerSyn, issFor, type ListenHost, segmentInListen } from "./listen.ts";
import { Listener } from "./listener.ts";
import { ListenerNews } from "./listener-news.ts";
import { Loans } from "./loans.ts";
import { NOBODY } from "./notices.ts";
import { openingBegan, synTimedOut } from "./opening-alarms.ts";
import { RecoveryCounters } from "./recovery-counters.ts";
import { RingPool, type RingSource } from "./ring-pool.ts";
import { Segment, type Syn } from "./segment.ts";
import { segmentArrives } from "./segment-arrives.ts";
import { fitPath } from "./segment-size.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { output } from "./sender.ts";
import { NOTHING_SENT, SentPool } from "./sent-pool.ts";
import { EMPTY_STATUS, waitStatus } from "./status.ts";
import { SynCookies } from "./syn-cookies.ts";
import { segmentInSynSent } from "./syn-sent.ts";
import type { TcpConnection, TcpListener, TcpService } from "./tcp-service.ts";
import {
  type ConnectFailure,
  type ConnectionOptions,
  type ConnectionStatus,
  type ListenRequest,
  type OpenFailure,
  type OpenRequest,
  type PortShortage,
  type TcpState,
  withDefaults,
} from "./tcp-user.ts";
import { TimeWaits } from "./time-wait.ts";

/** TCP of one host: finds the connection of each segment, and gives each connection its share of the turn. */
export class Tcp implements TcpService, Transport, ConnectionOwner, ListenHost, HalfOpenHost, RequestHost {
  readonly protocol = PROTOCOL_TCP;
  readonly context: HostContext;
  readonly resets: Resets;
  readonly cookies: SynCookies;
  readonly fastOpen: FastOpen;
  readonly rings: RingPool;
  /** Tests put others here. */
  readonly limits: TcpLimits = { ...TCP_LIMITS };
  readonly sentLogs = new SentPool();
  readonly recoveries = new RecoveryCounters();
  readonly #ip: Ip;
  /** Of the tables of flows. */
  readonly #hash: KeyedHash;
  readonly #connections: FlowTable<Connection>;
  /** Passive connections in SYN-RECEIVED that are packed; each connection is here or among `#connections`. */
  readonly #halfOpen: HalfOpens;
  readonly #timeWaits: TimeWaits;
  readonly #listeners = new Map<number, Listener[]>();
  readonly #ports: EphemeralPorts;
  readonly #portUse = new Map<number, number>();
  /** Connections that live, by local address and port. */
  readonly #liveUse = new AddressMap<Map<number, number>>();
  #unfinished = 0;
  readonly #segment = new Segment();
  readonly #timestampOffsets: KeyedHash;
  readonly #writer = new SegmentWriter();
  #wantOutput: Connection[] = [];
  #wantNotice: Connection[] = [];
  /** Connections whose users have closed their direction, until it is known that the FIN was acknowledged. */
  readonly #finishing = new Set<Connection>();
  /** Connections that live on without their users. */
  readonly #orphans = new Set<Connection>();
  readonly #blocked = new Set<Connection>();
  /** Listeners whose queue has grown in this turn. */
  readonly #acceptable = new Set<Listener>();
  #nextId = 1;
  /** Connections that the segment being judged has closed, while there is such a segment and a trace. */
  #closedBySegment: number[] | undefined;
  /** What asked last for the output of a connection. */
  readonly #outputCauses: PostponedCauses;
  /** What was told first of what the user of a connection or listener is told. */
  readonly #noticeCauses: PostponedCauses;
  readonly #news: ConnectionNews;
  readonly #listenerNews: ListenerNews;
  #lastListenerId = 0;
  /** Chooses initial sequence numbers; tests put others here. */
  sequences: SequenceGenerator;

  /** @param rings where large buffers have their memory, if others may read it */
  constructor(context: HostContext, ip: Ip, rings?: RingSource) {
    this.context = context;
    this.#outputCauses = context.trace.postpone();
    this.#noticeCauses = context.trace.postpone();
    this.#news = new ConnectionNews(context.trace);
    this.#listenerNews = new ListenerNews(context.trace);
    this.#ip = ip;
    this.rings = new RingPool(context, rings);
    const hash = new KeyedHash(context.random, 1, 3);
    this.#hash = hash;
    this.#connections = new FlowTable(hash);
    this.#halfOpen = new HalfOpens(context, hash, this);
    this.#timeWaits = new TimeWaits(context, ip, this.#writer, hash, this.#news, this.limits, (timeWait) => {
      this.#waitOn(timeWait.localPort, -1);
      this.#traceClosed(timeWait.id);
    });
    this.#ports = new EphemeralPorts(context.random, context.profile.portRange);
    this.resets = new Resets(context, ip, this.#writer);
    this.#timestampOffsets = new KeyedHash(context.random);
    this.fastOpen = new FastOpen(context);
    this.cookies = new SynCookies(context, ip, this.#writer, (local, remote) => this.timestampOffset(local, remote));
    this.sequences = keyedSequences(context, new KeyedHash(context.random));
    ip.register(this);
    context.trace.introduceBy((tell) => {
      for (const conn of this.#connections.values()) tell(connectionOpened(conn));
      for (const packed of this.#halfOpen.values()) tell(connectionOpened(packed));
      for (const timeWait of this.#timeWaits.all()) tell(connectionOpened(timeWait));
      this.#listenerNews.tellAnew();
      for (const known of [this.#connections.values(), this.#halfOpen.values(), this.#timeWaits.all()]) {
        for (const one of known) this.#news.tellAnew(one);
      }
    });
  }

  // The calls of users

  setFastOpenKey(key: FastOpenKey): void {
    this.fastOpen.setKey(key);
  }

  forgetFastOpenPeers(): void {
    this.fastOpen.forgetPeers();
  }

  newLoans(): Loans {
    return new Loans(this.rings);
  }

  open(request: OpenRequest): TcpConnection | OpenFailure {
    const { remotePort } = request;
    // RFC 9293 MUST-46: broadcast and multicast have no connections.
    if (isUnspecified(request.remote) || isMulticast(request.remote) || this.#ip.isBroadcast(request.remote)) return "no-route";
    if (!reachesFamilyOf(request.local, request.remote)) return "source-not-local";
    const way = this.#ip.route(request.remote, specificOf(request.local));
    if (typeof way === "string") return way;
    const path = this.#ip.flowTo(way.remote, way.local);
    if (typeof path === "string") return path;
    const { local, remote } = path;
    const isFree = (port: number): boolean => !this.#isFlowInUse(local, port, remote, remotePort);
    let localPort: number | undefined = request.localPort || undefined;
    if (localPort === undefined) {
      const chosen = this.#choosePort(isFree);
      if (typeof chosen === "string") return chosen;
      localPort = chosen;
    } else if (!isFree(localPort)) return "address-in-use";

    const conn = new Connection(this, {
      id: this.#nextId++,
      path,
      localPort,
      remotePort,
      iss: this.sequences(local, localPort, remote, remotePort),
      isPassive: false,
      options: withDefaults(request.options),
      user: request.user,
    });
    this.#add(conn);
    conn.sndNxt = seqAdd(conn.iss, 1);
    conn.become("SYN-SENT");
    openingBegan(conn);
    if (request.firstBytes !== undefined) conn.write(request.firstBytes, 0, request.firstBytes.length);
    this.wantsOutput(conn);
    return conn;
  }

  listen(request: ListenRequest): TcpListener {
    const local = request.local && (this.#ip.localAddress(request.local) ?? request.local);
    const requests = request.isConditional === true ? new ConnectionRequests(this.context, this.#hash, this) : undefined;
    const forget = (closed: Listener): void => {
      this.#acceptable.delete(closed);
      const there = this.#listeners.get(closed.localPort) ?? [];
      if (!there.includes(closed)) return;
      this.#listenerNews.closed(closed);
      const left = there.filter((other) => other !== closed);
      this.holdPort(closed.localPort, -1);
      if (left.length > 0) this.#listeners.set(closed.localPort, left);
      else this.#listeners.delete(closed.localPort);
    };
    const listener = new Listener(++this.#lastListenerId, { ...request, local }, forget, (of) => this.#halfOpen.oldestOf(of), requests);
    this.#listeners.set(request.localPort, [...(this.#listeners.get(request.localPort) ?? []), listener]);
    this.holdPort(request.localPort, 1);
    if (this.context.trace.isOn) this.#listenerNews.tell(listener);
    return listener;
  }

  choosePort(isFree: (port: number) => boolean, remote?: IpAddress, remotePort = 0): number | PortShortage {
    const path = remote === undefined ? undefined : this.#ip.route(remote, undefined);
    if (remote === undefined || typeof path !== "object") return this.#choosePort(isFree);
    return this.#choosePort((port) => !this.#isFlowInUse(path.local, port, path.remote, remotePort) && isFree(port));
  }

  #choosePort(isFree: (port: number) => boolean): number | PortShortage {
    return this.#ports.choose(isFree) ?? (this.#ports.hasWaiting ? "address-in-use" : "no-free-port");
  }

  holdPort(port: number, change: 1 | -1): void {
    this.#ports.use(port, change);
  }

  isPortInUse(port: number): boolean {
    return this.#portUse.has(port) || this.#listeners.has(port);
  }

  /** Connections of every state, TIME-WAIT included. */
  get connectionCount(): number {
    return this.#connections.size + this.#halfOpen.size + this.#timeWaits.size;
  }

  /** Every connection but those that are packed, for who looks at them between turns. */
  connections(): IterableIterator<Connection> {
    return this.#connections.values();
  }

  /** Connections whose FIN, or text before it, the peer has not acknowledged. */
  get unfinishedCount(): number {
    return this.#unfinished;
  }

  hasConnectionOn(local: BoundAddress, port: number): boolean {
    const one = specificOf(local);
    if (one !== undefined) return this.#liveUse.get(one)?.has(port) === true;
    for (const address of this.#liveUse.keys()) {
      if (reachesFamilyOf(local, address) && this.#liveUse.get(address)?.has(port) === true) return true;
    }
    return false;
  }

  /** Some connection that its user has closed has text or a FIN that is not acknowledged. */
  get hasUndelivered(): boolean {
    for (const conn of this.#finishing) {
      if (!conn.isFinAcked) return true;
      // It stays so: each is looked at once.
      this.#finishing.delete(conn);
    }
    return false;
  }

  get bufferBytes(): number {
    return this.rings.bytes;
  }

  statuses(): ConnectionStatus[] {
    const rows: ConnectionStatus[] = [];
    for (const listeners of this.#listeners.values()) for (const listener of listeners) rows.push(listener.status());
    for (const conn of this.#connections.values()) rows.push(conn.status());
    for (const packed of this.#halfOpen.values()) rows.push(this.#statusOf(packed));
    return [...rows, ...this.#timeWaits.statuses()];
  }

  // Segments

  input(packet: InboundPacket): PacketVerdict {
    const { bytes, at, end } = packet;
    const malformed = tcp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    // RFC 9293 MUST-57: TCP knows no broadcast.
    if (packet.isBroadcast) return "tcp-to-broadcast";
    if (!packet.checksumVerified && !tcp.verifyChecksum(bytes, at, end, pseudoHeaderOf(packet))) return "tcp-bad-checksum";

    const seg = this.#segment;
    seg.fill(packet);
    if (seg.sourcePort === 0 || seg.destinationPort === 0) return "tcp-port-zero";
    return this.context.trace.isOn ? this.#tracedDispatch(seg) : this.#dispatch(seg);
  }

  #tracedDispatch(seg: Segment): SegmentVerdict {
    const { trace } = this.context;
    const before = this.#idOf(seg);
    const closed: number[] = [];
    this.#closedBySegment = closed;
    try {
      const verdict = this.#dispatch(seg);
      const connection = this.#idOf(seg) ?? before;
      trace.emit({ type: "segment-judged", ...(connection === undefined ? { flow: seg.flow } : { connection }), verdict });
      return verdict;
    } finally {
      this.#closedBySegment = undefined;
      for (const connection of closed) trace.emit({ type: "connection-closed", connection });
    }
  }

  #idOf({ destination, destinationPort, source, sourcePort }: Segment): number | undefined {
    return this.#anyOf(destination, destinationPort, source, sourcePort)?.id;
  }

  #traceClosed(connection: number): void {
    const { trace } = this.context;
    if (!trace.isOn) return;
    this.#news.forget(connection);
    // The verdict on the segment that closes it comes first.
    if (this.#closedBySegment !== undefined) this.#closedBySegment.push(connection);
    else trace.emit({ type: "connection-closed", connection });
  }

  #dispatch(seg: Segment): SegmentVerdict {
    const conn = this.#find(seg.destination, seg.destinationPort, seg.source, seg.sourcePort);
    if (conn !== undefined && this.context.trace.isOn) this.#news.touch(conn);
    if (conn !== undefined) return conn.state === "SYN-SENT" ? segmentInSynSent(conn, seg) : segmentArrives(conn, seg);
    const listener = this.#listenerFor(seg);
    const timeWait = this.#timeWaits.find(seg.destination, seg.destinationPort, seg.source, seg.sourcePort);
    if (timeWait !== undefined) {
      const verdict = this.#timeWaits.segmentArrives(timeWait, seg);
      if (verdict !== "reopen") return verdict;
      if (listener === undefined) return "syn-in-time-wait";
    }
    if (listener === undefined) return segmentInClosed(seg, this.resets);
    const verdict = segmentInListen(listener, seg, this, timeWait?.sndNxt);
    // Only a connection that began takes the place of the old one; a SYN that was refused, or that waits for a decision, leaves it.
    if (timeWait !== undefined && verdict === "accepted" && listener.requests === undefined) this.#timeWaits.forget(timeWait);
    return verdict;
  }

  /** A connection for the SYN that a listener was sent, not yet answered; `iss` was chosen as for an open of ours. */
  openPassively(syn: Syn, iss: Seq, options: Readonly<ConnectionOptions>, listener: Listener | undefined): Connection | RouteFailure {
    const path = this.#ip.flowTo(syn.source, syn.destination);
    if (typeof path === "string") return path;
    const conn = new Connection(this, {
      id: this.#nextId++,
      path,
      localPort: syn.destinationPort,
      remotePort: syn.sourcePort,
      iss,
      isPassive: true,
      options,
      user: NOBODY,
    });
    conn.listener = listener;
    listener?.handshakeBegan(conn);
    this.#add(conn);
    return conn;
  }

  openedFast(conn: Connection, listener: Listener): void {
    listener.enqueue(conn);
    this.#hasIncoming(listener);
  }

  // Requests that wait for a decision

  requested(listener: Listener): void {
    this.#hasIncoming(listener);
  }

  answer(request: ConnectionRequest, options: Readonly<ConnectionOptions>): Connection | undefined {
    const { local, localPort, remote, remotePort } = request;
    // A user may have opened the same flow from here meanwhile.
    if (this.#find(local, localPort, remote, remotePort) !== undefined) return undefined;
    const timeWait = this.#timeWaits.find(local, localPort, remote, remotePort);
    const conn = this.openPassively(request, issFor(request, this.sequences, timeWait?.sndNxt), options, undefined);
    if (typeof conn === "string") return undefined;
    if (timeWait !== undefined) this.#timeWaits.forget(timeWait);
    answerSyn(conn, request);
    return conn;
  }

  refuse(request: ConnectionRequest): void {
    this.resets.refuse(request);
  }

  // Half-open connections, packed

  /** Under pressure what was just answered is kept small. */
  answered(conn: Connection, listener: Listener): void {
    if (listener.halfOpenCount <= UNPACKED_HALF_OPEN || conn.isReleased || conn.turn.isOutputQueued) return;
    const packed = this.#halfOpen.add(conn, listener);
    conn.alarms.abandon();
    this.#connections.delete(conn);
    listener.handshakeEnded(conn);
    if (this.context.trace.isOn) this.#news.touch(packed);
  }

  unpack(packed: HalfOpen): Connection | undefined {
    const conn = this.#restored(packed);
    if (conn === undefined) return undefined;
    conn.alarms.restore(ALARM.retransmission, packed.deadlineMs);
    this.#removeHalfOpen(packed);
    this.#connections.add(conn);
    packed.listener.handshakeBegan(conn);
    if (this.context.trace.isOn) this.#news.touch(conn);
    return conn;
  }

  /** For the time of one try. */
  halfOpenTimedOut(packed: HalfOpen): void {
    const conn = this.#restored(packed);
    if (conn === undefined) {
      this.forgetHalfOpen(packed);
      return;
    }
    synTimedOut(conn);
    if (conn.isReleased) {
      this.#removeHalfOpen(packed);
      return;
    }
    const triedAgain = this.#halfOpen.tried(packed, conn);
    conn.alarms.abandon();
    if (this.context.trace.isOn) this.#news.touch(triedAgain);
  }

  pictureOf(packed: HalfOpen): ConnectionPicture | undefined {
    const picture = this.#restored(packed)?.picture();
    return picture && { ...picture, wait: waitOfPacked(packed) };
  }

  forgetHalfOpen(packed: HalfOpen): void {
    if (this.#halfOpen.isPending(packed)) this.context.timers.observer?.timerCancelled(ALARM_NAMES[ALARM.retransmission], packed);
    this.#removeHalfOpen(packed);
    this.#usePort(packed.localPort, -1);
    this.#countLive(packed, -1);
    const { trace } = this.context;
    if (!trace.isOn) return;
    trace.emit({ type: "state-changed", connection: packed.id, from: packed.state, to: "CLOSED", ...sequenceSpace(packed) });
    this.#traceClosed(packed.id);
  }

  #removeHalfOpen(packed: HalfOpen): void {
    this.#halfOpen.delete(packed);
  }

  /** The connection that a packed one stands for. @returns undefined when no way leads to its peer now */
  #restored(packed: HalfOpen): Connection | undefined {
    const path = this.#ip.flowTo(packed.remote, packed.local);
    if (typeof path === "string") return undefined;
    const { id, localPort, remotePort, iss, listener } = packed;
    const conn = new Connection(this, { id, path, localPort, remotePort, iss, isPassive: true, options: listener.options, user: NOBODY });
    packed.restore(conn);
    return conn;
  }

  #statusOf(packed: HalfOpen): ConnectionStatus {
    const { id, localPort, remotePort } = packed;
    const local = formatEndpoint(packed.local, localPort);
    const remote = formatEndpoint(packed.remote, remotePort);
    const { now } = this.context;
    const timers = [packed.timer].map(({ name, deadlineMs }) => ({ name, inMs: deadlineMs - now }));
    const wait = waitStatus(waitOfPacked(packed), now);
    return { ...(this.#restored(packed)?.status() ?? EMPTY_STATUS), id, state: packed.state, local, remote, timers, wait };
  }

  /** A packed one is made whole: something has come for it. */
  #find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): Connection | undefined {
    const conn = this.#connections.find(local, localPort, remote, remotePort);
    if (conn !== undefined || this.#halfOpen.size === 0) return conn;
    const packed = this.#halfOpen.find(local, localPort, remote, remotePort);
    return packed === undefined ? undefined : this.unpack(packed);
  }

  /** RFC 9293 §3.9.2.2, RFC 5927 §4.1: believed only when the quoted segment is one that is outstanding. */
  icmpError(error: IcmpError): boolean {
    const conn = this.#connectionOfQuote(error);
    if (conn === undefined) return false;
    if (error.kind === "fragmentation-needed") {
      if (fitPath(conn)) this.wantsOutput(conn);
      return true;
    }
    if (conn.state !== "SYN-SENT") return true;
    conn.icmpSaid = { reporter: error.reporter, type: error.type, code: error.code };
    const said = connectFailureOf(error.kind);
    if (this.context.profile.icmpInSynSent === "fail") conn.fail(said);
    else if (conn.options.failConnectOnIcmpError) conn.fail("host-unreachable");
    return true;
  }

  /** The quote holds at least the first eight bytes of the header: ports and sequence number. */
  #connectionOfQuote(error: IcmpError): Connection | undefined {
    const { local, remote, bytes, transportAt, end } = error;
    if (end - transportAt < 8) return undefined;
    const conn = this.#find(local, tcp.sourcePort(bytes, transportAt), remote, tcp.destinationPort(bytes, transportAt));
    if (conn === undefined) return undefined;
    const sequence = tcp.sequence(bytes, transportAt);
    return seqDiff(sequence, conn.sndUna) >= 0 && seqDiff(sequence, conn.sndNxt) < 0 ? conn : undefined;
  }

  // What connections ask of their host

  wantsOutput(conn: Connection): void {
    if (this.context.trace.isOn) {
      this.#outputCauses.keep(conn);
      this.touched(conn);
    }
    if (conn.turn.isOutputQueued) return;
    conn.turn.isOutputQueued = true;
    this.#wantOutput.push(conn);
    this.context.requestTurn();
  }

  wantsNotice(conn: Connection): void {
    if (this.context.trace.isOn) this.touched(conn);
    if (conn.turn.isNoticeQueued) return;
    conn.turn.isNoticeQueued = true;
    if (this.context.trace.isOn) this.#noticeCauses.keep(conn);
    this.#wantNotice.push(conn);
    this.context.requestTurn();
  }

  emitControl(conn: Connection, flags: number, sequence: Seq, acknowledged: Seq): SendResult {
    return this.#writer.control(conn, flags, sequence, acknowledged);
  }

  emitText(conn: Connection, flags: number, sequence: Seq, length: number): SendResult {
    return this.#writer.data(conn, flags, sequence, length);
  }

  touched(conn: Connection): void {
    // Of one that is over nothing is told, and nothing kept.
    if (!conn.isReleased) this.#news.touch(conn);
  }

  awaitsDevice(conn: Connection): boolean {
    return this.#blocked.has(conn);
  }

  stateChanged(from: TcpState, to: TcpState): void {
    if (UNFINISHED.has(from)) this.#unfinished--;
    if (UNFINISHED.has(to)) this.#unfinished++;
  }

  finishes(conn: Connection): void {
    this.#finishing.add(conn);
  }

  orphaned(conn: Connection): boolean {
    if (this.#orphans.size >= this.limits.orphans && !this.#orphans.has(conn)) {
      this.context.drops.count("too-many-orphans");
      return false;
    }
    this.#orphans.add(conn);
    return true;
  }

  handshakeDone(conn: Connection): boolean {
    const listener = conn.listener;
    if (listener === undefined) return true;
    if (conn.isFastOpen) {
      listener.fastOpenEnded();
      return true;
    }
    if (listener.isFull) {
      if (conn.opening !== undefined) conn.opening.awaitsRoom = true;
      if (this.context.profile.backlogOverflow === "rst") conn.abort();
      return conn.isReleased;
    }
    listener.handshakeEnded(conn);
    listener.enqueue(conn);
    this.#hasIncoming(listener);
    return true;
  }

  /** The user of the listener is told at the end of the turn. */
  #hasIncoming(listener: Listener): void {
    this.#acceptable.add(listener);
    if (this.context.trace.isOn) this.#noticeCauses.keep(listener);
    this.context.requestTurn();
  }

  enterTimeWait(conn: Connection): void {
    conn.become("TIME-WAIT");
    this.#waitOn(conn.localPort, 1);
    this.#timeWaits.remember(conn);
    // The ACK of the peer's FIN leaves with the state, since the connection has no later turn.
    if (conn.turn.ackNow) this.emitControl(conn, tcp.ACK, conn.sndNxt, conn.rcvNxt);
    conn.release();
  }

  /** One clock for all connections of a pair of hosts, so that a new one may follow the old (RFC 7323 §5.5, RFC 6191), another for each pair (§7.1). */
  timestampOffset(local: AddressWords, remote: AddressWords): number {
    return this.#timestampOffsets.ofPair(local, remote, 0) | 0;
  }

  released(conn: Connection): void {
    this.#connections.delete(conn);
    this.#blocked.delete(conn);
    this.#orphans.delete(conn);
    this.#finishing.delete(conn);
    this.#outputCauses.forget(conn);
    this.#usePort(conn.localPort, -1);
    this.#countLive(conn, -1);
    conn.listener?.handshakeEnded(conn);
    const { opening } = conn;
    if (opening?.isFast === true) conn.listener?.fastOpenEnded(opening.wasReset ? this.context.now : undefined);
    if (opening?.fastOpenWasLost === true) this.fastOpen.lost(conn.remote);
    conn.sendBuffer.clear();
    this.sentLogs.give(conn.sent);
    conn.sent = NOTHING_SENT;
    if (conn.isOrphan) conn.receiveBuffer.clear();
    if (conn.state !== "TIME-WAIT") this.#traceClosed(conn.id);
  }

  /** The turn is over: the trace, which is on, hears what is different now. */
  tellNews(): void {
    this.#news.tell();
    for (const listeners of this.#listeners.values()) for (const listener of listeners) this.#listenerNews.tell(listener);
  }

  /** End of a turn: users hear what happened, and what is to be sent leaves. @returns whether connections still have work they may do now */
  flush(): boolean {
    const hasMore = this.#settle();
    this.context.trace.end(undefined);
    return hasMore;
  }

  #settle(): boolean {
    // Users' reactions make new work; a few rounds settle it, and what remains waits for the next turn so that no flow starves the rest.
    for (let round = 0; round < 4; round++) {
      for (const listener of this.#acceptable) {
        this.#acceptable.delete(listener);
        this.#noticeCauses.resume(listener);
        guarded(this.context, listener.acceptable);
      }
      const notices = this.#wantNotice;
      this.#wantNotice = [];
      for (const conn of notices) this.#guarded(conn, this.#notice);
      const outputs = this.#wantOutput;
      this.#wantOutput = [];
      for (const conn of outputs) this.#guarded(conn, this.#output);
      if (this.#wantNotice.length === 0 && this.#wantOutput.length === 0 && this.#acceptable.size === 0) return false;
    }
    return true;
  }

  readonly #notice = (conn: Connection): void => {
    conn.turn.isNoticeQueued = false;
    this.#noticeCauses.resume(conn);
    conn.turn.deliver(conn);
  };

  readonly #output = (conn: Connection): void => {
    conn.turn.isOutputQueued = false;
    this.#outputCauses.resume(conn);
    const result = output(conn, this.#writer);
    if (result === "again") this.wantsOutput(conn);
    else if (result === "blocked") {
      this.#blocked.add(conn);
      this.#outputCauses.keep(conn);
    }
  };

  /** A connection that trips over a mistake of ours is reset, since its state may be half changed; the others go on. */
  #guarded(conn: Connection, step: (conn: Connection) => void): void {
    try {
      step(conn);
    } catch (error) {
      this.context.mistake(error);
      if (!conn.isReleased) guarded(this.context, () => conn.breakOff("reset"));
    }
  }

  /** A device takes frames again. */
  resume(): void {
    for (const conn of this.#blocked) this.wantsOutput(conn);
    this.#blocked.clear();
  }

  /** Whether connections wait for a device to take frames. */
  get isBlocked(): boolean {
    return this.#blocked.size > 0;
  }

  /**
   * A device is gone for good, or an address goes: the connections and listeners over it are told.
   * @param isAffected by address; a wildcard stands for all of ours
   * @param resetsPeers frames still leave: so the peers are told too
   */
  networkDown(isAffected: (local: BoundAddress) => boolean, resetsPeers = false): void {
    for (const packed of [...this.#halfOpen.values()]) {
      if (!isAffected(packed.local)) continue;
      if (resetsPeers) packed.abort();
      else packed.release();
    }
    for (const conn of [...this.#connections.values()]) {
      if (!isAffected(conn.local)) continue;
      guarded(this.context, () => {
        if (resetsPeers) conn.resetPeer();
        if (conn.state === "SYN-SENT" || (conn.state === "SYN-RECEIVED" && !conn.isPassive)) conn.fail("network-down");
        else conn.breakOff("network-down");
      });
    }
    for (const listener of [...this.#listeners.values()].flat()) {
      listener.requests?.forget(isAffected);
      if (isAffected(listener.local)) guarded(this.context, () => listener.networkDown());
    }
  }

  /** The more specific listener wins over the wildcard, and that of a family over that of both; among equals the first. */
  #listenerFor(seg: Segment): Listener | undefined {
    const listeners = this.#listeners.get(seg.destinationPort);
    if (listeners === undefined) return undefined;
    let best: Listener | undefined;
    let bestMatch = 0;
    for (const listener of listeners) {
      const match = closeness(listener.local, seg.destination);
      if (match <= bestMatch) continue;
      best = listener;
      bestMatch = match;
    }
    return best;
  }

  #isFlowInUse(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): boolean {
    return this.#anyOf(local, localPort, remote, remotePort) !== undefined;
  }

  /** What there is of a flow, in whatever state; a packed one stays so. */
  #anyOf(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): { readonly id: number } | undefined {
    return (
      this.#connections.find(local, localPort, remote, remotePort) ??
      this.#halfOpen.find(local, localPort, remote, remotePort) ??
      this.#timeWaits.find(local, localPort, remote, remotePort)
    );
  }

  #add(conn: Connection): void {
    this.#connections.add(conn);
    this.#usePort(conn.localPort, 1);
    this.#countLive(conn, 1);
    const { trace } = this.context;
    if (trace.isOn) trace.emit(connectionOpened(conn));
  }

  #countLive(conn: Flow, change: 1 | -1): void {
    let ofAddress = this.#liveUse.get(conn.local);
    if (ofAddress === undefined) {
      ofAddress = new Map();
      this.#liveUse.set(conn.local, ofAddress);
    }
    add(ofAddress, conn.localPort, change);
    if (ofAddress.size === 0) this.#liveUse.delete(conn.local);
  }

  #usePort(port: number, change: 1 | -1): void {
    this.#ports.use(port, change);
    this.#countUse(port, change);
  }

  #waitOn(port: number, change: 1 | -1): void {
    this.#ports.wait(port, change);
    this.#countUse(port, change);
  }

  #countUse(port: number, change: 1 | -1): void {
    add(this.#portUse, port, change);
  }
}

const waitOfPacked = ({ deadlineMs }: HalfOpen): ConnectionWait => ({
  reason: "handshake-end",
  timer: ALARM_NAMES[ALARM.retransmission],
  untilMs: deadlineMs,
});

/** States in which something of ours is still on its way to the peer after its user has closed. */
const UNFINISHED: ReadonlySet<TcpState> = new Set<TcpState>(["FIN-WAIT-1", "CLOSING", "LAST-ACK"]);

/** Counts uses; what has none takes no room. */
function add(uses: Map<number, number>, key: number, change: 1 | -1): void {
  const count = (uses.get(key) ?? 0) + change;
  if (count > 0) uses.set(key, count);
  else uses.delete(key);
}

function connectFailureOf(kind: IcmpErrorKind): ConnectFailure {
  switch (kind) {
    case "port-unreachable":
    case "protocol-unreachable":
      return "refused";
    case "net-unreachable":
      return "net-unreachable";
    default:
      return "host-unreachable";
  }
}

const pseudoHeaderOf = ({ source, destination, at, end }: InboundPacket): number =>
  pseudoHeader(source, destination, PROTOCOL_TCP, end - at);
