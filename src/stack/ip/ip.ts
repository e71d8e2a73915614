import {
  type AddressSlot,
  type AddressWords,
  IPV6_LOOPBACK,
  type IpAddress,
  isLimitedBroadcast,
  isLinkLocalV6,
  isLoopback,
  isMulticast,
  isReserved,
  isUnspecified,
  isV4,
  keepAddress,
  longestPrefix,
  needsScope,
  parseV4,
  prefixBits,
  sameAddress,
  sameFamily,
  samePrefix,
  withScope,
} from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import type { FrameInfo } from "../core/frame-info.ts";
import { guarded } from "../core/guard.ts";
import type { ConflictPolicy, InterfaceAddress, InterfaceService } from "../link/interface-service.ts";
import type { LinkDevice } from "../link/link-device.ts";
import type { NeighbourListing } from "../link/neighbours.ts";
import { type InterfaceUser, NetworkInterface } from "../link/network-interface.ts";
import { type SourceCandidate, selectSource } from "./address-selection.ts";
import type { AutoconfiguringFamily, FoundPath, IpFamily, Way, WayFinder } from "./family.ts";
import type { InterfaceGroups } from "./groups/interface-groups.ts";
import type { MembershipOwner } from "./groups/memberships.ts";
import type { SourceFilter } from "./groups/source-filter.ts";
import type { AddressOptions, AutoconfigurationSettings, IpService, RouteRequest } from "./ip-service.ts";
import type { RouteFailure } from "./path.ts";
import { PathMtus } from "./path-mtu.ts";
import type { PingFailure, PingOptions, PingResult } from "./ping.ts";
import { Reassembly } from "./reassembly.ts";
import { RouteTable } from "./routes.ts";
import type { InboundPacket, RawReceiver, Transport } from "./transport.ts";

/** Paths kept for senders that hold none of their own; a power of two. */
const RECENT_PATHS = 64;

/** What IP tells the host. Called from inside devices: note it and return. */
export interface IpListener {
  /** A device that was full takes frames again: transports may go on. */
  writable(through: NetworkInterface): void;
  linkChanged(through: NetworkInterface, isUp: boolean): void;
  /** An address is about to be none of ours any more, on any interface. This is to be acted on at once, while it can be sent from. */
  addressLeaves(address: IpAddress): void;
  /** Routers name other name servers and search domains on this link than before; the lists are whole. */
  nameServersAdvertised(through: NetworkInterface, servers: readonly IpAddress[], searchList: readonly string[]): void;
}

/** Makes the families over this layer. */
export interface IpFamilies {
  readonly v4: (ip: Ip) => IpFamily;
  readonly v6: (ip: Ip) => AutoconfiguringFamily;
}

/**
 * The internet layer of one host: interfaces, routes, paths, and the transports above, whatever the family. What a family's own headers and
 * messages say is the family's business.
 */
