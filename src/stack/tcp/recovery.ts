import { type Seq, seqDiff } from "../core/seq.ts";
import type { AckSample } from "./congestion/congestion-control.ts";
import { sequenceSpace } from "./connection-trace.ts";
import type { ControlBlock } from "./control-block.ts";
import { watchAfterAck } from "./loss-alarms.ts";
import { type LossState, lossOf, NO_LOSS } from "./loss-state.ts";
import { NOTICE } from "./notices.ts";
import { ProportionalRateReduction } from "./prr.ts";
import { sampleRtt, sampleTimestamp } from "./round-trip.ts";
import { sackArrived } from "./sack.ts";
import type { Segment } from "./segment.ts";
import { DeliveryNews, SENT } from "./sent.ts";
import { NOTHING_SENT } from "./sent-pool.ts";
import { Undo } from "./undo.ts";
import { urgentAcknowledged } from "./urgent.ts";

/**
 * What acknowledgements say about loss, and what follows for the window: loss found by RACK where there is SACK (RFC 8985) and by
 * duplicates where there is none (RFC 6582), recovery paced by PRR (RFC 9937), recovery after a timeout (RFC 6298 §5, RFC 5681 §3.1), and
 * each of them undone when it proves to have been for nothing (RFC 5682, RFC 3522, RFC 3708).
 */

const news = new DeliveryNews();
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
  const advanced = seqDiff(seg.ack, conn.sndUna) > 0;
  const hasSack = conn.sackPermitted && seg.options.sackBlocks > 0;
  const isPlain = !advanced && seg.ack === conn.sndUna && seg.length === 0 && !windowChanged && !hasSack;
  const isDuplicate = isPlain && !conn.sackPermitted && conn.flight > 0;
  if (!advanced && !hasSack && !isDuplicate) {
    if (isPlain) probeAnsweredTwice(conn);
    return;
  }
  news.clear();
  const inFlight = inPipe(conn);
  if (hasSack) sackArrived(conn, seg, news);
  if (advanced) {
    // What is acknowledged now is not below what arrived before.
    if (hasSack) lossOf(conn);
    newDataAcknowledged(conn, seg);
  }
  const rttMs = measure(conn, seg);
  conn.deliveredSegments += news.segments;

  let reorderingMs = 0;
  if (conn.loss === NO_LOSS && news.bytes > 0 && advanced && conn.sent.sackedBytes === 0) grow(conn, news.bytes, inFlight, rttMs);
  else reorderingMs = lossConsidered(conn, seg, { advanced, isDuplicate, inFlight, rttMs });
  if (conn.flight === 0) {
    conn.owner.sentLogs.give(conn.sent);
    conn.sent = NOTHING_SENT;
    // Not while more is on its way: a path that reorders would have it made anew all the time.
    if (conn.loss !== NO_LOSS && lossOf(conn).isOver) conn.loss = NO_LOSS;
  }
  if (advanced || news.bytes > 0 || reorderingMs > 0) watchAfterAck(conn, advanced, reorderingMs);
  conn.owner.wantsOutput(conn);
  if (advanced) conn.notify(NOTICE.writable);
}

function newDataAcknowledged(conn: ControlBlock, seg: Segment): void {
  conn.sent.acknowledge(seg.ack, conn.sizes.sndMss, news);
  conn.sndUna = seg.ack;
  conn.sendBuffer.acknowledge(seg.ack);
  urgentAcknowledged(conn, seg.ack);
  conn.contact.acknowledged();
  conn.path.confirm();
}

/**
 * Karn's rule: only what was sent once is measured, unless timestamps tell which copy is answered (RFC 6298 §3, RFC 7323 §4).
 * @returns for congestion control, the round trip of what left last
 */
function measure(conn: ControlBlock, seg: Segment): number | undefined {
  const { now } = conn.context;
  if (news.hasOriginal && !news.hasResent) {
    sampleRtt(conn, now - news.firstSentMs);
    return now - news.lastSentMs;
  }
  if (news.hasResent && conn.timestamps !== undefined && seg.options.hasTimestamps && seg.options.tsEcr !== 0) {
    sampleTimestamp(conn, seg.options.tsEcr);
  } else if (news.hasSackedOriginal && !news.hasResent) {
    sampleRtt(conn, now - news.sackedSentMs);
    return now - news.sackedSentMs;
  }
  return undefined;
}

