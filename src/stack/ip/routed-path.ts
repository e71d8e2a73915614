import { type IpAddress, isInterfaceLocalGroup } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import { type FrameInfo, GSO_NONE, plainFrame } from "../core/frame-info.ts";
import type { Offloads } from "../link/link-device.ts";
import type { Neighbour } from "../link/neighbours.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import * as internetChecksum from "../packet/checksum.ts";
import * as ethernet from "../packet/ethernet.ts";
import type { FoundPath, Way, WayFinder } from "./family.ts";
import type { HostGroups } from "./groups/host-groups.ts";
import type { HeaderChoices, RouteFailure, SendResult } from "./path.ts";
import type { PathMtus } from "./path-mtu.ts";

/** Of a header's fragment offset, in both families. */
export const FRAGMENT_OFFSET_UNIT = 8;
export const NO_CHOICES: HeaderChoices = { ttl: undefined, trafficClass: 0, dontFragment: false };

/** A neighbour is trusted for many times as long: what comes in between two confirmations need not be told. */
const CONFIRM_EVERY_MS = 1000;

/** What all paths of one family share in a host. */
export class PathOutput {
  readonly context: HostContext;
  readonly ways: WayFinder & { readonly pathMtus: PathMtus };
  readonly groups: HostGroups;
  /** Refilled for each frame. */
  readonly info: FrameInfo = plainFrame();

  constructor(context: HostContext, ways: WayFinder & { readonly pathMtus: PathMtus }, groups: HostGroups) {
    this.context = context;
    this.ways = ways;
    this.groups = groups;
  }
}

/**
 * What a flow's way to its peer is in either family: interface, neighbour and addresses are looked up once, and again only after routes or
 * links change. The family's own path writes the header and cuts what is too long.
 */
