import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { type Timer, TimerQueue } from "../../../src/stack/core/timers.ts";

/** A queue and its time. `log` has the names of the timers that went off; nothing else here knows how the queue is told the time. */
function setUp(mistake?: (error: unknown) => void) {
  const time = new FrozenTime();
  const queue = new TimerQueue(time, mistake);
  const log: string[] = [];
  return {
    queue,
    log,
    now: () => time.now,
    timer: (name: string, act: () => void = () => {}): Timer =>
      queue.timer(
        name,
        () => `owner of ${name}`,
        () => {
          log.push(name);
          act();
        },
      ),
    /** Moves time and runs what is due. @returns how many ran */
    advance: (ms: number, bound?: number): number => {
      time.moveTo(time.now + ms);
      return queue.runDue(bound);
    },
  };
}

describe("a timer", () => {
  test("goes off once, when its time has come and not before", () => {
    const { queue, log, timer, advance } = setUp();
    const t = timer("t");
    t.set(10);
    expect([t.isPending, t.deadlineMs, queue.nextDeadlineMs, queue.size]).toEqual([true, 10, 10, 1]);
    expect(advance(9.999)).toBe(0);
    expect(advance(0.001)).toBe(1);
    expect([t.isPending, queue.nextDeadlineMs, queue.size]).toEqual([false, Number.POSITIVE_INFINITY, 0]);
    expect(advance(1000)).toBe(0);
    expect(log).toEqual(["t"]);
  });

  test("set anew has its new time only, be that earlier or later", () => {
    const { queue, log, timer, advance } = setUp();
    const [a, b] = [timer("a"), timer("b")];
    a.set(10);
    b.set(20);
    a.set(30);
    expect([queue.size, queue.nextDeadlineMs]).toEqual([2, 20]);
    advance(20);
    expect(log).toEqual(["b"]);
    a.set(1);
    advance(1);
    advance(100);
    expect(log).toEqual(["b", "a"]);
  });

  test("cancelled does not go off; cancelling what is not pending does nothing", () => {
    const { queue, log, timer, advance } = setUp();
    const [a, b] = [timer("a"), timer("b")];
    a.cancel();
    a.set(5);
    b.set(6);
    a.cancel();
    a.cancel();
    expect([a.isPending, queue.size, queue.nextDeadlineMs]).toEqual([false, 1, 6]);
    advance(10);
    b.cancel();
    expect(log).toEqual(["b"]);
  });

  test("set for a time that has passed goes off now", () => {
    const { timer, advance, now } = setUp();
    advance(100);
    const t = timer("t");
    t.set(-5);
    expect(t.deadlineMs).toBe(now());
    expect(advance(0)).toBe(1);
  });

  test("set for ever is pending and never goes off", () => {
    const { queue, timer, advance } = setUp();
    const [a, b, c] = [timer("a"), timer("b"), timer("c")];
    for (const t of [a, b]) t.set(Number.POSITIVE_INFINITY);
    c.set(5);
    expect(queue.nextDeadlineMs).toBe(5);
    expect(advance(1e15)).toBe(1);
    expect([queue.size, queue.nextDeadlineMs]).toEqual([2, Number.POSITIVE_INFINITY]);
  });
});

