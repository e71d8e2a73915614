/**
 * A frame in words: for the ladder, `tapsock trace` and the page. Not for the data path: everything here is made anew.
 * Checksums are not judged, since with offloads the device fills them in after the frame was seen.
 */
import { formatV4 } from "../core/address.ts";
import { seqShown } from "../core/seq.ts";
import * as arp from "./arp.ts";
import { u8, u16, u32 } from "./bytes.ts";
import * as dns from "./dns.ts";
import { dnsWords } from "./dns-words.ts";
import * as ethernet from "./ethernet.ts";
import * as icmp from "./icmp.ts";
import * as ipv4 from "./ipv4.ts";
import * as tcp from "./tcp.ts";
import * as tcpOptions from "./tcp-options.ts";
import * as udp from "./udp.ts";

/** Everything that can be wrong with the shape of a frame. */
export type MalformedFrame =
  | ethernet.Malformed
  | arp.Malformed
  | ipv4.Malformed
  | icmp.Malformed
  | icmp.MalformedQuote
  | tcp.Malformed
  | "tcp-bad-option"
  | udp.Malformed
  | dns.Malformed;

export interface Described {
  /** The innermost address known: `203.0.113.2:49152`, `203.0.113.2`, or a MAC. */
  readonly source: string;
  readonly destination: string;
  /** One line, source and destination included. */
  readonly summary: string;
  /** What is wrong; the fields then hold what could be read all the same. */
  readonly malformed?: MalformedFrame;
}

/** Fields of the IPv4 header that carries a message. */
export interface Ipv4Fields {
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly ttl: number;
  readonly tos: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  /** Header and payload, in bytes. */
  readonly totalLength: number;
}

export interface TcpDescription extends Described {
  readonly protocol: "tcp";
  readonly ip: Ipv4Fields;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** As `SYN,ACK`. */
  readonly flags: string;
  readonly seq: number;
  /** 0 without the ACK flag, whatever the field holds. */
  readonly ack: number;
  /** As sent, before the RFC 7323 shift. */
  readonly window: number;
  readonly urgentPointer: number;
  /** In the order of the header, padding included: `mss 1460`, `nop`, `ws 8`, … */
  readonly options: readonly string[];
  /** In bytes. */
  readonly payloadLength: number;
}

export interface UdpDescription extends Described {
  readonly protocol: "udp";
  readonly ip: Ipv4Fields;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** In bytes. */
  readonly payloadLength: number;
  /** What the DNS message says that comes from or goes to port 53: `A? www.example.com`. */
  readonly dns?: string;
}

export interface IcmpDescription extends Described {
  readonly protocol: "icmp";
  readonly ip: Ipv4Fields;
  readonly type: number;
  readonly code: number;
  /** The message's name: `echo request`, `port unreachable`. */
  readonly message: string;
  /** Bytes after the header of eight. */
  readonly payloadLength: number;
  /** Of an echo. */
  readonly identifier?: number;
  /** Of an echo. */
  readonly sequence?: number;
  /** Of "fragmentation needed", in bytes. */
  readonly nextHopMtu?: number;
  /** The datagram that an error is about: `tcp 203.0.113.2:49152 → 203.0.113.1:80`. */
  readonly quoted?: string;
}

export interface ArpDescription extends Described {
  readonly protocol: "arp";
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
}

/** A datagram of another protocol, a fragment, or one whose content is malformed. */
export interface Ipv4Description extends Described {
  readonly protocol: "ipv4";
  readonly ip: Ipv4Fields;
  readonly payloadProtocol: number;
  /** In bytes; 0 in what is no fragment, and in a first one. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  /** In bytes. */
  readonly payloadLength: number;
}

/** A frame of another type, or one whose content is malformed. */
export interface EthernetDescription extends Described {
  readonly protocol: "ethernet";
  /** The type field; 0 when the frame is too short to have one. */
  readonly etherType: number;
  /** Bytes after the header. */
  readonly payloadLength: number;
}

