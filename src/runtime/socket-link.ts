import type { Socket } from "node:net";
import { encodeMessage, type Message } from "./message.ts";
import type { LinkReceiver, MessageLink } from "./message-link.ts";
import { MessageStream } from "./message-stream.ts";

/** Bytes on their way to a peer that does not read; above this nothing is added that can wait. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Messages over a connected Unix socket; the same at both ends. */
export class SocketLink implements MessageLink {
  readonly #socket: Socket;
  readonly #stream: MessageStream;
  #receiver: LinkReceiver;
  #wantsRoom = false;
  #isDown = false;
  #reason = "the connection was closed";

  constructor(socket: Socket, receiver: LinkReceiver) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#stream = new MessageStream((message) => this.#isDown || this.#receiver.message(message));
    socket.on("data", (chunk: Uint8Array) => this.#arrived(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("error", (error) => {
      this.#reason = error.message;
    });
    socket.on("close", () => this.#goDown());
  }

  /** The peer does not read what it asked for. */
  get isCongested(): boolean {
    return this.#socket.writableLength > HIGH_WATER_BYTES;
  }

  set receiver(receiver: LinkReceiver) {
    this.#receiver = receiver;
  }

  send(message: Message): boolean {
    if (this.#isDown) return true;
    if (this.isCongested) {
      this.#wantsRoom = true;
      return false;
    }
    this.sendAnyway(message);
    return true;
  }

  /** For what must not be lost, where the sender bounds it otherwise. */
  sendAnyway(message: Message): void {
    if (this.#isDown) return;
    this.#socket.write(encodeMessage(message));
    if (this.isCongested) this.#wantsRoom = true;
  }

  resume(): void {
    if (!this.#stream.isStalled || this.#isDown) return;
    const wrong = this.#stream.resume();
    if (wrong !== undefined) this.fail(wrong);
    else if (!this.#stream.isStalled) this.#socket.resume();
  }

  close(): void {
    this.#isDown = true;
    this.#socket.destroy();
  }

  /** Sends what is on its way, then closes. */
  closeGently(): void {
    this.#isDown = true;
    // `end` would wait for the peer to close its side too.
    this.#socket.destroySoon();
  }

  /** The peer breaks the rules: it is not listened to any longer, and the receiver hears why. */
  fail(why: string): void {
    this.#reason = why;
    this.#socket.destroy();
    this.#goDown();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #arrived(chunk: Uint8Array): void {
    if (this.#isDown) return;
    const wrong = this.#stream.feed(chunk);
    if (wrong !== undefined) this.fail(wrong);
    else if (this.#stream.isStalled) this.#socket.pause();
  }

  #drained(): void {
    if (!this.#wantsRoom || this.#isDown) return;
    this.#wantsRoom = false;
    this.#receiver.room();
  }

  #goDown(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#receiver.down(this.#reason);
  }
}
