import { type FrameAsSent, sentFrames } from "../../run/frame-words.ts";
import type { RunEvent, RunHeader } from "../../run/run-event.ts";
import type { TcpDescription } from "../../stack/packet/frame-description.ts";
import { describeError } from "../../winsock/abi/errors.ts";
import type {
  Bounds,
  CallSelector,
  Check,
  CheckResult,
  EventSelector,
  FrameSelector,
  Lesson,
  LessonReport,
  Measure,
  MomentField,
  Prediction,
  PredictionResult,
  Selector,
  Stretch,
} from "./lesson.ts";
import { boundsText, selectorText } from "./selector-text.ts";

/** A moment that a selector found. */
interface Moment {
  readonly event: number;
  readonly atMs: number;
  /** Of a call that returned. */
  readonly returnedMs?: number;
  readonly segment?: TcpDescription;
}

interface FoundCall extends Moment {
  readonly name: string;
  readonly text: string;
  readonly host: string;
  readonly error: number | undefined;
}

const USUAL_TOLERANCE = 0.05;
const USUAL_PAUSE_MS = 20;
/** Of moments, so many are named in what was seen. */
const NAMED = 6;

/** What a lesson's checks find in a run. */
export function evaluateLesson(
  lesson: Pick<Lesson, "id" | "checks" | "predictions">,
  header: RunHeader,
  events: readonly RunEvent[],
  predictions: Readonly<Record<string, string | number>>,
): LessonReport {
  const run = new RunFacts(header, events);
  const checks = lesson.checks.map((check) => evaluateCheck(run, check));
  return {
    lesson: lesson.id,
    isPassed: checks.every(({ isPassed }) => isPassed),
    checks,
    predictions: lesson.predictions.map((prediction) => judge(run, prediction, predictions[prediction.id])),
  };
}

/** A run, prepared for questions. */
class RunFacts {
  readonly events: readonly RunEvent[];
  readonly frames: readonly FrameAsSent[];
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #calls: FoundCall[] = [];

  constructor(header: RunHeader, events: readonly RunEvent[]) {
    this.events = events;
    this.frames = sentFrames(events);
    for (const { name, addresses } of header.hosts) this.#addresses.set(name, addresses);
    const open = new Map<string, { call: FoundCall; at: number }>();
    for (const [event, each] of events.entries()) {
      if (each.type === "winsock-called") {
        const call = { event, atMs: each.atMs, name: each.name, text: each.text, host: each.host, error: undefined };
        open.set(`${each.host} ${each.client}/${each.call}`, { call, at: this.#calls.length });
        this.#calls.push(call);
      } else if (each.type === "winsock-returned") {
        const called = open.get(`${each.host} ${each.client}/${each.call}`);
        if (called !== undefined) this.#calls[called.at] = { ...called.call, returnedMs: each.atMs, error: each.error };
      }
    }
  }

  find(selector: Selector): Moment[] {
    if (selector.frames !== undefined) return this.#findFrames(selector.frames);
    if (selector.calls !== undefined) return this.#findCalls(selector.calls);
    if (selector.events !== undefined) return this.#findEvents(selector.events);
    const pattern = new RegExp(selector.prints ?? "");
    return this.#where((event) => event.type === "program-printed" && pattern.test(event.text));
  }

  /** As `find`, in a part of the run. @returns undefined when that part has no beginning */
  findIn(selector: Selector, { after, until }: Stretch): Moment[] | undefined {
    const begin = after === undefined ? -1 : this.find(after)[0]?.event;
    if (begin === undefined) return undefined;
    const end = until === undefined ? undefined : this.find(until).find(({ event }) => event > begin)?.event;
    return this.find(selector).filter(({ event }) => event > begin && (end === undefined || event < end));
  }

  /** @returns undefined when the moment has no such number */
  valueOf({ event, segment }: Moment, { field, of }: MomentField): number | undefined {
    const fields = { ...this.events[event], ...segment } as unknown as Record<string, unknown>;
    const value = numberOf(fields, field);
    if (of === undefined || value === undefined) return value;
    const whole = numberOf(fields, of);
    return whole === undefined || whole === 0 ? undefined : value / whole;
  }

  #findFrames({ is = [], isNot = [], from, to, port, text }: FrameSelector): Moment[] {
    const wanted = typeof is === "string" ? [is] : is;
    const unwanted = typeof isNot === "string" ? [isNot] : isNot;
    const pattern = text === undefined ? undefined : new RegExp(text);
    return this.frames
      .filter(
        ({ words, description, host }) =>
          wanted.every((word) => words.has(word)) &&
          unwanted.every((word) => !words.has(word)) &&
          (from === undefined || host === from) &&
          (to === undefined || this.#isAt(description.destination, to)) &&
          (port === undefined || endsIn(description.source, port) || endsIn(description.destination, port)) &&
          (pattern === undefined || pattern.test(description.summary)),
      )
      .map(({ event, atMs, description }) => (description.protocol === "tcp" ? { event, atMs, segment: description } : { event, atMs }));
  }

  #findCalls({ name, host, error, text }: CallSelector): Moment[] {
    const pattern = text === undefined ? undefined : new RegExp(text);
    return this.#calls.filter(
      (call) =>
        (name === undefined || call.name === name) &&
        (host === undefined || call.host === host) &&
        (error === undefined || errorName(call.error) === error) &&
        (pattern === undefined || pattern.test(call.text)),
    );
  }

