import { randomInt } from "node:crypto";
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from "node:worker_threads";
import * as z from "zod";
import type { InfraredMediumOptions } from "../irda/infrared-medium.ts";
import { firstIssue } from "../management/setting-text.ts";
import { preloadLibc } from "../tap/libc.ts";
import { AsyncCallPort, type EventPort, ONLY_CLIENT } from "../transport/async-call-port.ts";
import { BlockingCallPort } from "../transport/blocking-call-port.ts";
import { connectDaemon } from "../transport/daemon-link.ts";
import { Doorbell } from "../transport/doorbell.ts";
import { emptyMessage, OPEN } from "../transport/message.ts";
import { hasEnded, thisThread } from "../transport/native-thread.ts";
import { NetworkError } from "../transport/network-error.ts";
import { SharedMemoryLink } from "../transport/shared-memory-link.ts";
import { newRingsMemory } from "../transport/shared-rings.ts";
import { SocketCallPort } from "../transport/socket-call-port.ts";
import { closeDescriptorsOf } from "../transport/worker-descriptors.ts";
import type { BlockingPort } from "../winsock/provider/calls.ts";
import type { ProviderLimits } from "../winsock/provider/limits.ts";
import { newProcessMemory, SharedProcess } from "../winsock/provider/shared-process.ts";
import { type HostSettings, parseNetworkUrl } from "./network-url.ts";
import type { DoorSettings, HostThreadSettings } from "./running-host.ts";
import { NeighbourServiceThread, ServiceThread, type ServingThread, type ThreadAddress } from "./service-thread.ts";

/**
 * The one network that this thread of the program is attached to: which it is, the thread that serves it, and who uses it.
 * Worker threads that are started while it runs are attached to the same one, unless they choose another.
 */

/** Under this name a worker finds the network of the thread that started it. */
const INHERITANCE = "tapsock network";

interface Inheritance {
  readonly url: string;
  /** Undefined for a daemon, with which each thread has a connection of its own. */
  readonly thread: ThreadAddress | undefined;
  /** Of the Winsock process that they are threads of: `newProcessMemory`'s. */
  readonly process: SharedArrayBuffer;
}

/** How a thread uses a network. */
export interface NetworkUse {
  /**
   * `shared` (the default): it is a thread of the Winsock process of the thread that started it, and has its sockets, handles and start-up
   * in common with it. `own`: it is a process of its own, and so are the threads that it starts.
   */
  readonly process?: "shared" | "own" | undefined;
}

const networkUse = z.strictObject({ process: z.enum(["shared", "own"]).optional() });

interface Choice {
  readonly url: string;
  readonly isOwnProcess: boolean;
}

interface WinsockProcess extends Choice {
  readonly memory: SharedArrayBuffer;
  readonly shared: SharedProcess;
  /** Of the thread whose host its sockets are of, once it is known; undefined for a daemon. */
  doorbell?: Doorbell;
}

let chosen: Choice | undefined;
/** As a URL has them. */
let devicesInSight: string | undefined;
let attached:
  | { readonly url: string; readonly thread: ServingThread; readonly own: ServiceThread | undefined; readonly address: ThreadAddress }
  | undefined;
/** What this thread was, or is, one thread of. */
let winsockProcess: WinsockProcess | undefined;
let openPorts = 0;
/** A worker's ports to a thread of this process. */
const portsHere = new Set<{ close(): void }>();
let closesAtExit = false;

// A worker that is terminated, or dies, has no time to say goodbye. Its starter hears of it first; the host finds out about all others.
process.on("worker", (worker) => {
  // Gone by the time of its exit.
  const { threadId } = worker;
  worker.once("exit", () => workerEnded(threadId));
});

/** What `useNetwork` chose, else the network of the thread that started this one, else the environment variable TAPSOCK, else `embedded:`. */
export const networkUrl = (): string => withDevices(chosen?.url ?? inherited()?.url ?? (process.env["TAPSOCK"] || "embedded:"));

/**
 * Chooses the network for the ports opened from now on.
 * @throws NetworkError when the URL or an option is wrong, or another network is in use
 */
