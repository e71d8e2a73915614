/** Two sockets on one port: SO_REUSEADDR × SO_EXCLUSIVEADDRUSE, wildcards × specific addresses, and both families by one socket. */
import * as c from "../../../../src/winsock/abi/constants.ts";
import type { Call, ConformanceCase } from "../conformance-case.ts";
import { ours, script } from "../conformance-case.ts";
import { type Place, sockaddr } from "../place.ts";
import * as states from "../states.ts";

type Option = "Def" | "Reuse" | "Excl";
const OPTION = { Def: undefined, Reuse: c.SO_REUSEADDR, Excl: c.SO_EXCLUSIVEADDRUSE } as const;

interface Wanted {
  readonly text: string;
  readonly option: Option;
  readonly type: number;
  readonly af: (place: Place) => number;
  readonly address: (place: Place) => string;
  /** IPV6_V6ONLY is taken off. */
  readonly isDual?: boolean;
}

/** A socket of its own, bound so on the row's port. */
const bound = ({ text, option, type, af, address, isDual = false }: Wanted): Call => ({
  text,
  inC(w, _, { place }) {
    const s = w.socket(af(place), type, 0);
    if (isDual) w.setsockopt(s, c.IPPROTO_IPV6, c.IPV6_V6ONLY, { value: 0 }, 4);
    if (OPTION[option] !== undefined) w.setsockopt(s, c.SOL_SOCKET, OPTION[option], { value: 1 }, 4);
    const name = sockaddr(af(place), address(place), place.port("own"));
    return w.bind(s, name, name.length);
  },
  async awaited(w, _, { place }) {
    const s = await w.socket(af(place), type, 0);
    if (isDual) await w.setsockopt(s, c.IPPROTO_IPV6, c.IPV6_V6ONLY, false);
    if (OPTION[option] !== undefined) await w.setsockopt(s, c.SOL_SOCKET, OPTION[option], true);
    await w.bind(s, { address: address(place), port: place.port("own") });
  },
});

const KINDS = ["Def W", "Def S", "Reuse W", "Reuse S", "Excl W", "Excl S"] as const;
type Kind = (typeof KINDS)[number];

/** Rows: the first socket; columns: the second one, of the same user. */
const TABLE: Readonly<Record<Kind, string>> = {
  "Def W": "INUSE ok ACCES ok INUSE ok",
  "Def S": "ok INUSE ok ACCES INUSE INUSE",
  "Reuse W": "INUSE ok ok ok INUSE ok",
  "Reuse S": "ok INUSE ok ok INUSE INUSE",
  "Excl W": "INUSE ACCES ACCES ACCES INUSE ACCES",
  "Excl S": "ok INUSE ok ACCES INUSE INUSE",
};
const CODES: Readonly<Record<string, string>> = { ok: "0", INUSE: "WSAEADDRINUSE", ACCES: "WSAEACCES" };

const as = (kind: Kind, type: number): Call => {
  const [option, where] = kind.split(" ") as [Option, "W" | "S"];
  return bound({
    text: `bind as ${kind}`,
    option,
    type,
    af: ({ af }) => af,
    address: (place) => place.address(where === "W" ? "any" : "ours"),
  });
};

const SHARING = "Microsoft, Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE; Wine's test reuseaddr";
const pairs: readonly ConformanceCase[] = [["streams", c.SOCK_STREAM] as const, ["datagram sockets", c.SOCK_DGRAM] as const].flatMap(
  ([what, type]) =>
    KINDS.flatMap((first) =>
      TABLE[first]
        .split(" ")
        .map((code, i) =>
          script(`sharing a port: ${what}: ${first}, then ${KINDS[i]}`, SHARING, states.NOTHING, [
            ours(as(first, type)),
            ours(as(KINDS[i]!, type), CODES[code]),
          ]),
        ),
    ),
);

