import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { daemonConfig, UsageError } from "../../src/daemon/config.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsock-config-"));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(content: string): string {
  const path = join(directory, `${++files}.json`);
  writeFileSync(path, content);
  return path;
}

const env = { XDG_RUNTIME_DIR: "/run/user/1000" };

function mistake(flags: Record<string, unknown>, path?: string): string {
  try {
    daemonConfig(flags, path, env);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  throw new Error("the configuration was accepted");
}

describe("the daemon's configuration", () => {
  test("without a TAP is a host on a virtual wire", () => {
    const { host, socket } = daemonConfig({ socket: "/tmp/s" }, undefined, env);
    expect(host).toMatchObject({ device: "wire", ip: "203.0.113.2", prefixLength: 24, profile: "windows" });
    expect(socket).toBe("/tmp/s");
  });

  test("takes the file's keys, and a flag wins over the file", () => {
    const path = file(JSON.stringify({ tap: "tap3", ip: "203.0.113.7/24", mtu: 1400, offload: "off", kernelIp: "203.0.113.1/24" }));
    const { host } = daemonConfig({ ip: "203.0.113.8/24", mtu: "1300", socket: "/tmp/s" }, path, env);
    expect(host).toMatchObject({
      device: "tap",
      name: "tap3",
      ip: "203.0.113.8",
      mtu: 1300,
      offloads: false,
      kernelIp: ["203.0.113.1/24"],
    });
  });

  test("leaves the address to a DHCP server", () => {
    const { host } = daemonConfig({ dhcp: true, tap: "tap0" }, undefined, env);
    expect(host.ip).toBeUndefined();
  });

  test("says what is done about conflicts of the address", () => {
    const { host } = daemonConfig({ detectConflicts: true, conflictPolicy: "yield" }, undefined, env);
    expect(host).toMatchObject({ detectConflicts: true, conflictPolicy: "yield" });
  });

  test("an infrared device comes from the file too, its id as a number or as text", () => {
    const path = file(JSON.stringify({ infrared: "/tmp/room", infraredId: 7, infraredName: "box" }));
    expect(daemonConfig({}, path, env).host).toMatchObject({ infrared: "/tmp/room", infraredId: 7, infraredName: "box" });
    const devices = file(JSON.stringify({ infraredDevices: [{ id: 1, name: "phone", services: [{ name: "Echo", echo: true }] }] }));
    expect(daemonConfig({}, devices, env).host).toMatchObject({ infraredDevices: [{ id: 1, services: [{ name: "Echo", echo: true }] }] });
    expect(daemonConfig({ infraredId: "0x10" }, path, env).host).toMatchObject({ infraredId: 16 });
  });

  test("says whose programs may have raw sockets: everyone's unless it is told", () => {
    expect(daemonConfig({}, undefined, env).administrators).toBe("everyone");
    expect(daemonConfig({}, file(JSON.stringify({ administrators: "root" })), env).administrators).toBe("root");
    expect(mistake({ administrators: "me" })).toBe("Cannot use the configuration, --administrators: expected everyone, root or nobody");
  });

  test("name servers and domains may be several, in the file as a list", () => {
    const path = file(JSON.stringify({ dns: ["203.0.113.53", "203.0.113.54"], search: "lan", hosts: "/etc/hosts" }));
    expect(daemonConfig({}, path, env).host).toMatchObject({ dns: ["203.0.113.53", "203.0.113.54"], search: ["lan"], hosts: "/etc/hosts" });
    expect(daemonConfig({ hostname: "box" }, path, env).host).toMatchObject({ hostname: "box" });
    expect(daemonConfig({ dns: ["2001:db8::53"] }, path, env).host).toMatchObject({ dns: ["2001:db8::53"], search: ["lan"] });
  });

  test("IPv6 addresses may be several, and the router is on their link", () => {
    const ip6 = ["2001:db8::2/64", "fd00::2/8"];
    for (const gateway6 of ["2001:db8::1", "fd00:1::1", "fe80::1", "fe80::1%tap0"]) {
      expect(daemonConfig({ ip6, gateway6 }, undefined, env).host).toMatchObject({ ip6, gateway6, ip: "203.0.113.2" });
    }
    expect(daemonConfig({ ip6: ["auto"], gateway6: "fe80::1" }, undefined, env).host).toMatchObject({ ip6: ["auto"], gateway6: "fe80::1" });
    expect(daemonConfig({}, file(JSON.stringify({ ip6: "2001:db8::2/64" })), env).host).toMatchObject({ ip6: ["2001:db8::2/64"] });
  });

  test.each<[string, Record<string, unknown>]>([
    ["--dns.0: expected an address such as", { dns: ["router"] }],
    ["--search.1: expected a domain such as", { search: ["lan", "a b"] }],
    ["--hosts: expected the name of a file", { hosts: "" }],
    ["--ip: expected an IPv4 address with a prefix length", { ip: "203.0.113.2" }],
    ["--ip6.0: expected an IPv6 address with a prefix length", { ip6: ["2001:db8:7a::2"] }],
    ["--ip6.1: expected an IPv6 address with a prefix length", { ip6: ["2001:db8::2/64", "203.0.113.2/24"] }],
    ["--ip6.0: expected an IPv6 address with a prefix length such as 2001:db8::2/64, or auto", { ip6: ["automatic"] }],
    ["Cannot use ip6=auto with an MTU of 1000 bytes: IPv6 needs 1280", { ip6: ["auto"], mtu: "1000" }],
    ["--gateway6: expected an IPv6 address", { gateway6: "203.0.113.1" }],
    ["without an IPv6 address", { gateway6: "2001:db8::1" }],
    ["expected a link-local address, or one within 2001:db8::2/64", { ip6: ["2001:db8::2/64"], gateway6: "2001:db8:1::1" }],
    ["with an MTU of 1000 bytes: IPv6 needs 1280", { ip6: ["2001:db8::2/64"], mtu: "1000" }],
    ["--gateway: expected an IPv4 address", { gateway: "router" }],
    ["203.0.113.2/24", { gateway: "198.51.100.1" }],
    ["--profile: expected one of windows, linux, rfc", { profile: "xp" }],
    ["--dhcp: there is no server on the wire without --tap", { dhcp: true }],
    ["with DHCP the server says address and gateway", { dhcp: true, tap: "tap0", ip: "203.0.113.2/24" }],
    ["--conflict-policy: expected one of yield, defend-once, keep", { conflictPolicy: "fight" }],
    ["--offload: expected on or off", { offload: "yes" }],
    ["--mtu: ", { mtu: "40" }],
    ["--kernel-ip.0: expected an address with a prefix length", { kernelIp: "203.0.113.1", tap: "tap0" }],
    [
      "--kernel-ip twice for IPv4: the kernel's side of the TAP gets one",
      { kernelIp: ["203.0.113.1/24", "2001:db8::1/64", "203.0.113.9/24"], tap: "tap0" },
    ],
    ["--kernel-ip: there is no kernel's side without --tap", { kernelIp: "203.0.113.1/24" }],
    ["--tap: expected an interface name", { tap: "far too long a name" }],
    ["--socket: expected a path of at most 107 bytes", { socket: "/".padEnd(120, "x") }],
    ["--socket: expected a path of at most 107 bytes", { socket: "/".padEnd(60, "ü") }],
  ])("refuses a flag and names it: %s", (words, flags) => {
    expect(mistake(flags)).toContain(words);
  });

  test.each([
    ["in FILE: profile: expected one of", '{"profile":"xp"}'],
    ['in FILE: unknown key "tpa"', '{"tpa":"tap0"}'],
    ['unknown key "__proto__"', '{"__proto__":{"tap":"tap0"}}'],
    ["FILE as JSON", "{tap: tap0}"],
    ["in FILE: ", "[]"],
  ])("refuses a file and names it and the key: %s", (words, content) => {
    const path = file(content);
    expect(mistake({}, path)).toContain(words.replace("FILE", path));
  });

  test("says which file cannot be read", () => {
    expect(mistake({}, "/nonexistent/tapsock.json")).toContain("Cannot read the configuration /nonexistent/tapsock.json");
  });
});
