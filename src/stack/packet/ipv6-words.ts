/** IPv6 in words: its header, the headers behind it, and what they carry. */
import { formatAddress, makeAddressSlot } from "../core/address.ts";
import * as extensionHeaders from "./extension-headers.ts";
import {
  type FrameDescription,
  type Ipv6Description,
  type Ipv6Fields,
  type MalformedFrame,
  protocolName,
  withTrouble,
} from "./frame-description.ts";
import { describeIcmpv6 } from "./icmpv6-words.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import { describeTcp, describeUdp } from "./transport-words.ts";

const HEADER_NAMES: ReadonlyMap<number, string> = new Map([
  [extensionHeaders.HOP_BY_HOP, "hop-by-hop options"],
  [extensionHeaders.ROUTING, "routing"],
  [extensionHeaders.DESTINATION_OPTIONS, "destination options"],
  [extensionHeaders.FRAGMENT, "fragment"],
]);

/** What lies behind the IPv6 header. */
interface Content {
  readonly names: readonly string[];
  readonly protocol: number;
  readonly at: number;
  /** Where the fragment header lies, −1 where there is none. */
  readonly fragmentAt: number;
  readonly malformed: MalformedFrame | undefined;
}

/** The packet at `ip`, which is whole. */
export function describeIpv6(b: Uint8Array, ip: number): FrameDescription {
  const end = ipv6.payloadEnd(b, ip);
  const content = contentOf(b, ip, end);
  const bare = (malformed?: MalformedFrame): Ipv6Description => describeBare(b, fields, content, end, malformed);
  const fields = ipv6Fields(b, ip, content.names);
  if (content.malformed !== undefined || content.fragmentAt >= 0) return bare(content.malformed);
  const carrier = { ip: fields, at: content.at, end, bare };
  switch (content.protocol) {
    case PROTOCOL_TCP:
      return describeTcp(b, carrier);
    case PROTOCOL_UDP:
      return describeUdp(b, carrier);
    case ipv6.PROTOCOL_ICMP: {
      const told = describeIcmpv6(b, fields, content.at, end);
      return typeof told === "string" ? bare(told) : told;
    }
    default:
      return bare();
  }
}

/** As `extensionHeaders.walk`, for what is only looked at: a fragment's header is passed over, and ends the list. */
function contentOf(b: Uint8Array, ip: number, end: number): Content {
  const chain = extensionHeaders.makeHeaderChain();
  const first = ipv6.nextHeader(b, ip);
  const start = ipv6.payloadAt(ip);
  extensionHeaders.walk(b, start, end, first, ip + ipv6.NEXT_HEADER_OFFSET, true, chain);
  const names = namesOf(b, start, chain.at, first);
  if (chain.reason !== undefined) return { names, protocol: chain.protocol, at: chain.at, fragmentAt: -1, malformed: chain.reason };
  if (chain.protocol !== extensionHeaders.FRAGMENT) {
    return { names, protocol: chain.protocol, at: chain.at, fragmentAt: -1, malformed: undefined };
  }
  const fragmentAt = chain.at;
  if (fragmentAt + extensionHeaders.FRAGMENT_HEADER > end) {
    return { names, protocol: chain.protocol, at: fragmentAt, fragmentAt: -1, malformed: "ipv6-truncated-header" };
  }
  return {
    names: [...names, nameOf(extensionHeaders.FRAGMENT)],
    protocol: extensionHeaders.fragmentNextHeader(b, fragmentAt),
    at: fragmentAt + extensionHeaders.FRAGMENT_HEADER,
    fragmentAt,
    malformed: undefined,
  };
}

const nameOf = (protocol: number): string => HEADER_NAMES.get(protocol) ?? protocolName(protocol);

/** Of the headers in [at, end), which were walked over. */
function namesOf(b: Uint8Array, at: number, end: number, first: number): string[] {
  const names: string[] = [];
  for (let protocol = first; at < end; ) {
    names.push(nameOf(protocol));
    protocol = b[at]!;
    at += 8 + b[at + 1]! * 8;
  }
  return names;
}

function ipv6Fields(b: Uint8Array, ip: number, names: readonly string[]): Ipv6Fields {
  const slot = makeAddressSlot();
  ipv6.fillSource(b, ip, slot, 0);
  const sourceAddress = formatAddress(slot);
  ipv6.fillDestination(b, ip, slot, 0);
  return {
    sourceAddress,
    destinationAddress: formatAddress(slot),
    hopLimit: ipv6.hopLimit(b, ip),
    trafficClass: ipv6.trafficClass(b, ip),
    flowLabel: ipv6.flowLabel(b, ip),
    payloadLength: ipv6.payloadLength(b, ip),
    extensionHeaders: names,
  };
}

function describeBare(b: Uint8Array, fields: Ipv6Fields, content: Content, end: number, malformed?: MalformedFrame): Ipv6Description {
  const { protocol, at, fragmentAt } = content;
  const payloadLength = Math.max(0, end - at);
  const isFragment = fragmentAt >= 0;
  const fragmentOffset = isFragment ? extensionHeaders.fragmentOffset(b, fragmentAt) : 0;
  const moreFragments = isFragment && extensionHeaders.moreFragments(b, fragmentAt);
  let what = `${fields.sourceAddress} → ${fields.destinationAddress} ${nameOf(protocol)}`;
  if (isFragment) {
    const id = extensionHeaders.fragmentIdentification(b, fragmentAt) >>> 0;
    what += ` fragment id=${id} offset=${fragmentOffset}${moreFragments ? ", more follow" : ", last"}`;
  }
  return {
    protocol: "ipv6",
    source: fields.sourceAddress,
    destination: fields.destinationAddress,
    ip: fields,
    payloadProtocol: protocol,
    fragmentOffset,
    moreFragments,
    payloadLength,
    ...withTrouble(`${what} len=${payloadLength}`, malformed),
  };
}
