/**
 * A frame taken apart into the fields of its headers, each with the bits that it takes: for the tree of fields, the drawing of the header
 * as in its RFC, and the bytes. Takes any bytes: what is cut short ends in a field that says so, and nothing is thrown.
 */
import { icmpMeaning, icmpv6Meaning } from "./icmp-meanings.ts";

export interface FrameField {
  /** As its RFC calls it. */
  readonly name: string;
  /** From the beginning of the frame. */
  readonly bitAt: number;
  readonly bitLength: number;
  /** As people write it. */
  readonly value: string;
  /** What the value means. */
  readonly meaning?: string | undefined;
  /** The parts of a field that has some, such as the options. */
  readonly parts?: readonly FrameField[] | undefined;
}

export interface FrameLayer {
  /** `Ethernet II`, `TCP`. */
  readonly name: string;
  /** Where it is drawn so. */
  readonly source: string;
  readonly at: number;
  readonly end: number;
  readonly fields: readonly FrameField[];
}

/** A field of fixed width as it stands in a table: what it is called, how wide it is, and how its value reads. */
type FieldForm = readonly [name: string, bits: number, read?: FieldReader];
type FieldReader = (value: number, b: Uint8Array, at: number) => string | readonly [value: string, meaning: string | undefined];

const hex =
  (digits: number): FieldReader =>
  (value) =>
    `0x${value.toString(16).padStart(digits, "0")}`;
const mac: FieldReader = (_, b, at) =>
  Array.from({ length: 6 }, (_unused, i) =>
    byte(b, at + i)
      .toString(16)
      .padStart(2, "0"),
  ).join(":");
const ip4: FieldReader = (_, b, at) => `${byte(b, at)}.${byte(b, at + 1)}.${byte(b, at + 2)}.${byte(b, at + 3)}`;
const ip6: FieldReader = (_, b, at) => ipv6Text(b, at);
const named =
  (names: Readonly<Record<number, string>>): FieldReader =>
  (value) => [String(value), names[value]];
const flag =
  (meaning: string): FieldReader =>
  (value) => [String(value), value === 1 ? meaning : undefined];
const byte = (b: Uint8Array, at: number): number => b[at] ?? 0;
const u16 = (b: Uint8Array, at: number): number => (byte(b, at) << 8) | byte(b, at + 1);

const PROTOCOLS: Readonly<Record<number, string>> = {
  0: "hop-by-hop options",
  1: "ICMP",
  2: "IGMP",
  6: "TCP",
  17: "UDP",
  43: "routing header",
  44: "fragment header",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "no next header",
  60: "destination options",
};

const TYPES: Readonly<Record<number, string>> = { 2048: "IPv4", 2054: "ARP", 33024: "802.1Q tag", 34525: "IPv6", 34984: "802.1ad tag" };
const etherType: FieldReader = (value) => [
  `0x${value.toString(16).padStart(4, "0")}`,
  TYPES[value] ?? (value < 0x0600 ? "length" : undefined),
];

const ETHERNET: readonly FieldForm[] = [
  ["Destination", 48, mac],
  ["Source", 48, mac],
  ["Type", 16, etherType],
];

const TAG: readonly FieldForm[] = [
  ["Priority", 3],
  ["DEI", 1],
  ["VLAN", 12],
  ["Type", 16, etherType],
];

const ARP: readonly FieldForm[] = [
  ["Hardware Type", 16, named({ 1: "Ethernet" })],
  ["Protocol Type", 16, etherType],
  ["Hardware Length", 8],
  ["Protocol Length", 8],
  ["Opcode", 16, named({ 1: "request", 2: "reply" })],
  ["Sender Hardware Address", 48, mac],
  ["Sender Protocol Address", 32, ip4],
  ["Target Hardware Address", 48, mac],
  ["Target Protocol Address", 32, ip4],
];

const ECN = named({ 0: "not ECN-capable", 1: "ECT(1)", 2: "ECT(0)", 3: "congestion experienced" });

const IPV4: readonly FieldForm[] = [
  ["Version", 4],
  ["IHL", 4, (value) => [String(value), `${value * 4} bytes`]],
  ["DSCP", 6],
  ["ECN", 2, ECN],
  ["Total Length", 16],
  ["Identification", 16, hex(4)],
  ["Reserved", 1],
  ["DF", 1, flag("don't fragment")],
  ["MF", 1, flag("more fragments")],
  ["Fragment Offset", 13, (value) => [String(value), value === 0 ? undefined : `${value * 8} bytes`]],
  ["Time to Live", 8],
  ["Protocol", 8, named(PROTOCOLS)],
  ["Header Checksum", 16, hex(4)],
  ["Source Address", 32, ip4],
  ["Destination Address", 32, ip4],
];

