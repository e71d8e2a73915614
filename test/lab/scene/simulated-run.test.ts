import { afterEach, describe, expect, test } from "@jest/globals";
import { startNodeProgram } from "../../../src/lab/node-programs.ts";
import { connectProgram } from "../../../src/lab/scene/connect-program.ts";
import { readSavedRun, replaySavedRun, SavedRunError, savedRun } from "../../../src/lab/scene/saved-run.ts";
import { FIRST_SCENE, type Scene } from "../../../src/lab/scene/scene.ts";
import { SimulatedRun } from "../../../src/lab/scene/simulated-run.ts";
import type { RunEvent } from "../../../src/run/run-event.ts";
import { describeFrame } from "../../../src/stack/packet/describe.ts";

const open: SimulatedRun[] = [];
afterEach(() => {
  for (const run of open.splice(0)) run.close();
});

function newRun(scene: Scene = FIRST_SCENE, seed = 1): { run: SimulatedRun; events: RunEvent[] } {
  const events: RunEvent[] = [];
  const run = new SimulatedRun(scene, {
    seed,
    startProgram: (_name, source) => startNodeProgram(source),
    onEvent: (event) => events.push(event),
  });
  open.push(run);
  return { run, events };
}

const runProgram = (run: SimulatedRun, source: string, host = "client"): void =>
  run.do({ atMs: run.now, do: "run-program", host, program: run.nextProgram, title: "test", source });

const printed = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === "program-printed" ? [event.text] : []));
const ends = (events: readonly RunEvent[]) => events.filter((event) => event.type === "program-ended");
const framesOf = (events: readonly RunEvent[], host: string): string[] =>
  events.flatMap((event) =>
    event.type === "frame" && event.direction === "out" && event.host === host
      ? [
          describeFrame(event.bytes, 0, event.bytes.length)
            .summary.replace(/seq=\d+|ack=\d+|win=\d+/g, "")
            .replace(/ +/g, " "),
        ]
      : [],
  );

const IMPORTS = `import * as w from "tapsock/winsock";
const connectTo = (port) => {
  const s = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
  const name = w.new_sockaddr_in();
  name.sin_family = w.AF_INET;
  name.sin_addr.s_addr = w.inet_addr("203.0.113.1");
  name.sin_port = w.htons(port);
  const result = w.connect(s, name, w.sizeof_sockaddr_in);
  return result === 0 ? s : -w.WSAGetLastError();
};
w.WSAStartup(w.MAKEWORD(2, 2), w.new_WSADATA());
`;

