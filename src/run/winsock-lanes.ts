/** The calls of each program on a time axis: a lane a program, in rows so that calls that overlap do not cover each other. */
import type { CallState, HostState } from "./run-state.ts";

export interface CallBar {
  readonly call: CallState;
  readonly startMs: number;
  /** Until now while it has not returned. */
  readonly endMs: number;
  readonly isPending: boolean;
  readonly row: number;
}

export interface CallLane {
  readonly client: number;
  readonly bars: readonly CallBar[];
  readonly rows: number;
}

/** Lanes by client. @param nowMs where the cursor stands */
export function callLanes({ calls, returned }: Pick<HostState, "calls" | "returned">, nowMs: number): readonly CallLane[] {
  const all = [...returned, ...calls.values()].sort((a, b) => a.calledMs - b.calledMs || a.event - b.event);
  const clients = [...new Set(all.map(({ client }) => client))].sort((a, b) => a - b);
  return clients.map((client) => laneOf(client, all, nowMs));
}

function laneOf(client: number, all: readonly CallState[], nowMs: number): CallLane {
  /** By row the place of the event that ended its last bar. */
  const rowEnds: number[] = [];
  const bars = all
    .filter((call) => call.client === client)
    .map((call): CallBar => {
      const found = rowEnds.findIndex((end) => end < call.event);
      const row = found < 0 ? rowEnds.length : found;
      rowEnds[row] = call.returnEvent ?? Number.POSITIVE_INFINITY;
      const endMs = call.returnedMs ?? Math.max(nowMs, call.calledMs);
      return { call, startMs: call.calledMs, endMs, isPending: call.returnedMs === undefined, row };
    });
  return { client, bars, rows: rowEnds.length };
}
