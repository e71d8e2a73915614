/**
 * A frame in words: for the ladder, `tapsock trace` and the page. Not for the data path: everything here is made anew.
 * Checksums are not judged, since with offloads the device fills them in after the frame was seen.
 */
import { formatV4 } from "../core/address.ts";
import * as arp from "./arp.ts";
import * as ethernet from "./ethernet.ts";
import {
  type ArpDescription,
  type EthernetDescription,
  type FrameDescription,
  type Ipv4Description,
  type Ipv4Fields,
  type MalformedFrame,
  protocolName,
  withTrouble,
} from "./frame-description.ts";
import { describeIcmp } from "./icmp-words.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import { describeIpv6 } from "./ipv6-words.ts";
import { describeTcp, describeUdp } from "./transport-words.ts";

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
    case ethernet.TYPE_IPV6:
      return describeIpv6Frame(b, at, stop);
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
  const carrier = {
    ip: ipv4Fields(b, ip),
    at: ipv4.payloadAt(b, ip),
    end: ipv4.payloadEnd(b, ip),
    bare: (malformed: MalformedFrame) => describeIpv4(b, ip, malformed),
  };
  switch (ipv4.protocol(b, ip)) {
    case ipv4.PROTOCOL_TCP:
      return describeTcp(b, carrier);
    case ipv4.PROTOCOL_UDP:
      return describeUdp(b, carrier);
    case ipv4.PROTOCOL_ICMP: {
      const told = describeIcmp(b, carrier.ip, carrier.at, carrier.end);
      return typeof told === "string" ? carrier.bare(told) : told;
    }
    default:
      return describeIpv4(b, ip);
  }
}

function describeIpv6Frame(b: Uint8Array, at: number, end: number): FrameDescription {
  const ip = ethernet.payloadAt(at);
  const malformed = ipv6.check(b, ip, end);
  return malformed === undefined ? describeIpv6(b, ip) : describeEthernet(b, at, end, malformed);
}

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