describe("timers that are due together", () => {
  test("go off by their deadlines, equal ones in the order in which they were set", () => {
    const { log, timer, advance } = setUp();
    const [a, b, c, d] = [timer("a"), timer("b"), timer("c"), timer("d")];
    d.set(5);
    a.set(7);
    b.set(5);
    c.set(5);
    // Setting it anew, to the same deadline too, puts it behind the others.
    d.set(5);
    expect(advance(7)).toBe(4);
    expect(log).toEqual(["b", "c", "d", "a"]);
  });

  test("may cancel one another, and set one another anew", () => {
    const { log, timer, advance } = setUp();
    const cancelled = timer("cancelled");
    const later = timer("later");
    const first = timer("first", () => {
      cancelled.cancel();
      later.set(3);
    });
    first.set(1);
    cancelled.set(1);
    later.set(1);
    expect(advance(1)).toBe(1);
    expect(advance(2)).toBe(0);
    expect(advance(1)).toBe(1);
    expect(log).toEqual(["first", "later"]);
  });

  test("include what they set for now, themselves too, up to a bound", () => {
    const { queue, log, timer, advance } = setUp();
    const other = timer("other");
    let again = 2;
    const self: Timer = timer("self", () => {
      if (again-- > 0) self.set(0);
      else other.set(0);
    });
    self.set(1);
    expect(advance(1)).toBe(4);
    expect(log).toEqual(["self", "self", "self", "other"]);
    const busy: Timer = timer("busy", () => busy.set(0));
    busy.set(0);
    expect(advance(0, 50)).toBe(50);
    expect(queue.size).toBe(1);
    expect(advance(0)).toBe(10_000);
  });
});

describe("an alarm that throws", () => {
  test("is told, counts as run, and keeps nobody else from running", () => {
    const mistakes: unknown[] = [];
    const { log, timer, advance } = setUp((error) => mistakes.push(error));
    const broken = timer("broken", () => {
      throw new Error("a mistake");
    });
    const next = timer("next");
    broken.set(1);
    next.set(1);
    expect(advance(1)).toBe(2);
    expect(log).toEqual(["broken", "next"]);
    expect(mistakes).toEqual([new Error("a mistake")]);
    broken.set(1);
    advance(1);
    expect(mistakes).toHaveLength(2);
  });

  test("is thrown on when nobody asked to hear of it, and the queue stays whole", () => {
    const { queue, log, timer, advance } = setUp();
    const broken = timer("broken", () => {
      throw new Error("a mistake");
    });
    broken.set(1);
    timer("next").set(1);
    expect(() => advance(1)).toThrow("a mistake");
    expect([broken.isPending, queue.size]).toEqual([false, 1]);
    expect(advance(0)).toBe(1);
    expect(log).toEqual(["broken", "next"]);
  });
});

test("an observer hears of each setting and each going off before its effect, and when that is done", () => {
  const { queue, log, timer, advance } = setUp();
  const t = timer("t");
  queue.observer = {
    timerSet: (name, { label }, delayMs) => log.push(`set ${name} of ${label}: ${delayMs} ${t.isPending}`),
    timerFired: (name, { label }) => log.push(`fired ${name} of ${label}: ${t.isPending}`),
    timerCancelled: (name, { label }) => log.push(`cancelled ${name} of ${label}: ${t.isPending}`),
    timerDone: () => log.push("done"),
  };
  t.set(4);
  t.set(5);
  advance(5);
  expect(log).toEqual(["set t of owner of t: 4 false", "set t of owner of t: 5 true", "fired t of owner of t: false", "t", "done"]);
  log.length = 0;
  t.cancel();
  expect(log).toEqual([]);
  t.set(1);
  t.cancel();
  t.cancel();
  expect(log).toEqual(["set t of owner of t: 1 false", "cancelled t of owner of t: true"]);
  queue.observer = undefined;
  t.set(1);
  t.cancel();
  expect(log).toHaveLength(2);
});

test("the listing has every pending timer with its owner, soonest first, and leaves the queue as it is", () => {
  const { queue, timer, advance, log } = setUp();
  for (const [name, delay] of [
    ["a", 30],
    ["b", 10],
    ["c", 20],
    ["d", 10],
  ] as const)
    timer(name).set(delay);
  expect(queue.pending()).toEqual([
    { name: "b", owner: "owner of b", deadlineMs: 10 },
    { name: "d", owner: "owner of d", deadlineMs: 10 },
    { name: "c", owner: "owner of c", deadlineMs: 20 },
    { name: "a", owner: "owner of a", deadlineMs: 30 },
  ]);
  advance(30);
  expect(log).toEqual(["b", "d", "c", "a"]);
});

