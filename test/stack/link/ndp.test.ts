import { describe, expect, test } from "@jest/globals";
import { formatAddress, type IpAddress, makeAddressSlot, parseAddress } from "../../../src/stack/core/address.ts";
import * as arp from "../../../src/stack/packet/arp.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmpv6 from "../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../src/stack/packet/ndp.ts";
import { beside, echoRequest, groupMac, heardIpv6, IP, icmpFrame, PAYLOAD, PEER, receive, US } from "../ip/v6/neighbour.ts";
import { v4 } from "./network.ts";

const ALL_NODES = parseAddress("ff02::1");
const OUR_GROUP = parseAddress("ff02::1:ff00:2");
const OTHER_MAC = ethernet.parseMac("02:00:00:00:00:99")!;

/** A message of neighbour discovery, with the link address option or without. */
function message(type: number, target: IpAddress, options: { mac?: Uint8Array; flags?: number } = {}): Uint8Array {
  const bytes = new Uint8Array(ndp.NEIGHBOUR_MESSAGE);
  return bytes.slice(0, ndp.writeNeighbourMessage(bytes, 0, type, options.flags ?? 0, target, options.mac));
}

const solicitation = (target: IpAddress, mac?: Uint8Array) => message(icmpv6.NEIGHBOUR_SOLICITATION, target, mac ? { mac } : {});
const advertisement = (target: IpAddress, flags: number, mac?: Uint8Array) =>
  message(icmpv6.NEIGHBOUR_ADVERTISEMENT, target, mac ? { mac, flags } : { flags });

/** What a frame of neighbour discovery says. */
function told(frame: Uint8Array) {
  const slot = makeAddressSlot();
  const address = (fill: (b: Uint8Array, at: number, into: typeof slot, scope: number) => void, at: number) => {
    fill(frame, at, slot, 0);
    return formatAddress(slot);
  };
  const mac = new Uint8Array(6);
  const type = icmpv6.type(frame, PAYLOAD);
  const option = type === icmpv6.NEIGHBOUR_SOLICITATION ? ndp.OPTION_SOURCE_LINK_ADDRESS : ndp.OPTION_TARGET_LINK_ADDRESS;
  const hasMac = ndp.copyLinkAddress(frame, PAYLOAD, frame.length, option, mac);
  return {
    type,
    link: ethernet.destinationText(frame, 0),
    from: address(ipv6.fillSource, IP),
    to: address(ipv6.fillDestination, IP),
    target: address(ndp.fillTarget, PAYLOAD),
    flags: ndp.neighbourFlags(frame, PAYLOAD) >>> 29,
    mac: hasMac ? ethernet.macText(mac) : undefined,
    hopLimit: ipv6.hopLimit(frame, IP),
  };
}

const told6 = (peer: Parameters<typeof heardIpv6>[0]) => heardIpv6(peer).map(told);

const SOLICITED = ndp.FLAG_SOLICITED >>> 0;
const OVERRIDE = ndp.FLAG_OVERRIDE;

describe("asking for a neighbour (RFC 4861 §7.2.2)", () => {
  test("[NDP-05] the group of those who may have the address is asked, from ours, once a second and three times", () => {
    const { network, host, peer } = beside({ isIntroduced: false });
    host.ip.ping(PEER, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 60_000 }, () => {});
    network.advance(0);
    expect(told6(peer)).toEqual([
      {
        type: icmpv6.NEIGHBOUR_SOLICITATION,
        link: "33:33:ff:00:00:01",
        from: "2001:db8::2",
        to: "ff02::1:ff00:1",
        target: "2001:db8::1",
        flags: 0,
        mac: ethernet.macText(host.device.mac),
        hopLimit: 255,
      },
    ]);
    network.advance(30_000);
    expect(told6(peer)).toHaveLength(2);
  });

  test("[NDP-06] what waited leaves with the answer", () => {
    const { network, host, peer } = beside({ isIntroduced: false });
    host.ip.ping(PEER, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 60_000 }, () => {});
    network.settle();
    heardIpv6(peer);
    receive(host, icmpFrame(host, peer, advertisement(PEER, SOLICITED | OVERRIDE, peer.device.mac), { hopLimit: 255 }));
    network.settle();
    const [echo] = heardIpv6(peer);
    expect(echo && [icmpv6.type(echo, PAYLOAD), ethernet.destinationText(echo, 0)]).toEqual([128, ethernet.macText(peer.device.mac)]);
    expect(host.eth.neighbours.list()).toMatchObject([{ address: "2001:db8::1", state: "REACHABLE" }]);
  });
});

