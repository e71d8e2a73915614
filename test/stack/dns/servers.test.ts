import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import type { DnsFailure } from "../../../src/stack/dns/dns-service.ts";
import { a, FORMERR, REFUSED, SERVFAIL } from "../../support/dns-message.ts";
import { answerTo, DnsRig, recordsIn, rigWithServers, ScriptedServer, saying } from "../../support/scripted-dns.ts";

describe("servers that fail", () => {
  test("[DNS-06] the first is dead: the second answers within 5 s, and is asked first from then on", () => {
    const { rig, servers } = rigWithServers(2);
    servers[1]!.answer = (query) => answerTo(query, { answers: [a(query.name, "203.0.113.9")] });
    const asked = rig.query("x.example", "A");
    expect(recordsIn(rig.resultOf(asked))).toEqual(["203.0.113.9"]);
    expect(asked.atMs).toBe(1000);
    expect(rig.host.dns.status().servers.map(({ server, isAvoided, asked: n, timedOut }) => [server, isAvoided, n, timedOut])).toEqual([
      ["203.0.113.53:53", true, 1, 1],
      ["203.0.113.54:53", false, 1, 0],
    ]);
    rig.resultOf(rig.query("y.example", "A"));
    expect(servers[0]!.heard).toHaveLength(1);
    rig.simulation.advance(30_001);
    servers[0]!.answer = servers[1]!.answer;
    rig.resultOf(rig.query("z.example", "A"));
    expect(servers[0]!.questions).toEqual(["1 x.example", "1 z.example"]);
  });

  test("[DNS-06] all are asked three times, and waited for longer each time", () => {
    const { rig, servers } = rigWithServers(2);
    const asked = rig.query("x.example", "A");
    expect(rig.resultOf(asked)).toBe("timed-out");
    // Who did not answer in one round comes after the other in the next; both did not.
    expect(servers.map(({ heard }) => heard.map(({ atMs }) => atMs))).toEqual([
      [0, 2000, 6000],
      [1000, 4000, 10_000],
    ]);
    expect(asked.atMs).toBe(14_000);
    expect(rig.host.udp.endpoints()).toEqual([]);
  });

  test("an answer that comes too late goes nowhere", () => {
    const { rig, server } = rigWithServers();
    const asked = rig.query("x.example", "A");
    rig.simulation.advance(1500);
    const late = server.heard[0]!;
    rig.send("203.0.113.53", 53, late.fromPort, answerTo(late, { answers: [a("x.example", "203.0.113.9")] }));
    rig.simulation.settle();
    expect(asked.calls).toBe(0);
    expect(rig.host.context.drops.all()).toMatchObject({ "udp-no-endpoint": 1 });
  });

  test.each<[string, number, DnsFailure]>([
    ["cannot find out", SERVFAIL, "server-failed"],
    ["refuses", REFUSED, "refused"],
    ["understands nothing", FORMERR, "server-failed"],
    ["says what nobody knows", 0x818b, "server-failed"],
    ["is no resolver and names others", 0x8100, "server-failed"],
  ])("one that %s is not waited for: the next is asked at once, and without one that is the result", (_what, flags, failure) => {
    const { rig, servers } = rigWithServers(2);
    servers[0]!.answer = (query) => answerTo(query, { flags });
    servers[1]!.answer = saying(a("x.example", "203.0.113.9"));
    const asked = rig.query("x.example", "A");
    expect(recordsIn(rig.resultOf(asked))).toEqual(["203.0.113.9"]);
    expect(asked.atMs).toBe(0);
    rig.configure([servers[0]!]);
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe(failure);
    expect(rig.simulation.now).toBe(0);
  });

  test("one that does not know EDNS is asked without it (RFC 6891 §7)", () => {
    const { rig, server } = rigWithServers();
    server.answer = (query) =>
      query.udpPayload === undefined ? answerTo(query, { answers: [a("x.example", "203.0.113.9")] }) : answerTo(query, { flags: FORMERR });
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
    expect(server.heard.map(({ udpPayload }) => udpPayload)).toEqual([1232, undefined]);
  });

  test("nothing listens on the port: the next is asked at once", () => {
    const { rig, server } = rigWithServers();
    rig.addAddress("203.0.113.99");
    server.answer = saying(a("x.example", "203.0.113.9"));
    rig.host.dns.configure("configured", {
      servers: [{ address: rig.others.ip.addresses().at(-1)! }, { address: server.address }],
    });
    const asked = rig.query("x.example", "A");
    expect(recordsIn(rig.resultOf(asked))).toEqual(["203.0.113.9"]);
    expect(asked.atMs).toBe(0);
    rig.host.dns.configure("configured", { servers: [{ address: rig.others.ip.addresses().at(-1)! }] });
    expect(rig.resultOf(rig.query("x.example", "A"))).toBe("unreachable");
  });

  test("may have an address of IPv6", () => {
    const { rig, server } = rigWithServers();
    const [ours, theirs] = [rig.host.ip.interfaces[0]!, rig.others.ip.interfaces[0]!];
    rig.host.ip.addAddress(ours, parseAddress("2001:db8::2"), 64);
    rig.others.ip.addAddress(theirs, parseAddress("2001:db8::53"), 64);
    const six = new ScriptedServer(rig.simulation, rig.others, parseAddress("2001:db8::53"));
    six.answer = saying(a("x.example", "203.0.113.9"));
    rig.configure([six, server]);
    expect(recordsIn(rig.resultOf(rig.query("x.example", "A")))).toEqual(["203.0.113.9"]);
    expect([six.heard.length, server.heard.length]).toEqual([1, 0]);
  });

  test("there is none, or no way to any", () => {
    const { rig } = rigWithServers();
    rig.configure([]);
    expect(rig.query("x.example", "A").result).toBe("no-servers");
    rig.host.dns.configure("configured", { servers: [{ address: rig.others.ip.addresses()[0]!, port: 0 }] });
    rig.host.ip.removeAddress(rig.host.ip.interfaces[0]!, rig.host.ip.addresses()[0]!);
    expect(rig.query("x.example", "A").result).toBe("unreachable");
    expect(rig.host.udp.endpoints()).toEqual([]);
  });
});

