import { type Seq, seqAdd, seqDiff, seqMax, seqMin } from "../core/seq.ts";
import * as tcpOptions from "../packet/tcp-options.ts";
import type { Connection } from "./connection.ts";
import { sequenceSpace } from "./connection-trace.ts";
import { NOTICE } from "./notices.ts";
import type { Segment } from "./segment.ts";

/**
 * What acknowledgements say about loss: fast retransmit and recovery with SACK (RFC 6675) or without (RFC 6582), and recovery after
 * a timeout (RFC 6298 §5, RFC 5681 §3.1). sender.ts asks `inPipe` and `nextRetransmission` what may leave.
 */

/** An acceptable ACK, with the window already updated. */
export function acknowledgmentArrived(conn: Connection, seg: Segment, windowChanged: boolean): void {
  const sackedBefore = conn.scoreboard.bytes;
  if (conn.sackPermitted && seg.options.sackBlocks > 0) noteSack(conn, seg);
  const newlySacked = conn.scoreboard.bytes > sackedBefore;

  if (seqDiff(seg.ack, conn.sndUna) > 0) newDataAcknowledged(conn, seg);
  else if (isDuplicate(conn, seg, windowChanged, newlySacked)) duplicateAck(conn);
}

/** RFC 5681 §2, and RFC 6675 §2 where SACK says more. */
function isDuplicate(conn: Connection, seg: Segment, windowChanged: boolean, newlySacked: boolean): boolean {
  if (seg.ack !== conn.sndUna || conn.flight === 0) return false;
  if (conn.sackPermitted) return newlySacked;
  return seg.length === 0 && !windowChanged;
}

function noteSack(conn: Connection, seg: Segment): void {
  for (let i = 0; i < seg.options.sackBlocks; i++) {
    const left = tcpOptions.sackLeftEdge(seg.options, i);
    const right = tcpOptions.sackRightEdge(seg.options, i);
    // Outside of what is outstanding: a D-SACK (RFC 2883) or nonsense; neither counts.
    if (seqDiff(left, seg.ack) < 0 || seqDiff(left, conn.sndUna) < 0 || seqDiff(right, conn.sndNxt) > 0 || seqDiff(right, left) <= 0)
      continue;
    conn.scoreboard.add(left, right);
  }
}

function newDataAcknowledged(conn: Connection, seg: Segment): void {
  const acked = seqDiff(seg.ack, conn.sndUna);
  measure(conn, seg);
  conn.sndUna = seg.ack;
  conn.sendBuffer.acknowledge(seg.ack);
  conn.scoreboard.removeBefore(seg.ack);
  conn.highRxt = seqMax(conn.highRxt, seg.ack);
  conn.retries = 0;
  conn.troubleSinceMs = Number.POSITIVE_INFINITY;
  if (conn.flight > 0) conn.timers.retransmission.set(conn.rtt.timeoutMs);
  else conn.timers.retransmission.cancel();

  if (conn.recovery === "none") {
    conn.dupAcks = 0;
    conn.congestion.onAck(acked, conn.cwndLimited);
  } else if (seqDiff(seg.ack, conn.recover) >= 0) {
    // RFC 6582 §3.2 step 3, full acknowledgement.
    if (conn.recovery === "fast") conn.congestion.onRecovered(conn.flight);
    conn.recovery = "none";
    conn.dupAcks = 0;
    conn.retransmitAtOnce = false;
    traceWindow(conn, "recovered");
  } else if (conn.recovery === "timeout") {
    conn.congestion.onAck(acked, true);
  } else if (!conn.sackPermitted) {
    // Partial acknowledgement: the next hole begins here.
    conn.retransmitAtOnce = true;
    conn.dupAcks = Math.max(0, conn.dupAcks - Math.floor(acked / conn.sndMss) + 1);
  }
  conn.owner.wantsOutput(conn);
  conn.notify(NOTICE.writable);
}

/** Karn's rule: only what was sent once is measured, unless timestamps tell which copy is answered (RFC 6298 §3, RFC 7323 §4). */
function measure(conn: Connection, seg: Segment): void {
  if (conn.timestamps && seg.options.hasTimestamps && seg.options.tsEcr !== 0) {
    conn.timers.sampleTimestamp(seg.options.tsEcr);
    return;
  }
  if (conn.timedSeq !== undefined && seqDiff(seg.ack, conn.timedSeq) >= 0) {
    conn.timers.sampleRtt(conn.context.now - conn.timedAtMs);
    conn.timedSeq = undefined;
  }
}

function duplicateAck(conn: Connection): void {
  conn.dupAcks++;
  // New data may leave for each of the first two (limited transmit, RFC 3042): inPipe has become smaller.
  conn.owner.wantsOutput(conn);
  if (conn.recovery !== "none" || mayBeOwnEcho(conn)) return;
  const enough = conn.dupAcks >= conn.context.profile.dupAckThreshold || (conn.sackPermitted && seqDiff(lostEdge(conn), conn.sndUna) > 0);
  if (!enough) return;
  conn.recovery = "fast";
  conn.recover = conn.sndNxt;
  conn.highRxt = conn.sndUna;
  conn.retransmitAtOnce = true;
  conn.timedSeq = undefined;
  conn.congestion.onLoss(conn.flight);
  traceWindow(conn, "fast-retransmit");
}

