import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { HostStatus, ManagementResults } from "../../src/management/management.ts";
import { type RunningProgram, startDaemon } from "./daemon-process.ts";
import { RawClient } from "./raw-client.ts";

const MIB = 1024 * 1024;
/** How long something that must come is waited for before the test fails; nothing depends on how soon it comes. */
const PATIENCE_MS = 8_000;
const LOOK_EVERY_MS = 20;

/** Resolves as `promise` does. @throws Error that names what did not come */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  const limit = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: limit.signal }).then(
    () => {
      throw new Error(`In vain waited for ${what}`);
    },
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
  }
}

/** Looks again and again. @throws Error with what was seen last */
export async function eventually<T>(look: () => T | Promise<T>, isRight: (seen: T) => boolean, what: string): Promise<T> {
  let seen = await look();
  for (let waited = 0; !isRight(seen); waited += LOOK_EVERY_MS) {
    if (waited >= PATIENCE_MS) throw new Error(`In vain waited for ${what}; last seen: ${JSON.stringify(seen)}`);
    await pause(LOOK_EVERY_MS);
    seen = await look();
  }
  return seen;
}

/** A daemon on a virtual wire, as people start it, with what a test of strangers wants to know of it. */
export class WatchedDaemon {
  readonly path: string;
  readonly #directory: string;
  readonly #program: RunningProgram;

  private constructor(directory: string, path: string, program: RunningProgram) {
    this.#directory = directory;
    this.path = path;
    this.#program = program;
  }

  static async start(...flags: string[]): Promise<WatchedDaemon> {
    const directory = mkdtempSync(join(tmpdir(), "tapsockd-hostile-"));
    const path = join(directory, "d.sock");
    const daemon = new WatchedDaemon(directory, path, startDaemon("--socket", path, ...flags));
    await daemon.#program.line("tapsockd ready");
    return daemon;
  }

  async end(): Promise<void> {
    this.#program.process.kill("SIGKILL");
    await this.#program.ended;
    rmSync(this.#directory, { recursive: true });
  }

  get stderr(): string {
    return this.#program.stderr;
  }

  /** Resident memory in MiB (proc(5), VmRSS). */
  get residentMib(): number {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.#program.process.pid}/status`, "utf8"));
    return (Number(found![1]) * 1024) / MIB;
  }

  status(client: RawClient): Promise<HostStatus> {
    return client.manage({ op: "status" });
  }

  /**
   * The daemon runs, a program that behaves gets its answers, and of those before it nothing is left: no client, no connection but
   * what TIME-WAIT keeps, no datagram socket, no stream of events, no mistake of ours.
   * @throws Error that says what is wrong
   */
  async expectUnharmed(): Promise<void> {
    const { process } = this.#program;
    if (process.exitCode !== null || process.signalCode !== null) throw new Error(`The daemon ended: ${this.stderr}`);
    // Those that have just gone may hold their places for a moment.
    const connect = () => RawClient.started(this.path).catch(() => undefined);
    const client = (await eventually(connect, (c) => c !== undefined, `a hello (${this.stderr})`))!;
    try {
      await soon(this.#exchange(client), "an exchange of a well-behaved program");
      const left = () => this.#left(client);
      await eventually(
        left,
        ({ clients, sockets, subscriptions }) => clients === 1 && sockets === 0 && subscriptions === 0,
        "an empty daemon",
      );
      const { drops } = await this.status(client);
      if ("internal-error-in-call" in drops) throw new Error(`A call tripped over a mistake: ${this.stderr}`);
    } finally {
      await client.kill();
    }
  }

  async #exchange(client: RawClient): Promise<void> {
    const { listener, near, far } = await client.connectedPair();
    const sent = new Uint8Array(3000).map((_, i) => i * 7);
    await client.call("send", { s: near, data: sent });
    let received = Buffer.alloc(0);
    while (received.length < sent.length) {
      const { data, c: error } = await client.call("recv", { s: far, a: 5000 });
      if (data === null || data.length === 0) throw new Error(`recv: ${error} after ${received.length} bytes`);
      received = Buffer.concat([received, data]);
    }
    if (Buffer.compare(received, sent) !== 0) throw new Error("Other bytes came than were sent");
    for (const s of [near, far, listener]) await client.call("closesocket", { s });
  }

  async #left(client: RawClient): Promise<{ clients: number; sockets: number; subscriptions: number }> {
    const { clients, events } = await this.status(client);
    const { tcp, udp } = await client.manage<ManagementResults["ss"]>({ op: "ss" });
    return { clients, sockets: tcp.filter((c) => c.state !== "TIME-WAIT").length + udp.length, subscriptions: events.subscriptions };
  }
}
