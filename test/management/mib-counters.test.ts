import { expect, test } from "@jest/globals";
import { mibCounters, mibNameOf } from "../../src/management/mib-counters.ts";
import { DROP_REASONS, type DropReason } from "../../src/stack/core/drop-reasons.ts";

const REASONS = DROP_REASONS.flatMap(({ reasons }) => Object.keys(reasons)) as DropReason[];

test("[SYS-03] every reason falls under one counter with a name of the MIBs", () => {
  expect(REASONS.length).toBeGreaterThan(100);
  for (const reason of REASONS) expect(mibNameOf(reason)).toMatch(/^(If|Ip6?|Icmp6?|Udp|Tcp|TcpExt|IpExt)[A-Z][A-Za-z]+$/);
});

test.each([
  ["ipv4-bad-checksum", "IpInHdrErrors"],
  ["ipv4-not-for-us", "IpInAddrErrors"],
  ["ipv4-unknown-protocol", "IpInUnknownProtos"],
  ["no-route", "IpOutNoRoutes"],
  ["icmp-bad-checksum", "IcmpInCsumErrors"],
  ["udp-no-endpoint", "UdpNoPorts"],
  ["udp-queue-full", "UdpRcvbufErrors"],
  ["tcp-bad-checksum", "TcpInCsumErrors"],
  ["tcp-bad-data-offset", "TcpInErrs"],
  ["paws-rejected", "TcpExtPAWSEstab"],
] as const)("%s falls under %s, as in the kernel", (reason, name) => {
  expect(mibNameOf(reason)).toBe(name);
});

test("counts of several reasons are summed up under their counter", () => {
  expect(mibCounters({ "ipv4-bad-checksum": 2, "ipv4-bad-version": 3, "udp-no-endpoint": 1 })).toEqual({ IpInHdrErrors: 5, UdpNoPorts: 1 });
  expect(mibCounters({})).toEqual({});
});
