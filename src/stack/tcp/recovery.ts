import { type Seq, seqAdd, seqDiff, seqMax, seqMin } from "../core/seq.ts";
import * as tcpOptions from "../packet/tcp-options.ts";
import { ALARM } from "./alarm.ts";
import type { AckSample } from "./congestion/congestion-control.ts";
import { sequenceSpace } from "./connection-trace.ts";
import type { ControlBlock } from "./control-block.ts";
import { lossOf, NO_LOSS } from "./loss-state.ts";
import { NOTICE } from "./notices.ts";
import { sampleRtt, sampleTimestamp } from "./round-trip.ts";
import type { Segment } from "./segment.ts";
import { urgentAcknowledged } from "./urgent.ts";

/**
 * What acknowledgements say about loss: fast retransmit and recovery with SACK (RFC 6675) or without (RFC 6582), and recovery after
 * a timeout (RFC 6298 §5, RFC 5681 §3.1). sender.ts asks `inPipe` and `nextRetransmission` what may leave.
 */

/** What the last ACK said to congestion control; one record for all. */
const sample: AckSample = {
  acked: 0,
  rttMs: undefined,
  leastRttMs: 0,
  srttMs: 0,
  nowMs: 0,
  inFlight: 0,
  limited: false,
  sndUna: 0 as Seq,
  sndNxt: 0 as Seq,
};

/** An acceptable ACK, with the window already updated. */
export function acknowledgmentArrived(conn: ControlBlock, seg: Segment, windowChanged: boolean): void {
  const sackedBefore = conn.loss.scoreboard.bytes;
  if (conn.sackPermitted && seg.options.sackBlocks > 0) noteSack(conn, seg);
  const newlySacked = conn.loss.scoreboard.bytes > sackedBefore;

  if (seqDiff(seg.ack, conn.sndUna) > 0) newDataAcknowledged(conn, seg);
  else if (isDuplicate(conn, seg, windowChanged, newlySacked)) duplicateAck(conn);
}

/** RFC 5681 §2, and RFC 6675 §2 where SACK says more. */
function isDuplicate(conn: ControlBlock, seg: Segment, windowChanged: boolean, newlySacked: boolean): boolean {
  if (seg.ack !== conn.sndUna || conn.flight === 0) return false;
  if (conn.sackPermitted) return newlySacked;
  return seg.length === 0 && !windowChanged;
}

function noteSack(conn: ControlBlock, seg: Segment): void {
  for (let i = 0; i < seg.options.sackBlocks; i++) {
    const left = tcpOptions.sackLeftEdge(seg.options, i);
    const right = tcpOptions.sackRightEdge(seg.options, i);
    // Outside of what is outstanding: a D-SACK (RFC 2883) or nonsense; neither counts.
    const isOutstanding = seqDiff(left, conn.sndUna) >= 0 && seqDiff(left, conn.sndNxt) < 0 && seqDiff(left, seg.ack) >= 0;
    // The right edge is held against the left one only now: of a block far away it may lie on either side of SND.NXT.
    if (!isOutstanding || seqDiff(right, left) <= 0 || seqDiff(right, conn.sndNxt) > 0) continue;
    lossOf(conn).scoreboard.add(left, right);
  }
}

function newDataAcknowledged(conn: ControlBlock, seg: Segment): void {
  const acked = seqDiff(seg.ack, conn.sndUna);
  sample.rttMs = measure(conn, seg);
  conn.sndUna = seg.ack;
  conn.sendBuffer.acknowledge(seg.ack);
  urgentAcknowledged(conn, seg.ack);
  conn.contact.acknowledged();
  conn.path.confirm();
  if (conn.flight > 0) conn.alarms.set(ALARM.retransmission, conn.rtt.timeoutMs);
  else conn.alarms.cancel(ALARM.retransmission);

  if (conn.loss === NO_LOSS) grow(conn, acked, conn.turn.cwndLimited);
  else repaired(conn, acked);
  conn.owner.wantsOutput(conn);
  conn.notify(NOTICE.writable);
}

/** Congestion control hears of an ACK whose round trip is in the record already. */
function grow(conn: ControlBlock, acked: number, limited: boolean): void {
  const { rtt } = conn;
  sample.acked = acked;
  sample.leastRttMs = rtt.leastMs;
  sample.srttMs = rtt.srttMs;
  sample.nowMs = conn.context.now;
  sample.inFlight = conn.flight + acked;
  sample.limited = limited;
  sample.sndUna = conn.sndUna;
  sample.sndNxt = conn.sndNxt;
  conn.congestion.onAck(sample);
}

/** `acked` bytes more are acknowledged while there is loss to be thought of. */
function repaired(conn: ControlBlock, acked: number): void {
  const loss = lossOf(conn);
  loss.acknowledged(conn.sndUna);
  if (loss.recovery === "none") {
    grow(conn, acked, conn.turn.cwndLimited);
  } else if (seqDiff(conn.sndUna, loss.recover) >= 0) {
    // RFC 6582 §3.2 step 3, full acknowledgement.
    if (loss.recovery === "fast") conn.congestion.onRecovered(conn.flight);
    loss.repaired();
    traceWindow(conn, "recovered");
  } else if (loss.recovery === "timeout") {
    grow(conn, acked, true);
  } else if (!conn.sackPermitted) {
    loss.partlyRepaired(Math.floor(acked / conn.sizes.sndMss));
  }
  // Not while more is on its way: a path that reorders would have it made anew all the time.
  if (conn.flight === 0 && loss.isOver) conn.loss = NO_LOSS;
}

