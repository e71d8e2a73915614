import type { AddressWords, IpAddress } from "../core/address.ts";
import type { AddressEnd, AddressState } from "../core/states.ts";
import type { LinkDevice, Offloads } from "./link-device.ts";
import type { NeighbourListing } from "./neighbours.ts";

export type { AddressEnd, AddressState } from "../core/states.ts";

/** Where an address comes from: the operator, a DHCP server, the link itself, a router's prefix (RFC 4862, RFC 8981), or it is the loopback's. */
export type AddressOrigin = "manual" | "dhcp" | "link-local" | "slaac" | "temporary" | "loopback";

/**
 * What becomes of an IPv4 address of ours that another station uses too (RFC 5227 §2.4): it is given up at once, defended once in ten
 * seconds and given up when that does not help, or kept for good as Linux does.
 */
export type ConflictPolicy = "yield" | "defend-once" | "keep";

/** What is said of an address when it is given. Times are on the host's clock, in milliseconds. */
export interface AddressSettings {
  /** `manual` unless given. */
  readonly origin?: AddressOrigin;
  /** It is not ours until somebody has tried whether it is unique. */
  readonly isTentative?: boolean;
  /** The other addresses of its prefix are on the link: so it is unless given, and for IPv6 routers say it (RFC 5942 §4). */
  readonly isPrefixOnLink?: boolean;
  /** From then on new traffic takes another address; at the end of its life unless given. */
  readonly preferredUntilMs?: number;
  /** Then it is removed; never unless given. */
  readonly validUntilMs?: number;
}

/** An address of an interface, with what follows from its prefix. */
export interface InterfaceAddress {
  readonly address: IpAddress;
  /** Within the address's family. */
  readonly prefixLength: number;
  /** The same, of 128. */
  readonly bits: number;
  /** Directed broadcast; undefined where the prefix leaves no room for one (RFC 3021), and for IPv6. */
  readonly broadcast: IpAddress | undefined;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  readonly isPrefixOnLink: boolean;
  /** On the host's clock, in milliseconds; Infinity for ever. */
  readonly preferredUntilMs: number;
  readonly validUntilMs: number;
}

/** Hears of an address that is another than before, and of its state or its end; it may change them in turn. */
export type AddressWatcher = (address: InterfaceAddress, state: AddressState | AddressEnd) => void;

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
  /** From 1, no other interface's of this host: the zone of its link's addresses (RFC 4007 §6). */
  readonly index: number;
  readonly device: LinkDevice;
  readonly mac: Uint8Array;
  readonly isLoopback: boolean;
  readonly isUp: boolean;
  /** Largest IP datagram in bytes. */
  readonly mtu: number;
  readonly offloads: Offloads;
  readonly addresses: readonly InterfaceAddress[];
  readonly neighbours: NeighbourService;
  readonly conflictPolicy: ConflictPolicy;
  /** Hears of each address that is another than before. @returns ends it */
  watchAddresses(watcher: AddressWatcher): () => void;
  /** Whether an address is within a prefix of ours on this link. */
  isOnLink(address: AddressWords): boolean;
}
