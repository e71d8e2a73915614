import type { Socket } from "node:net";
import {
  CLOSE,
  EVENT,
  emptyMessage,
  HELLO,
  HELLO_MAGIC,
  helloMessage,
  type Message,
  OPEN,
  PROTOCOL_VERSION,
  REPLY,
  REQUEST,
} from "../runtime/message.ts";
import type { LinkReceiver, MessageLink } from "../runtime/message-link.ts";
import { SocketLink } from "../runtime/socket-link.ts";

export const MAX_CLIENTS = 64;
/** Calls of one client that may wait for their answer; with more of them its socket is not read. */
export const MAX_PENDING_CALLS = 1024;
/** A client has this long to say who it is. */
const HELLO_LIMIT_MS = 5_000;

/** What the log is told. */
export interface ServerListener {
  clientOpened(client: number): void;
  clientClosed(client: number, why: string): void;
  /** The host is gone; the server has closed every client. */
  hostDown(why: string): void;
}

/**
 * Many clients on the daemon's socket, one link to the host. Each client's messages carry its number on that link and nowhere else.
 * A client that does not read is not read from, one that breaks the rules is dropped, and neither touches the others.
 */
export class DaemonServer implements LinkReceiver {
  readonly #host: MessageLink;
  readonly #listener: ServerListener;
  readonly #clients = new Map<number, ServedClient>();
  /** Messages of the server's own for which the host's ring had no room. */
  #waiting: Message[] = [];
  #lastClient = 0;
  #isClosed = false;

  /** @param connectHost makes the link to the host, which reports to the server */
  constructor(connectHost: (receiver: LinkReceiver) => MessageLink, listener: ServerListener) {
    this.#listener = listener;
    this.#host = connectHost(this);
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  /** A socket that somebody connected, still paused. */
  accept(socket: Socket): void {
    if (this.#isClosed || this.#clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    const number = ++this.#lastClient;
    const client = new ServedClient(socket, {
      greeted: () => {
        this.#tell({ ...emptyMessage(), kind: OPEN, client: number });
        this.#listener.clientOpened(number);
      },
      request: (message) => {
        message.client = number;
        // Nothing may overtake the OPEN.
        return this.#waiting.length === 0 && this.#host.send(message);
      },
      gone: (why, wasGreeted) => {
        this.#clients.delete(number);
        if (!wasGreeted) return;
        this.#tell({ ...emptyMessage(), kind: CLOSE, client: number });
        this.#listener.clientClosed(number, why);
      },
    });
    this.#clients.set(number, client);
    socket.resume();
  }

  /** Ends every client and the link. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
    this.#host.close();
  }

  // LinkReceiver: what the host says.

  message(message: Message): boolean {
    const client = this.#clients.get(message.client);
    if (message.kind === REPLY) client?.reply(message);
    else if (message.kind === EVENT) client?.event(message);
    return true;
  }

  room(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.#tell(message);
    for (const client of this.#clients.values()) client.resume();
  }

  down(why: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.hostDown(why);
  }

  #tell(message: Message): void {
    if (this.#waiting.length > 0 || !this.#host.send(message)) this.#waiting.push(message);
  }
}

interface ClientOwner {
  greeted(): void;
  /** @returns false when there is no room; `resume` follows */
  request(message: Message): boolean;
  gone(why: string, wasGreeted: boolean): void;
}

/** One connection of the daemon's socket. */
class ServedClient implements LinkReceiver {
  readonly #link: SocketLink;
  readonly #owner: ClientOwner;
  readonly #helloLimit: NodeJS.Timeout;
  #isGreeted = false;
  #isGone = false;
  #pending = 0;

  constructor(socket: Socket, owner: ClientOwner) {
    this.#owner = owner;
    this.#link = new SocketLink(socket, this);
    this.#helloLimit = setTimeout(() => this.#link.fail("it said no hello"), HELLO_LIMIT_MS);
  }

  reply(message: Message): void {
    this.#link.sendAnyway(message);
    if (message.more) return;
    this.#pending--;
    this.resume();
  }

  /** Lost when the client does not read; it sees a gap in the numbers. */
  event(message: Message): void {
    if (!this.#link.isCongested) this.#link.sendAnyway(message);
  }

  resume(): void {
    this.#link.resume();
  }

  close(): void {
    clearTimeout(this.#helloLimit);
    this.#isGone = true;
    this.#link.closeGently();
  }

  // LinkReceiver: what the client says.

  message(message: Message): boolean {
    if (!this.#isGreeted) {
      this.#greet(message);
      return true;
    }
    if (message.kind !== REQUEST || message.more) {
      this.#link.fail("it sent what no client sends");
      return true;
    }
    // Pending calls bound the replies that may pile up; a peer that leaves its replies unread makes no new ones.
    if (this.#pending >= MAX_PENDING_CALLS || this.#link.isCongested) return false;
    if (!this.#owner.request(message)) return false;
    this.#pending++;
    return true;
  }

  room(): void {
    this.#link.resume();
  }

  down(why: string): void {
    clearTimeout(this.#helloLimit);
    if (this.#isGone) return;
    this.#isGone = true;
    this.#owner.gone(why, this.#isGreeted);
  }

  #greet(hello: Message): void {
    clearTimeout(this.#helloLimit);
    if (hello.kind !== HELLO || hello.value !== HELLO_MAGIC) {
      this.#link.fail("it does not speak as a client does");
      return;
    }
    this.#link.sendAnyway(helloMessage());
    if (hello.op !== PROTOCOL_VERSION) {
      // It learns our version from our hello.
      this.#link.closeGently();
      this.down(`it speaks version ${hello.op}`);
      return;
    }
    this.#isGreeted = true;
    this.#owner.greeted();
  }
}
