import { below, type Random } from "../../src/stack/core/random.ts";
import { putU16, putU32, u16 } from "../../src/stack/packet/bytes.ts";
import * as ipv4 from "../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../src/stack/packet/ipv6.ts";
import * as tcp from "../../src/stack/packet/tcp.ts";
import { type Attacker, chance, GROUP_V4, GROUP_V6, noise, OURS_LINK_LOCAL, OURS_V4, OURS_V6, pick } from "./attacker.ts";
import { FORMAT_NAMES, FORMATS } from "./formats.ts";
import { fragmentsOf, putSegmentation, setFragment } from "./formats-of-packets.ts";
import { checksumOffset, layoutOf, lengthFields, mendChecksums } from "./frame-layout.ts";
import { FRAME_AT, PACKET_AT, PEER_MAC } from "./framing.ts";

/** One way to make a valid message hostile. It may change the frames in place, and hands back what is sent in their stead. */
export interface Mutation {
  readonly act: (frames: Uint8Array[], a: Attacker) => Uint8Array[];
  /** What it does to checksums is the point. */
  readonly isAboutChecksums?: boolean;
}

/** Does something to one of the frames. */
const toOne =
  (act: (frame: Uint8Array, a: Attacker) => Uint8Array) =>
  (frames: Uint8Array[], a: Attacker): Uint8Array[] => {
    const i = below(a.random, frames.length);
    // A frame that an earlier class has left next to nothing of has nothing to change any more.
    if (frames[i]!.length >= PACKET_AT + 8) frames[i] = act(frames[i]!, a);
    return frames;
  };

/** Values at which comparisons go wrong. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xfff8, 0xfffe, 0xffff] as const;

function flipBits(frame: Uint8Array, { random }: Attacker): Uint8Array {
  for (let i = below(random, 4); i >= 0; i--) {
    const at = FRAME_AT + below(random, frame.length - FRAME_AT);
    frame[at]! ^= 1 << below(random, 8);
  }
  return frame;
}

/** Writes the values of edges over words and bytes of the headers. */
function putEdges(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const from = chance(random, 8) ? FRAME_AT : PACKET_AT;
  const room = Math.min(frame.length - from - 2, 120);
  if (room <= 0) return frame;
  for (let i = below(random, 3); i >= 0; i--) {
    const at = from + below(random, room);
    const value = pick(random, EDGES);
    if (value > 0xff || chance(random, 2)) putU16(frame, at & ~1, value);
    else frame[at] = value;
  }
  return frame;
}

function lieAboutLength(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const fields = lengthFields(frame);
  if (fields.length === 0) return frame;
  const { at, bytes } = pick(random, fields);
  if (bytes === 0.25) frame[at] = (frame[at]! & 0xf0) | below(random, 16);
  else if (bytes === 0.5) frame[at] = (frame[at]! & 0x0f) | (below(random, 16) << 4);
  else {
    const real = bytes === 1 ? frame[at]! : u16(frame, at);
    const value = pick(random, [real - 1, real + 1, real + 8, real * 2, real >>> 1, ...EDGES]);
    if (bytes === 1) frame[at] = value;
    else putU16(frame, at, value);
  }
  return frame;
}

const cut = (frame: Uint8Array, { random }: Attacker): Uint8Array => frame.slice(0, FRAME_AT + below(random, frame.length - FRAME_AT));

/** Cuts the packet, and has IP's header say the length that is left, so that what lies inside is what is too short. */
function cutInside(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const { isV4: isOfV4, isV6, packetAt, transportAt, transportEnd } = layoutOf(frame);
  if (!(isOfV4 || isV6) || transportEnd <= transportAt) return frame;
  const shorter = frame.slice(0, transportAt + below(random, transportEnd - transportAt));
  if (isOfV4) ipv4.setTotalLength(shorter, packetAt, shorter.length - packetAt);
  else ipv6.setPayloadLength(shorter, packetAt, shorter.length - packetAt - ipv6.HEADER);
  return shorter;
}

function extend(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const longer = new Uint8Array(frame.length + 1 + below(random, 100));
  longer.set(frame);
  longer.set(noise(random, longer.length - frame.length), frame.length);
  const { isV4: isOfV4, isV6, packetAt } = layoutOf(longer);
  if (chance(random, 2) && isOfV4) ipv4.setTotalLength(longer, packetAt, longer.length - packetAt);
  if (chance(random, 2) && isV6) ipv6.setPayloadLength(longer, packetAt, longer.length - packetAt - ipv6.HEADER);
  return longer;
}

