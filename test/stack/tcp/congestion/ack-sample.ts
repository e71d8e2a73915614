import { seq } from "../../../../src/stack/core/seq.ts";
import type { AckSample } from "../../../../src/stack/tcp/congestion/congestion-control.ts";

/** An ACK of `acked` bytes that finds the window used; what matters besides is in `more`. */
export const ackOf = (acked: number, more: Partial<AckSample> = {}): AckSample => ({
  acked,
  rttMs: undefined,
  leastRttMs: Number.POSITIVE_INFINITY,
  srttMs: 100,
  nowMs: 0,
  inFlight: acked,
  limited: true,
  sndUna: seq(0),
  sndNxt: seq(1),
  ...more,
});
