import { formatEndpoint } from "../core/address.ts";
import { type Seq, seqDiff } from "../core/seq.ts";
import type { Timer } from "../core/timers.ts";
import type { Path } from "../ip/path.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import type { Connection } from "./connection.ts";
import { timestampNow } from "./connection-timers.ts";
import type { Flow } from "./flow-table.ts";
import type { Segment } from "./segment.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** Connections remembered at once; beyond it the oldest is forgotten early. */
export const TIME_WAIT_CAP = 65_536;

/** What is left of a connection in TIME-WAIT: enough to answer its peer, RFC 9293 §3.10.7.4. */
export class TimeWait implements Flow {
  readonly id: number;
  readonly localV4: number;
  readonly localPort: number;
  readonly remoteV4: number;
  readonly remotePort: number;
  readonly path: Path;
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly timer: Timer;
  readonly #durationMs: number;
  readonly #timestamps: readonly [number, number] | undefined;

  constructor(conn: Connection, expired: (timeWait: TimeWait) => void) {
    this.id = conn.id;
    this.localV4 = conn.localV4;
    this.localPort = conn.localPort;
    this.remoteV4 = conn.remoteV4;
    this.remotePort = conn.remotePort;
    this.path = conn.path;
    this.sndNxt = conn.sndNxt;
    this.rcvNxt = conn.rcvNxt;
    this.#durationMs = conn.context.profile.timeWaitMs;
    this.#timestamps = conn.timestamps ? [timestampNow(conn), conn.tsRecent] : undefined;
    const label = conn.label;
    this.timer = conn.context.timers.timer(
      "time-wait",
      () => label,
      () => expired(this),
    );
    this.timer.set(this.#durationMs);
  }

  get local(): string {
    return formatEndpoint(this.path.local, this.localPort);
  }

  get remote(): string {
    return formatEndpoint(this.path.remote, this.remotePort);
  }

  /** @returns `reopen` when the segment is a SYN that a listener may answer as a new connection (RFC 1122 §4.2.2.13), else the verdict */
  segmentArrives(seg: Segment, writer: SegmentWriter): string {
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