test("many timers, set, moved and cancelled in a disorder, go off in order", () => {
  const { queue, timer, advance } = setUp();
  const fired: Timer[] = [];
  const timers = Array.from({ length: 5000 }, (_, i): Timer => timer(String(i), () => fired.push(timers[i]!)));
  const scattered = (i: number): number => (i * 7919) % 1009;
  timers.forEach((t, i) => void t.set(scattered(i)));
  timers.forEach((t, i) => void (i % 3 === 0 ? t.cancel() : i % 3 === 1 ? t.set(scattered(i + 1)) : undefined));
  const left = timers.filter((t) => t.isPending);
  expect(queue.size).toBe(left.length);
  const expected = left.slice().sort((a, b) => a.deadlineMs - b.deadlineMs || a.order - b.order);
  while (queue.size > 0) advance(100);
  expect(fired.map((t) => t.name)).toEqual(expected.map((t) => t.name));
});

describe("compared with a list that is searched from end to end", () => {
  const TIMERS = 8;
  const which = fc.integer({ min: 0, max: TIMERS - 1 });
  const delay = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 6 }), fc.integer({ min: -3, max: 100 }));
  const change = fc.oneof(
    fc.record({ do: fc.constant("set" as const), which, delay }),
    fc.record({ do: fc.constant("cancel" as const), which, delay }),
  );
  type Change = { readonly do: "set" | "cancel"; readonly which: number; readonly delay: number };
  const step = fc.oneof(
    { weight: 3, arbitrary: change },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("advance" as const), which, delay: fc.integer({ min: 0, max: 30 }) }) },
  );

  /** What the queue promises, as plainly as it can be said. */
  class Model {
    readonly log: string[] = [];
    readonly pending = new Map<number, { at: number; order: number }>();
    readonly #alarm: (which: number) => void;
    #order = 0;

    constructor(alarm: (which: number) => void) {
      this.#alarm = alarm;
    }

    apply(c: Change, now: number): void {
      if (c.do === "cancel") this.pending.delete(c.which);
      else this.pending.set(c.which, { at: now + Math.max(0, c.delay), order: this.#order++ });
    }

    sorted(): [number, { at: number; order: number }][] {
      return [...this.pending].sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
    }

    run(now: number): void {
      for (;;) {
        const [first] = this.sorted();
        if (first === undefined || first[1].at > now) return;
        this.pending.delete(first[0]);
        this.log.push(String(first[0]));
        this.#alarm(first[0]);
      }
    }
  }

  test("the queue does the same, whatever is set and cancelled, alarms' own doings included", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 20 }), (steps, doings) => {
        const { queue, log, timer, advance, now } = setUp();
        // The n-th alarm to go off does the n-th doings.
        let [firedInQueue, firedInModel] = [0, 0];
        const apply = (c: Change) => (c.do === "cancel" ? timers[c.which]!.cancel() : timers[c.which]!.set(c.delay));
        const timers = Array.from({ length: TIMERS }, (_, i): Timer => timer(String(i), () => doings[firedInQueue++]?.forEach(apply)));
        const model: Model = new Model(() => doings[firedInModel++]?.forEach((c) => void model.apply(c, now())));
        for (const s of steps) {
          if (s.do === "advance") {
            advance(s.delay);
            model.run(now());
          } else {
            apply(s as Change);
            model.apply(s as Change, now());
          }
          expect(log).toEqual(model.log);
          expect(queue.pending().map((p) => [Number(p.name), p.deadlineMs])).toEqual(model.sorted().map(([i, { at }]) => [i, at]));
          expect(queue.nextDeadlineMs).toBe(model.sorted()[0]?.[1].at ?? Number.POSITIVE_INFINITY);
          expect(timers.map((t) => t.isPending)).toEqual(timers.map((_, i) => model.pending.has(i)));
        }
      }),
      { numRuns: 300 },
    );
  });
});
