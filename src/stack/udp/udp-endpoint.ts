import { type AddressWords, type IpAddress, keepAddress, sameAddress, sameFamily } from "../core/address.ts";
import { type BoundAddress, closeness, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import { type MembershipOwner, type MembershipService, Memberships } from "../ip/groups/memberships.ts";
import type { HeaderChoices, Path, RouteFailure } from "../ip/path.ts";
import type { InboundPacket } from "../ip/transport.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { PayloadSlabs } from "./payload-slabs.ts";
import type { UdpEndpoint } from "./udp-service.ts";
import type { Datagram, MulticastOptions, UdpSendResult, UdpUser } from "./udp-user.ts";

/** What a queued datagram costs beside its payload, so that empty ones fill the queue too. */
const DATAGRAM_OVERHEAD = 64;
/** Being connected to the sender counts for more than any address bound to. */
const PEER_MATCH = 3;

/** What an endpoint needs of UDP. */
export interface UdpEndpointOwner {
  readonly membershipOwner: MembershipOwner;
  readonly payloads: PayloadSlabs;
  readonly context: HostContext;
  routeTo(remote: IpAddress, from: BoundEndpoint): Path | RouteFailure;
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
export class BoundEndpoint implements UdpEndpoint, HeaderChoices {
  readonly localPort: number;
  /** May be changed when the endpoint passes to another owner. */
  user: UdpUser;
  readonly boundTo: BoundAddress;
  /** The one address that it is bound to, from which its datagrams leave. */
  readonly source: IpAddress | undefined;
  ttl: number | undefined;
  trafficClass = 0;
  dontFragment = false;
  allowsBroadcast = false;
  takesBroadcast = true;
  readonly multicast: MulticastOptions = { interface: undefined, ttl: 1, loop: true };
  sendsFrom: IpAddress | undefined;
  sendsThrough: InterfaceService | undefined;
  readonly memberships: MembershipService;
  readonly #ownsMemberships: boolean;
  lostDatagrams = 0;
  segmentBytes = 0;
  dropsOldest = false;
  readonly #owner: UdpEndpointOwner;
  #peer: IpAddress | undefined;
  #peerPort = 0;
  #path: Path | undefined;
  #queue: Datagram[] = [];
  #head = 0;
  #payloadBytes = 0;
  #queueLimit: number;
  #isClosed = false;

  constructor(owner: UdpEndpointOwner, local: BoundAddress, localPort: number, user: UdpUser, memberships?: MembershipService) {
    this.#owner = owner;
    this.boundTo = local;
    this.source = specificOf(local);
    this.localPort = localPort;
    this.user = user;
    this.memberships = memberships ?? new Memberships(owner.membershipOwner);
    this.#ownsMemberships = memberships === undefined;
    this.#queueLimit = owner.context.profile.udpReceiveBufferBytes;
  }

  /** The address bound to, or while connected the one that was chosen. */
  get local(): BoundAddress {
    return this.#path?.local ?? this.boundTo;
  }

  /** The address of ours for what goes to somebody: what a connect chose is nothing to the other family, which a socket of both reaches still. */
  sourceTowards(remote: IpAddress): IpAddress | undefined {
    if (this.sendsFrom !== undefined) return this.sendsFrom;
    const local = specificOf(this.local);
    return local !== undefined && sameFamily(local, remote) ? local : this.source;
  }

  get peer(): IpAddress | undefined {
    return this.#peer;
  }

  /** 0 while there is no peer. */
  get peerPort(): number {
    return this.#peerPort;
  }

  /** Sets the peer: the default for `send`, and the only one whose datagrams are received. What is queued stays; see `discardQueuedExcept`. */
  connect(remote: IpAddress, port: number): RouteFailure | undefined {
    const path = this.#owner.routeTo(remote, this);
    if (typeof path === "string") return path;
    this.#peer = path.remote;
    this.#peerPort = port;
    this.#path = path;
    return undefined;
  }

  disconnect(): void {
    this.#peer = undefined;
    this.#peerPort = 0;
    this.#path = undefined;
  }

  /**
   * Sends `payload[at, end)` to `remote`, or to the peer, in fragments when it does not fit into the path's MTU: `too-long` is what
   * does not then when `dontFragment` is set, and everything over 65507 bytes. Without a peer and `remote` there is `no-route`; port 0 is `dropped`.
   */
  send(
    payload: Uint8Array,
    at = 0,
    end = payload.length,
    remote: IpAddress | undefined = this.#peer,
    port = this.#peerPort,
  ): UdpSendResult {
    if (remote === undefined || this.#isClosed) return "no-route";
    const isToPeer = this.#peer !== undefined && sameAddress(remote, this.#peer);
    const isAsConnected = isToPeer && this.sendsFrom === undefined && this.sendsThrough === undefined;
    return this.#owner.send(this, isAsConnected ? this.#path : undefined, remote, port, payload, at, end);
  }

  /** The oldest queued datagram, whose bytes the caller may keep. */
  receive(): Datagram | undefined {
    const datagram = this.#queue[this.#head];
    if (datagram === undefined) return undefined;
    this.#head++;
    this.#payloadBytes -= datagram.payload.length;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return datagram;
  }

  /** As `receive`, leaving it where it is. */
  peek(): Datagram | undefined {
    return this.#queue[this.#head];
  }

  get queuedDatagrams(): number {
    return this.#queue.length - this.#head;
  }

  /** Payload of all that is queued. */
  get queuedBytes(): number {
    return this.#payloadBytes;
  }

  /** Throws away what was queued from anybody but this peer (Microsoft, `connect`: datagrams from other addresses are discarded). */
  discardQueuedExcept(address: IpAddress, port: number): void {
    this.#queue = this.#queue.slice(this.#head).filter((d) => d.fromPort === port && sameAddress(d.from, address));
    this.#head = 0;
    this.#payloadBytes = this.#queue.reduce((bytes, d) => bytes + d.payload.length, 0);
  }

  /** Bound of the queue in bytes, each datagram counted with a small overhead; an empty queue takes one of any size. What is queued already stays. */
  setReceiveBuffer(bytes: number): void {
    this.#queueLimit = bytes;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#ownsMemberships) this.memberships.leaveAll();
    this.#queue = [];
    this.#head = 0;
    this.#payloadBytes = 0;
    this.#owner.closed(this);
  }

  /** How well the endpoint suits a datagram: 0 not at all, more for being connected to its sender and for being bound to its destination. */
  matchFor(source: AddressWords, sourcePort: number, destination: AddressWords): number {
    if (this.#isClosed) return 0;
    const match = closeness(this.local, destination);
    if (match === 0) return 0;
    const isFromPeer = this.#peer !== undefined && this.#peerPort === sourcePort && sameAddress(this.#peer, source);
    if (this.#peer !== undefined && !isFromPeer) return 0;
    return match + (isFromPeer ? PEER_MATCH : 0);
  }

  /** Whether the datagram, which was sent to a group, is for a member here. */
  wantsFromGroup({ through, source, destination, isLoopback }: InboundPacket): boolean {
    if (isLoopback && !this.multicast.loop && this.#owner.context.profile.multicastLoopAt === "receiver") return false;
    return this.memberships.admits(through!, destination, source);
  }

  /** Queues a copy of the payload at `bytes[at, end)` of a datagram that matched. @returns `accepted`, or why the newest is lost */
  deliver(packet: InboundPacket, fromPort: number, at: number, end: number): PacketVerdict {
    if (this.#isClosed) return "udp-no-endpoint";
    const size = end - at;
    if (!this.#hasRoom(size)) {
      this.lostDatagrams++;
      if (!this.dropsOldest) return "udp-queue-full";
      this.receive();
      while (!this.#hasRoom(size)) {
        this.lostDatagrams++;
        this.receive();
      }
    }
    const last = this.#queue[this.#queue.length - 1];
    const from = last !== undefined && sameAddress(last.from, packet.source) ? last.from : keepAddress(packet.source);
    const to = last !== undefined && sameAddress(last.to, packet.destination) ? last.to : keepAddress(packet.destination);
    const { ttl, trafficClass } = packet;
    this.#queue.push({
      from,
      fromPort,
      to,
      interface: packet.through!,
      payload: this.#owner.payloads.copy(packet.bytes, at, end),
      ttl,
      trafficClass,
    });
    this.#payloadBytes += size;
    this.user.readable?.();
    return "accepted";
  }

  /** For one more datagram. */
  #hasRoom(size: number): boolean {
    const queued = this.queuedDatagrams;
    return queued === 0 || this.#payloadBytes + size + (queued + 1) * DATAGRAM_OVERHEAD <= this.#queueLimit;
  }
}
