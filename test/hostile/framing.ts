import { type AddressWords, isMulticast, isV4 } from "../../src/stack/core/address.ts";
import { seq } from "../../src/stack/core/seq.ts";
import { putU16, putU32 } from "../../src/stack/packet/bytes.ts";
import * as internetChecksum from "../../src/stack/packet/checksum.ts";
import * as ethernet from "../../src/stack/packet/ethernet.ts";
import * as icmp from "../../src/stack/packet/icmp.ts";
import * as icmpv6 from "../../src/stack/packet/icmpv6.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import * as udp from "../../src/stack/packet/udp.ts";
import { VIRTIO_HEADER } from "../../src/tap/virtio-header.ts";

/**
 * Frames as a TAP device reads them, valid ones: a virtio header, which says nothing unless somebody fills it in, and behind it an Ethernet
 * frame from the attacker's station.
 */

/** Where the Ethernet frame begins. */
export const FRAME_AT = VIRTIO_HEADER;
export const PACKET_AT = FRAME_AT + ethernet.HEADER;

/** The station that all frames come from, unless something was done to them. */
export const PEER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** @param to six bytes */
export function ethernetFrame(to: Uint8Array, etherType: number, payloadBytes: number): Uint8Array {
  const frame = new Uint8Array(PACKET_AT + payloadBytes);
  ethernet.writeHeader(frame, FRAME_AT, to, PEER_MAC, etherType);
  return frame;
}

/** What the header of a packet says beside addresses and protocol. */
export interface PacketParts {
  /** TTL or hop limit; 64 unless given. */
  readonly ttl?: number;
  /** Options of the IPv4 header, a multiple of four bytes; extension headers of IPv6, the first one of protocol `first`. */
  readonly extra?: Uint8Array;
  readonly first?: number;
  readonly id?: number;
}

/** A packet of either family in its frame, for the station `mac` or for the group that `to` is. */
export function packetFrame(
  mac: Uint8Array,
  from: AddressWords,
  to: AddressWords,
  protocol: number,
  payload: Uint8Array,
  parts: PacketParts = {},
): Uint8Array {
  const { ttl = 64, extra = NOTHING, first = protocol, id = 0 } = parts;
  const isOfV4 = isV4(to);
  const header = (isOfV4 ? ipv4.MIN_HEADER : ipv6.HEADER) + extra.length;
  const frame = ethernetFrame(mac, isOfV4 ? ethernet.TYPE_IPV4 : ethernet.TYPE_IPV6, header + payload.length);
  if (isMulticast(to)) {
    if (isOfV4) ethernet.putMulticastMacV4(frame, FRAME_AT, to.w3);
    else {
      putU16(frame, FRAME_AT, 0x3333);
      putU32(frame, FRAME_AT + 2, to.w3);
    }
  } else if (isOfV4 && to.w3 === -1) frame.fill(0xff, FRAME_AT, FRAME_AT + ethernet.MAC_LENGTH);
  if (isOfV4) {
    ipv4.writeHeader(frame, PACKET_AT, header + payload.length, from.w3, to.w3, protocol, ttl, id, 0);
    frame[PACKET_AT] = 0x40 | (header / 4);
    frame.set(extra, PACKET_AT + ipv4.MIN_HEADER);
    ipv4.putChecksum(frame, PACKET_AT);
  } else {
    ipv6.writeHeader(frame, PACKET_AT, extra.length + payload.length, from, to, first, ttl);
    frame.set(extra, PACKET_AT + ipv6.HEADER);
  }
  frame.set(payload, PACKET_AT + header);
  return frame;
}

const NOTHING = new Uint8Array(0);

const pseudoHeader = (from: AddressWords, to: AddressWords, protocol: number, bytes: number): number =>
  internetChecksum.pseudoHeader(from, to, protocol, bytes);

export function udpDatagram(from: AddressWords, to: AddressWords, fromPort: number, toPort: number, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(udp.HEADER + payload.length);
  udp.writeHeader(b, 0, fromPort, toPort, payload.length);
  b.set(payload, udp.HEADER);
  udp.putChecksum(b, 0, pseudoHeader(from, to, ipv4.PROTOCOL_UDP, b.length));
  return b;
}

export interface SegmentParts {
  readonly fromPort: number;
  readonly toPort: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack?: number;
  readonly window?: number;
  /** A multiple of four bytes. */
  readonly options?: Uint8Array;
  readonly text?: Uint8Array;
  readonly urgent?: number;
}

export function tcpSegment(from: AddressWords, to: AddressWords, parts: SegmentParts): Uint8Array {
  const { options = NOTHING, text = NOTHING, ack = 0, window = 0xffff, urgent = 0 } = parts;
  const header = tcp.MIN_HEADER + options.length;
  const b = new Uint8Array(header + text.length);
  tcp.writeHeader(b, 0, parts.fromPort, parts.toPort, seq(parts.seq), seq(ack), header, parts.flags, window);
  tcp.setUrgentPointer(b, 0, urgent);
  b.set(options, tcp.MIN_HEADER);
  b.set(text, header);
  tcp.putChecksum(b, 0, b.length, pseudoHeader(from, to, ipv4.PROTOCOL_TCP, b.length));
  return b;
}

/** @param rest what stands in the word after the checksum */
export function icmpMessage(type: number, code: number, rest: number, data: Uint8Array): Uint8Array {
  const b = new Uint8Array(icmp.HEADER + data.length);
  icmp.writeError(b, 0, type, code, rest);
  b.set(data, icmp.HEADER);
  icmp.putChecksum(b, 0, b.length);
  return b;
}

/** As `icmpMessage`. */
export function icmpv6Message(
  from: AddressWords,
  to: AddressWords,
  type: number,
  code: number,
  rest: number,
  data: Uint8Array,
): Uint8Array {
  const b = new Uint8Array(icmpv6.HEADER + data.length);
  icmpv6.writeHeader(b, 0, type, code, rest);
  b.set(data, icmpv6.HEADER);
  icmpv6.putChecksum(b, 0, b.length, from, to);
  return b;
}
