import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BuddyBlocks } from "../../src/transport/buddy-blocks.ts";

describe("blocks of a space of 1024, the smallest of 16", () => {
  test("are taken from below, each at a multiple of its size", () => {
    const blocks = new BuddyBlocks(1024, 16);
    expect([16, 64, 16, 32, 16, 256].map((size) => blocks.take(size))).toEqual([0, 64, 16, 32, 128, 256]);
  });

  test("are of no use for what is larger than all, or than any that is free", () => {
    const blocks = new BuddyBlocks(1024, 16);
    expect(blocks.take(2048)).toBeUndefined();
    expect(blocks.take(16)).toBe(0);
    expect(blocks.take(1024)).toBeUndefined();
    expect(blocks.take(512)).toBe(512);
    expect(blocks.take(512)).toBeUndefined();
    expect(blocks.take(256)).toBe(256);
  });

  test("are whole again when both halves are free, and a half of another whole is not taken for one", () => {
    const blocks = new BuddyBlocks(1024, 16);
    const quarters = [256, 256, 256, 256].map((size) => blocks.take(size)!);
    // Neighbours, of different halves.
    blocks.give(quarters[1]!, 256);
    blocks.give(quarters[2]!, 256);
    expect(blocks.take(512)).toBeUndefined();
    blocks.give(quarters[0]!, 256);
    expect(blocks.take(512)).toBe(0);
    blocks.give(0, 512);
    blocks.give(quarters[3]!, 256);
    expect(blocks.take(1024)).toBe(0);
  });

  test("never lie over each other, and are one whole when all are given back", () => {
    const step = fc.oneof(fc.record({ take: fc.integer({ min: 4, max: 10 }) }), fc.record({ give: fc.nat(1000) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const blocks = new BuddyBlocks(1024, 16);
        const taken: { at: number; size: number }[] = [];
        const use = new Uint8Array(1024);
        const give = (index: number) => {
          const [{ at, size }] = taken.splice(index, 1) as [{ at: number; size: number }];
          use.fill(0, at, at + size);
          blocks.give(at, size);
        };
        for (const each of steps) {
          if ("give" in each) {
            if (taken.length > 0) give(each.give % taken.length);
            continue;
          }
          const size = 2 ** each.take;
          const at = blocks.take(size);
          if (at === undefined) continue;
          expect([at % size, at + size <= 1024]).toEqual([0, true]);
          expect(use.subarray(at, at + size).every((byte) => byte === 0)).toBe(true);
          use.fill(1, at, at + size);
          taken.push({ at, size });
        }
        while (taken.length > 0) give(taken.length - 1);
        expect(blocks.take(1024)).toBe(0);
      }),
    );
  });
});
