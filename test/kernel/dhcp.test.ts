import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, jest } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import type { InterfaceStatus } from "../../src/management/management.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { configureInterface } from "../../src/tap/interface-config.ts";
import { RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";

jest.setTimeout(120_000);

const directory = mkdtempSync(join(tmpdir(), "tapsock-dhcp-"));
afterAll(() => rmSync(directory, { recursive: true }));

const started: RunningProgram[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

const KERNEL = "203.0.113.1";
const HOST_MAC = "02:00:5e:00:53:44";
const hasProgram = (name: string): boolean => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;

/** A server for the kernel's side of the TAP that says all it can. */
function startServer(tap: string): RunningProgram {
  const server = new RunningProgram(
    spawn("dnsmasq", [
      ...["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--log-facility=-", "--log-dhcp", "--user=root"],
      ...[`--pid-file=${join(directory, "dnsmasq.pid")}`, `--dhcp-leasefile=${join(directory, `${tap}.leases`)}`],
      ...[`--interface=${tap}`, "--bind-interfaces", "--dhcp-authoritative", "--no-ping"],
      ...["--dhcp-range=203.0.113.50,203.0.113.50,255.255.255.0,2m"],
      ...[`--dhcp-option=3,${KERNEL}`, `--dhcp-option=6,${KERNEL},203.0.113.53`, "--dhcp-option=15,example.org", "--dhcp-option=26,1400"],
      ...["--dhcp-option=42,203.0.113.123", "--dhcp-option=119,eng.example.org,example.org"],
      ...[`--dhcp-option=121,0.0.0.0/0,${KERNEL},192.0.2.0/24,203.0.113.9`, "--dhcp-option=58,12", "--dhcp-option=59,40"],
    ]),
  );
  started.push(server);
  return server;
}

async function until<T>(what: () => Promise<T | undefined> | T | undefined, limitMs = 20_000): Promise<T> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(100)) {
    const found = await what();
    if (found !== undefined) return found;
  }
  throw new Error("It has not come to that");
}

describe("tapsockd with an address from dnsmasq", () => {
  tapTest(
    "[DHC-01] [DHC-14] [ACD-07] asks, checks, uses all that it is told, renews, asks again when the link was away, and is found by arping",
    async () => {
      const missing = ["dnsmasq", "arping"].filter((name) => !hasProgram(name));
      if (missing.length > 0) throw new Error(`${missing.join(" and ")} missing: apt-get install dnsmasq-base iputils-arping`);
      const tap = "tapdhcp";
      const path = join(directory, "dhcp.sock");
      const daemon = startDaemon("--socket", path, "--tap", tap, "--dhcp", "--kernel-ip", `${KERNEL}/24`, "--mac", HOST_MAC);
      started.push(daemon);
      expect(await daemon.line("tapsockd ready")).toContain(tap);
      const server = startServer(tap);
      const port = await openDaemonPort(path);
      closers.push(() => port.close());
      const through = async (): Promise<InterfaceStatus> => (await manage(port, { op: "status" })).interfaces[0]!;
      const inState = (state: string) =>
        until(async () => {
          const found = await through();
          return found.dhcp?.state === state ? found : undefined;
        });

      const status = await inState("BOUND");
      expect(status).toMatchObject({
        addresses: [{ address: "203.0.113.50/24", state: "preferred", origin: "dhcp" }],
        mtu: 1400,
        dhcp: { state: "BOUND", address: "203.0.113.50", server: KERNEL },
      });
      const routes = await manage(port, { op: "route-list" });
      expect(routes.map((r) => `${r.destination}/${r.prefixLength} ${r.gateway ?? "-"}`)).toEqual(
        expect.arrayContaining(["203.0.113.0/24 -", "192.0.2.0/24 203.0.113.9", `0.0.0.0/0 ${KERNEL}`]),
      );
      // The log is written behind what it tells of.
      await until(() => (daemon.stderr.includes(`203.0.113.50 from ${KERNEL}`) ? true : undefined));
      expect(daemon.stderr).toContain(`name servers ${KERNEL}, 203.0.113.53; MTU 1400`);
      const asked = ["DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK"].map((word) => (server.stdout + server.stderr).indexOf(word));
      expect(asked).toEqual([...asked].sort((a, b) => a - b));
      expect(asked).not.toContain(-1);
      expect(await manage(port, { op: "ping", address: KERNEL, timeoutMs: 2000 })).toMatchObject({ outcome: "reply" });

      const found = spawnSync("arping", ["-c", "1", "-w", "3", "-I", tap, "203.0.113.50"], { encoding: "utf8" });
      expect(found.stdout.toLowerCase()).toContain(HOST_MAC);
      // Another station that probes for the same address is told, too.
      expect(spawnSync("arping", ["-D", "-c", "1", "-w", "3", "-I", tap, "203.0.113.50"]).status).toBe(1);

      const firstEnd = status.dhcp!.endsInMs!;
      await until(
        async () => ((await through()).dhcp!.endsInMs! > firstEnd - 5000 && /RENEWING/.test(daemon.stderr) ? true : undefined),
        40_000,
      );

      configureInterface(tap, { up: false });
      await until(async () => ((await through()).isUp ? undefined : true));
      configureInterface(tap, { up: true });
      await until(() => (/REBOOTING/.test(daemon.stderr) ? true : undefined));
      await inState("BOUND");
      expect((await through()).addresses).toMatchObject([{ address: "203.0.113.50/24", state: "preferred" }]);
    },
  );
});