export function useNetwork(url: string, options: NetworkUse = {}): void {
  const whole = withDevices(url);
  parseNetworkUrl(whole);
  const checked = networkUse.safeParse(options);
  if (!checked.success) throw new NetworkError(`Cannot use the network "${url}" so: ${firstIssue(checked.error)}`);
  const isOwnProcess = checked.data.process === "own";
  if (openPorts > 0 && whole !== networkUrl()) {
    throw new NetworkError(`Cannot use the network "${url}": "${networkUrl()}" is in use; end that first (WSACleanup)`);
  }
  if (openPorts > 0 && isOwnProcess !== (chosen?.isOwnProcess ?? false)) {
    throw new NetworkError(`Cannot use the network "${url}" as another process: it is in use; end that first (WSACleanup)`);
  }
  chosen = { url, isOwnProcess };
}

/**
 * Puts simulated infrared devices in sight of the hosts that this program starts from now on (`embedded:`, `tap:`), which so have an
 * infrared device of their own. They live in the host's thread, where no function of the program's can go: their services echo, or take
 * what comes. What a daemon's host has in sight is said to the daemon.
 * @throws TypeError for a service with a function, NetworkError when something is wrong with the devices, or a network is in use
 */
export function putInSight({ devices }: InfraredMediumOptions): void {
  for (const { services = [] } of devices) {
    const busy = services.find(({ received }) => received !== undefined);
    if (busy !== undefined) {
      throw new TypeError(`The service "${busy.name}" cannot call a function of the program's, which waits in its calls: use echo`);
    }
  }
  const json = JSON.stringify(devices, (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value));
  const setting = `infrared-devices=${encodeURIComponent(json)}`;
  parseNetworkUrl(`embedded:?${setting}`);
  if (openPorts > 0 && setting !== devicesInSight) {
    throw new NetworkError(`Cannot put devices in sight: "${networkUrl()}" is in use; end that first (WSACleanup)`);
  }
  devicesInSight = setting;
}

