import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { manage } from "../management/manage.ts";
import { daemonState } from "../network/machine-facts.ts";
import { openDaemonPort } from "../network/networks.ts";
import type { TraceEvent } from "../stack/core/trace.ts";
import { macText } from "../stack/packet/ethernet.ts";
import { configureInterface, interfaceState } from "../tap/interface-config.ts";
import type { EventPort } from "../transport/async-call-port.ts";
import {
  codeInOutput,
  type DemonstrationCase,
  HOST_ADDRESS,
  KERNEL_ADDRESS,
  OPEN_PORT,
  PREFIX_LENGTH,
  SWALLOWING_ADDRESS,
} from "./demonstration-cases.ts";
import { Part } from "./parts.ts";
import type { Stage } from "./stage.ts";
import { eventOf, followTrace } from "./trace-stream.ts";

const TAP = "tap0";
const READY_LIMIT_MS = 20_000;
/** For the last segments and events of a case to arrive after its program has ended. */
const SETTLE_MS = 300;
/** A visitor of the kernel's server may be silent for so long. */
const GREETING_LIMIT_MS = 30_000;

const built = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The demonstration on a real TAP device: tapsockd on it, the kernel as its peer. To be set up inside a network namespace of its own. */
export class TapStage implements Stage {
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #died: (sentence: string) => void;
  readonly #parts: Part[] = [];
  #daemonRan = false;
  #server: Server | undefined;
  #port: EventPort | undefined;

  /** @param died hears of a part that ended by itself */
  constructor(socket: string, died: (sentence: string) => void) {
    this.#socket = socket;
    this.#env = { ...process.env, TAPSOCK: `daemon:${socket}` };
    this.#died = died;
  }

  /** @throws Error with a sentence when a part cannot be had */
  async setUp(): Promise<void> {
    mkdirSync(dirname(this.#socket), { recursive: true, mode: 0o755 });
    configureInterface("lo", { up: true });
    const prefix = `/${PREFIX_LENGTH}`;
    await this.#start("tapsockd", /ready|listening/i, [
      built("daemon/main.js"),
      ...["--tap", TAP],
      ...["--ip", HOST_ADDRESS + prefix],
      ...["--kernel-ip", KERNEL_ADDRESS + prefix],
      ...["--socket", this.#socket],
    ]);
    this.#daemonRan = true;
    this.#server = await greeter();
    this.#port = await openDaemonPort(this.#socket);
    await manage(this.#port, { op: "neigh-add", address: SWALLOWING_ADDRESS, mac: macText(interfaceState(TAP).mac) });
  }

  async run(each: DemonstrationCase, sink: (event: TraceEvent) => void): Promise<number | undefined> {
    if (this.#port === undefined) return undefined;
    // Anew for each case, so that its ladder hears what is open from the cases before.
    const stopTrace = await followTrace(this.#port, (record) => sink(eventOf(record)));
    const program = new Part("examples/connect", [built("examples/connect.js"), each.address, String(each.port)], this.#env);
    this.#parts.push(program);
    await program.exited;
    this.#parts.splice(this.#parts.indexOf(program), 1);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await stopTrace();
    const code = codeInOutput(program.output);
    if (code === undefined && program.errors !== "") process.stderr.write(program.errors);
    return code;
  }

  /** Starts the small HTTP server on the stack. */
  async serve(): Promise<void> {
    await this.#start("examples/http-server", /listening/i, [built("examples/http-server.js"), "80"]);
  }

  async close(): Promise<void> {
    this.#port?.close();
    this.#server?.close();
    // The latest first: programs before the daemon that they use.
    for (const part of this.#parts.splice(0).reverse()) await part.end();
    // A daemon that was killed could not remove it.
    if (this.#daemonRan && (await daemonState(this.#socket)) === "dead") rmSync(this.#socket, { force: true });
  }

  async #start(name: string, ready: RegExp, args: readonly string[]): Promise<void> {
    const part = new Part(name, args, this.#env);
    this.#parts.push(part);
    await part.says(ready, READY_LIMIT_MS);
    part.watch(this.#died);
  }
}

/** The kernel's side: a server that greets whoever asks by HTTP, on the kernel's own TCP. */
function greeter(): Promise<Server> {
  const text = "Hello from the Linux kernel's TCP.\n";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    // Who asks nothing, or does not read, is not waited for.
    socket.setTimeout(GREETING_LIMIT_MS, () => socket.destroy());
    socket.once("data", () => socket.end(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(OPEN_PORT, KERNEL_ADDRESS, () => {
      // From here on an error is of one accept (EMFILE), and the next may be better.
      server.on("error", () => {});
      resolve(server);
    });
  });
}
