import type { AddressWords, IpAddress } from "../core/address.ts";
import type { AddressSettings, ConflictPolicy, InterfaceService } from "../link/interface-service.ts";
import type { NeighbourListing } from "../link/neighbours.ts";
import type { SourceCandidate } from "./address-selection.ts";
import type { RouteFailure } from "./path.ts";
import type { PingFailure, PingOptions, PingResult } from "./ping.ts";
import type { RouteListing, RouteOrigin } from "./routes.ts";

export interface AddressOptions extends AddressSettings {
  /** Tells the link, twice, that the address is ours (RFC 5227 §2.3). */
  readonly announce?: boolean;
  /**
   * Asks the link first whether another station has the address, and again whenever the link comes back (RFC 5227 §2.1, RFC 4862 §5.4):
   * for some five seconds it is tentative, in IPv6 for up to two. Not on a loopback.
   */
  readonly detectConflicts?: boolean;
}

/** How an interface gets its IPv6 addresses by itself. */
export interface AutoconfigurationSettings {
  /** Addresses that change every day stand beside those that stay (RFC 8981), and outgoing traffic takes them; the profile's unless given. */
  readonly temporaryAddresses?: boolean;
}

export interface RouteRequest {
  readonly destination: IpAddress;
  readonly prefixLength: number;
  /** Undefined for a destination on the link. */
  readonly gateway?: IpAddress | undefined;
  /** Undefined takes the interface on whose link the gateway is. */
  readonly interface?: InterfaceService | undefined;
  readonly metric?: number;
  /** `manual` unless given. */
  readonly origin?: RouteOrigin;
}

/** The routes of a host, as its users see them; they come by `IpService.addRoute` and by addresses. */
export interface RouteService {
  /** Longest prefix first. */
  list(): RouteListing[];
  /** Removes the routes to a prefix, all of them or those through one gateway. @returns how many */
  remove(destination: IpAddress, prefixLength: number, gateway?: IpAddress): number;
}

/** The internet layer as its users see it: interfaces, addresses, routes and ping. */
export interface IpService {
  readonly interfaces: readonly InterfaceService[];
  readonly routes: RouteService;
  /** Gives an interface an address and the route to its prefix, or changes one that it has. @throws RangeError when a host cannot have it */
  addAddress(to: InterfaceService, address: IpAddress, prefixLength: number, options?: AddressOptions): void;
  /**
   * Takes an address away, with the route to its prefix when no other address needs it. Connections over it are reset, and users of
   * what is bound to it told as when a device is gone. @returns false when it is not there
   */
  removeAddress(from: InterfaceService, address: IpAddress): boolean;
  /** No larger datagrams leave by the interface, though its device would take them; what is on its way is cut anew. @param bytes Infinity for no limit */
  limitMtu(on: InterfaceService, bytes: number): void;
  /** What becomes from now on of an address that another station uses too; `defend-once` unless set. */
  setConflictPolicy(on: InterfaceService, policy: ConflictPolicy): void;
  /**
   * From now on the interface has a link-local IPv6 address, and takes routers, prefixes and addresses from what routers advertise
   * (RFC 4861 §6.3, RFC 4862 §5). @throws RangeError where IPv6 cannot be: on a loopback, or with an MTU below 1280
   */
  autoconfigure(on: InterfaceService, settings?: AutoconfigurationSettings): void;
  /** How the interface autoconfigures itself; undefined where it does not. */
  autoconfigurationOf(on: InterfaceService): AutoconfigurationSettings | undefined;
  /** @throws RangeError when the gateway is on no link of ours, or the prefix length is no such */
  addRoute(request: RouteRequest): void;
  /** Of all interfaces, the loopback's included. */
  addresses(): IpAddress[];
  /**
   * The address as a socket may be bound to it: one of ours whose device is there, in its zone if it came without, or any of
   * 127.0.0.0/8. Undefined when it is none.
   */
  localAddress(address: IpAddress): IpAddress | undefined;
  /** Whether a socket may be bound to the address; see `localAddress`. */
  isLocalAddress(address: IpAddress): boolean;
  /** Limited broadcast, or the directed broadcast of a prefix of ours. */
  isBroadcast(address: AddressWords): boolean;
  /** The source that a datagram to `remote` leaves with when nobody has chosen one, and what is known of it; undefined when there is no way. */
  sourceTowards(remote: IpAddress): SourceCandidate | undefined;
  /**
   * The address in its zone: one of a single link that comes without is taken to be of the first link that is up, and one that means the
   * same everywhere has none.
   */
  scoped(address: IpAddress): IpAddress;
  /**
   * Hears, at most once in a round of a turn, that addresses, routes, links or silent gateways are others than before, so that it may look
   * whether what it cares for is. @returns ends it
   */
  watchWays(watcher: () => void): () => void;
  neighbours(): NeighbourListing[];
  /** Largest datagram that leaves for `remote` in one piece now, as far as is known, in bytes; 0 when there is no path. */
  mtuTo(remote: IpAddress): number;
  /** Echo request to a host, RFC 1122 §3.2.2.6. @returns undefined when it is on its way: then `callback` is called exactly once */
  ping(remote: IpAddress, options: PingOptions, callback: (result: PingResult) => void): RouteFailure | PingFailure | undefined;
}
