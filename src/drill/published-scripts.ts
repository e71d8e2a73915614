import type { Definitions } from "./parse-script.ts";
import type { DrillIpVersion } from "./script-options.ts";

const V4: Definitions = new Map([
  ["TFO_COOKIE", "3021b9d889017eeb"],
  ["TFO_COOKIE_ZERO", "b7c12350a90dc8f5"],
  ["CODE", "host_unreachable"],
  ["CMSG_LEVEL_IP", "SOL_IP"],
  ["CMSG_TYPE_RECVERR", "IP_RECVERR"],
]);

const V6: Definitions = new Map([
  ["TFO_COOKIE", "c1d1e9742a47a9bc"],
  ["TFO_COOKIE_ZERO", "82af1a8f9a205c34"],
  ["CODE", "address_unreachable"],
  ["CMSG_LEVEL_IP", "SOL_IPV6"],
  ["CMSG_TYPE_RECVERR", "IPV6_RECVERR"],
]);

const MAPPED: Definitions = new Map([...V4, ["CMSG_LEVEL_IP", "SOL_IPV6"], ["CMSG_TYPE_RECVERR", "IPV6_RECVERR"]]);

/** What the runners of the published suites define for all their scripts. */
export const CORPUS_DEFINITIONS: Readonly<Record<DrillIpVersion, Definitions>> = { ipv4: V4, ipv6: V6, "ipv4-mapped-ipv6": MAPPED };
