import type { RunHeader } from "../../run/run-event.ts";
import { fromJson, toJson } from "./bytes-text.ts";
import { type ProgramStep, RecordedProgram } from "./program-step.ts";
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

/** @throws SavedRunError when the text is none, or of another version of the format */
export function readSavedRun(text: string): SavedRun {
  let value: unknown;
  try {
    value = fromJson(text.trim());
  } catch (error) {
    throw new SavedRunError(`Cannot read the run: ${error instanceof Error ? error.message : String(error)}`);
  }
  const saved = value as Partial<SavedRun> | null;
  if (typeof saved !== "object" || saved === null || saved.format !== "tapsock-run")
    throw new SavedRunError("Cannot read the run: this is no file of tapsock's");
  if (saved.formatVersion !== 1)
    throw new SavedRunError(`Cannot read the run: its format is version ${String(saved.formatVersion)}, and this tapsock knows version 1`);
  const simulation = saved.simulation as Partial<RunInputs> | undefined;
  const isWhole =
    typeof simulation === "object" &&
    simulation !== null &&
    Array.isArray(simulation.scene?.hosts) &&
    Array.isArray(simulation.inputs) &&
    typeof simulation.programs === "object" &&
    typeof simulation.seed === "number" &&
    typeof simulation.untilMs === "number";
  if (!isWhole) throw new SavedRunError("Cannot read the run: its scene, seed, inputs or programs are missing");
  return saved as SavedRun;
}

/**
 * Makes a saved run again, without its programs: what they did is in the file.
 * @throws SavedRunError when this version of tapsock makes another run of it; RangeError for a scene that cannot be
 */
export function replaySavedRun({ simulation }: SavedRun, onEvent: SimulatedRunOptions["onEvent"]): SimulatedRun {
  const { scene, seed, inputs, programs, untilMs, events } = simulation;
  const startProgram: SimulatedRunOptions["startProgram"] = (program) => new RecordedProgram(programs[program] ?? []);
  const run = new SimulatedRun(scene, { seed, startProgram, onEvent });
  for (const input of inputs) run.do(input);
  run.runUntil(untilMs);
  if (run.eventCount !== events) {
    throw otherVersion(events, run.eventCount);
  }
  return run;
}

/** Made again, the run went another way. */
export const otherVersion = (events: number, here: number): SavedRunError =>
  new SavedRunError(`This run had ${events} events where it was made, and has ${here} here: it was made by another version of tapsock`);
