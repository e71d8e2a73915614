import type { RunEvent } from "../../src/run/run-event.ts";
import { Timeline } from "../../src/run/timeline.ts";
import type { Host } from "../../src/stack/host/host.ts";

/** Events of hosts as a run keeps them, frames copied. @returns the timeline that they go to while the simulation runs */
export function recordHosts(hosts: Readonly<Record<string, Host>>, keptBytes = Number.POSITIVE_INFINITY): Timeline {
  const timeline = new Timeline();
  for (const [name, host] of Object.entries(hosts)) {
    host.trace.observe((event) => {
      const kept = "bytes" in event ? { ...event, bytes: event.bytes.slice(0, keptBytes), length: event.bytes.length } : event;
      timeline.push({ ...kept, host: name } as RunEvent);
    });
  }
  return timeline;
}
