import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Ended, RunningProgram } from "../daemon/daemon-process.ts";

/** Built, as scripts/start runs it: `npm run build` first. */
const PROGRAM = fileURLToPath(new URL("../../dist/lab/demonstration.js", import.meta.url));

const directory = mkdtempSync(join(tmpdir(), "demonstration-"));
afterAll(() => rmSync(directory, { recursive: true }));

const demonstration = (...flags: string[]): Promise<Ended> =>
  new RunningProgram(
    spawn(process.execPath, [PROGRAM, ...flags], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_OPTIONS: "" } }),
  ).ended;

describe("the demonstration", () => {
  test("gives all four verdicts on the embedded wire, and says why it is there", async () => {
    const { status, stdout } = await demonstration("--once", "--embedded", "no TAP in this test.");
    expect(status).toBe(0);
    expect(stdout).toContain("No TAP device: no TAP in this test.");
    expect(stdout).toContain("4 of 4 verdicts were right.");
  });

  test("has nothing but JSON on stdout with --json, the verdicts among it", async () => {
    const { stdout } = await demonstration("--once", "--json", "--embedded", "no TAP in this test.");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; error?: number });
    expect(lines.filter((each) => each.type === "verdict").map((each) => each.error)).toEqual([0, 10061, 10060, 10051]);
  });

  test("leaves the file of another demonstration at the same socket alone", async () => {
    const socket = join(directory, "tapsock.sock");
    const file = join(directory, "demonstration.json");
    writeFileSync(file, "of another");
    const server = createServer((client) => client.destroy()).listen(socket);
    await once(server, "listening");
    const { status, stderr } = await demonstration("--once", "--socket", socket);
    server.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: a daemon answers at .* already; end it .*\n$/);
    expect(readFileSync(file, "utf8")).toBe("of another");
  });
});
