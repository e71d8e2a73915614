/** Names and their lengths: NULL, too short, of another family, of none. */
import { accept, acceptInto, bind, connect, nameInto, sendto, withName } from "../calls.ts";
import { type ConformanceCase, ours, row, type State, script } from "../conformance-case.ts";
import { type Place, sockaddr } from "../place.ts";
import * as states from "../states.ts";

const nameLength = ({ family }: Place): number => (family === "IPv4" ? 16 : 28);
const good = (place: Place): Uint8Array => place.name("ours", "other");

type Name = readonly [what: string, make: (place: Place) => readonly [Uint8Array | null, number]];

const NULL: Name = ["NULL", (place) => [null, nameLength(place)]];
const NULL_OF_NOTHING: Name = ["NULL, 0", () => [null, 0]];
const EMPTY: Name = ["length 0", (place) => [good(place), 0]];
const NEGATIVE: Name = ["length -1", (place) => [good(place), -1]];
const TWO: Name = ["length 2", (place) => [good(place), 2]];
const SHORT: Name = ["a byte too short", (place) => [good(place), nameLength(place) - 1]];
const OLD: Name = ["without its scope", (place) => [good(place), nameLength(place) - 4]];
const BEYOND: Name = ["more than there is", (place) => [good(place).subarray(0, 8), nameLength(place)]];
const UNKNOWN: Name = ["family 0xdead", (place) => [sockaddr(0xdead, place.address("ours"), place.port("other")), nameLength(place)]];
const OTHER: Name = [
  "the other family",
  ({ family }) => (family === "IPv4" ? [sockaddr(23, "2001:db8::2", 9), 28] : [sockaddr(2, "203.0.113.2", 9), 28]),
];
const LONG: Name = [
  "in 128 bytes",
  (place) => {
    const bytes = new Uint8Array(128);
    bytes.set(place.name("peer", "open"));
    return [bytes, 128];
  },
];
const LONG_OURS: Name = [
  "in 128 bytes",
  (place) => {
    const bytes = new Uint8Array(128);
    bytes.set(good(place));
    return [bytes, 128];
  },
];

const of = (
  call: Parameters<typeof withName>[0],
  state: State,
  from: string,
  cells: readonly (readonly [Name, string])[],
): ConformanceCase[] => cells.map(([[what, make], expect]) => row("names", from, state, withName(call, what, make), expect));

const BIND = "Microsoft, bind function; Wine's and ReactOS's tests bind";
const CONNECT = "Microsoft, connect function";
const SENDTO = "Microsoft, sendto function";

const FAULT = "WSAEFAULT";
const FAMILY = "WSAEAFNOSUPPORT";

const given: readonly ConformanceCase[] = [
  ...[states.NEW, states.UDP_NEW].flatMap((state) =>
    of("bind", state, BIND, [
      [NULL, FAULT],
      [NULL_OF_NOTHING, FAULT],
      [EMPTY, FAULT],
      [NEGATIVE, FAULT],
      [TWO, FAULT],
      [SHORT, FAULT],
      [OLD, FAULT],
      [BEYOND, FAULT],
      [UNKNOWN, FAMILY],
      [OTHER, FAULT],
      [LONG_OURS, "0"],
    ]),
  ),
  ...[states.NEW, states.UDP_NEW].flatMap((state) =>
    of("connect", state, CONNECT, [
      [NULL, FAULT],
      [NULL_OF_NOTHING, FAULT],
      [EMPTY, FAULT],
      [NEGATIVE, FAULT],
      [TWO, FAULT],
      [SHORT, FAULT],
      [OLD, FAULT],
      [BEYOND, FAULT],
      [UNKNOWN, FAMILY],
      [OTHER, FAMILY],
    ]),
  ),
  ...of("connect", states.UDP_NEW, CONNECT, [[LONG, "0"]]),
  ...of("WSAConnect", states.NEW, "Microsoft, WSAConnect function", [
    [NULL, FAULT],
    [EMPTY, FAULT],
    [SHORT, FAULT],
    [UNKNOWN, FAMILY],
    [OTHER, FAMILY],
  ]),
  ...of("ConnectEx", states.BOUND, "Microsoft, LPFN_CONNECTEX", [
    [NULL, FAULT],
    [EMPTY, FAULT],
    [SHORT, FAULT],
    [UNKNOWN, FAMILY],
    [OTHER, FAMILY],
  ]),
  ...["sendto", "WSASendTo"].flatMap((call) => {
    const from = call === "sendto" ? SENDTO : "Microsoft, WSASendTo function";
    const rows = of(call as "sendto" | "WSASendTo", states.UDP_NEW, from, [
      [NULL, "WSAENOTCONN"],
      [EMPTY, FAULT],
      [TWO, FAULT],
      [SHORT, FAULT],
      [UNKNOWN, FAMILY],
    ]);
    // A name of IPv4 is too short for a socket of IPv6, which is looked at first.
    const [ipv4, ipv6] = [FAMILY, FAULT].map((code) => of(call as "sendto" | "WSASendTo", states.UDP_NEW, from, [[OTHER, code]]));
    return [
      ...rows,
      ...ipv4!.map((each) => ({ ...each, name: `${each.name}, IPv4`, families: ["IPv4"] as const })),
      ...ipv6!.map((each) => ({ ...each, name: `${each.name}, IPv6`, families: ["IPv6"] as const })),
    ];
  }),
];

