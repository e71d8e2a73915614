import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { type RunningProgram, startDaemon } from "./daemon-process.ts";

/** One daemon with these flags for all tests of the calling file, ended after the last. @returns the path of its socket */
export function sharedDaemon(...flags: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "tapsock-shared-"));
  const socket = join(directory, "d.sock");
  let daemon: RunningProgram;
  beforeAll(async () => {
    daemon = startDaemon("--socket", socket, ...flags);
    await daemon.line("tapsockd ready");
  });
  afterAll(async () => {
    daemon.process.kill("SIGTERM");
    await daemon.ended;
    rmSync(directory, { recursive: true });
  });
  return socket;
}
