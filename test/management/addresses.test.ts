import { describe, expect, test } from "@jest/globals";
import { targetAddress } from "../../src/cli/target.ts";
import type { ManagementRequest, ManagementResponse } from "../../src/management/management.ts";
import { ManagementService } from "../../src/management/management-service.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import { ipv6Winsock, OUR_LINK_LOCAL, OURS6, PEER6 } from "../support/ipv6-winsock.ts";
import { PEER, type VirtualWinsock } from "../support/virtual-winsock.ts";

/** What management answers, the time moved until it does. */
function managed(v: VirtualWinsock): (request: ManagementRequest) => ManagementResponse {
  const service = new ManagementService({
    host: v.ours,
    devices: [],
    send: () => true,
    shutdown: () => {},
    doorUsage: () => undefined,
    programUsage: () => v.provider.usage,
  });
  return (request) => {
    let answer: ManagementResponse | undefined;
    service.handle(1, new TextEncoder().encode(JSON.stringify(request)), (json) => {
      answer = JSON.parse(new TextDecoder().decode(json));
    });
    v.simulation.run(() => answer !== undefined, v.nowMs + 60_000);
    return answer!;
  };
}

const resultOf = (response: ManagementResponse): unknown => (response.ok ? response.result : response.error);

describe("management takes addresses of both families", () => {
  const v = ipv6Winsock();
  const ask = managed(v);
  const ping = (address: string) => resultOf(ask({ op: "ping", address }));

  test.each([PEER, PEER6, "::1", "fe80::1", "fe80::1%1", "fe80::1%ours"])("ping reaches %s", (address) => {
    expect(ping(address)).toMatchObject({ outcome: "reply", bytes: 32 });
  });

  test("a zone is an interface's name or number, and another one is told with those that there are", () => {
    expect(ping("fe80::1%tap9")).toBe('Cannot find the interface "tap9" of fe80::1%tap9: this host has ours, lo');
    expect(ping("fe80::1%9")).toMatch(/Cannot find the interface "9"/);
    expect(ping("203.0.113.1%ours")).toMatch(/expected an address such as/);
  });

  test("routes are added, listed and deleted", () => {
    const route = { destination: "2001:db8:1::/48", gateway: PEER6 };
    expect(ask({ op: "route-add", ...route })).toEqual({ ok: true, result: null });
    expect(ask({ op: "route-add", destination: "::/0", gateway: "fe80::1%ours" })).toEqual({ ok: true, result: null });
    expect(resultOf(ask({ op: "route-list" }))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ destination: "2001:db8:1::", prefixLength: 48, gateway: PEER6 }),
        expect.objectContaining({ destination: "::", prefixLength: 0, gateway: "fe80::1%1" }),
      ]),
    );
    expect(ask({ op: "route-del", ...route })).toEqual({ ok: true, result: null });
    expect(resultOf(ask({ op: "route-del", ...route }))).toMatch(/there is none/);
    expect(resultOf(ask({ op: "route-add", destination: "2001:db8::/129" }))).toMatch(/expected an address with a prefix length/);
  });

  test("neighbours are added, listed and deleted, link-local ones among them", () => {
    for (const address of ["2001:db8::9", "fe80::9%ours"]) {
      expect(ask({ op: "neigh-add", address, mac: "02:00:5e:00:53:09" })).toEqual({ ok: true, result: null });
    }
    const rows = resultOf(ask({ op: "neigh-list" })) as readonly { address: string; mac?: string }[];
    expect(
      rows
        .filter(({ mac }) => mac === "02:00:5e:00:53:09")
        .map(({ address }) => address)
        .sort(),
    ).toEqual(["2001:db8::9", "fe80::9%1"]);
    expect(ask({ op: "neigh-del", address: "fe80::9%1" })).toEqual({ ok: true, result: null });
  });

  test("status tells the addresses with the number of their zone", () => {
    const status = resultOf(ask({ op: "status" }));
    const addresses = expect.arrayContaining([
      expect.objectContaining({ address: `${OURS6}/64` }),
      expect.objectContaining({ address: `${OUR_LINK_LOCAL}%1/64` }),
    ]);
    expect(status).toMatchObject({ interfaces: [{ name: "ours", index: 1, addresses }, { index: 2 }] });
  });

  test("sockets of one family and of both are told apart", () => {
    const user = {};
    for (const [localPort, local] of [
      [7000, undefined],
      [7001, v.ours.ip.interfaces[0]!.addresses[1]!.address],
    ] as const) {
      v.ours.udp.open({ local, localPort, user });
    }
    expect(resultOf(ask({ op: "ss" }))).toMatchObject({ udp: [{ local: "*:7000" }, { local: `[${OURS6}]:7001` }] });
  });

  test("the command line asks the host for the number of a zone, and for the address of a name in the wanted family", async () => {
    v.ours.dns.setHosts(`${PEER} both.example\n${PEER6} both.example\n203.0.113.9 old.example\n`);
    const port = { call: async ({ data }: { data: Uint8Array }) => ({ data: encoded(ask(decoded(data))) }) } as unknown as EventPort;
    expect(await targetAddress(port, "fe80::1%ours", {})).toBe("fe80::1%1");
    expect(await targetAddress(port, "fe80::1%7", {})).toBe("fe80::1%7");
    await expect(targetAddress(port, "fe80::1%tap9", {})).rejects.toThrow('Cannot find the interface "tap9" of fe80::1%tap9');
    expect(await targetAddress(port, "both.example", { ipv6: true })).toBe(PEER6);
    expect(await targetAddress(port, "both.example", { ipv4: true })).toBe(PEER);
    expect([PEER, PEER6]).toContain(await targetAddress(port, "both.example", {}));
    await expect(targetAddress(port, "old.example", { ipv6: true })).rejects.toThrow('Cannot resolve "old.example"');
    await expect(targetAddress(port, PEER6, { ipv4: true })).rejects.toThrow("leave out -4");
    await expect(targetAddress(port, PEER, { ipv6: true })).rejects.toThrow("leave out -6");
  });
});

const encoded = (response: ManagementResponse): Uint8Array => new TextEncoder().encode(JSON.stringify(response));
const decoded = (data: Uint8Array): ManagementRequest => JSON.parse(new TextDecoder().decode(data));
