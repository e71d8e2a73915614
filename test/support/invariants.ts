import { type Seq, seqDiff } from "../../src/stack/core/seq.ts";
import type { Host, TurnObserver } from "../../src/stack/host/host.ts";
import { ALARM } from "../../src/stack/tcp/alarm.ts";
import type { ControlBlock } from "../../src/stack/tcp/control-block.ts";
import { SENT } from "../../src/stack/tcp/sent.ts";
import { NOTHING_SENT } from "../../src/stack/tcp/sent-pool.ts";
import type { RangesView } from "../../src/stack/tcp/sequence-ranges.ts";
import { tcpOf } from "./insides.ts";

const SYNCHRONIZED = new Set(["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK"]);

/** What must not go back from one turn to the next. */
interface Marks {
  readonly sndUna: Seq;
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly rcvAdv: Seq;
}

/**
 * Looks at every connection of a host after each of its turns and throws at the first thing that cannot be, with the run and the turn in
 * which it was found: the same seed leads there again.
 */
export class Invariants implements TurnObserver {
  readonly #host: Host;
  readonly #run: string;
  readonly #marks = new Map<ControlBlock, Marks>();
  turns = 0;

  /** @param run names the run, its seed at least */
  constructor(host: Host, run: string) {
    this.#host = host;
    this.#run = run;
    host.turnObserver = this;
  }

  turnBegins(): void {
    this.turns++;
  }