/** Plain data, fit for JSON. What is malformed is described at the last layer that could be read. */
export type FrameDescription = TcpDescription | UdpDescription | IcmpDescription | ArpDescription | Ipv4Description | EthernetDescription;

/** Describes the Ethernet frame in [at, end). Any bytes will do: nothing is thrown. */
export function describeFrame(b: Uint8Array, at: number, end: number): FrameDescription {
  const stop = Math.min(end, b.length);
  const malformed = ethernet.check(b, at, stop);
  if (malformed !== undefined) {
    const length = Math.max(stop - at, 0);
    return {
      protocol: "ethernet",
      source: "?",
      destination: "?",
      etherType: 0,
      payloadLength: 0,
      malformed,
      summary: `${malformed}: ${length} bytes`,
    };
  }
  switch (ethernet.type(b, at)) {
    case ethernet.TYPE_IPV4:
      return describeIpv4Frame(b, at, stop);
    case ethernet.TYPE_ARP:
      return describeArpFrame(b, at, stop);
    default:
      return describeEthernet(b, at, stop);
  }
}

const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [ethernet.TYPE_IPV4, "IPv4"],
  [ethernet.TYPE_ARP, "ARP"],
  [ethernet.TYPE_VLAN, "802.1Q tag"],
  [ethernet.TYPE_SERVICE_VLAN, "802.1ad tag"],
  [ethernet.TYPE_IPV6, "IPv6"],
]);

function describeEthernet(b: Uint8Array, at: number, end: number, malformed?: MalformedFrame): EthernetDescription {
  const source = ethernet.sourceText(b, at);
  const destination = ethernet.destinationText(b, at);
  const etherType = ethernet.type(b, at);
  const payloadLength = end - ethernet.payloadAt(at);
  const name =
    etherType < ethernet.MIN_TYPE ? "802.3" : (ETHERTYPE_NAMES.get(etherType) ?? `type 0x${etherType.toString(16).padStart(4, "0")}`);
  const what = `${source} → ${destination} ${name} len=${payloadLength}`;
  return { protocol: "ethernet", source, destination, etherType, payloadLength, ...withTrouble(what, malformed) };
}

/** The summary, and behind it the reason when there is one. */
const withTrouble = (what: string, malformed: MalformedFrame | undefined): { summary: string; malformed?: MalformedFrame } =>
  malformed === undefined ? { summary: what } : { summary: `${what} ${malformed}`, malformed };

function describeArpFrame(b: Uint8Array, at: number, end: number): ArpDescription | EthernetDescription {
  const a = ethernet.payloadAt(at);
  const malformed = arp.check(b, a, end);
  if (malformed !== undefined) return describeEthernet(b, at, end, malformed);

  const senderIp = formatV4(arp.senderIp(b, a));
  const targetIp = formatV4(arp.targetIp(b, a));
  const senderMac = arp.senderMacText(b, a);
  const isRequest = arp.operation(b, a) === arp.REQUEST;
  return {
    protocol: "arp",
    source: senderIp,
    destination: targetIp,
    operation: isRequest ? "request" : "reply",
    senderMac,
    senderIp,
    targetMac: arp.targetMacText(b, a),
    targetIp,
    summary: isRequest ? `ARP who has ${targetIp}? tell ${senderIp}` : `ARP ${senderIp} is at ${senderMac}`,
  };
}

function describeIpv4Frame(b: Uint8Array, at: number, end: number): FrameDescription {
  const ip = ethernet.payloadAt(at);
  const malformed = ipv4.check(b, ip, end);
  if (malformed !== undefined) return describeEthernet(b, at, end, malformed);
  if (ipv4.isFragment(b, ip)) return describeIpv4(b, ip);
  switch (ipv4.protocol(b, ip)) {
    case ipv4.PROTOCOL_TCP:
      return describeTcp(b, ip);
    case ipv4.PROTOCOL_UDP:
      return describeUdp(b, ip);
    case ipv4.PROTOCOL_ICMP:
      return describeIcmp(b, ip);
    default:
      return describeIpv4(b, ip);
  }
}

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [ipv4.PROTOCOL_ICMP, "icmp"],
  [ipv4.PROTOCOL_IGMP, "igmp"],
  [ipv4.PROTOCOL_TCP, "tcp"],
  [ipv4.PROTOCOL_UDP, "udp"],
]);

