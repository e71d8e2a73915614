import { signal } from "@preact/signals";
import { type LessonsProgress, progressText, readProgress } from "../../src/run/lesson-progress.ts";
import { rememberAs, remembered } from "./remembered.ts";

const KEY = "lessons";

/** What the learner has done, as the browser keeps it. */
export const progress = signal<LessonsProgress>(readProgress(remembered(KEY)));

export function setProgress(to: LessonsProgress): void {
  progress.value = to;
  rememberAs(KEY, progressText(to));
}

/** Hands it out as a file. */
export function exportProgress(): void {
  const url = URL.createObjectURL(new Blob([progressText(progress.value)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "tapsock-lessons.json";
  link.click();
  URL.revokeObjectURL(url);
}
