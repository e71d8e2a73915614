import { ONLY_CLIENT } from "./async-call-port.ts";
import type { Channel } from "./channel.ts";
import { emptyMessage, type Message, REQUEST } from "./message.ts";
import { RingReader, RingWriter } from "./ring.ts";
import type { SocketLink } from "./socket-link.ts";

/** One channel joined to one connection of the daemon: requests go out as they are, replies and events come in as they are. */
export class DaemonRelay {
  readonly #channel: Channel;
  readonly #link: SocketLink;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  readonly #message: Message = emptyMessage();
  #waitsForLink = false;
  #waitsForClient = false;

  /** @param roomMade called when `pump` has something to do again */
  constructor(channel: Channel, link: SocketLink, roomMade: () => void, down: (why: string) => void) {
    this.#channel = channel;
    this.#link = link;
    this.#reader = new RingReader(channel.requests);
    this.#writer = new RingWriter(channel.replies);
    link.receiver = {
      message: (message) => this.#arrived(message),
      room: () => {
        this.#waitsForLink = false;
        roomMade();
      },
      down,
    };
  }

  get isClosed(): boolean {
    return this.#channel.isClosed;
  }

  get hasWork(): boolean {
    return this.#channel.isClosed || (!this.#waitsForLink && this.#reader.hasMessage);
  }

  /** Moves what can be moved. Called when the client has rung. */
  pump(): void {
    while (!this.#waitsForLink && this.#reader.read(this.#message)) {
      if (this.#message.kind === REQUEST && !this.#link.send(this.#message)) this.#waitsForLink = true;
      else if (this.#reader.release()) this.#channel.wakeClient();
    }
    if (!this.#waitsForClient) return;
    this.#waitsForClient = false;
    this.#link.resume();
  }

  close(): void {
    this.#link.close();
  }

  /** Ends every wait of the client, once the doorbell says that the thread has ended. */
  release(): void {
    this.#channel.release();
  }

  #arrived(message: Message): boolean {
    message.client = ONLY_CLIENT;
    if (!this.#writer.write(message)) {
      this.#waitsForClient = true;
      return false;
    }
    this.#channel.wakeClient();
    return true;
  }
}
