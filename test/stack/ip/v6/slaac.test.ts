import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV6_ANY, type IpAddress, parseAddress, solicitedNodeOf } from "../../../../src/stack/core/address.ts";
import { LINUX } from "../../../../src/stack/core/profile.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import { Loopback } from "../../../../src/wire/loopback.ts";
import { MemoryWire } from "../../../../src/wire/memory-wire.ts";
import type { Station, TestHost } from "../../link/network.ts";
import { echoRequest, groupMac, heardIpv6, icmpFrame } from "./neighbour.ts";
import {
  addressesOf,
  addressesUnder,
  advertise,
  autoconfigured,
  discoveryHeard,
  FOREVER,
  hear,
  nextHop,
  PREFIX,
  type PrefixOption,
  prefixOption,
  ROUTER,
  withRouter,
} from "./scripted-router.ts";

const UNDER = "2001:db8:1:";
const HOUR = 3600;

const say = (host: TestHost, router: Station, settings: PrefixOption = {}) =>
  advertise(host, router, { options: [prefixOption(PREFIX, settings)] });
const only = (host: TestHost) => addressesUnder(host, UNDER)[0];
/** What is left of an address, in seconds. */
const leftOf = (host: TestHost) => {
  const { preferredUntilMs = 0, validUntilMs = 0 } = only(host) ?? {};
  return { preferred: (preferredUntilMs - host.context.now) / 1000, valid: (validUntilMs - host.context.now) / 1000 };
};

/** Another station asks for an address that the host is trying. */
function takeAway(host: TestHost, from: Station, address: IpAddress): void {
  const message = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  const end = ndp.writeNeighbourMessage(message, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0, address, undefined);
  const group = solicitedNodeOf(address, 0);
  const packet = { source: IPV6_ANY, destination: group, linkTo: groupMac(group), hopLimit: 255 };
  expect(hear(host, icmpFrame(host, from, message.slice(0, end), packet))).toBe("ndp-address-conflict");
}

describe("the link-local address (RFC 4862 §5.3)", () => {
  test("[SLC-01] [SLC-02] [NDP-22] is formed when the interface comes up, tried before anything else is done with it", () => {
    const { network, host, router } = withRouter(LINUX);
    host.device.setLink(false);
    host.ip.autoconfigure(host.eth);
    network.advance(10_000);
    expect(addressesOf(host)).toEqual([]);
    host.device.setLink(true);
    expect(addressesOf(host)).toEqual([expect.stringMatching(/^fe80::[0-9a-f:]+%2 tentative$/)]);
    network.advance(2000);
    const own = formatAddress(addressesUnder(host, "fe80:")[0]!.address).replace("%2", "");
    const heard = discoveryHeard(router);
    const probes = heard.filter(({ type }) => type === icmpv6.NEIGHBOUR_SOLICITATION);
    expect(probes).toMatchObject([{ from: "::", target: own }]);
    expect(heard.slice(0, heard.indexOf(probes[0]!)).filter(({ from }) => from !== "::")).toEqual([]);
    expect(addressesOf(host)).toEqual([`${own}%2 preferred`]);
    expect(host.eth.isListening(parseAddress("ff02::1%2"))).toBe(true);
  });

  test("[SLC-04] [SLC-09] one that another has gives way to the next, and after the fourth there is no IPv6 on the link", () => {
    const { network, host, router } = withRouter(LINUX);
    const ended: string[] = [];
    host.context.trace.subscribe((event) => {
      if (event.type === "address-changed" && event.state === "duplicate") ended.push(event.address);
    });
    host.ip.autoconfigure(host.eth);
    for (let i = 0; i < 4; i++) {
      const [tried] = addressesUnder(host, "fe80:");
      expect(tried?.state).toBe("tentative");
      takeAway(host, router, tried!.address);
    }
    expect(new Set(ended).size).toBe(4);
    expect(addressesOf(host)).toEqual([]);
    expect(say(host, router)).toBe("ndp-router-message");
    network.advance(60_000);
    expect(addressesOf(host)).toEqual([]);
    expect(heardIpv6(router)).toEqual([]);
    // It may be another link that comes up.
    host.device.setLink(false);
    host.device.setLink(true);
    network.advance(2000);
    expect(addressesOf(host)).toEqual([expect.stringMatching(/^fe80::.* preferred$/)]);
  });

  test("[SLC-04] what routers gave goes with it", () => {
    const { network, host, router, names } = autoconfigured();
    say(host, router);
    network.advance(3000);
    host.device.setLink(false);
    host.device.setLink(true);
    for (let i = 0; i < 4; i++) takeAway(host, router, addressesUnder(host, "fe80:")[0]!.address);
    expect(addressesOf(host)).toEqual([]);
    expect(nextHop(host, "2001:db8:ffff::1")).toBe("no-route");
    expect(host.ip.routes.list().filter(({ origin }) => origin === "router")).toEqual([]);
    expect(names.every(({ servers }) => servers.length === 0)).toBe(true);
  });

  test("is none on a loopback, or where IPv6 does not fit", () => {
    const { host } = withRouter();
    expect(() => host.ip.autoconfigure(host.ip.addInterface(new Loopback()))).toThrow(RangeError);
    const narrow = host.ip.addInterface(new MemoryWire().device({ name: "narrow", mtu: 1279 }));
    expect(() => host.ip.autoconfigure(narrow)).toThrow(/1280/);
  });
});

