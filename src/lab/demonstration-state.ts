import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a running demonstration leaves beside the daemon's socket, so that `tapsock shell` finds the kernel's side. */
export interface DemonstrationState {
  /** Of a process that lives in the namespace. */
  readonly pid: number;
  /** Name under /run/netns; undefined for a namespace without one. */
  readonly namespace?: string | undefined;
  /** Whether the namespace lies within a user namespace of its own. */
  readonly isUserNamespace: boolean;
  readonly socket: string;
}

const fileBeside = (socketPath: string): string => join(dirname(socketPath), "demonstration.json");

export function writeDemonstrationState(state: DemonstrationState): void {
  writeFileSync(fileBeside(state.socket), JSON.stringify(state), { mode: 0o600 });
}

export function removeDemonstrationState(socketPath: string): void {
  rmSync(fileBeside(socketPath), { force: true });
}

/** Undefined when no demonstration runs: there is no file, or its process is gone. */
export function readDemonstrationState(socketPath: string): DemonstrationState | undefined {
  let state: DemonstrationState;
  try {
    state = JSON.parse(readFileSync(fileBeside(socketPath), "utf8")) as DemonstrationState;
  } catch {
    return undefined;
  }
  return Number.isInteger(state?.pid) && isAlive(state.pid) ? state : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The words that run a command on the kernel's side of a demonstration. */
export function enterCommand(state: DemonstrationState): string[] {
  if (state.namespace !== undefined) return ["nsenter", `--net=/run/netns/${state.namespace}`, "--"];
  if (state.isUserNamespace) return ["nsenter", "--preserve-credentials", "--user", "--net", "--target", String(state.pid), "--"];
  return ["nsenter", "--net", "--target", String(state.pid), "--"];
}
