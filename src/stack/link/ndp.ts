import {
  type AddressWords,
  IPV6_ANY,
  type IpAddress,
  ipv6 as ipv6Address,
  isMulticast,
  isSolicitedNodeOf,
  isUnspecified,
  isV4,
  makeAddressSlot,
  solicitedNodeOf,
} from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { type FrameInfo, plainFrame } from "../core/frame-info.ts";
import * as ethernet from "../packet/ethernet.ts";
import * as icmpv6 from "../packet/icmpv6.ts";
import * as ipv6 from "../packet/ipv6.ts";
import * as ndp from "../packet/ndp.ts";
import { FRAME_HEADROOM, type TransmitResult } from "./link-device.ts";
import type { Neighbours, Solicitor } from "./neighbours.ts";

/** What neighbour discovery needs of its interface. */
export interface NdpLink {
  readonly mac: Uint8Array;
  /** The zone of addresses that mean something on this link only. */
  readonly index: number;
  transmit(bytes: Uint8Array, at: number, end: number, info: FrameInfo): TransmitResult;
  /** The address of ours to ask from: the one whose prefix holds `target`, else the first of its family; undefined when there is none. */
  addressTowards(target: AddressWords): IpAddress | undefined;
  isOwn(address: AddressWords): boolean;
  /** Whether a station of this link may have the address: unicast, on this link, and not ours. */
  isNeighbourly(address: AddressWords): boolean;
  /** Another station says that it has an address that is ours or that we are about to take (RFC 4862 §5.4.4), or that concerns nobody here. */
  claimed(address: AddressWords): PacketVerdict;
  /** A station asks whether anybody has the address, which is none of ours yet (RFC 4862 §5.4.3). @param hasNonce whether it asked with this nonce */
  probed(address: AddressWords, hasNonce: (nonce: Uint8Array) => boolean): PacketVerdict;
  /** A neighbour says that it forwards nothing (RFC 4861 §7.2.5). */
  isNoRouter(address: AddressWords): void;
}

/** Every node of the link, RFC 4291 §2.7.1. */
const ALL_NODES = ipv6Address(0xff020000, 0, 0, 1);
const ALL_ROUTERS = ipv6Address(0xff020000, 0, 0, 2);

const IP_AT = FRAME_HEADROOM + ethernet.HEADER;
const MESSAGE_AT = IP_AT + ipv6.HEADER;

/** How IPv6 asks for a neighbour and answers who asks for us: neighbour solicitations and advertisements, RFC 4861 §7. */
export class Ndp implements Solicitor {
  readonly #context: HostContext;
  readonly #link: NdpLink;
  readonly #neighbours: () => Neighbours;
  readonly #frame = new Uint8Array(MESSAGE_AT + ndp.NEIGHBOUR_MESSAGE);
  /** Of its own: an answer to a neighbour that has to be asked for first is still in the other. */
  readonly #question = new Uint8Array(MESSAGE_AT + ndp.NEIGHBOUR_MESSAGE);
  readonly #info = plainFrame();
  readonly #target = makeAddressSlot();
  readonly #mac = new Uint8Array(ethernet.MAC_LENGTH);
  readonly #groupMac = new Uint8Array(ethernet.MAC_LENGTH);

  /** @param neighbours those of the link, which ask through here */
  constructor(context: HostContext, link: NdpLink, neighbours: () => Neighbours) {
    this.#context = context;
    this.#link = link;
    this.#neighbours = neighbours;
  }

