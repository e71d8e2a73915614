/** Socket options: what a fresh socket says, what it takes and in how many bytes, and which sockets have none of it. */
import { getsockopt, getsockoptBytes, inCOnly, linger, setsockopt, setsockoptBytes } from "../calls.ts";
import { type ConformanceCase, type Expected, type Family, ours, row, type State, type Step, script } from "../conformance-case.ts";
import * as states from "../states.ts";

/**
 * How an option is passed (Wine's test set_getsockopt). bool: any length, any number but 0 is 1. byte: any length, the low byte counts, and
 * one byte comes back. number: any length, up to 255. dword: four bytes or more.
 */
type Kind = "bool" | "byte" | "number" | "dword";
type On = "S" | "D" | "SD";

const WINE = "Wine's tests sockopt_validity and set_getsockopt";
const TCP = "Microsoft, IPPROTO_TCP Socket Options";
const SOL = "Microsoft, SOL_SOCKET Socket Options; Wine's test set_getsockopt";
const UDP = "Microsoft, IPPROTO_UDP Socket Options";
const INFERRED = "inferred from the option of the other family: Microsoft, IPPROTO_IPV6 Socket Options";

type Option = readonly [name: string, kind: Kind, fresh: Expected, on: On, from: string];

const both = (windows: number, linux: number): Expected => ({ windows: String(windows), linux: String(linux) });

