import * as c from "../abi/constants.ts";
import { WSAEINVAL, WSAENOPROTOOPT } from "../abi/errors.ts";
import {
  dontFragment,
  HEADER_INCLUDED,
  HOPS,
  MTU,
  MTU_DISCOVERY,
  multicastHops,
  multicastLoop,
  NO_USER_MTU,
  TRAFFIC_CLASS,
} from "./header-options.ts";
import { IPV6_MEMBERSHIPS, interfaceByIndex } from "./membership-options.ts";
import { flag, keptAt, keptBytesAt, notOnStreams, notThere, type OptionTable, type SocketOption } from "./option.ts";
import { keptKey } from "./socket-options.ts";

const kept = keptAt(c.IPPROTO_IPV6);
const ofDatagrams = (name: number): [number, SocketOption] => notOnStreams(kept(name, "dword"));
/** What WSARecvMsg tells is asked for so. */
const ofMessages = (name: number): [number, SocketOption] => {
  const [, option] = ofDatagrams(name);
  return [name, { ...option, isOnlyKept: false }];
};
const ofUdp = (name: number): [number, SocketOption] => {
  const [, option] = ofDatagrams(name);
  return [name, { ...option, raw: "never" }];
};
/** RFC 8200 §4.3: what the header's length can say. */
const MOST_HOP_OPTIONS = 2048;
const MULTICAST_IF = keptKey(c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF);

/** The index of an interface, in the machine's byte order. */
const multicastInterface: SocketOption = {
  lengths: "dword",
  only: "any",
  get: ({ options }) => options.kept.get(MULTICAST_IF) ?? 0,
  set: (s, v) => {
    const through = interfaceByIndex(s, v);
    if (typeof through === "number") return through;
    s.options.kept.set(MULTICAST_IF, v);
    s.options.multicastInterface = through;
    s.applyOptions();
    return 0;
  },
};

const PROTECTION_LEVELS: readonly number[] = [
  c.PROTECTION_LEVEL_UNRESTRICTED,
  c.PROTECTION_LEVEL_EDGERESTRICTED,
  c.PROTECTION_LEVEL_RESTRICTED,
];
const [, anyProtection] = kept(c.IPV6_PROTECTION_LEVEL, "dword", c.PROTECTION_LEVEL_EDGERESTRICTED);
/** There are no tunnels that it could keep out. */
const protection: SocketOption = {
  ...anyProtection,
  set: (s, v) => (s.isBound || !PROTECTION_LEVELS.includes(v) ? WSAEINVAL : anyProtection.set!(s, v)),
};

/** RFC 3542 §3.1: an even offset, or −1 for none. ICMPv6's is no program's business. */
const checksum: SocketOption = {
  lengths: "dword",
  only: "any",
  raw: "only",
  get: ({ options }) => options.checksumAt >>> 0,
  set: (s, v) => {
    const at = v | 0;
    if (s.protocol === c.IPPROTO_ICMPV6 || at < -1 || (at !== -1 && at % 2 !== 0)) return WSAEINVAL;
    s.options.checksumAt = at;
    s.applyOptions();
    return 0;
  },
};

const OPTIONS: readonly (readonly [number, SocketOption])[] = [
  keptBytesAt(c.IPPROTO_IPV6)(c.IPV6_HOPOPTS, "char[]", MOST_HOP_OPTIONS),
  [c.IPV6_HDRINCL, HEADER_INCLUDED],
  [c.IPV6_UNICAST_HOPS, HOPS],
  notOnStreams([c.IPV6_MULTICAST_IF, multicastInterface]),
  multicastHops(c.IPV6_MULTICAST_HOPS),
  multicastLoop(c.IPV6_MULTICAST_LOOP),
  ...IPV6_MEMBERSHIPS,
  dontFragment(c.IPPROTO_IPV6, c.IPV6_DONTFRAG),
  ofMessages(c.IPV6_PKTINFO),
  ofMessages(c.IPV6_HOPLIMIT),
  [c.IPV6_PROTECTION_LEVEL, protection],
  ofMessages(c.IPV6_RECVIF),
  ofDatagrams(c.IPV6_RECVDSTADDR),
  [c.IPV6_CHECKSUM, checksum],
  kept(c.IPV6_IFLIST, "dword"),
  kept(c.IPV6_UNICAST_IF, "dword"),
  kept(c.IPV6_RTHDR, "dword"),
  notThere(c.IPV6_GET_IFLIST),
  ofDatagrams(c.IPV6_RECVRTHDR),
  [c.IPV6_TCLASS, TRAFFIC_CLASS],
  ofMessages(c.IPV6_RECVTCLASS),
  ofMessages(c.IPV6_ECN),
  [c.IPV6_MTU_DISCOVER, MTU_DISCOVERY],
  [c.IPV6_MTU, MTU],
  ofUdp(c.IPV6_RECVERR),
  kept(c.IPV6_USER_MTU, "dword", NO_USER_MTU),
];

/** Sockets of other families have none of them; the code for asking is our own choice. */
const ofFamily = ([name, option]: readonly [number, SocketOption]): [number, SocketOption] => [
  name,
  { ...option, refuses: (s) => (s.family.af === c.AF_INET6 ? (option.refuses?.(s) ?? 0) : WSAENOPROTOOPT) },
];

/** Wine's test sockopt_validity; Microsoft, "IPPROTO_IPV6 Socket Options". */
export const IPV6_LEVEL: OptionTable = new Map<number, SocketOption>([
  ...OPTIONS.map(ofFamily),
  [
    c.IPV6_V6ONLY,
    {
      ...flag("byte", "isV6Only", "any"),
      set: (s, v) => {
        if (s.isBound) return WSAEINVAL;
        s.options.isV6Only = v !== 0;
        return 0;
      },
    },
  ],
]);
