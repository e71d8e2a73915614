import { formatAddress, type IpAddress, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { Timer } from "../../core/timers.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import type { RouteOrigin, RouteTable } from "../routes.ts";

/** A default router, a prefix that is on the link, a way to a prefix beyond it (RFC 4191), or one that a router pointed out (RFC 4861 §8). */
export type LearnedKind = "default-router" | "on-link-prefix" | "specific-route" | "redirect";

/** How many of each kind an interface has. More are not taken: those that are there have shown nothing worse than a newcomer. */
export const MOST_LEARNED: Readonly<Record<LearnedKind, number>> = {
  "default-router": 10,
  "on-link-prefix": 16,
  "specific-route": 16,
  redirect: 16,
};

/** No timer is set further ahead; it looks and goes on waiting. */
const LONGEST_WAIT_MS = 2 ** 31;

export interface LearnedRoute {
  readonly kind: LearnedKind;
  readonly destination: IpAddress;
  readonly prefixLength: number;
  /** Undefined for what is on the link. */
  readonly gateway: IpAddress | undefined;
  readonly metric: number;
}

interface LivingRoute extends LearnedRoute {
  /** On the host's clock; Infinity for ever. */
  readonly untilMs: number;
}

/** The routes of one interface that routers told of: each has its end, and each kind its bound. One timer sees to all of them. */
export class LearnedRoutes {
  readonly #context: HostContext;
  readonly #routes: RouteTable;
  readonly #through: NetworkInterface;
  readonly #timer: Timer;
  #all: readonly LivingRoute[] = [];

  constructor(context: HostContext, routes: RouteTable, through: NetworkInterface) {
    this.#context = context;
    this.#routes = routes;
    this.#through = through;
    this.#timer = context.timers.timer(
      "route-lifetime",
      () => through.name,
      () => this.#age(),
    );
  }

  /** Adds the route, or gives one that is there another end; one whose end has come is taken away. @returns false when there is no room for it */
  learn(route: LearnedRoute, untilMs: number): boolean {
    const known = this.#all.find((each) => isSame(each, route));
    if (untilMs <= this.#context.now) {
      if (known !== undefined) this.#forget(known);
      return true;
    }
    const ofItsKind = this.#all.filter(({ kind }) => kind === route.kind);
    if (known === undefined && ofItsKind.length >= MOST_LEARNED[route.kind]) return false;
    this.#all = [...this.#all.filter((each) => each !== known), { ...route, untilMs }];
    if (known?.metric !== route.metric) this.#add(route);
    this.#wait();
    return true;
  }

  /** Makes room for one more of the kind, at the cost of the one that was there first. */
  makeRoom(kind: LearnedKind): void {
    const ofKind = this.#all.filter((each) => each.kind === kind);
    if (ofKind.length >= MOST_LEARNED[kind]) this.#forget(ofKind[0]!);
  }

  leadThrough(gateway: IpAddress): boolean {
    return this.#all.some((each) => each.gateway !== undefined && sameAddress(each.gateway, gateway));
  }

  /** Takes away what is chosen. */
  forget(isChosen: (route: LearnedRoute) => boolean): void {
    for (const each of this.#all) if (isChosen(each)) this.#forget(each);
  }

  #add({ kind, destination, prefixLength, gateway, metric }: LearnedRoute): void {
    this.#routes.add({ destination, prefixLength, gateway, interface: this.#through, metric, origin: originOf(kind) });
  }

  #forget(route: LivingRoute): void {
    const { kind, destination, prefixLength, gateway } = route;
    this.#all = this.#all.filter((each) => each !== route);
    this.#routes.removeOne({ destination, prefixLength, gateway, interface: this.#through, origin: originOf(kind) });
    this.#wait();
  }

  #age(): void {
    const { now } = this.#context;
    for (const each of this.#all) if (each.untilMs <= now) this.#forget(each);
    this.#wait();
  }

  #wait(): void {
    const nextMs = Math.min(...this.#all.map(({ untilMs }) => untilMs));
    if (nextMs === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.set(Math.min(nextMs - this.#context.now, LONGEST_WAIT_MS));
  }
}

const originOf = (kind: LearnedKind): RouteOrigin => (kind === "redirect" ? "redirect" : "router");

const isSame = (a: LearnedRoute, b: LearnedRoute): boolean =>
  a.kind === b.kind && a.prefixLength === b.prefixLength && sameAddress(a.destination, b.destination) && wayOf(a) === wayOf(b);

const wayOf = ({ gateway }: LearnedRoute): string => (gateway === undefined ? "" : formatAddress(gateway));
