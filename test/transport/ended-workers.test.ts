import { afterEach, describe, expect, test } from "@jest/globals";
import { RunningProgram } from "../daemon/daemon-process.ts";

/** Worker threads that end in every way there is, in a program of their own: `npm run build` first. */

const module = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
const modules = { networks: module("network/networks.js"), calls: module("winsock/provider/calls.js") };
const WORKER = new URL("./ending-worker.js", import.meta.url).href;

const started: RunningProgram[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

/** A program whose main thread has a blocking port (`call`), can start an ending worker (`start`), and bind the port that it had (`bind`). */
function program(face: string, lines: string): RunningProgram {
  const source = `
    import { Worker } from "node:worker_threads";
    import * as networks from ${JSON.stringify(modules.networks)};
    import { CALL } from ${JSON.stringify(modules.calls)};
    const port = networks.openBlockingPort();
    const call = (name, r = {}) => port.call({ op: CALL[name], s: 0, a: 0, b: 0, c: 0, data: null, ...r });
    const address = (p) => new Uint8Array([2, 0, p >> 8, p & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    call("startup", { a: 0x0202 });
    const PORT = 7800;
    const workerData = { face: ${JSON.stringify(face)}, port: PORT, modules: ${JSON.stringify(modules)} };
    const start = (way, options = {}) => new Worker(new URL(${JSON.stringify(WORKER)}), { workerData: { ...workerData, way }, execArgv: [], ...options });
    const exited = (worker) => new Promise((resolve) => worker.once("exit", resolve));
    const said = (worker) => new Promise((resolve) => worker.once("message", resolve));
    const bind = () => {
      const { result: s } = call("socket", { a: 2, b: 2, c: 17 });
      const { error } = call("bind", { s, a: 16, data: address(PORT) });
      call("closesocket", { s });
      return error;
    };
    ${lines}
    process.exit();`;
  const running = RunningProgram.ofModule(source);
  started.push(running);
  return running;
}

/** The worker's bind, ours while it lives, and ours when its end is known. */
const GIVEN_BACK = "0 10048 0\n";

describe.each(["blocking", "promise"])("the sockets of a worker that is a process of its own, with a %s port, are gone at once", (face) => {
  test.each(["idle", "waits", "writes"])("when it is terminated (it %s)", async (way) => {
    // As often as it takes to meet the host awake and asleep.
    const { stdout, stderr } = await program(
      face,
      `for (let i = 0; i < 10; i++) {
        const worker = start(${JSON.stringify(way)});
        const theirs = await said(worker);
        const before = bind();
        await worker.terminate();
        console.log(theirs, before, bind());
      }`,
    ).ended;
    expect({ stdout, stderr }).toEqual({ stdout: GIVEN_BACK.repeat(10), stderr: "" });
  });

  test.each(["exit", "throws", "memory"])("when it ends by itself (%s)", async (way) => {
    const { stdout, stderr } = await program(
      face,
      `const worker = start(${JSON.stringify(way)}, { resourceLimits: { maxOldGenerationSizeMb: 24 } });
      const end = exited(worker);
      worker.on("error", () => {});
      console.log(await said(worker));
      await end;
      console.log(bind());`,
    ).ended;
    expect({ stdout, stderr }).toEqual({ stdout: "0\n0\n", stderr: "" });
  });

  test("when the worker that started it is terminated, which knows nothing of tapsock", async () => {
    const { stdout, stderr } = await program(
      face,
      `const worker = start("parent");
      const theirs = await said(worker);
      const before = bind();
      await worker.terminate();
      console.log(theirs, before, bind());`,
    ).ended;
    expect({ stdout, stderr }).toEqual({ stdout: GIVEN_BACK, stderr: "" });
  });
});

describe("a worker that is one more thread of the program's process takes its waiting calls with it and nothing else", () => {
  test.each(["idle", "waits", "writes"])(
    "when it is terminated (it %s): its socket is still bound, and another thread receives by it",
    async (way) => {
      const { stdout, stderr } = await program(
        "blocking",
        `for (let i = 0; i < 2; i++) {
        const worker = start(${JSON.stringify(way)}, { workerData: { ...workerData, way: ${JSON.stringify(way)}, process: "shared" } });
        const theirs = await said(worker);
        await worker.terminate();
        const before = bind();
        // Of the handles there are only the worker's socket is bound to the port.
        let s = 4;
        while (call("getsockname", { s, a: 16 }).data?.[3] !== (PORT & 255)) s += 4;
        const { result: from } = call("socket", { a: 2, b: 2, c: 17 });
        call("sendto", { s: from, a: 16, c: 16, data: Buffer.concat([address(PORT), Buffer.from("hello")]) });
        let text = "";
        do text = Buffer.from(call("recv", { s, a: 65536 }).data ?? []).toString().slice(0, 5); while (text !== "hello");
        call("closesocket", { s });
        call("closesocket", { s: from });
        console.log(theirs, before, text, bind());
      }`,
      ).ended;
      expect({ stdout, stderr }).toEqual({ stdout: "0 10048 hello 0\n".repeat(2), stderr: "" });
    },
  );
});

describe("a worker that is terminated by a worker that knows nothing of tapsock", () => {
  test("loses its sockets a little later, though the main thread is blocked in a call", async () => {
    const { stdout, stderr } = await program(
      "promise",
      `const { result: s } = call("socket", { a: 2, b: 1, c: 6 });
      call("bind", { s, a: 16, data: address(7801) });
      call("listen", { s, a: 5 });
      // When the port is free, it connects to the main thread, which hears of nothing else.
      const watcher = \`
        import(${JSON.stringify(modules.networks)}).then(async (networks) => {
          const { CALL } = await import(${JSON.stringify(modules.calls)});
          networks.useNetwork(networks.networkUrl(), { process: "own" });
          const port = networks.openBlockingPort();
          const call = (name, r = {}) => port.call({ op: CALL[name], s: 0, a: 0, b: 0, c: 0, data: null, ...r });
          const address = (p) => new Uint8Array([2, 0, p >> 8, p & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
          call("startup", { a: 0x0202 });
          const { result: s } = call("socket", { a: 2, b: 2, c: 17 });
          require("node:worker_threads").parentPort.postMessage("watching");
          const wait = new Int32Array(new SharedArrayBuffer(4));
          while (call("bind", { s, a: 16, data: address(7800) }).error !== 0) Atomics.wait(wait, 0, 0, 20);
          const { result: c } = call("socket", { a: 2, b: 1, c: 6 });
          call("connect", { s: c, a: 16, data: address(7801) });
          setInterval(() => {}, 1000);
        });\`;
      const parent = start("parent");
      console.log(await said(parent), bind());
      console.log(await said(new Worker(watcher, { eval: true, execArgv: [] })));
      parent.postMessage("terminate it");
      console.log("accepted " + call("accept", { s, a: -1 }).error);`,
    ).ended;
    expect({ stdout, stderr }).toEqual({ stdout: "0 10048\nwatching\naccepted 0\n", stderr: "" });
  });
});
