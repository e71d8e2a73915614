import {
  IPV4_ANY,
  IPV4_BROADCAST,
  IPV6_ANY,
  type IpAddress,
  ipv4,
  ipv6,
  isUnspecified,
  isV4,
  prefixBits,
  prefixOf,
} from "../../stack/core/address.ts";
import type { BoundAddress } from "../../stack/core/bound-address.ts";
import { AF_INET, AF_INET6, AF_IRDA } from "../abi/constants.ts";
import { sizeof_SOCKADDR_IRDA } from "../abi/irda-structures.ts";
import { sizeof_in_addr, sizeof_in6_addr, sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../abi/structures.ts";
import type { Endpoint } from "./endpoint.ts";

/** What sockets of one address family know that others do not: how names look, and which addresses they may have and speak to. */
export interface SocketFamily {
  readonly af: number;
  /** Of a name, in bytes. */
  readonly nameBytes: number;
  /** Of an address alone, as in ip_mreq and ipv6_mreq. */
  readonly addressBytes: number;
  /** The address that stands for every address. */
  readonly any: IpAddress;
  /** The address of everybody on a link; undefined where there is none. */
  readonly broadcast: IpAddress | undefined;
  /** Of an IP header without options or extensions. */
  readonly headerBytes: number;
  /** SO_MAX_MSG_SIZE of UDP: 65535 less the headers of IP and UDP. */
  readonly largestDatagram: number;
  /** From a name in C layout; the caller has checked family and length. */
  readName(name: Uint8Array): Endpoint;
  /** An address alone. */
  readAddress(bytes: Uint8Array, at: number): IpAddress;
  /** In C layout, what has no meaning zeroed. */
  writeName(address: IpAddress, port: number): Uint8Array;
  /** Whether its sockets can have and speak to this address. @param isV6Only IPV6_V6ONLY */
  admits(address: IpAddress, isV6Only: boolean): boolean;
  /** What a socket is bound to whose program names this address, an admitted one. @param isV6Only IPV6_V6ONLY */
  boundTo(address: IpAddress, isV6Only: boolean): BoundAddress;
}

const u16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!;
const word = (b: Uint8Array, at: number): number => (u16(b, at) << 16) | u16(b, at + 2);

function setWord(b: Uint8Array, at: number, value: number): void {
  b[at] = value >>> 24;
  b[at + 1] = value >>> 16;
  b[at + 2] = value >>> 8;
  b[at + 3] = value;
}

/** A name with its family, which is little-endian on x64, and its port. */
function newName(af: number, length: number, port: number): Uint8Array {
  const name = new Uint8Array(length);
  name[0] = af;
  name[2] = port >>> 8;
  name[3] = port;
  return name;
}

const INET: SocketFamily = {
  af: AF_INET,
  nameBytes: sizeof_sockaddr_in,
  addressBytes: sizeof_in_addr,
  any: IPV4_ANY,
  broadcast: IPV4_BROADCAST,
  headerBytes: 20,
  largestDatagram: 65507,
  readAddress: (bytes, at) => ipv4(word(bytes, at)),
  readName: (name) => ({ address: ipv4(word(name, 4)), port: u16(name, 2) }),
  writeName(address, port) {
    const name = newName(AF_INET, sizeof_sockaddr_in, port);
    setWord(name, 4, address.w3);
    return name;
  },
  admits: isV4,
  boundTo: (address) => address,
};

/** An IPv4 address in its names is v4-mapped, which is the shape that all our IPv4 addresses have. */
const INET6: SocketFamily = {
  af: AF_INET6,
  nameBytes: sizeof_sockaddr_in6,
  addressBytes: sizeof_in6_addr,
  any: IPV6_ANY,
  broadcast: undefined,
  headerBytes: 40,
  largestDatagram: 65487,
  readAddress: (bytes, at) => withoutZone(ipv6(word(bytes, at), word(bytes, at + 4), word(bytes, at + 8), word(bytes, at + 12))),
  readName(name) {
    const words = ipv6(word(name, 8), word(name, 12), word(name, 16), word(name, 20), scopeOf(name));
    return { address: withoutZone(words), port: u16(name, 2) };
  },
  writeName(address, port) {
    const name = newName(AF_INET6, sizeof_sockaddr_in6, port);
    setWord(name, 8, address.w0);
    setWord(name, 12, address.w1);
    setWord(name, 16, address.w2);
    setWord(name, 20, address.w3);
    for (let i = 0; i < 4; i++) name[SCOPE_AT + i] = address.scope >>> (8 * i);
    return name;
  },
  admits: (address, isV6Only) => !(isV6Only && isV4(address)),
  boundTo: (address, isV6Only) => (!isV6Only && isUnspecified(address) && !isV4(address) ? undefined : address),
};

/** Its names say devices and services, which only its own sockets read (IrdaSocket): what is asked about addresses has no meaning. */
export const IRDA: SocketFamily = {
  af: AF_IRDA,
  nameBytes: sizeof_SOCKADDR_IRDA,
  addressBytes: 4,
  any: IPV4_ANY,
  broadcast: undefined,
  headerBytes: 0,
  largestDatagram: 0,
  readAddress: () => IPV4_ANY,
  readName: () => ({ address: IPV4_ANY, port: 0 }),
  writeName: () => Uint8Array.of(AF_IRDA, ...new Uint8Array(sizeof_SOCKADDR_IRDA - 1)),
  admits: () => false,
  boundTo: () => undefined,
};

/** There is one of each of these, whatever zone a program says. */
function withoutZone(words: IpAddress): IpAddress {
  if (isV4(words)) return ipv4(words.w3);
  return isUnspecified(words) ? IPV6_ANY : words;
}

const SCOPE_AT = 24;
/** A C ulong, so in the machine's order. */
const scopeOf = (b: Uint8Array): number =>
  (b[SCOPE_AT]! | (b[SCOPE_AT + 1]! << 8) | (b[SCOPE_AT + 2]! << 16) | (b[SCOPE_AT + 3]! << 24)) >>> 0;

const FAMILIES: ReadonlyMap<number, SocketFamily> = new Map([INET, INET6].map((family) => [family.af, family]));

/** The netmask of an IPv4 prefix, as a name. */
export const netmaskName = (prefixLength: number): Uint8Array =>
  INET.writeName(prefixOf(IPV4_BROADCAST, prefixBits(IPV4_BROADCAST, prefixLength)), 0);

/** 255.255.255.255, as a name. */
export const LIMITED_BROADCAST_NAME = INET.writeName(IPV4_BROADCAST, 0);

/** The family whose names an address has by itself: of an IPv4 address AF_INET. */
export const familyOfAddress = (address: IpAddress): SocketFamily => (isV4(address) ? INET : INET6);

/** The longest name that any family has. */
export const LONGEST_FAMILY_NAME = Math.max(...[...FAMILIES.values(), IRDA].map((family) => family.nameBytes));
/** What AF_UNSPEC comes to where the other parameters say enough. */
export const DEFAULT_FAMILY = INET;

/** A family of IP; undefined for any other. */
export const socketFamily = (af: number): SocketFamily | undefined => FAMILIES.get(af);

/** sa_family of a name; undefined when the name is too short to have one. */
export const familyOf = (name: Uint8Array): number | undefined => (name.length < 2 ? undefined : name[0]! | (name[1]! << 8));
