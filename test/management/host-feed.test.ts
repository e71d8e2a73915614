import { describe, expect, test } from "@jest/globals";
import { type FeedRecord, type FeedSummary, HostFeed } from "../../src/management/host-feed.ts";
import { managementRequest } from "../../src/management/management.ts";
import { connectPair, PEER_ADDRESS, TwoHosts } from "../support/two-hosts.ts";

/** Two hosts, a feed of ours that may tell 1000 events a second, and a load of echo requests: two frames each. */
function setUp(eventsPerSecond = 1000) {
  const hosts = new TwoHosts();
  const { simulation, ours } = hosts;
  const records: FeedRecord[] = [];
  const counts = () => {
    let [frames, bytes] = [0, 0];
    for (const { device } of ours.ip.interfaces) {
      frames += device.counters.framesIn + device.counters.framesOut;
      bytes += device.counters.bytesIn + device.counters.bytesOut;
    }
    return { frames, bytes };
  };
  const feedFrom = () =>
    new HostFeed({
      ...{ trace: ours.trace, timers: ours.timers, snapLength: 64, eventsPerSecond, counts },
      emit: (record) => records.push(record),
    });
  let sequence = 0;
  let everyMs = 0;
  const load = simulation.timers.timer(
    "load",
    () => "the test",
    () => {
      ours.enter(simulation.now);
      ours.ip.ping(PEER_ADDRESS, { id: 1, sequence: sequence++ & 0xffff, payloadBytes: 100, timeoutMs: 1000 }, () => {});
      if (everyMs > 0) load.set(everyMs);
    },
  );
  const run = (ms: number) => simulation.run(() => false, simulation.now + ms);
  const loadOf = (perSecond: number) => {
    everyMs = perSecond === 0 ? 0 : 1000 / perSecond;
    if (perSecond === 0) load.cancel();
    else load.set(everyMs);
  };
  const summaries = () => records.filter(({ type }) => type === "left-out") as FeedSummary[];
  const frames = () => records.filter(({ type }) => type === "frame").length;
  return { hosts, ours, records, counts, feedFrom, run, loadOf, summaries, frames };
}

describe("a feed", () => {
  test("tells of everything while little happens, as a trace does", () => {
    const { hosts, records, feedFrom, run, summaries } = setUp();
    feedFrom();
    connectPair(hosts);
    run(1000);
    expect(summaries()).toEqual([]);
    const numbers = records.map(({ number }) => number).filter((number) => number > 0);
    expect(numbers.length).toBeGreaterThan(15);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
    expect(records.find(({ type }) => type === "frame")).toMatchObject({ base64: expect.any(String), bytes: expect.any(Number) });
  });

  test("leaves the trace when too much happens, so that the host pays nothing, and sums up", () => {
    const { ours, records, counts, feedFrom, run, loadOf, summaries, frames } = setUp();
    feedFrom();
    loadOf(2000);
    run(3000);
    expect(ours.trace.isOn).toBe(false);
    expect(ours.trace.isWatched).toBe(false);
    expect(records.length).toBeLessThan(1000 + 1000 + 30);
    expect(summaries().length).toBeGreaterThan(10);
    for (const { forMs } of summaries().slice(1)) expect(forMs).toBeCloseTo(150, 0);
    for (const { frames, bytes, events } of summaries().slice(1)) {
      expect(frames).toBeGreaterThan(500);
      expect(bytes).toBeGreaterThan(frames * 100);
      expect(events).toBeGreaterThanOrEqual(frames);
    }
    // Nothing is told twice, and nothing is lost between: what was told and what was summed up is what the devices counted.
    run(150);
    const summedUp = summaries().reduce((sum, each) => sum + each.frames, 0);
    const since = counts().frames - frames() - summedUp;
    expect(since).toBeGreaterThanOrEqual(-1);
    expect(since).toBeLessThan(4 * 150);
  });

  test("comes back when little happens again, and tells first what is open and what has ended meanwhile", () => {
    const { hosts, ours, records, feedFrom, run, loadOf, summaries } = setUp();
    const early = connectPair(hosts, 80);
    feedFrom();
    const stays = connectPair(hosts, 81);
    loadOf(2000);
    run(1000);
    expect(ours.trace.isOn).toBe(false);
    early.client.connection!.abort();
    loadOf(0);
    run(2000);
    expect(ours.trace.isOn).toBe(true);
    const from = records.indexOf(summaries().at(-1)!);
    const after = records.slice(from + 1);
    const opened = after.filter(({ type }) => type === "connection-opened");
    expect(opened).toHaveLength(1);
    expect(opened[0]).toMatchObject({ earlier: true, remote: "203.0.113.1:81" });
    expect(after.filter(({ type }) => type === "connection-closed")).toHaveLength(1);
    expect(stays.client.connection).toBeDefined();
    const count = summaries().length;
    run(5000);
    expect(summaries()).toHaveLength(count);
  });

  test("stays away while a full trace would be more than half of what it may tell", () => {
    const { ours, feedFrom, run, loadOf, records } = setUp();
    feedFrom();
    loadOf(2000);
    run(500);
    // Four to six events for a request and its answer: some 700 a second.
    loadOf(150);
    for (let i = 0; i < 20; i++) {
      run(100);
      expect(ours.trace.isOn).toBe(false);
    }
    expect(records.at(-1)).toMatchObject({ type: "left-out" });
    loadOf(20);
    run(2000);
    expect(ours.trace.isOn).toBe(true);
  });

  test("over any time tells no more than it may", () => {
    const { records, feedFrom, run, loadOf } = setUp(200);
    feedFrom();
    for (let i = 0; i < 40; i++) {
      loadOf(i % 2 === 0 ? 3000 : 5);
      run(500);
    }
    expect(records.filter(({ type }) => type !== "left-out").length).toBeLessThan(200 * 21 + 200);
  });

  test("with many things open does not tell of them again and again", () => {
    const { hosts, records, feedFrom, run, loadOf } = setUp(200);
    for (let port = 1000; port < 1100; port++) connectPair(hosts, port);
    feedFrom();
    for (let i = 0; i < 40; i++) {
      loadOf(i % 2 === 0 ? 3000 : 5);
      run(500);
    }
    expect(records.filter(({ type }) => type !== "left-out").length).toBeLessThan(200 * 21 + 400);
  });

  test("that ends leaves the host as it was, hot or not", () => {
    for (const perSecond of [10, 3000]) {
      const { ours, records, feedFrom, run, loadOf } = setUp();
      const feed = feedFrom();
      loadOf(perSecond);
      run(1000);
      feed.end();
      const count = records.length;
      run(1000);
      expect(records).toHaveLength(count);
      expect(ours.trace.isOn).toBe(false);
      expect(ours.timers.pending().filter(({ name }) => name === "summary")).toEqual([]);
    }
  });

  test("is asked for within bounds", () => {
    expect(managementRequest.parse({ op: "feed-start" })).toEqual({ op: "feed-start", snapLength: 256, eventsPerSecond: 4000 });
    expect(managementRequest.safeParse({ op: "feed-start", eventsPerSecond: 1e9 }).success).toBe(false);
    expect(managementRequest.safeParse({ op: "feed-start", eventsPerSecond: 0 }).success).toBe(false);
  });
});
