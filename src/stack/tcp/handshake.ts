import { seqAdd } from "../core/seq.ts";
import * as tcp from "../packet/tcp.ts";
import { PADDED_TIMESTAMPS_LENGTH } from "../packet/tcp-options.ts";
import { NewReno } from "./congestion/new-reno.ts";
import type { Connection } from "./connection.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { Segment } from "./segment.ts";

/** What TCP falls back to when the peer's SYN names no MSS, RFC 9293 §3.7.1 MUST-15. */
const DEFAULT_MSS = 536;
/** A peer that asks for less is taken at this much: tiny segments cost more than they carry (CVE-2019-11479). */
const MIN_MSS = 48;

/** Takes over what a SYN or SYN-ACK says: IRS, window, and the options that both sides have. */
export function learnFromSyn(conn: Connection, seg: Segment): void {
  const { options } = seg;
  const { profile, now } = conn.context;
  conn.irs = seg.seq;
  conn.receiveBuffer = new ReceiveBuffer(seqAdd(seg.seq, 1), conn.owner.rings);
  conn.tuningStart = conn.receiveBuffer.rcvNxt;
  conn.lastAckSent = conn.receiveBuffer.rcvNxt;

  const offers = (option: (typeof profile.synOptions)[number]): boolean => profile.synOptions.includes(option);
  // RFC 7323 §2.5: scaling works only when both SYNs carry it.
  const scaling = options.windowScale >= 0 && offers("windowScale");
  conn.sndWindShift = scaling ? options.windowScale : 0;
  conn.rcvWindShift = scaling ? profile.windowScale : 0;
  conn.rcvAdv = seqAdd(conn.receiveBuffer.rcvNxt, synWindow(conn));
  conn.sackPermitted = options.sackPermitted && offers("sackPermitted");
  conn.timestamps =
    options.hasTimestamps && (conn.isPassive ? profile.synOptionsWithTimestamps : profile.synOptions).includes("timestamps");
  if (conn.timestamps) {
    conn.tsRecent = options.tsVal;
    conn.tsRecentAtMs = now;
  }

  // RFC 9293 §3.7.1: what the peer takes, what the path takes, and room for the options that every segment carries.
  conn.peerMss = Math.max(options.mss === 0 ? DEFAULT_MSS : options.mss, MIN_MSS);
  conn.sndMss = fittingMss(conn);
  conn.rcvMss = Math.min(mssOfPath(conn), DEFAULT_MSS);
  conn.congestion = new NewReno(conn.sndMss, profile.initialCwndSegments);

  // The window in a SYN is never scaled (RFC 7323 §2.2).
  conn.sndWnd = seg.window;
  conn.maxSndWnd = seg.window;
  conn.sndWl1 = seg.seq;
  conn.sndWl2 = conn.iss;
}

/** The MSS to announce: the largest text that fits the link, RFC 9293 §3.7.1 (IP and TCP options not counted off). */
export const mssOfPath = (conn: Connection): number => conn.path.mtu - conn.path.ipHeaderLength - tcp.MIN_HEADER;

const optionBytes = (conn: Connection): number => (conn.timestamps ? PADDED_TIMESTAMPS_LENGTH : 0);

const fittingMss = (conn: Connection): number => Math.min(conn.peerMss, mssOfPath(conn)) - optionBytes(conn);

/**
 * The path's MTU may have been lowered, by whichever connection found out: smaller segments from now on, and what was too large at
 * once again (RFC 1191 §6.4). Once what was found has aged out, larger ones are tried again (§6.3).
 * @returns whether it was lowered
 */
export function fitPath(conn: Connection): boolean {
  const mss = fittingMss(conn);
  const isSmaller = mss < conn.sndMss;
  if (mss === conn.sndMss) return false;
  conn.sndMss = mss;
  conn.congestion.onMss(mss);
  if (isSmaller) conn.resendAll();
  return isSmaller;
}

/** Window field of our SYN or SYN-ACK. */
export function synWindow(conn: Connection): number {
  const { synWindow: ofSyn, synAckWindow, synAckWindowUnscaled } = conn.context.profile;
  const wanted = conn.isPassive ? (conn.rcvWindShift > 0 ? synAckWindow : synAckWindowUnscaled) : ofSyn;
  return Math.min(wanted, conn.receiveCapacity, 65535);
}

/** The handshake is complete: timers and measurements start afresh. */
export function establish(conn: Connection): void {
  conn.timers.handshakeDone();
  if (conn.synRetransmitted) {
    // RFC 5681 §3.1: the path lost a SYN or SYN-ACK, so one segment first.
    conn.congestion = new NewReno(conn.sndMss, 1);
    conn.rtt.distrustInitial();
  }
  conn.retries = 0;
  conn.troubleSinceMs = Number.POSITIVE_INFINITY;
  conn.lastReceivedMs = conn.context.now;
  conn.become("ESTABLISHED");
  if (conn.options.keepAlive) conn.timers.keepAliveChanged();
}
