import { type AddressWords, fillV4 } from "../../core/address.ts";
import type { DropReason, PacketVerdict } from "../../core/drop-reasons.ts";
import { type FrameInfo, GSO_NONE } from "../../core/frame-info.ts";
import type { NetworkInterface } from "../../link/network-interface.ts";
import * as dhcp from "../../packet/dhcp.ts";
import * as icmp from "../../packet/icmp.ts";
import * as ipv4 from "../../packet/ipv4.ts";
import * as tcp from "../../packet/tcp.ts";
import * as udp from "../../packet/udp.ts";
import type { FragmentPlace, Reassembly, ReassemblyUser } from "../reassembly.ts";
import { type InboundPacket, makeInboundPacket } from "../transport.ts";

/** First four bits of a group's address, and first eight of one that never leaves a host. */
const CLASS_D = 14;
const LOOPBACK_NET = 127;
/** Headers and payload (RFC 791 §3.1). */
const MAX_DATAGRAM = 65535;

/** RFC 1122 §3.3.2 wants 60 to 120 s, of a time with slower links; what is not there after this will not come. */
const REASSEMBLY_TIMEOUT_MS = 30_000;

/** Where judged datagrams go. */
export interface InputUser {
  readonly reassembly: Reassembly;
  /** Whether any interface has the address, or it is one of the loopback's. */
  isLocal(address: AddressWords): boolean;
  /** Whether a datagram to the group that came in there is for this host. */
  isMember(from: NetworkInterface, group: AddressWords): boolean;
  /** @returns the transport's verdict, or why nobody takes the protocol */
  deliver(protocol: number, packet: InboundPacket): PacketVerdict;
  /** A datagram whose first fragment came did not become whole in time. */
  reassemblyTimedOut(packet: InboundPacket): void;
}

/**
 * IPv4 datagrams in, RFC 1122 §3.2.1: judged, then handed up in the one packet record. Nothing is forwarded. A datagram for an
 * address of another interface is refused (the strong host model, RFC 1122 §3.3.4.2). Fragments wait until their datagram is whole.
 */
export class Ipv4Input implements ReassemblyUser {
  readonly reassemblyTimeoutMs = REASSEMBLY_TIMEOUT_MS;
  readonly #user: InputUser;
  readonly #place: FragmentPlace = { id: 0, offset: 0, more: false, limit: 0 };
  readonly #packet = makeInboundPacket();

  constructor(user: InputUser) {
    this.#user = user;
  }

  /** The datagram in `bytes[at, end)`, link padding included. @returns `accepted`, or the reason why it was dropped */
  datagram(from: NetworkInterface, bytes: Uint8Array, at: number, end: number, info: FrameInfo, isLinkBroadcast: boolean): PacketVerdict {
    const malformed = ipv4.check(bytes, at, end);
    if (malformed !== undefined) return malformed;
    if (!ipv4.verifyChecksum(bytes, at)) return "ipv4-bad-checksum";

    const packet = this.#packet;
    const { source, destination } = packet;
    fillV4(source, ipv4.source(bytes, at));
    fillV4(destination, ipv4.destination(bytes, at));
    const isFromUs = from.isLoopback || from.isLoopingBack;
    const isGroup = destination.w3 >>> 28 === CLASS_D;
    const isMembership = isGroup && ipv4.protocol(bytes, at) === ipv4.PROTOCOL_IGMP;
    const badSource = isFromUs ? this.#judgeLoopbackSource(source) : this.#judgeSource(from, source, isMembership);
    if (badSource !== undefined) return badSource;

    const isBroadcast = isGroup || from.isBroadcast(destination);
    if (isGroup && !this.#user.isMember(from, destination)) return "ipv4-group-not-joined";
    if (!isBroadcast) {
      const isOurs = from.isLoopback
        ? this.#user.isLocal(destination)
        : from.isOwn(destination) || (from.awaitsConfiguration && isForDhcpClient(bytes, at));
      if (!isOurs) return destination.w3 >>> 24 === LOOPBACK_NET ? "ipv4-loopback-from-wire" : "ipv4-not-for-us";
      // RFC 1122 §3.3.6: somebody is trying to make a crowd answer.
      if (isLinkBroadcast) return "ipv4-unicast-in-link-broadcast";
    }

    if (ipv4.headerLength(bytes, at) > ipv4.MIN_HEADER) {
      const badOption = judgeOptions(bytes, at);
      if (badOption !== undefined) return badOption;
    }

    packet.bytes = bytes;
    packet.ipAt = at;
    packet.at = ipv4.payloadAt(bytes, at);
    packet.end = ipv4.payloadEnd(bytes, at);
    packet.through = from;
    // A partial checksum is one that its sender, on this machine, never computed.
    packet.checksumVerified = info.checksumVerified || info.checksumStart > 0;
    packet.isBroadcast = isBroadcast;
    packet.isLoopback = isFromUs;
    packet.ttl = ipv4.ttl(bytes, at);
    packet.trafficClass = ipv4.tos(bytes, at);
    packet.gsoSize = info.gsoType === GSO_NONE ? 0 : info.gsoSize;
    return ipv4.isFragment(bytes, at) ? this.#fragment(packet) : this.#user.deliver(ipv4.protocol(bytes, at), packet);
  }

  reassemblyTimedOut(packet: InboundPacket): void {
    this.#user.reassemblyTimedOut(packet);
  }

  /** A part of a datagram, which is handed up when it makes it whole (RFC 791 §3.2). */
  #fragment(packet: InboundPacket): PacketVerdict {
    const { bytes, ipAt, at, end } = packet;
    const protocol = ipv4.protocol(bytes, ipAt);
    const place = this.#place;
    place.id = (protocol << 16) | ipv4.identification(bytes, ipAt);
    place.offset = ipv4.fragmentOffset(bytes, ipAt);
    place.more = ipv4.moreFragments(bytes, ipAt);
    place.limit = MAX_DATAGRAM - (at - ipAt);
    if (place.offset === 0 && isCutInHeader(protocol, bytes, at, end)) return "fragment-tiny-first";
    const outcome = this.#user.reassembly.add(packet, place, this);
    if (outcome === "held") return "accepted";
    if (outcome !== "whole") return outcome;
    ipv4.makeWhole(packet.bytes, packet.ipAt, packet.end - packet.ipAt, packet.trafficClass);
    return this.#user.deliver(protocol, packet);
  }

