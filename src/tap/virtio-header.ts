import { clearFrameInfo, type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP } from "../stack/core/frame-info.ts";
import { ETHERNET_HEADER, isTagged, VLAN_TAG } from "../stack/link/frame-check.ts";
import { MAX_FRAME } from "../stack/link/link-device.ts";
import { findTransport, type TransportPlace } from "../stack/packet/extension-headers.ts";

/**
 * The header that stands before each frame of a TAP opened with IFF_VNET_HDR: struct virtio_net_hdr_v1, virtio 1.2 §5.1.6,
 * little-endian. It comes from the other side, so nothing in it is believed before it has been held against the frame.
 */
export const VIRTIO_HEADER = 12;

const FLAGS = 0;
const GSO_TYPE = 1;
const HEADER_LENGTH = 2;
const GSO_SIZE = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;
const BUFFERS = 10;

const NEEDS_CHECKSUM = 0x01;
const DATA_VALID = 0x02;

const TCP = 6;
const TCP_CHECKSUM = 16;
const MIN_TCP_HEADER = 20;
const UDP = 17;
const UDP_CHECKSUM = 6;
const UDP_HEADER = 8;
/** Linux cuts and merges no more (UDP_MAX_SEGMENTS); with a size of one byte a frame would be as many datagrams as it has bytes. */
const MAX_DATAGRAMS = 128;

export type BadVirtioHeader =
  | "vnet-truncated"
  | "vnet-too-long"
  | "vnet-flags"
  | "vnet-checksum-offset"
  | "vnet-gso-type"
  | "vnet-gso-size"
  | "vnet-gso-without-checksum"
  | "vnet-gso-not-tcp"
  | "vnet-gso-not-udp"
  | "vnet-gso-headers";

/** Puts the header in the VIRTIO_HEADER bytes before `at`. */
export function writeVirtioHeader(b: Uint8Array, at: number, info: FrameInfo): void {
  const h = at - VIRTIO_HEADER;
  b[h + FLAGS] = info.checksumStart !== 0 ? NEEDS_CHECKSUM : info.checksumVerified ? DATA_VALID : 0;
  b[h + GSO_TYPE] = info.gsoType;
  setU16(b, h + HEADER_LENGTH, info.gsoType === GSO_NONE ? 0 : info.headerLength);
  setU16(b, h + GSO_SIZE, info.gsoType === GSO_NONE ? 0 : info.gsoSize);
  setU16(b, h + CHECKSUM_START, info.checksumStart);
  setU16(b, h + CHECKSUM_OFFSET, info.checksumStart === 0 ? 0 : info.checksumOffset);
  setU16(b, h + BUFFERS, 0);
}

/**
 * Judges the header before the frame in [at, end) and fills `info` from it. The header length is not taken from the header,
 * which calls it a hint, but measured in the frame.
 * @returns what is wrong, or undefined when the frame can be handed on
 */
export function readVirtioHeader(b: Uint8Array, at: number, end: number, info: FrameInfo): BadVirtioHeader | undefined {
  clearFrameInfo(info);
  const length = end - at;
  if (length < ETHERNET_HEADER) return "vnet-truncated";
  if (length > MAX_FRAME + VLAN_TAG) return "vnet-too-long";
  const h = at - VIRTIO_HEADER;
  const flags = b[h + FLAGS]!;
  // RSC_INFO would give the checksum fields another meaning, and was not agreed.
  if ((flags & ~(NEEDS_CHECKSUM | DATA_VALID)) !== 0) return "vnet-flags";

  if ((flags & NEEDS_CHECKSUM) !== 0) {
    const start = u16(b, h + CHECKSUM_START);
    const offset = u16(b, h + CHECKSUM_OFFSET);
    if (start < ETHERNET_HEADER || start + offset + 2 > length) return "vnet-checksum-offset";
    info.checksumStart = start;
    info.checksumOffset = offset;
  }
  // A checksum that is still to be made covers bytes that never left this machine, so there is nothing to verify either.
  info.checksumVerified = flags !== 0;

  const gsoType = b[h + GSO_TYPE]!;
  return gsoType === GSO_NONE ? undefined : readSegmentation(b, at, end, gsoType, u16(b, h + GSO_SIZE), info);
}

