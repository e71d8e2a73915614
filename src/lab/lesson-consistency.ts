import { EVENT_SHAPES } from "../run/event-shapes.ts";
import { nearestWord } from "../run/nearest-word.ts";
import { parseAddress, parseV4 } from "../stack/core/address.ts";
import { WSA_ERRORS } from "../winsock/abi/errors.ts";
import { callName } from "../winsock/provider/call-text.ts";
import { CALL, type CallName } from "../winsock/provider/calls.ts";
import { checkPick } from "../wire/impairment.ts";
import type { Bounds, Check, Lesson, Prediction, Selector } from "./lessons/lesson.ts";
import type { SceneFaults, SceneHost } from "./scene/scene.ts";

/** Something in a lesson that has the right form and still cannot be. */
export interface Inconsistency {
  /** From the lesson down to it. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type LessonPath = Inconsistency["path"];

const CALLS = (Object.keys(CALL) as CallName[]).map((name) => callName(CALL[name])!);
const ERRORS = ["none", ...Object.keys(WSA_ERRORS)];
const EVENT_TYPES = Object.keys(EVENT_SHAPES);
/** What every event has, and what a frame has beside its shape. */
const COMMON_FIELDS = ["number", "atMs", "host", "length", "bytes"];
/** Of these a check says one. */
const MUSTS = ["count", "gapsMs", "lastsMs", "value", "bursts", "acknowledges"] as const;

/** Names that nothing has, things that cannot be met, things that would be passed over. */
export function inconsistencies(lesson: Lesson): readonly Inconsistency[] {
  return new ConsistencyReader(lesson).found;
}

class ConsistencyReader {
  readonly found: Inconsistency[] = [];
  readonly #hosts: readonly string[];

