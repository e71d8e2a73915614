import { createRequire } from "node:module";
import { formatAddress, formatEndpoint, type IpAddress, longestPrefix, parseAddress, withScope } from "../stack/core/address.ts";
import type { Trace } from "../stack/core/trace.ts";
import type { DhcpClientService } from "../stack/dhcp/dhcp-service.ts";
import type { Host } from "../stack/host/host.ts";
import type { InterfaceAddress, InterfaceService } from "../stack/link/interface-service.ts";
import type { UdpEndpoint } from "../stack/udp/udp-service.ts";
import type { ProviderUsage } from "../winsock/provider/provider.ts";
import type { CaptureDevice } from "../wire/capture-device.ts";
import type { ImpairedDevice } from "../wire/impaired-device.ts";
import type { Direction } from "../wire/impairment.ts";
import type { DoorUsage } from "./door-usage.ts";
import { type EventSender, EventStreams } from "./event-streams.ts";
import { type FeedParts, type FrameCounts, HostFeed } from "./host-feed.ts";
import {
  type AddressStatus,
  type CheckedRequest,
  type DhcpStatus,
  type HostStatus,
  type InfraredStatus,
  type InterfaceStatus,
  type ManagementOp,
  type ManagementResponse,
  type ManagementResults,
  managementRequest,
  type PingReport,
  type UdpStatus,
} from "./management.ts";
import { resolveName } from "./name-requests.ts";
import { firstIssue } from "./setting-text.ts";
import { traceRecord } from "./trace-record.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { readonly version: string };

/** An interface of the host with the wrappers that management drives. Both pass everything through at the cost of a branch while off. */
export interface ManagedDevice {
  readonly name: string;
  readonly impaired: ImpairedDevice;
  readonly capture: CaptureDevice;
}

export interface ManagementParts {
  readonly host: Host;
  /** The one that leads out first. */
  readonly devices: readonly ManagedDevice[];
  readonly send: EventSender;
  /** What subscriptions are to; the host's when left out. */
  readonly trace?: Trace;
  readonly shutdown: () => void;
  /** What other processes hold; undefined where they cannot come in. */
  readonly doorUsage: () => DoorUsage | undefined;
  readonly programUsage: () => ProviderUsage;
  /** Left out for a host without an infrared device. */
  readonly infrared?: (() => InfraredStatus | undefined) | undefined;
}

/** Answers management requests in the host's thread. A wrong request is answered with a sentence; nothing here throws at the caller. */
export class ManagementService {
  readonly #host: Host;
  readonly #trace: Trace;
  readonly #devices: readonly ManagedDevice[];
  readonly #streams: EventStreams;
  readonly #shutdown: () => void;
  readonly #doorUsage: () => DoorUsage | undefined;
  readonly #programUsage: () => ProviderUsage;
  readonly #infrared: () => InfraredStatus | undefined;
  readonly #startMs: number;
  #lastPing = 0;
  #clients = 0;

  constructor(parts: ManagementParts) {
    this.#host = parts.host;
    this.#trace = parts.trace ?? parts.host.trace;
    this.#devices = parts.devices;
    this.#streams = new EventStreams(parts.send);
    this.#shutdown = parts.shutdown;
    this.#doorUsage = parts.doorUsage;
    this.#programUsage = parts.programUsage;
    this.#infrared = parts.infrared ?? (() => undefined);
    this.#startMs = parts.host.context.now;
  }

  openClient(): void {
    this.#clients++;
  }

  closeClient(client: number): void {
    this.#clients--;
    this.#streams.closeClient(client);
  }

