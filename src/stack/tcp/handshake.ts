import { seqAdd } from "../core/seq.ts";
import { NewReno } from "./congestion/new-reno.ts";
import type { ControlBlock } from "./control-block.ts";
import { keepAliveChanged } from "./keep-alive.ts";
import { openingEnded } from "./opening-alarms.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";
import type { Segment } from "./segment.ts";
import { DEFAULT_MSS, fittingMss, MIN_MSS, mssOfPath } from "./segment-size.ts";

/** Takes over what a SYN or SYN-ACK says: IRS, window, and the options that both sides have. */
export function learnFromSyn(conn: ControlBlock, seg: Segment): void {
  const { options } = seg;
  const { profile, clock } = conn.context;
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
    conn.tsRecentAtMs = clock.now();
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

/** Window field of our SYN or SYN-ACK. */
export function synWindow(conn: ControlBlock): number {
  const { synWindow: ofSyn, synAckWindow, synAckWindowUnscaled } = conn.context.profile;
  const wanted = conn.isPassive ? (conn.rcvWindShift > 0 ? synAckWindow : synAckWindowUnscaled) : ofSyn;
  return Math.min(wanted, conn.receiveCapacity, 65535);
}

/** The handshake is complete: timers and measurements start afresh. */
export function establish(conn: ControlBlock): void {
  openingEnded(conn);
  if (conn.opening?.isSynRetransmitted) {
    // RFC 5681 §3.1: the path lost a SYN or SYN-ACK, so one segment first.
    conn.congestion = new NewReno(conn.sndMss, 1);
    conn.rtt.distrustInitial();
  }
  conn.opening = undefined;
  conn.retries = 0;
  conn.troubleSinceMs = Number.POSITIVE_INFINITY;
  conn.lastReceivedMs = conn.context.clock.now();
  conn.become("ESTABLISHED");
  if (conn.options.keepAlive) keepAliveChanged(conn);
}
