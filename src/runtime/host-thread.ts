import { BroadcastChannel, type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { TapError } from "../tap/tap-error.ts";
import { Channel } from "./channel.ts";
import { ChannelServer } from "./channel-server.ts";
import { Doorbell } from "./doorbell.ts";
import { HostLoop, type Waiter } from "./host-loop.ts";
import { NetworkError } from "./network-error.ts";
import { type HostThreadSettings, type RunningHost, startHost } from "./running-host.ts";
import type { Attachment, ThreadData } from "./service-thread.ts";

/** The program of a thread that runs one host until it is told to stop. What goes wrong is told through the doorbell, for clients may be blocked. */

/** How long segments of closed connections may take to be acknowledged when the thread is to end. */
const CLOSING_MS = 1000;

/** Node can end a thread only while it runs JavaScript, not in poll(2): one that nobody would wake before its end looks up so often. */
const NESTED_SLEEP_MS = 500;

let channels: readonly Channel[] = [];

/** What was foreseen has a sentence that suffices; anything else is a mistake in here, to be found by its stack. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TapError || error instanceof NetworkError ? error.message : (error.stack ?? error.message);
}

/** The channels attached since the last call. */
function channelsIn(mailbox: BroadcastChannel): Channel[] {
  // Node takes a BroadcastChannel here too, which its types do not know.
  const port = mailbox as unknown as MessagePort;
  const found: Channel[] = [];
  for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
    found.push(new Channel((mail.message as Attachment).channel));
  }
  return found;
}

function run(doorbell: Doorbell, mailbox: BroadcastChannel, { settings, isNested }: ThreadData): void {
  let lastClient = 0;
  const numbers = { next: () => ++lastClient };
  const { host: hostSettings, door } = settings as HostThreadSettings;
  const running: RunningHost = startHost({
    settings: hostSettings,
    doorbell,
    numbers,
    door,
    notice: (notice) => parentPort?.postMessage(notice),
    send(client, subscription, count, data) {
      const server = loop.servers.find((s) => s.owns(client));
      return server?.event(client, subscription, count, data) ?? true;
    },
  });
  const newServers = () => {
    const taken = channelsIn(mailbox);
    channels = [...channels.filter((c) => !c.isClosed), ...taken];
    return taken.map((channel) => new ChannelServer(channel, running.handler, numbers));
  };
  const { host, now, idle } = running;
  const waiter: Waiter = isNested ? { wait: (ms) => running.waiter.wait(Math.min(ms, NESTED_SLEEP_MS)) } : running.waiter;
  const servers = running.door === undefined ? [] : [running.door];
  const loop = new HostLoop({ host, now, doorbell, waiter, newServers, idle, servers });
  try {
    doorbell.becomeRunning();
    loop.run();
    loop.close(running.isQuiet, running.now() + CLOSING_MS);
  } finally {
    running.close();
  }
}

const data = workerData as ThreadData;
const doorbell = new Doorbell(data.doorbell);
const mailbox = new BroadcastChannel(data.mailbox);
try {
  run(doorbell, mailbox, data);
  doorbell.becomeEnded("the network was shut down");
} catch (error) {
  doorbell.becomeEnded(sentenceOf(error));
} finally {
  // Those that came too late among them: their clients wait for a thread that is gone.
  for (const channel of [...channels, ...channelsIn(mailbox)]) channel.release();
  mailbox.close();
}