  turnEnded(): void {
    const tcp = tcpOf(this.#host);
    const alive = new Set<ControlBlock>();
    for (const conn of tcp.connections()) {
      alive.add(conn);
      for (const broken of brokenRules(conn, tcp.isBlocked, this.#marks.get(conn))) this.#fail(conn, broken);
      if (SYNCHRONIZED.has(conn.state)) {
        this.#marks.set(conn, { sndUna: conn.sndUna, sndNxt: conn.sndNxt, rcvNxt: conn.rcvNxt, rcvAdv: conn.rcvAdv });
      }
    }
    for (const gone of this.#marks.keys()) {
      if (alive.has(gone)) continue;
      this.#marks.delete(gone);
      if (Object.values(ALARM).some((alarm) => gone.alarms.isPending(alarm))) this.#fail(gone, "a connection that is gone has no alarm");
    }
  }

  #fail(conn: ControlBlock, rule: string): never {
    const where = `${this.#run}, turn ${this.turns} at ${this.#host.context.now} ms`;
    throw new Error(`Cannot be (${where}): ${rule}; connection ${conn.id}, ${conn.label}, in ${conn.state}`);
  }
}

/**
 * The rules that a connection breaks between two turns, each in words.
 * @param isBlocked some connection waits for its device
 */
export function brokenRules(conn: ControlBlock, isBlocked: boolean, before?: Marks): string[] {
  if (!SYNCHRONIZED.has(conn.state)) return [];
  // What waits for the device, or for the end of a turn that had too much to do, needs no alarm.
  const waits = conn.turn.isOutputQueued || isBlocked ? [] : alarmRules(conn);
  return [...windowRules(conn), ...(before === undefined ? [] : progressRules(conn, before)), ...rangeRules(conn), ...waits]
    .filter(([holds]) => !holds)
    .map(([, rule]) => rule);
}

type Rule = readonly [holds: boolean, text: string];

/** A probe of the window takes a number beyond what the peer has offered. */
const BEYOND_WINDOW = 1;

function windowRules(conn: ControlBlock): Rule[] {
  return [
    [conn.flight >= 0, "SND.UNA is not beyond SND.NXT"],
    [conn.flight <= conn.maxSndWnd + BEYOND_WINDOW, "no more is in flight than the peer has ever offered"],
    [conn.sndWnd <= conn.maxSndWnd, "SND.WND is not above the largest window"],
    [seqDiff(conn.rcvNxt, conn.lastAckSent) >= 0, "nothing is acknowledged that has not come"],
    [conn.rcvWnd >= 0, "the window is not negative"],
    [seqDiff(conn.sendBuffer.end, conn.sndNxt) >= (conn.finSent ? -1 : 0), "nothing is sent that was not written"],
  ];
}

function progressRules(conn: ControlBlock, before: Marks): Rule[] {
  return [
    [seqDiff(conn.sndUna, before.sndUna) >= 0, "SND.UNA does not go back"],
    [seqDiff(conn.sndNxt, before.sndNxt) >= 0, "SND.NXT does not go back"],
    [seqDiff(conn.rcvNxt, before.rcvNxt) >= 0, "RCV.NXT does not go back"],
    [seqDiff(conn.rcvAdv, before.rcvAdv) >= 0, "the right edge of the window does not go back"],
  ];
}

function rangeRules(conn: ControlBlock): Rule[] {
  const { outOfOrder, rcvNxt } = conn.receiveBuffer;
  return [...logRules(conn), [areOrdered(outOfOrder, rcvNxt, conn.rcvAdv), "text out of order is in order, within the window"]];
}

/** Disjoint, merged, ascending, in [from, to]; the bytes are their sum. */
function areOrdered(ranges: RangesView, from: Seq, to: Seq): boolean {
  let last = from;
  let bytes = 0;
  for (let i = 0; i < ranges.count; i++) {
    const isApart = i === 0 ? seqDiff(ranges.start(i), last) >= 0 : seqDiff(ranges.start(i), last) > 0;
    const length = seqDiff(ranges.end(i), ranges.start(i));
    if (!isApart || length <= 0) return false;
    bytes += length;
    last = ranges.end(i);
  }
  return bytes === ranges.bytes && seqDiff(to, last) >= 0;
}

/** The log of transmissions covers what is outstanding, in order, and its sums are those of its records. */
function logRules(conn: ControlBlock): Rule[] {
  const { sent } = conn;
  if (sent === NOTHING_SENT) return [[conn.flight === 0, "what is in flight is in the log"]];
  let at = conn.sndUna;
  let isOrdered = sent.start === conn.sndUna && sent.end === conn.sndNxt;
  const sums = { sacked: 0, lost: 0, resent: 0, segments: 0 };
  for (let i = 0; i < sent.count; i++) {
    const length = seqDiff(sent.endOf(i), sent.startOf(i));
    const flags = sent.flagsOf(i);
    if (sent.startOf(i) !== at || length <= 0) isOrdered = false;
    at = sent.endOf(i);
    if ((flags & SENT.sacked) !== 0) sums.sacked += length;
    if ((flags & SENT.lost) !== 0) sums.lost += length;
    if ((flags & SENT.resent) !== 0) sums.resent += length;
  }
  return [
    [isOrdered, "the log of transmissions is what is in flight, in order"],
    [sums.sacked === sent.sackedBytes && sums.lost === sent.lostBytes && sums.resent === sent.resentBytes, "the log's sums are right"],
    [sent.inNetwork >= 0, "no less than nothing is in the network"],
    [sent.segments >= sent.sackedSegments + sent.lostSegments, "a segment is reported or lost, not both"],
  ];
}

function alarmRules(conn: ControlBlock): Rule[] {
  const ofLoss = [ALARM.retransmission, ALARM.tailLossProbe, ALARM.reordering].filter((alarm) => conn.alarms.isPending(alarm)).length;
  const hasRetransmission = ofLoss > 0;
  const hasPersist = conn.alarms.isPending(ALARM.persist);
  const hasWork = conn.flight > 0 || conn.unsentBytes > 0 || conn.isFinDue;
  return [
    [ofLoss + Number(hasPersist) <= 1, "of retransmission, probe, reordering and persist one runs at a time (RFC 8985 §8)"],
    [hasWork || !(hasRetransmission || hasPersist), "who has nothing to send has no alarm for it"],
    [!hasWork || hasRetransmission || hasPersist, "who has something to send sends it, or has an alarm for it"],
  ];
}
