import type { TraceEvent } from "../stack/core/trace.ts";

/** Events that have the bytes of a frame. */
export type FrameEvent = Extract<TraceEvent, { readonly bytes: Uint8Array }>;
export type WithoutBytes<Event> = Event extends unknown ? Omit<Event, "bytes"> : never;

/** A trace event as JSON: frames' bytes in base64, cut to the subscriber's length. */
export type TraceRecord =
  | Exclude<TraceEvent, FrameEvent>
  | (WithoutBytes<FrameEvent> & {
      readonly base64: string;
      /** Of the whole frame. */
      readonly bytes: number;
    });

/** @param snapLength bytes kept of a frame; 0 for all */
export function traceRecord(event: TraceEvent, snapLength: number): TraceRecord {
  if (!("bytes" in event)) return event;
  const kept = snapLength > 0 ? event.bytes.subarray(0, snapLength) : event.bytes;
  const base64 = Buffer.from(kept.buffer, kept.byteOffset, kept.length).toString("base64");
  return { ...event, base64, bytes: event.bytes.length };
}

/** @throws SyntaxError when the data is no record */
export const readTraceRecord = (data: Uint8Array): TraceRecord => JSON.parse(new TextDecoder().decode(data)) as TraceRecord;

/** The bytes of a frame's record. */
export const frameBytes = (record: { readonly base64: string }): Uint8Array => new Uint8Array(Buffer.from(record.base64, "base64"));
