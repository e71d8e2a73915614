import type { SequencePoint, SequenceSeries } from "./series-sequence.ts";

/** About how many steps a graph of goodput has. */
const STEPS = 60;
/** Widths of a step that people can read: 1, 2 or 5 times a power of ten. */
const ROUND = [1, 2, 5, 10];

export interface GoodputSeries {
  readonly stepMs: number;
  /** Bits a second that were acknowledged in the step that begins there; `place` is of the step's last acknowledgement. */
  readonly points: readonly SequencePoint[];
}

/** What was delivered once and acknowledged, over time: the stream's own bytes, without headers and repetitions. */
export function goodputSeries({ acknowledged }: Pick<SequenceSeries, "acknowledged">): GoodputSeries {
  const first = acknowledged[0];
  const last = acknowledged.at(-1);
  if (first === undefined || last === undefined || last.atMs === first.atMs) return { stepMs: 0, points: [] };
  const stepMs = roundUp((last.atMs - first.atMs) / STEPS);
  const count = Math.floor((last.atMs - first.atMs) / stepMs) + 1;
  const points: { atMs: number; place: number; value: number }[] = Array.from({ length: count }, (_, i) => ({
    atMs: first.atMs + i * stepMs,
    place: first.place,
    value: 0,
  }));
  let before = first;
  for (const point of acknowledged) {
    const step = points[Math.floor((point.atMs - first.atMs) / stepMs)]!;
    step.value += ((point.value - before.value) * 8 * 1000) / stepMs;
    step.place = point.place;
    before = point;
  }
  // A step in which nothing was acknowledged stands at the last event before it.
  for (let i = 1; i < points.length; i++) if (points[i]!.value === 0) points[i]!.place = points[i - 1]!.place;
  return { stepMs, points };
}

function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms));
  return (ROUND.find((each) => each * power >= ms) ?? 10) * power;
}
