import { isLinkLocalV6, isMulticast, keepAddress, makeAddressSlot, sameAddress } from "../../core/address.ts";
import type { HostContext } from "../../core/context.ts";
import type { PacketVerdict } from "../../core/drop-reasons.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as ethernet from "../../packet/ethernet.ts";
import * as ndp from "../../packet/ndp.ts";
import type { RouteTable } from "../routes.ts";
import type { InboundPacket } from "../transport.ts";
import type { LearnedRoutes } from "./learned-routes.ts";

/** How long a better way is remembered; then the router may say it again. As for path MTUs, the way may change. */
const REDIRECT_MS = 600_000;

/** What routers say of better first hops, RFC 4861 §8: the one that a packet went to, and no other, may name another one of the link. */
export class Redirects {
  readonly #context: HostContext;
  readonly #table: RouteTable;
  readonly #target = makeAddressSlot();
  readonly #destination = makeAddressSlot();
  readonly #mac = new Uint8Array(ethernet.MAC_LENGTH);

  constructor(context: HostContext, table: RouteTable) {
    this.#context = context;
    this.#table = table;
  }

  /**
   * A redirect whose options are whole, RFC 4861 §8.1 and §8.3.
   * @param routes of the interface that it came by
   */
  input({ bytes, at, end, source }: InboundPacket, through: NetworkInterface, routes: LearnedRoutes): PacketVerdict {
    if (!isLinkLocalV6(source)) return "ndp-bad-source";
    const target = this.#target;
    const destination = this.#destination;
    ndp.fillTarget(bytes, at, target, through.index);
    ndp.fillRedirected(bytes, at, destination, through.index);
    const isOnLink = sameAddress(target, destination);
    if (isMulticast(destination) || isMulticast(target) || !(isOnLink || isLinkLocalV6(target))) return "ndp-bad-target";
    if (through.isOwn(target) || through.isOwn(destination)) return "ndp-bad-target";
    const way = this.#table.lookup(destination);
    const isFromFirstHop = way?.interface === through && way.gateway !== undefined && sameAddress(way.gateway, source);
    if (!isFromFirstHop || isLinkLocalV6(destination)) return "ndp-not-first-hop";
    const hasMac = ndp.copyLinkAddress(bytes, at, end, ndp.OPTION_TARGET_LINK_ADDRESS, this.#mac);
    if (hasMac && !(ethernet.isStationMac(this.#mac, 0) && !ethernet.sameMac(this.#mac, 0, through.mac, 0))) return "ndp-bad-link-address";

    const gateway = isOnLink ? undefined : keepAddress(target);
    const to = keepAddress(destination);
    routes.forget((each) => each.kind === "redirect" && sameAddress(each.destination, to));
    routes.makeRoom("redirect");
    routes.learn({ kind: "redirect", destination: to, prefixLength: 128, gateway, metric: 0 }, this.#context.now + REDIRECT_MS);
    if (hasMac) through.neighbours.learnFromRequest(gateway ?? to, this.#mac);
    return "accepted";
  }
}