  #findEvents({ type, host, where = {} }: EventSelector): Moment[] {
    return this.#where(
      (event) =>
        event.type === type &&
        (host === undefined || event.host === host) &&
        Object.entries(where).every(([field, value]) => holds((event as unknown as Record<string, unknown>)[field], value)),
    );
  }

  #where(isWanted: (event: RunEvent) => boolean): Moment[] {
    return this.events.flatMap((event, place) => (isWanted(event) ? [{ event: place, atMs: event.atMs }] : []));
  }

  #isAt(endpoint: string, host: string): boolean {
    const addresses = this.#addresses.get(host) ?? [host];
    return addresses.some((address) => endpoint === address || endpoint.startsWith(`${address}:`) || endpoint.startsWith(`[${address}]`));
  }
}

const endsIn = (endpoint: string, port: number): boolean => endpoint.endsWith(`:${port}`);
const holds = (field: unknown, value: string | number | boolean): boolean =>
  Array.isArray(field) ? field.includes(value) : field === value;

function numberOf(fields: Readonly<Record<string, unknown>>, name: string): number | undefined {
  if (name === "flight" && typeof fields["sndNxt"] === "number" && typeof fields["sndUna"] === "number")
    return (fields["sndNxt"] - fields["sndUna"]) >>> 0;
  const variables = fields["variables"] as Readonly<Record<string, unknown>> | undefined;
  const value = fields[name] ?? variables?.[name];
  return typeof value === "number" ? value : undefined;
}

/** `none`, `WSAECONNREFUSED`, or undefined for a call that has not returned. */
function errorName(error: number | undefined): string | undefined {
  if (error === undefined) return undefined;
  return error === 0 ? "none" : (/^\w+/.exec(describeError(error))?.[0] ?? String(error));
}

function evaluateCheck(run: RunFacts, check: Check): CheckResult {
  const { isPassed, expected, seen, event } =
    check.order === undefined ? evaluateWhat(run, check) : evaluateOrder(run, check.order, check.lastsMs);
  return {
    id: check.id,
    title: check.title,
    isPassed,
    expected,
    seen,
    ...(isPassed ? {} : { hint: check.otherwise }),
    ...(event === undefined ? {} : { event }),
  };
}

type CheckFinding = Pick<CheckResult, "isPassed" | "expected" | "seen" | "event">;

