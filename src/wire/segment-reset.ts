import * as bytes from "../stack/packet/bytes.ts";
import * as checksum from "../stack/packet/checksum.ts";
import * as ethernet from "../stack/packet/ethernet.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as ipv6 from "../stack/packet/ipv6.ts";
import * as tcp from "../stack/packet/tcp.ts";
import { dataAt, type TransportHeader, transportIn } from "./frame-match.ts";

const TTL = 64;
/** Of TCP in front of its own options. */
const HEADER = 20;

/** Whether a reset can answer the frame: a TCP segment that is none itself. Takes any bytes. */
export function isAnsweredByReset(b: Uint8Array, at: number, end: number): boolean {
  const place = transportIn(b, at, end);
  return place?.isTcp === true && (b[place.header + 13]! & tcp.RST) === 0;
}

/**
 * The frame that a host without the connection would answer the segment with, RFC 9293 §3.10.7.1; it is for `isAnsweredByReset`.
 * @returns the frame behind `headroom` free bytes
 */
export function resetAnswering(b: Uint8Array, at: number, end: number, headroom: number): Uint8Array {
  const place = transportIn(b, at, end)!;
  const linkBytes = place.ip - at;
  const ipBytes = place.isV4 ? ipv4.MIN_HEADER : ipv6.HEADER;
  const frame = new Uint8Array(headroom + Math.max(ethernet.MIN_FRAME, linkBytes + ipBytes + HEADER));
  // A VLAN's tag goes back with it.
  frame.set(b.subarray(at, place.ip), headroom);
  ethernet.copySource(b, at, frame, headroom);
  ethernet.copyDestination(b, at, frame, headroom + ethernet.MAC_LENGTH);
  const ip = headroom + linkBytes;
  const header = ip + ipBytes;
  const addressBytes = place.isV4 ? 4 : 16;
  const addresses = ip + (place.isV4 ? ipv4.ADDRESSES : ipv6.ADDRESSES);
  const theirs = place.ip + (place.isV4 ? ipv4.ADDRESSES : ipv6.ADDRESSES);
  if (place.isV4) {
    frame[ip] = 0x45;
    bytes.putU16(frame, ip + 2, ipBytes + HEADER);
    bytes.putU16(frame, ip + 6, ipv4.DONT_FRAGMENT);
    frame[ip + 8] = TTL;
    frame[ip + 9] = ipv4.PROTOCOL_TCP;
  } else {
    frame[ip] = 0x60;
    bytes.putU16(frame, ip + ipv6.PAYLOAD_LENGTH_OFFSET, HEADER);
    frame[ip + ipv6.NEXT_HEADER_OFFSET] = ipv4.PROTOCOL_TCP;
    frame[ip + 7] = TTL;
  }
  frame.set(b.subarray(theirs + addressBytes, theirs + 2 * addressBytes), addresses);
  frame.set(b.subarray(theirs, theirs + addressBytes), addresses + addressBytes);
  if (place.isV4) ipv4.putChecksum(frame, ip);
  writeSegment(b, place, frame, header);
  const pseudo = checksum.sum(frame, addresses, 2 * addressBytes) + ipv4.PROTOCOL_TCP + HEADER;
  bytes.putU16(frame, header + 16, checksum.finish(checksum.sum(frame, header, HEADER, pseudo)));
  return frame;
}

function writeSegment(b: Uint8Array, place: TransportHeader, frame: Uint8Array, header: number): void {
  const asked = place.header;
  bytes.putU16(frame, header, bytes.u16(b, asked + 2));
  bytes.putU16(frame, header + 2, bytes.u16(b, asked));
  frame[header + 12] = (HEADER / 4) << 4;
  const flags = b[asked + 13]!;
  if ((flags & tcp.ACK) !== 0) {
    bytes.putU32(frame, header + 4, bytes.u32(b, asked + 8));
    frame[header + 13] = tcp.RST;
    return;
  }
  const text = Math.max(0, place.end - dataAt(b, place));
  const length = text + ((flags & tcp.SYN) !== 0 ? 1 : 0) + ((flags & tcp.FIN) !== 0 ? 1 : 0);
  bytes.putU32(frame, header + 8, (bytes.u32(b, asked + 4) + length) >>> 0);
  frame[header + 13] = tcp.RST | tcp.ACK;
}
