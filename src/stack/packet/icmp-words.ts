/** ICMP in words. */
import { formatV4 } from "../core/address.ts";
import { type IcmpDescription, type Ipv4Fields, protocolName, withTrouble } from "./frame-description.ts";
import * as icmp from "./icmp.ts";
import * as ipv4 from "./ipv4.ts";
import * as udp from "./udp.ts";

export function describeIcmp(b: Uint8Array, fields: Ipv4Fields, m: number, end: number): IcmpDescription | icmp.Malformed {
  const malformed = icmp.check(b, m, end);
  if (malformed !== undefined) return malformed;
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
