import { seqShown } from "../core/seq.ts";
import type { ConnectionVariables, SequenceRange, Trace } from "../core/trace.ts";
import type { ConnectionWait } from "../core/wait-reasons.ts";
import { sequenceSpace } from "./connection-trace.ts";
import type { ControlBlock } from "./control-block.ts";
import type { RangesView } from "./sequence-ranges.ts";
import { waitOf } from "./wait-reason.ts";

/** What the trace shows of a connection at one moment. In TIME-WAIT there are no variables any more. */
export interface ConnectionPicture {
  readonly variables?: ConnectionVariables;
  readonly wait: ConnectionWait;
}

/** A connection, one that is packed, or what is left of one. */
interface Pictured {
  readonly id: number;
  /** Undefined when nothing can be said. */
  picture(): ConnectionPicture | undefined;
}

interface ToldOfConnection {
  variables: ConnectionVariables | undefined;
  wait: ConnectionWait | undefined;
}

/**
 * Tells the trace at the end of a turn what is different in the connections that were touched since: their variables, and what they wait
 * for. It keeps what it told, while the trace is on.
 */
export class ConnectionNews {
  readonly #trace: Trace;
  readonly #touched = new Map<number, Pictured>();
  readonly #told = new Map<number, ToldOfConnection>();

  constructor(trace: Trace) {
    this.#trace = trace;
    trace.whenOff(() => {
      this.#touched.clear();
      this.#told.clear();
    });
  }

  /** Something may be different in it. Ask first whether the trace is on. */
  touch(subject: Pictured): void {
    this.#touched.set(subject.id, subject);
  }

  /** All of it is told again: there is somebody who has not heard it. */
  tellAnew(subject: Pictured): void {
    this.#told.delete(subject.id);
    this.touch(subject);
  }

  forget(id: number): void {
    this.#touched.delete(id);
    this.#told.delete(id);
  }

  /** Ask first whether the trace is on. */
  tell(): void {
    for (const subject of this.#touched.values()) {
      this.#touched.delete(subject.id);
      const picture = subject.picture();
      if (picture === undefined) continue;
      const told = this.#told.get(subject.id) ?? { variables: undefined, wait: undefined };
      this.#told.set(subject.id, told);
      if (picture.variables !== undefined) this.#tellVariables(subject.id, told, picture.variables);
      this.#tellWait(subject.id, told, picture.wait);
    }
  }

  #tellVariables(connection: number, told: ToldOfConnection, now: ConnectionVariables): void {
    const variables = told.variables === undefined ? now : differences(told.variables, now);
    if (variables === undefined) return;
    told.variables = now;
    this.#trace.emit({ type: "variables-changed", connection, variables });
  }

  #tellWait(connection: number, told: ToldOfConnection, { reason, byteCount, timer, untilMs }: ConnectionWait): void {
    const before = told.wait;
    if (before?.reason === reason && before.timer === timer && before.untilMs === untilMs) return;
    told.wait = { reason, byteCount, timer, untilMs };
    this.#trace.emit({
      type: "waits-changed",
      connection,
      reason,
      ...(byteCount === undefined ? {} : { byteCount }),
      ...(timer === undefined ? {} : { timer }),
      ...(untilMs === undefined ? {} : { untilMs }),
    });
  }
}

export const pictureOf = (conn: ControlBlock): ConnectionPicture => ({ variables: variablesOf(conn), wait: waitOf(conn) });

function variablesOf(conn: ControlBlock): ConnectionVariables {
  const { congestion, rtt, loss } = conn;
  return {
    ...sequenceSpace(conn),
    iss: seqShown(conn.iss),
    irs: seqShown(conn.irs),
    cwnd: congestion.cwnd,
    ssthresh: Number.isFinite(congestion.ssthresh) ? congestion.ssthresh : 0,
    flight: conn.flight,
    srttMs: rtt.srttMs,
    rttvarMs: rtt.rttvarMs,
    rtoMs: rtt.timeoutMs,
    mss: conn.sizes.effSndMss,
    sendQueueBytes: conn.sendBuffer.length,
    receiveQueueBytes: conn.readableBytes,
    retransmissions: conn.retransmissions,
    duplicateAcks: loss.dupAcks,
    recovery: loss.state,
    sacked:
      conn.sent.sackedBytes === 0
        ? NO_RANGES
        : Array.from(conn.sent.sackedRanges(), ([start, end]): SequenceRange => [seqShown(start), seqShown(end)]),
    held: rangesOf(conn.receiveBuffer.outOfOrder),
  };
}

const NO_RANGES: readonly SequenceRange[] = [];

function rangesOf(ranges: RangesView): readonly SequenceRange[] {
  if (ranges.count === 0) return NO_RANGES;
  return Array.from({ length: ranges.count }, (_, i): SequenceRange => [seqShown(ranges.start(i)), seqShown(ranges.end(i))]);
}

/** Those of `now` that are others than before; undefined when none is. */
function differences(before: ConnectionVariables, now: ConnectionVariables): Partial<ConnectionVariables> | undefined {
  const changed = Object.entries(now).filter(([name, value]) => !isSame(before[name as keyof ConnectionVariables], value));
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

function isSame(a: ConnectionVariables[keyof ConnectionVariables], b: typeof a): boolean {
  if (typeof a !== "object" || typeof b !== "object") return a === b;
  return a.length === b.length && a.every(([start, end], i) => b[i]![0] === start && b[i]![1] === end);
}