const dual = (address: string, option: Option = "Def"): Call =>
  bound({
    text: `bind to ${address} for both families${option === "Def" ? "" : `, ${option}`}`,
    option,
    type: c.SOCK_STREAM,
    af: () => c.AF_INET6,
    address: () => address,
    isDual: true,
  });
const ipv4 = (address: string, option: Option = "Def"): Call =>
  bound({
    text: `bind to ${address}${option === "Def" ? "" : `, ${option}`}`,
    option,
    type: c.SOCK_STREAM,
    af: () => c.AF_INET,
    address: () => address,
  });
const ipv6 = (address: string, option: Option = "Def"): Call =>
  bound({
    text: `bind to ${address}${option === "Def" ? "" : `, ${option}`}`,
    option,
    type: c.SOCK_STREAM,
    af: () => c.AF_INET6,
    address: () => address,
  });

const [ANY, LOOP, ANY6, LOOP6, MAPPED] = ["0.0.0.0", "127.0.0.1", "::", "::1", "::ffff:127.0.0.1"] as const;
const [ACCES, INUSE] = ["WSAEACCES", "WSAEADDRINUSE"];

const across: readonly ConformanceCase[] = (
  [
    [ipv4(ANY, "Excl"), ipv4(LOOP), ACCES],
    [ipv4(ANY), ipv4(LOOP, "Excl"), "0"],
    [ipv4(ANY, "Excl"), ipv4(LOOP, "Excl"), ACCES],
    [ipv4(LOOP, "Excl"), ipv4(ANY), "0"],
    [ipv4(LOOP), ipv4(ANY, "Excl"), INUSE],
    [ipv4(LOOP, "Excl"), ipv4(LOOP), INUSE],
    [ipv4(LOOP), ipv4(LOOP, "Excl"), INUSE],
    [ipv4(ANY), ipv4(ANY, "Excl"), INUSE],
    [dual(ANY6, "Excl"), ipv4(LOOP), ACCES],
    [dual(ANY6, "Excl"), ipv4(ANY), ACCES],
    [dual(ANY6), ipv4(ANY, "Excl"), "0"],
    [dual(ANY6), ipv4(ANY), "0"],
    [ipv4(LOOP), dual(ANY6, "Excl"), INUSE],
    [dual(LOOP6), ipv4(ANY, "Excl"), "0"],
    [dual(LOOP6, "Excl"), ipv4(LOOP, "Excl"), "0"],
    [dual(MAPPED), ipv4(ANY, "Excl"), INUSE],
    [dual(MAPPED), ipv4(LOOP), INUSE],
    [ipv4(LOOP), dual(MAPPED), INUSE],
    [dual("::ffff:0.0.0.0"), ipv4(ANY), INUSE],
    [ipv6(ANY6), ipv4(ANY), "0"],
    [ipv4(ANY), ipv6(ANY6), "0"],
    [ipv6(ANY6, "Excl"), ipv4(ANY, "Excl"), "0"],
    [ipv6(LOOP6), ipv4(LOOP), "0"],
    [ipv6(ANY6), ipv6(LOOP6), "0"],
    [ipv6(LOOP6), ipv6(LOOP6), INUSE],
    [ipv4("203.0.113.2"), ipv4(LOOP), "0"],
  ] as const
).map(([first, second, code]) =>
  script(`sharing a port: ${first.text}, then ${second.text}`, "Wine's test reuseaddr", states.NOTHING, [ours(first), ours(second, code)], {
    families: ["IPv6"],
  }),
);

const types: readonly ConformanceCase[] = [
  script("sharing a port: a stream and a datagram socket", "RFC 6335 §6: TCP and UDP have port numbers of their own", states.NOTHING, [
    ours(as("Excl W", c.SOCK_STREAM)),
    ours(as("Excl W", c.SOCK_DGRAM)),
  ]),
];

export const PORT_SHARING: readonly ConformanceCase[] = [...pairs, ...across, ...types];
