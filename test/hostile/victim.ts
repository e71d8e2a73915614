import { IPV4_ANY, IPV6_ANY, type IpAddress, parseAddress, sameAddress } from "../../src/stack/core/address.ts";
import { DROP_REASONS } from "../../src/stack/core/drop-reasons.ts";
import { LINUX, type Profile, RFC, WINDOWS } from "../../src/stack/core/profile.ts";
import { below, type Random, SeededRandom } from "../../src/stack/core/random.ts";
import { Host } from "../../src/stack/host/host.ts";
import { MAX_PATH_MTUS } from "../../src/stack/ip/path-mtu.ts";
import { MAX_DATAGRAMS, MAX_REASSEMBLY_BYTES } from "../../src/stack/ip/reassembly.ts";
import type { InterfaceService } from "../../src/stack/link/interface-service.ts";
import { NO_OFFLOADS } from "../../src/stack/link/link-device.ts";
import { MAX_NEIGHBOURS } from "../../src/stack/link/neighbours.ts";
import type { RawEndpoint } from "../../src/stack/raw/raw-service.ts";
import type { TcpConnection, TcpListener } from "../../src/stack/tcp/tcp-service.ts";
import type { UdpEndpoint } from "../../src/stack/udp/udp-service.ts";
import { Loopback } from "../../src/wire/loopback.ts";
import { ipOf } from "../support/insides.ts";
import { Invariants } from "../support/invariants.ts";
import {
  chance,
  GROUP_V4,
  GROUP_V6,
  NAME_SERVER,
  noise,
  OURS_LINK_LOCAL,
  OURS_V4,
  OURS_V6,
  PORTS,
  pick,
  pickEnds,
  pickPeer,
  ROUTER_V4,
} from "./attacker.ts";
import { HostileDevice } from "./hostile-device.ts";
import { Overheard } from "./overheard.ts";

const PROFILES: readonly Profile[] = [WINDOWS, LINUX, RFC];
const OFFLOADS = { checksum: true, tso4: true, tso6: true, uso: true };

/** Connections that the programs of the host keep, and those that wait in no queue. */
const MAX_PROGRAMS = 32;
const TURNS_AT_ONCE = 64;
/** Routes and addresses that routers and servers may bring about beside those that the operator has given. */
const MAX_ROUTES = 128;
const MAX_ADDRESSES = 64;
/** Kept after the end of connections, and half open ones: more than the attacker's ports make. */
const MAX_CONNECTIONS = 40_000;
const MAX_REQUESTS = 8;

const REASONS = new Set(DROP_REASONS.flatMap(({ reasons }) => Object.keys(reasons)));

/**
 * A host with all that frames can hit: both families, connections that come and go, listeners with and without programs, endpoints, groups,
 * a DHCP client on a second interface, autoconfiguration on both, a resolver that waits for answers, a ping on its way. Its programs do by chance what programs do.
 */
export class Victim {
  readonly host: Host;
  readonly overheard = new Overheard();
  /** The first has addresses of the operator's, the second asks a DHCP server. */
  readonly devices: readonly [HostileDevice, HostileDevice];
  readonly interfaces: readonly InterfaceService[];
  /** What became of the frames that came. */
  readonly verdicts = new Map<string, number>();
  now = 0;
  readonly #random: Random;
  readonly #programs: TcpConnection[] = [];
  readonly #endpoints: UdpEndpoint[] = [];
  readonly #raw: RawEndpoint[] = [];
  #lastReason: string | undefined;
  /** A listener whose program decides before a SYN is answered. */
  #deciding: TcpListener | undefined;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed ^ 0x5eed);
    const offloads = seed % 2 === 0 ? OFFLOADS : NO_OFFLOADS;
    this.host = new Host({ random: new SeededRandom(seed), profile: PROFILES[seed % PROFILES.length]! });
    const { drops } = this.host.context;
    const count = drops.count.bind(drops);
    drops.count = (reason) => {
      this.#lastReason = reason;
      count(reason);
    };
    const device = (name: string, station: number) =>
      new HostileDevice(name, Uint8Array.of(2, 0, 0, 0, 0, station), offloads, this.overheard, (handUp) => this.#judge(handUp));
    this.devices = [device("eth0", 2), device("eth1", 3)];
    this.host.attach(new Loopback());
    const eth0 = this.host.attach(this.devices[0], { address: OURS_V4, prefixLength: 24, gateway: ROUTER_V4, ip6: "auto" });
    const eth1 = this.host.attach(this.devices[1], { dhcp: true, ip6: "auto" });
    this.interfaces = [eth0, eth1];
    const { ip } = this.host;
    ip.addAddress(eth0, OURS_V6, 64);
    ip.addAddress(eth0, OURS_LINK_LOCAL, 64);
    ip.addRoute({ destination: parseAddress("::"), prefixLength: 0, gateway: parseAddress("2001:db8::1"), interface: eth0 });
    this.host.dns.configure("configured", { servers: [{ address: NAME_SERVER }], searchList: ["example"] });
    new Invariants(this.host, `seed ${seed}`);
    this.#listen();
    this.#receive();
    // What they take has come to something: others show what becomes of it otherwise.
    if (seed % 3 === 0) this.#overhear();
  }

