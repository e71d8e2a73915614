import { type AddressSlot, type IpAddress, makeAddressSlot } from "../core/address.ts";
import type { PacketVerdict } from "../core/drop-reasons.ts";
import type { NetworkInterface } from "../link/network-interface.ts";

/** A datagram for a transport, headers checked and IP header taken off. One record is refilled for each; bytes are valid during the call only. */
export interface InboundPacket {
  bytes: Uint8Array;
  /** Where the IP header begins. */
  ipAt: number;
  /** Where the transport header begins. */
  at: number;
  /** Where the datagram ends by IP's total length, link padding trimmed. */
  end: number;
  /** Refilled as the record is: `keepAddress` what must outlive the call. */
  readonly source: AddressSlot;
  readonly destination: AddressSlot;
  /** The interface that it came in by; undefined only before the first packet. */
  through: NetworkInterface | undefined;
  /** Nobody needs to verify the transport checksum: the device did, or the frame never left this machine. */
  checksumVerified: boolean;
  /** Sent to a broadcast or multicast address, of the link or of IP. */
  isBroadcast: boolean;
  /** Came through the loopback. */
  isLoopback: boolean;
  /** Time to live, or hop limit, as it came. */
  ttl: number;
  /** In IPv4 the TOS octet: DSCP in the upper six bits (RFC 2474), ECN in the lower two (RFC 3168). */
  trafficClass: number;
  /** Payload bytes in each wire segment when the device merged several; 0 for a single one. */
  gsoSize: number;
}

/** An empty record of a packet, for who fills it. */
export const makeInboundPacket = (bytes = new Uint8Array(0)): InboundPacket => ({
  bytes,
  ipAt: 0,
  at: 0,
  end: 0,
  source: makeAddressSlot(),
  destination: makeAddressSlot(),
  through: undefined,
  checksumVerified: false,
  isBroadcast: false,
  isLoopback: false,
  ttl: 0,
  trafficClass: 0,
  gsoSize: 0,
});

/** What an ICMP error said about a datagram of ours (RFC 1122 §3.2.2, §4.2.3.9). */
export type IcmpErrorKind =
  | "net-unreachable"
  | "host-unreachable"
  | "protocol-unreachable"
  | "port-unreachable"
  | "fragmentation-needed"
  | "source-route-failed"
  | "administratively-prohibited"
  | "ttl-exceeded"
  | "reassembly-timeout"
  | "parameter-problem";

/** The quoted datagram's end points, seen from here, and where its transport header lies in `bytes`. */
export interface IcmpError {
  readonly kind: IcmpErrorKind;
  readonly type: number;
  readonly code: number;
  /** Who says so. */
  readonly reporter: IpAddress;
  readonly local: IpAddress;
  readonly remote: IpAddress;
  /** The whole quoted transport header may not be there: at least 8 bytes are. */
  readonly bytes: Uint8Array;
  readonly transportAt: number;
  readonly end: number;
  /** The path's MTU from now on when `kind` is fragmentation-needed: at least 576, guessed by RFC 1191 §7 when the router did not tell; otherwise 0. */
  readonly mtu: number;
}

/** What IP hands datagrams to: TCP, UDP. */
export interface Transport {
  readonly protocol: number;
  /** The verdict names what became of the packet. Any but `accepted` is counted in the drops and traced by who called. */
  input(packet: InboundPacket): PacketVerdict;
  /**
   * @returns whether the quote belongs to something in flight here (RFC 5927 §4.1). While a fragmentation-needed is being judged,
   * `mtu` of the paths to `remote` is lowered already; an error that is not believed has it put back.
   */
  icmpError(error: IcmpError): boolean;
}

/** Takes copies of what IP hands up, beside the transports. */
export interface RawReceiver {
  /** @returns whether somebody wants the datagram: then it has come to something, whatever else becomes of it */
  take(protocol: number, packet: InboundPacket): boolean;
}
