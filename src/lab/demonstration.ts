/** The main job, run by scripts/start inside the network namespace that it made: four connects, each drawn as a ladder. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { traceRecord } from "../management/trace-record.ts";
import { defaultSocketPath } from "../network/default-socket-path.ts";
import { daemonState } from "../network/machine-facts.ts";
import type { TraceEvent } from "../stack/core/trace.ts";
import { WSAETIMEDOUT } from "../winsock/abi/errors.ts";
import {
  CASES,
  type DemonstrationCase,
  HOST_ADDRESS,
  KERNEL_ADDRESS,
  OPEN_PORT,
  UNROUTED_ADDRESS,
  verdictText,
} from "./demonstration-cases.ts";
import { removeDemonstrationState, writeDemonstrationState } from "./demonstration-state.ts";
import { EmbeddedStage } from "./embedded-stage.ts";
import { Ladder } from "./ladder.ts";
import { Progress } from "./progress.ts";
import type { Stage } from "./stage.ts";
import { TapStage } from "./tap-stage.ts";
import { paint, styleFor } from "./text-style.ts";

/** A call is drawn alone when its return has not come within this time. */
const PAUSE_MS = 50;
const STATUS_FAILED = 1;
/** Between two looks for the script that started this. */
const PARENT_CHECK_MS = 500;
/** As a shell reports an end by a signal. */
const STATUS_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const { values: options } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    /** Why there is no TAP device. */
    embedded: { type: "string" },
    namespace: { type: "string" },
    "user-namespace": { type: "boolean", default: false },
    socket: { type: "string" },
    /** The socket is where the command line looks anyway; in a user namespace that cannot be told from in here. */
    "usual-socket": { type: "boolean", default: false },
    /** Addresses of the lab's page, which is served from outside of the namespace. */
    page: { type: "string" },
    "page-to-read": { type: "string" },
  },
});
const socket = options.socket ?? defaultSocketPath();
const style = styleFor(process.stdout, process.env);

let stage: Stage | undefined;
let progress: Progress | undefined;
let isEnding = false;
const parent = process.ppid;
const isOrphan = (): boolean => process.ppid !== parent;
/** The file belongs to this demonstration and not to another that runs at the same socket. */
let hasState = false;

/** Takes everything down, once. */
async function end(status: number): Promise<never> {
  if (isEnding) return new Promise(() => {});
  isEnding = true;
  if (hasState) removeDemonstrationState(socket);
  progress?.stop();
  await stage?.close();
  if (isOrphan() && options.namespace !== undefined) spawnSync("ip", ["netns", "delete", options.namespace], { stdio: "ignore" });
  // Timers and pipes of parts that had to be killed must not keep this alive.
  process.exit(status);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (isEnding) return;
    progress?.stop();
    tell(`\nEnding: closing programs, tapsockd and its TAP device.`);
    void end(STATUS_OF_SIGNAL[signal]);
  });
}

process.on("uncaughtException", (error) => void fail(error));
// A script that was killed can tell nobody, and the namespace that it named is then ours to remove.
setInterval(() => {
  if (isOrphan()) void end(STATUS_FAILED);
}, PARENT_CHECK_MS).unref();
// Nobody reads any more (`scripts/start | head`).
process.stdout.on("error", () => void end(STATUS_FAILED));

try {
  await main();
} catch (error) {
  await fail(error);
}

async function fail(error: unknown): Promise<void> {
  if (isEnding) return;
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  await end(STATUS_FAILED);
}

async function main(): Promise<void> {
  if (options.embedded !== undefined) {
    tell(
      `No TAP device: ${options.embedded}\nThe same demonstration runs on the embedded virtual wire, in virtual time: the 21 seconds pass at once, since nobody waits there.`,
    );
    stage = new EmbeddedStage();
    await stage.setUp();
  } else {
    const tapStage = await setUpTap();
    stage = tapStage;
  }
  const rightCount = await runCases(stage);
  const isRight = rightCount === CASES.length;
  if (options.json) report({ type: "result", right: rightCount, of: CASES.length });
  tell(paint(style, isRight ? "green" : "red", `\n${rightCount} of ${CASES.length} verdicts were right.`));
  if (options.once || options.embedded !== undefined) {
    if (!options.once) tell("There is nothing to try next on the embedded wire, whose hosts end with this program.");
    await end(isRight ? 0 : STATUS_FAILED);
  }
  if (stage instanceof TapStage) await stage.serve();
  const { page, "page-to-read": pageToRead } = options;
  report({ type: "serving", url: `http://${HOST_ADDRESS}/`, socket, ...(page === undefined ? {} : { page, pageToRead }) });
  tell(nextSteps());
  // Runs until a signal or the death of a part.
}

