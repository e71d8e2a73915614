import type { IpAddress } from "../stack/core/address.ts";
import type { TcpConnection, TcpListener } from "../stack/tcp/tcp-service.ts";
import type { AbortReason, ConnectFailure, ConnectionOptions, TcpUser } from "../stack/tcp/tcp-user.ts";
import type { DrillError } from "./error-names.ts";
import { SendSpace } from "./send-space.ts";
import { symbol } from "./symbols.ts";

const IN = symbol("POLLIN");
const OUT = symbol("POLLOUT");
const ERR = symbol("POLLERR");
const HUP = symbol("POLLHUP");
const RDHUP = symbol("POLLRDHUP");
const RDNORM = symbol("POLLRDNORM");
const WRNORM = symbol("POLLWRNORM");

/** Hears that something may be ready which was not. */
export interface ReadinessWatcher {
  woken(): void;
}

/** Where a socket is in its life. `failed`: a connection that came to nothing or that broke. */
type SocketStage = "new" | "listening" | "connecting" | "connected" | "failed";

const CONNECT_ERRORS: Readonly<Record<ConnectFailure, DrillError>> = {
  refused: "ECONNREFUSED",
  "timed-out": "ETIMEDOUT",
  "host-unreachable": "EHOSTUNREACH",
  "net-unreachable": "ENETUNREACH",
  "network-down": "ENETDOWN",
};

const ABORT_ERRORS: Readonly<Record<AbortReason, DrillError>> = {
  reset: "ECONNRESET",
  "timed-out": "ETIMEDOUT",
  "network-down": "ENETDOWN",
};

/** A stream socket as POSIX has them, over a connection or listener of the stack. Nothing in here waits. */
export class DrillSocket implements TcpUser {
  stage: SocketStage = "new";
  isNonBlocking = false;
  connection: TcpConnection | undefined;
  listener: TcpListener | undefined;
  bound: { readonly address: IpAddress | undefined; readonly port: number } | undefined;
  /** What the connection is to be opened with, or has. */
  options: Partial<ConnectionOptions> = {};
  readonly space = new SendSpace();
  receiveBufferBytes: number | undefined;
  lingerSeconds: number | undefined;
  /** TCP_INQ: recvmsg tells what is left to read. */
  tellsInq = false;
  /** For who asks what was set. */
  readonly values = new Map<string, number>();
  isReadShut = false;
  isWriteShut = false;
  /** Somebody found no room and wants to hear when there is some. */
  wantsRoom = false;
  readonly watchers = new Set<ReadinessWatcher>();
  #error: DrillError | undefined;
  /** An attempt that has succeeded is told of once by another connect. */
  #isConnectTold = true;

  get error(): DrillError | undefined {
    return this.#error;
  }

  /** SO_ERROR, which is taken by who asks. */
  takeError(): DrillError | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** A connect that succeeded in the background. @returns whether nobody was told yet */
  takeConnected(): boolean {
    const isNews = !this.#isConnectTold;
    this.#isConnectTold = true;
    return isNews;
  }

  /** An attempt to connect has begun. */
  connecting(connection: TcpConnection): void {
    this.connection = connection;
    this.stage = "connecting";
    this.#isConnectTold = false;
  }

  /** A connection that was accepted. */
  accepted(connection: TcpConnection): void {
    this.connection = connection;
    this.stage = "connected";
    connection.user = this;
    if (connection.state === "CLOSED") this.#fail("ECONNRESET");
  }

  /** As it was when it was made, but for its options. */
  disconnected(): void {
    this.connection = undefined;
    this.stage = "new";
    this.#error = undefined;
    this.isReadShut = false;
    this.isWriteShut = false;
  }

  get readableBytes(): number {
    return this.connection?.readableBytes ?? 0;
  }

  /** Nothing will come after what can be read. */
  get isAtEnd(): boolean {
    return this.isReadShut || this.stage === "failed" || this.connection?.finReceived === true;
  }

  // What the connection tells

  established(): void {
    if (this.stage === "connecting") this.stage = "connected";
    this.wake();
  }

  connectFailed(reason: ConnectFailure): void {
    this.#fail(CONNECT_ERRORS[reason]);
  }

  readable(): void {
    this.wake();
  }

  endOfStream(): void {
    this.wake();
  }

  aborted(reason: AbortReason): void {
    // After the peer's FIN nobody waits for more from there: what a reset breaks is sending.
    this.#fail(reason === "reset" && this.connection?.finReceived === true ? "EPIPE" : ABORT_ERRORS[reason]);
  }

  #fail(error: DrillError): void {
    this.stage = "failed";
    this.#error = error;
    this.wake();
  }

  wake(): void {
    for (const watcher of this.watchers) watcher.woken();
  }

  // Readiness

  /** Events of poll(2) that hold now. @param isWritable whether there is room to write */
  ready(isWritable: () => boolean): number {
    if (this.stage === "listening") return (this.listener?.waiting ?? 0) > 0 ? IN | RDNORM : 0;
    const isReadOver = this.isAtEnd;
    const isWriteOver = this.isWriteShut || this.stage === "failed";
    let events = 0;
    if ((isReadOver && isWriteOver) || this.stage === "new" || this.stage === "failed") events |= HUP;
    if (isReadOver) events |= IN | RDNORM | RDHUP;
    if (this.stage !== "connecting") {
      if (this.readableBytes > 0) events |= IN | RDNORM;
      if (isWriteOver || this.stage === "new" || isWritable()) events |= OUT | WRNORM;
    }
    if (this.#error !== undefined) events |= ERR;
    return events;
  }
}
