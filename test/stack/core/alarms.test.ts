import { describe, expect, test } from "@jest/globals";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { type AlarmOwner, TimerQueue } from "../../../src/stack/core/timers.ts";

const NAMES = ["first", "second", "third"];

function table(onFired: (kind: number) => void = () => {}) {
  const time = new FrozenTime();
  const mistakes: unknown[] = [];
  const queue = new TimerQueue(time, (error) => mistakes.push(error));
  const fired: string[] = [];
  const owner: AlarmOwner = {
    label: "owner",
    subject: { connection: 7 },
    fired: (kind) => {
      fired.push(`${NAMES[kind]} at ${time.now}`);
      onFired(kind);
    },
  };
  const alarms = queue.alarms(NAMES, owner);
  const runTo = (ms: number) => {
    while (queue.nextDeadlineMs <= ms) {
      time.moveTo(queue.nextDeadlineMs);
      queue.runDue();
    }
    time.moveTo(ms);
  };
  return { time, queue, alarms, fired, mistakes, runTo };
}

describe("a table of alarms", () => {
  test("each goes off at its own time, whatever the order of setting", () => {
    const { alarms, fired, runTo } = table();
    alarms.set(0, 300);
    alarms.set(1, 100);
    alarms.set(2, 200);
    runTo(1000);
    expect(fired).toEqual(["second at 100", "third at 200", "first at 300"]);
  });

  test("one that is put off does not go off earlier, and nobody is woken for it", () => {
    const { time, queue, alarms, fired, runTo } = table();
    for (let ms = 0; ms <= 200; ms += 50) {
      time.moveTo(ms);
      alarms.set(0, 100);
      expect(queue.nextDeadlineMs).toBe(ms + 100);
    }
    runTo(1000);
    expect(fired).toEqual(["first at 300"]);
  });

  test("one that is restored goes off at the time that it had, earlier or later than what is set", () => {
    const { queue, alarms, fired, runTo } = table();
    alarms.restore(0, 300);
    alarms.restore(1, 100);
    alarms.restore(2, 200);
    expect([queue.nextDeadlineMs, alarms.deadlineOf(2)]).toEqual([100, 200]);
    runTo(1000);
    expect(fired).toEqual(["second at 100", "third at 200", "first at 300"]);
  });

  test("one that becomes due before the others goes off then, also when nobody has asked for the next deadline", () => {
    for (const how of ["set", "restore"] as const) {
      const { time, queue, alarms, fired } = table();
      alarms[how](0, 300);
      alarms[how](1, 100);
      time.moveTo(100);
      expect(queue.runDue()).toBe(1);
      expect(fired).toEqual(["second at 100"]);
    }
  });

  test("one that is cancelled leaves nothing to wait for", () => {
    const { queue, alarms, fired, runTo } = table();
    alarms.set(0, 100);
    alarms.set(1, 400);
    alarms.cancel(0);
    expect(alarms.isPending(0)).toBe(false);
    expect(queue.nextDeadlineMs).toBe(400);
    alarms.cancel(1);
    expect(queue.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(queue.size).toBe(0);
    alarms.set(2, 50);
    alarms.cancelAll();
    expect(queue.size).toBe(0);
    runTo(1000);
    expect(fired).toEqual([]);
  });

  test("the time that is due goes to the earliest of all, also while a put-off one stands before it in the queue", () => {
    const { queue, alarms, runTo } = table();
    const seen: number[] = [];
    queue
      .timer(
        "other",
        () => "somebody",
        () => seen.push(queue.now),
      )
      .set(150);
    alarms.set(0, 100);
    alarms.set(0, 500);
    expect(queue.nextDeadlineMs).toBe(150);
    runTo(1000);
    expect(seen).toEqual([150]);
  });

  test("of several due at once all go off, and one that throws takes no other along", () => {
    const { time, queue, alarms, fired, mistakes } = table((kind) => {
      if (kind === 0) throw new Error("a mistake");
    });
    for (const kind of [0, 1, 2]) alarms.set(kind, 100);
    time.moveTo(100);
    expect(queue.runDue()).toBe(3);
    expect(fired).toEqual(["first at 100", "second at 100", "third at 100"]);
    expect(mistakes).toHaveLength(1);
    expect(queue.size).toBe(0);
  });

  test("one may be set again by what it does", () => {
    const { alarms, fired, runTo } = table(() => {
      if (fired.length < 3) alarms.set(0, 10);
    });
    alarms.set(0, 10);
    runTo(100);
    expect(fired).toEqual(["first at 10", "first at 20", "first at 30"]);
  });

  test("listing and trace show each by its name, and not where the queue looks next", () => {
    const { queue, alarms, fired, runTo } = table();
    const told: string[] = [];
    queue.observer = {
      timerSet: (name, { label, subject }, delayMs) => told.push(`${label} ${subject.connection}: ${name} in ${delayMs}`),
      timerFired: (name, { label, subject }) => told.push(`${label} ${subject.connection}: ${name} fired`),
      timerCancelled: (name, { label, subject }) => told.push(`${label} ${subject.connection}: ${name} cancelled`),
      timerDone: () => told.push(`done, after ${fired.join()}`),
    };
    alarms.set(1, 300);
    alarms.set(0, 100);
    alarms.set(0, 200);
    queue
      .timer(
        "other",
        () => "somebody",
        () => {},
      )
      .set(250);
    expect(queue.pending()).toEqual([
      { name: "first", owner: "owner", deadlineMs: 200 },
      { name: "other", owner: "somebody", deadlineMs: 250 },
      { name: "second", owner: "owner", deadlineMs: 300 },
    ]);
    runTo(200);
    expect(told).toEqual([
      "owner 7: second in 300",
      "owner 7: first in 100",
      "owner 7: first in 200",
      "somebody undefined: other in 250",
      "owner 7: first fired",
      "done, after first at 200",
    ]);
  });
});

test.each([false, true])("equal deadlines go off in one order, whether anybody asks in between what is next or not: %s", (asks) => {
  const time = new FrozenTime();
  const queue = new TimerQueue(time);
  const fired: string[] = [];
  const make = (name: string) => queue.alarms(NAMES, { label: name, subject: {}, fired: () => fired.push(name) });
  const [a, b, c] = [make("a"), make("b"), make("c")];
  const look = () => asks && queue.nextDeadlineMs;
  // One that is put off, one that is cancelled and set again, and one that stays as it is.
  a.set(0, 50);
  c.set(1, 200);
  b.set(0, 60);
  a.set(0, 200);
  look();
  b.cancel(0);
  time.moveTo(70);
  look();
  b.set(2, 130);
  time.moveTo(200);
  queue.runDue();
  expect(fired).toEqual(["a", "b", "c"]);
});

test("cancelling is told of what was pending, once, and not of what goes on elsewhere", () => {
  const { queue, alarms, runTo } = table();
  const told: string[] = [];
  queue.observer = {
    timerSet: () => {},
    timerFired: (name) => told.push(`${name} fired`),
    timerCancelled: (name) => told.push(`${name} cancelled`),
    timerDone: () => {},
  };
  alarms.cancel(0);
  alarms.set(0, 10);
  alarms.set(1, 20);
  runTo(10);
  alarms.cancel(0);
  alarms.cancel(1);
  alarms.cancel(1);
  expect(told.splice(0)).toEqual(["first fired", "second cancelled"]);
  alarms.set(1, 20);
  alarms.set(0, 30);
  alarms.cancelAll();
  alarms.cancelAll();
  expect(told.splice(0)).toEqual(["second cancelled", "first cancelled"]);
  alarms.set(0, 30);
  alarms.abandon();
  runTo(100);
  expect(told).toEqual([]);
});
