import { formatV4, type Ipv4Address, maskOf } from "../core/address.ts";
import type { NetworkInterface } from "../link/network-interface.ts";

/** One route. Without a gateway the destination is on the link itself. */
export interface Route {
  /** Network address; bits after the prefix are zero. */
  readonly destination: number;
  /** 0 to 32; 0 is the default route. */
  readonly prefixLength: number;
  readonly gateway: Ipv4Address | undefined;
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

/** IPv4 routes, longest prefix first (RFC 1122 §3.3.1.3), then lowest metric. */
export class RouteTable {
  #routes: readonly Route[] = [];
  /** Goes up with every change of routes, addresses or link states, so that paths know when to look again. */
  generation = 0;

  /** Adds a route, in place of one with the same destination, gateway and interface. Destination bits after the prefix are cleared. */
  add(route: Route): void {
    const destination = (route.destination & maskOf(route.prefixLength)) >>> 0;
    const added = { ...route, destination };
    this.#routes = [...this.#routes.filter((r) => !isSameWay(r, added)), added].sort(
      (a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric,
    );
    this.generation++;
  }

  /** Removes the routes to a prefix, all of them or those through one gateway or interface. @returns how many */
  remove(destination: number, prefixLength: number, gateway?: Ipv4Address, through?: NetworkInterface): number {
    const network = (destination & maskOf(prefixLength)) >>> 0;
    const left = this.#routes.filter(
      (r) =>
        r.destination !== network ||
        r.prefixLength !== prefixLength ||
        (gateway !== undefined && r.gateway?.bits !== gateway.bits) ||
        (through !== undefined && r.interface !== through),
    );
    const removed = this.#routes.length - left.length;
    this.#routes = left;
    if (removed > 0) this.generation++;
    return removed;
  }

  /** The way to an address through an interface that is up; where all are down, the first of them. */
  lookup(bits: number): Route | undefined {
    let down: Route | undefined;
    for (const route of this.#routes) {
      if (((bits ^ route.destination) & maskOf(route.prefixLength)) !== 0) continue;
      if (route.interface.isUp) return route;
      down ??= route;
    }
    return down;
  }

  list(): RouteListing[] {
    return this.#routes.map((r) => ({
      destination: formatV4(r.destination),
      prefixLength: r.prefixLength,
      gateway: r.gateway === undefined ? undefined : formatV4(r.gateway.bits),
      interface: r.interface.name,
      metric: r.metric,
      isUp: r.interface.isUp,
    }));
  }
}

const isSameWay = (a: Route, b: Route): boolean =>
  a.destination === b.destination &&
  a.prefixLength === b.prefixLength &&
  a.gateway?.bits === b.gateway?.bits &&
  a.interface === b.interface;
