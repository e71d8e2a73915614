import { spawn } from "node:child_process";
import { expect, test } from "@jest/globals";
import { RunningProgram } from "./daemon-process.ts";
import { sharedDaemon } from "./shared-daemon.ts";

const PROMISES = new URL("../../dist/winsock/promises.js", import.meta.url).href;
const socket = sharedDaemon();

function program(source: string): RunningProgram {
  const words = ["--input-type=module", "-e", `import * as w from ${JSON.stringify(PROMISES)};\n${source}`];
  const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: `daemon:${socket}` };
  return new RunningProgram(spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"], env }));
}

const READER = `
  const l = await w.socket();
  await w.bind(l, { port: 5201 });
  await w.listen(l);
  console.log("listening");
  const { socket: s } = await w.accept(l);
  let bytes = 0;
  for (let piece = await w.recv(s, 8192); piece.length > 0; piece = await w.recv(s, 8192)) bytes += piece.length;
  console.log("received", bytes);`;

const WRITER = `
  const s = await w.socket();
  await w.connect(s, { address: "127.0.0.1", port: 5201 });
  for (let i = 0; i < 3; i++) {
    await w.send(s, new Uint8Array(100_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await w.closesocket(s);`;

test("a program lives while it waits for the rest of a stream, and ends by itself when it has it", async () => {
  const reader = program(READER);
  await reader.line("listening");
  const writer = program(WRITER);
  expect(await writer.ended).toMatchObject({ status: 0, stderr: "" });
  expect(await reader.ended).toMatchObject({ status: 0, stderr: "", stdout: "listening\nreceived 300000\n" });
});
