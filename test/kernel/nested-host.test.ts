import { spawn } from "node:child_process";
import { expect } from "@jest/globals";
import { RunningProgram } from "../daemon/daemon-process.ts";
import { tapTest } from "./namespace.ts";

const NETWORKS = new URL("../../dist/network/networks.js", import.meta.url).href;

const PROGRAM = `
  import { Worker } from "node:worker_threads";
  const source = \`
    import(${JSON.stringify(NETWORKS)}).then((n) => {
      n.useNetwork("tap:tapn0?ip=203.0.113.2/24");
      n.openBlockingPort();
      import("node:worker_threads").then((t) => t.parentPort.postMessage("open"));
    });\`;
  const worker = new Worker(source, { eval: true });
  worker.on("message", async () => {
    await worker.terminate();
    console.log("terminated");
    process.exit();
  });`;

tapTest("a worker thread with a host on a TAP of its own can be terminated though the host sleeps in poll(2)", async () => {
  const program = new RunningProgram(
    spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    }),
  );
  try {
    expect(await program.line("terminated")).toBe("terminated");
  } finally {
    program.process.kill("SIGKILL");
    await program.ended;
  }
});
