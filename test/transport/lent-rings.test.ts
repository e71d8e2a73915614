import { afterEach, describe, expect, test } from "@jest/globals";
import { RunningProgram } from "../daemon/daemon-process.ts";

/** Programs that read in the rings of a host's thread beside them, in processes of their own: `npm run build` first. */

const module = (path: string): string => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href);

/** Lines of a program that make its `listener`. */
const LISTEN = `
    const name = w.new_sockaddr_in();
    name.sin_family = w.AF_INET;
    name.sin_port = w.htons(7900);
    const listener = w.socket(w.AF_INET, w.SOCK_STREAM, 0);
    w.bind(listener, name, w.sizeof_sockaddr_in);
    w.listen(listener, 1);`;

const started: RunningProgram[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

/**
 * A program whose worker sends what `expected(from, count)` says without end, while its main thread runs `lines`, for which
 * `receive()` gives the next bytes of it, checked, or a negative number. `hosts[0]` is the thread of its network.
 */
function program(lines: string): RunningProgram {
  const source = `
    import { Worker } from "node:worker_threads";
    import * as w from ${module("winsock/index.js")};
    import * as networks from ${module("network/networks.js")};
    const PERIOD = 65521;
    const period = Uint8Array.from({ length: 6 * PERIOD }, (_, i) => ((i % PERIOD) * 2654435761) >>> 24);
    const hosts = [];
    process.on("worker", (worker) => hosts.push(worker));
    w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
    ${LISTEN}
    new Worker(\`
      const { workerData } = require("node:worker_threads");
      import(workerData.winsock).then((w) => {
        w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
        const name = w.new_sockaddr_in();
        name.sin_family = w.AF_INET;
        name.sin_port = w.htons(7900);
        name.sin_addr.s_addr = w.inet_addr("127.0.0.1");
        const s = w.socket(w.AF_INET, w.SOCK_STREAM, 0);
        w.connect(s, name, w.sizeof_sockaddr_in);
        const { period } = workerData;
        while (w.send(s, period, period.length, 0) > 0);
      });
    \`, { eval: true, execArgv: [], workerData: { winsock: ${module("winsock/index.js")}, period } }).unref();
    const s = w.accept(listener, null, null);
    const buffer = new Uint8Array(100_000);
    let received = 0;
    const receive = (length = buffer.length) => {
      const n = w.recv(s, buffer, length, 0);
      if (n <= 0) return n;
      const from = received % PERIOD;
      if (Buffer.compare(buffer.subarray(0, n), period.subarray(from, from + n)) !== 0) throw new Error("wrong bytes at " + received);
      received += n;
      return n;
    };
    ${lines}
    process.exit();`;
  const running = RunningProgram.ofModule(source);
  started.push(running);
  return running;
}

const MANY = 64 * 1024 * 1024;

describe("a program that reads in its host's rings", () => {
  test("gets every byte in its place, in calls of any length", async () => {
    const { stdout, stderr } = await program(`
      for (let i = 0; received < ${MANY}; i++) receive(1 + ((i * 7919) % buffer.length));
      console.log("all");`).ended;
    expect({ stdout, stderr }).toEqual({ stdout: "all\n", stderr: "" });
  });

  test.each([
    ["is told to end", "await networks.closeNetwork();"],
    ["is terminated", "await new Promise(setImmediate); await hosts[0].terminate();"],
  ])("goes on with what it has been lent when the host %s, and is told then", async (_how, end) => {
    const { stdout, stderr } = await program(`
      while (received < ${MANY / 4}) receive();
      ${end}
      const before = received;
      while (receive(1000) > 0);
      console.log(received - before <= 2 * 256 * 1024, w.WSAGetLastError());`).ended;
    expect(stdout).toBe("true 10050\n");
    // The network's end may be told as a warning, and nothing else.
    expect(stderr.replace(/\(node:\d+\) NetworkWarning: .*\n|\(Use .*\n/g, "")).toBe("");
  });

  test("sees the bytes of its own stream only, while others reset theirs and open new ones", async () => {
    const { stdout, stderr } = await program(`
      const other = w.new_sockaddr_in();
      other.sin_family = w.AF_INET;
      other.sin_port = w.htons(7901);
      const door = w.socket(w.AF_INET, w.SOCK_STREAM, 0);
      w.bind(door, other, w.sizeof_sockaddr_in);
      w.listen(door, 5);
      other.sin_addr.s_addr = w.inet_addr("127.0.0.1");
      const noise = new Uint8Array(200_000).fill(0xa5);
      for (let i = 0; i < 60; i++) {
        for (let j = 0; j < 10; j++) receive(1 + ((i * 7919 + j) % buffer.length));
        const c = w.socket(w.AF_INET, w.SOCK_STREAM, 0);
        if (w.connect(c, other, w.sizeof_sockaddr_in) !== 0) throw new Error("connect " + w.WSAGetLastError());
        const a = w.accept(door, null, null);
        w.send(c, noise, noise.length, 0);
        for (let j = 0; j < 10; j++) w.recv(a, new Uint8Array(8192), 8192, 0);
        w.setsockopt(c, w.SOL_SOCKET, w.SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
        w.closesocket(c);
        receive();
        w.closesocket(a);
      }
      console.log("all");`).ended;
    expect({ stdout, stderr }).toEqual({ stdout: "all\n", stderr: "" });
  });
});

describe("a worker, which loads nothing of the system for it,", () => {
  const WORKER = new URL("./receiving-worker.js", import.meta.url).href;

  test.each([
    ["blocking", "winsock/index.js"],
    ["promises", "winsock/promises.js"],
  ])("reads in the host's rings too, and gets every byte in its place (%s)", async (face, winsock) => {
    const modules = `{
      winsock: ${module(winsock)},
      networks: ${module("network/networks.js")},
      postedCalls: ${module("transport/posted-calls.js")},
      libc: ${module("tap/libc.js")},
    }`;
    const source = `
      import { Worker } from "node:worker_threads";
      import * as w from ${module("winsock/index.js")};
      const PERIOD = 65521;
      const period = Uint8Array.from({ length: 6 * PERIOD }, (_, i) => ((i % PERIOD) * 2654435761) >>> 24);
      w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
      ${LISTEN}
      const workerData = { face: ${JSON.stringify(face)}, modules: ${modules}, port: 7900, period, periodBytes: PERIOD };
      const worker = new Worker(new URL(${JSON.stringify(WORKER)}), { execArgv: [], workerData });
      const said = new Promise((resolve) => worker.once("message", resolve));
      const s = w.accept(listener, null, null);
      let sent = 0;
      while (sent < ${MANY}) sent += w.send(s, period, period.length, 0);
      w.closesocket(s);
      const { received, lent, isLibcLoaded } = await said;
      console.log(received === sent, lent > received / 2, isLibcLoaded);
      process.exit();`;
    const running = RunningProgram.ofModule(source);
    started.push(running);
    const { stdout, stderr } = await running.ended;
    expect({ stdout, stderr }).toEqual({ stdout: "true true false\n", stderr: "" });
  });
});