/** Streams (S) and datagram sockets (D). */
const OPTIONS: readonly Option[] = [
  ["SO_DEBUG", "byte", "0", "SD", SOL],
  ["SO_REUSEADDR", "bool", "0", "SD", SOL],
  ["SO_EXCLUSIVEADDRUSE", "bool", "0", "SD", SOL],
  ["SO_KEEPALIVE", "byte", "0", "S", SOL],
  ["SO_DONTROUTE", "byte", "0", "SD", SOL],
  ["SO_BROADCAST", "bool", "0", "D", SOL],
  ["SO_DONTLINGER", "bool", "1", "S", SOL],
  ["SO_OOBINLINE", "bool", "0", "S", SOL],
  ["SO_SNDBUF", "dword", "65536", "SD", SOL],
  ["SO_RCVBUF", "dword", both(65536, 131072), "S", SOL],
  ["SO_SNDTIMEO", "dword", "0", "SD", SOL],
  ["SO_RCVTIMEO", "dword", "0", "SD", SOL],
  ["SO_ERROR", "dword", "0", "SD", SOL],
  ["SO_GROUP_PRIORITY", "dword", "0", "SD", SOL],
  ["SO_CONDITIONAL_ACCEPT", "bool", "0", "S", SOL],
  ["SO_PAUSE_ACCEPT", "bool", "0", "S", SOL],
  ["SO_COMPARTMENT_ID", "dword", "1", "SD", SOL],
  ["SO_RANDOMIZE_PORT", "bool", "0", "SD", SOL],
  ["SO_PORT_SCALABILITY", "bool", "0", "SD", SOL],
  ["SO_REUSE_UNICASTPORT", "bool", "0", "SD", SOL],
  ["SO_REUSE_MULTICASTPORT", "bool", "0", "SD", SOL],
  ["TCP_NODELAY", "byte", "0", "S", TCP],
  ["TCP_EXPEDITED_1122", "byte", "0", "S", TCP],
  ["TCP_KEEPALIVE", "dword", "7200", "S", TCP],
  ["TCP_KEEPIDLE", "dword", "7200", "S", TCP],
  ["TCP_KEEPCNT", "dword", both(10, 9), "S", TCP],
  ["TCP_KEEPINTVL", "dword", both(1, 75), "S", TCP],
  ["TCP_MAXRT", "dword", "0", "S", TCP],
  ["TCP_MAXRTMS", "dword", "0", "S", TCP],
  ["TCP_FAIL_CONNECT_ON_ICMP_ERROR", "dword", "0", "S", TCP],
  ["TCP_TIMESTAMPS", "dword", "0", "S", TCP],
  ["TCP_OFFLOAD_PREFERENCE", "dword", "0", "S", TCP],
  ["TCP_CONGESTION_ALGORITHM", "dword", "0", "S", TCP],
  ["TCP_DELAY_FIN_ACK", "dword", "0", "S", TCP],
  ["TCP_FASTOPEN", "dword", "0", "S", TCP],
  ["TCP_BSDURGENT", "dword", "1", "S", TCP],
  ["UDP_NOCHECKSUM", "bool", "0", "D", UDP],
  ["UDP_SEND_MSG_SIZE", "dword", "0", "D", UDP],
  ["UDP_RECV_MAX_COALESCED_SIZE", "dword", "0", "D", UDP],
  ["UDP_CHECKSUM_COVERAGE", "bool", "0", "D", UDP],
  ["IP_TOS", "number", "0", "SD", WINE],
  ["IP_TTL", "number", both(128, 64), "SD", WINE],
  ["IP_MULTICAST_TTL", "number", "1", "D", WINE],
  ["IP_MULTICAST_LOOP", "bool", "1", "D", WINE],
  ["IP_DONTFRAGMENT", "bool", "1", "S", WINE],
  ["IP_PKTINFO", "dword", "0", "D", WINE],
  ["IP_RECVTTL", "dword", "0", "D", WINE],
  ["IP_RECEIVE_BROADCAST", "dword", "1", "D", WINE],
  ["IP_RECVIF", "dword", "0", "D", WINE],
  ["IP_RECVDSTADDR", "dword", "0", "D", WINE],
  ["IP_RECVRTHDR", "dword", "0", "D", WINE],
  ["IP_RECVTOS", "dword", "0", "D", WINE],
  ["IP_ORIGINAL_ARRIVAL_IF", "dword", "0", "D", WINE],
  ["IP_ECN", "dword", "0", "D", WINE],
  ["IP_PKTINFO_EX", "dword", "0", "D", WINE],
  ["IP_WFP_REDIRECT_RECORDS", "dword", "0", "D", WINE],
  ["IP_WFP_REDIRECT_CONTEXT", "dword", "0", "D", WINE],
  ["IP_IFLIST", "dword", "0", "SD", WINE],
  ["IP_UNICAST_IF", "dword", "0", "SD", WINE],
  ["IP_RTHDR", "dword", "0", "SD", WINE],
  ["IP_USER_MTU", "dword", "4294967295", "SD", WINE],
  ["IP_RECVERR", "dword", "0", "D", WINE],
  ["IPV6_UNICAST_HOPS", "number", both(128, 64), "SD", WINE],
  ["IPV6_MULTICAST_HOPS", "number", "1", "D", WINE],
  ["IPV6_MULTICAST_LOOP", "bool", "1", "D", WINE],
  ["IPV6_DONTFRAG", "bool", "1", "S", WINE],
  ["IPV6_PKTINFO", "dword", "0", "D", WINE],
  ["IPV6_HOPLIMIT", "dword", "0", "D", WINE],
  ["IPV6_RECVIF", "dword", "0", "D", WINE],
  ["IPV6_RECVDSTADDR", "dword", "0", "D", WINE],
  ["IPV6_V6ONLY", "byte", "1", "SD", WINE],
  ["IPV6_IFLIST", "dword", "0", "SD", WINE],
  ["IPV6_UNICAST_IF", "dword", "0", "SD", WINE],
  ["IPV6_RTHDR", "dword", "0", "SD", WINE],
  ["IPV6_RECVRTHDR", "dword", "0", "D", WINE],
  ["IPV6_TCLASS", "number", "0", "SD", INFERRED],
  ["IPV6_RECVTCLASS", "dword", "0", "D", WINE],
  ["IPV6_ECN", "dword", "0", "D", INFERRED],
  ["IPV6_RECVERR", "dword", "0", "D", INFERRED],
  ["IPV6_USER_MTU", "dword", "4294967295", "SD", INFERRED],
];

export function levelOf(name: string): string {
  if (name.startsWith("TCP_")) return "IPPROTO_TCP";
  if (name.startsWith("UDP_")) return "IPPROTO_UDP";
  if (name.startsWith("IPV6_")) return "IPPROTO_IPV6";
  return name.startsWith("SO_") ? "SOL_SOCKET" : "IPPROTO_IP";
}

const familiesOf = (name: string): readonly Family[] => {
  const level = levelOf(name);
  return level === "IPPROTO_IP" ? ["IPv4"] : level === "IPPROTO_IPV6" ? ["IPv6"] : ["IPv4", "IPv6"];
};

const value = (fresh: Expected): Expected =>
  typeof fresh === "string" ? `value ${fresh}` : { windows: `value ${fresh.windows}`, linux: `value ${fresh.linux}` };

