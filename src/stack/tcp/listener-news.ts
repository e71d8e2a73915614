import type { Trace } from "../core/trace.ts";
import type { Listener } from "./listener.ts";

/** What the trace was told of a listener last. */
interface ToldOfListener {
  readonly backlog: number;
  readonly waiting: number;
  readonly halfOpen: number;
}

/** Tells the trace of listeners: when they come and go, and at the end of a turn how many connections wait in those where it is another number. */
export class ListenerNews {
  readonly #trace: Trace;
  readonly #told = new Map<Listener, ToldOfListener>();

  constructor(trace: Trace) {
    this.#trace = trace;
    trace.whenOff(() => this.tellAnew());
  }

  /** There is somebody who has not heard of those that are there. */
  tellAnew(): void {
    this.#told.clear();
  }

  /** Ask first whether the trace is on. */
  tell(listener: Listener): void {
    const { backlog, waiting } = listener;
    const halfOpen = listener.halfOpenCount;
    const told = this.#told.get(listener);
    if (told?.backlog === backlog && told.waiting === waiting && told.halfOpen === halfOpen) return;
    const now = { backlog, waiting, halfOpen };
    this.#told.set(listener, now);
    this.#trace.emit({ type: "listener-changed", listener: listener.id, local: listener.label, ...now });
  }

  /** The listener is no more. */
  closed(listener: Listener): void {
    this.#told.delete(listener);
    if (!this.#trace.isOn) return;
    const { id, label: local, backlog } = listener;
    this.#trace.emit({ type: "listener-changed", listener: id, local, backlog, waiting: 0, halfOpen: 0, closed: true });
  }
}
