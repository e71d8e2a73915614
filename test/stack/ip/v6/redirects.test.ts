import { expect, test } from "@jest/globals";
import { type IpAddress, parseAddress } from "../../../../src/stack/core/address.ts";
import { LINUX } from "../../../../src/stack/core/profile.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../../src/stack/packet/ndp.ts";
import type { TestHost } from "../../link/network.ts";
import { icmpFrame, type Packet } from "./neighbour.ts";
import {
  addressesUnder,
  advertise,
  autoconfigured,
  discoveryHeard,
  hear,
  linkOption,
  nextHop,
  PREFIX,
  prefixOption,
  ROUTER,
} from "./scripted-router.ts";

const FAR = parseAddress("2001:db8:ffff::1");
const OTHER = parseAddress("fe80::2");
const OTHER_MAC = ethernet.parseMac("02:00:00:00:00:22")!;

function redirect(target: IpAddress, destination: IpAddress, mac?: Uint8Array): Uint8Array {
  const option = mac === undefined ? new Uint8Array(0) : linkOption(ndp.OPTION_TARGET_LINK_ADDRESS, mac);
  const message = new Uint8Array(40 + option.length);
  icmpv6.writeHeader(message, 0, icmpv6.REDIRECT, 0);
  ipv6.putAddress(message, 8, target);
  ipv6.putAddress(message, 24, destination);
  message.set(option, 40);
  return message;
}

/** A station says that it is there, as it was asked. */
function answerOf(address: IpAddress): Uint8Array {
  const message = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  ndp.writeNeighbourMessage(message, 0, icmpv6.NEIGHBOUR_ADVERTISEMENT, ndp.FLAG_SOLICITED | ndp.FLAG_OVERRIDE, address, OTHER_MAC);
  return message;
}

const own = (host: TestHost): IpAddress => addressesUnder(host, "2001:db8:1:")[0]!.address;

/** A host that has a router and an address. */
function setUp() {
  const set = autoconfigured(LINUX);
  const { network, host, router } = set;
  advertise(host, router, { options: [prefixOption(PREFIX)] });
  network.advance(2000);
  const say = (message: Uint8Array, packet: Partial<Packet> = {}) =>
    hear(host, icmpFrame(host, router, message, { source: ROUTER, destination: own(host), hopLimit: 255, ...packet }));
  return { ...set, say };
}

test("[NDP-19] the router that a packet went to may name another one for its destination, for ten minutes", () => {
  const { network, host, router, say } = setUp();
  expect(say(redirect(OTHER, FAR, OTHER_MAC))).toBeUndefined();
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::2");
  expect(nextHop(host, "2001:db8:ffff::2")).toBe("fe80::1");
  expect(host.ip.routes.list()).toContainEqual(expect.objectContaining({ gateway: "fe80::2%2", prefixLength: 128, origin: "redirect" }));
  const entry = host.eth.neighbours.list().find(({ address }) => address === "fe80::2%2");
  expect(entry).toMatchObject({ mac: "02:00:00:00:00:22", state: "STALE" });
  // The one that was named has the word now, and may give it back.
  expect(say(redirect(OTHER, FAR))).toBe("ndp-not-first-hop");
  network.advance(599_000);
  advertise(host, router);
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::2");
  network.advance(1000);
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
});

test("[NDP-19] a destination that is its own target is on the link", () => {
  const { host, say } = setUp();
  expect(say(redirect(FAR, FAR, OTHER_MAC))).toBeUndefined();
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("2001:db8:ffff::1");
  expect(host.eth.isNeighbourly(FAR)).toBe(true);
  expect(host.eth.neighbours.list().find(({ address }) => address === "2001:db8:ffff::1")?.mac).toBe("02:00:00:00:00:22");
});

test("[NDP-19] a target that does not answer is left for the router", () => {
  const { network, host, say } = setUp();
  say(redirect(OTHER, FAR, OTHER_MAC));
  host.ip.ping(FAR, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 10 }, () => {});
  network.advance(5000 + 3000 + 3000);
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
});

test("[NDP-19] a destination that does not answer on the link it was said to be on is left to the router, and asked for now and then", () => {
  const { network, host, router, say } = setUp();
  say(redirect(FAR, FAR));
  host.ip.ping(FAR, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 10 }, () => {});
  network.advance(3000);
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
  discoveryHeard(router);
  network.advance(LINUX.neighbourReachableMs);
  expect(discoveryHeard(router)).toContainEqual(expect.objectContaining({ target: "2001:db8:ffff::1" }));
  hear(host, icmpFrame(host, router, answerOf(FAR), { source: FAR, destination: own(host), hopLimit: 255 }));
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("2001:db8:ffff::1");
});

const whole = redirect(OTHER, FAR, OTHER_MAC);
test.each<[string, Uint8Array, Partial<Packet>, string]>([
  ["from a global address", whole, { source: parseAddress("2001:db8:1::1") }, "ndp-bad-source"],
  ["from another than the first hop", whole, { source: OTHER }, "ndp-not-first-hop"],
  ["with a hop limit of 254", whole, { hopLimit: 254 }, "ndp-forwarded"],
  ["with a code", Uint8Array.from(whole, (b, i) => (i === 1 ? 1 : b)), {}, "ndp-bad-code"],
  ["of 39 bytes", whole.slice(0, 39), {}, "ndp-truncated"],
  ["with an option of no length", Uint8Array.from(whole, (b, i) => (i === 41 ? 0 : b)), {}, "ndp-bad-option"],
  ["for a group", redirect(OTHER, parseAddress("ff0e::1")), {}, "ndp-bad-target"],
  ["to a global target that is not the destination", redirect(parseAddress("2001:db8:1::9"), FAR), {}, "ndp-bad-target"],
  ["for a host on the link", redirect(OTHER, parseAddress("2001:db8:1::9")), {}, "ndp-not-first-hop"],
  ["for a link-local destination", redirect(OTHER, parseAddress("fe80::9")), {}, "ndp-not-first-hop"],
  ["to a group's link address", redirect(OTHER, FAR, ethernet.BROADCAST_MAC), {}, "ndp-bad-link-address"],
])("[NDP-19] one %s changes nothing", (_what, message, packet, reason) => {
  const { host, say } = setUp();
  expect(say(message, packet)).toBe(reason);
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
  expect(host.ip.routes.list().filter(({ origin }) => origin === "redirect")).toEqual([]);
});

test("[NDP-19] one to an address of the host's own changes nothing", () => {
  const { host, say } = setUp();
  expect(say(redirect(own(host), own(host)))).toBe("ndp-bad-target");
  expect(nextHop(host, "2001:db8:ffff::1")).toBe("fe80::1");
});

test("[NDP-26] a flood of redirects leaves sixteen, the latest", () => {
  const { host, say } = setUp();
  for (let i = 1; i <= 100; i++) say(redirect(OTHER, parseAddress(`2001:db8:ffff::${i}`)));
  const learned = host.ip.routes.list().filter(({ origin }) => origin === "redirect");
  expect(learned).toHaveLength(16);
  expect(nextHop(host, "2001:db8:ffff::100")).toBe("fe80::2");
  expect(nextHop(host, "2001:db8:ffff::84")).toBe("fe80::1");
});
