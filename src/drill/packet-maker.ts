import { isV4 } from "../stack/core/address.ts";
import { seq } from "../stack/core/seq.ts";
import { putU16, putU32 } from "../stack/packet/bytes.ts";
import { pseudoHeader } from "../stack/packet/checksum.ts";
import * as icmp from "../stack/packet/icmp.ts";
import * as icmpv6 from "../stack/packet/icmpv6.ts";
import * as ipv4 from "../stack/packet/ipv4.ts";
import * as ipv6 from "../stack/packet/ipv6.ts";
import * as tcp from "../stack/packet/tcp.ts";
import * as udp from "../stack/packet/udp.ts";
import type { Conversation, ConversationEnds } from "./conversation.ts";
import { icmpNumbers } from "./icmp-names.ts";
import { AE } from "./parse-packet.ts";
import type { IcmpLine, IpNotes, ScriptTcpOption, TcpLine, UdpLine } from "./script.ts";
import { DrillMismatch } from "./script-error.ts";
import { scriptOptionBytes } from "./tcp-option-bytes.ts";

const TTL = 255;
const EXPERIMENT_TFO = 0xf989;

/** The datagram that a line sends to the host. @throws DrillMismatch when it echoes a timestamp that was never sent */
export function makeTcp(line: TcpLine, talk: Conversation, isEcrScaled: boolean): Uint8Array {
  const isSyn = (line.flags.bits & tcp.SYN) !== 0;
  const hasAck = (line.flags.bits & tcp.ACK) !== 0;
  const options = line.options ?? [];
  const headerBytes = tcp.MIN_HEADER + options.reduce((sum, option) => sum + scriptOptionBytes(option), 0);
  const datagram = makeIp(line.ip, talk, ipv4.PROTOCOL_TCP, headerBytes + line.length);
  const { bytes, at } = datagram;
  const sequence = talk.remoteSent(line.seq, isSyn);
  const acknowledged = hasAck ? talk.localOnWire(line.ack, isSyn) : line.ack;
  const from = line.sourcePort || talk.remotePort;
  const to = line.destinationPort || talk.localPort;
  tcp.writeHeader(bytes, at, from, to, seq(sequence), seq(acknowledged), headerBytes, line.flags.bits & 0xff, line.window ?? 0);
  if ((line.flags.bits & AE) !== 0) bytes[at + 12] = bytes[at + 12]! | 1;
  tcp.setUrgentPointer(bytes, at, line.urgent);
  let optionAt = tcp.optionsAt(at);
  for (const option of options) optionAt = putOption(bytes, optionAt, option, talk, hasAck, isEcrScaled);
  tcp.putChecksum(bytes, at, bytes.length, pseudoHeader(talk.remote, talk.local, ipv4.PROTOCOL_TCP, bytes.length - at));
  return bytes;
}

export function makeUdp(line: UdpLine, ends: ConversationEnds): Uint8Array {
  const { bytes, at } = makeIp(line.ip, ends, ipv4.PROTOCOL_UDP, udp.HEADER + line.length);
  const from = line.sourcePort || ends.remotePort;
  udp.writeHeader(bytes, at, from, line.destinationPort || ends.localPort, line.length);
  udp.putChecksum(bytes, at, pseudoHeader(ends.remote, ends.local, ipv4.PROTOCOL_UDP, bytes.length - at));
  return bytes;
}

/** An ICMP message about a datagram of the host's, or an echo. */
export function makeIcmp(line: IcmpLine, talk: Conversation): Uint8Array {
  const isV6 = !isV4(talk.local);
  const { type, code } = icmpNumbers(line, isV6);
  const isError = isV6 ? icmpv6.isError(type) : icmp.isError(type);
  const quote = isError ? quoteOf(line, talk) : new Uint8Array(0);
  const protocol = isV6 ? ipv6.PROTOCOL_ICMP : ipv4.PROTOCOL_ICMP;
  const { bytes, at } = makeIp(line.ip, talk, protocol, icmp.HEADER + quote.length);
  const rest = isError ? (line.mtu ?? 0) : (line.id ?? 0) << 16;
  if (isV6) icmpv6.writeHeader(bytes, at, type, code, rest);
  else icmp.writeError(bytes, at, type, code, rest);
  bytes.set(quote, at + icmp.HEADER);
  if (isV6) icmpv6.putChecksum(bytes, at, bytes.length, talk.remote, talk.local);
  else icmp.putChecksum(bytes, at, bytes.length);
  return bytes;
}

