import { describe, expect, test } from "@jest/globals";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { Trace, type TraceContent, type TraceEvent } from "../../../src/stack/core/trace.ts";

const frameIn: TraceContent & { type: "frame" } = {
  type: "frame",
  direction: "in",
  device: "tap0",
  bytes: new Uint8Array(),
  info: plainFrame(),
};
const neighbour: TraceContent = { type: "neighbour-changed", device: "tap0", address: "203.0.113.1", state: "REACHABLE" };

/** What a subscriber hears, in short: the number, the type, and the number of the cause. */
const short = (event: TraceEvent): string =>
  `${event.number} ${event.type}${event.cause === undefined ? "" : ` of ${event.cause.kind} ${event.cause.number}`}`;

function heard(): { trace: Trace; events: TraceEvent[]; shown: () => string[]; leave: () => void; time: { now: number } } {
  const time = { now: 0 };
  const trace = new Trace(time);
  const events: TraceEvent[] = [];
  const leave = trace.subscribe((event) => events.push(event));
  return { trace, events, shown: () => events.map(short), leave, time };
}

describe("the trace gives each event", () => {
  test("its number and its time", () => {
    const { trace, events, time } = heard();
    trace.emit(neighbour);
    time.now = 7;
    trace.emit(neighbour);
    expect(events).toEqual([
      { number: 1, atMs: 0, cause: undefined, ...neighbour },
      { number: 2, atMs: 7, cause: undefined, ...neighbour },
    ]);
  });

  test("its cause: what has begun last and has not ended", () => {
    const { trace, shown } = heard();
    const outer = trace.begin({ type: "winsock-called", client: 1, call: 2, name: "send", text: "send()" });
    const inner = trace.begin(frameIn);
    trace.emit(neighbour);
    trace.end(inner);
    trace.emit(neighbour);
    trace.end(outer);
    trace.emit(neighbour);
    expect(shown()).toEqual([
      "1 winsock-called",
      "2 frame of call 1",
      "3 neighbour-changed of frame 2",
      "4 neighbour-changed of call 1",
      "5 neighbour-changed",
    ]);
  });

  test("as cause of work that was put off what it was put off with, once", () => {
    const { trace, shown } = heard();
    const causes = trace.postpone();
    const [work, other] = [{}, {}];
    trace.end(trace.begin(frameIn));
    const before = trace.begin(frameIn);
    causes.keep(work);
    trace.end(before);
    for (const each of [work, other, work]) {
      causes.resume(each);
      trace.emit(neighbour);
    }
    expect(shown()).toEqual(["1 frame", "2 frame", "3 neighbour-changed of frame 2", "4 neighbour-changed", "5 neighbour-changed"]);
  });

  test("no cause that somebody saw who has left meanwhile", () => {
    const { trace, leave } = heard();
    const causes = trace.postpone();
    const work = {};
    const before = trace.begin(frameIn);
    const inner = trace.begin(frameIn);
    causes.keep(work);
    leave();
    trace.end(inner);
    expect(trace.cause).toBeUndefined();
    trace.end(before);

    const later: string[] = [];
    trace.subscribe((event) => later.push(short(event)));
    causes.resume(work);
    trace.emit(neighbour);
    expect(later).toEqual(["3 neighbour-changed"]);
  });
});

test("turns are told of when something happens in them, and they are nobody's effect", () => {
  const { trace, shown, events } = heard();
  trace.beginTurn();
  trace.endTurn();
  trace.beginTurn();
  trace.end(trace.begin(frameIn));
  trace.emit(neighbour);
  trace.endTurn();
  trace.emit(neighbour);
  trace.beginTurn();
  trace.endTurn();
  expect(shown()).toEqual(["1 turn-begun", "2 frame", "3 neighbour-changed", "4 turn-ended", "5 neighbour-changed"]);
  expect(events.flatMap((event) => ("turn" in event ? [event.turn] : []))).toEqual([2, 2]);
});

test("who observes sees all, and no program goes another way for it; who subscribes is programs' business", () => {
  const trace = new Trace({ now: 0 });
  const seen: string[] = [];
  const leave = trace.observe((event) => seen.push(event.type));
  expect([trace.isOn, trace.isWatched]).toEqual([true, false]);
  trace.emit(neighbour);
  const unsubscribe = trace.subscribe(() => {});
  expect([trace.isOn, trace.isWatched]).toEqual([true, true]);
  unsubscribe();
  leave();
  expect([trace.isOn, trace.isWatched]).toEqual([false, false]);
  expect(seen).toEqual(["neighbour-changed"]);
});
