import { type AddressWords, isV4, solicitedNodeOf } from "../../src/stack/core/address.ts";
import { below } from "../../src/stack/core/random.ts";
import * as arp from "../../src/stack/packet/arp.ts";
import { putU16, putU32 } from "../../src/stack/packet/bytes.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as ndp from "../../src/stack/packet/ndp.ts";
import {
  ALL_NODES,
  type Attacker,
  chance,
  linkLocalStranger,
  noise,
  OURS_LINK_LOCAL,
  OURS_V4,
  OURS_V6,
  pick,
  ROUTER_V6,
  strangerV4,
  strangerV6,
} from "./attacker.ts";
import { ethernetFrame, FRAME_AT, icmpv6Message, PACKET_AT, PEER_MAC, packetFrame } from "./framing.ts";

/** A request of a neighbour's, for us or for another, or a probe for an address. */
export function arpRequest({ random }: Attacker): Uint8Array[] {
  const frame = ethernetFrame(ethernet.BROADCAST_MAC, ethernet.TYPE_ARP, arp.LENGTH);
  const sender = chance(random, 8) ? 0 : strangerV4(random).w3;
  arp.writeRequest(frame, PACKET_AT, PEER_MAC, sender, chance(random, 4) ? strangerV4(random).w3 : OURS_V4.w3);
  return [frame];
}

/** An answer to the host's last questions. */
export function arpReply({ random, overheard, mac }: Attacker): Uint8Array[] {
  const asked = overheard.sought.filter(isV4);
  const sender = asked.length > 0 && !chance(random, 8) ? pick(random, asked) : strangerV4(random);
  const frame = ethernetFrame(mac, ethernet.TYPE_ARP, arp.LENGTH);
  arp.writeReply(frame, PACKET_AT, PEER_MAC, sender.w3, mac, OURS_V4.w3);
  return [frame];
}

/** A tag before a packet, which is for a VLAN that the host is not in. */
export function tagged(inner: Uint8Array): Uint8Array {
  const frame = new Uint8Array(inner.length + 4);
  frame.set(inner.subarray(0, FRAME_AT + 12));
  putU16(frame, FRAME_AT + 12, ethernet.TYPE_VLAN);
  putU16(frame, FRAME_AT + 14, 7);
  frame.set(inner.subarray(FRAME_AT + 12), FRAME_AT + 16);
  return frame;
}

const linkOption = (type: number): Uint8Array => Uint8Array.of(type, 1, ...PEER_MAC);

