import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { newLinkMemory, ProgramLink } from "../../../src/lab/scene/program-link.ts";

const LINK = new URL("../../../dist/lab/scene/program-link.js", import.meta.url).href;
const ROUNDS = 3000;

/** The other end: it answers each text with the same and its length. */
const OTHER = `
import { workerData } from "node:worker_threads";
import { ProgramLink } from ${JSON.stringify(LINK)};
const link = new ProgramLink(workerData, true);
for (;;) {
  const text = link.receive();
  link.send(text + ":" + text.length);
}`;

test("texts of every length go to and fro, and a waking that is late is nobody's turn", async () => {
  const memory = newLinkMemory();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(OTHER)}`), { workerData: memory });
  try {
    const link = new ProgramLink(memory, false);
    for (let round = 0; round < ROUNDS; round++) {
      const text = `${round}`;
      link.send(text);
      expect(link.receive(10_000)).toBe(`${text}:${text.length}`);
    }
    // A text longer than the memory goes in parts.
    const long = "x".repeat(700_000);
    link.send(long);
    expect(link.receive(10_000)).toBe(`${long}:${long.length}`);
  } finally {
    await worker.terminate();
  }
});

test("a waking without a turn is slept on", async () => {
  const memory = newLinkMemory();
  const words = new Int32Array(memory, 0, 1);
  const waker = new Worker(
    `const { workerData } = require("node:worker_threads"); const words = new Int32Array(workerData, 0, 1);
     setInterval(() => Atomics.notify(words, 0), 1);
     require("node:worker_threads").parentPort.postMessage("begun");`,
    { eval: true, workerData: memory },
  );
  try {
    await once(waker, "message");
    const link = new ProgramLink(memory, false);
    // The turn is the program's: it does not come back, however often one is woken.
    Atomics.store(words, 0, 1);
    expect(link.receive(100)).toBeUndefined();
  } finally {
    await waker.terminate();
  }
});