export abstract class RoutedPath implements FoundPath {
  readonly local: IpAddress;
  readonly remote: IpAddress;
  abstract readonly headroom: number;
  abstract readonly headerLength: number;
  abstract readonly ipHeaderLength: number;
  abstract readonly maxMessage: number;
  abstract readonly gsoType: FrameInfo["gsoType"];
  abstract readonly cutsSegments: boolean;
  abstract readonly defaultMss: number;
  /** IP chose the source address, not the caller. */
  readonly isSourceChosen: boolean;
  readonly through: NetworkInterface | undefined;
  protected abstract readonly etherType: number;
  readonly #output: PathOutput;
  #interface: NetworkInterface;
  #nextHop: IpAddress;
  #isBroadcast: boolean;
  /** The group that frames go to; undefined where there is one next hop. */
  #linkGroup: Uint8Array | undefined;
  #neighbour: Neighbour | undefined;
  #generation: number;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: PathOutput, way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface) {
    this.#output = output;
    this.local = local;
    this.remote = remote;
    this.isSourceChosen = isSourceChosen;
    this.through = through;
    this.#interface = way.interface;
    this.#nextHop = way.nextHop;
    this.#isBroadcast = way.isBroadcast;
    this.#linkGroup = this.#linkGroupOf(way);
    this.#generation = output.ways.generation;
  }

  abstract send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices?: HeaderChoices): SendResult;
  abstract sendDatagram(bytes: Uint8Array, ipAt: number, end: number, choices: HeaderChoices): SendResult;

  /** Largest datagram of the family that the interface carries. */
  protected abstract mtuOf(through: NetworkInterface): number;
  /** TTL or hop limit of what leaves there without one of its sender's choice. */
  protected abstract defaultTtl(through: NetworkInterface): number;

  /** Puts the link address of the group that `remote` is into six bytes. */
  protected abstract putGroupMac(mac: Uint8Array): void;

  get mtu(): number {
    return Math.min(this.mtuOf(this.#interface), this.#output.ways.pathMtus.to(this.remote));
  }

  get offloads(): Offloads {
    return this.#interface.offloads;
  }

  get isBroadcast(): boolean {
    return this.#isBroadcast;
  }

  get awaitsNeighbour(): boolean {
    return this.#neighbour !== undefined && this.#neighbour.queue.length > 0;
  }

  get isLoopback(): boolean {
    return this.#interface.isLoopback;
  }

  pseudoHeaderSum(protocol: number): number {
    return internetChecksum.fold(internetChecksum.pseudoHeader(this.local, this.remote, protocol, 0));
  }

  confirm(): void {
    const { now } = this.#output.context;
    if (now - this.#confirmedAtMs < CONFIRM_EVERY_MS) return;
    this.#confirmedAtMs = now;
    if (this.#neighbour !== undefined) this.#interface.neighbours.confirm(this.#neighbour);
  }

  suspect(): void {
    if (this.#neighbour !== undefined) this.#interface.neighbours.suspect(this.#neighbour);
  }

  /** Whether a datagram can leave now; looks for the way again where routes or links have changed. Why not is counted. */
  protected isReady(): boolean {
    const { context, ways } = this.#output;
    const failure = this.#generation === ways.generation ? undefined : this.#lookAgain();
    if (failure === undefined && this.#interface.isUp) return true;
    context.drops.count(failure ?? "interface-down");
    return false;
  }

  /** What goes beside the frame of a datagram that leaves whole: the offsets of `info` count from the frame's beginning now. */
  protected frameInfoOf(info: FrameInfo): FrameInfo {
    const frameInfo = this.#output.info;
    const isPartial = info.checksumOffset > 0;
    frameInfo.checksumStart = isPartial ? this.headerLength + info.checksumStart : 0;
    frameInfo.checksumOffset = info.checksumOffset;
    frameInfo.checksumVerified = info.checksumVerified;
    frameInfo.gsoType = info.gsoType;
    frameInfo.gsoSize = info.gsoSize;
    frameInfo.headerLength = info.gsoType === GSO_NONE ? 0 : this.headerLength + info.headerLength;
    return frameInfo;
  }

  /** Puts the Ethernet header before the datagram, which begins behind it. */
  protected sendFrame(bytes: Uint8Array, frameAt: number, end: number, frameInfo: FrameInfo, choices: HeaderChoices): SendResult {
    const through = this.#interface;
    if (this.#linkGroup !== undefined || through.isLoopback) {
      ethernet.writeHeader(bytes, frameAt, this.#linkGroup ?? through.mac, through.mac, this.etherType);
      const staysHere = (choices.ttl === 0 || isInterfaceLocalGroup(this.remote)) && !through.isLoopback;
      const result = staysHere ? "sent" : through.transmit(bytes, frameAt, end, frameInfo);
      // What a device had no room for is sent again as a whole, and heard here then.
      if (result !== "full" && this.#isHeardHere && choices.loopsBack !== false) through.loopBack(bytes, frameAt, end, frameInfo);
      return result === "down" ? "dropped" : result;
    }
    let neighbour = this.#neighbour;
    if (neighbour === undefined || neighbour.isGone) {
      neighbour = through.neighbours.obtain(this.#nextHop);
      this.#neighbour = neighbour;
    }
    ethernet.writeHeader(bytes, frameAt, neighbour.mac, through.mac, this.etherType);
    return through.neighbours.send(neighbour, bytes, frameAt, end, frameInfo);
  }

  /** RFC 1122 §3.2.1.7: nothing leaves with a TTL of 0. What goes to a group may stay here. */
  protected ttlOf({ ttl = this.defaultTtl(this.#interface) }: HeaderChoices): number {
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
    this.#linkGroup = this.#linkGroupOf(way);
    return undefined;
  }

  #linkGroupOf(way: Way): Uint8Array | undefined {
    if (way.isBroadcast) return ethernet.BROADCAST_MAC;
    if (!way.isMulticast) return undefined;
    const mac = new Uint8Array(ethernet.MAC_LENGTH);
    this.putGroupMac(mac);
    return mac;
  }
}
