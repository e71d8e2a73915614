/** Datagrams as endpoints over IP take and give them: those of UDP, and raw ones, which have no ports. */
import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { MembershipService } from "./groups/memberships.ts";
import type { RouteFailure } from "./path.ts";

export interface Datagram {
  readonly from: IpAddress;
  /** 0 where the protocol has no ports. */
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
 * Outcomes of a send; `queued` and `sent` are both success for the caller (RFC 768 promises no more). `broadcast-not-allowed`: the
 * endpoint's user has not asked for it (RFC 1122 §3.3.6).
 */
export type DatagramSendResult =
  | "sent"
  | "queued"
  | "full"
  | "dropped"
  | "no-route"
  | "source-not-local"
  | "interface-down"
  | "too-long"
  | "broadcast-not-allowed";

/** What endpoints of every kind have in common, as their users see it. None of the calls waits. */
export interface DatagramChannel {
  /** Connecting does not change it. */
  readonly boundTo: BoundAddress;
  /** The address bound to, or while connected the one that was chosen. */
  readonly local: BoundAddress;
  readonly peer: IpAddress | undefined;
  /** Of datagrams out to one host: 1 to 255, undefined for the profile's. */
  ttl: number | undefined;
  /** Of datagrams out: in IPv4 the TOS octet, ECN bits included. */
  trafficClass: number;
  /** Datagrams out are never fragmented, here or on their way. */
  dontFragment: boolean;
  /** Whether datagrams may be sent to everybody: false until somebody asks for it (RFC 1122 §3.3.6). */
  allowsBroadcast: boolean;
  /** Whether datagrams that were sent to everybody are received: they are until somebody says otherwise. */
  takesBroadcast: boolean;
  readonly multicast: MulticastOptions;
  /** Of datagrams out: an address of ours beside the one bound to, and an interface; undefined leaves the choice to binding and routes. */
  sendsFrom: IpAddress | undefined;
  sendsThrough: InterfaceService | undefined;
  /** Where the queue is full the oldest datagrams are lost, and not the newest. */
  dropsOldest: boolean;
  /** Groups whose datagrams are received here. They end with the endpoint, unless it was opened with them. */
  readonly memberships: MembershipService;
  /**
   * Sets the peer: the default for sends, and the only one whose datagrams are received. What is queued stays; see `discardQueuedExcept`.
   * @param port 0 where the protocol has none
   */
  connect(remote: IpAddress, port: number): RouteFailure | undefined;
  disconnect(): void;
  /** The oldest queued datagram, whose bytes the caller may keep. */
  receive(): Datagram | undefined;
  /** As `receive`, leaving it where it is. */
  peek(): Datagram | undefined;
  readonly queuedDatagrams: number;
  /** Payload of all that is queued. */
  readonly queuedBytes: number;
  /** Datagrams lost because the queue was full. */
  readonly lostDatagrams: number;
  /** Throws away what was queued from anybody but this peer (Microsoft, `connect`: datagrams from other addresses are discarded). */
  discardQueuedExcept(address: IpAddress, port: number): void;
  /** Bound of the queue in bytes, each datagram counted with a small overhead; an empty queue takes one of any size. What is queued already stays. */
  setReceiveBuffer(bytes: number): void;
  close(): void;
}