/** Fresh, set, and as it was set. */
const values = ([name, kind, fresh, , from]: Option, state: State): ConformanceCase => {
  const get = getsockopt(levelOf(name), name);
  const set = (number: number): Step => ours(setsockopt(levelOf(name), name, number));
  const twice: readonly Step[] =
    kind === "bool"
      ? [set(0x100), ours(get, "value 1"), set(0), ours(get, "value 0")]
      : kind === "byte"
        ? [set(2), ours(get, "value 1"), set(0x100), ours(get, "value 0")]
        : kind === "number"
          ? [set(255), ours(get, "value 255"), ours(setsockopt(levelOf(name), name, 256), "WSAEINVAL"), ours(get, "value 255")]
          : [];
  const steps = [ours(get, value(fresh)), set(1), ours(get, "value 1"), ...twice];
  return script(`options: ${state.name}: values of ${name}`, from, state, steps, { families: familiesOf(name) });
};

const FAULT = "WSAEFAULT";

/** Which lengths it takes. */
function setLengths([name, kind, , , from]: Option, state: State): ConformanceCase {
  const level = levelOf(name);
  const isOfSocket = level === "SOL_SOCKET";
  const none = isOfSocket && kind === "bool" ? "0" : FAULT;
  const less = kind === "dword" ? FAULT : "0";
  const negative = isOfSocket && (kind === "bool" || kind === "dword") ? "0" : "WSAENOBUFS";
  const lengths: readonly (readonly [number, string])[] = [
    [0, none],
    [1, less],
    [2, less],
    [3, less],
    [4, "0"],
    [8, "0"],
    [-1, negative],
  ];
  const steps = lengths.map(([length, expect]) => ours(setsockoptBytes(level, name, length), expect));
  return script(`options: ${state.name}: lengths that set ${name}`, from, state, steps, { families: familiesOf(name) });
}

/** Into how much room it is read. */
function getLengths([name, kind, , , from]: Option, state: State): ConformanceCase {
  const level = levelOf(name);
  const whole = kind === "byte" ? "1 bytes" : "4 bytes";
  const rooms: readonly (readonly [number, string])[] = [
    [0, FAULT],
    [1, kind === "dword" ? FAULT : "1 bytes"],
    [2, kind === "dword" ? FAULT : kind === "byte" ? "1 bytes" : "2 bytes"],
    [4, whole],
    [8, whole],
    [-1, FAULT],
  ];
  const steps = rooms.map(([room, expect]) => ours(getsockoptBytes(level, name, room), expect));
  return script(`options: ${state.name}: room for ${name}`, from, state, steps, { families: familiesOf(name) });
}

const statesOf = (on: On): readonly State[] => (on === "SD" ? [states.NEW, states.UDP_NEW] : on === "S" ? [states.NEW] : [states.UDP_NEW]);

const known = OPTIONS.flatMap((option) =>
  statesOf(option[3]).flatMap((state) => [values, setLengths, getLengths].map((make) => make(option, state))),
);

/** The other type of socket has none of it. */
const missing = OPTIONS.filter(
  ([name, , , on]) => on !== "SD" && !["IP_DONTFRAGMENT", "IPV6_DONTFRAG", "SO_RCVBUF"].includes(name),
).flatMap(([name, , , on, from]) => {
  const level = levelOf(name);
  // What is written only, or read only, is not told apart where there is nothing.
  if (level === "SOL_SOCKET") return [];
  const state = on === "S" ? states.UDP_NEW : states.NEW;
  const code = level === "IPPROTO_TCP" || level === "IPPROTO_UDP" ? "WSAENOPROTOOPT" : "WSAEINVAL";
  return script(
    `options: ${state.name}: has no ${name}`,
    from,
    state,
    [ours(getsockopt(level, name), code), ours(setsockopt(level, name, 1), code)],
    { families: familiesOf(name) },
  );
});

type Refusal = readonly [name: string, state: State, read: string | undefined, written: string | undefined, from: string, value?: number];
const [NOPROTO, INVAL, NOTCONN] = ["WSAENOPROTOOPT", "WSAEINVAL", "WSAENOTCONN"];

