import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Document, LineCounter, parseDocument, type Node as YamlNode } from "yaml";
import type * as z from "zod";
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
export const parseLesson = (source: string, name: string): Lesson => parse(source, name, lessonSchema) as Lesson;

/** @throws LessonFileError */
export const parseSolution = (source: string, name: string): LessonSolution => parse(source, name, solutionSchema) as LessonSolution;

function parse(source: string, name: string, schema: z.ZodType): unknown {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const place = (at: number): string => {
    const { line, col } = lines.linePos(at);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new LessonFileError(document.errors.map(({ message, pos }) => `${place(pos[0])}: ${message.split("\n")[0]}`).join("\n"));
  }
  // Aliases may multiply; a lesson needs few.
  const result = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (result.success) return result.data;
  throw new LessonFileError(result.error.issues.map((issue) => faultLine(document, issue, place)).join("\n"));
}

function faultLine(document: Document, issue: z.core.$ZodIssue, place: (at: number) => string): string {
  // What is missing has no place of its own: that of what it is missing in.
  for (let length = issue.path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(issue.path.slice(0, length), true);
    const at = (node as YamlNode | null | undefined)?.range?.[0];
    if (at !== undefined) return `${place(at)}: ${issue.path.length === 0 ? "" : `${issue.path.join(".")}: `}${issue.message}`;
  }
  return `${place(0)}: ${issue.path.join(".")}: ${issue.message}`;
}