const protocolName = (protocol: number): string => PROTOCOL_NAMES.get(protocol) ?? `protocol ${protocol}`;

const ipv4Fields = (b: Uint8Array, ip: number): Ipv4Fields => ({
  sourceAddress: formatV4(ipv4.source(b, ip)),
  destinationAddress: formatV4(ipv4.destination(b, ip)),
  ttl: ipv4.ttl(b, ip),
  tos: ipv4.tos(b, ip),
  identification: ipv4.identification(b, ip),
  dontFragment: ipv4.dontFragment(b, ip),
  totalLength: ipv4.totalLength(b, ip),
});

function describeIpv4(b: Uint8Array, ip: number, malformed?: MalformedFrame): Ipv4Description {
  const fields = ipv4Fields(b, ip);
  const payloadProtocol = ipv4.protocol(b, ip);
  const payloadLength = ipv4.payloadLength(b, ip);
  const fragmentOffset = ipv4.fragmentOffset(b, ip);
  const moreFragments = ipv4.moreFragments(b, ip);
  let what = `${fields.sourceAddress} → ${fields.destinationAddress} ${protocolName(payloadProtocol)}`;
  if (ipv4.isFragment(b, ip)) {
    what += ` fragment id=${fields.identification} offset=${fragmentOffset}${moreFragments ? ", more follow" : ", last"}`;
  }
  return {
    protocol: "ipv4",
    source: fields.sourceAddress,
    destination: fields.destinationAddress,
    ip: fields,
    payloadProtocol,
    fragmentOffset,
    moreFragments,
    payloadLength,
    ...withTrouble(`${what} len=${payloadLength}`, malformed),
  };
}

function describeTcp(b: Uint8Array, ip: number): TcpDescription | Ipv4Description {
  const t = ipv4.payloadAt(b, ip);
  const end = ipv4.payloadEnd(b, ip);
  const malformed = tcp.check(b, t, end);
  if (malformed !== undefined) return describeIpv4(b, ip, malformed);

  const fields = ipv4Fields(b, ip);
  const sourcePort = tcp.sourcePort(b, t);
  const destinationPort = tcp.destinationPort(b, t);
  const source = `${fields.sourceAddress}:${sourcePort}`;
  const destination = `${fields.destinationAddress}:${destinationPort}`;
  const flagBits = tcp.flags(b, t);
  const flags = tcp.flagsText(flagBits);
  const seq = seqShown(tcp.sequence(b, t));
  const ack = (flagBits & tcp.ACK) !== 0 ? seqShown(tcp.acknowledgment(b, t)) : 0;
  const window = tcp.window(b, t);
  const urgentPointer = tcp.urgentPointer(b, t);
  const payloadLength = end - tcp.payloadAt(b, t);

  const parsed = tcpOptions.makeSegmentOptions();
  tcpOptions.parse(b, t, parsed);
  const words = [`${source} → ${destination} [${flags}] seq=${seq}`];
  if ((flagBits & tcp.ACK) !== 0) words.push(`ack=${ack}`);
  words.push(`win=${window}`);
  if ((flagBits & tcp.URG) !== 0) words.push(`urg=${urgentPointer}`);
  if (payloadLength > 0) words.push(`len=${payloadLength}`);
  words.push(...tcpOptionWords(parsed));
  return {
    protocol: "tcp",
    source,
    destination,
    ip: fields,
    sourcePort,
    destinationPort,
    flags,
    seq,
    ack,
    window,
    urgentPointer,
    options: tcpOptionList(b, t),
    payloadLength,
    ...withTrouble(words.join(" "), parsed.malformed ? "tcp-bad-option" : undefined),
  };
}

