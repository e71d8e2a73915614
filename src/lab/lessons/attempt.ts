import type { RunEvent } from "../../run/run-event.ts";
import type { ProgramThread } from "../scene/program-step.ts";
import type { LessonAnswers } from "../scene/saved-run.ts";
import { type RunInput, SimulatedRun } from "../scene/simulated-run.ts";
import { evaluateLesson } from "./evaluate.ts";
import type { Lesson, LessonReport, LessonSolution } from "./lesson.ts";
import { sceneFor } from "./lesson-scene.ts";

export interface AttemptOptions {
  readonly seed: number;
  readonly startProgram: (program: string, source: string) => ProgramThread;
  readonly onEvent?: (event: RunEvent) => void;
}

const FIRST_PROGRAM = "1";

/** What came of an attempt; the run is to be closed. */
export interface LessonAttempt {
  readonly run: SimulatedRun;
  readonly events: readonly RunEvent[];
  readonly report: LessonReport;
  readonly answers: LessonAnswers;
}

/** What is done in an attempt, in the order of time; at one moment faults come before the program. */
export function inputsOf(lesson: Pick<Lesson, "host" | "program">, { program = lesson.program, faults = [] }: LessonSolution): RunInput[] {
  const inputs = faults.flatMap(({ atMs, host, in: arriving, out: leaving, pick }): RunInput[] => [
    ...(arriving === undefined ? [] : [{ atMs, do: "impair" as const, host, direction: "in" as const, settings: arriving }]),
    ...(leaving === undefined ? [] : [{ atMs, do: "impair" as const, host, direction: "out" as const, settings: leaving }]),
    ...(pick === undefined ? [] : [{ atMs, do: "pick" as const, host, pick }]),
  ]);
  const start: RunInput = { atMs: 0, do: "run-program", host: lesson.host, program: FIRST_PROGRAM, title: "your program", source: program };
  return [...inputs.filter(({ atMs }) => atMs === 0), start, ...inputs.filter(({ atMs }) => atMs > 0)].sort((a, b) => a.atMs - b.atMs);
}

/** Runs a lesson with what a learner made of it, and looks at what came of it. */
export function attempt(lesson: Lesson, solution: LessonSolution, { seed, startProgram, onEvent }: AttemptOptions): LessonAttempt {
  const events: RunEvent[] = [];
  const run = new SimulatedRun(sceneFor(lesson, solution.profile), {
    seed,
    startProgram,
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  for (const input of inputsOf(lesson, solution)) run.do(input);
  run.runUntil(lesson.untilMs);
  const { predictions = {}, verdict } = solution;
  const answers = { lesson: lesson.id, predictions, ...(verdict === undefined ? {} : { verdict }) };
  return { run, events, report: evaluateLesson(lesson, run.header, events, predictions), answers };
}

/** What the learner's program said, and how it failed where it did. */
export interface ProgramReport {
  readonly printed: readonly string[];
  readonly failure?: string;
  /** Of the program; counted from 1. */
  readonly line?: number;
}

/** The learner's program is the first of a run. */
export function programReport(events: readonly RunEvent[]): ProgramReport {
  const printed = events.flatMap((event) => (event.type === "program-printed" && event.program === FIRST_PROGRAM ? [event.text] : []));
  const end = events.find((event) => event.type === "program-ended" && event.program === FIRST_PROGRAM);
  if (end?.type !== "program-ended" || end.failure === undefined) return { printed };
  const { failure, line } = end;
  return { printed, failure: line === undefined ? failure : `line ${line}: ${failure}`, ...(line === undefined ? {} : { line }) };
}
