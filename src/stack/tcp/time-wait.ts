import { type AddressWords, formatEndpoint, type IpAddress } from "../core/address.ts";
import type { HostContext } from "../core/context.ts";
import type { SegmentVerdict } from "../core/drop-reasons.ts";
import type { KeyedHash } from "../core/keyed-hash.ts";
import { type Seq, seq, seqDiff, seqShown } from "../core/seq.ts";
import { type PendingTimer, QueueEntry, type TimerHolder, type TimerSubject } from "../core/timers.ts";
import type { ConnectionWait } from "../core/wait-reasons.ts";
import type { Ip } from "../ip/ip.ts";
import { ACK, FIN, RST, SYN } from "../packet/tcp.ts";
import type { ConnectionNews, ConnectionPicture } from "./connection-news.ts";
import type { ControlBlock } from "./control-block.ts";
import type { Flow } from "./flow-table.ts";
import type { TcpLimits } from "./limits.ts";
import { FIRST_COLUMN, PackedFlows } from "./packed-flows.ts";
import type { Segment } from "./segment.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { EMPTY_STATUS, waitStatus } from "./status.ts";
import type { ConnectionStatus, TcpState } from "./tcp-user.ts";

/** As the trace and listings name it. */
const TIMER = "time-wait";

/** Columns of what is left of a connection: who it was, where both sides stood, and its neighbours in age. */
const COLUMN = {
  id: FIRST_COLUMN,
  sndNxt: FIRST_COLUMN + 1,
  rcvNxt: FIRST_COLUMN + 2,
  /** Our TSval less our clock, where timestamps were agreed on. */
  tsOffset: FIRST_COLUMN + 3,
  tsRecent: FIRST_COLUMN + 4,
  flags: FIRST_COLUMN + 5,
  older: FIRST_COLUMN + 6,
  newer: FIRST_COLUMN + 7,
} as const;
const COLUMNS = FIRST_COLUMN + 8;
const ENDS_AT = 0;
const HAS_TIMESTAMPS = 1;
const NONE = -1;

/** What is left of a connection in TIME-WAIT, enough to answer its peer (RFC 9293 §3.10.7.4), as its record says it at one moment. */
export class TimeWait implements Flow, TimerHolder {
  readonly record: number;
  readonly id: number;
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly hasTimestamps: boolean;
  readonly tsOffset: number;
  readonly tsRecent: number;
  /** When it is over, on the host's clock. */
  readonly endsAtMs: number;

