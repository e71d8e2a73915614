import { formatEndpoint, type IpAddress } from "../core/address.ts";
import type { Connection } from "./connection.ts";
import { EMPTY_STATUS } from "./status.ts";
import type { TcpConnection, TcpListener } from "./tcp-service.ts";
import type { ConnectionStatus, ListenRequest, TcpOptions } from "./tcp-user.ts";

/** Half-open connections of one listener; more SYNs are dropped, oldest kept (SYN cookies come with the full checklist). */
export const HALF_OPEN_CAP = 1024;

/** A passive open: connections that wait for their handshake, and those that wait to be accepted. */
export class Listener implements TcpListener {
  readonly local: IpAddress | undefined;
  readonly localPort: number;
  readonly options: Partial<TcpOptions>;
  readonly acceptable: () => void;
  readonly networkDown: () => void;
  readonly #queue: Connection[] = [];
  readonly #onClose: (listener: Listener) => void;
  readonly halfOpen = new Set<Connection>();
  #backlog: number;

  constructor(request: ListenRequest, onClose: (listener: Listener) => void) {
    this.local = request.local;
    this.localPort = request.localPort;
    this.options = request.options ?? {};
    this.acceptable = request.acceptable;
    this.networkDown = request.networkDown ?? (() => {});
    this.#backlog = Math.max(1, request.backlog);
    this.#onClose = onClose;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get isFull(): boolean {
    return this.#queue.length >= this.#backlog;
  }

  setBacklog(backlog: number): void {
    this.#backlog = Math.max(1, backlog);
  }

  accept(): TcpConnection | undefined {
    return this.#queue.shift();
  }

  enqueue(conn: Connection): void {
    this.#queue.push(conn);
  }

  /** As a row of `ss`: the receive queue counts connections, as in Linux' listing. */
  status(): ConnectionStatus {
    const local = this.local === undefined ? `*:${this.localPort}` : formatEndpoint(this.local, this.localPort);
    return { ...EMPTY_STATUS, state: "LISTEN", local, remote: "*:*", receiveQueueBytes: this.waiting };
  }

  close(): void {
    this.#onClose(this);
    for (const conn of [...this.halfOpen, ...this.#queue]) conn.abort();
    this.#queue.length = 0;
    this.halfOpen.clear();
  }
}
