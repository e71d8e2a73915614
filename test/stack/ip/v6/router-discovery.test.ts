import { describe, expect, test } from "@jest/globals";
import { formatAddress, parseAddress, withScope } from "../../../../src/stack/core/address.ts";
import { plainFrame } from "../../../../src/stack/core/frame-info.ts";
import { LINUX, WINDOWS } from "../../../../src/stack/core/profile.ts";
import { MOST_LEARNED } from "../../../../src/stack/ip/v6/learned-routes.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import { MemoryWire } from "../../../../src/wire/memory-wire.ts";
import type { Station, TestHost } from "../../link/network.ts";
import { groupMac, heardIpv6, IP, icmpFrame, type Packet } from "./neighbour.ts";
import {
  ALL_NODES,
  addressesOf,
  advertise,
  advertisementOf,
  autoconfigured,
  discoveryHeard,
  discoveryOf,
  FOREVER,
  hear,
  isDiscovery,
  linkLocalOf,
  mtuOption,
  nextHop,
  PREFIX,
  prefixOption,
  ROUTER,
  routeOption,
  searchOption,
  serversOption,
  withRouter,
} from "./scripted-router.ts";

const FAR = "2001:db8:ffff::1";
const SECOND = parseAddress("fe80::2");
const SECOND_MAC = ethernet.parseMac("02:00:00:00:00:22")!;

const solicitations = (station: Station) => discoveryHeard(station).filter(({ type }) => type === icmpv6.ROUTER_SOLICITATION);
const neighbour = (host: TestHost, address: string) => host.eth.neighbours.list().find((n) => n.address.startsWith(address));

describe("soliciting (RFC 4861 §6.3.7)", () => {
  test("[NDP-14] [SLC-01] three questions, four seconds apart, the first within a second", () => {
    const { network, host, router } = withRouter();
    const atMs: number[] = [];
    host.context.trace.subscribe((event) => {
      if (event.type !== "frame" || event.direction !== "out" || !isDiscovery(event.bytes)) return;
      if (discoveryOf(event.bytes).type === icmpv6.ROUTER_SOLICITATION) atMs.push(event.atMs);
    });
    host.ip.autoconfigure(host.eth);
    network.advance(60_000);
    const [first = -1, second, third] = atMs;
    expect(atMs).toHaveLength(3);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThanOrEqual(1000);
    expect([second, third]).toEqual([first + 4000, first + 8000]);
    const own = formatAddress(linkLocalOf(host));
    expect(solicitations(router)).toEqual([
      { type: icmpv6.ROUTER_SOLICITATION, from: "::", to: "ff02::2", options: [] },
      ...[2, 3].map(() => ({ type: icmpv6.ROUTER_SOLICITATION, from: own, to: "ff02::2", options: [ndp.OPTION_SOURCE_LINK_ADDRESS] })),
    ]);
  });

  test("[NDP-14] an answer ends them, and a link that comes back begins them anew", () => {
    const { network, host, router } = withRouter();
    host.ip.autoconfigure(host.eth);
    network.advance(1000);
    expect(solicitations(router)).toHaveLength(1);
    expect(advertise(host, router)).toBeUndefined();
    network.advance(60_000);
    expect(solicitations(router)).toEqual([]);
    host.device.setLink(false);
    network.advance(60_000);
    host.device.setLink(true);
    network.advance(60_000);
    expect(solicitations(router)).toHaveLength(3);
  });

  test("[NDP-14] one that leads nowhere, as of a router of some prefixes only, does not end them", () => {
    const { network, host, router } = withRouter();
    host.ip.autoconfigure(host.eth);
    network.advance(1000);
    expect(advertise(host, router, { lifetime: 0, options: [prefixOption(PREFIX)] })).toBeUndefined();
    network.advance(60_000);
    expect(solicitations(router)).toHaveLength(3);
  });

  test("[NDP-14] one that comes unasked leaves one question: the answer may say more", () => {
    const { network, host, router } = withRouter();
    host.ip.autoconfigure(host.eth);
    for (let i = 0; i < 2; i++) expect(advertise(host, router)).toBeUndefined();
    network.advance(60_000);
    expect(solicitations(router)).toHaveLength(1);
  });

  test("[NDP-13] a host says nothing to who looks for routers, and never advertises or redirects", () => {
    const { network, host, router } = autoconfigured();
    const solicitation = new Uint8Array(ndp.ROUTER_SOLICITATION_MESSAGE);
    ndp.writeRouterSolicitation(solicitation, 0, router.device.mac);
    const all = parseAddress("ff02::1");
    const packet = { source: ROUTER, destination: all, linkTo: groupMac(all), hopLimit: 255 };
    expect(hear(host, icmpFrame(host, router, solicitation, packet))).toBe("ndp-router-message");
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    network.advance(10_000);
    const types = new Set(discoveryHeard(router).map(({ type }) => type));
    expect([...types].filter((t) => t === icmpv6.ROUTER_ADVERTISEMENT || t === icmpv6.REDIRECT)).toEqual([]);
    expect(host.eth.neighbours.list().some(({ address }) => address === "fe80::1%2")).toBe(true);
  });

  test("an interface that was not asked to heeds no advertisement", () => {
    const { network, host, router } = withRouter();
    expect(advertise(host, router, { options: [prefixOption(PREFIX)] })).toBe("ndp-router-message");
    network.advance(10_000);
    expect(addressesOf(host)).toEqual([]);
    expect(host.ip.routes.list().filter(({ origin }) => origin === "router")).toEqual([]);
  });
});

