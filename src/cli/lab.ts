import { readFileSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { type Grade, gradeFile, runFilesIn } from "../lab/grading.ts";
import { Ladder } from "../lab/ladder.ts";
import { LessonFileError, parseSolution, readLesson, readLessonSource, readLessons } from "../lab/lesson-file.ts";
import { lessonFaults } from "../lab/lesson-trial.ts";
import { attempt, type LessonAttempt, type ProgramReport, programReport } from "../lab/lessons/attempt.ts";
import type { Lesson, LessonReport, LessonSolution } from "../lab/lessons/lesson.ts";
import { MYSTERY_FAULTS, MYSTERY_PROGRAM, mysteryFault, mysteryScene } from "../lab/lessons/mysteries.ts";
import { startNodeProgram } from "../lab/node-programs.ts";
import { savedRun } from "../lab/scene/saved-run.ts";
import { styleFor } from "../lab/text-style.ts";
import type { TraceEvent } from "../stack/core/trace.ts";
import { between } from "./arguments.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { complain, print, printJson, table } from "./output.ts";

const PROFILES = ["windows", "linux", "rfc"] as const;
const MAX_MYSTERY = 1_000_000;

export function labCommand(): Command {
  const lab = new Command("lab")
    .summary("lessons: list them, run them, grade a class")
    .description("Lessons about TCP and Winsock in virtual time: what a page shows, without a page.")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock lab list\n  tapsock lab run 3 --program mine.js --guess syns=5 --guess error=WSAECONNREFUSED --save ada.tapsock-run\n" +
        "  tapsock lab check 3 class/ --json > grades.json\n  tapsock lab mystery 7 --ladder\n  tapsock lab lint my-lesson.yaml",
    );
  lab.addCommand(listCommand());
  lab.addCommand(runCommand());
  lab.addCommand(checkCommand());
  lab.addCommand(mysteryCommand());
  lab.addCommand(lintCommand());
  return lab;
}

function listCommand(): Command {
  return new Command("list")
    .summary("the lessons there are")
    .description("Lists the lessons, with what those that are not ready wait for.")
    .option("--json", "one JSON array")
    .addHelpText("after", "\nExample:\n  tapsock lab list")
    .action(({ json }: { json?: boolean }) => {
      const lessons = lessonsThereAre();
      if (json === true) {
        printJson(lessons.map(({ number, id, title, goal, waitsFor = null }) => ({ number, id, title, goal, waitsFor })));
        return;
      }
      for (const { number, id, title, goal, waitsFor } of lessons) {
        print(`${String(number).padStart(3)}  ${title} (${id})`);
        print(`     ${goal}`);
        if (waitsFor !== undefined) print(`     Waits for ${waitsFor}`);
      }
      print(`\nThen mysteries: tapsock lab mystery NUMBER, with any number up to ${MAX_MYSTERY}.`);
    });
}

interface RunOptions {
  readonly program?: string;
  readonly solution?: string;
  readonly own?: boolean;
  readonly guess?: readonly string[];
  readonly profile?: (typeof PROFILES)[number];
  readonly seed: number;
  readonly student?: string;
  readonly save?: string;
  readonly ladder?: boolean;
  readonly json?: boolean;
}

const seedOption = (): Option =>
  new Option("--seed <number>", "of everything that is left to chance").argParser(between(0, 0xffffffff)).default(1);
