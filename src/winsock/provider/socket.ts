import type { IpAddress } from "../../stack/core/address.ts";
import { type BoundAddress, specificOf } from "../../stack/core/bound-address.ts";
import type { PortShortage } from "../../stack/tcp/tcp-user.ts";
import { FIONBIO, FIONREAD, SIOCATMARK } from "../abi/constants.ts";
import {
  WSAEADDRINUSE,
  WSAEADDRNOTAVAIL,
  WSAEAFNOSUPPORT,
  WSAEFAULT,
  WSAEINVAL,
  WSAENETDOWN,
  WSAENETUNREACH,
  WSAENOBUFS,
  WSAENOTCONN,
  WSAEOPNOTSUPP,
} from "../abi/errors.ts";
import { sizeof_sockaddr } from "../abi/structures.ts";
import { AwaitedNews } from "./awaited-news.ts";
import type { Binding, Bindings, Sharing } from "./bindings.ts";
import type { Completion } from "./completion-port.ts";
import type { Endpoint } from "./endpoint.ts";
import { EventObject } from "./event-object.ts";
import type { KeptBytes } from "./kept-bytes.ts";
import type { ByteBudget } from "./limits.ts";
import { type NetworkEventChange, NetworkEvents, networkEventNames } from "./network-events.ts";
import type { OptionTable } from "./option.ts";
import { type Answer, type CallDirection, DONE, failed, type Outcome, type Wait } from "./outcome.ts";
import type { ProviderHost } from "./provider-host.ts";
import { familyOf, type SocketFamily, socketFamily } from "./socket-family.ts";
import type { SocketOptions } from "./socket-options.ts";
import { HandleObject } from "./waitable.ts";

/** Most bytes that one call carries: longer transfers come in pieces. */
export const TRANSFER_LIMIT = 256 * 1024;

/** However large a program sets SO_SNDBUF or SO_RCVBUF, no more than this is kept for one of its sockets. */
export const LARGEST_BUFFER = 16 * 1024 * 1024;

/** How a send may come: as a piece of one already begun, or without waiting for its answer. */
export const CONTINUED = 1;
export const POSTED = 2;

/** A sockaddr, which is as much of a name as is looked at before its family is. */
const LEAST_NAME = sizeof_sockaddr;

/** The program that made a socket, which answers for what it costs. */
export interface Owner {
  /** A Winsock 1.x start-up is in force, which changes one error code of connect. */
  readonly isLegacy: boolean;
  /** What the send queues of its sockets hold. */
  readonly queued: ByteBudget;
  /** What is kept for its calls that wait, and for what its sockets are to be told of. */
  readonly waiting: ByteBudget;
}

/** Makes sockets for the program that accepts infrared connections. */
export interface InfraredAcceptor extends Owner {
  readonly hasRoom: boolean;
  open(socket: Socket): number;
}

/** What a host with an infrared device has for its programs beyond the sockets of IP. */
export interface InfraredSockets {
  /** Of SOL_IRLMP. */
  readonly options: OptionTable;
  newSocket(owner: Owner, context: SocketContext): Socket;
  /** @param room for the peer's address, or −1 when it is not wanted */
  accept(socket: Socket, room: number, acceptor: InfraredAcceptor): Answer;
}

/** What the sockets of one host share. */
export interface SocketContext {
  readonly host: ProviderHost;
  readonly tcpBindings: Bindings;
  readonly udpBindings: Bindings;
  /** Of raw sockets, which have no ports: nothing conflicts. */
  readonly rawBindings: Bindings;
  /** Undefined on a host without an infrared device. */
  infrared: InfraredSockets | undefined;
  /** The id of the socket that was made last. */
  lastSocket: number;
  /** Where received bytes lie until the reply was given. */
  readonly scratch: Uint8Array;
  /** What sends that wait have still to send. */
  readonly kept: KeptBytes;
}

/** A socket as its program sees it: what streams and datagrams have in common. Each call does its checks in the order of docs and tests. */
export abstract class Socket extends HandleObject {
  abstract readonly type: number;
  abstract readonly protocol: number;
  /** Among all sockets of the host: the trace names it by this. */
  readonly id: number;
  readonly owner: Owner;
  readonly context: SocketContext;
  readonly family: SocketFamily;
  options: SocketOptions;
  isNonblocking = false;
  #isClosed = false;
  /** SO_ERROR: the failure of a nonblocking connect. Not cleared by reading (Wine's test select, marked as Windows behaviour). */
  soError = 0;
  /** There are, or were, other handles of it: others may receive what one has been shown. */
  isShared = false;
  readonly events = new NetworkEvents((change, bits, error) => this.#traceEvents(change, bits, error));
  /** Signalled from the end of an overlapped call that has no event of its own to the next one (Microsoft, "Synchronization and Overlapped Input and Output"). */
  readonly done = new EventObject(true, false);
  /** Its overlapped calls keep their thread (Microsoft, "WSASocket function", WSA_FLAG_OVERLAPPED). */
  isSynchronous = false;
  readonly news: AwaitedNews;
  /** Where its overlapped calls are told of when they are over (CreateIoCompletionPort). */
  completion: Completion | undefined;
  /** A call that is over at once leaves no packet (FILE_SKIP_COMPLETION_PORT_ON_SUCCESS); it may be said before there is a port. */
  skipsPackets = false;
  protected readonly bindings: Bindings;
  protected binding: Binding | undefined;

  constructor(owner: Owner, context: SocketContext, family: SocketFamily, bindings: Bindings, options: SocketOptions) {
    super();
    this.id = ++context.lastSocket;
    this.owner = owner;
    this.news = new AwaitedNews(owner.waiting);
    this.context = context;
    this.family = family;
    this.bindings = bindings;
    this.options = options;
  }

  #traceEvents(change: NetworkEventChange, bits: number, error: number): void {
    const { trace } = this.context.host.context;
    if (!trace.isOn) return;
    const failure = error === 0 ? {} : { error };
    trace.emit({ type: "network-event", socket: this.id, change, bits: networkEventNames(bits), ...failure });
  }

