import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { DatagramChannel } from "../ip/datagram.ts";
import type { MembershipService } from "../ip/groups/memberships.ts";
import type { UdpSendResult, UdpUser } from "./udp-user.ts";

/** One bound UDP port (RFC 768, RFC 1122 §4.1.4) as its user sees it. */
export interface UdpEndpoint extends DatagramChannel {
  readonly localPort: number;
  /** May be changed when the endpoint passes to another owner. */
  user: UdpUser;
  /** 0 while there is no peer. */
  readonly peerPort: number;
  /** What is sent is cut into datagrams of so many bytes, by the device where it does that; 0 sends each as it is. */
  segmentBytes: number;
  /**
   * Sends `payload[at, end)`, all of it by default, to `remote`, or to the peer, in fragments when it does not fit into the
   * path's MTU: `too-long` is what does not then when `dontFragment` is set, and everything over 65507 bytes. Without a peer and
   * `remote` there is `no-route`; port 0 is `dropped`.
   */
  send(payload: Uint8Array, at?: number, end?: number, remote?: IpAddress, port?: number): UdpSendResult;
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
