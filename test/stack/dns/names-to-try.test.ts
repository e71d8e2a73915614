import { describe, expect, test } from "@jest/globals";
import { namesToTry } from "../../../src/stack/dns/search-list.ts";
import { a, aaaa, NXDOMAIN, SERVFAIL } from "../../support/dns-message.ts";
import { addressesIn, answerTo, knowing, rigWithServers, saying } from "../../support/scripted-dns.ts";

describe("names that nobody is asked for (RFC 6761)", () => {
  test.each(["localhost", "LOCALHOST.", "a.b.localhost"])("%s is the loopback", (name) => {
    const { rig, server } = rigWithServers();
    expect(addressesIn(rig.lookup(name).result)).toEqual(["::1", "127.0.0.1"]);
    expect(rig.query(name, "TXT").result).toBe("no-data");
    expect(server.heard).toEqual([]);
  });

  test("localhost is not looked for in the search list", () => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["lan"]);
    expect(addressesIn(rig.lookup("localhost").result)).toEqual(["::1", "127.0.0.1"]);
    expect(server.heard).toEqual([]);
  });

  test("names under invalid and onion are none", () => {
    const { rig, server } = rigWithServers();
    expect([rig.lookup("x.invalid").result, rig.lookup("x.onion.").result]).toEqual(["no-such-name", "no-such-name"]);
    expect(server.heard).toEqual([]);
  });

  test("what is no name is refused", () => {
    const { rig } = rigWithServers();
    for (const name of ["", "a..b", "a b", "x".repeat(64)]) {
      expect([rig.lookup(name).result, rig.query(name, "TXT").result]).toEqual(["bad-name", "bad-name"]);
    }
  });
});

describe("search list and hosts file (RFC 1123 §6.1)", () => {
  const HOSTS = `
# our own
203.0.113.10   box.lan box printer   # the printer
203.0.113.11   box.lan
2001:db8::10   box.lan
203.0.113.12   \tTwo.Lan\t
nonsense       x.lan
203.0.113.13
2001:db8::14   six.lan
`;

  test.each<[string, string[]]>([
    ["www", ["www.lan", "www.corp.example", "www"]],
    ["www.", ["www"]],
    ["www.x", ["www.x", "www.x.lan", "www.x.corp.example"]],
    ["www.x.", ["www.x"]],
    ["WWW.Lan", ["www.lan", "www.lan.lan", "www.lan.corp.example"]],
  ])("[DNS-10] %s is looked for as %j", (name, tried) => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["lan", "Corp.Example.", "lan", "bad..domain"]);
    server.answer = (query) => answerTo(query, { flags: NXDOMAIN });
    expect(rig.resultOf(rig.query(name, "A"))).toBe("no-such-name");
    expect(server.heard.map((query) => query.name)).toEqual(tried);
  });

  test("[DNS-10] a dot within a label parts nothing", () => {
    expect(namesToTry("www\\.x", ["lan"])).toEqual(["www\\.x.lan", "www\\.x"]);
    expect(namesToTry("www\\.", ["lan"])).toEqual(["www\\..lan", "www\\."]);
    expect(namesToTry("www\\\\.", ["lan"])).toEqual(["www\\\\"]);
  });

  test("a name that the hosts file has as it is written is not looked for in the search list", () => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["corp.example"]);
    rig.host.dns.setHosts(HOSTS);
    expect(addressesIn(rig.lookup("printer").result)).toEqual(["203.0.113.10"]);
    expect(server.heard).toEqual([]);
  });

  test("[DNS-10] the first domain that has the name answers", () => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["lan", "corp.example"]);
    server.answer = knowing(a("www.corp.example", "203.0.113.9"), a("www", "198.51.100.66"));
    const result = rig.resultOf(rig.lookup("www"));
    expect(result).toMatchObject({ name: "www.corp.example" });
    expect(addressesIn(result)).toEqual(["203.0.113.9"]);
  });

  test("[DNS-10] a name that has nothing is not hidden by one that is not there, and a server that fails by neither", () => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["lan", "corp.example"]);
    server.answer = (query) => answerTo(query, { flags: query.name === "www.corp.example" ? 0x8180 : NXDOMAIN });
    expect(rig.resultOf(rig.query("www", "A"))).toBe("no-data");
    server.answer = (query) => answerTo(query, { flags: query.name === "ftp.corp.example" ? SERVFAIL : NXDOMAIN });
    expect(rig.resultOf(rig.query("ftp", "A"))).toBe("server-failed");
  });

  test("[DNS-10] where nobody answers there is no use in trying other names", () => {
    const { rig, server } = rigWithServers();
    rig.configure([server], ["lan"]);
    expect(rig.resultOf(rig.query("www", "A"))).toBe("timed-out");
    expect(new Set(server.heard.map(({ name }) => name))).toEqual(new Set(["www.lan"]));
  });

  test("[DNS-10] the hosts file comes first, with the search list too", () => {
    const { rig, server } = rigWithServers();
    rig.host.dns.setHosts(HOSTS);
    rig.configure([server], ["lan"]);
    expect(rig.lookup("box").result).toMatchObject({
      name: "box.lan",
      canonicalName: "box.lan",
      aliases: ["box", "printer"],
      origin: "hosts",
    });
    expect(addressesIn(rig.lookup("BOX.lan.").result)).toEqual(["203.0.113.10", "203.0.113.11", "2001:db8::10"]);
    expect(addressesIn(rig.lookup("printer.").result)).toEqual(["203.0.113.10"]);
    expect(addressesIn(rig.lookup("two").result)).toEqual(["203.0.113.12"]);
    expect(addressesIn(rig.lookup("six.lan").result)).toEqual(["2001:db8::14"]);
    expect(server.heard).toEqual([]);
    expect(rig.host.dns.status().hostsNames).toBe(5);
    rig.lookup("x.lan");
    rig.simulation.settle();
    expect(server.questions).toEqual(["1 x.lan", "28 x.lan"]);
  });

  test("[DNS-10] of a family that the hosts file does not have, the servers are asked", () => {
    const { rig, server } = rigWithServers();
    rig.host.dns.setHosts(HOSTS);
    server.answer = saying(aaaa("two.lan", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
    expect(addressesIn(rig.resultOf(rig.lookup("two.lan", "ipv6")))).toEqual(["2001:db8::1"]);
  });
});
