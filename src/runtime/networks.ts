import type { BlockingPort } from "../winsock/provider/calls.ts";
import { AsyncCallPort, type EventPort, ONLY_CLIENT } from "./async-call-port.ts";
import { BlockingCallPort } from "./blocking-call-port.ts";
import { connectDaemon } from "./daemon-link.ts";
import { emptyMessage, OPEN } from "./message.ts";
import { NetworkError } from "./network-error.ts";
import { type HostSettings, type Network, parseNetworkUrl } from "./network-url.ts";
import { ServiceThread } from "./service-thread.ts";
import { SharedMemoryLink } from "./shared-memory-link.ts";

/** The one network that this thread of the program is attached to: which it is, the thread that serves it, and who uses it. */

let chosenUrl: string | undefined;
let attached: { readonly url: string; readonly thread: ServiceThread } | undefined;
let openPorts = 0;

/** What `useNetwork` chose, else the environment variable TAPSOCK, else `embedded:`. */
export const networkUrl = (): string => chosenUrl ?? (process.env["TAPSOCK"] || "embedded:");

/**
 * Chooses the network for the ports opened from now on.
 * @throws NetworkError when the URL is wrong, or another network is in use
 */
export function useNetwork(url: string): void {
  parseNetworkUrl(url);
  if (openPorts > 0 && url !== networkUrl()) {
    throw new NetworkError(`Cannot use the network "${url}": "${networkUrl()}" is in use; end that first (WSACleanup)`);
  }
  chosenUrl = url;
}

/** Blocks until the network runs. @throws NetworkError when it cannot be had */
export function openBlockingPort(): BlockingPort {
  const url = networkUrl();
  const thread = threadFor(url, parseNetworkUrl(url));
  openPorts++;
  try {
    thread.waitUntilRunning();
    return new BlockingCallPort(thread.attach(), thread.doorbell, portClosed);
  } catch (error) {
    portClosed();
    throw error;
  }
}

/** @throws NetworkError when the network cannot be had */
export async function openAsyncPort(): Promise<EventPort> {
  const url = networkUrl();
  const network = parseNetworkUrl(url);
  openPorts++;
  try {
    return network.kind === "daemon"
      ? await openDaemonPort(network.path, portClosed)
      : await openThreadPort(threadFor(url, network), portClosed);
  } catch (error) {
    portClosed();
    throw error;
  }
}

/** A port to a daemon, whatever network the program uses otherwise. @throws NetworkError when it cannot be reached */
export async function openDaemonPort(path: string, onClose: () => void = () => {}): Promise<EventPort> {
  const link = await connectDaemon(path);
  return new AsyncCallPort((receiver) => {
    link.receiver = receiver;
    return link;
  }, onClose);
}

/** Ends the network of this thread, if one runs. Ports that are still open answer WSAENETDOWN. */
export async function closeNetwork(): Promise<void> {
  const thread = attached?.thread;
  attached = undefined;
  await thread?.stop();
}

async function openThreadPort(thread: ServiceThread, onClose: () => void): Promise<EventPort> {
  await thread.untilRunning();
  const channel = thread.attach();
  return new AsyncCallPort((receiver) => {
    const link = new SharedMemoryLink(channel, thread.doorbell, receiver);
    link.send({ ...emptyMessage(), kind: OPEN, client: ONLY_CLIENT });
    return link;
  }, onClose);
}

function threadFor(url: string, network: Network): ServiceThread {
  if (attached !== undefined && attached.thread.doorbell.state !== "ended") {
    if (attached.url === url) return attached.thread;
    attached.thread.stopNow();
  }
  const thread = network.kind === "daemon" ? new ServiceThread("daemon-relay-thread", { path: network.path }) : hostThread(network.host);
  attached = { url, thread };
  return thread;
}

/** A thread that runs a host of its own. @throws NetworkError when the program is not built */
export const hostThread = (settings: HostSettings): ServiceThread => new ServiceThread("host-thread", settings);

function portClosed(): void {
  openPorts--;
}
