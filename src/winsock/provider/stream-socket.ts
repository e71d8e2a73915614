import { isMulticast, isUnspecified } from "../../stack/core/address.ts";
import { type BoundAddress, specificOf } from "../../stack/core/bound-address.ts";
import type { Incoming, TcpConnection, TcpListener } from "../../stack/tcp/tcp-service.ts";
import type { AbortReason, ConnectFailure, ConnectionOptions, IcmpReport, PortShortage, TcpUser } from "../../stack/tcp/tcp-user.ts";
import {
  FD_ACCEPT,
  FD_CLOSE,
  FD_CONNECT,
  FD_OOB,
  FD_READ,
  FD_WRITE,
  IPPROTO_TCP,
  MSG_DONTROUTE,
  MSG_OOB,
  MSG_PARTIAL,
  MSG_PEEK,
  MSG_PUSH_IMMEDIATE,
  MSG_WAITALL,
  POLLERR,
  POLLHUP,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRNORM,
  SD_BOTH,
  SD_RECEIVE,
  SD_SEND,
  SOCK_STREAM,
  SOMAXCONN,
} from "../abi/constants.ts";
import {
  WSAEACCES,
  WSAEADDRNOTAVAIL,
  WSAEALREADY,
  WSAECONNABORTED,
  WSAECONNRESET,
  WSAEFAULT,
  WSAEINTR,
  WSAEINVAL,
  WSAEISCONN,
  WSAEMFILE,
  WSAENETDOWN,
  WSAENOBUFS,
  WSAENOTCONN,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSAESHUTDOWN,
  WSAETIMEDOUT,
  WSAEWOULDBLOCK,
} from "../abi/errors.ts";
import { Acceptance } from "./acceptance.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Answer, DONE, failed, isWait, type Outcome, succeeded, type Wait } from "./outcome.ts";
import { ShownBytes } from "./shown-bytes.ts";
import { CONTINUED, LARGEST_BUFFER, type Owner, POSTED, Socket, type SocketContext, TRANSFER_LIMIT } from "./socket.ts";
import type { SocketFamily } from "./socket-family.ts";
import { changedConnectionOptions, connectionOptions, defaultOptions, inheritedOptions } from "./socket-options.ts";
import { codeOfAbort, codeOfConnectFailure, codeOfHandshake, codeOfOpenFailure } from "./tcp-codes.ts";
import { WholeReceive } from "./whole-receive.ts";

/** `idle` is new, bound, or failed to connect: all of these may connect. `connected` lasts until closesocket, whatever becomes of the connection. */
type Phase = "idle" | "connecting" | "connected" | "listening";

/**
 * How a socket that ConnectEx or AcceptEx connected is known before the program says SO_UPDATE_CONNECT_CONTEXT or SO_UPDATE_ACCEPT_CONTEXT:
 * it sends and receives, and has no names (Microsoft, "ConnectEx function" and "AcceptEx function").
 */
type MissingContext = "connect" | "accept";

/** Of a listener with TCP_FASTOPEN, so many connections may be there before their handshakes are over. Microsoft gives no number. */
const FAST_OPEN_QUEUE = 16;
/** More than a SYN holds is never needed before the connection stands. */
const FAST_OPEN_BYTES = 1460;

/** Makes sockets for the program that accepts connections. */
export interface Acceptor {
  readonly hasRoom: boolean;
  newStreamSocket(family: SocketFamily): StreamSocket;
  /** @returns a handle of the socket */
  open(socket: StreamSocket): number;
}

/** A face that posts sends keeps to the quota; one that does not is bounded by this. */
const POSTED_LIMIT = 16 * 1024 * 1024;

/** What listen takes as SOMAXCONN, and the limits of SOMAXCONN_HINT (Microsoft, "listen function"). */
const BACKLOG_MAXIMUM = 200;
const BACKLOG_HINT_MINIMUM = 200;
const BACKLOG_HINT_MAXIMUM = 65535;

/** Linux' SOCK_MIN_SNDBUF: what SO_SNDBUF comes to where 0 was asked for. */
const LEAST_PARTIAL_BUFFER = 4608;
/** Bytes that an empty send queue takes though its program has used up its budget. */
const LEAST_QUEUE = 16 * 1024;
/** A stream that moves makes a good deal of room in this time. */
const ROOM_LIMIT_MS = 2;
/** No sockaddr is longer (SOCKADDR_STORAGE). */
const LONGEST_NAME = 128;

/** CF_ACCEPT and CF_REJECT of a program that does not say what it was offered are about whoever is next. */
const ANY_OFFER = 0;

/** A SOCK_STREAM socket over one TCP connection or listener. */
export class StreamSocket extends Socket implements TcpUser {
  override readonly type = SOCK_STREAM;
  override readonly protocol = IPPROTO_TCP;
  #phase: Phase = "idle";
  #connection: TcpConnection | undefined;
  #listener: TcpListener | undefined;
  /** What the connection or listener was told of the options. */
  #told: ConnectionOptions | undefined;
  #remote: Endpoint | undefined;
  /** Accepted sockets have their listener's port without a claim of their own on it. */
  #acceptedAt: Endpoint | undefined;
  /** Stands from a failed connect to the next that succeeds, whether select is asked or not (Wine's test select). */
  #connectFailed = false;
  #connectError = 0;
  #connectIsNonblocking = false;
  #connectedAtMs = 0;
  /** ConnectEx asked for the connection that is being opened. */
  #isConnectEx = false;
  /** An AcceptEx waits to put its connection here. */
  #isAcceptTarget = false;
  #missingContext: MissingContext | undefined;
  /** TCP_ICMP_ERROR_INFO: what ICMP said of the last connect that failed. */
  icmpError: IcmpReport | undefined;
  /** The code with which calls fail since the connection, or the listener's device, died. */
  #death = 0;
  #sendIsShut = false;
  #receiveIsShut = false;
  /** Overlapped receives from before SD_RECEIVE still take what comes (Wine's test shutdown). */
  #receivesGoOn = false;
  #sendIsFinished = false;
  /** Unread bytes that the program's face has seen already, since it first was shown any. */
  #shown: ShownBytes | undefined;
  /** As of `#isDraining`. */
  #wasFull = false;
  /** The last piece of a send was taken, and the program said that more of it follows. */
  #isInSend = false;
  /** Urgent bytes that FD_OOB was raised for, or would have been. */
  #urgentSeen = 0;
  /** What the program's budget was told that the send queue holds. */
  #queuedBytes = 0;

