import type { RunHeader } from "../../run/run-event.ts";
import { fromJson, toJson } from "./bytes-text.ts";
import { type ProgramStep, RecordedProgram } from "./program-step.ts";
import { savedRunFault } from "./saved-run-shape.ts";
import type { Scene } from "./scene.ts";
import { type RunInput, SimulatedRun, type SimulatedRunOptions } from "./simulated-run.ts";

/** All that makes a simulated run again. */
export interface RunInputs {
  readonly scene: Scene;
  readonly seed: number;
  readonly inputs: readonly RunInput[];
  /** What each program did, so that nobody has to run it. */
  readonly programs: Readonly<Record<string, readonly ProgramStep[]>>;
  readonly untilMs: number;
  /** How many events it had: who gets others has another version. */
  readonly events: number;
}

/** What a learner did beside: part of the file, so that it can be looked at and graded. */
export interface LessonAnswers {
  readonly lesson: string;
  readonly student?: string;
  readonly predictions: Readonly<Record<string, string | number>>;
  /** Of a mystery: the fault by name. */
  readonly verdict?: string;
}

export interface SavedRun extends RunHeader {
  readonly format: "tapsock-run";
  readonly formatVersion: 1;
  readonly simulation: RunInputs;
  readonly answers?: LessonAnswers;
}

/** A saved run that cannot be played, in a sentence. */
export class SavedRunError extends Error {
  override readonly name = "SavedRunError";
}

/** The run as the text of a file: a single line of JSON, as the header of a file without events. */
export function savedRun(run: SimulatedRun, answers?: LessonAnswers): string {
  const saved: SavedRun = {
    format: "tapsock-run",
    formatVersion: 1,
    ...run.header,
    simulation: {
      scene: run.scene,
      seed: run.seed,
      inputs: run.inputs,
      programs: run.programSteps,
      untilMs: run.now,
      events: run.eventCount,
    },
    ...(answers === undefined ? {} : { answers }),
  };
  return `${toJson(saved)}\n`;
}

/** @throws SavedRunError when the text is none, is cut short or changed, or of another version of the format */
export function readSavedRun(text: string): SavedRun {
  const trimmed = text.replace(/^\ufeff/, "").trim();
  let value: unknown;
  try {
    value = fromJson(trimmed);
  } catch {
    const why = BEGINNING.test(trimmed) ? "it is damaged or cut short; save it again" : NO_FILE;
    throw new SavedRunError(`Cannot read the run: ${why}`);
  }
  const saved = value as Partial<SavedRun> | null;
  if (typeof saved !== "object" || saved === null || saved.format !== "tapsock-run")
    throw new SavedRunError(`Cannot read the run: ${NO_FILE}`);
  if (saved.formatVersion !== 1) {
    const version = JSON.stringify(saved.formatVersion)?.slice(0, 40);
    throw new SavedRunError(`Cannot read the run: its format is version ${version}, and this tapsock knows version 1`);
  }
  if (saved.simulation === undefined)
    throw new SavedRunError("Cannot read the run: its simulation is missing; this is a list of events, which tapsock replay shows");
  const fault = savedRunFault(saved);
  if (fault !== undefined) throw new SavedRunError(`Cannot read the run: it was changed: ${fault}`);
  return saved as SavedRun;
}

const BEGINNING = /^\{\s*"/;
const NO_FILE = "this is no file of tapsock's";

/**
 * Makes a saved run again, without its programs: what they did is in the file.
 * @throws SavedRunError when this version of tapsock makes another run of it, or none
 */
export function replaySavedRun({ simulation }: SavedRun, onEvent: SimulatedRunOptions["onEvent"]): SimulatedRun {
  const { scene, seed, inputs, programs, untilMs, events } = simulation;
  const startProgram: SimulatedRunOptions["startProgram"] = (program) => new RecordedProgram(programs[program] ?? []);
  try {
    const run = new SimulatedRun(scene, { seed, startProgram, onEvent, mostEvents: events });
    for (const input of inputs) run.do(input);
    run.runUntil(untilMs);
    if (run.eventCount === events) return run;
    throw otherVersion(events, run.eventCount);
  } catch (error) {
    if (error instanceof SavedRunError) throw error;
    throw new SavedRunError(`Cannot make the run again: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Made again, the run went another way. */
export const otherVersion = (events: number, here: number): SavedRunError =>
  new SavedRunError(`This run had ${events} events where it was made, and has ${here} here: it was made by another version of tapsock`);
