import type { Timer, TimerQueue } from "../stack/core/timers.ts";
import type { Trace, TraceEvent } from "../stack/core/trace.ts";
import { type TraceRecord, traceRecord } from "./trace-record.ts";

/** What happened while nobody looked. */
export interface FeedSummary {
  readonly type: "left-out";
  readonly number: 0;
  readonly atMs: number;
  /** About as many as so many frames made before; nobody has seen them. */
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
  /** How long, until `atMs`. */
  readonly forMs: number;
}

export type FeedRecord = TraceRecord | FeedSummary;

/** Sums over a host's devices, both directions. */
export interface FrameCounts {
  readonly frames: number;
  readonly bytes: number;
}

export interface FeedParts {
  readonly trace: Trace;
  readonly timers: TimerQueue;
  readonly counts: () => FrameCounts;
  readonly emit: (record: FeedRecord) => void;
  /** Bytes kept of a frame; 0 for all. */
  readonly snapLength: number;
  /** As many are told in the long run; of what exceeds it, a quarter of a second's at a time. */
  readonly eventsPerSecond: number;
}

const SUMMARY_MS = 150;
/** Enough for a connect and its end; a stream is known as one within a fraction of a second. */
const BURST_SHARE = 1 / 4;
/** Until it is known: received, judged, a timer, variables and the turn around them. */
const USUAL_EVENTS_PER_FRAME = 6;
/** With fewer frames nothing is learned of how many events one makes. */
const TELLING_FRAMES = 20;

/**
 * A trace that a busy host does not feel. While little happens it tells of everything. When there is more than it may tell, it leaves the
 * trace altogether, so that the host pays nothing, and sums up what its devices count; it comes back when a full trace would be half of what
 * it may tell.
 */
export class HostFeed {
  readonly #parts: FeedParts;
  readonly #alarm: Timer;
  #unsubscribe: (() => void) | undefined;
  /** Events that may be told now. */
  #tokens: number;
  #tokensAtMs: number;
  /** What the openings cost beyond that: it is not come back before. */
  #notBeforeMs = 0;
  /** In the present stretch of full trace. */
  #eventsSeen = 0;
  #framesSeen = 0;
  #eventsPerFrame = USUAL_EVENTS_PER_FRAME;
  /** Seen and not told since it was too much. */
  #eventsMissed = 0;
  #isTooMuch = false;
  #summedUp: FrameCounts = { frames: 0, bytes: 0 };
  #summedUpMs = 0;
  readonly #connections = new Set<number>();
  readonly #sockets = new Set<number>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#tokens = this.#burst;
    this.#tokensAtMs = parts.timers.now;
    this.#alarm = parts.timers.timer(
      "summary",
      () => "who watches the host",
      () => this.#alarmed(),
    );
    this.#subscribe();
  }

  end(): void {
    this.#alarm.cancel();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  get #burst(): number {
    return this.#parts.eventsPerSecond * BURST_SHARE;
  }

  get #nowMs(): number {
    return this.#parts.timers.now;
  }

  #subscribe(): void {
    this.#isTooMuch = false;
    this.#eventsMissed = this.#eventsSeen = this.#framesSeen = 0;
    const before = { connections: new Set(this.#connections), sockets: new Set(this.#sockets) };
    this.#connections.clear();
    this.#sockets.clear();
    let openings = 0;
    const unsubscribe = this.#parts.trace.subscribe((event) => {
      if ("earlier" in event && event.earlier === true) {
        openings++;
        this.#tell(event);
      } else {
        this.#take(event);
      }
    });
    this.#unsubscribe = unsubscribe;
    this.#tellEnds(before);
    this.#payFor(openings);
  }

  /** Of what was open and is so no more, whose end nobody has seen. */
  #tellEnds(before: { readonly connections: ReadonlySet<number>; readonly sockets: ReadonlySet<number> }): void {
    const stamp = { number: 0, atMs: this.#nowMs };
    for (const connection of before.connections) {
      if (!this.#connections.has(connection)) this.#parts.emit({ type: "connection-closed", connection, ...stamp });
    }
    for (const socket of before.sockets) {
      if (!this.#sockets.has(socket)) this.#parts.emit({ type: "socket-closed", socket, ...stamp });
    }
  }

  /** Openings cannot be left out: where they are many, it is longer until there are some again. */
  #payFor(openings: number): void {
    const { eventsPerSecond } = this.#parts;
    this.#refill();
    this.#tokens -= openings;
    const least = this.#burst / 2;
    if (this.#tokens >= least) return;
    this.#notBeforeMs = this.#nowMs + ((least - this.#tokens) / eventsPerSecond) * 1000;
    this.#tokens = least;
  }

  #take(event: TraceEvent): void {
    if (this.#isTooMuch) {
      this.#eventsMissed++;
      return;
    }
    this.#refill();
    if (this.#tokens < 1) {
      this.#isTooMuch = true;
      this.#eventsMissed = 1;
      this.#summedUp = this.#parts.counts();
      this.#summedUpMs = this.#nowMs;
      // Not here: somebody is in the middle of telling the trace something.
      this.#alarm.set(0);
      return;
    }
    this.#tokens--;
    this.#eventsSeen++;
    if (event.type === "frame") this.#framesSeen++;
    this.#tell(event);
  }

  #tell(event: TraceEvent): void {
    if (event.type === "connection-opened") this.#connections.add(event.connection);
    else if (event.type === "connection-closed") this.#connections.delete(event.connection);
    else if (event.type === "socket-opened") this.#sockets.add(event.socket);
    else if (event.type === "socket-closed") this.#sockets.delete(event.socket);
    this.#parts.emit(traceRecord(event, this.#parts.snapLength));
  }

  #alarmed(): void {
    if (this.#unsubscribe !== undefined) this.#leave();
    else if (this.#sumUp()) this.#subscribe();
    else this.#alarm.set(SUMMARY_MS);
  }

  #leave(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    if (this.#framesSeen >= TELLING_FRAMES) this.#eventsPerFrame = Math.max(1, this.#eventsSeen / this.#framesSeen);
    this.#alarm.set(SUMMARY_MS);
  }

  /** @returns whether so little happens that all of it can be told again */
  #sumUp(): boolean {
    const now = this.#nowMs;
    const counts = this.#parts.counts();
    const frames = counts.frames - this.#summedUp.frames;
    const bytes = counts.bytes - this.#summedUp.bytes;
    const forMs = now - this.#summedUpMs;
    const events = Math.max(this.#eventsMissed, Math.round(frames * this.#eventsPerFrame));
    if (events > 0) this.#parts.emit({ type: "left-out", number: 0, atMs: now, events, frames, bytes, forMs });
    this.#eventsMissed = 0;
    this.#summedUp = counts;
    this.#summedUpMs = now;
    this.#refill();
    const { eventsPerSecond } = this.#parts;
    const perSecond = (frames * this.#eventsPerFrame * 1000) / Math.max(1, forMs);
    return perSecond < eventsPerSecond / 2 && this.#tokens >= this.#burst / 2 && now >= this.#notBeforeMs;
  }

  #refill(): void {
    const { eventsPerSecond } = this.#parts;
    const now = this.#nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#tokensAtMs) * eventsPerSecond) / 1000);
    this.#tokensAtMs = now;
  }
}

/** @throws SyntaxError when the data is no record */
export const readFeedRecord = (data: Uint8Array): FeedRecord => JSON.parse(new TextDecoder().decode(data)) as FeedRecord;