/** What a summary says of the options: what they mean, without padding and unknown ones. */
function tcpOptionWords(options: tcpOptions.SegmentOptions): string[] {
  const words: string[] = [];
  if (options.mss > 0) words.push(`mss=${options.mss}`);
  if (options.windowScale >= 0) words.push(`ws=${options.windowScale}`);
  if (options.sackPermitted) words.push("sackOk");
  if (options.hasTimestamps) words.push(`ts=${options.tsVal >>> 0}/${options.tsEcr >>> 0}`);
  for (let i = 0; i < options.sackBlocks; i++)
    words.push(`sack=${seqShown(tcpOptions.sackLeftEdge(options, i))}-${seqShown(tcpOptions.sackRightEdge(options, i))}`);
  return words;
}

/** Every option as it stands in the header. */
function tcpOptionList(b: Uint8Array, t: number): string[] {
  const texts: string[] = [];
  const end = tcp.payloadAt(b, t);
  let o = tcp.optionsAt(t);
  while (o < end) {
    const kind = u8(b, o);
    const length = tcpOptions.optionLength(b, o, end);
    if (length === 0) {
      texts.push(`kind ${kind} with a bad length`);
      break;
    }
    texts.push(tcpOptionText(b, o, kind, length));
    if (kind === tcpOptions.EOL) break;
    o += length;
  }
  return texts;
}

function tcpOptionText(b: Uint8Array, o: number, kind: number, length: number): string {
  if (kind === tcpOptions.EOL) return "eol";
  if (kind === tcpOptions.NOP) return "nop";
  if (kind === tcpOptions.MSS && length === 4) return `mss ${u16(b, o + 2)}`;
  if (kind === tcpOptions.WINDOW_SCALE && length === 3) return `ws ${u8(b, o + 2)}`;
  if (kind === tcpOptions.SACK_PERMITTED && length === 2) return "sackOk";
  if (kind === tcpOptions.TIMESTAMPS && length === 10) return `ts ${u32(b, o + 2)} ${u32(b, o + 6)}`;
  if (kind === tcpOptions.SACK && length > 2 && length % 8 === 2) {
    let text = "sack";
    for (let block = o + 2; block < o + length; block += 8) text += ` ${u32(b, block)}-${u32(b, block + 4)}`;
    return text;
  }
  return `kind ${kind}, ${length} bytes`;
}

function describeUdp(b: Uint8Array, ip: number): UdpDescription | Ipv4Description {
  const u = ipv4.payloadAt(b, ip);
  const malformed = udp.check(b, u, ipv4.payloadEnd(b, ip));
  if (malformed !== undefined) return describeIpv4(b, ip, malformed);

  const fields = ipv4Fields(b, ip);
  const sourcePort = udp.sourcePort(b, u);
  const destinationPort = udp.destinationPort(b, u);
  const source = `${fields.sourceAddress}:${sourcePort}`;
  const destination = `${fields.destinationAddress}:${destinationPort}`;
  const payloadLength = udp.payloadLength(b, u);
  const datagram = { protocol: "udp", source, destination, ip: fields, sourcePort, destinationPort, payloadLength } as const;
  if (sourcePort !== dns.PORT && destinationPort !== dns.PORT) {
    return { ...datagram, summary: `${source} → ${destination} UDP len=${payloadLength}` };
  }
  const at = udp.payloadAt(u);
  const badMessage = dns.check(b, at, udp.payloadEnd(b, u));
  if (badMessage !== undefined) return { ...datagram, ...withTrouble(`${source} → ${destination} DNS len=${payloadLength}`, badMessage) };
  const words = dnsWords(b, at, udp.payloadEnd(b, u));
  return { ...datagram, dns: words, summary: `${source} → ${destination} DNS ${words}` };
}

