import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { RouteFailure } from "../ip/path.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { Resets } from "./closed.ts";
import type { ControlBlock } from "./control-block.ts";
import type { FastOpen } from "./fast-open.ts";
import { learnFromSyn, synWindow } from "./handshake.ts";
import type { SequenceGenerator } from "./isn.ts";
import type { Listener } from "./listener.ts";
import { sendSyn } from "./opening-alarms.ts";
import { acceptTextAndFin } from "./receiver.ts";
import type { Segment, Syn } from "./segment.ts";
import { segmentArrives } from "./segment-arrives.ts";
import type { SynCookies } from "./syn-cookies.ts";
import type { ConnectionOptions } from "./tcp-user.ts";

/** What a listener needs of its host. */
export interface ListenHost {
  readonly context: HostContext;
  readonly resets: Resets;
  readonly sequences: SequenceGenerator;
  readonly cookies: SynCookies;
  readonly fastOpen: FastOpen;
  /** A connection in CLOSED. @param listener where it waits to be accepted; undefined when it has been already */
  openPassively(syn: Syn, iss: Seq, options: Readonly<ConnectionOptions>, listener: Listener | undefined): ControlBlock | RouteFailure;
  /** The SYN-ACK was tried. */
  answered(conn: ControlBlock, listener: Listener): void;
  /** A connection of Fast Open waits to be accepted. */
  openedFast(conn: ControlBlock, listener: Listener): void;
  /** A request for a connection waits to be decided upon. */
  requested(listener: Listener): void;
}

/**
 * SEGMENT ARRIVES in LISTEN, RFC 9293 §3.10.7.2.
 * @param oldSndNxt where an earlier connection of this flow ended: ISS must lie beyond it (RFC 1122 §4.2.2.13)
 */
export function segmentInListen(listener: Listener, seg: Segment, host: ListenHost, oldSndNxt: Seq | undefined): SegmentVerdict {
  // First: a reset has nothing to reset, but that a peer may take back a SYN which waits for a decision. Second: an ACK is of something
  // we never sent, unless it was a cookie.
  if (seg.has(RST)) return listener.requests?.withdraw(seg) === true ? "accepted" : "rst-to-listener";
  if (seg.has(ACK)) {
    const syn = host.cookies.synOf(listener, seg);
    if (syn !== undefined) return cookieReturned(listener, seg, syn, host);
    host.resets.answer(seg);
    return "ack-to-listener";
  }

  // Third: the SYN. Text or FIN on it is left for the peer to send again, which RFC 9293 allows.
  const { profile } = host.context;
  if (!seg.has(SYN)) {
    if (profile.bareSegmentInListen === "rst") host.resets.answer(seg);
    return "neither-syn-nor-rst";
  }
  if (seg.has(FIN) && profile.synFinInListen === "rst") {
    host.resets.answer(seg);
    return "syn-with-fin";
  }
  const { requests } = listener;
  // Who waits already stays when the listener pauses.
  if (requests?.synRepeats(seg) === true) return "syn-duplicate";
  if (listener.isPaused) {
    host.resets.answer(seg);
    return "listener-paused";
  }
  if (requests !== undefined) {
    requests.add(seg, listener.mostRequests);
    host.requested(listener);
    return "accepted";
  }
  if (listener.isFull) {
    if (host.context.profile.backlogOverflow === "rst") host.resets.answer(seg);
    return "accept-queue-full";
  }
  // A number that must lie beyond an old connection's is none that a hash could choose.
  if (oldSndNxt === undefined && host.cookies.areDue(listener)) return host.cookies.answer(listener, seg);
  listener.makeRoom();
  const conn = host.openPassively(seg, issFor(seg, host.sequences, oldSndNxt), listener.options, listener);
  if (typeof conn === "string") return conn;
  if (listener.fastOpenQueue > 0 && seg.options.fastOpenLength >= 0 && fastOpened(conn, seg, listener, host)) return "accepted";
  answerSyn(conn, seg);
  host.answered(conn, listener);
  return "accepted";
}

/**
 * A SYN with the option of Fast Open, RFC 7413 §4.2: the SYN-ACK gives a cookie to who has none that counts. With a good one the text is
 * taken, and the connection is the user's, before the handshake is over.
 * @returns whether the SYN is answered
 */
function fastOpened(conn: ControlBlock, seg: Segment, listener: Listener, host: ListenHost): boolean {
  const { opening } = conn;
  if (opening === undefined) return false;
  const { source, destination, options } = seg;
  const judged = options.fastOpenLength === 0 ? "invalid" : host.fastOpen.judge(source, destination, options);
  if (judged !== "valid")
    opening.fastOpen = { cookie: host.fastOpen.cookieFor(source, destination), isExperimental: options.fastOpenIsExperimental };
  // A FIN would end what has not begun: its sender waits for the handshake as others do.
  if (judged === "invalid" || seg.has(FIN) || !listener.hasFastOpenRoom(host.context.now)) return false;
  opening.isFast = true;
  listener.handshakeEnded(conn);
  listener.fastOpenBegan();
  conn.sndNxt = seqAdd(conn.iss, 1);
  conn.become("SYN-RECEIVED");
  learnFromSyn(conn, seg);
  if (seg.textLength > 0) acceptTextAndFin(conn, seg, seqAdd(seg.seq, 1));
  conn.rcvAdv = seqAdd(conn.rcvNxt, synWindow(conn));
  sendSyn(conn, SYN | ACK);
  conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
  host.openedFast(conn, listener);
  return true;
}

/** The handshake that was answered by a cookie ends: only now there is a connection. The segment may bring text and a FIN as any other. */
function cookieReturned(listener: Listener, seg: Segment, syn: Syn, host: ListenHost): SegmentVerdict {
  if (listener.isPaused) {
    host.resets.answer(seg);
    return "listener-paused";
  }
  if (listener.isFull) {
    // With `drop` the peer takes itself for connected, and whatever it sends next tries again.
    if (host.context.profile.backlogOverflow === "rst") host.resets.answer(seg);
    return "accept-queue-full";
  }
  const conn = host.openPassively(syn, seqAdd(seg.ack, -1), listener.options, listener);
  if (typeof conn === "string") return conn;
  conn.sndNxt = seg.ack;
  conn.become("SYN-RECEIVED");
  learnFromSyn(conn, syn);
  // When the SYN-ACK left nobody knows, so that no round trip is taken from it.
  conn.opening = undefined;
  const verdict = segmentArrives(conn, seg);
  // There is no SYN-ACK to try again.
  if (conn.state === "SYN-RECEIVED") conn.release();
  return verdict;
}

/** The initial sequence number of the answer. */
export function issFor(syn: Syn, sequences: SequenceGenerator, oldSndNxt: Seq | undefined): Seq {
  const chosen = sequences(syn.destination, syn.destinationPort, syn.source, syn.sourcePort);
  // A quick stream outruns the clock that the numbers are chosen by.
  return oldSndNxt === undefined || seqDiff(chosen, oldSndNxt) > 0 ? chosen : seqAdd(oldSndNxt, 65_537);
}

/** From CLOSED to SYN-RECEIVED: the SYN-ACK leaves. */
export function answerSyn(conn: ControlBlock, syn: Syn): void {
  conn.sndNxt = seqAdd(conn.iss, 1);
  conn.become("SYN-RECEIVED");
  learnFromSyn(conn, syn);
  sendSyn(conn, SYN | ACK);
  conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
}
