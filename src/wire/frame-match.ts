import { ETHERNET_HEADER, isTagged, VLAN_TAG } from "../stack/link/frame-check.ts";

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

/** Whether the frame is of this kind. Takes any bytes; a broken frame is of kind `any` only, a later fragment only of its protocol. */
export function isOfKind(kind: FrameKind, b: Uint8Array, at: number, end: number): boolean {
  if (kind === "any") return true;
  const ip = at + ETHERNET_HEADER + (isTagged(b, at) ? VLAN_TAG : 0);
  if (ip > end) return false;
  const type = u16(b, ip - 2);
  if (kind === "arp") return type === ARP;
  const isV4 = type === IPV4 && ip + 20 <= end && b[ip]! >>> 4 === 4;
  const isV6 = type === IPV6 && ip + 40 <= end && b[ip]! >>> 4 === 6;
  if (!isV4 && !isV6) return false;
  const protocol = isV4 ? b[ip + 9]! : b[ip + 6]!;
  if (kind === "icmp") return protocol === (isV4 ? ICMP : ICMPV6);
  if (kind === "udp") return protocol === UDP;
  if (protocol !== TCP) return false;
  if (kind === "tcp") return true;

  const isLaterFragment = isV4 && (u16(b, ip + 6) & 0x1fff) !== 0;
  const tcp = ip + (isV4 ? (b[ip]! & 0x0f) * 4 : 40);
  // The datagram's own length, for a short frame is padded.
  const datagramEnd = Math.min(end, isV4 ? ip + u16(b, ip + 2) : ip + 40 + u16(b, ip + 4));
  if (isLaterFragment || tcp + 20 > datagramEnd) return false;
  const flags = b[tcp + 13]!;
  const payload = datagramEnd - tcp - (b[tcp + 12]! >>> 4) * 4;
  return isSegmentOfKind(kind, flags, payload);
}

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

const u16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!;
