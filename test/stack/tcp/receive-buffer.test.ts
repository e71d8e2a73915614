import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { seqAdd, seqDiff } from "../../../src/stack/core/seq.ts";
import { Loans } from "../../../src/stack/tcp/loans.ts";
import { MAX_OUT_OF_ORDER_RANGES, ReceiveBuffer } from "../../../src/stack/tcp/receive-buffer.ts";
import { LendingRings } from "../../support/lending-rings.ts";
import { count, pause, poolInTime, START, textFrom } from "./buffered-stream.ts";

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
      const { rings, wait } = poolInTime();
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
  const { rings, wait } = poolInTime();
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

/** A buffer, and its text as it comes. */
function setUp(source?: LendingRings) {
  const { rings, wait } = poolInTime(source);
  const buffer = new ReceiveBuffer(START, rings);
  return {
    rings,
    wait,
    buffer,
    /** The bytes of the stream from one position to another arrive; @returns whether they were kept */
    arrive: (from: number, to: number, text = textFrom(from, to - from)): boolean =>
      buffer.store(seqAdd(START, from), text, 0, text.length),
    read: (length: number): Uint8Array => {
      const out = new Uint8Array(length);
      return out.subarray(0, buffer.read(out, 0, length));
    },
  };
}

describe("what comes twice", () => {
  const other = (length: number): Uint8Array => new Uint8Array(length).fill(0x55);

  test("stays as it first came where it is held, and fills the holes between", () => {
    const { buffer, arrive, read } = setUp();
    arrive(20, 30);
    arrive(40, 50);
    // From before the first held range to after the second, and nothing of it in order.
    arrive(10, 60, other(50));
    expect([buffer.outOfOrder.count, buffer.outOfOrder.bytes, buffer.readableBytes]).toEqual([1, 50, 0]);
    arrive(0, 10);
    const text = read(100);
    expect(text).toHaveLength(60);
    const expected = textFrom(0, 60);
    for (const [from, to] of [
      [10, 20],
      [30, 40],
      [50, 60],
    ] as const)
      expected.fill(0x55, from, to);
    expect(text).toEqual(expected);
  });

  test("in order, over what is held, takes it along", () => {
    const { buffer, arrive, read } = setUp();
    arrive(20, 30);
    arrive(50, 60);
    arrive(0, 45, other(45));
    expect([buffer.readableBytes, buffer.outOfOrder.count]).toEqual([45, 1]);
    const expected = other(45);
    expected.set(textFrom(20, 10), 20);
    expect(read(45)).toEqual(expected);
    arrive(45, 50);
    expect(read(100)).toEqual(textFrom(45, 15));
    expect(buffer.outOfOrder.count).toBe(0);
  });

  test("in order, into what is held, goes on to that one's end", () => {
    const { buffer, arrive, read } = setUp();
    arrive(20, 30);
    arrive(30, 35);
    arrive(0, 25);
    expect([buffer.readableBytes, seqDiff(buffer.rcvNxt, START)]).toEqual([35, 35]);
    expect(read(35)).toEqual(textFrom(0, 35));
  });
});

test("a range more than the cap is refused and left out, and what joins one that is held is not", () => {
  const { buffer, arrive, read } = setUp();
  const last = 2 * MAX_OUT_OF_ORDER_RANGES;
  for (let at = 2; at <= last; at += 2) expect(arrive(at, at + 1)).toBe(true);
  expect(buffer.outOfOrder.count).toBe(MAX_OUT_OF_ORDER_RANGES);
  expect(arrive(last + 10, last + 11)).toBe(false);
  expect(buffer.outOfOrder.count).toBe(MAX_OUT_OF_ORDER_RANGES);
  expect(arrive(last + 1, last + 2)).toBe(true);
  // In order text needs no range.
  expect(arrive(0, 2)).toBe(true);
  expect(buffer.readableBytes).toBe(3);
  for (let at = 3; at < last; at += 2) expect(arrive(at, at + 1)).toBe(true);
  expect(read(last + 100)).toEqual(textFrom(0, last + 2));
  // What was refused comes again, as the peer sends it.
  expect(arrive(last + 2, last + 11)).toBe(true);
  expect(read(100)).toEqual(textFrom(last + 2, 9));
});

