import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Seq, seq, seqAdd, seqDiff } from "../../../src/stack/core/seq.ts";
import { SequenceRanges } from "../../../src/stack/tcp/sequence-ranges.ts";

/** Where the numbers of a run begin: at the wrap, where the sign of an int32 changes, and at neither. */
const ORIGINS: readonly (readonly [string, Seq])[] = [
  ["across the wrap", seq(-100)],
  ["across 2^31", seq(0x7fffffff - 100)],
  ["far from both", seq(1000)],
];

/** The ranges as distances from `origin`. */
const listed = (ranges: SequenceRanges, origin: Seq): [number, number][] =>
  Array.from({ length: ranges.count }, (_, i) => [seqDiff(ranges.start(i), origin), seqDiff(ranges.end(i), origin)]);

/** A set of integers, as half-open ranges. */
function runsOf(numbers: ReadonlySet<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n) last[1] = n + 1;
    else runs.push([n, n + 1]);
  }
  return runs;
}

describe.each(ORIGINS)("ranges of sequence numbers %s", (_where, origin) => {
  const setUp = (cap = 10) => {
    const ranges = new SequenceRanges(cap);
    return { ranges, add: (start: number, end: number): boolean => ranges.add(seqAdd(origin, start), seqAdd(origin, end)) };
  };

  test.each<[string, [number, number], [number, number][], number]>([
    [
      "before, with a gap",
      [70, 80],
      [
        [70, 80],
        [90, 110],
        [130, 140],
      ],
      40,
    ],
    [
      "between, with gaps",
      [115, 120],
      [
        [90, 110],
        [115, 120],
        [130, 140],
      ],
      35,
    ],
    [
      "up to the next",
      [80, 90],
      [
        [80, 110],
        [130, 140],
      ],
      40,
    ],
    [
      "from the end of the one before",
      [110, 120],
      [
        [90, 120],
        [130, 140],
      ],
      40,
    ],
    ["from one to the next", [110, 130], [[90, 140]], 50],
    ["over both", [80, 150], [[80, 150]], 70],
    [
      "within one",
      [95, 105],
      [
        [90, 110],
        [130, 140],
      ],
      30,
    ],
    [
      "the same again",
      [90, 110],
      [
        [90, 110],
        [130, 140],
      ],
      30,
    ],
    [
      "of nothing",
      [120, 120],
      [
        [90, 110],
        [130, 140],
      ],
      30,
    ],
    [
      "that ends before it begins",
      [120, 100],
      [
        [90, 110],
        [130, 140],
      ],
      30,
    ],
  ])("one more %s", (_what, [start, end], expected, bytes) => {
    const { ranges, add } = setUp();
    add(130, 140);
    add(90, 110);
    expect(add(start, end)).toBe(true);
    expect(listed(ranges, origin)).toEqual(expected);
    expect(ranges.bytes).toBe(bytes);
  });

  test("the cap refuses one range more, and nothing that joins those that are there", () => {
    const { ranges, add } = setUp(2);
    expect([add(90, 95), add(110, 115)]).toEqual([true, true]);
    expect(add(100, 105)).toBe(false);
    expect([listed(ranges, origin), ranges.bytes]).toEqual([
      [
        [90, 95],
        [110, 115],
      ],
      10,
    ]);
    expect([add(95, 100), add(105, 110), add(98, 106)]).toEqual([true, true, true]);
    expect([listed(ranges, origin), ranges.bytes]).toEqual([[[90, 115]], 25]);
    expect(add(120, 121)).toBe(true);
  });

  test("they are what a set of integers is, whatever is added and removed", () => {
    const at = fc.integer({ min: 0, max: 200 });
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant("add" as const), at, length: fc.integer({ min: 0, max: 30 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), at, length: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), at, length: fc.constant(0) }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 50 }), (cap, steps) => {
        const { ranges, add } = setUp(cap);
        let model = new Set<number>();
        for (const s of steps) {
          if (s.do === "clear") {
            ranges.clear();
            model.clear();
          } else if (s.do === "remove") {
            ranges.removeBefore(seqAdd(origin, s.at));
            model = new Set([...model].filter((n) => n >= s.at));
          } else {
            const more = new Set([...model, ...Array.from({ length: s.length }, (_, i) => s.at + i)]);
            const fits = runsOf(more).length <= cap;
            expect(add(s.at, s.at + s.length)).toBe(fits);
            if (fits) model = more;
          }
          const runs = runsOf(model);
          expect(listed(ranges, origin)).toEqual(runs);
          expect(ranges.bytes).toBe(model.size);
          for (const n of [0, 1, s.at - 1, s.at, s.at + s.length, 240]) {
            const after = runs.findIndex(([, end]) => end > n);
            expect(ranges.firstEndingAfter(seqAdd(origin, n))).toBe(after < 0 ? runs.length : after);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
