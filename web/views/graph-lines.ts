/** What each graph is made of: its lines, how they are drawn, and what has to be said about them. */
import type { SegmentFlow } from "../../src/run/flow-segments.ts";
import type { GraphLine } from "../../src/run/graph-columns.ts";
import { goodputSeries } from "../../src/run/series-goodput.ts";
import { type SequencePoint, sequenceSeries } from "../../src/run/series-sequence.ts";
import { measuredRoundTrips, variableSeries } from "../../src/run/series-variables.ts";
import type { Timeline } from "../../src/run/timeline.ts";
import { insideWords } from "../inside-words.ts";
import { formatNumber, formatSpan } from "../words.ts";

export type GraphName = "sequence" | "windows" | "roundTrips" | "goodput";
export const GRAPH_NAMES: readonly GraphName[] = ["sequence", "windows", "roundTrips", "goodput"];

/** How a line looks, beside its colour. `stretches` are upright strokes from one number to another. */
export type LineShape = "steps" | "thick steps" | "dashed steps" | "dots" | "stretches" | "crossed stretches" | "ticks";

interface GraphPoint extends SequencePoint {
  /** Of a stretch: where it begins. */
  readonly from?: number;
}

export interface DrawnLine extends GraphLine<GraphPoint> {
  readonly label: string;
  readonly shape: LineShape;
  /** A variable of the theme. */
  readonly colour: string;
  readonly isOther: boolean;
}

/** A connection whose graphs are drawn. */
export interface GraphSubject {
  readonly timeline: Timeline;
  readonly host: string;
  readonly flow: SegmentFlow;
  /** Of a traced host. */
  readonly connection: number | undefined;
}

export interface Graph {
  readonly lines: readonly DrawnLine[];
  /** What the height counts. */
  readonly unit: string;
  readonly format: (value: number) => string;
  /** What cannot be told, in sentences. */
  readonly notes: readonly string[];
}

/** @param side whose data */
export function graphOf(name: GraphName, subject: GraphSubject, side: "local" | "remote", isOther = false): Graph {
  const words = insideWords.value.graphs;
  const startMs = subject.flow.segments[0]?.atMs ?? 0;
  const line = (label: string, shape: LineShape, colour: string, points: readonly GraphPoint[]): DrawnLine => ({
    label: isOther ? words.other(label) : label,
    shape,
    colour,
    points,
    startMs,
    isOther,
  });
  switch (name) {
    case "sequence":
      return sequenceGraph(subject, side, line);
    case "windows":
      return windowGraph(subject, side, line);
    case "roundTrips":
      return roundTripGraph(subject, side, line);
    case "goodput": {
      const { stepMs, points } = goodputSeries(sequenceSeries(subject.flow, side));
      const kilobits = points.map((point) => ({ ...point, value: point.value / 1000 }));
      return {
        lines: [line(words.delivered(formatSpan(stepMs)), "steps", "--series-3", kilobits)],
        unit: words.bits,
        format: (value) => `${formatNumber(value)} kbit/s`,
        notes: [],
      };
    }
  }
}

type MakeLine = (label: string, shape: LineShape, colour: string, points: readonly GraphPoint[]) => DrawnLine;

const formatBytes = (value: number): string => insideWords.value.common.bytes(formatNumber(value));

function sequenceGraph({ flow }: GraphSubject, side: "local" | "remote", line: MakeLine): Graph {
  const words = insideWords.value.graphs;
  const { sent, acknowledged, windowEdge, sacked, hasHandshake } = sequenceSeries(flow, side);
  const stretch = ({ atMs, place, start, end }: { atMs: number; place: number; start: number; end: number }): GraphPoint => ({
    atMs,
    place,
    value: end,
    from: start,
  });
  return {
    lines: [
      line(words.windowEdge, "dashed steps", "--series-5", windowEdge),
      line(words.acknowledged, "steps", "--series-3", acknowledged),
      line(words.sent, "stretches", "--series-1", sent.filter(({ isAgain }) => !isAgain).map(stretch)),
      line(words.again, "crossed stretches", "--series-6", sent.filter(({ isAgain }) => isAgain).map(stretch)),
      line(words.sacked, "ticks", "--series-4", sacked.map(stretch)),
    ],
    unit: words.bytes,
    format: formatBytes,
    notes: hasHandshake || windowEdge.length === 0 ? [] : [words.noHandshake],
  };
}

function windowGraph({ timeline, host, connection, flow }: GraphSubject, side: "local" | "remote", line: MakeLine): Graph {
  const words = insideWords.value.graphs;
  if (connection === undefined || side === "remote") {
    const { inFlight } = sequenceSeries(flow, side);
    return {
      lines: [line(words.inFlight, "steps", "--series-1", inFlight)],
      unit: words.bytes,
      format: formatBytes,
      notes: [words.noCwnd],
    };
  }
  const { cwnd, ssthresh, inFlight } = variableSeries(timeline, host, connection, timeline.end).windows;
  return {
    lines: [
      line(words.ssthresh, "dashed steps", "--series-5", ssthresh),
      line(words.cwnd, "thick steps", "--series-2", cwnd),
      line(words.inFlight, "steps", "--series-1", inFlight),
    ],
    unit: words.bytes,
    format: formatBytes,
    notes: [],
  };
}

function roundTripGraph({ timeline, host, connection, flow }: GraphSubject, side: "local" | "remote", line: MakeLine): Graph {
  const words = insideWords.value.graphs;
  const common = { unit: words.ms, format: formatSpan };
  if (connection === undefined || side === "remote") {
    const rtt = measuredRoundTrips(sequenceSeries(flow, side));
    return { ...common, lines: [line(words.rtt, "dots", "--series-1", rtt)], notes: [words.measuredOutside] };
  }
  const { rtt, srtt, rto } = variableSeries(timeline, host, connection, timeline.end).roundTrips;
  return {
    ...common,
    lines: [
      line(words.rto, "dashed steps", "--series-6", rto),
      line(words.srtt, "steps", "--series-3", srtt),
      line(words.rtt, "dots", "--series-1", rtt),
    ],
    notes: [],
  };
}
