import { type AddressWords, fillV4, type IpAddress, isV4, keepAddress } from "../core/address.ts";
import { type BoundAddress, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import { plainFrame } from "../core/frame-info.ts";
import { guarded } from "../core/guard.ts";
import type { Timer } from "../core/timers.ts";
import { DatagramPaths, type DatagramSender } from "../ip/datagram-paths.ts";
import type { MembershipOwner } from "../ip/groups/memberships.ts";
import type { Ip } from "../ip/ip.ts";
import type { Path, RouteFailure } from "../ip/path.ts";
import { PayloadSlabs } from "../ip/payload-slabs.ts";
import { type InboundPacket, makeInboundPacket } from "../ip/transport.ts";
import { FRAME_HEADROOM, MAX_FRAME } from "../link/link-device.ts";
import type { FrameWatcher, NetworkInterface } from "../link/network-interface.ts";
import { putU16 } from "../packet/bytes.ts";
import * as internetChecksum from "../packet/checksum.ts";
import * as ethernet from "../packet/ethernet.ts";
import { FRAGMENT_HEADER, findTransport } from "../packet/extension-headers.ts";
import * as icmpv6 from "../packet/icmpv6.ts";
import * as ipv4 from "../packet/ipv4.ts";
import * as ipv6 from "../packet/ipv6.ts";
import { OpenRawEndpoint, type RawEndpointOwner } from "./raw-endpoint.ts";
import type { RawOpenRequest, RawSendResult, RawService } from "./raw-service.ts";

/** Within an ICMPv6 message. */
const ICMPV6_CHECKSUM_AT = 2;
const CHECKSUM_BYTES = 2;

/** Raw endpoints of one host: copies of what comes for their protocols, and of what passes on a link. While there are none, IP and links know nothing of it. */
export class Raw implements RawService, RawEndpointOwner, FrameWatcher {
  readonly context: HostContext;
  readonly payloads = new PayloadSlabs();
  readonly #ip: Ip;
  readonly #paths: DatagramPaths;
  readonly #endpoints = new Set<OpenRawEndpoint>();
  /** The same by family and protocol. */
  readonly #ofV4 = new Map<number, Set<OpenRawEndpoint>>();
  readonly #ofV6 = new Map<number, Set<OpenRawEndpoint>>();
  /** Those that overhear a link. */
  readonly #overhearing = new Set<OpenRawEndpoint>();
  /** Those that overheard something of which they are not told yet. */
  readonly #untold = new Set<OpenRawEndpoint>();
  readonly #telling: Timer;
  #isWithinFrame = false;
  readonly #scratch = new Uint8Array(FRAME_HEADROOM + MAX_FRAME + FRAGMENT_HEADER);
  readonly #info = plainFrame();
  /** What was overheard; refilled for each frame. */
  readonly #overheard = makeInboundPacket();
  readonly #quoted = { protocol: 0, at: 0, isLaterFragment: false };

  constructor(context: HostContext, ip: Ip) {
    this.context = context;
    this.#ip = ip;
    this.#paths = new DatagramPaths(context, ip);
    this.#telling = context.timers.timer(
      "overheard",
      () => "raw sockets",
      () => this.#tell(),
    );
  }

  open(request: RawOpenRequest): OpenRawEndpoint | "source-not-local" {
    const { protocol, local: wanted } = request;
    const specific = specificOf(wanted);
    const local = specific === undefined ? wanted : this.#boundAs(specific);
    if (local === undefined) return "source-not-local";
    const endpoint = new OpenRawEndpoint(this, local, request);
    // IPPROTO_IP stands for none of the numbers that headers have, 0 among them.
    if (protocol !== 0) this.#addTo(endpoint.isOfV4 ? this.#ofV4 : this.#ofV6, endpoint);
    this.#endpoints.add(endpoint);
    this.#ip.rawReceiver = this;
    return endpoint;
  }

  #addTo(ofFamily: Map<number, Set<OpenRawEndpoint>>, endpoint: OpenRawEndpoint): void {
    const ofProtocol = ofFamily.get(endpoint.protocol);
    if (ofProtocol === undefined) ofFamily.set(endpoint.protocol, new Set([endpoint]));
    else ofProtocol.add(endpoint);
  }

  /** Broadcast addresses are bound to as they are. */
  #boundAs(address: IpAddress): IpAddress | undefined {
    return this.#ip.localAddress(address) ?? (this.#ip.isBroadcast(address) ? address : undefined);
  }

  endpoints(): readonly OpenRawEndpoint[] {
    return [...this.#endpoints];
  }

  /** A device is gone for good, or an address: the endpoints over it are told. @param isAffected by address; a wildcard stands for all of ours */
  networkDown(isAffected: (local: BoundAddress) => boolean): void {
    for (const endpoint of this.endpoints()) {
      if (isAffected(endpoint.local)) guarded(this.context, () => endpoint.user.networkDown?.());
    }
  }

  // What IP and links hand over

  take(protocol: number, packet: InboundPacket): boolean {
    const isOfV4 = isV4(packet.destination);
    const endpoints = (isOfV4 ? this.#ofV4 : this.#ofV6).get(protocol);
    if (endpoints === undefined || (!isOfV4 && protocol === ipv6.PROTOCOL_ICMP && !isWholeIcmpv6(packet))) return false;
    const [at, { end }] = [isOfV4 ? packet.ipAt : packet.at, packet];
    let copy: Uint8Array | undefined;
    let isTaken = false;
    // Who hears of it may open others, and close these.
    for (const endpoint of [...endpoints]) {
      if (endpoint.isClosed || !endpoint.wants(packet)) continue;
      isTaken = true;
      copy = this.#deliver(endpoint, packet, at, end, copy);
    }
    return isTaken;
  }

  /** @param copy of the same bytes, if there is one: a crowd of endpoints costs one. @returns the same for the next endpoint */
  #deliver(
    endpoint: OpenRawEndpoint,
    packet: InboundPacket,
    at: number,
    end: number,
    copy: Uint8Array | undefined,
  ): Uint8Array | undefined {
    if (!endpoint.takes(end - at)) {
      this.context.drops.count("raw-queue-full");
      return copy;
    }
    const payload = copy ?? this.payloads.copy(packet.bytes, at, end);
    endpoint.deliver(packet, payload);
    return payload;
  }

  frame(through: NetworkInterface, bytes: Uint8Array, at: number, end: number, isOut: boolean): void {
    // What does not leave the host, and what goes to groups of ours, comes in here, too.
    if (isOut ? through.isLoopback : through.isLoopingBack) return;
    const isForStation = isOut || ethernet.isGroup(bytes, at) || ethernet.isDestination(bytes, at, through.mac);
    const packet = this.#overheard;
    switch (ethernet.type(bytes, at)) {
      case ethernet.TYPE_IPV4:
        if (!fillFromV4(packet, bytes, ethernet.payloadAt(at), end)) return;
        break;
      case ethernet.TYPE_IPV6:
        if (!fillFromV6(packet, bytes, ethernet.payloadAt(at), end, through.index)) return;
        break;
      default:
        return;
    }
    packet.through = through;
    const isOfV4 = isV4(packet.destination);
    let copy: Uint8Array | undefined;
    this.#isWithinFrame = true;
    for (const endpoint of this.#overhearing) {
      if (endpoint.overheard !== through || endpoint.isOfV4 !== isOfV4) continue;
      if (isForStation || endpoint.overhearing === "device") copy = this.#deliver(endpoint, packet, packet.ipAt, packet.end, copy);
    }
    this.#isWithinFrame = false;
  }

  #tell(): void {
    const untold = [...this.#untold];
    // What they send now is overheard, and told of by the next timer.
    this.#untold.clear();
    for (const endpoint of untold) {
      if (endpoint.isClosed) continue;
      guarded(this.context, () => endpoint.user.readable?.());
    }
  }

  // For endpoints

  get membershipOwner(): MembershipOwner {
    return this.#ip;
  }

  routeTo(remote: IpAddress, from: DatagramSender): Path | RouteFailure {
    return this.#paths.routeTo(remote, from);
  }

  interfaceOf(address: AddressWords): NetworkInterface | undefined {
    const own = this.#ip.interfaces.find((i) => i.isOwn(address));
    if (own !== undefined) return own;
    return this.#ip.isLocal(address) ? this.#ip.interfaces.find((i) => i.isLoopback) : undefined;
  }

  overhearingChanged(endpoint: OpenRawEndpoint): void {
    if (endpoint.overheard === undefined) this.#overhearing.delete(endpoint);
    else this.#overhearing.add(endpoint);
    const links = new Set([...this.#overhearing].map(({ overheard }) => overheard));
    for (const i of this.#ip.interfaces) i.watcher = links.has(i) ? this : undefined;
  }

  /** In the middle of a send nobody is told who might send himself: what was overheard is told of when timers are due. */
  queued(endpoint: OpenRawEndpoint): void {
    if (!this.#isWithinFrame) {
      endpoint.user.readable?.();
      return;
    }
    this.#untold.add(endpoint);
    if (this.#telling.isPending) return;
    this.#telling.set(0);
    this.context.requestTurn();
  }

  closed(endpoint: OpenRawEndpoint): void {
    const ofFamily = endpoint.isOfV4 ? this.#ofV4 : this.#ofV6;
    const ofProtocol = ofFamily.get(endpoint.protocol);
    if (ofProtocol?.delete(endpoint) && ofProtocol.size === 0) ofFamily.delete(endpoint.protocol);
    this.#endpoints.delete(endpoint);
    this.#untold.delete(endpoint);
    if (this.#endpoints.size === 0) this.#ip.rawReceiver = undefined;
  }

  send(
    from: OpenRawEndpoint,
    known: Path | undefined,
    remote: IpAddress,
    payload: Uint8Array,
    payloadAt: number,
    payloadEnd: number,
  ): RawSendResult {
    if (!from.includesHeader && from.protocol === ipv4.PROTOCOL_TCP) return "protocol-not-allowed";
    const way = this.#paths.pathTo(remote, from, known);
    if (typeof way === "string") return way;
    if (way.isBroadcast && !from.allowsBroadcast) return "broadcast-not-allowed";
    const size = payloadEnd - payloadAt;
    if (from.includesHeader) return this.#sendWithHeader(from, way, payload.subarray(payloadAt, payloadEnd));
    if (size > way.maxMessage || (from.dontFragment && way.ipHeaderLength + size > way.mtu)) return "too-long";
    const bytes = this.#scratch;
    const at = way.headroom;
    const end = at + size;
    bytes.set(payload.subarray(payloadAt, payloadEnd), at);
    if (!from.isOfV4) {
      // What a program's own extension headers lead to counts as well.
      ipv6.writeHeader(bytes, at - ipv6.HEADER, size, way.local, way.remote, from.protocol, 0);
      if (!findTransport(bytes, at - ipv6.HEADER, end, this.#quoted)) return "bad-header";
      if (this.#quoted.protocol === ipv4.PROTOCOL_TCP) return "protocol-not-allowed";
    }
    const checksumAt = checksumOf(from);
    if (checksumAt >= 0) {
      if (checksumAt + CHECKSUM_BYTES > size) return "bad-header";
      putU16(bytes, at + checksumAt, 0);
      const sum = internetChecksum.finish(internetChecksum.sum(bytes, at, size, way.pseudoHeaderSum(from.protocol) + size));
      // In UDP 0 would say that there is none, which IPv6 does not take (RFC 8200 §8.1).
      putU16(bytes, at + checksumAt, sum === 0 && from.protocol === ipv4.PROTOCOL_UDP ? 0xffff : sum);
    }
    return way.send(from.protocol, bytes, at, end, this.#info, this.#paths.choicesTowards(remote, from));
  }

  /** Microsoft, "TCP/IP Raw Sockets", Limitations; and "IPPROTO_IP Socket Options" for what the stack fills in. */
  #sendWithHeader(from: OpenRawEndpoint, way: Path, datagram: Uint8Array): RawSendResult {
    const { isOfV4 } = from;
    const bytes = this.#scratch;
    const at = FRAME_HEADROOM + ethernet.HEADER;
    const end = at + datagram.length;
    if (end > bytes.length || datagram.length > way.ipHeaderLength + way.maxMessage) return "too-long";
    bytes.set(datagram, at);
    const protocol = isOfV4 ? this.#finishV4(bytes, at, end, way) : this.#finishV6(bytes, at, end);
    if (protocol === undefined) return "bad-header";
    if (protocol === ipv4.PROTOCOL_TCP) return "protocol-not-allowed";
    if (protocol === ipv4.PROTOCOL_UDP && !this.#isSourceOurs(isOfV4, bytes, at, way)) {
      this.context.drops.count("raw-udp-source-not-ours");
      return "dropped";
    }
    const ttl = isOfV4 ? ipv4.ttl(bytes, at) : ipv6.hopLimit(bytes, at);
    const loopsBack = this.#paths.choicesTowards(way.remote, from).loopsBack !== false;
    return way.sendDatagram(bytes, at, end, { ttl, trafficClass: 0, dontFragment: true, loopsBack });
  }

  /** Fills in length and, where it is 0, the source. @returns the protocol; undefined for what is no header */
  #finishV4(bytes: Uint8Array, at: number, end: number, way: Path): number | undefined {
    const size = end - at;
    if (size < ipv4.MIN_HEADER || bytes[at]! >>> 4 !== 4) return undefined;
    const header = ipv4.headerLength(bytes, at);
    if (header < ipv4.MIN_HEADER || header > size) return undefined;
    ipv4.setTotalLength(bytes, at, size);
    if (ipv4.source(bytes, at) === 0) ipv4.setSource(bytes, at, way.local.w3);
    return ipv4.protocol(bytes, at);
  }

  #finishV6(bytes: Uint8Array, at: number, end: number): number | undefined {
    if (end - at < ipv6.HEADER || bytes[at]! >>> 4 !== 6) return undefined;
    ipv6.setPayloadLength(bytes, at, end - at - ipv6.HEADER);
    return findTransport(bytes, at, end, this.#quoted) ? this.#quoted.protocol : undefined;
  }

  #isSourceOurs(isOfV4: boolean, bytes: Uint8Array, at: number, way: Path): boolean {
    const { source } = this.#overheard;
    if (isOfV4) fillV4(source, ipv4.source(bytes, at));
    else ipv6.fillSource(bytes, at, source, way.local.scope);
    return this.#ip.localAddress(keepAddress(source)) !== undefined;
  }
}

/** ICMPv6's checksum is the stack's to make and to verify (RFC 3542 §3.1). */
const checksumOf = ({ isOfV4, protocol, checksumAt }: OpenRawEndpoint): number => {
  if (isOfV4) return -1;
  return protocol === ipv6.PROTOCOL_ICMP ? ICMPV6_CHECKSUM_AT : checksumAt;
};

const isWholeIcmpv6 = ({ bytes, at, end, source, destination, checksumVerified }: InboundPacket): boolean =>
  icmpv6.check(bytes, at, end) === undefined && (checksumVerified || icmpv6.verifyChecksum(bytes, at, end, source, destination));

/** @returns false for what is no datagram */
function fillFromV4(packet: InboundPacket, bytes: Uint8Array, at: number, end: number): boolean {
  if (ipv4.check(bytes, at, end) !== undefined) return false;
  fillV4(packet.source, ipv4.source(bytes, at));
  fillV4(packet.destination, ipv4.destination(bytes, at));
  packet.bytes = bytes;
  packet.ipAt = at;
  packet.end = ipv4.payloadEnd(bytes, at);
  packet.ttl = ipv4.ttl(bytes, at);
  packet.trafficClass = ipv4.tos(bytes, at);
  return true;
}

function fillFromV6(packet: InboundPacket, bytes: Uint8Array, at: number, end: number, scope: number): boolean {
  if (ipv6.check(bytes, at, end) !== undefined) return false;
  ipv6.fillSource(bytes, at, packet.source, scope);
  ipv6.fillDestination(bytes, at, packet.destination, scope);
  packet.bytes = bytes;
  packet.ipAt = at;
  packet.end = ipv6.payloadEnd(bytes, at);
  packet.ttl = ipv6.hopLimit(bytes, at);
  packet.trafficClass = ipv6.trafficClass(bytes, at);
  return true;
}
