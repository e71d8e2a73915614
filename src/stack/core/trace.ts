import type { DropReason, SegmentVerdict } from "./drop-reasons.ts";
import type { FrameInfo } from "./frame-info.ts";
import type { AddressEnd, AddressState, DhcpState, NeighbourState, TcpState } from "./states.ts";
import type { Time } from "./time.ts";
import type { WaitReason } from "./wait-reasons.ts";

/** What set an event off: a call of a program, a frame that came in, or a timer, by the number of the event that told of it. */
export interface TraceCause {
  readonly kind: "call" | "frame" | "timer";
  readonly number: number;
}

/** What the trace adds to every event. */
export interface TraceStamp {
  /** Counts the events of a host from 1, while anybody subscribes. */
  readonly number: number;
  /** On the host's clock, in milliseconds. */
  readonly atMs: number;
  /** Absent where nothing that the trace shows set the event off. */
  readonly cause?: TraceCause | undefined;
}

/** Whose alarm a timer is: a connection's, a call's, or somebody's in words. */
interface TimerOwner {
  readonly connection?: number;
  readonly client?: number;
  readonly call?: number;
  readonly owner?: string;
}

/** Where a connection stands, in the variables of RFC 9293 §3.3.1: sequence numbers from 0 to 2^32 − 1, windows in bytes. */
export interface SequenceSpace {
  readonly sndUna: number;
  readonly sndNxt: number;
  readonly sndWnd: number;
  readonly rcvNxt: number;
  readonly rcvWnd: number;
}

/** A stretch of sequence numbers, the end not included, each 0 to 2^32 − 1. */
export type SequenceRange = readonly [start: number, end: number];

/** What the page shows of a connection's control block, in the RFCs' names; bytes and milliseconds. */
export interface ConnectionVariables extends SequenceSpace {
  readonly iss: number;
  readonly irs: number;
  readonly cwnd: number;
  /** 0 while there is no threshold. */
  readonly ssthresh: number;
  /** SND.NXT − SND.UNA. */
  readonly flight: number;
  /** SRTT, RTTVAR and RTO of RFC 6298. */
  readonly srttMs: number;
  readonly rttvarMs: number;
  readonly rtoMs: number;
  /** Eff.snd.MSS. */
  readonly mss: number;
  readonly sendQueueBytes: number;
  readonly receiveQueueBytes: number;
  readonly retransmissions: number;
  readonly duplicateAcks: number;
  /** Where recovery from loss stands. */
  readonly recovery: "open" | "disorder" | "cwr" | "recovery" | "loss";
  /** Beyond SND.UNA, what the peer has said to have. */
  readonly sacked: readonly SequenceRange[];
  /** Beyond RCV.NXT, what has come. */
  readonly held: readonly SequenceRange[];
}

/** What an impaired line does to a frame. */
export type LineFate = "lost" | "queue-full" | "picked" | "duplicated" | "corrupted" | "delayed" | "reordered" | "reset";

/** What introduces an id with its label; later events have the id alone. */
export type TraceOpening =
  | {
      readonly type: "connection-opened";
      readonly connection: number;
      readonly local: string;
      readonly remote: string;
      readonly label: string;
      readonly state: TcpState;
      readonly earlier?: true;
    }
  | {
      readonly type: "socket-opened";
      readonly socket: number;
      readonly client: number;
      readonly handle: number;
      readonly label: string;
      readonly earlier?: true;
    }
  | {
      readonly type: "winsock-called";
      readonly client: number;
      readonly call: number;
      readonly socket?: number;
      readonly name: string;
      readonly text: string;
      readonly earlier?: true;
    };

