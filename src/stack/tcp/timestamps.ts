import { seqDiff } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import type { Segment } from "./segment.ts";

/** Timestamps, RFC 7323 §3 to §5. */

/** A TS.Recent older than this is not trusted any more: 24 days, §5.5. */
const TS_RECENT_LIFE_MS = 24 * 86_400_000;

/** Our TSval: milliseconds from an origin that differs for each connection (§5.4 and §7.1). */
export const timestampNow = (conn: ControlBlock): number => (Math.floor(conn.context.now) + conn.tsOffset) | 0;

/** PAWS, §5.3. */
export function isOldTimestamp(conn: ControlBlock, tsVal: number): boolean {
  if (((tsVal - conn.tsRecent) | 0) >= 0) return false;
  return conn.context.now - conn.tsRecentAtMs < TS_RECENT_LIFE_MS;
}

/** §4.3: only a segment that covers the last ACK sent may move TS.Recent. */
export function rememberTimestamp(conn: ControlBlock, seg: Segment): void {
  if (!conn.timestamps || !seg.options.hasTimestamps) return;
  if (seqDiff(seg.seq, conn.lastAckSent) <= 0 && ((seg.options.tsVal - conn.tsRecent) | 0) >= 0) {
    conn.tsRecent = seg.options.tsVal;
    conn.tsRecentAtMs = conn.context.now;
  }
}
