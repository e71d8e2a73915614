/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng): section header, interface description, enhanced packet and interface
 * statistics, little-endian, with time in nanoseconds. Written one after another they are a file that Wireshark and tshark open.
 */

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 0x00000001;
const INTERFACE_STATISTICS = 0x00000005;
const ENHANCED_PACKET = 0x00000006;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_LINUX_IRDA = 144;
const TIME_IN_NANOSECONDS = 9;

const OPT_END = 0;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_MACADDR = 6;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
const ISB_STARTTIME = 2;
const ISB_ENDTIME = 3;
const ISB_IFRECV = 4;
const ISB_IFDROP = 5;

/** An option's length is 16 bits; this also keeps one comment readable. */
const MAX_TEXT = 8192;

export interface CaptureInterface {
  readonly name: string;
  readonly description?: string;
  readonly mac?: Uint8Array;
  /** What its frames are: a number of tcpdump.org's list, Ethernet when left out. */
  readonly linkType?: number;
  /** Bytes kept of each frame; 0 for all. */
  readonly snapLength: number;
}

export interface CaptureStatistics {
  /** Nanoseconds since 1970. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Frames seen by the capture. */
  readonly received: number;
  /** Frames that the device lost. */
  readonly dropped: number;
}

/** The block a file begins with. @param application goes into shb_userappl */
export function sectionHeader(application: string): Uint8Array {
  const options = [text(SHB_USERAPPL, application)];
  return block(SECTION_HEADER, 16, options, (view) => {
    view.setUint32(0, BYTE_ORDER_MAGIC, true);
    view.setUint16(4, 1, true);
    view.setUint16(6, 0, true);
    view.setBigInt64(8, -1n, true); // the section's length is not known
  });
}

/** With times in nanoseconds. The first of a section is interface 0. */
export function interfaceDescription(i: CaptureInterface): Uint8Array {
  const options = [text(IF_NAME, i.name)];
  if (i.description !== undefined) options.push(text(IF_DESCRIPTION, i.description));
  if (i.mac !== undefined) options.push({ code: IF_MACADDR, value: i.mac });
  options.push({ code: IF_TSRESOL, value: Uint8Array.of(TIME_IN_NANOSECONDS) });
  return block(INTERFACE_DESCRIPTION, 8, options, (view) => {
    view.setUint16(0, i.linkType ?? LINKTYPE_ETHERNET, true);
    view.setUint32(4, i.snapLength, true);
  });
}

/**
 * One frame.
 * @param timeNs nanoseconds since 1970
 * @param frame the bytes kept, which are copied; `wireLength` is how many there were
 * @param reception 1 unicast, 2 multicast, 3 broadcast; by the destination address of Ethernet when left out
 */
export function enhancedPacket(
  interfaceId: number,
  timeNs: bigint,
  frame: Uint8Array,
  wireLength: number,
  direction: "in" | "out",
  comments: readonly string[],
  reception = receptionType(frame),
): Uint8Array {
  const options: BlockOption[] = comments.map((c) => text(OPT_COMMENT, c));
  const flags = new Uint8Array(4);
  flags[0] = (direction === "in" ? 1 : 2) | (reception << 2);
  options.push({ code: EPB_FLAGS, value: flags });
  return block(ENHANCED_PACKET, 20 + padded(frame.length), options, (view, bytes) => {
    view.setUint32(0, interfaceId, true);
    setTime(view, 4, timeNs);
    view.setUint32(12, frame.length, true);
    view.setUint32(16, wireLength, true);
    bytes.set(frame, 20);
  });
}

/** How it went; a file should end with one for each interface. */
export function interfaceStatistics(interfaceId: number, s: CaptureStatistics): Uint8Array {
  const options: BlockOption[] = [
    { code: ISB_STARTTIME, value: time(s.startNs) },
    { code: ISB_ENDTIME, value: time(s.endNs) },
    { code: ISB_IFRECV, value: count(s.received) },
    { code: ISB_IFDROP, value: count(s.dropped) },
  ];
  return block(INTERFACE_STATISTICS, 12, options, (view) => {
    view.setUint32(0, interfaceId, true);
    setTime(view, 4, s.endNs);
  });
}

interface BlockOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Type, length, body, options, length again; everything in units of four bytes, padded with zeros. */
function block(
  type: number,
  bodyLength: number,
  options: readonly BlockOption[],
  fill: (view: DataView, bytes: Uint8Array) => void,
): Uint8Array {
  let length = 12 + bodyLength + 4;
  for (const o of options) length += 4 + padded(o.value.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  fill(new DataView(bytes.buffer, 8, bodyLength), bytes.subarray(8, 8 + bodyLength));
  let at = 8 + bodyLength;
  for (const o of options) {
    view.setUint16(at, o.code, true);
    view.setUint16(at + 2, o.value.length, true);
    bytes.set(o.value, at + 4);
    at += 4 + padded(o.value.length);
  }
  view.setUint32(at, OPT_END, true);
  view.setUint32(length - 4, length, true);
  return bytes;
}

const padded = (length: number): number => (length + 3) & ~3;

/** UTF-8, cut between characters when it is too long. */
function text(code: number, value: string): BlockOption {
  const bytes = new Uint8Array(Math.min(MAX_TEXT, value.length * 3));
  const { written } = new TextEncoder().encodeInto(value, bytes);
  return { code, value: bytes.subarray(0, written) };
}

/** Times are written as two halves, the upper first, whatever the byte order. */
function setTime(view: DataView, at: number, timeNs: bigint): void {
  view.setUint32(at, Number(timeNs >> 32n), true);
  view.setUint32(at + 4, Number(timeNs & 0xffffffffn), true);
}

function time(timeNs: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  setTime(new DataView(bytes.buffer), 0, timeNs);
  return bytes;
}

function count(n: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(n), true);
  return bytes;
}

/** epb_flags: 1 unicast, 2 multicast, 3 broadcast, by the destination address; 0 when there is none. */
function receptionType(frame: Uint8Array): number {
  if (frame.length < 6) return 0;
  if ((frame[0]! & 1) === 0) return 1;
  for (let i = 0; i < 6; i++) if (frame[i] !== 0xff) return 2;
  return 3;
}
