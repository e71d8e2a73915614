import type { IpAddress } from "../core/address.ts";
import type { IcmpErrorKind } from "../ip/transport.ts";
import type { InterfaceService } from "../link/interface-service.ts";

export interface Datagram {
  readonly from: IpAddress;
  readonly fromPort: number;
  /** To which of our addresses, or to which broadcast address or group, it was sent. */
  readonly to: IpAddress;
  /** By which interface it came in. */
  readonly interface: InterfaceService;
  readonly payload: Uint8Array;
  /** As received; in IPv6 the hop limit. */
  readonly ttl: number;
  /** As received; in IPv4 the TOS octet, with the ECN bits. */
  readonly trafficClass: number;
}

/** What a UDP endpoint tells its owner; each as far as the owner wants to hear it. */
export interface UdpUser {
  /** A datagram was queued. */
  readable?(): void;
  /** An ICMP error came back for a datagram sent from this endpoint to `remote`. */
  icmpError?(kind: IcmpErrorKind, remote: IpAddress, remotePort: number): void;
  /** The device is gone under the endpoint: nothing will come any more. */
  networkDown?(): void;
}

/** How an endpoint's datagrams to groups leave; each may be changed at any time. */
export interface MulticastOptions {
  /** Undefined leaves the choice to the routes. */
  interface: InterfaceService | undefined;
  /** 0 leaves them on this host, 1 on its link (RFC 1112 §6.1). */
  ttl: number;
  /**
   * Whether members on this host get what is sent from here: as the sender says, or where the profile's `multicastLoopAt` is
   * `receiver` as each receiver does.
   */
  loop: boolean;
}

/**
 * Outcomes of a UDP send; `queued` and `sent` are both success for the caller (RFC 768 promises no more). `broadcast-not-allowed`: the
 * endpoint's user has not asked for it (RFC 1122 §3.3.6).
 */
export type UdpSendResult =
  | "sent"
  | "queued"
  | "full"
  | "dropped"
  | "no-route"
  | "source-not-local"
  | "interface-down"
  | "too-long"
  | "broadcast-not-allowed";
