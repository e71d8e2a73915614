import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect } from "@jest/globals";
import { type RunningProgram, startDaemon, startProgram } from "../daemon/daemon-process.ts";
import { RawClient } from "../daemon/raw-client.ts";
import { eventually } from "../daemon/watched-daemon.ts";
import { tapTest } from "./namespace.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsock-lost-"));
afterAll(() => rmSync(directory, { recursive: true }));

const started: RunningProgram[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

const ip = (...words: string[]) => execFileSync("ip", words);

async function daemonOn(tap: string): Promise<{ daemon: RunningProgram; path: string }> {
  const path = join(directory, `${tap}.sock`);
  const daemon = startDaemon("--socket", path, "--tap", tap, "--ip", "203.0.113.2/24", "--kernel-ip", "203.0.113.1/24");
  started.push(daemon);
  await daemon.line("tapsockd ready");
  return { daemon, path };
}

/** A program that waits in accept. */
const WAITING = `
  const { result: s } = call("socket", { a: 2, b: 1, c: 6 });
  call("bind", { s, a: 16, data: new Uint8Array([2, 0, 30, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) });
  call("listen", { s, a: 5 });
  console.log("waiting");
  console.log("accept " + call("accept", { s, a: -1 }).error);`;

const linesAbout = (stderr: string, words: string): string[] => stderr.split("\n").filter((line) => line.includes(words));

describe("a TAP that somebody deletes", () => {
  tapTest("ends tapsockd with one line and status 1, and its clients' calls with WSAENETDOWN", async () => {
    const { daemon, path } = await daemonOn("tapl0");
    const program = startProgram(`daemon:${path}`, WAITING);
    started.push(program);
    await program.line("waiting");
    ip("link", "del", "tapl0");
    const { status, stderr } = await daemon.ended;
    expect(status).toBe(1);
    expect(linesAbout(stderr, "tapl0")).toEqual([expect.stringContaining("The TAP tapl0 is gone")]);
    expect(existsSync(path)).toBe(false);
    expect(await program.line("accept")).toBe("accept 10050");
  });

  tapTest("ends the network of a program that owns it: WSAENETDOWN, and a warning", async () => {
    const program = startProgram("tap:tapl1?ip=203.0.113.2/24", `${WAITING} setTimeout(() => process.exit(), 300);`);
    started.push(program);
    await program.line("waiting");
    ip("link", "del", "tapl1");
    const { stdout, stderr } = await program.ended;
    expect(stdout).toContain("accept 10050");
    expect(linesAbout(stderr, "NetworkWarning")).toEqual([expect.stringContaining("The TAP tapl1 is gone")]);
  });
});

describe("a TAP that somebody sets down", () => {
  tapTest("is waited for: tapsockd says so once, and once more when it is up again", async () => {
    const { daemon, path } = await daemonOn("tapl2");
    const client = await RawClient.started(path);
    const ping = () => client.manage<{ outcome: string }>({ op: "ping", address: "203.0.113.1", timeoutMs: 100 });
    ip("link", "set", "tapl2", "down");
    for (let i = 0; i < 5; i++) await ping();
    ip("link", "set", "tapl2", "up");
    await eventually(ping, ({ outcome }) => outcome === "reply", "an answer over the TAP that is up again");
    const said = () => linesAbout(daemon.stderr, "tapl2");
    await eventually(said, (lines) => lines.length >= 2, "two lines about it");
    expect(said()).toEqual([expect.stringContaining("is down"), expect.stringContaining("is up again")]);
    await client.kill();
  });
});
