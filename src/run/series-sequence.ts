/** The time–sequence graph of one direction of a connection, from its segments as its sender, or its receiver, saw them. */
import type { Seq } from "../stack/core/seq.ts";
import * as tcp from "../stack/packet/tcp.ts";
import { type FlowSegment, type SegmentFlow, SequenceCounter, sequenceLength } from "./flow-segments.ts";

/** Sequence numbers that went by at a time, counted from the first. */
export interface SentStretch {
  readonly atMs: number;
  readonly place: number;
  readonly start: number;
  readonly end: number;
  /** All or some of it had been sent before. */
  readonly isAgain: boolean;
}

export interface SequencePoint {
  readonly atMs: number;
  readonly place: number;
  readonly value: number;
}

export interface SackedStretch {
  readonly atMs: number;
  readonly place: number;
  readonly start: number;
  readonly end: number;
}

export interface SequenceSeries {
  readonly sent: readonly SentStretch[];
  /** The highest number acknowledged, at each change. */
  readonly acknowledged: readonly SequencePoint[];
  /** How far the receiver's window reaches, at each change. */
  readonly windowEdge: readonly SequencePoint[];
  readonly sacked: readonly SackedStretch[];
  /** Bytes sent and not acknowledged, after each segment: as much as segments tell. */
  readonly inFlight: readonly SequencePoint[];
  /** The handshake was seen, without which the window's scale is not known. */
  readonly hasHandshake: boolean;
}

/** @param side whose data: the traced host's, or its peer's */
export function sequenceSeries({ segments }: Pick<SegmentFlow, "segments">, side: "local" | "remote"): SequenceSeries {
  const forward = side === "local" ? "out" : "in";
  const sent: SentStretch[] = [];
  const acknowledged: SequencePoint[] = [];
  const windowEdge: SequencePoint[] = [];
  const sacked: SackedStretch[] = [];
  const inFlight: SequencePoint[] = [];
  const shift = windowShift(segments, forward);
  const start = startOf(segments, forward);
  if (start === undefined) return { sent, acknowledged, windowEdge, sacked, inFlight, hasHandshake: false };
  const counter = new SequenceCounter(start);
  let highest = Number.NEGATIVE_INFINITY;
  let acked = Number.NEGATIVE_INFINITY;
  let edge: number | undefined;
  for (const segment of segments) {
    const { atMs, place, seq, ack, flags } = segment;
    if (segment.direction === forward) {
      const length = sequenceLength(segment);
      if (length === 0 || (flags & tcp.RST) !== 0) continue;
      const from = counter.of(seq);
      sent.push({ atMs, place, start: from, end: from + length, isAgain: from < highest });
      highest = Math.max(highest, from + length);
      counter.of((seq + length) as Seq);
    } else {
      if ((flags & tcp.ACK) === 0 || (flags & tcp.RST) !== 0) continue;
      const count = counter.of(ack);
      if (count > acked) {
        acked = count;
        acknowledged.push({ atMs, place, value: count });
      }
      // The window of a SYN-ACK is never scaled (RFC 7323 §2.2).
      const reach = count + (segment.window << ((flags & tcp.SYN) === 0 ? shift.scale : 0));
      if (count >= acked && reach !== edge) {
        edge = reach;
        windowEdge.push({ atMs, place, value: reach });
      }
      for (const [left, right] of segment.sacks) sacked.push({ atMs, place, start: counter.of(left), end: counter.of(right) });
    }
    if (highest >= 0) inFlight.push({ atMs, place, value: Math.max(0, highest - Math.max(acked, 0)) });
  }
  return { sent, acknowledged, windowEdge, sacked, inFlight, hasHandshake: shift.isKnown };
}

/** Where counting begins: the initial sequence number, or without a handshake the first number seen. */
function startOf(segments: readonly FlowSegment[], forward: "in" | "out"): Seq | undefined {
  const own = segments.filter(({ direction, flags }) => direction === forward && (flags & tcp.RST) === 0);
  const first = own.find(({ flags }) => (flags & tcp.SYN) !== 0) ?? own[0];
  if (first !== undefined) return first.seq;
  return segments.find(({ direction, flags }) => direction !== forward && (flags & tcp.ACK) !== 0)?.ack;
}

/** How the windows that come back are shifted: both SYNs have to ask for it (RFC 7323 §2.2). */
function windowShift(segments: readonly FlowSegment[], forward: "in" | "out"): { readonly scale: number; readonly isKnown: boolean } {
  const syns = segments.filter(({ flags }) => (flags & tcp.SYN) !== 0);
  const theirs = syns.find(({ direction }) => direction !== forward);
  const own = syns.find(({ direction }) => direction === forward);
  if (theirs === undefined || own === undefined) return { scale: 0, isKnown: false };
  return { scale: theirs.windowScale >= 0 && own.windowScale >= 0 ? theirs.windowScale : 0, isKnown: true };
}
