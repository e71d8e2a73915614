import * as c from "../abi/constants.ts";
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
import { IP_MEMBERSHIPS, interfaceByName } from "./membership-options.ts";
import { flag, keptAt, keptBytesAt, notOnStreams, notThere, type OptionTable, type SocketOption } from "./option.ts";
import { socketFamily } from "./socket-family.ts";
import { keptKey } from "./socket-options.ts";

const kept = keptAt(c.IPPROTO_IP);
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
const INET = socketFamily(c.AF_INET)!;
/** RFC 791 §3.1: what the header's length leaves room for. */
const MOST_OPTIONS = 40;
const MULTICAST_IF = keptKey(c.IPPROTO_IP, c.IP_MULTICAST_IF);

/** In network byte order: an address of the interface, or its index as 0.0.0.n. */
const multicastInterface: SocketOption = {
  lengths: "dword",
  only: "any",
  get: ({ options }) => options.kept.get(MULTICAST_IF) ?? 0,
  set: (s, v) => {
    const through = interfaceByName(s, Uint8Array.of(v, v >>> 8, v >>> 16, v >>> 24), 0, INET);
    if (typeof through === "number") return through;
    s.options.kept.set(MULTICAST_IF, v);
    s.options.multicastInterface = through;
    s.applyOptions();
    return 0;
  },
};

/** Wine's test sockopt_validity; Microsoft, "IPPROTO_IP Socket Options". */
export const IP_LEVEL: OptionTable = new Map<number, SocketOption>([
  keptBytesAt(c.IPPROTO_IP)(c.IP_OPTIONS, "char[]", MOST_OPTIONS),
  [c.IP_HDRINCL, HEADER_INCLUDED],
  [c.IP_TOS, TRAFFIC_CLASS],
  [c.IP_TTL, HOPS],
  notOnStreams([c.IP_MULTICAST_IF, multicastInterface]),
  multicastHops(c.IP_MULTICAST_TTL),
  multicastLoop(c.IP_MULTICAST_LOOP),
  ...IP_MEMBERSHIPS,
  dontFragment(c.IPPROTO_IP, c.IP_DONTFRAGMENT),
  ofMessages(c.IP_PKTINFO),
  ofMessages(c.IP_RECVTTL),
  notOnStreams([c.IP_RECEIVE_BROADCAST, { ...flag("bool", "receivesBroadcast", "any"), lengths: "dword" }]),
  ofMessages(c.IP_RECVIF),
  ofDatagrams(c.IP_RECVDSTADDR),
  kept(c.IP_IFLIST, "dword"),
  kept(c.IP_UNICAST_IF, "dword"),
  kept(c.IP_RTHDR, "dword"),
  notThere(c.IP_GET_IFLIST),
  ofDatagrams(c.IP_RECVRTHDR),
  ofMessages(c.IP_RECVTOS),
  ofDatagrams(c.IP_ORIGINAL_ARRIVAL_IF),
  ofMessages(c.IP_ECN),
  ofDatagrams(c.IP_PKTINFO_EX),
  ofDatagrams(c.IP_WFP_REDIRECT_RECORDS),
  ofDatagrams(c.IP_WFP_REDIRECT_CONTEXT),
  [c.IP_MTU_DISCOVER, MTU_DISCOVERY],
  [c.IP_MTU, MTU],
  ofUdp(c.IP_RECVERR),
  kept(c.IP_USER_MTU, "dword", NO_USER_MTU),
]);
