import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { FramePairs } from "../../src/run/frame-pairs.ts";
import { FrameVerdicts } from "../../src/run/frame-verdicts.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { plainFrame } from "../../src/stack/core/frame-info.ts";
import type { LineFate } from "../../src/stack/core/trace.ts";

const ETHERNET = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];

function bytesOf(...payload: number[]): Uint8Array {
  return new Uint8Array([...ETHERNET, ...payload]);
}

let number = 0;
function frame(host: string, direction: "in" | "out", atMs: number, bytes: Uint8Array): RunEvent {
  return { type: "frame", host, direction, device: `${host}0`, atMs, number: ++number, bytes, length: bytes.length, info: plainFrame() };
}

function impaired(host: string, direction: "in" | "out", fate: LineFate, atMs: number, bytes: Uint8Array): RunEvent {
  return { type: "frame-impaired", host, direction, device: `${host}0`, fate, atMs, number: ++number, bytes, length: bytes.length };
}

function paired(...events: RunEvent[]): FramePairs {
  const pairs = new FramePairs();
  events.forEach((event, place) => {
    pairs.push(event, place);
  });
  return pairs;
}

test("what left one host and came to another is one frame, whatever their Ethernet headers say", () => {
  const left = bytesOf(1, 2, 3);
  const came = left.slice();
  came[3] = 99;
  const pairs = paired(frame("a", "out", 1, left), frame("b", "in", 5, came));
  expect(pairs.frames).toHaveLength(1);
  expect(pairs.frames[0]).toMatchObject({ from: "a", place: 0, arrivals: [{ host: "b", atMs: 5, place: 1, isCorrupted: false }] });
  expect(pairs.at(1)).toBe(pairs.at(0));
});

test("alike frames arrive first in, first out", () => {
  const bytes = bytesOf(7);
  const pairs = paired(frame("a", "out", 1, bytes), frame("a", "out", 2, bytes), frame("b", "in", 3, bytes), frame("b", "in", 4, bytes));
  expect(pairs.frames.map(({ arrivals }) => arrivals.map(({ atMs }) => atMs))).toEqual([[3], [4]]);
});

test("a frame for all comes to each of them", () => {
  const bytes = bytesOf(7);
  const pairs = paired(frame("a", "out", 1, bytes), frame("b", "in", 2, bytes), frame("c", "in", 2, bytes));
  expect(pairs.frames).toHaveLength(1);
  expect(pairs.frames[0]!.arrivals.map(({ host }) => host)).toEqual(["b", "c"]);
});

test("what was lost pairs with nothing: the same bytes that come later are the repetition's", () => {
  const bytes = bytesOf(7);
  const pairs = paired(
    frame("a", "out", 1, bytes),
    impaired("a", "out", "lost", 1, bytes),
    frame("a", "out", 2, bytes),
    frame("b", "in", 3, bytes),
  );
  expect(pairs.frames.map(({ lost, arrivals }) => [lost?.fate, arrivals.length])).toEqual([
    ["lost", 0],
    [undefined, 1],
  ]);
});

test("the line may judge a frame before the host tells of it", () => {
  const bytes = bytesOf(7);
  const pairs = paired(impaired("a", "out", "picked", 1, bytes), frame("a", "out", 1, bytes));
  expect(pairs.frames[0]!.lost).toMatchObject({ fate: "picked", place: 0 });
  expect(pairs.at(0)).toBe(pairs.at(1));
  // What was told earlier is of no later frame.
  expect(paired(impaired("a", "out", "lost", 1, bytes), frame("a", "out", 2, bytes)).frames[0]!.lost).toBeUndefined();
});

test("a loss at the receiver's end is the oldest's that is on its way", () => {
  const bytes = bytesOf(7);
  const pairs = paired(
    frame("a", "out", 1, bytes),
    frame("a", "out", 2, bytes),
    impaired("b", "in", "queue-full", 3, bytes),
    frame("b", "in", 4, bytes),
  );
  expect(pairs.frames.map(({ lost, arrivals }) => [lost?.fate, arrivals.length])).toEqual([
    ["queue-full", 0],
    [undefined, 1],
  ]);
});

