import { describe, expect, test } from "@jest/globals";
import { below, SeededRandom } from "../../../src/stack/core/random.ts";
import { readReply } from "../../../src/stack/dns/reply.ts";
import * as dns from "../../../src/stack/packet/dns.ts";
import { a, aaaa, cname, message, soa, srv, TYPE } from "../../support/dns-message.ts";
import { answerTo, type DnsRig, type HeardQuery, recordsIn, rigWithServers, saying } from "../../support/scripted-dns.ts";

describe("answers that are none (RFC 5452)", () => {
  /** A forger that sees nothing but knows everything except what it gets wrong. */
  test.each<[string, (rig: DnsRig, query: HeardQuery) => void, string | undefined]>([
    ["comes from another address", (rig, q) => rig.send("203.0.113.99", 53, q.fromPort, forged(q)), "udp-no-endpoint"],
    ["comes from another port", (rig, q) => rig.send("203.0.113.53", 5353, q.fromPort, forged(q)), "udp-no-endpoint"],
    ["goes to another port", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort ^ 1, forged(q)), "udp-no-endpoint"],
    ["has another number", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged({ ...q, id: q.id ^ 1 })), "dns-wrong-id"],
    [
      "answers for another name",
      (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged({ ...q, name: "z.example" })),
      "dns-wrong-question",
    ],
    [
      "answers in another case",
      (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged({ ...q, name: "X.example" })),
      "dns-wrong-question",
    ],
    ["answers for another type", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged({ ...q, type: 28 })), "dns-wrong-question"],
    ["is a query", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged(q, 0x0100)), "dns-not-an-answer"],
    ["is a notification", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged(q, 0xa180)), "dns-not-an-answer"],
    ["is cut", (rig, q) => rig.send("203.0.113.53", 53, q.fromPort, forged(q).subarray(0, -1)), "dns-truncated"],
  ])("[DNS-02] one that %s is not believed, and the true one is waited for", (_what, forge, reason) => {
    const { rig, server } = rigWithServers();
    rig.addAddress("203.0.113.99");
    const asked = rig.query("x.example", "A");
    rig.simulation.settle();
    forge(rig, server.heard[0]!);
    rig.simulation.settle();
    expect(asked.calls).toBe(0);
    expect(rig.host.context.drops.all()).toMatchObject({ [reason!]: 1 });
    const { fromPort } = server.heard[0]!;
    rig.send("203.0.113.53", 53, fromPort, answerTo(server.heard[0]!, { answers: [a("x.example", "203.0.113.9")] }));
    rig.simulation.settle();
    expect(recordsIn(asked.result)).toEqual(["203.0.113.9"]);
    expect(rig.simulation.now).toBe(0);
  });

  const forged = (query: HeardQuery, flags = 0x8180) => answerTo(query, { flags, answers: [a(query.name, "198.51.100.66")] });

  test("[DNS-11] records that do not belong to the name are nobody's answer", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) =>
      answerTo(query, {
        answers: [
          a("bank.example", "198.51.100.66"),
          cname("bank.example", "evil.example"),
          a("x.example", "203.0.113.9"),
          { ...a("x.example", "198.51.100.66"), class: 3 },
        ],
        authorities: [a("x.example", "198.51.100.67")],
        additionals: [a("x.example", "198.51.100.68"), a("bank.example", "198.51.100.66")],
      });
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
    server.answer = () => undefined;
    rig.query("bank.example", "A");
    rig.simulation.settle();
    expect(server.questions).toEqual(["1 x.example", "1 bank.example"]);
  });

  test("[DNS-11] nothing but such records is nothing", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("y.example", "198.51.100.66"));
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("no-data");
  });

  test("[DNS-11] aliases are followed, in any order of the records", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(a("c.example", "203.0.113.9", 50), cname("B.example", "c.EXAMPLE", 40), cname("x.example", "b.example", 60));
    expect(rig.resultOf(rig.query("x.example", "A"))).toMatchObject({
      canonicalName: "c.example",
      aliases: ["x.example", "b.example"],
      ttlSeconds: 40,
    });
  });

  const chain = (length: number) => [
    ...Array.from({ length }, (_, i) => cname(i === 0 ? "x.example" : `n${i}.example`, `n${i + 1}.example`)),
    a(`n${length}.example`, "203.0.113.9"),
  ];

  test("[DNS-11] a chain of 16 aliases is followed, one of 17 is not", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(...chain(16));
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
    rig.host.dns.flushCache();
    server.answer = saying(...chain(17));
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("bad-answer");
  });

  test("[DNS-11] aliases in a circle lead nowhere", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(cname("x.example", "y.example"), cname("y.example", "x.example"));
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("bad-answer");
  });

  test("an IPv4 address dressed as one of IPv6 is none", () => {
    const { rig, server } = rigWithServers();
    server.answer = saying(aaaa("x.example", [0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6442]));
    expect(rig.resultOf(rig.query("x.example", "AAAA"))).toBe("no-data");
  });
});

test("[DNS-11] 20,000 damaged answers that pass for whole ones say something or nothing", () => {
  const random = new SeededRandom(5);
  const kinds = new Map<string, number>();
  const b = message({
    questions: [["x.example", TYPE.SRV]],
    answers: [cname("x.example", "y.example"), srv("y.example", 1, 2, 80, "z.example"), srv("y.example", 3, 4, 81, "w.example")],
    authorities: [soa("example", 60)],
  });
  for (let i = 0; i < 20_000; i++) {
    const damaged = b.slice();
    for (let n = 1 + below(random, 3); n > 0; n--) damaged[below(random, b.length)] = [0, 0xff, 0xc0, random.u32()][below(random, 4)]!;
    if (dns.check(damaged, 0, damaged.length) !== undefined) continue;
    const reply = readReply(damaged, 0, damaged.length, "x.example", "SRV");
    kinds.set(reply.kind, (kinds.get(reply.kind) ?? 0) + 1);
    if (reply.kind === "answer")
      for (const record of reply.answer.records) expect(record).toMatchObject({ target: expect.stringMatching(/^[!-~]+$/) });
  }
  expect([...kinds.keys()].sort()).toEqual(["answer", "failure", "negative", "not-understood", "truncated"]);
});
