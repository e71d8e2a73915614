import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Seq, seq, seqAdd, seqDiff } from "../../../src/stack/core/seq.ts";
import { DeliveryNews, SENT, SENT_RECORDS_CAP, SentLog, sentAfter } from "../../../src/stack/tcp/sent.ts";

const MSS = 1000;
/** Numbers wrap within every test. */
const ISS = seq(-2500);
const at = (n: number): Seq => seqAdd(ISS, n);
const shown = (s: Seq): number => seqDiff(s, ISS);

const logOf = (...sends: readonly (readonly [bytes: number, atMs: number])[]): SentLog => {
  const log = new SentLog(ISS);
  for (const [bytes, atMs] of sends) log.append(seqAdd(log.end, bytes), MSS, atMs);
  return log;
};

const records = (log: SentLog) =>
  Array.from({ length: log.count }, (_, i) => [shown(log.startOf(i)), shown(log.endOf(i)), log.flagsOf(i), log.sentMsOf(i)]);

const sums = ({ segments, sackedBytes, sackedSegments, lostBytes, lostSegments, resentBytes, resentSegments }: SentLog) => ({
  segments,
  sackedBytes,
  sackedSegments,
  lostBytes,
  lostSegments,
  resentBytes,
  resentSegments,
});

describe("the log of transmissions", () => {
  test("has one record for what left at once in whole segments, and others for the rest", () => {
    expect(records(logOf([1000, 0], [3000, 0], [500, 0], [1000, 0], [1000, 1]))).toEqual([
      [0, 4000, 0, 0],
      [4000, 4500, 0, 0],
      [4500, 5500, 0, 0],
      [5500, 6500, 0, 1],
    ]);
    expect(logOf([1000, 0], [3000, 0], [500, 0]).segments).toBe(5);
  });

  test("is cut where SACK says, and what is reported joins", () => {
    const log = logOf([10_000, 0]);
    const news = new DeliveryNews();
    log.sack(at(3000), at(4000), MSS, news);
    log.sack(at(6000), at(7000), MSS, news);
    expect(records(log).map(([start, end, flags]) => [start, end, flags])).toEqual([
      [0, 3000, 0],
      [3000, 4000, SENT.sacked],
      [4000, 6000, 0],
      [6000, 7000, SENT.sacked],
      [7000, 10_000, 0],
    ]);
    log.sack(at(3000), at(7000), MSS, news);
    expect(records(log).map(([start, end, flags]) => [start, end, flags])).toEqual([
      [0, 3000, 0],
      [3000, 7000, SENT.sacked],
      [7000, 10_000, 0],
    ]);
    expect(news.bytes).toBe(4000);
    expect(sums(log)).toMatchObject({ segments: 10, sackedBytes: 4000, sackedSegments: 4 });
  });

  test("tells of each byte once, by SACK or by acknowledgement", () => {
    const log = logOf([5000, 0]);
    const news = new DeliveryNews();
    log.sack(at(2000), at(3000), MSS, news);
    log.sack(at(2000), at(3000), MSS, news);
    expect(news.bytes).toBe(1000);
    news.clear();
    log.acknowledge(at(4000), MSS, news);
    expect([news.bytes, log.count, log.inNetwork]).toEqual([3000, 1, 1000]);
  });

  test("counts a segment of a super-segment as long as a byte of it is outstanding", () => {
    const log = logOf([5000, 0]);
    const news = new DeliveryNews();
    for (const [until, left] of [
      [999, 5],
      [1000, 4],
      [4999, 1],
      [5000, 0],
    ] as const) {
      log.acknowledge(at(until), MSS, news);
      expect([until, log.segments]).toEqual([until, left]);
    }
  });

  test("knows in which order things left within one millisecond, copies and all", () => {
    const log = logOf([1000, 5], [500, 5], [500, 5]);
    log.markHead(1000, MSS);
    log.resent(at(0), at(1000), MSS, 5);
    const news = new DeliveryNews();
    log.sack(at(1500), at(2000), MSS, news);
    expect(log.markOutrun(news.newest, 0, 5)).toBe(0);
    // The copy of the first left after what arrived; the second left before it.
    expect(records(log).map(([start, , flags]) => [start, flags! & SENT.lost])).toEqual([
      [0, SENT.lost],
      [1000, SENT.lost],
      [1500, 0],
    ]);
    expect([log.lostBytes, log.resentBytes, log.copiesLost]).toEqual([1500, 1000, 0]);
    expect(sentAfter({ sentMs: 5, serial: 2, end: at(10) }, { sentMs: 5, serial: -2_147_483_648, end: at(20) })).toBe(false);
  });

  test("what left later than a round trip and the window ago is not lost yet, and the time until then is told (RFC 8985 §6.2)", () => {
    const log = logOf([1000, 0], [1000, 10], [1000, 20]);
    const news = new DeliveryNews();
    log.sack(at(2000), at(3000), MSS, news);
    expect(log.markOutrun(news.newest, 35, 40)).toBe(5);
    expect(log.lostBytes).toBe(1000);
    expect(log.markOutrun(news.newest, 35, 45)).toBe(0);
    expect(log.lostBytes).toBe(2000);
  });

  test("a copy that is lost is to be sent again, and counted", () => {
    const log = logOf([1000, 0], [1000, 1]);
    const news = new DeliveryNews();
    log.markHead(1000, MSS);
    expect([log.hasDue, log.nextDue()]).toEqual([true, 0]);
    log.resent(at(0), at(1000), MSS, 10);
    expect([log.hasDue, log.nextDue(), log.inNetwork]).toEqual([false, log.count, 2000]);
    log.append(at(3000), MSS, 20);
    log.sack(at(2000), at(3000), MSS, news);
    log.markOutrun(news.newest, 5, 30);
    expect([log.copiesLost, log.hasDue, log.nextDue(), shown(log.dueUntil(0, 10_000))]).toEqual([1, true, 0, 2000]);
  });

  test("what was only late is in the network again, in the order in which it left", () => {
    const log = logOf([1000, 0], [1000, 1], [1000, 2]);
    log.markAll(10, 0);
    log.resent(at(0), at(1000), MSS, 10);
    log.unmarkLost();
    expect([log.inNetwork, log.hasDue]).toEqual([3000, false]);
    const news = new DeliveryNews();
    log.sack(at(2000), at(3000), MSS, news);
    log.markOutrun(news.newest, 0, 20);
    // The first left again after what arrived.
    expect(records(log).map(([, , flags]) => flags! & SENT.lost)).toEqual([0, SENT.lost, 0]);
  });

  test("a peer that reports every second byte makes no more records than there is room for", () => {
    const log = new SentLog(ISS);
    for (let i = 0; i < 100; i++) log.append(seqAdd(log.end, 60_000), 60_000, i);
    const news = new DeliveryNews();
    for (let i = 1; i < 200_000; i += 4) log.sack(at(i), at(i + 1), MSS, news);
    expect(log.count).toBeLessThanOrEqual(SENT_RECORDS_CAP);
    expect(log.sackedBytes).toBe(news.bytes);
    for (let i = 0; i < 100_000; i++) log.append(seqAdd(log.end, 1), MSS, 200 + i);
    expect(log.count).toBeLessThanOrEqual(SENT_RECORDS_CAP);
    log.acknowledge(log.end, MSS, news);
    expect([log.count, sums(log)]).toEqual([
      0,
      { segments: 0, sackedBytes: 0, sackedSegments: 0, lostBytes: 0, lostSegments: 0, resentBytes: 0, resentSegments: 0 },
    ]);
  });
});

