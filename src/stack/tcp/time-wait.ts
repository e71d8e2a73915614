import { type AddressWords, formatEndpoint, type IpAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seqDiff, seqShown } from "../core/seq.ts";
import { type PendingTimer, QueueEntry, type TimerHolder, type TimerSubject } from "../core/timers.ts";
import type { ConnectionWait } from "../core/wait-reasons.ts";
import type { Ip } from "../ip/ip.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import type { ConnectionNews, ConnectionPicture } from "./connection-news.ts";
import type { ControlBlock } from "./control-block.ts";
import { type Flow, FlowTable } from "./flow-table.ts";
import type { Segment } from "./segment.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { EMPTY_STATUS, waitStatus } from "./status.ts";
import type { ConnectionStatus, TcpState } from "./tcp-user.ts";
import { timestampNow } from "./timestamps.ts";

/** Connections remembered at once; beyond it the oldest is forgotten early. */
const TIME_WAIT_CAP = 65_536;
/** As the trace and listings name it. */
const TIMER = "time-wait";

/** What is left of a connection in TIME-WAIT: enough to answer its peer, RFC 9293 §3.10.7.4. */
class TimeWait implements Flow, TimerHolder {
  readonly id: number;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly hasTimestamps: boolean;
  readonly tsVal: number;
  readonly tsRecent: number;
  /** When it is over, on the host's clock. */
  endsAtMs = 0;
  older: TimeWait | undefined;
  newer: TimeWait | undefined;

  constructor(conn: ControlBlock) {
    this.id = conn.id;
    this.local = conn.local;
    this.localPort = conn.localPort;
    this.remote = conn.remote;
    this.remotePort = conn.remotePort;
    this.sndNxt = conn.sndNxt;
    this.rcvNxt = conn.rcvNxt;
    this.hasTimestamps = conn.timestamps !== undefined;
    this.tsVal = this.hasTimestamps ? timestampNow(conn) : 0;
    this.tsRecent = conn.timestamps?.recent ?? 0;
  }

  get state(): TcpState {
    return "TIME-WAIT";
  }

  get label(): string {
    return `${formatEndpoint(this.local, this.localPort)} – ${formatEndpoint(this.remote, this.remotePort)}`;
  }

  get wait(): ConnectionWait {
    return { reason: "time-wait", timer: TIMER, untilMs: this.endsAtMs };
  }

  picture(): ConnectionPicture {
    return { wait: this.wait };
  }

  get subject(): TimerSubject {
    return { connection: this.id };
  }
}

/**
 * Every connection in TIME-WAIT, by its flow and by age. All wait equally long, so that the order in which they began is that in which
 * they end, and one place in the queue of timers, the oldest one's, does for all.
 */
export class TimeWaits extends QueueEntry {
  readonly #context: HostContext;
  readonly #ip: Ip;
  readonly #writer: SegmentWriter;
  readonly #byFlow: FlowTable<TimeWait>;
  readonly #news: ConnectionNews;
  readonly #forgotten: (timeWait: TimeWait) => void;
  #oldest: TimeWait | undefined;
  #newest: TimeWait | undefined;

  /** @param forgotten hears of each that is over */
  constructor(
    context: HostContext,
    ip: Ip,
    writer: SegmentWriter,
    hash: KeyedHash,
    news: ConnectionNews,
    forgotten: (timeWait: TimeWait) => void,
  ) {
    super();
    this.#context = context;
    this.#ip = ip;
    this.#writer = writer;
    this.#byFlow = new FlowTable(hash);
    this.#news = news;
    this.#forgotten = forgotten;
    this.order = context.timers.drawOrder();
  }

