/** The simulation, in a worker of the page: it waits for its programs, which a page may not. */

import { LinkedProgram } from "../src/lab/scene/linked-program.ts";
import { newLinkMemory } from "../src/lab/scene/program-link.ts";
import type { ProgramThread } from "../src/lab/scene/program-step.ts";
import type { ProgramThreadData } from "../src/lab/scene/program-thread-main.ts";
import { FIRST_SCENE, type Scene } from "../src/lab/scene/scene.ts";
import { SceneSource } from "../src/lab/scene/scene-source.ts";
import type { RunInput } from "../src/lab/scene/simulated-run.ts";
import type { NumberedRequest } from "../src/run/page-messages.ts";

/** What the page asks of the worker beside what it asks of every source. */
export type SceneRequest = {
  readonly type: "open-scene";
  readonly scene: Scene;
  readonly seed: number;
  readonly inputs?: readonly RunInput[];
};

const NOT_ISOLATED =
  "Programs need memory that threads share, which this page was not given: serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, as `tapsock page` does";

/** Threads that have begun and wait for a program: one that begins while its simulation waits for it would wait for ever. */
const SPARE = 6;
const spare: { readonly worker: Worker; readonly memory: SharedArrayBuffer }[] = [];

function startProgram(_name: string, source: string): ProgramThread {
  if (typeof SharedArrayBuffer === "undefined") throw new Error(NOT_ISOLATED);
  const ready = spare.shift();
  if (ready === undefined) throw new Error("Cannot start so many programs at once; try again in a moment");
  keepSpare();
  const data: ProgramThreadData = { memory: ready.memory, source };
  ready.worker.postMessage(data);
  return new LinkedProgram(ready.memory, () => ready.worker.terminate());
}

function keepSpare(): void {
  const worker = new Worker("program-worker.js");
  const memory = newLinkMemory();
  worker.addEventListener("message", () => spare.push({ worker, memory }), { once: true });
}

if (typeof SharedArrayBuffer !== "undefined") for (let i = 0; i < SPARE; i++) keepSpare();

const source = new SceneSource(FIRST_SCENE, 1, {
  startProgram,
  send: (message) => postMessage(message),
  now: () => performance.now(),
  later: (ms, what) => {
    const timer = setTimeout(what, ms);
    return () => clearTimeout(timer);
  },
});

addEventListener("message", ({ data }: MessageEvent<NumberedRequest | SceneRequest>) => {
  if (data.type === "open-scene") source.open(data.scene, data.seed, data.inputs);
  else source.request(data);
});
source.begin();
