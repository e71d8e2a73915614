import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { addressOf } from "../../src/tap/libc.ts";
import { newRingsMemory, SharedRings } from "../../src/transport/shared-rings.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function setUp() {
  const memory = newRingsMemory();
  const seen = new Uint8Array(memory);
  const before = residentAround(seen);
  // What lies beside it in the same mapping was there before.
  return { rings: new SharedRings(memory), seen, growth: () => residentAround(seen) - before };
}

/** Bytes of memory that the mappings of these bytes have in use (proc(5), /proc/pid/smaps). */
function residentAround(memory: Uint8Array): number {
  const begin = addressOf(memory);
  let resident = 0;
  let isOurs = false;
  for (const line of readFileSync("/proc/self/smaps", "latin1").split("\n")) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    if (from !== undefined) isOurs = Number.parseInt(from, 16) < begin + memory.length && begin < Number.parseInt(to!, 16);
    const [, kib] = /^Rss: +(\d+) kB/.exec(line) ?? [];
    if (isOurs && kib !== undefined) resident += Number(kib) * KIB;
  }
  return resident;
}

describe("rings in memory that programs have too", () => {
  test("are large ones; small ones the pool had better make itself", () => {
    const { rings } = setUp();
    expect(rings.take(32 * KIB)).toBeUndefined();
    expect(rings.take(64 * KIB)).toHaveLength(64 * KIB);
  });

  test("are known as what they are, and show the same bytes there", () => {
    const { rings, seen } = setUp();
    const ring = rings.take(256 * KIB)!;
    ring.set([1, 2, 3, 4], 1000);
    const at = rings.placeOf(ring.subarray(1000, 1004))!;
    expect([...seen.subarray(at, at + 4)]).toEqual([1, 2, 3, 4]);
    ring[1001] = 9;
    expect([...seen.subarray(at, at + 4)]).toEqual([1, 9, 3, 4]);
    expect(rings.owns(ring)).toBe(true);
    expect(rings.owns(new Uint8Array(64 * KIB))).toBe(false);
    expect(rings.placeOf(new Uint8Array(10))).toBeUndefined();
  });

  test("begin where pages do, and two have no byte in common", () => {
    const { rings } = setUp();
    const taken = [64, 1024, 128, 16 * KIB, 64].map((size) => rings.take(size * KIB)!);
    for (const [i, ring] of taken.entries()) ring.fill(i + 1);
    for (const [i, ring] of taken.entries()) {
      expect(addressOf(ring) % Math.min(ring.length, 2 * MIB)).toBe(0);
      expect(ring.every((byte) => byte === i + 1)).toBe(true);
    }
  });

  test("are not without end: one more the pool makes itself, until one is given back", () => {
    const { rings } = setUp();
    const all = [32, 16, 8, 4, 2, 1, 1].map((size) => rings.take(size * MIB)!);
    expect(all.every((ring) => rings.owns(ring))).toBe(true);
    expect(rings.take(64 * KIB)).toBeUndefined();
    rings.give(new Uint8Array(64 * KIB));
    expect(rings.take(64 * KIB)).toBeUndefined();
    rings.give(all[3]!);
    expect(rings.take(8 * MIB)).toBeUndefined();
    expect(rings.placeOf(rings.take(4 * MIB)!)).toBe(rings.placeOf(all[3]!));
  });

  test("are no memory before they are written, nor when they are given back or the host has ended", () => {
    const { rings, growth } = setUp();
    const [one, two] = [rings.take(8 * MIB)!, rings.take(8 * MIB)!];
    expect(growth()).toBeLessThan(MIB);
    one.fill(1);
    two.fill(2);
    expect(growth()).toBeGreaterThanOrEqual(15 * MIB);
    rings.give(one);
    expect(growth()).toBeLessThan(9 * MIB);
    expect(two.every((byte) => byte === 2)).toBe(true);
    rings.close();
    expect(growth()).toBeLessThan(MIB);
  });

  test("are as much memory as they are long, where a longer one was before as anywhere", () => {
    const { rings, growth } = setUp();
    const long = rings.take(4 * MIB)!;
    long[0] = 1;
    // Of the longest pages there are.
    expect(growth()).toBeLessThan(3 * MIB);
    rings.give(long);
    for (let i = 0; i < 4; i++) rings.take(64 * KIB)!.fill(1);
    expect(growth()).toBeLessThan(MIB);
  });

  test("stay as they are when the host ends under programs that may be reading", () => {
    const { rings, seen } = setUp();
    const ring = rings.take(8 * MIB)!.fill(7);
    const at = rings.placeOf(ring)!;
    rings.leaveToReaders();
    rings.give(ring);
    expect(rings.placeOf(rings.take(8 * MIB)!)).not.toBe(at);
    rings.close();
    expect(seen.subarray(at, at + ring.length).every((byte) => byte === 7)).toBe(true);
  });
});