export class Ip implements IpService, InterfaceUser, WayFinder, MembershipOwner {
  readonly routes = new RouteTable(() => this.#waysChanged());
  readonly pathMtus: PathMtus;
  readonly reassembly: Reassembly;
  listener: IpListener | undefined;
  /** Undefined while nobody wants copies. */
  rawReceiver: RawReceiver | undefined;
  readonly #context: HostContext;
  readonly #interfaces: NetworkInterface[] = [];
  readonly #transports: (Transport | undefined)[] = new Array(256).fill(undefined);
  readonly #v4: IpFamily;
  readonly #v6: AutoconfiguringFamily;
  readonly #recentPaths: (FoundPath | undefined)[] = new Array(RECENT_PATHS).fill(undefined);
  #recentGeneration = 0;
  readonly #wayWatchers = new Set<() => void>();
  /** The generation that they know of. */
  #toldGeneration = 0;
  #loopback: NetworkInterface | undefined;

  constructor(context: HostContext, families: IpFamilies) {
    this.#context = context;
    this.pathMtus = new PathMtus(context);
    this.reassembly = new Reassembly(context);
    this.#v4 = families.v4(this);
    this.#v6 = families.v6(this);
  }

  // Configuration

  /** Takes a device into use. A loopback gets 127.0.0.1/8 and ::1; others get theirs by `addAddress`. */
  addInterface(device: LinkDevice, name = device.name): NetworkInterface {
    const added = new NetworkInterface(this.#context, device, name, this.#interfaces.length + 1, this);
    this.#interfaces.push(added);
    if (device.isLoopback) {
      this.#loopback = added;
      added.addressBook.add(LOOPBACK, 8, { origin: "loopback" });
      added.addressBook.add(IPV6_LOOPBACK, 128, { origin: "loopback" });
    }
    this.routes.advance();
    return added;
  }

  get interfaces(): readonly NetworkInterface[] {
    return this.#interfaces;
  }

  addAddress(through: InterfaceService, added: IpAddress, prefixLength: number, options: AddressOptions = {}): void {
    const to = this.own(through);
    const address = to.scoped(added);
    const before = to.addresses.find((a) => sameAddress(a.address, address));
    const isTried = options.detectConflicts === true && !to.isLoopback;
    to.addressBook.add(address, prefixLength, isTried ? { ...options, isTentative: true } : options);
    if (before !== undefined) this.#prefixLeaves(to, before);
    // What is on one link only needs no route: its zone says where it is.
    if (options.isPrefixOnLink !== false && !needsScope(address)) {
      this.routes.add({ destination: address, prefixLength, gateway: undefined, interface: to, metric: 0, origin: "address" });
    }
    if (isTried) (isV4(address) ? to.conflicts : to.duplicates).try(address);
    else if (options.announce === true && !to.isLoopback) {
      if (isV4(address)) to.conflicts.announce(address);
      else if (to.isUp) to.announce(address);
    }
  }

  removeAddress(through: InterfaceService, address: IpAddress): boolean {
    const from = this.own(through);
    return from.addressBook.remove(from.scoped(address));
  }

  watchWays(watcher: () => void): () => void {
    this.#wayWatchers.add(watcher);
    return () => void this.#wayWatchers.delete(watcher);
  }

  #waysChanged(): void {
    if (this.#wayWatchers.size > 0) this.#context.requestTurn();
  }

  /** Once the changes of a turn are whole: what lies between two of them is nobody's news. */
  tellOfWays(): void {
    if (this.#toldGeneration === this.generation) return;
    this.#toldGeneration = this.generation;
    for (const watcher of [...this.#wayWatchers]) if (this.#wayWatchers.has(watcher)) guarded(this.#context, watcher);
  }

  limitMtu(on: InterfaceService, bytes: number): void {
    this.own(on).limitMtu(bytes);
  }

  setConflictPolicy(on: InterfaceService, policy: ConflictPolicy): void {
    this.own(on).conflicts.policy = policy;
  }

  /** @throws RangeError when the gateway is on no link of ours, or the prefix length is no such */
  addRoute(request: RouteRequest): void {
    const { destination, prefixLength, metric = 0, origin = "manual" } = request;
    const named = request.interface === undefined ? undefined : this.own(request.interface);
    const gateway = request.gateway === undefined ? undefined : this.#scopedBeside(request.gateway, named?.index);
    const longest = longestPrefix(destination);
    if (!(Number.isInteger(prefixLength) && prefixLength >= 0 && prefixLength <= longest)) {
      throw new RangeError(`Cannot add a route with a prefix of ${prefixLength} bits: expected 0 to ${longest}`);
    }
    const isOnLink = (i: NetworkInterface) => !i.isLoopback && (gateway === undefined || i.isNeighbourly(gateway));
    const found = gateway === undefined ? undefined : this.#interfaces.find(isOnLink);
    const through = named ?? found;
    if (gateway !== undefined && !sameFamily(destination, gateway)) {
      throw new RangeError("Cannot add a route whose gateway is of another family than its destination");
    }
    if (through === undefined || !isOnLink(through)) {
      throw new RangeError("Cannot add a route whose gateway is not on the link of an interface");
    }
    this.routes.add({ destination, prefixLength, gateway, interface: through, metric, origin });
  }

  autoconfigure(on: InterfaceService, settings: AutoconfigurationSettings = {}): void {
    this.#v6.autoconfigure(this.own(on), settings);
  }

  autoconfigurationOf(on: InterfaceService): AutoconfigurationSettings | undefined {
    return this.#v6.autoconfigurationOf(this.own(on));
  }

  /** The interface behind what its users see of it. @throws RangeError when it is another host's */
  own(through: InterfaceService): NetworkInterface {
    const own = this.#interfaces.find((i) => i === through);
    if (own === undefined) throw new RangeError(`Cannot use the interface ${through.name}: it belongs to another host`);
    return own;
  }

  register(transport: Transport): void {
    this.#transports[transport.protocol] = transport;
  }

  // Facts

  /** Of all interfaces, the loopback's included. */
  addresses(): IpAddress[] {
    return this.#interfaces.flatMap((i) => i.addresses.map((a) => a.address));
  }

  localAddress(address: IpAddress): IpAddress | undefined {
    for (const i of this.#interfaces) {
      const own = address.scope === 0 ? i.scoped(address) : address;
      if (i.isOwn(own) && !i.device.isGone) return own;
    }
    return isV4(address) && isLoopback(address) && this.isLocal(address) ? address : undefined;
  }

  isLocalAddress(address: IpAddress): boolean {
    return this.localAddress(address) !== undefined;
  }

  /** Whether any interface has the address, or it is one of the loopback's. */
  isLocal(address: AddressWords): boolean {
    for (const i of this.#interfaces) if (i.isOwn(address)) return true;
    return isLoopback(address) && this.#loopback !== undefined;
  }

  fillOwnZone(address: AddressSlot): void {
    for (const i of this.#interfaces) {
      address.scope = i.index;
      if (i.isOwn(address)) return;
    }
    address.scope = 0;
  }

  /** Limited broadcast, or the directed broadcast of a prefix of ours. */
  isBroadcast(address: AddressWords): boolean {
    if (isLimitedBroadcast(address)) return true;
    for (const i of this.#interfaces) if (i.isBroadcast(address)) return true;
    return false;
  }

  /** Whether a datagram to the broadcast address `destination` is for a socket bound to `local`, an address of ours. */
  isBroadcastFor(local: AddressWords, destination: AddressWords): boolean {
    if (isLimitedBroadcast(destination)) return true;
    for (const i of this.#interfaces) if (i.isOwn(local)) return i.isBroadcast(destination);
    return false;
  }

  neighbours(): NeighbourListing[] {
    return this.#interfaces.flatMap((i) => i.neighbours.list());
  }

  // Sending

  /** The way to `remote`, from `local` or from an address that suits it. To be kept by who has a flow; it follows changes of the routes. */
  route(to: IpAddress, from?: IpAddress): FoundPath | RouteFailure {
    const local = from === undefined ? undefined : this.scoped(from);
    const remote = this.#scopedBeside(to, local?.scope);
    const way = this.wayTo(remote, local);
    if (typeof way === "string") return way;
    // One object for all flows from an address of ours, where the caller's copy says the same.
    const source = local === undefined || sameAddress(local, way.local) ? way.local : local;
    return this.#familyOf(remote).path(way, source, remote, false);
  }

  /**
   * The address in its zone: one of a single link that comes without is taken to be of the first link that is up (RFC 4007 §6, the
   * default zone), and one that means the same everywhere has none.
   */
  scoped(address: IpAddress): IpAddress {
    if (!needsScope(address)) return address.scope === 0 ? address : withScope(address, 0);
    if (address.scope !== 0) return address;
    const zone = this.#interfaces.find((i) => !i.isLoopback && i.isUp) ?? this.#interfaces.find((i) => !i.isLoopback);
    return zone === undefined ? address : zone.scoped(address);
  }

  /** As `scoped`, where it is known which zone is meant: that of the source, or of the link. */
  #scopedBeside(address: IpAddress, zone = 0): IpAddress {
    return zone !== 0 && address.scope === 0 && needsScope(address) ? withScope(address, zone) : this.scoped(address);
  }

  #familyOf(address: AddressWords): IpFamily {
    return isV4(address) ? this.#v4 : this.#v6;
  }

  /**
   * As `route`, for who sends to many and keeps no paths: repeats cost no allocation. Without `local` the choice is IP's.
   * @param through the interface that a datagram to a group is to leave by; undefined leaves the choice to IP
   */
  pathTo(remote: AddressWords, local: AddressWords | undefined, through?: NetworkInterface): FoundPath | RouteFailure {
    if (this.#recentGeneration !== this.generation) {
      // A path follows its destination through changes, but not a source that was chosen for it.
      this.#recentPaths.fill(undefined);
      this.#recentGeneration = this.generation;
    }
    const slot = (Math.imul(remote.w3 ^ remote.w1 ^ (local?.w3 ?? 0), 0x9e3779b1) >>> 16) & (RECENT_PATHS - 1);
    const recent = this.#recentPaths[slot];
    if (
      recent !== undefined &&
      sameAddress(recent.remote, remote) &&
      recent.through === through &&
      (local === undefined ? recent.isSourceChosen : sameAddress(recent.local, local))
    ) {
      return recent;
    }
    const from = local === undefined ? undefined : this.scoped(keepAddress(local));
    const to = through === undefined ? this.#scopedBeside(keepAddress(remote), from?.scope) : through.scoped(keepAddress(remote));
    const way = this.wayTo(to, from, through);
    if (typeof way === "string") return way;
    const source = from === undefined || sameAddress(from, way.local) ? way.local : from;
    const path = this.#familyOf(to).path(way, source, to, from === undefined, through);
    this.#recentPaths[slot] = path;
    return path;
  }

  /**
   * As `route`, for a connection. Over IPv4 those between the same two hosts share one object, as far as they are opened one after another;
   * over IPv6 each has its own, since that has the label of its flow (RFC 6437 §3).
   */
  flowTo(remote: AddressWords, local: AddressWords): FoundPath | RouteFailure {
    return isV4(remote) ? this.pathTo(remote, local) : this.route(keepAddress(remote), keepAddress(local));
  }

  get generation(): number {
    return this.routes.generation;
  }

  wayTo(remote: IpAddress, local: IpAddress | undefined, through?: NetworkInterface): Way | RouteFailure {
    // Only who has no address yet speaks in nobody's name, and to everybody on one link (RFC 1122 §3.2.1.3 a).
    if (through !== undefined && local !== undefined && isUnspecified(local) && isLimitedBroadcast(remote)) {
      return through.isUp ? { interface: through, nextHop: remote, isBroadcast: true, isMulticast: false, local } : "interface-down";
    }
    if (local !== undefined && !(this.isLocal(local) && sameFamily(local, remote))) return "source-not-local";
    if (isUnspecified(remote) || isReserved(remote) || isGroupOfNoScope(remote)) return "no-route";
    if (isMulticast(remote)) return this.#wayToGroup(remote, local, through);
    if (this.isLocal(remote)) return this.#wayToSelf(remote);
    // What has a loopback address must not leave the host (RFC 1122 §3.2.1.3 g).
    if (isLoopback(remote)) return "no-route";
    if (local !== undefined && isLoopback(local)) return "source-not-local";
    if (this.isBroadcast(remote)) return this.#wayToAll(remote, local);
    if (needsScope(remote)) {
      const link = this.#interfaces[remote.scope - 1];
      // There are no neighbours on it: what is not ours is nobody's.
      return link?.isLoopback === true ? "no-route" : this.#wayThrough(link, remote, remote, local);
    }
    const route = this.routes.lookup(remote);
    if (route === undefined) return "no-route";
    return this.#wayThrough(route.interface, route.gateway ?? remote, remote, local);
  }

  #wayThrough(through: NetworkInterface | undefined, nextHop: IpAddress, remote: IpAddress, from?: IpAddress): Way | RouteFailure {
    if (through === undefined) return "no-route";
    if (!through.isUp) return "interface-down";
    if (isOfOtherLink(from, through)) return "source-not-local";
    const local = sourceFor(remote, through, nextHop);
    return local === undefined ? "no-route" : { interface: through, nextHop, isBroadcast: false, isMulticast: false, local };
  }

  /** The source that a datagram to `remote` leaves with when nobody has chosen one, and what is known of it; undefined when there is no way. */
  sourceTowards(remote: IpAddress): SourceCandidate | undefined {
    const way = this.wayTo(remote, undefined);
    if (typeof way === "string") return undefined;
    const own = way.interface.addresses.find(({ address }) => sameAddress(address, way.local));
    if (own !== undefined) return candidateOn(way.interface, own);
    // One of ours that another interface has, or any of the loopback's.
    const bits = prefixBits(way.local, longestPrefix(way.local));
    return { address: way.local, bits, isDeprecated: false, isTemporary: false, interface: way.interface };
  }

  /** Echo request to a host, RFC 1122 §3.2.2.6. @returns undefined when it is on its way: then `callback` is called exactly once */
  ping(remote: IpAddress, options: PingOptions, callback: (result: PingResult) => void): RouteFailure | PingFailure | undefined {
    const path = this.route(remote);
    if (typeof path === "string") return path;
    return this.#familyOf(remote).ping(path, options, callback);
  }

  /** RFC 1122 §4.1.3.1: nobody listens on the port to which this datagram went. */
  sendPortUnreachable(packet: InboundPacket): void {
    this.#familyOf(packet.source).sendPortUnreachable(packet);
  }

  // Receiving

  /** Takes up to `budget` waiting frames from each device. @returns true when one may have more */
  receive(budget: number): boolean {
    let hasMore = false;
    for (const i of this.#interfaces) {
      if (i.device.receive(i, budget) >= budget) hasMore = true;
      i.receiveLooped();
    }
    return hasMore;
  }

  // Called from below and beside

  ipv4Input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict {
    return this.#v4.input(from, bytes, at, end, info, isLinkBroadcast);
  }

  ipv6Input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict {
    return this.#v6.input(from, bytes, at, end, info, isLinkBroadcast);
  }

  transport(protocol: number): Transport | undefined {
    return this.#transports[protocol];
  }

  mtuTo(remote: IpAddress): number {
    const way = this.wayTo(remote, undefined);
    if (typeof way === "string") return 0;
    return Math.min(isV4(remote) ? way.interface.mtu : way.interface.ipv6Mtu, this.pathMtus.to(remote));
  }

  unresolved(from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void {
    if (this.#context.profile.neighbourFailure !== "host-unreachable") return;
    const family = bytes[at]! >>> 4 === 4 ? this.#v4 : this.#v6;
    family.unresolved(from, bytes, at, end);
  }

  silenceChanged(through: NetworkInterface, address: IpAddress): void {
    if (this.routes.isFirstHop(address, through)) this.routes.advance();
  }

  isReplaced(through: NetworkInterface, address: IpAddress): boolean {
    return this.routes.isReplaced(address, through);
  }

  hasAlternative(through: NetworkInterface, address: IpAddress): boolean {
    return this.routes.hasAlternative(address, through);
  }

  writable(through: NetworkInterface): void {
    this.listener?.writable(through);
  }

  linkChanged(through: NetworkInterface, isUp: boolean): void {
    this.routes.advance();
    if (isUp) for (const family of [this.#v4, this.#v6]) family.groupsOf(through).announce();
    this.#v6.linkChanged(through, isUp);
    this.listener?.linkChanged(through, isUp);
  }

  addressLeaves(from: NetworkInterface, address: IpAddress): void {
    if (!this.#interfaces.some((i) => i !== from && i.isOwn(address))) this.listener?.addressLeaves(address);
  }

  addressesChanged(from: NetworkInterface, ended: InterfaceAddress | undefined): void {
    this.routes.advance();
    for (const family of [this.#v4, this.#v6]) family.addressesChanged(from);
    if (ended !== undefined) this.#prefixLeaves(from, ended);
  }

  /** The prefix of an address that is gone, or has another now, is on the link only if a further address says so. */
  #prefixLeaves(from: NetworkInterface, { address, bits, prefixLength, isPrefixOnLink }: InterfaceAddress): void {
    if (!isPrefixOnLink) return;
    const isNeeded = from.addresses.some((a) => a.isPrefixOnLink && a.bits === bits && samePrefix(a.address, address, bits));
    if (!isNeeded) this.routes.remove(address, prefixLength, undefined, from, "address");
  }

  isOnLink(through: NetworkInterface, address: AddressWords): boolean {
    return this.routes.isOnLink(address, through);
  }

  isNoRouter(through: NetworkInterface, address: AddressWords): void {
    this.#v6.isNoRouter(through, address);
  }

  nameServersAdvertised(through: NetworkInterface, servers: readonly IpAddress[], searchList: readonly string[]): void {
    this.listener?.nameServersAdvertised(through, servers, searchList);
  }

  /** Where a group of which no interface was named is joined: where datagrams to it would leave, too. */
  interfaceFor(group: IpAddress, local?: IpAddress): NetworkInterface | undefined {
    if (group.scope !== 0) return this.#interfaces[group.scope - 1];
    const ofSource = local === undefined ? undefined : this.#interfaces.find((i) => i.isOwn(local));
    const route = this.routes.lookup(group);
    const usable = this.#interfaces.filter((i) => i.addressTowards(group) !== undefined);
    return ofSource ?? route?.interface ?? usable.find((i) => i.isUp && !i.isLoopback) ?? usable.find((i) => !i.isLoopback) ?? usable[0];
  }

  /** The memberships of an interface, of the family that the group is of. */
  groupsOn(through: InterfaceService, group: AddressWords): InterfaceGroups {
    return this.#familyOf(group).groupsOf(this.own(through));
  }

  groupIn(through: InterfaceService, group: IpAddress): IpAddress {
    return this.own(through).scoped(group);
  }

  setWanted(by: object, group: IpAddress, through: InterfaceService, filter: SourceFilter | undefined): boolean {
    return this.groupsOn(through, group).setWanted(by, group, filter);
  }

  /** RFC 1112 §6.1: members are on the link, whatever the group. */
  #wayToGroup(group: IpAddress, local: IpAddress | undefined, named: NetworkInterface | undefined): Way | RouteFailure {
    const through = named ?? this.interfaceFor(group, local);
    const source = local ?? (through === undefined ? undefined : sourceFor(group, through, group));
    if (through === undefined || source === undefined) return "no-route";
    if ((isLoopback(source) && !through.isLoopback) || isOfOtherLink(local, through)) return "source-not-local";
    return through.isUp ? { interface: through, nextHop: group, isBroadcast: false, isMulticast: true, local: source } : "interface-down";
  }

  #wayToSelf(remote: IpAddress): Way | RouteFailure {
    const through = this.#loopback;
    if (through === undefined) return "no-route";
    if (!through.isUp) return "interface-down";
    const local = isLoopback(remote) && isV4(remote) ? LOOPBACK : remote;
    return { interface: through, nextHop: remote, isBroadcast: false, isMulticast: false, local };
  }

  /** A broadcast leaves through the interface that has the source or the prefix; otherwise through the first that can. */
  #wayToAll(remote: IpAddress, local: IpAddress | undefined): Way | RouteFailure {
    let isDown = false;
    for (const i of this.#interfaces) {
      const source = i.addressTowards(remote);
      if (i.isLoopback || source === undefined || !i.isBroadcast(remote)) continue;
      if (isLimitedBroadcast(remote) && local !== undefined && !i.isOwn(local)) continue;
      if (i.isUp) return { interface: i, nextHop: remote, isBroadcast: true, isMulticast: false, local: source };
      isDown = true;
    }
    return isDown ? "interface-down" : "no-route";
  }
}

const LOOPBACK = parseV4("127.0.0.1");

/** What comes from an address of one link must not leave by another (RFC 4007 §9). */
const isOfOtherLink = (source: IpAddress | undefined, through: NetworkInterface): boolean =>
  source !== undefined && isLinkLocalV6(source) && source.scope !== through.index;

/** RFC 4291 §2.7: nothing may be sent there. */
const isGroupOfNoScope = ({ w0 }: IpAddress): boolean => w0 >>> 24 === 0xff && ((w0 >>> 16) & 0xf) === 0;

/** The address of ours to send from: for IPv4 the one on the next hop's prefix, for IPv6 by RFC 6724 among those of the interface (§4). */
function sourceFor(remote: IpAddress, through: NetworkInterface, nextHop: IpAddress): IpAddress | undefined {
  if (isV4(remote)) return through.addressTowards(nextHop);
  const candidates = through.addresses.filter(({ state }) => state !== "tentative").map((own) => candidateOn(through, own));
  return selectSource(candidates, remote, { interface: through, nextHop })?.address;
}

const candidateOn = (through: NetworkInterface, { address, bits, state, origin }: InterfaceAddress): SourceCandidate => ({
  address,
  bits,
  isDeprecated: state === "deprecated",
  isTemporary: origin === "temporary",
  interface: through,
});
