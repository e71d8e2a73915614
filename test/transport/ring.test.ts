import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { emptyMessage, type Message, REQUEST } from "../../src/transport/message.ts";
import { RING_WORDS, type RingMemory, RingReader, RingWriter, smallestRing } from "../../src/transport/ring.ts";

/** A ring whose positions begin just below 2^32, so that every test crosses the wrap of the counters too. */
function ringNearWrap(bytes: number): RingMemory {
  const words = new Int32Array(new SharedArrayBuffer(RING_WORDS * 4));
  words[0] = -64;
  words[16] = -64;
  return { words, bytes: new Uint8Array(new SharedArrayBuffer(bytes)) };
}

const request = (id: number, data: Uint8Array | null): Message => ({ ...emptyMessage(), kind: REQUEST, id, data });

const pattern = (id: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (id * 31 + i) & 255);

describe("a ring of messages", () => {
  test("gives out what was written, in order and whole, through any number of wraps", () => {
    const step = fc.oneof(fc.record({ write: fc.integer({ min: 0, max: 200 }) }), fc.constant({ write: -1 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const memory = ringNearWrap(smallestRing(200));
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const expected: { id: number; length: number }[] = [];
        const got = emptyMessage();
        let id = 0;
        for (const { write } of steps) {
          if (write >= 0) {
            if (writer.write(request(++id, pattern(id, write)))) expected.push({ id, length: write });
            // Refusal is allowed only when something is in the way.
            else expect(expected.length).toBeGreaterThan(0);
          } else {
            const wanted = expected.shift();
            expect(reader.hasMessage).toBe(wanted !== undefined);
            expect(reader.read(got)).toBe(wanted !== undefined);
            if (wanted === undefined) continue;
            expect(got.id).toBe(wanted.id);
            expect(got.data).toEqual(pattern(wanted.id, wanted.length));
            reader.release();
          }
        }
      }),
    );
  });

  test("takes the longest message at any position of an empty ring", () => {
    const memory = ringNearWrap(smallestRing(1000));
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const got = emptyMessage();
    for (let i = 0; i < 100; i++) {
      expect(writer.write(request(i, pattern(i, (i * 8) % 1000)))).toBe(true);
      expect(reader.read(got)).toBe(true);
      reader.release();
      expect(writer.write(request(i, pattern(i, 1000)))).toBe(true);
      expect(reader.read(got)).toBe(true);
      expect(got.data).toEqual(pattern(i, 1000));
      reader.release();
    }
  });

  test("a writer who found no room is announced once by the release that makes some", () => {
    const memory = ringNearWrap(smallestRing(100));
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const got = emptyMessage();
    let written = 0;
    while (writer.write(request(written, pattern(0, 90)))) written++;
    expect(reader.read(got)).toBe(true);
    expect(reader.release()).toBe(true);
    expect(reader.read(got)).toBe(true);
    expect(reader.release()).toBe(false);
    expect(writer.write(request(99, pattern(0, 90)))).toBe(true);
  });

  test("the same message is read again until it is released", () => {
    const memory = ringNearWrap(4096);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const got = emptyMessage();
    writer.write(request(1, null));
    writer.write(request(2, null));
    reader.read(got);
    expect(reader.read(got)).toBe(true);
    expect(got.id).toBe(1);
    reader.release();
    reader.read(got);
    expect(got.id).toBe(2);
  });

  test("tells a writer that wants more room than a message needs once it has it, and not before", () => {
    const memory = ringNearWrap(1024);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    while (writer.write(request(1, null)));
    const got = emptyMessage();
    expect(writer.hasRoom(512)).toBe(false);
    const told: boolean[] = [];
    while (writer.freeBytes < 512) {
      expect(reader.read(got)).toBe(true);
      told.push(reader.release());
    }
    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual([...Array(told.length - 1).fill(false), true]);
    expect(reader.read(got)).toBe(true);
    expect(reader.release()).toBe(false);
  });

  test("tells a writer without room for a message when half of the ring is free", () => {
    const memory = ringNearWrap(1024);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    while (writer.write(request(1, null)));
    const got = emptyMessage();
    let isTold = false;
    while (!isTold) {
      expect(writer.freeBytes).toBeLessThan(512);
      expect(reader.read(got)).toBe(true);
      isTold = reader.release();
    }
    expect(writer.freeBytes).toBeGreaterThanOrEqual(512);
    expect(writer.write(request(2, null))).toBe(true);
  });
});