describe("advertisements that are not believed (RFC 4861 §6.1.2)", () => {
  const whole = advertisementOf({ options: [prefixOption(PREFIX)] }, undefined);
  const edited = (at: number, value: number) => Uint8Array.from(whole, (b, i) => (i === at ? value : b));
  const cases: [string, Uint8Array, object, string][] = [
    ["[NDP-03] from a global address", whole, { source: parseAddress("2001:db8::1") }, "ndp-bad-source"],
    ["[NDP-03] from ::", whole, { source: parseAddress("::") }, "ndp-bad-source"],
    ["[NDP-01] with a hop limit of 254", whole, { hopLimit: 254 }, "ndp-forwarded"],
    ["[NDP-01] with a code", edited(1, 1), {}, "ndp-bad-code"],
    ["[NDP-01] of 15 bytes", whole.slice(0, 15), {}, "ndp-truncated"],
    ["[NDP-01] [NDP-04] with an option of no length", edited(17, 0), {}, "ndp-bad-option"],
    ["[NDP-01] with an option beyond its end", edited(17, 5), {}, "ndp-bad-option"],
    ["with the host's own link address", advertisementOf({}, Uint8Array.of(2, 0, 0, 0, 0, 1)), {}, ""],
  ];
  test.each(cases)("%s", (_what, message, packet, reason) => {
    const { network, host, router } = autoconfigured(LINUX);
    const bytes = reason === "" ? advertisementOf({}, host.device.mac) : message;
    const all = { source: ROUTER, destination: ALL_NODES, linkTo: groupMac(ALL_NODES), hopLimit: 255, ...packet };
    expect(hear(host, icmpFrame(host, router, bytes, all))).toBe(reason === "" ? "ndp-bad-link-address" : reason);
    network.advance(5000);
    expect(host.ip.routes.list().filter(({ origin }) => origin === "router")).toEqual([]);
    expect(addressesOf(host)).toHaveLength(1);
  });

  test("[NDP-04] an option of an unknown type is passed over, whatever its length", () => {
    for (let units = 1; units < 256; units += 17) {
      const { host, router } = autoconfigured(LINUX);
      const unknown = new Uint8Array(units * 8);
      unknown[0] = 253;
      unknown[1] = units;
      expect(advertise(host, router, { options: [unknown, mtuOption(1400)] })).toBeUndefined();
      expect(host.eth.ipv6Mtu).toBe(1400);
    }
  });
});

