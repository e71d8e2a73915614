import fc from "fast-check";
import { seq } from "../../../src/stack/core/seq.ts";
import { FrozenTime } from "../../../src/stack/core/time.ts";
import { RingPool, type RingSource } from "../../../src/stack/tcp/ring-pool.ts";

/** Numbers pass their wrap in every run that is long enough. */
export const START = seq(-5000);
/** The byte at a position of the stream, so that a shifted ring cannot pass for a whole one. */
const byteAt = (position: number): number => (Math.imul(position + 1, 0x9e3779b1) >>> 24) ^ (position >>> 11);
/** `count` bytes of the stream from a position on. */
export const textFrom = (position: number, count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => byteAt(position + i));

/** A pool of rings and its time; nothing else in the tests of buffers knows how the pool is told the time. */
export function poolInTime(source?: RingSource) {
  const time = new FrozenTime();
  const rings = new RingPool(time, source);
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

/** How many bytes a step of a property has: few, some segments, or more than a ring of the usual size. */
export const count = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 120_000 }));
/** Time passes. */
export const pause = fc.record({ do: fc.constant("pause" as const), count: fc.integer({ min: 1, max: 4000 }) });
