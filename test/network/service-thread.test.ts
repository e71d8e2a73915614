import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { parseNetworkUrl } from "../../src/network/network-url.ts";
import { hostThread } from "../../src/network/networks.ts";
import { RunningProgram } from "../daemon/daemon-process.ts";

/** The host's thread runs what was built: `npm run build` first. */

test("channels that come and go one after the other share a little memory, instead of taking more each time", async () => {
  const network = parseNetworkUrl("embedded:");
  if (network.kind === "daemon") throw new Error("not a host of our own");
  const thread = hostThread(network.host);
  try {
    await thread.untilRunning();
    const memories = new Set<SharedArrayBuffer>();
    for (let i = 0; i < 50; i++) {
      const channel = thread.attach();
      memories.add(channel.memory);
      channel.markClosed();
      thread.doorbell.ring();
      // The host lets go of it in its own time.
      for (let tries = 0; tries < 1000 && !channel.isSpent; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(channel.isSpent).toBe(true);
    }
    expect(memories.size).toBe(1);
  } finally {
    await thread.stop();
  }
});

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORKER = new URL("../transport/ending-worker.js", import.meta.url).href;

const started: RunningProgram[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function program(source: string): RunningProgram {
  const running = RunningProgram.ofModule(source);
  started.push(running);
  return running;
}

test.each([
  ["is broken", "this is no program"],
  ["throws", 'throw new Error("broken on purpose");'],
  ["imports what is not there", 'import "./missing.js";'],
])("a thread whose program %s says so, to a caller who blocks as to one who does not", async (_how, text) => {
  const directory = mkdtempSync(join(tmpdir(), "tapsock-broken-"));
  directories.push(directory);
  cpSync(join(ROOT, "dist"), join(directory, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(directory, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  writeFileSync(join(directory, "dist/network/running-host.js"), text);
  const { stdout } = await program(`
    import * as networks from ${JSON.stringify(pathToFileURL(join(directory, "dist/network/networks.js")).href)};
    try { networks.openBlockingPort(); } catch (error) { console.log(error.message); }
    await networks.openAsyncPort().catch((error) => console.log(error.message));
    process.exit();`).ended;
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^Cannot start the network: host-thread cannot be loaded: ./);
});

test("a host's thread that ends without a word ends the waits of all workers, blocked or not", async () => {
  const modules = {
    networks: new URL("../../dist/network/networks.js", import.meta.url).href,
    calls: new URL("../../dist/winsock/provider/calls.js", import.meta.url).href,
  };
  const { stdout } = await program(`
    import { Worker } from "node:worker_threads";
    let host;
    process.once("worker", (worker) => { host = worker; });
    const networks = await import(${JSON.stringify(modules.networks)});
    await networks.openAsyncPort();
    const ends = [];
    let port = 7850;
    for (const face of ["promise", "blocking"]) {
      const workerData = { way: "waits", face, port: port++, modules: ${JSON.stringify(modules)} };
      const worker = new Worker(new URL(${JSON.stringify(WORKER)}), { workerData, execArgv: [] });
      await new Promise((resolve) => worker.once("message", resolve));
      ends.push(new Promise((resolve) => worker.once("message", (error) => { console.log(face + " " + error); resolve(); })));
    }
    await host.terminate();
    await Promise.all(ends);
    process.exit();`).ended;
  expect(stdout.trim().split("\n").sort()).toEqual(["blocking 10050", "promise 10050"]);
}, 20_000);
