import { describe, expect, test } from "@jest/globals";
import { RttEstimator } from "../../../src/stack/tcp/rtt.ts";

/** Limits that are out of the way. */
const setUp = (initialMs = 1000, minMs = 0, maxMs = 1e9) => new RttEstimator(initialMs, minMs, maxMs);

describe("the retransmission timeout (RFC 6298)", () => {
  test("[RTO-02] is the initial one before there is a sample (§2.1)", () => {
    const rtt = setUp(1000);
    expect([rtt.hasSample, rtt.rtoMs, rtt.timeoutMs]).toEqual([false, 1000, 1000]);
  });

  test("[RTO-03] after the first sample R: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4·RTTVAR (§2.2)", () => {
    const rtt = setUp();
    rtt.sample(100, 1, 0);
    expect([rtt.hasSample, rtt.srttMs, rtt.rttvarMs, rtt.rtoMs]).toEqual([true, 100, 50, 300]);
  });

  test("[RTO-01] [RTO-04] after the next ones: RTTVAR before SRTT, with β = 1/4 and α = 1/8 (§2.3)", () => {
    const rtt = setUp();
    rtt.sample(100, 1, 0);
    // RTTVAR = 3/4·50 + 1/4·|100 − 60| = 47.5; SRTT = 7/8·100 + 1/8·60 = 95; RTO = 95 + 190.
    rtt.sample(60, 1, 0);
    expect([rtt.rttvarMs, rtt.srttMs, rtt.rtoMs]).toEqual([47.5, 95, 285]);
    // RTTVAR = 3/4·47.5 + 1/4·|95 − 255| = 75.625; SRTT = 7/8·95 + 1/8·255 = 115; RTO = 115 + 302.5.
    rtt.sample(255, 1, 0);
    expect([rtt.rttvarMs, rtt.srttMs, rtt.rtoMs]).toEqual([75.625, 115, 417.5]);
  });

  test("[RTO-05] a round trip that never varies leaves the clock's granularity, a millisecond, above SRTT (§2.3)", () => {
    const rtt = setUp();
    for (let i = 0; i < 100; i++) rtt.sample(40, 1, 0);
    expect(rtt.srttMs).toBe(40);
    expect(rtt.rttvarMs).toBeLessThan(0.25);
    expect(rtt.rtoMs).toBe(41);
    const none = setUp();
    none.sample(0, 1, 0);
    expect([none.srttMs, none.rtoMs, none.hasSample]).toEqual([0, 1, true]);
    none.sample(8, 1, 0);
    expect(none.srttMs).toBe(1);
  });

  test("[RTO-06] is not below the minimum (§2.4), and its estimate goes on below it", () => {
    const rtt = setUp(1000, 200);
    rtt.sample(10, 1, 0);
    expect([rtt.rtoMs, rtt.srttMs]).toEqual([200, 10]);
    rtt.sample(90, 1, 0);
    // RTTVAR = 3.75 + 20 = 23.75; SRTT = 8.75 + 11.25 = 20; 20 + 95 is still less.
    expect([rtt.srttMs, rtt.rttvarMs, rtt.rtoMs]).toEqual([20, 23.75, 200]);
    rtt.sample(300, 1, 0);
    // RTTVAR = 17.8125 + 70 = 87.8125; SRTT = 17.5 + 37.5 = 55.
    expect(rtt.rtoMs).toBe(55 + 351.25);
  });

  test("[RTO-07] is not above the maximum (§2.5)", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.sample(30_000, 1, 0);
    expect(rtt.rtoMs).toBe(60_000);
    expect(rtt.srttMs).toBe(30_000);
  });

  test("doubles each time the timer goes off (§5.5), up to the maximum", () => {
    const rtt = setUp(1000, 200, 60_000);
    const timeouts = Array.from({ length: 8 }, () => {
      rtt.backOff();
      return rtt.timeoutMs;
    });
    expect(timeouts).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(rtt.rtoMs).toBe(1000);
  });

  test("stays a number however often the timer goes off", () => {
    const rtt = setUp(1000, 200, Number.POSITIVE_INFINITY);
    for (let i = 0; i < 2000; i++) rtt.backOff();
    expect(rtt.timeoutMs).toBe(1000 * 2 ** 20);
  });

  test("[RTO-16] keeps its back-off until a sample of something sent once comes (Karn's algorithm, §3)", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.sample(100, 1, 0);
    rtt.backOff();
    rtt.backOff();
    expect([rtt.timeoutMs, rtt.backoffs]).toEqual([1200, 2]);
    rtt.sample(100, 1, 0);
    // RTTVAR = 37.5.
    expect([rtt.timeoutMs, rtt.backoffs]).toEqual([250, 0]);
  });

  test("is the estimate's again when what the timer waited for was not lost", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.sample(100, 1, 0);
    rtt.backOff();
    rtt.forgetBackOff();
    expect([rtt.timeoutMs, rtt.srttMs]).toEqual([300, 100]);
  });
});

describe("after a SYN that had to be sent again (§5.7)", () => {
  test("[RTO-14] the timeout is three seconds at least, without the SYN's back-off", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.backOff();
    rtt.distrustInitial();
    expect([rtt.rtoMs, rtt.timeoutMs]).toEqual([3000, 3000]);
    const slow = setUp(5000);
    slow.distrustInitial();
    expect(slow.timeoutMs).toBe(5000);
  });

  test("a sample there is counts for more", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.sample(100, 1, 0);
    rtt.backOff();
    rtt.distrustInitial();
    expect(rtt.timeoutMs).toBe(300);
  });

  test("the first sample is a first one", () => {
    const rtt = setUp(1000, 200, 60_000);
    rtt.distrustInitial();
    rtt.sample(80, 1, 0);
    expect([rtt.srttMs, rtt.rttvarMs, rtt.rtoMs]).toEqual([80, 40, 240]);
  });
});
