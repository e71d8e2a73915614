import { BroadcastChannel, type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { TapError } from "../tap/tap-error.ts";
import { Channel } from "./channel.ts";
import { ChannelServer } from "./channel-server.ts";
import { Doorbell } from "./doorbell.ts";
import { HostLoop } from "./host-loop.ts";
import { NetworkError } from "./network-error.ts";
import type { HostSettings } from "./network-url.ts";
import { type RunningHost, startHost } from "./running-host.ts";
import type { Attachment, ThreadData } from "./service-thread.ts";

/** The program of a thread that runs one host until it is told to stop. What goes wrong is told through the doorbell, for clients may be blocked. */

/** How long segments of closed connections may take to be acknowledged when the thread is to end. */
const CLOSING_MS = 1000;

const channels: Channel[] = [];

/** What was foreseen has a sentence that suffices; anything else is a mistake in here, to be found by its stack. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TapError || error instanceof NetworkError ? error.message : (error.stack ?? error.message);
}

function run(doorbell: Doorbell, mailbox: MessagePort, settings: HostSettings): void {
  const running: RunningHost = startHost(settings, doorbell, (client, subscription, count, data) => {
    const server = loop.servers.find((s) => s.owns(client));
    return server?.event(client, subscription, count, data) ?? true;
  });
  let lastClient = 0;
  const numbers = { next: () => ++lastClient };
  const newServers = () => {
    const servers: ChannelServer[] = [];
    for (let mail = receiveMessageOnPort(mailbox); mail !== undefined; mail = receiveMessageOnPort(mailbox)) {
      const channel = new Channel((mail.message as Attachment).channel);
      channels.push(channel);
      servers.push(new ChannelServer(channel, running.handler, numbers));
    }
    return servers;
  };
  const loop = new HostLoop({ host: running.host, now: running.now, doorbell, waiter: running.waiter, newServers, idle: running.idle });
  try {
    doorbell.becomeRunning();
    loop.run();
    loop.close(running.isQuiet, running.now() + CLOSING_MS);
  } finally {
    running.close();
  }
}

const { doorbell: memory, mailbox: name, settings } = workerData as ThreadData;
const doorbell = new Doorbell(memory);
const mailbox = new BroadcastChannel(name);
try {
  // Node takes a BroadcastChannel here too, which its types do not know.
  run(doorbell, mailbox as unknown as MessagePort, settings as HostSettings);
  doorbell.becomeEnded("the network was shut down");
} catch (error) {
  doorbell.becomeEnded(sentenceOf(error));
} finally {
  for (const channel of channels) channel.release();
  mailbox.close();
}
