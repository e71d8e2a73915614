import { ETHERNET_HEADER, isTagged, VLAN_TAG } from "../stack/link/frame-check.ts";
import { u16, u32 } from "../stack/packet/bytes.ts";

/** Kinds of frames by what is in them: `ack` is a TCP segment with neither data nor SYN, FIN or RST; `data` has payload. */
export const FRAME_KINDS = ["any", "arp", "icmp", "udp", "tcp", "syn", "syn-ack", "rst", "fin", "data", "ack"] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** Where TCP or UDP lies in a frame. */
export interface TransportHeader {
  readonly isV4: boolean;
  readonly isTcp: boolean;
  readonly ip: number;
  /** Of the transport header, which is whole. */
  readonly header: number;
  /** Of the datagram: a short frame is padded behind it. */
  readonly end: number;
}

/** Whether the frame is of this kind. Takes any bytes; a broken frame is of kind `any` only, a later fragment only of its protocol. */
export function isOfKind(kind: FrameKind, b: Uint8Array, at: number, end: number): boolean {
  if (kind === "any") return true;
  if (kind === "arp") return isArp(b, at, end);
  const ip = ipAt(b, at, end);
  if (ip < 0) return false;
  const isV4 = isIpv4(b, ip);
  const protocol = isV4 ? b[ip + 9]! : b[ip + 6]!;
  if (kind === "icmp") return protocol === (isV4 ? ICMP : ICMPV6);
  if (kind === "udp") return protocol === UDP;
  if (kind === "tcp") return protocol === TCP;
  const place = transportIn(b, at, end);
  if (!place?.isTcp) return false;
  return isSegmentOfKind(kind, b[place.header + 13]!, place.end - dataAt(b, place));
}

/** The TCP or UDP header in a frame; undefined where there is none, or not the whole of it. Takes any bytes. */
export function transportIn(b: Uint8Array, at: number, end: number): TransportHeader | undefined {
  const ip = ipAt(b, at, end);
  if (ip < 0) return undefined;
  const isV4 = isIpv4(b, ip);
  const protocol = isV4 ? b[ip + 9]! : b[ip + 6]!;
  if (protocol !== TCP && protocol !== UDP) return undefined;
  const isTcp = protocol === TCP;
  const isLaterFragment = isV4 && (u16(b, ip + 6) & 0x1fff) !== 0;
  const header = ip + (isV4 ? (b[ip]! & 0x0f) * 4 : 40);
  const datagramEnd = Math.min(end, isV4 ? ip + u16(b, ip + 2) : ip + 40 + u16(b, ip + 4));
  if (isLaterFragment || header + (isTcp ? 20 : 8) > datagramEnd) return undefined;
  return { isV4, isTcp, ip, header, end: datagramEnd };
}

/** Whether the frame is from this port or to it. */
export function isOfPort(port: number, b: Uint8Array, at: number, end: number): boolean {
  const place = transportIn(b, at, end);
  return place !== undefined && (u16(b, place.header) === port || u16(b, place.header + 2) === port);
}

/** Whether the frame is a TCP segment that begins with this sequence number, 0 to 2^32 − 1. */
export function hasSequence(sequence: number, b: Uint8Array, at: number, end: number): boolean {
  const place = transportIn(b, at, end);
  return place?.isTcp === true && u32(b, place.header + 4) === sequence;
}

/** Where the text of a TCP segment begins, by its header. */
export const dataAt = (b: Uint8Array, { header }: TransportHeader): number => header + (b[header + 12]! >>> 4) * 4;

function isArp(b: Uint8Array, at: number, end: number): boolean {
  const network = networkAt(b, at);
  return network <= end && u16(b, network - 2) === ARP;
}

/** Where a whole header of IP begins, or −1. */
function ipAt(b: Uint8Array, at: number, end: number): number {
  const ip = networkAt(b, at);
  if (ip > end) return -1;
  const type = u16(b, ip - 2);
  const isThere = type === IPV4 ? ip + 20 <= end && isIpv4(b, ip) : type === IPV6 && ip + 40 <= end && b[ip]! >>> 4 === 6;
  return isThere ? ip : -1;
}

const networkAt = (b: Uint8Array, at: number): number => at + ETHERNET_HEADER + (isTagged(b, at) ? VLAN_TAG : 0);

const isIpv4 = (b: Uint8Array, ip: number): boolean => b[ip]! >>> 4 === 4;

function isSegmentOfKind(kind: Exclude<FrameKind, "any" | "arp" | "icmp" | "udp" | "tcp">, flags: number, payload: number): boolean {
  switch (kind) {
    case "syn":
      return (flags & (SYN | ACK)) === SYN;
    case "syn-ack":
      return (flags & (SYN | ACK)) === (SYN | ACK);
    case "rst":
      return (flags & RST) !== 0;
    case "fin":
      return (flags & FIN) !== 0;
    case "data":
      return payload > 0;
    case "ack":
      return (flags & (ACK | SYN | FIN | RST)) === ACK && payload <= 0;
  }
}
