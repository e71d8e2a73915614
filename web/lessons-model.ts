import { signal } from "@preact/signals";
import type { PredictionAnswers } from "../src/run/lesson-progress.ts";
import type { ProfileName } from "../src/run/run-event.ts";

/** A lesson as the page shows it. */
export interface ShownLesson {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly goal: string;
  readonly waitsFor?: string;
  /** What the learner starts with. */
  readonly program?: string;
  readonly steps: readonly string[];
  readonly predictions: readonly ShownPrediction[];
  /** Paragraphs, with an empty line between them. */
  readonly explanation: string;
  readonly references: readonly { readonly title: string; readonly url?: string }[];
  readonly next: readonly string[];
}

export interface ShownPrediction {
  readonly id: string;
  readonly question: string;
  readonly kind: "choice" | "number";
  readonly options?: readonly string[];
  readonly unit?: string;
}

export interface ShownCheck {
  readonly id: string;
  readonly title: string;
  readonly isPassed: boolean;
  readonly expected: string;
  readonly seen: string;
  readonly hint?: string;
  /** Place in the run of the moment that decided it. */
  readonly event?: number;
}

export interface ShownGuess {
  readonly id: string;
  readonly question: string;
  readonly given: string | number | undefined;
  readonly right: string | number | undefined;
  readonly isRight: boolean;
  readonly why: string;
}

export interface ShownReport {
  readonly isPassed: boolean;
  readonly checks: readonly ShownCheck[];
  readonly predictions: readonly ShownGuess[];
}

/** Lessons and mysteries, and what it takes to run them; the page shows no lessons while there is none. */
export interface LessonsModel {
  readonly lessons: readonly ShownLesson[];
  /** The lesson's scene becomes the run, and its program the one in the editor. @throws Error with a sentence for the reader */
  begin(lesson: string, profile: ProfileName | undefined): Promise<void>;
  /** Runs what the learner made of it to its end, and looks at what came of it. @throws Error with a sentence for the reader */
  run(lesson: string, profile: ProfileName | undefined, predictions: PredictionAnswers): Promise<ShownReport>;
  /** The learner's program under each profile, on one axis of time. @throws Error with a sentence for the reader */
  compare(lesson: string): Promise<void>;
  /** What a mystery may be. */
  readonly faults: readonly { readonly id: string; readonly name: string }[];
  readonly mysteries: readonly number[];
  /** The mystery's scene becomes the run, and its program has run in it. @throws Error with a sentence for the reader */
  beginMystery(number: number): Promise<void>;
  /** @returns the explanation where the fault is named rightly */
  nameFault(number: number, fault: string): { readonly isRight: boolean; readonly explanation?: string };
}

export const lessonsModel = signal<LessonsModel | undefined>(undefined);
