import { describe, expect, test } from "@jest/globals";
import { seq } from "../../../../src/stack/core/seq.ts";
import type { AckSample } from "../../../../src/stack/tcp/congestion/congestion-control.ts";
import { Cubic } from "../../../../src/stack/tcp/congestion/cubic.ts";
import { Reno } from "../../../../src/stack/tcp/congestion/reno.ts";
import { ackOf } from "./ack-sample.ts";
import { Rfc9438 } from "./rfc9438.ts";

const MSS = 1000;

const begun = (mss = MSS, segments = 10, bursts: "limited" | "free" = "limited"): Cubic => {
  const control = new Cubic(bursts);
  control.begin(mss, segments);
  return control;
};

const ack = (control: Cubic, acked: number, more: Partial<AckSample> = {}): void => control.onAck(ackOf(acked, more));

/** A loss whose recovery takes no time. */
const lose = (control: Cubic): void => {
  control.onEvent("loss", control.cwnd, 0, false);
  control.onRecovered();
};

/** After a loss at so many segments. */
const lostAt = (segments: number, mss = MSS): Cubic => {
  const control = begun(mss);
  control.cwnd = segments * mss;
  lose(control);
  return control;
};

/** How far the window was from the model's at most, in bytes. */
function driveBoth(control: Cubic, model: Rfc9438, fromMs: number, untilMs: number, rttMs: number, mss = MSS): number {
  let furthest = 0;
  drive(
    control,
    fromMs,
    untilMs,
    rttMs,
    (ms) => {
      furthest = Math.max(furthest, Math.abs(control.cwnd - model.cwnd * mss));
      model.acked(1, ms / 1000, rttMs / 1000);
    },
    mss,
  );
  return furthest;
}

/** ACKs of one segment each, a window of them evenly through every round trip; `each` is called before each of them, in seconds. */
function drive(control: Cubic, fromMs: number, untilMs: number, rttMs: number, each: (ms: number) => void = () => {}, mss = MSS): void {
  for (let ms = fromMs; ms < untilMs; ms += rttMs / (control.cwnd / mss)) {
    each(ms);
    ack(control, mss, { nowMs: ms, srttMs: rttMs });
  }
}

describe("a loss", () => {
  test.each([
    [100, MSS, 70_000],
    [100, 1460, 102_200],
    // As the kernel's scripts have it: seven segments after ten.
    [10, MSS, 7000],
    [3, MSS, 2100],
    // Two segments at least.
    [2, MSS, 2000],
    [1, MSS, 2000],
    [2 ** 21, MSS, 1_468_006_400],
  ])(
    "[CUB-02] [CUB-05] at %d segments of %d bytes leaves a threshold of %d bytes at once, and a window of as many",
    (segments, mss, left) => {
      const control = begun(mss);
      control.cwnd = segments * mss;
      control.onEvent("loss", control.cwnd, 0, false);
      expect(control.ssthresh).toBe(left);
      // Until it is repaired the window is whoever's who sends.
      expect(control.cwnd).toBe(segments * mss);
      control.onRecovered();
      expect(control.cwnd).toBe(left);
    },
  );

  test("counts the window and not what is in flight: the last segments of a burst say nothing of it", () => {
    const control = begun();
    control.onEvent("loss", MSS, 0, false);
    expect(control.ssthresh).toBe(7000);
  });
});

test.each([
  [100, 70_000, 70_000],
  [2, 2000, 1400],
  [1, 2000, 1000],
])("a congestion mark at %d segments leaves a threshold of %d bytes, and a window of %d (RFC 9438 §4.6)", (segments, ssthresh, window) => {
  const control = begun();
  control.cwnd = segments * MSS;
  control.onEvent("ecn", control.cwnd, 0, false);
  control.onRecovered();
  expect([control.ssthresh, control.cwnd]).toEqual([ssthresh, window]);
});