describe("who says which servers there are", () => {
  const servers = (rig: DnsRig) => rig.host.dns.status().servers.map(({ server, source }) => `${server} ${source}`);
  const at = (rig: DnsRig, ...texts: readonly string[]) => texts.map((text) => ({ address: rig.server(text).address }));

  test("all together, in the order in which they came, until the operator does", () => {
    const rig = new DnsRig();
    const [one, two, three] = at(rig, "203.0.113.61", "203.0.113.62", "203.0.113.63");
    rig.host.dns.configure("dhcp", { servers: [one!, two!], searchList: ["lan"] });
    rig.host.dns.configure("router", { servers: [two!, three!], searchList: ["corp", "lan"] });
    expect(servers(rig)).toEqual(["203.0.113.61:53 dhcp", "203.0.113.62:53 dhcp", "203.0.113.63:53 router"]);
    expect(rig.host.dns.status().searchList).toEqual(["lan", "corp"]);
    rig.host.dns.configure("configured", { servers: [{ ...three!, port: 5353 }] });
    expect(servers(rig)).toEqual(["203.0.113.63:5353 configured"]);
    expect(rig.host.dns.status().searchList).toEqual(["lan", "corp"]);
    rig.host.dns.configure("configured", { servers: [] });
    rig.host.dns.configure("dhcp", { servers: [] });
    expect(servers(rig)).toEqual(["203.0.113.62:53 router", "203.0.113.63:53 router"]);
  });

  test("no more than eight of them are asked", () => {
    const rig = new DnsRig();
    rig.host.dns.configure("dhcp", { servers: at(rig, ...Array.from({ length: 9 }, (_, i) => `203.0.113.${60 + i}`)) });
    expect(servers(rig)).toHaveLength(8);
  });
});
