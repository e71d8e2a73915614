import { FRAME_KINDS } from "../wire/frame-match.ts";
import { ACTIONS, NO_IMPAIRMENT } from "../wire/impairment.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { EVENT_SHAPES, type EventShape, type FieldKind, FRAME_TYPES } from "./event-shapes.ts";
import type { RunEvent } from "./run-event.ts";

type WithBase64<Event> = Event extends { readonly bytes: Uint8Array } ? Omit<Event, "bytes"> & { readonly base64: string } : Event;

/** An event as JSON has it, between page and host and in files of runs: what is kept of a frame in base64, its whole length beside. */
export type RunEventJson = WithBase64<RunEvent>;

/** A value is no event of a run. The message says in what. */
export class RunEventError extends Error {
  override readonly name = "RunEventError";
}

/** As `tapsock trace` says it too, more than any device carries. */
const MOST_FRAME_BYTES = 1 << 18;
/** Text of an event that nobody could read to its end anyway. */
const MOST_TEXT = 65_536;
const MOST_RANGES = 1024;
const RECOVERIES: ReadonlySet<unknown> = new Set(["open", "recovery", "loss"]);

export function runEventJson(event: RunEvent): RunEventJson {
  if (!("bytes" in event) || !(event.bytes instanceof Uint8Array)) return event as RunEventJson;
  const { bytes, ...rest } = event;
  return { ...rest, base64: toBase64(bytes) } as RunEventJson;
}

/**
 * The event that a value of JSON stands for, checked: whoever shows it need not ask again what its fields are.
 * @throws RunEventError
 */
export function readRunEvent(value: unknown): RunEvent {
  if (!isObject(value)) throw new RunEventError("expected an event, which is a JSON object");
  const type = value["type"];
  const shape = typeof type === "string" && Object.hasOwn(EVENT_SHAPES, type) ? EVENT_SHAPES[type as RunEvent["type"]] : undefined;
  if (shape === undefined) throw new RunEventError(`there is no event of the type ${quoted(type)}`);
  const event: Record<string, unknown> = { type };
  for (const [field, kind] of Object.entries({ host: "text", number: "number", atMs: "number", ...(shape as EventShape) })) {
    const found = value[field];
    if (isLeftOut(found) && kind.endsWith("?")) continue;
    if (isLeftOut(found) || !isOfKind(found, kind as FieldKind)) {
      throw new RunEventError(`${field} of ${quoted(type)}: expected ${EXPECTED[kind as FieldKind]}`);
    }
    event[field] = kind === "variables" ? withoutNulls(found as object) : found;
  }
  const { cause } = value;
  if (!isLeftOut(cause)) {
    if (!isCause(cause)) throw new RunEventError(`cause of ${quoted(type)}: expected kind and number`);
    event["cause"] = cause;
  }
  if (FRAME_TYPES.has(type as string)) Object.assign(event, frameIn(value));
  return event as unknown as RunEvent;
}

function frameIn({ base64, length, type }: Readonly<Record<string, unknown>>): { bytes: Uint8Array; length: number } {
  const bytes = typeof base64 === "string" && base64.length <= MOST_FRAME_BYTES * 2 ? fromBase64(base64) : undefined;
  if (bytes === undefined) throw new RunEventError(`base64 of ${quoted(type)}: expected the bytes of a frame`);
  if (!isCount(length) || length < bytes.length || length > MOST_FRAME_BYTES) {
    throw new RunEventError(`length of ${quoted(type)}: expected ${bytes.length} to ${MOST_FRAME_BYTES}`);
  }
  return { bytes, length };
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  text: "text",
  "text?": "text",
  number: "a number",
  "number?": "a number",
  boolean: "true or false",
  "true?": "true",
  texts: "a list of texts",
  direction: '"in" or "out"',
  "frame-info": "what travels beside the frame",
  variables: "variables of a connection",
  faults: "the faults in force: in, out and picks",
};

function isOfKind(value: unknown, kind: FieldKind): boolean {
  switch (kind) {
    case "text":
    case "text?":
      return typeof value === "string" && value.length <= MOST_TEXT;
    case "number":
    case "number?":
      return Number.isFinite(value);
    case "boolean":
      return typeof value === "boolean";
    case "true?":
      return value === true;
    case "texts":
      return isTexts(value);
    case "direction":
      return value === "in" || value === "out";
    case "frame-info":
      return isFrameInfo(value);
    case "variables":
      return isObject(value) && Object.entries(value).every(([name, found]) => isLeftOut(found) || isVariable(name, found));
    case "faults":
      return (
        isObject(value) && isTexts(value["in"]) && isTexts(value["out"]) && isTexts(value["picks"]) && areFaultNumbers(value["numbers"])
      );
  }
}

const SETTINGS: ReadonlySet<string> = new Set(Object.keys(NO_IMPAIRMENT));
const MOST_PICKS = 1000;
const PICK_NUMBERS = ["skip", "count", "delayMs", "sequence", "port"] as const;

function areFaultNumbers(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isObject(value) || !Array.isArray(value["picks"]) || value["picks"].length > MOST_PICKS) return false;
  return isSettings(value["in"]) && isSettings(value["out"]) && value["picks"].every(isPick);
}

const isSettings = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([name, number]) => SETTINGS.has(name) && Number.isFinite(number));

const isPick = (value: unknown): boolean =>
  isObject(value) &&
  (FRAME_KINDS as readonly unknown[]).includes(value["match"]) &&
  (ACTIONS as readonly unknown[]).includes(value["action"]) &&
  (value["direction"] === undefined || value["direction"] === "in" || value["direction"] === "out") &&
  PICK_NUMBERS.every((name) => value[name] === undefined || Number.isFinite(value[name]));

function isVariable(name: string, value: unknown): boolean {
  if (name === "recovery") return RECOVERIES.has(value);
  if (name !== "sacked" && name !== "held") return Number.isFinite(value);
  return (
    Array.isArray(value) &&
    value.length <= MOST_RANGES &&
    value.every((range) => Array.isArray(range) && range.length === 2 && range.every(Number.isFinite))
  );
}

const withoutNulls = (variables: object): object => Object.fromEntries(Object.entries(variables).filter(([, value]) => !isLeftOut(value)));

const isFrameInfo = (value: unknown): boolean =>
  isObject(value) &&
  isCount(value["checksumStart"]) &&
  isCount(value["checksumOffset"]) &&
  typeof value["checksumVerified"] === "boolean" &&
  isCount(value["gsoType"]) &&
  isCount(value["gsoSize"]) &&
  isCount(value["headerLength"]);

const isCause = (value: unknown): boolean =>
  isObject(value) && (value["kind"] === "call" || value["kind"] === "frame" || value["kind"] === "timer") && isCount(value["number"]);

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= MOST_RANGES && value.every((each) => typeof each === "string" && each.length <= MOST_TEXT);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** JSON has null where a field has nothing to say, such as a time that never comes. */
const isLeftOut = (value: unknown): boolean => value === undefined || value === null;

const quoted = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : typeof value);
