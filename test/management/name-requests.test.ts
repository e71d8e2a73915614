import { describe, expect, test } from "@jest/globals";
import { dnsLines } from "../../src/cli/dns.ts";
import { CommandFailure } from "../../src/cli/failure.ts";
import { resolveLines } from "../../src/cli/resolve.ts";
import { type ManagementRequest, managementRequest, type ResolveReport } from "../../src/management/management.ts";
import { resolveName } from "../../src/management/name-requests.ts";
import { a, aaaa, cname, ptr, srv, txt } from "../support/dns-message.ts";
import { answerTo, type DnsRig, knowing, rigWithServers } from "../support/scripted-dns.ts";

function resolved(rig: DnsRig, request: Omit<Extract<ManagementRequest, { op: "resolve" }>, "op">): ResolveReport {
  const reports: ResolveReport[] = [];
  const checked = managementRequest.parse({ op: "resolve", ...request });
  if (checked.op === "resolve") resolveName(rig.host.dns, checked, (report) => reports.push(report));
  rig.simulation.run(() => reports.length > 0, 60_000);
  expect(reports).toHaveLength(1);
  return reports[0]!;
}

describe("what a name means, as management tells it", () => {
  const { rig, server } = rigWithServers();
  server.answer = (query) =>
    query.name === "alias.example"
      ? answerTo(query, { answers: [cname("alias.example", "x.example"), a("x.example", "203.0.113.9")] })
      : knowing(
          a("x.example", "203.0.113.9"),
          aaaa("x.example", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
          srv("_s._tcp.example", 1, 2, 80, "x.example"),
          txt("t.example", "a b", "c"),
          ptr("9.113.0.203.in-addr.arpa", "x.example"),
        )(query);

  test("are its addresses where no type is asked for", () => {
    expect(resolved(rig, { name: "x.example" })).toEqual({
      outcome: "answer",
      name: "x.example",
      canonicalName: "x.example",
      aliases: [],
      origin: "server",
      records: [
        { type: "A", address: "203.0.113.9" },
        { type: "AAAA", address: "2001:db8::1" },
      ],
    });
  });

  test("are records of one type, the names of an address among them", () => {
    expect(resolved(rig, { name: "t.example", type: "TXT" })).toMatchObject({ records: [{ type: "TXT", texts: ["a\\032b", "c"] }] });
    expect(resolved(rig, { name: "203.0.113.9", type: "PTR" })).toMatchObject({ records: [{ type: "PTR", target: "x.example" }] });
    expect(resolved(rig, { name: "x.example", type: "AAAA" })).toMatchObject({ records: [{ address: "2001:db8::1" }], origin: "cache" });
  });

  test("or why there are none", () => {
    expect(resolved(rig, { name: "y.example" })).toEqual({ outcome: "failure", reason: "no-such-name" });
    expect(resolved(rig, { name: "a..b" })).toEqual({ outcome: "failure", reason: "bad-name" });
    expect(managementRequest.safeParse({ op: "resolve", name: "x", type: "ANY" }).success).toBe(false);
    expect(managementRequest.safeParse({ op: "resolve", name: "x".repeat(1025) }).success).toBe(false);
  });

  test("shown to people", () => {
    expect(resolveLines("alias.example", resolved(rig, { name: "alias.example", type: "A" }))).toEqual([
      "alias.example → x.example",
      "name       type  value        from",
      "x.example  A     203.0.113.9  server",
    ]);
    expect(resolveLines("_s._tcp.example", resolved(rig, { name: "_s._tcp.example", type: "SRV" }))[1]).toContain("1 2 80 x.example");
    expect(resolveLines("t.example", resolved(rig, { name: "t.example", type: "TXT" }))[1]).toContain('"a\\032b" "c"');
    expect(() => resolveLines("y.example", { outcome: "failure", reason: "no-servers" })).toThrow(
      new CommandFailure('Cannot resolve "y.example": the host has no name server to ask'),
    );
  });

  test("how names are resolved, shown to people", () => {
    const lines = dnsLines(rig.host.dns.status());
    expect(lines[1]).toMatch(/^203\.0\.113\.53:53 +configured +\d+ +\d+ +0$/);
    expect(lines).toContain("search    -");
    expect(dnsLines({ ...rig.host.dns.status(), servers: [] })[0]).toBe("no name server is known");
  });
});