  constructor(flows: PackedFlows, record: number) {
    this.record = record;
    this.id = flows.word(record, COLUMN.id);
    this.local = flows.local(record);
    this.localPort = flows.localPort(record);
    this.remote = flows.remote(record);
    this.remotePort = flows.remotePort(record);
    this.sndNxt = seq(flows.word(record, COLUMN.sndNxt));
    this.rcvNxt = seq(flows.word(record, COLUMN.rcvNxt));
    this.hasTimestamps = (flows.word(record, COLUMN.flags) & HAS_TIMESTAMPS) !== 0;
    this.tsOffset = flows.word(record, COLUMN.tsOffset);
    this.tsRecent = flows.word(record, COLUMN.tsRecent);
    this.endsAtMs = flows.time(record, ENDS_AT);
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
  readonly #flows: PackedFlows;
  readonly #news: ConnectionNews;
  readonly #limits: Readonly<TcpLimits>;
  readonly #forgotten: (timeWait: TimeWait) => void;
  /** Ends of the queue by age, as numbers of records. */
  #oldest = NONE;
  #newest = NONE;

  /** @param forgotten hears of each that is over */
  constructor(
    context: HostContext,
    ip: Ip,
    writer: SegmentWriter,
    hash: KeyedHash,
    news: ConnectionNews,
    limits: Readonly<TcpLimits>,
    forgotten: (timeWait: TimeWait) => void,
  ) {
    super();
    this.#context = context;
    this.#ip = ip;
    this.#writer = writer;
    this.#flows = new PackedFlows(hash, COLUMNS, 1);
    this.#news = news;
    this.#limits = limits;
    this.#forgotten = forgotten;
    this.order = context.timers.drawOrder();
  }

  override get keepsOrder(): boolean {
    return true;
  }

  find(local: AddressWords, localPort: number, remote: AddressWords, remotePort: number): TimeWait | undefined {
    const record = this.#flows.find(local, localPort, remote, remotePort);
    return record < 0 ? undefined : this.#at(record);
  }

  get size(): number {
    return this.#flows.size;
  }

  #at(record: number): TimeWait {
    return new TimeWait(this.#flows, record);
  }

  /** Keeps what is left of a connection for the profile's time. */
  remember(conn: ControlBlock): void {
    if (this.size > 0 && this.size >= this.#limits.timeWaits) this.forget(this.#at(this.#oldest));
    const flows = this.#flows;
    const record = flows.add(conn.local, conn.localPort, conn.remote, conn.remotePort);
    const { timestamps } = conn;
    flows.setWord(record, COLUMN.id, conn.id);
    flows.setWord(record, COLUMN.sndNxt, conn.sndNxt);
    flows.setWord(record, COLUMN.rcvNxt, conn.rcvNxt);
    flows.setWord(record, COLUMN.tsOffset, timestamps?.offset ?? 0);
    flows.setWord(record, COLUMN.tsRecent, timestamps?.recent ?? 0);
    flows.setWord(record, COLUMN.flags, timestamps === undefined ? 0 : HAS_TIMESTAMPS);
    this.#begin(record);
  }

  /** Before its time. */
  forget(timeWait: TimeWait): void {
    this.#context.timers.observer?.timerCancelled(TIMER, timeWait);
    this.#remove(timeWait);
  }

  #remove(timeWait: TimeWait): void {
    this.#unlink(timeWait.record);
    this.#flows.delete(timeWait.record);
    this.#forgotten(timeWait);
  }

  /** @returns `reopen` when the segment is a SYN that a listener may answer as a new connection, else the verdict */
  segmentArrives(timeWait: TimeWait, seg: Segment): SegmentVerdict | "reopen" {
    // A reset could end this state early and let old segments into a new connection (RFC 1337 §3, fix 1).
    if (seg.has(RST)) return "rst-in-time-wait";
    if (seg.has(SYN)) {
      if (!seg.has(ACK) && isOfNewConnection(timeWait, seg)) return "reopen";
    } else if (seg.seq === timeWait.rcvNxt && seg.length === 0) {
      return "accepted";
    } else if (seg.has(FIN)) {
      this.#unlink(timeWait.record);
      this.#begin(timeWait.record);
    }
    const { local, remote, localPort, remotePort, sndNxt, rcvNxt, hasTimestamps, tsOffset, tsRecent } = timeWait;
    const path = this.#ip.pathTo(remote, local);
    if (typeof path === "string") return path;
    const tsVal = (Math.floor(this.#context.now) + tsOffset) | 0;
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
    return this.#oldest < 0 ? Number.POSITIVE_INFINITY : this.#flows.time(this.#oldest, ENDS_AT);
  }

  goOff(): void {
    const { timers } = this.#context;
    const over = this.#at(this.#oldest);
    timers.observer?.timerFired(TIMER, over);
    this.#remove(over);
    if (this.#oldest >= 0) timers.add(this, this.dueMs);
  }

  pending(): PendingTimer[] {
    return this.#map(({ label, endsAtMs }) => ({ name: TIMER, owner: label, deadlineMs: endsAtMs }));
  }

  #map<T>(row: (timeWait: TimeWait) => T): T[] {
    const rows: T[] = [];
    for (let record = this.#oldest; record >= 0; record = this.#flows.word(record, COLUMN.newer)) rows.push(row(this.#at(record)));
    return rows;
  }

  /** As the newest. */
  #begin(record: number): void {
    const { timers, now, profile } = this.#context;
    const flows = this.#flows;
    timers.observer?.timerSet(TIMER, this.#at(record), profile.timeWaitMs);
    flows.setTime(record, ENDS_AT, now + profile.timeWaitMs);
    if (this.#context.trace.isOn) this.#news.touch(this.#at(record));
    flows.setWord(record, COLUMN.older, this.#newest);
    flows.setWord(record, COLUMN.newer, NONE);
    if (this.#newest < 0) this.#oldest = record;
    else flows.setWord(this.#newest, COLUMN.newer, record);
    this.#newest = record;
    if (this.heapIndex < 0) timers.add(this, this.dueMs);
  }

  #unlink(record: number): void {
    const flows = this.#flows;
    const older = flows.word(record, COLUMN.older);
    const newer = flows.word(record, COLUMN.newer);
    if (older < 0) this.#oldest = newer;
    else flows.setWord(older, COLUMN.newer, newer);
    if (newer < 0) this.#newest = older;
    else flows.setWord(newer, COLUMN.older, older);
  }
}

/**
 * Whether a SYN opens the flow anew (RFC 6191 §2): by the peer's clock where both connections have timestamps, and by its sequence number
 * where the clock stands still or is not told.
 */
function isOfNewConnection({ rcvNxt, hasTimestamps, tsRecent }: TimeWait, { seq: number, options }: Segment): boolean {
  const isBeyond = seqDiff(number, rcvNxt) > 0;
  if (!hasTimestamps || !options.hasTimestamps) return isBeyond;
  const later = (options.tsVal - tsRecent) | 0;
  return later > 0 || (later === 0 && isBeyond);
}
