/** ICMPv6 in words: echoes and errors, neighbour discovery, multicast listener discovery. */
import { formatAddress, makeAddressSlot } from "../core/address.ts";
import * as ethernet from "./ethernet.ts";
import * as extensionHeaders from "./extension-headers.ts";
import { type Icmpv6Description, type Ipv6Fields, protocolName, withPort, withTrouble } from "./frame-description.ts";
import * as icmpv6 from "./icmpv6.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import * as mld from "./mld.ts";
import * as ndp from "./ndp.ts";
import * as udp from "./udp.ts";

/** Zones are not in a frame, so addresses are told without. */
const NO_SCOPE = 0;

/** The message in [m, end); its reason when it has not even a header. */
export function describeIcmpv6(b: Uint8Array, ip: Ipv6Fields, m: number, end: number): Icmpv6Description | icmpv6.Malformed {
  const malformed = icmpv6.check(b, m, end);
  if (malformed !== undefined) return malformed;
  const type = icmpv6.type(b, m);
  const code = icmpv6.code(b, m);
  const message = messageName(type, code);
  const common = {
    protocol: "icmpv6",
    source: ip.sourceAddress,
    destination: ip.destinationAddress,
    ip,
    type,
    code,
    message,
    detail: "",
    payloadLength: end - icmpv6.dataAt(m),
  } as const;
  const who = `${ip.sourceAddress} → ${ip.destinationAddress} ICMPv6`;

  if (type === icmpv6.ECHO_REQUEST || type === icmpv6.ECHO_REPLY) {
    const identifier = icmpv6.identifier(b, m);
    const sequence = icmpv6.sequence(b, m);
    const summary = `${who} ${message} id=${identifier} seq=${sequence} len=${common.payloadLength}`;
    return { ...common, identifier, sequence, summary };
  }
  if (icmpv6.isError(type)) return describeError(b, m, end, common, who);
  if (ndp.isDiscovery(b, m, end)) return describeDiscovery(b, m, end, common, who);
  if (isListenerMessage(type)) {
    const trouble = mld.check(b, m, end);
    const detail = trouble === undefined ? listenerDetail(b, m, end, type) : "";
    return { ...common, detail, ...withTrouble(`${who} ${message}${spaced(detail)}`, trouble) };
  }
  return { ...common, summary: `${who} ${message} len=${common.payloadLength}` };
}

type Common = Omit<Icmpv6Description, "summary" | "malformed">;

const spaced = (text: string): string => (text === "" ? "" : ` ${text}`);

function describeError(b: Uint8Array, m: number, end: number, common: Common, who: string): Icmpv6Description {
  const { type, message } = common;
  const mtu = type === icmpv6.PACKET_TOO_BIG ? { nextHopMtu: icmpv6.mtu(b, m) } : {};
  const detail =
    type === icmpv6.PACKET_TOO_BIG ? `mtu=${icmpv6.mtu(b, m)}` : type === icmpv6.PARAMETER_PROBLEM ? `at byte ${icmpv6.pointer(b, m)}` : "";
  const what = `${who} ${message}${spaced(detail)}`;
  const badQuote = icmpv6.checkQuote(b, m, end);
  if (badQuote !== undefined) return { ...common, detail, ...mtu, ...withTrouble(what, badQuote) };
  const quoted = quotedText(b, icmpv6.quotedAt(m), end);
  return { ...common, detail, ...mtu, quoted, summary: `${what} for ${quoted}` };
}

/** Who was talking to whom in the packet that an error quotes, which may be cut short. */
function quotedText(b: Uint8Array, ip: number, end: number): string {
  const slot = makeAddressSlot();
  ipv6.fillSource(b, ip, slot, NO_SCOPE);
  const source = formatAddress(slot);
  ipv6.fillDestination(b, ip, slot, NO_SCOPE);
  const destination = formatAddress(slot);
  const place = { protocol: 0, at: 0, isLaterFragment: false };
  const isThere = extensionHeaders.findTransport(b, ip, end, place);
  const { protocol, at } = place;
  const hasPorts = isThere && !place.isLaterFragment && (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) && at + 4 <= end;
  if (!hasPorts) return `${protocolName(protocol)} ${source} → ${destination}`;
  const to = withPort(destination, udp.destinationPort(b, at));
  return `${protocolName(protocol)} ${withPort(source, udp.sourcePort(b, at))} → ${to}`;
}

/** Solicitations and advertisements are told as ARP's are, and as coming from and going to whom they are about. */
function describeDiscovery(b: Uint8Array, m: number, end: number, common: Common, who: string): Icmpv6Description {
  const trouble = ndp.check(b, m, end);
  if (trouble !== undefined) return { ...common, ...withTrouble(`${who} ${common.message}`, trouble) };
  switch (common.type) {
    case icmpv6.NEIGHBOUR_SOLICITATION: {
      const target = targetOf(b, m);
      const detail = `who has ${target}?`;
      return { ...common, destination: target, target, detail, summary: `${who} ${detail}` };
    }
    case icmpv6.NEIGHBOUR_ADVERTISEMENT: {
      const target = targetOf(b, m);
      const mac = linkAddressOf(b, m, end, ndp.OPTION_TARGET_LINK_ADDRESS);
      const detail = `${target} is ${mac === undefined ? "there" : `at ${mac}`}${flagWords(ndp.neighbourFlags(b, m))}`;
      return { ...common, source: target, target, detail, summary: `${who} ${detail}` };
    }
    case icmpv6.REDIRECT: {
      const target = targetOf(b, m);
      const slot = makeAddressSlot();
      ndp.fillRedirected(b, m, slot, NO_SCOPE);
      const detail = `for ${formatAddress(slot)} to ${target}`;
      return { ...common, target, detail, summary: `${who} ${common.message} ${detail}` };
    }
    case icmpv6.ROUTER_ADVERTISEMENT: {
      const detail = advertisementDetail(b, m, end);
      return { ...common, detail, summary: `${who} ${common.message} ${detail}` };
    }
    default:
      return { ...common, summary: `${who} ${common.message}` };
  }
}

