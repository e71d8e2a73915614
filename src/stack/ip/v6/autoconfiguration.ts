import { type AddressWords, type IpAddress, isV4, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as icmpv6 from "../../packet/icmpv6.ts";
import { MIN_MTU } from "../../packet/ipv6.ts";
import type { AutoconfigurationSettings } from "../ip-service.ts";
import type { RouteTable } from "../routes.ts";
import type { InboundPacket } from "../transport.ts";
import { AdvertisedNames } from "./advertised-names.ts";
import { InterfaceIds } from "./interface-ids.ts";
import { LearnedRoutes } from "./learned-routes.ts";
import { Redirects } from "./redirects.ts";
import { RouterDiscovery } from "./router-discovery.ts";
import { Slaac } from "./slaac.ts";
import { TemporaryAddresses } from "./temporary-addresses.ts";

/** What autoconfiguration needs of IP. */
export interface AutoconfigurationUser {
  readonly routes: RouteTable;
  nameServersAdvertised(through: NetworkInterface, servers: readonly IpAddress[], searchList: readonly string[]): void;
}

/** An interface that heeds advertisements. */
interface Autoconfigured {
  readonly settings: AutoconfigurationSettings;
  readonly slaac: Slaac;
  readonly discovery: RouterDiscovery;
  /** No link-local address was free: there is no IPv6 here until the link comes back. */
  hasFailed: boolean;
}

/** What routers say to a host, on each of its interfaces: their redirects to all, their advertisements to those that were asked to heed them. */
export class Autoconfiguration {
  readonly #context: HostContext;
  readonly #user: AutoconfigurationUser;
  readonly #redirects: Redirects;
  readonly #routes = new Map<NetworkInterface, LearnedRoutes>();
  readonly #autoconfigured = new Map<NetworkInterface, Autoconfigured>();
  #ids: InterfaceIds | undefined;

  constructor(context: HostContext, user: AutoconfigurationUser) {
    this.#context = context;
    this.#user = user;
    this.#redirects = new Redirects(context, user.routes);
  }

  /** @throws RangeError where IPv6 cannot be */
  begin(through: NetworkInterface, { temporaryAddresses = this.#context.profile.temporaryAddresses }: AutoconfigurationSettings): void {
    if (this.#autoconfigured.has(through)) return;
    if (through.isLoopback) throw new RangeError(`Cannot autoconfigure ${through.name}: no router is on a loopback`);
    if (through.device.mtu < MIN_MTU) {
      throw new RangeError(
        `Cannot autoconfigure ${through.name}: IPv6 needs an MTU of ${MIN_MTU} bytes, and the link has ${through.device.mtu}`,
      );
    }
    this.#ids ??= new InterfaceIds(this.#context.random);
    const temporary = temporaryAddresses ? new TemporaryAddresses(this.#context, through, this.#ids) : undefined;
    const slaac = new Slaac(this.#context, through, this.#ids, temporary, () => this.#fail(through));
    const names = new AdvertisedNames(this.#context, through, (servers, list) => this.#user.nameServersAdvertised(through, servers, list));
    const discovery = new RouterDiscovery(this.#context, through, { routes: this.#routesOf(through), names, slaac });
    this.#autoconfigured.set(through, { settings: { temporaryAddresses }, slaac, discovery, hasFailed: false });
    this.linkChanged(through, through.isUp);
  }

  settingsOf(through: NetworkInterface): AutoconfigurationSettings | undefined {
    return this.#autoconfigured.get(through)?.settings;
  }

  /** A router's advertisement, redirect or a solicitation of routers, as a message of neighbour discovery found good. */
  input(type: number, packet: InboundPacket, through: NetworkInterface): PacketVerdict {
    if (type === icmpv6.REDIRECT) return this.#redirects.input(packet, through, this.#routesOf(through));
    const heeds = this.#autoconfigured.get(through);
    if (type !== icmpv6.ROUTER_ADVERTISEMENT || heeds === undefined || heeds.hasFailed) return "ndp-router-message";
    return heeds.discovery.advertisement(packet);
  }

  linkChanged(through: NetworkInterface, isUp: boolean): void {
    const heeds = this.#autoconfigured.get(through);
    if (heeds === undefined) return;
    if (isUp) {
      heeds.hasFailed = false;
      heeds.slaac.begin();
    }
    heeds.discovery.linkChanged(isUp);
  }

  /** A neighbour says that it forwards nothing (RFC 4861 §7.2.5). */
  isNoRouter(through: NetworkInterface, address: AddressWords): void {
    if (isV4(address)) return;
    this.#routes.get(through)?.forget(({ gateway }) => gateway !== undefined && sameAddress(gateway, address));
  }

  #routesOf(through: NetworkInterface): LearnedRoutes {
    const known = this.#routes.get(through);
    if (known !== undefined) return known;
    const made = new LearnedRoutes(this.#context, this.#user.routes, through);
    this.#routes.set(through, made);
    return made;
  }

  /** RFC 4862 §5.4.5. */
  #fail(through: NetworkInterface): void {
    const failed = this.#autoconfigured.get(through);
    if (failed === undefined) return;
    failed.hasFailed = true;
    failed.slaac.end();
    failed.discovery.end();
  }
}
