import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { seq, seqAdd, seqDiff } from "../../../src/stack/core/seq.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { ReceiveBuffer } from "../../../src/stack/tcp/receive-buffer.ts";
import { RingPool } from "../../../src/stack/tcp/ring-pool.ts";
import { SendBuffer } from "../../../src/stack/tcp/send-buffer.ts";

/** Numbers pass their wrap in every run that is long enough. */
const START = seq(-5000);
/** The byte at a position of the stream, so that a shifted ring cannot pass for a whole one. */
const byteAt = (position: number): number => (Math.imul(position + 1, 0x9e3779b1) >>> 24) ^ (position >>> 11);
const textFrom = (position: number, count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => byteAt(position + i));

function setUp() {
  const time = new FrozenTime();
  const rings = new RingPool(time);
  /** Another connection writes over every spare ring. */
  const scribble = () => {
    for (let capacity = 2048; capacity <= 1 << 20; capacity *= 2) rings.give(rings.take(capacity).fill(0xee));
  };
  const wait = (ms: number) => {
    const until = time.now + ms;
    for (; rings.sweepAtMs <= until; rings.sweepIfDue()) time.moveTo(rings.sweepAtMs);
    time.moveTo(until);
    scribble();
  };
  return { rings, wait };
}

const count = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 120_000 }));
const pause = fc.record({ do: fc.constant("pause" as const), count: fc.integer({ min: 1, max: 4000 }) });

test("a send buffer holds what was written and not acknowledged, however its ring grows, wraps and shrinks", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("write" as const), count }),
    fc.record({ do: fc.constant("acknowledge" as const), count }),
    fc.record({ do: fc.constant("acknowledge all" as const), count: fc.constant(0) }),
    pause,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { rings, wait } = setUp();
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

test("a receive buffer gives the stream back in order, however it arrived and however its ring grows, wraps and shrinks", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("arrive" as const), count, ahead: fc.oneof(fc.constant(0), count) }),
    fc.record({ do: fc.constant("read" as const), count }),
    fc.record({ do: fc.constant("discard" as const), count }),
    fc.record({ do: fc.constant("read all" as const), count: fc.constant(1 << 30) }),
    pause,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { rings, wait } = setUp();
      const buffer = new ReceiveBuffer(START, rings);
      /** Which positions have come: the model. */
      const come = new Set<number>();
      let read = 0;
      let next = 0;
      for (const s of steps) {
        if (s.do === "arrive") {
          const from = next + s.ahead;
          buffer.store(seqAdd(START, from), textFrom(from - 2, s.count + 2), 2, s.count + 2);
          for (let i = 0; i < s.count; i++) come.add(from + i);
          while (come.delete(next)) next++;
        } else if (s.do === "pause") wait(s.count);
        else {
          const n = Math.min(s.count, next - read);
          if (s.do === "discard") buffer.discard(n);
          else {
            const out = new Uint8Array(n + 1);
            expect(buffer.read(out, 1, n + 1)).toBe(n);
            expect(Buffer.compare(out.subarray(1), textFrom(read, n))).toBe(0);
          }
          read += n;
        }
        expect(seqDiff(buffer.rcvNxt, START)).toBe(next);
        expect(buffer.readableBytes).toBe(next - read);
        expect(rings.lentBytes).toBe(buffer.capacity);
      }
      // The gaps are filled at last: what was held has stayed at its place.
      const last = [...come].reduce((a, b) => Math.max(a, b), next);
      const size = last - next + 1;
      buffer.store(seqAdd(START, next), textFrom(next, size), 0, size);
      const out = new Uint8Array(last + 1 - read);
      expect(buffer.read(out, 0, out.length)).toBe(out.length);
      expect(Buffer.compare(out, textFrom(read, out.length))).toBe(0);
      wait(3000);
      expect(buffer.capacity).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("what was held out of order survives a ring that shrinks around it, as it was when it came", () => {
  const { rings, wait } = setUp();
  const buffer = new ReceiveBuffer(START, rings);
  buffer.store(START, textFrom(0, 200_000), 0, 200_000);
  buffer.discard(200_000);
  buffer.store(seqAdd(START, 200_100), textFrom(200_100, 50), 0, 50);
  const large = buffer.capacity;
  wait(3000);
  expect(buffer.capacity).toBeLessThan(large / 16);
  // Only the gap comes, so that the held bytes can come from nowhere but the ring.
  buffer.store(seqAdd(START, 200_000), textFrom(200_000, 100), 0, 100);
  const out = new Uint8Array(150);
  expect(buffer.read(out, 0, 150)).toBe(150);
  expect(out).toEqual(textFrom(200_000, 150));
});

test("a ring that runs empty after every burst is kept as long as the bursts come", () => {
  const { rings, wait } = setUp();
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
