import {
  type AddressWords,
  IPV6_ANY,
  type IpAddress,
  isLinkLocalV6,
  isLoopback,
  isMulticast,
  isUnspecified,
  isV4,
  keepAddress,
  makeAddressSlot,
  prefixOf,
} from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { DropReason, PacketVerdict } from "../../core/drop-reasons.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as ethernet from "../../packet/ethernet.ts";
import { MIN_MTU } from "../../packet/ipv6.ts";
import * as ndp from "../../packet/ndp.ts";
import type { InboundPacket } from "../transport.ts";
import type { AdvertisedNames } from "./advertised-names.ts";
import type { LearnedRoutes } from "./learned-routes.ts";
import { lifetimeEndMs } from "./lifetime.ts";
import { RouterSolicitation } from "./router-solicitation.ts";
import type { Slaac } from "./slaac.ts";

/** Metrics of what routers advertise with high, medium and low preference (RFC 4191 §2.1): the operator's routes come before them. */
const METRICS: Readonly<Record<string, number>> = { 1: 512, 0: 1024, [-1]: 2048 };
/** Reserved: in a router's own preference it is medium, in a route it makes the option void (RFC 4191 §2.2, §2.3). */
const RESERVED_PREFERENCE = -2;

/** A smaller hop limit reaches nobody, and is how one forged message cuts a link off. */
const LEAST_HOP_LIMIT = 32;
/** RFC 4861 §6.2.1: MAX of AdvReachableTime. Below a second a host would do nothing but ask. */
const LEAST_REACHABLE_MS = 1000;
const MOST_REACHABLE_MS = 3_600_000;
const LEAST_RETRANS_MS = 100;
/** More would make a host wait for its neighbours for ever. */
const MOST_RETRANS_MS = 10_000;

/** What advertisements are heeded for. */
export interface AdvertisementUsers {
  readonly routes: LearnedRoutes;
  readonly names: AdvertisedNames;
  readonly slaac: Slaac;
}

/** The routers of one link, and what they advertise: RFC 4861 §6.3, RFC 4191, and where to hand the rest of it. */
export class RouterDiscovery {
  readonly #context: HostContext;
  readonly #through: NetworkInterface;
  readonly #routes: LearnedRoutes;
  readonly #names: AdvertisedNames;
  readonly #slaac: Slaac;
  readonly #solicitation: RouterSolicitation;
  readonly #mac = new Uint8Array(ethernet.MAC_LENGTH);
  readonly #prefix = makeAddressSlot();

  constructor(context: HostContext, through: NetworkInterface, { routes, names, slaac }: AdvertisementUsers) {
    this.#context = context;
    this.#through = through;
    this.#routes = routes;
    this.#names = names;
    this.#slaac = slaac;
    this.#solicitation = new RouterSolicitation(context, through);
  }

  linkChanged(isUp: boolean): void {
    if (isUp) this.#solicitation.begin();
    else this.#solicitation.end();
  }

  /** Advertisements count for nothing any more, nor what they have said. */
  end(): void {
    this.#solicitation.end();
    this.#routes.forget(({ kind }) => kind !== "redirect");
    this.#names.forget();
  }