/** What may happen, as who sees it happen tells it. Frames are views that are valid during the call only. */
export type TraceContent =
  | TraceOpening
  | { readonly type: "turn-begun"; readonly turn: number }
  | { readonly type: "turn-ended"; readonly turn: number }
  | {
      readonly type: "frame";
      readonly direction: "in" | "out";
      readonly device: string;
      readonly bytes: Uint8Array;
      readonly info: FrameInfo;
    }
  | { readonly type: "infrared-frame"; readonly direction: "in" | "out"; readonly device: string; readonly bytes: Uint8Array }
  | { readonly type: "frame-dropped"; readonly device: string; readonly reason: DropReason; readonly bytes: Uint8Array }
  | { readonly type: "connection-closed"; readonly connection: number }
  | { readonly type: "socket-closed"; readonly socket: number }
  | { readonly type: "segment-judged"; readonly connection?: number; readonly flow?: string; readonly verdict: SegmentVerdict }
  | ({ readonly type: "state-changed"; readonly connection: number; readonly from: TcpState; readonly to: TcpState } & SequenceSpace)
  | ({ readonly type: "timer-set"; readonly timer: string; readonly delayMs: number } & TimerOwner)
  | ({ readonly type: "timer-fired"; readonly timer: string } & TimerOwner)
  | ({ readonly type: "timer-cancelled"; readonly timer: string } & TimerOwner)
  | { readonly type: "variables-changed"; readonly connection: number; readonly variables: Partial<ConnectionVariables> }
  | {
      readonly type: "waits-changed";
      readonly connection: number;
      readonly reason: WaitReason;
      readonly byteCount?: number;
      readonly timer?: string;
      readonly untilMs?: number;
    }
  | {
      readonly type: "frame-impaired";
      readonly device: string;
      readonly direction: "in" | "out";
      readonly fate: LineFate;
      readonly delayMs?: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "network-event";
      readonly socket: number;
      readonly change: "selected" | "recorded" | "reported" | "re-enabled";
      readonly bits: readonly string[];
      readonly error?: number;
    }
  | {
      readonly type: "waitable-changed";
      readonly client: number;
      readonly handle: number;
      readonly kind: "event" | "completion-port" | "message-queue";
      readonly state: string;
    }
  | {
      readonly type: "listener-changed";
      readonly listener: number;
      readonly local: string;
      readonly backlog: number;
      readonly waiting: number;
      readonly halfOpen: number;
      readonly closed?: true;
    }
  | {
      readonly type: "rtt-sampled";
      readonly connection: number;
      readonly rttMs: number;
      readonly srttMs: number;
      readonly rtoMs: number;
    }
  | ({
      readonly type: "cwnd-changed";
      readonly connection: number;
      readonly cwnd: number;
      readonly ssthresh: number;
      readonly why: "fast-retransmit" | "timeout" | "recovered" | "undone" | "probe-repaired";
    } & SequenceSpace)
  | { readonly type: "neighbour-changed"; readonly device: string; readonly address: string; readonly state: NeighbourState }
  | { readonly type: "dhcp-changed"; readonly device: string; readonly from: DhcpState; readonly to: DhcpState }
  | {
      readonly type: "address-changed";
      readonly device: string;
      readonly address: string;
      readonly state: AddressState | AddressEnd;
      readonly origin: string;
    }
  | { readonly type: "winsock-returned"; readonly client: number; readonly call: number; readonly text: string; readonly error: number };

/** One thing worth seeing. Events of frames hold views that are valid during the call only. */
export type TraceEvent = TraceContent & TraceStamp;

/** What others may follow from. */
export type TraceBeginning = Extract<TraceContent, { readonly type: "frame" | "infrared-frame" | "winsock-called" | "timer-fired" }>;

const KIND_OF_CAUSE = { frame: "frame", "infrared-frame": "frame", "winsock-called": "call", "timer-fired": "timer" } as const;

export type TraceSubscriber = (event: TraceEvent) => void;

/** Tells of everything of its kind that is open now. */
export type TraceIntroduction = (tell: (opening: TraceOpening) => void) => void;

/**
 * The one stream of events of a host, which gives each its number, time and cause. With no subscriber it costs the branch on `isOn`,
 * so test that before making an event.
 */
export class Trace {
  readonly #time: Time;
  #subscribers: readonly TraceSubscriber[] = [];
  readonly #introductions: TraceIntroduction[] = [];
  readonly #forgetters: (() => void)[] = [];
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

  /**
   * Begins a subscription: first, before this returns, come the openings of what is open already, with `earlier` set and the number 0.
   * @returns a function that ends the subscription
   */
  subscribe(subscriber: TraceSubscriber): () => void {
    for (const introduce of this.#introductions) {
      introduce((opening) => subscriber({ number: 0, atMs: this.#time.now, ...opening, earlier: true }));
    }
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

  /** Lets somebody tell new subscribers what is open. */
  introduceBy(introduction: TraceIntroduction): void {
    this.#introductions.push(introduction);
  }

  /** Lets somebody forget what only a trace needs, each time that nobody looks any more. */
  whenOff(forget: () => void): void {
    this.#forgetters.push(forget);
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
    this.whenOff(() => causes.clear());
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
    for (const forget of this.#forgetters) forget();
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