interface Acknowledgement {
  readonly advanced: boolean;
  /** Without SACK: a duplicate of RFC 5681 §2. */
  readonly isDuplicate: boolean;
  /** In the network before it came. */
  readonly inFlight: number;
  readonly rttMs: number | undefined;
}

/** There is loss to be thought of, or the order to be wondered at. @returns when the next could be found lost, 0 for never */
function lossConsidered(conn: ControlBlock, seg: Segment, ack: Acknowledgement): number {
  const loss = lossOf(conn);
  const { advanced, isDuplicate } = ack;
  // What duplicates spoke of has grown the window by limited transmit already.
  const counted = advanced && !conn.sackPermitted ? loss.dupAcks * conn.sizes.sndMss : 0;
  if (advanced) {
    loss.acknowledged(conn.sndUna);
    probeAcknowledged(conn, loss, seg);
  }
  if (isDuplicate) loss.dupAcks++;
  if (conn.sackPermitted) loss.rack.update(news, conn.context.now, conn.rtt.leastMs, newestIsOriginal(conn, seg));

  const isDone = seqDiff(conn.sndUna, loss.recoveryPoint) >= 0;
  // Without SACK the window that recovery leaves is meant to stop a burst: this ACK does not open it again.
  const isEnded = loss.state === "recovery" && isDone && !conn.sackPermitted;
  if ((loss.state === "recovery" || loss.state === "cwr") && isDone) ended(conn, loss, seg);
  else if (loss.state === "recovery" && advanced) partlyAcknowledged(conn, loss, seg);
  else if (loss.state === "loss") acknowledgedAfterTimeout(conn, loss, seg, ack);

  const lostBefore = conn.sent.lostBytes;
  const copiesBefore = conn.sent.copiesLost;
  const reorderingMs = findLost(conn, loss);
  const isMoreLost = conn.sent.lostBytes > lostBefore || conn.sent.copiesLost > copiesBefore;
  if (loss.state === "recovery" && conn.sent.copiesLost > copiesBefore) copyLost(conn, loss);
  else if (conn.sent.hasDue && (loss.state === "open" || loss.state === "disorder" || loss.state === "cwr"))
    recoveryBegins(conn, loss, ack.inFlight);
  else if (loss.state === "open" || loss.state === "disorder") {
    undoByDuplicates(conn, loss);
    loss.state = conn.sent.sackedBytes > 0 || loss.dupAcks > 0 ? "disorder" : "open";
  }

  if (loss.prr !== undefined) reduce(conn, loss, advanced && !isMoreLost);
  else if (advanced && loss.state !== "recovery" && !isEnded) {
    grow(conn, Math.max(Math.min(news.bytes, conn.sizes.sndMss), news.bytes - counted), ack.inFlight, ack.rttMs);
  }
  return reorderingMs;
}

/** The window grows by what was delivered, outside of recovery. */
function grow(conn: ControlBlock, delivered: number, inFlight: number, rttMs: number | undefined): void {
  sample.acked = delivered;
  sample.rttMs = rttMs;
  sample.leastRttMs = conn.rtt.leastMs;
  sample.srttMs = conn.rtt.srttMs;
  sample.nowMs = conn.context.now;
  sample.inFlight = inFlight;
  const { cwnd, ssthresh } = conn.congestion;
  sample.limited = conn.loss.state === "loss" || conn.turn.windowUse.isLimited(cwnd, ssthresh);
  sample.sndUna = conn.sndUna;
  sample.sndNxt = conn.sndNxt;
  conn.congestion.onAck(sample);
}

/** RFC 9937: the window follows what is delivered. */
function reduce(conn: ControlBlock, loss: LossState, isSafe: boolean): void {
  if (news.bytes === 0 || loss.prr === undefined) return;
  const { congestion, sizes } = conn;
  congestion.cwnd = loss.prr.window(news.bytes, inPipe(conn), congestion.ssthresh, sizes.sndMss, isSafe);
}

// Loss

/** @returns milliseconds until the next could be found lost by the time it has taken, 0 for never */
function findLost(conn: ControlBlock, loss: LossState): number {
  const { sent, rtt, context, sizes } = conn;
  const { dupAckThreshold } = context.profile;
  if (!conn.sackPermitted) {
    const isEnough = loss.dupAcks >= dupAckThreshold && (loss.state === "open" || loss.state === "disorder");
    if (isEnough && !mayBeOwnEcho(loss)) sent.markHead(sizes.sndMss, sizes.sndMss);
    return 0;
  }
  const { rack } = loss;
  if (rack.newest.sentMs === Number.NEGATIVE_INFINITY) return 0;
  const isSure = loss.state === "recovery" || loss.state === "loss" || sent.sackedSegments >= dupAckThreshold;
  const windowMs = rack.reorderingWindowMs(rtt.leastMs, rtt.srttMs, isSure);
  return sent.markOutrun(rack.newest, rack.rttMs + windowMs, context.now);
}

