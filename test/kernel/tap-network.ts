import { once } from "node:events";
import { connect as connectFromKernel, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { manage } from "../../src/management/manage.ts";
import type { ManagementRequest, ManagementResults } from "../../src/management/management.ts";
import { closeNetwork, openAsyncPort, useNetwork } from "../../src/network/networks.ts";
import { configureInterface } from "../../src/tap/interface-config.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import {
  accept,
  bind,
  closesocket,
  connect,
  listen,
  recv,
  type SOCKET,
  send,
  socket,
  type WinsockError,
  WSACleanup,
} from "../../src/winsock/promises.ts";

/** The kernel's side of the TAP, and ours. */
export const KERNEL = "203.0.113.1";
export const OURS = "203.0.113.2";

export interface TapNetworkOptions {
  /** Of the TAP: a name of its own for each test file. */
  readonly name: string;
  readonly offload?: "on" | "off";
  readonly profile?: "windows" | "linux" | "rfc";
  /** An IPv6 address beside the other, with its prefix length. */
  readonly ip6?: string;
  /** pcapng file. */
  readonly capture?: string;
  /** Recording. */
  readonly record?: string;
  /** Addresses of name servers. */
  readonly dns?: readonly string[];
  readonly search?: readonly string[];
}

/**
 * The running host as a program gets it: `useNetwork("tap:…")`, a thread of its own, the promise face. The kernel's side of the TAP has
 * its address, so that node:net, node:dgram and child processes of the test are the peers.
 */
export class TapNetwork {
  readonly name: string;
  readonly #port: EventPort;

  private constructor(name: string, port: EventPort) {
    this.name = name;
    this.#port = port;
  }

  static async start(options: TapNetworkOptions): Promise<TapNetwork> {
    const { name, offload = "on", profile = "windows", capture, record, ip6, dns, search } = options;
    const option = (key: string, value: string | undefined) => (value === undefined ? "" : `&${key}=${encodeURIComponent(value)}`);
    const files = option("capture", capture) + option("record", record) + option("ip6", ip6);
    const names = option("dns", dns?.join()) + option("search", search?.join());
    useNetwork(`tap:${name}?ip=${OURS}/24&offload=${offload}&profile=${profile}${files}${names}`);
    const network = new TapNetwork(name, await openAsyncPort());
    configureInterface(name, { address: KERNEL, prefixLength: 24, up: true });
    return network;
  }

  /** What `tapsock ss`, `tapsock neigh` and the like ask the host. */
  manage<R extends ManagementRequest>(request: R): Promise<ManagementResults[R["op"]]> {
    return manage(this.#port, request);
  }

  /** The states of our connections to or from this port of the peer. */
  async statesTowards(remotePort: number): Promise<string[]> {
    const { tcp } = await this.manage({ op: "ss" });
    return tcp.filter((c) => c.remote.endsWith(`:${remotePort}`)).map((c) => c.state);
  }

  /** Ends the host's thread; the TAP vanishes with it. */
  async stop(): Promise<void> {
    await WSACleanup().catch(() => {});
    this.#port.close();
    await closeNetwork();
  }
}

export interface KernelListener {
  readonly server: Server;
  readonly port: number;
}

/** The code with which the call fails. */
export const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "no failure",
    (error: WinsockError) => error.code,
  );

/** Open kernel sockets of the test. */
const kernelSockets = new Set<{ close(): void }>();

/** After each test: what it left open would keep the process alive. */
export function closeKernelSockets(): void {
  for (const opened of kernelSockets) opened.close();
  kernelSockets.clear();
}

interface KernelListenerOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** Accepted sockets do not read. */
  readonly pauseOnConnect?: boolean;
}

/** A listening socket of the kernel. */
export async function kernelListener(
  serve: (peer: Socket) => void,
  { port = 0, pauseOnConnect = false }: KernelListenerOptions = {},
): Promise<KernelListener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect }, (peer) => {
    kernelSockets.add({ close: () => peer.destroy() });
    peer.on("error", () => {});
    serve(peer);
  });
  kernelSockets.add({ close: () => server.close() });
  server.listen(port, "0.0.0.0");
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}

/** A port on which the kernel does not listen. */
export async function closedPort(): Promise<number> {
  const listener = await kernelListener(() => {});
  listener.server.close();
  await once(listener.server, "close");
  return listener.port;
}

/** A connection from the kernel to a listener of ours. */
export async function kernelConnection(port: number): Promise<Socket> {
  const peer = connectFromKernel({ host: OURS, port, allowHalfOpen: true, noDelay: true });
  kernelSockets.add({ close: () => peer.destroy() });
  await once(peer, "connect");
  peer.on("error", () => {});
  return peer;
}

/** A socket of ours connected to the kernel, and the kernel's end of it. */
export async function connectedPair(): Promise<{ readonly s: SOCKET; readonly peer: Socket; readonly port: number }> {
  let peer: Socket | undefined;
  const { port } = await kernelListener((accepted) => {
    peer = accepted;
  });
  const s = await socket();
  await connect(s, { address: KERNEL, port });
  await until(() => peer !== undefined, "the kernel's listener accepts");
  return { s, peer: peer!, port };
}

export async function ourListener(port: number, backlog = 200): Promise<SOCKET> {
  const s = await socket();
  await bind(s, { port });
  await listen(s, backlog);
  return s;
}

/** Serves each connection that comes until the listener is closed. */
export function serveEach(listener: SOCKET, serve: (s: SOCKET) => Promise<void>): void {
  accept(listener).then(
    ({ socket: s }) => {
      serveEach(listener, serve);
      serve(s).catch(() => {});
    },
    () => {},
  );
}

export async function echo(s: SOCKET): Promise<void> {
  for (let bytes = await recv(s); bytes.length > 0; bytes = await recv(s)) await send(s, bytes);
  await closesocket(s);
}

/** All that comes on our socket until the peer ends the stream. */
export async function readAll(s: SOCKET, piece?: (bytes: Uint8Array) => void): Promise<number> {
  let total = 0;
  for (let bytes = await recv(s, 262_144); bytes.length > 0; bytes = await recv(s, 262_144)) {
    total += bytes.length;
    piece?.(bytes);
  }
  return total;
}

/** What our side receives as text until the end. */
export async function readText(s: SOCKET): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  await readAll(s, (bytes) => {
    all += decoder.decode(bytes, { stream: true });
  });
  return all;
}

/** What the kernel's side receives as text until the end. */
export const kernelText = (peer: Socket): Promise<string> => text(peer);

/** Waits for a condition that another thread or the kernel brings about. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`It did not happen: ${what}`);
}
