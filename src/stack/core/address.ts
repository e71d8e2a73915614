import { formatIpv6Words, readIpv6Words, readQuad } from "./ipv6-text.ts";

/**
 * One shape for the addresses of both families: the four big-endian 32-bit words of an IPv6 address as signed integers, an IPv4 address
 * as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), and the zone of an address that means something on one link only (RFC 4007 §6; 0 for none).
 * So every lookup is one code path, and what belongs to both families is a comparison of prefixes.
 */
export interface AddressWords {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly scope: number;
}

declare const kept: unique symbol;

/** An address that never changes, made once for a socket, a route or a connection. */
export type IpAddress = AddressWords & { readonly [kept]: true };

/** Words that are refilled for each packet: `keepAddress` what must outlive it. */
export interface AddressSlot extends AddressWords {
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  scope: number;
}

/** The one class of them all, so that V8 sees one shape. */
class Address implements AddressSlot {
  w0: number;
  w1: number;
  w2: number;
  w3: number;
  scope: number;

  constructor(w0: number, w1: number, w2: number, w3: number, scope: number) {
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
    this.scope = scope;
  }
}

/** Third word of every IPv4 address. */
const V4_MAPPED = 0xffff;
/** Where the prefix of an IPv4 address begins among the 128 bits. */
const V4_PREFIX_AT = 96;

const make = (w0: number, w1: number, w2: number, w3: number, scope: number): IpAddress =>
  new Address(w0, w1, w2, w3, scope) as AddressWords as IpAddress;

/** An IPv6 address from its words. */
export const ipv6 = (w0: number, w1: number, w2: number, w3: number, scope = 0): IpAddress => make(w0, w1, w2, w3, scope);

/** An IPv4 address from its 32 bits, signed or unsigned: 127.0.0.1 is 0x7f000001. */
export const ipv4 = (bits: number): IpAddress => make(0, 0, V4_MAPPED, bits, 0);

/** An address of its own, with what the words say now. */
export const keepAddress = (words: AddressWords): IpAddress => make(words.w0, words.w1, words.w2, words.w3, words.scope);

export const makeAddressSlot = (): AddressSlot => new Address(0, 0, V4_MAPPED, 0, 0);

/** The slot holds this IPv4 address from now on. */
export function fillV4(slot: AddressSlot, bits: number): void {
  slot.w0 = 0;
  slot.w1 = 0;
  slot.w2 = V4_MAPPED;
  slot.w3 = bits | 0;
  slot.scope = 0;
}

