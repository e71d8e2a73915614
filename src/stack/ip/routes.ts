import { type AddressWords, formatAddress, type IpAddress, isV4, prefixBits, prefixOf, sameAddress, samePrefix } from "../core/address.ts";
import type { NetworkInterface } from "../link/network-interface.ts";

/** Who made a route: the operator, an address whose prefix it is, a DHCP server, a router that advertises it, or one that redirects to it. */
export type RouteOrigin = "manual" | "address" | "dhcp" | "router" | "redirect";

/** One route. Without a gateway the destination is on the link itself. */
export interface Route {
  /** Network address; bits after the prefix are zero. */
  readonly destination: IpAddress;
  /** Within the destination's family; 0 is its default route. */
  readonly prefixLength: number;
  readonly gateway: IpAddress | undefined;
  readonly interface: NetworkInterface;
  /** Among routes of the same length the lowest is taken. */
  readonly metric: number;
  readonly origin: RouteOrigin;
}

/** A row for `tapsock route`. */
export interface RouteListing {
  readonly destination: string;
  readonly prefixLength: number;
  readonly gateway: string | undefined;
  readonly interface: string;
  readonly metric: number;
  readonly origin: RouteOrigin;
  readonly isUp: boolean;
}

/** A route as the table keeps it: its prefix counted among 128 bits, so that routes of both families lie in one list. */
interface KeptRoute extends Route {
  readonly bits: number;
}

/** Of the 128 bits, those that all IPv4 addresses have in common. */
const V4_BITS = 96;

/** Routes of both families, longest prefix first (RFC 1122 §3.3.1.3), then lowest metric. */
export class RouteTable {
  #routes: readonly KeptRoute[] = [];
  readonly #changed: () => void;
  /** Goes up with every change of routes, addresses or link states, so that paths know when to look again. */
  generation = 0;

  /** @param changed called whenever `generation` has gone up */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Ways may be others than before. */
  advance(): void {
    this.generation++;
    this.#changed();
  }

  /** Adds a route, in place of one with the same destination, gateway, interface and origin. Destination bits after the prefix are cleared. */
  add(route: Route): void {
    const bits = prefixBits(route.destination, route.prefixLength);
    const added = { ...route, bits, destination: prefixOf(route.destination, bits) };
    this.#routes = [...this.#routes.filter((r) => !isSameWay(r, added)), added].sort((a, b) => b.bits - a.bits || a.metric - b.metric);
    this.advance();
  }

