import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FOLD_OVER, fittingScale, type LadderMoment, LadderScale, readableScale } from "../../src/run/ladder-scale.ts";

const moments = (...times: number[]): LadderMoment[] => times.map((atMs, i) => ({ place: i * 2, atMs, room: 20 }));
const TRUE = { pixelsPerMs: 1, spreads: false, unfolded: new Set<number>() };

test("distances are true to time", () => {
  const scale = new LadderScale(moments(0, 10, 10, 110), TRUE);
  const tops = [0, 2, 4, 6].map((place) => scale.topOf(place) - scale.topOf(0));
  expect(tops).toEqual([0, 10, 10, 110]);
  expect(scale.topOf(5)).toBe(scale.topOf(4));
  expect(scale.folds).toEqual([]);
});

test("words get their room where time would not give it", () => {
  const scale = new LadderScale(moments(0, 10, 10, 110), { ...TRUE, spreads: true });
  expect([0, 2, 4, 6].map((place) => scale.topOf(place) - scale.topOf(0))).toEqual([0, 20, 40, 140]);
  const without = new LadderScale(
    moments(0, 10, 10, 110).map((each) => ({ ...each, room: 0 })),
    { ...TRUE, spreads: true },
  );
  expect(without.topOf(6) - without.topOf(0)).toBe(110);
});

test("a quiet stretch is folded, and shown at its length when asked for", () => {
  const folded = new LadderScale(moments(0, 19_000), TRUE);
  expect(folded.folds).toMatchObject([{ place: 2, fromMs: 0, toMs: 19_000, isFolded: true }]);
  expect(folded.height).toBeLessThan(FOLD_OVER);
  const open = new LadderScale(moments(0, 19_000), { ...TRUE, unfolded: new Set([2]) });
  expect(open.folds).toMatchObject([{ isFolded: false, height: 19_000 }]);
  expect(open.topOf(2) - open.topOf(0)).toBe(19_000);
  expect(new LadderScale(moments(0, FOLD_OVER), TRUE).folds).toEqual([]);
});

test("the cursor stands between what has happened and what has not", () => {
  const scale = new LadderScale(moments(0, 100, 100), TRUE);
  expect(scale.topAt(1, 25) - scale.topOf(0)).toBeCloseTo(25);
  expect(scale.topAt(3, 100)).toBe(scale.topOf(2));
  expect(scale.topAt(5, 1e9)).toBeLessThan(scale.height);
  expect(scale.timeAt(scale.topOf(0) + 25)).toBeCloseTo(25);
});

test("a scale that is to be readable keeps frames apart; one that is to fit fits", () => {
  const run = moments(0, 12, 24, 36, 48, 60, 21_000);
  expect(readableScale(run) * 12).toBeGreaterThan(20);
  const pixelsPerMs = fittingScale(run, 500);
  const { height } = new LadderScale(run, { ...TRUE, pixelsPerMs });
  expect(height).toBeLessThanOrEqual(500);
  expect(height).toBeGreaterThan(200);
  expect(Number.isFinite(readableScale([]))).toBe(true);
  expect(Number.isFinite(fittingScale([], 500))).toBe(true);
});

test("later is never higher, and a height's time is a time whose height it is", () => {
  const anyMoments = fc.array(fc.record({ gap: fc.nat(1000), room: fc.constantFrom(0, 7, 20) }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(anyMoments, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.boolean(), (gaps, pixelsPerMs, spreads) => {
      let atMs = 0;
      const run = gaps.map(({ gap, room }, place) => {
        atMs += gap;
        return { place, room, atMs };
      });
      const scale = new LadderScale(run, { pixelsPerMs, spreads, unfolded: new Set() });
      let before = 0;
      for (const { place, atMs: here } of run) {
        const top = scale.topOf(place);
        expect(top).toBeGreaterThanOrEqual(before);
        expect(scale.timeAt(top)).toBeGreaterThanOrEqual(here - 1e-6);
        before = top;
      }
      expect(scale.height).toBeGreaterThan(before);
    }),
  );
});
