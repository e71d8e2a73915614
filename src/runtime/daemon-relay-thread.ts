import { BroadcastChannel, workerData } from "node:worker_threads";
import { Channel } from "./channel.ts";
import { connectDaemon } from "./daemon-link.ts";
import { DaemonRelay } from "./daemon-relay.ts";
import { Doorbell } from "./doorbell.ts";
import type { Attachment, ThreadData } from "./service-thread.ts";
import type { SocketLink } from "./socket-link.ts";

/**
 * The program of a thread that stands between a blocking program and the daemon, so that the program's own thread can sleep.
 * Each channel has a connection of its own; when one of them breaks, the daemon is gone, and so is this network.
 */
class RelayThread {
  readonly #doorbell: Doorbell;
  readonly #path: string;
  #channels: readonly Channel[] = [];
  #relays: readonly DaemonRelay[] = [];
  /** The connection that proved that the daemon is there, for the first channel. */
  #spareLink: SocketLink | undefined;
  #failure: string | undefined;

  constructor(doorbell: Doorbell, path: string) {
    this.#doorbell = doorbell;
    this.#path = path;
  }

  /** @throws Error when the daemon is not there or goes */
  async run(mailbox: BroadcastChannel): Promise<void> {
    this.#spareLink = await connectDaemon(this.#path);
    this.#watchSpare(this.#spareLink);
    mailbox.onmessage = (event) => {
      const { channel } = (event as { readonly data: Attachment }).data;
      this.#attach(new Channel(channel)).catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
    };
    this.#doorbell.becomeRunning();
    while (!this.#doorbell.isStopping && this.#failure === undefined) {
      this.#doorbell.beat();
      this.#pumpAll();
      this.#doorbell.aboutToSleep();
      if (!this.#hasWork()) await this.#doorbell.sleepAsync();
      this.#doorbell.awake();
    }
    mailbox.close();
    if (this.#failure !== undefined) throw new Error(this.#failure);
  }

  end(text: string): void {
    this.#spareLink?.close();
    for (const relay of this.#relays) relay.close();
    this.#doorbell.becomeEnded(text);
    for (const channel of this.#channels) channel.release();
  }

  async #attach(channel: Channel): Promise<void> {
    this.#channels = [...this.#channels.filter((c) => !c.isClosed), channel];
    const spare = this.#spareLink;
    this.#spareLink = undefined;
    const link = spare ?? (await connectDaemon(this.#path));
    const relay = new DaemonRelay(
      channel,
      link,
      () => this.#doorbell.ring(),
      (why) => this.#fail(`the daemon is gone: ${why}`),
    );
    this.#relays = [...this.#relays, relay];
    this.#doorbell.ring();
  }

  #pumpAll(): void {
    for (const relay of this.#relays) {
      relay.pump();
      if (!relay.isClosed) continue;
      relay.close();
      this.#relays = this.#relays.filter((r) => r !== relay);
    }
  }

  #hasWork(): boolean {
    return this.#doorbell.isStopping || this.#failure !== undefined || this.#relays.some((relay) => relay.hasWork);
  }

  #watchSpare(link: SocketLink): void {
    link.receiver = { message: () => true, room() {}, down: (why) => this.#fail(`the daemon is gone: ${why}`) };
  }

  #fail(why: string): void {
    this.#failure ??= why;
    this.#doorbell.ring();
  }
}

const { doorbell: memory, mailbox, settings } = workerData as ThreadData;
const thread = new RelayThread(new Doorbell(memory), (settings as { readonly path: string }).path);
try {
  await thread.run(new BroadcastChannel(mailbox));
  thread.end("the network was shut down");
} catch (error) {
  thread.end(error instanceof Error ? error.message : String(error));
}
