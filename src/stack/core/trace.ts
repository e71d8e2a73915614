import type { FrameInfo } from "./frame-info.ts";

/** One thing worth seeing. `atMs` is on the host's clock. Events of frames hold views that are valid during the call only. */
export type TraceEvent =
  | {
      readonly type: "frame";
      readonly atMs: number;
      readonly direction: "in" | "out";
      readonly device: string;
      readonly bytes: Uint8Array;
      readonly info: FrameInfo;
    }
  | { readonly type: "frame-dropped"; readonly atMs: number; readonly device: string; readonly reason: string; readonly bytes: Uint8Array }
  | { readonly type: "segment-judged"; readonly atMs: number; readonly connection: string; readonly verdict: string }
  | { readonly type: "state-changed"; readonly atMs: number; readonly connection: string; readonly from: string; readonly to: string }
  | { readonly type: "timer-set"; readonly atMs: number; readonly owner: string; readonly timer: string; readonly delayMs: number }
  | { readonly type: "timer-fired"; readonly atMs: number; readonly owner: string; readonly timer: string }
  | {
      readonly type: "rtt-sampled";
      readonly atMs: number;
      readonly connection: string;
      readonly rttMs: number;
      readonly srttMs: number;
      readonly rtoMs: number;
    }
  | {
      readonly type: "cwnd-changed";
      readonly atMs: number;
      readonly connection: string;
      readonly cwnd: number;
      readonly ssthresh: number;
      readonly why: string;
    }
  | { readonly type: "neighbour-changed"; readonly atMs: number; readonly device: string; readonly address: string; readonly state: string }
  | {
      readonly type: "winsock-called";
      readonly atMs: number;
      readonly client: number;
      readonly call: number;
      readonly name: string;
      readonly text: string;
    }
  | {
      readonly type: "winsock-returned";
      readonly atMs: number;
      readonly client: number;
      readonly call: number;
      readonly name: string;
      readonly text: string;
      readonly error: number;
    };

export type TraceSubscriber = (event: TraceEvent) => void;

/** The one stream of events of a host. With no subscriber it costs the branch on `isOn`, so test that before making an event. */
export class Trace {
  #subscribers: readonly TraceSubscriber[] = [];
  isOn = false;
  /** Somebody wants to see all that programs do, so every receive is made as a call (winsock/faces/read-ahead.ts). */
  isWatched = false;
  #observers: readonly TraceSubscriber[] = [];

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

  emit(event: TraceEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event);
    for (const observer of this.#observers) observer(event);
  }

  #changed(): void {
    this.isWatched = this.#subscribers.length > 0;
    this.isOn = this.isWatched || this.#observers.length > 0;
  }
}
