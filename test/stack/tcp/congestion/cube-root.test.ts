import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { cubeRoot } from "../../../../src/stack/tcp/congestion/cube-root.ts";

/** Of the double, in hexadecimal. */
function bits(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

test.each([
  [0, 0],
  [1, 1],
  [8, 2],
  [27, 3],
  [0.125, 0.5],
  [1e9, 1000],
  [2 ** 90, 2 ** 30],
  [-8, 0],
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])("the cube root of %d is %d", (x, root) => {
  expect(cubeRoot(x)).toBeCloseTo(root, 9);
});

// Of K after a loss at 10, 100, 1000 and 100,000 segments, and of the ends of what a double holds. Computed once; another machine must agree.
test.each([
  [7.5, "3fff51a62037e955"],
  [75, "4010de601024fb88"],
  [750, "40222bd426d7058f"],
  [75_000, "404515f8142e3a69"],
  [Number.MIN_VALUE, "2990000000000000"],
  [Number.MAX_VALUE, "554428a2f98d728b"],
])("[CUB-13] that of %d is the same to the bit wherever it is computed", (x, expected) => {
  expect(bits(cubeRoot(x))).toBe(expected);
});

test("cubed again it is the number, to the last digits", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-200, max: 1e200, noNaN: true }), (x) => {
      const root = cubeRoot(x);
      expect(Math.abs((root / x) * root * root - 1)).toBeLessThan(1e-15);
    }),
  );
});