describe("default routers (RFC 4861 §6.3.4–6.3.6)", () => {
  test("[NDP-15] one that is advertised is the way out, until its lifetime is over or it says 0", () => {
    const { network, host, router } = autoconfigured();
    expect(nextHop(host, FAR)).toBe("no-route");
    advertise(host, router, { lifetime: 600, options: [prefixOption(PREFIX)] });
    network.advance(2000);
    expect(nextHop(host, FAR)).toBe("fe80::1");
    expect(host.ip.routes.list()).toContainEqual(expect.objectContaining({ destination: "::", gateway: "fe80::1%2", origin: "router" }));
    expect(neighbour(host, "fe80::1")).toMatchObject({ state: "STALE", mac: ethernet.macText(router.device.mac) });
    network.advance(597_999);
    expect(nextHop(host, FAR)).toBe("fe80::1");
    network.advance(1);
    expect(nextHop(host, FAR)).toBe("no-route");
    advertise(host, router);
    expect(nextHop(host, FAR)).toBe("fe80::1");
    advertise(host, router, { lifetime: 0 });
    expect(nextHop(host, FAR)).toBe("no-route");
  });

  /** Two routers, of which no one answers, and a way to send. */
  function twoRouters(settings: { mac?: undefined } = {}) {
    const set = autoconfigured(LINUX);
    const { network, host, router } = set;
    advertise(host, router, { ...settings, options: [prefixOption(PREFIX)] });
    advertise(host, router, { from: SECOND, mac: "mac" in settings ? undefined : SECOND_MAC });
    network.advance(2000);
    const path = host.ip.route(parseAddress(FAR));
    if (typeof path === "string") throw new Error(path);
    const send = () => path.send(253, new Uint8Array(path.headroom + 8), path.headroom, path.headroom + 8, plainFrame());
    return { ...set, send };
  }

  test("[NDP-15] when the first does not answer any more the second is taken, and the first again when it is heard of", () => {
    const { network, host, router, send } = twoRouters();
    send();
    expect(nextHop(host, FAR)).toBe("fe80::1");
    // Stale, delayed, asked alone three times and everybody three times.
    network.advance(5000 + 3000 + 3000);
    expect(neighbour(host, "fe80::1")?.state).toBe("FAILED");
    expect(nextHop(host, FAR)).toBe("fe80::2");
    router.heard();
    send();
    expect(ethernet.destinationText(heardIpv6(router)[0]!, 0)).toBe("02:00:00:00:00:22");
    advertise(host, router);
    expect(nextHop(host, FAR)).toBe("fe80::1");
  });

  test("[NDP-15] while none answers each has its turn", () => {
    const { network, host, send } = twoRouters({ mac: undefined });
    const tried: string[] = [];
    for (let i = 0; i < 6; i++) {
      tried.push(nextHop(host, FAR));
      send();
      network.advance(5000);
    }
    expect(tried).toEqual(["fe80::1", "fe80::2", "fe80::1", "fe80::2", "fe80::1", "fe80::2"]);
  });

  test("[NDP-20] one that says it forwards nothing is none", () => {
    const { host, router } = twoRouters();
    const says = (flags: number) => {
      const message = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
      ndp.writeNeighbourMessage(message, 0, icmpv6.NEIGHBOUR_ADVERTISEMENT, flags, ROUTER, router.device.mac);
      const packet = { source: ROUTER, destination: ALL_NODES, linkTo: groupMac(ALL_NODES), hopLimit: 255 };
      return hear(host, icmpFrame(host, router, message, packet));
    };
    expect(says(ndp.FLAG_ROUTER | ndp.FLAG_OVERRIDE)).toBeUndefined();
    expect(nextHop(host, FAR)).toBe("fe80::1");
    expect(says(ndp.FLAG_OVERRIDE)).toBeUndefined();
    expect(nextHop(host, FAR)).toBe("fe80::2");
  });
});