function readSegmentation(
  b: Uint8Array,
  at: number,
  end: number,
  gsoType: number,
  gsoSize: number,
  info: FrameInfo,
): BadVirtioHeader | undefined {
  if (gsoType !== GSO_TCPV4 && gsoType !== GSO_TCPV6 && gsoType !== GSO_UDP) return "vnet-gso-type";
  if (gsoSize === 0) return "vnet-gso-size";
  if (info.checksumStart === 0) return "vnet-gso-without-checksum";
  if (gsoType === GSO_UDP) return readDatagrams(b, at, end, gsoSize, info);
  if (info.checksumOffset !== TCP_CHECKSUM) return "vnet-gso-not-tcp";

  const ip = at + ETHERNET_HEADER + (isTagged(b, at) ? VLAN_TAG : 0);
  const transport = at + info.checksumStart;
  if (transport + MIN_TCP_HEADER > end) return "vnet-gso-headers";
  const version = b[ip]! >>> 4;
  if (gsoType === GSO_TCPV4) {
    if (transport < ip + 20 || version !== 4 || transport !== ip + (b[ip]! & 0x0f) * 4) return "vnet-gso-headers";
    if (b[ip + 9] !== TCP) return "vnet-gso-not-tcp";
  } else {
    if (transport < ip + 40 || version !== 6) return "vnet-gso-headers";
    if (!isTransportOfV6(b, ip, end, transport, TCP)) return "vnet-gso-not-tcp";
  }
  const payload = transport + (b[transport + 12]! >>> 4) * 4;
  if (payload < transport + MIN_TCP_HEADER || payload >= end) return "vnet-gso-headers";
  info.gsoType = gsoType;
  info.gsoSize = gsoSize;
  info.headerLength = payload - at;
  return undefined;
}

/** A super-datagram of UDP, in a frame of either family. */
function readDatagrams(b: Uint8Array, at: number, end: number, gsoSize: number, info: FrameInfo): BadVirtioHeader | undefined {
  if (info.checksumOffset !== UDP_CHECKSUM) return "vnet-gso-not-udp";
  const ip = at + ETHERNET_HEADER + (isTagged(b, at) ? VLAN_TAG : 0);
  const transport = at + info.checksumStart;
  if (transport + UDP_HEADER >= end || transport < ip + 20) return "vnet-gso-headers";
  if (end - transport - UDP_HEADER > gsoSize * MAX_DATAGRAMS) return "vnet-gso-size";
  const version = b[ip]! >>> 4;
  if (version === 4) {
    if (transport !== ip + (b[ip]! & 0x0f) * 4) return "vnet-gso-headers";
    if (b[ip + 9] !== UDP) return "vnet-gso-not-udp";
  } else {
    if (version !== 6 || transport < ip + 40) return "vnet-gso-headers";
    if (!isTransportOfV6(b, ip, end, transport, UDP)) return "vnet-gso-not-udp";
  }
  info.gsoType = GSO_UDP;
  info.gsoSize = gsoSize;
  info.headerLength = transport + UDP_HEADER - at;
  return undefined;
}

const place: TransportPlace = { protocol: 0, at: 0, isLaterFragment: false };

/** Whether the headers of the packet at `ip` lead to where its checksum is said to begin: otherwise the pieces that are counted here are not those that it is cut into. */
const isTransportOfV6 = (b: Uint8Array, ip: number, end: number, transport: number, protocol: number): boolean =>
  findTransport(b, ip, end, place) && !place.isLaterFragment && place.at === transport && place.protocol === protocol;

const u16 = (b: Uint8Array, at: number): number => b[at]! | (b[at + 1]! << 8);

function setU16(b: Uint8Array, at: number, value: number): void {
  b[at] = value & 0xff;
  b[at + 1] = value >>> 8;
}
