import * as c from "../abi/constants.ts";
import { WSAEFAULT, WSAEINVAL } from "../abi/errors.ts";
import { icmpErrorInfoBytes, sizeof_ICMP_ERROR_INFO } from "../abi/socket-state.ts";
import { amount, flag, isStream, keptAt, type OptionTable, type SocketOption } from "./option.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { Socket } from "./socket.ts";
import { familyOfAddress } from "./socket-family.ts";

const kept = keptAt(c.IPPROTO_TCP);

/** Most that TCP_KEEPCNT may be (Microsoft, "IPPROTO_TCP Socket Options"). */
const MOST_PROBES = 255;

/** A keepalive time in seconds; 0 is the system's. */
const keepAliveTime = (field: "keepAliveIdleMs" | "keepAliveIntervalMs"): SocketOption => ({
  lengths: "dword",
  only: "stream",
  get: ({ options, context }) => Math.floor((options[field] ?? context.host.context.profile[field]) / 1000),
  set: (s, v) => {
    s.options[field] = v * 1000;
    s.applyOptions();
    return 0;
  },
});

/** What the last connect attempt was told by ICMP; WSAEINVAL where there was nothing, which no source says. */
function readIcmpError(socket: Socket, room: number): Outcome {
  if (room < sizeof_ICMP_ERROR_INFO) return failed(WSAEFAULT);
  const said = isStream(socket) ? socket.icmpError : undefined;
  if (said === undefined) return failed(WSAEINVAL);
  const family = familyOfAddress(said.reporter);
  const protocol = family.af === c.AF_INET ? c.IPPROTO_ICMP : c.IPPROTO_ICMPV6;
  return { result: 0, error: 0, data: icmpErrorInfoBytes(family.writeName(said.reporter, 0), protocol, said.type, said.code) };
}

export const TCP_LEVEL: OptionTable = new Map<number, SocketOption>([
  [c.TCP_NODELAY, flag("byte", "noDelay", "stream")],
  kept(c.TCP_EXPEDITED_1122, "byte", 0, "stream"),
  [c.TCP_KEEPALIVE, keepAliveTime("keepAliveIdleMs")],
  [c.TCP_MAXSEG, { lengths: "dword", only: "stream", get: (s) => (isStream(s) ? (s.connectionFacts?.status().mss ?? 0) : 0) }],
  [c.TCP_MAXRT, amount("maxRetransmissionSeconds", "stream")],
  [
    c.TCP_TIMESTAMPS,
    {
      lengths: "dword",
      only: "stream",
      get: (s) => Number(s.options.timestamps),
      set: (s, v) => {
        if (isStream(s) && (s.isConnecting || s.isConnected)) return WSAEINVAL;
        s.options.timestamps = v !== 0;
        return 0;
      },
    },
  ],
  kept(c.TCP_OFFLOAD_PREFERENCE, "dword", 0, "stream"),
  kept(c.TCP_CONGESTION_ALGORITHM, "dword", 0, "stream"),
  kept(c.TCP_DELAY_FIN_ACK, "dword", 0, "stream"),
  [c.TCP_MAXRTMS, amount("maxRetransmissionMs", "stream")],
  [c.TCP_FASTOPEN, amount("fastOpen", "stream")],
  [
    c.TCP_KEEPCNT,
    {
      lengths: "dword",
      only: "stream",
      get: ({ options, context }) => options.keepAliveProbes ?? context.host.context.profile.keepAliveProbes,
      set: (s, v) => {
        if (v > MOST_PROBES) return WSAEINVAL;
        s.options.keepAliveProbes = v;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [c.TCP_KEEPINTVL, keepAliveTime("keepAliveIntervalMs")],
  [
    c.TCP_FAIL_CONNECT_ON_ICMP_ERROR,
    {
      lengths: "dword",
      only: "stream",
      get: (s) => Number(s.options.failConnectOnIcmpError),
      set: (s, v) => {
        s.options.failConnectOnIcmpError = v !== 0;
        s.applyOptions();
        return 0;
      },
    },
  ],
  [c.TCP_ICMP_ERROR_INFO, { lengths: "structure", structure: "ICMP_ERROR_INFO", only: "stream", read: readIcmpError }],
  kept(c.TCP_BSDURGENT, "dword", 1, "stream"),
]);
