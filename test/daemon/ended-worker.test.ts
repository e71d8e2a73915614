import { spawn } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { RunningProgram } from "./daemon-process.ts";
import { sharedDaemon } from "./shared-daemon.ts";

const NETWORKS = new URL("../../dist/network/networks.js", import.meta.url).href;
const socket = sharedDaemon();

const CALL = "const call = (p, op, r = {}) => p.call({ op, s: 0, a: 0, b: 0, c: 0, data: null, ...r });";

/** Binds the port that it was given, says so, and ends as it was told. */
const WORKER = `
  import { parentPort, workerData } from "node:worker_threads";
  ${CALL}
  import(${JSON.stringify(NETWORKS)}).then((n) => {
    if (workerData.isOwn) n.useNetwork(n.networkUrl(), { process: "own" });
    const port = n.openBlockingPort();
    call(port, 1, { a: 0x0202 });
    const s = call(port, 3, { a: 2, b: 1, c: 6 }).result;
    call(port, 4, { s, a: 16, data: workerData.name });
    call(port, 6, { s, a: 5 });
    parentPort.postMessage("bound");
    if (workerData.end === "throw") throw new Error("its own mistake");
    call(port, 7, { s, a: -1 });
  });`;

/** A worker binds a port through the daemon, is ended, and its starter binds the same port. */
const program = (port: number, end: string, isOwn: boolean): string => `
  import { Worker } from "node:worker_threads";
  import * as n from ${JSON.stringify(NETWORKS)};
  ${CALL}
  n.useNetwork("daemon:${socket}");
  const name = new Uint8Array([2, 0, ${port >> 8}, ${port & 255}, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const own = n.openBlockingPort();
  call(own, 1, { a: 0x0202 });
  const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true, workerData: { name, end: "${end}", isOwn: ${isOwn} } });
  worker.on("error", (error) => console.log(error.message));
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  await new Promise((resolve) => worker.once("message", resolve));
  ${end === "terminate" ? "worker.terminate();" : ""}
  await ended;
  const s = call(own, 3, { a: 2, b: 1, c: 6 }).result;
  let error = 0;
  // The daemon hears of it by its socket.
  for (let i = 0; i < ${isOwn ? 100 : 10}; i++) {
    error = call(own, 4, { s, a: 16, data: name }).error;
    if (error === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log("bind", error);
  own.close();
`;

describe("a worker thread with a connection of its own to the daemon", () => {
  test.each([
    ["is a process of its own and is terminated while it waits in accept", 5101, "terminate", true, 0],
    ["is a process of its own and ends by an exception", 5102, "throw", true, 0],
    ["is one thread of its starter's process and is terminated while it waits in accept", 5103, "terminate", false, 10048],
    ["is one thread of its starter's process and ends by an exception", 5104, "throw", false, 10048],
  ])("that %s takes its sockets with it only as a process", async (_how, port, end, isOwn, bound) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program(port, end, isOwn)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    const { stdout, stderr, status } = await new RunningProgram(child).ended;
    expect({ stdout, stderr, status }).toEqual({
      stdout: `${end === "throw" ? "its own mistake\n" : ""}bind ${bound}\n`,
      stderr: "",
      status: 0,
    });
  });
});
