/** TCP and UDP in words, whichever family carries them. */
import { seqShown } from "../core/seq.ts";
import { u8, u16, u32 } from "./bytes.ts";
import * as dns from "./dns.ts";
import { dnsWords } from "./dns-words.ts";
import {
  type IpFields,
  type Ipv4Description,
  type Ipv6Description,
  type MalformedFrame,
  type TcpDescription,
  type UdpDescription,
  withPort,
  withTrouble,
} from "./frame-description.ts";
import * as tcp from "./tcp.ts";
import * as tcpOptions from "./tcp-options.ts";
import * as udp from "./udp.ts";

type IpDescription = Ipv4Description | Ipv6Description;

/** The datagram around a message. */
export interface Carrier {
  readonly ip: IpFields;
  /** Where the message begins and ends. */
  readonly at: number;
  readonly end: number;
  /** The datagram without a word of its message, which is malformed. */
  readonly bare: (malformed: MalformedFrame) => IpDescription;
}

export function describeTcp(b: Uint8Array, carrier: Carrier): TcpDescription | IpDescription {
  const { ip, at: t, end } = carrier;
  const malformed = tcp.check(b, t, end);
  if (malformed !== undefined) return carrier.bare(malformed);

  const sourcePort = tcp.sourcePort(b, t);
  const destinationPort = tcp.destinationPort(b, t);
  const source = withPort(ip.sourceAddress, sourcePort);
  const destination = withPort(ip.destinationAddress, destinationPort);
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
    ip,
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

export function describeUdp(b: Uint8Array, carrier: Carrier): UdpDescription | IpDescription {
  const { ip, at: u, end } = carrier;
  const malformed = udp.check(b, u, end);
  if (malformed !== undefined) return carrier.bare(malformed);

  const sourcePort = udp.sourcePort(b, u);
  const destinationPort = udp.destinationPort(b, u);
  const source = withPort(ip.sourceAddress, sourcePort);
  const destination = withPort(ip.destinationAddress, destinationPort);
  const payloadLength = udp.payloadLength(b, u);
  const datagram = { protocol: "udp", source, destination, ip, sourcePort, destinationPort, payloadLength } as const;
  if (sourcePort !== dns.PORT && destinationPort !== dns.PORT) {
    return { ...datagram, summary: `${source} → ${destination} UDP len=${payloadLength}` };
  }
  const at = udp.payloadAt(u);
  const badMessage = dns.check(b, at, udp.payloadEnd(b, u));
  if (badMessage !== undefined) return { ...datagram, ...withTrouble(`${source} → ${destination} DNS len=${payloadLength}`, badMessage) };
  const words = dnsWords(b, at, udp.payloadEnd(b, u));
  return { ...datagram, dns: words, summary: `${source} → ${destination} DNS ${words}` };
}
