import { isLoopback, isMulticast, makeAddressSlot } from "../../src/stack/core/address.ts";
import { type FrameInfo, GSO_NONE } from "../../src/stack/core/frame-info.ts";
import type { LinkDevice } from "../../src/stack/link/link-device.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import { u16 } from "../../src/stack/packet/bytes.ts";
import * as internetChecksum from "../../src/stack/packet/checksum.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as extensions from "../../src/stack/packet/extension-headers.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import * as udp from "../../src/stack/packet/udp.ts";
import { checksumOffset, PROTOCOL_IGMP } from "./frame-layout.ts";

/** What a frame that leaves must not be, in words; undefined for one that is as it should. */
export function emittedFault(
  b: Uint8Array,
  at: number,
  end: number,
  info: FrameInfo,
  { mac, mtu, offloads }: LinkDevice,
): string | undefined {
  if (ethernet.check(b, at, end) !== undefined) return "too short for Ethernet";
  if (!ethernet.isSource(b, at, mac)) return "from another station";
  if (info.gsoType !== GSO_NONE && !(offloads.tso4 || offloads.tso6 || offloads.uso)) return "a super-segment where none is cut";
  if (info.gsoType === GSO_NONE && end - at > mtu + ethernet.HEADER) return "longer than the link carries";
  const packet = ethernet.payloadAt(at);
  switch (ethernet.type(b, at)) {
    case ethernet.TYPE_ARP:
      return arp.check(b, packet, end);
    case ethernet.TYPE_IPV4:
      return ipv4Fault(b, packet, end, info, ethernet.isGroup(b, at));
    case ethernet.TYPE_IPV6:
      return ipv6Fault(b, packet, end, info, ethernet.isGroup(b, at));
  }
  return "of a type that no host sends";
}

function ipv4Fault(b: Uint8Array, at: number, end: number, info: FrameInfo, isToStations: boolean): string | undefined {
  const malformed = ipv4.check(b, at, end);
  if (malformed !== undefined) return malformed;
  if (!ipv4.verifyChecksum(b, at)) return "a wrong checksum of IPv4";
  const source = ipv4.source(b, at) >>> 24;
  const destination = ipv4.destination(b, at) >>> 24;
  if (source >= 224 || source === 127 || destination === 127) return "an address that may not be on a wire";
  if (isToStations !== destination >= 224 && !(isToStations && (ipv4.destination(b, at) & 0xff) === 0xff)) {
    return "one station's packet in a group's frame, or the other way round";
  }
  if (ipv4.isFragment(b, at) || info.checksumStart !== 0) return undefined;
  return transportFault(b, ipv4.protocol(b, at), ipv4.payloadAt(b, at), ipv4.payloadEnd(b, at), () => ipv4.pseudoHeader(b, at));
}

const from = makeAddressSlot();
const to = makeAddressSlot();

function ipv6Fault(b: Uint8Array, at: number, end: number, info: FrameInfo, isToStations: boolean): string | undefined {
  const malformed = ipv6.check(b, at, end);
  if (malformed !== undefined) return malformed;
  ipv6.fillSource(b, at, from, 0);
  ipv6.fillDestination(b, at, to, 0);
  if (isMulticast(from) || isLoopback(from) || isLoopback(to)) return "an address that may not be on a wire";
  if (isToStations !== isMulticast(to)) return "one station's packet in a group's frame, or the other way round";
  const place = { protocol: 0, at: 0, isLaterFragment: false };
  if (!extensions.findTransport(b, at, end, place)) return "headers beyond the packet";
  let protocol = ipv6.nextHeader(b, at);
  for (let h = ipv6.payloadAt(at); h < place.at; protocol = b[h]!, h += 8) if (protocol === extensions.FRAGMENT) return undefined;
  if (info.checksumStart !== 0) return undefined;
  const transportEnd = ipv6.payloadEnd(b, at);
  const pseudoHeader = () => internetChecksum.pseudoHeader(from, to, place.protocol, transportEnd - place.at);
  return transportFault(b, place.protocol, place.at, transportEnd, pseudoHeader);
}

function transportFault(b: Uint8Array, protocol: number, at: number, end: number, pseudoHeader: () => number): string | undefined {
  const offset = checksumOffset(protocol);
  if (offset === undefined) return `protocol ${protocol}, which no host speaks`;
  if (at + offset + 2 > end) return "too short for its transport";
  if (protocol === ipv4.PROTOCOL_TCP && tcp.check(b, at, end) !== undefined) return "a malformed segment";
  if (protocol === ipv4.PROTOCOL_UDP) {
    if (udp.check(b, at, end) !== undefined || udp.payloadEnd(b, at) !== end) return "a malformed datagram";
    if (u16(b, at + offset) === 0) return "a datagram without checksum";
  }
  const initial = protocol === ipv4.PROTOCOL_ICMP || protocol === PROTOCOL_IGMP ? 0 : pseudoHeader();
  return internetChecksum.verify(internetChecksum.sum(b, at, end - at, initial)) ? undefined : "a wrong checksum of its transport";
}