describe("preferences and routes (RFC 4191)", () => {
  test("[NDP-25] the router of the higher preference is taken, whichever came first; reserved is medium", () => {
    const HIGH = 1;
    const LOW = 3;
    const RESERVED = 2;
    const { host, router } = autoconfigured();
    advertise(host, router, { preference: LOW, options: [prefixOption(PREFIX)] });
    advertise(host, router, { from: SECOND, mac: SECOND_MAC, preference: RESERVED });
    const metrics = () =>
      host.ip.routes
        .list()
        .filter(({ destination }) => destination === "::")
        .map(({ gateway, metric }) => [gateway, metric]);
    expect(metrics()).toEqual([
      ["fe80::2%2", 1024],
      ["fe80::1%2", 2048],
    ]);
    advertise(host, router, { preference: HIGH });
    expect(metrics()[0]).toEqual(["fe80::1%2", 512]);
  });

  test("[NDP-25] a route to a prefix wins over the default router, even from one that is none, until its lifetime is over", () => {
    const { network, host, router } = autoconfigured();
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    const special = parseAddress("2001:db8:ffff::");
    expect(
      advertise(host, router, { from: SECOND, mac: SECOND_MAC, lifetime: 0, options: [routeOption(special, 48, 300)] }),
    ).toBeUndefined();
    network.advance(2000);
    expect(nextHop(host, FAR)).toBe("fe80::2");
    expect(nextHop(host, "2001:db8:eeee::1")).toBe("fe80::1");
    network.advance(298_000);
    expect(nextHop(host, FAR)).toBe("fe80::1");
  });

  test("[NDP-25] a router that answers comes before a longer prefix whose router does not", () => {
    const { network, host, router } = autoconfigured(LINUX);
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    const route = routeOption(parseAddress("2001:db8:ffff::"), 48, FOREVER);
    advertise(host, router, { from: SECOND, mac: undefined, lifetime: 0, options: [route] });
    network.advance(2000);
    host.ip.ping(parseAddress(FAR), { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 10 }, () => {});
    network.advance(4000);
    expect(neighbour(host, "fe80::2")?.state).toBe("FAILED");
    expect(nextHop(host, FAR)).toBe("fe80::1");
    router.heard();
    network.advance(31_000);
    const asked = discoveryHeard(router).filter(({ target }) => target === "fe80::2");
    expect(asked.length).toBeGreaterThan(0);
  });

  test("[NDP-25] the whole world as a route is what the router says of itself", () => {
    const { host, router } = autoconfigured();
    advertise(host, router, { lifetime: 0, options: [prefixOption(PREFIX), routeOption(parseAddress("::"), 0, 600, 1)] });
    expect(host.ip.routes.list()).toContainEqual(expect.objectContaining({ destination: "::", prefixLength: 0, metric: 512 }));
  });

  test("[NDP-25] and has the word over what stands before it: the router keeps its place when it says both again (RFC 4191 §3.1)", () => {
    const { host, router } = autoconfigured();
    const first = { lifetime: 0, options: [prefixOption(PREFIX), routeOption(parseAddress("::"), 0, 600)] };
    advertise(host, router, first);
    advertise(host, router, { from: SECOND, mac: SECOND_MAC });
    expect(nextHop(host, FAR)).toBe("fe80::1");
    const { generation } = host.ip.routes;
    advertise(host, router, first);
    expect([nextHop(host, FAR), host.ip.routes.generation]).toEqual(["fe80::1", generation]);
    advertise(host, router, { lifetime: 1800, options: [routeOption(parseAddress("::"), 0, 0)] });
    expect(nextHop(host, FAR)).toBe("fe80::2");
  });

  test.each([
    [
      "a length above 128",
      () => Uint8Array.from(routeOption(parseAddress("2001:db8::"), 128, 60), (b, i) => (i === 2 ? 129 : b)),
      "ndp-bad-option",
    ],
    [
      "a prefix that needs more bytes",
      () => Uint8Array.from(routeOption(parseAddress("2001:db8::"), 64, 60), (b, i) => (i === 2 ? 65 : b)),
      "ndp-bad-option",
    ],
    ["the reserved preference", () => routeOption(parseAddress("2001:db8::"), 32, 60, 2), "ndp-bad-option"],
    ["a link-local prefix", () => routeOption(parseAddress("fe80::"), 10, 60), "ndp-bad-prefix"],
    ["IPv4's addresses", () => routeOption(parseAddress("::ffff:0:0"), 96, 60), "ndp-bad-prefix"],
    ["groups", () => routeOption(parseAddress("ff00::"), 8, 60), "ndp-bad-prefix"],
  ])("[NDP-25] a route option with %s is of no use, the rest is", (_what, option, reason) => {
    const { host, router } = autoconfigured();
    expect(advertise(host, router, { options: [option(), mtuOption(1300)] })).toBe(reason);
    expect(host.ip.routes.list().filter(({ origin, prefixLength }) => origin === "router" && prefixLength > 0)).toEqual([]);
    expect(host.eth.ipv6Mtu).toBe(1300);
  });
});