const refused: readonly ConformanceCase[] = (
  [
    ["SO_ACCEPTCONN", states.NEW, undefined, NOPROTO, SOL],
    ["SO_TYPE", states.NEW, undefined, NOPROTO, SOL],
    ["SO_TYPE", states.UDP_NEW, undefined, INVAL, SOL],
    ["SO_USELOOPBACK", states.NEW, INVAL, INVAL, SOL],
    ["SO_SNDLOWAT", states.NEW, INVAL, INVAL, SOL],
    ["SO_RCVLOWAT", states.NEW, INVAL, INVAL, SOL],
    [
      "SO_BROADCAST",
      states.NEW,
      undefined,
      NOPROTO,
      "inferred: an option of datagram sockets alone (Microsoft, SOL_SOCKET Socket Options)",
    ],
    ["SO_KEEPALIVE", states.UDP_NEW, undefined, NOPROTO, "Microsoft, SO_KEEPALIVE socket option"],
    ["SO_CONNDATA", states.NEW, NOPROTO, NOPROTO, "inferred: not of TCP/IP (Microsoft, SOL_SOCKET Socket Options)"],
    ["IP_HDRINCL", states.NEW, INVAL, INVAL, WINE],
    ["IP_HDRINCL", states.UDP_NEW, INVAL, INVAL, WINE],
    ["IP_GET_IFLIST", states.NEW, INVAL, INVAL, WINE],
    ["IP_GET_IFLIST", states.UDP_NEW, INVAL, INVAL, WINE],
    ["IPV6_HDRINCL", states.NEW, INVAL, INVAL, WINE],
    ["IPV6_GET_IFLIST", states.UDP_NEW, INVAL, INVAL, WINE],
    ["IPV6_CHECKSUM", states.UDP_NEW, INVAL, INVAL, WINE],
    ["IP_ADD_MEMBERSHIP", states.NEW, NOPROTO, NOPROTO, WINE],
    ["IP_DROP_MEMBERSHIP", states.UDP_NEW, NOPROTO, FAULT, WINE],
    ["IP_MTU", states.NEW, NOTCONN, NOTCONN, WINE],
    ["IP_MTU", states.UDP_NEW, NOTCONN, NOTCONN, WINE],
    ["IPV6_MTU", states.UDP_NEW, NOTCONN, NOTCONN, WINE],
    ["IP_MTU_DISCOVER", states.NEW, undefined, INVAL, WINE, 0],
    ["IP_MTU_DISCOVER", states.UDP_NEW, undefined, INVAL, WINE, 0],
    ["IPV6_MTU_DISCOVER", states.UDP_NEW, undefined, INVAL, WINE, 0],
    ["TCP_KEEPCNT", states.NEW, undefined, INVAL, TCP, 256],
    ["TCP_STDURG", states.NEW, NOPROTO, NOPROTO, "inferred: no page has more than its name"],
    ["IPV6_PROTECTION_LEVEL", states.NEW, undefined, INVAL, "Microsoft, IPV6_PROTECTION_LEVEL", 11],
    ["SO_REUSEADDR", states.BOUND, undefined, INVAL, "Microsoft, SO_EXCLUSIVEADDRUSE: before bind"],
    ["SO_EXCLUSIVEADDRUSE", states.BOUND, undefined, INVAL, "Microsoft, SO_EXCLUSIVEADDRUSE: before bind"],
    ["SO_RANDOMIZE_PORT", states.BOUND, undefined, INVAL, SOL],
    ["SO_PORT_SCALABILITY", states.BOUND, undefined, INVAL, SOL],
    ["SO_REUSE_UNICASTPORT", states.BOUND, undefined, INVAL, SOL],
    ["SO_CONDITIONAL_ACCEPT", states.LISTENING, undefined, INVAL, SOL],
    ["TCP_TIMESTAMPS", states.CONNECTED, undefined, INVAL, TCP],
    ["IPV6_V6ONLY", states.BOUND, undefined, INVAL, WINE],
  ] as readonly Refusal[]
).map(([name, state, read, written, from, given = 1]) => {
  const level = levelOf(name);
  const steps = [
    ...(read === undefined ? [] : [ours(getsockopt(level, name), read)]),
    ...(written === undefined ? [] : [ours(setsockopt(level, name, given), written)]),
  ];
  return script(`options: ${state.name}: refuses ${name} of ${given}`, from, state, steps, { families: familiesOf(name) });
});