  /** The program gave it up: calls that still wait end. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From here on the program has it no more. */
  protected leaveProgram(): void {
    this.#isClosed = true;
    this.news.end();
  }

  abstract connect(name: Uint8Array | null, namelen: number): Answer;
  abstract listen(backlog: number): Outcome;
  /**
   * @param how 0; CONTINUED when the bytes go on with a call that was accepted already; POSTED when the caller knew of room
   * @param hasMore others go on with these
   */
  abstract send(bytes: Uint8Array | null, flags: number, how: number, hasMore: boolean, isOverlapped?: boolean): Answer;
  abstract sendto(bytes: Uint8Array | null, flags: number, name: Uint8Array | null, tolen: number, isOverlapped?: boolean): Answer;
  /** @param isBehindShown of a stream: it wants what comes after the bytes that are shown */
  abstract recv(wanted: number, flags: number, isOverlapped?: boolean, isBehindShown?: boolean): Answer;
  /** @param room for the sender's address, or −1 when it is not wanted */
  abstract recvfrom(wanted: number, flags: number, room: number, isOverlapped?: boolean): Answer;
  abstract shutdown(how: number): Outcome;
  /** The program's closesocket. An answer that waits is a lingering close: the socket is gone for the program all the same. */
  abstract close(): Answer;
  /** Its program's last WSACleanup: as `close`, without the wait that SO_LINGER asks for and whatever the blocking mode (Microsoft, "WSACleanup function"). */
  closeAtCleanup(): void {
    if (this.options.linger.seconds > 0) this.options.linger = { on: false, seconds: 0 };
    this.close();
  }

  abstract readonly peer: Endpoint | undefined;
  abstract readonly readableBytes: number;
  /** An option changed that the transport wants to know. */
  abstract applyOptions(): void;

  /** SIOCATMARK: no urgent data is to be read after other bytes, or apart from them. */
  get isAtMark(): boolean {
    return true;
  }

  // select's three questions (Microsoft, "select function").
  abstract readonly isReadable: boolean;
  abstract readonly isWritable: boolean;
  abstract readonly hasException: boolean;

  /** FD_ bits of the network events whose condition holds now, told or not. */
  abstract readonly conditions: number;
  /** POLL bits that WSAPoll finds now. */
  abstract readonly pollEvents: number;

  /** A call was made after which these events count anew (Microsoft, "WSAEventSelect function", re-enabling functions). */
  reenable(bits: number): void {
    this.events.reenable(bits);
    if (this.events.isSelected) this.events.look(this.conditions);
  }

  get isListening(): boolean {
    return false;
  }

  get isBound(): boolean {
    return this.binding !== undefined;
  }

  get localEndpoint(): Endpoint | undefined {
    return this.binding === undefined ? undefined : { address: this.binding.effective ?? this.family.any, port: this.binding.port };
  }

  /** Whether what is named has ports; where it has none, what names say of them means nothing. */
  protected get hasPorts(): boolean {
    return true;
  }

  protected get sharing(): Sharing {
    if (this.options.exclusiveAddressUse) return "exclusive";
    return this.options.reuseAddress ? "reuse" : "default";
  }

  bind(name: Uint8Array | null, namelen: number): Outcome {
    if (name === null || namelen < 2) return failed(WSAEFAULT);
    const given = name.subarray(0, Math.min(name.length, namelen));
    const af = familyOf(given);
    if (af === undefined) return failed(WSAEFAULT);
    const named = socketFamily(af);
    if (named === undefined) return failed(WSAEAFNOSUPPORT);
    if (given.length < named.nameBytes) return failed(WSAEFAULT);
    // A known family that is not the socket's (Microsoft, "bind function").
    if (named !== this.family) return failed(WSAEFAULT);
    if (this.isBound) return failed(WSAEINVAL);
    const { address, port } = this.family.readName(given);
    if (!this.canSpeakTo(address)) return failed(WSAEADDRNOTAVAIL);
    const wildcard = this.family.boundTo(address, this.options.isV6Only);
    const wanted = this.hasPorts ? port : 0;
    if (specificOf(wildcard) === undefined) return this.#claim(wildcard, wanted);
    const local = this.localAddress(address);
    return local === undefined ? failed(WSAEADDRNOTAVAIL) : this.#claim(local, wanted);
  }

