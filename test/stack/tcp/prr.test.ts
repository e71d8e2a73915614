import { describe, expect, test } from "@jest/globals";
import { ProportionalRateReduction } from "../../../src/stack/tcp/prr.ts";

const MSS = 1000;

/**
 * RFC 6937 §4: a window of 20 segments, of which the first `losses` are lost; ACKs for the others come one by one while the sender sends
 * what it may. What leaves at each ACK, in segments.
 */
function recovery(losses: number, ssthresh: number): number[] {
  const window = 20;
  let inFlight = window - losses - 3 + 1;
  const prr = new ProportionalRateReduction((window - 2) * MSS);
  const sends: number[] = [];
  for (let delivered = 3; delivered <= window - losses; delivered++) {
    // The third report finds all of the lost ones.
    if (delivered > 3) inFlight--;
    else inFlight = window - losses - 3;
    const cwnd = prr.window(MSS, inFlight * MSS, ssthresh * MSS, MSS, false);
    const out = Math.max(0, Math.floor((cwnd - inFlight * MSS) / MSS));
    prr.sent(out * MSS);
    inFlight += out;
    sends.push(out);
  }
  return sends;
}

describe("[LR-26] proportional rate reduction (RFC 9937, the examples of RFC 6937 §4)", () => {
  test("one loss in twenty, halved: one segment for every two that arrive, and in the end half of the window is in flight", () => {
    const sends = recovery(1, 10);
    expect(sends[0]).toBe(1);
    expect(sends.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(9);
    expect(sends.reduce((a, b) => a + b)).toBeLessThanOrEqual(11);
    expect(Math.max(...sends)).toBe(1);
  });

  test("[LR-27] fifteen losses in twenty: below the threshold one leaves for each that arrives, and no burst", () => {
    expect(recovery(15, 10)).toEqual([1, 1, 1]);
  });

  test("[LR-27] an ACK that moves on and finds nothing more lost is safe: two leave for one (slow start)", () => {
    const prr = new ProportionalRateReduction(20_000);
    prr.window(1000, 4000, 10_000, MSS, false);
    prr.sent(1000);
    expect(prr.window(1000, 4000, 10_000, MSS, true)).toBe(6000);
  });

  test("[LR-28] one segment leaves when recovery begins, even when the proportion says none", () => {
    const prr = new ProportionalRateReduction(20_000);
    expect(prr.window(0, 15_000, 7000, MSS, false)).toBe(16_000);
    prr.sent(1000);
    expect(prr.window(1, 15_999, 7000, MSS, false)).toBe(15_999);
  });
});
