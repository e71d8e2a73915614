/** Names, services and addresses as text: codes of their own. */
import { errorName } from "../../../../src/winsock/abi/errors.ts";
import { new_addrinfo } from "../../../../src/winsock/abi/name-structures.ts";
import type { BlockingFace } from "../../../../src/winsock/faces/blocking-face.ts";
import { inCOnly } from "../calls.ts";
import { type Call, type ConformanceCase, row } from "../conformance-case.ts";
import { sockaddr } from "../place.ts";
import * as states from "../states.ts";

const IPV4 = { families: ["IPv4"] } as const;
const code = (value: number): string => errorName(value) ?? String(value);

const GETADDRINFO = "Microsoft, getaddrinfo function; Wine's test getaddrinfo";

interface Hints {
  readonly family?: number;
  readonly socktype?: number;
  readonly protocol?: number;
  readonly flags?: number;
}

/** The code, which the promise face throws. */
const getaddrinfo = (node: string | null, service: string | null, hints: Hints = {}): Call => ({
  text: `getaddrinfo(${JSON.stringify(node)}, ${JSON.stringify(service)}, ${JSON.stringify(hints)})`,
  inC(w) {
    const { family = 0, socktype = 0, protocol = 0, flags = 0 } = hints;
    const asked = { ...new_addrinfo(), ai_family: family, ai_socktype: socktype, ai_protocol: protocol, ai_flags: flags };
    const result = w.getaddrinfo(node, service, asked, { value: null });
    return result === w.WSAGetLastError() ? code(result) : `${code(result)}, but the last error is ${code(w.WSAGetLastError())}`;
  },
  async awaited(w) {
    await w.getaddrinfo(node, service, hints);
    return "0";
  },
});

const addresses: readonly ConformanceCase[] = (
  [
    [null, null, {}, "WSAHOST_NOT_FOUND"],
    [null, "80", {}, "0"],
    ["127.0.0.1", null, {}, "0"],
    ["127.0.0.1", "80", {}, "0"],
    ["::1", "80", {}, "0"],
    ["", "80", {}, "0"],
    ["localhost", "80", {}, "0"],
    ["127.0.0.1", "65536", {}, "0"],
    ["127.0.0.1", "-1", {}, "0"],
    ["127.0.0.1", "http", { socktype: 1 }, "0"],
    ["127.0.0.1", "no-such-service", {}, "WSATYPE_NOT_FOUND"],
    ["127.0.0.1", "80", { family: 0xdead }, "WSAEAFNOSUPPORT"],
    ["127.0.0.1", "80", { socktype: 999 }, "WSAESOCKTNOSUPPORT"],
    ["127.0.0.1", "80", { flags: 0x40000000 }, "WSAEINVAL"],
    ["name.test", "80", { flags: 4 }, "WSAHOST_NOT_FOUND"],
    ["1.2.3", "80", { flags: 4 }, "WSAHOST_NOT_FOUND"],
    ["::1", "80", { family: 2, flags: 4 }, "WSAHOST_NOT_FOUND"],
    ["127.0.0.1", "80", { family: 23, flags: 4 }, "WSAHOST_NOT_FOUND"],
  ] as const
).map(([node, service, hints, expect]) => row("names", GETADDRINFO, states.NOTHING, getaddrinfo(node, service, hints), expect, IPV4));

const GETNAMEINFO = "Microsoft, getnameinfo function; ReactOS's test getnameinfo";
const name = (w: BlockingFace, length: number | undefined, host: boolean): string =>
  code(
    w.getnameinfo(
      length === undefined ? null : sockaddr(2, "127.0.0.1", 80),
      length ?? 16,
      host ? { value: "" } : null,
      host ? 1025 : 0,
      null,
      0,
      2,
    ),
  );

const numbers: readonly ConformanceCase[] = [
  row(
    "names",
    GETNAMEINFO,
    states.NOTHING,
    inCOnly("getnameinfo(numeric)", (w) => name(w, 16, true), "it takes text"),
    "0",
    IPV4,
  ),
  row(
    "names",
    GETNAMEINFO,
    states.NOTHING,
    inCOnly("getnameinfo(NULL)", (w) => name(w, undefined, true), "it takes text"),
    "WSAEFAULT",
    IPV4,
  ),
  row(
    "names",
    GETNAMEINFO,
    states.NOTHING,
    inCOnly("getnameinfo(15 bytes)", (w) => name(w, 15, true), "it takes text"),
    "WSAEFAULT",
    IPV4,
  ),
  row(
    "names",
    GETNAMEINFO,
    states.NOTHING,
    inCOnly("getnameinfo(into nothing)", (w) => name(w, 16, false), "it takes text"),
    "WSAHOST_NOT_FOUND",
    IPV4,
  ),
];

const found = (result: unknown): number | string => (result === null ? -1 : "found");
const SERVICES = "Microsoft, getservbyname and getservbyport functions; Wine's test getservbyname";
const PROTOCOLS = "Microsoft, getprotobyname function; Wine's test getprotobyname";
const ONLY_C = "it has getaddrinfo for this";