describe("addresses under a prefix (RFC 4862 §5.5.3)", () => {
  test("[SLC-01] [SLC-05] one is formed, tried, and used; its lifetimes are the router's", () => {
    const { network, host, router } = autoconfigured(LINUX);
    expect(say(host, router)).toBeUndefined();
    expect(addressesUnder(host, UNDER)).toMatchObject([{ state: "tentative", origin: "slaac", prefixLength: 64 }]);
    expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
    network.advance(1000);
    const own = only(host)!.address;
    expect(discoveryHeard(router).filter(({ target }) => target === formatAddress(own))).toMatchObject([{ from: "::" }]);
    network.advance(1000);
    expect(only(host)?.state).toBe("preferred");
    expect(leftOf(host)).toEqual({ preferred: 14_400 - 2, valid: 86_400 - 2 });
    hear(host, icmpFrame(host, router, echoRequest(), { source: ROUTER, destination: own }));
    network.settle();
    expect(heardIpv6(router).map((f) => icmpv6.type(f, 54))).toContain(icmpv6.ECHO_REPLY);
  });

  const BAD: [string, IpAddress, PrefixOption, string | undefined][] = [
    ["that is not for addresses", PREFIX, { autonomous: false }, undefined],
    ["of a link alone", parseAddress("fe80::"), {}, "ndp-bad-prefix"],
    ["preferred for longer than valid", PREFIX, { valid: 100, preferred: 101 }, "ndp-bad-lifetimes"],
    ["of 63 bits", PREFIX, { length: 63 }, "ndp-bad-prefix"],
    ["of 65 bits", PREFIX, { length: 65 }, "ndp-bad-prefix"],
    ["that is over", PREFIX, { valid: 0, preferred: 0 }, undefined],
    ["of groups", parseAddress("ff0e::"), {}, "ndp-bad-prefix"],
  ];
  test("[SLC-05] of several bad options and one good one only the good one counts", () => {
    for (const [what, prefix, settings, reason] of BAD) {
      const { host, router } = autoconfigured(LINUX);
      const good = prefixOption(parseAddress("2001:db8:9::"));
      expect([what, advertise(host, router, { options: [prefixOption(prefix, settings), good] })]).toEqual([what, reason]);
      const formed = host.eth.addresses.filter(({ origin }) => origin === "slaac").map(({ address }) => formatAddress(address));
      expect(formed).toEqual([expect.stringMatching(/^2001:db8:9:/)]);
    }
  });

  test("[SLC-04] [SLC-09] one that another has gives way to the next, three times, and then there is none", () => {
    const { network, host, router } = autoconfigured(LINUX);
    const seen = new Set<string>();
    say(host, router);
    for (let i = 0; i < 4; i++) {
      const own = only(host)!.address;
      seen.add(formatAddress(own));
      takeAway(host, router, own);
    }
    expect(seen.size).toBe(4);
    expect(only(host)).toBeUndefined();
    say(host, router);
    network.advance(5000);
    expect(only(host)).toBeUndefined();
    expect(addressesUnder(host, "fe80:")).toHaveLength(1);
  });

  test.each([["stable", LINUX, {}] as const, ["temporary", LINUX, { temporaryAddresses: true }] as const])(
    "[SLC-04] one that another has in the moment in which its life ends is not formed anew (%s)",
    (kind, profile, settings) => {
      const { network, host, router } = autoconfigured(profile, settings);
      say(host, router, { valid: 60, preferred: 60 });
      network.advance(2000);
      host.device.setLink(false);
      network.time.moveTo(host.context.now + 58_000);
      host.device.setLink(true);
      // Frames are taken in before time is looked at.
      const origin = kind === "stable" ? "slaac" : "temporary";
      const [address] = addressesUnder(host, UNDER, origin);
      expect(address).toMatchObject({ state: "tentative" });
      takeAway(host, router, address!.address);
      network.advance(0);
      expect(addressesUnder(host, UNDER)).toEqual([]);
      say(host, router, { valid: 600, preferred: 600 });
      expect(addressesUnder(host, UNDER, origin)).toMatchObject([{ state: "tentative" }]);
    },
  );

  test.each(["slaac", "temporary"])("[SLC-04] and after four that others have it is tried anew when the link comes back (%s)", (origin) => {
    const { network, host, router } = autoconfigured(LINUX, { temporaryAddresses: true });
    say(host, router);
    for (let i = 0; i < 4; i++) takeAway(host, router, addressesUnder(host, UNDER, origin)[0]!.address);
    host.device.setLink(false);
    host.device.setLink(true);
    say(host, router);
    network.advance(2000);
    expect(addressesUnder(host, UNDER, origin)).toMatchObject([{ state: "preferred" }]);
  });

  test("[SLC-06] a forged advertisement takes no more than leaves two hours", () => {
    const { network, host, router } = autoconfigured(LINUX);
    say(host, router, { valid: 24 * HOUR, preferred: 12 * HOUR });
    network.advance(2000);
    say(host, router, { valid: 0, preferred: 0 });
    expect(leftOf(host)).toEqual({ preferred: 0, valid: 2 * HOUR });
    expect(only(host)?.state).toBe("deprecated");
    // Once less than two hours are left nothing shortens them…
    network.advance(HOUR * 1000);
    say(host, router, { valid: 60, preferred: 30 });
    expect(leftOf(host)).toEqual({ preferred: 30, valid: HOUR });
    expect(only(host)?.state).toBe("preferred");
    // …and more than is left is taken.
    say(host, router, { valid: HOUR + 60, preferred: HOUR });
    expect(leftOf(host)).toEqual({ preferred: HOUR, valid: HOUR + 60 });
    say(host, router, { valid: 3 * HOUR, preferred: HOUR });
    say(host, router, { valid: 2 * HOUR + 1, preferred: HOUR });
    expect(leftOf(host)).toEqual({ preferred: HOUR, valid: 2 * HOUR + 1 });
    say(host, router, { valid: FOREVER, preferred: FOREVER });
    expect(leftOf(host)).toEqual({ preferred: Number.POSITIVE_INFINITY, valid: Number.POSITIVE_INFINITY });
  });

  test("[SLC-07] [SLC-08] it is deprecated, then gone: new traffic takes another, and at the end nothing is taken for it", () => {
    const { network, host, router } = autoconfigured(LINUX);
    say(host, router, { valid: 600, preferred: 300 });
    advertise(host, router, { options: [prefixOption(parseAddress("2001:db8:2::"), { valid: 900, preferred: 900 })] });
    network.advance(2000);
    const old = only(host)!.address;
    const source = (to: string) => formatAddress(host.ip.sourceTowards(parseAddress(to))!.address);
    expect(source("2001:db8:1::99")).toBe(formatAddress(old));
    network.advance(298_000);
    expect(only(host)?.state).toBe("deprecated");
    expect(source("2001:db8:1::99")).toMatch(/^2001:db8:2:/);
    // Who has it goes on.
    expect(host.ip.route(parseAddress("2001:db8:ffff::1"), old)).toMatchObject({ local: old });
    expect(hear(host, icmpFrame(host, router, echoRequest(), { source: ROUTER, destination: old }))).toBeUndefined();
    network.advance(300_000);
    expect(only(host)).toBeUndefined();
    expect(host.ip.route(parseAddress("2001:db8:ffff::1"), old)).toBe("source-not-local");
    expect(hear(host, icmpFrame(host, router, echoRequest(), { source: ROUTER, destination: old }))).toBe("ipv6-not-for-us");
    // The prefix may come again.
    say(host, router, { valid: 600, preferred: 300 });
    expect(only(host)?.address).toEqual(old);
  });

  test("[SLC-11] a flood of prefixes gives an interface no more than sixteen addresses", () => {
    const { network, host, router } = autoconfigured();
    for (let i = 0; i < 1000; i++) advertise(host, router, { options: [prefixOption(parseAddress(`2001:db8:${i.toString(16)}::`))] });
    network.advance(3000);
    const own = host.eth.addresses.filter(({ origin }) => origin === "slaac" || origin === "temporary");
    expect(own).toHaveLength(16);
    expect(host.drops()["ndp-too-many-addresses"]).toBeGreaterThan(900);
    expect(host.context.timers.pending().length).toBeLessThan(40);
  });

  test("[SLC-01] a link that comes back has all of them tried again", () => {
    const { network, host, router } = autoconfigured(LINUX);
    say(host, router);
    network.advance(2000);
    const before = addressesOf(host);
    host.device.setLink(false);
    host.device.setLink(true);
    expect(addressesOf(host)).toEqual(before.map((text) => text.replace("preferred", "tentative")));
    network.advance(2000);
    expect(addressesOf(host)).toEqual(before);
  });
});