describe("prefixes on the link (RFC 4861 §6.3.4)", () => {
  const ON_LINK = { autonomous: false } as const;
  const NEAR = "2001:db8:1::99";

  test("[NDP-17] hosts under it are spoken to directly, until its lifetime is over or it says 0", () => {
    const { network, host, router } = autoconfigured();
    advertise(host, router, { options: [prefixOption(parseAddress("2001:db8:5::"))] });
    network.advance(2000);
    expect(nextHop(host, NEAR)).toBe("fe80::1");
    expect(host.eth.isOnLink(parseAddress(NEAR))).toBe(false);
    advertise(host, router, { options: [prefixOption(PREFIX, { ...ON_LINK, valid: 300, preferred: 300 })] });
    expect(nextHop(host, NEAR)).toBe(NEAR);
    expect(host.eth.isOnLink(parseAddress(NEAR))).toBe(true);
    network.advance(300_000);
    expect(nextHop(host, NEAR)).toBe("fe80::1");
    advertise(host, router, { options: [prefixOption(PREFIX, ON_LINK)] });
    expect(nextHop(host, NEAR)).toBe(NEAR);
    advertise(host, router, { options: [prefixOption(PREFIX, { ...ON_LINK, valid: 0, preferred: 0 })] });
    expect(nextHop(host, NEAR)).toBe("fe80::1");
    expect(host.eth.isOnLink(parseAddress(NEAR))).toBe(false);
  });

  test("[NDP-18] an advertisement that does not say that it is on the link takes nothing back", () => {
    const { network, host, router } = autoconfigured();
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    network.advance(2000);
    advertise(host, router, { options: [prefixOption(PREFIX, { onLink: false, valid: 0, preferred: 0 })] });
    expect(nextHop(host, NEAR)).toBe(NEAR);
    advertise(host, router, { options: [prefixOption(parseAddress("2001:db8:2::"), { onLink: false })] });
    network.advance(2000);
    expect(nextHop(host, "2001:db8:2::99")).toBe("fe80::1");
  });

  test.each([
    ["link-local", "fe80::", 64],
    ["a group's", "ff02::", 64],
    ["the loopback's", "::1", 128],
    ["nobody's", "::", 64],
    ["IPv4's", "::ffff:203.0.113.0", 120],
    ["of no bits", "2001:db8::", 0],
    ["of 129 bits", "2001:db8::", 129],
  ])("[NDP-17] one that is %s is ignored", (_what, prefix, length) => {
    const { host, router } = autoconfigured();
    expect(advertise(host, router, { options: [prefixOption(parseAddress(prefix), { length })] })).toBe("ndp-bad-prefix");
    expect(host.ip.routes.list().filter(({ origin, gateway }) => origin === "router" && gateway === undefined)).toEqual([]);
  });
});

