import { beforeAll, describe, expect, test } from "@jest/globals";
import { FlowIndex, type SegmentFlow, SequenceCounter, segmentIn, sequenceLength } from "../../src/run/flow-segments.ts";
import { graphColumns, rowAtPlace, rowBeside } from "../../src/run/graph-columns.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { retransmittedRanges } from "../../src/run/sequence-bars.ts";
import { goodputSeries } from "../../src/run/series-goodput.ts";
import { type SequenceSeries, sequenceSeries } from "../../src/run/series-sequence.ts";
import { measuredRoundTrips, variableSeries } from "../../src/run/series-variables.ts";
import { Timeline } from "../../src/run/timeline.ts";
import { seq } from "../../src/stack/core/seq.ts";
import { recordHosts } from "../support/recorded-run.ts";
import { connectPair, pattern, TwoHosts } from "../support/two-hosts.ts";

const BYTES = 100_000;
const DELAY_MS = 10;

/** A stream whose numbers wrap, with one data segment lost. */
function lossyRun(keptBytes?: number): { timeline: Timeline; flow: SegmentFlow } {
  const hosts = new TwoHosts({ impairment: { delayMs: DELAY_MS } });
  const timeline = recordHosts({ ours: hosts.ours }, keptBytes);
  const { client, server } = connectPair(hosts);
  hosts.impaired.dropNext("data", "out");
  client.connection?.write(pattern(BYTES, 1), 0, BYTES);
  client.connection?.shutdownSend();
  server.connection?.shutdownSend();
  hosts.simulation.run(() => client.has("end") && server.has("end"), 60_000);
  hosts.simulation.advance(1000);
  const [connection] = timeline.now.hosts.get("ours")!.connections.values();
  return { timeline, flow: new FlowIndex(timeline).ofConnection("ours", connection!)! };
}

