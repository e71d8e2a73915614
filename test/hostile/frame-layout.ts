import { u16 } from "../../src/stack/packet/bytes.ts";
import * as internetChecksum from "../../src/stack/packet/checksum.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as extensions from "../../src/stack/packet/extension-headers.ts";
import * as igmp from "../../src/stack/packet/igmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import * as udp from "../../src/stack/packet/udp.ts";
import { FRAME_AT, PACKET_AT } from "./framing.ts";

export const PROTOCOL_IGMP = 2;

/** Where things lie in a frame that may be anything; −1 where there is no such thing. All that is named lies inside of the frame. */
export interface FrameLayout {
  readonly etherType: number;
  /** Behind a VLAN tag, if there is one. */
  readonly packetAt: number;
  readonly isV4: boolean;
  readonly isV6: boolean;
  /** A part of a packet, whose transport has no checksum of its own. */
  readonly isFragment: boolean;
  /** Where IPv4's options or IPv6's extension headers begin; they end at `transportAt`. */
  readonly extraAt: number;
  readonly protocol: number;
  readonly transportAt: number;
  /** As IP says, or the frame's end if that comes first. */
  readonly transportEnd: number;
}

export function layoutOf(b: Uint8Array): FrameLayout {
  const end = b.length;
  const none = { isV4: false, isV6: false, isFragment: false, extraAt: -1, protocol: -1, transportAt: -1, transportEnd: end };
  if (end < PACKET_AT) return { ...none, etherType: -1, packetAt: -1 };
  let packetAt = PACKET_AT;
  let etherType = ethernet.type(b, FRAME_AT);
  if ((etherType === ethernet.TYPE_VLAN || etherType === ethernet.TYPE_SERVICE_VLAN) && packetAt + 4 <= end) {
    etherType = u16(b, packetAt + 2);
    packetAt += 4;
  }
  const unknown = { ...none, etherType, packetAt };
  if (etherType === ethernet.TYPE_IPV4) {
    if (packetAt + ipv4.MIN_HEADER > end) return unknown;
    const transportAt = ipv4.payloadAt(b, packetAt);
    if (transportAt < packetAt + ipv4.MIN_HEADER || transportAt > end) return unknown;
    const transportEnd = Math.min(end, Math.max(transportAt, ipv4.payloadEnd(b, packetAt)));
    const isFragment = ipv4.isFragment(b, packetAt);
    const extraAt = packetAt + ipv4.MIN_HEADER;
    return { ...unknown, isV4: true, isFragment, extraAt, protocol: ipv4.protocol(b, packetAt), transportAt, transportEnd };
  }
  if (etherType !== ethernet.TYPE_IPV6 || packetAt + ipv6.HEADER > end) return unknown;
  const transportEnd = Math.min(end, ipv6.payloadEnd(b, packetAt));
  const extraAt = ipv6.payloadAt(packetAt);
  let protocol = ipv6.nextHeader(b, packetAt);
  let at = extraAt;
  let isFragment = false;
  while (EXTENSIONS.has(protocol) && at + 8 <= transportEnd) {
    const isFragmentHeader = protocol === extensions.FRAGMENT;
    if (isFragmentHeader && (extensions.fragmentOffset(b, at) !== 0 || extensions.moreFragments(b, at))) isFragment = true;
    const next = at + (isFragmentHeader ? extensions.FRAGMENT_HEADER : 8 + b[at + 1]! * 8);
    if (next > transportEnd) break;
    protocol = b[at]!;
    at = next;
  }
  const transportAt = Math.min(at, end);
  return { ...unknown, isV6: true, isFragment, extraAt, protocol, transportAt, transportEnd: Math.max(transportAt, transportEnd) };
}

const EXTENSIONS = new Set([extensions.HOP_BY_HOP, extensions.ROUTING, extensions.FRAGMENT, extensions.DESTINATION_OPTIONS]);

/** Where the checksum of the transport stands, counted from its header; undefined for a protocol that has none. */
export const checksumOffset = (protocol: number): number | undefined => CHECKSUM_OFFSETS.get(protocol);

const CHECKSUM_OFFSETS: ReadonlyMap<number, number> = new Map([
  [ipv4.PROTOCOL_ICMP, 2],
  [PROTOCOL_IGMP, 2],
  [ipv4.PROTOCOL_TCP, tcp.CHECKSUM_OFFSET],
  [ipv4.PROTOCOL_UDP, udp.CHECKSUM_OFFSET],
  [ipv6.PROTOCOL_ICMP, 2],
]);

