import type { Path } from "../ip/path.ts";
import * as tcp from "../packet/tcp.ts";
import { PADDED_TIMESTAMPS_LENGTH } from "../packet/tcp-options.ts";
import type { ControlBlock } from "./control-block.ts";
import { resendAll } from "./recovery.ts";

/** A peer that asks for less is taken at this much: tiny segments cost more than they carry (CVE-2019-11479). */
export const MIN_MSS = 48;

/** The MSS to announce: the largest text that fits the link, RFC 9293 §3.7.1 (IP and TCP options not counted off). */
export const mssToAnnounce = ({ mtu, ipHeaderLength }: Path): number => mtu - ipHeaderLength - tcp.MIN_HEADER;

/** The same, and no more than the user wants. */
export const mssOfPath = ({ path, options }: ControlBlock): number =>
  Math.min(mssToAnnounce(path), options.maxSegmentBytes ?? Number.POSITIVE_INFINITY);

const optionBytes = (conn: ControlBlock): number => (conn.timestamps !== undefined ? PADDED_TIMESTAMPS_LENGTH : 0);

/** What the peer takes, what the path takes, and room for the options that every segment carries: RFC 9293 §3.7.1. */
export const fittingMss = (conn: ControlBlock): number => Math.min(conn.sizes.peerMss, mssOfPath(conn)) - optionBytes(conn);

/**
 * The path's MTU may have been lowered, by whichever connection found out: smaller segments from now on, and what was too large at
 * once again (RFC 1191 §6.4). Once what was found has aged out, larger ones are tried again (§6.3).
 * @returns whether it was lowered
 */
export function fitPath(conn: ControlBlock): boolean {
  const mss = fittingMss(conn);
  const isSmaller = mss < conn.sizes.sndMss;
  if (mss === conn.sizes.sndMss) return false;
  conn.sizes.sndMss = mss;
  conn.congestion.onMss(mss);
  if (isSmaller) resendAll(conn);
  return isSmaller;
}