function evaluateOrder(run: RunFacts, order: readonly Selector[], lastsMs: Bounds | undefined): CheckFinding {
  const inTime = lastsMs === undefined ? "" : `, within ${boundsText(lastsMs, durationText)}`;
  const expected = `${order.map(selectorText).join(", then ")}${inTime}`;
  let after = -1;
  let first: Moment | undefined;
  let last: Moment | undefined;
  for (const [i, selector] of order.entries()) {
    const next = run.find(selector).find(({ event }) => event > after);
    if (next === undefined) {
      const seen = i === 0 ? `no ${selectorText(selector)}` : `no ${selectorText(selector)} after ${timeText(last!.atMs)}`;
      return { isPassed: false, expected, seen, ...(last === undefined ? {} : { event: last.event }) };
    }
    after = next.event;
    first ??= next;
    last = next;
  }
  if (lastsMs !== undefined) {
    const lasted = (last?.atMs ?? 0) - (first?.atMs ?? 0);
    return { isPassed: isWithin(lasted, lastsMs), expected, seen: `${durationText(lasted)} from the first to the last`, event: after };
  }
  return { isPassed: true, expected, seen: `all of them in this order, the last at ${timeText(last?.atMs ?? 0)}`, event: after };
}

function evaluateWhat(run: RunFacts, check: Check): CheckFinding {
  const { what = {}, count, gapsMs, lastsMs, value, bursts, acknowledges, tolerance = USUAL_TOLERANCE } = check;
  const subject = `${selectorText(what)}${stretchText(check)}`;
  const found = run.findIn(what, check);
  if (found === undefined) return { isPassed: false, expected: subject, seen: `no ${selectorText(check.after ?? {})}` };
  const first = found[0];
  const at = first === undefined ? {} : { event: first.event };
  if (gapsMs !== undefined) {
    const gaps = found.slice(1).map(({ atMs }, i) => atMs - found[i]!.atMs);
    const wrong = gapsMs.findIndex((wanted, i) => gaps[i] === undefined || Math.abs(gaps[i]! - wanted) > wanted * tolerance);
    const expected = `${subject}, with ${gapsMs.map(durationText).join(", ")} between them`;
    const seen =
      gaps.length === 0
        ? momentsText(found)
        : `${gaps
            .slice(0, gapsMs.length + 2)
            .map(durationText)
            .join(", ")} between them`;
    return { isPassed: wrong < 0, expected, seen, ...(wrong >= 0 && found[wrong] !== undefined ? { event: found[wrong].event } : at) };
  }
  if (lastsMs !== undefined) {
    const expected = `${subject} lasts ${boundsText(lastsMs, durationText)}`;
    if (first === undefined) return { isPassed: false, expected, seen: "there was none" };
    if (first.returnedMs === undefined) return { isPassed: false, expected, seen: "it has not returned", ...at };
    const lasted = first.returnedMs - first.atMs;
    return { isPassed: isWithin(lasted, lastsMs), expected, seen: `it lasted ${durationText(lasted)}`, ...at };
  }
  if (value !== undefined) return evaluateValue(run, found, subject, value);
  if (bursts !== undefined) return evaluateBursts(found, subject, bursts, check.pauseMs ?? USUAL_PAUSE_MS);
  if (acknowledges !== undefined) {
    const expected = `${subject} acknowledges ${selectorText(acknowledges)}`;
    const of = run.find(acknowledges)[0]?.segment;
    const by = found.find(({ segment }) => segment !== undefined)?.segment;
    if (of === undefined || by === undefined)
      return { isPassed: false, expected, seen: by === undefined ? "there was none" : `there was nothing to acknowledge`, ...at };
    const end = (of.seq + of.payloadLength + (of.flags.includes("SYN") ? 1 : 0) + (of.flags.includes("FIN") ? 1 : 0)) >>> 0;
    return { isPassed: by.ack === end, expected, seen: `its acknowledgement is ${by.ack}, and the next number was ${end}`, ...at };
  }
  const bounds: Bounds = typeof count === "number" ? { least: count, most: count } : (count ?? { least: 1 });
  const surplus = bounds.most !== undefined && found.length > bounds.most ? found[bounds.most] : undefined;
  return {
    isPassed: isWithin(found.length, bounds),
    expected: `${subject}: ${boundsText(bounds, String)}`,
    seen: momentsText(found),
    ...(surplus === undefined ? at : { event: surplus.event }),
  };
}

