import { Worker } from "node:worker_threads";
import { LinkedProgram } from "./scene/linked-program.ts";
import { newLinkMemory } from "./scene/program-link.ts";
import type { ProgramThread } from "./scene/program-step.ts";
import type { ProgramThreadData } from "./scene/program-thread-main.ts";

/** Within the sources, where tests run, the thread's program is that of the build. */
const isSource = import.meta.url.endsWith(".ts");
const WORKER = new URL(isSource ? "../../dist/lab/program-worker.js" : "./program-worker.js", import.meta.url);

/** What a program may fill. */
const MOST_MEGABYTES = 512;

/** Starts a program of a lesson in a worker thread, which sees nothing of this process's environment. */
export function startNodeProgram(source: string): ProgramThread {
  const memory = newLinkMemory();
  const workerData: ProgramThreadData = { memory, source };
  const worker = new Worker(WORKER, {
    workerData,
    env: {},
    execArgv: [],
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES },
  });
  // The run hears of it: nothing comes from the program any more.
  worker.on("error", () => {});
  worker.unref();
  return new LinkedProgram(memory, () => void worker.terminate());
}