describe("figures of the link (RFC 4861 §6.3.4)", () => {
  test("[NDP-16] hop limit, times and MTU are taken when they are said", () => {
    const { network, host, router } = autoconfigured(LINUX);
    advertise(host, router, {
      hopLimit: 99,
      reachableMs: 10_000,
      retransMs: 2000,
      options: [prefixOption(PREFIX), mtuOption(1400)],
    });
    network.advance(3000);
    expect(host.eth.parameters).toMatchObject({ hopLimit: 99, reachableMs: 10_000, retransMs: 2000 });
    expect(host.ip.mtuTo(parseAddress(FAR))).toBe(1400);
    expect(host.ip.mtuTo(parseAddress("2001:db8:1::99"))).toBe(1400);
    expect(host.eth.mtu).toBe(1500);
    router.heard();
    const path = host.ip.route(parseAddress(FAR));
    if (typeof path === "string") throw new Error(path);
    expect(path.mtu).toBe(1400);
    path.send(253, new Uint8Array(path.headroom + 8), path.headroom, path.headroom + 8, plainFrame());
    const [sent] = heardIpv6(router);
    expect(ipv6.hopLimit(sent!, IP)).toBe(99);
    // The neighbour is asked as often as the router says.
    expect(discoveryHeard(router)).toEqual([]);
    network.advance(5000 + 2000);
    expect(discoveryHeard(router).filter(({ target }) => target === "fe80::1")).toHaveLength(2);
  });

  test.each([
    ["what is not said", {}],
    ["a hop limit that reaches nobody", { hopLimit: 31 }],
    ["a reachable time above an hour", { reachableMs: 3_600_001 }],
    ["a reachable time below a second", { reachableMs: 999 }],
    ["questions that come too fast", { retransMs: 99 }],
    ["questions that hardly come", { retransMs: 10_001 }],
  ])("[NDP-16] %s changes nothing", (_what, said) => {
    const { host, router } = autoconfigured();
    expect(advertise(host, router, said)).toBeUndefined();
    const { ttl: hopLimit, neighbourReachableMs: reachableMs, neighbourProbeMs: retransMs } = WINDOWS;
    expect(host.eth.parameters).toMatchObject({ hopLimit, reachableMs, retransMs });
  });

  test.each([1279, 1501, 0])("[NDP-16] an MTU of %d changes nothing", (mtu) => {
    const { host, router } = autoconfigured();
    expect(advertise(host, router, { options: [mtuOption(mtu)] })).toBe("ndp-bad-mtu");
    expect(host.eth.ipv6Mtu).toBe(1500);
  });

  test("[NDP-16] what a lease says for IPv4 is no bound for the MTU", () => {
    const { host, router } = autoconfigured();
    host.ip.limitMtu(host.eth, 1400);
    advertise(host, router, { options: [mtuOption(1300)] });
    expect(advertise(host, router, { options: [mtuOption(1500)] })).toBeUndefined();
    host.ip.limitMtu(host.eth, Number.POSITIVE_INFINITY);
    expect(host.eth.ipv6Mtu).toBe(1500);
  });

  test("[NDP-16] IPv4 goes by its own", () => {
    const { host, router } = autoconfigured();
    router.introduce(host);
    advertise(host, router, { hopLimit: 99, options: [mtuOption(1300)] });
    const path = host.ip.route(parseAddress("203.0.113.1"));
    if (typeof path === "string") throw new Error(path);
    expect(path.mtu).toBe(1500);
    path.send(253, new Uint8Array(path.headroom + 8), path.headroom, path.headroom + 8, plainFrame());
    expect(router.heardIp()[0]![14 + 8]).toBe(WINDOWS.ttl);
  });
});