  /** RFC 1122 §3.2.1.3: a source is one host, and not this one. */
  #judgeSource(from: NetworkInterface, source: AddressWords, isMembership: boolean): DropReason | undefined {
    const bits = source.w3;
    // A switch that asks for members, or a member without an address, has none to send from (RFC 3376 §4.2.13, RFC 4541 §2.1.1).
    if (bits === 0) return isMembership ? undefined : "ipv4-source-unspecified";
    if (bits >>> 24 === LOOPBACK_NET) return "ipv4-source-loopback";
    // Class D are groups, class E is reserved, and its last address the limited broadcast (RFC 1112 §4).
    if (bits >>> 28 >= CLASS_D || from.isBroadcast(source)) return "ipv4-source-not-unicast";
    return this.#user.isLocal(source) ? "ipv4-source-ours" : undefined;
  }

  #judgeLoopbackSource(source: AddressWords): DropReason | undefined {
    return this.#user.isLocal(source) ? undefined : "ipv4-source-not-ours";
  }
}

/** A whole datagram to the port of DHCP clients. */
function isForDhcpClient(bytes: Uint8Array, at: number): boolean {
  if (ipv4.protocol(bytes, at) !== ipv4.PROTOCOL_UDP || ipv4.isFragment(bytes, at)) return false;
  return ipv4.payloadLength(bytes, at) >= udp.HEADER && udp.destinationPort(bytes, ipv4.payloadAt(bytes, at)) === dhcp.CLIENT_PORT;
}

/** RFC 1858 §3, RFC 3128: what judges datagrams by their transport's header must find all of it in the first fragment. */
function isCutInHeader(protocol: number, bytes: Uint8Array, at: number, end: number): boolean {
  switch (protocol) {
    case ipv4.PROTOCOL_TCP:
      return tcp.check(bytes, at, end) === "tcp-truncated";
    case ipv4.PROTOCOL_UDP:
      return end - at < udp.HEADER;
    case ipv4.PROTOCOL_ICMP:
      return end - at < icmp.HEADER;
  }
  return false;
}

/** Options are walked and ignored (RFC 1122 §3.2.1.8), except that source routes are refused (RFC 7126 §4.3–4.4). */
function judgeOptions(bytes: Uint8Array, at: number): DropReason | undefined {
  let option = ipv4.firstOption(bytes, at);
  while (option >= 0) {
    const kind = ipv4.optionKind(bytes, option);
    if (kind === ipv4.OPTION_LOOSE_SOURCE_ROUTE || kind === ipv4.OPTION_STRICT_SOURCE_ROUTE) return "ipv4-source-route";
    option = ipv4.nextOption(bytes, at, option);
  }
  return option === ipv4.BAD_OPTION ? "ipv4-bad-option" : undefined;
}
