import { describe, expect, test } from "@jest/globals";
import { EventStreams } from "../../src/management/event-streams.ts";

interface Sent {
  readonly client: number;
  readonly subscription: number;
  readonly count: number;
  readonly text: string;
}

/** Streams, sources that a test makes speak, and clients of which some take nothing. */
function setUp() {
  const sent: Sent[] = [];
  const slow = new Set<number>();
  const ended: string[] = [];
  const streams = new EventStreams((client, subscription, count, data) => {
    if (slow.has(client)) return false;
    sent.push({ client, subscription, count, text: new TextDecoder().decode(data) });
    return true;
  });
  const start = (client: number, name: string, kind = "trace") => {
    let emit: (data: Uint8Array) => void = () => {};
    const subscription = streams.start(client, kind, (given) => {
      emit = given;
      return () => ended.push(name);
    });
    return { subscription, say: (text: string) => emit(new TextEncoder().encode(text)) };
  };
  return { streams, sent, slow, ended, start };
}

describe("a stream of events", () => {
  test("gives each event its number, to its client alone", () => {
    const { streams, sent, start } = setUp();
    const [one, two] = [start(1, "one"), start(2, "two")];
    one.say("a");
    two.say("b");
    one.say("c");
    expect(sent).toEqual([
      { client: 1, subscription: one.subscription, count: 0, text: "a" },
      { client: 2, subscription: two.subscription, count: 0, text: "b" },
      { client: 1, subscription: one.subscription, count: 1, text: "c" },
    ]);
    expect(one.subscription).not.toBe(two.subscription);
    expect(streams.totals()).toEqual({ subscriptions: 2, sent: 3, lost: 0 });
  });

  test("of a slow client loses events, counts them, and leaves a gap in the numbers; nobody else's does", () => {
    const { streams, sent, slow, start } = setUp();
    const [lazy, other] = [start(1, "lazy"), start(2, "other")];
    lazy.say("a");
    slow.add(1);
    lazy.say("b");
    lazy.say("c");
    other.say("x");
    slow.delete(1);
    lazy.say("d");
    expect(sent.filter(({ client }) => client === 1).map(({ count, text }) => `${count}${text}`)).toEqual(["0a", "3d"]);
    expect(streams.totals()).toEqual({ subscriptions: 2, sent: 3, lost: 2 });
    expect(streams.stop(1, "trace", lazy.subscription)).toEqual({ sent: 2, lost: 2 });
    expect(streams.stop(2, "trace", other.subscription)).toEqual({ sent: 1, lost: 0 });
    expect(streams.totals()).toEqual({ subscriptions: 0, sent: 0, lost: 0 });
  });

  test("ends its source when it is stopped, once, and what the source says last is counted", () => {
    const { streams, sent, ended } = setUp();
    const subscription = streams.start(1, "capture", (emit) => () => {
      ended.push("source");
      emit(Uint8Array.of(0x21));
    });
    expect(streams.stop(1, "capture", subscription)).toEqual({ sent: 1, lost: 0 });
    expect(sent).toEqual([{ client: 1, subscription, count: 0, text: "!" }]);
    expect(() => streams.stop(1, "capture", subscription)).toThrow(RangeError);
    expect(ended).toEqual(["source"]);
  });

  test("is stopped by its own client only, and under its own name", () => {
    const { streams, ended, start } = setUp();
    const { subscription } = start(1, "one");
    expect(() => streams.stop(2, "trace", subscription)).toThrow(
      `Cannot stop the trace ${subscription}: this client has none of that number`,
    );
    expect(() => streams.stop(1, "capture", subscription)).toThrow(RangeError);
    expect(() => streams.stop(1, "trace", subscription + 1)).toThrow(RangeError);
    expect(ended).toEqual([]);
    streams.stop(1, "trace", subscription);
    expect(ended).toEqual(["one"]);
  });

  test("has a number that no earlier one had", () => {
    const { streams, start } = setUp();
    const first = start(1, "first").subscription;
    streams.stop(1, "trace", first);
    expect(start(1, "second").subscription).not.toBe(first);
  });
});

test("a client that goes ends its sources, and nobody else's", () => {
  const { streams, ended, start } = setUp();
  start(1, "one");
  start(2, "two");
  start(1, "three");
  streams.closeClient(1);
  expect(ended).toEqual(["one", "three"]);
  expect(streams.totals().subscriptions).toBe(1);
  streams.closeClient(1);
  streams.closeClient(7);
  expect(ended).toHaveLength(2);
});

test("a client has eight streams at a time; another one's, and those it has stopped, do not count", () => {
  const { streams, start } = setUp();
  const own = Array.from({ length: 8 }, (_, i) => start(1, `own ${i}`).subscription);
  expect(() => start(1, "ninth", "capture")).toThrow("Cannot start one more capture: a client may have 8 at a time");
  start(2, "other");
  streams.stop(1, "trace", own[3]!);
  start(1, "ninth", "capture");
  expect(streams.totals().subscriptions).toBe(9);
});

test("a source that cannot begin leaves no stream behind", () => {
  const { streams } = setUp();
  const failing = () => {
    throw new RangeError("Cannot begin");
  };
  for (let i = 0; i < 20; i++) expect(() => streams.start(1, "capture", failing)).toThrow("Cannot begin");
  expect(streams.totals().subscriptions).toBe(0);
  streams.closeClient(1);
});
