import { type AddressWords, isV4 } from "../../src/stack/core/address.ts";
import { below, type Random } from "../../src/stack/core/random.ts";
import { putU16, putU32 } from "../../src/stack/packet/bytes.ts";
import * as extensions from "../../src/stack/packet/extension-headers.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as icmpv6 from "../../src/stack/packet/icmpv6.ts";
import * as igmp from "../../src/stack/packet/igmp.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as mld from "../../src/stack/packet/mld.ts";
import {
  ALL_HOSTS,
  ALL_NODES,
  type Attacker,
  chance,
  GROUP_V4,
  GROUP_V6,
  linkLocalStranger,
  noise,
  OURS_V4,
  OURS_V6,
  pick,
  pickEnds,
  pickPeer,
  pickReceiving,
  ROUTER_V4,
  strangerV4,
  strangerV6,
} from "./attacker.ts";
import { layoutOf, PROTOCOL_IGMP } from "./frame-layout.ts";
import { FRAME_AT, icmpMessage, icmpv6Message, PACKET_AT, packetFrame, udpDatagram } from "./framing.ts";

export function datagram(a: Attacker): Uint8Array[] {
  const { random } = a;
  const { ours, peer } = pickEnds(random);
  const payload = noise(random, below(random, 600));
  const isToGroup = chance(random, 6);
  const to = isToGroup ? (isV4(ours) ? GROUP_V4 : GROUP_V6) : ours;
  const port = pickReceiving(random);
  return [packetFrame(a.mac, peer, to, ipv4.PROTOCOL_UDP, udpDatagram(peer, to, 1024 + below(random, 100), port, payload))];
}

