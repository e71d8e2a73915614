import type { IpAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV4, plainFrame } from "../../core/frame-info.ts";
import { FRAME_HEADROOM, type Offloads } from "../../link/link-device.ts";
import type { Neighbour } from "../../link/neighbours.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as internetChecksum from "../../packet/checksum.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import type { FoundPath, Way, WayFinder } from "../family.ts";
import type { HostGroups } from "../groups/host-groups.ts";
import type { HeaderChoices, RouteFailure, SendResult } from "../path.ts";
import type { PathMtus } from "../path-mtu.ts";
import { Identifications } from "./identifications.ts";

const HEADERS = ethernet.HEADER + ipv4.MIN_HEADER;
const MAX_DATAGRAM = 65535;
/** Of a header's fragment offset. */
const OFFSET_UNIT = 8;
const NO_CHOICES: HeaderChoices = { ttl: undefined, trafficClass: 0, dontFragment: false };

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
 * TCP's datagrams carry DF (RFC 1191 §3); those of others above `mtu` leave in fragments (RFC 1122 §3.3.3).
 */
export class Ipv4Path implements FoundPath {
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly headroom = FRAME_HEADROOM + HEADERS;
  readonly headerLength = HEADERS;
  readonly ipHeaderLength = ipv4.MIN_HEADER;
  readonly maxMessage = MAX_DATAGRAM - ipv4.MIN_HEADER;
  readonly gsoType = GSO_TCPV4;
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

  send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices = NO_CHOICES): SendResult {
    const output = this.#output;
    const { drops } = output.context;
    if (this.#generation !== output.ways.generation) {
      const failure = this.#lookAgain();
      if (failure !== undefined) {
        drops.count(failure);
        return "dropped";
      }
    }
    if (!this.#interface.isUp) {
      drops.count("interface-down");
      return "dropped";
    }
    const ipAt = at - ipv4.MIN_HEADER;
    const total = end - ipAt;
    const isSuperSegment = info.gsoType !== GSO_NONE;
    const isWhole = protocol === ipv4.PROTOCOL_TCP || choices.dontFragment;
    const isAboveMtu = !isSuperSegment && total > this.mtu;
    if (total > MAX_DATAGRAM || (isAboveMtu && isWhole)) {
      drops.count("ipv4-too-long");
      return "too-long";
    }
    if (isAboveMtu) return this.#sendFragments(protocol, bytes, at, end, info, choices);

    const { identifications } = output;
    const unique = isWhole ? -1 : identifications.take(this.#idCounter);
    // Where too many would be in the network at once to be told apart, they leave whole or not at all (RFC 6864 §4.1).
    const fragment = unique < 0 ? ipv4.DONT_FRAGMENT : 0;
    const id = unique < 0 ? identifications.takeAtomic(this.#idCounter) : unique;
    const ttl = this.#ttlOf(choices);
    ipv4.writeHeader(bytes, ipAt, total, this.local.w3, this.remote.w3, protocol, ttl, id, fragment, choices.trafficClass);

    const frameInfo = output.info;
    const isPartial = info.checksumOffset > 0;
    frameInfo.checksumStart = isPartial ? HEADERS + info.checksumStart : 0;
    frameInfo.checksumOffset = info.checksumOffset;
    frameInfo.checksumVerified = info.checksumVerified;
    frameInfo.gsoType = info.gsoType;
    frameInfo.gsoSize = info.gsoSize;
    frameInfo.headerLength = isSuperSegment ? HEADERS + info.headerLength : 0;
    return this.#sendFrame(bytes, ipAt - ethernet.HEADER, end, frameInfo, choices);
  }

  /** RFC 791 §3.2. A device that takes only some of the fragments has taken none: what left is given up at the other end. */
  #sendFragments(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices: HeaderChoices): SendResult {
    const { context, identifications, info: frameInfo } = this.#output;
    const id = identifications.take(this.#idCounter);
    if (id < 0) {
      context.drops.count("ipv4-identifications-used-up");
      return "dropped";
    }
    // The device would look for the whole datagram in each of them.
    if (info.checksumOffset > 0) internetChecksum.completePartial(bytes, at, end, info.checksumStart, info.checksumOffset);
    clearFrameInfo(frameInfo);
    const room = this.mtu - ipv4.MIN_HEADER;
    const step = Math.max(OFFSET_UNIT, room - (room % OFFSET_UNIT));
    const ttl = this.#ttlOf(choices);
    let result: SendResult = "sent";
    for (let from = at; from < end; from += step) {
      const to = Math.min(end, from + step);
      const ipAt = from - ipv4.MIN_HEADER;
      const fragment = (from - at) / OFFSET_UNIT + (to < end ? ipv4.MORE_FRAGMENTS : 0);
      ipv4.writeHeader(bytes, ipAt, to - ipAt, this.local.w3, this.remote.w3, protocol, ttl, id, fragment, choices.trafficClass);
      result = this.#sendFrame(bytes, ipAt - ethernet.HEADER, to, frameInfo, choices);
      if (result !== "sent" && result !== "queued") break;
    }
    return result;
  }

  /** Puts the Ethernet header before the datagram, which begins behind it. */
  #sendFrame(bytes: Uint8Array, frameAt: number, end: number, frameInfo: FrameInfo, choices: HeaderChoices): SendResult {
    const through = this.#interface;
    if (this.#linkGroup !== undefined || through.isLoopback) {
      ethernet.writeHeader(bytes, frameAt, this.#linkGroup ?? through.mac, through.mac, ethernet.TYPE_IPV4);
      if (this.#isHeardHere && choices.loopsBack !== false) through.loopBack(bytes, frameAt, end, frameInfo);
      if (choices.ttl === 0) return "sent";
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

  /** RFC 1122 §3.2.1.7: nothing leaves with a TTL of 0. What goes to a group may stay here. */
  #ttlOf({ ttl = this.#output.context.profile.ttl }: HeaderChoices): number {
    return this.#linkGroup === undefined ? Math.max(1, ttl) : ttl;
  }

  /** Members of the group on this host get what goes to it (RFC 1112 §6.1). */
  get #isHeardHere(): boolean {
    const through = this.#interface;
    return !this.#isBroadcast && !through.isLoopback && this.#output.groups.isJoined(through, this.remote);
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