function evaluateValue(run: RunFacts, found: readonly Moment[], subject: string, value: MomentField & Bounds): CheckFinding {
  const name = value.of === undefined ? value.field : `${value.field} / ${value.of}`;
  const expected = `${subject}: ${name} ${boundsText(value, numberText)}`;
  if (found.length === 0) return { isPassed: false, expected, seen: "there was none" };
  const values = found.map((moment) => run.valueOf(moment, value));
  const wrong = values.findIndex((each) => each === undefined || !isWithin(each, value));
  const at = Math.max(0, wrong);
  const named = values.slice(at, at + NAMED).map(numberText);
  return { isPassed: wrong < 0, expected, seen: `${name} ${named.join(", ")}`, event: found[at]!.event };
}

function evaluateBursts(found: readonly Moment[], subject: string, bursts: readonly number[], pauseMs: number): CheckFinding {
  const seen: { count: number; readonly event: number }[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, event } of found) {
    if (atMs - lastMs >= pauseMs) seen.push({ count: 0, event });
    seen[seen.length - 1]!.count++;
    lastMs = atMs;
  }
  const wrong = bursts.findIndex((count, i) => seen[i]?.count !== count);
  const decided = seen[Math.max(0, wrong)];
  return {
    isPassed: wrong < 0,
    expected: `${subject}, ${bursts.join(", ")} at a time`,
    seen:
      seen.length === 0
        ? "none"
        : `${seen
            .slice(0, bursts.length + 2)
            .map(({ count }) => count)
            .join(", ")} at a time`,
    ...(decided === undefined ? {} : { event: decided.event }),
  };
}

const numberText = (value: number | undefined): string => (value === undefined ? "nothing" : String(Number(value.toPrecision(4))));

function stretchText({ after, until }: Stretch): string {
  const from = after === undefined ? "" : ` after the first ${selectorText(after)}`;
  if (until === undefined) return from;
  return after === undefined ? ` before the first ${selectorText(until)}` : `${from} and before the next ${selectorText(until)}`;
}

const isWithin = (value: number, { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Bounds): boolean =>
  value >= least && value <= most;

function momentsText(found: readonly Moment[]): string {
  if (found.length === 0) return "none";
  const times = found.slice(0, NAMED).map(({ atMs }) => timeText(atMs));
  return `${found.length}, at ${times.join(", ")}${found.length > NAMED ? ", …" : ""}`;
}

/** `0.502 s`. */
const timeText = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

function durationText(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(4))} s` : `${Number(ms.toPrecision(3))} ms`;
}

// Predictions

function judge(
  run: RunFacts,
  { id, question, answer, tolerance = 0, why }: Prediction,
  given: string | number | undefined,
): PredictionResult {
  const right = typeof answer === "object" ? measure(run, answer) : answer;
  return { id, question, given, right, isRight: isRight(given, right, tolerance), why };
}

function isRight(given: string | number | undefined, right: string | number | undefined, tolerance: number): boolean {
  if (given === undefined || right === undefined) return false;
  if (typeof right === "string") return given === right;
  const value = Number(given);
  return Math.abs(value - right) <= Math.abs(right) * tolerance;
}

/** @returns undefined when the run has not what is measured */
function measure(run: RunFacts, what: Measure): number | undefined {
  if ("count" in what) return run.findIn(what.count, what)?.length;
  if ("value" in what) {
    const [first] = run.findIn(what.value, what) ?? [];
    return first === undefined ? undefined : run.valueOf(first, what);
  }
  if ("lastsMs" in what) {
    const [call] = run.find(what.lastsMs);
    return call?.returnedMs === undefined ? undefined : call.returnedMs - call.atMs;
  }
  const [from, to] = what.betweenMs;
  const [first] = run.find(from);
  const next = first === undefined ? undefined : run.find(to).find(({ event }) => event > first.event);
  return first === undefined || next === undefined ? undefined : next.atMs - first.atMs;
}
