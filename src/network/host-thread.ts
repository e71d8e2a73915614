import { BroadcastChannel, type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { EventSender } from "../management/event-streams.ts";
import { TapError } from "../tap/tap-error.ts";
import { Channel } from "../transport/channel.ts";
import { ChannelServer } from "../transport/channel-server.ts";
import { Doorbell } from "../transport/doorbell.ts";
import { NetworkError } from "../transport/network-error.ts";
import type { RequestServer } from "../transport/request-server.ts";
import { ThreadFences } from "../transport/thread-fences.ts";
import { HostLoop, type LoopHost, type Waiter } from "./host-loop.ts";
import { type HostThreadSettings, type RunningHost, startHost } from "./running-host.ts";
import type { Attachment, Departure, ThreadData, ThreadNews, ThreadNotice } from "./service-thread.ts";

/** The program of a thread that runs one host until it is told to stop. What goes wrong is told through the doorbell, for clients may be blocked. */

/** How long segments of closed connections may take to be acknowledged when the thread is to end. */
const CLOSING_MS = 1000;

/** How often it is looked whether client threads have died that nobody told of: those of workers' workers, say. */
const DEATH_CHECK_MS = 1000;

/** Node can end a thread only while it runs JavaScript, not in poll(2): one that nobody would wake before its end looks up so often. */
const NESTED_SLEEP_MS = 500;

/** What was foreseen has a sentence that suffices; anything else is a mistake in here, to be found by its stack. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TapError || error instanceof NetworkError ? error.message : (error.stack ?? error.message);
}

/** The letters that came since the last call. */
function lettersIn(mailbox: BroadcastChannel): (Attachment | Departure)[] {
  // Node takes a BroadcastChannel here too, which its types do not know.
  const port = mailbox as unknown as MessagePort;
  const found: (Attachment | Departure)[] = [];
  for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
    found.push(mail.message as Attachment | Departure);
  }
  return found;
}

/** The channels of this host: those of threads that have ended without a word are closed for them. */
class AttachedChannels {
  readonly #doorbell: Doorbell;
  readonly #mailbox: BroadcastChannel;
  #channels: readonly Channel[] = [];
  /** Closed for their clients; the loop still has to let go of them. */
  #departing: readonly Channel[] = [];
  #letters = 0;

  constructor(doorbell: Doorbell, mailbox: BroadcastChannel) {
    this.#doorbell = doorbell;
    this.#mailbox = mailbox;
  }

  /** Some client's thread can end while the host goes on. */
  get hasMortals(): boolean {
    return this.#channels.some((c) => c.isClientMortal && !c.isClosed);
  }

  /**
   * @param served those that came before and are still served
   * @returns the channels attached since the last call
   */
  takeLetters(served: readonly Channel[]): readonly Channel[] {
    const letters = this.#doorbell.attachments;
    const taken: Channel[] = [];
    for (const letter of lettersIn(this.#mailbox)) {
      if ("channel" in letter) taken.push(new Channel(letter.channel));
      // With a worker end those that it started, and theirs.
      else this.#close([...served, ...taken], (c) => c.clientWorker === letter.endedWorker || this.#isOrphan(c));
    }
    this.#channels = [...served, ...taken];
    this.#letters = letters;
    this.acknowledge();
    return taken;
  }

  /** Looks for client threads that have died. */
  closeDead(): void {
    this.#close(this.#channels, (c) => this.#isOrphan(c));
  }

  /** Tells those who wait for it that the clients of ended threads are gone. */
  acknowledge(): void {
    if (this.#departing.length > 0) this.#departing = this.#departing.filter((c) => !c.isSpent);
    if (this.#departing.length === 0) this.#doorbell.lettersDone(this.#letters);
  }

  get isAcknowledging(): boolean {
    return this.#departing.length > 0;
  }

  /** Ends every wait of the clients; of those that came too late as well, who wait for a thread that is gone. */
  release(): void {
    this.takeLetters(this.#channels);
    for (const channel of this.#channels) channel.release();
  }

  #isOrphan(channel: Channel): boolean {
    return channel.isClientMortal && channel.isClientDead;
  }

  #close(channels: readonly Channel[], isGone: (channel: Channel) => boolean): void {
    const gone = channels.filter((c) => !c.isClosed && isGone(c));
    for (const channel of gone) channel.markClosed();
    this.#departing = [...this.#departing, ...gone];
  }
}

function run(doorbell: Doorbell, channels: AttachedChannels, { settings, rings, isNested }: ThreadData): void {
  const send: EventSender = (client, subscription, count, data) => {
    const server = loop.servers.find((s) => s.owns(client));
    return server?.event(client, subscription, count, data) ?? true;
  };
  let lastClient = 0;
  const numbers = { next: () => ++lastClient };
  const fences = new ThreadFences();
  const { host: hostSettings, door, programs } = settings as HostThreadSettings;
  const running: RunningHost = startHost({
    settings: hostSettings,
    doorbell,
    numbers,
    rings,
    door,
    programs,
    doorNotice: (notice) => parentPort?.postMessage(notice),
    notice: (text) => parentPort?.postMessage({ notice: text } satisfies ThreadNotice),
    news: (text) => parentPort?.postMessage({ news: text } satisfies ThreadNews),
    send,
  });
  const channelOf = new WeakMap<RequestServer, Channel>();
  const newServers = () => {
    const taken = channels.takeLetters(loop.servers.map((server) => channelOf.get(server)).filter((channel) => channel !== undefined));
    return taken.map((channel) => {
      const server = new ChannelServer(channel, running.handler, numbers, running.rings, fences);
      channelOf.set(server, channel);
      return server;
    });
  };
  const { host, now, idle } = running;
  let nextCheckMs = 0;
  const watchingHost: LoopHost = {
    enter: (nowMs) => host.enter(nowMs),
    turn(nowMs) {
      if (channels.isAcknowledging) channels.acknowledge();
      if (nowMs >= nextCheckMs) {
        channels.closeDead();
        nextCheckMs = nowMs + DEATH_CHECK_MS;
      }
      const hasMore = host.turn(nowMs);
      running.watch();
      return hasMore;
    },
    get nextDeadlineMs() {
      return host.nextDeadlineMs;
    },
  };
  const limitMs = () => Math.min(isNested ? NESTED_SLEEP_MS : Infinity, channels.hasMortals ? DEATH_CHECK_MS : Infinity);
  const waiter: Waiter = { wait: (ms) => running.waiter.wait(Math.min(ms, limitMs())) };
  const servers = running.door === undefined ? [] : [running.door];
  const loop = new HostLoop({ host: watchingHost, now, doorbell, waiter, newServers, idle, servers });
  try {
    doorbell.becomeRunning();
    loop.run();
    if (loop.servers.some((server) => channelOf.has(server) && !server.isClosed)) running.rings?.leaveToReaders();
    running.leave();
    loop.close(running.isQuiet, running.now() + CLOSING_MS);
  } catch (error) {
    running.rings?.leaveToReaders();
    throw error;
  } finally {
    running.close();
  }
}

const data = workerData as ThreadData;
const doorbell = new Doorbell(data.doorbell);
const mailbox = new BroadcastChannel(data.mailbox);
const channels = new AttachedChannels(doorbell, mailbox);
try {
  run(doorbell, channels, data);
  doorbell.becomeEnded("the network was shut down");
} catch (error) {
  doorbell.becomeEnded(sentenceOf(error));
} finally {
  channels.release();
  mailbox.close();
}
