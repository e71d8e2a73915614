import { describe, expect, test } from "@jest/globals";
import { Reno } from "../../../../src/stack/tcp/congestion/reno.ts";
import { ackOf } from "./ack-sample.ts";

const MSS = 1000;

const begun = (mss = MSS, segments = 10, bursts: "limited" | "free" = "limited"): Reno => {
  const control = new Reno(bursts);
  control.begin(mss, segments);
  return control;
};

const ack = (control: Reno, acked: number, limited = true): void => control.onAck(ackOf(acked, { limited }));

/** A loss, after which the window comes down at once. */
const lose = (control: Reno, inFlight: number): void => {
  control.onEvent("loss", inFlight, 0, false);
  control.cwnd = control.ssthresh;
};

const timeOut = (control: Reno, inFlight: number, repeated = false): void => control.onEvent("timeout", inFlight, 0, repeated);

describe("the initial window (RFC 6928 §2: min(10·MSS, max(2·MSS, 14600)))", () => {
  test.each([
    [536, 10, 5360],
    [1000, 10, 10_000],
    [1460, 10, 14_600],
    [2000, 10, 14_600],
    [7300, 10, 14_600],
    [8960, 10, 17_920],
    [1460, 4, 5840],
    // After a lost SYN (RFC 5681 §3.1).
    [1460, 1, 1460],
    [8960, 1, 8960],
  ])("of segments of %d bytes, %d of them wanted, is %d", (mss, segments, window) => {
    const control = begun(mss, segments);
    expect([control.cwnd, control.ssthresh]).toEqual([window, Number.POSITIVE_INFINITY]);
  });
});

describe("Reno", () => {
  test("slow start ends at the threshold, however much one ACK covers (RFC 5681 §3.1)", () => {
    const control = begun();
    lose(control, 40_000);
    timeOut(control, 40_000);
    expect(control.ssthresh).toBe(20_000);
    for (let i = 0; i < 100 && control.cwnd < control.ssthresh; i++) ack(control, 1000);
    expect(control.cwnd).toBe(20_000);
    const late = begun();
    lose(late, 40_000);
    late.onRecovered(5000);
    expect(late.cwnd).toBe(6000);
    ack(late, 60_000);
    expect(late.cwnd).toBe(20_000);
  });

  test("windows are whole bytes", () => {
    const control = begun();
    lose(control, 9001);
    expect([control.cwnd, control.ssthresh]).toEqual([4500, 4500]);
  });
});

describe("slow start", () => {
  test("[CC-08] grows by what is acknowledged (RFC 3465 §2.2)", () => {
    const control = begun();
    ack(control, 300);
    ack(control, 2000);
    expect(control.cwnd).toBe(12_300);
  });

  test("after a timeout adds a segment for each ACK at most (RFC 3465 §2.3), until the threshold is reached", () => {
    const control = begun();
    timeOut(control, 8000);
    expect([control.cwnd, control.ssthresh]).toEqual([MSS, 4000]);
    ack(control, 3000);
    expect(control.cwnd).toBe(2000);
    ack(control, 400);
    expect(control.cwnd).toBe(2400);
    ack(control, 3000);
    ack(control, 3000);
    expect(control.cwnd).toBe(4000);
    // Congestion avoidance ends the caution: the next slow start may open the window as it did at first.
    ack(control, 4000);
    expect(control.cwnd).toBe(5000);
    lose(control, 20_000);
    control.onRecovered(0);
    expect([control.cwnd, control.ssthresh]).toEqual([2000, 10_000]);
    ack(control, 3000);
    expect(control.cwnd).toBe(5000);
  });
});

describe("congestion avoidance", () => {
  /** At a window of 4000. */
  const avoiding = (): Reno => {
    const control = begun();
    lose(control, 8000);
    return control;
  };

  test("[CC-09] adds a segment for each whole window acknowledged, however it comes (RFC 5681 §3.1, RFC 3465 §2.1)", () => {
    const control = avoiding();
    for (let i = 0; i < 3; i++) ack(control, MSS);
    ack(control, 999);
    expect(control.cwnd).toBe(4000);
    ack(control, 1);
    expect(control.cwnd).toBe(5000);
    ack(control, 4999);
    expect(control.cwnd).toBe(5000);
    ack(control, 2);
    expect(control.cwnd).toBe(6000);
    // One byte was left over.
    ack(control, 5999);
    expect(control.cwnd).toBe(7000);
  });

  test.each<[string, (control: Reno) => void]>([
    ["a loss", (control) => lose(control, 8000)],
    [
      "a timeout",
      (control) => {
        timeOut(control, 8000);
        for (let i = 0; i < 3; i++) ack(control, MSS);
      },
    ],
  ])("begins to count anew after %s", (_what, happen) => {
    const control = avoiding();
    ack(control, 3999);
    happen(control);
    expect(control.cwnd).toBe(4000);
    ack(control, 1);
    expect(control.cwnd).toBe(4000);
  });
});

