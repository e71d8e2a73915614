import type { HostContext } from "../core/context.ts";
import { seqShown } from "../core/seq.ts";
import type { ConnectionVariables, SequenceRange } from "../core/trace.ts";
import { sequenceSpace } from "./connection-trace.ts";
import type { ControlBlock } from "./control-block.ts";
import type { RangesView } from "./sequence-ranges.ts";
import { type ConnectionWait, waitOf } from "./wait-reason.ts";

/** Ranges that are told of one connection; more of them nobody can draw. */
const MAX_RANGES = 32;

interface Standing {
  readonly variables: ConnectionVariables;
  readonly wait: ConnectionWait;
}

/** Tells the trace, at the end of each turn, what it changed in connections: their variables, and what they wait for. Empty while the trace is off. */
export class ConnectionTellings {
  readonly #context: HostContext;
  readonly #isBlocked: (conn: ControlBlock) => boolean;
  /** With where they stood, for those that stand nowhere any more. */
  readonly #touched = new Map<ControlBlock, Standing | undefined>();
  /** By the connection's number, for one that was packed comes back as another. */
  readonly #told = new Map<number, Standing>();

  constructor(context: HostContext, isBlocked: (conn: ControlBlock) => boolean) {
    this.#context = context;
    this.#isBlocked = isBlocked;
  }

  /** Something may have changed in it. The trace is on. */
  touch(conn: ControlBlock): void {
    this.#touched.set(conn, undefined);
  }

  /** A connection that was touched is about to be packed: what is told of it is what is so now. */
  settle(conn: ControlBlock): void {
    if (this.#touched.has(conn)) this.#touched.set(conn, this.#standingOf(conn));
  }

  forget(connection: number): void {
    this.#told.delete(connection);
  }

  /** Somebody new listens, who has to be told everything about these. */
  tellAnew(connections: Iterable<ControlBlock>): void {
    this.#told.clear();
    for (const conn of connections) this.#touched.set(conn, undefined);
  }

  /** The end of a turn. */
  tell(): void {
    if (this.#touched.size === 0) return;
    const { isOn } = this.#context.trace;
    if (isOn)
      for (const [conn, standing] of this.#touched) if (conn.state !== "CLOSED") this.#tellOf(conn.id, standing ?? this.#standingOf(conn));
    this.#touched.clear();
    // What was told nobody remembers who comes later.
    if (!isOn) this.#told.clear();
  }

  #standingOf(conn: ControlBlock): Standing {
    return { variables: variablesOf(conn), wait: waitOf(conn, this.#isBlocked(conn)) };
  }

  #tellOf(connection: number, { variables, wait }: Standing): void {
    const { trace } = this.#context;
    const before = this.#told.get(connection);
    const changes = before === undefined ? variables : changesOf(before.variables, variables);
    if (changes !== undefined) trace.emit({ type: "variables-changed", connection, variables: changes });
    if (before !== undefined && !isOther(before.wait, wait)) {
      this.#told.set(connection, { variables, wait: before.wait });
      return;
    }
    const { reason, byteCount, timer, untilMs } = wait;
    trace.emit({
      type: "waits-changed",
      connection,
      reason,
      ...(byteCount === 0 ? {} : { byteCount }),
      ...(timer === undefined || untilMs === undefined ? {} : { timer, untilMs }),
    });
    this.#told.set(connection, { variables, wait });
  }
}

/** While it is a stream that waits for acknowledgements, their every number would be news; what waits for a timer alone says when. */
const isOther = (before: ConnectionWait, now: ConnectionWait): boolean =>
  before.reason !== now.reason || (before.untilMs !== now.untilMs && WAIT_FOR_TIMERS.has(now.reason));
const WAIT_FOR_TIMERS: ReadonlySet<string> = new Set(["syn-answer", "handshake-end", "loss-timeout", "peer-window-shut"]);

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
    recovery: loss.recovery === "none" ? "open" : loss.recovery === "fast" ? "recovery" : "loss",
    sacked: rangesIn(loss.scoreboard),
    held: rangesIn(conn.receiveBuffer.outOfOrder),
  };
}

const rangesIn = (ranges: RangesView): SequenceRange[] =>
  Array.from({ length: Math.min(ranges.count, MAX_RANGES) }, (_, i) => [seqShown(ranges.start(i)), seqShown(ranges.end(i))] as const);

/** Those that differ; undefined when none does. */
function changesOf(before: ConnectionVariables, now: ConnectionVariables): Partial<ConnectionVariables> | undefined {
  const changes = Object.entries(now).filter(([name, value]) => !isSame(before[name as keyof ConnectionVariables], value));
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return (
    a.length === b.length &&
    a.every((each: SequenceRange, i) => each[0] === (b[i] as SequenceRange)[0] && each[1] === (b[i] as SequenceRange)[1])
  );
}
