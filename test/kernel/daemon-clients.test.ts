import { spawn } from "node:child_process";
import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, jest } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import type { ManagementResults } from "../../src/management/management.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { openTap } from "../../src/tap/linux-tap.ts";
import { type Ended, RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";
import { closeKernelSockets, KERNEL, kernelListener, OURS, until } from "./tap-network.ts";

jest.setTimeout(60_000);
const MIB = 1 << 20;
const FACE = new URL("../../dist/winsock/promises.js", import.meta.url).href;
const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const directory = mkdtempSync(join(tmpdir(), "tapsock-clients-"));
const started: RunningProgram[] = [];
const closers: (() => void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  closeKernelSockets();
  for (const { process: child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});
afterAll(() => rmSync(directory, { recursive: true }));

function start(args: readonly string[], network: string): RunningProgram {
  const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: network };
  const program = new RunningProgram(spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env }));
  started.push(program);
  return program;
}

/** A process that attaches to the network; the promise face's names are in scope. */
const startClient = (network: string, lines: string): RunningProgram =>
  start(["--input-type=module", "-e", `import * as w from ${JSON.stringify(FACE)};\n${lines}`], network);

const tapsock = (network: string, ...args: string[]): Promise<Ended> => start([CLI, ...args], network).ended;

async function startDaemonOn(tap: string): Promise<{ readonly daemon: RunningProgram; readonly path: string; readonly network: string }> {
  const path = join(directory, `${tap}.sock`);
  const daemon = startDaemon("--socket", path, "--tap", tap, "--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`);
  started.push(daemon);
  await daemon.line("tapsockd ready");
  return { daemon, path, network: `daemon:${path}` };
}

describe("two clients in two processes on one daemon", () => {
  tapTest("one is killed with SIGKILL in mid-transfer: the other goes on, and ss shows nothing left behind", async () => {
    const { path, network } = await startDaemonOn("tt-clients");
    const port = await openDaemonPort(path);
    closers.push(() => port.close());
    const ss = (): Promise<ManagementResults["ss"]> => manage(port, { op: "ss" });

    let victimPeer: Socket | undefined;
    let victimBytes = 0;
    const victimPort = (
      await kernelListener((peer) => {
        victimPeer = peer;
        peer.on("data", (bytes) => {
          victimBytes += bytes.length;
        });
      })
    ).port;
    let survivorPeer: Socket | undefined;
    let survivorBytes = 0;
    let isVictimGone = false;
    const hash = createHash("sha256");
    const survivorPort = (
      await kernelListener((peer) => {
        survivorPeer = peer;
        peer.on("data", (bytes) => {
          survivorBytes += bytes.length;
          hash.update(bytes);
          // It is kept in mid-transfer until the other is dead.
          if (survivorBytes > 4 * MIB && !isVictimGone) peer.pause();
        });
        peer.on("end", () => peer.end("thank you"));
      })
    ).port;

    const survivor = startClient(
      network,
      `import { createCipheriv } from "node:crypto";
      const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
      const s = await w.socket();
      await w.connect(s, { address: "${KERNEL}", port: ${survivorPort} });
      for (let i = 0; i < 32; i++) await w.send(s, cipher.update(Buffer.alloc(${MIB})));
      await w.shutdown(s);
      console.log("answer " + Buffer.from(await w.recv(s)).toString());
      await w.closesocket(s);
      await w.WSACleanup();`,
    );
    const victim = startClient(
      network,
      `const listener = await w.socket();
      await w.bind(listener, { port: 7201 });
      await w.listen(listener);
      const udp = await w.socket(w.AF_INET, w.SOCK_DGRAM);
      await w.bind(udp, { port: 7202 });
      const s = await w.socket();
      await w.connect(s, { address: "${KERNEL}", port: ${victimPort} });
      for (;;) await w.send(s, Buffer.alloc(${MIB}, 2));`,
    );
    await until(() => victimBytes > 4 * MIB && survivorBytes > 4 * MIB, "both are in mid-transfer");
    const before = await ss();
    expect(before.tcp.map((c) => `${c.state} ${c.remote}`).sort()).toEqual(
      [`ESTABLISHED ${KERNEL}:${survivorPort}`, `ESTABLISHED ${KERNEL}:${victimPort}`, "LISTEN *:*"].sort(),
    );
    expect(before.udp).toHaveLength(1);
    expect((await manage(port, { op: "status" })).clients).toBe(3);

    // libuv reports a reset behind data as their end.
    const victimReset = Promise.any([once(victimPeer!, "error"), once(victimPeer!, "end")]);
    victim.process.kill("SIGKILL");
    await victimReset;
    await until(async () => (await manage(port, { op: "status" })).clients === 2, "the daemon forgets the dead client");
    const after = await ss();
    expect(after.tcp.map((c) => `${c.state} ${c.remote}`)).toEqual([`ESTABLISHED ${KERNEL}:${survivorPort}`]);
    expect(after.udp).toEqual([]);

    isVictimGone = true;
    survivorPeer!.resume();
    expect(await survivor.line("answer")).toBe("answer thank you");
    expect((await survivor.ended).status).toBe(0);
    expect(survivorBytes).toBe(32 * MIB);
    const sent = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(32 * MIB));
    expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));

    // We closed first, so TIME-WAIT is all that may remain, and as the command line shows it too.
    await until(async () => (await ss()).tcp.every((c) => c.state === "TIME-WAIT"), "only TIME-WAIT remains");
    const { status, stdout } = await tapsock(network, "ss", "--json");
    expect(status).toBe(0);
    expect(stdout).not.toContain(String(victimPort));
  });
});

describe("what cannot be had is said in one sentence, with status 1", () => {
  const sentence = ({ stdout, stderr }: Ended): string[] => `${stdout}${stderr}`.trim().split("\n");

  tapTest("a TAP name that is in use", async () => {
    const taken = openTap({ name: "tt-taken" });
    closers.push(() => taken.close());
    const ended = await tapsock("tap:tt-taken?ip=203.0.113.2/24", "connect", KERNEL, "80");
    expect(ended.status).toBe(1);
    expect(sentence(ended)).toEqual([expect.stringMatching(/^error: .*tt-taken.*in use/)]);
  });

  tapTest("the socket of a daemon that was killed", async () => {
    const { daemon, network, path } = await startDaemonOn("tt-dead");
    daemon.process.kill("SIGKILL");
    await daemon.ended;
    const ended = await tapsock(network, "connect", KERNEL, "80");
    expect(ended.status).toBe(1);
    expect(sentence(ended)).toEqual([expect.stringContaining(path)]);
  });

  tapTest("a socket that was never there", async () => {
    const ended = await tapsock(`daemon:${directory}/none.sock`, "ss");
    expect(ended.status).toBe(1);
    expect(sentence(ended)).toEqual([expect.stringContaining("none.sock")]);
  });
});
