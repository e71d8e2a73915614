import { formatV4 } from "../stack/core/address.ts";
import { type Seq, seq, seqDiff } from "../stack/core/seq.ts";
import * as arp from "../stack/packet/arp.ts";
import * as ethernet from "../stack/packet/ethernet.ts";
import * as icmp from "../stack/packet/icmp.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as tcp from "../stack/packet/tcp.ts";
import * as tcpOptions from "../stack/packet/tcp-options.ts";
import * as udp from "../stack/packet/udp.ts";

/** A frame in the few words that fit on the arrow of a ladder. Addresses and ports are undefined where the frame has none. */
export interface FrameWords {
  readonly protocol: "tcp" | "udp" | "icmp" | "arp" | "other";
  readonly text: string;
  /** IPv4 addresses as unsigned numbers; those of the ARP payload for ARP. */
  readonly source: number | undefined;
  readonly destination: number | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
}

/** Flows whose first sequence numbers are remembered; the oldest is forgotten first. */
const MAX_FLOWS = 4096;

/** Puts frames in words. It remembers where each TCP flow began, so that sequence numbers read from 0. */
export class FrameNarrator {
  /** Initial sequence number by direction of a flow, `source:port>destination:port`. */
  readonly #initial = new Map<string, Seq>();
  readonly #options = tcpOptions.makeTcpOptions();

  /** Never throws: bytes that make no sense are words too. */
  narrate(frame: Uint8Array): FrameWords {
    const end = frame.length;
    if (ethernet.check(frame, 0, end) !== undefined) return other(`${end} bytes, too short for an Ethernet frame`);
    const at = ethernet.payloadAt(0);
    const type = ethernet.type(frame, 0);
    if (type === ethernet.TYPE_ARP) return arpWords(frame, at, end);
    if (type === ethernet.TYPE_IPV4) return this.#ipv4(frame, at, end);
    if (type === ethernet.TYPE_IPV6) return other("IPv6");
    return other(`EtherType 0x${type.toString(16).padStart(4, "0")}, ${end} bytes`);
  }

