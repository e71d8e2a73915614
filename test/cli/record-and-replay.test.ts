import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readRunFile } from "../../src/run/run-file.ts";
import { RunningProgram, startDaemon } from "../daemon/daemon-process.ts";

/** The built command line, as people start it: `npm run build` first. */
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "tapsock-record-"));
const socket = join(directory, "d.sock");
const inDirectory = (name: string): string => join(directory, name);

const started = (...words: string[]): RunningProgram =>
  new RunningProgram(
    spawn(process.execPath, [MAIN, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", TAPSOCK: `daemon:${socket}` },
    }),
  );
const tapsock = (...words: string[]) => started(...words).ended;

/** Resolves when a program has said this on stderr. */
async function says(program: RunningProgram, words: string): Promise<void> {
  while (!program.stderr.includes(words)) await new Promise((resolve) => setTimeout(resolve, 10));
}

let daemon: RunningProgram;
beforeAll(async () => {
  daemon = startDaemon("--socket", socket, "--record", inDirectory("run.recording"));
  await daemon.line("tapsockd ready");
  // One refused connect, seen three ways.
  const recording = started("record", inDirectory("run.tapsock"), "--json");
  const capturing = started("capture", inDirectory("run.pcapng"));
  await Promise.all([says(recording, "Writing the run"), says(capturing, "Writing frames")]);
  expect((await tapsock("connect", "203.0.113.77", "80", "--timeout", "300ms")).status).toBe(1);
  expect((await tapsock("connect", "127.0.0.1", "81")).stdout).toContain("WSAECONNREFUSED");
  for (const each of [recording, capturing]) each.process.kill("SIGINT");
  const { status, stdout } = await recording.ended;
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ events: expect.any(Number), lost: 0, leftOut: 0 });
  await capturing.ended;
  daemon.process.kill("SIGTERM");
  await daemon.ended;
});
afterAll(() => {
  daemon.process.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

describe("tapsock record", () => {
  test("writes a run file that nobody else reads", () => {
    const { header, events, faultCount } = readRunFile(readFileSync(inDirectory("run.tapsock")));
    expect(faultCount).toBe(0);
    expect(header).toMatchObject({ kind: "live", hosts: [{ name: "tapsock", isTraced: true }] });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["winsock-called", "frame", "state-changed", "winsock-returned"]),
    );
    for (const { atMs } of events) expect(atMs).toBeLessThan(60_000);
    expect(statSync(inDirectory("run.tapsock")).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["a file that cannot be written", ["record", "/nowhere/x", "--network", "embedded:"], 1, /Cannot write \/nowhere/],
    ["a daemon that is not there", ["record", "-", "--network", "daemon:/nowhere/d.sock"], 1, /no such socket/],
    ["two results for one place", ["record", "-", "--json", "--network", "embedded:"], 2, /both want stdout/],
  ])("says of %s what is wrong", async (_what, words, status, sentence) => {
    const ended = await tapsock(...words);
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(sentence);
  });
});

describe("tapsock replay", () => {
  test("shows a run file as the ladder that was live", async () => {
    const { status, stdout, stderr } = await tapsock("replay", inDirectory("run.tapsock"));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^The host 203\.0\.113\.2, by tapsock /);
    expect(stdout).toContain("connect(s=");
    expect(stdout).toContain("127.0.0.1:81");
    expect(stdout).toContain("SYN");
    expect(stdout).toContain("WSAECONNREFUSED");
  });

  test("has nothing but JSON on stdout with --json", async () => {
    const { stdout } = await tapsock("replay", inDirectory("run.tapsock"), "--json");
    const [header, ...events] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(header).toMatchObject({ type: "header", kind: "live" });
    expect(events.length).toBe(readRunFile(readFileSync(inDirectory("run.tapsock"))).events.length);
    expect(events.find(({ type }) => type === "frame")).toMatchObject({ base64: expect.any(String) });
  });

  test("runs a recording of the daemon again", async () => {
    const { status, stdout } = await tapsock("replay", inDirectory("run.recording"));
    expect(status).toBe(0);
    expect(stdout).toContain("127.0.0.1:81");
    expect(stdout).toContain("WSAECONNREFUSED");
  });

  test("shows a capture", async () => {
    const { status, stdout } = await tapsock("replay", inDirectory("run.pcapng"));
    expect(status).toBe(0);
    expect(stdout).toContain("who has 203.0.113.77");
  });

  test("passes over what it cannot read, names the line, and shows the rest", async () => {
    const lines = readFileSync(inDirectory("run.tapsock"), "utf8").split("\n");
    lines.splice(2, 0, "{not JSON");
    writeFileSync(inDirectory("hurt.tapsock"), lines.join("\n"));
    const { status, stdout, stderr } = await tapsock("replay", inDirectory("hurt.tapsock"));
    expect(status).toBe(0);
    expect(stderr).toContain("hurt.tapsock, line 3: it is no whole line of JSON; passed over");
    expect(stdout).toContain("WSAECONNREFUSED");
  });

  test("makes a saved run of the simulation again", async () => {
    expect((await tapsock("lab", "run", "refused", "--own", "--save", inDirectory("ada.tapsock-run"))).status).toBe(0);
    const { status, stdout } = await tapsock("replay", inDirectory("ada.tapsock-run"));
    expect(status).toBe(0);
    expect(stdout).toContain("WSAECONNREFUSED");
    expect(stdout.match(/── SYN /g)).toHaveLength(5);
  });

  test("of what is no run says so", async () => {
    writeFileSync(inDirectory("text"), "hello\n");
    writeFileSync(inDirectory("sim"), '{"format":"tapsock-run","formatVersion":1,"kind":"simulated","simulation":{"seed":1}}\n');
    writeFileSync(inDirectory("cut"), readFileSync(inDirectory("run.recording")).subarray(0, 40));
    for (const [file, sentence] of [
      ["text", /neither a run, nor a recording, nor a pcapng or pcap capture/],
      ["sim", /simulation\.scene: expected an object/],
      ["cut", /Cannot read the recording/],
      ["not-there", /ENOENT/],
    ] as const) {
      const { status, stderr } = await tapsock("replay", inDirectory(file));
      expect(status).toBe(1);
      expect(stderr).toMatch(sentence);
    }
  });
});
