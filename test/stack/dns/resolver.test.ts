import { describe, expect, test } from "@jest/globals";
import type { DnsFailure } from "../../../src/stack/dns/dns-service.ts";
import { a, aaaa, cname, NXDOMAIN, nameBytes, ptr, SERVFAIL, srv, TRUNCATED_ANSWER, TYPE, txt } from "../../support/dns-message.ts";
import { addressesIn, answerTo, type HeardQuery, knowing, recordsIn, rigWithServers, saying } from "../../support/scripted-dns.ts";

describe("a question to a name server", () => {
  test("[DNS-07] is one datagram with EDNS0 for 1232 bytes, and its answer comes back", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("www.example", "203.0.113.80", 77));
    expect(rig.resultOf(rig.query("WWW.Example", "A"))).toEqual({
      name: "www.example",
      canonicalName: "www.example",
      aliases: [],
      records: [{ type: "A", address: expect.objectContaining({ w3: 0xcb007150 | 0 }) }],
      origin: "server",
      ttlSeconds: 77,
    });
    expect(server.heard).toHaveLength(1);
    expect(server.heard[0]).toMatchObject({ name: "www.example", type: TYPE.A, over: "udp", udpPayload: 1232, atMs: 0 });
    expect(rig.host.udp.endpoints()).toEqual([]);
    expect(rig.host.timers.pending().filter(({ name }) => name === "dns-answer")).toEqual([]);
  });

  test("may be for any type", () => {
    const { rig, server } = rigWithServers();
    server.answer = knowing(
      aaaa("x.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
      cname("y.example", "x.example"),
      ptr("p.example", "q.example"),
      srv("_s._tcp.example", 1, 2, 80, "x.example"),
      txt("t.example", "one", "two"),
    );
    expect(recordsIn(rig.resultOf(rig.query("x.example", "AAAA")))).toEqual(["2001:db8::1"]);
    expect(recordsIn(rig.resultOf(rig.query("y.example", "CNAME")))).toEqual(["x.example"]);
    expect(recordsIn(rig.resultOf(rig.query("p.example", "PTR")))).toEqual(["q.example"]);
    expect(recordsIn(rig.resultOf(rig.query("_s._tcp.example", "SRV")))).toEqual([
      { type: "SRV", priority: 1, weight: 2, port: 80, target: "x.example" },
    ]);
    expect(recordsIn(rig.resultOf(rig.query("t.example", "TXT")))).toEqual([{ type: "TXT", texts: ["one", "two"] }]);
    expect(rig.resultOf(rig.query("x.example", "TXT"))).toBe("no-data");
    expect(rig.resultOf(rig.query("z.example", "TXT"))).toBe("no-such-name");
  });

  test("[DNS-01] has a number and a port of its own, each time it is sent", () => {
    const { rig, server } = rigWithServers();
    rig.resultOf(rig.query("x.example", "A"));
    rig.resultOf(rig.query("y.example", "A"));
    expect(server.heard).toHaveLength(6);
    expect(new Set(server.heard.map(({ id }) => id)).size).toBe(6);
    expect(new Set(server.heard.map(({ fromPort }) => fromPort)).size).toBe(6);
  });

  test("[DNS-01] numbers and ports of 100,000 questions have the entropy of their ranges", () => {
    const { rig, server } = rigWithServers();
    const ids = new Uint32Array(65536);
    const ports = new Uint32Array(65536);
    const pairs = new Set<number>();
    server.answer = ({ id, fromPort }) => {
      ids[id]!++;
      ports[fromPort]!++;
      pairs.add(id * 65536 + fromPort);
      return undefined;
    };
    const count = 100_000;
    for (let i = 0; i < count; i += 100) {
      const asked = Array.from({ length: 100 }, (_, n) => rig.query(`n${i + n}.example`, "A"));
      rig.simulation.settle();
      for (const { request } of asked) request.cancel();
      server.heard.length = 0;
    }
    const entropy = (counts: Uint32Array) => -counts.reduce((sum, n) => (n === 0 ? sum : sum + (n / count) * Math.log2(n / count)), 0);
    // A sample of 1e5 from 65536 values has about 15.4 bits, from the 16384 dynamic ports about 13.9.
    expect(entropy(ids)).toBeGreaterThan(15.2);
    expect(entropy(ports)).toBeGreaterThan(13.8);
    expect(pairs.size).toBeGreaterThan(count * 0.999);
  }, 60_000);

  test("[DNS-06] is on its way once, whoever asks it: all hear the one answer", () => {
    const { rig, server } = rigWithServers();
    const asked = [rig.query("x.example", "A"), rig.query("X.example.", "A"), rig.query("x.example", "A"), rig.query("x.example", "TXT")];
    asked[1]!.request.cancel();
    server.answer = saying(a("x.example", "203.0.113.9"));
    rig.simulation.settle();
    expect(server.questions).toEqual(["1 x.example", "16 x.example"]);
    expect(asked.map(({ calls }) => calls)).toEqual([1, 0, 1, 1]);
    expect(asked.map(({ result }) => recordsIn(result))).toEqual([["203.0.113.9"], undefined, ["203.0.113.9"], "no-data"]);
    expect(rig.host.dns.status()).toMatchObject({ joined: 2, waiting: 0 });
  });

  test("that nobody waits for any more is given up, and another may ask it anew", () => {
    const { rig, server } = rigWithServers();
    const first = rig.query("x.example", "A");
    rig.simulation.settle();
    first.request.cancel();
    expect(rig.host.udp.endpoints()).toEqual([]);
    expect(rig.host.dns.status().waiting).toBe(0);
    rig.simulation.advance(30_000);
    expect(server.heard).toHaveLength(1);
    server.answer = saying(a("x.example", "203.0.113.9"));
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
    expect(first.calls).toBe(0);
  });

  test("waits for its turn when 256 are on their way, and is refused behind thousands", () => {
    const { rig, server } = rigWithServers();
    const asked = Array.from({ length: 256 + 4096 + 1 }, (_, i) => rig.query(`n${i}.example`, "A"));
    expect(rig.host.udp.endpoints()).toHaveLength(256);
    expect([asked.at(-1)!.result, asked.at(-2)!.result]).toEqual(["too-many", undefined]);
    asked[300]!.request.cancel();
    server.answer = (query) => answerTo(query, { answers: [a(query.name, "203.0.113.9")] });
    rig.simulation.run(() => false, 60_000);
    expect(asked.filter(({ result }) => result === undefined)).toEqual([asked[300]]);
    expect(server.heard.filter(({ name }) => name === "n300.example")).toEqual([]);
    expect(rig.host.dns.status().waiting).toBe(0);
    expect(rig.host.udp.endpoints()).toEqual([]);
  });

  test("whose asker throws costs nobody else the answer", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("x.example", "203.0.113.9"));
    rig.host.dns.query("x.example", "A", () => {
      throw new Error("a mistake of the asker");
    });
    const other = rig.query("x.example", "A");
    expect(() => rig.simulation.settle()).toThrow("a mistake of the asker");
    // The simulated host throws on; the question is over all the same.
    expect(rig.host.dns.status().waiting).toBe(0);
    other.request.cancel();
  });
});