const ORDER = "Wine's test set_getsockopt: handle, pointers, level, name";
const order: readonly ConformanceCase[] = [
  row("options", ORDER, states.NEW, getsockopt(0xbad, 0xbad), INVAL),
  row("options", ORDER, states.NEW, setsockopt(0xbad, 0xbad, 1), INVAL),
  ...["SOL_SOCKET", "IPPROTO_TCP", "IPPROTO_UDP"].map((level) => row("options", ORDER, states.NEW, getsockopt(level, 0xbad), NOPROTO)),
  row("options", ORDER, states.NEW, setsockopt("SOL_SOCKET", 0xbad, 1), NOPROTO),
  row("options", WINE, states.NEW, getsockopt("IPPROTO_IP", -1), NOPROTO),
  row("options", WINE, states.NEW, getsockopt("IPPROTO_IPV6", -1), NOPROTO),
  row(
    "options",
    ORDER,
    states.NEW,
    inCOnly("getsockopt(an unknown level, NULL)", (w, s) => w.getsockopt(s, 0xbad, 0xbad, null, null)),
    FAULT,
  ),
  row(
    "options",
    ORDER,
    states.NEW,
    inCOnly("setsockopt(SO_SNDBUF, NULL)", (w, s) => w.setsockopt(s, 0xffff, 0x1001, null, 4)),
    FAULT,
  ),
  row(
    "options",
    ORDER,
    states.NEW,
    inCOnly("getsockopt(SO_TYPE, no length)", (w, s) => w.getsockopt(s, 0xffff, 0x1008, { value: 0 }, null)),
    FAULT,
  ),
];

const EXCLUSIVE = "Microsoft, SO_EXCLUSIVEADDRUSE: not together with SO_REUSEADDR";
const LINGER = "Microsoft, linger structure";
const told: readonly ConformanceCase[] = [
  script("options: SO_EXCLUSIVEADDRUSE after SO_REUSEADDR", EXCLUSIVE, states.NEW, [
    ours(setsockopt("SOL_SOCKET", "SO_REUSEADDR", 1)),
    ours(setsockopt("SOL_SOCKET", "SO_EXCLUSIVEADDRUSE", 1), INVAL),
  ]),
  script("options: SO_REUSEADDR after SO_EXCLUSIVEADDRUSE", EXCLUSIVE, states.NEW, [
    ours(setsockopt("SOL_SOCKET", "SO_EXCLUSIVEADDRUSE", 1)),
    ours(setsockopt("SOL_SOCKET", "SO_REUSEADDR", 1), INVAL),
  ]),
  script("options: SO_LINGER takes SO_DONTLINGER away", LINGER, states.NEW, [
    ours(linger(1, 5)),
    ours(getsockopt("SOL_SOCKET", "SO_DONTLINGER"), "value 0"),
  ]),
  script("options: SO_DONTLINGER takes SO_LINGER away", LINGER, states.NEW, [
    ours(linger(1, 5)),
    ours(setsockopt("SOL_SOCKET", "SO_DONTLINGER", 1)),
    ours(getsockopt("SOL_SOCKET", "SO_DONTLINGER"), "value 1"),
  ]),
  row("options", LINGER, states.UDP_NEW, linger(1, 0), NOPROTO),
  row("options", SOL, states.NEW, getsockopt("SOL_SOCKET", "SO_TYPE"), "value 1"),
  row("options", SOL, states.UDP_NEW, getsockopt("SOL_SOCKET", "SO_TYPE"), "value 2"),
  row("options", SOL, states.UDP_NEW, getsockopt("SOL_SOCKET", "SO_RCVBUF"), { windows: "value 65536", linux: "value 212992" }),
  row(
    "options",
    "Microsoft, SO_MAX_MSG_SIZE; Wine's test set_getsockopt",
    states.UDP_NEW,
    getsockopt("SOL_SOCKET", "SO_MAX_MSG_SIZE"),
    "value 65507",
    {
      families: ["IPv4"],
    },
  ),
  row("options", "Microsoft, IP_MTU: of the path to the peer", states.CONNECTED, getsockopt("IPPROTO_IP", "IP_MTU"), "value 1500", {
    families: ["IPv4"],
    virtualOnly: "the daemon's peer is its own host, whose loopback has no such limit",
  }),
  row(
    "options",
    "Microsoft, IPPROTO_TCP Socket Options",
    states.CONNECTED,
    getsockopt("IPPROTO_TCP", "TCP_MAXSEG"),
    { windows: "value 1460", linux: "value 1448" },
    {
      families: ["IPv4"],
      virtualOnly: "the daemon's peer is its own host, whose loopback has no such limit",
    },
  ),
  row(
    "options",
    "Wine's test ipv6only: readable on a socket of IPv4 too",
    states.NEW,
    getsockopt("IPPROTO_IPV6", "IPV6_V6ONLY"),
    "value 1",
    {
      families: ["IPv4"],
    },
  ),
];

export const SOCKET_OPTIONS: readonly ConformanceCase[] = [...known, ...missing, ...refused, ...order, ...told];