  constructor(owner: Owner, context: SocketContext, family: SocketFamily) {
    const { sendBufferBytes, receiveBufferBytes } = context.host.context.profile;
    super(owner, context, family, context.tcpBindings, defaultOptions(sendBufferBytes, receiveBufferBytes));
  }

  // ---- Facts ----

  override get isListening(): boolean {
    return this.#phase === "listening";
  }

  get isConnecting(): boolean {
    return this.#phase === "connecting";
  }

  get isConnected(): boolean {
    return this.#phase === "connected";
  }

  /** SO_CONNECT_TIME: on the host's clock, undefined when there is no connection. */
  get connectedAtMs(): number | undefined {
    return this.isConnected ? this.#connectedAtMs : undefined;
  }

  /** What is known of the connection; undefined where there is none, or none any more. */
  get connectionFacts(): Pick<TcpConnection, "status" | "idealSendBacklog" | "hasTimestamps" | "leastRttMs"> | undefined {
    return this.isConnected && this.#death === 0 ? this.#connection : undefined;
  }

  override get localEndpoint(): Endpoint | undefined {
    return this.#acceptedAt ?? super.localEndpoint;
  }

  override get isBound(): boolean {
    return this.#acceptedAt !== undefined || super.isBound;
  }

  /** Known while connecting too (Wine's test connecting_socket). */
  override get peer(): Endpoint | undefined {
    if (this.#missingContext !== undefined || (this.#isConnectEx && this.isConnecting)) return undefined;
    return this.#phase === "connecting" || this.#phase === "connected" ? this.#remote : undefined;
  }

  override get readableBytes(): number {
    return this.isConnected && this.#death === 0 ? (this.#connection?.readableBytes ?? 0) : 0;
  }

  override get isReadable(): boolean {
    if (this.#listener !== undefined) return this.#death !== 0 || this.#queuedConnections > 0;
    if (!this.isConnected) return false;
    return this.#death !== 0 || this.#connection!.readableBytes > 0 || this.#connection!.finReceived;
  }

  override get isWritable(): boolean {
    return this.isConnected && (this.#death !== 0 || (this.#hasQuota && this.#roomInBudget > 0));
  }

  override get hasException(): boolean {
    return this.#connectFailed || this.#urgentApart > 0;
  }

  /** Urgent bytes that MSG_OOB receives. */
  get #urgentApart(): number {
    const canBeHad = this.isConnected && this.#death === 0 && !this.#receiveIsShut && !this.options.outOfBandInline;
    return canBeHad ? this.#connection!.urgentApart : 0;
  }

  /** One that was there when SO_OOBINLINE was set counts until it is read (Wine's test fionread_siocatmark). */
  override get isAtMark(): boolean {
    if (!this.isConnected || this.#death !== 0) return true;
    const { urgentHasReturned, bytesUntilUrgent } = this.#connection!;
    return this.#urgentApart === 0 && !urgentHasReturned && (bytesUntilUrgent ?? 0) === 0;
  }

  override get conditions(): number {
    if (this.#listener !== undefined) return this.#death === 0 && this.#queuedConnections > 0 ? FD_ACCEPT : 0;
    if (!this.isConnected) return 0;
    if (this.#death !== 0) return FD_CLOSE;
    const { readableBytes, finReceived } = this.#connection!;
    const arrivals = (readableBytes > 0 ? FD_READ : 0) | (this.#urgentApart > 0 ? FD_OOB : 0);
    return arrivals | (this.isWritable && !this.#sendIsShut ? FD_WRITE : 0) | (finReceived ? FD_CLOSE : 0);
  }

  override get pollEvents(): number {
    if (this.#listener !== undefined) return this.isReadable ? POLLRDNORM : 0;
    if (this.isConnected && this.#death !== 0) return POLLERR | POLLHUP | POLLWRNORM;
    if (this.isConnected) {
      const { readableBytes, finReceived } = this.#connection!;
      const arrivals = (readableBytes > 0 ? POLLRDNORM : 0) | (this.#urgentApart > 0 ? POLLRDBAND : 0);
      return arrivals | (this.isWritable ? POLLWRNORM : 0) | (finReceived ? POLLHUP : 0);
    }
    const isTold = this.#connectFailed && this.context.host.context.profile.pollReportsFailedConnect;
    return isTold ? POLLERR | POLLHUP | POLLWRNORM : 0;
  }

  // ---- Opening ----

  override connect(name: Uint8Array | null, namelen: number): Answer {
    const remote = this.readPeer(name, namelen);
    if (typeof remote === "number") return failed(remote);
    if (this.isListening || this.#isAcceptTarget || (this.#isConnectEx && this.isConnecting)) return failed(WSAEINVAL);
    if (this.isConnecting) return failed(this.owner.isLegacy ? WSAEINVAL : WSAEALREADY);
    if (this.#missingContext === "connect") return failed(WSAEINVAL);
    if (this.isConnected) return failed(WSAEISCONN);
    if (!this.#canBePeer(remote)) return failed(WSAEADDRNOTAVAIL);
    const code = this.bindImplicitly(remote) || this.#open(remote);
    if (code !== 0) return failed(code);
    this.#connectIsNonblocking = this.isNonblocking;
    if (this.isNonblocking) return failed(WSAEWOULDBLOCK);
    return {
      on: [this],
      attempt: () => {
        if (this.isClosed) return failed(WSAEINTR);
        if (this.isConnecting) return undefined;
        return this.isConnected ? DONE : failed(this.#connectError);
      },
      timeoutMs: Number.POSITIVE_INFINITY,
      timedOut: () => failed(WSAETIMEDOUT),
      cancelled: () => this.#giveUpConnecting(),
    };
  }

  #canBePeer({ address, port }: Endpoint): boolean {
    if (isUnspecified(address) || port === 0 || isMulticast(address)) return false;
    return !this.context.host.ip.isBroadcast(address) && this.canSpeakTo(address);
  }

  /**
   * ConnectEx (Microsoft's page, and Wine's test connect for the order of the checks). Over when the connection stands and `bytes` are taken.
   * Result: how many of them.
   */
  connectEx(name: Uint8Array | null, namelen: number, bytes: Uint8Array): Answer {
    if (!this.isBound || this.isListening || this.isConnecting || this.#isAcceptTarget) return failed(WSAEINVAL);
    if (this.isConnected) return failed(WSAEISCONN);
    const remote = this.readPeer(name, namelen);
    if (typeof remote === "number") return failed(remote);
    if (!this.#canBePeer(remote)) return failed(WSAEADDRNOTAVAIL);
    const first = bytes.slice();
    // Only then is there anything to be sent before the connection stands.
    let taken = this.options.fastOpen === 0 ? 0 : Math.min(first.length, FAST_OPEN_BYTES);
    const code = this.#open(remote, taken === 0 ? undefined : first.subarray(0, taken));
    if (code !== 0) return failed(code);
    this.#isConnectEx = true;
    this.#connectIsNonblocking = false;
    return {
      on: [this],
      attempt: () => {
        if (this.isClosed) return failed(WSAEINTR);
        if (this.isConnecting) return undefined;
        if (!this.isConnected) return failed(this.#connectError);
        if (this.#death !== 0) return failed(this.#death);
        if (taken < first.length) taken += this.#take(first, taken, CONTINUED);
        return taken === first.length ? succeeded(taken) : undefined;
      },
      timeoutMs: Number.POSITIVE_INFINITY,
      timedOut: () => failed(WSAETIMEDOUT),
      cancelled: () => this.#giveUpConnecting(),
      bytes: first.length,
    };
  }

  /** SO_UPDATE_CONNECT_CONTEXT. */
  updateConnectContext(): Outcome {
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (this.#missingContext === "connect") this.#missingContext = undefined;
    return DONE;
  }

  /** SO_UPDATE_ACCEPT_CONTEXT: what an accepted socket has from its listener. */
  updateAcceptContext(listener: Socket | undefined): Outcome {
    if (!(listener instanceof StreamSocket && listener.isListening)) return failed(WSAENOTSOCK);
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (this.#missingContext !== "accept") return failed(WSAEINVAL);
    this.#missingContext = undefined;
    this.options = inheritedOptions(listener.options);
    this.applyOptions();
    return DONE;
  }

  /** @returns 0 or a WSA code */
  #open(remote: Endpoint, firstBytes?: Uint8Array): number {
    const binding = this.binding!;
    this.#told = connectionOptions(this.options);
    const connection = this.context.host.tcp.open({
      remote: remote.address,
      remotePort: remote.port,
      local: binding.bound,
      localPort: binding.port,
      options: this.#told,
      ...(firstBytes === undefined ? {} : { firstBytes }),
      user: this,
    });
    if (typeof connection === "string") return codeOfOpenFailure(connection);
    // Nothing has been sent yet: the SYN leaves in the host's next turn.
    const conflict = this.bindings.settle(binding, connection.local);
    if (conflict !== 0) {
      connection.abort();
      return conflict;
    }
    this.#connection = connection;
    this.#remote = { address: connection.remote, port: remote.port };
    this.#phase = "connecting";
    this.#isConnectEx = false;
    this.events.beginConnect();
    return 0;
  }

  #giveUpConnecting(): void {
    if (!this.isConnecting) return;
    this.#connection!.abort();
    this.connectFailed("timed-out");
  }

  established(): void {
    // A nonblocking accept does not wait for the handshake of a request that it answers.
    if (this.isConnected) {
      this.wake();
      return;
    }
    this.#phase = "connected";
    if (this.#isConnectEx) this.#missingContext = "connect";
    this.#connectedAtMs = this.context.host.context.now;
    this.#connectFailed = false;
    this.soError = 0;
    this.wake();
    this.events.raise(FD_CONNECT);
    this.events.look(this.conditions);
  }

  connectFailed(reason: ConnectFailure, said?: IcmpReport): void {
    this.icmpError = said;
    this.#phase = "idle";
    this.#connection = undefined;
    this.#remote = undefined;
    this.#connectFailed = true;
    this.#connectError = codeOfConnectFailure(reason);
    // A blocking connect has told its caller already (Wine's tests select and WSAPoll).
    if (this.#connectIsNonblocking) this.soError = this.#connectError;
    // A wildcard is open again: the next attempt may leave by another interface.
    if (this.binding !== undefined) this.binding.effective = this.binding.bound;
    this.wake();
    this.events.raise(FD_CONNECT, this.#connectError);
  }

  override listen(backlog: number): Outcome {
    if (this.isConnected) return failed(WSAEISCONN);
    if (this.isListening) return DONE;
    if (this.binding === undefined || this.isConnecting) return failed(WSAEINVAL);
    const { bound, port } = this.binding;
    const one = specificOf(bound);
    if (one !== undefined && !this.context.host.ip.isLocalAddress(one)) return failed(WSAENETDOWN);
    this.#told = connectionOptions(this.options);
    this.#listener = this.context.host.tcp.listen({
      local: bound,
      localPort: port,
      backlog: backlogFor(backlog),
      isConditional: this.options.conditionalAccept,
      fastOpenQueue: this.#fastOpenQueue,
      options: this.#told,
      acceptable: () => this.#acceptable(),
      networkDown: () => this.aborted("network-down"),
    });
    this.#listener.isPaused = this.options.pauseAccept;
    this.#phase = "listening";
    return DONE;
  }

  get #fastOpenQueue(): number {
    return this.options.fastOpen === 0 ? 0 : FAST_OPEN_QUEUE;
  }

  #acceptable(): void {
    this.wake();
    if (this.#queuedConnections > 0) this.events.raise(FD_ACCEPT);
  }

  /** Connections that wait to be accepted, or under SO_CONDITIONAL_ACCEPT requests for them. */
  get #queuedConnections(): number {
    return this.#listener?.waiting ?? 0;
  }

  /** Who was offered is the next, unless it is gone: withdrawn, or decided upon by another thread. */
  #offered(offer: number): Incoming | undefined {
    const next = this.#listener!.next;
    return offer === ANY_OFFER || next?.id === offer ? next : undefined;
  }

  /**
   * What WSAAccept's condition function is asked about: the next connection, which stays in the queue. Reply data: its peer's name (a bytes
   * of it), then its own; b: the number of the offer.
   */
  offer(): Answer {
    if (!this.isListening) return failed(WSAEINVAL);
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      if (this.#death !== 0) return failed(this.#death);
      const next = this.#listener!.next;
      if (next === undefined) return undefined;
      if (next.state === "CLOSED") {
        this.#listener!.accept();
        return failed(WSAECONNRESET);
      }
      const peer = this.family.writeName(next.remote, next.remotePort);
      const own = this.family.writeName(next.local, next.localPort);
      const { scratch } = this.context;
      scratch.set(peer);
      scratch.set(own, peer.length);
      return { result: 0, error: 0, a: peer.length, b: next.id, data: scratch.subarray(0, peer.length + own.length) };
    };
    const outcome = this.isQueued("accept") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    return this.isNonblocking ? failed(WSAEWOULDBLOCK) : this.waitHere("accept", attempt, 0, () => failed(WSAETIMEDOUT));
  }

  /** CF_REJECT: the connection that was offered is reset, the request for one refused. */
  reject(offer: number): Outcome {
    if (!this.isListening) return failed(WSAEINVAL);
    const offered = this.#offered(offer);
    if (offered !== undefined) this.#listener!.refuse(offered);
    return DONE;
  }

  /**
   * Under SO_CONDITIONAL_ACCEPT it is over with the handshake; on a nonblocking socket before it, which is then the new socket's.
   * @param room for the peer's address, or −1 when it is not wanted
   * @param offer CF_ACCEPT: it is about what was offered, and who is gone is WSAEACCES (Microsoft, "WSAAccept function"); else undefined
   */
  accept(room: number, offer: number | undefined, acceptor: Acceptor): Answer {
    if (!this.isListening) return failed(WSAEINVAL);
    // Before a connection is taken off the queue, so that it is not lost (Wine's test accept).
    if (room >= 0 && room < this.family.nameBytes) return failed(WSAEFAULT);
    const isOffered = offer !== undefined;
    const acceptance = new Acceptance(this.#listener!, !isOffered, () => this.wake());
    const { isNonblocking } = this;
    const given = (code: number): Outcome => {
      acceptance.giveUp();
      return failed(code);
    };
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return given(WSAEINTR);
      if (this.#death !== 0) return given(this.#death);
      if (!acceptance.isUnderWay) {
        if (isOffered && this.#offered(offer) === undefined) return failed(WSAEACCES);
        if (this.#queuedConnections === 0) return undefined;
      }
      if (!acceptor.hasRoom) return given(WSAEMFILE);
      const connection = isNonblocking ? acceptance.take() : acceptance.next();
      if (connection === undefined) return acceptance.isUnderWay || !isOffered ? undefined : failed(WSAEACCES);
      if (connection.state === "CLOSED") return failed(codeOfHandshake(acceptance.failure));
      const socket = acceptor.newStreamSocket(this.family);
      const handle = acceptor.open(socket);
      socket.#adopt(connection, this, handle);
      if (room < 0) return succeeded(handle);
      return { result: handle, error: 0, data: this.family.writeName(connection.remote, connection.remotePort) };
    };
    const outcome = this.isQueued("accept") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    if (isNonblocking) return failed(WSAEWOULDBLOCK);
    return {
      on: [this],
      // With its request it waits for the handshake, and stands in nobody's way.
      get direction() {
        return acceptance.isUnderWay ? undefined : "accept";
      },
      attempt,
      timeoutMs: Number.POSITIVE_INFINITY,
      timedOut: () => failed(WSAETIMEDOUT),
      cancelled: () => acceptance.giveUp(),
    };
  }

  /**
   * AcceptEx (Microsoft's page, and Wine's test AcceptEx). Over when a connection was put into `target`, and, with room for data, when that
   * has received some or the peer has ended. Result: bytes received; reply data: them, then the two names, of a and b bytes.
   */
  acceptEx(target: Socket, room: number): Answer {
    if (!this.isListening) return failed(WSAEINVAL);
    const isFree = target instanceof StreamSocket && target.#phase === "idle" && !target.isBound && !target.#isAcceptTarget;
    if (!isFree || target.family !== this.family) return failed(WSAEINVAL);
    target.#isAcceptTarget = true;
    const acceptance = new Acceptance(this.#listener!, true, () => this.wake());
    const giveUp = (): void => {
      acceptance.giveUp();
      target.#isAcceptTarget = false;
    };
    const given = (code: number): Outcome => {
      giveUp();
      return failed(code);
    };
    const attempt = (): Outcome | undefined => {
      if (target.isClosed || (this.isClosed && !target.isConnected)) return given(WSAEINTR);
      if (!target.isConnected) {
        if (this.#death !== 0) return given(this.#death);
        const connection = acceptance.next();
        // One that was reset while it was queued concerns nobody.
        if (connection === undefined || connection.state === "CLOSED") return undefined;
        target.#takeOver(connection);
        target.#missingContext = "accept";
      }
      return room === 0 ? target.#accepted(0) : target.#acceptedWithData(room);
    };
    return {
      on: [this, target],
      // With its connection it waits for data or the end of the handshake, and stands in nobody's way.
      get direction() {
        return target.isConnected || acceptance.isUnderWay ? undefined : "accept";
      },
      isUntried: true,
      attempt,
      timeoutMs: Number.POSITIVE_INFINITY,
      timedOut: () => failed(WSAETIMEDOUT),
      cancelled: giveUp,
    };
  }

  #acceptedWithData(room: number): Outcome | undefined {
    if (this.#death !== 0) return this.#accepted(0);
    const { readableBytes, finReceived } = this.#connection!;
    if (readableBytes === 0) return finReceived ? this.#accepted(0) : undefined;
    return this.#accepted(this.#connection!.read(this.context.scratch, 0, Math.min(room, TRANSFER_LIMIT)));
  }

  /** @param count bytes at the beginning of the scratch memory */
  #accepted(count: number): Outcome {
    this.#isAcceptTarget = false;
    const { scratch } = this.context;
    const [local, remote] = [this.#acceptedAt!, this.#remote!].map(({ address, port }) => this.family.writeName(address, port));
    const end = count + local!.length;
    scratch.set(local!, count);
    scratch.set(remote!, end);
    return { result: count, error: 0, a: local!.length, b: remote!.length, data: scratch.subarray(0, end + remote!.length) };
  }

  #adopt(connection: TcpConnection, listener: StreamSocket, handle: number): void {
    this.options = inheritedOptions(listener.options);
    this.isNonblocking = listener.isNonblocking;
    this.#told = listener.#told;
    this.#takeOver(connection);
    this.applyOptions();
    if (connection.finReceived) this.events.raise(FD_CLOSE);
    const { sink, mask } = listener.events;
    this.events.select(sink?.ofSocket(handle), mask, this.conditions);
  }

  /** The connection, which somebody opened to us, is this socket's. */
  #takeOver(connection: TcpConnection): void {
    connection.user = this;
    this.#connection = connection;
    // What came before is a condition, and no event.
    this.#urgentSeen = connection.urgentCount;
    this.#told ??= connectionOptions(this.options);
    this.#acceptedAt = { address: connection.local, port: connection.localPort };
    this.#remote = { address: connection.remote, port: connection.remotePort };
    this.#connectedAtMs = this.context.host.context.now;
    this.#phase = "connected";
  }

  // ---- Sending ----

  /**
   * SO_SNDBUF where the program has set it, else at least that, and as much as keeps the path busy (Windows' dynamic send buffering, ideal
   * send backlog). A system that takes what fits has some room whatever it says (Linux, SOCK_MIN_SNDBUF).
   */
  get #quota(): number {
    const { sendBufferBytes, sendBufferIsSet } = this.options;
    const quota = sendBufferIsSet ? sendBufferBytes : Math.max(sendBufferBytes, this.#connection!.idealSendBacklog);
    const least = this.context.host.context.profile.partialSend ? LEAST_PARTIAL_BUFFER : 0;
    return Math.min(Math.max(quota, least), LARGEST_BUFFER);
  }

  /** A send is taken while less than the quota waits to be acknowledged. Without a buffer blocking sends go one by one, and nonblocking ones wait for none. */
  get #hasQuota(): boolean {
    const queued = this.#connection!.sendQueueBytes;
    if (queued === 0) return true;
    return this.#quota === 0 ? this.isNonblocking : queued < this.#quota;
  }

  /** What the program may still queue, all its sockets together; an empty queue has room for a little, so that none stands still for others. */
  get #roomInBudget(): number {
    const { left } = this.owner.queued;
    return this.#connection!.sendQueueBytes === 0 ? Math.max(left, LEAST_QUEUE) : left;
  }

  /** The program's budget hears what the send queue holds now. */
  #account(): void {
    const queued = this.isClosed || this.#death !== 0 ? 0 : (this.#connection?.sendQueueBytes ?? 0);
    this.owner.queued.change(queued - this.#queuedBytes);
    this.#queuedBytes = queued;
  }

  override send(bytes: Uint8Array | null, flags: number, how: number, hasMore: boolean, isOverlapped = false): Answer {
    // One mark for a send, however many pieces it comes in.
    const isUrgent = (flags & MSG_OOB) !== 0 && !hasMore;
    const answer = this.#send(bytes, flags, how === CONTINUED && !this.#isInSend ? 0 : how, isOverlapped, isUrgent);
    this.#isInSend = hasMore && (isWait(answer) || answer.result === bytes?.length);
    return answer;
  }

  #send(bytes: Uint8Array | null, flags: number, how: number, isOverlapped: boolean, isUrgent: boolean): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    const code = this.#sendError();
    // Of one that its program was told to be over the connection's end says nothing: it was taken before.
    if (code !== 0) return how === POSTED && isOverlapped && bytes !== null ? succeeded(bytes.length) : failed(code);
    if (bytes === null) return failed(WSAEFAULT);
    if ((flags & ~(MSG_DONTROUTE | MSG_PARTIAL | MSG_OOB)) !== 0) return failed(WSAEOPNOTSUPP);
    if (bytes.length === 0) return DONE;

    const isNonblocking = this.isNonblocking && !isOverlapped;
    let taken = this.isQueued("send") ? 0 : this.#take(bytes, 0, how, isUrgent);
    const isBuffered = this.#quota > 0 || isNonblocking;
    if (taken === bytes.length && isBuffered) return this.#sent(taken);
    if (isNonblocking) return taken > 0 ? succeeded(taken) : failed(this.#quota === 0 ? WSAENOBUFS : WSAEWOULDBLOCK);

    const { kept } = this.context;
    const rest = kept.keep(bytes.subarray(taken));
    const before = taken;
    taken = 0;
    const { context } = this.context.host;
    const untilMs = context.now + ROOM_LIMIT_MS;
    const isPatient = (): boolean => isOverlapped && taken === 0 && context.now < untilMs;
    const attempt: Wait["attempt"] = (self) => {
      if (this.isClosed) return failed(WSAEINTR);
      const failure = this.#sendError();
      if (failure !== 0) return failed(failure);
      const isNext = self === undefined || this.isNext(self);
      if (taken < rest.length && isNext && !(this.#isDraining() && isPatient())) {
        taken += this.#take(rest, taken, how, isUrgent);
        if (taken === rest.length) kept.giveBack(rest);
      }
      const isOver = taken === rest.length && (isBuffered || this.#connection!.sendQueueBytes === 0);
      return isOver ? this.#sent(before + taken) : undefined;
    };
    const wait = this.waitHere("send", attempt, isOverlapped ? 0 : this.options.sendTimeoutMs, () =>
      before + taken > 0 ? succeeded(before + taken) : failed(WSAETIMEDOUT),
    );
    const again = isOverlapped && !this.options.sendBufferIsSet ? { lookAgainMs: ROOM_LIMIT_MS } : {};
    return { ...wait, ...again, bytes: rest.length, refused: before > 0 ? succeeded(before) : failed(WSAENOBUFS) };
  }

  /**
   * The queue was full, and half of it has not left since: overlapped sends wait for that, but not for long, so that a program that keeps
   * several in flight hears of the end of all of them together.
   */
  #isDraining(): boolean {
    if (this.options.sendBufferIsSet) return false;
    if (!this.#hasQuota) this.#wasFull = true;
    else if (2 * this.#connection!.sendQueueBytes <= this.#quota) this.#wasFull = false;
    return this.#wasFull;
  }

  /**
   * For a face that knows the queue to be full: waits for room, so that bytes do not come before there is some. Where the host says how
   * much a queue had better hold, that is when half of it has left: with less at a time a program in a stream would be woken for each of
   * its sends. It does not wait for long: a peer that reads no more for now keeps nobody who may send.
   */
  room(): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (this.isNonblocking || this.options.sendTimeoutMs > 0 || this.#quota === 0) return failed(WSAEOPNOTSUPP);
    const isFull = (): boolean => !this.#hasQuota || this.#roomInBudget === 0;
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      const failure = this.#sendError();
      if (failure !== 0) return failed(failure);
      const isMoreToCome = !this.options.sendBufferIsSet && 2 * this.#connection!.sendQueueBytes > this.#quota;
      return isFull() || isMoreToCome ? undefined : this.#sent(0);
    };
    const timedOut = (): Outcome => (isFull() ? failed(WSAETIMEDOUT) : this.#sent(0));
    return attempt() ?? this.waitHere(undefined, attempt, ROOM_LIMIT_MS, timedOut);
  }

  /** With what the face wants to know of the queue. */
  #sent(bytes: number): Outcome {
    const { sendQueueBytes } = this.#connection!;
    return { result: bytes, error: 0, a: sendQueueBytes, b: Math.min(this.#quota, sendQueueBytes + this.#roomInBudget) };
  }

  #sendError(): number {
    return this.#sendIsShut ? WSAESHUTDOWN : this.#death;
  }

  /**
   * Moves what may be moved from `bytes[at…]` into the send queue. Windows takes all, whatever its size, as long as the quota is not
   * exceeded before (Wine's test write_events), so pieces of one send follow without asking; other systems take what fits.
   * A posted one was taken by its face already, which knew that there is room; the quota may have changed since.
   * @param isUrgent the last of them is to be marked
   * @returns how many bytes
   */
  #take(bytes: Uint8Array, at: number, how: number, isUrgent = false): number {
    const connection = this.#connection!;
    const write = (end: number): boolean =>
      isUrgent && end === bytes.length ? connection.writeUrgent(bytes, at, end) : connection.write(bytes, at, end);
    if (how === POSTED && connection.sendQueueBytes <= POSTED_LIMIT && this.owner.queued.left > 0) {
      if (!write(bytes.length)) return 0;
      this.#account();
      return bytes.length - at;
    }
    const isPartial = this.context.host.context.profile.partialSend;
    if ((isPartial || how !== CONTINUED) && !this.#hasQuota) return 0;
    const room = isPartial ? Math.max(1, this.#quota - connection.sendQueueBytes) : bytes.length;
    const end = Math.min(bytes.length, at + room, at + this.#roomInBudget);
    if (end === at || !write(end)) return 0;
    this.#account();
    return end - at;
  }

  /** The address is ignored on a stream (Wine's test tcp_sendto_recvfrom). */
  override sendto(bytes: Uint8Array | null, flags: number, _name?: Uint8Array | null, _tolen?: number, isOverlapped = false): Answer {
    // The rest of one that is longer than a call carries follows by send.
    return this.send(bytes, flags, 0, (bytes?.length ?? 0) >= TRANSFER_LIMIT - LONGEST_NAME, isOverlapped);
  }

  // ---- Receiving ----

  /** @param isBehindShown it wants what comes after the bytes that are shown */
  override recv(wanted: number, flags: number, isOverlapped = false, isBehindShown = false): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (!isBehindShown) this.#shown?.giveBack();
    if (this.#receiveIsShut) return failed(WSAESHUTDOWN);
    if (wanted < 0) return failed(WSAEFAULT);
    const isWhole = (flags & MSG_WAITALL) !== 0;
    const isPeek = (flags & MSG_PEEK) !== 0;
    const isNonblocking = this.isNonblocking && !isOverlapped;
    const isUrgent = (flags & MSG_OOB) !== 0;
    if (isWhole && (isPeek || isUrgent || isNonblocking)) return failed(WSAEOPNOTSUPP);
    if (isUrgent) return this.#receiveUrgent(wanted, isPeek);
    if ((flags & ~(MSG_PEEK | MSG_WAITALL | MSG_PUSH_IMMEDIATE | MSG_PARTIAL)) !== 0) return failed(WSAEOPNOTSUPP);
    // Into no memory an overlapped one waits until there is something (Wine's test empty_recv).
    if (wanted === 0 && !isOverlapped) return this.#death === 0 ? DONE : failed(this.#death);

    const count = Math.min(wanted, TRANSFER_LIMIT);
    const isBehind = isBehindShown ? this.#shown?.standBehind() : undefined;
    const whole = isWhole && count > 0 ? new WholeReceive(count) : undefined;
    const attempt = (): Outcome | undefined => {
      if (isBehind?.() === true && this.#shown?.isShowing === true) return undefined;
      if (whole !== undefined) return this.#receiveEnding() ?? whole.take(this.#connection!);
      return this.#withdrawn(this.#receiveSome(count, isPeek, isOverlapped));
    };
    const outcome = this.isQueued("receive") ? undefined : attempt();
    if (outcome !== undefined) return outcome;
    if (isNonblocking) return failed(WSAEWOULDBLOCK);
    const timedOut = (): Outcome => whole?.gathered ?? failed(WSAETIMEDOUT);
    const wait = this.waitHere("receive", attempt, isOverlapped ? 0 : this.options.receiveTimeoutMs, timedOut);
    if (whole !== undefined) return { ...wait, bytes: count, gathered: () => whole.gathered };
    if (!isOverlapped) return wait;
    return { ...wait, ...(isBehind && { isBehindShown: isBehind }), cancelled: () => void this.#withdrawn(DONE) };
  }

  /** With the last receive that goes on the connection's side of SD_RECEIVE is done too. */
  #withdrawn(outcome: Outcome | undefined): Outcome | undefined {
    if (outcome !== undefined && this.#receivesGoOn && this.#overlappedReceives <= 1) {
      this.#receivesGoOn = false;
      this.#connection!.shutdownReceive();
    }
    return outcome;
  }

  get #overlappedReceives(): number {
    let count = 0;
    for (const { direction, isOverlapped } of this.waiting) if (direction === "receive" && isOverlapped) count++;
    return count;
  }

  #receiveSome(wanted: number, isPeek: boolean, isOverlapped: boolean): Outcome | undefined {
    const ending = this.#receiveEnding(isOverlapped && this.#receivesGoOn);
    if (ending !== undefined) return ending;
    const connection = this.#connection!;
    if (connection.readableBytes === 0) return connection.finReceived ? DONE : undefined;
    const { scratch } = this.context;
    // Urgent bytes come alone, inline too (Microsoft, "Out-of-Band Data": a receive never mixes them with others).
    const before = connection.bytesUntilUrgent ?? wanted;
    const count = Math.min(wanted, before === 0 ? 1 : before);
    const received = isPeek ? connection.peek(scratch, 0, count) : connection.read(scratch, 0, count);
    return { result: received, error: 0, data: scratch.subarray(0, received) };
  }

  /** MSG_OOB: the oldest urgent byte that stands apart. It waits for none. */
  #receiveUrgent(wanted: number, isPeek: boolean): Outcome {
    if (this.#death !== 0) return failed(this.#death);
    if (this.#urgentApart === 0) return failed(WSAEINVAL);
    if (wanted === 0) return DONE;
    const { scratch } = this.context;
    scratch[0] = this.#connection!.readUrgent(isPeek)!;
    return { result: 1, error: 0, data: scratch.subarray(0, 1) };
  }

  // Bytes shown to the face before the program asks for them (winsock/faces/read-ahead.ts).

  /** @param mayBeOthers another thread may receive what is shown */
  show(wanted: number, held: number, taken: number, mayBeOthers: boolean): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    this.#shown ??= new ShownBytes(this.context.host.tcp.newLoans(), this);
    const shown = this.#shown;
    shown.take(this.#living, taken);
    if (wanted <= 0 || held < -1 || held > shown.bytes) return failed(WSAEINVAL);
    // What was shown beyond was thrown away by the face, which had asked for it before something else came between.
    if (held >= 0) shown.keep(held);
    const mustBeSeen =
      mayBeOthers || this.context.host.context.trace.isWatched || this.isNonblocking || this.isShared || this.options.receiveTimeoutMs > 0;
    if (mustBeSeen) return failed(WSAEOPNOTSUPP);
    const attempt = (): Outcome | undefined => {
      const ending = this.#receiveEnding();
      if (ending !== undefined) return ending;
      if (shown.isBehindReceives) return undefined;
      const connection = this.#connection!;
      const unseen = (connection.bytesUntilUrgent ?? connection.readableBytes) - shown.bytes;
      // At a mark a receive has to end: the host alone knows where.
      if (unseen <= 0 && connection.bytesUntilUrgent !== undefined) return failed(WSAEOPNOTSUPP);
      if (unseen <= 0) return connection.finReceived ? DONE : undefined;
      const data = shown.next(connection, Math.min(wanted, unseen, TRANSFER_LIMIT));
      return { result: data.length, error: 0, data };
    };
    return attempt() ?? this.waitHere("show", attempt, 0, () => DONE);
  }

  /** What was shown and not taken is any receive's to have. */
  giveBackShown(): void {
    this.#shown?.giveBack();
  }

  /** The program has had so many of the bytes that were shown. */
  taken(bytes: number): void {
    this.#shown?.take(this.#living, bytes);
    if (this.waiting.size > 0 && this.#shown?.isShowing === false) this.wake();
  }

  /** Undefined when the connection is over. */
  get #living(): TcpConnection | undefined {
    return this.#death === 0 ? this.#connection : undefined;
  }

  #receiveEnding(goesOn = false): Outcome | undefined {
    if (this.isClosed) return failed(WSAEINTR);
    // It has been begun anew, as it is when the peer has ended.
    if (!this.isConnected) return DONE;
    if (this.#receiveIsShut && !goesOn) return failed(WSAESHUTDOWN);
    return this.#death === 0 ? undefined : failed(this.#death);
  }

  /** The address is left alone on a stream. */
  override recvfrom(wanted: number, flags: number, _room?: number, isOverlapped = false): Answer {
    return this.recv(wanted, flags, isOverlapped);
  }

  // ---- Ending ----

  override shutdown(how: number): Outcome {
    if (how < SD_RECEIVE || how > SD_BOTH) return failed(WSAEINVAL);
    if (!this.isConnected || this.#death !== 0 || this.#missingContext !== undefined) return failed(WSAENOTCONN);
    if (how !== SD_RECEIVE && !this.#sendIsShut) {
      this.#sendIsShut = true;
      this.#connection!.shutdownSend();
    }
    if (how !== SD_SEND && !this.#receiveIsShut) {
      this.#receiveIsShut = true;
      this.#receivesGoOn = this.#overlappedReceives > 0;
      if (!this.#receivesGoOn) this.#connection!.shutdownReceive();
    }
    this.wake();
    return DONE;
  }

  /**
   * DisconnectEx (Microsoft's page, and Wine's test DisconnectEx): what was sent and the end of it are acknowledged when it is over.
   * @param isToBeReused TF_REUSE_SOCKET: the peer has ended too then, and the socket, which stays bound, may be connected anew
   */
  disconnectEx(isToBeReused: boolean): Answer {
    if (!this.isConnected) return failed(WSAENOTCONN);
    if (this.#death !== 0) return failed(this.#death);
    if (!this.#sendIsShut) {
      this.#sendIsShut = true;
      this.#connection!.shutdownSend();
    }
    const attempt = (): Outcome | undefined => {
      if (this.isClosed) return failed(WSAEINTR);
      const isOver = this.#death !== 0 || (this.#sendIsFinished && (!isToBeReused || this.#connection!.finReceived));
      if (isOver && isToBeReused) this.#begin();
      return isOver ? DONE : undefined;
    };
    // Its caller is told that it goes on, and waits for a packet: it is never over at once.
    return { on: [this], isUntried: true, attempt, timeoutMs: Number.POSITIVE_INFINITY, timedOut: () => DONE };
  }

  /** As a new socket, but for what it is bound to. */
  #begin(): void {
    this.#shown?.forget();
    // It goes its way to the end of TIME-WAIT without us.
    if (this.#death === 0) this.#connection!.close(false);
    const at = this.#acceptedAt;
    this.#connection = undefined;
    this.#remote = undefined;
    this.#acceptedAt = undefined;
    this.#missingContext = undefined;
    this.#told = undefined;
    this.#phase = "idle";
    this.#death = 0;
    this.#sendIsShut = false;
    this.#receiveIsShut = false;
    this.#receivesGoOn = false;
    this.#sendIsFinished = false;
    this.#isInSend = false;
    this.#urgentSeen = 0;
    this.#account();
    // An accepted socket had no claim of its own on its port.
    if (at !== undefined && this.binding === undefined) this.bindAgain(at);
  }

  override close(): Answer {
    const { linger } = this.options;
    const mustFinish = this.isConnected && this.#death === 0 && !this.#sendIsFinished;
    const lingers = mustFinish && linger.on && linger.seconds > 0;
    if (lingers && this.isNonblocking) return failed(WSAEWOULDBLOCK);

    this.leaveProgram();
    this.#shown?.giveBack();
    this.#account();
    this.#listener?.close();
    this.unbind();
    this.wake();
    if (this.isConnecting) this.#connection!.abort();
    if (!this.isConnected || this.#death !== 0) return DONE;
    const connection = this.#connection!;
    if (linger.on && linger.seconds === 0) {
      connection.abort();
      return DONE;
    }
    connection.close(lingers);
    // Unread data made a reset of it, after which there is nothing to wait for.
    if (!lingers || connection.state === "CLOSED") return DONE;
    const hardClose = () => connection.abort();
    return {
      on: [this],
      attempt: () => (this.#sendIsFinished || this.#death !== 0 ? DONE : undefined),
      timeoutMs: linger.seconds * 1000,
      timedOut: () => {
        hardClose();
        return DONE;
      },
      cancelled: hardClose,
    };
  }

  override abort(): void {
    this.leaveProgram();
    this.#shown?.forget();
    this.#account();
    this.#listener?.close();
    if (this.#death === 0) this.#connection?.abort();
    this.unbind();
  }

  // ---- What TCP says (TcpUser) ----

  urgent(): void {
    this.wake();
    const { urgentCount } = this.#connection!;
    if (this.#urgentSeen === urgentCount) return;
    this.#urgentSeen = urgentCount;
    if (this.events.isSelected && this.#urgentApart > 0) this.events.raise(FD_OOB);
  }

  readable(): void {
    this.wake();
    if (this.events.isSelected && this.readableBytes > 0) this.events.raise(FD_READ);
  }

  endOfStream(): void {
    this.wake();
    this.events.raise(FD_CLOSE);
  }

  writable(): void {
    this.#account();
    this.wake();
    if (this.events.isSelected) this.events.look(this.conditions & FD_WRITE);
  }

  finished(): void {
    this.#sendIsFinished = true;
    this.#account();
    this.wake();
  }

  aborted(reason: AbortReason): void {
    this.#death = codeOfAbort(reason, this.#connection?.finReceived === true);
    this.#account();
    this.wake();
    // Where recv says WSAECONNRESET the event says WSAECONNABORTED (Wine's tests *_events).
    if (this.isConnected) this.events.raise(FD_CLOSE, this.#death === WSAECONNRESET ? WSAECONNABORTED : this.#death);
  }

  // ---- For the base class ----

  override applyOptions(): void {
    if (this.#listener !== undefined) {
      this.#listener.isPaused = this.options.pauseAccept;
      this.#listener.fastOpenQueue = this.#fastOpenQueue;
    }
    if (this.#connection === undefined || this.#told === undefined) return;
    const options = connectionOptions(this.options);
    const changed = changedConnectionOptions(this.#told, options);
    if (changed === undefined) return;
    this.#told = options;
    this.#connection.setOptions(changed);
  }

  protected override choosePort(towards?: Endpoint): number | PortShortage {
    return this.context.host.tcp.choosePort((port) => this.bindings.isFree(port), towards?.address, towards?.port);
  }

  protected override hasLiveConnections(bound: BoundAddress, port: number): boolean {
    return this.context.host.tcp.hasConnectionOn(bound, port);
  }
}

function backlogFor(backlog: number): number {
  if (backlog === SOMAXCONN) return BACKLOG_MAXIMUM;
  if (backlog < 0) return Math.min(Math.max(-backlog, BACKLOG_HINT_MINIMUM), BACKLOG_HINT_MAXIMUM);
  return Math.min(Math.max(backlog, 1), BACKLOG_MAXIMUM);
}
