import type { IpAddress } from "../core/address.ts";
import type { BoundAddress } from "../core/bound-address.ts";
import type { DatagramChannel, DatagramSendResult } from "../ip/datagram.ts";
import type { MembershipService } from "../ip/groups/memberships.ts";

/** What a raw endpoint tells its owner; each as far as the owner wants to hear it. */
export interface RawUser {
  /** A datagram was queued. */
  readable?(): void;
  /** The device is gone under the endpoint: nothing will come any more. */
  networkDown?(): void;
}

/**
 * Beside what sends have in common: `bad-header` where the program gives a header that is none, or fewer bytes than the checksum needs;
 * `protocol-not-allowed` for segments of TCP.
 */
export type RawSendResult = DatagramSendResult | "bad-header" | "protocol-not-allowed";

/** `device`: every IP datagram that the device shows. `host`: those that are addressed to this station's link address, or a group's. */
export type Overhearing = "device" | "host";

/**
 * What comes and goes of one protocol over IP, without a transport (Microsoft, "TCP/IP Raw Sockets"). A datagram's payload is of IPv4 the
 * whole datagram with its header, of IPv6 what follows the last header. None of its calls waits.
 */
export interface RawEndpoint extends DatagramChannel {
  readonly protocol: number;
  /** Payloads out begin with the IP header. */
  includesHeader: boolean;
  /** Where in payloads out over IPv6 a checksum over pseudo-header and payload is to be put; −1 for none. ICMPv6 has its own always. */
  checksumAt: number;
  /** What is heard of the interface that has the address bound to, both ways, in place of what came for the protocol; undefined for nothing. */
  readonly overhearing: Overhearing | undefined;
  /** @returns false where no interface has the address bound to */
  overhear(what: Overhearing | undefined): boolean;
  /**
   * Sends `payload[at, end)`, all of it by default, to `remote`, or to the peer, in fragments when it does not fit into the path's MTU,
   * but for one with its own header, which is `too-long` then. A datagram of UDP that names a source which is not ours is `dropped`.
   */
  send(payload: Uint8Array, at?: number, end?: number, remote?: IpAddress): RawSendResult;
}

export interface RawOpenRequest {
  /** 0 to 255; 0 receives nothing but what is overheard. */
  readonly protocol: number;
  /** One address of ours, or 0.0.0.0 or :: for those of one family. */
  readonly local: BoundAddress;
  readonly user: RawUser;
  /** They do not end with the endpoint. */
  readonly memberships?: MembershipService;
}

/** Raw endpoints as their users see them. */
export interface RawService {
  open(request: RawOpenRequest): RawEndpoint | "source-not-local";
  /** Every endpoint there is. */
  endpoints(): readonly RawEndpoint[];
}