test("marks without end bring the window down to one segment, and no further", () => {
  const control = begun();
  const windows = Array.from({ length: 9 }, () => {
    control.onEvent("ecn", control.cwnd, 0, false);
    control.onRecovered();
    return control.cwnd;
  });
  expect(windows).toEqual([7000, 4900, 3430, 2401, 1680, 1176, 1000, 1000, 1000]);
});

describe("the window after a loss is the RFC's", () => {
  test.each([
    // Segments at the loss, round trip; concave and then convex, most of it Reno's, next to no round trip, and a long one.
    [100, 100, 12_000],
    [1000, 50, 15_000],
    [20, 10, 3000],
    [10_000, 200, 12_000],
    [400, 1, 300],
    [50, 1000, 30_000],
  ])("[CUB-01] [CUB-03] [CUB-04] from %d segments with a round trip of %d ms", (segments, rttMs, forMs) => {
    const control = lostAt(segments);
    const model = new Rfc9438(segments);
    model.congestion();
    const before = control.cwnd;
    expect(driveBoth(control, model, 5000, 5000 + forMs, rttMs)).toBeLessThan(1.5);
    expect(control.cwnd).toBeGreaterThan(1.4 * before);
  });

  test("[CUB-06] and after losses that come sooner each time, fast convergence among them", () => {
    const control = begun();
    control.cwnd = 500 * MSS;
    const model = new Rfc9438(500);
    for (const [from, until] of [
      [0, 4000],
      [4000, 9000],
      [9000, 11_000],
      [11_000, 25_000],
    ] as const) {
      lose(control);
      model.congestion();
      expect(driveBoth(control, model, from, until, 80)).toBeLessThan(4);
    }
  });

  // W_max 10,000 and K = cbrt(3000 / 0.4) = 19.57 s, worked out by hand: 0.4·(t − K)³ + W_max. Reno would gain five segments a second.
  test.each([
    [0, 7000],
    [2000, 7829],
    [5000, 8762],
    [10_000, 9649],
    [15_000, 9962],
    [20_000, 10_000],
    [25_000, 10_064],
    [30_000, 10_453],
  ])("[CUB-01] %d ms after one at 10,000 segments it has come to %d of them", (untilMs, segments) => {
    const control = lostAt(10_000);
    for (let ms = 0; ms <= untilMs; ms += 10) ack(control, control.cwnd / 10, { nowMs: ms });
    expect(Math.abs(control.cwnd / MSS / segments - 1)).toBeLessThan(0.004);
  });
});

describe("one ACK", () => {
  test("[CUB-04] adds its share of the way to the target, which is where a round trip leads", () => {
    const control = lostAt(100);
    ack(control, 1, { nowMs: 1000 });
    const before = control.cwnd;
    ack(control, 2000, { nowMs: 2000, srttMs: 100 });
    // 0.4·(1.1 − 4.217)³ + 100 = 87.9 segments; 2 of the 70 bring 2/70 of the way.
    const target = 0.4 * (1.1 - Math.cbrt(75)) ** 3 * MSS + 100_000;
    expect(control.cwnd - before).toBe(Math.floor(((target - before) * 2000) / before));
  });

  test("[CUB-04] adds half of what it acknowledges at most, however long ago the loss was", () => {
    const control = lostAt(100);
    ack(control, 1, { nowMs: 0 });
    ack(control, MSS, { nowMs: 3_600_000 });
    expect(control.cwnd).toBe(70_500);
    ack(control, MSS, { nowMs: 1e15 });
    expect(control.cwnd).toBe(71_000);
  });

  test("adds next to nothing while time stands still or goes back", () => {
    const control = lostAt(100);
    for (let i = 0; i < 70; i++) ack(control, MSS, { nowMs: 1000, srttMs: 0 });
    // Reno's share of one round trip.
    expect(control.cwnd).toBe(70_527);
    ack(control, MSS, { nowMs: 0, srttMs: 0 });
    expect(control.cwnd).toBeLessThan(70_540);
  });

  test("does nothing when the window was not used (RFC 9438 §5.8)", () => {
    const control = lostAt(100);
    for (let ms = 0; ms < 20_000; ms += 10) ack(control, MSS, { nowMs: ms, limited: false });
    expect(control.cwnd).toBe(70_000);
  });
});

