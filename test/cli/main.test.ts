import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { type Ended, RunningProgram } from "../daemon/daemon-process.ts";

/** The built command line, as people start it: `npm run build` first. */
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const tapsock = (...words: string[]): Promise<Ended> =>
  new RunningProgram(
    spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } }),
  ).ended;

describe("tapsock as a process", () => {
  test.each([
    ["a daemon that is not there", 1, ["ss", "--network", "daemon:/nowhere/tapsock.sock"], /no such socket; start tapsockd/],
    ["a flag that is not there", 2, ["ss", "--bogus"], /unknown option '--bogus'/],
    ["a network of no kind", 2, ["ss", "--network", "tun:tap0"], /expected embedded:/],
    ["a port that is none", 2, ["connect", "203.0.113.1", "70000"], /A port is a number from 1 to 65535/],
    ["an unknown verb", 2, ["route", "bogus"], /unknown command 'route bogus'; there are: list, add, del/],
    ["a file that cannot be written", 1, ["capture", "/nowhere/x.pcapng", "--network", "embedded:"], /Cannot write \/nowhere/],
  ])("says of %s what is wrong on stderr, in words and with --json as one JSON object", async (_what, status, words, sentence) => {
    const [plain, json] = await Promise.all([tapsock(...words), tapsock(...words, "--json")]);
    expect(plain).toMatchObject({ status, stdout: "" });
    expect(plain.stderr).toMatch(/^error: /);
    expect(plain.stderr).toMatch(sentence);
    expect(json).toMatchObject({ status, stdout: "" });
    expect(JSON.parse(json.stderr)).toEqual({ failed: expect.stringMatching(sentence), remedy: null, winsockError: null, status });
  });

  test("tells a program Winsock's code of what failed", async () => {
    const { status, stderr } = await tapsock("listen", "80", "--address", "198.51.100.1", "--network", "embedded:", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ winsockError: 10049, status: 1 });
  });
});
