import { expect, test } from "@jest/globals";
import { below, fraction, type Random, SeededRandom } from "../../../src/stack/core/random.ts";

const giving = (...values: number[]): Random => ({ u32: () => values.shift()! });

test("a number below a bound leaves out those draws that would make some numbers likelier than others", () => {
  // 2^32 is 1 more than a multiple of 3, so the very last draw is one too many.
  expect(below(giving(0xffffffff, 7), 3)).toBe(1);
  expect(below(giving(0xfffffffe), 3)).toBe(2);
  expect(below(giving(0xffffffff), 16)).toBe(15);
  expect(below(giving(123), 1)).toBe(0);
});

test("a fraction lies in [0, 1)", () => {
  expect([fraction(giving(0)), fraction(giving(0x80000000))]).toEqual([0, 0.5]);
  expect(fraction(giving(0xffffffff))).toBeLessThan(1);
});

test("a seed gives the same numbers again, unsigned, and another seed others", () => {
  const drawn = (seed: number): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 1000 }, () => random.u32());
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  const values = drawn(7);
  expect(values.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true);
  expect(new Set(values).size).toBeGreaterThan(990);
  // Every bit is there about as often as not.
  for (let bit = 0; bit < 32; bit++) {
    const set = values.filter((n) => (n >>> bit) & 1).length;
    expect(set).toBeGreaterThan(420);
    expect(set).toBeLessThan(580);
  }
});
