/**
 * Frames of links without an Ethernet header (tcpdump.org/linktypes.html) with one of zeros, so that all views show them alike: what
 * `tcpdump -i any`, a loopback or a tunnel gives.
 */

const ETHERNET = 1;
const NULL = 0;
const LOOP = 108;
const RAW: ReadonlySet<number> = new Set([12, 14, 101, 228, 229]);
const LINUX_SLL = 113;
const LINUX_SLL2 = 276;

const HEADER = 14;
const ADDRESSES = 12;
const TAG = 4;
const MOST_TAGS = 2;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

export interface EthernetFrame {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** What was done to it, in a sentence. */
  readonly change?: string;
}

/** A copy of the frame as Ethernet. @param length of the whole frame @returns undefined for a link that is not known */
export function asEthernet(linkType: number, bytes: Uint8Array, length: number): EthernetFrame | undefined {
  if (linkType === ETHERNET) return withoutTags(bytes, length);
  if (RAW.has(linkType)) return withHeader(bytes, length, 0, versionType(bytes[0]));
  if (linkType === NULL || linkType === LOOP) return withHeader(bytes, length, 4, versionType(bytes[4]));
  if (linkType === LINUX_SLL) return withHeader(bytes, length, 16, typeAt(bytes, 14));
  if (linkType === LINUX_SLL2) return withHeader(bytes, length, 20, typeAt(bytes, 0));
  return undefined;
}

const typeAt = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const versionType = (first: number | undefined): number => ((first ?? 0) >> 4 === 6 ? IPV6 : IPV4);

function withHeader(bytes: Uint8Array, length: number, skip: number, type: number): EthernetFrame {
  const packet = bytes.subarray(Math.min(skip, bytes.length));
  const frame = new Uint8Array(HEADER + packet.length);
  frame[ADDRESSES] = type >> 8;
  frame[ADDRESSES + 1] = type & 0xff;
  frame.set(packet, HEADER);
  const whole = Math.max(frame.length, length - skip + HEADER);
  return { bytes: frame, length: whole, change: "its link has no Ethernet header: zeros stand in the place of one" };
}

function withoutTags(bytes: Uint8Array, length: number): EthernetFrame {
  let tags = 0;
  while (tags < MOST_TAGS && TAGS.has(typeAt(bytes, ADDRESSES + tags * TAG))) tags++;
  if (tags === 0) return { bytes: bytes.slice(), length };
  const end = Math.min(bytes.length, ADDRESSES + tags * TAG);
  const frame = new Uint8Array(bytes.length - (end - ADDRESSES));
  frame.set(bytes.subarray(0, ADDRESSES));
  frame.set(bytes.subarray(end), ADDRESSES);
  return { bytes: frame, length: Math.max(frame.length, length - tags * TAG), change: "its VLAN tags are taken off" };
}
