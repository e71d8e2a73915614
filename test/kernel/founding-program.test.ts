import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, expect, jest } from "@jest/globals";
import { configureInterface } from "../../src/tap/interface-config.ts";
import { startDaemon } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";
import { closedPort, closeKernelSockets, KERNEL, kernelListener, OURS } from "./tap-network.ts";

/** The example program of Microsoft's page for connect, on the blocking face, unchanged on each kind of network; the kernel is the peer. */

jest.setTimeout(30_000);
const PROGRAM = fileURLToPath(new URL("../../dist/examples/connect.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "tapsock-founding-"));
afterEach(closeKernelSockets);
afterAll(() => rmSync(directory, { recursive: true }));

/** What the program prints, and its exit status. */
function run(network: string, ...args: readonly (string | number)[]): Promise<string> {
  return new Promise((resolve) => {
    const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: network };
    const child = execFile(process.execPath, [PROGRAM, ...args.map(String)], { env }, (_error, stdout, stderr) =>
      resolve(`${stdout.trim()}${stderr.trim()} (${child.exitCode})`),
    );
  });
}

async function connectsAndIsRefused(network: string): Promise<void> {
  const { port } = await kernelListener((peer) => peer.resume());
  expect(await run(network, KERNEL, port)).toBe("Connected to server. (0)");
  expect(await run(network, KERNEL, await closedPort())).toBe("connect function failed with error: 10061 (1)");
  expect(await run(network, "198.51.100.1", 80)).toBe("connect function failed with error: 10051 (1)");
}

tapTest("[CON-74] [CON-79] on a TAP that the program attaches to itself", async () => {
  execFileSync("ip", ["tuntap", "add", "dev", "tt-found", "mode", "tap"]);
  try {
    configureInterface("tt-found", { address: KERNEL, prefixLength: 24, up: true });
    await connectsAndIsRefused(`tap:tt-found?ip=${OURS}/24`);
  } finally {
    execFileSync("ip", ["link", "del", "tt-found"]);
  }
});

tapTest("[CON-74] [CON-79] through the daemon", async () => {
  const path = join(directory, "d.sock");
  const daemon = startDaemon("--socket", path, "--tap", "tt-found", "--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`);
  try {
    await daemon.line("tapsockd ready");
    await connectsAndIsRefused(`daemon:${path}`);
  } finally {
    daemon.process.kill("SIGTERM");
    expect((await daemon.ended).status).toBe(0);
  }
});

tapTest("[CON-79] on the embedded network, as the page has it: nobody listens on 127.0.0.1:27015", async () => {
  expect(await run("embedded:")).toBe("connect function failed with error: 10061 (1)");
});