/** Record route, timestamp, router alert and an option that nobody knows, in the header of IPv4. */
export function withOptions(a: Attacker): Uint8Array[] {
  const { random } = a;
  const from = pickPeer(random, true);
  const kinds = [
    [1, 7, 11, 8, 0, 0, 0, 0, 0, 0, 0, 0],
    [68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [148, 4, 0, 0],
    [131, 7, 4, 203, 0, 113, 9, 0],
    [222, 6, 1, 2, 3, 4, 1, 1],
  ];
  const extra = Uint8Array.from([...pick(random, kinds), ...pick(random, kinds)]);
  const payload = udpDatagram(from, OURS_V4, 1024, pickReceiving(random), noise(random, 40));
  return [packetFrame(a.mac, from, OURS_V4, ipv4.PROTOCOL_UDP, payload, { extra })];
}

/** Hop-by-hop and destination options and a routing header before a datagram. */
export function withExtensionHeaders(a: Attacker): Uint8Array[] {
  const { random } = a;
  const from = pickPeer(random, false);
  const headers: [number, number[]][] = [
    [extensions.HOP_BY_HOP, [0, 5, 2, 0, 0, 1, 0]],
    [extensions.DESTINATION_OPTIONS, [0, 1, 4, 0, 0, 0, 0]],
    [extensions.ROUTING, [0, 0, 0, 0, 0, 0, 0]],
    [extensions.FRAGMENT, [0, 0, 0, 1, 2, 3, 4]],
    [extensions.DESTINATION_OPTIONS, [0, 0x1e, 4, 9, 9, 9, 9]],
  ].filter((_, i) => i === 0 || chance(random, 2)) as [number, number[]][];
  const bytes = headers.flatMap(([, body], i) => [headers[i + 1]?.[0] ?? ipv4.PROTOCOL_UDP, ...body]);
  const payload = udpDatagram(from, OURS_V6, 1024, pickReceiving(random), noise(random, 40));
  return [packetFrame(a.mac, from, OURS_V6, ipv4.PROTOCOL_UDP, payload, { extra: Uint8Array.from(bytes), first: headers[0]![0] })];
}

export function fragmentedDatagram(a: Attacker): Uint8Array[] {
  const { random } = a;
  const { ours, peer } = pickEnds(random);
  const payload = udpDatagram(peer, ours, 1024, pickReceiving(random), noise(random, 100 + below(random, 2000)));
  return fragmentsOf(random, packetFrame(a.mac, peer, ours, ipv4.PROTOCOL_UDP, payload));
}

/** Cuts a packet into a few pieces of one length; one that cannot be cut is left as it is. */
export function fragmentsOf(random: Random, frame: Uint8Array): Uint8Array[] {
  const { isV4: isOfV4, isV6, isFragment, packetAt, extraAt, transportAt, transportEnd, protocol } = layoutOf(frame);
  if (!(isOfV4 || isV6) || isFragment || packetAt !== PACKET_AT || (isV6 && extraAt !== transportAt)) return [frame];
  const length = transportEnd - transportAt;
  const piece = Math.max(8, Math.ceil(length / (1 + below(random, 5)) / 8) * 8);
  const id = random.u32();
  const frames: Uint8Array[] = [];
  for (let offset = 0; offset < length; offset += piece) {
    const end = Math.min(length, offset + piece);
    const headerBytes = transportAt + (isOfV4 ? 0 : extensions.FRAGMENT_HEADER);
    const fragment = new Uint8Array(headerBytes + end - offset);
    fragment.set(frame.subarray(0, transportAt));
    fragment.set(frame.subarray(transportAt + offset, transportAt + end), headerBytes);
    setFragment(fragment, { offset, more: end < length, id, protocol });
    frames.push(fragment);
  }
  return frames;
}

/** Makes a frame that has room for it a fragment: of IPv6 with a fragment header right behind the first one. */
export function setFragment(b: Uint8Array, place: { offset: number; more: boolean; id: number; protocol: number }): void {
  if (b[PACKET_AT]! >>> 4 === 4) {
    ipv4.setTotalLength(b, PACKET_AT, b.length - PACKET_AT);
    ipv4.setIdentification(b, PACKET_AT, place.id);
    ipv4.setFragment(b, PACKET_AT, place.offset, place.more);
    ipv4.putChecksum(b, PACKET_AT);
    return;
  }
  ipv6.setPayloadLength(b, PACKET_AT, b.length - PACKET_AT - ipv6.HEADER);
  b[PACKET_AT + ipv6.NEXT_HEADER_OFFSET] = extensions.FRAGMENT;
  extensions.writeFragmentHeader(b, PACKET_AT + ipv6.HEADER, place.protocol, place.offset, place.more, place.id);
}

export function echo(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const asked = overheard.echoes.length > 0 && chance(random, 2) ? pick(random, overheard.echoes) : undefined;
  if (asked !== undefined) return [control(a, asked.to, asked.from, [0, 129], 0, (asked.id << 16) | asked.sequence, new Uint8Array(32))];
  const { ours, peer } = pickEnds(random);
  return [control(a, peer, ours, [8, 128], 0, random.u32(), noise(random, below(random, 200)))];
}

/** An ICMP message of the family of its addresses; the types are IPv4's and IPv6's. */
function control(
  { mac }: Attacker,
  from: AddressWords,
  to: AddressWords,
  [type, typeOfV6]: readonly [number, number],
  code: number,
  rest: number,
  data: Uint8Array,
): Uint8Array {
  if (isV4(to)) return packetFrame(mac, from, to, ipv4.PROTOCOL_ICMP, icmpMessage(type, code, rest, data));
  return packetFrame(mac, from, to, ipv6.PROTOCOL_ICMP, icmpv6Message(from, to, typeOfV6, code, rest, data));
}

/** About a packet that the host has sent: unreachable, too big, out of time, a bad parameter, a redirect, a source quench. */
export function controlError(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const about = overheard.packets.length > 0 ? pick(random, overheard.packets) : noise(random, 48);
  const isOfV4 = about[0]! >>> 4 === 4;
  const from = pickPeer(random, isOfV4);
  const to = isOfV4 ? OURS_V4 : OURS_V6;
  if (isOfV4) {
    const [type, codes] = pick(random, ERRORS_V4);
    const code = below(random, codes);
    const rest = type === icmp.DESTINATION_UNREACHABLE && code === icmp.FRAGMENTATION_NEEDED ? pick(random, MTUS) : ROUTER_V4.w3;
    return [control(a, from, to, [type, 0], code, rest, about)];
  }
  const [type, codes] = pick(random, ERRORS_V6);
  const rest = type === icmpv6.PACKET_TOO_BIG ? pick(random, MTUS) : below(random, 64);
  return [control(a, from, to, [0, type], below(random, codes), rest, about)];
}

const ERRORS_V4 = [
  [icmp.DESTINATION_UNREACHABLE, 16],
  [icmp.DESTINATION_UNREACHABLE, 5],
  [icmp.TIME_EXCEEDED, 2],
  [icmp.PARAMETER_PROBLEM, 3],
  [icmp.REDIRECT, 4],
  [icmp.SOURCE_QUENCH, 1],
] as const;
const ERRORS_V6 = [
  [icmpv6.DESTINATION_UNREACHABLE, 8],
  [icmpv6.PACKET_TOO_BIG, 1],
  [icmpv6.TIME_EXCEEDED, 2],
  [icmpv6.PARAMETER_PROBLEM, 4],
] as const;
const MTUS = [0, 68, 575, 576, 1000, 1279, 1280, 1400, 1500, 65535];

/** Queries of all versions, and other members' reports. */
export function igmpMessage(a: Attacker): Uint8Array[] {
  const { random } = a;
  const group = pick(random, [0, GROUP_V4.w3, GROUP_V4.w3, 0xe0000005 | 0]);
  const version = 1 + below(random, 3);
  const isReport = chance(random, 4);
  let message = new Uint8Array(igmp.HEADER);
  if (isReport) igmp.writeMessage(message, 0, pick(random, [igmp.V1_REPORT, igmp.V2_REPORT, igmp.V2_LEAVE]), GROUP_V4.w3);
  else {
    const sources = version === 3 && group !== 0 ? below(random, 20) : 0;
    if (version === 3) message = new Uint8Array(igmp.V3_QUERY_HEADER + sources * igmp.SOURCE_BYTES);
    igmp.writeMessage(message, 0, igmp.QUERY, group, version === 1 ? 0 : pick(random, [1, 10, 100, 255]));
    if (version === 3) {
      message[8] = pick(random, [0, 2, 7, 15]);
      message[9] = pick(random, [0, 125, 255]);
      putU16(message, 10, sources);
      for (let i = 0; i < sources; i++) igmp.putSource(message, igmp.V3_QUERY_HEADER + i * igmp.SOURCE_BYTES, strangerV4(random).w3);
    }
  }
  igmp.putChecksum(message, 0, message.length);
  const to = isReport ? GROUP_V4 : group === 0 ? ALL_HOSTS : GROUP_V4;
  const from = isReport ? strangerV4(random) : ROUTER_V4;
  return [packetFrame(a.mac, from, to, PROTOCOL_IGMP, message, { ttl: 1, extra: Uint8Array.of(148, 4, 0, 0) })];
}

/** As `igmpMessage`, of multicast listener discovery. */
export function mldMessage(a: Attacker): Uint8Array[] {
  const { random } = a;
  const isGeneral = chance(random, 2);
  const type = pick(random, [icmpv6.LISTENER_QUERY, icmpv6.LISTENER_QUERY, icmpv6.LISTENER_REPORT_V1, icmpv6.LISTENER_DONE]);
  const isQuery = type === icmpv6.LISTENER_QUERY;
  const isOfVersion2 = isQuery && chance(random, 2);
  const sources = isOfVersion2 && !isGeneral ? below(random, 20) : 0;
  const data = new Uint8Array((isOfVersion2 ? mld.V2_QUERY_HEADER + sources * mld.SOURCE_BYTES : mld.V1_MESSAGE) - icmpv6.HEADER);
  if (!(isQuery && isGeneral)) ipv6.putAddress(data, 0, GROUP_V6);
  if (isOfVersion2) {
    data[16] = pick(random, [0, 2, 7, 15]);
    data[17] = pick(random, [0, 125, 255]);
    putU16(data, 18, sources);
    for (let i = 0; i < sources; i++) ipv6.putAddress(data, 20 + i * mld.SOURCE_BYTES, strangerV6(random));
  }
  const from = linkLocalStranger(random);
  const to = isQuery && isGeneral ? ALL_NODES : GROUP_V6;
  const message = icmpv6Message(from, to, type, 0, pick(random, [0, 100, 10_000, 0xffff]) << 16, data);
  const extra = new Uint8Array(8);
  extensions.writeRouterAlert(extra, 0, ipv6.PROTOCOL_ICMP);
  return [packetFrame(a.mac, from, to, ipv6.PROTOCOL_ICMP, message, { ttl: 1, extra, first: extensions.HOP_BY_HOP })];
}

/** A frame whose EtherType or protocol nobody knows. */
export function unknownProtocol(a: Attacker): Uint8Array[] {
  const { random } = a;
  const { ours, peer } = pickEnds(random);
  const frame = packetFrame(a.mac, peer, ours, pick(random, [47, 132, 59, 253]), noise(random, 40));
  if (chance(random, 4)) putU16(frame, FRAME_AT + 12, pick(random, [0x0026, 0x88cc, 0x8847]));
  return [frame];
}

/** How a device merged them: several pieces in one frame, with its checksum left out. */
export function mergedDatagrams(a: Attacker): Uint8Array[] {
  const { random } = a;
  const { ours, peer } = pickEnds(random);
  const segment = 40 + below(random, 100);
  const payload = noise(random, segment * (1 + below(random, 20)) + below(random, segment) + 1);
  const frame = packetFrame(a.mac, peer, ours, ipv4.PROTOCOL_UDP, udpDatagram(peer, ours, 1024, pickReceiving(random), payload));
  putSegmentation(frame, 5, segment);
  return [frame];
}

/** Fills in the virtio header of a frame of TCP or UDP: its checksum is not there yet, and it is several segments in one. */
export function putSegmentation(frame: Uint8Array, gsoType: number, gsoSize: number): void {
  const { transportAt, protocol } = layoutOf(frame);
  const start = transportAt - FRAME_AT;
  const offset = protocol === ipv4.PROTOCOL_TCP ? 16 : 6;
  frame.set([1, gsoType, 0, 0, gsoSize & 255, gsoSize >>> 8, start & 255, start >>> 8, offset, 0, 0, 0]);
}

/** Neighbour discovery and the like in pieces (RFC 6980): the message is put behind a fragment header. */
export function fragmentedControl(a: Attacker): Uint8Array[] {
  const [frame] = echo(a);
  return fragmentsOf(a.random, frame!);
}

/** An echo request with a fragment header that says that it is whole (RFC 6946). */
export function atomicFragment(a: Attacker): Uint8Array[] {
  const { random } = a;
  const from = pickPeer(random, false);
  const message = icmpv6Message(from, OURS_V6, icmpv6.ECHO_REQUEST, 0, random.u32(), noise(random, 32));
  const extra = new Uint8Array(extensions.FRAGMENT_HEADER);
  extensions.writeFragmentHeader(extra, 0, ipv6.PROTOCOL_ICMP, 0, false, random.u32());
  putU32(extra, 4, random.u32());
  return [packetFrame(a.mac, from, OURS_V6, ipv6.PROTOCOL_ICMP, message, { extra, first: extensions.FRAGMENT })];
}