  /**
   * An advertisement, whose options are whole (RFC 4861 §6.1.2, §6.3.4).
   * @returns `accepted`, or the first reason why something of it was of no use; the rest of it counts
   */
  advertisement({ bytes, at, end, source }: InboundPacket): PacketVerdict {
    if (!isLinkLocalV6(source)) return "ndp-bad-source";
    const hasMac = ndp.copyLinkAddress(bytes, at, end, ndp.OPTION_SOURCE_LINK_ADDRESS, this.#mac);
    const { mac } = this.#through;
    if (hasMac && !(ethernet.isStationMac(this.#mac, 0) && !ethernet.sameMac(this.#mac, 0, mac, 0))) return "ndp-bad-link-address";
    const router = keepAddress(source);
    this.#takeParameters(bytes, at);
    // One that is none by default may be beside one that is (RFC 4861 §6.3.7).
    if (ndp.routerLifetime(bytes, at) > 0) this.#solicitation.answered();
    const ofRouter = hasDefaultRoute(bytes, at, end) ? undefined : this.#takeRouter(bytes, at, router);
    const ofOptions = this.#takeOptions(bytes, at, end, router);
    if (hasMac && this.#routes.leadThrough(router)) this.#through.neighbours.learnFromRequest(router, this.#mac);
    return ofRouter ?? ofOptions ?? "accepted";
  }

  #takeRouter(bytes: Uint8Array, at: number, gateway: IpAddress): DropReason | undefined {
    const preference = ndp.routerPreference(bytes, at);
    const metric = METRICS[preference === RESERVED_PREFERENCE ? 0 : preference]!;
    const route = { kind: "default-router", destination: IPV6_ANY, prefixLength: 0, gateway, metric } as const;
    const untilMs = this.#context.now + ndp.routerLifetime(bytes, at) * 1000;
    return this.#routes.learn(route, untilMs) ? undefined : "ndp-too-many-routers";
  }

  /** Only what is said, and makes sense: RFC 4861 §6.3.4. */
  #takeParameters(bytes: Uint8Array, at: number): void {
    const { parameters } = this.#through;
    const hopLimit = ndp.advertisedHopLimit(bytes, at);
    if (hopLimit >= LEAST_HOP_LIMIT) parameters.hopLimit = hopLimit;
    const reachableMs = ndp.reachableTime(bytes, at);
    if (reachableMs >= LEAST_REACHABLE_MS && reachableMs <= MOST_REACHABLE_MS) parameters.reachableMs = reachableMs;
    const retransMs = ndp.retransTimer(bytes, at);
    if (retransMs >= LEAST_RETRANS_MS && retransMs <= MOST_RETRANS_MS) parameters.retransMs = retransMs;
  }

  #takeOptions(bytes: Uint8Array, at: number, end: number, router: IpAddress): DropReason | undefined {
    let refusal: DropReason | undefined;
    for (let option = ndp.optionsAt(bytes, at); option < end; option += ndp.optionLength(bytes, option)) {
      const reason = this.#takeOption(bytes, option, router);
      refusal ??= reason;
    }
    return refusal;
  }

  #takeOption(bytes: Uint8Array, option: number, router: IpAddress): DropReason | undefined {
    switch (ndp.optionType(bytes, option)) {
      case ndp.OPTION_PREFIX:
        return this.#takePrefix(bytes, option);
      case ndp.OPTION_ROUTE:
        return this.#takeRoute(bytes, option, router);
      case ndp.OPTION_MTU:
        return this.#takeMtu(bytes, option);
      case ndp.OPTION_DNS_SERVERS:
        return this.#names.servers(bytes, option);
      case ndp.OPTION_DNS_SEARCH_LIST:
        return this.#names.searchList(bytes, option);
    }
    return undefined;
  }

  /** RFC 4861 §6.3.4. That a prefix is not said to be on the link says nothing (§4.6.2). */
  #takePrefix(bytes: Uint8Array, option: number): DropReason | undefined {
    if (ndp.optionLength(bytes, option) !== ndp.PREFIX_OPTION) return "ndp-bad-option";
    const bits = ndp.prefixLength(bytes, option);
    ndp.fillPrefix(bytes, option, this.#prefix);
    if (bits < 1 || bits > 128 || !isOfHosts(this.#prefix)) return "ndp-bad-prefix";
    const prefix = prefixOf(this.#prefix, bits);
    if (isUnspecified(prefix)) return "ndp-bad-prefix";
    let refusal: DropReason | undefined;
    if (ndp.isOnLinkPrefix(bytes, option)) {
      const route = { kind: "on-link-prefix", destination: prefix, prefixLength: bits, gateway: undefined, metric: 0 } as const;
      const untilMs = lifetimeEndMs(this.#context.now, ndp.validLifetime(bytes, option));
      if (!this.#routes.learn(route, untilMs)) refusal = "ndp-too-many-routes";
    }
    if (!ndp.isAutonomous(bytes, option)) return refusal;
    const { validLifetime, preferredLifetime } = ndp;
    return this.#slaac.advertised(prefix, bits, validLifetime(bytes, option), preferredLifetime(bytes, option)) ?? refusal;
  }

  /** RFC 4191 §2.3, §3.1: a host of type C. */
  #takeRoute(bytes: Uint8Array, option: number, gateway: IpAddress): DropReason | undefined {
    if (!isGoodRoute(bytes, option)) return "ndp-bad-option";
    const preference = ndp.routePreference(bytes, option);
    const bits = ndp.prefixLength(bytes, option);
    ndp.fillRoutePrefix(bytes, option, this.#prefix);
    const destination = prefixOf(this.#prefix, bits);
    if (bits > 0 && !isOfHosts(destination)) return "ndp-bad-prefix";
    // The whole world as a route is what the router says of itself, in other words.
    const kind = bits === 0 ? "default-router" : "specific-route";
    const route = { kind, destination, prefixLength: bits, gateway, metric: METRICS[preference]! } as const;
    const untilMs = lifetimeEndMs(this.#context.now, ndp.optionLifetime(bytes, option));
    if (this.#routes.learn(route, untilMs)) return undefined;
    return kind === "default-router" ? "ndp-too-many-routers" : "ndp-too-many-routes";
  }

  #takeMtu(bytes: Uint8Array, option: number): DropReason | undefined {
    if (ndp.optionLength(bytes, option) !== ndp.MTU_OPTION) return "ndp-bad-option";
    const mtu = ndp.advertisedMtu(bytes, option);
    if (mtu < MIN_MTU || mtu > this.#through.device.mtu) return "ndp-bad-mtu";
    this.#through.parameters.mtu = mtu;
    return undefined;
  }
}

/** Whether hosts have addresses under the prefix: it is none of a link alone (RFC 4862 §5.5.3 b), of a group, of this host or of IPv4. */
const isOfHosts = (prefix: AddressWords): boolean => !(isLinkLocalV6(prefix) || isMulticast(prefix) || isLoopback(prefix) || isV4(prefix));

const isGoodRoute = (bytes: Uint8Array, option: number): boolean =>
  ndp.isRouteOption(bytes, option) && ndp.routePreference(bytes, option) !== RESERVED_PREFERENCE;

/** An option says what the router is for the whole world: that counts instead of what stands in the message itself (RFC 4191 §3.1). */
function hasDefaultRoute(bytes: Uint8Array, at: number, end: number): boolean {
  for (let option = ndp.optionsAt(bytes, at); option < end; option += ndp.optionLength(bytes, option)) {
    const isRoute = ndp.optionType(bytes, option) === ndp.OPTION_ROUTE && isGoodRoute(bytes, option);
    if (isRoute && ndp.prefixLength(bytes, option) === 0) return true;
  }
  return false;
}