describe("name servers and search lists (RFC 8106)", () => {
  test("[NDP-24] are told in order, and are gone with their lifetime or with 0", () => {
    const { network, host, router, names } = autoconfigured();
    const list = searchOption(["example.net", "Lab.example.net"], 100);
    expect(advertise(host, router, { options: [serversOption(["2001:db8::53", "fe80::53"], 200), list] })).toBeUndefined();
    expect(names.at(-1)).toEqual({ servers: ["2001:db8::53", "fe80::53%2"], searchList: ["example.net", "Lab.example.net"] });
    const told = names.length;
    advertise(host, router, { options: [serversOption(["2001:db8::53", "fe80::53"], 200), list] });
    expect(names).toHaveLength(told);
    network.advance(100_000);
    expect(names.at(-1)).toEqual({ servers: ["2001:db8::53", "fe80::53%2"], searchList: [] });
    advertise(host, router, { options: [serversOption(["2001:db8::53"], 0)] });
    expect(names.at(-1)).toEqual({ servers: ["fe80::53%2"], searchList: [] });
    network.advance(100_000);
    expect(names.at(-1)).toEqual({ servers: [], searchList: [] });
  });

  test("[NDP-24] an even length, as of a known attack, is refused and nothing of it read", () => {
    const { host, router, names } = autoconfigured();
    const whole = serversOption(["2001:db8::53", "2001:db8::54"], 200);
    for (const units of [1, 2, 4]) {
      const option = Uint8Array.from(whole.subarray(0, units * 8), (b, i) => (i === 1 ? units : b));
      expect(advertise(host, router, { options: [option] })).toBe("ndp-bad-option");
    }
    expect(names).toEqual([]);
  });

  test.each([
    ["a group", "ff02::fb"],
    ["nobody", "::"],
    ["IPv4's", "::ffff:203.0.113.53"],
  ])("[NDP-24] a server that is %s is left out", (_what, server) => {
    const { host, router, names } = autoconfigured();
    expect(advertise(host, router, { options: [serversOption([server, "2001:db8::53"], 200)] })).toBe("ndp-bad-name-server");
    expect(names.at(-1)?.servers).toEqual(["2001:db8::53"]);
  });

  test("[NDP-24] names that leave the option, or follow a pointer, are none", () => {
    const { host, router, names } = autoconfigured();
    const cut = searchOption(["example.net"], 100);
    cut[8] = 40;
    expect(advertise(host, router, { options: [cut] })).toBe("ndp-bad-search-list");
    const pointing = searchOption(["example.net"], 100);
    pointing[8] = 0xc0;
    expect(advertise(host, router, { options: [pointing] })).toBe("ndp-bad-search-list");
    expect(names).toEqual([]);
  });
});

describe("[NDP-26] floods", () => {
  test("of routers leave room for no more than ten, and the first stays", () => {
    const { network, host, router } = autoconfigured();
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    network.advance(2000);
    for (let i = 0; i < 1000; i++) {
      const from = parseAddress(`fe80::bad:${i.toString(16)}`);
      const reason = advertise(host, router, { from, mac: SECOND_MAC });
      expect(reason).toBe(i < MOST_LEARNED["default-router"] - 1 ? undefined : "ndp-too-many-routers");
    }
    expect(host.ip.routes.list().filter(({ origin, gateway }) => origin === "router" && gateway !== undefined)).toHaveLength(10);
    expect(host.eth.neighbours.size).toBe(10);
    expect(nextHop(host, FAR)).toBe("fe80::1");
  });

  test("of prefixes, routes, servers and domains end at their bounds", () => {
    const { network, host, router, names } = autoconfigured(LINUX);
    for (let i = 0; i < 300; i++) {
      const hex = i.toString(16);
      const options = [
        prefixOption(parseAddress(`2001:db8:${hex}::`)),
        routeOption(parseAddress(`2001:db9:${hex}::`), 48, FOREVER),
        serversOption([`2001:db8::${hex}`], FOREVER),
        searchOption([`d${hex}.example.net`], FOREVER),
      ];
      advertise(host, router, { options });
    }
    network.advance(5000);
    const learned = host.ip.routes.list().filter(({ origin }) => origin === "router");
    expect(learned).toHaveLength(1 + 16 + 16);
    expect(addressesOf(host)).toHaveLength(1 + 16);
    expect(names.at(-1)?.servers).toHaveLength(8);
    expect(names.at(-1)?.searchList).toHaveLength(8);
    expect(host.drops()).toEqual({ "ndp-too-many-name-servers": 16 - 8, "ndp-too-many-addresses": 300 - 16 });
    // What is forgotten leaves nothing behind.
    expect(host.context.timers.pending().filter(({ name }) => name === "duplicate-detection")).toHaveLength(0);
  });
});

