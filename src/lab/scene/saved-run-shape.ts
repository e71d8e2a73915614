/**
 * What a saved run must be, so that whoever makes it again may believe its types: such files come from anybody, and go into the page, the
 * terminal and a teacher's grading.
 */
import { checkedImpairment, checkPick, type FramePick, type Impairment, NO_IMPAIRMENT } from "../../wire/impairment.ts";
import { MOST_INPUTS, MOST_PROGRAMS, MOST_STEPS } from "./run-limits.ts";

/** What is wrong with a value, with its place before it; undefined for what is well. */
type Shape = (value: unknown, place: string) => string | undefined;

const MOST_HOSTS = 8;
const MOST_SCENE_EVENTS = 1000;
const MOST_SERVICES = 64;
const MOST_PICKS = 100;
const MOST_ANSWERS = 200;
const MOST_NAME = 200;
const MOST_SOURCE = 1_000_000;
const MOST_ACTS = 100_000;
const MOST_MS = 86_400_000;
const MOST_SOURCE_BYTES = 100_000_000;
const MOST_EVENTS = 1_000_000;

const text =
  (most: number): Shape =>
  (value, place) =>
    typeof value === "string" && value.length <= most ? undefined : `${place}: expected text of at most ${most} letters`;
const name = text(MOST_NAME);

const number =
  (least: number, most: number, isWhole = false): Shape =>
  (value, place) =>
    typeof value === "number" && value >= least && value <= most && (!isWhole || Number.isInteger(value))
      ? undefined
      : `${place}: expected a ${isWhole ? "whole " : ""}number from ${least} to ${most}`;
const milliseconds = number(0, MOST_MS);
const port = number(1, 65_535, true);

const oneOf =
  (...words: readonly unknown[]): Shape =>
  (value, place) =>
    words.includes(value) ? undefined : `${place}: expected one of ${words.join(", ")}`;

const optional =
  (shape: Shape): Shape =>
  (value, place) =>
    value === undefined || value === null ? undefined : shape(value, place);

const list =
  (shape: Shape, most: number): Shape =>
  (value, place) => {
    if (!Array.isArray(value) || value.length > most) return `${place}: expected a list of at most ${most}`;
    for (const [i, each] of value.entries()) {
      const problem = shape(each, `${place}[${i}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

/** More keys than these do no harm. */
const object =
  (fields: Readonly<Record<string, Shape>>): Shape =>
  (value, place) => {
    if (!isObject(value)) return `${place}: expected an object`;
    for (const [key, shape] of Object.entries(fields)) {
      const problem = shape(Object.hasOwn(value, key) ? value[key] : undefined, `${place}.${key}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

const record =
  (shape: Shape, most: number): Shape =>
  (value, place) => {
    if (!isObject(value) || Object.keys(value).length > most) return `${place}: expected an object of at most ${most} keys`;
    for (const [key, each] of Object.entries(value)) {
      const problem = shape(each, `${place}.${key}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

/** Of several kinds of object, told apart by one key. */
const kinds =
  (key: string, shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, place) => {
    const kind = isObject(value) ? value[key] : undefined;
    if (typeof kind !== "string" || !Object.hasOwn(shapes, kind))
      return `${place}.${key}: expected one of ${Object.keys(shapes).join(", ")}`;
    return shapes[kind]!(value, place);
  };

/** By the checks of the line itself. */
const checked =
  (check: (value: never) => void): Shape =>
  (value, place) => {
    if (!isObject(value)) return `${place}: expected an object`;
    try {
      check(value as never);
      return undefined;
    } catch (error) {
      return `${place}: ${(error as Error).message}`;
    }
  };
const impairment = checked((settings: Partial<Impairment>) => checkedImpairment({ ...NO_IMPAIRMENT, ...settings }));
const pick = checked((value: FramePick) => checkPick(value));
const faults = { in: optional(impairment), out: optional(impairment), picks: optional(list(pick, MOST_PICKS)) };

const service = kinds("service", {
  discard: object({ port }),
  echo: object({ port }),
  source: object({ port, bytes: number(1, MOST_SOURCE_BYTES, true) }),
  sleeper: object({ port, sleepMs: milliseconds }),
  busy: object({ port, backlog: number(1, MOST_NAME, true) }),
  "udp-echo": object({ port }),
});

const scene = object({
  title: name,
  hosts: list(
    object({
      name,
      title: optional(name),
      address: name,
      address6: optional(name),
      profile: oneOf("windows", "linux", "rfc"),
      gateway: optional(name),
      mtu: optional(number(576, 65_535, true)),
      sack: optional(oneOf(true, false)),
      services: optional(list(service, MOST_SERVICES)),
      faults: optional(object(faults)),
    }),
    MOST_HOSTS,
  ),
  events: optional(
    list(
      kinds("do", {
        "run-program": object({ atMs: milliseconds, host: name, title: name, source: text(MOST_SOURCE) }),
        faults: object({ atMs: milliseconds, host: name, ...faults }),
        "clear-faults": object({ atMs: milliseconds }),
        note: object({ atMs: milliseconds, host: name, text: text(MOST_SOURCE) }),
      }),
      MOST_SCENE_EVENTS,
    ),
  ),
  wireDelayMs: optional(milliseconds),
  hidesFaults: optional(oneOf(true, false)),
  limitMs: optional(milliseconds),
});

const input = kinds("do", {
  impair: object({ atMs: milliseconds, host: name, direction: oneOf("in", "out"), settings: impairment }),
  pick: object({ atMs: milliseconds, host: name, pick }),
  "clear-faults": object({ atMs: milliseconds }),
  "run-program": object({ atMs: milliseconds, host: name, program: name, title: name, source: text(MOST_SOURCE) }),
  "stop-program": object({ atMs: milliseconds, program: name }),
});

const id = number(0, Number.MAX_SAFE_INTEGER, true);
/** Whatever number a program named; JSON has null for what is none. */
const argument = optional(number(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
const bytes: Shape = (value, place) => (value === null || value instanceof Uint8Array ? undefined : `${place}: expected bytes or null`);
const line = optional(number(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));

const step = object({
  acts: list(
    kinds("act", {
      call: object({
        line,
        request: object({ id, op: id, s: argument, a: argument, b: argument, c: argument, d: argument, e: argument, data: bytes }),
      }),
      print: object({ line, text: text(MOST_SOURCE), isError: oneOf(true, false) }),
    }),
    MOST_ACTS,
  ),
  wait: kinds("for", {
    call: object({ id }),
    any: object({}),
    nothing: object({}),
    end: object({ failure: optional(text(MOST_SOURCE)), line }),
  }),
});

const answer: Shape = (value, place) =>
  (typeof value === "string" && value.length <= MOST_NAME) || Number.isFinite(value)
    ? undefined
    : `${place}: expected a number or a short text`;

const savedRunShape = object({
  simulation: object({
    scene,
    seed: number(0, 0xffff_ffff, true),
    inputs: list(input, MOST_INPUTS),
    programs: record(list(step, MOST_STEPS + 1), MOST_PROGRAMS),
    untilMs: milliseconds,
    events: number(0, MOST_EVENTS, true),
  }),
  answers: optional(
    object({ lesson: name, student: optional(name), predictions: optional(record(answer, MOST_ANSWERS)), verdict: optional(name) }),
  ),
});

/** What is wrong with a saved run, in words; undefined when its types are what they say. */
export const savedRunFault = (value: unknown): string | undefined => savedRunShape(value, "")?.replace(/^\./, "");

/** The same of one step of a program. */
export const programStepFault = (value: unknown): string | undefined => step(value, "step");
