import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { startNodeProgram } from "../../src/lab/node-programs.ts";
import { readSavedRun, replaySavedRun, savedRun } from "../../src/lab/scene/saved-run.ts";
import { FIRST_SCENE } from "../../src/lab/scene/scene.ts";
import { SimulatedRun } from "../../src/lab/scene/simulated-run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";

const FOLDER = new URL("../../src/lab/programs/", import.meta.url);
const sourceOf = (name: string): string => readFileSync(new URL(name, FOLDER), "utf8");

/** What each says on the hosts that the page begins with. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  "01-connect.js": ["Connected to server."],
  "02-nonblocking-connect.js": ["connect has begun; meanwhile one can do something else", "connected"],
  "03-echo-client.js": ["How far is it to the other end?"],
  "04-server.js": ["waiting for a client on port 4000", "client from 203.0.113.2 port 49152"],
  "05-half-close.js": [
    "nothing more will be sent",
    "received 5000 bytes after that, then the end of the stream",
    "sending now fails with error 10058",
  ],
  "06-udp-connect.js": ["the echo: hello", "from a closed port: error 10054"],
  "07-event-select.js": ["FD_CONNECT, error 0", "received 200000 bytes, the last of them after FD_CLOSE"],
  "08-two-at-once.js": ["echo: 4 bytes; source: 200000 bytes"],
  "09-sleepy-reader.js": ["awake", "received 200000 bytes"],
  "10-overlapped.js": ["WSARecv returned -1 with 997", "completed with error 0 and 7 bytes", "SleepEx returned 192"],
  "11-patience.js": ["connect returned -1 with error 10060", "connect returned -1 with error 10060"],
};

test("every program has its line here", () => {
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(SAID));
});

test.each(Object.entries(SAID))("%s", (name, said) => {
  const events: RunEvent[] = [];
  const run = new SimulatedRun(FIRST_SCENE, {
    seed: 1,
    startProgram: (_program, source) => startNodeProgram(source),
    onEvent: (event) => events.push(event),
  });
  const isServer = name.includes("server");
  run.do({ atMs: 0, do: "run-program", host: isServer ? "server" : "client", program: "1", title: name, source: sourceOf(name) });
  if (isServer) {
    const client = sourceOf("03-echo-client.js").replace("htons(7)", "htons(4000)");
    run.do({ atMs: 100, do: "run-program", host: "client", program: "2", title: "client", source: client });
  }
  run.runUntil(120_000);
  run.close();
  const printed = events.flatMap((event) =>
    event.type === "program-printed" && event.host === (isServer ? "server" : "client") ? [event.text] : [],
  );
  expect(printed.map((line) => line.replace(/port \d{5}/, "port 49152"))).toEqual(said);
  expect(events.filter((event) => event.type === "program-ended").map((event) => event.type === "program-ended" && event.failure)).toEqual(
    isServer ? [undefined, undefined] : [undefined],
  );
});

/** What a program printed, and how it ended. */
function outcomeOf(source: string) {
  const events: RunEvent[] = [];
  const run = new SimulatedRun(FIRST_SCENE, {
    seed: 1,
    startProgram: (_program, text) => startNodeProgram(text),
    onEvent: (event) => events.push(event),
  });
  run.do({ atMs: 0, do: "run-program", host: "client", program: "1", title: "odd", source });
  run.runUntil(10_000);
  // What such a program did is a run as any other.
  const again: RunEvent[] = [];
  replaySavedRun(readSavedRun(savedRun(run)), (event) => again.push(event)).close();
  expect(again).toEqual(events);
  run.close();
  const ended = events.find((event) => event.type === "program-ended");
  return {
    printed: events.flatMap((event) => (event.type === "program-printed" ? [event.text] : [])),
    failure: ended?.type === "program-ended" ? ended.failure : undefined,
    line: ended?.type === "program-ended" ? ended.line : undefined,
  };
}

test.each<[string, string, RegExp, number | undefined]>([
  ["that is no JavaScript", "const a = 1;\nconst b = ;\nconst c = (", /^SyntaxError: Unexpected token ';'$/, 2],
  ["with a bracket that is never closed", "const a = 1;\nif (a) {\n  console.log(1);\n", /^SyntaxError/, 2],
  ["with a call over some lines that lacks a comma", "console.log(\n  1,\n  2\n  3\n);\n", /^SyntaxError: missing \)/, 3],
  ["that waits as elsewhere", "\nawait 5;", /calls block here, so leave await out$/, 2],
  [
    "that imports elsewhere in a line",
    'let a; import * as w from "tapsock/winsock";',
    /write import \{ … \} from "tapsock\/winsock" in a line/,
    1,
  ],
  ["with a clock", "\n\nperformance.now();", /^Cannot use performance: programs of the lab have none/, 3],
  ["with a date", "\nnew Date();", /^Cannot use Date/, 2],
  ["with a timer", "setTimeout(() => {}, 5);", /^Cannot use setTimeout: .*Sleep\(ms\) waits$/, 1],
  ["that would end all", "process.exit(3);", /^Cannot use process/, 1],
  ["that calls itself for ever", "function f() {\n  return f() + 1;\n}\nf();", /^RangeError: Maximum call stack/, 2],
  ["that throws what is no error", "throw { toString() { throw 1; } };", /^it threw \{\}$/, undefined],
  ["that throws what cannot be looked at", 'throw new Proxy(new Error("a"), { get() { throw 1; } });', /cannot be shown/, undefined],
  ["that throws at length", 'throw new Error("x".repeat(1e7));', /^Error: x{4000}/, 1],
  ["that prints without end", 'for (;;) console.log("x");', /^it has printed 5000 lines/, 1],
  ["that garbles what it says", 'JSON.stringify = () => "garbage"; console.log(1);', /^it changed what it runs in/, undefined],
  ["that says what is no step", "JSON.stringify = () => '{\"acts\":5}';", /^it changed what it runs in/, undefined],
])("a program %s ends with what is wrong, and where", (_what, source, failure, line) => {
  const outcome = outcomeOf(source);
  expect(outcome.failure).toMatch(failure);
  expect(outcome.failure!.length).toBeLessThan(5000);
  expect(outcome.line).toBe(line);
});

test("a program may call its own things as it likes, and prints errors as they read", () => {
  const source = 'const process = 5, Date = 6;\nlet self = 7;\nconsole.log(process, Date, self, new Error("no"));';
  expect(outcomeOf(source)).toEqual({ printed: ["5 6 7 Error: no"], failure: undefined, line: undefined });
});