/** The beginning of one message and the end of another. */
function splice(frame: Uint8Array, a: Attacker): Uint8Array {
  const { random } = a;
  const other = FORMATS[pick(random, FORMAT_NAMES)]!(a)[0]!;
  const head = FRAME_AT + below(random, frame.length - FRAME_AT);
  const tail = chance(random, 2) ? Math.min(head, other.length) : FRAME_AT + below(random, other.length - FRAME_AT);
  const both = new Uint8Array(head + other.length - tail);
  both.set(frame.subarray(0, head));
  both.set(other.subarray(tail), head);
  return both;
}

const ADDRESSES_V4 = [OURS_V4.w3, 0, -1, 0xcb0071ff, 0xcb007100, 0x7f000001, 0xf0000001, 0xe0000001, GROUP_V4.w3, 0xa9fe0101, 0xcb00714d];
const ADDRESSES_V6: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 0],
  [0, 0, 0, 1],
  [OURS_V6.w0, OURS_V6.w1, OURS_V6.w2, OURS_V6.w3],
  [OURS_LINK_LOCAL.w0, OURS_LINK_LOCAL.w1, OURS_LINK_LOCAL.w2, OURS_LINK_LOCAL.w3],
  [0xff020000, 0, 0, 1],
  [0xff010000, 0, 0, 1],
  [0xff020000, 0, 1, 0xff000002],
  [GROUP_V6.w0, GROUP_V6.w1, GROUP_V6.w2, GROUP_V6.w3],
  [0, 0, 0xffff, OURS_V4.w3],
  [0xfec00000, 0, 0, 1],
  [0x20010db8, 0, 0, 0],
  [0xfe800000, 0, 0, 9],
];
const MACS = [
  [0, 0, 0, 0, 0, 0],
  [255, 255, 255, 255, 255, 255],
  [1, 0, 0x5e, 0, 0, 1],
  [0x33, 0x33, 0, 0, 0, 1],
  [...PEER_MAC],
  [2, 9, 9, 9, 9, 9],
];

function changeAddresses(frame: Uint8Array, { random, mac }: Attacker): Uint8Array {
  const { isV4: isOfV4, isV6, packetAt } = layoutOf(frame);
  if (chance(random, 4)) frame.set(pick(random, [...MACS, [...mac]]), FRAME_AT + pick(random, [0, 6]));
  const isSource = chance(random, 2);
  if (isOfV4) putU32(frame, packetAt + (isSource ? 12 : 16), pick(random, ADDRESSES_V4));
  else if (isV6) {
    for (const [i, word] of pick(random, ADDRESSES_V6).entries()) putU32(frame, packetAt + (isSource ? 8 : 24) + i * 4, word);
  } else if (packetAt >= 0 && packetAt + 28 <= frame.length) putU32(frame, packetAt + pick(random, [14, 24]), pick(random, ADDRESSES_V4));
  return frame;
}