/**
 * RFC 6582 §3.2 step 1: after a timeout, duplicates for what lies before `recover` may answer our own second copies; only SACK tells
 * the two apart. Numbers after it are of text that was sent since.
 */
const mayBeOwnEcho = (loss: LossState): boolean => loss.hasTimedOut;

/** The echoed timestamp is older than the copy: what arrived is what was sent first. */
function newestIsOriginal(conn: ControlBlock, { options }: Segment): boolean {
  if (!news.newestWasResent || conn.timestamps === undefined || !options.hasTimestamps || options.tsEcr === 0) return false;
  const tsVal = (Math.floor(news.newest.sentMs) + conn.timestamps.offset) | 0;
  return ((options.tsEcr - tsVal) | 0) < 0;
}

function recoveryBegins(conn: ControlBlock, loss: LossState, inFlight: number): void {
  const { congestion, context } = conn;
  const saved = congestion.save();
  congestion.onEvent("loss", conn.flight, context.now, false);
  loss.enter("recovery", conn.sndNxt);
  loss.undo = new Undo(conn.sndUna, saved);
  if (conn.sackPermitted) {
    loss.prr = new ProportionalRateReduction(inFlight);
  } else {
    loss.retransmitAtOnce = true;
    congestion.cwnd = congestion.ssthresh;
  }
  loss.reducedMs = context.now;
  conn.owner.recoveries.fastRecoveries++;
  traceWindow(conn, "fast-retransmit");
}

/** RFC 5681 §4.3: the loss of a retransmission is a second sign of congestion; once in a round trip. */
function copyLost(conn: ControlBlock, loss: LossState): void {
  const { congestion, context, rtt } = conn;
  conn.owner.recoveries.copiesLost++;
  if (!context.profile.lostCopyReduces || context.now - loss.reducedMs < rtt.srttMs) return;
  congestion.cwnd = congestion.ssthresh;
  congestion.onEvent("loss", Math.min(conn.flight, congestion.ssthresh), context.now, false);
  loss.recoveryPoint = conn.sndNxt;
  loss.prr = new ProportionalRateReduction(inPipe(conn) + news.bytes);
  loss.reducedMs = context.now;
  traceWindow(conn, "fast-retransmit");
}

/** Everything that was outstanding when recovery began is acknowledged. */
function ended(conn: ControlBlock, loss: LossState, seg: Segment): void {
  if (mayUndo(conn, loss, seg)) {
    conn.owner.recoveries.spuriousRecoveries++;
    undone(conn, loss);
  } else {
    // PRR has come down to the threshold without a burst.
    if (conn.sackPermitted || loss.state === "cwr") conn.congestion.onRecovered(Number.POSITIVE_INFINITY);
    else endWithoutSack(conn);
    traceWindow(conn, "recovered");
  }
  loss.rack.recovered();
  loss.repaired(conn.sndNxt);
}

/** RFC 6582 §3.2 step 3, full acknowledgement, first option: no burst when little is outstanding. */
function endWithoutSack({ congestion, flight, sizes }: ControlBlock): void {
  const { sndMss } = sizes;
  congestion.onRecovered(flight);
  congestion.cwnd = Math.max(2 * sndMss, Math.min(congestion.cwnd, Math.max(flight, sndMss) + sndMss));
}

/** In recovery a part is acknowledged. */
function partlyAcknowledged(conn: ControlBlock, loss: LossState, seg: Segment): void {
  // The first copies arrive late, one after the other: nothing was lost (Eifel). While second copies are on their way it is not yet sure.
  if (isOfOriginal(conn, loss, seg)) {
    if (conn.sent.resentBytes > 0) return;
    conn.sent.unmarkLost();
    conn.owner.recoveries.spuriousRecoveries++;
    undone(conn, loss);
    loss.repaired(conn.sndNxt);
    return;
  }
  if (conn.sackPermitted) return;
  // The next hole begins where the acknowledgement ends.
  loss.partlyRepaired(Math.floor(news.bytes / conn.sizes.sndMss));
  conn.sent.markHead(conn.sizes.sndMss, conn.sizes.sndMss);
}

