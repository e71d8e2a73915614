import { parseV4 } from "../../src/stack/core/address.ts";
import { LINUX, type Profile, WINDOWS } from "../../src/stack/core/profile.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { type Seq, seq } from "../../src/stack/core/seq.ts";
import type { Host } from "../../src/stack/host/host.ts";
import { Simulation } from "../../src/stack/host/simulation.ts";
import type { Offloads } from "../../src/stack/link/link-device.ts";
import type { TcpConnection } from "../../src/stack/tcp/tcp-service.ts";
import { CaptureDevice } from "../../src/wire/capture-device.ts";
import { ImpairedDevice } from "../../src/wire/impaired-device.ts";
import type { Impairment } from "../../src/wire/impairment.ts";
import { MemoryWire } from "../../src/wire/memory-wire.ts";
import { tcpOf } from "./insides.ts";
import { Invariants } from "./invariants.ts";

export const OUR_ADDRESS = parseV4("203.0.113.2");
export const PEER_ADDRESS = parseV4("203.0.113.1");

export interface TwoHostsOptions {
  readonly seed?: number;
  readonly profile?: Profile;
  readonly peerProfile?: Profile;
  readonly impairment?: Partial<Impairment>;
  readonly offloads?: Offloads;
  readonly mtu?: number;
}

/** Two of our hosts on one wire, ours behind an impaired device; initial sequence numbers lie just below the wrap. */
export class TwoHosts {
  readonly simulation: Simulation;
  readonly ours: Host;
  readonly peer: Host;
  readonly wire: MemoryWire;
  readonly impaired: ImpairedDevice;
  /** Sees what our host sends and receives; off until a test starts it. */
  readonly capture: CaptureDevice;

  constructor(options: TwoHostsOptions = {}) {
    const seed = options.seed ?? 1;
    this.simulation = new Simulation(seed);
    const { timers, random } = this.simulation;
    this.wire = new MemoryWire();
    const offloads = options.offloads;
    const port = (name: string) => ({ name, ...(offloads ? { offloads } : {}), ...(options.mtu ? { mtu: options.mtu } : {}) });
    this.impaired = new ImpairedDevice(this.wire.device(port("ours")), { timers, random });
    if (options.impairment) {
      this.impaired.configure("in", options.impairment);
      this.impaired.configure("out", options.impairment);
    }
    this.ours = this.simulation.host({ random: new SeededRandom(seed * 2 + 1), profile: options.profile ?? WINDOWS });
    this.peer = this.simulation.host({ random: new SeededRandom(seed * 2 + 2), profile: options.peerProfile ?? LINUX });
    this.capture = new CaptureDevice(this.impaired, { time: this.simulation, epochOffsetMs: 0 });
    this.ours.attach(this.capture, { address: OUR_ADDRESS, prefixLength: 24 });
    this.peer.attach(this.wire.device(port("peer")), { address: PEER_ADDRESS, prefixLength: 24 });
    for (const [name, host] of Object.entries({ ours: this.ours, peer: this.peer })) {
      tcpOf(host).sequences = () => justBelowWrap;
      new Invariants(host, `seed ${seed}, ${name}`);
    }
  }
}

const justBelowWrap: Seq = seq(-2000);

/** One end of a stream as a test wants it: everything that came, in one array, and what happened. */
export class Endpoint {
  connection: TcpConnection | undefined;
  readonly received: Uint8Array[] = [];
  receivedBytes = 0;
  readonly events: string[] = [];

  readonly user = {
    established: () => this.events.push("established"),
    connectFailed: (reason: string) => this.events.push(`failed: ${reason}`),
    readable: () => this.#take(),
    endOfStream: () => {
      this.#take();
      this.events.push("end");
    },
    aborted: (reason: string) => this.events.push(`aborted: ${reason}`),
    finished: () => this.events.push("finished"),
  };

  use(connection: TcpConnection): this {
    this.connection = connection;
    connection.user = this.user;
    return this;
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.receivedBytes);
    let at = 0;
    for (const piece of this.received) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  #take(): void {
    if (this.connection === undefined) return;
    const piece = new Uint8Array(this.connection.readableBytes);
    this.connection.read(piece, 0, piece.length);
    if (piece.length > 0) this.received.push(piece);
    this.receivedBytes += piece.length;
  }
}

/** Bytes whose value tells their position, so that a shifted stream cannot pass for a whole one. */
export function pattern(length: number, key: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (Math.imul(i + 1, 0x9e3779b1) >>> 24) ^ (i >>> 13) ^ key;
  return bytes;
}

/** Connects ours to a listener of the peer. */
export function connectPair(hosts: TwoHosts, port = 80, limitMs = 300_000): { client: Endpoint; server: Endpoint } {
  const client = new Endpoint();
  const server = new Endpoint();
  const listener = hosts.peer.tcp.listen({
    localPort: port,
    backlog: 8,
    acceptable: () => {
      const accepted = listener.accept();
      if (accepted !== undefined) server.use(accepted);
    },
  });
  const opened = hosts.ours.tcp.open({ remote: PEER_ADDRESS, remotePort: port, user: client.user });
  if (typeof opened === "string") throw new Error(opened);
  client.connection = opened;
  hosts.simulation.run(() => server.connection !== undefined && client.has("established"), hosts.simulation.now + limitMs);
  return { client, server };
}
