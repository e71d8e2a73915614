import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { RawClient } from "./raw-client.ts";
import { eventually, soon } from "./watched-daemon.ts";

const MAIN = fileURLToPath(new URL("../../dist/daemon/main.js", import.meta.url));

/** Two lines each: more than the 64 KiB of a pipe (pipe(7)). */
const MANY_CLIENTS = 2000;

const started: ChildProcess[] = [];
const directories: string[] = [];
const readEnds: number[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
  for (const fd of readEnds.splice(0)) closeSync(fd);
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

interface UnreadDaemon {
  readonly child: ChildProcess;
  readonly path: string;
  /** Takes what is in the pipe now. */
  readonly read: () => string;
}

/** A daemon whose stderr is a pipe that nobody reads; what Node gives to a child is none, but a pair of sockets. */
async function daemon(...flags: string[]): Promise<UnreadDaemon> {
  const directory = mkdtempSync(join(tmpdir(), "tapsockd-log-"));
  directories.push(directory);
  const path = join(directory, "d.sock");
  const pipe = join(directory, "log");
  execFileSync("mkfifo", [pipe]);
  const readEnd = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  readEnds.push(readEnd);
  const writeEnd = openSync(pipe, constants.O_WRONLY);
  const child = spawn(process.execPath, [MAIN, "--socket", path, ...flags], {
    stdio: ["ignore", "pipe", writeEnd],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  closeSync(writeEnd);
  started.push(child);
  await once(child.stdout!, "data");
  return { child, path, read: () => readAll(readEnd) };
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(256 * 1024);
  let text = "";
  try {
    for (let length = readSync(fd, bytes); length > 0; length = readSync(fd, bytes)) text += bytes.toString("utf8", 0, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  return text;
}

async function comeAndGo(path: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const client = await soon(RawClient.greeted(path), "a hello");
    await client.kill();
  }
}

async function endsInOrder(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  expect(await soon(exit, "the daemon's end")).toEqual([0, null]);
}

describe.each([
  ["in text", [] as string[]],
  ["in JSON", ["--json"]],
])("a log %s that nobody reads", (_how, flags) => {
  test("does not hold the daemon when its pipe is full, and tells later how much was lost", async () => {
    const { child, path, read } = await daemon(...flags);
    await comeAndGo(path, MANY_CLIENTS);
    let text = "";
    // What was kept is read; then there is room again.
    await eventually(
      async () => {
        text += read();
        await comeAndGo(path, 1);
        return /(\d+) lines of the log were lost/.exec(text)?.[1];
      },
      (lost) => lost !== undefined,
      "a line about lost lines",
    );
    if (flags.includes("--json")) {
      for (const line of text.slice(0, text.lastIndexOf("\n")).split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
    await endsInOrder(child);
  }, 30_000);

  test("does not end the daemon when its pipe is closed", async () => {
    const { child, path } = await daemon(...flags);
    closeSync(readEnds.pop()!);
    await comeAndGo(path, 20);
    await endsInOrder(child);
  });
});