  #judge(handUp: () => void): void {
    this.#lastReason = undefined;
    handUp();
    const verdict = this.#lastReason ?? "accepted";
    this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
  }

  get emittedFrames(): number {
    return this.devices[0].counters.framesOut + this.devices[1].counters.framesOut;
  }

  /** Those of them that are no segments of TCP. */
  get emittedOthers(): number {
    return this.devices[0].othersOut + this.devices[1].othersOut;
  }

  get emittedBytes(): number {
    return this.devices[0].counters.bytesOut + this.devices[1].counters.bytesOut;
  }

  /** Everything that happens now. @throws Error when that has no end */
  settle(): void {
    for (let turn = 0; turn < TURNS_AT_ONCE; turn++) if (!this.host.turn(this.now)) return;
    throw new Error("The host does not come to rest");
  }

  /** Time passes, from alarm to alarm. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let next = this.host.nextDeadlineMs; next <= until; next = this.host.nextDeadlineMs) {
      this.now = Math.max(this.now, next);
      this.settle();
    }
    this.now = until;
  }

  #listen(): void {
    const { tcp } = this.host;
    const echo = tcp.listen({
      localPort: PORTS.echo,
      backlog: 16,
      acceptable: () => {
        const accepted = echo.accept();
        if (accepted !== undefined) this.#adopt(accepted, true);
      },
    });
    const mute = tcp.listen({
      localPort: PORTS.mute,
      backlog: 16,
      acceptable: () => {
        const accepted = mute.accept();
        if (accepted !== undefined) this.#adopt(accepted, false);
      },
    });
    this.#deciding = tcp.listen({
      localPort: PORTS.decides,
      backlog: MAX_REQUESTS,
      isConditional: true,
      acceptable: () => {
        // Most wait until others come, or too long.
        if (chance(this.#random, 2)) this.#decide();
      },
    });
    tcp.listen({ localPort: PORTS.neverAccepts, backlog: 4, acceptable: () => {} });
  }

  /** About the oldest request. */
  #decide(): void {
    const { next } = this.#deciding!;
    if (next === undefined) return;
    if (chance(this.#random, 3)) {
      this.#deciding!.refuse(next);
      return;
    }
    const accepted = this.#deciding!.accept();
    if (accepted !== undefined) this.#adopt(accepted, true);
  }

  /** A program has one connection more; too many, and the oldest has to go. */
  #adopt(conn: TcpConnection, reads: boolean): void {
    conn.user = reads
      ? {
          readable: () => {
            const piece = new Uint8Array(conn.readableBytes);
            const bytes = conn.read(piece, 0, piece.length);
            if (bytes > 0 && !chance(this.#random, 4)) conn.write(piece, 0, Math.min(bytes, 500));
          },
          endOfStream: () => conn.close(false),
        }
      : {};
    this.#programs.push(conn);
    if (this.#programs.length > MAX_PROGRAMS) this.#programs.shift()!.abort();
  }

  #receive(): void {
    const open = (localPort: number): UdpEndpoint => {
      const opened = this.host.udp.open({ localPort, user: {} });
      if (typeof opened === "string") throw new Error(opened);
      opened.user = { readable: () => this.#answer(opened) };
      this.#endpoints.push(opened);
      return opened;
    };
    open(PORTS.datagrams);
    const members = open(PORTS.members);
    for (const group of [GROUP_V4, GROUP_V6]) {
      for (const through of this.interfaces) members.memberships.join(group, through);
    }
    open(0).connect(ROUTER_V4, 7);
  }

  /** Raw sockets of protocols that the host has and has not, and two that hear all of a link. */
  #overhear(): void {
    for (const local of [OURS_V4, OURS_V6, IPV4_ANY, IPV6_ANY]) {
      for (const protocol of [0, 1, 6, 17, 41, 58, 132]) {
        const opened = this.host.raw.open({ protocol, local, user: {} });
        if (typeof opened === "string") throw new Error(opened);
        if (protocol === 0) opened.overhear(local === OURS_V4 ? "device" : "host");
        this.#raw.push(opened);
      }
    }
  }

  #answer(endpoint: UdpEndpoint): void {
    const got = endpoint.receive();
    if (got !== undefined && chance(this.#random, 2)) endpoint.send(got.payload, 0, got.payload.length, got.from, got.fromPort);
  }

  /** What the programs do until the next time. */
  doSomething(): void {
    const random = this.#random;
    this.host.enter(this.now);
    const { ours, peer } = pickEnds(random);
    for (const endpoint of this.#endpoints) {
      if (chance(random, 4)) endpoint.send(noise(random, below(random, 2500)), undefined, undefined, peer, 1024);
      while (endpoint.receive() !== undefined);
    }
    for (const endpoint of this.#raw) if (chance(random, 2)) while (endpoint.receive() !== undefined);
    if (this.#programs.length < MAX_PROGRAMS / 2) this.#open(peer);
    if (this.#programs.length > 0) this.#use(pick(random, this.#programs));
    this.#programs.splice(0, this.#programs.length, ...this.#programs.filter(({ state }) => state !== "CLOSED"));
    const { dns, ip } = this.host;
    this.#restoreAddress();
    if (dns.status().waiting < 4) dns.lookup(`n${below(random, 50)}.example`, chance(random, 2) ? "both" : "ipv4", () => {});
    if (dns.status().waiting < 4) dns.query(`q${below(random, 50)}.example`, pick(random, ["TXT", "SRV", "CNAME"]), () => {});
    const options = { id: below(random, 4), sequence: below(random, 8), payloadBytes: 32, timeoutMs: 1000 };
    ip.ping(pickPeer(random, ours === OURS_V4), options, () => {});
    for (const device of this.devices) device.isFull = chance(random, 16);
    this.settle();
  }

  /** Somebody has claimed it long enough that the host has given it up: the operator gives it once more. */
  #restoreAddress(): void {
    const { ip } = this.host;
    const [eth0] = this.interfaces;
    if (eth0 === undefined || eth0.addresses.some(({ address }) => sameAddress(address, OURS_V4))) return;
    ip.addAddress(eth0, OURS_V4, 24, { detectConflicts: chance(this.#random, 4) });
  }

  #open(remote: IpAddress): void {
    const opened = this.host.tcp.open({ remote, remotePort: 7000 + below(this.#random, 4), user: {} });
    if (typeof opened !== "string") this.#adopt(opened, chance(this.#random, 2));
  }

  #use(conn: TcpConnection): void {
    const random = this.#random;
    switch (below(random, 8)) {
      case 0:
        conn.shutdownSend();
        return;
      case 1:
        conn.close(chance(random, 2));
        return;
      case 2:
        conn.abort();
        return;
      case 3:
        conn.discard(conn.readableBytes);
        return;
      case 4:
        conn.shutdownReceive();
        return;
      default:
        conn.write(new Uint8Array(20_000), 0, below(random, 20_000));
    }
  }

  /** What is beyond its bounds, in words. */
  excesses(): string[] {
    const ip = ipOf(this.host);
    const bounds: [string, number, number][] = [
      ["datagrams in reassembly", ip.reassembly.datagrams, MAX_DATAGRAMS],
      ["bytes in reassembly", ip.reassembly.bytes, MAX_REASSEMBLY_BYTES],
      ["path MTUs", ip.pathMtus.size, MAX_PATH_MTUS],
      ["routes", ip.routes.list().length, MAX_ROUTES],
      ["connections", this.host.tcp.connectionCount, MAX_CONNECTIONS],
      ["requests for connections", this.#deciding?.waiting ?? 0, MAX_REQUESTS],
      ["addresses", ip.addresses().length, MAX_ADDRESSES],
    ];
    for (const through of ip.interfaces) {
      bounds.push([`neighbours on ${through.name}`, through.neighbours.size, MAX_NEIGHBOURS]);
    }
    const { udpReceiveBufferBytes } = this.host.context.profile;
    for (const { protocol, queuedBytes } of this.#raw) bounds.push([`bytes for raw ${protocol}`, queuedBytes, udpReceiveBufferBytes]);
    const reasons = Object.keys(this.host.context.drops.all());
    return [
      ...bounds.filter(([, held, most]) => held > most).map(([what, held, most]) => `${held} ${what}, where ${most} are the most`),
      ...reasons.filter((reason) => !REASONS.has(reason)).map((reason) => `a drop reason without a name: ${reason}`),
      ...(reasons.some((reason) => reason.startsWith("internal-error")) ? ["a mistake of our own"] : []),
    ];
  }
}
