import type { LessonSource } from "./lesson-file.ts";
import { attempt, programReport } from "./lessons/attempt.ts";
import type { CheckResult } from "./lessons/lesson.ts";
import { startNodeProgram } from "./node-programs.ts";

const startProgram: Parameters<typeof attempt>[2]["startProgram"] = (_program, source) => startNodeProgram(source);

/**
 * What is wrong with a lesson that reads well, found by running it: with its own solution, which has to pass, and as the learner is given it,
 * which must not. A line for each, with its place.
 */
export function lessonFaults({ lesson, placeOf }: LessonSource, name: string): readonly string[] {
  const { solution } = lesson;
  if (solution === undefined) {
    return lesson.waitsFor === undefined ? [`${name}: it has no solution, so nobody knows whether it can be passed`] : [];
  }
  const own = attempt(lesson, solution, { seed: 1, startProgram });
  own.run.close();
  const given = attempt(lesson, {}, { seed: 1, startProgram });
  given.run.close();
  const { failure, line } = programReport(own.events);
  const programPath = solution.program === undefined ? ["program"] : ["solution", "program"];
  return [
    ...(failure === undefined ? [] : [`${placeOf(programPath, line)}: the program of its own solution fails: ${failure}`]),
    ...own.report.checks.flatMap((check, i) =>
      check.isPassed ? [] : [`${placeOf(["checks", i])}: its own solution fails in "${check.id}": ${findingText(check)}`],
    ),
    ...own.report.predictions.flatMap(({ id, isRight, given: guess, right }, i) =>
      isRight ? [] : [`${placeOf(["predictions", i])}: ${guessText(id, guess, right)}`],
    ),
    ...(given.report.isPassed ? [`${name}: what the learner is given passes as it is: there is nothing to do`] : []),
  ];
}

const findingText = ({ expected, seen }: CheckResult): string => `expected ${expected}; seen: ${seen}`;

function guessText(id: string, guess: string | number | undefined, right: string | number | undefined): string {
  if (right === undefined) return `what "${id}" asks for is not to be measured in the run of its own solution`;
  return guess === undefined
    ? `its own solution has no guess for "${id}"; ${right} is right`
    : `its own solution guesses ${guess} for "${id}", and ${right} is right`;
}