describe("answers too long for UDP", () => {
  const long = txt("x.example", ...Array.from({ length: 20 }, (_, i) => `${i}`.padStart(200, "x")));

  test("[DNS-05] are asked for over TCP, where they come whole", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) =>
      answerTo(query, query.over === "udp" ? { flags: TRUNCATED_ANSWER, answers: [txt("x.example", "part")] } : { answers: [long] });
    const result = rig.resultOf(rig.query("x.example", "TXT"));
    expect(result).toMatchObject({ records: [{ type: "TXT", texts: Array.from({ length: 20 }, (_, i) => `${i}`.padStart(200, "x")) }] });
    expect(server.heard.map(({ over }) => over)).toEqual(["udp", "tcp"]);
    expect(new Set(server.heard.map(({ id }) => id)).size).toBe(2);
    expect(rig.host.dns.status().overTcp).toBe(1);
    rig.simulation.advance(200_000);
    expect(rig.host.tcp.connectionCount).toBe(0);
  });

  test.each<[string, (query: HeardQuery) => Uint8Array]>([
    ["is truncated there too", (query) => answerTo(query, { flags: TRUNCATED_ANSWER })],
    ["has another number", (query) => answerTo({ ...query, id: query.id ^ 1 }, { answers: [long] })],
    ["is empty", () => new Uint8Array(0)],
  ])("that %s is no answer, and the next server is asked", (_what, overTcp) => {
    const { rig, servers } = rigWithServers(2);
    servers[0]!.answer = (query) => (query.over === "udp" ? answerTo(query, { flags: TRUNCATED_ANSWER }) : overTcp(query));
    servers[1]!.answer = saying(txt("x.example", "short"));
    rig.configure(servers);
    expect(recordsIn(rig.resultOf(rig.query("x.example", "TXT")))).toHaveLength(1);
    expect(servers[1]!.heard).toHaveLength(1);
  });

  test("a server that takes no connection, or says nothing there, costs seconds", () => {
    const { rig, servers } = rigWithServers(2);
    servers[0]!.answer = (query) => (query.over === "udp" ? answerTo(query, { flags: TRUNCATED_ANSWER }) : undefined);
    servers[1]!.answer = saying(txt("x.example", "short"));
    const asked = rig.query("x.example", "TXT");
    expect(recordsIn(rig.resultOf(asked))).toHaveLength(1);
    expect(asked.atMs).toBe(5000);
    expect(rig.host.tcp.statuses().filter(({ state }) => state === "ESTABLISHED")).toEqual([]);
  });

  test("cancelled in the middle, nothing is left", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => (query.over === "udp" ? answerTo(query, { flags: TRUNCATED_ANSWER }) : undefined);
    const asked = rig.query("x.example", "TXT");
    rig.simulation.advance(100);
    expect(server.heard).toHaveLength(2);
    asked.request.cancel();
    rig.simulation.advance(100);
    expect(rig.host.tcp.connectionCount).toBe(0);
    expect(asked.calls).toBe(0);
  });
});

