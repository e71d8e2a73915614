import * as tcp from "../packet/tcp.ts";
import type { ControlBlock } from "./control-block.ts";
import { mssOfPath } from "./segment-size.ts";

/** Timeouts in a row after which the path is suspected to swallow what is long (RFC 4821 §7.7): early enough for both steps before Windows gives up. */
const SUSPICIOUS_TIMEOUTS = 2;

/** Every link of IPv6 carries this much, and nearly every tunnel does. */
const COMMON_MTU = 1280;

/**
 * A router may drop what is too long for its next link without saying so, or be forbidden to. After some timeouts the segments become
 * shorter: first as any tunnel carries them, then as every host takes them. Nobody has confirmed that the path is narrow, so this
 * connection alone goes by it (RFC 8201 §5.2), as if its peer had asked for no more.
 */
export function suspectBlackHole(conn: ControlBlock): void {
  if (conn.contact.retries % SUSPICIOUS_TIMEOUTS !== 0) return;
  const { path } = conn;
  const now = Math.min(conn.sizes.peerMss, mssOfPath(conn));
  const shorter = [COMMON_MTU - path.ipHeaderLength - tcp.MIN_HEADER, path.defaultMss].find((mss) => mss < now);
  // What is short already was not lost for its length.
  if (shorter !== undefined && conn.flight > shorter) conn.sizes.peerMss = shorter;
}
