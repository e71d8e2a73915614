import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { LentViews } from "../../src/transport/lent-views.ts";
import { MappedRings } from "../../src/transport/mapped-rings.ts";
import { emptyMessage, LENT } from "../../src/transport/message.ts";

const KIB = 1024;

/** Whether the kernel has this address in use for us (proc(5), /proc/pid/maps). */
function isMapped(address: number): boolean {
  return readFileSync("/proc/self/maps", "latin1")
    .split("\n")
    .some((line) => {
      const [from, to] = line.split(" ")[0]!.split("-");
      return to !== undefined && Number.parseInt(from!, 16) <= address && address < Number.parseInt(to, 16);
    });
}

const open: MappedRings[] = [];
afterEach(() => {
  for (const rings of open.splice(0)) rings.close();
});

function newRings(): MappedRings {
  const rings = new MappedRings();
  open.push(rings);
  return rings;
}

describe("rings in memory of the process", () => {
  test("are large ones; small ones the pool had better make itself", () => {
    const rings = newRings();
    expect(rings.take(32 * KIB)).toBeUndefined();
    expect(rings.take(64 * KIB)).toHaveLength(64 * KIB);
  });

  test("are zeroed, known as what they are, and looked at from elsewhere show the same bytes", () => {
    const rings = newRings();
    const ring = rings.take(256 * KIB)!;
    expect(ring.every((byte) => byte === 0)).toBe(true);
    ring.set([1, 2, 3, 4], 1000);
    const { address: a, capacity: b, offset: c } = rings.placeOf(ring.subarray(1000, 1004))!;
    expect([b, c]).toEqual([256 * KIB, 1000]);
    const views = new LentViews();
    const seen = views.bytesOf({ ...emptyMessage(), kind: LENT, value: 4, a, b, c });
    expect([...seen]).toEqual([1, 2, 3, 4]);
    ring[1001] = 9;
    expect([...seen]).toEqual([1, 9, 3, 4]);
    expect(rings.owns(ring)).toBe(true);
    expect(rings.owns(new Uint8Array(64 * KIB))).toBe(false);
    expect(rings.placeOf(new Uint8Array(10))).toBeUndefined();
  });

  test("another ring where one was is not mistaken for it", () => {
    const rings = newRings();
    const views = new LentViews();
    for (const size of [64, 128, 256, 64, 1024]) {
      const ring = rings.take(size * KIB)!;
      ring.fill(size & 255);
      const { address: a, capacity: b } = rings.placeOf(ring)!;
      const seen = views.bytesOf({ ...emptyMessage(), kind: LENT, value: size * KIB, a, b, c: 0 });
      expect(seen).toHaveLength(size * KIB);
      expect(seen.every((byte) => byte === (size & 255))).toBe(true);
      rings.give(ring);
    }
  });

  test("go back to the system at once, each by itself or with the host", () => {
    const rings = newRings();
    const [one, two] = [rings.take(8 * 1024 * KIB)!, rings.take(8 * 1024 * KIB)!];
    const [first, second] = [rings.placeOf(one)!.address, rings.placeOf(two)!.address];
    rings.give(one);
    expect([isMapped(first), isMapped(second)]).toEqual([false, true]);
    expect(rings.owns(one)).toBe(false);
    rings.close();
    expect(isMapped(second)).toBe(false);
  });

  test("stay when the host ends under programs that may be reading", () => {
    const rings = newRings();
    const [one, two] = [rings.take(8 * 1024 * KIB)!, rings.take(8 * 1024 * KIB)!];
    const addresses = [rings.placeOf(one)!.address, rings.placeOf(two)!.address];
    rings.leaveToReaders();
    rings.give(one);
    rings.close();
    expect(addresses.map(isMapped)).toEqual([true, true]);
  });

  test("are not without number", () => {
    const rings = newRings();
    let count = 0;
    while (rings.take(64 * KIB) !== undefined) count++;
    expect(count).toBe(1024);
  });
});