// Timeouts

/** The retransmission timer went off: everything outstanding is taken for lost (RFC 6298 §5.4 to §5.6, RFC 5681 §3.1). */
export function assumeAllLost(conn: ControlBlock): void {
  const { congestion, contact, context, sent, rtt } = conn;
  const loss = lossOf(conn);
  const isFirst = loss.state !== "recovery" && loss.state !== "loss";
  const isRepeated = contact.retries > 1;
  const saved = congestion.save();
  congestion.onEvent("timeout", conn.flight, context.now, isRepeated);
  if (!isRepeated || loss.undo === undefined) loss.undo = isFirst ? new Undo(conn.sndUna, saved) : undefined;
  const { undo } = loss;
  // RFC 2018 §8: a receiver may have thrown away what it reported; a reported first byte proves that it did.
  if (sent.sackedBytes > 0 && (sent.flagsOf(0) & SENT.sacked) !== 0) {
    sent.forgetSacked();
    conn.owner.recoveries.sacksReneged++;
  }
  // What left a moment ago may yet arrive (RFC 8985 §6.3).
  const keepMs =
    conn.sackPermitted && loss.rack.rttMs > 0 ? loss.rack.rttMs + loss.rack.reorderingWindowMs(rtt.leastMs, rtt.srttMs, false) : 0;
  sent.markAll(context.now, keepMs);
  loss.enter("loss", conn.sndNxt);
  loss.undo = undo;
  loss.isDoubtful = isFirst || isRepeated;
  loss.retransmitAtOnce = true;
  loss.hasTimedOut = true;
  loss.dupAcks = 0;
  conn.owner.recoveries.timeouts++;
  traceWindow(conn, "timeout");
}

/** Everything outstanding did not fit the path: it is sent again at once, without blaming congestion (RFC 1191 §6.5). */
export function resendAll(conn: ControlBlock): void {
  if (conn.flight === 0) return;
  const loss = lossOf(conn);
  conn.sent.markAll(conn.context.now, 0);
  loss.enter("loss", conn.sndNxt);
  loss.undo = undefined;
  loss.retransmitAtOnce = true;
}

/** F-RTO with SACK and without, RFC 5682 §2.1 and §3.1; and the end of recovery after a timeout. */
function acknowledgedAfterTimeout(conn: ControlBlock, loss: LossState, seg: Segment, { advanced, isDuplicate }: Acknowledgement): void {
  loss.prefersNew = false;
  const isDone = seqDiff(conn.sndUna, loss.recoveryPoint) >= 0;
  if (advanced && mayUndo(conn, loss, seg)) {
    timeoutWasSpurious(conn, loss);
    return;
  }
  if (loss.isDoubtful) {
    // Step 3.b: something arrived that was sent before the timeout and never again.
    const ofOriginal = news.lowestOriginal !== undefined && seqDiff(news.lowestOriginalEnd, loss.recoveryPoint) <= 0;
    // Without SACK it may have waited at the peer for what was sent again.
    if (ofOriginal && (conn.sackPermitted || !news.hasResent)) {
      timeoutWasSpurious(conn, loss);
      return;
    }
    if (seqDiff(conn.sndNxt, loss.recoveryPoint) > 0) {
      // Step 3.a: the answer to new text shows that something is missing.
      if (isDuplicate || (!advanced && news.bytes > 0)) loss.isDoubtful = false;
    } else if (advanced && !isDone) {
      // Step 2.b: new text instead of more copies.
      loss.recoveryPoint = conn.sndNxt;
      loss.prefersNew = true;
      return;
    }
  }
  if (!isDone) return;
  traceWindow(conn, "recovered");
  loss.repaired(conn.sndNxt);
}

function timeoutWasSpurious(conn: ControlBlock, loss: LossState): void {
  conn.sent.unmarkLost();
  conn.rtt.forgetBackOff();
  conn.owner.recoveries.spuriousTimeouts++;
  undone(conn, loss);
  loss.repaired(conn.sndNxt);
}

// Undoing

const isOfOriginal = (conn: ControlBlock, { undo }: LossState, { options }: Segment): boolean =>
  undo !== undefined && conn.timestamps !== undefined && options.hasTimestamps && options.tsEcr !== 0 && undo.isOfOriginal(options.tsEcr);

const mayUndo = (conn: ControlBlock, loss: LossState, seg: Segment): boolean =>
  loss.undo?.allArrivedTwice === true || isOfOriginal(conn, loss, seg);

