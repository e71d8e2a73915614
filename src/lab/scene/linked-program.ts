import type { CallReply } from "../../winsock/provider/calls.ts";
import { fromJson, toJson } from "./bytes-text.ts";
import { ProgramLink } from "./program-link.ts";
import type { ProgramStep, ProgramThread } from "./program-step.ts";
import { programStepFault } from "./saved-run-shape.ts";

/** A program may compute so long between two calls. */
const COMPUTE_LIMIT_MS = 3000;
/** The first time, its thread has to begin too. */
const START_LIMIT_MS = 20_000;

/** A program in a thread of its own, at the other end of a link. */
export class LinkedProgram implements ProgramThread {
  readonly #link: ProgramLink;
  readonly #terminate: () => void;
  #limitMs = START_LIMIT_MS;
  #isEnded = false;

  /**
   * @param memory the link's, which the thread has been given
   * @param terminate ends the thread, whatever it does
   */
  constructor(memory: SharedArrayBuffer, terminate: () => void) {
    this.#link = new ProgramLink(memory, false);
    this.#terminate = terminate;
  }

  next(replies: readonly CallReply[]): ProgramStep {
    const limitMs = this.#limitMs;
    this.#limitMs = COMPUTE_LIMIT_MS;
    const text = this.#link.send(toJson(replies), limitMs) ? this.#link.receive(limitMs) : undefined;
    const step = text === undefined ? undefined : stepIn(text);
    if (step !== undefined) return step;
    this.end();
    const failure =
      text === undefined
        ? `it computed for ${limitMs / 1000} s without a call: is there a loop without end?`
        : "it changed what it runs in, so that nobody understands it any more";
    return { acts: [], wait: { for: "end", failure } };
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#terminate();
  }
}

/** A program may change all that is in its thread, and so what is said here. */
function stepIn(text: string): ProgramStep | undefined {
  try {
    const step = fromJson(text);
    return programStepFault(step) === undefined ? (step as ProgramStep) : undefined;
  } catch {
    return undefined;
  }
}
