import type { IpAddress } from "../core/address.ts";
import type { FrameInfo } from "../core/frame-info.ts";
import type { Offloads } from "../link/link-device.ts";

/**
 * `queued`: waits for its neighbour's link address. `full`: the device takes nothing now. `dropped`: lost, counted with a reason.
 * `too-long`: does not fit into the path's MTU, or into any datagram, and must not be fragmented; counted too.
 */
export type SendResult = "sent" | "queued" | "full" | "dropped" | "too-long";

/** What a transport may choose of the header of a datagram (RFC 1122 §3.2.1.6–7). */
export interface HeaderChoices {
  /** Time to live, hop limit in IPv6: undefined for the profile's. 0 leaves what goes to a group on this host. */
  readonly ttl: number | undefined;
  /** TOS in IPv4: DSCP in the upper six bits (RFC 2474), ECN in the lower two (RFC 3168). */
  readonly trafficClass: number;
  /** The datagram leaves whole or not at all, and no router may cut it. TCP's always do. */
  readonly dontFragment: boolean;
  /** Members of a group on this host get what is sent there, too (RFC 1112 §6.1): they do unless this is false. */
  readonly loopsBack?: boolean;
}

/** Why there is no path; Winsock turns them into WSAENETUNREACH, WSAEADDRNOTAVAIL and WSAENETDOWN. */
export type RouteFailure = "no-route" | "source-not-local" | "interface-down";

/**
 * How a flow reaches its peer: source address chosen, interface and neighbour looked up once and kept, whatever the family.
 * A transport writes its segment into a buffer, leaving `headroom` bytes free before it; the path fills those in.
 */
export interface Path {
  readonly local: IpAddress;
  readonly remote: IpAddress;
  /** FRAME_HEADROOM, Ethernet and IP header: bytes to leave free before the transport header. */
  readonly headroom: number;
  /** Link and IP header: bytes from the beginning of the frame to the transport header. */
  readonly headerLength: number;
  /** Of the IP header alone. */
  readonly ipHeaderLength: number;
  /** Text that a peer of TCP takes that names no maximum segment size, in bytes: RFC 9293 §3.7.1 MUST-15. */
  readonly defaultMss: number;
  /** Largest IP datagram towards the peer that leaves in one piece now, in bytes; path MTU discovery may lower it. */
  readonly mtu: number;
  /** Largest transport header with its payload, in as many fragments as it takes: MMS_S, and MMS_R too (RFC 1122 §3.3.2–3). */
  readonly maxMessage: number;
  /** What the device behind this path does for us now. */
  readonly offloads: Offloads;
  /** Marks a super-segment of TCP on this path. */
  readonly gsoType: FrameInfo["gsoType"];
  /** The device cuts such ones now. */
  readonly cutsSegments: boolean;
  /** Something waits for the link address of the next hop. */
  readonly awaitsNeighbour: boolean;
  /** Every station of the link gets what is sent. */
  readonly isBroadcast: boolean;
  /** The peer is reached through a loopback: nothing leaves the host. */
  readonly isLoopback: boolean;
  /** Folded sum of the pseudo-header of RFC 9293 §3.1 for `protocol`, without the length. */
  pseudoHeaderSum(protocol: number): number;
  /**
   * Sends the transport segment in `bytes[at, end)`, with IP and link header put before it. What is longer than the MTU leaves in
   * fragments, unless `choices` or TCP forbid it; their headers are written over what has left, so that nothing of `bytes` holds what
   * it held. They may be reused after the call.
   *
   * `info` is as for a frame, except that its offsets count from the transport header: a partial checksum is told by
   * `checksumOffset` above 0, with `checksumStart` 0 and the folded pseudo-header sum (length included) in the field; `headerLength`
   * of a super-segment is the transport header's. The path moves them in a copy and leaves `info` as it is. Ask for a partial
   * checksum or a super-segment only where `offloads` says so at this moment.
   */
  send(protocol: number, bytes: Uint8Array, at: number, end: number, info: FrameInfo, choices?: HeaderChoices): SendResult;
  /**
   * Sends the whole datagram in `bytes[ipAt, end)`, whose IP header is the caller's; FRAME_HEADROOM and a link header are free before it.
   * IPv4's checksum is filled in, and its identification where that is 0. It leaves in one piece or not at all.
   */
  sendDatagram(bytes: Uint8Array, ipAt: number, end: number, choices: HeaderChoices): SendResult;
  /** What was sent arrives, as answers tell: the next hop need not be asked (RFC 4861 §7.3.1). May be called for each. */
  confirm(): void;
  /** What was sent does not arrive any more: the next hop is asked for, and another one taken where it is silent (RFC 1122 §3.3.1.4). */
  suspect(): void;
}
