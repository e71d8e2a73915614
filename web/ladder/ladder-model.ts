import { computed, type ReadonlySignal } from "@preact/signals";
import type { LadderMoment } from "../../src/run/ladder-scale.ts";
import { LadderTracks } from "../../src/run/ladder-tracks.ts";
import type { RunView } from "../store/run-view.ts";

/** Pixels that the words of each want. */
const ROOM = { leaving: 19, arrival: 7, call: 15, ended: 15, state: 13 } as const;

/** Timers that run all the time and tell a learner nothing. */
const QUIET_TIMERS = new Set(["planned"]);

/** What a ladder draws, kept up with the run. */
export class LadderModel {
  readonly #run: RunView;
  tracks = new LadderTracks();
  moments: LadderMoment[] = [];
  #from = 0;
  #next = 0;
  #opening = -1;
  /** Changes with what is drawn. */
  readonly version: ReadonlySignal<number>;

  constructor(run: RunView) {
    this.#run = run;
    this.version = computed(() => {
      const version = run.version.value;
      this.#follow();
      return version;
    });
  }

  #follow(): void {
    const { timeline, opening } = this.#run;
    if (this.#opening !== opening.peek() || this.#from !== timeline.first) {
      this.#opening = opening.peek();
      this.#from = timeline.first;
      this.#next = timeline.first;
      this.tracks = new LadderTracks();
      this.moments = [];
    }
    for (; this.#next < timeline.end; this.#next++) {
      const place = this.#next;
      const event = timeline.at(place)!;
      this.tracks.push(event, place);
      const room = roomOf(event);
      if (room !== undefined) this.moments.push({ place, atMs: event.atMs, room });
    }
  }
}

function roomOf(event: NonNullable<ReturnType<RunView["timeline"]["at"]>>): number | undefined {
  switch (event.type) {
    case "frame":
      return event.direction === "out" ? ROOM.leaving : ROOM.arrival;
    case "winsock-called":
      return event.name === "control" ? undefined : ROOM.call;
    case "winsock-returned":
      return ROOM.ended;
    case "state-changed":
      return ROOM.state;
    case "timer-set":
    case "timer-fired":
    case "timer-cancelled":
      return QUIET_TIMERS.has(event.timer) ? undefined : 0;
    default:
      return undefined;
  }
}

const models = new WeakMap<RunView, LadderModel>();

export function ladderModel(run: RunView): LadderModel {
  let model = models.get(run);
  if (model === undefined) {
    model = new LadderModel(run);
    models.set(run, model);
  }
  return model;
}
