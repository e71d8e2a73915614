import type { LessonAnswers } from "../src/lab/scene/saved-run.ts";
import type { Scene } from "../src/lab/scene/scene.ts";
import type { OpeningWishes } from "../src/lab/scene/scene-source.ts";
import type { PageRequest } from "../src/run/page-messages.ts";

/** What the page asks of its own simulation, beside what it asks of every source. */
export type SceneRequest = {
  /** `open-scene`: as it is; `attempt-scene`: with what was done to the lines of the scene before. */
  readonly type: "open-scene" | "attempt-scene";
  readonly scene: Scene;
  readonly seed: number;
} & OpeningWishes;

/** What a learner has answered since the scene was opened: it is saved with the run. */
export interface AnswersRequest {
  readonly type: "answers";
  readonly answers: LessonAnswers;
}

/** A run that was saved is opened. */
export interface SavedRunRequest {
  readonly type: "open-saved";
  readonly text: string;
}

export type AnyRequest = PageRequest | SceneRequest | AnswersRequest | SavedRunRequest;
