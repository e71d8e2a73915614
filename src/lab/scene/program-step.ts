import type { CallReply, CallRequest } from "../../winsock/provider/calls.ts";

/** What a program does between two moments in which it waits for its host. Computing takes no time in a simulation, so this is all there is. */
export interface ProgramStep {
  readonly acts: readonly ProgramAct[];
  readonly wait: ProgramWait;
}

export type ProgramAct =
  | { readonly act: "call"; readonly line: number | undefined; readonly request: CallRequest }
  | { readonly act: "print"; readonly line: number | undefined; readonly text: string; readonly isError: boolean };

export type ProgramWait =
  /** For the answer to the call with this id. */
  | { readonly for: "call"; readonly id: number }
  /** For the answer to any of its posted calls. */
  | { readonly for: "any" }
  /** For nothing: it wants the answers that are there. */
  | { readonly for: "nothing" }
  /** It is over; by an exception where there is a failure. */
  | { readonly for: "end"; readonly failure?: string; readonly line?: number };

/** A program as its simulation drives it: it runs only between an answer and its next wait, so that programs of one run never race. */
export interface ProgramThread {
  /** Gives it the answers that have come, and lets it go on until it waits again. Blocks meanwhile. */
  next(replies: readonly CallReply[]): ProgramStep;
  /** It is not wanted any more. */
  end(): void;
}

/** The steps of a program that ran before, without the program. */
export class RecordedProgram implements ProgramThread {
  readonly #steps: readonly ProgramStep[];
  #next = 0;

  constructor(steps: readonly ProgramStep[]) {
    this.#steps = steps;
  }

  next(): ProgramStep {
    const step = this.#steps[this.#next++];
    return step ?? { acts: [], wait: { for: "end", failure: "the recording of this program ends here" } };
  }

  end(): void {}
}
