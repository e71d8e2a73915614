/**
 * IP addresses of either family. Values of this kind are made once per socket, route or connection; on the path of a packet an
 * IPv4 address is the bare 32-bit number.
 */

export interface Ipv4Address {
  readonly family: 4;
  /** Host-order unsigned 32 bits: 127.0.0.1 is 0x7f000001. */
  readonly bits: number;
}

/** IPv6 is not routed yet; the shape is here so that nothing above has to change when it is. */
export interface Ipv6Address {
  readonly family: 6;
  /** Four big-endian 32-bit words, first word first. */
  readonly words: readonly [number, number, number, number];
}

export type IpAddress = Ipv4Address | Ipv6Address;

export const ipv4 = (bits: number): Ipv4Address => ({ family: 4, bits: bits >>> 0 });

export const IPV4_ANY = ipv4(0);
export const IPV4_BROADCAST = ipv4(0xffffffff);

export const isLoopbackV4 = (bits: number): boolean => bits >>> 24 === 127;
/** 224.0.0.0/4, RFC 1112 §4. */
export const isMulticastV4 = (bits: number): boolean => bits >>> 28 === 14;
/** 240.0.0.0/4 without the limited broadcast address, RFC 1112 §4. */
export const isReservedV4 = (bits: number): boolean => bits >>> 28 === 15 && bits !== 0xffffffff;

export function isUnspecified(address: IpAddress): boolean {
  return address.family === 4 ? address.bits === 0 : address.words.every((word) => word === 0);
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  if (a.family === 4) return b.family === 4 && a.bits === b.bits;
  return b.family === 6 && a.words.every((word, i) => word === b.words[i]);
}

/** `203.0.113.2` from the bare number. */
export const formatV4 = (bits: number): string => `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;

export function formatAddress(address: IpAddress): string {
  if (address.family === 4) return formatV4(address.bits);
  return address.words.map((word) => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`).join(":");
}

/** `203.0.113.2:80`. */
export const formatEndpoint = (address: IpAddress, port: number): string =>
  address.family === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;

/** Strict dotted quad, for code and tests; text from people is parsed at the edges. @throws RangeError */
export function parseV4(text: string): Ipv4Address {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    throw new RangeError(`Cannot read "${text}" as an IPv4 address: expected four numbers from 0 to 255 with dots between`);
  }
  return ipv4(parts.reduce((bits, part) => bits * 256 + Number(part), 0));
}

/** The mask of a prefix length from 0 to 32, as an unsigned number. */
export const maskOf = (prefixLength: number): number => (prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0);