const taken: readonly ConformanceCase[] = (["getsockname", "getpeername"] as const).flatMap((call) => {
  const from = `Microsoft, ${call} function; Wine's test ${call}`;
  const at = (state: State, room: number | undefined, expect: string) => row("names", from, state, nameInto(call, room), expect);
  return [
    at(states.CONNECTED, undefined, FAULT),
    at(states.CONNECTED, 0, FAULT),
    at(states.CONNECTED, -1, FAULT),
    at(states.CONNECTED, 15, FAULT),
    at(states.NEW, undefined, call === "getsockname" ? FAULT : "WSAENOTCONN"),
    at(states.NEW, 0, call === "getsockname" ? "WSAEINVAL" : "WSAENOTCONN"),
    at(states.NEW, 128, call === "getsockname" ? "WSAEINVAL" : "WSAENOTCONN"),
    { ...at(states.CONNECTED, 16, "16 bytes"), families: ["IPv4"] },
    { ...at(states.CONNECTED, 128, "16 bytes"), families: ["IPv4"], name: `names: connected: ${call}(128 bytes), IPv4` },
    { ...at(states.CONNECTED, 27, FAULT), families: ["IPv6"] },
    { ...at(states.CONNECTED, 28, "28 bytes"), families: ["IPv6"] },
    { ...at(states.CONNECTED, 128, "28 bytes"), families: ["IPv6"], name: `names: connected: ${call}(128 bytes), IPv6` },
  ];
});

const ACCEPT = "Microsoft, accept function; Wine's test accept";
const accepted: readonly ConformanceCase[] = [
  row("names", ACCEPT, states.LISTENING_WITH_ONE, acceptInto(0), FAULT),
  row("names", ACCEPT, states.LISTENING_WITH_ONE, acceptInto(15), FAULT),
  row("names", ACCEPT, states.LISTENING_WITH_ONE, acceptInto(16), "16 bytes", { families: ["IPv4"] }),
  row("names", ACCEPT, states.LISTENING_WITH_ONE, acceptInto(28), "28 bytes", { families: ["IPv6"] }),
  script(
    "names: a connection that accept had no room for stays queued",
    "inferred from the unchanged length: Wine's test accept",
    states.LISTENING_WITH_ONE,
    [ours(acceptInto(0), FAULT), ours(accept, "socket")],
  ),
];

const AVAIL = "WSAEADDRNOTAVAIL";
const addresses: readonly ConformanceCase[] = [
  ...([states.NEW, states.UDP_NEW] as const).flatMap((state) => [
    row("addresses", BIND, state, bind("any", "zero"), "0"),
    row("addresses", BIND, state, bind("any", "own"), "0"),
    row("addresses", BIND, state, bind("ours", "zero"), "0"),
    row("addresses", BIND, state, bind("loopback", "own"), "0"),
    row("addresses", BIND, state, bind("nobody", "own"), AVAIL),
    row("addresses", BIND, state, bind("elsewhere", "own"), AVAIL),
    row("addresses", BIND, state, bind("everybody", "own"), AVAIL, { families: ["IPv4"] }),
  ]),
  row("addresses", CONNECT, states.NEW, connect("any", "open"), AVAIL),
  row("addresses", CONNECT, states.NEW, connect("any", "zero"), AVAIL),
  row("addresses", CONNECT, states.NEW, connect("peer", "zero"), AVAIL),
  row("addresses", "inferred from Microsoft, connect function: no valid remote address", states.NEW, connect("multicast", "open"), AVAIL),
  row("addresses", "inferred from Microsoft, connect function: no valid remote address", states.NEW, connect("broadcast", "open"), AVAIL, {
    families: ["IPv4"],
  }),
  row("addresses", "inferred from Microsoft, connect function: no valid remote address", states.NEW, connect("everybody", "open"), AVAIL, {
    families: ["IPv4"],
  }),
  row("addresses", CONNECT, states.NEW, connect("elsewhere", "open"), "WSAENETUNREACH"),
  row("addresses", "Wine's test connect_events", states.UDP_NEW, connect("loopback", "zero"), "0"),
  row("addresses", CONNECT, states.UDP_NEW, connect("any", "zero"), "0"),
  row("addresses", CONNECT, states.UDP_NEW, connect("broadcast", "open"), "WSAEACCES", { families: ["IPv4"] }),
  row("addresses", CONNECT, states.UDP_NEW, connect("everybody", "open"), "WSAEACCES", { families: ["IPv4"] }),
  row("addresses", CONNECT, states.UDP_NEW, connect("elsewhere", "open"), "WSAENETUNREACH"),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "elsewhere", "open"), "WSAENETUNREACH"),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "broadcast", "open"), "WSAEACCES", { families: ["IPv4"] }),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "everybody", "open"), "WSAEACCES", { families: ["IPv4"] }),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "any", "open"), AVAIL),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "peer", "zero"), AVAIL),
  row("addresses", SENDTO, states.UDP_NEW, sendto("x", "multicast", "open"), "1"),
];

export const ADDRESS_ARGUMENTS: readonly ConformanceCase[] = [...given, ...taken, ...accepted, ...addresses];
