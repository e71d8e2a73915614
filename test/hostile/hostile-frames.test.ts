import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, jest, test } from "@jest/globals";
import { FORMATS } from "./formats.ts";
import { HostileRun } from "./hostile-run.ts";
import { MUTATIONS } from "./mutations.ts";

/** Frames of each test, in all 200,000; `npm run hostile` sends as many as one has time for. */
const FRAMES = 40_000;
/** What a host may hold more after twice as many frames: caches that were not full before, and the engine's own. */
const MORE_HEAP_BYTES = 4_000_000;

jest.setTimeout(120_000);

describe.each([1, 2, 3])("valid and hostile frames of every format, seed %i", (seed) => {
  test(`[SYS-01] [SYS-03] ${FRAMES} of them throw nothing, break no invariant, leave every cache within its bounds, and come to nothing under a named reason only`, () => {
    const { frames, verdicts, byFormat, byMutation, emitted, answers } = new HostileRun(seed).send(FRAMES).outcome;
    expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(frames);
    expect(verdicts["internal-error"]).toBeUndefined();
    // All of it was tried, and much of it got somewhere.
    expect(Object.keys(byFormat).sort()).toEqual(Object.keys(FORMATS).sort());
    expect(Object.keys(byMutation).sort()).toEqual(Object.keys(MUTATIONS).sort());
    expect(Object.keys(verdicts).length).toBeGreaterThan(120);
    expect(verdicts["accepted"]).toBeGreaterThan(frames / 10);
    expect(answers).toBeLessThan(frames);
    expect(emitted).toBeLessThan(frames);
  });
});

test("[SYS-02] two runs of one seed send and receive the same, to the byte", () => {
  const once = () => new HostileRun(4).send(FRAMES / 4).outcome;
  const first = once();
  expect(once()).toEqual(first);
  expect(new HostileRun(5).send(1000).outcome.digest).not.toBe(first.digest);
});

test("what a host holds does not grow with the hostile frames that it has seen", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const run = new HostileRun(6).send(FRAMES / 2);
  const growth = (): number => {
    const before = held();
    run.send(FRAMES);
    run.victim.advance(120_000);
    return held() - before;
  };
  // What leaks does so each time; what else this process remembers of its tests comes once.
  expect(Math.min(growth(), growth())).toBeLessThan(MORE_HEAP_BYTES);
  expect(run.victim.excesses()).toEqual([]);
});
