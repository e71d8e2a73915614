import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type CongestionControlName, LINUX, RFC, type SlowStartBursts, WINDOWS } from "../../../../src/stack/core/profile.ts";
import { type Seq, seq, seqAdd } from "../../../../src/stack/core/seq.ts";
import { congestionControlOf } from "../../../../src/stack/tcp/congestion/choice.ts";
import type { CongestionControl, CongestionEvent } from "../../../../src/stack/tcp/congestion/congestion-control.ts";
import { established } from "../../../support/established.ts";
import { ackOf } from "./ack-sample.ts";

const SIZES = [88, 536, 1000, 1460, 8960, 65_000] as const;

/** What may happen to a connection. Times and sizes are what a peer and a clock could bring about. */
type Happening =
  | { readonly is: "ack"; readonly acked: number; readonly afterMs: number; readonly rttMs: number | undefined; readonly limited: boolean }
  | { readonly is: CongestionEvent; readonly inFlight: number; readonly repeated: boolean }
  | { readonly is: "recovered"; readonly inFlight: number }
  | { readonly is: "window"; readonly cwnd: number }
  | { readonly is: "idle" }
  | { readonly is: "pause"; readonly ms: number }
  | { readonly is: "mss"; readonly mss: number };

const bytes = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 31 }));
const ack = fc.record({
  is: fc.constant("ack" as const),
  acked: bytes,
  // Time stands still, goes on, jumps, and once goes back.
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200 }), fc.constant(-50), fc.constant(1e9)),
  rttMs: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 2000 })),
  limited: fc.boolean(),
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 20, arbitrary: ack },
  fc.record({ is: fc.constantFrom("loss" as const, "ecn" as const, "timeout" as const), inFlight: bytes, repeated: fc.boolean() }),
  fc.record({ is: fc.constant("recovered" as const), inFlight: bytes }),
  fc.record({ is: fc.constant("window" as const), cwnd: bytes }),
  fc.constant({ is: "idle" as const }),
  fc.record({ is: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
  fc.record({ is: fc.constant("mss" as const), mss: fc.constantFrom(...SIZES) }),
);
const happenings = fc.array(happening, { maxLength: 60 });

/** A connection's numbers and time, which go on by what is acknowledged. */
class Course {
  readonly control: CongestionControl;
  mss = 1000;
  nowMs = 0;
  #una: Seq = seq(-5000);

  constructor(control: CongestionControl) {
    this.control = control;
    control.begin(this.mss, 10);
  }

  go(what: Happening): void {
    const { control } = this;
    if (what.is === "ack") {
      this.nowMs += what.afterMs;
      this.#una = seqAdd(this.#una, what.acked);
      const { acked, rttMs, limited } = what;
      control.onAck(
        ackOf(acked, { rttMs, srttMs: rttMs ?? 0, nowMs: this.nowMs, limited, sndUna: this.#una, sndNxt: seqAdd(this.#una, control.cwnd) }),
      );
    } else if (what.is === "recovered") control.onRecovered(what.inFlight);
    else if (what.is === "window") control.cwnd = Math.max(what.cwnd, this.mss);
    else if (what.is === "idle") control.onIdle();
    else if (what.is === "pause") control.onPause(what.ms);
    else if (what.is === "mss") {
      this.mss = what.mss;
      control.onMss(what.mss);
    } else control.onEvent(what.is, what.inFlight, this.nowMs, what.repeated);
  }
}

const ALL: readonly (readonly [CongestionControlName, SlowStartBursts])[] = [
  ["cubic", "limited"],
  ["cubic", "free"],
  ["reno", "limited"],
  ["reno", "free"],
];

describe.each(ALL)("%s, with bursts in slow start %s, whatever happens", (name, bursts) => {
  const course = (): Course => new Course(congestionControlOf(name, bursts));

  test("has a window of whole bytes and of a segment at least, and a threshold of two when it was set", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const run = course();
        const { control } = run;
        for (const what of all) {
          run.go(what);
          expect(Number.isSafeInteger(control.cwnd)).toBe(true);
          expect(control.cwnd).toBeGreaterThanOrEqual(run.mss);
          if (what.is === "loss" && !what.repeated) expect(control.ssthresh).toBeGreaterThanOrEqual(2 * run.mss);
          expect(control.ssthresh).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("[CC-08] [CC-09] an ACK makes the window grow by no more than it acknowledges, or by a segment, and never smaller; nor past the threshold in slow start", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const run = course();
        for (const what of all) {
          const { cwnd: before, ssthresh } = run.control;
          run.go(what);
          if (what.is !== "ack") continue;
          const { cwnd } = run.control;
          expect(cwnd).toBeGreaterThanOrEqual(before);
          // Reno's window grows by a whole segment once so much is acknowledged, of which this ACK may be the last byte.
          const most = before < ssthresh || name === "cubic" ? what.acked : Math.max(what.acked, run.mss);
          expect(cwnd - before).toBeLessThanOrEqual(what.limited ? most : 0);
          if (before < ssthresh) expect(cwnd).toBeLessThanOrEqual(ssthresh);
        }
      }),
    );
  });

  test("[CC-20] one segment acknowledged in pieces gains nothing", () => {
    fc.assert(
      fc.property(happenings, fc.integer({ min: 2, max: 40 }), (all, pieces) => {
        const whole = course();
        const cut = course();
        for (const what of all) {
          whole.go(what);
          cut.go(what);
        }
        const { cwnd, ssthresh } = whole.control;
        const last = { is: "ack", afterMs: 1, rttMs: undefined, limited: true } as const;
        whole.go({ ...last, acked: whole.mss });
        const piece = Math.floor(whole.mss / pieces);
        for (let i = 0; i < pieces; i++) cut.go({ ...last, afterMs: i === 0 ? 1 : 0, acked: piece });
        const gained = whole.control.cwnd - cwnd;
        // Where pieces of it lie on either side of the threshold, the later ones grow it as congestion avoidance does.
        const beyondThreshold = cwnd < ssthresh && cwnd + whole.mss > ssthresh ? whole.mss : 0;
        // Where they lie on either side of the window before the last loss, the later ones grow CUBIC's as Reno's (RFC 9438 §4.3), and no more.
        const asReno = cwnd < ssthresh ? 0 : (whole.mss * whole.mss) / cwnd;
        const most = Math.max(gained, beyondThreshold, asReno) + 1;
        expect(cut.control.cwnd - cwnd).toBeLessThanOrEqual(most);
      }),
    );
  });

  test("[CUB-09] goes on after an undo as if what is undone had not been", () => {
    fc.assert(
      fc.property(
        happenings,
        fc.constantFrom("loss" as const, "ecn" as const, "timeout" as const),
        bytes,
        fc.boolean(),
        fc.array(ack, { maxLength: 20 }),
        (before, is, inFlight, repeated, after) => {
          const spared = course();
          const undone = course();
          for (const what of before) {
            spared.go(what);
            undone.go(what);
          }
          const saved = undone.control.save();
          undone.go({ is, inFlight, repeated });
          undone.control.restore(saved);
          for (const what of after) {
            expect([undone.control.cwnd, undone.control.ssthresh]).toEqual([spared.control.cwnd, spared.control.ssthresh]);
            spared.go(what);
            undone.go(what);
          }
          expect([undone.control.cwnd, undone.control.ssthresh]).toEqual([spared.control.cwnd, spared.control.ssthresh]);
        },
      ),
    );
  });
});

describe("[CC-02] a connection loses as its algorithm says", () => {
  test.each([
    ["windows", WINDOWS, undefined, 7000],
    ["linux", LINUX, undefined, 7000],
    ["rfc", RFC, undefined, 5000],
    ["windows, told otherwise", WINDOWS, "reno", 5000],
    ["rfc, told otherwise", RFC, "cubic", 7000],
  ] as const)("by the profile %s", (_which, profile, congestionControl, ssthresh) => {
    const { conn, peer, write } = established({ profile, options: { congestionControl } });
    write(10_000);
    peer.advance(5000);
    expect(conn.status().ssthresh).toBe(ssthresh);
  });
});