describe("answering (RFC 4861 §7.2.3, §7.2.4)", () => {
  test("who asks without a link address is answered although it has to be asked for in the same moment", () => {
    const { network, host, peer } = beside({ isIntroduced: false });
    const known = { destination: OUR_GROUP, linkTo: groupMac(OUR_GROUP), hopLimit: 255 };
    receive(host, icmpFrame(host, peer, solicitation(US, peer.device.mac), known));
    host.eth.neighbours.suspect(host.eth.neighbours.obtain(PEER));
    network.settle();
    heardIpv6(peer);
    receive(host, icmpFrame(host, peer, solicitation(US), { hopLimit: 255 }));
    network.settle();
    expect(told6(peer).map(({ type, target }) => [type, target])).toEqual([
      [icmpv6.NEIGHBOUR_SOLICITATION, "2001:db8::1"],
      [icmpv6.NEIGHBOUR_ADVERTISEMENT, "2001:db8::2"],
    ]);
  });

  test("who asks from beyond the link without a link address is not asked for on it", () => {
    const { network, host, peer } = beside();
    const stranger = parseAddress("2001:db8:99::1");
    receive(host, icmpFrame(host, peer, solicitation(US), { source: stranger, hopLimit: 255 }));
    network.settle();
    expect([told6(peer), host.drops()]).toEqual([[], { "ndp-bad-source": 1 }]);
    expect(host.eth.neighbours.list().map(({ address }) => address)).toEqual(["2001:db8::1"]);
  });

  test("who tries an address asks its group, and nobody else (RFC 4861 §7.1.1)", () => {
    const { host, peer } = beside();
    const nobody = parseAddress("::");
    for (const destination of [ALL_NODES, OUR_GROUP]) {
      const linkTo = groupMac(destination);
      receive(host, icmpFrame(host, peer, solicitation(US), { source: nobody, destination, linkTo, hopLimit: 255 }));
    }
    expect(host.drops()).toEqual({ "ndp-bad-source": 1 });
  });

  test("[NDP-07] [NDP-08] who asks for us is told, and known from then on", () => {
    const { network, host, peer } = beside({ isIntroduced: false });
    const frame = icmpFrame(host, peer, solicitation(US, peer.device.mac), {
      destination: OUR_GROUP,
      linkTo: groupMac(OUR_GROUP),
      hopLimit: 255,
    });
    receive(host, frame);
    network.settle();
    expect(told6(peer)).toEqual([
      {
        type: icmpv6.NEIGHBOUR_ADVERTISEMENT,
        link: ethernet.macText(peer.device.mac),
        from: "2001:db8::2",
        to: "2001:db8::1",
        target: "2001:db8::2",
        flags: 3,
        mac: ethernet.macText(host.device.mac),
        hopLimit: 255,
      },
    ]);
    expect(host.eth.neighbours.list()).toMatchObject([{ address: "2001:db8::1", state: "STALE" }]);
  });

  test("[NDP-07] [NDP-08] who would like to have our address is told before everybody that it is ours", () => {
    const { network, host, peer } = beside();
    const unspecified = parseAddress("::");
    const packet = { source: unspecified, destination: OUR_GROUP, linkTo: groupMac(OUR_GROUP), hopLimit: 255 };
    receive(host, icmpFrame(host, peer, solicitation(US), packet));
    network.settle();
    expect(told6(peer)).toMatchObject([{ link: "33:33:00:00:00:01", to: "ff02::1", target: "2001:db8::2", flags: 1 }]);
  });
});