  /**
   * A solicitation or an advertisement in `bytes[at, end)`, judged as an ICMPv6 message and as one of neighbour discovery.
   * @returns `accepted`, or why it was of no use
   */
  input(bytes: Uint8Array, at: number, end: number, source: AddressWords, destination: AddressWords): PacketVerdict {
    const target = this.#target;
    ndp.fillTarget(bytes, at, target, this.#link.index);
    // IPv4's neighbours and addresses are the business of ARP, and lie among ours.
    if (isMulticast(target) || isV4(target)) return "ndp-bad-target";
    if (icmpv6.type(bytes, at) === icmpv6.NEIGHBOUR_SOLICITATION) return this.#solicited(bytes, at, end, source, destination);
    return this.#advertised(bytes, at, end, destination);
  }

  // Solicitor

  /** RFC 4861 §7.2.2: one station that we know is asked directly, everybody who may have the address otherwise. */
  solicit(target: IpAddress, mac: Uint8Array | undefined): void {
    const from = this.#link.addressTowards(target);
    // Nobody could answer a question that comes from nowhere; to ask from :: means something else, see `probe`.
    if (from === undefined) return;
    const frame = this.#question;
    const end = ndp.writeNeighbourMessage(frame, MESSAGE_AT, icmpv6.NEIGHBOUR_SOLICITATION, 0, target, this.#link.mac);
    this.#send(end, from, mac === undefined ? solicitedNodeOf(target, this.#link.index) : target, mac, frame);
  }

  /** Asks whether anybody has an address that we would like to have, RFC 4862 §5.4.2. */
  probe(target: IpAddress, nonce: Uint8Array): void {
    const end = ndp.writeProbe(this.#frame, MESSAGE_AT, target, nonce);
    this.#send(end, IPV6_ANY, solicitedNodeOf(target, this.#link.index), undefined);
  }

  /** Tells the link that `address` is ours, unasked: RFC 4861 §7.2.6. */
  announce(address: IpAddress): void {
    this.#advertise(address, ALL_NODES, undefined, ndp.FLAG_OVERRIDE);
  }

  /** Asks the routers of the link to say what they are for, RFC 4861 §6.3.7. @param from unspecified while there is no address yet */
  solicitRouters(from: IpAddress): void {
    const end = ndp.writeRouterSolicitation(this.#frame, MESSAGE_AT, isUnspecified(from) ? undefined : this.#link.mac);
    this.#send(end, from, ALL_ROUTERS, undefined);
  }

  /** RFC 4861 §7.1.1, §7.2.3 and §7.2.4. */
  #solicited(bytes: Uint8Array, at: number, end: number, source: AddressWords, destination: AddressWords): PacketVerdict {
    const target = this.#target;
    const isProbe = isUnspecified(source);
    const hasMac = ndp.copyLinkAddress(bytes, at, end, ndp.OPTION_SOURCE_LINK_ADDRESS, this.#mac);
    if (isProbe && (hasMac || !isSolicitedNodeOf(destination, target))) return "ndp-bad-source";
    if (hasMac && !this.#isStation()) return "ndp-bad-link-address";
    if (!this.#link.isOwn(target)) {
      return isProbe ? this.#link.probed(target, (nonce) => ndp.hasNonce(bytes, at, end, nonce)) : "ndp-not-for-us";
    }
    if (isProbe) {
      this.#advertise(target, ALL_NODES, undefined, ndp.FLAG_OVERRIDE);
      return "accepted";
    }
    const isNeighbour = this.#link.isNeighbourly(source);
    // To answer it we would have to ask for it, on a link that it is not on.
    if (!hasMac && !isNeighbour) return "ndp-bad-source";
    if (hasMac && isNeighbour) this.#neighbours().learnFromRequest(source, this.#mac);
    this.#advertise(target, source, hasMac ? this.#mac : undefined, ndp.FLAG_SOLICITED | ndp.FLAG_OVERRIDE);
    return "accepted";
  }

  /** RFC 4861 §7.1.2 and §7.2.5. */
  #advertised(bytes: Uint8Array, at: number, end: number, destination: AddressWords): PacketVerdict {
    const target = this.#target;
    const flags = ndp.neighbourFlags(bytes, at);
    const isSolicited = (flags & ndp.FLAG_SOLICITED) !== 0;
    if (isSolicited && isMulticast(destination)) return "ndp-solicited-to-group";
    const hasMac = ndp.copyLinkAddress(bytes, at, end, ndp.OPTION_TARGET_LINK_ADDRESS, this.#mac);
    if (hasMac && !this.#isStation()) return "ndp-bad-link-address";
    if (!this.#link.isNeighbourly(target)) return this.#link.claimed(target);
    const isRouter = (flags & ndp.FLAG_ROUTER) !== 0;
    const isOverride = (flags & ndp.FLAG_OVERRIDE) !== 0;
    const verdict = this.#neighbours().advertised(target, hasMac ? this.#mac : undefined, { isSolicited, isOverride });
    if (verdict === "accepted" && !isRouter) this.#link.isNoRouter(target);
    return verdict;
  }

  /** Our own link address under somebody else's name would have us talk to ourselves. */
  #isStation(): boolean {
    return ethernet.isStationMac(this.#mac, 0) && !ethernet.sameMac(this.#mac, 0, this.#link.mac, 0);
  }

  #advertise(target: AddressWords, to: AddressWords, mac: Uint8Array | undefined, flags: number): void {
    const end = ndp.writeNeighbourMessage(this.#frame, MESSAGE_AT, icmpv6.NEIGHBOUR_ADVERTISEMENT, flags, target, this.#link.mac);
    this.#send(end, target, to, mac);
  }

  /** @param mac of the station to send to; undefined for a group, and for a neighbour whose link address has to be asked for */
  #send(end: number, from: AddressWords, to: AddressWords, mac: Uint8Array | undefined, frame = this.#frame): void {
    icmpv6.putChecksum(frame, MESSAGE_AT, end, from, to);
    ipv6.writeHeader(frame, IP_AT, end - MESSAGE_AT, from, to, ipv6.PROTOCOL_ICMP, ndp.HOP_LIMIT);
    if (mac === undefined && !isMulticast(to)) {
      const neighbour = this.#neighbours().obtain(to);
      ethernet.writeHeader(frame, FRAME_HEADROOM, neighbour.mac, this.#link.mac, ethernet.TYPE_IPV6);
      this.#neighbours().send(neighbour, frame, FRAME_HEADROOM, end, this.#info);
      return;
    }
    if (mac === undefined) ethernet.putMulticastMacV6(this.#groupMac, 0, to.w3);
    ethernet.writeHeader(frame, FRAME_HEADROOM, mac ?? this.#groupMac, this.#link.mac, ethernet.TYPE_IPV6);
    const result = this.#link.transmit(frame, FRAME_HEADROOM, end, this.#info);
    if (result === "full") this.#context.drops.count("device-full");
  }
}
