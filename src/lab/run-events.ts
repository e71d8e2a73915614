import type { RunEvent } from "../run/run-event.ts";
import { wholeFrame } from "../run/run-event.ts";
import type { TraceEvent } from "../stack/core/trace.ts";

const OF_THE_LAB: ReadonlySet<string> = new Set([
  "program-started",
  "program-line",
  "program-printed",
  "program-ended",
  "faults-changed",
  "left-out",
  "noted",
] satisfies RunEvent["type"][]);

/** The event of a host's trace that an event of a run is; undefined for what happens beside. */
export function traceEventOf(event: RunEvent): TraceEvent | undefined {
  if (OF_THE_LAB.has(event.type)) return undefined;
  if (!("bytes" in event) || !(event.bytes instanceof Uint8Array)) return event as TraceEvent;
  return { ...event, bytes: wholeFrame({ bytes: event.bytes, length: (event as { readonly length: number }).length }) } as TraceEvent;
}