  #ipv4(b: Uint8Array, at: number, end: number): FrameWords {
    const wrong = ipv4.check(b, at, end);
    if (wrong !== undefined) return other(wrong);
    const from = at + ipv4.headerLength(b, at);
    const to = ipv4.payloadEnd(b, at);
    const ends = { source: ipv4.source(b, at), destination: ipv4.destination(b, at), sourcePort: undefined, destinationPort: undefined };
    if (ipv4.isFragment(b, at)) {
      const offset = ipv4.fragmentOffset(b, at);
      return { ...ends, protocol: "other", text: `IPv4 fragment at ${offset} len=${to - from}` };
    }
    switch (ipv4.protocol(b, at)) {
      case ipv4.PROTOCOL_TCP:
        return this.#tcp(b, from, to, ends.source, ends.destination);
      case ipv4.PROTOCOL_UDP:
        return udpWords(b, from, to, ends.source, ends.destination);
      case ipv4.PROTOCOL_ICMP:
        return { ...ends, protocol: "icmp", text: icmpText(b, from, to) };
      default:
        return { ...ends, protocol: "other", text: `IP protocol ${ipv4.protocol(b, at)} len=${to - from}` };
    }
  }

  #tcp(b: Uint8Array, at: number, end: number, source: number, destination: number): FrameWords {
    const none = { source, destination, sourcePort: undefined, destinationPort: undefined };
    const wrong = tcp.check(b, at, end);
    if (wrong !== undefined) return { ...none, protocol: "tcp", text: wrong };
    const sourcePort = tcp.sourcePort(b, at);
    const destinationPort = tcp.destinationPort(b, at);
    const here = `${source}:${sourcePort}>${destination}:${destinationPort}`;
    const there = `${destination}:${destinationPort}>${source}:${sourcePort}`;
    const flags = tcp.flags(b, at);
    const sequence = tcp.sequence(b, at);
    const isSyn = (flags & tcp.SYN) !== 0;
    const isRst = (flags & tcp.RST) !== 0;

    // A reset may carry a number of nobody's (0 when it answers a SYN), which must not become anybody's beginning.
    if (isSyn || (!isRst && !this.#initial.has(here))) this.#remember(here, isSyn ? sequence : seq(sequence - 1));
    const words = [tcp.flagsText(flags) || "no flags", `seq=${this.#relative(here, sequence)}`];
    if ((flags & tcp.ACK) !== 0) {
      const acknowledged = tcp.acknowledgment(b, at);
      // What is acknowledged of a flow that was never seen: all but the first number has been sent.
      if (!isRst && !this.#initial.has(there)) this.#remember(there, seq(acknowledged - 1));
      words.push(`ack=${this.#relative(there, acknowledged)}`);
    }
    const length = end - tcp.payloadAt(b, at);
    if (length > 0) words.push(`len=${length}`);
    if (!isRst) words.push(`win=${tcp.window(b, at)}`);
    tcpOptions.parse(b, at, this.#options);
    words.push(...optionWords(this.#options, isSyn, (edge) => this.#relative(there, edge)));
    return { protocol: "tcp", text: words.join(" "), source, destination, sourcePort, destinationPort };
  }

  #relative(flow: string, sequence: Seq): number {
    const initial = this.#initial.get(flow);
    return initial === undefined ? sequence : seqDiff(sequence, initial);
  }

  #remember(flow: string, initial: Seq): void {
    this.#initial.delete(flow);
    this.#initial.set(flow, initial);
    if (this.#initial.size > MAX_FLOWS) this.#initial.delete(this.#initial.keys().next().value as string);
  }
}

function optionWords(options: tcpOptions.TcpOptions, isSyn: boolean, relative: (edge: Seq) => number): string[] {
  const words: string[] = [];
  if (isSyn) {
    if (options.mss > 0) words.push(`mss=${options.mss}`);
    if (options.windowScale >= 0) words.push(`ws=${options.windowScale}`);
    if (options.sackPermitted) words.push("sackOK");
    if (options.hasTimestamps) words.push("ts");
  }
  for (let i = 0; i < options.sackBlocks; i++) {
    words.push(`sack=${relative(tcpOptions.sackLeftEdge(options, i))}:${relative(tcpOptions.sackRightEdge(options, i))}`);
  }
  return words;
}

function arpWords(b: Uint8Array, at: number, end: number): FrameWords {
  const wrong = arp.check(b, at, end);
  if (wrong !== undefined) return other(wrong);
  const sender = arp.senderIp(b, at);
  const target = arp.targetIp(b, at);
  const text =
    arp.operation(b, at) === arp.REPLY
      ? `ARP ${formatV4(sender)} is at ${arp.senderMacText(b, at)}`
      : sender === 0 || sender === target
        ? `ARP is anybody else ${formatV4(target)}?`
        : `ARP who has ${formatV4(target)}?`;
  return { protocol: "arp", text, source: sender, destination: target, sourcePort: undefined, destinationPort: undefined };
}

function udpWords(b: Uint8Array, at: number, end: number, source: number, destination: number): FrameWords {
  if (udp.check(b, at, end) !== undefined) {
    return { ...other("UDP, malformed"), protocol: "udp", source, destination };
  }
  const sourcePort = udp.sourcePort(b, at);
  const destinationPort = udp.destinationPort(b, at);
  const text = `UDP ${sourcePort} to ${destinationPort} len=${end - at - udp.HEADER}`;
  return { protocol: "udp", text, source, destination, sourcePort, destinationPort };
}

const UNREACHABLE: Readonly<Record<number, string>> = {
  [icmp.NET_UNREACHABLE]: "net unreachable",
  [icmp.HOST_UNREACHABLE]: "host unreachable",
  [icmp.PROTOCOL_UNREACHABLE]: "protocol unreachable",
  [icmp.PORT_UNREACHABLE]: "port unreachable",
  [icmp.FRAGMENTATION_NEEDED]: "fragmentation needed",
  [icmp.COMMUNICATION_PROHIBITED]: "communication prohibited",
};

function icmpText(b: Uint8Array, at: number, end: number): string {
  const wrong = icmp.check(b, at, end);
  if (wrong !== undefined) return wrong;
  const type = icmp.type(b, at);
  const code = icmp.code(b, at);
  switch (type) {
    case icmp.ECHO_REQUEST:
      return `ICMP echo request len=${end - at - icmp.HEADER}`;
    case icmp.ECHO_REPLY:
      return `ICMP echo reply len=${end - at - icmp.HEADER}`;
    case icmp.DESTINATION_UNREACHABLE:
      return `ICMP ${UNREACHABLE[code] ?? `unreachable, code ${code}`}`;
    case icmp.TIME_EXCEEDED:
      return "ICMP time exceeded";
    default:
      return `ICMP type ${type} code ${code}`;
  }
}

const other = (text: string): FrameWords => ({
  protocol: "other",
  text,
  source: undefined,
  destination: undefined,
  sourcePort: undefined,
  destinationPort: undefined,
});