describe("messages that are not believed", () => {
  const valid = { hopLimit: 255, destination: OUR_GROUP, linkTo: groupMac(OUR_GROUP) };
  const cases: [string, () => Uint8Array, Parameters<typeof icmpFrame>[3], string][] = [
    ["[NDP-01] a hop limit of 254", () => solicitation(US, OTHER_MAC), { ...valid, hopLimit: 254 }, "ndp-forwarded"],
    ["[NDP-01] a code", () => Uint8Array.from(solicitation(US, OTHER_MAC), (b, i) => (i === 1 ? 1 : b)), valid, "ndp-bad-code"],
    ["[NDP-01] 23 bytes", () => solicitation(US).slice(0, 23), valid, "ndp-truncated"],
    [
      "[NDP-01] [NDP-04] an option of no length",
      () => Uint8Array.from(solicitation(US, OTHER_MAC), (b, i) => (i === 25 ? 0 : b)),
      valid,
      "ndp-bad-option",
    ],
    [
      "[NDP-01] an option beyond the message",
      () => Uint8Array.from(solicitation(US, OTHER_MAC), (b, i) => (i === 25 ? 2 : b)),
      valid,
      "ndp-bad-option",
    ],
    ["a group as target", () => solicitation(ALL_NODES, OTHER_MAC), valid, "ndp-bad-target"],
    ["a probe with a link address", () => solicitation(US, OTHER_MAC), { ...valid, source: parseAddress("::") }, "ndp-bad-source"],
    ["a probe to one host", () => solicitation(US), { source: parseAddress("::"), hopLimit: 255 }, "ndp-bad-source"],
    ["a group's link address", () => solicitation(US, ethernet.BROADCAST_MAC), valid, "ndp-bad-link-address"],
    ["another target", () => solicitation(parseAddress("2001:db8::3"), OTHER_MAC), valid, "ndp-not-for-us"],
    [
      "an answer that was asked for, to a group",
      () => advertisement(PEER, SOLICITED, OTHER_MAC),
      { hopLimit: 255, destination: ALL_NODES, linkTo: groupMac(ALL_NODES) },
      "ndp-solicited-to-group",
    ],
    ["[NDP-09] an answer about a stranger", () => advertisement(PEER, SOLICITED, OTHER_MAC), { hopLimit: 255 }, "ndp-unsolicited"],
    ["an answer about our own address", () => advertisement(US, OVERRIDE, OTHER_MAC), { hopLimit: 255 }, "ndp-address-conflict"],
  ];
  test.each(cases)("%s", (_what, make, packet, reason) => {
    const { network, host, peer } = beside({ isIntroduced: false });
    receive(host, icmpFrame(host, peer, make(), packet));
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(heardIpv6(peer)).toEqual([]);
    expect(host.eth.neighbours.list()).toEqual([]);
  });
});

describe("targets that are IPv4 addresses in IPv6's clothes", () => {
  const NEIGHBOUR = parseAddress("203.0.113.1");
  const told = { hopLimit: 255 };

  test("an advertisement moves no neighbour that ARP has found", () => {
    const { network, host, peer } = beside();
    host.ip.ping(NEIGHBOUR, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 60_000 }, () => {});
    peer.arp({ operation: arp.REPLY, target: v4("203.0.113.2"), to: host.device.mac });
    network.settle();
    const entry = () => host.eth.neighbours.list().find(({ address }) => address === "203.0.113.1");
    const before = entry();
    expect(before).toMatchObject({ state: "REACHABLE", mac: ethernet.macText(peer.device.mac) });
    receive(host, icmpFrame(host, peer, advertisement(NEIGHBOUR, SOLICITED | OVERRIDE, OTHER_MAC), told));
    expect(entry()).toEqual(before);
    expect(host.drops()).toEqual({ "ndp-bad-target": 1 });
  });

  test("who asks for one of ours is not answered", () => {
    const { network, host, peer } = beside();
    receive(host, icmpFrame(host, peer, solicitation(parseAddress("203.0.113.2"), peer.device.mac), told));
    network.settle();
    expect(told6(peer)).toEqual([]);
    expect(host.drops()).toEqual({ "ndp-bad-target": 1 });
  });
});

