/** What a learner has done of the lessons: kept as text by the page, handed in as a file. */

export type PredictionAnswers = Readonly<Record<string, string | number>>;

/** Of one lesson. */
export interface LessonProgress {
  /** Once committed they stay until the lesson is begun anew. */
  readonly predictions?: PredictionAnswers;
  /** How often it was run. */
  readonly runs: number;
  /** All checks held in some run. */
  readonly isPassed: boolean;
}

export interface LessonsProgress {
  readonly lessons: Readonly<Record<string, LessonProgress>>;
  /** Mysteries that were solved, by number, and after how many guesses. */
  readonly mysteries: Readonly<Record<string, { readonly guesses: number; readonly isSolved: boolean }>>;
}

export const NO_PROGRESS: LessonsProgress = { lessons: {}, mysteries: {} };
const NOT_BEGUN: LessonProgress = { runs: 0, isPassed: false };
const FORMAT = "tapsock-lessons";
const VERSION = 1;

export const progressOf = (all: LessonsProgress, lesson: string): LessonProgress => all.lessons[lesson] ?? NOT_BEGUN;

export function withPredictions(all: LessonsProgress, lesson: string, predictions: PredictionAnswers): LessonsProgress {
  const before = progressOf(all, lesson);
  if (before.predictions !== undefined) return all;
  return { ...all, lessons: { ...all.lessons, [lesson]: { ...before, predictions } } };
}

/** What was passed once stays passed. */
export function withRun(all: LessonsProgress, lesson: string, isPassed: boolean): LessonsProgress {
  const before = progressOf(all, lesson);
  return { ...all, lessons: { ...all.lessons, [lesson]: { ...before, runs: before.runs + 1, isPassed: before.isPassed || isPassed } } };
}

/** Predictions may be made again; that it was passed is not forgotten. */
export function begunAnew(all: LessonsProgress, lesson: string): LessonsProgress {
  const { runs, isPassed } = progressOf(all, lesson);
  return { ...all, lessons: { ...all.lessons, [lesson]: { runs, isPassed } } };
}

export function withGuess(all: LessonsProgress, mystery: number, isRight: boolean): LessonsProgress {
  const before = all.mysteries[mystery] ?? { guesses: 0, isSolved: false };
  if (before.isSolved) return all;
  return { ...all, mysteries: { ...all.mysteries, [mystery]: { guesses: before.guesses + 1, isSolved: isRight } } };
}

export const progressText = (all: LessonsProgress): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, ...all }, undefined, 2)}\n`;

/** What the text says; of a text that is none of ours, nothing. */
export function readProgress(text: string | undefined): LessonsProgress {
  if (text === undefined) return NO_PROGRESS;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NO_PROGRESS;
  }
  if (!isRecord(value) || value["format"] !== FORMAT || value["version"] !== VERSION) return NO_PROGRESS;
  return { lessons: entries(value["lessons"], readLesson), mysteries: entries(value["mysteries"], readMystery) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function entries<Value>(value: unknown, read: (each: Readonly<Record<string, unknown>>) => Value): Readonly<Record<string, Value>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => (isRecord(each) ? [[key, read(each)] as const] : [])));
}

function readLesson(each: Readonly<Record<string, unknown>>): LessonProgress {
  const { predictions } = each;
  const common = { runs: readCount(each["runs"]), isPassed: each["isPassed"] === true };
  if (!isRecord(predictions)) return common;
  const answers = Object.entries(predictions).filter(
    (entry): entry is [string, string | number] => typeof entry[1] === "string" || typeof entry[1] === "number",
  );
  return { ...common, predictions: Object.fromEntries(answers) };
}

const readMystery = (each: Readonly<Record<string, unknown>>) => ({
  guesses: readCount(each["guesses"]),
  isSolved: each["isSolved"] === true,
});

const readCount = (value: unknown): number => (typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : 0);