function targetOf(b: Uint8Array, m: number): string {
  const slot = makeAddressSlot();
  ndp.fillTarget(b, m, slot, NO_SCOPE);
  return formatAddress(slot);
}

function linkAddressOf(b: Uint8Array, m: number, end: number, option: number): string | undefined {
  const mac = new Uint8Array(ethernet.MAC_LENGTH);
  return ndp.copyLinkAddress(b, m, end, option, mac) ? ethernet.macText(mac, 0) : undefined;
}

function flagWords(flags: number): string {
  const words: string[] = [];
  if ((flags & ndp.FLAG_ROUTER) !== 0) words.push("router");
  if ((flags & ndp.FLAG_SOLICITED) !== 0) words.push("solicited");
  if ((flags & ndp.FLAG_OVERRIDE) !== 0) words.push("override");
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

/** Lifetime and prefixes, and an MTU that is told. */
function advertisementDetail(b: Uint8Array, m: number, end: number): string {
  const words = [`lifetime=${ndp.routerLifetime(b, m)}`];
  const slot = makeAddressSlot();
  for (let o = ndp.optionsAt(b, m); o < end; o += ndp.optionLength(b, o)) {
    const type = ndp.optionType(b, o);
    if (type === ndp.OPTION_PREFIX && ndp.optionLength(b, o) === ndp.PREFIX_OPTION) {
      ndp.fillPrefix(b, o, slot);
      words.push(`prefix=${formatAddress(slot)}/${ndp.prefixLength(b, o)}`);
    } else if (type === ndp.OPTION_MTU && ndp.optionLength(b, o) === ndp.MTU_OPTION) words.push(`mtu=${ndp.advertisedMtu(b, o)}`);
  }
  return words.join(" ");
}

const isListenerMessage = (type: number): boolean =>
  (type >= icmpv6.LISTENER_QUERY && type <= icmpv6.LISTENER_DONE) || type === icmpv6.LISTENER_REPORT_V2;

/** The group that it is about, or in a report of version 2 how many. */
function listenerDetail(b: Uint8Array, m: number, end: number, type: number): string {
  if (type === icmpv6.LISTENER_REPORT_V2) return `groups=${mld.recordCount(b, m)}`;
  const slot = makeAddressSlot();
  mld.fillGroup(b, m, slot, NO_SCOPE);
  const group = formatAddress(slot);
  const version = type === icmpv6.LISTENER_QUERY ? `v${mld.queryVersion(m, end)} ` : "";
  return `${version}${group === "::" ? "of all groups" : `of ${group}`}`;
}

/** Codes 0 to 6 of "destination unreachable", in order. */
const UNREACHABLE_NAMES = [
  "no route",
  "communication prohibited",
  "beyond scope",
  "address unreachable",
  "port unreachable",
  "policy failed",
  "route rejected",
] as const;

function messageName(type: number, code: number): string {
  switch (type) {
    case icmpv6.DESTINATION_UNREACHABLE:
      return UNREACHABLE_NAMES[code] ?? `unreachable, code ${code}`;
    case icmpv6.TIME_EXCEEDED:
      if (code === icmpv6.HOP_LIMIT_EXCEEDED) return "hop limit exceeded";
      return code === icmpv6.REASSEMBLY_TIME_EXCEEDED ? "reassembly time exceeded" : `time exceeded, code ${code}`;
    default:
      return MESSAGE_NAMES.get(type) ?? `type ${type}, code ${code}`;
  }
}

const MESSAGE_NAMES: ReadonlyMap<number, string> = new Map([
  [icmpv6.PACKET_TOO_BIG, "packet too big"],
  [icmpv6.PARAMETER_PROBLEM, "parameter problem"],
  [icmpv6.ECHO_REQUEST, "echo request"],
  [icmpv6.ECHO_REPLY, "echo reply"],
  [icmpv6.LISTENER_QUERY, "listener query"],
  [icmpv6.LISTENER_REPORT_V1, "listener report"],
  [icmpv6.LISTENER_DONE, "listener done"],
  [icmpv6.LISTENER_REPORT_V2, "listener report v2"],
  [icmpv6.ROUTER_SOLICITATION, "router solicitation"],
  [icmpv6.ROUTER_ADVERTISEMENT, "router advertisement"],
  [icmpv6.NEIGHBOUR_SOLICITATION, "neighbour solicitation"],
  [icmpv6.NEIGHBOUR_ADVERTISEMENT, "neighbour advertisement"],
  [icmpv6.REDIRECT, "redirect"],
]);
