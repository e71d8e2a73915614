import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { TokenBucket } from "../../../src/stack/core/token-bucket.ts";

/** A bucket and its time; nothing else here knows how the bucket is told the time. */
function setUp(perSecond: number, burst: number, startMs = 0) {
  const time = new FrozenTime(startMs);
  const bucket = new TokenBucket(time, perSecond, burst);
  return {
    take: (surcharge?: number): boolean => bucket.take(surcharge),
    /** Takes until nothing is left, or far too much was. @returns how many passed */
    drain: (): number => {
      let passed = 0;
      while (passed < 1000 && bucket.take()) passed++;
      return passed;
    },
    wait: (ms: number) => time.moveTo(time.now + ms),
  };
}

test("a full bucket lets its burst pass at once, and not one more", () => {
  expect(setUp(10, 5).drain()).toBe(5);
});

test("it fills at its rate", () => {
  const { drain, take, wait } = setUp(100, 50);
  drain();
  wait(10);
  expect([take(), take()]).toEqual([true, false]);
  wait(200);
  expect(drain()).toBe(20);
});

test("parts of a token add up, however often it is looked at in between", () => {
  const { drain, take, wait } = setUp(1, 3);
  drain();
  for (let i = 0; i < 7; i++) {
    wait(125);
    expect(take()).toBe(false);
  }
  wait(125);
  expect([take(), take()]).toEqual([true, false]);
});

test("a long idle time saves up no more than the burst", () => {
  const { drain, wait } = setUp(1000, 50);
  wait(3_600_000);
  expect(drain()).toBe(50);
  wait(3_600_000);
  expect(drain()).toBe(50);
});

test("a time that is far ahead, or begins there, changes nothing", () => {
  const { drain, wait } = setUp(1000, 4, 2 ** 44);
  expect(drain()).toBe(4);
  wait(2);
  expect(drain()).toBe(2);
  wait(2 ** 50);
  expect(drain()).toBe(4);
});

test("a surcharge is taken from what is left, and owed by nobody when there is less", () => {
  const { take, drain, wait } = setUp(1000, 10);
  expect(take(3)).toBe(true);
  expect(drain()).toBe(6);
  wait(1);
  expect(take(100)).toBe(true);
  wait(1);
  expect(drain()).toBe(1);
});

test("who asks all the time gets what the rate gives, whole tokens at a time, and never more than the burst at once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 30 }), (waits) => {
      // A fourth of a token a millisecond: sums are exact, so that the count is exact too.
      const { drain, wait } = setUp(250, 8);
      drain();
      let tokens = 0;
      for (const ms of waits) {
        wait(ms);
        tokens = Math.min(8, tokens + ms / 4);
        const passed = drain();
        expect(passed).toBe(Math.floor(tokens));
        tokens -= passed;
      }
    }),
  );
});
