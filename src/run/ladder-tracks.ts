import type { RunEvent } from "./run-event.ts";

/** A call as a bar: open at its lower end until it returns. */
export interface CallTrack {
  readonly host: string;
  readonly client: number;
  readonly call: number;
  readonly name: string;
  readonly text: string;
  readonly place: number;
  readonly atMs: number;
  end?: { readonly place: number; readonly atMs: number; readonly result: string; readonly error: number };
}

/** An alarm from its setting until it goes off or is not to any more. */
export interface TimerTrack {
  readonly host: string;
  readonly timer: string;
  readonly connection: number | undefined;
  readonly place: number;
  readonly atMs: number;
  readonly dueMs: number;
  end?: { readonly place: number; readonly atMs: number; readonly how: "fired" | "cancelled" | "set anew" };
}

/** A connection comes to a state. */
export interface StateMark {
  readonly host: string;
  readonly connection: number;
  readonly state: string;
  readonly place: number;
  readonly atMs: number;
}

/** What a ladder draws beside its frames: calls, timers and states, from events pushed in the order of the run. */
export class LadderTracks {
  readonly calls: CallTrack[] = [];
  readonly timers: TimerTrack[] = [];
  readonly states: StateMark[] = [];
  readonly #openCalls = new Map<string, CallTrack>();
  readonly #openTimers = new Map<string, TimerTrack>();

  push(event: RunEvent, place: number): void {
    const { host, atMs } = event;
    switch (event.type) {
      case "winsock-called": {
        const { client, call, name, text } = event;
        if (name === "control") return;
        const track = { host, client, call, name, text, place, atMs };
        this.calls.push(track);
        this.#openCalls.set(`${host} ${client}/${call}`, track);
        return;
      }
      case "winsock-returned": {
        const key = `${host} ${event.client}/${event.call}`;
        const track = this.#openCalls.get(key);
        if (track === undefined) return;
        track.end = { place, atMs, result: event.text, error: event.error };
        this.#openCalls.delete(key);
        return;
      }
      case "timer-set": {
        const key = timerName(event);
        this.#endTimer(key, place, atMs, "set anew");
        const { timer, connection, delayMs } = event;
        const track = { host, timer, connection, place, atMs, dueMs: atMs + delayMs };
        this.timers.push(track);
        this.#openTimers.set(key, track);
        return;
      }
      case "timer-fired":
        this.#endTimer(timerName(event), place, atMs, "fired");
        return;
      case "timer-cancelled":
        this.#endTimer(timerName(event), place, atMs, "cancelled");
        return;
      case "connection-opened":
        this.states.push({ host, connection: event.connection, state: event.state, place, atMs });
        return;
      case "state-changed":
        this.states.push({ host, connection: event.connection, state: event.to, place, atMs });
        return;
      default:
    }
  }

  #endTimer(key: string, place: number, atMs: number, how: "fired" | "cancelled" | "set anew"): void {
    const track = this.#openTimers.get(key);
    if (track === undefined) return;
    track.end = { place, atMs, how };
    this.#openTimers.delete(key);
  }
}

type TimerRunEvent = Extract<RunEvent, { readonly type: "timer-set" | "timer-fired" | "timer-cancelled" }>;

const timerName = ({ host, timer, connection, client, call, owner }: TimerRunEvent): string =>
  `${host} ${timer} of ${connection === undefined ? (owner ?? `${client}/${call}`) : `connection ${connection}`}`;
