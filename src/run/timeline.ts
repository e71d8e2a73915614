import type { RunEvent } from "./run-event.ts";
import { afterEvent, EMPTY_RUN, type RunState } from "./run-state.ts";

/** Events between two states that are kept: so much has to be gone through anew for a moment in between. */
const CHECKPOINT_EVENTS = 500;
/** What is kept of a run that goes on for days; then the oldest tenth goes. */
const MAX_EVENTS = 200_000;

/**
 * The events of a run in their order, and the state after any of them. Events come in at the end. Places count from the first
 * event of the run, and stay when the oldest events are given up.
 */
export class Timeline {
  readonly #maxEvents: number;
  #events: RunEvent[] = [];
  /** Place of `#events[0]`. */
  #first = 0;
  /** The states before places that are multiples of `CHECKPOINT_EVENTS`, from `#first` on. */
  readonly #checkpoints = new Map<number, RunState>();
  #last: RunState = EMPTY_RUN;
  /** The state that was asked for last: the next is often right behind it. */
  #near: RunState = EMPTY_RUN;

  constructor(maxEvents = MAX_EVENTS) {
    this.#maxEvents = maxEvents;
    this.#checkpoints.set(0, EMPTY_RUN);
  }

  /** Place of the oldest event that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Place that the next event will have. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  /** Time of the last event, in milliseconds. */
  get endMs(): number {
    return this.#last.atMs;
  }

  /** The state after all events. */
  get now(): RunState {
    return this.#last;
  }

  at(place: number): RunEvent | undefined {
    return this.#events[place - this.#first];
  }

  /** Events from one place to another, the second not included. */
  slice(from: number, to: number): readonly RunEvent[] {
    return this.#events.slice(Math.max(0, from - this.#first), Math.max(0, to - this.#first));
  }

  /** All that are kept, the oldest first. */
  get events(): readonly RunEvent[] {
    return this.#events;
  }

  push(event: RunEvent): void {
    this.#events.push(event);
    this.#last = afterEvent(this.#last, event);
    if (this.end % CHECKPOINT_EVENTS === 0) this.#checkpoints.set(this.end, this.#last);
    if (this.#events.length > this.#maxEvents) this.#giveUpOldest();
  }

  /** The state after the first `count` events of the run; the oldest one that is known where that is given up. */
  stateAfter(count: number): RunState {
    const wanted = Math.min(Math.max(count, this.#first), this.end);
    if (wanted === this.end) return this.#last;
    let state = this.#checkpoints.get(wanted - (wanted % CHECKPOINT_EVENTS)) ?? this.#checkpoints.get(this.#first)!;
    if (this.#near.count <= wanted && this.#near.count > state.count) state = this.#near;
    for (let place = state.count; place < wanted; place++) state = afterEvent(state, this.#events[place - this.#first]!);
    this.#near = state;
    return state;
  }

  /** How many events have happened by a time: the cursor's place for it. */
  countAt(atMs: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.atMs <= atMs) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }

  /** Forgets all: a run begins anew. */
  clear(): void {
    this.#events = [];
    this.#first = 0;
    this.#checkpoints.clear();
    this.#checkpoints.set(0, EMPTY_RUN);
    this.#last = EMPTY_RUN;
    this.#near = EMPTY_RUN;
  }

  #giveUpOldest(): void {
    const wanted = this.#first + Math.ceil(this.#maxEvents / 10);
    const first = wanted - (wanted % CHECKPOINT_EVENTS) + CHECKPOINT_EVENTS;
    const state = this.stateAfter(first);
    this.#events = this.#events.slice(first - this.#first);
    this.#first = first;
    for (const place of this.#checkpoints.keys()) if (place < first) this.#checkpoints.delete(place);
    this.#checkpoints.set(first, state);
    this.#near = state;
  }
}
