import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { copyBytes, useSharedCopy } from "../../src/stack/core/copy-bytes.ts";
import { copyInNode } from "../../src/transport/node-copy.ts";

const SIZE = 8192;

const random = (seed: number): Uint8Array => Uint8Array.from({ length: SIZE }, (_, i) => ((i + seed) * 2654435761) >>> 13);

function shared(seed: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(SIZE));
  bytes.set(random(seed));
  return bytes;
}

describe("a copy of shared memory", () => {
  let copies = 0;
  beforeAll(() => {
    useSharedCopy((target, at, source) => {
      copies++;
      copyInNode(target, at, source);
    });
  });
  afterAll(() => useSharedCopy(copyInNode));

  test.each([
    ["from it", shared, random],
    ["into it", random, shared],
    ["within it", shared, shared],
  ])("%s puts every byte in its place and touches no other, however the two sides are aligned", (_way, source, target) => {
    const place = fc.record({ from: fc.nat(100), to: fc.nat(100), length: fc.oneof(fc.nat(40), fc.integer({ min: 200, max: 8000 })) });
    fc.assert(
      fc.property(place, ({ from, to, length }) => {
        const into = target(5);
        copyBytes(into, to, source(0).subarray(from, from + length));
        const expected = random(5);
        expected.set(random(0).subarray(from, from + length), to);
        expect(Buffer.compare(into, expected)).toBe(0);
      }),
    );
  });

  test("of nothing, and of a few bytes, is JavaScript's own; so is one of memory that is not shared", () => {
    copies = 0;
    copyBytes(shared(0), 0, new Uint8Array(0));
    copyBytes(shared(0), SIZE, new Uint8Array(0));
    copyBytes(shared(0), 0, new Uint8Array(255));
    copyBytes(random(0), 0, new Uint8Array(4096));
    expect(copies).toBe(0);
    copyBytes(shared(0), 0, new Uint8Array(256));
    expect(copies).toBe(1);
  });

  test.each([-1, SIZE - 1023, SIZE])("that does not fit at %d is refused whole", (at) => {
    const target = shared(3);
    expect(() => copyBytes(target, at, new Uint8Array(1024))).toThrow(RangeError);
    expect(Buffer.compare(target, random(3))).toBe(0);
  });

  test("into memory that is gone is an error", () => {
    const target = random(0);
    structuredClone(target.buffer, { transfer: [target.buffer as ArrayBuffer] });
    expect(() => copyBytes(target, 0, shared(0).subarray(0, 1024))).toThrow();
  });
});
