/** What the control block of a connection said over time: windows and round trips, from the events of its host. */
import type { SentStretch, SequencePoint, SequenceSeries } from "./series-sequence.ts";
import type { Timeline } from "./timeline.ts";

export interface WindowSeries {
  readonly cwnd: readonly SequencePoint[];
  /** Where there is a threshold. */
  readonly ssthresh: readonly SequencePoint[];
  readonly inFlight: readonly SequencePoint[];
}

export interface RoundTripSeries {
  /** Each round trip that was measured. */
  readonly rtt: readonly SequencePoint[];
  readonly srtt: readonly SequencePoint[];
  readonly rto: readonly SequencePoint[];
}

export interface VariableSeries {
  readonly windows: WindowSeries;
  readonly roundTrips: RoundTripSeries;
}

/** The events of one connection that graphs are drawn from. @param until place of the first event that does not count */
export function variableSeries(timeline: Timeline, host: string, connection: number, until: number): VariableSeries {
  const cwnd: SequencePoint[] = [];
  const ssthresh: SequencePoint[] = [];
  const inFlight: SequencePoint[] = [];
  const rtt: SequencePoint[] = [];
  const srtt: SequencePoint[] = [];
  const rto: SequencePoint[] = [];
  for (let place = timeline.first; place < until; place++) {
    const event = timeline.at(place);
    if (event === undefined) break;
    if (event.host !== host || !("connection" in event) || event.connection !== connection) continue;
    const at = (value: number): SequencePoint => ({ atMs: event.atMs, place, value });
    switch (event.type) {
      case "variables-changed": {
        const { variables } = event;
        if (variables.cwnd !== undefined) cwnd.push(at(variables.cwnd));
        if (variables.ssthresh !== undefined && variables.ssthresh > 0) ssthresh.push(at(variables.ssthresh));
        if (variables.flight !== undefined) inFlight.push(at(variables.flight));
        // 0 before the first measurement.
        if (variables.srttMs !== undefined && variables.srttMs > 0) srtt.push(at(variables.srttMs));
        if (variables.rtoMs !== undefined) rto.push(at(variables.rtoMs));
        break;
      }
      case "cwnd-changed":
        cwnd.push(at(event.cwnd));
        if (event.ssthresh > 0) ssthresh.push(at(event.ssthresh));
        break;
      case "rtt-sampled":
        rtt.push(at(event.rttMs));
        srtt.push(at(event.srttMs));
        rto.push(at(event.rtoMs));
        break;
      default:
    }
  }
  return { windows: { cwnd, ssthresh, inFlight }, roundTrips: { rtt, srtt, rto } };
}

/**
 * Round trips as they can be told from segments alone: from the sending of a stretch to the acknowledgement that covers it, none for
 * what was sent again (Karn's rule, RFC 6298 §3).
 */
export function measuredRoundTrips({ sent, acknowledged }: Pick<SequenceSeries, "sent" | "acknowledged">): readonly SequencePoint[] {
  const rtt: SequencePoint[] = [];
  let outstanding: readonly SentStretch[] = [];
  let next = 0;
  for (const { atMs, place, value } of acknowledged) {
    for (; next < sent.length && sent[next]!.place < place; next++) {
      const stretch = sent[next]!;
      outstanding = stretch.isAgain
        ? outstanding.filter(({ start, end }) => end <= stretch.start || start >= stretch.end)
        : [...outstanding, stretch];
    }
    const latest = outstanding.findLast(({ end }) => end <= value);
    outstanding = outstanding.filter(({ end }) => end > value);
    if (latest !== undefined) rtt.push({ atMs, place, value: atMs - latest.atMs });
  }
  return rtt;
}