test("a duplicated frame comes twice, another one only once", () => {
  const bytes = bytesOf(7);
  const twice = paired(
    frame("a", "out", 1, bytes),
    impaired("a", "out", "duplicated", 1, bytes),
    frame("b", "in", 2, bytes),
    frame("b", "in", 3, bytes),
  );
  expect(twice.frames).toHaveLength(1);
  expect(twice.frames[0]!.arrivals.map(({ atMs }) => atMs)).toEqual([2, 3]);
  const once = paired(frame("a", "out", 1, bytes), frame("b", "in", 2, bytes), frame("b", "in", 3, bytes));
  expect(once.frames.map(({ from }) => from)).toEqual(["a", undefined]);
});

test("a corrupted frame pairs with what differs by a bit, and a good one does not", () => {
  const bytes = bytesOf(7, 8, 9);
  const damaged = bytesOf(7, 8 ^ 4, 9);
  const pairs = paired(frame("a", "out", 1, bytes), impaired("a", "out", "corrupted", 1, bytes), frame("b", "in", 2, damaged));
  expect(pairs.frames[0]!.arrivals).toEqual([{ host: "b", atMs: 2, place: 2, isCorrupted: true }]);
  const told = paired(frame("a", "out", 1, bytes), impaired("a", "out", "corrupted", 1, damaged), frame("b", "in", 2, damaged));
  expect(told.frames).toHaveLength(1);
  expect(paired(frame("a", "out", 1, bytes), frame("b", "in", 2, damaged)).frames).toHaveLength(2);
});

test("a frame does not come to the host that sent it, and stands alone where nobody is seen to send it", () => {
  const bytes = bytesOf(7);
  const pairs = paired(frame("a", "out", 1, bytes), frame("a", "in", 2, bytes));
  expect(pairs.frames.map(({ from, arrivals }) => [from, arrivals.length])).toEqual([
    ["a", 0],
    [undefined, 1],
  ]);
});

test("any events are told as frames, each arrival once", () => {
  const event = fc.record({
    host: fc.constantFrom("a", "b", "c"),
    direction: fc.constantFrom("in" as const, "out" as const),
    payload: fc.integer({ min: 0, max: 3 }),
    fate: fc.option(fc.constantFrom<LineFate>("lost", "duplicated", "corrupted", "delayed"), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const made = events.map(({ host, direction, payload, fate }, i) => {
        const bytes = bytesOf(payload, 1, 2);
        return fate === undefined ? frame(host, direction, i, bytes) : impaired(host, direction, fate, i, bytes);
      });
      const pairs = paired(...made);
      const arrivals = pairs.frames.flatMap((each) => each.arrivals.map(({ place }) => place));
      const came = made.flatMap((each, place) => (each.type === "frame" && each.direction === "in" ? [place] : []));
      expect(arrivals.sort((x, y) => x - y)).toEqual(came);
      for (const each of pairs.frames) if (each.lost !== undefined) expect(each.from).toBeDefined();
    }),
  );
});

test("a verdict belongs to the frame that caused it, and a drop without a cause to the frame before", () => {
  const verdicts = new FrameVerdicts();
  const first = frame("a", "in", 1, bytesOf(1));
  const second = frame("a", "in", 1, bytesOf(2));
  verdicts.push(first, 0);
  verdicts.push(second, 1);
  const cause = { kind: "frame", number: first.number } as const;
  verdicts.push({ type: "segment-judged", host: "a", number: ++number, atMs: 1, cause, connection: 1, verdict: "accepted" }, 2);
  const bytes = bytesOf(2);
  const drop = { type: "frame-dropped", host: "a", device: "a0", reason: "ipv4-bad-checksum", bytes, length: bytes.length } as const;
  verdicts.push({ ...drop, number: ++number, atMs: 1 }, 3);
  expect([verdicts.of(0), verdicts.of(1), verdicts.of(2)]).toEqual(["accepted", "ipv4-bad-checksum", undefined]);
  verdicts.push({ ...drop, host: "b", number: ++number, atMs: 1, cause }, 4);
  expect(verdicts.of(0)).toBe("accepted");
  const bad = { type: "segment-judged", host: "a", atMs: 2, cause, verdict: "no-connection" } as const;
  verdicts.push({ ...bad, number: ++number }, 5);
  verdicts.push({ ...bad, verdict: "accepted", number: ++number }, 6);
  expect(verdicts.of(0)).toBe("no-connection");
});
