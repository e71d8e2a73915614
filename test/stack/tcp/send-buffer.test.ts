import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { seq, seqAdd, seqDiff } from "../../../src/stack/core/seq.ts";
import { SendBuffer } from "../../../src/stack/tcp/send-buffer.ts";
import { count, pause, poolInTime, START, textFrom } from "./buffered-stream.ts";

test("a send buffer holds what was written and not acknowledged, however its ring grows, wraps and shrinks", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("write" as const), count }),
    fc.record({ do: fc.constant("acknowledge" as const), count }),
    fc.record({ do: fc.constant("acknowledge all" as const), count: fc.constant(0) }),
    pause,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { rings, wait } = poolInTime();
      const buffer = new SendBuffer(START, rings);
      let acknowledged = 0;
      let written = 0;
      for (const { do: what, count: n } of steps) {
        if (what === "write") {
          buffer.append(textFrom(written - 3, n + 5), 3, n + 3);
          written += n;
        } else if (what === "pause") wait(n);
        else {
          acknowledged = what === "acknowledge all" ? written : Math.min(written, acknowledged + n);
          buffer.acknowledge(seqAdd(START, acknowledged));
        }
        expect(buffer.length).toBe(written - acknowledged);
        expect(seqDiff(buffer.end, START)).toBe(written);
        expect(rings.lentBytes).toBe(buffer.capacity);
        const out = new Uint8Array(buffer.length + 1);
        buffer.copy(seqAdd(START, acknowledged), buffer.length, out, 1);
        expect(Buffer.compare(out.subarray(1), textFrom(acknowledged, buffer.length))).toBe(0);
      }
      wait(3000);
      const room = buffer.capacity;
      expect(buffer.length === 0 ? room === 0 : room <= 4 * Math.max(buffer.length, 2048)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a ring that runs empty after every burst is kept as long as the bursts come", () => {
  const { rings, wait } = poolInTime();
  const buffer = new SendBuffer(START, rings);
  let at = START;
  let taken = 0;
  const take = rings.take.bind(rings);
  rings.take = (capacity) => {
    taken++;
    return take(capacity);
  };
  for (let burst = 0; burst < 100; burst++) {
    buffer.append(new Uint8Array(1 << 19), 0, 1 << 19);
    at = seqAdd(at, 1 << 19);
    buffer.acknowledge(at);
    const before = taken;
    wait(90);
    // The test's own scribbling takes rings too.
    taken = before;
  }
  expect(taken).toBe(1);
});

/** What lies in the buffer from its start on. */
function contents(buffer: SendBuffer): Uint8Array {
  const out = new Uint8Array(buffer.length);
  buffer.copy(seqAdd(buffer.end, -buffer.length), buffer.length, out, 0);
  return out;
}

test("an acknowledgement of what was acknowledged before changes nothing, and one of the FIN takes all the text", () => {
  const { rings } = poolInTime();
  const buffer = new SendBuffer(START, rings);
  buffer.append(textFrom(0, 100), 0, 100);
  buffer.acknowledge(seqAdd(START, 40));
  for (const old of [40, 39, 0, -100_000]) buffer.acknowledge(seqAdd(START, old));
  expect([buffer.length, seqDiff(buffer.end, START)]).toEqual([60, 100]);
  expect(contents(buffer)).toEqual(textFrom(40, 60));
  buffer.acknowledge(seqAdd(START, 101));
  expect([buffer.length, seqDiff(buffer.end, START)]).toEqual([0, 100]);
  buffer.append(textFrom(100, 10), 0, 10);
  expect(seqDiff(buffer.end, START)).toBe(110);
  expect(contents(buffer)).toEqual(textFrom(100, 10));
});

test("any part of it can be copied to any place, also one that goes round the ring's end", () => {
  const { rings } = poolInTime();
  const buffer = new SendBuffer(START, rings);
  buffer.append(textFrom(0, 2000), 0, 2000);
  buffer.acknowledge(seqAdd(START, 1500));
  buffer.append(textFrom(2000, 1548), 0, 1548);
  // It is full to the last byte, and 48 bytes before the ring's end is byte 2000.
  expect([buffer.length, buffer.capacity]).toEqual([2048, 2048]);
  for (const [from, length] of [
    [1500, 548],
    [1900, 149],
    [2047, 2],
    [2048, 1500],
    [1500, 2048],
  ] as const) {
    const out = new Uint8Array(length + 20).fill(0xaa);
    buffer.copy(seqAdd(START, from), length, out, 10);
    expect(out.subarray(10, 10 + length)).toEqual(textFrom(from, length));
    expect([out[9], out[10 + length]]).toEqual([0xaa, 0xaa]);
  }
});

test("a buffer that is cleared gives its ring back at once, and goes on from where it ended", () => {
  const { rings, wait } = poolInTime();
  const buffer = new SendBuffer(START, rings);
  buffer.append(textFrom(0, 5000), 0, 5000);
  buffer.acknowledge(seqAdd(START, 10));
  buffer.clear();
  expect([buffer.length, buffer.capacity, rings.lentBytes, seqDiff(buffer.end, START)]).toEqual([0, 0, 0, 5000]);
  buffer.append(textFrom(5000, 10), 0, 10);
  wait(5000);
  expect(contents(buffer)).toEqual(textFrom(5000, 10));
});

test("its ring is the power of two that holds the bytes, and keeps one size more than the last second needed", () => {
  const { rings, wait } = poolInTime();
  const buffer = new SendBuffer(seq(0), rings);
  expect(buffer.capacity).toBe(0);
  const capacities = [1, 2047, 1, 14_335, 1].map((n) => {
    buffer.append(new Uint8Array(n), 0, n);
    return buffer.capacity;
  });
  expect(capacities).toEqual([2048, 2048, 4096, 16_384, 32_768]);
  buffer.acknowledge(seq(8385));
  // 8000 bytes are left: the first look knows of more, the second does not, and finds no more to gain.
  wait(1000);
  expect(buffer.capacity).toBe(32_768);
  buffer.acknowledge(seq(8386));
  wait(1000);
  expect([buffer.length, buffer.capacity]).toEqual([7999, 32_768 / 4]);
  buffer.acknowledge(seq(8386 + 7998));
  // A peak of 7999 in this second, of 1 in the next.
  wait(1000);
  expect(buffer.capacity).toBe(8192);
  wait(1000);
  expect(buffer.capacity).toBe(2048);
});
