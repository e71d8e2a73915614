import { describe, expect, test } from "@jest/globals";
import { evaluateLesson } from "../../../src/lab/lessons/evaluate.ts";
import type { Check, CheckResult, Prediction } from "../../../src/lab/lessons/lesson.ts";
import type { RunEvent, RunHeader } from "../../../src/run/run-event.ts";

const header: RunHeader = { title: "a run", kind: "simulated", madeBy: "tapsock", hosts: [] };

/** Events of a host as a run would tell them, each at its time. */
const at = (atMs: number, content: object): RunEvent => ({ number: 0, atMs, host: "client", ...content }) as unknown as RunEvent;
const printed = (atMs: number, text: string) => at(atMs, { type: "program-printed", program: "1", text, isError: false });
const called = (atMs: number, call: number, name: string) =>
  at(atMs, { type: "winsock-called", client: 1, call, name, text: `${name}(s=4)` });
const returned = (atMs: number, call: number, error: number) => at(atMs, { type: "winsock-returned", client: 1, call, text: "0", error });

/** Three lines with one and two seconds between them, a connect that fails after half a second, one that never returns. */
const RUN: readonly RunEvent[] = [
  printed(1000, "tick 1"),
  called(1500, 1, "connect"),
  printed(2000, "tick 2"),
  returned(2000, 1, 10060),
  printed(4000, "tick 3"),
  called(4500, 2, "connect"),
];
const ticks = { prints: "^tick" };

/** TCP from 10.0.0.2:1 to 10.0.0.1:2 in an Ethernet frame, with as many bytes of payload. */
function segment(atMs: number, seq: number, ack: number, flags: number, payload = 0): RunEvent {
  const bytes = new Uint8Array(14 + 20 + 20 + payload);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(16, 40 + payload);
  view.setUint8(22, 64);
  view.setUint8(23, 6);
  bytes.set([10, 0, 0, 2, 10, 0, 0, 1], 26);
  view.setUint16(34, 1);
  view.setUint16(36, 2);
  view.setUint32(38, seq);
  view.setUint32(42, ack);
  view.setUint8(46, 0x50);
  view.setUint8(47, flags);
  return at(atMs, { type: "frame", direction: "out", device: "client0", bytes, length: bytes.length, info: {} });
}

function check(fields: Partial<Check>, events: readonly RunEvent[] = RUN): CheckResult {
  const one: Check = { id: "one", title: "it is so", otherwise: "look there", ...fields };
  return evaluateLesson({ id: "x", checks: [one], predictions: [] }, header, events, {}).checks[0]!;
}

function guess(fields: Pick<Prediction, "answer"> & Partial<Prediction>, given?: string | number) {
  const one: Prediction = { id: "one", question: "?", kind: "number", why: "so", ...fields };
  const predictions = given === undefined ? {} : { one: given };
  return evaluateLesson({ id: "x", checks: [], predictions: [one] }, header, RUN, predictions).predictions[0]!;
}

