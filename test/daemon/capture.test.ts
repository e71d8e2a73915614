import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { RunningProgram } from "./daemon-process.ts";
import { RawClient } from "./raw-client.ts";
import { eventually } from "./watched-daemon.ts";

const DAEMON = fileURLToPath(new URL("../../dist/daemon/main.js", import.meta.url));
const CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const started: RunningProgram[] = [];
const directories: string[] = [];
const clients: RawClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.kill()));
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Runs in a shell, whose `ulimit -f` (in KiB) stands for a disk that is full: EFBIG instead of ENOSPC. */
function run(program: string, flags: readonly string[], limitKib: number | "unlimited" = "unlimited"): RunningProgram {
  const child = spawn("bash", ["-c", `ulimit -f ${limitKib}; exec "$0" "$@"`, process.execPath, program, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const running = new RunningProgram(child);
  started.push(running);
  return running;
}

async function daemon(flags: (directory: string) => readonly string[], limitKib?: number) {
  const directory = mkdtempSync(join(tmpdir(), "tapsockd-capture-"));
  directories.push(directory);
  const socket = join(directory, "d.sock");
  const program = run(DAEMON, ["--socket", socket, ...flags(directory)], limitKib);
  await program.line("tapsockd ready");
  const client = await RawClient.started(socket);
  clients.push(client);
  return { directory, socket, program, client };
}

/** Frames on the wire: the question who has each of these addresses. */
async function makeFrames(client: RawClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await client.manage({ op: "ping", address: `203.0.113.${3 + (i % 200)}`, timeoutMs: 1 });
  }
}

const isCapturing = async (client: RawClient) => (await client.manage<{ capturing: boolean }>({ op: "status" })).capturing;

/** The bytes that whole pcapng blocks take at the start of a file. */
function wholeBlocks(bytes: Buffer): number {
  let at = 0;
  while (at + 12 <= bytes.length && at + bytes.readUInt32LE(at + 4) <= bytes.length) at += bytes.readUInt32LE(at + 4);
  return at;
}

function expectWholeCapture(file: string): void {
  const bytes = readFileSync(file);
  expect(bytes.readUInt32LE(0)).toBe(0x0a0d0d0a);
  expect(wholeBlocks(bytes)).toBe(bytes.length);
  expect(bytes.length).toBeGreaterThan(500);
}

/** The log comes by another way than the answers of the daemon, and may be later. @returns the one line with these words */
async function saidOnce(program: RunningProgram, words: string): Promise<string> {
  const said = () => program.stderr.split("\n").filter((line) => line.includes(words));
  await eventually(said, (lines) => lines.length > 0, `a line with "${words}"`);
  expect(said()).toHaveLength(1);
  return said()[0]!;
}

describe("tapsockd --capture", () => {
  test("ends a capture whose disk is full: it says so once, status too, the file ends with a whole block, and the daemon goes on", async () => {
    const { directory, program, client } = await daemon((d) => ["--capture", join(d, "x.pcapng")], 4);
    expect(await isCapturing(client)).toBe(true);
    await makeFrames(client, 150);
    await eventually(
      () => isCapturing(client),
      (it) => !it,
      "the end of the capture",
    );
    await makeFrames(client, 10);
    const line = await saidOnce(program, "capture");
    expect(line).toContain("x.pcapng");
    expect(line).toContain("EFBIG");
    expectWholeCapture(join(directory, "x.pcapng"));
  });

  test("ends a capture to a device that takes nothing", async () => {
    const { program, client } = await daemon(() => ["--capture", "/dev/full"]);
    await makeFrames(client, 3);
    await eventually(
      () => isCapturing(client),
      (it) => !it,
      "the end of the capture",
    );
    await saidOnce(program, "ENOSPC");
  });

  test.each<[string, (file: string) => void]>([
    ["deleted", (file) => rmSync(file)],
    ["replaced", (file) => writeFileSync(`${file}.new`, "") ?? renameSync(`${file}.new`, file)],
  ])("ends a capture whose file is %s", async (_how, harm) => {
    const { directory, program, client } = await daemon((d) => ["--capture", join(d, "x.pcapng")]);
    await makeFrames(client, 3);
    harm(join(directory, "x.pcapng"));
    await eventually(
      async () => {
        await makeFrames(client, 1);
        return isCapturing(client);
      },
      (it) => !it,
      "the end of the capture",
    );
    await saidOnce(program, "x.pcapng");
  });
});

describe("tapsock capture", () => {
  test("whose disk is full fails with a sentence, and leaves whole blocks", async () => {
    const { directory, socket, client } = await daemon(() => []);
    const file = join(directory, "y.pcapng");
    const capture = run(CLI, ["capture", file, "--network", `daemon:${socket}`], 4);
    await eventually(
      () => isCapturing(client),
      (it) => it,
      "the capture",
    );
    await makeFrames(client, 150);
    const { status, stderr } = await capture.ended;
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/error: Cannot write .*y\.pcapng: EFBIG/) });
    expectWholeCapture(file);
    await eventually(
      () => isCapturing(client),
      (it) => !it,
      "the end of the capture",
    );
  });

  test("to a full stdout fails with a sentence too", async () => {
    const { socket } = await daemon(() => []);
    const child = spawn(
      "bash",
      ["-c", 'exec "$0" "$@" > /dev/full', process.execPath, CLI, "capture", "-", "--network", `daemon:${socket}`],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, NODE_OPTIONS: "" },
      },
    );
    const capture = new RunningProgram(child);
    started.push(capture);
    const { status, stderr } = await capture.ended;
    expect(status).toBe(1);
    expect(stderr).toContain("ENOSPC");
    expect(stderr).not.toContain("    at ");
  });
});
