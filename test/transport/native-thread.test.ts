import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { hasEnded, type NativeThread, thisThread } from "../../src/transport/native-thread.ts";

const NATIVE_THREAD = new URL("../../dist/transport/native-thread.js", import.meta.url).href;

test("a thread is told by the kernel from one that has ended, and from another of the same number", async () => {
  const source = `import(${JSON.stringify(NATIVE_THREAD)}).then(({ thisThread }) => {
    require("node:worker_threads").parentPort.postMessage(thisThread());
    setInterval(() => {}, 1000);
  });`;
  const worker = new Worker(source, { eval: true, execArgv: [] });
  const [thread] = (await once(worker, "message")) as [NativeThread];
  expect(thread.id).not.toBe(thisThread().id);
  expect(hasEnded(thread)).toBe(false);
  expect(hasEnded({ ...thread, startTicks: thread.startTicks - 1 })).toBe(true);
  await worker.terminate();
  expect(hasEnded(thread)).toBe(true);
});

test("a thread that nobody could name is taken to live", () => {
  expect(hasEnded({ id: 0, startTicks: 0 })).toBe(false);
});