const IPV6: readonly FieldForm[] = [
  ["Version", 4],
  ["DSCP", 6],
  ["ECN", 2, ECN],
  ["Flow Label", 20, hex(5)],
  ["Payload Length", 16],
  ["Next Header", 8, named(PROTOCOLS)],
  ["Hop Limit", 8],
  ["Source Address", 128, ip6],
  ["Destination Address", 128, ip6],
];

const FRAGMENT: readonly FieldForm[] = [
  ["Next Header", 8, named(PROTOCOLS)],
  ["Reserved", 8],
  ["Fragment Offset", 13, (value) => [String(value), `${value * 8} bytes`]],
  ["Reserved", 2],
  ["M", 1, flag("more fragments")],
  ["Identification", 32, hex(8)],
];

const EXTENSION: readonly FieldForm[] = [
  ["Next Header", 8, named(PROTOCOLS)],
  ["Hdr Ext Len", 8, (value) => [String(value), `${(value + 1) * 8} bytes`]],
];

const TCP: readonly FieldForm[] = [
  ["Source Port", 16],
  ["Destination Port", 16],
  ["Sequence Number", 32],
  ["Acknowledgment Number", 32],
  ["Data Offset", 4, (value) => [String(value), `${value * 4} bytes`]],
  ["Reserved", 4],
  ["CWR", 1, flag("congestion window reduced")],
  ["ECE", 1, flag("ECN echo")],
  ["URG", 1, flag("urgent pointer counts")],
  ["ACK", 1, flag("acknowledgment counts")],
  ["PSH", 1, flag("push")],
  ["RST", 1, flag("reset the connection")],
  ["SYN", 1, flag("synchronize sequence numbers")],
  ["FIN", 1, flag("no more data from the sender")],
  ["Window", 16],
  ["Checksum", 16, hex(4)],
  ["Urgent Pointer", 16],
];

const UDP: readonly FieldForm[] = [
  ["Source Port", 16],
  ["Destination Port", 16],
  ["Length", 16],
  ["Checksum", 16, (value) => [`0x${value.toString(16).padStart(4, "0")}`, value === 0 ? "none" : undefined]],
];

/** Extension headers in a row, so that a frame made of nothing else ends. */
const MAX_EXTENSIONS = 16;
const MAX_OPTIONS = 64;

/** The layers of the frame, the outermost first; what no header claims is `Data`. */
export function frameFields(b: Uint8Array): readonly FrameLayer[] {
  const layers: FrameLayer[] = [];
  const end = b.length;
  const ethernet = layerOf("Ethernet II", "IEEE 802.3", b, 0, end, ETHERNET);
  layers.push(ethernet);
  if (end < 14) return layers;
  let at = 14;
  let type = u16(b, 12);
  while ((type === 0x8100 || type === 0x88a8) && at + 4 <= end && layers.length < 4) {
    layers.push(layerOf("VLAN tag", "IEEE 802.1Q", b, at, end, TAG));
    type = u16(b, at + 2);
    at += 4;
  }
  if (type === 0x0806) {
    const arp = layerOf("ARP", "RFC 826", b, at, end, ARP);
    layers.push(arp);
    pushRest(layers, b, arp.end, end, "Padding");
  } else if (type === 0x0800) pushIpv4(layers, b, at, end);
  else if (type === 0x86dd) pushIpv6(layers, b, at, end);
  else pushRest(layers, b, at, end, "Data");
  return layers;
}

function pushIpv4(layers: FrameLayer[], b: Uint8Array, at: number, end: number): void {
  const fixed = layerOf("IPv4", "RFC 791", b, at, end, IPV4);
  const headerEnd = Math.min(end, at + Math.max(20, (byte(b, at) & 15) * 4));
  const options = fixed.end < headerEnd ? [optionsField("Options", b, fixed.end, headerEnd, ipv4Option)] : [];
  layers.push({ ...fixed, end: headerEnd, fields: [...fixed.fields, ...options] });
  if (end < at + 20) return;
  const payloadEnd = Math.max(headerEnd, Math.min(end, at + u16(b, at + 2)));
  const isLaterFragment = (u16(b, at + 6) & 0x1fff) !== 0;
  pushTransport(layers, b, headerEnd, payloadEnd, isLaterFragment ? -1 : byte(b, at + 9));
  pushRest(layers, b, payloadEnd, end, "Padding");
}