test("the operator's route stays when a router's to the same place goes", () => {
  const { network, host, router } = autoconfigured();
  advertise(host, router, { options: [prefixOption(PREFIX)] });
  network.advance(2000);
  const gateway = withScope(ROUTER, host.eth.index);
  host.ip.addRoute({ destination: parseAddress("::"), prefixLength: 0, gateway, metric: 5 });
  advertise(host, router, { lifetime: 0 });
  expect(host.ip.routes.list().filter(({ destination }) => destination === "::")).toMatchObject([{ origin: "manual", metric: 5 }]);
});

describe("two links whose routers have the same address (RFC 4007 §6)", () => {
  function onTwoLinks() {
    const set = autoconfigured(LINUX);
    const { network, host, router } = set;
    const device = new MemoryWire().device({ name: "second" });
    const second = host.ip.addInterface(device);
    host.ip.autoconfigure(second);
    network.advance(2000);
    /** As `router` says it on the first link. */
    const onSecond = (message: Uint8Array, packet: Partial<Packet> = {}) => {
      const to = { source: ROUTER, destination: ALL_NODES, linkTo: groupMac(ALL_NODES), hopLimit: 255, ...packet };
      const frame = icmpFrame(host, router, message, to);
      second.frame(frame, 0, frame.length, plainFrame());
    };
    const way = (to = FAR) => {
      const found = host.ip.wayTo(parseAddress(to), undefined);
      return typeof found === "string" ? found : `${formatAddress(found.nextHop)} from ${formatAddress(found.local)}`;
    };
    advertise(host, router, { options: [prefixOption(PREFIX)] });
    onSecond(advertisementOf({ options: [prefixOption(parseAddress("2001:db8:2::"))] }, SECOND_MAC));
    network.advance(2000);
    return { ...set, device, second, onSecond, way };
  }

  test("[NDP-15] are two routers: what is said on one link, and its end, is none of the other's", () => {
    const { network, host, router, device, onSecond, way } = onTwoLinks();
    expect(way()).toMatch(/^fe80::1%2 from 2001:db8:1:/);
    host.device.setLink(false);
    expect(way()).toMatch(/^fe80::1%3 from 2001:db8:2:/);
    host.device.setLink(true);
    network.advance(2000);
    expect(way()).toMatch(/^fe80::1%2 from 2001:db8:1:/);
    device.setLink(false);
    device.setLink(true);
    const says = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
    ndp.writeNeighbourMessage(says, 0, icmpv6.NEIGHBOUR_ADVERTISEMENT, ndp.FLAG_OVERRIDE, ROUTER, SECOND_MAC);
    onSecond(advertisementOf({}, SECOND_MAC));
    onSecond(says);
    expect(host.ip.routes.list().filter(({ prefixLength }) => prefixLength === 0)).toMatchObject([{ gateway: "fe80::1%2" }]);
    expect(advertise(host, router, { lifetime: 0 })).toBeUndefined();
    expect(host.ip.routes.list().filter(({ prefixLength }) => prefixLength === 0)).toEqual([]);
  });

  test("[PM6-01] the MTU of a path is of its zone", () => {
    const { host } = onTwoLinks();
    host.ip.pathMtus.lower(parseAddress("fe80::9%2"), 1300, () => true);
    expect(["fe80::9%2", "fe80::9%3"].map((text) => host.ip.mtuTo(parseAddress(text)))).toEqual([1300, 1500]);
  });
});
