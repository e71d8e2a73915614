import type { ControlBlock } from "./control-block.ts";
import { lossOf } from "./loss-state.ts";
import { timestampNow } from "./timestamps.ts";

export function sampleRtt(conn: ControlBlock, rttMs: number): void {
  conn.rtt.sample(Math.max(0, rttMs), Math.ceil(conn.flight / (2 * conn.sizes.sndMss)), conn.context.now);
  if (conn.loss.probeNeedsSample) lossOf(conn).probeNeedsSample = false;
  const { trace } = conn.context;
  if (!trace.isOn) return;
  const { srttMs, rtoMs } = conn.rtt;
  trace.emit({ type: "rtt-sampled", connection: conn.id, rttMs, srttMs, rtoMs });
}

/**
 * @param tsEcr our own TSval, echoed (RFC 7323 §4); it ticks in milliseconds
 * @returns the sample; undefined when it makes no sense
 */
export function sampleTimestamp(conn: ControlBlock, tsEcr: number): number | undefined {
  const rttMs = (timestampNow(conn) - tsEcr) | 0;
  if (rttMs < 0 || rttMs >= 600_000) return undefined;
  sampleRtt(conn, rttMs);
  return rttMs;
}
