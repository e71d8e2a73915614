import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The built daemon, as people start it: `npm run build` first. */
const MAIN = fileURLToPath(new URL("../../dist/daemon/main.js", import.meta.url));
const NETWORKS = new URL("../../dist/network/networks.js", import.meta.url).href;
const CALLS = new URL("../../dist/winsock/provider/calls.js", import.meta.url).href;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningProgram {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;
  #readTo = 0;

  constructor(child: ChildProcess) {
    this.process = child;
    child.stderr!.on("data", (text: Buffer) => {
      this.stderr += text;
    });
    child.stdout!.on("data", (text: Buffer) => {
      this.stdout += text;
    });
    this.ended = once(child, "close").then(() => ({ status: child.exitCode, stdout: this.stdout, stderr: this.stderr }));
  }

  /** A program of its own that runs this module. */
  static ofModule(source: string): RunningProgram {
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...plainEnvironment(), TAPSOCK: "" },
    });
    return new RunningProgram(child);
  }

  /** The next line of its output that begins with `start`; those before it are passed over. @throws Error when it ends without one */
  async line(start: string): Promise<string> {
    for (;;) {
      const end = this.stdout.indexOf("\n", this.#readTo);
      if (end < 0) {
        if (this.process.stdout!.readableEnded) throw new Error(`The program ended without a line "${start}…": ${this.stderr}`);
        await Promise.race([once(this.process.stdout!, "data"), this.ended]);
        continue;
      }
      const line = this.stdout.slice(this.#readTo, end);
      this.#readTo = end + 1;
      if (line.startsWith(start)) return line;
    }
  }
}

/** Must be killed or ended by the test that started it. */
export const startDaemon = (...flags: string[]): RunningProgram =>
  new RunningProgram(spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "pipe"], env: plainEnvironment() }));

/** A program that uses a network by `call(name, {…})`, blocking; `n` is the module of networks. */
export function startProgram(network: string, lines: string): RunningProgram {
  const source = `
    import * as n from ${JSON.stringify(NETWORKS)};
    import { CALL } from ${JSON.stringify(CALLS)};
    n.useNetwork(${JSON.stringify(network)});
    const port = n.openBlockingPort();
    const call = (name, r = {}) => port.call({ op: CALL[name], s: 0, a: 0, b: 0, c: 0, data: null, ...r });
    const name = (p) => new Uint8Array([2, 0, p >> 8, p & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    call("startup", { a: 0x0202 });
    ${lines}`;
  return RunningProgram.ofModule(source);
}

/** What Jest was started with is not for the programs under test. */
const plainEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_OPTIONS: "" });