function describeIcmp(b: Uint8Array, ip: number): IcmpDescription | Ipv4Description {
  const m = ipv4.payloadAt(b, ip);
  const end = ipv4.payloadEnd(b, ip);
  const malformed = icmp.check(b, m, end);
  if (malformed !== undefined) return describeIpv4(b, ip, malformed);

  const fields = ipv4Fields(b, ip);
  const type = icmp.type(b, m);
  const code = icmp.code(b, m);
  const message = icmpMessage(type, code);
  const payloadLength = end - icmp.dataAt(m);
  const common = {
    protocol: "icmp",
    source: fields.sourceAddress,
    destination: fields.destinationAddress,
    ip: fields,
    type,
    code,
    message,
    payloadLength,
  } as const;
  const what = `${fields.sourceAddress} → ${fields.destinationAddress} ICMP ${message}`;

  if (type === icmp.ECHO_REQUEST || type === icmp.ECHO_REPLY) {
    const identifier = icmp.identifier(b, m);
    const sequence = icmp.sequence(b, m);
    return { ...common, identifier, sequence, summary: `${what} id=${identifier} seq=${sequence} len=${payloadLength}` };
  }
  if (!icmp.isError(type)) return { ...common, summary: `${what} len=${payloadLength}` };

  const detail = icmpErrorDetail(b, m, type, code);
  const mtu = type === icmp.DESTINATION_UNREACHABLE && code === icmp.FRAGMENTATION_NEEDED ? { nextHopMtu: icmp.nextHopMtu(b, m) } : {};
  const badQuote = icmp.checkQuote(b, m, end);
  if (badQuote !== undefined) return { ...common, ...mtu, ...withTrouble(what + detail, badQuote) };
  const quoted = quotedText(b, m);
  return { ...common, ...mtu, quoted, summary: `${what}${detail} for ${quoted}` };
}

function icmpErrorDetail(b: Uint8Array, m: number, type: number, code: number): string {
  if (type === icmp.DESTINATION_UNREACHABLE && code === icmp.FRAGMENTATION_NEEDED) return ` mtu=${icmp.nextHopMtu(b, m)}`;
  if (type === icmp.REDIRECT) return ` to ${formatV4(icmp.gateway(b, m))}`;
  if (type === icmp.PARAMETER_PROBLEM) return ` at byte ${icmp.pointer(b, m)}`;
  return "";
}

/** Who was talking to whom in the datagram that an error quotes. Eight bytes of its payload are there: the ports, in TCP and UDP. */
function quotedText(b: Uint8Array, m: number): string {
  const ip = icmp.quotedAt(m);
  const payload = icmp.quotedPayloadAt(b, m);
  const protocol = ipv4.protocol(b, ip);
  const hasPorts = (protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP) && ipv4.fragmentOffset(b, ip) === 0;
  const sourcePort = hasPorts ? `:${udp.sourcePort(b, payload)}` : "";
  const destinationPort = hasPorts ? `:${udp.destinationPort(b, payload)}` : "";
  const source = formatV4(ipv4.source(b, ip)) + sourcePort;
  const destination = formatV4(ipv4.destination(b, ip)) + destinationPort;
  return `${protocolName(protocol)} ${source} → ${destination}`;
}

/** Codes 0 to 15 of "destination unreachable", in order. */
const UNREACHABLE_NAMES = [
  "network unreachable",
  "host unreachable",
  "protocol unreachable",
  "port unreachable",
  "fragmentation needed",
  "source route failed",
  "network unknown",
  "host unknown",
  "source host isolated",
  "network prohibited",
  "host prohibited",
  "network unreachable for this type of service",
  "host unreachable for this type of service",
  "communication prohibited",
  "host precedence violation",
  "precedence cutoff",
] as const;

function icmpMessage(type: number, code: number): string {
  switch (type) {
    case icmp.ECHO_REQUEST:
      return "echo request";
    case icmp.ECHO_REPLY:
      return "echo reply";
    case icmp.DESTINATION_UNREACHABLE:
      return UNREACHABLE_NAMES[code] ?? `unreachable, code ${code}`;
    case icmp.SOURCE_QUENCH:
      return "source quench";
    case icmp.REDIRECT:
      return "redirect";
    case icmp.TIME_EXCEEDED:
      if (code === icmp.TTL_EXCEEDED) return "time to live exceeded";
      return code === icmp.REASSEMBLY_TIME_EXCEEDED ? "reassembly time exceeded" : `time exceeded, code ${code}`;
    case icmp.PARAMETER_PROBLEM:
      return "parameter problem";
    default:
      return `type ${type}, code ${code}`;
  }
}
