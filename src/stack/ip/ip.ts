import {
  type IpAddress,
  type Ipv4Address,
  ipv4 as ipv4Address,
  isLoopbackV4,
  isMulticastV4,
  isReservedV4,
  parseV4,
} from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { FrameInfo } from "../core/frame-info.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { LinkDevice } from "../link/link-device.ts";
import type { NeighbourListing } from "../link/neighbours.ts";
import { type InterfaceUser, NetworkInterface } from "../link/network-interface.ts";
import * as icmp from "../packet/icmp.ts";
import * as ipv4 from "../packet/ipv4.ts";
import type { IpService, RouteRequest } from "./ip-service.ts";
import type { RouteFailure } from "./path.ts";
import type { PathMtus } from "./path-mtu.ts";
import type { PingFailure, PingOptions, PingResult } from "./pings.ts";
import { RouteTable } from "./routes.ts";
import type { InboundPacket, Transport } from "./transport.ts";
import { ControlMessages, type ControlMessageUser } from "./v4/control-messages.ts";
import { type InputUser, Ipv4Input } from "./v4/input.ts";
import { Ipv4Output, Ipv4Path, type Way, type WayFinder } from "./v4/ipv4-path.ts";

/** Paths kept for senders that hold none of their own; a power of two. */
const RECENT_PATHS = 64;

/** What IP tells the host. Called from inside devices: note it and return. */
export interface IpListener {
  /** A device that was full takes frames again: transports may go on. */
  writable(through: NetworkInterface): void;
  linkChanged(through: NetworkInterface, isUp: boolean): void;
}

/** The internet layer of one host: interfaces, routes, ICMP, and the transports above. IPv4 only; there is no route to an IPv6 address. */
export class Ip implements IpService, InterfaceUser, InputUser, ControlMessageUser, WayFinder {
  readonly routes = new RouteTable();
  listener: IpListener | undefined;
  readonly #context: HostContext;
  readonly #interfaces: NetworkInterface[] = [];
  readonly #transports: (Transport | undefined)[] = new Array(256).fill(undefined);
  readonly #output: Ipv4Output;
  readonly #input: Ipv4Input;
  readonly #controlMessages: ControlMessages;
  readonly #recentPaths: (Ipv4Path | undefined)[] = new Array(RECENT_PATHS).fill(undefined);
  #recentGeneration = 0;
  #loopback: NetworkInterface | undefined;

  constructor(context: HostContext) {
    this.#context = context;
    this.#output = new Ipv4Output(context, this);
    this.#input = new Ipv4Input(this);
    this.#controlMessages = new ControlMessages(context, this);
  }

  // Configuration

  /** Takes a device into use. A loopback gets 127.0.0.1/8; others get theirs by `addAddress`. */
  addInterface(device: LinkDevice, name = device.name): NetworkInterface {
    const added = new NetworkInterface(this.#context, device, name, this);
    this.#interfaces.push(added);
    if (device.isLoopback) {
      this.#loopback = added;
      added.addAddress(LOOPBACK, 8);
    }
    this.routes.generation++;
    return added;
  }

  get interfaces(): readonly NetworkInterface[] {
    return this.#interfaces;
  }

  /** Gives an interface an address and the route to its prefix; `announce` tells the link (RFC 5227 §3). @throws RangeError when a host cannot have it */
  addAddress(through: InterfaceService, address: Ipv4Address, prefixLength: number, options: { readonly announce?: boolean } = {}): void {
    const to = this.#own(through);
    to.addAddress(address, prefixLength);
    this.routes.add({ destination: address.bits, prefixLength, gateway: undefined, interface: to, metric: 0 });
    if (options.announce === true && to.isUp && !to.isLoopback) to.neighbours.announce(address.bits);
  }

  /** Takes an address away, with the route to its prefix when no other address needs it. @returns false when it is not there */
  removeAddress(through: InterfaceService, address: Ipv4Address): boolean {
    const from = this.#own(through);
    const removed = from.addresses.find((a) => a.address.bits === address.bits);
    if (removed === undefined) return false;
    from.removeAddress(address.bits);
    const isNeeded = from.addresses.some(
      (a) => a.prefixLength === removed.prefixLength && ((a.address.bits ^ address.bits) & removed.mask) === 0,
    );
    if (!isNeeded) this.routes.remove(address.bits, removed.prefixLength, undefined, from);
    this.routes.generation++;
    return true;
  }

  /** @throws RangeError when the gateway is on no link of ours, or the prefix length is no such */
  addRoute(request: RouteRequest): void {
    const { destination, prefixLength, gateway, metric = 0 } = request;
    if (!(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= 32)) {
      throw new RangeError(`Cannot add a route with a prefix of ${prefixLength} bits: expected 0 to 32`);
    }
    const isOnLink = (i: NetworkInterface) => !i.isLoopback && (gateway === undefined || i.isNeighbourly(gateway.bits));
    const found = gateway === undefined ? undefined : this.#interfaces.find(isOnLink);
    const through = request.interface === undefined ? found : this.#own(request.interface);
    if (through === undefined || !isOnLink(through)) {
      throw new RangeError("Cannot add a route whose gateway is not on the link of an interface");
    }
    this.routes.add({ destination: destination.bits, prefixLength, gateway, interface: through, metric });
  }

  #own(through: InterfaceService): NetworkInterface {
    const own = this.#interfaces.find((i) => i === through);
    if (own === undefined) throw new RangeError(`Cannot use the interface ${through.name}: it belongs to another host`);
    return own;
  }

