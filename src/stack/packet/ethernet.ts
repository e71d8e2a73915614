/** Ethernet II frame without its FCS, RFC 894 and IEEE 802.3 §3. Offsets and lengths count bytes; `at` is where the frame begins. */
import { putU16, putU32, u8, u16, u32 } from "./bytes.ts";

export const HEADER = 14;
/** The shortest frame on a real cable. A TAP device needs no padding; received frames may carry it after the datagram. */
export const MIN_FRAME = 60;
export const MAC_LENGTH = 6;

export const TYPE_IPV4 = 0x0800;
export const TYPE_ARP = 0x0806;
/** A tag of IEEE 802.1Q follows, not a payload. */
export const TYPE_VLAN = 0x8100;
export const TYPE_SERVICE_VLAN = 0x88a8;
export const TYPE_IPV6 = 0x86dd;
/** Values below this in the type field are lengths: an IEEE 802.3 frame. */
export const MIN_TYPE = 0x0600;

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;

/** To be read only. */
export const BROADCAST_MAC: Uint8Array = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

export type Malformed = "ethernet-truncated";

/** Says what is wrong with the bytes in [at, end), or undefined when a whole header lies there. */
export const check = (_b: Uint8Array, at: number, end: number): Malformed | undefined =>
  end - at < HEADER ? "ethernet-truncated" : undefined;

/** The EtherType; below MIN_TYPE it is the length of an IEEE 802.3 frame. */
export const type = (b: Uint8Array, at: number): number => u16(b, at + TYPE);

export const payloadAt = (at: number): number => at + HEADER;

/** Whether the frame goes to every station. */
export const isBroadcast = (b: Uint8Array, at: number): boolean =>
  u32(b, at + DESTINATION) === 0xffffffff && u16(b, at + DESTINATION + 4) === 0xffff;

/** Whether the frame goes to a group: multicast or broadcast. */
export const isGroup = (b: Uint8Array, at: number): boolean => (u8(b, at + DESTINATION) & 1) !== 0;

/** Whether the sender claims to be a group, which no station is. */
export const isSourceGroup = (b: Uint8Array, at: number): boolean => (u8(b, at + SOURCE) & 1) !== 0;

/** Whether the frame goes to the station with this MAC. */
export const isDestination = (b: Uint8Array, at: number, mac: Uint8Array): boolean => sameMac(b, at + DESTINATION, mac, 0);

/** Whether the frame claims to come from the station with this MAC. */
export const isSource = (b: Uint8Array, at: number, mac: Uint8Array): boolean => sameMac(b, at + SOURCE, mac, 0);

export const copyDestination = (b: Uint8Array, at: number, into: Uint8Array, intoAt = 0): void =>
  copyMac(b, at + DESTINATION, into, intoAt);

export const copySource = (b: Uint8Array, at: number, into: Uint8Array, intoAt = 0): void => copyMac(b, at + SOURCE, into, intoAt);

/** Writes the 14 bytes before a payload. `source` and `destination` are six bytes each, and copied. */
export function writeHeader(b: Uint8Array, at: number, destination: Uint8Array, source: Uint8Array, etherType: number): void {
  copyMac(destination, 0, b, at + DESTINATION);
  copyMac(source, 0, b, at + SOURCE);
  putU16(b, at + TYPE, etherType);
}

/** Writes what follows the destination: `source`, six bytes that are copied, and the type. */
export function putSource(b: Uint8Array, at: number, source: Uint8Array, etherType: number): void {
  copyMac(source, 0, b, at + SOURCE);
  putU16(b, at + TYPE, etherType);
}

/** Whether the six bytes at two places are the same. */
export const sameMac = (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean =>
  u32(a, aAt) === u32(b, bAt) && u16(a, aAt + 4) === u16(b, bAt + 4);

/** Whether the six bytes at `at` can be one station's address: no group, not all zero. */
export const isStationMac = (b: Uint8Array, at: number): boolean => (u8(b, at) & 1) === 0 && (u32(b, at) !== 0 || u16(b, at + 4) !== 0);

export function copyMac(from: Uint8Array, fromAt: number, into: Uint8Array, intoAt: number): void {
  putU32(into, intoAt, u32(from, fromAt));
  putU16(into, intoAt + 4, u16(from, fromAt + 4));
}

/** The group MAC of an IPv4 multicast address: 01:00:5e and the low 23 bits (RFC 1112 §6.4). */
export function putMulticastMacV4(b: Uint8Array, at: number, group: number): void {
  putU16(b, at, 0x0100);
  putU32(b, at + 2, 0x5e000000 | (group & 0x7fffff));
}

/** The group MAC of an IPv6 multicast address: 33:33 and its last 32 bits (RFC 2464 §7). */
export function putMulticastMacV6(b: Uint8Array, at: number, lastWord: number): void {
  putU16(b, at, 0x3333);
  putU32(b, at + 2, lastWord);
}

export const destinationText = (b: Uint8Array, at: number): string => macText(b, at + DESTINATION);

export const sourceText = (b: Uint8Array, at: number): string => macText(b, at + SOURCE);

/** The six bytes at `at` as `02:00:5e:10:00:01`. */
export function macText(b: Uint8Array, at = 0): string {
  let text = "";
  for (let i = 0; i < MAC_LENGTH; i++)
    text +=
      (i === 0 ? "" : ":") +
      u8(b, at + i)
        .toString(16)
        .padStart(2, "0");
  return text;
}

/** The six bytes that `02:00:5e:10:00:01` or `02-00-5E-10-00-01` stands for, or undefined when the text is no MAC. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16));
}
