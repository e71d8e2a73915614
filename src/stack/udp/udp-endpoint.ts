import type { AddressWords, IpAddress } from "../core/address.ts";
import { type BoundAddress, closeness } from "../core/bound-address.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { DatagramEndpoint, type DatagramEndpointOwner } from "../ip/datagram-endpoint.ts";
import type { MembershipService } from "../ip/groups/memberships.ts";
import type { Path } from "../ip/path.ts";
import type { InboundPacket } from "../ip/transport.ts";
import type { UdpEndpoint } from "./udp-service.ts";
import type { UdpSendResult, UdpUser } from "./udp-user.ts";

/** Being connected to the sender counts for more than any address bound to. */
const PEER_MATCH = 3;

/** What an endpoint needs of UDP. */
export interface UdpEndpointOwner extends DatagramEndpointOwner {
  send(
    from: BoundEndpoint,
    path: Path | undefined,
    remote: IpAddress,
    port: number,
    payload: Uint8Array,
    at: number,
    end: number,
  ): UdpSendResult;
  closed(endpoint: BoundEndpoint): void;
}

/** One bound UDP port, RFC 768, RFC 1122 §4.1.4. Made by `Udp.open`. */
export class BoundEndpoint extends DatagramEndpoint implements UdpEndpoint {
  readonly localPort: number;
  /** May be changed when the endpoint passes to another owner. */
  user: UdpUser;
  segmentBytes = 0;
  readonly #owner: UdpEndpointOwner;

  constructor(owner: UdpEndpointOwner, local: BoundAddress, localPort: number, user: UdpUser, memberships?: MembershipService) {
    super(owner, local, memberships);
    this.#owner = owner;
    this.localPort = localPort;
    this.user = user;
  }

  /**
   * Sends `payload[at, end)` to `remote`, or to the peer, in fragments when it does not fit into the path's MTU: `too-long` is what
   * does not then when `dontFragment` is set, and everything over 65507 bytes. Without a peer and `remote` there is `no-route`; port 0 is `dropped`.
   */
  send(payload: Uint8Array, at = 0, end = payload.length, remote: IpAddress | undefined = this.peer, port = this.peerPort): UdpSendResult {
    if (remote === undefined || this.isClosed) return "no-route";
    return this.#owner.send(this, this.knownPathTo(remote), remote, port, payload, at, end);
  }

  /** How well the endpoint suits a datagram: 0 not at all, more for being connected to its sender and for being bound to its destination. */
  matchFor(source: AddressWords, sourcePort: number, destination: AddressWords): number {
    if (this.isClosed) return 0;
    const match = closeness(this.local, destination);
    if (match === 0) return 0;
    const isFromPeer = this.isFromPeer(source, sourcePort);
    if (this.peer !== undefined && !isFromPeer) return 0;
    return match + (isFromPeer ? PEER_MATCH : 0);
  }

  /** Queues a copy of the payload at `bytes[at, end)` of a datagram that matched. @returns `accepted`, or why the newest is lost */
  deliver(packet: InboundPacket, fromPort: number, at: number, end: number): PacketVerdict {
    if (this.isClosed) return "udp-no-endpoint";
    return this.queue(packet, fromPort, at, end) ? "accepted" : "udp-queue-full";
  }

  protected override closed(): void {
    this.#owner.closed(this);
  }

  protected override wasQueued(): void {
    this.user.readable?.();
  }
}