function discovery(a: Attacker, from: AddressWords, to: AddressWords, type: number, rest: number, data: Uint8Array): Uint8Array[] {
  return [packetFrame(a.mac, from, to, ipv6.PROTOCOL_ICMP, icmpv6Message(from, to, type, 0, rest, data), { ttl: ndp.HOP_LIMIT })];
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

function addressBytes(address: AddressWords): Uint8Array {
  const bytes = new Uint8Array(16);
  ipv6.putAddress(bytes, 0, address);
  return bytes;
}

export function neighbourSolicitation(a: Attacker): Uint8Array[] {
  const { random } = a;
  const target = pick(random, [OURS_V6, OURS_V6, OURS_LINK_LOCAL, strangerV6(random)]);
  const to = chance(random, 2) ? target : solicitedNodeOf(target, 0);
  if (chance(random, 8)) return discovery(a, NOBODY, solicitedNodeOf(target, 0), icmpv6.NEIGHBOUR_SOLICITATION, 0, addressBytes(target));
  const from = chance(random, 2) ? strangerV6(random) : linkLocalStranger(random);
  const data = joined(addressBytes(target), linkOption(ndp.OPTION_SOURCE_LINK_ADDRESS));
  return discovery(a, from, to, icmpv6.NEIGHBOUR_SOLICITATION, 0, data);
}

const NOBODY: AddressWords = { w0: 0, w1: 0, w2: 0, w3: 0, scope: 0 };

export function neighbourAdvertisement(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const asked = overheard.sought.filter((address) => !isV4(address));
  const target = asked.length > 0 && !chance(random, 8) ? pick(random, asked) : strangerV6(random);
  const flags = pick(random, [
    ndp.FLAG_SOLICITED | ndp.FLAG_OVERRIDE,
    ndp.FLAG_SOLICITED | ndp.FLAG_OVERRIDE | ndp.FLAG_ROUTER,
    ndp.FLAG_SOLICITED,
    ndp.FLAG_OVERRIDE,
    0,
  ]);
  const isAsked = (flags & ndp.FLAG_SOLICITED) !== 0;
  const data = joined(addressBytes(target), linkOption(ndp.OPTION_TARGET_LINK_ADDRESS));
  return discovery(a, target, isAsked ? OURS_V6 : ALL_NODES, icmpv6.NEIGHBOUR_ADVERTISEMENT, flags, data);
}

/** With every option that a router has to tell: prefixes, MTU, routes, name servers and domains. */
export function routerAdvertisement(a: Attacker): Uint8Array[] {
  const { random } = a;
  const body = new Uint8Array(8);
  putU32(body, 0, chance(random, 2) ? 0 : 30_000);
  const options = [linkOption(ndp.OPTION_SOURCE_LINK_ADDRESS)];
  for (let i = below(random, 3); i >= 0; i--) {
    const prefix = new Uint8Array(ndp.PREFIX_OPTION);
    prefix.set([ndp.OPTION_PREFIX, 4, pick(random, [64, 64, 64, 48, 128]), pick(random, [0xc0, 0x80, 0x40, 0])]);
    putU32(prefix, 4, pick(random, [0, 1, 7200, 86_400, 0xffffffff]));
    putU32(prefix, 8, pick(random, [0, 1, 3600, 0xffffffff]));
    ipv6.putAddress(prefix, 16, { w0: 0x20010db8, w1: below(random, 4096), w2: 0, w3: 0, scope: 0 });
    options.push(prefix);
  }
  const mtu = Uint8Array.of(ndp.OPTION_MTU, 1, 0, 0, 0, 0, 0, 0);
  putU32(mtu, 4, pick(random, [1280, 1400, 1500, 9000]));
  const route = new Uint8Array(24);
  route.set([ndp.OPTION_ROUTE, 3, 48, pick(random, [0, 8, 24, 16])]);
  putU32(route, 4, pick(random, [0, 600, 0xffffffff]));
  ipv6.putAddress(route, 8, { w0: 0x20010db8, w1: below(random, 4096) << 16, w2: 0, w3: 0, scope: 0 });
  const servers = new Uint8Array(24);
  servers.set([ndp.OPTION_DNS_SERVERS, 3]);
  putU32(servers, 4, pick(random, [0, 600, 0xffffffff]));
  ipv6.putAddress(servers, 8, strangerV6(random));
  const domains = new Uint8Array(24);
  domains.set([ndp.OPTION_DNS_SEARCH_LIST, 3]);
  putU32(domains, 4, 600);
  domains.set([7, 101, 120, 97, 109, 112, 108, 101, 0], 8);
  options.push(mtu, route, servers, domains);
  const from = chance(random, 4) ? linkLocalStranger(random) : ROUTER_V6;
  const rest = (64 << 24) | (pick(random, [0, 8, 0x18, 0x40, 0xc0]) << 16) | pick(random, [0, 30, 1800, 0xffff]);
  return discovery(a, from, ALL_NODES, icmpv6.ROUTER_ADVERTISEMENT, rest, joined(body, ...options));
}

/** Of a packet that the host has sent, to another first hop. */
export function redirect(a: Attacker): Uint8Array[] {
  const { random, overheard } = a;
  const sent = overheard.packets.filter((packet) => packet[0]! >>> 4 === 6);
  const about = sent.length > 0 ? pick(random, sent) : noise(random, 48);
  const quoted = about.subarray(0, Math.min(about.length, 96) & ~7);
  const header = Uint8Array.of(ndp.OPTION_REDIRECTED, 1 + quoted.length / 8, 0, 0, 0, 0, 0, 0);
  const data = joined(
    addressBytes(linkLocalStranger(random)),
    about.subarray(24, 40),
    linkOption(ndp.OPTION_TARGET_LINK_ADDRESS),
    header,
    quoted,
  );
  return discovery(a, ROUTER_V6, OURS_V6, icmpv6.REDIRECT, 0, data);
}
