import { formatAddress, type IpAddress, makeAddressSlot, parseAddress, withScope } from "../../../../src/stack/core/address.ts";
import { plainFrame } from "../../../../src/stack/core/frame-info.ts";
import type { Profile } from "../../../../src/stack/core/profile.ts";
import { putU16, putU32 } from "../../../../src/stack/packet/bytes.ts";
import * as dns from "../../../../src/stack/packet/dns.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import { Network, type Station, type TestHost } from "../../link/network.ts";
import { groupMac, IP, icmpFrame, PAYLOAD } from "./neighbour.ts";

export const ROUTER = parseAddress("fe80::1");
export const ALL_NODES = parseAddress("ff02::1");
export const PREFIX = parseAddress("2001:db8:1::");
export const FOREVER = 0xffffffff;

/** A host that asks for nothing yet, and a station that plays routers to it. */
export function withRouter(profile?: Profile) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const router = network.station("router", "203.0.113.1");
  const names: { servers: readonly string[]; searchList: readonly string[] }[] = [];
  host.ip.listener = {
    writable() {},
    linkChanged() {},
    addressLeaves() {},
    nameServersAdvertised: (_through, servers, searchList) => names.push({ servers: servers.map(formatAddress), searchList }),
  };
  return { network, host, router, names };
}

/** As `withRouter`, with a link-local address that was found to be unique. */
export function autoconfigured(profile?: Profile, settings = {}) {
  const set = withRouter(profile);
  set.host.ip.autoconfigure(set.host.eth, settings);
  set.network.advance(2000);
  set.router.heard();
  return set;
}

const option = (type: number, bytes: number): Uint8Array => {
  const made = new Uint8Array(bytes);
  made[0] = type;
  made[1] = bytes / 8;
  return made;
};

export interface PrefixOption {
  readonly length?: number;
  readonly onLink?: boolean;
  readonly autonomous?: boolean;
  readonly valid?: number;
  readonly preferred?: number;
}

export function prefixOption(prefix: IpAddress, settings: PrefixOption = {}): Uint8Array {
  const { length = 64, onLink = true, autonomous = true, valid = 86_400, preferred = 14_400 } = settings;
  const made = option(ndp.OPTION_PREFIX, ndp.PREFIX_OPTION);
  made[2] = length;
  made[3] = (onLink ? 0x80 : 0) | (autonomous ? 0x40 : 0);
  putU32(made, 4, valid);
  putU32(made, 8, preferred);
  ipv6.putAddress(made, 16, prefix);
  return made;
}

export function mtuOption(mtu: number): Uint8Array {
  const made = option(ndp.OPTION_MTU, ndp.MTU_OPTION);
  putU32(made, 4, mtu);
  return made;
}

/** @param preference the two bits as they stand in the option */
export function routeOption(prefix: IpAddress, length: number, lifetime: number, preference = 0): Uint8Array {
  const whole = new Uint8Array(24);
  ipv6.putAddress(whole, 8, prefix);
  const bytes = 8 + Math.ceil(length / 64) * 8;
  const made = option(ndp.OPTION_ROUTE, bytes);
  made.set(whole.subarray(8, bytes), 8);
  made[2] = length;
  made[3] = preference << 3;
  putU32(made, 4, lifetime);
  return made;
}

export function serversOption(servers: readonly string[], lifetime: number): Uint8Array {
  const made = option(ndp.OPTION_DNS_SERVERS, 8 + 16 * servers.length);
  putU32(made, 4, lifetime);
  for (const [i, server] of servers.entries()) ipv6.putAddress(made, 8 + 16 * i, parseAddress(server));
  return made;
}

export function searchOption(domains: readonly string[], lifetime: number): Uint8Array {
  const whole = new Uint8Array(2040);
  let end = 8;
  for (const domain of domains) end = dns.writeName(whole, end, domain) ?? end;
  const made = option(ndp.OPTION_DNS_SEARCH_LIST, Math.ceil(end / 8) * 8);
  made.set(whole.subarray(8, end), 8);
  putU32(made, 4, lifetime);
  return made;
}

export function linkOption(type: number, mac: Uint8Array): Uint8Array {
  const made = option(type, 8);
  made.set(mac, 2);
  return made;
}