  constructor(lesson: Lesson) {
    const { scene, checks, predictions, solution = {} } = lesson;
    this.#hosts = scene.hosts.map(({ name }) => name);
    this.#unique(
      scene.hosts.map(({ name }, i) => [name, ["scene", "hosts", i, "name"]]),
      "host",
    );
    this.#unique(
      scene.hosts.map(({ address }, i) => [address.replace(/\/.*/, ""), ["scene", "hosts", i, "address"]]),
      "host",
      "has",
    );
    for (const [i, each] of scene.hosts.entries()) this.#host(each, ["scene", "hosts", i]);
    this.#isHost(lesson.host, ["host"]);
    for (const [i, event] of (scene.events ?? []).entries()) {
      const path = ["scene", "events", i];
      if ("host" in event) this.#isHost(event.host, [...path, "host"]);
      if (event.do === "faults") this.#faults(event, path);
      this.#inTime(event.atMs, lesson, [...path, "atMs"]);
    }
    this.#unique(
      checks.map(({ id }, i) => [id, ["checks", i, "id"]]),
      "check",
    );
    for (const [i, check] of checks.entries()) this.#check(check, ["checks", i]);
    this.#unique(
      predictions.map(({ id }, i) => [id, ["predictions", i, "id"]]),
      "prediction",
    );
    for (const [i, prediction] of predictions.entries()) this.#prediction(prediction, ["predictions", i]);
    for (const [i, fault] of (solution.faults ?? []).entries()) {
      const path = ["solution", "faults", i];
      this.#isHost(fault.host, [...path, "host"]);
      if (fault.pick !== undefined) this.#pick(fault.pick, [...path, "pick"]);
      this.#inTime(fault.atMs, lesson, [...path, "atMs"]);
    }
    for (const id of Object.keys(solution.predictions ?? {})) {
      this.#isOneOf(
        id,
        predictions.map((each) => each.id),
        "prediction",
        ["solution", "predictions", id],
      );
    }
  }

  #say(path: LessonPath, message: string): void {
    this.found.push({ path, message });
  }

  #isOneOf(word: string, known: readonly string[], kind: string, path: LessonPath): void {
    if (known.includes(word)) return;
    const near = nearestWord(word, known);
    const there = near === undefined ? (known.length <= 12 ? `; there are: ${known.join(", ")}` : "") : `; is ${near} meant?`;
    this.#say(path, `there is no ${kind} ${word}${there}`);
  }

  #isHost(name: string | undefined, path: LessonPath): void {
    if (name !== undefined) this.#isOneOf(name, this.#hosts, "host", path);
  }

  #unique(words: readonly (readonly [string, LessonPath])[], kind: string, does = "is called"): void {
    const seen = new Set<string>();
    for (const [word, path] of words) {
      if (seen.has(word)) this.#say(path, `another ${kind} ${does} ${word}`);
      seen.add(word);
    }
  }

  #inTime(atMs: number, { untilMs, scene: { limitMs = Number.POSITIVE_INFINITY } }: Lesson, path: LessonPath): void {
    const end = Math.min(untilMs, limitMs);
    if (atMs > end) this.#say(path, `this never happens: the run ends at ${end} ms (untilMs, or limitMs of the scene)`);
  }

  /** What the stack says of a value. */
  #try(path: LessonPath, what: () => unknown): void {
    try {
      what();
    } catch (error) {
      this.#say(path, (error as Error).message);
    }
  }

  #host({ address, address6, gateway, services = [], faults }: SceneHost, path: LessonPath): void {
    const [ip = "", length] = address.split("/");
    this.#try([...path, "address"], () => parseV4(ip));
    if (!(Number(length) >= 1 && Number(length) <= 32))
      this.#say([...path, "address"], `expected a prefix length from 1 to 32, not ${length}`);
    if (gateway !== undefined) this.#try([...path, "gateway"], () => parseV4(gateway));
    if (address6 !== undefined) {
      const [ip6 = "", length6 = "64"] = address6.split("/");
      this.#try([...path, "address6"], () => parseAddress(ip6));
      if (!(Number(length6) >= 1 && Number(length6) <= 128))
        this.#say([...path, "address6"], `expected a prefix length from 1 to 128, not ${length6}`);
    }
    this.#unique(
      services.map(({ service, port }, i) => [
        `port ${port} of ${service === "udp-echo" ? "UDP" : "TCP"}`,
        [...path, "services", i, "port"],
      ]),
      "service",
      "has",
    );
    if (faults !== undefined) this.#faults(faults, [...path, "faults"]);
  }

  #faults({ picks = [] }: SceneFaults, path: LessonPath): void {
    for (const [i, pick] of picks.entries()) this.#pick(pick, [...path, "picks", i]);
  }

  #pick(pick: NonNullable<SceneFaults["picks"]>[number], path: LessonPath): void {
    this.#try(path, () => checkPick(pick));
  }

  #selector(selector: Selector | undefined, path: LessonPath): void {
    const { frames, calls, events } = selector ?? {};
    this.#isHost(frames?.from, [...path, "frames", "from"]);
    this.#isHost(frames?.to, [...path, "frames", "to"]);
    this.#isHost(calls?.host, [...path, "calls", "host"]);
    if (calls?.name !== undefined) this.#isOneOf(calls.name, CALLS, "call", [...path, "calls", "name"]);
    if (calls?.error !== undefined) this.#isOneOf(calls.error, ERRORS, "error", [...path, "calls", "error"]);
    if (events === undefined) return;
    this.#isHost(events.host, [...path, "events", "host"]);
    this.#isOneOf(events.type, EVENT_TYPES, "event", [...path, "events", "type"]);
    if (!EVENT_TYPES.includes(events.type)) return;
    const fields = [...Object.keys(EVENT_SHAPES[events.type as keyof typeof EVENT_SHAPES]), ...COMMON_FIELDS];
    for (const field of Object.keys(events.where ?? {}))
      this.#isOneOf(field, fields, `field of ${events.type} called`, [...path, "events", "where", field]);
  }

  #check(check: Check, path: LessonPath): void {
    const { what, order, after, until, lastsMs, acknowledges } = check;
    for (const [key, selector] of Object.entries({ what, after, until, acknowledges })) this.#selector(selector, [...path, key]);
    for (const [i, selector] of (order ?? []).entries()) this.#selector(selector, [...path, "order", i]);
    const musts = MUSTS.filter((must) => check[must] !== undefined);
    if (order !== undefined) {
      for (const key of [...MUSTS, "after", "until"] as const) {
        if (key !== "lastsMs" && check[key] !== undefined)
          this.#say([...path, key], `${key} says nothing of an order: make a check of its own`);
      }
    } else if (musts.length > 1) {
      this.#say([...path, musts[1]!], `a check says one thing, and this says ${musts.join(" and ")}: make two checks`);
    }
    if (check.tolerance !== undefined && check.gapsMs === undefined)
      this.#say([...path, "tolerance"], "tolerance is one of gapsMs: use least and most");
    if (check.pauseMs !== undefined && check.bursts === undefined) this.#say([...path, "pauseMs"], "pauseMs is one of bursts");
    if (lastsMs !== undefined && order === undefined && what?.calls === undefined)
      this.#say([...path, "lastsMs"], "only calls last: use what: { calls: … }, or an order for the time between two moments");
    if (acknowledges !== undefined && (what?.frames === undefined || acknowledges.frames === undefined))
      this.#say([...path, "acknowledges"], "only segments acknowledge segments: use frames in both");
    for (const [key, bounds] of Object.entries({ count: check.count, lastsMs, value: check.value }))
      if (typeof bounds === "object") this.#bounds(bounds, [...path, key]);
  }

  #bounds({ least, most }: Bounds, path: LessonPath): void {
    if (least === undefined && most === undefined) this.#say(path, "this is so in any case: say least, most or both");
    else if (least !== undefined && most !== undefined && least > most) this.#say(path, `nothing is at least ${least} and at most ${most}`);
  }

  #prediction({ kind, answer, tolerance }: Prediction, path: LessonPath): void {
    if (typeof answer === "string") {
      if (kind === "number") this.#say([...path, "answer"], "the answer of a number is a number, or measured in the run");
      if (kind === "choice" && tolerance !== undefined) this.#say([...path, "tolerance"], "a choice has no tolerance");
    }
    if (typeof answer !== "object") return;
    if ("count" in answer) this.#selector(answer.count, [...path, "answer", "count"]);
    else if ("value" in answer) this.#selector(answer.value, [...path, "answer", "value"]);
    else if ("lastsMs" in answer) {
      this.#selector(answer.lastsMs, [...path, "answer", "lastsMs"]);
      if (answer.lastsMs.calls === undefined)
        this.#say([...path, "answer", "lastsMs"], "only calls last: use calls, or betweenMs for two moments");
    } else for (const [i, selector] of answer.betweenMs.entries()) this.#selector(selector, [...path, "answer", "betweenMs", i]);
    if ("after" in answer) this.#selector(answer.after, [...path, "answer", "after"]);
    if ("until" in answer) this.#selector(answer.until, [...path, "answer", "until"]);
  }
}
