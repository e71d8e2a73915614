import type { Ipv4Address } from "../core/address.ts";
import type { LinkDevice, Offloads } from "./link-device.ts";
import type { NeighbourListing } from "./neighbours.ts";

/** An address of an interface, with what follows from its prefix. */
export interface InterfaceAddress {
  readonly address: Ipv4Address;
  readonly prefixLength: number;
  readonly mask: number;
  /** Directed broadcast, or −1 where the prefix leaves no room for one (RFC 3021). */
  readonly broadcast: number;
}

/** The neighbours on a link, as the host's users see them. */
export interface NeighbourService {
  list(): NeighbourListing[];
  /** Gives a neighbour a link address for good; `mac` is copied. */
  addStatic(address: number, mac: Uint8Array): void;
  /** Forgets an entry, static or learned, with what waits for it. @returns false when there is none */
  remove(address: number): boolean;
}

/** One attachment of a host to a link, as the host's users see it. */
export interface InterfaceService {
  readonly name: string;
  readonly device: LinkDevice;
  readonly mac: Uint8Array;
  readonly isLoopback: boolean;
  readonly isUp: boolean;
  /** Largest IP datagram in bytes. */
  readonly mtu: number;
  readonly offloads: Offloads;
  readonly addresses: readonly InterfaceAddress[];
  readonly neighbours: NeighbourService;
  /** Whether an address is within a prefix of ours on this link. */
  isOnLink(bits: number): boolean;
}
