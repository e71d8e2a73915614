import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { NO_ABILITIES, type SourceAbilities, type SourceClock } from "../../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import type { HostState, RunState } from "../../src/run/run-state.ts";
import { Timeline } from "../../src/run/timeline.ts";
import type { AnyRequest } from "../scene-request.ts";

/** Where in the run the page stands: after so many events, at a time that may lie between two of them. */
export interface Cursor {
  /** How many events have happened; the place of the last one is one less. */
  readonly count: number;
  readonly atMs: number;
  /** It goes along with the end as events come in. */
  readonly isAtEnd: boolean;
}

/** A connection of one of the hosts. */
export interface ConnectionName {
  readonly host: string;
  readonly id: number;
}

/** What the reader points at: all views show it. */
export interface Selection {
  /** Place of an event. */
  readonly event?: number | undefined;
  readonly connection?: ConnectionName | undefined;
}

/** Whom the page can ask for something. */
export interface RunSource {
  /** @throws Error whose message says what is wrong and what to do */
  request(request: AnyRequest): Promise<unknown>;
}

const NO_HEADER: RunHeader = { title: "", kind: "simulated", madeBy: "", hosts: [] };
const START: Cursor = { count: 0, atMs: 0, isAtEnd: true };
const NO_HOST: ReadonlyMap<string, HostState> = new Map();

/**
 * A run as the views see it. Everything that changes is a signal: a view that reads one is drawn again with it. Events themselves lie in
 * `timeline`, which is no signal; `version` changes whenever it does.
 */
export class RunView {
  readonly timeline = new Timeline();
  readonly #version = signal(0);
  readonly #cursor = signal<Cursor>(START);
  readonly #header = signal<RunHeader>(NO_HEADER);
  readonly #abilities = signal<SourceAbilities>(NO_ABILITIES);
  readonly #clock = signal<SourceClock>({ nowMs: 0, state: "paused", speed: 1 });
  readonly #selection = signal<Selection>({});
  readonly #source: Signal<RunSource | undefined> = signal(undefined);
  /** How often a run has begun: what was kept about another one is worth nothing. */
  readonly #opening = signal(0);

  /** Changes whenever events come in or go. */
  readonly version: ReadonlySignal<number> = this.#version;
  readonly opening: ReadonlySignal<number> = this.#opening;
  readonly cursor: ReadonlySignal<Cursor> = this.#cursor;
  readonly header: ReadonlySignal<RunHeader> = this.#header;
  readonly abilities: ReadonlySignal<SourceAbilities> = this.#abilities;
  readonly clock: ReadonlySignal<SourceClock> = this.#clock;
  readonly selection: ReadonlySignal<Selection> = this.#selection;
  /** What is known at the cursor. */
  readonly state: ReadonlySignal<RunState> = computed(() => {
    this.#version.value;
    return this.timeline.stateAfter(this.#cursor.value.count);
  });
  /** The hosts at the cursor, in the header's order, those that it does not name behind. */
  readonly hosts: ReadonlySignal<ReadonlyMap<string, HostState>> = computed(() => this.state.value.hosts ?? NO_HOST);

  /** Place of the event at the cursor; −1 before the first. */
  get place(): number {
    return this.#cursor.value.count - 1;
  }

  /** Time of the end: the source's clock where it runs ahead of the last event. */
  get endMs(): number {
    return Math.max(this.timeline.endMs, this.#header.value.kind === "capture" ? 0 : this.#clock.value.nowMs);
  }

  opened(header: RunHeader, abilities: SourceAbilities): void {
    batch(() => {
      this.timeline.clear();
      this.#header.value = header;
      this.#abilities.value = abilities;
      this.#cursor.value = START;
      this.#selection.value = {};
      this.#clock.value = { nowMs: 0, state: "paused", speed: this.#clock.value.speed };
      this.#opening.value++;
      this.#version.value++;
    });
  }

  add(events: readonly RunEvent[]): void {
    if (events.length === 0) return;
    batch(() => {
      for (const event of events) this.timeline.push(event);
      this.#version.value++;
      if (this.#cursor.value.isAtEnd) this.#toEnd();
    });
  }

  clockIs(clock: SourceClock): void {
    batch(() => {
      this.#clock.value = clock;
      if (this.#cursor.value.isAtEnd) this.#toEnd();
    });
  }

  sourceIs(source: RunSource | undefined): void {
    this.#source.value = source;
  }

  /** @throws Error whose message says what is wrong and what to do */
  async request(request: AnyRequest): Promise<unknown> {
    const source = this.#source.value;
    if (source === undefined) throw new Error("There is no host behind this page");
    return source.request(request);
  }

  /** After so many events, at the time of the last of them. */
  goToCount(count: number): void {
    const { first, end } = this.timeline;
    const wanted = Math.min(Math.max(count, first), end);
    const atMs = wanted === first && first === 0 ? 0 : (this.timeline.at(wanted - 1)?.atMs ?? 0);
    this.#cursor.value = { count: wanted, atMs, isAtEnd: false };
  }

  /** To the event, which has just happened then. */
  goToEvent(place: number): void {
    this.goToCount(place + 1);
  }

  goToTime(atMs: number): void {
    const wanted = Math.min(Math.max(0, atMs), this.endMs);
    this.#cursor.value = { count: this.timeline.countAt(wanted), atMs: wanted, isAtEnd: false };
  }

  /** To the end, and along with it. */
  goToEnd(): void {
    this.#toEnd();
  }

  /** By events, or by frames that a host sent or received. @returns whether there was one */
  step(direction: 1 | -1, by: "event" | "frame"): boolean {
    const { first, end } = this.timeline;
    const { count } = this.#cursor.value;
    if (by === "event") {
      if (direction === 1 ? count >= end : count <= first) return false;
      this.goToCount(count + direction);
      return true;
    }
    for (let place = direction === 1 ? count : count - 2; place >= first && place < end; place += direction) {
      if (this.timeline.at(place)?.type !== "frame") continue;
      this.goToEvent(place);
      return true;
    }
    return false;
  }

  /** Points at an event: the cursor goes there too. */
  selectEvent(place: number): void {
    batch(() => {
      const event = this.timeline.at(place);
      const connection = event !== undefined ? this.connectionOf(place) : undefined;
      this.#selection.value = { event: place, connection: connection ?? this.#selection.value.connection };
      this.goToEvent(place);
    });
  }

  selectConnection(connection: ConnectionName | undefined): void {
    this.#selection.value = { ...this.#selection.value, connection };
  }

  clearSelection(): void {
    this.#selection.value = {};
  }

  /** Whose event it is, where the event says so. Of frames see what follows from them. */
  connectionOf(place: number): ConnectionName | undefined {
    const event = this.timeline.at(place);
    if (event === undefined) return undefined;
    if ("connection" in event && event.connection !== undefined) return { host: event.host, id: event.connection };
    if (event.type !== "frame") return undefined;
    // What TCP makes of a frame follows within a few events of the same host, with the frame as its cause.
    for (let next = place + 1; next < Math.min(place + 40, this.timeline.end); next++) {
      const follower = this.timeline.at(next)!;
      if (follower.host !== event.host || follower.cause?.kind !== "frame" || follower.cause.number !== event.number) continue;
      if ("connection" in follower && follower.connection !== undefined) return { host: event.host, id: follower.connection };
    }
    return undefined;
  }

  #toEnd(): void {
    this.#cursor.value = { count: this.timeline.end, atMs: this.endMs, isAtEnd: true };
  }
}
