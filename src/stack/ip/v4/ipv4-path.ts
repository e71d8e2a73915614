import type { IpAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { type FrameInfo, GSO_NONE, GSO_TCPV4, plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM, type Offloads } from "../../link/link-device.ts";
import type { Neighbour } from "../../link/neighbours.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as internetChecksum from "../../packet/checksum.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import type { FoundPath, Way, WayFinder } from "../family.ts";
import type { HostGroups } from "../groups/host-groups.ts";
import type { RouteFailure, SendResult } from "../path.ts";
import type { PathMtus } from "../path-mtu.ts";
import { Identifications } from "./identifications.ts";

const HEADERS = ethernet.HEADER + ipv4.MIN_HEADER;
const MAX_DATAGRAM = 65535;

/** What all paths of a host share. */
export class Ipv4Output {
  readonly context: HostContext;
  readonly ways: WayFinder & { readonly pathMtus: PathMtus };
  readonly identifications: Identifications;
  readonly groups: HostGroups;
  /** Refilled for each frame. */
  readonly info: FrameInfo = plainFrame();

  constructor(context: HostContext, ways: WayFinder & { readonly pathMtus: PathMtus }, groups: HostGroups) {
    this.context = context;
    this.ways = ways;
    this.groups = groups;
    this.identifications = new Identifications(context);
  }
}

/**
 * A flow's way to its peer: interface, neighbour and addresses are looked up once, and again only after routes or links change.
 * Datagrams are not fragmented yet: one above `mtu` is dropped and counted as `ipv4-too-long`. TCP's carry DF (RFC 1191 §3).
 */
export class Ipv4Path implements FoundPath {
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly headroom = FRAME_HEADROOM + HEADERS;
  readonly headerLength = HEADERS;
  readonly ipHeaderLength = ipv4.MIN_HEADER;
  readonly gsoType = GSO_TCPV4;
  /** Of the IP header; RFC 1122 §3.2.1.6–7 lets the transport choose. */
  ttl: number;
  tos = 0;
  loopsBack = true;
  /** IP chose the source address, not the caller. */
  readonly isSourceChosen: boolean;
  readonly through: NetworkInterface | undefined;
  readonly #output: Ipv4Output;
  readonly #idCounter: number;
  #interface: NetworkInterface;
  #nextHop: IpAddress;
  #isBroadcast: boolean;
  /** The group that frames go to; undefined where there is one next hop. */
  #linkGroup: Uint8Array | undefined;
  #neighbour: Neighbour | undefined;
  #generation: number;

  constructor(output: Ipv4Output, way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface) {
    this.#output = output;
    this.local = local;
    this.remote = remote;
    this.isSourceChosen = isSourceChosen;
    this.through = through;
    this.ttl = output.context.profile.ttl;
    this.#idCounter = output.identifications.counterOf(local, remote);
    this.#interface = way.interface;
    this.#nextHop = way.nextHop;
    this.#isBroadcast = way.isBroadcast;
    this.#linkGroup = linkGroupOf(way, remote);
    this.#generation = output.ways.generation;
  }

  get mtu(): number {
    return Math.min(this.#interface.mtu, this.#output.ways.pathMtus.to(this.remote));
  }

  get offloads(): Offloads {
    return this.#interface.offloads;
  }

  get cutsSegments(): boolean {
    return this.#interface.offloads.tso4;
  }

  get isBroadcast(): boolean {
    return this.#isBroadcast;
  }

  get isLoopback(): boolean {
    return this.#interface.isLoopback;
  }

  pseudoHeaderSum(protocol: number): number {
    return internetChecksum.fold(internetChecksum.pseudoHeader(this.local, this.remote, protocol, 0));
  }

  send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo): SendResult {
    const output = this.#output;
    const { drops } = output.context;
    if (this.#generation !== output.ways.generation) {
      const failure = this.#lookAgain();
      if (failure !== undefined) {
        drops.count(failure);
        return "dropped";
      }
    }
    const through = this.#interface;
    if (!through.isUp) {
      drops.count("interface-down");
      return "dropped";
    }
    const ipAt = at - ipv4.MIN_HEADER;
    const frameAt = ipAt - ethernet.HEADER;
    const total = end - ipAt;
    const isSuperSegment = info.gsoType !== GSO_NONE;
    if (total > MAX_DATAGRAM || (!isSuperSegment && total > this.mtu)) {
      drops.count("ipv4-too-long");
      return "dropped";
    }

    const fragment = protocol === ipv4.PROTOCOL_TCP ? ipv4.DONT_FRAGMENT : 0;
    const id = output.identifications.take(this.#idCounter, fragment);
    ipv4.writeHeader(bytes, ipAt, total, this.local.w3, this.remote.w3, protocol, this.ttl, id, fragment, this.tos);

    const frameInfo = output.info;
    const isPartial = info.checksumOffset > 0;
    frameInfo.checksumStart = isPartial ? HEADERS + info.checksumStart : 0;
    frameInfo.checksumOffset = info.checksumOffset;
    frameInfo.checksumVerified = info.checksumVerified;
    frameInfo.gsoType = info.gsoType;
    frameInfo.gsoSize = info.gsoSize;
    frameInfo.headerLength = isSuperSegment ? HEADERS + info.headerLength : 0;

    if (this.#linkGroup !== undefined || through.isLoopback) {
      ethernet.writeHeader(bytes, frameAt, this.#linkGroup ?? through.mac, through.mac, ethernet.TYPE_IPV4);
      const isHeardHere = !this.#isBroadcast && !through.isLoopback && this.loopsBack && output.groups.isJoined(through, this.remote);
      if (isHeardHere) through.loopBack(bytes, frameAt, end, frameInfo);
      if (this.ttl === 0) return "sent";
      const result = through.transmit(bytes, frameAt, end, frameInfo);
      return result === "down" ? "dropped" : result;
    }
    let neighbour = this.#neighbour;
    if (neighbour === undefined || neighbour.isGone) {
      neighbour = through.neighbours.obtain(this.#nextHop);
      this.#neighbour = neighbour;
    }
    ethernet.writeHeader(bytes, frameAt, neighbour.mac, through.mac, ethernet.TYPE_IPV4);
    return through.neighbours.send(neighbour, bytes, frameAt, end, frameInfo);
  }

  #lookAgain(): RouteFailure | undefined {
    const way = this.#output.ways.wayTo(this.remote, this.local, this.through);
    if (typeof way === "string") return way;
    this.#generation = this.#output.ways.generation;
    this.#neighbour = undefined;
    this.#interface = way.interface;
    this.#nextHop = way.nextHop;
    this.#isBroadcast = way.isBroadcast;
    this.#linkGroup = linkGroupOf(way, this.remote);
    return undefined;
  }
}

function linkGroupOf(way: Way, remote: IpAddress): Uint8Array | undefined {
  if (way.isBroadcast) return ethernet.BROADCAST_MAC;
  if (!way.isMulticast) return undefined;
  const mac = new Uint8Array(ethernet.MAC_LENGTH);
  ethernet.putMulticastMacV4(mac, 0, remote.w3);
  return mac;
}
