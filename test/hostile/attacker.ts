import { type IpAddress, parseAddress, ipv6 as v6Address } from "../../src/stack/core/address.ts";
import { below, type Random } from "../../src/stack/core/random.ts";
import type { Overheard } from "./overheard.ts";

/** Who makes the frames: some chance, what was overheard, and the station of the host that they are for. */
export interface Attacker {
  readonly random: Random;
  readonly overheard: Overheard;
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Of the interface whose address comes from a DHCP server, for that has another station. */
  readonly isOfDhcp: boolean;
}

export const OURS_V4: IpAddress = parseAddress("203.0.113.2");
export const OURS_V6: IpAddress = parseAddress("2001:db8::2");
export const OURS_LINK_LOCAL: IpAddress = parseAddress("fe80::2");
export const ROUTER_V4: IpAddress = parseAddress("203.0.113.1");
export const ROUTER_V6: IpAddress = parseAddress("fe80::1");
export const GROUP_V4: IpAddress = parseAddress("239.1.2.3");
export const GROUP_V6: IpAddress = parseAddress("ff05::1:3");
export const NAME_SERVER: IpAddress = parseAddress("203.0.113.53");
export const ALL_HOSTS: IpAddress = parseAddress("224.0.0.1");
export const ALL_NODES: IpAddress = parseAddress("ff02::1");

/** Peers of connections and of datagrams, one family's. */
const PEERS_V4 = ["203.0.113.1", "203.0.113.77", "198.51.100.9"].map(parseAddress);
const PEERS_V6 = ["2001:db8::1", "2001:db8::77", "2001:db8:ffff::9"].map(parseAddress);

/** Ports of the host: listeners and endpoints, and one that nobody has. */
export const PORTS = { echo: 80, neverAccepts: 81, mute: 82, decides: 83, datagrams: 5000, members: 5002, nobody: 9 } as const;
const LISTENING = [PORTS.echo, PORTS.neverAccepts, PORTS.mute, PORTS.decides, PORTS.nobody] as const;
const RECEIVING = [PORTS.datagrams, PORTS.members, PORTS.nobody] as const;

export const chance = (random: Random, oneIn: number): boolean => below(random, oneIn) === 0;

/** One of a list that has any. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

export const pickListening = (random: Random): number => pick(random, LISTENING);
export const pickReceiving = (random: Random): number => pick(random, RECEIVING);

/** Bytes of any value. */
export function noise(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 4) {
    const word = random.u32();
    bytes[i] = word;
    bytes[i + 1] = word >>> 8;
    bytes[i + 2] = word >>> 16;
    bytes[i + 3] = word >>> 24;
  }
  return bytes;
}

/** Our address and somebody's, of one family. */
export function pickEnds(random: Random): { readonly ours: IpAddress; readonly peer: IpAddress } {
  return chance(random, 2) ? { ours: OURS_V4, peer: pick(random, PEERS_V4) } : { ours: OURS_V6, peer: pick(random, PEERS_V6) };
}

export const pickPeer = (random: Random, isV4: boolean): IpAddress => pick(random, isV4 ? PEERS_V4 : PEERS_V6);

/** A neighbour that may not be there, so that caches have something to be full of. */
export const strangerV4 = (random: Random): IpAddress => parseAddress(`203.0.113.${1 + below(random, 254)}`);
export const strangerV6 = (random: Random): IpAddress => v6Address(0x20010db8, 0, 0, random.u32());
export const linkLocalStranger = (random: Random): IpAddress => v6Address(0xfe800000 | 0, 0, 0, 1 + below(random, 4096));
