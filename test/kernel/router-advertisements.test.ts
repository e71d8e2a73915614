import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, jest } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import type { AddressStatus } from "../../src/management/management.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";

jest.setTimeout(120_000);

const directory = mkdtempSync(join(tmpdir(), "tapsock-radvd-"));
afterAll(() => rmSync(directory, { recursive: true }));

const started: RunningProgram[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

const TAP = "tapradvd";
const KERNEL = "2001:db8:77::1";
const HOST_MAC = "02:00:5e:00:53:66";
const hasProgram = (name: string): boolean => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
const ip = (...words: string[]): string => execFileSync("ip", words, { encoding: "utf8" });

const RADVD = `
interface ${TAP} {
  AdvSendAdvert on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 4;
  AdvDefaultLifetime 600;
  AdvDefaultPreference high;
  AdvCurHopLimit 77;
  AdvLinkMTU 1400;
  prefix 2001:db8:77::/64 { AdvValidLifetime 600; AdvPreferredLifetime 300; };
  route 2001:db8:99::/48 { AdvRouteLifetime 600; RemoveRoute on; };
  RDNSS ${KERNEL} { AdvRDNSSLifetime 600; FlushRDNSS on; };
  DNSSL example.org { AdvDNSSLLifetime 600; FlushDNSSL on; };
};
`;

function startRouter(): RunningProgram {
  const config = join(directory, "radvd.conf");
  writeFileSync(config, RADVD, { mode: 0o600 });
  const pid = join(directory, "radvd.pid");
  const router = new RunningProgram(spawn("radvd", ["--nodaemon", "-C", config, "-p", pid, "-m", "stderr"]));
  started.push(router);
  return router;
}

async function until<T>(what: () => Promise<T | undefined> | T | undefined, limitMs = 20_000): Promise<T> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(100)) {
    const found = await what();
    if (found !== undefined) return found;
  }
  throw new Error("It has not come to that");
}

describe("tapsockd with what radvd advertises", () => {
  tapTest(
    "[NDP-15] [NDP-24] [NDP-25] [SLC-01] has addresses, routes and names of it, and is found by the kernel, until the router goes",
    async () => {
      const missing = ["radvd", "ndisc6", "rdisc6"].filter((name) => !hasProgram(name));
      if (missing.length > 0) throw new Error(`${missing.join(" and ")} missing: apt-get install radvd ndisc6`);
      const path = join(directory, "radvd.sock");
      const daemon = startDaemon("--socket", path, "--tap", TAP, "--kernel-ip", "203.0.113.1/24", "--mac", HOST_MAC, "--ip6", "auto");
      started.push(daemon);
      expect(await daemon.line("tapsockd ready")).toContain(TAP);
      // Within the namespace: a router forwards.
      writeFileSync("/proc/sys/net/ipv6/conf/all/forwarding", "1");
      ip("addr", "add", `${KERNEL}/64`, "dev", TAP, "nodad");
      const kernelLinkLocal = await until(
        () => /inet6 (fe80::[0-9a-f:]+)\/64 scope link\s*\n/.exec(ip("-6", "addr", "show", "dev", TAP))?.[1],
      );
      const router = startRouter();

      const port = await openDaemonPort(path);
      closers.push(() => port.close());
      const addresses = async (): Promise<readonly AddressStatus[]> => (await manage(port, { op: "status" })).interfaces[0]!.addresses;
      const routes = async () =>
        (await manage(port, { op: "route-list" })).map((r) => `${r.destination}/${r.prefixLength} ${r.gateway ?? "-"} ${r.origin}`);

      const own = await until(async () => (await addresses()).find(({ origin, state }) => origin === "slaac" && state === "preferred"));
      const ours = own.address.replace("/64", "");
      expect(ours).toMatch(/^2001:db8:77:/);
      expect(own.validForMs).toBeLessThanOrEqual(600_000);
      expect(own.validForMs).toBeGreaterThan(500_000);
      expect(await addresses()).toEqual(expect.arrayContaining([expect.objectContaining({ origin: "link-local", state: "preferred" })]));
      const gateway = `${kernelLinkLocal}%1`;
      expect(await routes()).toEqual(
        expect.arrayContaining([`::/0 ${gateway} router`, `2001:db8:99::/48 ${gateway} router`, "2001:db8:77::/64 - router"]),
      );
      expect(await manage(port, { op: "dns-status" })).toMatchObject({
        servers: [{ server: `[${KERNEL}]:53`, source: `routers on ${TAP}` }],
        searchList: ["example.org"],
      });
      // The log is written behind what it tells of.
      await until(() => (daemon.stderr.includes(`${ours}/64 (slaac) of ${TAP} is in use`) ? true : undefined));

      // There and back, and the kernel finds us in its neighbours' table.
      expect(await manage(port, { op: "ping", address: KERNEL, timeoutMs: 2000 })).toMatchObject({ outcome: "reply" });
      expect(spawnSync("ping", ["-6", "-n", "-c", "3", "-i", "0.2", "-W", "2", ours], { encoding: "utf8" }).stdout).toMatch(/ttl=77/);
      await until(() => (/REACHABLE/.test(ip("-6", "neigh", "show", ours, "dev", TAP)) ? true : undefined));
      expect(ip("-6", "neigh", "show", ours, "dev", TAP)).toContain(HOST_MAC);

      // Who asks for our address is answered, who asks for routers is not, and nobody else gets the address.
      expect(spawnSync("ndisc6", ["-1", "-w", "2000", ours, TAP], { encoding: "utf8" }).stdout.toLowerCase()).toContain(HOST_MAC);
      ip("addr", "add", `${ours}/64`, "dev", TAP);
      await until(() => (/dadfailed/.test(ip("-6", "addr", "show", "dev", TAP)) ? true : undefined));
      ip("addr", "del", `${ours}/64`, "dev", TAP);

      // It says goodbye with lifetimes of 0.
      router.process.kill("SIGTERM");
      await router.ended;
      await until(async () => ((await routes()).every((text) => !text.includes(gateway)) ? true : undefined));
      expect(await manage(port, { op: "dns-status" })).toMatchObject({ servers: [], searchList: [] });
      expect((await addresses()).find(({ address }) => address === own.address)).toMatchObject({ origin: "slaac" });
      expect(spawnSync("rdisc6", ["-1", "-r", "1", "-w", "1000", TAP]).status).not.toBe(0);
    },
  );
});