describe("advertisements about a known neighbour (RFC 4861 §7.2.5)", () => {
  /** A neighbour in REACHABLE, at the peer's MAC. */
  function known() {
    const setUp = beside({ isIntroduced: false });
    const { network, host, peer } = setUp;
    host.ip.ping(PEER, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 60_000 }, () => {});
    network.settle();
    const say = (flags: number, mac?: Uint8Array) => {
      receive(host, icmpFrame(host, peer, advertisement(PEER, flags, mac), { hopLimit: 255 }));
      network.settle();
      const [entry] = host.eth.neighbours.list();
      return [entry?.state, entry?.mac];
    };
    const mac = ethernet.macText(peer.device.mac);
    expect(say(SOLICITED, peer.device.mac)).toEqual(["REACHABLE", mac]);
    return { ...setUp, say, mac };
  }

  test("[NDP-10] one without override and with another link address only makes it stale", () => {
    const { say, mac } = known();
    expect(say(SOLICITED, OTHER_MAC)).toEqual(["STALE", mac]);
    expect(say(0, OTHER_MAC)).toEqual(["STALE", mac]);
  });

  test("[NDP-10] one with override takes the other address: reachable when it was asked for, stale otherwise", () => {
    expect(known().say(SOLICITED | OVERRIDE, OTHER_MAC)).toEqual(["REACHABLE", "02:00:00:00:00:99"]);
    expect(known().say(OVERRIDE, OTHER_MAC)).toEqual(["STALE", "02:00:00:00:00:99"]);
  });

  test("[NDP-10] the same address unasked changes nothing; asked for it confirms", () => {
    const { say, mac } = known();
    expect(say(0, undefined)).toEqual(["REACHABLE", mac]);
    expect(say(OVERRIDE, ethernet.parseMac(mac)!)).toEqual(["REACHABLE", mac]);
    expect(say(0, OTHER_MAC)).toEqual(["STALE", mac]);
    expect(say(SOLICITED, undefined)).toEqual(["REACHABLE", mac]);
  });
});

test("an announcement tells everybody, and asks for nothing", () => {
  const { network, host, peer } = beside();
  host.eth.announce(US);
  network.settle();
  expect(told6(peer)).toMatchObject([{ type: 136, to: "ff02::1", target: "2001:db8::2", flags: 1 }]);
});

test("on a link without answers nothing is asked from nowhere", () => {
  const { network, host, peer } = beside();
  host.ip.removeAddress(host.eth, US);
  expect(host.ip.ping(PEER, { id: 1, sequence: 1, payloadBytes: 8, timeoutMs: 10 }, () => {})).toBe("no-route");
  network.settle();
  expect(heardIpv6(peer)).toEqual([]);
  receive(host, icmpFrame(host, peer, echoRequest()));
  expect(host.drops()).toEqual({ "ipv6-not-for-us": 1 });
});

describe("a neighbour's life (RFC 4861 §7.3)", () => {
  /** A host that has something to send to a neighbour whose messages the test writes. */
  function speaking() {
    const { network, host, peer } = beside({ isIntroduced: false });
    let sequence = 0;
    const use = (to = PEER) => host.ip.ping(to, { id: 1, sequence: sequence++, payloadBytes: 8, timeoutMs: 1000 }, () => {});
    const answer = () => {
      receive(host, icmpFrame(host, peer, advertisement(PEER, SOLICITED | OVERRIDE, peer.device.mac), { hopLimit: 255 }));
      network.settle();
    };
    const state = () => host.eth.neighbours.list().find(({ address }) => address === "2001:db8::1")?.state;
    const asked = () => told6(peer).filter(({ type }) => type === icmpv6.NEIGHBOUR_SOLICITATION);
    return { network, host, use, answer, state, asked };
  }

  test("[NDP-11] incomplete, reachable, stale, five seconds of delay, three probes a second apart, and forgotten", () => {
    const { network, use, answer, state, asked } = speaking();
    use();
    network.settle();
    expect(state()).toBe("INCOMPLETE");
    answer();
    expect(state()).toBe("REACHABLE");
    network.advance(14_900);
    expect(state()).toBe("REACHABLE");
    network.advance(30_200);
    expect(state()).toBe("STALE");
    asked();
    use();
    expect(state()).toBe("DELAY");
    network.advance(4999);
    expect(asked()).toEqual([]);
    network.advance(1);
    expect(state()).toBe("PROBE");
    const [probe] = asked();
    expect(probe).toMatchObject({ to: "2001:db8::1", hopLimit: 255 });
    network.advance(2000);
    expect(asked().map(({ to }) => to)).toEqual(["2001:db8::1", "2001:db8::1"]);
    network.advance(20_000);
    expect(["FAILED", undefined]).toContain(state());
  });

  test("[NDP-21] a scan of the prefix fills the cache to its limit, and leaves who is in use", () => {
    const { network, host, use, answer, state } = speaking();
    use();
    network.settle();
    answer();
    for (let i = 0; i < 2000; i++) {
      use(parseAddress(`2001:db8::${(i + 0x100).toString(16)}`));
      if (i % 100 === 0) use();
      network.settle();
    }
    expect(host.eth.neighbours.list().length).toBeLessThanOrEqual(512);
    expect(["REACHABLE", "STALE", "DELAY", "PROBE"]).toContain(state());
  });
});