/** What the URL says itself counts. */
function withDevices(url: string): string {
  if (devicesInSight === undefined || url.startsWith("daemon:") || url.includes("infrared-devices=")) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${devicesInSight}`;
}

/** Blocks until the network runs. @throws NetworkError when it cannot be had */
export function openBlockingPort(): BlockingPort {
  const url = networkUrl();
  const network = parseNetworkUrl(url);
  const { shared, memory } = processOn(url);
  const place = shared.join(threadId, thisThread());
  const closed = () => {
    shared.leave(place);
    portClosed();
  };
  openPorts++;
  try {
    const port =
      network.kind === "daemon" ? openDaemonCallPort(network.path, shared, closed) : openThreadCallPort(url, network.host, shared, closed);
    bequeath({ url, thread: network.kind === "daemon" ? undefined : attached?.address, process: memory });
    return closedAtExit(port);
  } catch (error) {
    closed();
    throw error;
  }
}

function openDaemonCallPort(path: string, shared: SharedProcess, closed: () => void): BlockingPort {
  const port = new SocketCallPort(path, shared, () => forget(port, closed));
  return port;
}

function openThreadCallPort(url: string, host: HostSettings, shared: SharedProcess, closed: () => void): BlockingPort {
  const thread = threadFor(url, host);
  thread.waitUntilRunning();
  processOn(url).doorbell = thread.doorbell;
  const { doorbell, rings } = thread;
  const port = new BlockingCallPort(thread.attach(), doorbell, { process: shared, rings, onClose: () => forget(port, closed) });
  return port;
}

/** As `openBlockingPort`, where another thread of this one's process has a port; undefined where none has. @throws NetworkError when it cannot be had */
export function joinBlockingPort(): BlockingPort | undefined {
  const url = networkUrl();
  const isKnown = winsockProcess?.url === url || inherited()?.url === url;
  return isKnown && processOn(url).shared.isInUse ? openBlockingPort() : undefined;
}

function processOn(url: string): WinsockProcess {
  const isOwnProcess = chosen?.isOwnProcess ?? false;
  // Threads that were of one process on a network that has ended may each find another one, where they have nothing in common.
  const isOver = winsockProcess?.doorbell?.state === "ended";
  if (winsockProcess?.url === url && winsockProcess.isOwnProcess === isOwnProcess && !isOver) return winsockProcess;
  const theirs = isOwnProcess ? undefined : inherited();
  const memory = theirs?.url === url ? theirs.process : newProcessMemory(randomInt(1, 0x7fff_ffff));
  winsockProcess = { url, isOwnProcess, memory, shared: new SharedProcess(memory) };
  return winsockProcess;
}

/** @throws NetworkError when the network cannot be had */
export async function openAsyncPort(): Promise<EventPort> {
  const url = networkUrl();
  const network = parseNetworkUrl(url);
  openPorts++;
  try {
    if (network.kind === "host") {
      return closedAtExit(await openThreadPort(threadFor(url, network.host), (port) => forget(port, portClosed)));
    }
    const port = await openDaemonPort(network.path, portClosed);
    bequeath({ url, thread: undefined, process: processOn(url).memory });
    return port;
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
  const own = attached?.own;
  attached = undefined;
  setEnvironmentData(INHERITANCE, undefined);
  await own?.stop();
}

/** The network that workers started from now on are attached to. */
const bequeath = (inheritance: Inheritance): void =>
  setEnvironmentData(INHERITANCE, inheritance as unknown as Parameters<typeof setEnvironmentData>[1]);

async function openThreadPort(thread: ServingThread, onClose: (port: EventPort) => void): Promise<EventPort> {
  await thread.untilRunning();
  const channel = thread.attach();
  const port = new AsyncCallPort(
    (receiver) => {
      const link = new SharedMemoryLink(channel, thread.doorbell, receiver);
      link.send({ ...emptyMessage(), kind: OPEN, client: ONLY_CLIENT });
      return link;
    },
    () => onClose(port),
    thread.rings,
  );
  return port;
}

/** A worker that ends without WSACleanup loses its sockets, as a process does; the main thread takes the whole network with it. */
function closedAtExit<Port extends { close(): void }>(port: Port): Port {
  if (isMainThread) return port;
  if (!closesAtExit) {
    process.once("exit", () => {
      for (const open of portsHere) open.close();
    });
  }
  closesAtExit = true;
  portsHere.add(port);
  return port;
}

function forget(port: { close(): void }, closed: () => void): void {
  portsHere.delete(port);
  closed();
}

function threadFor(url: string, settings: HostSettings): ServingThread {
  // For short copies into shared memory (`plainView`). A worker does without until it needs the library anyway.
  if (isMainThread) preloadLibc();
  if (attached !== undefined && attached.thread.doorbell.state !== "ended") {
    if (attached.url === url) return attached.thread;
    attached.own?.stopNow();
  }
  const theirs = inherited();
  if (theirs?.url === url && theirs.thread !== undefined) {
    const thread = new NeighbourServiceThread(theirs.thread);
    attached = { url, thread, own: undefined, address: theirs.thread };
    return thread;
  }
  const own = hostThread(settings);
  own.onFailure = (why) => {
    // Before it has run, whoever opens a port hears of it.
    if (own.doorbell.hasRun) process.emitWarning(`The network "${url}" ended: ${why}`, "NetworkWarning");
  };
  own.onNotice = (text) => process.emitWarning(text, "NetworkWarning");
  bequeath({ url, thread: own.address, process: processOn(url).memory });
  attached = { url, thread: own, own, address: own.address };
  return own;
}

function workerEnded(threadId: number): void {
  const theirs = inherited();
  const processes = winsockProcess === undefined ? [] : [winsockProcess.shared];
  if (theirs !== undefined && theirs.process !== winsockProcess?.memory) processes.push(new SharedProcess(theirs.process));
  // With a worker end those that it started, and nobody is left to hear of it.
  for (const ended of new Set([threadId, ...processes.flatMap((shared) => shared.orphans(hasEnded))])) {
    // Its connections with a daemon.
    closeDescriptorsOf(ended);
    for (const shared of processes) shared.threadEnded(ended);
  }
  if (attached === undefined && theirs?.thread !== undefined) {
    attached = { url: theirs.url, thread: new NeighbourServiceThread(theirs.thread), own: undefined, address: theirs.thread };
  }
  if (attached?.thread.doorbell.state === "running") attached.thread.workerEnded(threadId);
}

/** The network of the thread that started this one, while it runs. */
function inherited(): Inheritance | undefined {
  const found = getEnvironmentData(INHERITANCE) as Inheritance | undefined;
  if (found?.thread === undefined) return found;
  return new Doorbell(found.thread.doorbell).state === "running" ? found : undefined;
}

/**
 * A thread that runs a host of its own.
 * @param door lets other processes in
 * @param programs what one program may have
 * @throws NetworkError when the program is not built
 */
export function hostThread(host: HostSettings, door?: DoorSettings, programs?: Partial<ProviderLimits>): ServiceThread {
  const settings: HostThreadSettings = { host, door, programs };
  // Programs of other processes could not see it.
  return new ServiceThread(settings, door === undefined ? newRingsMemory() : undefined);
}

function portClosed(): void {
  openPorts--;
}
