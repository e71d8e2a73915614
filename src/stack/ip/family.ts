import type { AddressWords, IpAddress } from "../core/address.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import type { FrameInfo } from "../core/frame-info.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import type { InterfaceGroups } from "./groups/interface-groups.ts";
import type { AutoconfigurationSettings } from "./ip-service.ts";
import type { Path, RouteFailure } from "./path.ts";
import type { PingFailure, PingOptions, PingResult } from "./ping.ts";
import type { InboundPacket } from "./transport.ts";

/** The way to one destination. */
export interface Way {
  readonly interface: NetworkInterface;
  /** Gateway, or the destination itself. */
  readonly nextHop: IpAddress;
  /** To every station of the link. */
  readonly isBroadcast: boolean;
  /** To the members of a group. */
  readonly isMulticast: boolean;
  /** Source to use when the caller has not chosen one. */
  readonly local: IpAddress;
}

/** Who knows the ways: IP, for the paths of its families. */
export interface WayFinder {
  /** Goes up when the answers of `wayTo` may have changed. */
  readonly generation: number;
  /** @param through the interface that a datagram to a group is to leave by; undefined leaves the choice to IP */
  wayTo(remote: IpAddress, local: IpAddress | undefined, through?: NetworkInterface): Way | RouteFailure;
}

/** A path that was found for whoever keeps none. */
export interface FoundPath extends Path {
  /** IP chose the source address, not the caller. */
  readonly isSourceChosen: boolean;
  /** What the caller named; undefined for IP's choice. */
  readonly through: NetworkInterface | undefined;
}

/** One version of the Internet Protocol, with its control messages: its headers, and what its rules say of them. */
export interface IpFamily {
  /** A datagram lies in `bytes[at, end)`, link padding included. @returns `accepted`, or the reason why it was dropped */
  input(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict;
  path(way: Way, local: IpAddress, remote: IpAddress, isSourceChosen: boolean, through?: NetworkInterface): FoundPath;
  groupsOf(through: NetworkInterface): InterfaceGroups;
  /** Addresses of an interface, of whatever family, came, went or changed their state. */
  addressesChanged(of: NetworkInterface): void;
  ping(path: Path, options: PingOptions, callback: (result: PingResult) => void): PingFailure | undefined;
  /** Nobody listens on the port to which this datagram went. */
  sendPortUnreachable(packet: InboundPacket): void;
  /** The datagram at `bytes[at, end)`, ours, is given up because its next hop did not answer: told upwards as a router would. */
  unresolved(from: NetworkInterface, bytes: Uint8Array, at: number, end: number): void;
}

/** A family whose hosts get their addresses from the link by themselves: IPv6, RFC 4862. */
export interface AutoconfiguringFamily extends IpFamily {
  autoconfigure(through: NetworkInterface, settings: AutoconfigurationSettings): void;
  autoconfigurationOf(through: NetworkInterface): AutoconfigurationSettings | undefined;
  /** Only to be noted: the device is in the middle of something. */
  linkChanged(through: NetworkInterface, isUp: boolean): void;
  /** A neighbour says that it forwards nothing (RFC 4861 §7.2.5). */
  isNoRouter(through: NetworkInterface, address: AddressWords): void;
}
