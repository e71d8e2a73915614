import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { openTap } from "../../src/tap/linux-tap.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import { type RunningProgram, startDaemon, startProgram } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsockd-tap-"));
afterAll(() => rmSync(directory, { recursive: true }));

const started: RunningProgram[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

const isThere = (name: string): boolean => readFileSync("/proc/net/dev", "utf8").includes(`${name}:`);

let sockets = 0;
async function daemonOn(tap: string, ...flags: string[]): Promise<{ daemon: RunningProgram; path: string }> {
  const path = join(directory, `${++sockets}.sock`);
  const daemon = startDaemon("--socket", path, "--tap", tap, "--ip", "203.0.113.2/24", "--kernel-ip", "203.0.113.1/24", ...flags);
  started.push(daemon);
  expect(await daemon.line("tapsockd ready")).toBe(`tapsockd ready on ${path} (${tap}, 203.0.113.2/24)`);
  return { daemon, path };
}

/** What the first ping to be answered says, or the last of those that were not. */
async function untilReply(port: EventPort, address: string) {
  let result = await manage(port, { op: "ping", address, timeoutMs: 500 });
  for (let i = 0; i < 20 && result.outcome !== "reply"; i++) result = await manage(port, { op: "ping", address, timeoutMs: 500 });
  return result;
}

describe("tapsockd on a TAP", () => {
  tapTest("reaches the kernel, which reaches it, and takes the TAP it made away at SIGTERM", async () => {
    const { daemon, path } = await daemonOn("tapd0");
    const port = await openDaemonPort(path);
    closers.push(() => port.close());
    expect(await manage(port, { op: "ping", address: "203.0.113.1", timeoutMs: 2000 })).toMatchObject({ outcome: "reply", ttl: 64 });
    expect(await manage(port, { op: "neigh-list" })).toMatchObject([{ address: "203.0.113.1", state: "REACHABLE", interface: "tapd0" }]);
    // Nobody listens on our side: the kernel is told so.
    const refused = await new Promise<string | undefined>((resolve) => {
      connect(9, "203.0.113.2").once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe("ECONNREFUSED");
    expect(isThere("tapd0")).toBe(true);
    daemon.process.kill("SIGTERM");
    expect((await daemon.ended).status).toBe(0);
    expect(isThere("tapd0")).toBe(false);
    expect(existsSync(path)).toBe(false);
  });

  tapTest("gives the kernel's side addresses of both families, and is reached by both", async () => {
    const { path } = await daemonOn("tapd6", "--kernel-ip", "2001:db8::1/64", "--ip6", "2001:db8::2/64");
    const port = await openDaemonPort(path);
    closers.push(() => port.close());
    for (const address of ["203.0.113.1", "2001:db8::1"]) {
      // The kernel tries its IPv6 address for a second before it answers for it.
      await expect(untilReply(port, address)).resolves.toMatchObject({ outcome: "reply", ttl: 64 });
    }
  });

  tapTest("says that a TAP is taken, and leaves no socket behind", async () => {
    const taken = openTap({ name: "tapd1" });
    closers.push(() => taken.close());
    const path = join(directory, "taken.sock");
    const daemon = startDaemon("--socket", path, "--tap", "tapd1");
    started.push(daemon);
    const { status, stderr } = await daemon.ended;
    expect(status).toBe(1);
    expect(stderr).toContain("tapd1");
    expect(stderr).toContain("EBUSY");
    expect(existsSync(path)).toBe(false);
  });

  tapTest("sends what a program wrote before it closed its socket and ended", async () => {
    const { path } = await daemonOn("tapd2");
    await expect(receivedFrom(`daemon:${path}`)).resolves.toBe(300_000);
  });
});

describe("a program with a TAP of its own", () => {
  tapTest("still sends what it wrote before it closed its socket and ended", async () => {
    // The kernel's side needs an address before the program connects; a persistent TAP is not needed for that.
    await expect(receivedFrom("tap:tapd3?ip=203.0.113.2/24", "tapd3")).resolves.toBe(300_000);
  });
});

/** Bytes that a kernel's socket receives from a program which sends 300,000, closes and ends at once. */
async function receivedFrom(network: string, configure?: string): Promise<number> {
  const server = createServer();
  const received = new Promise<number>((resolve) => {
    server.once("connection", (socket) => {
      let bytes = 0;
      socket.on("data", (chunk) => {
        bytes += chunk.length;
      });
      socket.once("close", () => resolve(bytes));
      socket.on("error", () => {});
    });
  });
  await new Promise<void>((resolve) => server.listen(7300, resolve));
  closers.push(() => server.close());
  const program = startProgram(
    network,
    `${configure === undefined ? "" : `const { configureInterface } = await import(${JSON.stringify(INTERFACE_CONFIG)}); configureInterface(${JSON.stringify(configure)}, { address: "203.0.113.1", prefixLength: 24, up: true });`}
    const { result: s } = call("socket", { a: 2, b: 1, c: 6 });
    const to = new Uint8Array([2, 0, 7300 >> 8, 7300 & 255, 203, 0, 113, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    console.log("connect " + call("connect", { s, a: 16, data: to }).error);
    for (let sent = 0; sent < 300000; sent += 100000) call("send", { s, data: new Uint8Array(100000) });
    call("closesocket", { s });
    port.close();`,
  );
  started.push(program);
  expect(await program.line("connect")).toBe("connect 0");
  return received;
}

const INTERFACE_CONFIG = new URL("../../dist/tap/interface-config.js", import.meta.url).href;
