import { type IpAddress, ipv4, isMulticastV4, isUnspecified, sameAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import { guarded } from "../core/guard.ts";
import { KeyedHash } from "../core/keyed-hash.ts";
import { EphemeralPorts } from "../core/ports.ts";
import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { Ip } from "../ip/ip.ts";
import type { RouteFailure, SendResult } from "../ip/path.ts";
import type { IcmpError, IcmpErrorKind, InboundPacket, Transport } from "../ip/transport.ts";
import { pseudoHeaderV4 } from "../packet/checksum.ts";
import { PROTOCOL_TCP } from "../packet/ipv4.ts";
import * as tcp from "../packet/tcp.ts";
import { Resets, segmentInClosed } from "./closed.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { FlowTable } from "./flow-table.ts";
import { fitPath } from "./handshake.ts";
import { keyedSequences, type SequenceGenerator } from "./isn.ts";
import { type ListenHost, segmentInListen } from "./listen.ts";
import { Listener } from "./listener.ts";
import { Loans } from "./loans.ts";
import { NOBODY } from "./notices.ts";
import { RingPool, type RingSource } from "./ring-pool.ts";
import { Segment } from "./segment.ts";
import { segmentArrives } from "./segment-arrives.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { output } from "./sender.ts";
import { segmentInSynSent } from "./syn-sent.ts";
import type { TcpConnection, TcpListener, TcpService } from "./tcp-service.ts";
import type {
  ConnectFailure,
  ConnectionStatus,
  ListenRequest,
  OpenFailure,
  OpenRequest,
  PortShortage,
  TcpOptions,
  TcpState,
} from "./tcp-user.ts";
import { TimeWaits } from "./time-wait.ts";

const DEFAULT_OPTIONS: TcpOptions = {
  noDelay: false,
  keepAlive: false,
  maxRetransmissionMs: undefined,
  receiveBufferBytes: undefined,
  failConnectOnIcmpError: false,
};

/** TCP of one host: finds the connection of each segment, and gives each connection its share of the turn. */
export class Tcp implements TcpService, Transport, ConnectionOwner, ListenHost {
  readonly protocol = PROTOCOL_TCP;
  readonly context: HostContext;
  readonly resets: Resets;
  readonly rings: RingPool;
  readonly #ip: Ip;
  readonly #connections: FlowTable<Connection>;
  readonly #timeWaits: TimeWaits;
  readonly #listeners = new Map<number, Listener[]>();
  readonly #ports: EphemeralPorts;
  readonly #portUse = new Map<number, number>();
  /** Connections that live, by `liveKey`: of each local address and port, and of each port. */
  readonly #liveUse = new Map<number, number>();
  #unfinished = 0;
  readonly #segment = new Segment();
  readonly #timestampOffsets: KeyedHash;
  readonly #writer = new SegmentWriter();
  #wantOutput: Connection[] = [];
  #wantNotice: Connection[] = [];
  readonly #blocked = new Set<Connection>();
  /** Listeners whose queue has grown in this turn. */
  readonly #acceptable = new Set<Listener>();
  #nextId = 1;
  /** Chooses initial sequence numbers; tests put others here. */
  sequences: SequenceGenerator;

  /** @param rings where large buffers have their memory, if others may read it */
  constructor(context: HostContext, ip: Ip, rings?: RingSource) {
    this.context = context;
    this.#ip = ip;
    this.rings = new RingPool(context.clock, rings);
    const hash = new KeyedHash(context.random, 1, 3);
    this.#connections = new FlowTable(hash);
    this.#timeWaits = new TimeWaits(hash, (port) => this.#waitOn(port, -1));
    this.#ports = new EphemeralPorts(context.random, context.profile.portRange);
    this.resets = new Resets(context, ip, this.#writer);
    this.#timestampOffsets = new KeyedHash(context.random);
    this.sequences = keyedSequences(context.clock, new KeyedHash(context.random));
    ip.register(this);
  }

  // The calls of users

  newLoans(): Loans {
    return new Loans(this.rings);
  }

  open(request: OpenRequest): TcpConnection | OpenFailure {
    const { remote, remotePort } = request;
    // RFC 9293 MUST-46: broadcast and multicast have no connections.
    if (remote.family !== 4 || isUnspecified(remote) || isMulticastV4(remote.bits) || this.#ip.isBroadcast(remote.bits)) return "no-route";
    const path = this.#ip.route(remote, request.local);
    if (typeof path === "string") return path;
    const local = path.local.family === 4 ? path.local.bits : 0;
    const isFree = (port: number): boolean => !this.#isFlowInUse(local, port, remote.bits, remotePort);
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
      iss: this.sequences(local, localPort, remote.bits, remotePort),
      isPassive: false,
      options: { ...DEFAULT_OPTIONS, ...request.options },
      user: request.user,
    });
    this.#add(conn);
    conn.sndNxt = seqAdd(conn.iss, 1);
    conn.recover = conn.sndNxt;
    conn.become("SYN-SENT");
    conn.synDue = true;
    conn.timers.synSent();
    this.wantsOutput(conn);
    return conn;
  }

  listen(request: ListenRequest): TcpListener {
    const listener = new Listener(request, (closed) => {
      this.#acceptable.delete(closed);
      const there = this.#listeners.get(closed.localPort) ?? [];
      if (!there.includes(closed)) return;
      const left = there.filter((other) => other !== closed);
      this.holdPort(closed.localPort, -1);
      if (left.length > 0) this.#listeners.set(closed.localPort, left);
      else this.#listeners.delete(closed.localPort);
    });
    this.#listeners.set(request.localPort, [...(this.#listeners.get(request.localPort) ?? []), listener]);
    this.holdPort(request.localPort, 1);
    return listener;
  }

  choosePort(isFree: (port: number) => boolean, remote?: IpAddress, remotePort = 0): number | PortShortage {
    const path = remote?.family === 4 ? this.#ip.route(remote, undefined) : undefined;
    if (remote?.family !== 4 || typeof path !== "object" || path.local.family !== 4) return this.#choosePort(isFree);
    const local = path.local.bits;
    return this.#choosePort((port) => !this.#isFlowInUse(local, port, remote.bits, remotePort) && isFree(port));
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
    return this.#connections.size + this.#timeWaits.size;
  }

  /** Connections whose FIN, or text before it, the peer has not acknowledged. */
  get unfinishedCount(): number {
    return this.#unfinished;
  }

  hasConnectionOn(local: IpAddress | undefined, port: number): boolean {
    if (local?.family === 6) return false;
    return this.#liveUse.has(liveKey(local?.bits, port));
  }

  /** Some connection that its user has closed has text or a FIN that is not acknowledged. */
  get hasUndelivered(): boolean {
    for (const conn of this.#connections.values()) if (conn.finQueued && !conn.isFinAcked) return true;
    return false;
  }

  get bufferBytes(): number {
    return this.rings.bytes;
  }

  statuses(): ConnectionStatus[] {
    const rows: ConnectionStatus[] = [];
    for (const listeners of this.#listeners.values()) for (const listener of listeners) rows.push(listener.status());
    for (const conn of this.#connections.values()) rows.push(conn.status());
    for (const timeWait of this.#timeWaits.all()) rows.push(timeWait.status());
    return rows;
  }

  // Segments

  input(packet: InboundPacket): string {
    const { bytes, at, end } = packet;
    const malformed = tcp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    // RFC 9293 MUST-57: TCP knows no broadcast.
    if (packet.isBroadcast) return "tcp-to-broadcast";
    if (!packet.checksumVerified && !tcp.verifyChecksum(bytes, at, end, pseudoHeader(packet))) return "tcp-bad-checksum";

    const seg = this.#segment;
    seg.fill(packet);
    if (seg.sourcePort === 0 || seg.destinationPort === 0) return "tcp-port-zero";
    const verdict = this.#dispatch(seg);
    const { trace, clock } = this.context;
    if (trace.isOn && verdict !== "accepted") trace.emit({ type: "segment-judged", atMs: clock.now(), connection: seg.flow, verdict });
    return verdict;
  }

  #dispatch(seg: Segment): string {
    const conn = this.#connections.find(seg.destinationV4, seg.destinationPort, seg.sourceV4, seg.sourcePort);
    if (conn !== undefined) return conn.state === "SYN-SENT" ? segmentInSynSent(conn, seg) : segmentArrives(conn, seg);
    const listener = this.#listenerFor(seg);
    const timeWait = this.#timeWaits.find(seg.destinationV4, seg.destinationPort, seg.sourceV4, seg.sourcePort);
    if (timeWait !== undefined) {
      const verdict = timeWait.segmentArrives(seg, this.#writer);
      if (verdict !== "reopen") return verdict;
      if (listener === undefined) return "syn-in-time-wait";
    }
    if (listener === undefined) return segmentInClosed(seg, this.resets);
    const verdict = segmentInListen(listener, seg, this, timeWait?.sndNxt);
    // Only a connection that began takes the place of the old one; a SYN that was refused leaves it.
    if (timeWait !== undefined && verdict === "accepted") this.#timeWaits.forget(timeWait);
    return verdict;
  }

  /** A connection for the SYN that a listener was sent, not yet answered; `iss` was chosen as for an open of ours. */
  openPassively(listener: Listener, seg: Segment, iss: Seq): Connection | RouteFailure {
    const path = this.#ip.route(seg.source, seg.destination);
    if (typeof path === "string") return path;
    const conn = new Connection(this, {
      id: this.#nextId++,
      path,
      localPort: seg.destinationPort,
      remotePort: seg.sourcePort,
      iss,
      isPassive: true,
      options: { ...DEFAULT_OPTIONS, ...listener.options },
      user: NOBODY,
    });
    conn.listener = listener;
    listener.halfOpen.add(conn);
    this.#add(conn);
    return conn;
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
    const said = connectFailureOf(error.kind);
    if (this.context.profile.icmpInSynSent === "fail") conn.fail(said);
    else if (conn.options.failConnectOnIcmpError) conn.fail("host-unreachable");
    return true;
  }

  /** The quote holds at least the first eight bytes of the header: ports and sequence number. */
  #connectionOfQuote(error: IcmpError): Connection | undefined {
    const { local, remote, bytes, transportAt, end } = error;
    if (local.family !== 4 || remote.family !== 4 || end - transportAt < 8) return undefined;
    const conn = this.#connections.find(
      local.bits,
      tcp.sourcePort(bytes, transportAt),
      remote.bits,
      tcp.destinationPort(bytes, transportAt),
    );
    if (conn === undefined) return undefined;
    const sequence = tcp.sequence(bytes, transportAt);
    return seqDiff(sequence, conn.sndUna) >= 0 && seqDiff(sequence, conn.sndNxt) < 0 ? conn : undefined;
  }

  // What connections ask of their host

  wantsOutput(conn: Connection): void {
    if (conn.isOutputQueued) return;
    conn.isOutputQueued = true;
    this.#wantOutput.push(conn);
    this.context.requestTurn();
  }

  wantsNotice(conn: Connection): void {
    conn.isNoticeQueued = true;
    this.#wantNotice.push(conn);
    this.context.requestTurn();
  }

  emitControl(conn: Connection, flags: number, sequence: Seq, acknowledged: Seq): SendResult {
    return this.#writer.control(conn, flags, sequence, acknowledged);
  }

  emitText(conn: Connection, flags: number, sequence: Seq, length: number): SendResult {
    return this.#writer.data(conn, flags, sequence, length);
  }

  stateChanged(from: TcpState, to: TcpState): void {
    if (UNFINISHED.has(from)) this.#unfinished--;
    if (UNFINISHED.has(to)) this.#unfinished++;
  }

  handshakeDone(conn: Connection): boolean {
    const listener = conn.listener;
    if (listener === undefined) return true;
    if (listener.isFull) {
      conn.awaitsRoom = true;
      if (this.context.profile.backlogOverflow === "rst") conn.abort();
      return conn.isReleased;
    }
    listener.halfOpen.delete(conn);
    listener.enqueue(conn);
    this.#acceptable.add(listener);
    this.context.requestTurn();
    return true;
  }

  enterTimeWait(conn: Connection): void {
    conn.become("TIME-WAIT");
    this.#waitOn(conn.localPort, 1);
    this.#timeWaits.remember(conn);
    // The ACK of the peer's FIN leaves with the state, since the connection has no later turn.
    if (conn.ackNow) this.emitControl(conn, tcp.ACK, conn.sndNxt, conn.rcvNxt);
    conn.release();
  }

  /** One clock for all connections of a pair of hosts, so that a new one may follow the old (RFC 7323 §5.5, RFC 6191), another for each pair (§7.1). */
  timestampOffset(localV4: number, remoteV4: number): number {
    return this.#timestampOffsets.of(localV4, remoteV4, 0) | 0;
  }

  released(conn: Connection): void {
    this.#connections.delete(conn);
    this.#blocked.delete(conn);
    this.#usePort(conn.localPort, -1);
    this.#countLive(conn, -1);
    conn.listener?.halfOpen.delete(conn);
    conn.sendBuffer.clear();
    if (conn.isOrphan) conn.receiveBuffer.clear();
  }

  /** End of a turn: users hear what happened, and what is to be sent leaves. @returns whether connections still have work they may do now */
  flush(): boolean {
    // Users' reactions make new work; a few rounds settle it, and what remains waits for the next turn so that no flow starves the rest.
    for (let round = 0; round < 4; round++) {
      for (const listener of this.#acceptable) {
        this.#acceptable.delete(listener);
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
    conn.isNoticeQueued = false;
    conn.deliverNotices();
  };

  readonly #output = (conn: Connection): void => {
    conn.isOutputQueued = false;
    const result = output(conn, this.#writer);
    if (result === "again") this.wantsOutput(conn);
    else if (result === "blocked") this.#blocked.add(conn);
  };

  /** A connection that trips over a mistake of ours is reset, since its state may be half changed; the others go on. */
  #guarded(conn: Connection, step: (conn: Connection) => void): void {
    if (guarded(this.context, () => step(conn)) || conn.isReleased) return;
    guarded(this.context, () => conn.breakOff("reset"));
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

  /** A device is gone for good: the connections and listeners over it are told. @param isAffected by address; undefined stands for all of ours */
  networkDown(isAffected: (local: IpAddress | undefined) => boolean): void {
    for (const conn of [...this.#connections.values()]) {
      if (!isAffected(conn.local)) continue;
      guarded(this.context, () => {
        if (conn.state === "SYN-SENT" || (conn.state === "SYN-RECEIVED" && !conn.isPassive)) conn.fail("network-down");
        else conn.breakOff("network-down");
      });
    }
    for (const listener of [...this.#listeners.values()].flat()) {
      if (isAffected(listener.local)) guarded(this.context, () => listener.networkDown());
    }
  }

  /** The more specific listener wins over the wildcard; among equals the first. */
  #listenerFor(seg: Segment): Listener | undefined {
    const listeners = this.#listeners.get(seg.destinationPort);
    if (listeners === undefined) return undefined;
    let wildcard: Listener | undefined;
    for (const listener of listeners) {
      if (listener.local === undefined) wildcard ??= listener;
      else if (sameAddress(listener.local, ipv4(seg.destinationV4))) return listener;
    }
    return wildcard;
  }

  #isFlowInUse(local: number, localPort: number, remote: number, remotePort: number): boolean {
    return (
      this.#connections.find(local, localPort, remote, remotePort) !== undefined ||
      this.#timeWaits.find(local, localPort, remote, remotePort) !== undefined
    );
  }

  #add(conn: Connection): void {
    this.#connections.add(conn);
    this.#usePort(conn.localPort, 1);
    this.#countLive(conn, 1);
  }

  #countLive(conn: Connection, change: 1 | -1): void {
    add(this.#liveUse, liveKey(conn.localV4, conn.localPort), change);
    add(this.#liveUse, liveKey(undefined, conn.localPort), change);
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

/** States in which something of ours is still on its way to the peer after its user has closed. */
const UNFINISHED: ReadonlySet<TcpState> = new Set<TcpState>(["FIN-WAIT-1", "CLOSING", "LAST-ACK"]);

/** One number for a local port of an address, or of all addresses: no address has the bits of 0. */
const liveKey = (localV4: number | undefined, port: number): number => (localV4 ?? 0) * 0x10000 + port;

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

const pseudoHeader = ({ sourceV4, destinationV4, at, end }: InboundPacket): number =>
  pseudoHeaderV4(sourceV4, destinationV4, PROTOCOL_TCP, end - at);