/** Karn's rule: only what was sent once is measured, unless timestamps tell which copy is answered (RFC 6298 §3, RFC 7323 §4). */
function measure(conn: ControlBlock, seg: Segment): number | undefined {
  if (conn.timestamps !== undefined && seg.options.hasTimestamps && seg.options.tsEcr !== 0) {
    return sampleTimestamp(conn, seg.options.tsEcr);
  }
  const rttMs = conn.rtt.timed(seg.ack, conn.context.now);
  if (rttMs !== undefined) sampleRtt(conn, rttMs);
  return rttMs;
}

function duplicateAck(conn: ControlBlock): void {
  const loss = lossOf(conn);
  loss.dupAcks++;
  // New data may leave for each of the first two (limited transmit, RFC 3042): inPipe has become smaller.
  conn.owner.wantsOutput(conn);
  if (loss.recovery !== "none" || mayBeOwnEcho(conn)) return;
  const enough = loss.dupAcks >= conn.context.profile.dupAckThreshold || (conn.sackPermitted && seqDiff(lostEdge(conn), conn.sndUna) > 0);
  if (!enough) return;
  loss.begin("fast", conn.sndUna, conn.sndNxt);
  conn.rtt.stopTiming();
  conn.congestion.onEvent("loss", conn.flight, conn.context.now, false);
  conn.congestion.cwnd = conn.congestion.ssthresh;
  traceWindow(conn, "fast-retransmit");
}

/**
 * RFC 6582 §3.2 step 1: after a timeout, duplicates for what lies before `recover` may answer our own second copies; only SACK tells
 * the two apart. Numbers after it are of text that was sent since.
 */
const mayBeOwnEcho = (conn: ControlBlock): boolean => !conn.sackPermitted && conn.loss.hasTimedOut;

/** The retransmission timer went off: everything outstanding is taken for lost (RFC 6298 §5.4 to §5.6, RFC 5681 §3.1). */
export function assumeAllLost(conn: ControlBlock): void {
  conn.congestion.onEvent("timeout", conn.flight, conn.context.now, conn.contact.retries > 1);
  lossOf(conn).timedOut(conn.sndUna, conn.sndNxt);
  conn.rtt.stopTiming();
  traceWindow(conn, "timeout");
}

/** Everything outstanding did not fit the path: it is sent again at once, without blaming congestion (RFC 1191 §6.5). */
export function resendAll(conn: ControlBlock): void {
  if (conn.flight === 0) return;
  lossOf(conn).begin("timeout", conn.sndUna, conn.sndNxt);
  conn.rtt.stopTiming();
}

/** Bytes believed to be in the network: `pipe` of RFC 6675 §4, and its like without SACK. */
export function inPipe(conn: ControlBlock): number {
  const { flight, loss } = conn;
  if (!conn.sackPermitted) {
    if (loss.recovery === "timeout") return seqDiff(loss.highRxt, conn.sndUna) + Math.max(0, seqDiff(conn.sndNxt, loss.recover));
    // Each duplicate says that one segment has left the network.
    return Math.max(0, flight - loss.dupAcks * conn.sizes.sndMss);
  }
  if (loss.recovery === "none") return flight - loss.scoreboard.bytes;
  const edge = lostEdge(conn);
  const retransmitted = unsacked(conn, conn.sndUna, seqMin(loss.highRxt, edge));
  return retransmitted + unsacked(conn, seqMax(edge, conn.sndUna), conn.sndNxt);
}

/** What lies before this and is not SACKed is lost: IsLost of RFC 6675 §4 as one number, since it holds for all below if for one. */
function lostEdge(conn: ControlBlock): Seq {
  const { recovery, recover, scoreboard } = conn.loss;
  if (recovery === "timeout") return recover;
  const { dupAckThreshold } = conn.context.profile;
  let bytes = 0;
  for (let i = scoreboard.count - 1; i >= 0; i--) {
    bytes += seqDiff(scoreboard.end(i), scoreboard.start(i));
    if (scoreboard.count - i >= dupAckThreshold || bytes > (dupAckThreshold - 1) * conn.sizes.sndMss) return scoreboard.start(i);
  }
  // The segment that began the recovery is lost by the count of duplicates, whatever the board says.
  return recovery === "fast" ? seqMin(seqAdd(conn.sndUna, conn.sizes.sndMss), conn.sndNxt) : conn.sndUna;
}

/** Bytes of [from, to) that the peer has not reported. */
function unsacked(conn: ControlBlock, from: Seq, to: Seq): number {
  let bytes = seqDiff(to, from);
  if (bytes <= 0) return 0;
  const { scoreboard } = conn.loss;
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
export function nextRetransmission(conn: ControlBlock, into: LostRange): boolean {
  const { recovery, highRxt, retransmitAtOnce, scoreboard } = conn.loss;
  if (recovery === "none") return false;
  let from = seqMax(highRxt, conn.sndUna);
  if (recovery === "fast" && !conn.sackPermitted) {
    if (!retransmitAtOnce) return false;
    into.start = conn.sndUna;
    into.length = Math.min(conn.sizes.sndMss, conn.flight);
    return into.length > 0;
  }
  const edge = lostEdge(conn);
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

function traceWindow(conn: ControlBlock, why: "fast-retransmit" | "timeout" | "recovered"): void {
  const { trace } = conn.context;
  if (!trace.isOn) return;
  const { cwnd, ssthresh } = conn.congestion;
  trace.emit({ type: "cwnd-changed", connection: conn.id, cwnd, ssthresh, why, ...sequenceSpace(conn) });
}