describe("where Reno is faster", () => {
  test("[CUB-03] the window grows by 9/17 of a segment a round trip until it is what it was, and then by one", () => {
    const control = lostAt(20);
    /** Segments gained in one round trip of 1 ms, in which the cubic function does nothing. */
    const roundTrip = (): number => {
      const before = control.cwnd;
      for (let left = before; left > 0; left -= 500) ack(control, Math.min(left, 500), { nowMs: 0, srttMs: 0 });
      return (control.cwnd - before) / MSS;
    };
    expect(roundTrip()).toBeCloseTo(9 / 17, 1);
    let trips = 1;
    for (; control.cwnd < 20 * MSS; trips++) roundTrip();
    // 6 segments of 9/17 each.
    expect(trips).toBeGreaterThanOrEqual(11);
    expect(trips).toBeLessThanOrEqual(13);
    expect(roundTrip()).toBeCloseTo(1, 1);
  });
});

describe("[CUB-07] time in which there was nothing to send does not count", () => {
  const second = (control: Cubic, fromMs: number): void => drive(control, fromMs, fromMs + 1000, 100);

  test.each<[string, (control: Cubic, ms: number) => void]>([
    ["when it is told of", (control, ms) => control.onPause(ms)],
    [
      "when ACKs find the window unused",
      (control, ms) => {
        for (let at = 0; at <= ms; at += 50) ack(control, MSS, { nowMs: 1000 + at, limited: false });
      },
    ],
    [
      "when both are so, and none of it twice",
      (control, ms) => {
        control.onPause(ms - 100);
        for (let at = ms - 100; at <= ms; at += 50) ack(control, MSS, { nowMs: 1000 + at, limited: false });
      },
    ],
  ])("%s", (_how, pause) => {
    const paused = lostAt(200);
    second(paused, 0);
    pause(paused, 10_000);
    second(paused, 11_000);
    const busy = lostAt(200);
    second(busy, 0);
    second(busy, 1000);
    const idle = lostAt(200);
    second(idle, 0);
    second(idle, 11_000);
    // An ACK's time more or less.
    expect(Math.abs(paused.cwnd - busy.cwnd)).toBeLessThan(MSS / 4);
    expect(idle.cwnd).toBeGreaterThan(1.2 * busy.cwnd);
  });

  test("nor in a pause before the first loss", () => {
    const control = begun();
    control.onPause(10_000);
    ack(control, MSS);
    expect(control.cwnd).toBe(11_000);
  });
});

describe("a timeout", () => {
  test("[CUB-08] leaves one segment and 0.7 for the threshold; the same again leaves the threshold", () => {
    const control = begun();
    control.onEvent("timeout", 2000, 0, false);
    expect([control.cwnd, control.ssthresh]).toEqual([MSS, 7000]);
    control.onEvent("timeout", 1000, 0, true);
    expect([control.cwnd, control.ssthresh]).toEqual([MSS, 7000]);
  });

  test("[CUB-08] after slow start the window grows as if it had never been larger: K is 0, and W_max the window", () => {
    const control = lostAt(100);
    control.onEvent("timeout", 70_000, 0, false);
    for (let i = 0; i < 100 && control.cwnd < control.ssthresh; i++) ack(control, MSS);
    expect(control.cwnd).toBe(49_000);
    const model = new Rfc9438(70);
    model.congestion();
    model.afterTimeout(49);
    expect(driveBoth(control, model, 0, 8000, 100)).toBeLessThan(1.5);
    expect(control.cwnd).toBeGreaterThan(150_000);
  });

  test("is followed by one segment an ACK at most (RFC 3465 §2.3), or by all that it acknowledges where bursts are free", () => {
    const limited = begun();
    limited.onEvent("timeout", 10_000, 0, false);
    ack(limited, 5000);
    expect(limited.cwnd).toBe(2000);
    const free = begun(MSS, 10, "free");
    free.onEvent("timeout", 10_000, 0, false);
    ack(free, 5000);
    expect(free.cwnd).toBe(6000);
    ack(free, 5000);
    expect(free.cwnd).toBe(7000);
  });
});

