import type { BlockingPort, CallReply, CallRequest } from "../../winsock/provider/calls.ts";
import type { ProgramAct, ProgramStep, ProgramWait } from "./program-step.ts";

/** Hands a step to the simulation, and waits for what it answers. */
export type StepMaker = (step: ProgramStep) => readonly CallReply[];

/** Lines of one program: nobody reads more. */
const MOST_PRINTS = 5000;

/** The calls of a program of a simulation: what it posts leaves with the next thing that it waits for. */
export class ProgramPort implements BlockingPort {
  readonly #makeStep: StepMaker;
  readonly #lineNow: () => number | undefined;
  readonly #posted = new Map<number, (reply: CallReply) => void>();
  #acts: ProgramAct[] = [];
  #lastId = 0;
  #prints = 0;

  /** @param lineNow the line of the program that is being executed */
  constructor(makeStep: StepMaker, lineNow: () => number | undefined) {
    this.#makeStep = makeStep;
    this.#lineNow = lineNow;
  }

  call(request: Omit<CallRequest, "id">): CallReply {
    const id = this.#add(request);
    let answer: CallReply | undefined;
    // A program that is not wanted any more gets no answer, and is ended from outside while it waits.
    while (answer === undefined) answer = this.#step({ for: "call", id }).find((reply) => reply.id === id);
    return answer;
  }

  post(request: Omit<CallRequest, "id">, replied: (reply: CallReply) => void): number {
    const id = this.#add(request);
    this.#posted.set(id, replied);
    return id;
  }

  takeReplies(): void {
    if (this.#posted.size > 0) this.#step({ for: "nothing" });
  }

  awaitPosted(): boolean {
    if (this.#posted.size === 0) return false;
    const before = this.#posted.size;
    while (this.#posted.size === before) this.#step({ for: "any" });
    return true;
  }

  close(): void {}

  print(text: string, isError: boolean): void {
    // It waits in here until it is ended from outside.
    if (++this.#prints > MOST_PRINTS) this.end(`it has printed ${MOST_PRINTS} lines: is there a loop without end?`, this.#lineNow());
    this.#acts.push({ act: "print", line: this.#lineNow(), text, isError });
  }

  /** The program's last word. */
  end(failure?: string, line?: number): void {
    this.#step({ for: "end", ...(failure === undefined ? {} : { failure }), ...(line === undefined ? {} : { line }) });
  }

  #add(request: Omit<CallRequest, "id">): number {
    const id = ++this.#lastId;
    this.#acts.push({ act: "call", line: this.#lineNow(), request: { ...request, id, data: request.data?.slice() ?? null } });
    return id;
  }

  #step(wait: ProgramWait): readonly CallReply[] {
    const acts = this.#acts;
    this.#acts = [];
    const replies = this.#makeStep({ acts, wait });
    for (const reply of replies) {
      const replied = this.#posted.get(reply.id);
      if (replied === undefined) continue;
      this.#posted.delete(reply.id);
      replied(reply);
    }
    return replies;
  }
}
