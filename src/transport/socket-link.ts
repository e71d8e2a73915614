import type { Socket } from "node:net";
import { encodeMessage, type Message } from "./message.ts";
import type { LinkReceiver, MessageLink } from "./message-link.ts";
import { MessageStream } from "./message-stream.ts";

/** Bytes on their way to a peer that does not read; above this nothing is added that can wait. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Messages to a daemon over a connected Unix socket, on the event loop. */
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

  set receiver(receiver: LinkReceiver) {
    this.#receiver = receiver;
  }

  send(message: Message): boolean {
    if (this.#isDown) return true;
    if (this.#socket.writableLength > HIGH_WATER_BYTES) {
      this.#wantsRoom = true;
      return false;
    }
    this.#socket.write(encodeMessage(message));
    return true;
  }

  resume(): void {
    if (!this.#stream.isStalled || this.#isDown) return;
    this.#listen(() => this.#stream.resume());
    if (!this.#stream.isStalled && !this.#isDown) this.#socket.resume();
  }

  close(): void {
    this.#isDown = true;
    this.#socket.destroy();
  }

  /** The daemon breaks the rules: it is not listened to any longer, and the receiver hears why. */
  #fail(why: string): void {
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
    this.#listen(() => this.#stream.feed(chunk));
    if (this.#stream.isStalled) this.#socket.pause();
  }

  /** Whatever a daemon says, it ends this link at worst, never the program. */
  #listen(take: () => string | undefined): void {
    let wrong: string | undefined;
    try {
      wrong = take();
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    if (wrong !== undefined) this.#fail(wrong);
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