describe("slow start at first", () => {
  test("[CC-08] grows by what is acknowledged, of one ACK by eight segments at most", () => {
    const control = begun();
    ack(control, 300);
    ack(control, 2000);
    expect(control.cwnd).toBe(12_300);
    ack(control, 12_000);
    expect(control.cwnd).toBe(20_300);
  });

  test("grows by all of it where bursts are free", () => {
    const control = begun(MSS, 10, "free");
    ack(control, 10_000);
    expect(control.cwnd).toBe(20_000);
  });

  test("[CC-17] does not grow while the window is not used", () => {
    const control = begun();
    ack(control, 5000, { limited: false });
    expect([control.cwnd, control.ssthresh]).toEqual([10_000, Number.POSITIVE_INFINITY]);
  });

  /** Rounds of ten ACKs that take so long each. */
  const rounds = (control: Cubic, ...rtts: number[]): void => {
    rtts.forEach((rttMs, round) => {
      for (let i = 1; i <= 10; i++) {
        ack(control, MSS, { rttMs, sndUna: seq((round * 10 + i) * MSS), sndNxt: seq((round + (i === 10 ? 2 : 1)) * 10 * MSS) });
      }
    });
  };

  test("[CUB-10] ends where round trips become longer, five rounds later, and the window grows as if it had never been larger (§4.10)", () => {
    const control = begun();
    rounds(control, 50, 60);
    // All of 18 segments, and a quarter of two.
    expect([control.cwnd, control.ssthresh]).toEqual([28_500, Number.POSITIVE_INFINITY]);
    const css = begun();
    rounds(css, 50, 60, 60, 60, 60, 60);
    expect([css.cwnd, css.ssthresh]).toEqual([38_500, 38_500]);
    const model = new Rfc9438(38.5);
    expect(driveBoth(css, model, 0, 5000, 100)).toBeLessThan(1.5);
  });

  test("is as it always was once a loss has set a threshold", () => {
    const control = begun();
    control.cwnd = 100 * MSS;
    control.onEvent("timeout", 0, 0, false);
    rounds(control, 50, 60, 60, 60, 60, 60);
    expect([control.cwnd, control.ssthresh]).toEqual([61_000, 70_000]);
  });
});

test("after an idle time the window is the initial one at most, and grows back in slow start (RFC 5681 §4.1)", () => {
  const control = lostAt(100);
  drive(control, 0, 500, 100);
  control.onIdle();
  expect([control.cwnd, control.ssthresh]).toEqual([10_000, 70_000]);
  ack(control, 4000);
  expect(control.cwnd).toBe(14_000);
  ack(control, 60_000);
  expect(control.cwnd).toBe(70_000);
  // And from there as after the loss.
  const model = new Rfc9438(100);
  model.congestion();
  drive(control, 9000, 12_000, 100, (ms) => {
    expect(Math.abs(control.cwnd - model.cwnd * MSS)).toBeLessThan(1.5);
    model.acked(1, ms / 1000, 0.1);
  });
});