/** After recovery the last D-SACK may show that all of it was for nothing. */
function undoByDuplicates(conn: ControlBlock, loss: LossState): void {
  if (loss.undo?.until !== undefined && loss.undo.allArrivedTwice) {
    conn.owner.recoveries.spuriousRecoveries++;
    undone(conn, loss);
  }
}

/** The window is what it was. What was taken for lost was late, and what was taken for the order of the path is not. */
function undone(conn: ControlBlock, loss: LossState): void {
  if (loss.state !== "loss") loss.rack.reorderings++;
  if (loss.undo !== undefined) conn.congestion.restore(loss.undo.saved);
  loss.undo = undefined;
  traceWindow(conn, "undone");
}

// Tail loss probes

/** TLP_process_ack of RFC 8985 §7.4.2; D-SACKs have been seen to. */
function probeAcknowledged(conn: ControlBlock, loss: LossState, seg: Segment): void {
  const { probe } = loss;
  if (probe === undefined || seqDiff(seg.ack, probe.end) < 0) return;
  if (!probe.isResent) loss.probe = undefined;
  else if (seqDiff(seg.ack, probe.end) > 0) {
    // The copy filled a hole: something was lost, and the network should hear of it (§7.4.1).
    loss.probe = undefined;
    if (loss.state === "recovery" || loss.state === "loss") return;
    conn.congestion.onEvent("loss", conn.flight, conn.context.now, false);
    conn.congestion.onRecovered(Number.POSITIVE_INFINITY);
    conn.owner.recoveries.tailLossesRepaired++;
    traceWindow(conn, "probe-repaired");
  }
}

/** A duplicate without any news: the probe arrived beside its original, so that nothing was lost. */
function probeAnsweredTwice(conn: ControlBlock): void {
  if (conn.loss.probe?.isResent && conn.sndUna === conn.loss.probe.end) lossOf(conn).probe = undefined;
}

// Time

/** The reordering window is over for something (RFC 8985 §6.2 step 5). */
export function reorderingTimedOut(conn: ControlBlock): void {
  if (conn.flight === 0) return;
  news.clear();
  const loss = lossOf(conn);
  const inFlight = inPipe(conn);
  const copiesBefore = conn.sent.copiesLost;
  const reorderingMs = findLost(conn, loss);
  if (loss.state === "recovery" && conn.sent.copiesLost > copiesBefore) copyLost(conn, loss);
  else if (conn.sent.hasDue && loss.state !== "recovery" && loss.state !== "loss") {
    recoveryBegins(conn, loss, inFlight);
    if (loss.prr !== undefined) {
      conn.congestion.cwnd = loss.prr.window(0, inPipe(conn), conn.congestion.ssthresh, conn.sizes.sndMss, false);
    }
  }
  watchAfterAck(conn, true, reorderingMs);
  conn.owner.wantsOutput(conn);
}

// What may leave

/** Bytes believed to be in the network. */
export function inPipe(conn: ControlBlock): number {
  const { sent, loss } = conn;
  if (sent === NOTHING_SENT) return conn.flight;
  if (conn.sackPermitted || loss.state === "loss") return sent.inNetwork;
  // Each duplicate says that one segment has left the network.
  return Math.max(0, sent.inNetwork - loss.dupAcks * conn.sizes.sndMss);
}

/** What fits one datagram: beyond it nobody needs to look for the end of a lost range. */
const MOST_AT_ONCE = 65_535;

/** The next lost range, filled in place; one record for all. */
export interface LostRange {
  start: Seq;
  /** Sequence numbers, a FIN counted. */
  length: number;
}

/** Finds what should be sent again now. @returns whether there is something */
export function nextRetransmission(conn: ControlBlock, into: LostRange): boolean {
  const { sent } = conn;
  if (!sent.hasDue) return false;
  const index = sent.nextDue();
  if (index === sent.count) return false;
  into.start = sent.startOf(index);
  into.length = seqDiff(sent.dueUntil(index, MOST_AT_ONCE), into.start);
  return true;
}

function traceWindow(conn: ControlBlock, why: "fast-retransmit" | "timeout" | "recovered" | "undone" | "probe-repaired"): void {
  const { trace } = conn.context;
  if (!trace.isOn) return;
  const { cwnd, ssthresh } = conn.congestion;
  trace.emit({ type: "cwnd-changed", connection: conn.id, cwnd, ssthresh, why, ...sequenceSpace(conn) });
}