/** Addresses as they stand in a header, one after the other: four bytes each of IPv4, or sixteen. */
export function networkBytes(...addresses: readonly AddressWords[]): Uint8Array {
  const bytes: number[] = [];
  for (const { w0, w1, w2, w3 } of addresses) {
    const words = w2 === V4_MAPPED && w1 === 0 && w0 === 0 ? [w3] : [w0, w1, w2, w3];
    for (const word of words) bytes.push(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  }
  return Uint8Array.from(bytes);
}

/** An address among other numbers takes so many of them. */
export const PACKED_ADDRESS_WORDS = 5;

export function packAddress(into: Int32Array, at: number, { w0, w1, w2, w3, scope }: AddressWords): void {
  into[at] = w0;
  into[at + 1] = w1;
  into[at + 2] = w2;
  into[at + 3] = w3;
  into[at + 4] = scope;
}

/** The slot holds from now on the address that lies packed at `at`. */
export function unpackAddress(slot: AddressSlot, from: Int32Array, at: number): void {
  slot.w0 = from[at] as number;
  slot.w1 = from[at + 1] as number;
  slot.w2 = from[at + 2] as number;
  slot.w3 = from[at + 3] as number;
  slot.scope = (from[at + 4] as number) >>> 0;
}

/** Whether it is this one that lies packed at `at`. */
export const isPackedAddress = (from: Int32Array, at: number, { w0, w1, w2, w3, scope }: AddressWords): boolean =>
  from[at + 3] === w3 && from[at + 2] === w2 && from[at + 1] === w1 && from[at] === w0 && from[at + 4] === (scope | 0);

export const IPV4_ANY = ipv4(0);
export const IPV4_BROADCAST = ipv4(0xffffffff);
export const IPV6_ANY = ipv6(0, 0, 0, 0);
export const IPV6_LOOPBACK = ipv6(0, 0, 0, 1);

export const isV4 = (a: AddressWords): boolean => a.w2 === V4_MAPPED && a.w1 === 0 && a.w0 === 0;

/** Both are IPv4; one test, for every segment asks. */
export const areV4 = (a: AddressWords, b: AddressWords): boolean =>
  ((a.w2 ^ V4_MAPPED) | (b.w2 ^ V4_MAPPED) | a.w1 | b.w1 | a.w0 | b.w0) === 0;

/** 0.0.0.0 or ::, which stand for every address or none. */
export const isUnspecified = (a: AddressWords): boolean => a.w3 === 0 && a.w1 === 0 && a.w0 === 0 && (a.w2 === V4_MAPPED || a.w2 === 0);

/** 127.0.0.0/8 (RFC 1122 §3.2.1.3 g) or ::1. */
export const isLoopback = (a: AddressWords): boolean =>
  a.w0 === 0 && a.w1 === 0 && (a.w2 === V4_MAPPED ? a.w3 >>> 24 === 127 : a.w2 === 0 && a.w3 === 1);

/** fe80::/10 (RFC 4291 §2.5.6): means something on one link only. */
export const isLinkLocalV6 = (a: AddressWords): boolean => a.w0 >>> 22 === 0x3fa;

/** Of one interface or one link, and of no other: its zone has to be known (RFC 4007 §5). */
export const needsScope = (a: AddressWords): boolean => isLinkLocalV6(a) || (a.w0 >>> 24 === 0xff && ((a.w0 >>> 16) & 0xf) <= 2);

/** The same address in another zone. */
export const withScope = (a: AddressWords, scope: number): IpAddress => make(a.w0, a.w1, a.w2, a.w3, scope);

/** The group in which whoever has the address listens for solicitations: ff02::1:ffXX:XXXX, RFC 4291 §2.7.1. */
export const solicitedNodeOf = (a: AddressWords, scope: number): IpAddress => make(0xff020000, 0, 1, 0xff000000 | (a.w3 & 0xffffff), scope);

/** Whether `group` is the one of `solicitedNodeOf(a)`, whatever the zone. */
export const isSolicitedNodeOf = (group: AddressWords, a: AddressWords): boolean =>
  group.w0 >>> 0 === 0xff020000 && group.w1 === 0 && group.w2 === 1 && group.w3 === (0xff000000 | (a.w3 & 0xffffff));

/** ff01::/16 with any flags: a group that is known within one interface, so that nothing of it is ever on a link (RFC 4291 §2.7). */
export const isInterfaceLocalGroup = (a: AddressWords): boolean => a.w0 >>> 24 === 0xff && ((a.w0 >>> 16) & 0xf) === 1;

/** 224.0.0.0/4 (RFC 1112 §4) or ff00::/8. */
export const isMulticast = (a: AddressWords): boolean => (isV4(a) ? a.w3 >>> 28 === 14 : a.w0 >>> 24 === 0xff);

/** 255.255.255.255: everybody on the link. IPv6 has no such thing. */
export const isLimitedBroadcast = (a: AddressWords): boolean => a.w3 === -1 && isV4(a);

/** 240.0.0.0/4 without the limited broadcast address, RFC 1112 §4. */
export const isReserved = (a: AddressWords): boolean => a.w3 >>> 28 === 15 && a.w3 !== -1 && isV4(a);

/** 0.0.0.0 or ::, of the address's family. */
export const anyLike = (a: AddressWords): IpAddress => (isV4(a) ? IPV4_ANY : IPV6_ANY);

/** Both are IPv4, or neither is. */
export const sameFamily = (a: AddressWords, b: AddressWords): boolean => isV4(a) === isV4(b);

export const sameAddress = (a: AddressWords, b: AddressWords): boolean =>
  a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0 && a.scope === b.scope;

/** Whether the first `bits` of 128 are the same. A prefix length that people give counts within its family: see `prefixBits`. */
export function samePrefix(a: AddressWords, b: AddressWords, bits: number): boolean {
  if (bits >= 96) return ((a.w3 ^ b.w3) & maskOf(bits - 96)) === 0 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0;
  if (bits >= 64) return ((a.w2 ^ b.w2) & maskOf(bits - 64)) === 0 && a.w1 === b.w1 && a.w0 === b.w0;
  if (bits >= 32) return ((a.w1 ^ b.w1) & maskOf(bits - 32)) === 0 && a.w0 === b.w0;
  return ((a.w0 ^ b.w0) & maskOf(bits)) === 0;
}

/** The longest prefix of the address's family: 32 or 128. */
export const longestPrefix = (a: AddressWords): number => (isV4(a) ? 128 - V4_PREFIX_AT : 128);

/** A prefix length as people give it, counted from the beginning of the 128 bits. */
export const prefixBits = (a: AddressWords, prefixLength: number): number => (isV4(a) ? V4_PREFIX_AT + prefixLength : prefixLength);

/** The address with all bits after the first `bits` of 128 cleared. */
export const prefixOf = (a: AddressWords, bits: number): IpAddress =>
  make(
    a.w0 & maskOf(clampToWord(bits)),
    a.w1 & maskOf(clampToWord(bits - 32)),
    a.w2 & maskOf(clampToWord(bits - 64)),
    a.w3 & maskOf(clampToWord(bits - 96)),
    a.scope,
  );

/** The last address of an IPv4 prefix: its directed broadcast. */
export const lastOfPrefix = (a: AddressWords, bits: number): IpAddress =>
  make(a.w0, a.w1, a.w2, a.w3 | ~maskOf(clampToWord(bits - 96)), a.scope);

const clampToWord = (bits: number): number => Math.min(32, Math.max(0, bits));

/** The mask of the first `bits` of a word, 0 to 32, as a signed integer. */
export const maskOf = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits));

