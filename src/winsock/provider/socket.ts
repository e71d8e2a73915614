import { IPV4_ANY, IPV4_BROADCAST, type IpAddress, isUnspecified, sameAddress } from "../../stack/core/address.ts";
import type { PortShortage } from "../../stack/tcp/tcp-user.ts";
import { AF_INET, FIONBIO, FIONREAD, SIOCATMARK, TRUE } from "../abi/constants.ts";
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
import { sizeof_sockaddr_in } from "../abi/structures.ts";
import type { Binding, Bindings, Sharing } from "./bindings.ts";
import { type Endpoint, familyOf, lengthOfFamily, readEndpoint, sockaddrOf } from "./endpoint.ts";
import type { ByteBudget } from "./limits.ts";
import { type Answer, DONE, failed, type Outcome } from "./outcome.ts";
import type { PendingCall } from "./pending-call.ts";
import type { ProviderHost } from "./provider-host.ts";
import type { SocketOptions } from "./socket-options.ts";

/** Most bytes that one call carries: longer transfers come in pieces. */
export const TRANSFER_LIMIT = 256 * 1024;

/** However large a program sets SO_SNDBUF or SO_RCVBUF, no more than this is kept for one of its sockets. */
export const LARGEST_BUFFER = 16 * 1024 * 1024;

/** How a send may come: as a piece of one already begun, or without waiting for its answer. */
export const CONTINUED = 1;
export const POSTED = 2;

/** The program that a socket belongs to. */
export interface Owner {
  /** A Winsock 1.x start-up is in force, which changes one error code of connect. */
  readonly isLegacy: boolean;
  /** What the send queues of its sockets hold. */
  readonly queued: ByteBudget;
}

/** What the sockets of one host share. */
export interface SocketContext {
  readonly host: ProviderHost;
  readonly tcpBindings: Bindings;
  readonly udpBindings: Bindings;
  /** The id of the socket that was made last. */
  lastSocket: number;
  /** Where received bytes lie until the reply was given. */
  readonly scratch: Uint8Array;
}

/** A socket as its program sees it: what streams and datagrams have in common. Each call does its checks in the order of docs and tests. */
export abstract class Socket {
  abstract readonly type: number;
  abstract readonly protocol: number;
  /** Among all sockets of the host: the trace names it by this. */
  readonly id: number;
  readonly handle: number;
  readonly owner: Owner;
  readonly context: SocketContext;
  options: SocketOptions;
  isNonblocking = false;
  /** The program gave it up: calls that still wait end. */
  isClosed = false;
  /** Calls that wait for something to happen here. */
  readonly waiting = new Set<PendingCall>();
  /** SO_ERROR: the failure of a nonblocking connect. Not cleared by reading (Wine's test select, marked as Windows behaviour). */
  soError = 0;
  protected readonly bindings: Bindings;
  protected binding: Binding | undefined;

  constructor(handle: number, owner: Owner, context: SocketContext, bindings: Bindings, options: SocketOptions) {
    this.id = ++context.lastSocket;
    this.handle = handle;
    this.owner = owner;
    this.context = context;
    this.bindings = bindings;
    this.options = options;
  }

  abstract connect(name: Uint8Array | null, namelen: number): Answer;
  abstract listen(backlog: number): Outcome;
  /**
   * @param how 0; CONTINUED when the bytes go on with a call that was accepted already; POSTED when the caller knew of room
   * @param hasMore others go on with these
   */
  abstract send(bytes: Uint8Array | null, flags: number, how: number, hasMore: boolean): Answer;
  abstract sendto(bytes: Uint8Array | null, flags: number, name: Uint8Array | null, tolen: number): Answer;
  abstract recv(wanted: number, flags: number): Answer;
  /** @param room for the sender's address, or −1 when it is not wanted */
  abstract recvfrom(wanted: number, flags: number, room: number): Answer;
  abstract shutdown(how: number): Outcome;
  /** The program's closesocket. An answer that waits is a lingering close: the socket is gone for the program all the same. */
  abstract close(): Answer;
  /** At once and without ceremony: the program died. */
  abstract abort(): void;
  abstract readonly peer: Endpoint | undefined;
  abstract readonly readableBytes: number;
  /** An option changed that the transport wants to know. */
  abstract applyOptions(): void;

  // select's three questions (Microsoft, "select function").
  abstract readonly isReadable: boolean;
  abstract readonly isWritable: boolean;
  abstract readonly hasException: boolean;

  /** Something changed: calls that wait here look again. */
  wake(): void {
    if (this.waiting.size === 0) return;
    for (const call of [...this.waiting]) call.retry();
  }