describe("a flow read from frames", () => {
  let timeline: Timeline;
  let flow: SegmentFlow;
  let series: SequenceSeries;
  beforeAll(() => {
    ({ timeline, flow } = lossyRun());
    series = sequenceSeries(flow, "local");
  });

  test("has the segments of both directions, and their places are those of their frames", () => {
    expect([flow.local, flow.remote]).toEqual([expect.stringMatching(/^203\.0\.113\.2:\d+$/), "203.0.113.1:80"]);
    for (const { place, direction, atMs } of flow.segments) expect(timeline.at(place)).toMatchObject({ type: "frame", direction, atMs });
    expect(flow.segments[0]).toMatchObject({ direction: "out", flags: 0x02, windowScale: 8 });
  });

  test("counts on where sequence numbers wrap", () => {
    const raw = series.sent.map((_, i) => flow.segments.filter((s) => s.direction === "out" && sequenceLength(s) > 0)[i]!.seq >>> 0);
    expect(Math.max(...raw)).toBeGreaterThan(2 ** 31);
    expect(Math.min(...raw)).toBeLessThan(2 ** 31);
    // SYN and FIN count one each.
    expect(Math.max(...series.sent.map(({ end }) => end))).toBe(BYTES + 2);
    expect(series.acknowledged.at(-1)?.value).toBe(BYTES + 2);
    expect(series.sent.every(({ start, end }) => start >= 0 && end > start)).toBe(true);
  });

  test("tells what was sent again, and what was SACKed meanwhile", () => {
    const again = series.sent.filter(({ isAgain }) => isAgain);
    expect(again).toHaveLength(1);
    expect(again[0]!.start).toBe(1);
    expect(series.sacked.length).toBeGreaterThan(0);
    for (const { start } of series.sacked) expect(start).toBeGreaterThanOrEqual(again[0]!.end);
  });

  test("knows the window's edge beyond what is acknowledged, scaled", () => {
    expect(series.hasHandshake).toBe(true);
    const widths = series.windowEdge.map(({ value, place }) => value - series.acknowledged.findLast((each) => each.place <= place)!.value);
    expect(Math.min(...widths)).toBeGreaterThan(0);
    // More than the header's sixteen bits can say.
    expect(Math.max(...widths)).toBeGreaterThan(65_535);
  });

  test("measures round trips of the line's length, and none of what was sent again", () => {
    const rtt = measuredRoundTrips(series);
    expect(rtt.length).toBeGreaterThan(2);
    for (const { value } of rtt) expect(value).toBeGreaterThanOrEqual(2 * DELAY_MS);
    const again = series.sent.find(({ isAgain }) => isAgain)!;
    const covering = series.acknowledged.find(({ value }) => value >= again.end)!;
    // What stood behind the hole was acknowledged late, and would be no round trip of the line but for its latest segment.
    expect(rtt.find(({ place }) => place === covering.place)?.value ?? 0).toBeLessThan(10 * DELAY_MS);
  });

  test("adds up to the stream in its goodput", () => {
    const { stepMs, points } = goodputSeries(series);
    const bits = points.reduce((sum, { value }) => sum + (value * stepMs) / 1000, 0);
    expect(Math.round(bits / 8)).toBe(BYTES + 2 - series.acknowledged[0]!.value);
    expect(points.length).toBeLessThanOrEqual(62);
  });

  test("says which stretch of what is in flight was sent more than once, and nothing once it is acknowledged", () => {
    const again = flow.segments.filter(({ direction, payloadLength }) => direction === "out" && payloadLength > 0);
    const first = again[0]!.seq >>> 0;
    const resent = series.sent.find(({ isAgain }) => isAgain)!;
    expect(retransmittedRanges(flow, first, resent.place + 1)).toEqual([[first, (first + again[0]!.payloadLength) >>> 0]]);
    expect(retransmittedRanges(flow, first, resent.place)).toEqual([]);
    expect(retransmittedRanges(flow, (first + 50_000) >>> 0, timeline.end)).toEqual([]);
  });

  test("is the same where only the beginning of each frame was kept", () => {
    expect(sequenceSeries(lossyRun(80).flow, "local").sent).toEqual(series.sent);
  });

  test("shows the peer's side by what came from it", () => {
    const peer = sequenceSeries(flow, "remote");
    expect(peer.sent.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(peer.acknowledged.at(-1)?.value).toBe(2);
  });

  test("says that the window's scale is unknown where the handshake was not seen", () => {
    const late = sequenceSeries({ segments: flow.segments.slice(8) }, "local");
    expect(late.hasHandshake).toBe(false);
    expect(late.sent[0]?.start).toBeGreaterThanOrEqual(0);
  });

  test("the variables of a connection over time are those that its events told", () => {
    const place = timeline.end;
    const stamp = { number: 0, atMs: timeline.endMs, host: "ours", connection: 1 } as const;
    timeline.push({ ...stamp, type: "variables-changed", variables: { cwnd: 3000, ssthresh: 0, flight: 10, rtoMs: 300 } });
    timeline.push({ ...stamp, type: "variables-changed", variables: { cwnd: 9, flight: 9 }, connection: 2 });
    const all = variableSeries(timeline, "ours", 1, timeline.end);
    expect(all.windows.cwnd.at(-1)).toEqual({ atMs: stamp.atMs, place, value: 3000 });
    expect(all.windows.ssthresh.filter((point) => point.place === place)).toEqual([]);
    expect(all.roundTrips.rtt.length).toBeGreaterThan(0);
    expect(variableSeries(timeline, "ours", 1, place).windows.inFlight.every((point) => point.place < place)).toBe(true);
  });
});

test("what was sent twice gives no round trip, and what was sent once gives one (RFC 6298 §3)", () => {
  const sent = (start: number, end: number, atMs: number, isAgain = false) => ({ start, end, atMs, place: atMs, isAgain });
  const acknowledged = (value: number, atMs: number) => ({ value, atMs, place: atMs });
  const stretches = [sent(0, 10, 0), sent(10, 20, 5), sent(0, 10, 50, true), sent(20, 30, 70)];
  expect(measuredRoundTrips({ sent: stretches, acknowledged: [acknowledged(10, 60)] })).toEqual([]);
  expect(measuredRoundTrips({ sent: stretches, acknowledged: [acknowledged(10, 60), acknowledged(30, 100)] })).toEqual([
    { atMs: 100, place: 100, value: 30 },
  ]);
  expect(measuredRoundTrips({ sent: stretches, acknowledged: [acknowledged(10, 40)] })).toEqual([{ atMs: 40, place: 40, value: 40 }]);
});

describe("flows of a run", () => {
  test("two connections between the same ends, one after the other, are two", () => {
    const hosts = new TwoHosts();
    const timeline = recordHosts({ ours: hosts.ours });
    connectPair(hosts).client.connection?.abort();
    hosts.simulation.advance(1000);
    const [first] = timeline.events.filter(
      (event): event is Extract<RunEvent, { type: "frame" }> => event.type === "frame" && segmentIn(event.bytes) !== undefined,
    );
    timeline.push(first!);
    const index = new FlowIndex(timeline);
    expect(index.flows()).toHaveLength(2);
    expect(index.flows()[1]!.segments).toHaveLength(1);
    const ends = index.flows()[0]!;
    const opened = (event: number) => index.ofConnection("ours", { ...ends, path: [{ state: "CLOSED", atMs: 0, event }] });
    expect([opened(0), opened(timeline.end - 1), opened(timeline.end - 2)]).toEqual([index.flows()[0], index.flows()[1], index.flows()[1]]);
  });

  test("what the run keeps no more is not kept here either", () => {
    const { timeline } = lossyRun();
    const short = new Timeline(1000);
    const index = new FlowIndex(short);
    for (let round = 0; round < 20; round++) {
      for (const event of timeline.events) short.push(event);
      const kept = index.flows().flatMap(({ segments }) => segments);
      expect(Math.min(...kept.map(({ place }) => place))).toBeGreaterThanOrEqual(short.first);
      expect(kept.length).toBeLessThanOrEqual(1000);
    }
    expect(short.first).toBeGreaterThan(timeline.end);
  });

  test("are read on as the run grows, and forgotten when it begins anew", () => {
    const { timeline } = lossyRun();
    const growing = new Timeline();
    const index = new FlowIndex(growing);
    for (const event of timeline.events) {
      growing.push(event);
      index.flows();
    }
    expect(index.flows()).toEqual(new FlowIndex(timeline).flows());
    growing.clear();
    expect(index.flows()).toEqual([]);
  });

  test("any bytes are read without a throw", () => {
    const { timeline } = lossyRun();
    const frame = timeline.events.find(
      (event) => event.type === "frame" && segmentIn(event.bytes)?.sacks.length !== 0 && segmentIn(event.bytes) !== undefined,
    );
    if (frame?.type !== "frame") throw new Error("no frame");
    for (let length = 0; length <= frame.bytes.length; length++) segmentIn(frame.bytes.subarray(0, length));
    for (let at = 0; at < Math.min(80, frame.bytes.length); at++) {
      for (const value of [0, 0x45, 0x4f, 0x60, 0xff]) segmentIn(frame.bytes.with(at, value));
    }
    expect(segmentIn(new Uint8Array())).toBeUndefined();
  });
});

test("a counter goes on past 2^32 and back", () => {
  const counter = new SequenceCounter(seq(2 ** 32 - 10));
  expect([counter.of(seq(2 ** 32 - 5)), counter.of(seq(20)), counter.of(seq(2 ** 32 - 10)), counter.of(seq(2 ** 31))]).toEqual([
    5,
    30,
    0,
    2 ** 31 + 10,
  ]);
});

test("points of several lines become rows in the order of time, and keys go from event to event", () => {
  const point = (atMs: number, place: number, value: number) => ({ atMs, place, value });
  const columns = graphColumns([
    { points: [point(10, 1, 5), point(20, 4, 6)], startMs: 10 },
    { points: [point(20, 4, 7), point(15, 3, 8)], startMs: 10 },
    { points: [point(1007, 2, 9)], startMs: 1000 },
  ]);
  expect(columns.times).toEqual([0, 5, 7, 10, 10]);
  expect(columns.values[1]).toEqual([null, 8, null, null, 7]);
  expect(columns.places).toEqual([1, 3, 2, 4, 4]);
  const own = new Set([0, 1]);
  expect([rowAtPlace(columns, 0, own), rowAtPlace(columns, 3, own), rowAtPlace(columns, 99, own)]).toEqual([-1, 1, 4]);
  // Past the other run's row, and past a second row of the same event.
  expect([rowBeside(columns, 1, 1, own), rowBeside(columns, 4, -1, own), rowBeside(columns, 0, -1, own)]).toEqual([3, 1, 0]);
});
