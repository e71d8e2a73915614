/**
 * Messages of neighbour discovery, RFC 4861 §4, on top of icmpv6.ts. Offsets and lengths count bytes; `at` is where the ICMPv6 message
 * begins and `end` where it ends.
 */
import type { AddressSlot, AddressWords } from "../core/address.ts";
import { i32, u8, u16, u32 } from "./bytes.ts";
import { copyMac, MAC_LENGTH } from "./ethernet.ts";
import * as icmpv6 from "./icmpv6.ts";
import * as ipv6 from "./ipv6.ts";

/** Every message comes with this hop limit, which shows that no router forwarded it: RFC 4861 §11.2. */
export const HOP_LIMIT = 255;

export const OPTION_SOURCE_LINK_ADDRESS = 1;
export const OPTION_TARGET_LINK_ADDRESS = 2;
export const OPTION_PREFIX = 3;
export const OPTION_REDIRECTED = 4;
export const OPTION_MTU = 5;
/** RFC 3971 §5.3.2, in probes by RFC 7527. */
export const OPTION_NONCE = 14;
/** RFC 4191 §2.3. */
export const OPTION_ROUTE = 24;
/** RFC 8106 §5.1, §5.2. */
export const OPTION_DNS_SERVERS = 25;
export const OPTION_DNS_SEARCH_LIST = 31;

/** Flags of a neighbour advertisement, as they stand in the word after the checksum. */
export const FLAG_ROUTER = 0x80000000;
export const FLAG_SOLICITED = 0x40000000;
export const FLAG_OVERRIDE = 0x20000000;

/** Where the options of each message begin, counted from `at`. */
const SOLICITATION_BODY = 8;
const ADVERTISEMENT_BODY = 16;
const NEIGHBOUR_BODY = 24;
const REDIRECT_BODY = 40;

/** Length of a link address option: type, length, MAC. */
const LINK_ADDRESS_OPTION = 8;
/** Length of our own solicitations and advertisements, with the link address option and without. */
export const NEIGHBOUR_MESSAGE = NEIGHBOUR_BODY + LINK_ADDRESS_OPTION;
const NEIGHBOUR_BARE = NEIGHBOUR_BODY;
/** Bytes of the nonce that our probes carry, the shortest there is. */
export const NONCE = 6;
const NONCE_OPTION = 2 + NONCE;
export const ROUTER_SOLICITATION_MESSAGE = SOLICITATION_BODY + LINK_ADDRESS_OPTION;
export const ROUTER_SOLICITATION_BARE = SOLICITATION_BODY;

export type Malformed = "ndp-truncated" | "ndp-bad-code" | "ndp-bad-option";

/** Whether an ICMPv6 message is one of neighbour discovery. */
export const isDiscovery = (b: Uint8Array, at: number, end: number): boolean =>
  at < end && icmpv6.type(b, at) >= icmpv6.ROUTER_SOLICITATION && icmpv6.type(b, at) <= icmpv6.REDIRECT;

const bodyOf = (type: number): number => {
  switch (type) {
    case icmpv6.ROUTER_SOLICITATION:
      return SOLICITATION_BODY;
    case icmpv6.ROUTER_ADVERTISEMENT:
      return ADVERTISEMENT_BODY;
    case icmpv6.REDIRECT:
      return REDIRECT_BODY;
    default:
      return NEIGHBOUR_BODY;
  }
};

/**
 * Says what is wrong with the message in [at, end), or undefined when it has its fields and whole options behind them: the checks that
 * RFC 4861 §6.1, §7.1 and §8.1 have in common. Run it before any of the functions below.
 */
export function check(b: Uint8Array, at: number, end: number): Malformed | undefined {
  const options = optionsAt(b, at);
  if (options > end) return "ndp-truncated";
  if (icmpv6.code(b, at) !== 0) return "ndp-bad-code";
  for (let o = options; o < end; o += optionLength(b, o)) {
    // An option of no length would have us walk forever; the whole message is refused (RFC 4861 §4.6).
    if (o + 2 > end || optionLength(b, o) === 0 || o + optionLength(b, o) > end) return "ndp-bad-option";
  }
  return undefined;
}

export const optionsAt = (b: Uint8Array, at: number): number => at + bodyOf(icmpv6.type(b, at));
export const optionType = (b: Uint8Array, option: number): number => u8(b, option);
/** In bytes, type and length included; a multiple of eight. */
export const optionLength = (b: Uint8Array, option: number): number => u8(b, option + 1) * 8;