/** One byte of what is outstanding, as a plain model has it. */
interface ByteModel {
  sacked: boolean;
  lost: boolean;
  resent: boolean;
}

type Step =
  | { readonly kind: "send"; readonly bytes: number }
  | { readonly kind: "sack" | "resend"; readonly from: number; readonly bytes: number }
  | { readonly kind: "ack" | "head"; readonly bytes: number }
  | { readonly kind: "all" | "unmark" | "renege" | "tick" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("send" as const), bytes: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    kind: fc.constantFrom("sack" as const, "resend" as const),
    from: fc.integer({ min: 0, max: 40 }),
    bytes: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ kind: fc.constantFrom("ack" as const, "head" as const), bytes: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ kind: fc.constantFrom("all" as const, "unmark" as const, "renege" as const, "tick" as const) }),
);

test("the log agrees with a model of single bytes, whatever is sent, reported, lost, sent again and acknowledged", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const mss = 3;
      const log = new SentLog(ISS);
      const news = new DeliveryNews();
      let model: ByteModel[] = [];
      let first = 0;
      let nowMs = 0;
      for (const one of steps) {
        news.clear();
        let arrived = 0;
        switch (one.kind) {
          case "send":
            log.append(seqAdd(log.end, one.bytes), mss, nowMs);
            for (let i = 0; i < one.bytes; i++) model.push({ sacked: false, lost: false, resent: false });
            break;
          case "sack": {
            const to = Math.min(model.length, one.from + one.bytes);
            if (one.from >= to) break;
            log.sack(at(first + one.from), at(first + to), mss, news);
            for (let i = one.from; i < to; i++) {
              if (!model[i]!.sacked) arrived++;
              model[i] = { sacked: true, lost: false, resent: false };
            }
            break;
          }
          case "ack": {
            const bytes = Math.min(one.bytes, model.length);
            arrived = model.slice(0, bytes).filter((byte) => !byte.sacked).length;
            log.acknowledge(at(first + bytes), mss, news);
            model = model.slice(bytes);
            first += bytes;
            break;
          }
          case "head": {
            const length = log.count === 0 ? 0 : Math.min(one.bytes, seqDiff(log.endOf(0), log.startOf(0)));
            log.markHead(one.bytes, mss);
            for (const byte of model.slice(0, length)) if (!byte.sacked) Object.assign(byte, { lost: true, resent: false });
            break;
          }
          case "resend": {
            const index = log.nextDue();
            if (index === log.count) break;
            const from = shown(log.startOf(index));
            const until = Math.min(shown(log.dueUntil(index, 1)), from + one.bytes);
            log.resent(at(from), at(until), mss, nowMs);
            for (const byte of model.slice(from - first, until - first)) byte.resent = true;
            break;
          }
          case "all":
            log.markAll(nowMs, 0);
            for (const byte of model) if (!byte.sacked) Object.assign(byte, { lost: true, resent: false });
            break;
          case "unmark":
            log.unmarkLost();
            for (const byte of model) Object.assign(byte, { lost: false, resent: false });
            break;
          case "renege":
            log.forgetSacked();
            for (const byte of model) byte.sacked = false;
            break;
          default:
            nowMs++;
        }
        expect(news.bytes).toBe(arrived);
        const bytes: ByteModel[] = [];
        for (let i = 0; i < log.count; i++) {
          const flags = log.flagsOf(i);
          const byte = { sacked: (flags & 1) !== 0, lost: (flags & 2) !== 0, resent: (flags & 4) !== 0 };
          for (let j = shown(log.startOf(i)); j < shown(log.endOf(i)); j++) bytes.push(byte);
        }
        expect(bytes).toEqual(model);
        expect(log.start).toBe(at(first));
        expect(log.sackedBytes).toBe(model.filter((byte) => byte.sacked).length);
        expect(log.lostBytes).toBe(model.filter((byte) => byte.lost).length);
        expect(log.resentBytes).toBe(model.filter((byte) => byte.resent).length);
        const due = model.findIndex((byte) => byte.lost && !byte.resent && !byte.sacked);
        expect(log.hasDue).toBe(due >= 0);
        const next = log.nextDue();
        expect(next === log.count ? -1 : shown(log.startOf(next)) - first).toBe(due);
      }
    }),
    { numRuns: 500 },
  );
});