/** Writes nonsense into what lies between the fixed header and the payload: options of length 0, of 255, one of them many times, none at all. */
function fillOptions(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const { transportAt, extraAt, protocol, transportEnd, isFragment } = layoutOf(frame);
  const areas: [number, number][] = [];
  if (extraAt >= 0 && transportAt > extraAt) areas.push([extraAt, transportAt]);
  if (transportAt >= 0 && !isFragment) {
    if (protocol === ipv4.PROTOCOL_TCP && transportAt + tcp.MIN_HEADER < transportEnd) {
      // With room for all that a header can hold, at the text's expense.
      if (chance(random, 2)) frame[transportAt + 12] = Math.min(15, (transportEnd - transportAt) >>> 2) << 4;
      areas.push([transportAt + tcp.MIN_HEADER, Math.min(transportEnd, transportAt + (frame[transportAt + 12]! >>> 4) * 4)]);
    } else if (protocol === ipv6.PROTOCOL_ICMP) areas.push([transportAt + pick(random, [8, 16, 24, 40]), transportEnd]);
    else if (protocol === ipv4.PROTOCOL_UDP) areas.push([transportAt + (transportEnd - transportAt > 260 ? 248 : 20), transportEnd]);
  }
  const some = areas.filter(([from, to]) => to > from);
  if (some.length === 0) return frame;
  const [from, to] = pick(random, some);
  // Extension headers keep their next header now and then.
  const begin = from + (chance(random, 2) ? Math.min(2, to - from) : 0);
  const area = frame.subarray(begin, to);
  switch (below(random, 5)) {
    case 0:
      area.fill(pick(random, [0, 1, 0xff, 2, 5]));
      break;
    case 1:
      for (let i = 0; i + 1 < area.length; i += 2) area.set([below(random, 256), pick(random, [0, 1, 2, 255])], i);
      break;
    case 2: {
      const period = 1 + below(random, 8);
      for (let i = period; i < area.length; i++) area[i] = area[i - period]!;
      break;
    }
    case 3: {
      const kind = pick(random, [2, 3, 4, 5, 8, 24, 25, 31, 53, 148, 0xc2, 0x3e]);
      for (let i = 0; i + 1 < area.length; i += 2) area.set([kind, 2], i);
      break;
    }
    default:
      area.set(noise(random, area.length));
  }
  return frame;
}

/** Cuts a packet into fragments, and moves, repeats, leaves out, overlaps or lengthens them. */
function breakUp(frames: Uint8Array[], a: Attacker): Uint8Array[] {
  const { random } = a;
  const pieces = frames.length === 1 ? fragmentsOf(random, frames[0]!) : frames;
  if (pieces.length < 2) return pieces;
  const i = below(random, pieces.length);
  const one = pieces[i]!;
  if (one.length < PACKET_AT + ipv6.HEADER + 8) return pieces;
  const offset = offsetOf(one);
  const isLast = i === pieces.length - 1;
  switch (below(random, 8)) {
    case 0:
      pieces.splice(i, 1);
      break;
    case 1:
      pieces.push(one.slice());
      break;
    case 2:
      place(one, offset + pick(random, [-8, 8, 16, -16, 1000]), !isLast);
      break;
    case 3:
      place(one, pick(random, [65_528, 65_520, 65_000, 32_768]), chance(random, 2));
      break;
    case 4:
      place(one, offset, isLast);
      break;
    case 5: {
      const other = one.slice();
      other.set(noise(random, 8), other.length - 8);
      pieces.splice(i, 0, other);
      break;
    }
    case 6:
      pieces[i] = one.slice(0, one.length - below(random, 8));
      place(pieces[i]!, offset, !isLast);
      break;
    default:
      pieces.reverse();
  }
  return pieces;
}

const isFragmentOfV6 = (b: Uint8Array): boolean => b[PACKET_AT]! >>> 4 === 6 && b.length >= PACKET_AT + ipv6.HEADER + 8;

function offsetOf(b: Uint8Array): number {
  return isFragmentOfV6(b) ? u16(b, PACKET_AT + ipv6.HEADER + 2) & 0xfff8 : ipv4.fragmentOffset(b, PACKET_AT);
}

function place(b: Uint8Array, to: number, more: boolean): void {
  const offset = Math.max(0, to) & 0xfff8;
  if (isFragmentOfV6(b)) {
    const header = PACKET_AT + ipv6.HEADER;
    const id = (u16(b, header + 4) << 16) | u16(b, header + 6);
    setFragment(b, { offset, more, id, protocol: b[header]! });
  } else setFragment(b, { offset, more, id: ipv4.identification(b, PACKET_AT), protocol: 0 });
}

function spoilChecksum(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const { isV4: isOfV4, packetAt, protocol, transportAt } = layoutOf(frame);
  const offset = checksumOffset(protocol);
  const inTransport = offset === undefined || transportAt < 0 ? -1 : transportAt + offset;
  const at = isOfV4 && chance(random, 2) ? packetAt + 10 : inTransport;
  if (at >= 0 && at + 2 <= frame.length) putU16(frame, at, pick(random, [0, 0xffff, u16(frame, at) ^ 1, u16(frame, at) ^ 0x8000]));
  return frame;
}

