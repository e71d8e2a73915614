import { ONLY_CLIENT } from "./async-call-port.ts";
import type { Channel } from "./channel.ts";
import { emptyMessage, type Message, REQUEST } from "./message.ts";
import { RingReader, RingWriter, ringBytes } from "./ring.ts";
import type { SocketLink } from "./socket-link.ts";

/** One channel joined to one connection of the daemon: requests go out as they are, replies and events come in as they are. */
export class DaemonRelay {
  readonly #channel: Channel;
  readonly #link: SocketLink;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  readonly #message: Message = emptyMessage();
  #waitsForLink = false;
  /** Room that the next message of the daemon wants in the client's ring; 0 when none waits. */
  #wantedBytes = 0;

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
    if (this.#channel.isClosed || (!this.#waitsForLink && this.#reader.hasMessage)) return true;
    // The client may have made room while we were awake, when its ringing wakes nobody.
    return this.#wantedBytes > 0 && this.#writer.hasRoom(this.#wantedBytes);
  }

  /** Moves what can be moved. Called when the client has rung. */
  pump(): void {
    while (!this.#waitsForLink && this.#reader.read(this.#message)) {
      if (this.#message.kind === REQUEST && !this.#link.send(this.#message)) this.#waitsForLink = true;
      else if (this.#reader.release()) this.#channel.wakeClient();
    }
    if (this.#wantedBytes === 0) return;
    this.#wantedBytes = 0;
    this.#link.resume();
  }

  close(): void {
    this.#link.receiver = { message: () => true, room() {}, down() {} };
    this.#link.close();
    this.#channel.markSpent();
  }

  /** Ends every wait of the client, once the doorbell says that the thread has ended. */
  release(): void {
    this.#channel.release();
  }

  #arrived(message: Message): boolean {
    message.client = ONLY_CLIENT;
    if (!this.#writer.write(message)) {
      this.#wantedBytes = ringBytes(message);
      return false;
    }
    this.#channel.wakeClient();
    return true;
  }
}