describe("the addresses of a host", () => {
  test("[DNS-08] both families are asked for at once, and come in the order of RFC 6724", () => {
    const { rig, server } = rigWithServers();
    server.answer = knowing(
      aaaa("x.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
      a("x.example", "198.51.100.1"),
      a("x.example", "203.0.113.77"),
      a("x.example", "127.0.0.1"),
    );
    const asked = rig.lookup("x.example");
    rig.simulation.settle();
    expect(server.questions).toEqual(["1 x.example", "28 x.example"]);
    // To 198.51.100.0/24 and over IPv6 there is no way; the loopback's scope is smaller than the wire's.
    expect(addressesIn(asked.result)).toEqual(["127.0.0.1", "203.0.113.77", "2001:db8::1", "198.51.100.1"]);
    expect(asked.calls).toBe(1);
  });

  test("one family alone when that is wanted", () => {
    const { rig, server } = rigWithServers();
    server.answer = knowing(aaaa("x.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]), a("x.example", "203.0.113.9"));
    expect(addressesIn(rig.resultOf(rig.lookup("x.example", "ipv4")))).toEqual(["203.0.113.9"]);
    expect(addressesIn(rig.resultOf(rig.lookup("x.example", "ipv6")))).toEqual(["2001:db8::1"]);
    expect(server.questions).toEqual(["1 x.example", "28 x.example"]);
  });

  test("one family fails: the other is enough", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) =>
      query.type === TYPE.A ? answerTo(query, { answers: [a("x.example", "203.0.113.9")] }) : answerTo(query, { flags: SERVFAIL });
    expect(addressesIn(rig.resultOf(rig.lookup("x.example")))).toEqual(["203.0.113.9"]);
  });

  test.each<[string, number, number, DnsFailure]>([
    ["both have nothing", 0x8180, 0x8180, "no-data"],
    ["one has nothing, the other no name", 0x8180, NXDOMAIN, "no-data"],
    ["neither has a name", NXDOMAIN, NXDOMAIN, "no-such-name"],
    ["one has nothing, and of the other nobody knows", 0x8180, SERVFAIL, "server-failed"],
  ])("%s: the failure that leaves most open is told", (_what, forA, forAaaa, failure) => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { flags: query.type === TYPE.A ? forA : forAaaa });
    expect(rig.resultOf(rig.lookup("x.example"))).toBe(failure);
  });

  test("an address is its own answer, and nobody is asked", () => {
    const { rig, server } = rigWithServers();
    expect(addressesIn(rig.lookup("203.0.113.9").result)).toEqual(["203.0.113.9"]);
    expect(addressesIn(rig.lookup("2001:DB8::1").result)).toEqual(["2001:db8::1"]);
    expect(rig.lookup("203.0.113.9", "ipv6").result).toBe("no-data");
    expect(server.heard).toEqual([]);
  });

  test("cancelled, both questions are given up", () => {
    const { rig, server } = rigWithServers();
    const asked = rig.lookup("x.example");
    rig.simulation.settle();
    asked.request.cancel();
    server.answer = saying(a("x.example", "203.0.113.9"));
    rig.simulation.advance(60_000);
    expect(asked.calls).toBe(0);
    expect(server.heard).toHaveLength(2);
    expect(rig.host.udp.endpoints()).toEqual([]);
  });
});

describe("the names of an address", () => {
  test("are asked for under in-addr.arpa and ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5)", () => {
    const { rig, server } = rigWithServers();
    const six = `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    server.answer = knowing(ptr("9.113.0.203.in-addr.arpa", "x.example"), ptr(six, "y.example"));
    expect(recordsIn(rig.resultOf(rig.reverse("203.0.113.9")))).toEqual(["x.example"]);
    expect(recordsIn(rig.resultOf(rig.reverse("2001:db8::1")))).toEqual(["y.example"]);
    expect(rig.resultOf(rig.reverse("203.0.113.8"))).toBe("no-such-name");
  });

  test("are in the hosts file, or known", () => {
    const { rig, server } = rigWithServers();
    rig.host.dns.setHosts("203.0.113.10 box.lan box\n203.0.113.10 other");
    expect(recordsIn(rig.reverse("203.0.113.10").result)).toEqual(["box.lan", "box"]);
    expect([recordsIn(rig.reverse("127.0.0.1").result), recordsIn(rig.reverse("::1").result)]).toEqual([["localhost"], ["localhost"]]);
    expect(server.heard).toEqual([]);
  });
});

test("a name with every octet in it is asked for as it is", () => {
  const { rig, server } = rigWithServers();
  rig.query("a\\.b\\000c.example", "TXT");
  rig.simulation.settle();
  expect([...server.heard[0]!.bytes.subarray(12, 18)]).toEqual([5, 0x61, 0x2e, 0x62, 0, 0x63]);
  expect(nameBytes("x")).toEqual([1, 0x78, 0]);
});
