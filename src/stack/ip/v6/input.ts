import {
  type AddressSlot,
  type AddressWords,
  isInterfaceLocalGroup,
  isLinkLocalV6,
  isLoopback,
  isMulticast,
  isUnspecified,
  isV4,
} from "../../core/address.ts";
import type { DropReason, PacketVerdict } from "../../core/drop-reasons.ts";
import { type FrameInfo, GSO_NONE } from "../../core/frame-info.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as extensionHeaders from "../../packet/extension-headers.ts";
import * as icmpv6 from "../../packet/icmpv6.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import * as ipv6 from "../../packet/ipv6.ts";
import * as ndp from "../../packet/ndp.ts";
import * as tcp from "../../packet/tcp.ts";
import * as udp from "../../packet/udp.ts";
import type { FragmentPlace, Reassembly, ReassemblyUser } from "../reassembly.ts";
import { FRAGMENT_OFFSET_UNIT } from "../routed-path.ts";
import { type InboundPacket, makeInboundPacket } from "../transport.ts";

const MAX_PAYLOAD = 65535;

/** Where judged packets go. */
export interface Ipv6InputUser {
  /** Whether any interface has the address, or it is the loopback's. */
  isLocal(address: AddressWords): boolean;
  /** Gives an address of one link the zone of the interface that has it. */
  fillOwnZone(address: AddressSlot): void;
  /** Whether packets that come in there for this group are for us. */
  isMember(through: NetworkInterface, group: AddressWords): boolean;
  /** @returns the transport's verdict, or why nobody takes the protocol */
  deliver(protocol: number, packet: InboundPacket): PacketVerdict;
  readonly reassembly: Reassembly;
  reassemblyTimedOut(packet: InboundPacket): void;
  /** A header was not understood, at `pointer` bytes from the beginning of the packet (RFC 4443 §3.4). */
  sendParameterProblem(packet: InboundPacket, code: number, pointer: number, evenToGroup: boolean): void;
}

/**
 * IPv6 packets in, RFC 8200: judged, their extension headers walked in order, then handed up in the one packet record. Nothing is
 * forwarded; a packet for an address of another interface is refused. The hop limit is not looked at, as it is for routers.
 */
export class Ipv6Input implements ReassemblyUser {
  /** RFC 8200 §4.5. */
  readonly reassemblyTimeoutMs = 60_000;
  readonly #user: Ipv6InputUser;
  readonly #chain = extensionHeaders.makeHeaderChain();
  readonly #packet = makeInboundPacket();

  readonly #place: FragmentPlace = { id: 0, offset: 0, more: false, limit: 0 };

  constructor(user: Ipv6InputUser) {
    this.#user = user;
  }

