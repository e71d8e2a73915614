import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { seq, seqAdd, seqDiff, seqMax, seqMin, seqShown } from "../../../src/stack/core/seq.ts";

describe("sequence numbers (RFC 9293 §3.4)", () => {
  test("seq takes any integer modulo 2^32", () => {
    expect(seq(2 ** 32)).toBe(0);
    expect(seq(0xffffffff)).toBe(-1);
    expect(seq(2 ** 33 + 5)).toBe(5);
    expect([seqShown(seq(-1)), seqShown(seq(0x80000000)), seqShown(seq(5))]).toEqual([0xffffffff, 0x80000000, 5]);
  });

  test("adding crosses the wrap in both directions", () => {
    expect(seqAdd(seq(0xffffff00), 0x200)).toBe(0x100);
    expect(seqShown(seqAdd(seq(0x100), -0x200))).toBe(0xffffff00);
  });

  test("a number just past the wrap lies after one just before it", () => {
    expect(seqDiff(seq(5), seq(0xfffffffb))).toBe(10);
    expect(seqDiff(seq(0xfffffffb), seq(5))).toBe(-10);
  });

  test("[HDR-15] the difference undoes the addition, for every start and every distance under 2^31", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (start, distance) => {
        expect(seqDiff(seqAdd(seq(start), distance), seq(start))).toBe(distance);
      }),
    );
  });

  test("the later and the earlier of two are told apart across the wrap", () => {
    const before = seq(0xfffffff0);
    const after = seq(0x10);
    expect([seqMax(before, after), seqMax(after, before)]).toEqual([after, after]);
    expect([seqMin(before, after), seqMin(after, before)]).toEqual([before, before]);
  });
});
