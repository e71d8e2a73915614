import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type FrameInfo, GSO_NONE, GSO_TCPV4, GSO_TCPV6, plainFrame } from "../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM } from "../../src/stack/link/link-device.ts";
import { FrameQueue } from "../../src/wire/frame-queue.ts";

/** A frame whose every byte tells which it is. */
const frameOf = (number: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (number * 31 + i) & 0xff);

const infoOf = (number: number): FrameInfo => ({
  checksumStart: number,
  checksumOffset: number + 1,
  checksumVerified: number % 2 === 1,
  gsoType: [GSO_NONE, GSO_TCPV4, GSO_TCPV6][number % 3] as FrameInfo["gsoType"],
  gsoSize: number + 2,
  headerLength: number + 3,
});

describe("a queue of frames", () => {
  test("gives them back in order with what travels beside them, whatever comes and goes, and refuses only for want of room", () => {
    const [maxFrames, maxBytes] = [6, 400];
    const step = fc.oneof(
      fc.record({ do: fc.constant("push" as const), n: fc.integer({ min: 1, max: 130 }) }),
      fc.record({ do: fc.constant("deliver" as const), n: fc.integer({ min: 0, max: 4 }) }),
      { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), n: fc.constant(0) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new FrameQueue(maxFrames, maxBytes);
        let waiting: { number: number; length: number }[] = [];
        let number = 0;
        for (const s of steps) {
          if (s.do === "push") {
            const bytes = new Uint8Array(s.n + 10);
            bytes.set(frameOf(++number, s.n), 5);
            const hadRoom = queue.hasRoom(s.n);
            const at = queue.push(bytes, 5, 5 + s.n, infoOf(number));
            expect(at >= 0).toBe(hadRoom);
            if (at >= 0) waiting.push({ number, length: s.n });
            else {
              const used = waiting.reduce((sum, frame) => sum + frame.length + FRAME_HEADROOM, 0);
              // A frame never wraps, so that up to a frame's length may lie idle at the end of the block, and as much before the first.
              expect(waiting.length === maxFrames || used + 2 * (s.n + FRAME_HEADROOM) > maxBytes).toBe(true);
            }
            // Whose bytes they were may use them again.
            bytes.fill(0);
          } else if (s.do === "clear") {
            queue.clear();
            waiting = [];
          } else {
            const expected = waiting.splice(0, s.n);
            const got: { number: number; length: number }[] = [];
            const delivered = queue.deliver(
              {
                frame(bytes, at, end, info) {
                  const next = expected[got.length]!;
                  expect(bytes.slice(at, end)).toEqual(frameOf(next.number, next.length));
                  expect(info).toEqual(infoOf(next.number));
                  // The headroom is the receiver's to write to.
                  expect(at).toBeGreaterThanOrEqual(FRAME_HEADROOM);
                  bytes.fill(0xff, at - FRAME_HEADROOM, end);
                  got.push(next);
                },
              },
              s.n,
            );
            expect([delivered, got]).toEqual([expected.length, expected]);
          }
          expect(queue.size).toBe(waiting.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("that is empty takes a frame as large as its block, headroom included, and none larger", () => {
    const queue = new FrameQueue(4, 100);
    expect([queue.hasRoom(100 - FRAME_HEADROOM), queue.hasRoom(101 - FRAME_HEADROOM)]).toEqual([true, false]);
    expect(queue.push(frameOf(1, 84), 0, 84, plainFrame())).toBe(FRAME_HEADROOM);
    expect(queue.push(frameOf(2, 1), 0, 1, plainFrame())).toBe(-1);
  });

  test("that begins again at the start of its block uses all of what is free there, and no more", () => {
    const queue = new FrameQueue(8, 100);
    const push = (length: number): number => queue.push(new Uint8Array(length), 0, length, plainFrame());
    expect([push(24), push(24)]).toEqual([16, 56]);
    queue.deliver({ frame: () => {} }, 1);
    // The first 40 bytes are free, and the last 20.
    expect([queue.hasRoom(25), queue.hasRoom(24)]).toEqual([false, true]);
    expect([push(4), push(24), push(0)]).toEqual([96, 16, -1]);
  });

  test("keeps a frame's bytes while it is delivered, whatever is pushed meanwhile, and delivers that too while the budget lasts", () => {
    const queue = new FrameQueue(3, 4 * (20 + FRAME_HEADROOM));
    queue.push(frameOf(1, 20), 0, 20, plainFrame());
    const seen: Uint8Array[] = [];
    let number = 1;
    const sink = {
      frame(bytes: Uint8Array, at: number, end: number) {
        while (number < 100 && queue.push(frameOf(++number, 20), 0, 20, plainFrame()) >= 0);
        seen.push(bytes.slice(at, end));
      },
    };
    expect(queue.deliver(sink, 3)).toBe(3);
    expect(seen).toEqual([frameOf(1, 20), frameOf(2, 20), frameOf(3, 20)]);
  });

  test("has done with a frame that its receiver threw at, and may be cleared by its receiver", () => {
    const queue = new FrameQueue(4, 1000);
    for (const n of [1, 2, 3]) queue.push(frameOf(n, 20), 0, 20, plainFrame());
    const failing = {
      frame(): void {
        throw new Error("a mistake");
      },
    };
    expect(() => queue.deliver(failing, 1)).toThrow("a mistake");
    expect(queue.size).toBe(2);
    expect(queue.deliver({ frame: () => queue.clear() }, 5)).toBe(1);
    expect(queue.size).toBe(0);
    queue.push(frameOf(4, 20), 0, 20, plainFrame());
    expect(queue.deliver({ frame: (bytes, at, end) => expect(bytes.slice(at, end)).toEqual(frameOf(4, 20)) }, 5)).toBe(1);
  });
});
