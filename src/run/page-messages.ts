/**
 * What the page and a source of a run say to each other: the same words whether the source is a simulation in a worker of the page or a
 * running host behind a WebSocket. Requests carry a number, and are answered once with it.
 */
import type { FramePick, Impairment } from "../wire/impairment.ts";
import type { ProfileName, RunEvent, RunHeader } from "./run-event.ts";

/** What a source can be asked for; the page shows no button for what it cannot. */
export interface SourceAbilities {
  /** Time can be stopped, stepped and made slower or quicker. */
  readonly controlsTime: boolean;
  /** It can go back to an earlier moment and go on from there another way. */
  readonly goesBack: boolean;
  readonly faults: boolean;
  /** Programs can be run on its hosts from the page. */
  readonly programs: boolean;
  /** A connect can be made with one button. */
  readonly connects: boolean;
  /** It can hand out its run as a file. */
  readonly saves: boolean;
}

export const NO_ABILITIES: SourceAbilities = {
  controlsTime: false,
  goesBack: false,
  faults: false,
  programs: false,
  connects: false,
  saves: false,
};

/** The source's clock as the page shows it. */
export interface SourceClock {
  readonly nowMs: number;
  readonly state: "running" | "paused" | "ended";
  /** Milliseconds of the run in one of the reader's; Infinity for as fast as it goes, which travels as 0. */
  readonly speed: number;
}

export type SourceMessage =
  /** First of all, and again when the run begins anew: what was shown before is over. */
  | { readonly type: "opened"; readonly header: RunHeader; readonly abilities: SourceAbilities }
  | { readonly type: "events"; readonly events: readonly RunEvent[] }
  | ({ readonly type: "clock" } & SourceClock)
  | { readonly type: "answered"; readonly id: number; readonly value: unknown }
  /** @see problem: a sentence that names cause and remedy */
  | { readonly type: "refused"; readonly id: number; readonly problem: string };

export type PageRequest =
  | { readonly type: "play" }
  | { readonly type: "pause" }
  /** To the next event, or the next frame that leaves a host. */
  | { readonly type: "step"; readonly to: "event" | "frame" }
  | { readonly type: "set-speed"; readonly speed: number }
  /** The run stands at this moment then, paused; an earlier one is reached by making the run again from its beginning. */
  | { readonly type: "go-to"; readonly atMs: number }
  /** From the beginning, with the same seed or another. */
  | { readonly type: "restart"; readonly seed?: number; readonly profile?: ProfileName }
  | { readonly type: "impair"; readonly host: string; readonly direction: "in" | "out"; readonly settings: Partial<Impairment> }
  | { readonly type: "pick"; readonly host: string; readonly pick: FramePick }
  | { readonly type: "clear-faults" }
  | { readonly type: "connect"; readonly host: string; readonly address: string; readonly port: number }
  /** Answered with the program's name, by which its events and `stop-program` know it. */
  | { readonly type: "run-program"; readonly host: string; readonly title: string; readonly source: string }
  | { readonly type: "stop-program"; readonly program: string }
  /** Answered with `HostTables`. */
  | { readonly type: "tables"; readonly host: string }
  /** Answered with the text of a run file. */
  | { readonly type: "save" };

export type NumberedRequest = PageRequest & { readonly id: number };

/** What a host's tables hold now, beside what events tell. */
export interface HostTables {
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly mtu: number;
    readonly isUp: boolean;
    readonly addresses: readonly string[];
  }[];
  readonly routes: readonly {
    readonly destination: string;
    readonly gateway: string;
    readonly interface: string;
    readonly metric: number;
    readonly origin: string;
  }[];
  /** Counters of RFC 4022, 4113 and kin, by name. */
  readonly counters: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
}
