import { execFileSync } from "node:child_process";
import { createContext, runInContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { ROOT } from "./entries.ts";

/** The program as a browser loads it: one script. @throws Error with esbuild's words when it wants something that browsers have not */
function bundle(program: string): string {
  return execFileSync(`${ROOT}node_modules/esbuild/bin/esbuild`, ["--bundle", "--platform=browser", "--format=iife", "--log-level=error"], {
    cwd: ROOT,
    input: program,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** A connect to a closed port, on a wire in memory: as much of the stack as one connect wakes up. */
const PROGRAM = `
import { createPromiseFace, describeFrame, EventLoopDriver, MemoryWire, parseV4, Provider, RealClock, SeededRandom, Simulation, SystemRandom } from "tapsock";
import { describeError, WSAECONNREFUSED } from "tapsock/winsock/abi";
const simulation = new Simulation();
const wire = new MemoryWire();
const host = (name, address, seed) => {
  const made = simulation.host({ random: new SeededRandom(seed) });
  made.attach(wire.device({ name }), { address: parseV4(address), prefixLength: 24 });
  return made;
};
const ours = host("ours", "203.0.113.2", 1);
host("peer", "203.0.113.1", 2);
const provider = new Provider(ours);
provider.openClient(1);
let lastId = 0;
const call = (request) => new Promise((resolve) => provider.call(1, { ...request, id: ++lastId }, resolve));
const face = createPromiseFace(async () => ({ call, post: () => false, waitingFor: (answer) => answer, close() {} }));
face.socket().then((s) => face.send(s, "not connected")).catch((error) => report(error.code));
ours.trace.subscribe((event) => {
  if (event.type === "frame") report(describeFrame(event.bytes, 0, event.bytes.length).summary);
});
ours.tcp.open({ remote: parseV4("203.0.113.1"), remotePort: 80, user: { connectFailed: (reason) => report(reason) } });
simulation.run(() => false);
report(describeError(WSAECONNREFUSED).slice(0, 15));
const driver = new EventLoopDriver(ours, { now: () => simulation.now });
driver.enter();
report(typeof new RealClock().now());
report(new SystemRandom().u32() >= 0);
`;

test("tapsock and tapsock/winsock/abi run where there is nothing but what every browser has, not even shared memory", async () => {
  const reports: unknown[] = [];
  const planned: (() => void)[] = [];
  const later = (what: () => void) => planned.push(what);
  // The language's own things are in every context; of the browser's, these are all that the program may find.
  const page = createContext({
    TextEncoder,
    TextDecoder,
    performance,
    crypto,
    report: (what: unknown) => reports.push(what),
    setTimeout: later,
    clearTimeout,
  });
  runInContext("delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;", page);
  runInContext(bundle(PROGRAM), page);
  expect(reports).toContainEqual(expect.stringContaining("SYN"));
  expect(planned).toHaveLength(1);
  planned[0]!();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(reports.splice(reports.indexOf("WSAENOTCONN"), 1)).toEqual(["WSAENOTCONN"]);
  expect(reports).toContain("refused");
  expect(reports.slice(-3)).toEqual(["WSAECONNREFUSED", "number", true]);
});

describe("what needs Node.js is not taken for a browser's", () => {
  test.each(["tapsock/tap", "tapsock/network", "tapsock/winsock", "tapsock/winsock/promises"])("%s", (name) => {
    expect(() => bundle(`import * as entry from "${name}"; console.log(entry);`)).toThrow(/Could not resolve "node:/);
  });
});
