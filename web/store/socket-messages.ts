import type { SourceMessage } from "../../src/run/page-messages.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import { readRunEvent } from "../../src/run/run-event-json.ts";

/**
 * Reads what a host sends over its WebSocket: JSON, with events as files of runs have them. What cannot be read is nothing; a newer host
 * may say more than this page knows.
 */
export function readSocketMessage(data: string | ArrayBuffer): SourceMessage | undefined {
  try {
    const message: unknown = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
    if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
    if (message.type !== "events") return message as SourceMessage;
    const events = "events" in message && Array.isArray(message.events) ? message.events : [];
    return { type: "events", events: events.flatMap(readable) };
  } catch {
    return undefined;
  }
}

function readable(value: unknown): readonly RunEvent[] {
  try {
    return [readRunEvent(value)];
  } catch {
    return [];
  }
}
