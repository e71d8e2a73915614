import { describe, expect, test } from "@jest/globals";
import { type Seq, seq, seqAdd, seqDiff } from "../../../../src/stack/core/seq.ts";
import { HYSTART, HyStart } from "../../../../src/stack/tcp/congestion/hystart.ts";
import { ackOf } from "./ack-sample.ts";

const MSS = 1000;
/** Segments of each round. */
const ROUND = 10;

/** A slow start whose rounds have ten ACKs of one segment each, and what has become of it. */
function started(origin: Seq = seq(0)) {
  const hystart = new HyStart(seqAdd(origin, ROUND * MSS));
  let una = origin;
  /** ACKs with these round trips; as many as a round has end it. */
  const acks = (...rtts: (number | undefined)[]): HyStart["phase"] => {
    for (const rttMs of rtts) {
      una = seqAdd(una, MSS);
      const acked = seqDiff(una, origin);
      const roundEnd = Math.ceil((acked + 1) / (ROUND * MSS)) * ROUND * MSS;
      hystart.onAck(ackOf(MSS, { rttMs, sndUna: una, sndNxt: seqAdd(origin, roundEnd) }));
    }
    return hystart.phase;
  };
  /** Whole rounds in which every round trip is `rttMs`. */
  const round = (...rtts: number[]): HyStart["phase"] => {
    for (const rttMs of rtts) acks(...Array.from({ length: ROUND }, () => rttMs));
    return hystart.phase;
  };
  return { hystart, acks, round };
}

const times = (count: number, rttMs: number): number[] => Array.from({ length: count }, () => rttMs);

test("[CUB-11] the constants are those of RFC 9406 §4.3", () => {
  expect(HYSTART).toEqual({
    minRttThreshMs: 4,
    maxRttThreshMs: 16,
    minRttDivisor: 8,
    rttSamples: 8,
    cssGrowthDivisor: 4,
    cssRounds: 5,
    limitSegments: 8,
  });
});

describe.each([
  ["at zero", seq(0)],
  ["across the wrap", seq(-15 * MSS)],
  ["across 2^31", seq(2 ** 31 - 15 * MSS)],
])("slow start that begins %s", (_where, origin) => {
  test.each([
    // max(4, min(last / 8, 16)).
    [8, 4],
    [31, 4],
    [40, 5],
    [80, 10],
    [128, 16],
    [1000, 16],
  ])("becomes conservative when the shortest round trip rises from %d ms by %d ms", (last, rise) => {
    const slow = started(origin);
    slow.round(last);
    expect(slow.acks(...times(8, last + rise - 0.5))).toBe("slow-start");
    const fast = started(origin);
    fast.round(last);
    expect(fast.acks(...times(7, last + rise))).toBe("slow-start");
    expect(fast.acks(last + rise)).toBe("css");
  });
});

describe("slow start", () => {
  test("goes on while the shortest stays, however long the others are", () => {
    const { round, acks } = started();
    round(50);
    expect(acks(...times(9, 500), 50)).toBe("slow-start");
    expect(acks(50, ...times(9, 500))).toBe("slow-start");
  });

  test("is compared with the last round, and not with the first", () => {
    expect(started().round(50, 54, 58, 62, 66, 70)).toBe("slow-start");
  });

  test("is not judged by a round of seven samples, nor by ACKs that measure nothing", () => {
    const { round, acks } = started();
    round(50);
    expect(acks(...times(7, 500), ...Array.from({ length: 3 }, () => undefined))).toBe("slow-start");
  });

  test("takes a round without any sample for one that says nothing", () => {
    const { round, acks } = started();
    round(50);
    acks(...Array.from({ length: ROUND }, () => undefined));
    expect(round(500)).toBe("slow-start");
  });
});

describe("conservative slow start", () => {
  const conservative = () => {
    const slow = started();
    slow.round(50);
    slow.acks(...times(8, 60));
    expect(slow.hystart.phase).toBe("css");
    return slow;
  };

  test("adds a quarter, and slow start all, of L at most", () => {
    expect(new HyStart(seq(0)).growth(3000, 8000)).toBe(3000);
    expect(new HyStart(seq(0)).growth(30_000, 8000)).toBe(8000);
    const { hystart } = conservative();
    expect([hystart.growth(1001, 8000), hystart.growth(30_000, 8000)]).toEqual([250.25, 2000]);
  });

  test("is over after five rounds, of which that in which it began is one", () => {
    const { acks, round } = conservative();
    // The rest of the first.
    acks(60, 60);
    round(60, 60, 60);
    expect(acks(...times(9, 60))).toBe("css");
    expect(acks(60)).toBe("over");
  });

  test("was a mistake when a round of eight samples is shorter than at its beginning; later it may come again", () => {
    const { acks, round } = conservative();
    acks(60, 60);
    expect(acks(...times(7, 59))).toBe("css");
    expect(acks(59)).toBe("slow-start");
    acks(59, 59);
    expect(round(100)).toBe("css");
    expect(round(100, 100, 100)).toBe("css");
    expect(round(100)).toBe("over");
  });

  test("goes on when round trips are as long as at its beginning", () => {
    const { acks, round } = conservative();
    acks(60, 60);
    expect(round(60)).toBe("css");
  });
});

test("a copy goes its own way from where the first stood", () => {
  const { hystart, round, acks } = started();
  round(50);
  acks(...times(3, 100));
  const copy = hystart.copy();
  expect(acks(...times(5, 100))).toBe("css");
  expect(copy.phase).toBe("slow-start");
  for (let i = 1; i <= 4; i++) copy.onAck(ackOf(MSS, { rttMs: 100, sndUna: seq(10_000 + i), sndNxt: seq(20_000) }));
  expect(copy.phase).toBe("slow-start");
  copy.onAck(ackOf(MSS, { rttMs: 100, sndUna: seq(10_005), sndNxt: seq(20_000) }));
  expect(copy.phase).toBe("css");
});
