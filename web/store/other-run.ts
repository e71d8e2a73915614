import { signal } from "@preact/signals";
import { FlowIndex } from "../../src/run/flow-segments.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { Timeline } from "../../src/run/timeline.ts";

/** A second run, which graphs lay over the one that is open. It does not change any more. */
export interface OtherRun {
  readonly title: string;
  readonly timeline: Timeline;
  readonly flows: FlowIndex;
}

export const otherRun = signal<OtherRun | undefined>(undefined);

/** @param events of the whole run, in their order */
export function compareWith(title: string, events: readonly RunEvent[]): void {
  const timeline = new Timeline();
  for (const event of events) timeline.push(event);
  otherRun.value = { title, timeline, flows: new FlowIndex(timeline) };
}