describe("[CUB-09] an event that was not one is undone", () => {
  const busy = (): Cubic => {
    const control = begun();
    control.cwnd = 400 * MSS;
    lose(control);
    drive(control, 0, 1000, 50);
    lose(control);
    drive(control, 1000, 3000, 50);
    return control;
  };

  test.each<[string, (control: Cubic) => void]>([
    ["a loss", lose],
    ["a mark", (control) => control.onEvent("ecn", 0, 0, false)],
    [
      "a timeout and its repetition",
      (control) => {
        control.onEvent("timeout", 0, 0, false);
        control.onEvent("timeout", 0, 0, true);
      },
    ],
    [
      "a loss with its recovery and what came after",
      (control) => {
        lose(control);
        drive(control, 3000, 4000, 50);
      },
    ],
  ])("%s: windows, W_max, K, epoch and W_est, so that it goes on as if nothing had been", (_what, happen) => {
    const spared = busy();
    const undone = busy();
    const saved = undone.save();
    happen(undone);
    expect(undone.cwnd + undone.ssthresh).not.toBe(spared.cwnd + spared.ssthresh);
    undone.restore(saved);
    const course = (control: Cubic): number[] => {
      const windows = [control.cwnd, control.ssthresh];
      drive(control, 3000, 9000, 50, () => windows.push(control.cwnd));
      lose(control);
      drive(control, 9000, 11_000, 50, () => windows.push(control.cwnd));
      return windows;
    };
    expect(course(undone)).toEqual(course(spared));
  });

  test("to where it stood when it was saved, though ACKs came between that and the event", () => {
    const control = busy();
    const saved = control.save();
    drive(control, 3000, 3500, 50);
    lose(control);
    control.restore(saved);
    const spared = busy();
    drive(control, 3000, 6000, 50);
    drive(spared, 3000, 6000, 50);
    expect(control.cwnd).toBe(spared.cwnd);
  });

  test("more than once, from one record", () => {
    const control = busy();
    const { cwnd } = control;
    const saved = control.save();
    lose(control);
    control.restore(saved);
    drive(control, 3000, 4000, 50);
    control.restore(saved);
    expect(control.cwnd).toBe(cwnd);
    const first = busy();
    drive(first, 3000, 4000, 50);
    drive(control, 3000, 4000, 50);
    expect(control.cwnd).toBe(first.cwnd);
  });

  test("in the first slow start, which goes on by HyStart++", () => {
    const control = begun();
    ack(control, MSS);
    const saved = control.save();
    lose(control);
    control.restore(saved);
    ack(control, 20_000);
    expect([control.cwnd, control.ssthresh]).toEqual([19_000, Number.POSITIVE_INFINITY]);
  });

  test("by the record of another algorithm, as far as the windows go", () => {
    const reno = new Reno("limited");
    reno.begin(MSS, 4);
    const control = lostAt(100);
    control.restore(reno.save());
    expect([control.cwnd, control.ssthresh]).toEqual([4000, Number.POSITIVE_INFINITY]);
    reno.restore(lostAt(100).save());
    expect([reno.cwnd, reno.ssthresh]).toEqual([70_000, 70_000]);
  });
});

describe("segments of another size", () => {
  test("leave the window, but for one of theirs at least", () => {
    const control = lostAt(100);
    control.onMss(500);
    expect(control.cwnd).toBe(70_000);
    control.onEvent("timeout", 0, 0, false);
    expect(control.cwnd).toBe(500);
    control.onMss(1400);
    expect(control.cwnd).toBe(1400);
  });

  test("are what it grows in from then on", () => {
    const control = lostAt(100);
    drive(control, 0, 500, 100);
    control.onMss(500);
    // 200 of the new size before the loss: the window is now the start of an epoch of its own.
    const model = new Rfc9438(200);
    model.congestion();
    model.cwnd = control.cwnd / 500;
    expect(driveBoth(control, model, 500, 4000, 100, 500)).toBeLessThan(1.5);
  });
});

test("beginning again forgets what was lost before", () => {
  const control = lostAt(100);
  control.onEvent("timeout", 0, 0, false);
  control.begin(1460, 10);
  expect([control.cwnd, control.ssthresh]).toEqual([14_600, Number.POSITIVE_INFINITY]);
  ack(control, 2920);
  expect(control.cwnd).toBe(17_520);
});
