import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit, type YAMLParseError, type Node as YamlNode } from "yaml";
import * as z from "zod";
import { nearestWord } from "../run/nearest-word.ts";
import { inconsistencies } from "./lesson-consistency.ts";
import { lessonSchema, solutionSchema } from "./lesson-schema.ts";
import type { Lesson, LessonSolution } from "./lessons/lesson.ts";

/** A lesson's file is not as it must be. The message has a line for each fault: `lesson.yaml:12:5: checks.0.count: expected …`. */
export class LessonFileError extends Error {
  override readonly name = "LessonFileError";
}

const FOLDER = new URL("./lessons/files/", import.meta.url);

/** The lessons that come with tapsock, by number. @throws LessonFileError */
export function readLessons(): Lesson[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  return names.map((name) => readLesson(fileURLToPath(new URL(name, FOLDER)))).sort((a, b) => a.number - b.number);
}

/** @throws LessonFileError, or the system's error when the file cannot be read */
export function readLesson(path: string): Lesson {
  return parseLesson(readFileSync(path, "utf8"), path);
}

/** @throws LessonFileError with `name` and a line for each fault */
export const parseLesson = (source: string, name: string): Lesson => readLessonSource(source, name).lesson;

/** @throws LessonFileError */
export const parseSolution = (source: string, name: string): LessonSolution => parse(source, name, solutionSchema).value as LessonSolution;

/** A lesson, and where its parts stand. */
export interface LessonSource {
  readonly lesson: Lesson;
  /** `lesson.yaml:12:5`. @param down so many lines below its beginning, of a text of many lines */
  placeOf(path: readonly (string | number)[], down?: number): string;
}

/** @throws LessonFileError with `name` and a line for each fault */
export function readLessonSource(source: string, name: string): LessonSource {
  const { value, placeOf } = parse(source, name, lessonSchema);
  const lesson = value as Lesson;
  const faults = inconsistencies(lesson);
  if (faults.length > 0)
    throw faultsIn(
      name,
      faults.map(({ path, message }) => `${placeOf(path)}: ${pathText(path)}${message}`),
    );
  return { lesson, placeOf };
}

/** Nobody mends more at a time. */
const MOST_FAULTS = 20;
const MOST_BYTES = 1024 * 1024;

function faultsIn(name: string, lines: readonly string[]): LessonFileError {
  const more = lines.length - MOST_FAULTS;
  return new LessonFileError([...lines.slice(0, MOST_FAULTS), ...(more > 0 ? [`${name}: and ${more} more`] : [])].join("\n"));
}

function parse(source: string, name: string, schema: z.ZodType): Pick<LessonSource, "placeOf"> & { readonly value: unknown } {
  if (source.length > MOST_BYTES) throw new LessonFileError(`${name}: it has more than ${MOST_BYTES} letters, as no lesson has`);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const place = (at: number, down = 0): string => {
    const { line, col } = lines.linePos(at);
    return down === 0 ? `${name}:${line}:${col}` : `${name}:${line + down}`;
  };
  if (document.errors.length > 0)
    throw faultsIn(
      name,
      document.errors.map((error) => `${place(error.pos[0])}: ${yamlFault(error)}`),
    );
  const placeOf: LessonSource["placeOf"] = (path, down = 0) => place(positionOf(document, path), isBlock(document, path) ? down : 0);
  let value: unknown;
  try {
    // Aliases may multiply; a lesson needs few.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new LessonFileError(`${aliasPlace(document, place)}: ${(error as Error).message}; write the part out instead of *naming it`);
  }
  if (value === null || value === undefined)
    throw new LessonFileError(`${name}:1:1: there is nothing in it; see docs/writing-lessons.md for a whole lesson`);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { value: result.data, placeOf };
  throw faultsIn(
    name,
    result.error.issues.flatMap((issue) => issueLines(document, issue, place)),
  );
}

const pathText = (path: readonly PropertyKey[]): string => (path.length === 0 ? "" : `${path.map(String).join(".")}: `);

/** Where a part begins; what is missing has no place of its own, but that of what it is missing in. */
function positionOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as YamlNode | null | undefined;
    if (node?.range?.[0] !== undefined) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function isBlock(document: Document, path: readonly PropertyKey[]): boolean {
  const node = document.getIn(path, true);
  return isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
}

function keyPosition(document: Document, path: readonly PropertyKey[], key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  return (pair?.key as YamlNode | undefined)?.range?.[0] ?? positionOf(document, path);
}

function aliasPlace(document: Document, place: (at: number) => string): string {
  let at = 0;
  visit(document, {
    Alias(_key, node) {
      at = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return place(at);
}

function yamlFault({ code, message }: YAMLParseError): string {
  if (code === "MULTIPLE_DOCS") return "a file has one lesson; what comes from this line of hyphens on is another";
  const sentence = message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
  return code === "TAB_AS_INDENT" ? `${sentence}; use blanks` : sentence;
}

function issueLines(document: Document, issue: z.core.$ZodIssue, place: (at: number) => string): string[] {
  const at = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const near = nearestWord(key, KEYS);
      return `${place(keyPosition(document, issue.path, key))}: ${at}there is no ${key} here${near === undefined ? "" : `; is ${near} meant?`}`;
    });
  }
  return [`${place(positionOf(document, issue.path))}: ${at}${issueText(issue)}`];
}

function issueText({ code, message, path, input, ...issue }: z.core.$ZodIssue): string {
  if (code !== "invalid_type" || !/^Invalid input/.test(message))
    return message.replace(/^Invalid (?:input|option): |^Invalid discriminator value\. E/, (start) => (start.endsWith("E") ? "e" : ""));
  const key = String(path.at(-1) ?? "");
  if (input === undefined || input === null) return `it is missing: expected ${String((issue as { expected?: unknown }).expected)}`;
  const isTime = path.some((part) => String(part).endsWith("Ms"));
  const unit = isTime ? " of milliseconds, without a unit" : "";
  const shown = typeof input === "object" ? (Array.isArray(input) ? "a list" : "an object") : JSON.stringify(input).slice(0, 40);
  const problem = `expected ${String((issue as { expected?: unknown }).expected)}${unit}, and not ${shown}`;
  return key === "" ? "expected a lesson: keys with what they say, as docs/writing-lessons.md has them" : problem;
}

/** All keys of lessons. */
const KEYS = [...JSON.stringify(z.toJSONSchema(lessonSchema, { unrepresentable: "any", io: "input" })).matchAll(/"(\w+)":\{"/g)].map(
  ([, key]) => key!,
);
