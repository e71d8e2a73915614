import { type AddressWords, type IpAddress, isMulticast, isV4, sameAddress } from "../core/address.ts";
import { closeness } from "../core/bound-address.ts";
import { DatagramEndpoint, type DatagramEndpointOwner } from "../ip/datagram-endpoint.ts";
import type { Path } from "../ip/path.ts";
import type { InboundPacket } from "../ip/transport.ts";
import type { NetworkInterface } from "../link/network-interface.ts";
import type { Overhearing, RawEndpoint, RawOpenRequest, RawSendResult, RawUser } from "./raw-service.ts";

/** What an endpoint needs of `Raw`. */
export interface RawEndpointOwner extends DatagramEndpointOwner {
  send(from: OpenRawEndpoint, path: Path | undefined, remote: IpAddress, payload: Uint8Array, at: number, end: number): RawSendResult;
  /** The interface that has the address. */
  interfaceOf(address: AddressWords): NetworkInterface | undefined;
  overhearingChanged(endpoint: OpenRawEndpoint): void;
  queued(endpoint: OpenRawEndpoint): void;
  closed(endpoint: OpenRawEndpoint): void;
}

/** A raw endpoint; made by `Raw.open`. */
export class OpenRawEndpoint extends DatagramEndpoint implements RawEndpoint {
  readonly protocol: number;
  readonly user: RawUser;
  readonly isOfV4: boolean;
  includesHeader = false;
  checksumAt = -1;
  #overhearing: Overhearing | undefined;
  /** The link that is overheard. */
  #overheard: NetworkInterface | undefined;
  readonly #owner: RawEndpointOwner;

  /** @param local never of both families */
  constructor(owner: RawEndpointOwner, local: IpAddress, { protocol, user, memberships }: RawOpenRequest) {
    super(owner, local, memberships);
    this.#owner = owner;
    this.protocol = protocol;
    this.user = user;
    this.isOfV4 = isV4(local);
  }

  get overhearing(): Overhearing | undefined {
    return this.#overhearing;
  }

  get overheard(): NetworkInterface | undefined {
    return this.#overheard;
  }

  overhear(what: Overhearing | undefined): boolean {
    const link = what === undefined || this.source === undefined ? undefined : this.#owner.interfaceOf(this.source);
    if (what !== undefined && link === undefined) return false;
    this.#overhearing = what;
    this.#overheard = link;
    this.#owner.overhearingChanged(this);
    return true;
  }

  send(payload: Uint8Array, at = 0, end = payload.length, remote: IpAddress | undefined = this.peer): RawSendResult {
    if (remote === undefined || this.isClosed) return "no-route";
    return this.#owner.send(this, this.knownPathTo(remote), remote, payload, at, end);
  }

  /** Whether a datagram of its protocol and family is for it: by its destination where an address is bound, by its source while connected. */
  wants(packet: InboundPacket): boolean {
    const { source, destination } = packet;
    if (this.#overhearing !== undefined || (this.peer !== undefined && !sameAddress(this.peer, source))) return false;
    if (!isMulticast(destination)) return (this.takesBroadcast || !packet.isBroadcast) && closeness(this.local, destination) > 0;
    // What the host takes from groups is for whoever has not said an address.
    return closeness(this.boundTo, destination) > 0 ? !this.isUnwantedEcho(packet) : this.wantsFromGroup(packet);
  }

  /** Whether there is room for one more datagram; what is lost for want of it is counted. */
  takes(size: number): boolean {
    return !this.isClosed && this.makeRoom(size);
  }

  /** Queues a datagram that it takes. @param payload may be another endpoint's, too */
  deliver(packet: InboundPacket, payload: Uint8Array): void {
    this.keep(packet, 0, payload);
  }

  protected override closed(): void {
    this.overhear(undefined);
    this.#owner.closed(this);
  }

  protected override wasQueued(): void {
    this.#owner.queued(this);
  }
}
