import type { HostContext } from "../core/context.ts";
import type { Profile, SynOption } from "../core/profile.ts";
import { type Seq, seqAdd } from "../core/seq.ts";
import type { ControlBlock } from "./control-block.ts";
import { keepAliveChanged } from "./keep-alive.ts";
import { openingEnded } from "./opening-alarms.ts";
import type { Syn } from "./segment.ts";
import { fittingMss, MIN_MSS, mssOfPath } from "./segment-size.ts";
import { TimestampState } from "./timestamp-state.ts";

/** What a SYN or SYN-ACK said, and the options that both sides have: RFC 9293 §3.7.1, RFC 7323, RFC 2018. */
export interface SynFacts {
  readonly irs: Seq;
  /** Never scaled in a SYN (RFC 7323 §2.2). */
  readonly window: number;
  readonly peerMss: number;
  readonly sndWindShift: number;
  readonly rcvWindShift: number;
  readonly sackPermitted: boolean;
  readonly timestamps: boolean;
  readonly tsRecent: number;
  readonly tsRecentAtMs: number;
}

export function learnFromSyn(conn: ControlBlock, syn: Syn): void {
  takeOver(conn, agreedOn(syn, conn.context, conn.path.defaultMss, conn.isPassive || conn.options.timestamps));
}

/**
 * What a SYN says, as far as both sides have it.
 * @param defaultMss of the path
 * @param hasTimestamps we answer the peer's timestamps, or have offered ours, whatever our SYN has by itself
 */
export function agreedOn(syn: Syn, { profile, now }: HostContext, defaultMss: number, hasTimestamps: boolean): SynFacts {
  const { options } = syn;
  const offers = (option: SynOption): boolean => profile.synOptions.includes(option);
  // RFC 7323 §2.5: scaling works only when both SYNs carry it.
  const scaling = options.windowScale >= 0 && offers("windowScale");
  const timestamps =
    options.hasTimestamps && (hasTimestamps ? profile.synOptionsWithTimestamps : profile.synOptions).includes("timestamps");
  return {
    irs: syn.seq,
    window: syn.window,
    peerMss: Math.max(options.mss === 0 ? defaultMss : options.mss, MIN_MSS),
    sndWindShift: scaling ? options.windowScale : 0,
    rcvWindShift: scaling ? profile.windowScale : 0,
    sackPermitted: options.sackPermitted && offers("sackPermitted"),
    timestamps,
    tsRecent: timestamps ? options.tsVal : 0,
    tsRecentAtMs: timestamps ? now : 0,
  };
}

/** The peer's side of a control block begins. */
export function takeOver(conn: ControlBlock, facts: SynFacts): void {
  conn.irs = facts.irs;
  conn.receiveBuffer.begin(seqAdd(facts.irs, 1));
  conn.lastAckSent = conn.receiveBuffer.rcvNxt;

  conn.sndWindShift = facts.sndWindShift;
  conn.rcvWindShift = facts.rcvWindShift;
  conn.rcvAdv = seqAdd(conn.receiveBuffer.rcvNxt, synWindow(conn));
  conn.sackPermitted = facts.sackPermitted;
  conn.timestamps = facts.timestamps
    ? new TimestampState(conn.owner.timestampOffset(conn.local, conn.remote), facts.tsRecent, facts.tsRecentAtMs)
    : undefined;

  // RFC 9293 §3.7.1: what the peer takes, what the path takes, and room for the options that every segment carries.
  conn.sizes.peerMss = facts.peerMss;
  conn.sizes.sndMss = fittingMss(conn);
  conn.sizes.rcvMss = Math.min(mssOfPath(conn), conn.path.defaultMss);
  conn.congestion.begin(conn.sizes.sndMss, conn.context.profile.initialCwndSegments);

  conn.sndWnd = facts.window;
  conn.maxSndWnd = facts.window;
  conn.sndWl1 = facts.irs;
  conn.sndWl2 = conn.iss;
}

/** Window field of our SYN or SYN-ACK. */
export const synWindow = (conn: ControlBlock): number =>
  windowOfSyn(conn.context.profile, conn.isPassive, conn.rcvWindShift > 0, conn.receiveBuffer.limit);

/** @param capacity of the receive buffer, in bytes */
export function windowOfSyn(profile: Profile, isAnswer: boolean, isScaling: boolean, capacity: number): number {
  const wanted = isAnswer ? (isScaling ? profile.synAckWindow : profile.synAckWindowUnscaled) : profile.synWindow;
  return Math.min(wanted, capacity, 65535);
}

/** The handshake is complete: timers and measurements start afresh. */
export function establish(conn: ControlBlock): void {
  openingEnded(conn);
  if (conn.opening?.isSynRetransmitted) {
    // RFC 5681 §3.1: the path lost a SYN or SYN-ACK, so one segment first.
    conn.congestion.begin(conn.sizes.sndMss, 1);
    conn.rtt.distrustInitial();
  }
  conn.opening = undefined;
  conn.contact.acknowledged();
  conn.contact.lastReceivedMs = conn.context.now;
  conn.contact.lastTextReceivedMs = conn.context.now;
  conn.path.confirm();
  conn.become("ESTABLISHED");
  if (conn.options.keepAlive) keepAliveChanged(conn);
}
