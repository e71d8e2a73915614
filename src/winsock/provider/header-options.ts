/** Options of what IP's headers say, which both levels have under names and numbers of their own. */
import { WSAEINVAL, WSAENOTCONN } from "../abi/errors.ts";
import { IP_PMTUDISC_DO, IP_PMTUDISC_PROBE } from "../abi/values.ts";
import { flag, isStream, keptAt, notOnStreams, type SocketOption } from "./option.ts";
import type { Socket } from "./socket.ts";

/** What fits into a field of eight bits. */
const MOST = 255;

/** Microsoft, "IP_TTL": 1 to 255; the system's until it is set. */
export const HOPS: SocketOption = {
  lengths: "number",
  only: "any",
  get: ({ options, context }) => options.ttl ?? context.host.context.profile.ttl,
  set: (s, v) => {
    if (v === 0 || v > MOST) return WSAEINVAL;
    s.options.ttl = v;
    s.applyOptions();
    return 0;
  },
};

/** A number of a socket's options that fits into eight bits. */
const octet = (field: "trafficClass" | "multicastTtl"): SocketOption => ({
  lengths: "number",
  only: "any",
  get: (s) => s.options[field],
  set: (s, v) => {
    if (v > MOST) return WSAEINVAL;
    s.options[field] = v;
    s.applyOptions();
    return 0;
  },
});

export const TRAFFIC_CLASS = octet("trafficClass");
export const multicastHops = (name: number): [number, SocketOption] => notOnStreams([name, octet("multicastTtl")]);

export const multicastLoop = (name: number): [number, SocketOption] =>
  notOnStreams([
    name,
    {
      lengths: "bool",
      only: "any",
      get: (s) => Number(s.options.multicastLoop),
      set: (s, v) => {
        s.options.multicastLoop = v !== 0;
        s.applyOptions();
        return 0;
      },
    },
  ]);

/** TCP's segments are never fragmented, whatever a program says: its word is kept. */
export function dontFragment(level: number, name: number): [number, SocketOption] {
  const [, kept] = keptAt(level)(name, "bool", 1);
  const option: SocketOption = {
    lengths: "bool",
    only: "any",
    get: (s) => (isStream(s) ? kept.get!(s) : Number(s.options.dontFragment)),
    set: (s, v) => {
      if (isStream(s)) return kept.set!(s, v);
      s.options.dontFragment = v !== 0;
      s.applyOptions();
      return 0;
    },
  };
  return [name, option];
}

/** Read while it is not set, it is a value that cannot be set (Wine's test sockopt_validity). */
export const MTU_DISCOVERY: SocketOption = {
  lengths: "dword",
  only: "any",
  get: (s) => s.options.mtuDiscovery,
  set: (s, v) => {
    if (v < IP_PMTUDISC_DO || v > IP_PMTUDISC_PROBE) return WSAEINVAL;
    s.options.mtuDiscovery = v;
    s.applyOptions();
    return 0;
  },
};

/** IP_HDRINCL and IPV6_HDRINCL. */
export const HEADER_INCLUDED: SocketOption = { ...flag("bool", "includesHeader", "any"), raw: "only" };

/** Of the path to the peer. */
export const MTU: SocketOption = {
  lengths: "dword",
  only: "any",
  refuses: (s) => (s.peer === undefined ? WSAENOTCONN : 0),
  get: mtuToPeer,
};

function mtuToPeer({ peer, context }: Socket): number {
  return peer === undefined ? 0 : context.host.ip.mtuTo(peer.address);
}

/** IP_UNSPECIFIED_USER_MTU. */
export const NO_USER_MTU = 0xffffffff;