const profileOption = (): Option => new Option("--profile <name>", "how the learner's host behaves").choices(PROFILES);
const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function runCommand(): Command {
  return new Command("run")
    .summary("run a lesson and check it")
    .description("Runs a lesson in virtual time with a program, and says what its checks find. The lesson is a number, a word or a file.")
    .argument("<lesson>", "such as 3, refused, or my-lesson.yaml")
    .option("--program <file>", "the program; what the lesson begins with when left out")
    .option("--solution <file>", "program, faults and guesses in one YAML file, as docs/writing-lessons.md describes it")
    .option("--own", "with the lesson's own solution")
    .option("--guess <id=value>", "the answer to a question, given before; may be given again", collected)
    .addOption(profileOption())
    .addOption(seedOption())
    .option("--student <name>", "who did it: stands in the saved run")
    .option("--save <file>", "write the run, for lab check, tapsock replay and the page")
    .option("--ladder", "draw what happens")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock lab run 3\n  tapsock lab run 3 --own --ladder\n  tapsock lab run refused --program mine.js --profile linux --json\n\nStatus: 0 passed, 1 not, 2 wrong usage.",
    )
    .action((name: string, options: RunOptions) => {
      const lesson = lessonCalled(name);
      const solution = solutionIn(lesson, options);
      if (lesson.waitsFor !== undefined && lesson.solution === undefined) {
        throw new CommandFailure(
          `Lesson ${lesson.number} cannot be run yet: it waits for ${lesson.waitsFor}.`,
          "tapsock lab list says which can.",
        );
      }
      const made = attempt(lesson, solution, { seed: options.seed, startProgram: (_program, source) => startNodeProgram(source) });
      made.run.close();
      save(made, options);
      const said = programReport(made.events);
      if (options.json === true) printJson({ ...made.report, number: lesson.number, seed: options.seed, ...said });
      else {
        if (options.ladder === true) drawLadder(made, lesson.host);
        for (const line of reportLines(lesson, made.report, said)) print(line);
      }
      if (!made.report.isPassed) process.exitCode = 1;
    });
}

function checkCommand(): Command {
  return new Command("check")
    .summary("grade saved runs, of one or of a class")
    .description("Makes saved runs again, without running the programs in them, and grades each by its lesson's checks.")
    .argument("<paths...>", "a lesson's number or word (or none), then run files and folders of them")
    .option("--json", "one JSON array with all that was found")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock lab check ada.tapsock-run\n  tapsock lab check 3 class/\n  tapsock lab check class/ --json > grades.json\n\nStatus: 0 when all passed, 1 when one has not, 2 wrong usage.",
    )
    .action((words: readonly string[], { json }: { json?: boolean }) => {
      const lessons = lessonsThereAre();
      const [first = "", ...rest] = words;
      const wanted = rest.length > 0 || isNumber(first) ? lessons.find((lesson) => isCalled(lesson, first)) : undefined;
      if (isNumber(first) && wanted === undefined) throw noSuchLesson(first, lessons);
      const paths = wanted === undefined ? words : rest;
      if (paths.length === 0) throw new UsageFailure("no run is named: give files that --save or the page wrote, or a folder of them");
      const files = readable(() => runFilesIn(paths));
      if (files.length === 0)
        throw new CommandFailure(
          `There is no run in ${paths.join(", ")}.`,
          "Runs are saved as NAME.tapsock-run, by the page or by tapsock lab run --save.",
        );
      const grades = files.map((file, i) => {
        if (process.stderr.isTTY && files.length > 1) process.stderr.write(`\r${i + 1} of ${files.length}`);
        return gradeFile(file, lessons, wanted);
      });
      if (process.stderr.isTTY && files.length > 1) process.stderr.write("\r\x1b[K");
      if (json === true) printJson(grades);
      else for (const line of gradeLines(grades)) print(line);
      if (grades.some(({ verdict }) => verdict !== "passed")) process.exitCode = 1;
    });
}

