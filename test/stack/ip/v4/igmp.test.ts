import { describe, expect, test } from "@jest/globals";
import { formatV4, type IpAddress, parseV4 } from "../../../../src/stack/core/address.ts";
import { Memberships } from "../../../../src/stack/ip/groups/memberships.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as igmp from "../../../../src/stack/packet/igmp.ts";
import * as ipv4 from "../../../../src/stack/packet/ipv4.ts";
import { Network, type Station, type TestHost, v4 } from "../../link/network.ts";

const GROUP = parseV4("239.1.2.3");
const OTHER = parseV4("239.1.2.4");
const [A, B, C] = [parseV4("192.0.2.1"), parseV4("192.0.2.2"), parseV4("192.0.2.3")];
const ALL_HOSTS = "224.0.0.1";
const KINDS = ["?", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK"];
/** 2 × 125 s and 10 s, RFC 3376 §8.12. */
const OLDER_QUERIER_MS = 260_000;

function setUp() {
  const network = new Network();
  const host = network.host("us", "203.0.113.2");
  const router = network.station("router", "203.0.113.1");
  const socket = () => new Memberships(host.ip);
  /** What was said within this time, a line for each message. */
  const said = (ms: number): string[] => {
    network.advance(ms);
    return router.heardIp().map(inWords);
  };
  /** When messages came, in milliseconds from now on, looking every millisecond. */
  const saidWhen = (ms: number): number[] => {
    const times: number[] = [];
    for (let t = 1; t <= ms; t++) {
      network.advance(1);
      for (const _ of router.heardIp()) times.push(t);
    }
    return times;
  };
  return { network, host, router, socket, said, saidWhen };
}

/** A frame of ours as `to 224.0.0.22: TO_EX 239.1.2.3 {}`; everything that IGMP has in common is looked at on the way. */
function inWords(frame: Uint8Array): string {
  const at = ipv4.payloadAt(frame, 14);
  const end = ipv4.payloadEnd(frame, 14);
  expect(ipv4.verifyChecksum(frame, 14)).toBe(true);
  expect(ipv4.protocol(frame, 14)).toBe(ipv4.PROTOCOL_IGMP);
  expect(igmp.verifyChecksum(frame, at, end)).toBe(true);
  const to = `to ${formatV4(ipv4.destination(frame, 14))}:`;
  const group = formatV4(igmp.group(frame, at));
  switch (igmp.type(frame, at)) {
    case igmp.V1_REPORT:
      return `${to} v1 ${group}`;
    case igmp.V2_REPORT:
      return `${to} v2 ${group}`;
    case igmp.V2_LEAVE:
      return `${to} leave ${group}`;
  }
  const records: string[] = [];
  let record = at + igmp.HEADER;
  for (let i = 0; i < igmp.recordCount(frame, at); i++, record = igmp.nextRecord(frame, record)) {
    const sources = Array.from({ length: igmp.recordSourceCount(frame, record) }, (_, k) => formatV4(igmp.recordSource(frame, record, k)));
    records.push(`${KINDS[igmp.recordKind(frame, record)]} ${formatV4(igmp.recordGroup(frame, record))} {${sources}}`);
  }
  expect(record).toBe(end);
  return `${to} ${records.join(" ")}`;
}

interface Asked {
  readonly version?: 1 | 2 | 3;
  readonly group?: IpAddress;
  readonly sources?: readonly IpAddress[];
  readonly maxResponse?: number;
  readonly to?: string;
  readonly from?: string;
  readonly robustness?: number;
  readonly interval?: number;
  readonly hasRouterAlert?: boolean;
}

function query(router: Station, host: TestHost, asked: Asked = {}): Uint8Array {
  const { version = 3, group, sources = [], maxResponse = version === 1 ? 0 : 100, robustness = 2, interval = 125 } = asked;
  const message = new Uint8Array(version < 3 ? 8 : 12 + 4 * sources.length);
  igmp.writeMessage(message, 0, igmp.QUERY, group?.w3 ?? 0, maxResponse);
  if (version === 3) message.set([robustness, interval, sources.length >> 8, sources.length], 8);
  for (const [i, source] of sources.entries()) igmp.putSource(message, 12 + 4 * i, source.w3);
  igmp.putChecksum(message, 0, message.length);
  const to = asked.to ?? (group === undefined ? ALL_HOSTS : formatV4(group.w3));
  return frameOf(router, host, message, { to, from: asked.from, hasRouterAlert: asked.hasRouterAlert ?? version > 1 });
}

function frameOf(
  router: Station,
  host: TestHost,
  message: Uint8Array,
  { to, from, hasRouterAlert }: { readonly to: string; readonly from?: string | undefined; readonly hasRouterAlert: boolean },
): Uint8Array {
  const linkTo = new Uint8Array(6);
  ethernet.putMulticastMacV4(linkTo, 0, v4(to));
  const source = from === undefined ? router.address : v4(from);
  if (!hasRouterAlert) return router.datagram(host, message, { protocol: 2, source, destination: v4(to), linkTo, ttl: 1 });
  const frame = new Uint8Array(14 + 24 + message.length);
  ethernet.writeHeader(frame, 0, linkTo, router.device.mac, ethernet.TYPE_IPV4);
  ipv4.writeRouterAlertHeader(frame, 14, 24 + message.length, source, v4(to), 2, 1, 0xc0);
  frame.set(message, 38);
  return frame;
}

function reportOfOther(router: Station, host: TestHost, type: number, group: IpAddress, from?: string): Uint8Array {
  const message = new Uint8Array(8);
  igmp.writeMessage(message, 0, type, group.w3);
  igmp.putChecksum(message, 0, 8);
  return frameOf(router, host, message, { to: formatV4(group.w3), from, hasRouterAlert: true });
}

describe("what leaves (RFC 3376 §4)", () => {
  test("[MC-02] reports go to 224.0.0.22 with a router alert, a TTL of 1 and internetwork control, from our address", () => {
    const { host, router, socket } = setUp();
    socket().join(GROUP);
    const [frame] = router.heardIp();
    expect(ethernet.destinationText(frame!, 0)).toBe("01:00:5e:00:00:16");
    expect([...frame!.subarray(14, 38)]).toEqual([
      0x46,
      0xc0,
      0,
      40,
      0,
      0,
      0x40,
      0,
      1,
      2,
      frame![24],
      frame![25],
      203,
      0,
      113,
      2,
      224,
      0,
      0,
      22,
      148,
      4,
      0,
      0,
    ]);
    expect([...frame!.subarray(38)]).toEqual([0x22, 0, frame![40], frame![41], 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3]);
    expect(inWords(frame!)).toBe("to 224.0.0.22: TO_EX 239.1.2.3 {}");
    expect(host.drops()).toEqual({});
  });

  test("without an address of ours the source is 0.0.0.0 (RFC 3376 §4.2.13)", () => {
    const { host, router, socket } = setUp();
    host.ip.removeAddress(host.eth, parseV4("203.0.113.2"));
    expect(socket().join(GROUP, host.eth)).toBeUndefined();
    expect(router.heardIp().map((f) => formatV4(ipv4.source(f, 14)))).toEqual(["0.0.0.0"]);
  });

  test("[MC-01] all hosts are a group of every host from the beginning, which nobody hears of", () => {
    const { network, host, router, socket, said } = setUp();
    const s = socket();
    s.join(parseV4(ALL_HOSTS));
    expect(said(20_000)).toEqual([]);
    s.join(GROUP);
    expect(said(20_000)).toEqual(Array(2).fill("to 224.0.0.22: TO_EX 239.1.2.3 {}"));
    router.say(query(router, host));
    expect(said(20_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {}"]);
    router.say(query(router, host, { version: 2 }));
    expect(said(20_000)).toEqual(["to 239.1.2.3: v2 239.1.2.3"]);
    s.leave(parseV4(ALL_HOSTS));
    expect(said(20_000)).toEqual([]);
    router.say(router.udp(host, { from: 1, to: 2 }, "to all", { destination: v4(ALL_HOSTS) }));
    network.settle();
    expect(host.drops()).toEqual({ "udp-no-endpoint": 1 });
  });

  test("many groups and sources go into as many messages as they need (RFC 3376 §4.2.16)", () => {
    const { host, router, socket, said } = setUp();
    const sockets = Array.from({ length: 8 }, socket);
    for (let i = 0; i < 512; i++) sockets[i >> 6]!.join(parseV4(`239.3.${i >> 8}.${i & 255}`));
    said(20_000);
    router.say(query(router, host));
    const all = said(20_000);
    expect(all.map((m) => m.match(/IS_EX/g)?.length)).toEqual([183, 183, 146]);
    expect(new Set(all.flatMap((m) => m.match(/239\.3\.\d+\.\d+/g))).size).toBe(512);
    for (const s of sockets) s.leaveAll();
    said(20_000);

    const sources = Array.from({ length: 1000 }, (_, i) => parseV4(`198.18.${i >> 8}.${i & 255}`));
    for (let i = 0; i < 8; i++) sockets[i]!.setFilter(GROUP, { mode: "include", sources: sources.slice(i * 125, (i + 1) * 125) });
    said(20_000);
    router.say(query(router, host));
    const told = said(20_000);
    expect(told).toHaveLength(3);
    expect(new Set(told.flatMap((m) => m.match(/198\.18\.\d+\.\d+/g))).size).toBe(1000);
  });
});

describe("changes (RFC 3376 §5.1)", () => {
  test.each<[string, (s: Memberships) => void, (s: Memberships) => void, string]>([
    ["include to include", (s) => inc(s, A, B), (s) => inc(s, B, C), "ALLOW 239.1.2.3 {192.0.2.3} BLOCK 239.1.2.3 {192.0.2.1}"],
    ["a source more", (s) => inc(s, A), (s) => inc(s, A, B), "ALLOW 239.1.2.3 {192.0.2.2}"],
    ["a source less", (s) => inc(s, A, B), (s) => inc(s, A), "BLOCK 239.1.2.3 {192.0.2.2}"],
    ["exclude to exclude", (s) => exc(s, A, B), (s) => exc(s, B, C), "ALLOW 239.1.2.3 {192.0.2.1} BLOCK 239.1.2.3 {192.0.2.3}"],
    ["include to exclude", (s) => inc(s, A), (s) => exc(s, B), "TO_EX 239.1.2.3 {192.0.2.2}"],
    ["exclude to include", (s) => exc(s, A), (s) => inc(s, B), "TO_IN 239.1.2.3 {192.0.2.2}"],
    ["nothing to include", () => {}, (s) => inc(s, A), "ALLOW 239.1.2.3 {192.0.2.1}"],
    ["include to nothing", (s) => inc(s, A), (s) => s.leaveAll(), "BLOCK 239.1.2.3 {192.0.2.1}"],
    ["nothing to exclude", () => {}, (s) => exc(s), "TO_EX 239.1.2.3 {}"],
    ["exclude to nothing", (s) => exc(s, A), (s) => s.leaveAll(), "TO_IN 239.1.2.3 {}"],
  ])("[MC-09] from %s", (_what, before, after, records) => {
    const { socket, said } = setUp();
    const s = socket();
    before(s);
    said(5000);
    after(s);
    expect(said(5000)).toEqual([`to 224.0.0.22: ${records}`, `to 224.0.0.22: ${records}`]);
    expect(said(300_000)).toEqual([]);
  });

  test("[MC-03] each is told twice, the second time within a second at random", () => {
    const { network, router, socket, saidWhen } = setUp();
    const gaps = Array.from({ length: 60 }, () => {
      const s = socket();
      s.join(GROUP);
      network.settle();
      expect(router.heardIp()).toHaveLength(1);
      const times = saidWhen(2000);
      expect(times).toHaveLength(1);
      s.leaveAll();
      network.advance(2000);
      router.heard();
      return times[0]!;
    });
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1000);
    expect(Math.max(...gaps)).toBeGreaterThan(700);
    expect(Math.min(...gaps)).toBeLessThan(300);
    expect(new Set(gaps).size).toBeGreaterThan(20);
  });

  test("[MC-03] as often as the querier's robustness says", () => {
    const { host, router, socket, said } = setUp();
    router.say(query(router, host, { robustness: 5 }));
    said(20_000);
    socket().join(GROUP);
    expect(said(20_000)).toHaveLength(5);
    router.say(query(router, host, { robustness: 0 }));
    said(20_000);
    socket().join(OTHER);
    expect(said(20_000)).toHaveLength(2);
  });

  test("a change before the first is told enough begins anew for its own sources, and merges the rest", () => {
    const { network, router, socket, said } = setUp();
    const s = socket();
    inc(s, A);
    inc(s, A, B);
    network.settle();
    expect(router.heardIp().map(inWords)).toEqual([
      "to 224.0.0.22: ALLOW 239.1.2.3 {192.0.2.1}",
      "to 224.0.0.22: ALLOW 239.1.2.3 {192.0.2.1,192.0.2.2}",
    ]);
    expect(said(5000)).toEqual(["to 224.0.0.22: ALLOW 239.1.2.3 {192.0.2.2}"]);
    // A mode is told as often, whatever the sources do meanwhile; what they did comes after it.
    exc(s, A);
    exc(s, A, C);
    expect(said(5000)).toEqual([
      "to 224.0.0.22: TO_EX 239.1.2.3 {192.0.2.1}",
      "to 224.0.0.22: TO_EX 239.1.2.3 {192.0.2.1,192.0.2.3}",
      "to 224.0.0.22: BLOCK 239.1.2.3 {192.0.2.3}",
    ]);
  });

  test("what does not change the interface is not told", () => {
    const { socket, said } = setUp();
    socket().join(GROUP);
    said(5000);
    const second = socket();
    second.join(GROUP);
    second.leaveAll();
    inc(second, A);
    expect(said(5000)).toEqual([]);
  });

  test("a link that comes up hears of all groups anew; one that is down hears nothing", () => {
    const { host, socket, said } = setUp();
    host.device.setLink(false);
    const s = socket();
    s.join(GROUP);
    s.joinSource(OTHER, A);
    expect(said(5000)).toEqual([]);
    expect(host.drops()).toEqual({});
    host.device.setLink(true);
    expect(said(5000)).toEqual(Array(2).fill("to 224.0.0.22: TO_EX 239.1.2.3 {} ALLOW 239.1.2.4 {192.0.2.1}"));
  });
});

const inc = (s: Memberships, ...sources: IpAddress[]) => expect(s.setFilter(GROUP, { mode: "include", sources })).toBeUndefined();
const exc = (s: Memberships, ...sources: IpAddress[]) => expect(s.setFilter(GROUP, { mode: "exclude", sources })).toBeUndefined();

describe("answers (RFC 3376 §5.2)", () => {
  function joined(...groups: IpAddress[]) {
    const all = setUp();
    const s = all.socket();
    for (const group of groups) s.join(group);
    all.said(5000);
    return { ...all, s };
  }

  test("[MC-04] a query of all groups is answered once, within its time, at random", () => {
    const { host, router, saidWhen } = joined(GROUP, OTHER);
    const times = Array.from({ length: 40 }, () => {
      router.say(query(router, host, { maxResponse: 20 }));
      const [first, ...others] = saidWhen(2100);
      expect(others).toEqual([]);
      return first!;
    });
    expect(Math.max(...times)).toBeLessThanOrEqual(2000);
    expect(Math.max(...times)).toBeGreaterThan(1500);
    expect(Math.min(...times)).toBeLessThan(500);
  });

  test("[MC-04] several queries before the answer have one answer, at the earliest of their times", () => {
    const { host, router, said, saidWhen } = joined(GROUP, OTHER);
    for (const maxResponse of [100, 100, 10]) router.say(query(router, host, { maxResponse }));
    router.say(query(router, host, { group: GROUP, maxResponse: 200 }));
    const times = saidWhen(25_000);
    expect(times[0]).toBeLessThanOrEqual(1000);
    expect(times.length).toBeLessThanOrEqual(2);
    router.say(query(router, host));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {} IS_EX 239.1.2.4 {}"]);
  });

  test("[MC-04] a query of one group is answered for it alone, one of a group that is not ours not at all", () => {
    const { host, router, said } = joined(GROUP, OTHER);
    router.say(query(router, host, { group: GROUP }));
    router.say(query(router, host, { group: GROUP }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {}"]);
    router.say(query(router, host, { group: parseV4("239.9.9.9"), to: ALL_HOSTS }));
    expect(said(12_000)).toEqual([]);
  });

  test("[MC-04] a query of sources is answered with those of them that are wanted", () => {
    const { host, router, s, said } = joined(OTHER);
    inc(s, A, B);
    said(5000);
    router.say(query(router, host, { group: GROUP, sources: [B, C] }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_IN 239.1.2.3 {192.0.2.2}"]);
    router.say(query(router, host, { group: GROUP, sources: [C] }));
    expect(said(12_000)).toEqual([]);
    exc(s, A);
    said(5000);
    router.say(query(router, host, { group: GROUP, sources: [A, C] }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_IN 239.1.2.3 {192.0.2.3}"]);
  });

  test("[MC-04] sources of several queries are gathered; one of the whole group has them all answered for", () => {
    const { host, router, s, said } = joined(OTHER);
    inc(s, A, B, C);
    said(5000);
    router.say(query(router, host, { group: GROUP, sources: [A] }));
    router.say(query(router, host, { group: GROUP, sources: [C, A] }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_IN 239.1.2.3 {192.0.2.1,192.0.2.3}"]);
    router.say(query(router, host, { group: GROUP, sources: [A] }));
    router.say(query(router, host, { group: GROUP }));
    router.say(query(router, host, { group: GROUP, sources: [A] }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_IN 239.1.2.3 {192.0.2.1,192.0.2.2,192.0.2.3}"]);
  });

  test("a storm of forged queries of sources is remembered up to a bound, then answered for the group (RFC 3376 §9.1)", () => {
    const { host, router, s, said } = joined(OTHER);
    exc(s);
    said(5000);
    for (let i = 0; i < 20; i++) {
      const sources = Array.from({ length: 300 }, (_, k) => parseV4(`198.18.${i}.${k % 256}`));
      router.say(query(router, host, { group: GROUP, sources }));
    }
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {}"]);
  });

  test("[MC-07] a maximum response time of 0 is answered soon, and a storm of such queries sets off no storm of answers", () => {
    const { host, router, saidWhen } = joined(GROUP);
    for (let i = 0; i < 100; i++) router.say(query(router, host, { maxResponse: 0 }));
    const times = saidWhen(2000);
    expect(times).toHaveLength(1);
    expect(times[0]).toBeLessThanOrEqual(100);
  });

  test("a querier without an address is heard (RFC 4541 §2.1.1)", () => {
    const { host, router, said } = joined(GROUP);
    router.say(query(router, host, { from: "0.0.0.0" }));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {}"]);
    expect(host.drops()).toEqual({});
  });
});

describe("queries that are not believed", () => {
  const bad: [string, (router: Station, host: TestHost) => Uint8Array, string][] = [
    ["[MC-08] [IP4-11] of version 3 without router alert", (r, h) => query(r, h, { hasRouterAlert: false }), "igmp-without-router-alert"],
    [
      "[MC-08] [IP4-11] of version 2 without router alert",
      (r, h) => query(r, h, { version: 2, hasRouterAlert: false }),
      "igmp-without-router-alert",
    ],
    ["[MC-08] of all groups, to one of them", (r, h) => query(r, h, { to: "239.1.2.3" }), "igmp-misdirected-query"],
    ["[MC-08] of all groups, to us alone", (r, h) => unicast(query(r, h, { to: "203.0.113.2" }), h), "igmp-misdirected-query"],
    ["[MC-07] of something that is no group", (r, h) => query(r, h, { group: A, to: ALL_HOSTS }), "igmp-bad-group"],
    ["[MC-07] with a bad checksum", (r, h) => query(r, h).fill(0x55, 46, 47), "igmp-bad-checksum"],
    ["[MC-07] of ten bytes", (r, h) => cut(query(r, h), 10), "igmp-bad-length"],
    ["[MC-07] of seven bytes", (r, h) => cut(query(r, h), 7), "igmp-truncated"],
    ["[MC-07] with fewer sources than it says", (r, h) => cut(query(r, h, { group: GROUP, sources: [A, B] }), 16), "igmp-truncated"],
    ["of an unknown type", (r, h) => frameOf(r, h, typed(0x13), { to: "239.1.2.3", hasRouterAlert: true }), "igmp-unknown-type"],
    ["of a report of version 3", (r, h) => frameOf(r, h, typed(0x22), { to: "239.1.2.3", hasRouterAlert: true }), "igmp-unknown-type"],
  ];

  const unicast = (frame: Uint8Array, host: TestHost): Uint8Array => {
    frame.set(host.device.mac, 0);
    return frame;
  };
  /** Makes the message shorter, its checksum good. */
  const cut = (frame: Uint8Array, bytes: number): Uint8Array => {
    const short = frame.slice(0, 38 + bytes);
    ipv4.setTotalLength(short, 14, 24 + bytes);
    ipv4.putChecksum(short, 14);
    igmp.putChecksum(short, 38, short.length);
    return short;
  };
  const typed = (type: number): Uint8Array => {
    const message = new Uint8Array(8);
    igmp.writeMessage(message, 0, type, 0);
    igmp.putChecksum(message, 0, 8);
    return message;
  };

  test.each(bad)("%s", (_what, make, reason) => {
    const { host, router, socket, said } = setUp();
    socket().join(GROUP);
    said(5000);
    router.say(make(router, host));
    expect(said(300_000)).toEqual([]);
    expect(host.drops()).toEqual({ [reason]: 1 });
  });
});

describe("older queriers (RFC 3376 §7.2)", () => {
  test("[MC-05] one of version 2 is spoken to in its version, and 260 s after its last query no more", () => {
    const { network, host, router, socket, said } = setUp();
    const s = socket();
    s.join(GROUP);
    said(5000);
    router.say(query(router, host, { version: 2 }));
    expect(said(10_000)).toEqual(["to 239.1.2.3: v2 239.1.2.3"]);
    router.say(query(router, host, { version: 2 }));
    network.advance(OLDER_QUERIER_MS - 1);
    router.heard();
    s.join(OTHER);
    expect(said(1)).toEqual(["to 239.1.2.4: v2 239.1.2.4"]);
    s.leave(OTHER);
    expect(said(5000)).toEqual(["to 224.0.0.22: TO_IN 239.1.2.4 {}", "to 224.0.0.22: TO_IN 239.1.2.4 {}"]);
  });

  test("[MC-05] one of version 1 the same, and nobody tells it of leaving", () => {
    const { network, host, router, socket, said } = setUp();
    const s = socket();
    s.join(GROUP);
    said(5000);
    router.say(query(router, host, { version: 2 }));
    router.say(query(router, host, { version: 1 }));
    expect(said(10_000)).toEqual(["to 239.1.2.3: v1 239.1.2.3"]);
    s.leave(GROUP);
    expect(said(30_000)).toEqual([]);
    network.advance(OLDER_QUERIER_MS);
    s.join(GROUP);
    expect(said(0)).toEqual(["to 224.0.0.22: TO_EX 239.1.2.3 {}"]);
  });

  test("[MC-05] the time follows what a querier of version 3 said of its robustness and interval", () => {
    const { network, host, router, socket, said } = setUp();
    router.say(query(router, host, { robustness: 3, interval: 20 }));
    router.say(query(router, host, { version: 2 }));
    network.advance(3 * 20_000 + 10_000 - 1);
    const s = socket();
    s.join(GROUP);
    expect(said(0)).toEqual(["to 239.1.2.3: v2 239.1.2.3"]);
    network.advance(1);
    s.join(OTHER);
    expect(said(0)).toEqual(["to 224.0.0.22: TO_EX 239.1.2.4 {}"]);
  });

  test("[MC-05] what was to be said in one version is given up when it changes", () => {
    const { host, router, socket, said } = setUp();
    socket().join(GROUP);
    router.heard();
    router.say(query(router, host, { version: 2, group: OTHER, to: ALL_HOSTS }));
    expect(said(20_000)).toEqual([]);
  });

  test("[MC-06] joining is told to the group twice within ten seconds, leaving to all routers", () => {
    const { host, router, socket, said } = setUp();
    router.say(query(router, host, { version: 2 }));
    said(12_000);
    const s = socket();
    s.join(GROUP);
    const frames = router.heardIp();
    expect(frames.map(inWords)).toEqual(["to 239.1.2.3: v2 239.1.2.3"]);
    expect(ethernet.destinationText(frames[0]!, 0)).toBe("01:00:5e:01:02:03");
    expect([frames[0]![22], ipv4.hasOption(frames[0]!, 14, ipv4.OPTION_ROUTER_ALERT)]).toEqual([1, true]);
    expect(said(10_000)).toEqual(["to 239.1.2.3: v2 239.1.2.3"]);
    expect(said(60_000)).toEqual([]);
    s.leave(GROUP);
    expect(said(10_000)).toEqual(["to 224.0.0.2: leave 239.1.2.3"]);
  });

  test("[MC-06] another's report spares us ours, and the leave is another's to tell", () => {
    const { host, router, socket, said } = setUp();
    const s = socket();
    s.join(GROUP);
    said(5000);
    router.say(query(router, host, { version: 2 }));
    router.say(reportOfOther(router, host, igmp.V2_REPORT, GROUP));
    expect(said(12_000)).toEqual([]);
    s.leave(GROUP);
    expect(said(12_000)).toEqual([]);
  });

  test("a report from elsewhere, or about another group than it was sent to, spares us nothing (RFC 2236 §10)", () => {
    const { host, router, socket, said } = setUp();
    const s = socket();
    s.join(GROUP);
    s.join(OTHER);
    said(5000);
    router.say(query(router, host, { version: 2 }));
    router.say(reportOfOther(router, host, igmp.V2_REPORT, GROUP, "198.51.100.7"));
    const misdirected = reportOfOther(router, host, igmp.V2_REPORT, OTHER);
    misdirected.set([239, 1, 2, 3], 30);
    ipv4.putChecksum(misdirected, 14);
    router.say(misdirected);
    expect(said(12_000).sort()).toEqual(["to 239.1.2.3: v2 239.1.2.3", "to 239.1.2.4: v2 239.1.2.4"]);
    expect(host.drops()).toEqual({ "igmp-bad-report": 2 });
  });

  test("in version 3 another's report changes nothing", () => {
    const { host, router, socket, said } = setUp();
    socket().join(GROUP);
    said(5000);
    router.say(query(router, host));
    router.say(reportOfOther(router, host, igmp.V2_REPORT, GROUP));
    expect(said(12_000)).toEqual(["to 224.0.0.22: IS_EX 239.1.2.3 {}"]);
  });
});