/** Where the first option of this type lies, or −1. */
export function findOption(b: Uint8Array, at: number, end: number, type: number): number {
  for (let o = optionsAt(b, at); o < end; o += optionLength(b, o)) if (optionType(b, o) === type) return o;
  return -1;
}

/** Copies the MAC out of the first link address option of this type. @returns false when there is none of six bytes */
export function copyLinkAddress(b: Uint8Array, at: number, end: number, type: number, into: Uint8Array): boolean {
  const option = findOption(b, at, end, type);
  if (option < 0 || optionLength(b, option) !== LINK_ADDRESS_OPTION) return false;
  copyMac(b, option + 2, into, 0);
  return true;
}

/** Whether the message carries this nonce, of NONCE bytes. */
export function hasNonce(b: Uint8Array, at: number, end: number, nonce: Uint8Array): boolean {
  const option = findOption(b, at, end, OPTION_NONCE);
  if (option < 0 || optionLength(b, option) !== NONCE_OPTION) return false;
  for (let i = 0; i < NONCE; i++) if (b[option + 2 + i] !== nonce[i]) return false;
  return true;
}

/** Of a solicitation, advertisement or redirect: whom it is about. */
export const fillTarget = (b: Uint8Array, at: number, slot: AddressSlot, scope: number): void => ipv6.fillAddress(b, at + 8, slot, scope);
/** Of a redirect: for which destination the target is the better first hop. */
export const fillRedirected = (b: Uint8Array, at: number, slot: AddressSlot, scope: number): void =>
  ipv6.fillAddress(b, at + 24, slot, scope);

/** FLAG_ROUTER, FLAG_SOLICITED and FLAG_OVERRIDE of a neighbour advertisement. */
export const neighbourFlags = (b: Uint8Array, at: number): number => u32(b, at + 4);

// Router advertisement, RFC 4861 §4.2 and RFC 4191 §2.2

/** 0: not said. */
export const advertisedHopLimit = (b: Uint8Array, at: number): number => u8(b, at + 4);
/** M: addresses are to be had by DHCPv6. */
export const isManaged = (b: Uint8Array, at: number): boolean => (u8(b, at + 5) & 0x80) !== 0;
/** O: other facts are to be had by DHCPv6. */
export const hasOtherConfiguration = (b: Uint8Array, at: number): boolean => (u8(b, at + 5) & 0x40) !== 0;
/** 1 high, 0 medium, −1 low, −2 reserved, to be taken as medium. */
export const routerPreference = (b: Uint8Array, at: number): number => preferenceOf(u8(b, at + 5));
/** In seconds; 0 for a router that is no default router. */
export const routerLifetime = (b: Uint8Array, at: number): number => u16(b, at + 6);
/** In milliseconds; 0 not said. */
export const reachableTime = (b: Uint8Array, at: number): number => u32(b, at + 8);
/** In milliseconds; 0 not said. */
export const retransTimer = (b: Uint8Array, at: number): number => u32(b, at + 12);

/** Two bits at 0x18 of a byte, as RFC 4191 §2.1 gives them. */
export const preferenceOf = (byte: number): number => {
  const bits = (byte >>> 3) & 3;
  return bits === 1 ? 1 : bits === 3 ? -1 : bits === 2 ? -2 : 0;
};

// Options, each whole by `check`, of the length that is asked first

/** Prefix information, §4.6.2: 32 bytes. */
export const PREFIX_OPTION = 32;
export const prefixLength = (b: Uint8Array, option: number): number => u8(b, option + 2);
export const isOnLinkPrefix = (b: Uint8Array, option: number): boolean => (u8(b, option + 3) & 0x80) !== 0;
export const isAutonomous = (b: Uint8Array, option: number): boolean => (u8(b, option + 3) & 0x40) !== 0;
/** In seconds; 0xffffffff is forever. */
export const validLifetime = (b: Uint8Array, option: number): number => u32(b, option + 4);
export const preferredLifetime = (b: Uint8Array, option: number): number => u32(b, option + 8);
export const fillPrefix = (b: Uint8Array, option: number, slot: AddressSlot): void => ipv6.fillAddress(b, option + 16, slot, 0);

/** MTU, §4.6.4: 8 bytes. */
export const MTU_OPTION = 8;
export const advertisedMtu = (b: Uint8Array, option: number): number => u32(b, option + 4);

