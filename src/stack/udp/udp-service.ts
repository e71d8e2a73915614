import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { MembershipService } from "../ip/groups/memberships.ts";
import type { RouteFailure } from "../ip/path.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { Datagram, MulticastOptions, UdpSendResult, UdpUser } from "./udp-user.ts";

/** One bound UDP port (RFC 768, RFC 1122 §4.1.4) as its user sees it. None of its calls waits. */
export interface UdpEndpoint {
  readonly localPort: number;
  /** May be changed when the endpoint passes to another owner. */
  user: UdpUser;
  /** Connecting does not change it. */
  readonly boundTo: BoundAddress;
  /** The address bound to, or while connected the one that was chosen. */
  readonly local: BoundAddress;
  readonly peer: IpAddress | undefined;
  /** 0 while there is no peer. */
  readonly peerPort: number;
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
  /** What is sent is cut into datagrams of so many bytes, by the device where it does that; 0 sends each as it is. */
  segmentBytes: number;
  /** Where the queue is full the oldest datagrams are lost, and not the newest. */
  dropsOldest: boolean;
  /** Groups whose datagrams are received on this port. They end with the endpoint, unless it was opened with them. */
  readonly memberships: MembershipService;
  /** Sets the peer: the default for `send`, and the only one whose datagrams are received. What is queued stays; see `discardQueuedExcept`. */
  connect(remote: IpAddress, port: number): RouteFailure | undefined;
  disconnect(): void;
  /**
   * Sends `payload[at, end)`, all of it by default, to `remote`, or to the peer, in fragments when it does not fit into the
   * path's MTU: `too-long` is what does not then when `dontFragment` is set, and everything over 65507 bytes. Without a peer and
   * `remote` there is `no-route`; port 0 is `dropped`.
   */
  send(payload: Uint8Array, at?: number, end?: number, remote?: IpAddress, port?: number): UdpSendResult;
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

export interface UdpOpenRequest {
  /** Undefined for every local address of both families, 0.0.0.0 and :: for those of one. */
  readonly local?: BoundAddress;
  /** 0 or undefined chooses an ephemeral port. */
  readonly localPort?: number;
  readonly user: UdpUser;
  /** Where they stand already, before there is a port: they do not end with the endpoint. */
  readonly memberships?: MembershipService;
  /** Asked about each endpoint on the port whose address overlaps; none may be shared with unless it says so. */
  readonly sharesWith?: (existing: UdpEndpoint) => boolean;
}

export type UdpOpenFailure = "address-in-use" | "no-free-port" | "source-not-local";

/** UDP as its users see it. */
export interface UdpService {
  /** Memberships of a socket that may have no port yet. */
  newMemberships(): MembershipService;
  open(request: UdpOpenRequest): UdpEndpoint | UdpOpenFailure;
  /** A port of the profile's dynamic range that no endpoint has and that `isFree` allows, or undefined (RFC 6056). */
  choosePort(isFree: (port: number) => boolean): number | undefined;
  /** In the order in which they were opened. */
  endpointsOn(port: number): readonly UdpEndpoint[];
  /** Every endpoint there is. */
  endpoints(): UdpEndpoint[];
}
