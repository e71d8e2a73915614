import type { Channel } from "./channel.ts";
import type { Doorbell } from "./doorbell.ts";
import { emptyMessage, type Message } from "./message.ts";
import type { LinkReceiver, MessageLink } from "./message-link.ts";
import { RingReader, RingWriter } from "./ring.ts";

/** After so many messages the rest of the program gets its turn. */
const BATCH = 256;

/**
 * After a message the event loop goes round so long before it sleeps: in a stream the next one is a matter of microseconds, and being
 * woken through Atomics.waitAsync costs tens of them.
 */
const LOOKS_AGAIN_MS = 0.05;

const FOR_EVER_MS = 0x7fffffff;

/** The client's end of a channel on the event loop, woken through Atomics.waitAsync. */
export class SharedMemoryLink implements MessageLink {
  readonly #channel: Channel;
  readonly #doorbell: Doorbell;
  readonly #receiver: LinkReceiver;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  readonly #message: Message = emptyMessage();
  #isStalled = false;
  #lastMessageMs = Number.NEGATIVE_INFINITY;
  #wantsRoom = false;
  #isPumpDue = false;
  #isDown = false;
  /** Node does not count a pending Atomics.waitAsync as a reason to live. */
  #reasonToLive: NodeJS.Timeout | undefined;

  constructor(channel: Channel, doorbell: Doorbell, receiver: LinkReceiver) {
    this.#channel = channel;
    this.#doorbell = doorbell;
    this.#receiver = receiver;
    this.#reader = new RingReader(channel.replies);
    this.#writer = new RingWriter(channel.requests);
    this.#pumpSoon();
  }

  send(message: Message): boolean {
    if (this.#isDown) return true;
    if (!this.#writer.write(message)) {
      this.#wantsRoom = true;
      return false;
    }
    this.#doorbell.ring();
    return true;
  }

  resume(): void {
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#pumpSoon();
  }

  close(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.unref();
    this.#channel.markClosed();
    this.#doorbell.ring();
    this.#channel.release();
  }

  ref(): void {
    this.#reasonToLive ??= setInterval(() => {}, FOR_EVER_MS);
  }

  unref(): void {
    clearInterval(this.#reasonToLive);
    this.#reasonToLive = undefined;
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let taken = 0; !this.#isDown && !this.#isPumpDue; taken++) {
      if (this.#isStalled) return;
      if (taken === BATCH) {
        this.#pumpSoon();
        return;
      }
      if (this.#reader.read(this.#message)) {
        if (!this.#receiver.message(this.#message)) {
          this.#isStalled = true;
          return;
        }
        if (this.#reader.release()) this.#doorbell.ring();
        this.#lastMessageMs = performance.now();
        continue;
      }
      if (this.#wantsRoom && this.#hasRoom()) {
        this.#wantsRoom = false;
        this.#receiver.room();
      }
      if (performance.now() - this.#lastMessageMs < LOOKS_AGAIN_MS) {
        this.#pumpSoon();
        return;
      }
      this.#channel.aboutToSleep();
      if (this.#reader.hasMessage || (this.#wantsRoom && this.#hasRoom())) {
        this.#channel.awake();
        continue;
      }
      if (this.#doorbell.state === "ended") {
        this.#goDown();
        return;
      }
      const wait = this.#channel.sleepAsync();
      if (wait === undefined) continue;
      wait.then(
        () => this.#pump(),
        () => this.#goDown(),
      );
      return;
    }
  }

  #hasRoom(): boolean {
    return this.#writer.hasRoom(this.#channel.requests.bytes.length / 2);
  }

  #goDown(): void {
    this.#isDown = true;
    this.unref();
    this.#receiver.down(this.#doorbell.text);
  }
}