function mysteryCommand(): Command {
  return new Command("mystery")
    .summary("a run with something wrong: find out what")
    .description("Runs a program over a line or against a server with which something is wrong, and asks what.")
    .argument("<number>", `1 to ${MAX_MYSTERY}`, between(1, MAX_MYSTERY))
    .option("--answer <fault>", "what is wrong, by its word")
    .option("--ladder", "draw what happens")
    .option("--student <name>", "who did it: stands in the saved run")
    .option("--save <file>", "write the run, for lab check and the page")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock lab mystery 7 --ladder\n  tapsock lab mystery 7 --answer loss-in\n\nStatus: 0 right or not answered, 1 wrong, 2 wrong usage.",
    )
    .action((number: number, options: Pick<RunOptions, "ladder" | "save" | "student" | "json"> & { answer?: string }) => {
      const { answer } = options;
      if (answer !== undefined && !MYSTERY_FAULTS.some(({ id }) => id === answer)) {
        throw new UsageFailure(`"${answer}" is no fault; there are: ${MYSTERY_FAULTS.map(({ id }) => id).join(", ")}`);
      }
      const made = attempt(mysteryLesson(number), answer === undefined ? {} : { verdict: answer }, {
        seed: number,
        startProgram: (_program, source) => startNodeProgram(source),
      });
      made.run.close();
      save(made, options);
      if (options.ladder === true && options.json !== true) drawLadder(made, "client");
      const fault = mysteryFault(number);
      const isRight = answer === fault.id;
      const printed = made.events.flatMap((event) => (event.type === "program-printed" ? [event.text] : []));
      if (options.json === true) {
        printJson({
          mystery: number,
          printed,
          answer: answer ?? null,
          isRight: answer === undefined ? null : isRight,
          ...(answer === undefined ? {} : { fault: fault.id }),
        });
      } else if (answer === undefined) {
        for (const line of printed) print(`The program says: ${line}`);
        print("\nWhat is wrong? Look with --ladder, or at the saved run in the page; then say it with --answer:");
        for (const line of table(
          ["fault", "is"],
          MYSTERY_FAULTS.map(({ id, name }) => [id, name]),
        ))
          print(`  ${line}`);
      } else {
        print(
          isRight
            ? `Right: ${fault.name}. ${fault.explanation}`
            : `No, it is not that. Look for ${MYSTERY_FAULTS.find(({ id }) => id === answer)?.evidence}: is it there?`,
        );
      }
      if (answer !== undefined && !isRight) process.exitCode = 1;
    });
}

function lintCommand(): Command {
  return new Command("lint")
    .summary("check a lesson's file")
    .description("Reads lessons as teachers write them, runs their own solutions, and says what is wrong in which line.")
    .argument("<files...>", "YAML files")
    .action((files: readonly string[]) => {
      let faults = 0;
      for (const file of files) {
        const said = lintFile(file);
        faults += said.length;
        for (const line of said) complain(line);
        if (said.length === 0) print(`${file}: well`);
      }
      if (faults > 0) process.exitCode = 1;
    });
}

/** What is wrong with a lesson; nothing when it is well. */
function lintFile(file: string): readonly string[] {
  const text = readable(() => readFileSync(file, "utf8"));
  try {
    return lessonFaults(readLessonSource(text, file), file);
  } catch (error) {
    if (error instanceof LessonFileError) return error.message.split("\n");
    throw error;
  }
}

// What is named on the command line

function lessonsThereAre(): Lesson[] {
  try {
    return readLessons();
  } catch (error) {
    if (error instanceof LessonFileError) throw new CommandFailure(error.message);
    throw error;
  }
}

function lessonCalled(name: string): Lesson {
  if (/\.ya?ml$/.test(name)) {
    try {
      return readable(() => readLesson(name));
    } catch (error) {
      if (error instanceof LessonFileError)
        throw new CommandFailure(error.message, "docs/writing-lessons.md describes what a lesson's file may say.");
      throw error;
    }
  }
  const lessons = lessonsThereAre();
  const lesson = lessons.find((each) => isCalled(each, name));
  if (lesson === undefined) throw noSuchLesson(name, lessons);
  return lesson;
}

const isNumber = (word: string): boolean => /^\d{1,3}$/.test(word);
const isCalled = ({ number, id }: Lesson, name: string): boolean => name === String(number) || name === id;
const noSuchLesson = (name: string, lessons: readonly Lesson[]): UsageFailure =>
  new UsageFailure(`there is no lesson "${name}"; there are: ${lessons.map(({ number, id }) => `${number} ${id}`).join(", ")}`);

/** @throws CommandFailure where the system says no */
function readable<Read>(read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) throw new CommandFailure(`${error.message}.`);
    throw error;
  }
}

function solutionIn(lesson: Lesson, { program, solution: file, own, guess = [], profile }: RunOptions): LessonSolution {
  let solution: LessonSolution = own === true ? (lesson.solution ?? {}) : {};
  if (file !== undefined) {
    try {
      solution = { ...solution, ...readable(() => parseSolution(readFileSync(file, "utf8"), file)) };
    } catch (error) {
      if (error instanceof LessonFileError) throw new CommandFailure(error.message);
      throw error;
    }
  }
  const guesses = Object.fromEntries(guess.map((each) => guessIn(lesson, each)));
  return {
    ...solution,
    ...(program === undefined ? {} : { program: readable(() => readFileSync(program, "utf8")) }),
    ...(profile === undefined ? {} : { profile }),
    predictions: { ...solution.predictions, ...guesses },
  };
}