export interface Advertisement {
  readonly from?: IpAddress;
  readonly mac?: Uint8Array | undefined;
  /** In seconds. */
  readonly lifetime?: number;
  /** The two bits as they stand in the message. */
  readonly preference?: number;
  readonly hopLimit?: number;
  readonly reachableMs?: number;
  readonly retransMs?: number;
  readonly options?: readonly Uint8Array[];
}

export function advertisementOf(options: Advertisement, mac: Uint8Array | undefined): Uint8Array {
  const { lifetime = 1800, preference = 0, hopLimit = 0, reachableMs = 0, retransMs = 0 } = options;
  const parts = [...(mac === undefined ? [] : [linkOption(ndp.OPTION_SOURCE_LINK_ADDRESS, mac)]), ...(options.options ?? [])];
  const message = new Uint8Array(16 + parts.reduce((sum, part) => sum + part.length, 0));
  icmpv6.writeHeader(message, 0, icmpv6.ROUTER_ADVERTISEMENT, 0);
  message[4] = hopLimit;
  message[5] = preference << 3;
  putU16(message, 6, lifetime);
  putU32(message, 8, reachableMs);
  putU32(message, 12, retransMs);
  let at = 16;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** The frame comes in as if from the wire. @returns the reason for which it was dropped, or undefined */
export function hear(host: TestHost, frame: Uint8Array): string | undefined {
  const before = host.drops();
  host.eth.frame(frame, 0, frame.length, plainFrame());
  return Object.entries(host.drops()).find(([reason, count]) => count > (before[reason] ?? 0))?.[0];
}

/** A router tells all nodes. */
export function advertise(host: TestHost, router: Station, options: Advertisement = {}): string | undefined {
  const { from = ROUTER } = options;
  const mac = "mac" in options ? options.mac : router.device.mac;
  const packet = { source: from, destination: ALL_NODES, linkTo: groupMac(ALL_NODES), hopLimit: 255 };
  return hear(host, icmpFrame(host, router, advertisementOf(options, mac), packet));
}

/** Addresses of IPv6, with their states. */
export const addressesOf = (host: TestHost): string[] =>
  host.eth.addresses
    .filter(({ address }) => formatAddress(address).includes(":"))
    .map(({ address, state }) => `${formatAddress(address)} ${state}`);

export const addressesUnder = (host: TestHost, prefix: string, origin?: string) =>
  host.eth.addresses.filter((a) => formatAddress(a.address).startsWith(prefix) && (origin === undefined || a.origin === origin));

/** Where a packet to `to` would go. */
export function nextHop(host: TestHost, to: string): string {
  const way = host.ip.wayTo(parseAddress(to), undefined);
  return typeof way === "string" ? way : formatAddress(withScope(way.nextHop, 0));
}

/** Messages of neighbour discovery that a station has heard since the last time, in words. */
export const discoveryHeard = (station: Station) => station.heard().filter(isDiscovery).map(discoveryOf);

export const isDiscovery = (frame: Uint8Array): boolean =>
  ethernet.type(frame, 0) === ethernet.TYPE_IPV6 &&
  ipv6.nextHeader(frame, IP) === ipv6.PROTOCOL_ICMP &&
  ndp.isDiscovery(frame, PAYLOAD, frame.length);

export function discoveryOf(frame: Uint8Array) {
  const slot = makeAddressSlot();
  const text = (at: number): string => {
    ipv6.fillAddress(frame, at, slot, 0);
    return formatAddress(slot);
  };
  const type = icmpv6.type(frame, PAYLOAD);
  const hasTarget = type === icmpv6.NEIGHBOUR_SOLICITATION || type === icmpv6.NEIGHBOUR_ADVERTISEMENT;
  return {
    type,
    from: text(IP + 8),
    to: text(IP + 24),
    ...(hasTarget ? { target: text(PAYLOAD + 8) } : {}),
    options: optionsOf(frame),
  };
}

function optionsOf(frame: Uint8Array): number[] {
  const types: number[] = [];
  for (let o = ndp.optionsAt(frame, PAYLOAD); o < frame.length; o += ndp.optionLength(frame, o)) types.push(ndp.optionType(frame, o));
  return types;
}

/** The host's link-local address, without its zone. */
export const linkLocalOf = (host: TestHost): IpAddress => withScope(addressesUnder(host, "fe80:")[0]!.address, 0);
