import { seqDiff } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import type { Segment } from "./segment.ts";
import type { TimestampState } from "./timestamp-state.ts";

/** Timestamps, RFC 7323 §3 to §5. */

/** A TS.Recent older than this is not trusted any more: 24 days, §5.5. */
const TS_RECENT_LIFE_MS = 24 * 86_400_000;

/** Our TSval: milliseconds from an origin that differs for each connection (§5.4 and §7.1). Our SYN has one before both sides agree. */
export function timestampNow(conn: ControlBlock): number {
  const offset = conn.timestamps?.offset ?? conn.owner.timestampOffset(conn.local, conn.remote);
  return (Math.floor(conn.context.now) + offset) | 0;
}

/** PAWS, §5.3. */
export function isOldTimestamp(timestamps: TimestampState, tsVal: number, nowMs: number): boolean {
  if (((tsVal - timestamps.recent) | 0) >= 0) return false;
  return nowMs - timestamps.recentAtMs < TS_RECENT_LIFE_MS;
}

/** §4.3: only a segment that covers the last ACK sent may move TS.Recent. */
export function rememberTimestamp(conn: ControlBlock, seg: Segment): void {
  const { timestamps } = conn;
  if (timestamps === undefined || !seg.options.hasTimestamps) return;
  if (seqDiff(seg.seq, conn.lastAckSent) <= 0 && ((seg.options.tsVal - timestamps.recent) | 0) >= 0) {
    timestamps.recent = seg.options.tsVal;
    timestamps.recentAtMs = conn.context.now;
  }
}
