import type { DropReason, SegmentVerdict } from "./drop-reasons.ts";
import type { FrameInfo } from "./frame-info.ts";
import type { Time } from "./time.ts";

/** What set an event off: a call of a program, a frame that came in, or a timer, by the number of the event that told of it. */
export interface TraceCause {
  readonly kind: "call" | "frame" | "timer";
  readonly number: number;
}

/** What the trace adds to every event. */
export interface TraceStamp {
  /** Counts the events of a host from 1. */
  readonly number: number;
  /** On the host's clock, in milliseconds. */
  readonly atMs: number;
  /** Absent where nothing that the trace shows set the event off. */
  readonly cause?: TraceCause | undefined;
}

/** What may happen, as who sees it happen tells it. Frames are views that are valid during the call only. */
export type TraceContent =
  | { readonly type: "turn-begun"; readonly turn: number }
  | { readonly type: "turn-ended"; readonly turn: number }
  | {
      readonly type: "frame";
      readonly direction: "in" | "out";
      readonly device: string;
      readonly bytes: Uint8Array;
      readonly info: FrameInfo;
    }
  | { readonly type: "frame-dropped"; readonly device: string; readonly reason: DropReason; readonly bytes: Uint8Array }
  | { readonly type: "segment-judged"; readonly connection: string; readonly verdict: SegmentVerdict }
  | { readonly type: "state-changed"; readonly connection: string; readonly from: string; readonly to: string }
  | { readonly type: "timer-set"; readonly owner: string; readonly timer: string; readonly delayMs: number }
  | { readonly type: "timer-fired"; readonly owner: string; readonly timer: string }
  | {
      readonly type: "rtt-sampled";
      readonly connection: string;
      readonly rttMs: number;
      readonly srttMs: number;
      readonly rtoMs: number;
    }
  | {
      readonly type: "cwnd-changed";
      readonly connection: string;
      readonly cwnd: number;
      readonly ssthresh: number;
      readonly why: string;
    }
  | { readonly type: "neighbour-changed"; readonly device: string; readonly address: string; readonly state: string }
  | { readonly type: "winsock-called"; readonly client: number; readonly call: number; readonly name: string; readonly text: string }
  | {
      readonly type: "winsock-returned";
      readonly client: number;
      readonly call: number;
      readonly name: string;
      readonly text: string;
      readonly error: number;
    };

/** One thing worth seeing. Events of frames hold views that are valid during the call only. */
export type TraceEvent = TraceContent & TraceStamp;

/** What others may follow from. */
export type TraceBeginning = Extract<TraceContent, { readonly type: "frame" | "winsock-called" | "timer-fired" }>;

const KIND_OF_CAUSE = { frame: "frame", "winsock-called": "call", "timer-fired": "timer" } as const;

export type TraceSubscriber = (event: TraceEvent) => void;

/**
 * The one stream of events of a host, which gives each its number, time and cause. With no subscriber it costs the branch on `isOn`,
 * so test that before making an event.
 */
export class Trace {
  readonly #time: Time;
  #subscribers: readonly TraceSubscriber[] = [];
  readonly #postponed: PostponedCauses[] = [];
  isOn = false;
  /** Somebody wants to see all that programs do, so every receive is made as a call (winsock/faces/read-ahead.ts). */
  isWatched = false;
  /** What the things that happen now follow from; undefined whenever the trace is off. */
  cause: TraceCause | undefined;
  #observers: readonly TraceSubscriber[] = [];
  #number = 0;
  #turn = 0;
  #isInTurn = false;
  #isTurnTold = false;

  /** @param time the host's, in milliseconds */
  constructor(time: Time) {
    this.#time = time;
  }

  /** @returns a function that ends the subscription */
  subscribe(subscriber: TraceSubscriber): () => void {
    this.#subscribers = [...this.#subscribers, subscriber];
    this.#changed();
    return () => {
      this.#subscribers = this.#subscribers.filter((s) => s !== subscriber);
      this.#changed();
    };
  }

  /** As `subscribe`, but nothing in the host goes another way because somebody looks. */
  observe(subscriber: TraceSubscriber): () => void {
    this.#observers = [...this.#observers, subscriber];
    this.#changed();
    return () => {
      this.#observers = this.#observers.filter((s) => s !== subscriber);
      this.#changed();
    };
  }

  emit(content: TraceContent): void {
    if (this.#isInTurn && !this.#isTurnTold) {
      this.#isTurnTold = true;
      this.#publish({ type: "turn-begun", turn: this.#turn }, undefined);
    }
    this.#publish(content, this.cause);
  }

  /**
   * Emits what other things follow from, and makes it their cause until `end`.
   * @returns the cause before, for `end`
   */
  begin(content: TraceBeginning): TraceCause | undefined {
    const before = this.cause;
    this.emit(content);
    this.cause = { kind: KIND_OF_CAUSE[content.type], number: this.#number };
    return before;
  }

  end(before: TraceCause | undefined): void {
    // The last subscriber may have left meanwhile.
    this.cause = this.isOn ? before : undefined;
  }

  /** The host's turn begins, of which the trace tells only if something happens in it. */
  beginTurn(): void {
    this.#turn++;
    this.#isInTurn = true;
  }

  endTurn(): void {
    this.#isInTurn = false;
    if (!this.#isTurnTold) return;
    this.#isTurnTold = false;
    this.#publish({ type: "turn-ended", turn: this.#turn }, undefined);
  }

  /** For work that waits for a later moment, and then has the cause that it was put off with. */
  postpone(): PostponedCauses {
    const causes = new PostponedCauses(this);
    this.#postponed.push(causes);
    return causes;
  }

  #publish(content: TraceContent, cause: TraceCause | undefined): void {
    const event: TraceEvent = { number: ++this.#number, atMs: this.#time.now, cause, ...content };
    for (const subscriber of this.#subscribers) subscriber(event);
    for (const observer of this.#observers) observer(event);
  }

  #changed(): void {
    this.isWatched = this.#subscribers.length > 0;
    this.isOn = this.isWatched || this.#observers.length > 0;
    if (this.isOn) return;
    this.cause = undefined;
    for (const causes of this.#postponed) causes.clear();
  }
}

/** Causes of work that waits, by whom it is for. Empty while the trace is off. */
export class PostponedCauses {
  readonly #trace: Trace;
  readonly #causes = new Map<object, TraceCause>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** The work has the present cause, if there is one. */
  keep(work: object): void {
    const { cause } = this.#trace;
    if (cause !== undefined) this.#causes.set(work, cause);
  }

  /** The work is done now. */
  resume(work: object): void {
    if (!this.#trace.isOn) return;
    this.#trace.cause = this.#causes.get(work);
    this.#causes.delete(work);
  }

  forget(work: object): void {
    this.#causes.delete(work);
  }

  clear(): void {
    this.#causes.clear();
  }
}