  override get keepsOrder(): boolean {
    return true;
  }

  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): TimeWait | undefined {
    return this.#byFlow.find(local, localPort, remote, remotePort);
  }

  get size(): number {
    return this.#byFlow.size;
  }

  /** Keeps what is left of a connection for the profile's time. */
  remember(conn: ControlBlock): void {
    if (this.#oldest !== undefined && this.size >= TIME_WAIT_CAP) this.forget(this.#oldest);
    const timeWait = new TimeWait(conn);
    this.#byFlow.add(timeWait);
    this.#begin(timeWait);
  }

  /** Before its time. */
  forget(timeWait: TimeWait): void {
    this.#context.timers.observer?.timerCancelled(TIMER, timeWait);
    this.#remove(timeWait);
  }

  #remove(timeWait: TimeWait): void {
    this.#unlink(timeWait);
    this.#byFlow.delete(timeWait);
    this.#forgotten(timeWait);
  }

  /** @returns `reopen` when the segment is a SYN that a listener may answer as a new connection (RFC 1122 §4.2.2.13), else the verdict */
  segmentArrives(timeWait: TimeWait, seg: Segment): SegmentVerdict | "reopen" {
    // A reset could end this state early and let old segments into a new connection (RFC 1337 §3, fix 1).
    if (seg.has(RST)) return "rst-in-time-wait";
    if (seg.has(SYN)) {
      if (!seg.has(ACK) && seqDiff(seg.seq, timeWait.rcvNxt) > 0) return "reopen";
    } else if (seg.seq === timeWait.rcvNxt && seg.length === 0) {
      return "accepted";
    } else if (seg.has(FIN)) {
      this.#unlink(timeWait);
      this.#begin(timeWait);
    }
    const { local, remote, localPort, remotePort, sndNxt, rcvNxt, hasTimestamps, tsVal, tsRecent } = timeWait;
    const path = this.#ip.pathTo(remote, local);
    if (typeof path === "string") return path;
    this.#writer.bareAck(path, localPort, remotePort, sndNxt, rcvNxt, hasTimestamps ? [tsVal, tsRecent] : undefined);
    return "answered-in-time-wait";
  }

  /** The oldest first. */
  all(): TimeWait[] {
    return this.#map((timeWait) => timeWait);
  }

  /** As rows of `ss`, the oldest first. */
  statuses(): ConnectionStatus[] {
    const { now } = this.#context;
    return this.#map(({ id, local, localPort, remote, remotePort, sndNxt, rcvNxt, endsAtMs, wait }) => ({
      ...EMPTY_STATUS,
      id,
      state: "TIME-WAIT",
      local: formatEndpoint(local, localPort),
      remote: formatEndpoint(remote, remotePort),
      sndNxt: seqShown(sndNxt),
      rcvNxt: seqShown(rcvNxt),
      timers: [{ name: TIMER, inMs: endsAtMs - now }],
      wait: waitStatus(wait, now),
    }));
  }

  // Its place in the queue

  get dueMs(): number {
    return this.#oldest?.endsAtMs ?? Number.POSITIVE_INFINITY;
  }

  goOff(): void {
    const { timers } = this.#context;
    const over = this.#oldest!;
    timers.observer?.timerFired(TIMER, over);
    this.#remove(over);
    if (this.#oldest !== undefined) timers.add(this, this.dueMs);
  }

  pending(): PendingTimer[] {
    return this.#map(({ label, endsAtMs }) => ({ name: TIMER, owner: label, deadlineMs: endsAtMs }));
  }

  #map<T>(row: (timeWait: TimeWait) => T): T[] {
    const rows: T[] = [];
    for (let timeWait = this.#oldest; timeWait !== undefined; timeWait = timeWait.newer) rows.push(row(timeWait));
    return rows;
  }

  /** As the newest. */
  #begin(timeWait: TimeWait): void {
    const { timers, now, profile } = this.#context;
    timers.observer?.timerSet(TIMER, timeWait, profile.timeWaitMs);
    timeWait.endsAtMs = now + profile.timeWaitMs;
    if (this.#context.trace.isOn) this.#news.touch(timeWait);
    timeWait.older = this.#newest;
    timeWait.newer = undefined;
    if (this.#newest === undefined) this.#oldest = timeWait;
    else this.#newest.newer = timeWait;
    this.#newest = timeWait;
    if (this.heapIndex < 0) timers.add(this, this.dueMs);
  }

  #unlink(timeWait: TimeWait): void {
    const { older, newer } = timeWait;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}
