import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { RunEvent } from "../run/run-event.ts";
import { evaluateLesson } from "./lessons/evaluate.ts";
import type { Lesson, LessonReport } from "./lessons/lesson.ts";
import { mysteryFault, mysteryScene } from "./lessons/mysteries.ts";
import { readSavedRun, replaySavedRun, SavedRunError } from "./scene/saved-run.ts";
import type { Scene } from "./scene/scene.ts";

/** What one file of a class came to. */
export interface Grade {
  readonly file: string;
  readonly student: string;
  readonly lesson: string;
  readonly verdict: "passed" | "failed" | "cannot be graded";
  readonly passed: number;
  readonly of: number;
  readonly rightGuesses: number;
  readonly guesses: number;
  /** Of what failed, or why it cannot be graded. */
  readonly remark: string;
  readonly report?: LessonReport;
}

/** A run of a class is not larger. */
const MAX_BYTES = 64 * 1024 * 1024;
const ENDING = ".tapsock-run";

/**
 * The run files among the paths, and in folders among them, by name; a file that is found twice, or by a link too, once.
 * @throws the system's error for a path that is not there
 */
export function runFilesIn(paths: readonly string[]): string[] {
  const byPlace = new Map<string, string>();
  for (const file of paths.flatMap((path) => (statSync(path).isDirectory() ? filesOf(path) : [path])).sort()) {
    const place = existsSync(file) ? realpathSync(file) : file;
    // Of a file and its links, the file gives the name.
    if (!byPlace.has(place) || place === resolve(file)) byPlace.set(place, file);
  }
  return [...byPlace.values()].sort();
}

/** Whatever is called as a run is: a link that leads nowhere shall be heard of. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && (entry.name.endsWith(ENDING) || entry.name.endsWith(".jsonl")))
    .map((entry) => join(entry.parentPath, entry.name));

/**
 * Makes the run of a file again, without running its programs, and looks at it with the lesson's checks.
 * @param wanted only this lesson counts; whichever the file names when undefined
 */
export function gradeFile(path: string, lessons: readonly Lesson[], wanted?: Lesson): Grade {
  const named = { file: path, student: basename(path).replace(/\.[^.]*$/, ""), lesson: wanted?.id ?? "" };
  const refused = (remark: string): Grade => ({
    ...named,
    verdict: "cannot be graded",
    passed: 0,
    of: 0,
    rightGuesses: 0,
    guesses: 0,
    remark,
  });
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return refused("it is a link to nothing");
    // A pipe or a device may never end.
    if (!found.isFile()) return refused("it is no file");
    if (found.size > MAX_BYTES) return refused(`the file is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    const saved = readSavedRun(readFileSync(path, "utf8"));
    const { answers } = saved;
    if (answers === undefined || answers === null) return refused("it is no run of a lesson");
    const student = answers.student?.trim() || named.student;
    const mystery = /^mystery-(\d{1,7})$/.exec(answers.lesson)?.[1];
    if (wanted !== undefined && answers.lesson !== wanted.id)
      return refused(`it is a run of ${mystery === undefined ? "the lesson " : ""}"${answers.lesson}"`);
    if (mystery !== undefined) {
      if (canonical(mysteryScene(Number(mystery))) !== canonical(saved.simulation.scene))
        return refused("its hosts and wire are not the mystery's");
      replaySavedRun(saved, () => {}).close();
      return gradeMystery({ ...named, student, lesson: answers.lesson }, Number(mystery), answers.verdict);
    }
    const lesson = wanted ?? lessons.find(({ id }) => id === answers.lesson);
    if (lesson === undefined) return refused(`there is no lesson called "${answers.lesson}"`);
    if (!isSceneOf(lesson, saved.simulation.scene)) return refused("its hosts and wire are not the lesson's");
    const events: RunEvent[] = [];
    const run = replaySavedRun(saved, (event) => events.push(event));
    const report = evaluateLesson(lesson, run.header, events, answers.predictions ?? {});
    run.close();
    const failed = report.checks.filter(({ isPassed }) => !isPassed);
    return {
      ...named,
      student,
      lesson: lesson.id,
      verdict: report.isPassed ? "passed" : "failed",
      passed: report.checks.length - failed.length,
      of: report.checks.length,
      rightGuesses: report.predictions.filter(({ isRight }) => isRight).length,
      guesses: report.predictions.length,
      remark: failed[0] === undefined ? "" : `${failed[0].title}: ${failed[0].seen}`,
      report,
    };
  } catch (error) {
    if (error instanceof SavedRunError) return refused(error.message);
    return refused(error instanceof Error ? error.message : String(error));
  }
}

function gradeMystery(named: Pick<Grade, "file" | "student" | "lesson">, number: number, answer: string | undefined): Grade {
  const fault = mysteryFault(number);
  const isRight = answer === fault.id;
  return {
    ...named,
    verdict: isRight ? "passed" : "failed",
    passed: isRight ? 1 : 0,
    of: 1,
    rightGuesses: 0,
    guesses: 0,
    remark: isRight ? "" : answer === undefined ? "no fault was named" : `it was not "${answer}"`,
  };
}

/** The learner may have chosen another profile for the own host; all else is the lesson's. */
function isSceneOf({ scene, host }: Pick<Lesson, "scene" | "host">, seen: Scene): boolean {
  const withoutProfile = ({ hosts, ...rest }: Scene) => ({
    ...rest,
    hosts: hosts.map((each) => (each.name === host ? { ...each, profile: "" } : each)),
  });
  return canonical(withoutProfile(scene)) === canonical(withoutProfile(seen));
}

/** JSON that does not depend on the order of keys. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
