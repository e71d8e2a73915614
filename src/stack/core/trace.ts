import type { DropReason, SegmentVerdict } from "./drop-reasons.ts";
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
  | {
      readonly type: "frame-dropped";
      readonly atMs: number;
      readonly device: string;
      readonly reason: DropReason;
      readonly bytes: Uint8Array;
    }
  | { readonly type: "segment-judged"; readonly atMs: number; readonly connection: string; readonly verdict: SegmentVerdict }
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

  /** @returns a function that ends the subscription */
  subscribe(subscriber: TraceSubscriber): () => void {
    this.#subscribers = [...this.#subscribers, subscriber];
    this.isOn = true;
    return () => {
      this.#subscribers = this.#subscribers.filter((s) => s !== subscriber);
      this.isOn = this.#subscribers.length > 0;
    };
  }

  emit(event: TraceEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }
}
