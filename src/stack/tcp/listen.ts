import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { type Seq, seqAdd, seqDiff } from "../core/seq.ts";
import type { RouteFailure } from "../ip/path.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import { ALARM } from "./alarm.ts";
import type { Resets } from "./closed.ts";
import type { ControlBlock } from "./control-block.ts";
import { learnFromSyn } from "./handshake.ts";
import type { SequenceGenerator } from "./isn.ts";
import type { Listener } from "./listener.ts";
import { sendSyn } from "./opening-alarms.ts";
import type { Segment } from "./segment.ts";

/** What a listener needs of its host. */
export interface ListenHost {
  readonly context: HostContext;
  readonly resets: Resets;
  readonly sequences: SequenceGenerator;
  openPassively(listener: Listener, seg: Segment, iss: Seq): ControlBlock | RouteFailure;
  /** The SYN-ACK was tried. */
  answered(conn: ControlBlock, listener: Listener): void;
}

/**
 * SEGMENT ARRIVES in LISTEN, RFC 9293 §3.10.7.2.
 * @param oldSndNxt where an earlier connection of this flow ended: ISS must lie beyond it (RFC 1122 §4.2.2.13)
 */
export function segmentInListen(listener: Listener, seg: Segment, host: ListenHost, oldSndNxt: Seq | undefined): SegmentVerdict {
  // First: a reset has nothing to reset. Second: an ACK is of something we never sent.
  if (seg.has(RST)) return "rst-to-listener";
  if (seg.has(ACK)) {
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
  if (listener.isFull) {
    if (host.context.profile.backlogOverflow === "rst") host.resets.answer(seg);
    return "accept-queue-full";
  }
  listener.makeRoom();
  const chosen = host.sequences(seg.destination, seg.destinationPort, seg.source, seg.sourcePort);
  // A quick stream outruns the clock that the numbers are chosen by.
  const iss = oldSndNxt === undefined || seqDiff(chosen, oldSndNxt) > 0 ? chosen : seqAdd(oldSndNxt, 65_537);
  const conn = host.openPassively(listener, seg, iss);
  if (typeof conn === "string") return conn;
  conn.sndNxt = seqAdd(conn.iss, 1);
  conn.become("SYN-RECEIVED");
  learnFromSyn(conn, seg);
  sendSyn(conn, SYN | ACK);
  conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
  host.answered(conn, listener);
  return "accepted";
}