describe("a check", () => {
  test("of a count holds within its bounds, and points at the first one too many", () => {
    expect(check({ what: ticks, count: 3 })).toMatchObject({ isPassed: true, event: 0 });
    expect(check({ what: ticks, count: { least: 4 } })).toMatchObject({ isPassed: false, hint: "look there" });
    expect(check({ what: ticks, count: 2 })).toMatchObject({ isPassed: false, event: 4 });
    expect(check({ what: ticks, count: 2 }).seen).toContain("3, at 1.000 s, 2.000 s, 4.000 s");
  });

  test("without a condition wants at least one", () => {
    expect(check({ what: ticks }).isPassed).toBe(true);
    expect(check({ what: { prints: "tock" } })).toMatchObject({ isPassed: false, seen: "none" });
    expect(check({ what: { prints: "tock" }, count: 0 }).isPassed).toBe(true);
  });

  test("of gaps compares each with its own, within the tolerance, and lets more be", () => {
    expect(check({ what: ticks, gapsMs: [1000, 2000] }).isPassed).toBe(true);
    expect(check({ what: ticks, gapsMs: [1000] }).isPassed).toBe(true);
    expect(check({ what: ticks, gapsMs: [960, 2000] }).isPassed).toBe(true);
    expect(check({ what: ticks, gapsMs: [900, 2000] }).isPassed).toBe(false);
    expect(check({ what: ticks, gapsMs: [900, 2000], tolerance: 0.2 }).isPassed).toBe(true);
    expect(check({ what: ticks, gapsMs: [1000, 2000, 4000] }).isPassed).toBe(false);
    expect(check({ what: { prints: "tock" }, gapsMs: [1] }).isPassed).toBe(false);
  });

  test("of a call's length measures the first such call that there is", () => {
    const what = { calls: { name: "connect" } };
    expect(check({ what, lastsMs: { least: 500, most: 500 } }).isPassed).toBe(true);
    expect(check({ what, lastsMs: { most: 499 } })).toMatchObject({ isPassed: false, seen: "it lasted 500 ms" });
    expect(check({ what: { calls: { name: "accept" } }, lastsMs: { most: 1 } })).toMatchObject({ isPassed: false, seen: "there was none" });
    expect(check({ what, lastsMs: { most: 1 } }, RUN.slice(5))).toMatchObject({ isPassed: false, seen: "it has not returned" });
  });

  test("of calls knows errors by name, and those that have not returned have none", () => {
    expect(check({ what: { calls: { error: "WSAETIMEDOUT" } }, count: 1 }).isPassed).toBe(true);
    expect(check({ what: { calls: { error: "none" } }, count: 0 }).isPassed).toBe(true);
    expect(check({ what: { calls: { name: "connect", host: "client" } }, count: 2 }).isPassed).toBe(true);
  });

  test("of an order wants each after the one before it", () => {
    const [one, two] = [{ prints: "tick 1" }, { prints: "tick 2" }];
    expect(check({ order: [one, { calls: { name: "connect" } }, two] })).toMatchObject({ isPassed: true, event: 2 });
    expect(check({ order: [two, one] })).toMatchObject({ isPassed: false, event: 2 });
    expect(check({ order: [one, one] }).isPassed).toBe(false);
    expect(check({ order: [{ prints: "tock" }, one] }).isPassed).toBe(false);
  });

  test("of an acknowledgement counts SYN, FIN and data, around the end of the numbers", () => {
    const condition = { what: { frames: { is: "ack" } }, acknowledges: { frames: { isNot: "ack" } } } as const;
    const ack = (number: number) => segment(2, 1, number, 0x10);
    expect(check(condition, [segment(1, 100, 0, 0x02), ack(101)]).isPassed).toBe(true);
    expect(check(condition, [segment(1, 100, 0, 0x02), ack(100)]).isPassed).toBe(false);
    expect(check(condition, [segment(1, 100, 0, 0x11, 10), ack(111)]).isPassed).toBe(true);
    expect(check(condition, [segment(1, 0xffffffff, 0, 0x02), ack(0)]).isPassed).toBe(true);
    expect(check(condition, [ack(1)]).isPassed).toBe(false);
    expect(check(condition, [segment(1, 100, 0, 0x02)]).isPassed).toBe(false);
  });
});

describe("a guess", () => {
  test("of a number is right within its tolerance, and exactly without one", () => {
    expect(guess({ answer: 100 }, 100).isRight).toBe(true);
    expect(guess({ answer: 100 }, 101).isRight).toBe(false);
    expect(guess({ answer: 100, tolerance: 0.1 }, "110").isRight).toBe(true);
    expect(guess({ answer: 100, tolerance: 0.1 }, 111).isRight).toBe(false);
  });

  test("is compared with what the run measures", () => {
    expect(guess({ answer: { count: ticks } }, 3)).toMatchObject({ right: 3, isRight: true });
    expect(guess({ answer: { lastsMs: { calls: { name: "connect" } } } }, 500)).toMatchObject({ right: 500, isRight: true });
    expect(guess({ answer: { betweenMs: [{ prints: "tick 2" }, ticks] } }, 2000)).toMatchObject({ right: 2000, isRight: true });
  });

  test("is wrong when it is missing, or the run has nothing to measure", () => {
    expect(guess({ answer: 100 }).isRight).toBe(false);
    expect(guess({ answer: { lastsMs: { calls: { name: "accept" } } } }, 0)).toMatchObject({ right: undefined, isRight: false });
    expect(guess({ kind: "choice", answer: "yes" }, "no").isRight).toBe(false);
  });
});
