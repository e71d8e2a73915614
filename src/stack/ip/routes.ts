import { type AddressWords, formatAddress, type IpAddress, isV4, prefixBits, prefixOf, sameAddress, samePrefix } from "../core/address.ts";
import type { NetworkInterface } from "../link/network-interface.ts";

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
}

/** A row for `tapsock route`. */
export interface RouteListing {
  readonly destination: string;
  readonly prefixLength: number;
  readonly gateway: string | undefined;
  readonly interface: string;
  readonly metric: number;
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
  /** Goes up with every change of routes, addresses or link states, so that paths know when to look again. */
  generation = 0;

  /** Adds a route, in place of one with the same destination, gateway and interface. Destination bits after the prefix are cleared. */
  add(route: Route): void {
    const bits = prefixBits(route.destination, route.prefixLength);
    const added = { ...route, bits, destination: prefixOf(route.destination, bits) };
    this.#routes = [...this.#routes.filter((r) => !isSameWay(r, added)), added].sort((a, b) => b.bits - a.bits || a.metric - b.metric);
    this.generation++;
  }

  /** Removes the routes to a prefix, all of them or those through one gateway or interface. @returns how many */
  remove(destination: IpAddress, prefixLength: number, gateway?: IpAddress, through?: NetworkInterface): number {
    const bits = prefixBits(destination, prefixLength);
    const network = prefixOf(destination, bits);
    const left = this.#routes.filter(
      (r) =>
        r.bits !== bits ||
        !sameAddress(r.destination, network) ||
        (gateway !== undefined && !isSameGateway(r.gateway, gateway)) ||
        (through !== undefined && r.interface !== through),
    );
    const removed = this.#routes.length - left.length;
    this.#routes = left;
    if (removed > 0) this.generation++;
    return removed;
  }

  /**
   * The way to an address: of the routes to its longest prefix whose interface is up, the first whose gateway answers (RFC 1122 §3.3.1.5,
   * RFC 4861 §6.3.6). Where all gateways are silent, or all interfaces down, the first of them.
   */
  lookup(address: AddressWords): Route | undefined {
    let down: Route | undefined;
    let silent: KeptRoute | undefined;
    const isOfV4 = isV4(address);
    for (const route of this.#routes) {
      if (silent !== undefined && route.bits < silent.bits) break;
      // Below 96 bits it is IPv6's, whose default route would hold every IPv4 address too.
      if (isOfV4 && route.bits < V4_BITS) continue;
      if (!samePrefix(address, route.destination, route.bits)) continue;
      if (!route.interface.isUp) down ??= route;
      else if (hasSilentGateway(route)) silent ??= route;
      else return route;
    }
    return silent ?? down;
  }

  /** Whether any route leads through this neighbour. */
  isGateway(address: AddressWords, through: NetworkInterface): boolean {
    return this.#routes.some((r) => leadsThrough(r, address, through));
  }

  /** Whether there is another way, with a gateway that answers, to where a route through this neighbour leads. */
  isReplaced(address: AddressWords, through: NetworkInterface): boolean {
    const isOther = (r: KeptRoute): boolean => r.interface.isUp && !leadsThrough(r, address, through) && !hasSilentGateway(r);
    return this.#routes.some(
      (r) =>
        leadsThrough(r, address, through) &&
        this.#routes.some((o) => isOther(o) && o.bits === r.bits && sameAddress(o.destination, r.destination)),
    );
  }

  list(): RouteListing[] {
    return this.#routes.map((r) => ({
      destination: formatAddress(r.destination),
      prefixLength: r.prefixLength,
      gateway: r.gateway === undefined ? undefined : formatAddress(r.gateway),
      interface: r.interface.name,
      metric: r.metric,
      isUp: r.interface.isUp,
    }));
  }
}

const isSameWay = (a: KeptRoute, b: KeptRoute): boolean =>
  a.bits === b.bits && sameAddress(a.destination, b.destination) && isSameGateway(a.gateway, b.gateway) && a.interface === b.interface;

const isSameGateway = (a: IpAddress | undefined, b: IpAddress | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameAddress(a, b);

const leadsThrough = (route: Route, address: AddressWords, through: NetworkInterface): boolean =>
  route.interface === through && route.gateway !== undefined && sameAddress(route.gateway, address);

const hasSilentGateway = ({ interface: through, gateway }: Route): boolean => gateway !== undefined && through.neighbours.isSilent(gateway);
