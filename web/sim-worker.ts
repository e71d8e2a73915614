/**
 * The worker beside the page. It is one of two things, so that what both need is loaded once: the simulation, which waits for its programs as a
 * page may not; or, started by program-worker.js, the thread of one program.
 */
import { LinkedProgram } from "../src/lab/scene/linked-program.ts";
import { newLinkMemory } from "../src/lab/scene/program-link.ts";
import type { ProgramThread } from "../src/lab/scene/program-step.ts";
import { type ProgramThreadData, runProgram } from "../src/lab/scene/program-thread-main.ts";
import { readSavedRun } from "../src/lab/scene/saved-run.ts";
import { FIRST_SCENE } from "../src/lab/scene/scene.ts";
import { SceneSource } from "../src/lab/scene/scene-source.ts";
import type { RunInput } from "../src/lab/scene/simulated-run.ts";
import type { NumberedRequest } from "../src/run/page-messages.ts";
import type { AnswersRequest, SavedRunRequest, SceneRequest } from "./scene-request.ts";

type NumberedSceneRequest = (SceneRequest | AnswersRequest | SavedRunRequest) & { readonly id: number };

const NOT_ISOLATED =
  "Programs need memory that threads share, which this page was not given. Reload it once; if that does not help, serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, as tapsock page does.";

/**
 * Threads that have begun and wait for a program: one that begins while its simulation waits for it would wait for ever. More are made where
 * a run begins anew with more programs.
 */
const SPARE = 2;

/** Threads that cannot begin are tried again so often, after so long. */
const MOST_FAILURES = 20;
const RETRY_MS = 200;

interface SpareThread {
  readonly worker: Worker;
  readonly memory: SharedArrayBuffer;
}

/** Set by program-worker.js before it loads this. */
declare const isProgramThread: true | undefined;

function simulate(): void {
  const threads = new SpareThreads();
  const source = new SceneSource(FIRST_SCENE, 1, {
    startProgram: (_name, text) => threads.start(text),
    send: (message) => postMessage(message),
    now: () => performance.now(),
    later: (ms, what) => {
      const timer = setTimeout(what, ms);
      return () => clearTimeout(timer);
    },
  });
  let before = Promise.resolve();
  addEventListener("message", ({ data }: MessageEvent<NumberedRequest | NumberedSceneRequest>) => {
    // In their order, although some have to wait for threads.
    before = before.then(() => threads.ready(programsOf(data, source.run.inputs))).then(() => answer(source, data));
  });
  source.begin();
}

/** How many programs may begin with a request. */
function programsOf(request: NumberedRequest | NumberedSceneRequest, inputs: readonly RunInput[]): number {
  const begun = (all: readonly RunInput[]): number => all.filter((input) => input.do === "run-program").length;
  switch (request.type) {
    case "run-program":
    case "connect":
      return 1;
    case "go-to":
    case "restart":
      return begun(inputs) + 1;
    case "open-scene":
    case "attempt-scene":
      return (request.programs?.length ?? 0) + (request.scene.events?.length ?? 0);
    default:
      return 0;
  }
}

function answer(source: SceneSource, request: NumberedRequest | NumberedSceneRequest): void {
  if (!isOfScene(request)) {
    source.request(request);
    return;
  }
  try {
    if (request.type === "answers") source.answered(request.answers);
    else if (request.type === "open-saved") source.openSaved(readSavedRun(request.text));
    else if (request.type === "open-scene") source.open(request.scene, request.seed, request);
    else source.attempt(request.scene, request.seed, request);
    postMessage({ type: "answered", id: request.id, value: null });
  } catch (error) {
    postMessage({ type: "refused", id: request.id, problem: error instanceof Error ? error.message : String(error) });
  }
}

const OF_SCENE: ReadonlySet<string> = new Set<NumberedSceneRequest["type"]>(["open-scene", "attempt-scene", "open-saved", "answers"]);
const isOfScene = (request: NumberedRequest | NumberedSceneRequest): request is NumberedSceneRequest => OF_SCENE.has(request.type);

class SpareThreads {
  readonly #spare: SpareThread[] = [];
  readonly #mayShare = typeof SharedArrayBuffer !== "undefined";
  #coming = 0;
  #failures = 0;
  #arrived: (() => void) | undefined;

  constructor() {
    this.#keep(SPARE);
  }

  /** @throws Error where the page cannot have threads */
  start(source: string): ProgramThread {
    if (!this.#mayShare) throw new Error(NOT_ISOLATED);
    const ready = this.#spare.shift();
    if (ready === undefined) throw new Error("The threads for programs are not there yet; try again in a moment.");
    this.#keep(SPARE);
    const { worker, memory } = ready;
    worker.postMessage({ memory, source } satisfies ProgramThreadData);
    return new LinkedProgram(memory, () => worker.terminate());
  }

  /** Resolves when so many can be started. */
  async ready(count: number): Promise<void> {
    if (!this.#mayShare) return;
    this.#keep(count);
    while (this.#spare.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  #keep(count: number): void {
    if (!this.#mayShare) return;
    for (; this.#spare.length + this.#coming < count; this.#coming++) {
      const worker = new Worker("program-worker.js");
      const memory = newLinkMemory();
      const begun = (): void => {
        this.#coming--;
        this.#spare.push({ worker, memory });
        this.#arrived?.();
      };
      const failed = (): void => {
        // A service worker that has just begun may refuse the first script that is asked of it.
        this.#coming--;
        worker.terminate();
        if (this.#failures++ < MOST_FAILURES) setTimeout(() => this.#keep(SPARE), RETRY_MS);
      };
      worker.addEventListener("message", begun, { once: true });
      worker.addEventListener("error", failed, { once: true });
    }
  }
}

if (typeof isProgramThread === "undefined") simulate();
else {
  addEventListener("message", ({ data }: MessageEvent<ProgramThreadData>) => runProgram(data), { once: true });
  // Only behind the end of this script: until its parent has heard of that, what it sends here waits at its own side, where it then waits itself.
  setTimeout(() => postMessage("ready"));
}
