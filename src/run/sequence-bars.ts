/** Where a connection stands in its two sequence spaces, as stretches of bars: RFC 9293 figures 3 and 4. */
import { type Seq, seq, seqDiff, seqShown } from "../stack/core/seq.ts";
import type { ConnectionVariables, SequenceRange } from "../stack/core/trace.ts";
import { type SegmentFlow, sequenceLength } from "./flow-segments.ts";

export type SendStretchKind = "acknowledged" | "in-flight" | "usable" | "beyond";
export type ReceiveStretchKind = "taken" | "unread" | "window" | "beyond";
export type SequenceMarkKind = "sacked" | "retransmitted" | "queued" | "held" | "hole";

export interface BarStretch<Kind extends string = string> {
  readonly kind: Kind;
  /** Distance from the anchor in bytes; negative before it. */
  readonly start: number;
  readonly end: number;
}

export interface SequenceBar<Kind extends string = string> {
  /** SND.UNA or RCV.NXT: the number that distances are counted from, 0 to 2^32 − 1. */
  readonly anchor: number;
  /** The initial sequence number, which relative numbers are counted from. */
  readonly initial: number;
  /** From the left end to the right one without gaps; what has no length is left out. */
  readonly stretches: readonly BarStretch<Kind>[];
  /** What lies in them, drawn beneath. */
  readonly marks: readonly BarStretch<SequenceMarkKind>[];
  readonly from: number;
  readonly to: number;
}

/** What is behind and beyond is shown for this share of what lies between. */
const MARGIN_SHARE = 0.12;

/** @param again stretches that were sent more than once */
export function sendBar(v: Partial<ConnectionVariables>, again: readonly SequenceRange[] = []): SequenceBar<SendStretchKind> | undefined {
  const { sndUna, sndNxt, sndWnd = 0, iss, sendQueueBytes = 0, sacked = [] } = v;
  if (sndUna === undefined || sndNxt === undefined) return undefined;
  const next = Math.max(0, distance(sndNxt, sndUna));
  const queued = Math.max(next, sendQueueBytes);
  const right = Math.max(next, sndWnd);
  const margin = marginOf(Math.max(right, queued));
  const behind = Math.min(margin, Math.max(0, iss === undefined ? 0 : distance(sndUna, iss)));
  const to = Math.max(right, queued) + margin;
  const stretches: BarStretch<SendStretchKind>[] = [
    { kind: "acknowledged", start: -behind, end: 0 },
    { kind: "in-flight", start: 0, end: next },
    { kind: "usable", start: next, end: right },
    { kind: "beyond", start: right, end: to },
  ];
  const marks: BarStretch<SequenceMarkKind>[] = [
    ...within(sacked, sndUna, "sacked", next),
    ...within(again, sndUna, "retransmitted", next),
    { kind: "queued" as const, start: next, end: queued },
  ];
  return bar(sndUna, iss ?? sndUna, stretches, marks, -behind, to);
}

export function receiveBar(v: Partial<ConnectionVariables>): SequenceBar<ReceiveStretchKind> | undefined {
  const { rcvNxt, rcvWnd = 0, irs, receiveQueueBytes = 0, held = [] } = v;
  // Until the peer's SYN there is no sequence space of its.
  if (rcvNxt === undefined || irs === undefined || (rcvNxt === 0 && irs === 0)) return undefined;
  const margin = marginOf(rcvWnd + receiveQueueBytes);
  const since = Math.max(0, distance(rcvNxt, irs));
  const unread = Math.min(receiveQueueBytes, since);
  const behind = Math.min(unread + margin, since);
  const to = rcvWnd + margin;
  const stretches: BarStretch<ReceiveStretchKind>[] = [
    { kind: "taken", start: -behind, end: -unread },
    { kind: "unread", start: -unread, end: 0 },
    { kind: "window", start: 0, end: rcvWnd },
    { kind: "beyond", start: rcvWnd, end: to },
  ];
  const kept = within(held, rcvNxt, "held", to).sort((a, b) => a.start - b.start);
  const holes = kept.map(
    ({ start }, i): BarStretch<SequenceMarkKind> => ({ kind: "hole", start: i === 0 ? 0 : kept[i - 1]!.end, end: start }),
  );
  return bar(rcvNxt, irs, stretches, [...kept, ...holes], -behind, to);
}

function bar<Kind extends string>(
  anchor: number,
  initial: number,
  stretches: readonly BarStretch<Kind>[],
  marks: readonly BarStretch<SequenceMarkKind>[],
  from: number,
  to: number,
): SequenceBar<Kind> {
  return { anchor, initial, stretches: stretches.filter(hasLength), marks: marks.filter(hasLength), from, to };
}

const hasLength = ({ start, end }: BarStretch): boolean => end > start;

const marginOf = (bytes: number): number => Math.max(1, Math.round(bytes * MARGIN_SHARE));

const distance = (a: number, b: number): number => seqDiff(seq(a), seq(b));

/** What of the ranges lies from the anchor to `end`. */
function within(ranges: readonly SequenceRange[], anchor: number, kind: SequenceMarkKind, end: number): BarStretch<SequenceMarkKind>[] {
  return ranges
    .map(([left, right]) => ({ kind, start: Math.max(0, distance(left, anchor)), end: Math.min(end, distance(right, anchor)) }))
    .filter(hasLength);
}

/** The number at a distance from the bar's anchor: as it is on the wire, or counted from the initial one. */
export function numberAt({ anchor, initial }: Pick<SequenceBar, "anchor" | "initial">, offset: number, isRelative: boolean): number {
  return isRelative ? distance(anchor, initial) + offset : seqShown(seq(anchor + offset));
}

/** Stretches of what is in flight that a flow's segments carried more than once, until a place of the run. */
export function retransmittedRanges({ segments }: Pick<SegmentFlow, "segments">, sndUna: number, until: number): readonly SequenceRange[] {
  const ranges: SequenceRange[] = [];
  let highest: Seq | undefined;
  for (const segment of segments) {
    if (segment.place >= until) break;
    const length = sequenceLength(segment);
    if (segment.direction !== "out" || length === 0) continue;
    const end = seq(segment.seq + length);
    const isAgain = highest !== undefined && seqDiff(segment.seq, highest) < 0;
    if (isAgain && distance(end, sndUna) > 0) ranges.push([seqShown(segment.seq), seqShown(end)]);
    if (highest === undefined || seqDiff(end, highest) > 0) highest = end;
  }
  return united(ranges, sndUna);
}

/** Ranges that touch are one. */
function united(ranges: readonly SequenceRange[], anchor: number): readonly SequenceRange[] {
  const sorted = [...ranges].sort((a, b) => distance(a[0], anchor) - distance(b[0], anchor));
  const whole: SequenceRange[] = [];
  for (const [start, end] of sorted) {
    const last = whole.at(-1);
    if (last !== undefined && distance(start, last[1]) <= 0)
      whole[whole.length - 1] = [last[0], distance(end, last[1]) > 0 ? end : last[1]];
    else whole.push([start, end]);
  }
  return whole;
}