function guessIn({ predictions }: Lesson, text: string): [string, string | number] {
  const [, id = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const prediction = predictions.find((each) => each.id === id);
  if (prediction === undefined) {
    const there = predictions.map((each) => each.id).join(", ");
    throw new UsageFailure(`"${text}" answers no question of this lesson; write ID=VALUE, where ID is one of: ${there}`);
  }
  if (prediction.kind === "choice") {
    if (prediction.options?.includes(value) !== true)
      throw new UsageFailure(`"${value}" is no answer to ${id}; there are: ${prediction.options?.join(", ")}`);
    return [id, value];
  }
  if (value === "" || !Number.isFinite(Number(value))) throw new UsageFailure(`the answer to ${id} is a number`);
  return [id, Number(value)];
}

/** A mystery as a lesson without checks: what counts is the fault that is named. */
const mysteryLesson = (number: number): Lesson => ({
  id: `mystery-${number}`,
  number,
  title: `Mystery ${number}`,
  goal: "",
  scene: mysteryScene(number),
  host: "client",
  program: MYSTERY_PROGRAM,
  steps: [],
  predictions: [],
  checks: [],
  explanation: "",
  references: [],
  next: [],
  untilMs: 60_000,
});

// What is shown

function save({ run, answers }: LessonAttempt, { save: file, student }: Pick<RunOptions, "save" | "student">): void {
  if (file === undefined) return;
  readable(() => writeFileSync(file, savedRun(run, { ...answers, ...(student === undefined ? {} : { student }) })));
  complain(`The run is in ${file}.`);
}

function drawLadder({ events }: LessonAttempt, host: string): void {
  const ladder = new Ladder({ write: print, style: styleFor(process.stdout, process.env), width: process.stdout.columns });
  for (const event of events) if (event.host === host && event.number !== 0) ladder.event(event as TraceEvent);
  ladder.pause();
  print("");
}

/** Of what a program printed, so many lines are shown. */
const MOST_PRINTED = 20;

function reportLines(
  { number, title }: Lesson,
  { checks, predictions, isPassed }: LessonReport,
  { printed, failure }: ProgramReport,
): string[] {
  const lines = [`Lesson ${number}: ${title}`, ""];
  lines.push(...printed.slice(0, MOST_PRINTED).map((line) => `        | ${line}`));
  if (printed.length > MOST_PRINTED) lines.push(`        | … ${printed.length - MOST_PRINTED} lines more`);
  if (failure !== undefined) lines.push(`FAILED  The program: ${failure}`);
  if (lines.length > 2) lines.push("");
  for (const { title: what, isPassed: holds, expected, seen, hint } of checks) {
    lines.push(`${holds ? "passed" : "FAILED"}  ${what}`);
    if (holds) continue;
    lines.push(`        expected: ${expected}`, `        seen:     ${seen}`);
    if (hint !== undefined) lines.push(`        ${hint}`);
  }
  for (const { question, given, right, isRight, why } of predictions) {
    if (given === undefined) lines.push(`        not guessed: ${question}`);
    else
      lines.push(
        `${isRight ? "right " : "wrong "}  ${question} You said ${given}${isRight ? "" : `; it was ${right ?? "not to be measured"}`}.`,
        `        ${why}`,
      );
  }
  return [...lines, "", isPassed ? "Passed." : "Not passed yet."];
}

function gradeLines(grades: readonly Grade[]): string[] {
  const rows = grades.map(({ student, lesson, verdict, passed, of, rightGuesses, guesses, remark }) => [
    student,
    lesson,
    verdict,
    of === 0 ? "" : `${passed}/${of}`,
    guesses === 0 ? "" : `${rightGuesses}/${guesses}`,
    remark,
  ]);
  const count = grades.filter(({ verdict }) => verdict === "passed").length;
  return [...table(["student", "lesson", "verdict", "checks", "guesses", "remark"], rows), "", `${count} of ${grades.length} passed.`];
}