function pushIpv6(layers: FrameLayer[], b: Uint8Array, at: number, end: number): void {
  const header = layerOf("IPv6", "RFC 8200", b, at, end, IPV6);
  layers.push(header);
  if (end < at + 40) return;
  let next = byte(b, at + 6);
  let from = at + 40;
  const payloadEnd = Math.min(end, from + u16(b, at + 4));
  for (let count = 0; count < MAX_EXTENSIONS && from + 8 <= payloadEnd; count++) {
    const isOptions = next === 0 || next === 60 || next === 43;
    if (next !== 44 && !isOptions) break;
    const name =
      next === 44 ? "Fragment header" : next === 43 ? "Routing header" : next === 0 ? "Hop-by-hop options" : "Destination options";
    const length = next === 44 ? 8 : (byte(b, from + 1) + 1) * 8;
    const headerEnd = Math.min(payloadEnd, from + length);
    const fixed = layerOf(name, "RFC 8200", b, from, headerEnd, next === 44 ? FRAGMENT : EXTENSION);
    const rest = fixed.end < headerEnd ? [bytesField("Data", b, fixed.end, headerEnd)] : [];
    layers.push({ ...fixed, end: headerEnd, fields: [...fixed.fields, ...rest] });
    const isLaterFragment = next === 44 && (u16(b, from + 2) & 0xfff8) !== 0;
    next = isLaterFragment ? -1 : byte(b, from);
    from = headerEnd;
  }
  pushTransport(layers, b, from, payloadEnd, next);
  pushRest(layers, b, payloadEnd, end, "Padding");
}

function pushTransport(layers: FrameLayer[], b: Uint8Array, at: number, end: number, protocol: number): void {
  if (protocol === 6) {
    const fixed = layerOf("TCP", "RFC 9293", b, at, end, TCP);
    const headerEnd = Math.max(fixed.end, Math.min(end, at + (byte(b, at + 12) >>> 4) * 4));
    const options = fixed.end < headerEnd ? [optionsField("Options", b, fixed.end, headerEnd, tcpOption)] : [];
    layers.push({ ...fixed, end: headerEnd, fields: [...fixed.fields, ...options] });
    pushRest(layers, b, headerEnd, end, "Data");
  } else if (protocol === 17) {
    const udp = layerOf("UDP", "RFC 768", b, at, end, UDP);
    layers.push(udp);
    pushRest(layers, b, udp.end, end, "Data");
  } else if (protocol === 1 || protocol === 58) {
    const isV6 = protocol === 58;
    const icmp = layerOf(isV6 ? "ICMPv6" : "ICMP", isV6 ? "RFC 4443" : "RFC 792", b, at, end, icmpForm(byte(b, at), byte(b, at + 1), isV6));
    layers.push(icmp);
    pushRest(layers, b, icmp.end, end, "Data");
  } else pushRest(layers, b, at, end, "Data");
}

/** The first eight bytes, of which the last four depend on the type. */
function icmpForm(type: number, code: number, isV6: boolean): readonly FieldForm[] {
  const meaning = isV6 ? icmpv6Meaning(type, code) : icmpMeaning(type, code);
  const head: readonly FieldForm[] = [
    ["Type", 8, (value) => [String(value), meaning]],
    ["Code", 8],
    ["Checksum", 16, hex(4)],
  ];
  const isEcho = isV6 ? type === 128 || type === 129 : type === 0 || type === 8;
  if (isEcho) return [...head, ["Identifier", 16, hex(4)], ["Sequence Number", 16]];
  if (isV6 && type === 2) return [...head, ["MTU", 32]];
  if (!isV6 && type === 3 && code === 4) return [...head, ["unused", 16], ["Next-Hop MTU", 16]];
  if (!isV6 && type === 5) return [...head, ["Gateway Internet Address", 32, ip4]];
  if (isV6 && (type === 135 || type === 136)) {
    const flags: readonly FieldForm[] =
      type === 136
        ? [
            ["R", 1, flag("router")],
            ["S", 1, flag("solicited")],
            ["O", 1, flag("override")],
            ["Reserved", 29],
          ]
        : [["Reserved", 32]];
    return [...head, ...flags, ["Target Address", 128, ip6]];
  }
  return [...head, ["Rest of header", 32, hex(8)]];
}

