import type { AddressWords, IpAddress } from "../core/address.ts";
import type { LinkDevice, Offloads } from "./link-device.ts";
import type { NeighbourListing } from "./neighbours.ts";

/** An address of an interface, with what follows from its prefix. */
export interface InterfaceAddress {
  readonly address: IpAddress;
  /** Within the address's family. */
  readonly prefixLength: number;
  /** The same, of 128. */
  readonly bits: number;
  /** Directed broadcast; undefined where the prefix leaves no room for one (RFC 3021), and for IPv6. */
  readonly broadcast: IpAddress | undefined;
}

/** The neighbours on a link, as the host's users see them. */
export interface NeighbourService {
  list(): NeighbourListing[];
  /** Gives a neighbour a link address for good; `mac` is copied. */
  addStatic(address: IpAddress, mac: Uint8Array): void;
  /** Forgets an entry, static or learned, with what waits for it. @returns false when there is none */
  remove(address: AddressWords): boolean;
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
  isOnLink(address: AddressWords): boolean;
}
