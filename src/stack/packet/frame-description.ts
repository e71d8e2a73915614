/** What a frame is told as: plain data, fit for JSON, and one line. */
import type * as arp from "./arp.ts";
import type * as dns from "./dns.ts";
import type * as ethernet from "./ethernet.ts";
import type * as extensionHeaders from "./extension-headers.ts";
import type * as icmp from "./icmp.ts";
import type * as icmpv6 from "./icmpv6.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import type * as mld from "./mld.ts";
import type * as ndp from "./ndp.ts";
import type * as tcp from "./tcp.ts";
import type * as udp from "./udp.ts";

/** Everything that can be wrong with the shape of a frame. */
export type MalformedFrame =
  | ethernet.Malformed
  | arp.Malformed
  | ipv4.Malformed
  | icmp.Malformed
  | icmp.MalformedQuote
  | tcp.Malformed
  | "tcp-bad-option"
  | udp.Malformed
  | dns.Malformed
  | ipv6.Malformed
  | extensionHeaders.ChainReason
  | icmpv6.Malformed
  | icmpv6.MalformedQuote
  | ndp.Malformed
  | mld.Malformed;

export interface Described {
  /** The innermost address known: `203.0.113.2:49152`, `[2001:db8::2]:49152`, `203.0.113.2`, or a MAC. */
  readonly source: string;
  readonly destination: string;
  /** One line, source and destination included. */
  readonly summary: string;
  /** What is wrong; the fields then hold what could be read all the same. */
  readonly malformed?: MalformedFrame;
}

/** Fields of the IPv4 header that carries a message. */
export interface Ipv4Fields {
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly ttl: number;
  readonly tos: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  /** Header and payload, in bytes. */
  readonly totalLength: number;
}

/** Fields of the IPv6 header that carries a message, and of what lies between. Addresses of one link stand without their zone. */
export interface Ipv6Fields {
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** Everything behind the header, in bytes. */
  readonly payloadLength: number;
  /** Names of the headers before the message, in their order; that of a fragment ends them. */
  readonly extensionHeaders: readonly string[];
}

export type IpFields = Ipv4Fields | Ipv6Fields;

export interface TcpDescription extends Described {
  readonly protocol: "tcp";
  readonly ip: IpFields;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** As `SYN,ACK`. */
  readonly flags: string;
  readonly seq: number;
  /** 0 without the ACK flag, whatever the field holds. */
  readonly ack: number;
  /** As sent, before the RFC 7323 shift. */
  readonly window: number;
  readonly urgentPointer: number;
  /** In the order of the header, padding included: `mss 1460`, `nop`, `ws 8`, … */
  readonly options: readonly string[];
  /** In bytes. */
  readonly payloadLength: number;
}

export interface UdpDescription extends Described {
  readonly protocol: "udp";
  readonly ip: IpFields;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** In bytes. */
  readonly payloadLength: number;
  /** What the DNS message says that comes from or goes to port 53: `A? www.example.com`. */
  readonly dns?: string;
}

export interface IcmpDescription extends Described {
  readonly protocol: "icmp";
  readonly ip: Ipv4Fields;
  readonly type: number;
  readonly code: number;
  /** The message's name: `echo request`, `port unreachable`. */
  readonly message: string;
  /** Bytes after the header of eight. */
  readonly payloadLength: number;
  /** Of an echo. */
  readonly identifier?: number;
  /** Of an echo. */
  readonly sequence?: number;
  /** Of "fragmentation needed", in bytes. */
  readonly nextHopMtu?: number;
  /** The datagram that an error is about: `tcp 203.0.113.2:49152 → 203.0.113.1:80`. */
  readonly quoted?: string;
}

export interface Icmpv6Description extends Described {
  readonly protocol: "icmpv6";
  readonly ip: Ipv6Fields;
  readonly type: number;
  readonly code: number;
  /** The message's name: `echo request`, `neighbour solicitation`, `packet too big`. */
  readonly message: string;
  /** What the message says beside its name, in the words of the summary; empty for what has no more to say. */
  readonly detail: string;
  /** Bytes after the header of eight. */
  readonly payloadLength: number;
  /** Of an echo. */
  readonly identifier?: number;
  /** Of an echo. */
  readonly sequence?: number;
  /** Of "packet too big", in bytes. */
  readonly nextHopMtu?: number;
  /** Whom a message of neighbour discovery is about. */
  readonly target?: string;
  /** The packet that an error is about: `tcp [2001:db8::2]:49152 → [2001:db8::1]:80`. */
  readonly quoted?: string;
}

export interface ArpDescription extends Described {
  readonly protocol: "arp";
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}

/** A datagram of another protocol, a fragment, or one whose content is malformed. */
export interface Ipv4Description extends Described {
  readonly protocol: "ipv4";
  readonly ip: Ipv4Fields;
  readonly payloadProtocol: number;
  /** In bytes; 0 in what is no fragment, and in a first one. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** In bytes. */
  readonly payloadLength: number;
}

/** A packet of another protocol, a fragment, or one whose content is malformed. */
export interface Ipv6Description extends Described {
  readonly protocol: "ipv6";
  readonly ip: Ipv6Fields;
  readonly payloadProtocol: number;
  /** In bytes; 0 in what is no fragment, and in a first one. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** Behind the extension headers, in bytes. */
  readonly payloadLength: number;
}

/** A frame of another type, or one whose content is malformed. */
export interface EthernetDescription extends Described {
  readonly protocol: "ethernet";
  /** The type field; 0 when the frame is too short to have one. */
  readonly etherType: number;
  /** Bytes after the header. */
  readonly payloadLength: number;
}

/** Plain data, fit for JSON. What is malformed is described at the last layer that could be read. */
export type FrameDescription =
  | TcpDescription
  | UdpDescription
  | IcmpDescription
  | Icmpv6Description
  | ArpDescription
  | Ipv4Description
  | Ipv6Description
  | EthernetDescription;

/** The summary, and behind it the reason when there is one. */
export const withTrouble = (what: string, malformed: MalformedFrame | undefined): { summary: string; malformed?: MalformedFrame } =>
  malformed === undefined ? { summary: what } : { summary: `${what} ${malformed}`, malformed };

/** `203.0.113.2:80`, `[2001:db8::2]:80`. */
export const withPort = (address: string, port: number): string => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [ipv4.PROTOCOL_ICMP, "icmp"],
  [ipv4.PROTOCOL_IGMP, "igmp"],
  [ipv4.PROTOCOL_TCP, "tcp"],
  [ipv4.PROTOCOL_UDP, "udp"],
  [ipv6.PROTOCOL_ICMP, "icmpv6"],
  [ipv6.NO_NEXT_HEADER, "nothing"],
]);

export const protocolName = (protocol: number): string => PROTOCOL_NAMES.get(protocol) ?? `protocol ${protocol}`;