const services: readonly ConformanceCase[] = (
  [
    ["getservbyname(http, tcp)", SERVICES, (w) => found(w.getservbyname("http", "tcp")), "found"],
    ["getservbyname(http, NULL)", SERVICES, (w) => found(w.getservbyname("http", null)), "found"],
    ["getservbyname(http, none)", SERVICES, (w) => found(w.getservbyname("http", "none")), "WSANO_DATA"],
    ["getservbyname(none)", SERVICES, (w) => found(w.getservbyname("no-such-service", null)), "WSANO_DATA"],
    ["getservbyport(80)", SERVICES, (w) => found(w.getservbyport(0x5000, null)), "found"],
    ["getservbyport(80 and high bits)", SERVICES, (w) => found(w.getservbyport(0x7fff5000, null)), "found"],
    ["getservbyport(1)", SERVICES, (w) => found(w.getservbyport(0xfeff, null)), "WSANO_DATA"],
    ["getprotobyname(tcp)", PROTOCOLS, (w) => found(w.getprotobyname("tcp")), "found"],
    ["getprotobyname(unknown)", PROTOCOLS, (w) => found(w.getprotobyname("unknown")), "WSANO_DATA"],
    ["getprotobynumber(17)", PROTOCOLS, (w) => found(w.getprotobynumber(17)), "found"],
  ] as readonly (readonly [string, string, Call["inC"], string])[]
).map(([text, from, inC, expect]) => row("names", from, states.NOTHING, { text, inC, notAwaited: ONLY_C }, expect, IPV4));

const ADDR = "Microsoft, inet_addr function; Wine's test inet_addr";
const NONE = "4294967295";
const dotted: readonly ConformanceCase[] = (
  [
    ["1.2.3.4", "67305985"],
    ["1.2.3", "50332161"],
    ["1.2", "33554433"],
    ["1", "16777216"],
    ["0x10.010.1.1", "16844816"],
    ["1 2 3 4", "16777216"],
    ["3.4.5.6 7", "100992003"],
    [" ", "0"],
    ["", NONE],
    ["1.2.3.256", NONE],
    ["1.2.3.4.5", NONE],
    ["1.2.3.", NONE],
    [" 1.2.3.4", NONE],
    ["a.b.c.d", NONE],
    ["0x", NONE],
    ["255.255.255.255", NONE],
  ] as const
).map(([text, expect]) =>
  row(
    "addresses as text",
    ADDR,
    states.NOTHING,
    inCOnly(`inet_addr(${JSON.stringify(text)})`, (w) => String(w.inet_addr(text) >>> 0), "it takes text"),
    expect,
    IPV4,
  ),
);

const PTON = "Microsoft, InetPtonW function; Wine's test inet_pton";
const AF4 = 2;
const AF6 = 23;
const strict: readonly ConformanceCase[] = (
  [
    [AF4, "1.2.3.4", "1"],
    [AF4, "1.2.3", "0"],
    [AF4, "1.2.3.4 ", "0"],
    [AF4, "0x1.2.3.4", "0"],
    [AF4, "1.2.3.256", "0"],
    [AF4, "::1", "0"],
    [AF6, "::1", "1"],
    [AF6, "::", "1"],
    [AF6, "1:2:3:4:5:6:7:8", "1"],
    [AF6, "::ffff:1.2.3.4", "1"],
    [AF6, "1::2::3", "0"],
    [AF6, "12345::", "0"],
    [AF6, "[::1]", "0"],
    [AF6, "fe80::1%1", "0"],
    [AF6, "::1/64", "0"],
    [AF6, "1.2.3.4", "0"],
  ] as const
).map(([af, text, expect]) =>
  row(
    "addresses as text",
    PTON,
    states.NOTHING,
    inCOnly(
      `inet_pton(${af === AF4 ? "AF_INET" : "AF_INET6"}, ${JSON.stringify(text)})`,
      (w) => String(w.inet_pton(af, text, new Uint8Array(16))),
      "it takes text",
    ),
    expect,
    IPV4,
  ),
);
const wrong: readonly ConformanceCase[] = [
  row(
    "addresses as text",
    PTON,
    states.NOTHING,
    inCOnly("inet_pton(AF_INET, NULL)", (w) => w.inet_pton(AF4, null, new Uint8Array(4)), "it takes text"),
    "WSAEFAULT",
    IPV4,
  ),
  row(
    "addresses as text",
    PTON,
    states.NOTHING,
    inCOnly("inet_pton(AF_UNSPEC, NULL)", (w) => w.inet_pton(0, null, new Uint8Array(4)), "it takes text"),
    "WSAEFAULT",
    IPV4,
  ),
  row(
    "addresses as text",
    PTON,
    states.NOTHING,
    inCOnly("inet_pton(AF_IPX)", (w) => w.inet_pton(6, "1.2.3.4", new Uint8Array(4)), "it takes text"),
    "WSAEAFNOSUPPORT",
    IPV4,
  ),
  row(
    "addresses as text",
    "Microsoft, InetNtopW function",
    states.NOTHING,
    inCOnly("inet_ntop(AF_IPX)", (w) => found(w.inet_ntop(6, new Uint8Array(16), { value: "" }, 65)), "it takes text"),
    "WSAEAFNOSUPPORT",
    IPV4,
  ),
];

export const NAMES: readonly ConformanceCase[] = [...addresses, ...numbers, ...services, ...dotted, ...strict, ...wrong];