  /** The address of ours that a program names; undefined when it cannot be bound to. */
  protected localAddress(address: IpAddress): IpAddress | undefined {
    return this.context.host.ip.localAddress(address);
  }

  protected canSpeakTo(address: IpAddress): boolean {
    return this.family.admits(address, this.options.isV6Only);
  }

  /** The name that connect or sendto was given, or the code for one that is none of this socket's family. */
  protected readPeer(name: Uint8Array | null, namelen: number): Endpoint | number {
    const length = Math.min(name?.length ?? 0, namelen);
    if (name === null || length < LEAST_NAME) return WSAEFAULT;
    if (familyOf(name) !== this.family.af) return WSAEAFNOSUPPORT;
    return length < this.family.nameBytes ? WSAEFAULT : this.family.readName(name);
  }

  #claim(bound: BoundAddress, wantedPort: number, towards?: Endpoint): Outcome {
    const sharing = this.sharing;
    if (wantedPort !== 0) {
      const code = this.bindings.conflict(bound, wantedPort, sharing);
      if (code !== 0) return failed(code);
      // An exclusive bind also minds connections that live on (Microsoft, "SO_EXCLUSIVEADDRUSE").
      if (sharing === "exclusive" && this.hasLiveConnections(bound, wantedPort)) return failed(WSAEADDRINUSE);
    }
    const port = wantedPort === 0 ? this.choosePort(towards) : wantedPort;
    // No port is free, or every free one was used towards this very destination lately (Windows' event 4227).
    if (port === "address-in-use") return failed(WSAEADDRINUSE);
    if (port === undefined || port === "no-free-port") return failed(WSAENOBUFS);
    this.binding = this.bindings.add(bound, port, sharing);
    const code = this.opened();
    if (code !== 0) this.unbind();
    return code === 0 ? DONE : failed(code);
  }

  /**
   * @param towards where a stream is about to connect
   * @returns a WSA code when there is no port left
   */
  protected bindImplicitly(towards?: Endpoint): number {
    if (this.binding !== undefined) return 0;
    return this.#claim(this.family.boundTo(this.family.any, this.options.isV6Only), 0, towards).error;
  }

  protected abstract choosePort(towards?: Endpoint): number | PortShortage | undefined;
  protected abstract hasLiveConnections(bound: BoundAddress, port: number): boolean;
  /** The binding was made. @returns 0, or a WSA code if the transport does not follow */
  protected opened(): number {
    return 0;
  }

  /** To a port that is not to be fought for: another socket listens there. */
  protected bindAgain({ address, port }: Endpoint): void {
    this.binding = this.bindings.add(address, port, this.sharing);
  }

  protected unbind(): void {
    if (this.binding !== undefined) this.bindings.remove(this.binding);
    this.binding = undefined;
  }

  /** @param timeoutMs 0 for ever */
  protected waitHere(direction: CallDirection | undefined, attempt: Wait["attempt"], timeoutMs: number, timedOut: () => Outcome): Answer {
    return { on: [this], direction, attempt, timeoutMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs, timedOut };
  }

  getsockname(room: number): Outcome {
    if (room < 0) return failed(WSAEFAULT);
    const local = this.localEndpoint;
    if (local === undefined) return failed(WSAEINVAL);
    if (room < this.family.nameBytes) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: this.family.writeName(local.address, local.port) };
  }

  /** The state comes before the pointers here (Wine's test getpeername). */
  getpeername(room: number): Outcome {
    const peer = this.peer;
    if (peer === undefined) return failed(WSAENOTCONN);
    if (room < this.family.nameBytes) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: this.family.writeName(peer.address, peer.port) };
  }

  /** @param command unsigned */
  ioctlsocket(command: number, argument: number, argumentIsNull: boolean): Outcome {
    if (argumentIsNull) return failed(WSAEFAULT);
    switch (command) {
      case FIONBIO:
        // What tells of events has made it nonblocking (Microsoft, "WSAEventSelect function").
        if (argument === 0 && this.events.isSelected) return failed(WSAEINVAL);
        this.isNonblocking = argument !== 0;
        return DONE;
      case FIONREAD:
        return { result: 0, error: 0, a: this.readableBytes };
      case SIOCATMARK:
        return { result: 0, error: 0, a: Number(this.isAtMark) };
      default:
        return failed(WSAEOPNOTSUPP);
    }
  }
}

/** The code for an outgoing path that is not there. */
export function codeOfRouteFailure(failure: "no-route" | "source-not-local" | "interface-down"): number {
  switch (failure) {
    case "no-route":
      return WSAENETUNREACH;
    case "source-not-local":
      return WSAEADDRNOTAVAIL;
    case "interface-down":
      return WSAENETDOWN;
  }
}
