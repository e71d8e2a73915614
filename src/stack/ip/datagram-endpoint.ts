import { type AddressWords, type IpAddress, keepAddress, sameAddress, sameFamily } from "../core/address.ts";
import { type BoundAddress, specificOf } from "../core/bound-address.ts";
import type { HostContext } from "../core/context.ts";
import type { InterfaceService } from "../link/interface-service.ts";
import type { Datagram, DatagramChannel, MulticastOptions } from "./datagram.ts";
import type { DatagramSender } from "./datagram-paths.ts";
import { type MembershipOwner, type MembershipService, Memberships } from "./groups/memberships.ts";
import type { Path, RouteFailure } from "./path.ts";
import type { PayloadSlabs } from "./payload-slabs.ts";
import type { InboundPacket } from "./transport.ts";

/** What a queued datagram costs beside its payload, so that empty ones fill the queue too. */
const DATAGRAM_OVERHEAD = 64;

/** What an endpoint needs of its protocol. */
export interface DatagramEndpointOwner {
  readonly context: HostContext;
  readonly membershipOwner: MembershipOwner;
  readonly payloads: PayloadSlabs;
  routeTo(remote: IpAddress, from: DatagramSender): Path | RouteFailure;
}

/** An address, perhaps a peer, and datagrams that wait to be taken, as many as fit into the receive buffer. */
export abstract class DatagramEndpoint implements DatagramChannel, DatagramSender {
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
  dropsOldest = false;
  readonly #owner: DatagramEndpointOwner;
  #peer: IpAddress | undefined;
  #peerPort = 0;
  #path: Path | undefined;
  #queue: Datagram[] = [];
  #head = 0;
  #payloadBytes = 0;
  #queueLimit: number;
  #isClosed = false;

  constructor(owner: DatagramEndpointOwner, local: BoundAddress, memberships?: MembershipService) {
    this.#owner = owner;
    this.boundTo = local;
    this.source = specificOf(local);
    this.memberships = memberships ?? new Memberships(owner.membershipOwner);
    this.#ownsMemberships = memberships === undefined;
    this.#queueLimit = owner.context.profile.udpReceiveBufferBytes;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get local(): BoundAddress {
    return this.#path?.local ?? this.boundTo;
  }

  /** What a connect chose is nothing to the other family, which a socket of both reaches still. */
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

  /** The way to the peer, for what goes there as connected. */
  protected knownPathTo(remote: IpAddress): Path | undefined {
    const isToPeer = this.#peer !== undefined && sameAddress(remote, this.#peer);
    return isToPeer && this.sendsFrom === undefined && this.sendsThrough === undefined ? this.#path : undefined;
  }

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

  peek(): Datagram | undefined {
    return this.#queue[this.#head];
  }

  get queuedDatagrams(): number {
    return this.#queue.length - this.#head;
  }

  get queuedBytes(): number {
    return this.#payloadBytes;
  }

  discardQueuedExcept(address: IpAddress, port: number): void {
    this.#queue = this.#queue.slice(this.#head).filter((d) => d.fromPort === port && sameAddress(d.from, address));
    this.#head = 0;
    this.#payloadBytes = this.#queue.reduce((bytes, d) => bytes + d.payload.length, 0);
  }

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
    this.closed();
  }

  /** No datagrams are wanted any more. */
  protected abstract closed(): void;
  /** One was queued. */
  protected abstract wasQueued(): void;

  protected isFromPeer(source: AddressWords, port: number): boolean {
    return this.#peer !== undefined && this.#peerPort === port && sameAddress(this.#peer, source);
  }

  /** Whether the datagram, which was sent to a group, is for a member here. */
  wantsFromGroup(packet: InboundPacket): boolean {
    return !this.isUnwantedEcho(packet) && this.memberships.admits(packet.through!, packet.destination, packet.source);
  }

  /** It was sent here to a group, and this endpoint does not want to hear such. */
  protected isUnwantedEcho({ isLoopback }: InboundPacket): boolean {
    return isLoopback && !this.multicast.loop && this.#owner.context.profile.multicastLoopAt === "receiver";
  }

  /** Queues a copy of `bytes[at, end)` of the packet. @returns whether there was room; where there was none the newest is lost */
  protected queue(packet: InboundPacket, fromPort: number, at: number, end: number): boolean {
    if (!this.makeRoom(end - at)) return false;
    this.keep(packet, fromPort, this.#owner.payloads.copy(packet.bytes, at, end));
    return true;
  }

  /** For one more datagram; what is lost for want of it is counted. */
  protected makeRoom(size: number): boolean {
    if (this.#hasRoom(size)) return true;
    this.lostDatagrams++;
    if (!this.dropsOldest) return false;
    this.receive();
    while (!this.#hasRoom(size)) {
      this.lostDatagrams++;
      this.receive();
    }
    return true;
  }

  /** Queues a datagram for which there is room. @param payload nobody's to change */
  protected keep({ source, destination, through, ttl, trafficClass }: InboundPacket, fromPort: number, payload: Uint8Array): void {
    const last = this.#queue[this.#queue.length - 1];
    const from = last !== undefined && sameAddress(last.from, source) ? last.from : keepAddress(source);
    const to = last !== undefined && sameAddress(last.to, destination) ? last.to : keepAddress(destination);
    this.#queue.push({ from, fromPort, to, interface: through!, payload, ttl, trafficClass });
    this.#payloadBytes += payload.length;
    this.wasQueued();
  }

  #hasRoom(size: number): boolean {
    const queued = this.queuedDatagrams;
    return queued === 0 || this.#payloadBytes + size + (queued + 1) * DATAGRAM_OVERHEAD <= this.#queueLimit;
  }
}