async function setUpTap(): Promise<TapStage> {
  if ((await daemonState(socket)) === "answers") {
    throw new Error(
      `a daemon answers at ${socket} already; end it (Ctrl-C where scripts/start runs), or choose another with --socket PATH`,
    );
  }
  const tapStage = new TapStage(socket, (sentence) => {
    if (isEnding) return;
    process.stderr.write(`\nerror: ${sentence}\nTaking everything down.\n`);
    void end(STATUS_FAILED);
  });
  stage = tapStage;
  await tapStage.setUp();
  writeDemonstrationState({ pid: process.pid, namespace: options.namespace, isUserNamespace: options["user-namespace"], socket });
  hasState = true;
  tell(`tapsockd is ${HOST_ADDRESS} on the TAP device tap0; the Linux kernel is ${KERNEL_ADDRESS} at its other end.`);
  return tapStage;
}

async function runCases(on: Stage): Promise<number> {
  let right = 0;
  for (const [i, each] of CASES.entries()) {
    tell(`\n${paint(style, "bold", `${i + 1}. connect to ${each.title}, ${each.address}:${each.port}`)}\n   ${each.hint}\n`);
    report({ type: "case", number: i + 1, title: each.title, address: each.address, port: each.port, expected: each.expected });
    const code = await runCase(on, each);
    const isRight = code === each.expected;
    if (isRight) right++;
    report({ type: "verdict", number: i + 1, error: code ?? null, expected: each.expected, right: isRight });
    tell(
      isRight
        ? paint(style, "green", `   verdict: ${verdictText(code)}, as expected`)
        : paint(style, "red", `   verdict: ${verdictText(code)}; expected: ${verdictText(each.expected)}`),
    );
  }
  return right;
}

async function runCase(on: Stage, each: DemonstrationCase): Promise<number | undefined> {
  if (options.json) return on.run(each, (event: TraceEvent) => report(traceRecord(event, 0)));
  const isVirtual = options.embedded !== undefined;
  const shown = new Progress(process.stdout, each.expected === WSAETIMEDOUT ? " of 21 s" : "");
  progress = shown;
  const ladder = new Ladder({
    write: (line) => shown.line(line),
    style,
    width: process.stdout.columns,
    peer: each.address,
    host: HOST_ADDRESS,
  });
  const pauses = isVirtual ? undefined : setInterval(() => ladder.pause(), PAUSE_MS);
  let sent = 0;
  try {
    return await on.run(each, (event) => {
      if (event.type === "frame") sent++;
      ladder.event(event);
    });
  } finally {
    clearInterval(pauses);
    ladder.pause();
    shown.stop();
    if (each.address === UNROUTED_ADDRESS && sent === 0) tell("         (not one frame was sent)");
  }
}

/** For people; with --json nothing but JSON goes to stdout. */
function tell(text: string): void {
  (options.json ? process.stderr : process.stdout).write(`${text}\n`);
}

function report(value: object): void {
  if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
}

function nextSteps(): string {
  const suffix = options["usual-socket"] || socket === defaultSocketPath() ? "" : ` --network daemon:${socket}`;
  const lines = [
    [`tapsock status${suffix}`, "one screen of what runs"],
    [`tapsock connect ${KERNEL_ADDRESS} ${OPEN_PORT} --ladder${suffix}`, "a connect of your own"],
    [`tapsock trace${suffix}`, "watch everything, here or in another terminal"],
    [`tapsock shell${suffix}`, "a shell on the kernel's side; there:"],
    [`  curl http://${HOST_ADDRESS}/`, "the HTTP server that runs on tapsock"],
    [`  ping -c 3 ${HOST_ADDRESS}`, "tapsock answers"],
  ] as const;
  const width = Math.max(...lines.map(([command]) => command.length));
  const page = options.page === undefined ? [] : [`\nThe lab's page, for a browser on this machine:\n\n  ${options.page}`];
  return [
    ...page,
    "\nEverything keeps running until Ctrl-C. Try next, in another terminal (tapsock is dist/bin/tapsock):\n",
    ...lines.map(([command, what]) => `  ${command.padEnd(width)}   ${what}`),
  ].join("\n");
}