/** `203.0.113.2` from the bare 32 bits. */
export const formatV4 = (bits: number): string => `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;

/** RFC 5952, with the zone behind a `%` where there is one (RFC 4007 §11); an IPv4 address as `203.0.113.2`. */
export function formatAddress(a: AddressWords): string {
  if (isV4(a)) return formatV4(a.w3);
  const text = formatIpv6Words(a.w0, a.w1, a.w2, a.w3);
  return a.scope === 0 ? text : `${text}%${a.scope}`;
}

/** `203.0.113.2:80`. */
export const formatEndpoint = (address: AddressWords, port: number): string =>
  isV4(address) ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;

/** An address of either family from its text, an IPv6 one with the number of its zone behind a `%`; undefined where the text is none. */
export function readAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    const bits = readQuad(text);
    return bits === undefined ? undefined : ipv4(bits);
  }
  const [, address = "", zone = "0"] = ZONED.exec(text) ?? [];
  const words = readIpv6Words(address);
  return words === undefined || Number(zone) > MAX_ZONE ? undefined : ipv6(...words, Number(zone));
}

const ZONED = /^([^%]*)(?:%(\d{1,10}))?$/;
const MAX_ZONE = 0xffffffff;

/** As `readAddress`, for code and tests; text from people is parsed at the edges. @throws RangeError */
export function parseAddress(text: string): IpAddress {
  const address = readAddress(text);
  if (address === undefined) throw new RangeError(`Cannot read "${text}" as an address: expected one like 203.0.113.2 or 2001:db8::2`);
  return address;
}

/** Strict dotted quad, for code and tests; text from people is parsed at the edges. @throws RangeError */
export function parseV4(text: string): IpAddress {
  const bits = readQuad(text);
  if (bits === undefined) {
    throw new RangeError(`Cannot read "${text}" as an IPv4 address: expected four numbers from 0 to 255 with dots between`);
  }
  return ipv4(bits);
}
