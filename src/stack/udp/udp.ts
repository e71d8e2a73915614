import { type AddressWords, type IpAddress, isMulticast, sameAddress } from "../core/address.ts";
import { type BoundAddress, overlaps, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { GSO_NONE, GSO_UDP, plainFrame } from "../core/frame-info.ts";
import { guarded } from "../core/guard.ts";
import { EphemeralPorts } from "../core/ports.ts";
import { DatagramPaths, type DatagramSender } from "../ip/datagram-paths.ts";
import { type MembershipOwner, type MembershipService, Memberships } from "../ip/groups/memberships.ts";
import type { Ip } from "../ip/ip.ts";
import type { HeaderChoices, Path, RouteFailure } from "../ip/path.ts";
import { PayloadSlabs } from "../ip/payload-slabs.ts";
import type { IcmpError, InboundPacket, Transport } from "../ip/transport.ts";
import { cutsSegments, FRAME_HEADROOM, MAX_FRAME } from "../link/link-device.ts";
import { u16 } from "../packet/bytes.ts";
import * as internetChecksum from "../packet/checksum.ts";
import { FRAGMENT_HEADER } from "../packet/extension-headers.ts";
import * as ipv4 from "../packet/ipv4.ts";
import * as udp from "../packet/udp.ts";
import { BoundEndpoint, type UdpEndpointOwner } from "./udp-endpoint.ts";
import type { UdpOpenFailure, UdpOpenRequest, UdpService } from "./udp-service.ts";
import type { UdpSendResult } from "./udp-user.ts";

/** Datagrams that a device is asked to cut out of one frame. */
const MAX_SEGMENTS = 64;

/** UDP of one host, RFC 768, RFC 1122 §4.1. */
export class Udp implements UdpService, Transport, UdpEndpointOwner {
  readonly protocol = ipv4.PROTOCOL_UDP;
  readonly context: HostContext;
  readonly payloads = new PayloadSlabs();
  readonly #ip: Ip;
  readonly #paths: DatagramPaths;
  readonly #ports: EphemeralPorts;
  readonly #endpoints = new Map<number, readonly BoundEndpoint[]>();
  /** Room for the longest datagram behind the longest headers, which are IPv6's with that of a fragment. */
  readonly #scratch = new Uint8Array(FRAME_HEADROOM + MAX_FRAME + FRAGMENT_HEADER);
  readonly #info = plainFrame();

  constructor(context: HostContext, ip: Ip) {
    this.context = context;
    this.#ip = ip;
    this.#paths = new DatagramPaths(context, ip);
    this.#ports = new EphemeralPorts(context.random, context.profile.portRange);
    ip.register(this);
  }

  open(request: UdpOpenRequest): BoundEndpoint | UdpOpenFailure {
    const { localPort = 0, user, sharesWith } = request;
    const wanted = specificOf(request.local);
    const local = wanted === undefined ? request.local : this.#boundAs(wanted);
    if (wanted !== undefined && local === undefined) return "source-not-local";
    const port = localPort === 0 ? this.choosePort(() => true) : localPort;
    if (port === undefined) return "no-free-port";
    const onPort = this.endpointsOn(port);
    for (const existing of onPort) {
      if (overlaps(existing.boundTo, local) && sharesWith?.(existing) !== true) return "address-in-use";
    }
    const endpoint = new BoundEndpoint(this, local, port, user, request.memberships);
    this.#endpoints.set(port, [...onPort, endpoint]);
    this.#ports.use(port, 1);
    return endpoint;
  }

  newMemberships(): MembershipService {
    return new Memberships(this.#ip);
  }

  /** Broadcast addresses are bound to as they are. */
  #boundAs(address: IpAddress): IpAddress | undefined {
    return this.#ip.localAddress(address) ?? (this.#ip.isBroadcast(address) ? address : undefined);
  }

  /** A port of the profile's dynamic range that no endpoint has and that `isFree` allows, or undefined (RFC 6056). */
  choosePort(isFree: (port: number) => boolean): number | undefined {
    return this.#ports.choose(isFree);
  }

  /** In the order in which they were opened. */
  endpointsOn(port: number): readonly BoundEndpoint[] {
    return this.#endpoints.get(port) ?? NONE;
  }

  /** Every endpoint there is. */
  endpoints(): BoundEndpoint[] {
    return [...this.#endpoints.values()].flat();
  }

  input(packet: InboundPacket): PacketVerdict {
    const { bytes, at, end } = packet;
    const malformed = udp.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (udp.hasChecksum(bytes, at) && !packet.checksumVerified) {
      const pseudoHeader = internetChecksum.pseudoHeader(packet.source, packet.destination, this.protocol, udp.length(bytes, at));
      if (!udp.verifyChecksum(bytes, at, pseudoHeader)) return "udp-bad-checksum";
    }
    const port = udp.destinationPort(bytes, at);
    if (port === 0) return "udp-port-zero";
    if (packet.isBroadcast) return this.#inputToMany(packet, port);

    const endpoint = this.#bestMatch(port, packet.source, udp.sourcePort(bytes, at), packet.destination);
    if (endpoint !== undefined) return deliver(endpoint, packet);
    this.#ip.sendPortUnreachable(packet);
    return "udp-no-endpoint";
  }

  icmpError(error: IcmpError): boolean {
    const { bytes, transportAt } = error;
    const remotePort = u16(bytes, transportAt + 2);
    const endpoint = this.#bestMatch(u16(bytes, transportAt), error.remote, remotePort, error.local);
    if (endpoint === undefined) return false;
    if (endpoint.peer !== undefined || this.context.profile.udpErrorsReachUnconnected) {
      endpoint.user.icmpError?.(error.kind, error.remote, remotePort);
    }
    return true;
  }

  /** A device is gone for good: the endpoints over it are told. @param isAffected by address; a wildcard stands for all of ours */
  networkDown(isAffected: (local: BoundAddress) => boolean): void {
    for (const endpoint of this.endpoints()) {
      if (isAffected(endpoint.local)) guarded(this.context, () => endpoint.user.networkDown?.());
    }
  }

  // For endpoints

  routeTo(remote: IpAddress, from: DatagramSender): Path | RouteFailure {
    return this.#paths.routeTo(remote, from);
  }

  send(
    from: BoundEndpoint,
    path: Path | undefined,
    remote: IpAddress,
    port: number,
    payload: Uint8Array,
    payloadAt: number,
    payloadEnd: number,
  ): UdpSendResult {
    const way = this.#paths.pathTo(remote, from, path);
    if (typeof way === "string") return way;
    if (way.isBroadcast && !from.allowsBroadcast) return "broadcast-not-allowed";
    if (port === 0) {
      this.context.drops.count("udp-port-zero");
      return "dropped";
    }
    const choices = this.#paths.choicesTowards(remote, from);
    const { segmentBytes } = from;
    if (segmentBytes > 0 && payloadEnd - payloadAt > segmentBytes) {
      return this.#sendSegments(from, way, choices, port, payload, payloadAt, payloadEnd);
    }
    return this.#sendOne(from, way, choices, port, payload, payloadAt, payloadEnd, 0);
  }

  /** Cut by the device where it does that, else here; what left before a device was full has left. */
  #sendSegments(
    from: BoundEndpoint,
    way: Path,
    choices: HeaderChoices,
    port: number,
    payload: Uint8Array,
    payloadAt: number,
    payloadEnd: number,
  ): UdpSendResult {
    const { segmentBytes } = from;
    const isCutByDevice = cutsSegments(way.offloads, GSO_UDP) && way.ipHeaderLength + udp.HEADER + segmentBytes <= way.mtu;
    const most = Math.min(MAX_SEGMENTS, Math.floor((way.maxMessage - udp.HEADER) / segmentBytes));
    const step = isCutByDevice ? most * segmentBytes : segmentBytes;
    let result: UdpSendResult = "sent";
    for (let at = payloadAt; at < payloadEnd && (result === "sent" || result === "queued"); at += step) {
      const end = Math.min(payloadEnd, at + step);
      result = this.#sendOne(from, way, choices, port, payload, at, end, end - at > segmentBytes ? segmentBytes : 0);
    }
    return result;
  }

  /** @param segmentBytes of each datagram that the device is to cut; 0 for a single one */
  #sendOne(
    from: BoundEndpoint,
    way: Path,
    choices: HeaderChoices,
    port: number,
    payload: Uint8Array,
    payloadAt: number,
    payloadEnd: number,
    segmentBytes: number,
  ): UdpSendResult {
    const size = payloadEnd - payloadAt;
    const message = udp.HEADER + size;
    const isCut = segmentBytes > 0;
    if (message > way.maxMessage || (!isCut && from.dontFragment && way.ipHeaderLength + message > way.mtu)) return "too-long";
    const bytes = this.#scratch;
    const info = this.#info;
    const at = way.headroom;
    const end = at + message;
    udp.writeHeader(bytes, at, from.localPort, port, size);
    copy(payload, payloadAt, payloadEnd, bytes, udp.payloadAt(at));
    const pseudoHeader = way.pseudoHeaderSum(this.protocol) + message;
    if (way.offloads.checksum) {
      udp.putPartialChecksum(bytes, at, pseudoHeader);
      info.checksumOffset = udp.CHECKSUM_OFFSET;
    } else {
      udp.putChecksum(bytes, at, pseudoHeader);
      info.checksumOffset = 0;
    }
    info.gsoType = isCut ? GSO_UDP : GSO_NONE;
    info.gsoSize = segmentBytes;
    info.headerLength = isCut ? udp.HEADER : 0;
    return way.send(this.protocol, bytes, at, end, info, isCut ? this.#whole(choices) : choices);
  }

  get membershipOwner(): MembershipOwner {
    return this.#ip;
  }

  closed(endpoint: BoundEndpoint): void {
    const there = this.endpointsOn(endpoint.localPort);
    if (!there.includes(endpoint)) return;
    const left = there.filter((e) => e !== endpoint);
    this.#ports.use(endpoint.localPort, -1);
    if (left.length === 0) this.#endpoints.delete(endpoint.localPort);
    else this.#endpoints.set(endpoint.localPort, left);
  }

  /** Connected to the sender before bound to the destination before bound to any; the first opened among equals. */
  #bestMatch(port: number, source: AddressWords, sourcePort: number, destination: AddressWords): BoundEndpoint | undefined {
    let best: BoundEndpoint | undefined;
    let bestMatch = 0;
    for (const endpoint of this.endpointsOn(port)) {
      const match = endpoint.matchFor(source, sourcePort, destination);
      if (match <= bestMatch) continue;
      best = endpoint;
      bestMatch = match;
    }
    return best;
  }

  /** Each of the datagrams that a device cuts is whole: it would give several the same identification (RFC 6864 §4.3). */
  #whole({ ttl, trafficClass, loopsBack }: HeaderChoices): HeaderChoices {
    return { ttl, trafficClass, dontFragment: true, loopsBack: loopsBack !== false };
  }

  /** RFC 1122 §4.1.3.6 and the BSD tradition: every endpoint on the port that the broadcast reaches, or that is a member of the group, gets a copy. */
  #inputToMany(packet: InboundPacket, port: number): PacketVerdict {
    const { bytes, at, source, destination } = packet;
    const sourcePort = udp.sourcePort(bytes, at);
    const isGroup = isMulticast(destination);
    const endpoints = this.endpointsOn(port);
    let verdict: PacketVerdict = isGroup && endpoints.length > 0 ? "udp-not-member" : "udp-no-endpoint";
    for (const endpoint of endpoints) {
      if (isGroup ? !endpoint.wantsFromGroup(packet) : !endpoint.takesBroadcast) continue;
      const bound = specificOf(endpoint.local) ?? destination;
      // One bound to an address of ours on that link is reached as if bound to the group or the broadcast address.
      const isReached = isGroup ? packet.through!.isOwn(bound) : this.#ip.isBroadcastFor(bound, destination);
      const reachedAs = !sameAddress(bound, destination) && isReached ? bound : destination;
      if (endpoint.matchFor(source, sourcePort, reachedAs) === 0) continue;
      const outcome = deliver(endpoint, packet);
      if (verdict !== "accepted") verdict = outcome;
    }
    return verdict;
  }
}

const NONE: readonly BoundEndpoint[] = [];

/** Several datagrams that the device has merged are several again. */
function deliver(endpoint: BoundEndpoint, packet: InboundPacket): PacketVerdict {
  const { bytes, at, gsoSize } = packet;
  const from = udp.sourcePort(bytes, at);
  const end = udp.payloadEnd(bytes, at);
  let piece = udp.payloadAt(at);
  if (gsoSize === 0) return endpoint.deliver(packet, from, piece, end);
  let verdict: PacketVerdict = "accepted";
  for (; piece < end; piece += gsoSize) {
    const outcome = endpoint.deliver(packet, from, piece, Math.min(end, piece + gsoSize));
    if (verdict === "accepted") verdict = outcome;
  }
  return verdict;
}

/** Below this a loop beats making a view for `set`. */
const SMALL_COPY = 64;

function copy(from: Uint8Array, at: number, end: number, into: Uint8Array, intoAt: number): void {
  if (end - at >= SMALL_COPY) into.set(from.subarray(at, end), intoAt);
  else for (let i = at; i < end; i++) into[intoAt + i - at] = from[i]!;
}