/** IP header of ours, as if it had come there, and eight bytes of what was in it. */
function quoteOf(line: IcmpLine, talk: Conversation): Uint8Array {
  const { quoted = { kind: "tcp", seq: 0 } } = line;
  const protocol = quoted.kind === "udp" ? ipv4.PROTOCOL_UDP : ipv4.PROTOCOL_TCP;
  const ends = { local: talk.remote, localPort: talk.remotePort, remote: talk.local, remotePort: talk.localPort };
  const { bytes, at } = makeIp({}, ends, protocol, 8);
  putU16(bytes, at, talk.localPort);
  putU16(bytes, at + 2, talk.remotePort);
  if (quoted.kind === "tcp") putU32(bytes, at + 4, talk.localOnWire(quoted.seq, false));
  else putU16(bytes, at + 4, udp.HEADER + quoted.length);
  return bytes;
}

function makeIp(
  notes: IpNotes,
  ends: ConversationEnds,
  protocol: number,
  payload: number,
): { readonly bytes: Uint8Array; readonly at: number } {
  const tos = notes.tos ?? (typeof notes.ecn === "number" ? notes.ecn : 0);
  const ttl = notes.ttl ?? TTL;
  if (isV4(ends.local)) {
    const bytes = new Uint8Array(ipv4.MIN_HEADER + payload);
    ipv4.writeHeader(bytes, 0, bytes.length, ends.remote.w3, ends.local.w3, protocol, ttl, 0, ipv4.DONT_FRAGMENT, tos);
    return { bytes, at: ipv4.MIN_HEADER };
  }
  const bytes = new Uint8Array(ipv6.HEADER + payload);
  ipv6.writeHeader(bytes, 0, payload, ends.remote, ends.local, protocol, ttl, tos, notes.flowLabel ?? 0);
  return { bytes, at: ipv6.HEADER };
}

function putOption(b: Uint8Array, at: number, option: ScriptTcpOption, talk: Conversation, hasAck: boolean, isEcrScaled: boolean): number {
  const length = scriptOptionBytes(option);
  const kind = OPTION_KINDS[option.kind];
  b[at] = kind;
  if (length > 1) b[at + 1] = length;
  switch (option.kind) {
    case "nop":
    case "eol":
    case "sackOK":
      break;
    case "mss":
      putU16(b, at + 2, option.value);
      break;
    case "wscale":
      b[at + 2] = option.value;
      break;
    case "sack":
      option.blocks.forEach(([left, right], i) => {
        putU32(b, at + 2 + 8 * i, talk.localOnWire(left, false));
        putU32(b, at + 6 + 8 * i, talk.localOnWire(right, false));
      });
      break;
    case "TS": {
      const ecr = hasAck ? talk.timestampOnWire(option.ecr, isEcrScaled) : option.ecr;
      if (ecr === undefined) throw new DrillMismatch(`the host has sent no timestamp that the script calls ${option.ecr}`);
      putU32(b, at + 2, option.val);
      putU32(b, at + 6, ecr);
      break;
    }
    case "FO":
    case "md5":
      putHex(b, at + 2, option.hex);
      break;
    case "FOEXP":
      putU16(b, at + 2, EXPERIMENT_TFO);
      putHex(b, at + 4, option.hex);
      break;
    case "ECN":
      b[at] = option.isE1First ? 174 : 172;
      option.counters.forEach((counter, i) => {
        b[at + 2 + 3 * i] = counter >>> 16;
        putU16(b, at + 3 + 3 * i, counter & 0xffff);
      });
      break;
  }
  return at + length;
}

const OPTION_KINDS: Readonly<Record<ScriptTcpOption["kind"], number>> = {
  eol: 0,
  nop: 1,
  mss: 2,
  wscale: 3,
  sackOK: 4,
  sack: 5,
  TS: 8,
  md5: 19,
  FO: 34,
  FOEXP: 254,
  ECN: 172,
};

function putHex(b: Uint8Array, at: number, hex: string): void {
  for (let i = 0; i < hex.length / 2; i++) b[at + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
}