/**
 * RFC 6582 §3.2 step 1: after a timeout, duplicates for what lies before `recover` may answer our own second copies; only SACK tells
 * the two apart. Numbers after it are of text that was sent since.
 */
const mayBeOwnEcho = (conn: Connection): boolean => !conn.sackPermitted && conn.hasTimedOut && seqDiff(conn.sndUna, conn.recover) <= 0;

/** The retransmission timer went off: everything outstanding is taken for lost (RFC 6298 §5.4 to §5.6, RFC 5681 §3.1). */
export function assumeAllLost(conn: Connection): void {
  conn.congestion.onTimeout(conn.flight, conn.retries > 1);
  // RFC 2018 §8: a receiver may have thrown away what it reported; a SACKed first byte proves that it did.
  if (conn.scoreboard.count > 0 && conn.scoreboard.start(0) === conn.sndUna) conn.scoreboard.clear();
  conn.recovery = "timeout";
  conn.hasTimedOut = true;
  conn.recover = conn.sndNxt;
  conn.highRxt = conn.sndUna;
  conn.retransmitAtOnce = true;
  conn.dupAcks = 0;
  conn.timedSeq = undefined;
  traceWindow(conn, "timeout");
}

/** Bytes believed to be in the network: `pipe` of RFC 6675 §4, and its like without SACK. */
export function inPipe(conn: Connection): number {
  const { flight } = conn;
  if (!conn.sackPermitted) {
    if (conn.recovery === "timeout") return seqDiff(conn.highRxt, conn.sndUna) + Math.max(0, seqDiff(conn.sndNxt, conn.recover));
    // Each duplicate says that one segment has left the network.
    return Math.max(0, flight - conn.dupAcks * conn.sndMss);
  }
  if (conn.recovery === "none") return flight - conn.scoreboard.bytes;
  const edge = lostEdge(conn);
  const retransmitted = unsacked(conn, conn.sndUna, seqMin(conn.highRxt, edge));
  return retransmitted + unsacked(conn, seqMax(edge, conn.sndUna), conn.sndNxt);
}

/** What lies before this and is not SACKed is lost: IsLost of RFC 6675 §4 as one number, since it holds for all below if for one. */
function lostEdge(conn: Connection): Seq {
  if (conn.recovery === "timeout") return conn.recover;
  const { scoreboard } = conn;
  const { dupAckThreshold } = conn.context.profile;
  let bytes = 0;
  for (let i = scoreboard.count - 1; i >= 0; i--) {
    bytes += seqDiff(scoreboard.end(i), scoreboard.start(i));
    if (scoreboard.count - i >= dupAckThreshold || bytes > (dupAckThreshold - 1) * conn.sndMss) return scoreboard.start(i);
  }
  // The segment that began the recovery is lost by the count of duplicates, whatever the board says.
  return conn.recovery === "fast" ? seqMin(seqAdd(conn.sndUna, conn.sndMss), conn.sndNxt) : conn.sndUna;
}

/** Bytes of [from, to) that the peer has not reported. */
function unsacked(conn: Connection, from: Seq, to: Seq): number {
  let bytes = seqDiff(to, from);
  if (bytes <= 0) return 0;
  const { scoreboard } = conn;
  for (let i = scoreboard.firstEndingAfter(from); i < scoreboard.count; i++) {
    const start = seqMax(scoreboard.start(i), from);
    const end = seqMin(scoreboard.end(i), to);
    if (seqDiff(end, start) <= 0) break;
    bytes -= seqDiff(end, start);
  }
  return bytes;
}

/** The next lost range, filled in place; one record for all. */
export interface LostRange {
  start: Seq;
  /** Sequence numbers, a FIN counted. */
  length: number;
}

/** Finds what should be sent again now. @returns whether there is something */
export function nextRetransmission(conn: Connection, into: LostRange): boolean {
  if (conn.recovery === "none") return false;
  let from = seqMax(conn.highRxt, conn.sndUna);
  if (conn.recovery === "fast" && !conn.sackPermitted) {
    if (!conn.retransmitAtOnce) return false;
    into.start = conn.sndUna;
    into.length = Math.min(conn.sndMss, conn.flight);
    return into.length > 0;
  }
  const edge = lostEdge(conn);
  const { scoreboard } = conn;
  let i = scoreboard.firstEndingAfter(from);
  if (i < scoreboard.count && seqDiff(scoreboard.start(i), from) <= 0) {
    from = scoreboard.end(i);
    i++;
  }
  const until = i < scoreboard.count ? seqMin(scoreboard.start(i), edge) : edge;
  into.start = from;
  into.length = seqDiff(until, from);
  return into.length > 0;
}

function traceWindow(conn: Connection, why: "fast-retransmit" | "timeout" | "recovered"): void {
  const { trace } = conn.context;
  if (!trace.isOn) return;
  const { cwnd, ssthresh } = conn.congestion;
  trace.emit({ type: "cwnd-changed", connection: conn.id, cwnd, ssthresh, why, ...sequenceSpace(conn) });
}