describe("a program on a simulated host", () => {
  test("connects, with the handshake on a wire that takes a millisecond each way", () => {
    const { run, events } = newRun();
    runProgram(run, connectProgram("203.0.113.1", 8080));
    run.runUntil(1000);
    expect(printed(events)).toEqual(["Connected to server."]);
    const connect = events.find((event) => event.type === "winsock-called" && event.name === "connect")!;
    const returned = events.find(
      (event) => event.type === "winsock-returned" && connect.type === "winsock-called" && event.call === connect.call,
    )!;
    // ARP and the handshake, a round trip each.
    expect(returned.atMs - connect.atMs).toBe(4);
    expect(run.now).toBe(1000);
  });

  test("times out after Windows' 21 seconds when nobody answers, and it takes no time to wait for it", () => {
    const { run, events } = newRun({
      ...FIRST_SCENE,
      hosts: FIRST_SCENE.hosts.map((host) =>
        host.name === "server"
          ? { ...host, faults: { in: {}, picks: [{ match: "tcp", direction: "in", action: "drop", count: 1000 }] } }
          : host,
      ),
    });
    runProgram(run, `${IMPORTS}console.log(connectTo(8080));`);
    run.runUntil(60_000);
    expect(printed(events)).toEqual(["-10060"]);
    const ended = ends(events)[0]!;
    expect(ended.atMs).toBeGreaterThan(20_900);
    expect(ended.atMs).toBeLessThan(21_100);
  });

  test("two programs, a server and a client, each block in their calls", () => {
    const { run, events } = newRun();
    runProgram(
      run,
      `${IMPORTS}
const l = w.socket(w.AF_INET, w.SOCK_STREAM, w.IPPROTO_TCP);
const name = w.new_sockaddr_in();
name.sin_family = w.AF_INET;
name.sin_port = w.htons(4000);
w.bind(l, name, w.sizeof_sockaddr_in);
w.listen(l, 5);
const s = w.accept(l, null, null);
const bytes = new Uint8Array(100);
console.log("server got", w.recv(s, bytes, 100, 0));
w.send(s, new TextEncoder().encode("hi"), 2, 0);
w.closesocket(s);`,
      "server",
    );
    run.runUntil(100);
    runProgram(
      run,
      `${IMPORTS}
const s = connectTo(4000);
w.send(s, new TextEncoder().encode("hello"), 5, 0);
const bytes = new Uint8Array(100);
console.log("client got", w.recv(s, bytes, 100, 0), bytes.subarray(0, 2));
console.log(w.recv(s, bytes, 100, 0));`,
    );
    run.runUntil(5000);
    expect(printed(events)).toEqual(["server got 5", "client got 2 hi", "0"]);
  });

  test("sleeps in virtual time, and each call knows its line", () => {
    const { run, events } = newRun();
    runProgram(run, `${IMPORTS}w.Sleep(5000);\nconsole.log("awake");`);
    run.runUntil(6000);
    const awake = events.find((event) => event.type === "program-printed")!;
    expect(awake.atMs).toBeGreaterThanOrEqual(5000);
    expect(awake.atMs).toBeLessThan(5001);
    const lines = events.flatMap((event) => (event.type === "program-line" ? [event.line] : []));
    expect(lines.slice(-2)).toEqual([12, 13]);
  });

  test.each([
    ["throws", "const x = 1;\nthrow new RangeError('not so');", /RangeError: not so/, 2],
    ["wants what is not there", 'import fs from "node:fs";\n', /Cannot use "import"|Cannot import/, 1],
    ["imports something else", '\nimport { a } from "node:fs";\n', /Cannot import "node:fs"/, 2],
    ["cannot be parsed", "const = 1;", /SyntaxError/, undefined],
  ])("one that %s ends with a sentence and its line", (_what, source, failure, line) => {
    const { run, events } = newRun();
    runProgram(run, source);
    run.runUntil(10);
    expect(ends(events)).toEqual([
      expect.objectContaining({ failure: expect.stringMatching(failure), ...(line === undefined ? {} : { line }) }),
    ]);
  });

  test("one that computes without end is ended, and the run goes on", () => {
    const { run, events } = newRun();
    runProgram(run, "for (;;);");
    run.runUntil(10);
    expect(ends(events)).toEqual([expect.objectContaining({ failure: expect.stringContaining("loop without end") })]);
    runProgram(run, connectProgram("203.0.113.1", 8080));
    run.runUntil(100);
    expect(printed(events)).toEqual(["Connected to server."]);
  }, 60_000);

  test("one that asks without end is ended after its share", () => {
    const { run, events } = newRun({ ...FIRST_SCENE, limitMs: 20_000 });
    runProgram(
      run,
      `${IMPORTS}const one = { value: 1 }; const s = connectTo(8080); w.ioctlsocket(s, w.FIONBIO, one); for (;;) w.recv(s, new Uint8Array(1), 1, 0);`,
    );
    run.runUntil(Number.POSITIVE_INFINITY);
    expect(ends(events)).toEqual([expect.objectContaining({ failure: expect.stringContaining("without coming to an end") })]);
  }, 60_000);

  test("one whose host is not there is refused", () => {
    const { run } = newRun();
    expect(() => runProgram(run, "", "nobody")).toThrow(/No host is called "nobody": there are client, server/);
    expect(run.inputs).toEqual([]);
  });
});

describe("the same run again", () => {
  const lossy: Scene = {
    ...FIRST_SCENE,
    hosts: FIRST_SCENE.hosts.map((host) =>
      host.name === "client" ? { ...host, faults: { in: { loss: 0.05 }, out: { loss: 0.05 } } } : host,
    ),
  };
  const download = `${IMPORTS}const s = connectTo(19); const b = new Uint8Array(65536); let t = 0, n; while ((n = w.recv(s, b, b.length, 0)) > 0) t += n; console.log(t, Math.random());`;

  test("from scene, seed and inputs, to the byte; another seed has another fate", () => {
    const made = (seed: number) => {
      const { run, events } = newRun(lossy, seed);
      runProgram(run, download);
      run.runUntil(60_000);
      return events;
    };
    const first = made(3);
    expect(printed(first)).toEqual([expect.stringMatching(/^200000 0\.\d+$/)]);
    expect(made(3)).toEqual(first);
    expect(framesOf(made(4), "client")).not.toEqual(framesOf(first, "client"));
  });

  test("from its file, without the programs", () => {
    const { run, events } = newRun(lossy, 3);
    run.do({ atMs: 0, do: "pick", host: "server", pick: { match: "syn-ack", action: "drop" } });
    runProgram(run, download);
    run.runUntil(2000);
    run.do({ atMs: 2000, do: "clear-faults" });
    run.runUntil(60_000);
    const again: RunEvent[] = [];
    const file = savedRun(run);
    open.push(replaySavedRun(readSavedRun(file), (event) => again.push(event)));
    expect(again).toEqual(events);
    // Whoever reads what another version made is told so.
    const other = file.replace(/"seed":3/, '"seed":4');
    expect(() => replaySavedRun(readSavedRun(other), () => {})).toThrow(SavedRunError);
  });

  test.each([
    ["no JSON", "hello", /Cannot read the run/],
    ["something else", '{"a":1}', /no file of tapsock's/],
    ["another version", '{"format":"tapsock-run","formatVersion":2}', /version 2/],
    ["a list of events", '{"format":"tapsock-run","formatVersion":1}', /missing/],
    ["a run without its scene", '{"format":"tapsock-run","formatVersion":1,"simulation":{}}', /simulation.scene: expected an object/],
  ])("a file that is %s is refused with a sentence", (_what, text, sentence) => {
    expect(() => readSavedRun(text)).toThrow(sentence);
  });
});