/** Lays the fields of a table over the bytes; what has no bytes left is told as missing. */
function layerOf(name: string, source: string, b: Uint8Array, at: number, end: number, form: readonly FieldForm[]): FrameLayer {
  const fields: FrameField[] = [];
  let bitAt = at * 8;
  for (const [fieldName, bitLength, read] of form) {
    if (bitAt + bitLength > end * 8) {
      if (bitAt < end * 8) fields.push({ name: "Cut short", bitAt, bitLength: end * 8 - bitAt, value: `${fieldName}…` });
      return { name, source, at, end: Math.max(at, end), fields };
    }
    const value = bitLength > 32 ? 0 : bitsAt(b, bitAt, bitLength);
    const told = read?.(value, b, bitAt >>> 3) ?? String(value);
    const [text, meaning] = typeof told === "string" ? [told, undefined] : told;
    fields.push({ name: fieldName, bitAt, bitLength, value: text, meaning });
    bitAt += bitLength;
  }
  return { name, source, at, end: Math.ceil(bitAt / 8), fields };
}

function bitsAt(b: Uint8Array, bitAt: number, bitLength: number): number {
  let value = 0;
  for (let bit = bitAt; bit < bitAt + bitLength; bit++) value = value * 2 + ((byte(b, bit >>> 3) >>> (7 - (bit & 7))) & 1);
  return value;
}

function pushRest(layers: FrameLayer[], b: Uint8Array, at: number, end: number, name: string): void {
  if (at >= end) return;
  layers.push({ name, source: "", at, end, fields: [bytesField(name, b, at, end)] });
}

/** The beginning of the bytes as text where they are some. */
function bytesField(name: string, b: Uint8Array, at: number, end: number): FrameField {
  let text = "";
  for (let i = at; i < Math.min(end, at + 40); i++) {
    const code = byte(b, i);
    text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
  }
  const count = end - at;
  return {
    name,
    bitAt: at * 8,
    bitLength: count * 8,
    value: count === 1 ? "1 byte" : `${count} bytes`,
    meaning: count > 40 ? `${text}…` : text,
  };
}

type OptionReader = (kind: number, b: Uint8Array, at: number, length: number) => readonly [name: string, value: string];

/** Options of TCP and IPv4: a kind, and but for the first two a length and a value. */
function optionsField(name: string, b: Uint8Array, at: number, end: number, read: OptionReader): FrameField {
  const parts: FrameField[] = [];
  for (let from = at; from < end && parts.length < MAX_OPTIONS; ) {
    const kind = byte(b, from);
    const stated = kind < 2 || from + 1 >= end ? 1 : byte(b, from + 1);
    const isWrong = kind >= 2 && (stated < 2 || from + stated > end);
    const length = isWrong ? end - from : stated;
    const [partName, value] = isWrong ? [`Option ${kind}`, "its length is wrong"] : read(kind, b, from, length);
    parts.push({ name: partName, bitAt: from * 8, bitLength: length * 8, value });
    from += length;
  }
  const value = parts.map((part) => part.name).join(", ");
  return { name, bitAt: at * 8, bitLength: (end - at) * 8, value, parts };
}

function tcpOption(kind: number, b: Uint8Array, at: number, length: number): readonly [string, string] {
  const number = (offset: number, bytes: number): number => bitsAt(b, (at + offset) * 8, bytes * 8);
  if (kind === 0) return ["End of Option List", ""];
  if (kind === 1) return ["No-Operation", ""];
  if (kind === 2 && length === 4) return ["Maximum Segment Size", String(number(2, 2))];
  if (kind === 3 && length === 3) return ["Window Scale", `${number(2, 1)} (× ${2 ** Math.min(14, number(2, 1))})`];
  if (kind === 4 && length === 2) return ["SACK Permitted", ""];
  if (kind === 5) {
    const blocks: string[] = [];
    for (let offset = 2; offset + 8 <= length; offset += 8) blocks.push(`${number(offset, 4)}–${number(offset + 4, 4)}`);
    return ["SACK", blocks.join(", ")];
  }
  if (kind === 8 && length === 10) return ["Timestamps", `${number(2, 4)}, echo ${number(6, 4)}`];
  if (kind === 34) return ["TCP Fast Open Cookie", length > 2 ? `${length - 2} bytes` : "asked for"];
  return [`Option ${kind}`, `${length} bytes`];
}

const IPV4_OPTIONS: Readonly<Record<number, string>> = {
  0: "End of Option List",
  1: "No Operation",
  7: "Record Route",
  68: "Timestamp",
  131: "Loose Source Route",
  137: "Strict Source Route",
  148: "Router Alert",
};

const ipv4Option = (kind: number, _b: Uint8Array, _at: number, length: number): readonly [string, string] => [
  IPV4_OPTIONS[kind] ?? `Option ${kind}`,
  kind < 2 ? "" : `${length} bytes`,
];

/** RFC 5952: the longest run of zeros left out. */
function ipv6Text(b: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(b, at + i * 2));
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.from < 0) return text(groups);
  return `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.length))}`;
}
