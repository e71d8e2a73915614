import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "@jest/globals";
import { type RunningProgram, startDaemon } from "./daemon-process.ts";

/** One daemon for all tests of the calling file, ended after the last. @returns the path of its socket */
export const sharedDaemon = (): string => sharedDaemonWith().socket;

/** The same with flags. @returns the path of its socket, and its process once it runs */
export function sharedDaemonWith(...flags: readonly string[]): { readonly socket: string; readonly pid: () => number } {
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
  return { socket, pid: () => daemon.process.pid ?? 0 };
}