  /** Removes the routes to a prefix, all of them or those through one gateway or interface, or of one origin. @returns how many */
  remove(destination: IpAddress, prefixLength: number, gateway?: IpAddress, through?: NetworkInterface, origin?: RouteOrigin): number {
    const bits = prefixBits(destination, prefixLength);
    const network = prefixOf(destination, bits);
    const left = this.#routes.filter(
      (r) =>
        r.bits !== bits ||
        !sameAddress(r.destination, network) ||
        (gateway !== undefined && !isSameGateway(r.gateway, gateway)) ||
        (through !== undefined && r.interface !== through) ||
        (origin !== undefined && r.origin !== origin),
    );
    const removed = this.#routes.length - left.length;
    this.#routes = left;
    if (removed > 0) this.advance();
    return removed;
  }

  /** Removes one route. @returns false when it is not there */
  removeOne({ destination, prefixLength, ...way }: Omit<Route, "metric">): boolean {
    const bits = prefixBits(destination, prefixLength);
    const removed = { ...way, prefixLength, bits, destination: prefixOf(destination, bits), metric: 0 };
    const left = this.#routes.filter((r) => !isSameWay(r, removed));
    if (left.length === this.#routes.length) return false;
    this.#routes = left;
    this.advance();
    return true;
  }

  /**
   * The way to an address: of the routes to its longest prefix whose interface is up, the first whose gateway answers (RFC 1122 §3.3.1.5).
   * In IPv6 a gateway that answers even comes before a longer prefix (RFC 4191 §3.2), and where all of them are silent each has its turn
   * (RFC 4861 §6.3.6). Otherwise the first of those that are silent, or whose interfaces are down.
   */
  lookup(address: AddressWords): Route | undefined {
    let down: Route | undefined;
    let silent: KeptRoute | undefined;
    const isOfV4 = isV4(address);
    for (const route of this.#routes) {
      if (silent !== undefined && isOfV4 && route.bits < silent.bits) break;
      // Below 96 bits it is IPv6's, whose default route would hold every IPv4 address too.
      if (isOfV4 && route.bits < V4_BITS) continue;
      if (!samePrefix(address, route.destination, route.bits)) continue;
      if (!route.interface.isUp) down ??= route;
      else if (!isSilent(route)) return route;
      else if (silent === undefined || (!isOfV4 && isSilentForLonger(route, silent))) silent = route;
    }
    return silent ?? down;
  }

  /** Whether a route says that the address is on the link of this interface. */
  isOnLink(address: AddressWords, through: NetworkInterface): boolean {
    const isOfV4 = isV4(address);
    for (const { gateway, interface: link, bits, destination } of this.#routes) {
      if (gateway !== undefined || link !== through || (isOfV4 && bits < V4_BITS)) continue;
      if (samePrefix(address, destination, bits)) return true;
    }
    return false;
  }

  /** Whether any route leads to or through this neighbour, so that its silence counts. */
  isFirstHop(address: AddressWords, through: NetworkInterface): boolean {
    return this.#routes.some((r) => leadsThrough(r, address, through));
  }

  /** Whether there is another way, with a gateway that answers, to where a route through this neighbour leads. */
  isReplaced(address: AddressWords, through: NetworkInterface): boolean {
    return this.#hasOther(address, through, (other) => !isSilent(other));
  }

  /** As `isReplaced`, though the other may be silent too. */
  hasAlternative(address: AddressWords, through: NetworkInterface): boolean {
    return this.#hasOther(address, through, () => true);
  }

  #hasOther(address: AddressWords, through: NetworkInterface, isUsable: (other: KeptRoute) => boolean): boolean {
    const isOther = (r: KeptRoute): boolean => r.interface.isUp && !leadsThrough(r, address, through) && isUsable(r);
    return this.#routes.some((r) => leadsThrough(r, address, through) && this.#routes.some((o) => isOther(o) && isTakenFor(r, o)));
  }

  list(): RouteListing[] {
    return this.#routes.map((r) => ({
      destination: formatAddress(r.destination),
      prefixLength: r.prefixLength,
      gateway: r.gateway === undefined ? undefined : formatAddress(r.gateway),
      interface: r.interface.name,
      metric: r.metric,
      origin: r.origin,
      isUp: r.interface.isUp,
    }));
  }
}

const isSameWay = (a: KeptRoute, b: KeptRoute): boolean =>
  a.bits === b.bits &&
  sameAddress(a.destination, b.destination) &&
  isSameGateway(a.gateway, b.gateway) &&
  a.interface === b.interface &&
  a.origin === b.origin;

const isSameGateway = (a: IpAddress | undefined, b: IpAddress | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameAddress(a, b);

/** The neighbour without which a route leads nowhere: its gateway, or the one destination that a router said is on the link (RFC 4861 §8.3). */
const firstHopOf = ({ gateway, destination, origin }: Route): IpAddress | undefined =>
  gateway ?? (origin === "redirect" ? destination : undefined);

function leadsThrough(route: Route, address: AddressWords, through: NetworkInterface): boolean {
  const firstHop = firstHopOf(route);
  return route.interface === through && firstHop !== undefined && sameAddress(firstHop, address);
}

/** Whether `other` leads to where a silent route does, as `lookup` has it. */
const isTakenFor = (route: KeptRoute, other: KeptRoute): boolean =>
  (other.bits === route.bits || (other.bits < route.bits && !isV4(route.destination))) &&
  samePrefix(route.destination, other.destination, other.bits);

function silentSinceMs(route: Route): number | undefined {
  const firstHop = firstHopOf(route);
  return firstHop === undefined ? undefined : route.interface.neighbours.silentSinceMs(firstHop);
}

/** The first hop does not answer any more. */
const isSilent = (route: Route): boolean => silentSinceMs(route) !== undefined;

/** It was given up longer ago: the next attempt is its. */
const isSilentForLonger = (route: Route, than: Route): boolean => (silentSinceMs(route) ?? 0) < (silentSinceMs(than) ?? 0);