  register(transport: Transport): void {
    this.#transports[transport.protocol] = transport;
  }

  // Facts

  /** Of all interfaces, the loopback's included. */
  addresses(): Ipv4Address[] {
    return this.#interfaces.flatMap((i) => i.addresses.map((a) => a.address));
  }

  /** Whether a socket may be bound to the address: one of ours whose device is there, or any of 127.0.0.0/8. */
  isLocalAddress(address: IpAddress): boolean {
    if (address.family !== 4) return false;
    for (const i of this.#interfaces) if (i.isOwn(address.bits) && !i.device.isGone) return true;
    return isLoopbackV4(address.bits) && this.isLocalV4(address.bits);
  }

  isLocalV4(bits: number): boolean {
    for (const i of this.#interfaces) if (i.isOwn(bits)) return true;
    return isLoopbackV4(bits) && this.#loopback !== undefined;
  }

  /** Limited broadcast, or the directed broadcast of a prefix of ours. */
  isBroadcast(bits: number): boolean {
    if (bits === 0xffffffff) return true;
    for (const i of this.#interfaces) if (i.isBroadcast(bits)) return true;
    return false;
  }

  /** Whether a datagram to the broadcast address `destination` is for a socket bound to `local`, an address of ours. */
  isBroadcastFor(local: number, destination: number): boolean {
    if (destination === 0xffffffff) return true;
    for (const i of this.#interfaces) if (i.isOwn(local)) return i.isBroadcast(destination);
    return false;
  }

  neighbours(): NeighbourListing[] {
    return this.#interfaces.flatMap((i) => i.neighbours.list());
  }

  get pathMtus(): PathMtus {
    return this.#output.pathMtus;
  }

  // Sending

  /** The way to `remote`, from `local` or from an address that suits it. To be kept by who has a flow; it follows changes of the routes. */
  route(remote: IpAddress, local?: IpAddress): Ipv4Path | RouteFailure {
    if (remote.family !== 4) return "no-route";
    if (local !== undefined && local.family !== 4) return "source-not-local";
    const way = this.wayTo(remote.bits, local?.bits);
    return typeof way === "string" ? way : new Ipv4Path(this.#output, way, local ?? way.local, remote);
  }

  /** As `route`, for who sends to many and keeps no paths: repeats cost no allocation. A `local` of 0 leaves the choice to IP. */
  pathTo(remote: number, local: number): Ipv4Path | RouteFailure {
    if (this.#recentGeneration !== this.generation) {
      // A path follows its destination through changes, but not a source that was chosen for it.
      this.#recentPaths.fill(undefined);
      this.#recentGeneration = this.generation;
    }
    const slot = (Math.imul(remote ^ local, 0x9e3779b1) >>> 16) & (RECENT_PATHS - 1);
    const recent = this.#recentPaths[slot];
    if (recent !== undefined && recent.remote.bits === remote && (local === 0 ? recent.isSourceChosen : recent.local.bits === local)) {
      return recent;
    }
    const way = this.wayTo(remote, local === 0 ? undefined : local);
    if (typeof way === "string") return way;
    const path = new Ipv4Path(this.#output, way, local === 0 ? way.local : ipv4Address(local), ipv4Address(remote), local === 0);
    this.#recentPaths[slot] = path;
    return path;
  }

  get generation(): number {
    return this.routes.generation;
  }

  wayTo(remote: number, local: number | undefined): Way | RouteFailure {
    if (local !== undefined && !this.isLocalV4(local)) return "source-not-local";
    if (remote === 0 || isMulticastV4(remote) || isReservedV4(remote)) return "no-route";
    if (this.isLocalV4(remote)) return this.#wayToSelf(remote);
    // What has a loopback address must not leave the host (RFC 1122 §3.2.1.3 g).
    if (isLoopbackV4(remote)) return "no-route";
    if (local !== undefined && isLoopbackV4(local)) return "source-not-local";
    if (this.isBroadcast(remote)) return this.#wayToAll(remote, local);
    const route = this.routes.lookup(remote);
    if (route === undefined) return "no-route";
    if (!route.interface.isUp) return "interface-down";
    const nextHop = route.gateway?.bits ?? remote;
    const source = route.interface.addressTowards(nextHop);
    if (source === 0) return "no-route";
    return { interface: route.interface, nextHop, isBroadcast: false, local: ipv4Address(source) };
  }

  /** Echo request to a host, RFC 1122 §3.2.2.6. @returns undefined when it is on its way: then `callback` is called exactly once */
  ping(remote: IpAddress, options: PingOptions, callback: (result: PingResult) => void): RouteFailure | PingFailure | undefined {
    const path = this.route(remote);
    if (typeof path === "string") return path;
    return this.#controlMessages.ping(path, path.remote.bits, options, callback);
  }

  /** RFC 1122 §4.1.3.1: nobody listens on the port to which this datagram went. */
  sendPortUnreachable(packet: InboundPacket): void {
    this.#controlMessages.sendUnreachable(packet, icmp.PORT_UNREACHABLE);
  }

  // Receiving

  /** Takes up to `budget` waiting frames from each device. @returns true when one may have more */
  receive(budget: number): boolean {
    let hasMore = false;
    for (const i of this.#interfaces) if (i.device.receive(i, budget) >= budget) hasMore = true;
    return hasMore;
  }

  // Called from below and beside

  ipv4Input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): string {
    return this.#input.datagram(from, bytes, at, end, info, isLinkBroadcast);
  }

  deliver(protocol: number, packet: InboundPacket): string {
    if (protocol === ipv4.PROTOCOL_ICMP) return this.#controlMessages.input(packet);
    const transport = this.#transports[protocol];
    if (transport !== undefined) return transport.input(packet);
    this.#controlMessages.sendUnreachable(packet, icmp.PROTOCOL_UNREACHABLE);
    return "ipv4-unknown-protocol";
  }

  transport(protocol: number): Transport | undefined {
    return this.#transports[protocol];
  }

  mtuTo(remote: number): number {
    const way = this.wayTo(remote, undefined);
    return typeof way === "string" ? 0 : Math.min(way.interface.mtu, this.pathMtus.to(remote));
  }

  unresolved(_from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void {
    if (this.#context.profile.neighbourFailure !== "host-unreachable") return;
    // RFC 1122 §2.4: told upwards as if a router had said so.
    const reporter = ipv4Address(ipv4.source(bytes, at));
    const { DESTINATION_UNREACHABLE, HOST_UNREACHABLE } = icmp;
    this.#controlMessages.deliverError(bytes, at, end, "host-unreachable", DESTINATION_UNREACHABLE, HOST_UNREACHABLE, reporter, 0);
  }

  writable(through: NetworkInterface): void {
    this.listener?.writable(through);
  }

  linkChanged(through: NetworkInterface, isUp: boolean): void {
    this.routes.generation++;
    this.listener?.linkChanged(through, isUp);
  }

  #wayToSelf(remote: number): Way | RouteFailure {
    const through = this.#loopback;
    if (through === undefined) return "no-route";
    if (!through.isUp) return "interface-down";
    return { interface: through, nextHop: remote, isBroadcast: false, local: isLoopbackV4(remote) ? LOOPBACK : ipv4Address(remote) };
  }

  /** A broadcast leaves through the interface that has the source or the prefix; otherwise through the first that can. */
  #wayToAll(remote: number, local: number | undefined): Way | RouteFailure {
    let isDown = false;
    for (const i of this.#interfaces) {
      const source = i.addressTowards(remote);
      if (i.isLoopback || source === 0 || !i.isBroadcast(remote)) continue;
      if (remote === 0xffffffff && local !== undefined && !i.isOwn(local)) continue;
      if (i.isUp) return { interface: i, nextHop: remote, isBroadcast: true, local: ipv4Address(source) };
      isDown = true;
    }
    return isDown ? "interface-down" : "no-route";
  }
}

const LOOPBACK = parseV4("127.0.0.1");