  /** The packet in `bytes[at, end)`, link padding included. @returns `accepted`, or the reason why it was dropped */
  packet(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkGroup: boolean): PacketVerdict {
    const malformed = ipv6.check(bytes, at, end);
    if (malformed !== undefined) return malformed;

    const packet = this.#packet;
    const { source, destination } = packet;
    ipv6.fillSource(bytes, at, source, from.index);
    ipv6.fillDestination(bytes, at, destination, from.index);
    if (from.isLoopback) this.#findZones(packet);
    if (isV4(source) || isV4(destination)) return "ipv6-source-v4-mapped";
    const isFromUs = from.isLoopback || from.isLoopingBack;
    const badSource = isFromUs ? this.#judgeLoopbackSource(source) : this.#judgeSource(bytes, at, source);
    if (badSource !== undefined) return badSource;

    const isGroup = isMulticast(destination);
    if (isGroup) {
      if (isBeyondLinks(destination, isFromUs)) return "ipv6-group-scope";
      if (!this.#user.isMember(from, destination)) return "ipv6-group-not-joined";
    } else {
      const isOurs = from.isLoopback ? this.#user.isLocal(destination) : from.isOwn(destination);
      if (!isOurs) return this.#notOurs(from, destination);
      if (isLinkGroup) return "ipv6-unicast-in-link-broadcast";
    }

    packet.bytes = bytes;
    packet.ipAt = at;
    packet.end = ipv6.payloadEnd(bytes, at);
    packet.through = from;
    // A partial checksum is one that its sender, on this machine, never computed.
    packet.checksumVerified = info.checksumVerified || info.checksumStart > 0;
    packet.isBroadcast = isGroup || isLinkGroup;
    packet.isLoopback = isFromUs;
    packet.ttl = ipv6.hopLimit(bytes, at);
    packet.trafficClass = ipv6.trafficClass(bytes, at);
    packet.gsoSize = info.gsoType === GSO_NONE ? 0 : info.gsoSize;
    const chain = this.#chain;
    const protocol = ipv6.nextHeader(bytes, at);
    extensionHeaders.walk(bytes, ipv6.payloadAt(at), packet.end, protocol, at + ipv6.NEXT_HEADER_OFFSET, true, chain);
    return chain.reason === undefined && chain.protocol === extensionHeaders.FRAGMENT
      ? this.#fragment(packet)
      : this.#payload(packet, false);
  }

  reassemblyTimedOut(packet: InboundPacket): void {
    this.#user.reassemblyTimedOut(packet);
  }

  /** What lies behind the headers that were walked. */
  #payload(packet: InboundPacket, cameInFragments: boolean): PacketVerdict {
    const { bytes, ipAt, end } = packet;
    const chain = this.#chain;
    packet.at = chain.at;
    if (chain.reason !== undefined) {
      if (chain.problemCode >= 0) {
        this.#user.sendParameterProblem(packet, chain.problemCode, chain.problemAt - ipAt, chain.problemEvenToGroup);
      }
      return chain.reason;
    }
    // What options stood before has been seen now.
    if (isUnspecified(packet.source) && chain.protocol !== ipv6.PROTOCOL_ICMP) return "ipv6-source-not-unicast";
    if (chain.protocol === ipv6.NO_NEXT_HEADER) return "ipv6-no-next-header";
    // What a switch that guards the link looks for must not hide in a fragment (RFC 6980 §5).
    if (cameInFragments && chain.protocol === ipv6.PROTOCOL_ICMP && ndp.isDiscovery(bytes, chain.at, end)) return "ndp-in-fragment";
    const verdict = this.#user.deliver(chain.protocol, packet);
    if (verdict === "ipv6-unknown-protocol") {
      this.#user.sendParameterProblem(packet, extensionHeaders.UNKNOWN_NEXT_HEADER, chain.protocolFieldAt - ipAt, false);
    }
    return verdict;
  }

  /** RFC 8200 §4.5; the fragment header lies where the walk ended. */
  #fragment(packet: InboundPacket): PacketVerdict {
    const { bytes, ipAt, end } = packet;
    const chain = this.#chain;
    const header = chain.at;
    if (header + extensionHeaders.FRAGMENT_HEADER > end) return "ipv6-truncated-header";
    packet.at = header + extensionHeaders.FRAGMENT_HEADER;
    const place = this.#place;
    place.id = extensionHeaders.fragmentIdentification(bytes, header) | 0;
    place.offset = extensionHeaders.fragmentOffset(bytes, header);
    place.more = extensionHeaders.moreFragments(bytes, header);
    place.limit = MAX_PAYLOAD - (header - ipv6.payloadAt(ipAt));

