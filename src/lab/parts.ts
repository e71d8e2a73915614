import { type ChildProcess, spawn } from "node:child_process";

/** Time for a part to end after SIGTERM before it is killed. */
const END_LIMIT_MS = 5000;
/** What is kept of a part's words for the report of its death. */
const KEPT_OUTPUT = 4000;

const END_WITH_PARENT = new URL("./end-with-parent.js", import.meta.url).href;

/** A process that the demonstration needs. */
export class Part {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #output = "";
  #errors = "";
  #isEnding = false;

  /** @param args Node.js program and its arguments */
  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name;
    // In a group of its own, so that Ctrl-C reaches it only through us, in order.
    this.#child = spawn(process.execPath, ["--import", END_WITH_PARENT, ...args], { env, stdio: "pipe", detached: true });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-KEPT_OUTPUT);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (status, signal) => resolve(signal === null ? `status ${status}` : signal));
    });
  }

  get output(): string {
    return this.#output;
  }

  get errors(): string {
    return this.#errors;
  }

  /** How it ended: `status 1`, `SIGKILL`, or why it could not be started. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** Resolves when its stdout matches. @throws Error when it ends first, or says nothing in time */
  async says(pattern: RegExp, limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    let ended: string | undefined;
    void this.#exited.then((how) => {
      ended = how;
    });
    while (!pattern.test(this.#output)) {
      if (ended !== undefined) throw new Error(`${this.name} ended (${ended})${this.#tail()}`);
      if (performance.now() > until) throw new Error(`${this.name} did not get ready within ${limitMs / 1000} s${this.#tail()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Calls `died` with a sentence if the part ends before it is told to. */
  watch(died: (sentence: string) => void): void {
    void this.#exited.then((how) => {
      if (!this.#isEnding) died(`${this.name} ended unexpectedly (${how})${this.#tail()}`);
    });
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGTERM");
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), END_LIMIT_MS);
    await this.#exited;
    clearTimeout(limit);
  }

  #tail(): string {
    const words = this.#errors.trim().split("\n").slice(-5).join("\n");
    return words === "" ? "" : `:\n${words}`;
  }
}
