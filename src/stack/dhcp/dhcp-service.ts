import type { IpAddress } from "../core/address.ts";
import type { DhcpState } from "../core/states.ts";

export type { DhcpState } from "../core/states.ts";

/** How an interface asks for its address. */
export interface DhcpOptions {
  /** Of an earlier lease, which is asked for again first (INIT-REBOOT). */
  readonly address?: IpAddress;
  /** By which servers know this host (RFC 2132 §9.14): 2 to 255 bytes, type first; of the link address unless given. */
  readonly clientId?: Uint8Array;
  /** For the server's directory; letters, digits and hyphens. */
  readonly hostName?: string;
  /** Asks servers to broadcast their replies, where something on the way loses those to an address that is not ours yet; off unless given. */
  readonly broadcast?: boolean;
}

/** A way that a server tells of. */
export interface LeaseRoute {
  readonly destination: IpAddress;
  /** 0 for the default route. */
  readonly prefixLength: number;
  /** A neighbour; undefined for a destination on the link. */
  readonly gateway: IpAddress | undefined;
}

/** What a server gives for a time. Lists have no more than a few entries, in the server's order; times are on the host's clock, in milliseconds. */
export interface DhcpLease {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly server: IpAddress;
  readonly routes: readonly LeaseRoute[];
  readonly dnsServers: readonly IpAddress[];
  readonly domain: string | undefined;
  /** The domain alone where the server tells no list. */
  readonly searchList: readonly string[];
  readonly ntpServers: readonly IpAddress[];
  /** 576 or more. */
  readonly mtu: number | undefined;
  /** T1: when the server is asked for more time. */
  readonly renewAtMs: number;
  /** T2: when every server is asked. */
  readonly rebindAtMs: number;
  /** When the address is gone; Infinity for never. */
  readonly expiresAtMs: number;
}

/** The DHCP client of one interface, as the host's users see it. */
export interface DhcpClientService {
  /** By which it was made. */
  readonly options: DhcpOptions;
  readonly state: DhcpState;
  /** Undefined while the interface has none. */
  readonly lease: DhcpLease | undefined;
  /** Asks for more time, or for the same address again, without waiting for T1. */
  renew(): void;
  /** Gives the address back and asks for no other. */
  release(): void;
  /** Hears of each change of state and of each lease, new or renewed. @returns ends it */
  watch(watcher: () => void): () => void;
}