/** Makes every checksum right that can be found, so that what else is wrong gets further. */
export function mendChecksums(b: Uint8Array): void {
  const { packetAt, isV4, isV6, isFragment, protocol, transportAt, transportEnd } = layoutOf(b);
  if (isV4) ipv4.putChecksum(b, packetAt);
  const offset = checksumOffset(protocol);
  if (!(isV4 || isV6) || isFragment || offset === undefined) return;
  let end = transportEnd;
  if (protocol === ipv4.PROTOCOL_UDP && transportAt + udp.HEADER <= end) {
    const told = transportAt + udp.length(b, transportAt);
    if (told >= transportAt + udp.HEADER && told <= end) end = told;
  }
  const field = transportAt + offset;
  if (field + 2 > end) return;
  b[field] = 0;
  b[field + 1] = 0;
  const hasPseudoHeader = !isV4 || (protocol !== ipv4.PROTOCOL_ICMP && protocol !== PROTOCOL_IGMP);
  const addresses = isV4 ? packetAt + 12 : packetAt + ipv6.ADDRESSES;
  const initial = hasPseudoHeader ? internetChecksum.sum(b, addresses, isV4 ? 8 : 32) + protocol + (end - transportAt) : 0;
  const checksum = internetChecksum.finish(internetChecksum.sum(b, transportAt, end - transportAt, initial)) || 0xffff;
  b[field] = checksum >>> 8;
  b[field + 1] = checksum;
}

/** A field that says how long or how many something is. */
export interface LengthField {
  readonly at: number;
  /** 0.5: the upper half of the byte; 0.25: the lower half. */
  readonly bytes: 0.25 | 0.5 | 1 | 2;
}

/** Every length and count of a valid frame, as far as it is worth lying about. */
export function lengthFields(b: Uint8Array): LengthField[] {
  const layout = layoutOf(b);
  const { packetAt, isV4, isV6, extraAt, protocol, transportAt, transportEnd } = layout;
  const fields: LengthField[] = [];
  const add = (at: number, bytes: LengthField["bytes"]) => {
    if (at >= FRAME_AT && at + Math.ceil(bytes) <= b.length) fields.push({ at, bytes });
  };
  if (layout.etherType === ethernet.TYPE_ARP) {
    add(packetAt + 4, 1);
    add(packetAt + 5, 1);
  }
  if (isV4) {
    add(packetAt, 0.25);
    add(packetAt + 2, 2);
    for (let o = extraAt; o + 2 <= transportAt; o += Math.max(1, b[o]! <= 1 ? 1 : b[o + 1]!)) add(o + 1, 1);
  }
  if (isV6) {
    add(packetAt + 4, 2);
    for (let h = extraAt; h + 8 <= transportAt; h += 8) {
      add(h + 1, 1);
      add(h + 3, 1);
    }
  }
  if (transportAt < 0 || layout.isFragment) return fields;
  const payload = transportAt + 8;
  switch (protocol) {
    case ipv4.PROTOCOL_UDP:
      add(transportAt + 4, 2);
      if (transportEnd - payload >= 240) {
        for (let o = payload + 240; o + 2 <= transportEnd && b[o] !== 255; o += b[o] === 0 ? 1 : 2 + b[o + 1]!) add(o + 1, 1);
      } else if (transportEnd - payload >= 12) {
        for (let count = payload + 4; count < payload + 12; count += 2) add(count, 2);
        for (let o = payload + 12; o < transportEnd; o++) if (b[o]! < 64 || b[o]! >= 0xc0) add(o, 1);
      }
      break;
    case ipv4.PROTOCOL_TCP:
      add(transportAt + 12, 0.5);
      if (transportAt + tcp.MIN_HEADER <= transportEnd) {
        const end = Math.min(transportEnd, tcp.payloadAt(b, transportAt));
        for (let o = transportAt + tcp.MIN_HEADER; o + 2 <= end; o += b[o]! <= 1 ? 1 : Math.max(1, b[o + 1]!)) add(o + 1, 1);
      }
      break;
    case PROTOCOL_IGMP:
      add(transportAt + igmp.V3_QUERY_HEADER - 2, 2);
      add(transportAt + 6, 2);
      break;
    case ipv4.PROTOCOL_ICMP:
      add(payload, 0.25);
      add(payload + 2, 2);
      break;
    case ipv6.PROTOCOL_ICMP: {
      const type = b[transportAt]!;
      if (type < 128) add(payload + 4, 2);
      else if (type < 133 || type === 143) {
        add(transportAt + 26, 2);
        add(transportAt + 6, 2);
      } else {
        const body = type === 133 ? 8 : type === 134 ? 16 : type === 137 ? 40 : 24;
        for (let o = transportAt + body; o + 8 <= transportEnd; o += Math.max(8, b[o + 1]! * 8)) add(o + 1, 1);
      }
    }
  }
  return fields;
}
