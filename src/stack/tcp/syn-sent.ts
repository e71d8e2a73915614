import type { SegmentVerdict } from "../core/drop-reasons.ts";
import { seqAdd, seqDiff } from "../core/seq.ts";
import { ACK, RST, SYN } from "../packet/tcp.ts";
import type { ControlBlock } from "./control-block.ts";
import { establish, learnFromSyn } from "./handshake.ts";
import { retryAfterReset, simultaneousOpen, synAfterOldConnection, synRetriesOf } from "./opening-alarms.ts";
import { acceptTextAndFin } from "./receiver.ts";
import { sampleRtt, sampleTimestamp } from "./round-trip.ts";
import type { Segment } from "./segment.ts";
import { fastOpenAnswered } from "./syn-text.ts";

/** SEGMENT ARRIVES in SYN-SENT, RFC 9293 §3.10.7.3. */
export function segmentInSynSent(conn: ControlBlock, seg: Segment): SegmentVerdict {
  const acksOurSyn = seg.has(ACK) && seqDiff(seg.ack, conn.iss) > 0 && seqDiff(seg.ack, conn.sndNxt) <= 0;

  // First: an ACK must be of the SYN we sent; otherwise the peer is answering somebody else.
  if (seg.has(ACK) && !acksOurSyn) {
    if (!seg.has(RST)) {
      conn.owner.emitControl(conn, RST, seg.ack, conn.rcvNxt);
      if (!conn.opening?.synDue) synAfterOldConnection(conn);
    }
    return "ack-of-unsent";
  }

  // Second: a reset refuses the connection, if it proves that it saw our SYN (RFC 5961 §3.2 asks the same).
  if (seg.has(RST)) {
    if (!acksOurSyn) return "rst-without-ack-of-syn";
    refused(conn);
    return "accepted";
  }

  // Third, the security compartment, is not used (RFC 9293 appendix A.1). Fourth: the peer's SYN.
  if (!seg.has(SYN)) return "neither-syn-nor-rst";
  learnFromSyn(conn, seg);
  if (acksOurSyn) {
    conn.sndUna = seg.ack;
    sampleHandshake(conn, seg);
    fastOpenAnswered(conn, seg);
    establish(conn);
    conn.turn.ackNow = true;
    conn.owner.wantsOutput(conn);
    // Text and FIN on the SYN-ACK are taken as from any other segment.
    acceptTextAndFin(conn, seg, seqAdd(seg.seq, 1));
    return "accepted";
  }
  // Simultaneous open, RFC 9293 §3.5: both sides' SYNs crossed.
  conn.sndNxt = seqAdd(conn.iss, 1);
  conn.become("SYN-RECEIVED");
  simultaneousOpen(conn);
  conn.owner.emitControl(conn, SYN | ACK, conn.iss, conn.rcvNxt);
  return "accepted";
}

/**
 * The peer answered our SYN by RST. RFC 9293 gives up at once. Windows takes it for a passing shortage and sends the SYN again
 * half a second later while retries are left; so a listener that appears in between is reached (KB175523).
 */
function refused(conn: ControlBlock): void {
  const { profile } = conn.context;
  if (profile.rstInSynSent === "retry" && conn.contact.retries < synRetriesOf(conn)) {
    retryAfterReset(conn, profile.synRstRetryMs);
    return;
  }
  conn.fail("refused");
}

/** A SYN answered at the first try is the first round-trip sample; with a timestamp echoed, a later one is too (RFC 7323 §4.3). */
function sampleHandshake(conn: ControlBlock, seg: Segment): void {
  const { opening } = conn;
  // One that was tried again while it waited for ARP has no time of its own, nor a timestamp from when it left.
  if (conn.timestamps !== undefined && seg.options.tsEcr !== 0) {
    if (opening?.synFate === "sent" || conn.contact.retries === 0) sampleTimestamp(conn, seg.options.tsEcr);
  } else if (opening?.isTimed(conn.contact.retries)) sampleRtt(conn, conn.context.now - opening.synSentMs);
}
