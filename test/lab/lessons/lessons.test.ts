import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { parse, stringify } from "yaml";
import { parseLesson, parseSolution, readLessons } from "../../../src/lab/lesson-file.ts";
import { attempt } from "../../../src/lab/lessons/attempt.ts";
import { FRAME_WORDS, type Lesson, type LessonSolution } from "../../../src/lab/lessons/lesson.ts";
import { startNodeProgram } from "../../../src/lab/node-programs.ts";
import type { SimulatedRun } from "../../../src/lab/scene/simulated-run.ts";

const SOLUTIONS = new URL("./solutions/", import.meta.url);
const lessons = readLessons();
const ready = lessons.filter(({ waitsFor, solution }) => waitsFor === undefined || solution !== undefined);

const open: SimulatedRun[] = [];
afterEach(() => {
  for (const run of open.splice(0)) run.close();
});

function outcome(lesson: Lesson, solution: LessonSolution) {
  const { run, report } = attempt(lesson, solution, { seed: 1, startProgram: (_name, source) => startNodeProgram(source) });
  open.push(run);
  return report;
}

/** What a wrong solution must run into: the check that fails, and words that the learner then reads. */
interface WrongSolution {
  readonly file: string;
  readonly fails: string;
  readonly says: string;
  readonly solution: LessonSolution;
}

function wrongSolutions(id: string): WrongSolution[] {
  const folder = new URL(`${id}/`, SOLUTIONS);
  return readdirSync(folder).map((file) => {
    const { fails, says, ...rest } = parse(readFileSync(new URL(file, folder), "utf8")) as { fails: string; says: string };
    return { file, fails, says, solution: parseSolution(stringify(rest), file) };
  });
}

test("there are sixteen, and those that wait say for what", () => {
  expect(lessons.map(({ number }) => number)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  for (const { waitsFor, solution } of lessons) expect(waitsFor !== undefined || solution !== undefined).toBe(true);
});

describe.each(ready.map((lesson) => [lesson.id, lesson] as const))("%s", (id, lesson) => {
  test("its own solution passes, with right guesses", () => {
    const report = outcome(lesson, lesson.solution!);
    expect(report.checks.filter(({ isPassed }) => !isPassed)).toEqual([]);
    expect(report.predictions.filter(({ isRight }) => !isRight)).toEqual([]);
    expect(report.isPassed).toBe(true);
  });

  const wrong = wrongSolutions(id);

  test("what the learner is given does not pass as it is, and two wrong solutions are kept", () => {
    expect(outcome(lesson, {}).isPassed).toBe(false);
    expect(wrong.length).toBeGreaterThanOrEqual(2);
  });

  test.each(wrong.map((each) => [each.file, each] as const))("%s fails with what a learner needs", (_file, { solution, fails, says }) => {
    const report = outcome(lesson, solution);
    expect(report.isPassed).toBe(false);
    const failed = report.checks.find((check) => check.id === fails)!;
    expect(failed).toMatchObject({ isPassed: false, hint: expect.stringContaining(says) });
  });
});

describe("the page about writing lessons", () => {
  const page = readFileSync(new URL("../../../docs/writing-lessons.md", import.meta.url), "utf8");

  test("has a lesson that is well, and that its solution passes", () => {
    const [, source = ""] = /^```yaml\n(id: [\s\S]*?)^```$/m.exec(page) ?? [];
    const lesson = parseLesson(source, "writing-lessons.md");
    const report = outcome(lesson, lesson.solution!);
    expect(report.checks.filter(({ isPassed }) => !isPassed)).toEqual([]);
    expect(report.predictions.filter(({ isRight }) => !isRight)).toEqual([]);
    expect(outcome(lesson, {}).isPassed).toBe(false);
  });

  test("names every word that frames may have", () => {
    for (const word of FRAME_WORDS) expect(page).toContain(`\`${word}\``);
  });
});