/** What a device would never say of a frame, and what it may say that makes no sense. */
function spoilVirtio(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const { protocol, transportAt, isV4: isOfV4 } = layoutOf(frame);
  if (transportAt >= 0 && (protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP) && !chance(random, 4)) {
    const type = protocol === ipv4.PROTOCOL_UDP ? 5 : isOfV4 ? 1 : 4;
    putSegmentation(frame, chance(random, 8) ? pick(random, [1, 3, 4, 5, 0x81]) : type, pick(random, EDGES));
    if (chance(random, 4)) frame[pick(random, [6, 7, 8, 9])] = pick(random, EDGES);
  } else frame.set(noise(random, FRAME_AT));
  return frame;
}

const repeat = (frames: Uint8Array[], { random }: Attacker): Uint8Array[] => {
  const copies = 1 + below(random, 4);
  return Array.from({ length: copies + 1 }, () => frames.map((frame) => frame.slice())).flat();
};

function reorder(frames: Uint8Array[], a: Attacker): Uint8Array[] {
  const all = [...frames, ...FORMATS[pick(a.random, FORMAT_NAMES)]!(a)];
  for (let i = all.length - 1; i > 0; i--) {
    const j = below(a.random, i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Windows, urgent pointers and sequence numbers at their edges. */
function changeSegment(frame: Uint8Array, { random }: Attacker): Uint8Array {
  const { protocol, transportAt, transportEnd } = layoutOf(frame);
  if (protocol !== ipv4.PROTOCOL_TCP || transportAt + tcp.MIN_HEADER > transportEnd) return frame;
  const far = [1, -1, 0x7fffffff, -0x80000000, 65_535, -65_535, 1000, -1000];
  switch (below(random, 5)) {
    case 0:
      tcp.setWindow(frame, transportAt, pick(random, EDGES));
      break;
    case 1:
      tcp.setUrgentPointer(frame, transportAt, pick(random, EDGES));
      tcp.setFlags(frame, transportAt, tcp.flags(frame, transportAt) | tcp.URG);
      break;
    case 2:
      putU32(frame, transportAt + 4, tcp.sequence(frame, transportAt) + pick(random, far));
      break;
    case 3:
      putU32(frame, transportAt + 8, tcp.acknowledgment(frame, transportAt) + pick(random, far));
      break;
    default:
      tcp.setFlags(frame, transportAt, below(random, 256));
  }
  return frame;
}

/** The classes, by name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  none: { act: (frames) => frames },
  "bit flips": { act: toOne(flipBits) },
  "edge values": { act: toOne(putEdges) },
  "lengths that lie": { act: toOne(lieAboutLength) },
  "cut off": { act: toOne(cut) },
  "cut off inside": { act: toOne(cutInside) },
  "bytes behind": { act: toOne(extend) },
  splice: { act: toOne(splice) },
  addresses: { act: toOne(changeAddresses) },
  options: { act: toOne(fillOptions) },
  fragments: { act: breakUp },
  "numbers of TCP": { act: toOne(changeSegment) },
  checksums: { act: toOne(spoilChecksum), isAboutChecksums: true },
  "virtio header": { act: toOne(spoilVirtio), isAboutChecksums: true },
  repeated: { act: repeat },
  "out of order": { act: reorder },
};

const MUTATION_NAMES: readonly string[] = Object.keys(MUTATIONS);

/** Valid ones keep the host's states moving. */
const ONE_VALID_IN = 4;
const ONE_MIXED_IN = 6;
const ONE_UNMENDED_IN = 4;

export const pickMutation = (random: Random): string => (chance(random, ONE_VALID_IN) ? "none" : pick(random, MUTATION_NAMES));

/** Makes a message hostile by one class, now and then by a second one on top. */
export function mutate(name: string, message: Uint8Array[], a: Attacker): Uint8Array[] {
  if (name === "none") return message;
  let frames = MUTATIONS[name]!.act(message, a);
  let isAboutChecksums = MUTATIONS[name]!.isAboutChecksums === true;
  if (chance(a.random, ONE_MIXED_IN)) {
    const second = MUTATIONS[pick(a.random, MUTATION_NAMES)]!;
    frames = second.act(frames, a);
    isAboutChecksums ||= second.isAboutChecksums === true;
  }
  if (!isAboutChecksums && !chance(a.random, ONE_UNMENDED_IN)) for (const frame of frames) mendChecksums(frame);
  return frames;
}