/** Route information, RFC 4191 §2.3: 8 bytes, or 16 or 24 for a prefix that needs them. */
export function isRouteOption(b: Uint8Array, option: number): boolean {
  const bits = prefixLength(b, option);
  return bits <= 128 && optionLength(b, option) <= 24 && optionLength(b, option) >= 8 + Math.ceil(bits / 64) * 8;
}
export const routePreference = (b: Uint8Array, option: number): number => preferenceOf(u8(b, option + 3));
/** In seconds; 0xffffffff is forever. So it is in the two options for names. */
export const optionLifetime = (b: Uint8Array, option: number): number => u32(b, option + 4);
/** As many bytes as the option has; the others are 0. */
export function fillRoutePrefix(b: Uint8Array, option: number, slot: AddressSlot): void {
  const words = (optionLength(b, option) - 8) / 4;
  slot.w0 = words > 0 ? i32(b, option + 8) : 0;
  slot.w1 = words > 0 ? i32(b, option + 12) : 0;
  slot.w2 = words > 2 ? i32(b, option + 16) : 0;
  slot.w3 = words > 2 ? i32(b, option + 20) : 0;
  slot.scope = 0;
}

/** Name servers, RFC 8106 §5.1: each takes two units of eight bytes behind the first. Any other length is a trap. */
export const isDnsServersOption = (b: Uint8Array, option: number): boolean => u8(b, option + 1) >= 3 && u8(b, option + 1) % 2 === 1;
export const dnsServers = (b: Uint8Array, option: number): number => (u8(b, option + 1) - 1) / 2;
export const fillDnsServer = (b: Uint8Array, option: number, index: number, slot: AddressSlot, scope: number): void =>
  ipv6.fillAddress(b, option + 8 + 16 * index, slot, scope);

/** Where the domains of a search list begin, RFC 8106 §5.2. They end with the option, filled up with zeros. */
export const searchListAt = (option: number): number => option + 8;
export const isSearchListOption = (b: Uint8Array, option: number): boolean => u8(b, option + 1) >= 2;

// Writing

/** A solicitation or an advertisement of NEIGHBOUR_MESSAGE bytes, or shorter by the option without a MAC. Then icmpv6.putChecksum. */
export function writeNeighbourMessage(
  b: Uint8Array,
  at: number,
  type: number,
  flags: number,
  target: AddressWords,
  mac: Uint8Array | undefined,
): number {
  icmpv6.writeHeader(b, at, type, 0, flags);
  ipv6.putAddress(b, at + 8, target);
  if (mac === undefined) return at + NEIGHBOUR_BARE;
  const option = type === icmpv6.NEIGHBOUR_SOLICITATION ? OPTION_SOURCE_LINK_ADDRESS : OPTION_TARGET_LINK_ADDRESS;
  writeLinkAddress(b, at + NEIGHBOUR_BODY, option, mac);
  return at + NEIGHBOUR_MESSAGE;
}

/** A question whether anybody has the address, which its sender knows by the nonce when a link hands it back (RFC 7527 §4.1). @returns where it ends */
export function writeProbe(b: Uint8Array, at: number, target: AddressWords, nonce: Uint8Array): number {
  const option = writeNeighbourMessage(b, at, icmpv6.NEIGHBOUR_SOLICITATION, 0, target, undefined);
  b[option] = OPTION_NONCE;
  b[option + 1] = NONCE_OPTION / 8;
  b.set(nonce, option + 2);
  return option + NONCE_OPTION;
}

/** @returns where it ends. Then icmpv6.putChecksum. */
export function writeRouterSolicitation(b: Uint8Array, at: number, mac: Uint8Array | undefined): number {
  icmpv6.writeHeader(b, at, icmpv6.ROUTER_SOLICITATION, 0);
  if (mac === undefined) return at + ROUTER_SOLICITATION_BARE;
  writeLinkAddress(b, at + SOLICITATION_BODY, OPTION_SOURCE_LINK_ADDRESS, mac);
  return at + ROUTER_SOLICITATION_MESSAGE;
}

function writeLinkAddress(b: Uint8Array, option: number, type: number, mac: Uint8Array): void {
  b[option] = type;
  b[option + 1] = (2 + MAC_LENGTH) / 8;
  copyMac(mac, 0, b, option + 2);
}