test("an ACK of many windows adds one segment, and does not make later ones add more", () => {
  const control = begun();
  lose(control, 8000);
  ack(control, 100_000);
  expect(control.cwnd).toBe(5000);
  ack(control, 1000);
  expect(control.cwnd).toBe(5000);
  ack(control, 1);
  expect(control.cwnd).toBe(6000);
  ack(control, 5999);
  expect(control.cwnd).toBe(6000);
});

test("[CC-17] [SND-26] a window that was not used does not grow (RFC 7661 §4)", () => {
  const control = begun();
  ack(control, 5000, false);
  expect(control.cwnd).toBe(10_000);
  lose(control, 8000);
  ack(control, 4000, false);
  ack(control, 3999);
  expect(control.cwnd).toBe(4000);
});

test("[CC-10] after a loss half of what is in flight may be, two segments at least (RFC 5681 equation 4)", () => {
  const control = begun();
  lose(control, 3999);
  expect([control.cwnd, control.ssthresh]).toEqual([2000, 2000]);
  timeOut(control, 100);
  expect([control.cwnd, control.ssthresh]).toEqual([MSS, 2000]);
});

test("[CC-11] a timeout for the same data again leaves the threshold (RFC 5681 §3.1)", () => {
  const control = begun();
  timeOut(control, 20_000);
  timeOut(control, 1000, true);
  expect([control.cwnd, control.ssthresh]).toEqual([MSS, 10_000]);
});

test.each([
  [0, 2000],
  [2500, 3500],
  [8999, 9999],
  [9000, 10_000],
  [50_000, 10_000],
])("with %d bytes outstanding when the loss is mended the window is %d (RFC 6582 §3.2 step 3)", (flight, window) => {
  const control = begun();
  lose(control, 20_000);
  control.onRecovered(flight);
  expect(control.cwnd).toBe(window);
});

test("after an idle time the window is the initial one at most (RFC 5681 §4.1)", () => {
  const control = begun();
  ack(control, 30_000);
  control.onIdle();
  expect(control.cwnd).toBe(10_000);
  timeOut(control, 10_000);
  control.onIdle();
  expect(control.cwnd).toBe(MSS);
});

test("a window is a segment of the new size at least, and counts in such segments", () => {
  const control = begun();
  timeOut(control, 8000);
  control.onMss(1400);
  expect(control.cwnd).toBe(1400);
  ack(control, 5000);
  expect(control.cwnd).toBe(2800);
  control.onMss(500);
  expect(control.cwnd).toBe(2800);
  timeOut(control, 10_000);
  expect(control.cwnd).toBe(500);
});

test("after an idle time the window has room for a segment, though segments have become larger since it was the initial one", () => {
  const control = begun(536, 1);
  control.onMss(1460);
  control.onIdle();
  expect(control.cwnd).toBe(1460);
});

describe("a congestion mark (RFC 3168 §6.1.2)", () => {
  test.each([
    [20_000, 10_000, 10_000],
    [3000, 2000, 1500],
    [2000, 2000, 1000],
    [1000, 2000, 1000],
  ])("with %d bytes in flight leaves a threshold of %d and a window of %d", (inFlight, ssthresh, window) => {
    const control = begun();
    control.onEvent("ecn", inFlight, 0, false);
    control.onRecovered(inFlight);
    expect([control.ssthresh, control.cwnd]).toEqual([ssthresh, window]);
  });
});

test("where bursts are free, an ACK after a timeout adds all that it acknowledges, as in Linux", () => {
  const control = begun(MSS, 10, "free");
  timeOut(control, 20_000);
  ack(control, 5000);
  expect(control.cwnd).toBe(6000);
});

test("a gibibyte in flight is halved", () => {
  const control = begun();
  lose(control, 2 ** 32 + 2000);
  expect(control.cwnd).toBe(2 ** 31 + 1000);
});

test("a timeout that was not needed is undone: windows, what had been counted, and no caution", () => {
  const control = begun();
  lose(control, 8000);
  ack(control, 3999);
  const saved = control.save();
  timeOut(control, 4000);
  ack(control, 1000);
  control.restore(saved);
  expect([control.cwnd, control.ssthresh]).toEqual([4000, 4000]);
  ack(control, 1);
  expect(control.cwnd).toBe(5000);
  control.onIdle();
  control.ssthresh = 20_000;
  ack(control, 3000);
  expect(control.cwnd).toBe(8000);
});

test("beginning again forgets what was lost before", () => {
  const control = begun();
  timeOut(control, 8000);
  control.begin(MSS, 10);
  ack(control, 3000);
  expect([control.cwnd, control.ssthresh]).toEqual([13_000, Number.POSITIVE_INFINITY]);
});