  /** @param reply called exactly once, at once or later, with JSON */
  handle(client: number, data: Uint8Array, reply: (json: Uint8Array) => void): void {
    const answer = (response: ManagementResponse) => reply(new TextEncoder().encode(JSON.stringify(response)));
    try {
      const checked = managementRequest.safeParse(JSON.parse(new TextDecoder().decode(data.slice())));
      if (!checked.success) answer(refusal(`Cannot do that: ${firstIssue(checked.error)}`));
      else if (checked.data.op === "ping") this.#ping(checked.data, (result) => answer({ ok: true, result }));
      else if (checked.data.op === "resolve") resolveName(this.#host.dns, checked.data, (result) => answer({ ok: true, result }));
      else answer({ ok: true, result: this.#perform(client, checked.data) });
    } catch (error) {
      // SyntaxError from JSON, RangeError from the stack: both carry a sentence.
      answer(refusal(error instanceof Error ? error.message : String(error)));
    }
  }

  #perform(client: number, request: Exclude<CheckedRequest, { readonly op: "ping" | "resolve" }>): ManagementResults[ManagementOp] {
    const { ip, tcp, timers, context } = this.#host;
    switch (request.op) {
      case "status":
        return this.#status();
      case "ss":
        return { tcp: tcp.statuses(), udp: this.#host.udp.endpoints().map(udpStatus) };
      case "timers": {
        const now = context.now;
        return timers.pending().map((t) => ({ name: t.name, owner: t.owner, inMs: t.deadlineMs - now }));
      }
      case "route-list":
        return ip.routes.list();
      case "route-add": {
        const { destination, prefixLength } = this.#prefix(request.destination);
        const gateway = request.gateway === undefined ? undefined : this.#address(request.gateway);
        // Without a gateway the destination is on the link that leads out.
        ip.addRoute({ destination, prefixLength, gateway, interface: gateway === undefined ? this.#outwards() : undefined });
        return null;
      }
      case "route-del": {
        const { destination, prefixLength } = this.#prefix(request.destination);
        const gateway = request.gateway === undefined ? undefined : this.#address(request.gateway);
        if (ip.routes.remove(destination, prefixLength, gateway) === 0) {
          throw new RangeError(`Cannot delete the route to ${request.destination}: there is none`);
        }
        return null;
      }
      case "neigh-list":
        return ip.neighbours();
      case "neigh-add":
        this.#linkOf(request.address).neighbours.addStatic(this.#address(request.address), macIn(request.mac));
        return null;
      case "neigh-del":
        if (!ip.interfaces.some((i) => i.neighbours.remove(this.#address(request.address)))) {
          throw new RangeError(`Cannot delete the neighbour ${request.address}: it is not known`);
        }
        return null;
      case "dns-status":
        return this.#host.dns.status();
      case "dns-flush":
        return { forgotten: this.#host.dns.flushCache() };
      case "trace-start":
        return { subscription: this.#startTrace(client, request.snapLength) };
      case "trace-stop":
        return this.#streams.stop(client, "trace", request.subscription);
      case "feed-start":
        return { subscription: this.#startFeed(client, request), nowMs: context.now };
      case "feed-stop":
        return this.#streams.stop(client, "feed", request.subscription);
      case "capture-start":
        return { subscription: this.#startCapture(client, this.#device(request.device), request.snapLength) };
      case "capture-stop":
        return this.#streams.stop(client, "capture", request.subscription);
      case "fault-set": {
        const { impaired } = this.#device(request.device);
        for (const direction of directionsOf(request.direction)) impaired.configure(direction, withoutUndefined(request.settings));
        return impaired.describe();
      }
      case "fault-pick": {
        const { impaired } = this.#device(request.device);
        const { match, action, count, skip, direction, delayMs, sequence, port } = request;
        const where = direction === "both" ? {} : { direction };
        impaired.pick({ match, action, count, ...where, ...withoutUndefined({ skip, delayMs, sequence, port }) });
        return impaired.describe();
      }
      case "fault-clear":
        this.#device(request.device).impaired.clear();
        return this.#device(request.device).impaired.describe();
      case "fault-list":
        return this.#device(request.device).impaired.describe();
      case "shutdown":
        this.#shutdown();
        return null;
    }
  }

  #status(): HostStatus {
    const { context, ip, tcp } = this.#host;
    return {
      version,
      pid: process.pid,
      upMs: context.now - this.#startMs,
      profile: context.profile.name,
      clients: this.#clients,
      door: this.#doorUsage(),
      programs: this.#programUsage(),
      interfaces: ip.interfaces.map((i) => interfaceStatus(i, this.#host.dhcpOn(i), context.now)),
      infrared: this.#infrared(),
      bufferBytes: tcp.bufferBytes,
      connections: tcp.connectionCount,
      drops: context.drops.all(),
      impaired: this.#devices.some((d) => d.impaired.isImpaired),
      capturing: this.#devices.some((d) => d.capture.isCapturing),
      events: this.#streams.totals(),
    };
  }

  #ping(request: Extract<CheckedRequest, { readonly op: "ping" }>, done: (result: PingReport) => void): void {
    const sequence = this.#lastPing++;
    const options = {
      id: 1 + ((sequence >>> 16) & 0x7fff),
      sequence: sequence & 0xffff,
      payloadBytes: request.bytes,
      timeoutMs: request.timeoutMs,
    };
    const failure = this.#host.ip.ping(this.#address(request.address), options, (result) => {
      if (result.kind === "reply") done({ outcome: "reply", rttMs: result.rttMs, ttl: result.ttl, bytes: result.payloadBytes });
      else if (result.kind === "timed-out") done({ outcome: "timeout" });
      else done({ outcome: "unreachable", reason: result.kind, reporter: formatAddress(result.reporter) });
    });
    if (failure !== undefined) done({ outcome: "unreachable", reason: failure });
  }

  #startTrace(client: number, snapLength: number): number {
    const encoder = new TextEncoder();
    return this.#streams.start(client, "trace", (emit) =>
      this.#trace.subscribe((event) => emit(encoder.encode(JSON.stringify(traceRecord(event, snapLength))))),
    );
  }

  #startFeed(client: number, settings: Pick<FeedParts, "snapLength" | "eventsPerSecond">): number {
    const encoder = new TextEncoder();
    const { timers } = this.#host;
    return this.#streams.start(client, "feed", (emit) => {
      const feed = new HostFeed({
        ...{ trace: this.#trace, timers, snapLength: settings.snapLength, eventsPerSecond: settings.eventsPerSecond },
        counts: () => this.#frameCounts(),
        emit: (record) => emit(encoder.encode(JSON.stringify(record))),
      });
      return () => feed.end();
    });
  }

  #frameCounts(): FrameCounts {
    let frames = 0;
    let bytes = 0;
    for (const { device } of this.#host.ip.interfaces) {
      frames += device.counters.framesIn + device.counters.framesOut;
      bytes += device.counters.bytesIn + device.counters.bytesOut;
    }
    return { frames, bytes };
  }

  #startCapture(client: number, device: ManagedDevice, snapLength: number): number {
    if (device.capture.isCapturing) throw new RangeError(`Cannot start a capture on ${device.name}: one runs already`);
    return this.#streams.start(client, "capture", (emit) => {
      const infrared = device === this.#devices[0];
      device.capture.start({ sink: emit, trace: this.#trace, infrared, ...(snapLength > 0 ? { snapLength } : {}) });
      return () => device.capture.stop();
    });
  }

  /** An address with its zone, which people give by the interface's name or number; that of the first link where they give none. */
  #address(text: string): IpAddress {
    const [address = "", zone] = text.split("%");
    const { ip } = this.#host;
    if (zone === undefined) return ip.scoped(parseAddress(address));
    const link = ip.interfaces.find((i) => i.name === zone || String(i.index) === zone);
    if (link === undefined) {
      throw new RangeError(`Cannot find the interface "${zone}" of ${text}: this host has ${ip.interfaces.map((i) => i.name).join(", ")}`);
    }
    return ip.scoped(withScope(parseAddress(address), link.index));
  }

  #prefix(text: string): { destination: IpAddress; prefixLength: number } {
    const [address = "", length] = text.split("/");
    const destination = this.#address(address);
    return { destination, prefixLength: length === undefined ? longestPrefix(destination) : Number(length) };
  }

  #device(name: string | undefined): ManagedDevice {
    const device = name === undefined ? this.#devices[0] : this.#devices.find((d) => d.name === name);
    if (device !== undefined) return device;
    throw new RangeError(`Cannot find the interface "${name}": this host has ${this.#devices.map((d) => d.name).join(", ")}`);
  }

