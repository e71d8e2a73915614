import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { startNodeProgram } from "../../src/lab/node-programs.ts";
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
