import { describe, expect, test } from "@jest/globals";
import { NewReno } from "../../../../src/stack/tcp/congestion/new-reno.ts";

const MSS = 1000;

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
    const control = new NewReno(mss, segments);
    expect([control.cwnd, control.ssthresh]).toEqual([window, Number.POSITIVE_INFINITY]);
  });
});

describe("NewReno", () => {
  test("slow start ends at the threshold, however much one ACK covers (RFC 5681 §3.1)", () => {
    const control = new NewReno(1000, 10);
    control.onLoss(40_000);
    control.onTimeout(40_000, false);
    expect(control.ssthresh).toBe(20_000);
    for (let i = 0; i < 100 && control.cwnd < control.ssthresh; i++) control.onAck(1000, true);
    expect(control.cwnd).toBe(20_000);
    const late = new NewReno(1000, 10);
    late.onLoss(40_000);
    late.onRecovered(5000);
    expect(late.cwnd).toBe(6000);
    late.onAck(60_000, true);
    expect(late.cwnd).toBe(20_000);
  });

  test("windows are whole bytes", () => {
    const control = new NewReno(1000, 10);
    control.onLoss(9001);
    expect([control.cwnd, control.ssthresh]).toEqual([4500, 4500]);
  });
});

describe("slow start", () => {
  test("[CC-08] grows by what is acknowledged (RFC 3465 §2.2)", () => {
    const control = new NewReno(MSS, 10);
    control.onAck(300, true);
    control.onAck(2000, true);
    expect(control.cwnd).toBe(12_300);
  });

  test("after a timeout adds a segment for each ACK at most (RFC 3465 §2.3), until the threshold is reached", () => {
    const control = new NewReno(MSS, 10);
    control.onTimeout(8000, false);
    expect([control.cwnd, control.ssthresh]).toEqual([MSS, 4000]);
    control.onAck(3000, true);
    expect(control.cwnd).toBe(2000);
    control.onAck(400, true);
    expect(control.cwnd).toBe(2400);
    control.onAck(3000, true);
    control.onAck(3000, true);
    expect(control.cwnd).toBe(4000);
    // Congestion avoidance ends the caution: the next slow start may open the window as it did at first.
    control.onAck(4000, true);
    expect(control.cwnd).toBe(5000);
    control.onLoss(20_000);
    control.onRecovered(0);
    expect([control.cwnd, control.ssthresh]).toEqual([2000, 10_000]);
    control.onAck(3000, true);
    expect(control.cwnd).toBe(5000);
  });
});

describe("congestion avoidance", () => {
  /** At a window of 4000. */
  const avoiding = (): NewReno => {
    const control = new NewReno(MSS, 10);
    control.onLoss(8000);
    return control;
  };

  test("[CC-09] adds a segment for each whole window acknowledged, however it comes (RFC 5681 §3.1, RFC 3465 §2.1)", () => {
    const control = avoiding();
    for (let i = 0; i < 3; i++) control.onAck(MSS, true);
    control.onAck(999, true);
    expect(control.cwnd).toBe(4000);
    control.onAck(1, true);
    expect(control.cwnd).toBe(5000);
    control.onAck(4999, true);
    expect(control.cwnd).toBe(5000);
    control.onAck(2, true);
    expect(control.cwnd).toBe(6000);
    // One byte was left over.
    control.onAck(5999, true);
    expect(control.cwnd).toBe(7000);
  });

  test.each<[string, (control: NewReno) => void]>([
    ["a loss", (control) => control.onLoss(8000)],
    [
      "a timeout",
      (control) => {
        control.onTimeout(8000, false);
        for (let i = 0; i < 3; i++) control.onAck(MSS, true);
      },
    ],
  ])("begins to count anew after %s", (_what, happen) => {
    const control = avoiding();
    control.onAck(3999, true);
    happen(control);
    expect(control.cwnd).toBe(4000);
    control.onAck(1, true);
    expect(control.cwnd).toBe(4000);
  });
});

test("[CC-17] [SND-26] a window that was not used does not grow (RFC 7661 §4)", () => {
  const control = new NewReno(MSS, 10);
  control.onAck(5000, false);
  expect(control.cwnd).toBe(10_000);
  control.onLoss(8000);
  control.onAck(4000, false);
  control.onAck(3999, true);
  expect(control.cwnd).toBe(4000);
});

test("[CC-10] after a loss half of what is in flight may be, two segments at least (RFC 5681 equation 4)", () => {
  const control = new NewReno(MSS, 10);
  control.onLoss(3999);
  expect([control.cwnd, control.ssthresh]).toEqual([2000, 2000]);
  control.onTimeout(100, false);
  expect([control.cwnd, control.ssthresh]).toEqual([MSS, 2000]);
});

test("[CC-11] a timeout for the same data again leaves the threshold (RFC 5681 §3.1)", () => {
  const control = new NewReno(MSS, 10);
  control.onTimeout(20_000, false);
  control.onTimeout(1000, true);
  expect([control.cwnd, control.ssthresh]).toEqual([MSS, 10_000]);
});

test.each([
  [0, 2000],
  [2500, 3500],
  [8999, 9999],
  [9000, 10_000],
  [50_000, 10_000],
])("with %d bytes outstanding when the loss is mended the window is %d (RFC 6582 §3.2 step 3)", (flight, window) => {
  const control = new NewReno(MSS, 10);
  control.onLoss(20_000);
  control.onRecovered(flight);
  expect(control.cwnd).toBe(window);
});

test("after an idle time the window is the initial one at most (RFC 5681 §4.1)", () => {
  const control = new NewReno(MSS, 10);
  control.onAck(30_000, true);
  control.onIdle();
  expect(control.cwnd).toBe(10_000);
  control.onTimeout(10_000, false);
  control.onIdle();
  expect(control.cwnd).toBe(MSS);
});

test("a window is a segment of the new size at least, and counts in such segments", () => {
  const control = new NewReno(MSS, 10);
  control.onTimeout(8000, false);
  control.onMss(1400);
  expect(control.cwnd).toBe(1400);
  control.onAck(5000, true);
  expect(control.cwnd).toBe(2800);
  control.onMss(500);
  expect(control.cwnd).toBe(2800);
  control.onTimeout(10_000, false);
  expect(control.cwnd).toBe(500);
});

test("after an idle time the window has room for a segment, though segments have become larger since it was the initial one", () => {
  const control = new NewReno(536, 1);
  control.onMss(1460);
  control.onIdle();
  expect(control.cwnd).toBe(1460);
});
