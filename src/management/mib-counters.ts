import type { DropReason } from "../stack/core/drop-reasons.ts";

/**
 * Under which counter of the MIBs a dropped packet falls, so that figures can be compared with those of other systems: RFC 2863 (interfaces),
 * RFC 4293 (IP and ICMP), RFC 4113 (UDP), RFC 4022 (TCP), and where these have none the kernel's, all in the spelling of `nstat`.
 * Many of our words fall under one counter.
 */
const BY_REASON: Partial<Record<DropReason, string>> = {
  "ethernet-unknown-type": "IfInUnknownProtos",
  "ethernet-802.3": "IfInUnknownProtos",
  "ethernet-truncated": "IfInErrors",
  "ethernet-bad-source": "IfInErrors",
  "interface-down": "IfOutDiscards",
  "device-full": "IfOutDiscards",
  "offload-gone": "IfOutDiscards",
  "fragment-duplicate": "IpExtReasmOverlaps",
  "fragment-overlap": "IpExtReasmOverlaps",
  "reassembly-timeout": "IpReasmTimeout",
  "ipv4-not-for-us": "IpInAddrErrors",
  "ipv4-loopback-from-wire": "IpInAddrErrors",
  "ipv4-group-not-joined": "IpInAddrErrors",
  "ipv4-unicast-in-link-broadcast": "IpInAddrErrors",
  "ipv4-source-unspecified": "IpInAddrErrors",
  "ipv4-source-loopback": "IpInAddrErrors",
  "ipv4-source-not-unicast": "IpInAddrErrors",
  "ipv4-source-ours": "IpInAddrErrors",
  "ipv4-source-not-ours": "IpInAddrErrors",
  "ipv4-truncated": "IpExtInTruncatedPkts",
  "ipv4-unknown-protocol": "IpInUnknownProtos",
  "ipv4-too-long": "IpFragFails",
  "ipv4-identifications-used-up": "IpFragFails",
  "no-route": "IpOutNoRoutes",
  "source-not-local": "IpOutDiscards",
  "ipv6-not-for-us": "Ip6InAddrErrors",
  "ipv6-address-tentative": "Ip6InAddrErrors",
  "ipv6-loopback-from-wire": "Ip6InAddrErrors",
  "ipv6-group-not-joined": "Ip6InAddrErrors",
  "ipv6-unicast-in-link-broadcast": "Ip6InAddrErrors",
  "ipv6-source-not-unicast": "Ip6InAddrErrors",
  "ipv6-source-loopback": "Ip6InAddrErrors",
  "ipv6-source-v4-mapped": "Ip6InAddrErrors",
  "ipv6-source-ours": "Ip6InAddrErrors",
  "ipv6-source-not-ours": "Ip6InAddrErrors",
  "ipv6-truncated": "Ip6InTruncatedPkts",
  "ipv6-truncated-header": "Ip6InTruncatedPkts",
  "ipv6-unknown-protocol": "Ip6InUnknownProtos",
  "ipv6-too-long": "Ip6FragFails",
  "icmp-bad-checksum": "IcmpInCsumErrors",
  "icmp-error-rate-limited": "IcmpOutRateLimitGlobal",
  "icmpv6-bad-checksum": "Icmp6InCsumErrors",
  "udp-bad-checksum": "UdpInCsumErrors",
  "udp-no-endpoint": "UdpNoPorts",
  "udp-queue-full": "UdpRcvbufErrors",
  "udp-not-member": "UdpIgnoredMulti",
  "tcp-bad-checksum": "TcpInCsumErrors",
  "accept-queue-full": "TcpExtListenOverflows",
  "paws-rejected": "TcpExtPAWSEstab",
  "out-of-order-cap": "TcpExtTCPOFODrop",
  "syn-challenged": "TcpExtTCPSYNChallenge",
  "rst-challenged": "TcpExtTCPChallengeACK",
};

/** For the words of a kind that the table does not have, by how they begin; the first that fits counts. */
const BY_BEGINNING: readonly (readonly [beginning: string, name: string])[] = [
  ["ethernet-", "IfInDiscards"],
  ["arp-", "IfInDiscards"],
  ["neighbour-", "IpOutDiscards"],
  ["fragment-", "IpReasmFails"],
  ["reassembly-", "IpReasmFails"],
  ["ipv4-", "IpInHdrErrors"],
  ["ipv6-", "Ip6InHdrErrors"],
  ["icmpv6-", "Icmp6InErrors"],
  ["ndp-", "Icmp6InErrors"],
  ["icmp-", "IcmpInErrors"],
  ["igmp-", "IpInDiscards"],
  ["udp-", "UdpInErrors"],
  ["tcp-", "TcpInErrs"],
];

/** What TCP makes no use of is delivered to it all the same; so are answers of resolvers, and packets that met a mistake. */
const OTHERWISE = "IpInDiscards";

export const mibNameOf = (reason: DropReason): string =>
  BY_REASON[reason] ?? BY_BEGINNING.find(([beginning]) => reason.startsWith(beginning))?.[1] ?? OTHERWISE;

/** Counts by reason, summed up under the names of the MIBs, in the order of these. */
export function mibCounters(drops: Readonly<Partial<Record<DropReason, number>>>): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [reason, count] of Object.entries(drops)) {
    const name = mibNameOf(reason as DropReason);
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