    if (place.more && (end - packet.at) % FRAGMENT_OFFSET_UNIT !== 0) {
      this.#user.sendParameterProblem(packet, extensionHeaders.ERRONEOUS_FIELD, ipv6.PAYLOAD_LENGTH_OFFSET, false);
      return "fragment-bad-length";
    }
    if (place.offset + end - packet.at > place.limit) {
      const field = extensionHeaders.fragmentOffsetFieldAt(header);
      this.#user.sendParameterProblem(packet, extensionHeaders.ERRONEOUS_FIELD, field - ipAt, false);
      return "fragment-too-far";
    }
    if (place.offset === 0) {
      this.#walkBehind(bytes, header, end);
      // One that is a whole packet is no business of those that wait (RFC 6946 §4).
      if (!place.more) return this.#payload(packet, true);
      // RFC 7112 §5: who judges packets by their first fragment must find all headers there.
      if (chain.reason === "ipv6-truncated-header" || end - chain.at < leastHeader(chain.protocol)) {
        this.#user.sendParameterProblem(packet, extensionHeaders.INCOMPLETE_CHAIN, 0, false);
        return "fragment-tiny-first";
      }
    }
    const outcome = this.#user.reassembly.add(packet, place, this);
    if (outcome === "held") return "accepted";
    if (outcome !== "whole") return outcome;
    // Its headers are the first fragment's, the fragment header included.
    this.#walkBehind(packet.bytes, packet.at - extensionHeaders.FRAGMENT_HEADER, packet.end);
    return this.#payload(packet, true);
  }

  #walkBehind(bytes: Uint8Array, fragmentHeader: number, end: number): void {
    const at = fragmentHeader + extensionHeaders.FRAGMENT_HEADER;
    const next = extensionHeaders.fragmentNextHeader(bytes, fragmentHeader);
    extensionHeaders.walk(bytes, at, end, next, fragmentHeader, false, this.#chain);
  }

  /** RFC 4291 §2.5–2.7: a source is one host, and not this one. Only while a host has no address yet may it be unspecified. */
  #judgeSource(bytes: Uint8Array, at: number, source: AddressWords): DropReason | undefined {
    if (isUnspecified(source)) return ipv6.nextHeader(bytes, at) === icmpOrHopByHop(bytes, at) ? undefined : "ipv6-source-not-unicast";
    if (isMulticast(source)) return "ipv6-source-not-unicast";
    if (isLoopback(source)) return "ipv6-source-loopback";
    return this.#user.isLocal(source) ? "ipv6-source-ours" : undefined;
  }

  #judgeLoopbackSource(source: AddressWords): DropReason | undefined {
    return this.#user.isLocal(source) ? undefined : "ipv6-source-not-ours";
  }

  /** An address of one of our links has that link's zone, although the packet went through the loopback. */
  #findZones({ source, destination }: InboundPacket): void {
    if (isLinkLocalV6(source)) this.#user.fillOwnZone(source);
    if (isLinkLocalV6(destination)) this.#user.fillOwnZone(destination);
  }

  #notOurs(from: NetworkInterface, destination: AddressWords): DropReason {
    if (isLoopback(destination)) return "ipv6-loopback-from-wire";
    return from.isTentative(destination) ? "ipv6-address-tentative" : "ipv6-not-for-us";
  }
}

/** Nothing may be sent to groups of scope 0, and nothing of a group within an interface comes from elsewhere (RFC 4291 §2.7). */
const isBeyondLinks = (group: AddressWords, isFromUs: boolean): boolean =>
  ((group.w0 >>> 16) & 0xf) === 0 || (!isFromUs && isInterfaceLocalGroup(group));

/** What a transport needs to be told from another, in bytes. */
function leastHeader(protocol: number): number {
  switch (protocol) {
    case ipv4.PROTOCOL_TCP:
      return tcp.MIN_HEADER;
    case ipv4.PROTOCOL_UDP:
      return udp.HEADER;
    case ipv6.PROTOCOL_ICMP:
      return icmpv6.HEADER;
  }
  return 0;
}

/** Solicitations of who has no address yet, and its reports behind hop-by-hop options, may come from :: (RFC 4861 §4.1, RFC 3810 §5.2.13). */
const icmpOrHopByHop = (bytes: Uint8Array, at: number): number =>
  ipv6.nextHeader(bytes, at) === extensionHeaders.HOP_BY_HOP ? extensionHeaders.HOP_BY_HOP : ipv6.PROTOCOL_ICMP;
