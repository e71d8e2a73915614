import { createConnection, type Socket } from "node:net";
import {
  EVENT,
  emptyMessage,
  encodeMessage,
  HELLO,
  helloMessage,
  type Message,
  messageLength,
  REPLY,
  REQUEST,
  readMessage,
} from "../../src/transport/message.ts";
import { CALL, type CallName } from "../../src/winsock/provider/calls.ts";

const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;

export interface Arguments {
  readonly s?: number;
  readonly a?: number;
  readonly b?: number;
  readonly c?: number;
  readonly data?: Uint8Array | null;
}

export const requestMessage = (id: number, op: number, { s = 0, a = 0, b = 0, c = 0, data = null }: Arguments = {}): Message => ({
  ...emptyMessage(),
  kind: REQUEST,
  id,
  op,
  value: s,
  a,
  b,
  c,
  data,
});

export const loopbackName = (port: number): Uint8Array =>
  new Uint8Array([AF_INET, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);

/** A client of the daemon that is nothing but the format of its messages: it may write whatever it likes, read or not, and go as it likes. */
export class RawClient {
  readonly socket: Socket;
  /** The daemon hung up, or we did. */
  readonly closed: Promise<void>;
  isClosed = false;
  /** Replies and events, in order, unless somebody waits for the reply. */
  readonly unclaimed: Message[] = [];
  hello: Message | undefined;
  #waiting = new Map<number, (reply: Message | undefined) => void>();
  #held: Buffer[] = [];
  #heldBytes = 0;
  #wanted = 4;
  #lastId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.#arrived(chunk));
    socket.on("error", () => {});
    // One that keeps its side open after the daemon has closed is done all the same.
    socket.on("end", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        for (const tell of this.#waiting.values()) tell(undefined);
        resolve();
      });
    });
  }

  /** Connected, and nothing said. A connection that is not taken is one that is closed. */
  static silent(path: string, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    return new Promise((resolve) => {
      const client = new RawClient(createConnection({ path, ...options }));
      client.socket.once("connect", () => resolve(client));
      client.socket.once("close", () => resolve(client));
    });
  }

  /** Greeted, but before WSAStartup. @throws Error when the daemon turns it away */
  static async greeted(path: string, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const client = await RawClient.silent(path, options);
    if (!(await client.greet())) throw new Error("The daemon turned a client away");
    return client;
  }

  /** A program that has called WSAStartup. */
  static async started(path: string, options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const client = await RawClient.greeted(path, options);
    await client.call("startup", { a: 0x0202 });
    return client;
  }

  /** @returns whether the daemon greets back */
  async greet(): Promise<boolean> {
    this.write(encodeMessage(helloMessage()));
    while (this.hello === undefined && !this.isClosed) await this.#news();
    return this.hello !== undefined;
  }

  write(bytes: Uint8Array): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** Resolves when the kernel has all of it, or the daemon has hung up. */
  async writeAll(bytes: Uint8Array): Promise<void> {
    if (this.isClosed) return;
    await Promise.race([new Promise<void>((resolve) => this.socket.write(bytes, () => resolve())), this.closed]);
  }

  /** Sends a request and waits for nothing. @returns its id */
  request(name: CallName | number, args: Arguments = {}): number {
    const id = ++this.#lastId;
    this.write(encodeMessage(requestMessage(id, typeof name === "number" ? name : CALL[name], args)));
    return id;
  }

  /** The last message of the reply with this id; undefined when the daemon hangs up first. */
  reply(id: number): Promise<Message | undefined> {
    const at = this.unclaimed.findIndex((m) => m.kind === REPLY && m.id === id && !m.more);
    if (at >= 0) return Promise.resolve(this.unclaimed.splice(at, 1)[0]);
    if (this.isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  /** @throws Error when the daemon hangs up instead of answering */
  async call(name: CallName | number, args: Arguments = {}): Promise<Message> {
    const reply = await this.reply(this.request(name, args));
    if (reply === undefined) throw new Error(`The daemon hung up during ${name}`);
    return reply;
  }

  async manage<T>(request: object): Promise<T> {
    const reply = await this.call("control", { data: new TextEncoder().encode(JSON.stringify(request)) });
    const answer = JSON.parse(new TextDecoder().decode(reply.data!)) as { ok: boolean; result: T; error: string };
    if (!answer.ok) throw new Error(answer.error);
    return answer.result;
  }

  /** A stream connected to ourselves: the listener and both ends. */
  async connectedPair(): Promise<{ listener: number; near: number; far: number }> {
    const listener = (await this.call("socket", { a: AF_INET, b: SOCK_STREAM })).value;
    await this.call("bind", { s: listener, a: 16, data: loopbackName(0) });
    await this.call("listen", { s: listener, a: 5 });
    const name = (await this.call("getsockname", { s: listener, a: 16 })).data!;
    const near = (await this.call("socket", { a: AF_INET, b: SOCK_STREAM })).value;
    await this.call("connect", { s: near, a: 16, data: name });
    const far = (await this.call("accept", { s: listener, a: -1 })).value;
    return { listener, near, far };
  }

  /** A datagram socket with a port of its own. */
  async boundDatagramSocket(): Promise<number> {
    const s = (await this.call("socket", { a: AF_INET, b: SOCK_DGRAM })).value;
    await this.call("bind", { s, a: 16, data: loopbackName(0) });
    return s;
  }

  async event(): Promise<number> {
    return (await this.call("createEvent", { a: 1 })).value;
  }

  /** Gone from one moment to the next, as a program that is killed. */
  async kill(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #news(): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.socket.once("data", () => resolve())), this.closed]);
  }

  #arrived(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    while (this.#heldBytes >= this.#wanted) {
      const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
      this.#held = [bytes];
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const length = messageLength(view, 0);
      if (typeof length !== "number") throw new Error(`The daemon sent a ${length}`);
      this.#wanted = length;
      if (bytes.length < length) return;
      this.#take(bytes, view, length);
      this.#held = [bytes.subarray(length)];
      this.#heldBytes = bytes.length - length;
      this.#wanted = 4;
    }
  }

  #take(bytes: Uint8Array, view: DataView, length: number): void {
    const message = emptyMessage();
    const wrong = readMessage(bytes, view, 0, length, message);
    if (wrong !== undefined) throw new Error(`The daemon sent a ${wrong}`);
    if (message.data !== null) message.data = message.data.slice();
    if (message.kind === HELLO) {
      this.hello = message;
      return;
    }
    const tell = message.kind === EVENT || message.more ? undefined : this.#waiting.get(message.id);
    if (tell === undefined) {
      this.unclaimed.push(message);
      return;
    }
    this.#waiting.delete(message.id);
    tell(message);
  }
}