  get isBound(): boolean {
    return this.binding !== undefined;
  }

  get localEndpoint(): Endpoint | undefined {
    return this.binding === undefined ? undefined : { address: this.binding.effective, port: this.binding.port };
  }

  protected get sharing(): Sharing {
    if (this.options.exclusiveAddressUse) return "exclusive";
    return this.options.reuseAddress ? "reuse" : "default";
  }

  bind(name: Uint8Array | null, namelen: number): Outcome {
    if (name === null || namelen < 2) return failed(WSAEFAULT);
    const given = name.subarray(0, Math.min(name.length, namelen));
    const family = familyOf(given);
    if (family === undefined) return failed(WSAEFAULT);
    const needed = lengthOfFamily(family);
    if (given.length < needed) return failed(WSAEFAULT);
    if (needed === 0) return failed(WSAEAFNOSUPPORT);
    // A known family that is not the socket's (Microsoft, "bind function").
    if (family !== AF_INET) return failed(WSAEFAULT);
    if (this.isBound) return failed(WSAEINVAL);
    const { address, port } = readEndpoint(given);
    if (!this.canBindTo(address)) return failed(WSAEADDRNOTAVAIL);
    return this.#claim(address, port);
  }

  /** 255.255.255.255 is for datagram sockets with SO_BROADCAST only, and they override this. */
  protected canBindTo(address: IpAddress): boolean {
    if (isUnspecified(address)) return true;
    return !sameAddress(address, IPV4_BROADCAST) && this.context.host.ip.isLocalAddress(address);
  }

  #claim(address: IpAddress, wantedPort: number, towards?: Endpoint): Outcome {
    const sharing = this.sharing;
    if (wantedPort !== 0) {
      const code = this.bindings.conflict(address, wantedPort, sharing);
      if (code !== 0) return failed(code);
      // An exclusive bind also minds connections that live on (Microsoft, "SO_EXCLUSIVEADDRUSE").
      if (sharing === "exclusive" && this.hasLiveConnections(address, wantedPort)) return failed(WSAEADDRINUSE);
    }
    const port = wantedPort === 0 ? this.choosePort(towards) : wantedPort;
    // No port is free, or every free one was used towards this very destination lately (Windows' event 4227).
    if (port === "address-in-use") return failed(WSAEADDRINUSE);
    if (port === undefined || port === "no-free-port") return failed(WSAENOBUFS);
    this.binding = this.bindings.add(address, port, sharing);
    const code = this.opened();
    if (code !== 0) this.unbind();
    return code === 0 ? DONE : failed(code);
  }

  /**
   * @param towards where a stream is about to connect
   * @returns a WSA code when there is no port left
   */
  protected bindImplicitly(towards?: Endpoint): number {
    return this.binding === undefined ? this.#claim(IPV4_ANY, 0, towards).error : 0;
  }

  protected abstract choosePort(towards?: Endpoint): number | PortShortage | undefined;
  protected abstract hasLiveConnections(address: IpAddress, port: number): boolean;
  /** The binding was made. @returns 0, or a WSA code if the transport does not follow */
  protected opened(): number {
    return 0;
  }

  protected unbind(): void {
    if (this.binding !== undefined) this.bindings.remove(this.binding);
    this.binding = undefined;
  }

  /** @param timeoutMs 0 for ever */
  protected waitHere(attempt: () => Outcome | undefined, timeoutMs: number, timedOut: () => Outcome): Answer {
    return { on: [this], attempt, timeoutMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs, timedOut };
  }

  getsockname(room: number): Outcome {
    if (room < 0) return failed(WSAEFAULT);
    const local = this.localEndpoint;
    if (local === undefined) return failed(WSAEINVAL);
    if (room < sizeof_sockaddr_in) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: sockaddrOf(local.address, local.port) };
  }

  /** The state comes before the pointers here (Wine's test getpeername). */
  getpeername(room: number): Outcome {
    const peer = this.peer;
    if (peer === undefined) return failed(WSAENOTCONN);
    if (room < sizeof_sockaddr_in) return failed(WSAEFAULT);
    return { result: 0, error: 0, data: sockaddrOf(peer.address, peer.port) };
  }

  /** @param command unsigned */
  ioctlsocket(command: number, argument: number, argumentIsNull: boolean): Outcome {
    if (argumentIsNull) return failed(WSAEFAULT);
    switch (command) {
      case FIONBIO:
        this.isNonblocking = argument !== 0;
        return DONE;
      case FIONREAD:
        return { result: 0, error: 0, a: this.readableBytes };
      case SIOCATMARK:
        // Urgent data is not received yet, so none is ever waiting.
        return { result: 0, error: 0, a: TRUE };
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
