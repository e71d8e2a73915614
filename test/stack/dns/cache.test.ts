import { describe, expect, test } from "@jest/globals";
import { a, cname, NXDOMAIN, type RecordParts, SERVFAIL, soa, TRUNCATED_ANSWER, txt } from "../../support/dns-message.ts";
import { answerTo, knowing, recordsIn, rigWithServers, saying } from "../../support/scripted-dns.ts";

describe("the cache", () => {
  test("[DNS-09] answers until the time to live is over, and says what is left of it", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("x.example", "203.0.113.9", 60));
    rig.resultOf(rig.query("x.example", "A"));
    rig.simulation.advance(45_500);
    expect(rig.query("X.Example.", "A").result).toMatchObject({ origin: "cache", ttlSeconds: 15 });
    rig.simulation.advance(14_499);
    expect(rig.query("x.example", "A").result).toMatchObject({ ttlSeconds: 1 });
    rig.simulation.advance(1);
    expect(rig.resultOf(rig.query("x.example", "A"))).toMatchObject({ origin: "server" });
    expect(server.heard).toHaveLength(2);
    expect(rig.host.dns.status()).toMatchObject({ fromCache: 2, cachedAnswers: 1 });
  });

  test("[DNS-09] keeps nothing that lives for no time, and nothing longer than a day", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("x.example", "203.0.113.9", 0));
    rig.resultOf(rig.query("x.example", "A"));
    expect(rig.host.dns.status().cachedAnswers).toBe(0);
    server.answer = saying(a("x.example", "203.0.113.9", 0x7fffffff));
    rig.resultOf(rig.query("x.example", "A"));
    rig.simulation.advance(86_400_000);
    expect(rig.query("x.example", "A").result).toBeUndefined();
  });

  test("[DNS-09] that there is no such name counts for every type, for the least of the SOA's times (RFC 2308 §5)", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { flags: NXDOMAIN, authorities: [soa("example", 30, 600)] });
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("no-such-name");
    rig.simulation.advance(29_999);
    expect([rig.query("x.example", "A").result, rig.query("x.example", "TXT").result]).toEqual(["no-such-name", "no-such-name"]);
    rig.simulation.advance(1);
    rig.resultOf(rig.query("x.example", "A"));
    expect(server.heard).toHaveLength(2);
  });

  test("[DNS-09] that there is nothing of a type counts for that type alone", () => {
    const { rig, server } = rigWithServers();
    server.answer = knowing(a("x.example", "203.0.113.9"));
    expect(rig.resultOf(rig.query("x.example", "TXT"))).toBe("no-data");
    expect(rig.query("x.example", "TXT").result).toBe("no-data");
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
  });

  test("[DNS-09] an alias that leads to no name is no such name, of the type that was asked for", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) =>
      answerTo(query, { flags: NXDOMAIN, answers: [cname("x.example", "gone.example", 20)], authorities: [soa("example", 60)] });
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("no-such-name");
    rig.simulation.advance(19_000);
    expect(rig.query("x.example", "A").result).toBe("no-such-name");
    rig.query("x.example", "TXT");
    rig.simulation.settle();
    expect(server.heard).toHaveLength(2);
  });

  test.each<[string, RecordParts[]]>([
    ["without SOA", []],
    ["with the SOA of a zone that the name is not in", [soa("other", 60)]],
    ["with a SOA below the name", [soa("y.x.example", 60)]],
  ])("[DNS-09] nothing %s is kept (RFC 2308 §5)", (_what, authorities) => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { flags: NXDOMAIN, authorities });
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("no-such-name");
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("no-such-name");
    expect(server.heard).toHaveLength(2);
  });

  test("[DNS-09] is kept no longer than a quarter of an hour that there is nothing", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { flags: NXDOMAIN, authorities: [soa("example", 100_000, 100_000)] });
    rig.resultOf(rig.query("x.example", "A"));
    rig.simulation.advance(899_999);
    expect(rig.query("x.example", "A").result).toBe("no-such-name");
    rig.simulation.advance(1);
    expect(rig.query("x.example", "A").result).toBeUndefined();
  });

  test("failures of servers are not kept", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { flags: SERVFAIL });
    rig.resultOf(rig.query("x.example", "A"));
    rig.resultOf(rig.query("x.example", "A"));
    expect(server.heard).toHaveLength(2);
  });

  test("[DNS-09] has a bound, and what was used longest ago goes first", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { answers: [a(query.name, "203.0.113.9")] });
    for (let i = 0; i < 1024; i++) rig.resultOf(rig.query(`n${i}.example`, "A"));
    expect(rig.host.dns.status().cachedAnswers).toBe(1024);
    rig.query("n0.example", "A");
    rig.resultOf(rig.query("one-more.example", "A"));
    expect(rig.host.dns.status().cachedAnswers).toBe(1024);
    expect(rig.query("n0.example", "A").result).toMatchObject({ origin: "cache" });
    expect(rig.query("n1.example", "A").result).toBeUndefined();
  });

  test("[DNS-09] large answers fill it by their bytes", () => {
    const { rig, server } = rigWithServers();
    const large = (name: string) => txt(name, ...Array.from({ length: 250 }, () => "x".repeat(250)));
    server.answer = (query) => answerTo(query, query.over === "udp" ? { flags: TRUNCATED_ANSWER } : { answers: [large(query.name)] });
    for (let i = 0; i < 20; i++) rig.resultOf(rig.query(`n${i}.example`, "TXT"));
    expect(rig.host.dns.status().cachedAnswers).toBe(16);
    expect(rig.host.dns.status().cachedBytes).toBeLessThanOrEqual(1024 * 1024);
  });

  test("is forgotten on demand, and with the servers that it came from", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) => answerTo(query, { answers: [a(query.name, "203.0.113.9")] });
    rig.resultOf(rig.query("x.example", "A"));
    rig.resultOf(rig.query("y.example", "A"));
    expect(rig.host.dns.flushCache()).toBe(2);
    expect(rig.host.dns.flushCache()).toBe(0);
    rig.resultOf(rig.query("x.example", "A"));
    // As a router says it every few minutes.
    rig.configure([server], ["lan"]);
    expect(rig.host.dns.status().cachedAnswers).toBe(1);
    rig.configure([rig.server("203.0.113.99"), server]);
    expect(rig.host.dns.status()).toMatchObject({ cachedAnswers: 0, cachedBytes: 0 });
  });
});
