import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { Recording } from "../../src/replay/recording.ts";
import { Replay } from "../../src/replay/replay.ts";
import { replayed } from "../replay/recorded-run.ts";
import { type RunningProgram, startDaemon } from "./daemon-process.ts";
import { RawClient } from "./raw-client.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsockd-recording-"));
let daemons: RunningProgram[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.kill()));
  for (const { process } of daemons) process.kill("SIGKILL");
  await Promise.all(daemons.map((d) => d.ended));
  daemons = [];
  rmSync(directory, { recursive: true });
});

const PIECE = 32 * 1024;

test("tapsockd --record: streams of a program, pings and a trace that is watched are in the file, and replay to what was answered", async () => {
  const socket = join(directory, "d.sock");
  const file = join(directory, "x.recording");
  const daemon = startDaemon("--socket", socket, "--record", file);
  daemons.push(daemon);
  await daemon.line("tapsockd ready");
  const client = await RawClient.started(socket);
  const watcher = await RawClient.started(socket);
  clients.push(client, watcher);

  const { near, far } = await client.connectedPair();
  const sending = Array.from({ length: 20 }, () => client.call("send", { s: near, data: new Uint8Array(PIECE).fill(7) }));
  let received = 0;
  while (received < 20 * PIECE) received += (await client.call("recv", { s: far, a: PIECE })).value;
  for (const sent of await Promise.all(sending)) expect(sent.value).toBe(PIECE);
  await client.manage({ op: "ping", address: "203.0.113.9", timeoutMs: 20 });
  await watcher.manage({ op: "trace-start", snapLength: 64 });
  await client.call("closesocket", { s: near });
  expect((await client.call("recv", { s: far, a: 10 })).value).toBe(0);
  const ss = await client.manage<unknown>({ op: "ss" });
  daemon.process.kill("SIGTERM");
  expect((await daemon.ended).status).toBe(0);

  const recording = new Uint8Array(readFileSync(file));
  expect(new Recording(recording).isWhole).toBe(true);
  const first = replayed(recording);
  expect(first.events).toBeGreaterThan(50);
  expect(replayed(recording)).toEqual(first);
  const replay = new Replay(recording);
  const answers: unknown[] = [];
  replay.onReply = (_, { data }) => {
    const text = data === null ? "" : new TextDecoder().decode(data.slice());
    if (text.startsWith('{"ok":true')) answers.push((JSON.parse(text) as { result: unknown }).result);
  };
  replay.run();
  expect(answers).toContainEqual(ss);
});
