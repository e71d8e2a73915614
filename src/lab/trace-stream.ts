import { manage } from "../management/manage.ts";
import { frameBytes, readTraceRecord, type TraceRecord } from "../management/trace-record.ts";
import type { TraceEvent } from "../stack/core/trace.ts";
import type { EventPort } from "../transport/async-call-port.ts";

/** The event that a record stands for. What was cut off a frame is zeros, so that its lengths still hold. */
export function eventOf(record: TraceRecord): TraceEvent {
  if (!("base64" in record)) return record;
  const { base64: _, ...rest } = record;
  const bytes = new Uint8Array(record.bytes);
  bytes.set(frameBytes(record));
  return { ...rest, bytes };
}

/**
 * Subscribes to a host's trace over a port, which must have no other subscription.
 * @param onRecord called for each record, in order; `lost` counts those that this program was too slow for since the last one
 * @returns a function that ends the subscription
 */
export async function followTrace(port: EventPort, onRecord: (record: TraceRecord, lost: number) => void): Promise<() => Promise<void>> {
  let expected = 0;
  // Set before the request, since the first event may come right behind the answer.
  port.onEvent = (_subscription, count, data) => {
    const lost = count - expected;
    expected = count + 1;
    onRecord(readTraceRecord(data), lost);
  };
  const { subscription } = await manage(port, { op: "trace-start" });
  return async () => {
    await manage(port, { op: "trace-stop", subscription });
    port.onEvent = undefined;
  };
}