test("looking takes nothing, may begin further on, and sees no byte that is held out of order", () => {
  const { buffer, arrive, read } = setUp();
  arrive(0, 2000);
  buffer.discard(1900);
  arrive(2000, 2300);
  arrive(2400, 2500);
  const out = new Uint8Array(1000);
  // 148 bytes to the ring's end, 252 after it.
  expect(buffer.peek(out, 0, 1000)).toBe(400);
  expect(out.subarray(0, 400)).toEqual(textFrom(1900, 400));
  expect(buffer.peek(out, 10, 30, 140)).toBe(20);
  expect(out.subarray(10, 30)).toEqual(textFrom(2040, 20));
  expect([buffer.peek(out, 0, 1000, 399), buffer.peek(out, 0, 1000, 400), buffer.peek(out, 0, 1000, 500)]).toEqual([1, 0, 0]);
  expect(buffer.readableBytes).toBe(400);
  expect(read(1000)).toEqual(textFrom(1900, 400));
});

test("a buffer that is cleared forgets held ranges too, and gives its ring back at once", () => {
  const { buffer, arrive, rings } = setUp();
  arrive(0, 3000);
  arrive(4000, 5000);
  buffer.clear();
  expect([buffer.readableBytes, buffer.outOfOrder.count, buffer.capacity, rings.lentBytes]).toEqual([0, 0, 0, 0]);
  expect(buffer.peek(new Uint8Array(10), 0, 10)).toBe(0);
});

test("its ring holds the gaps too, and keeps one size more than the last second needed", () => {
  const { buffer, arrive, read, wait } = setUp();
  expect(buffer.capacity).toBe(0);
  arrive(0, 1);
  expect(buffer.capacity).toBe(2048);
  arrive(20_000, 20_001);
  expect(buffer.capacity).toBe(32_768);
  arrive(1, 20_000);
  read(19_999);
  wait(1000);
  expect(buffer.capacity).toBe(32_768);
  wait(1000);
  expect([buffer.capacity, buffer.readableBytes]).toEqual([2048, 2]);
  expect(read(2)).toEqual(textFrom(19_999, 2));
  wait(1000);
  expect(buffer.capacity).toBe(2048);
  wait(1000);
  expect(buffer.capacity).toBe(0);
});

describe("bytes that are lent", () => {
  function lending() {
    const source = new LendingRings();
    const parts = setUp(source);
    parts.rings.spareLimit = 0;
    const loans = new Loans(parts.rings);
    return { ...parts, source, loans, lend: (most: number, skip = 0) => parts.buffer.lend(most, skip, loans) };
  }

  test("are none where the ring lies in memory of the host's own", () => {
    const { buffer, arrive, rings } = setUp();
    const loans = new Loans(rings);
    expect(buffer.lend(10, 0, loans)).toBeUndefined();
    arrive(0, 100);
    expect(buffer.lend(10, 0, loans)).toBeUndefined();
    expect(loans.bytes).toBe(0);
  });

  test("are as many as were asked for, in one piece, and no more than are readable; they stay unread", () => {
    const { buffer, arrive, lend, loans } = lending();
    arrive(0, 2000);
    buffer.discard(1900);
    arrive(2000, 2300);
    arrive(2400, 2500);
    expect(lend(20)).toEqual(textFrom(1900, 20));
    expect(lend(1000, 20)).toEqual(textFrom(1920, 128));
    expect(lend(1000, 148)).toEqual(textFrom(2048, 252));
    expect(lend(1000, 400)).toHaveLength(0);
    expect(lend(1000, 450)).toHaveLength(0);
    expect([loans.bytes, buffer.readableBytes]).toEqual([400, 400]);
  });

  test("stay as they are when their buffer grows into another ring, and when it is cleared, until they are returned", () => {
    const { buffer, arrive, lend, loans, source } = lending();
    arrive(0, 2000);
    const first = lend(2000)!;
    arrive(2000, 9000);
    const second = lend(7000, 2000)!;
    expect(source.count).toBe(2);
    buffer.clear();
    expect(first).toEqual(textFrom(0, 2000));
    expect(second).toEqual(textFrom(2000, 7000));
    loans.return(2000);
    expect(first).not.toEqual(textFrom(0, 2000));
    expect(second).toEqual(textFrom(2000, 7000));
    loans.keep(0);
    expect([source.count, loans.bytes]).toEqual([0, 0]);
  });

  test("in a ring that the buffer still uses, and returned, leave it the ring", () => {
    const { buffer, arrive, lend, loans, source, read } = lending();
    arrive(0, 2000);
    lend(2000);
    loans.return(2000);
    expect([source.count, buffer.capacity]).toEqual([1, 2048]);
    expect(read(2000)).toEqual(textFrom(0, 2000));
  });
});