  #outwards(): InterfaceService {
    const found = this.#host.ip.interfaces.find((i) => i.name === this.#devices[0]?.name);
    if (found === undefined) throw new RangeError("Cannot add a route: this host has no interface that leads out");
    return found;
  }

  #linkOf(address: string): InterfaceService {
    const target = this.#address(address);
    const link = this.#host.ip.interfaces.find((i) => !i.isLoopback && i.isOnLink(target));
    if (link === undefined) throw new RangeError(`Cannot add the neighbour ${address}: it is on no link of this host`);
    return link;
  }
}

function udpStatus(endpoint: UdpEndpoint): UdpStatus {
  const { local, localPort, peer, peerPort, queuedBytes } = endpoint;
  return {
    local: local === undefined ? `*:${localPort}` : formatEndpoint(local, localPort),
    remote: peer === undefined ? undefined : formatEndpoint(peer, peerPort),
    receiveQueueBytes: queuedBytes,
  };
}

const refusal = (error: string): ManagementResponse => ({ ok: false, error });

const directionsOf = (direction: Direction | "both"): readonly Direction[] => (direction === "both" ? ["in", "out"] : [direction]);

const macIn = (text: string): Uint8Array => Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16));

/** A key that is there with no value would overwrite what it should leave alone. */
function withoutUndefined<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function addressStatus(a: InterfaceAddress, now: number): AddressStatus {
  return {
    address: `${formatAddress(a.address)}/${a.prefixLength}`,
    state: a.state,
    origin: a.origin,
    preferredForMs: timeLeft(a.preferredUntilMs, now),
    validForMs: timeLeft(a.validUntilMs, now),
  };
}

const timeLeft = (untilMs: number, now: number): number | undefined => (Number.isFinite(untilMs) ? Math.max(0, untilMs - now) : undefined);

function dhcpStatus({ state, lease }: DhcpClientService, now: number): DhcpStatus {
  return {
    state,
    address: lease && formatAddress(lease.address),
    server: lease && formatAddress(lease.server),
    renewInMs: lease && timeLeft(lease.renewAtMs, now),
    rebindInMs: lease && timeLeft(lease.rebindAtMs, now),
    endsInMs: lease && timeLeft(lease.expiresAtMs, now),
  };
}

function interfaceStatus(i: InterfaceService, client: DhcpClientService | undefined, now: number): InterfaceStatus {
  const { framesIn, framesOut, bytesIn, bytesOut, drops } = i.device.counters;
  return {
    name: i.name,
    index: i.index,
    mac: Array.from(i.mac, (byte) => byte.toString(16).padStart(2, "0")).join(":"),
    mtu: i.mtu,
    isUp: i.isUp,
    addresses: i.addresses.map((a) => addressStatus(a, now)),
    dhcp: client && dhcpStatus(client, now),
    offloads: i.offloads,
    framesIn,
    framesOut,
    bytesIn,
    bytesOut,
    drops: Object.fromEntries(drops),
  };
}
