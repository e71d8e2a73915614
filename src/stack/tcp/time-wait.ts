import { type AddressWords, formatEndpoint, type IpAddress } from "../core/address.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seqDiff, seqShown } from "../core/seq.ts";
import type { Time } from "../core/time.ts";
import type { Timer } from "../core/timers.ts";
import type { Path } from "../ip/path.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import type { Connection } from "./connection.ts";
import { timestampNow } from "./connection-timers.ts";
import { type Flow, FlowTable } from "./flow-table.ts";
import type { Segment } from "./segment.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { EMPTY_STATUS } from "./status.ts";
import type { ConnectionStatus } from "./tcp-user.ts";

/** Connections remembered at once; beyond it the oldest is forgotten early. */
const TIME_WAIT_CAP = 65_536;

/** What is left of a connection in TIME-WAIT: enough to answer its peer, RFC 9293 §3.10.7.4. */
export class TimeWait implements Flow {
  readonly id: number;
  readonly state = "TIME-WAIT";
  readonly label: string;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  readonly path: Path;
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly timer: Timer;
  readonly #time: Time;
  readonly #durationMs: number;
  readonly #timestamps: readonly [number, number] | undefined;

  constructor(conn: Connection, expired: (timeWait: TimeWait) => void) {
    this.id = conn.id;
    this.local = conn.local;
    this.localPort = conn.localPort;
    this.remote = conn.remote;
    this.remotePort = conn.remotePort;
    this.path = conn.path;
    this.sndNxt = conn.sndNxt;
    this.rcvNxt = conn.rcvNxt;
    this.#time = conn.context;
    this.#durationMs = conn.context.profile.timeWaitMs;
    this.#timestamps = conn.timestamps ? [timestampNow(conn), conn.tsRecent] : undefined;
    this.label = conn.label;
    this.timer = conn.context.timers.timer(
      "time-wait",
      () => this.label,
      () => expired(this),
      { connection: this.id },
    );
    this.timer.set(this.#durationMs);
  }

  /** As a row of `ss`. */
  status(): ConnectionStatus {
    const { id, sndNxt, rcvNxt, timer } = this;
    const local = formatEndpoint(this.local, this.localPort);
    const remote = formatEndpoint(this.remote, this.remotePort);
    const timers = [{ name: timer.name, inMs: timer.deadlineMs - this.#time.now }];
    return { ...EMPTY_STATUS, id, state: "TIME-WAIT", local, remote, sndNxt: seqShown(sndNxt), rcvNxt: seqShown(rcvNxt), timers };
  }

  /** @returns `reopen` when the segment is a SYN that a listener may answer as a new connection (RFC 1122 §4.2.2.13), else the verdict */
  segmentArrives(seg: Segment, writer: SegmentWriter): SegmentVerdict | "reopen" {
    // A reset could end this state early and let old segments into a new connection (RFC 1337 §3, fix 1).
    if (seg.has(RST)) return "rst-in-time-wait";
    if (seg.has(SYN)) {
      if (!seg.has(ACK) && seqDiff(seg.seq, this.rcvNxt) > 0) return "reopen";
    } else if (seg.seq === this.rcvNxt && seg.length === 0) {
      return "accepted";
    } else if (seg.has(FIN)) {
      this.timer.set(this.#durationMs);
    }
    writer.bareAck(this.path, this.localPort, this.remotePort, this.sndNxt, this.rcvNxt, this.#timestamps);
    return "answered-in-time-wait";
  }
}

/** Every connection in TIME-WAIT, by its flow and by age. */
export class TimeWaits {
  readonly #byFlow: FlowTable<TimeWait>;
  /** In the order in which they began: the first is the oldest. */
  readonly #byAge = new Set<TimeWait>();
  readonly #forgotten: (timeWait: TimeWait) => void;

  /** @param forgotten hears of each that is over */
  constructor(hash: KeyedHash, forgotten: (timeWait: TimeWait) => void) {
    this.#byFlow = new FlowTable(hash);
    this.#forgotten = forgotten;
  }

  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): TimeWait | undefined {
    return this.#byFlow.find(local, localPort, remote, remotePort);
  }

  get size(): number {
    return this.#byAge.size;
  }

  all(): IterableIterator<TimeWait> {
    return this.#byAge.values();
  }

  /** Keeps what is left of a connection for the profile's time. */
  remember(conn: Connection): void {
    const oldest: TimeWait | undefined = this.#byAge.values().next().value;
    if (oldest !== undefined && this.#byAge.size >= TIME_WAIT_CAP) this.forget(oldest);
    const timeWait = new TimeWait(conn, (expired) => this.forget(expired));
    this.#byFlow.add(timeWait);
    this.#byAge.add(timeWait);
  }

  forget(timeWait: TimeWait): void {
    timeWait.timer.cancel();
    this.#byFlow.delete(timeWait);
    if (this.#byAge.delete(timeWait)) this.#forgotten(timeWait);
  }
}
