import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Channel } from "./channel.ts";
import { ChannelServer } from "./channel-server.ts";
import { Doorbell } from "./doorbell.ts";
import { HostLoop } from "./host-loop.ts";
import type { HostSettings } from "./network-url.ts";
import { type RunningHost, startHost } from "./running-host.ts";
import type { Attachment, ThreadData } from "./service-thread.ts";

/** The program of a thread that runs one host until it is told to stop. What goes wrong is told through the doorbell, for clients may be blocked. */

/** How long segments of closed connections may take to be acknowledged when the thread is to end. */
const CLOSING_MS = 1000;

const channels: Channel[] = [];

function run(doorbell: Doorbell, settings: HostSettings): void {
  const running: RunningHost = startHost(settings, doorbell, (client, subscription, count, data) => {
    const server = loop.servers.find((s) => s.owns(client));
    return server?.event(client, subscription, count, data) ?? true;
  });
  let lastClient = 0;
  const numbers = { next: () => ++lastClient };
  const newServers = () => {
    const servers: ChannelServer[] = [];
    for (let mail = receiveMessageOnPort(parentPort!); mail !== undefined; mail = receiveMessageOnPort(parentPort!)) {
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

const { doorbell: memory, settings } = workerData as ThreadData;
const doorbell = new Doorbell(memory);
try {
  run(doorbell, settings as HostSettings);
  doorbell.becomeEnded("the network was shut down");
} catch (error) {
  doorbell.becomeEnded(error instanceof Error ? error.message : String(error));
} finally {
  for (const channel of channels) channel.release();
}
