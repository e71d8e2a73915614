import type { TraceEvent } from "../stack/core/trace.ts";
import type { FramePick, Impairment } from "../wire/impairment.ts";

/** How a profile is called: a constant of `stack/core/profile.ts`. */
export type ProfileName = "windows" | "linux" | "rfc";

/** A host that takes part in a run. */
export interface RunHost {
  /** Unique in the run; events name it. */
  readonly name: string;
  /** What people read. */
  readonly title: string;
  readonly addresses: readonly string[];
  readonly profile?: ProfileName;
  /** Its inside is seen; of others there are only the frames that a traced host sent or received. */
  readonly isTraced: boolean;
}

/** What can be said about a run before anything happens in it. */
export interface RunHeader {
  readonly title: string;
  /** `simulated`: in virtual time, and can be made again; `live`: of a real host; `capture`: frames of anybody's, and nothing else. */
  readonly kind: "simulated" | "live" | "capture";
  /** The version of tapsock that made it; of a capture the program that wrote it, if it says so. */
  readonly madeBy: string;
  readonly hosts: readonly RunHost[];
  /** Unix time in milliseconds of the moment 0; a simulated run has none. */
  readonly epochMs?: number;
}

/** A frame as a run keeps it. */
export interface KeptFrame {
  /** From the Ethernet header on; shorter than `length` where the rest was not kept. */
  readonly bytes: Uint8Array;
  /** Of the whole frame. */
  readonly length: number;
}

type WithKeptFrame<Event> = Event extends { readonly bytes: Uint8Array } ? Event & { readonly length: number } : Event;

/** An event of a host's trace, with frames kept. */
export type HostEvent = WithKeptFrame<TraceEvent>;

/** What happens beside: programs and their lines, faults, and what was too much to tell. */
export type LabContent =
  | { readonly type: "program-started"; readonly program: string; readonly title: string }
  /** The program makes a call, or prints, in this line of its source; lines count from 1. */
  | { readonly type: "program-line"; readonly program: string; readonly line: number }
  | { readonly type: "program-printed"; readonly program: string; readonly text: string; readonly isError: boolean }
  /** @see failure: why it ended before its last line, in a sentence */
  | { readonly type: "program-ended"; readonly program: string; readonly failure?: string; readonly line?: number }
  /** The faults in force on the host's line from now on. */
  | { readonly type: "faults-changed"; readonly device: string; readonly faults: FaultsInForce }
  /** More happened than could be told: a busy host is summed up. */
  | { readonly type: "left-out"; readonly events: number; readonly frames: number; readonly bytes: number; readonly forMs: number }
  /** A word of the run's own: a step of a lesson, a reconnection. */
  | { readonly type: "noted"; readonly text: string };

/** Settings that differ from a good line, and picks that wait for their frame, in words. */
export interface FaultsInForce {
  readonly in: readonly string[];
  readonly out: readonly string[];
  readonly picks: readonly string[];
  /** The same in numbers, for forms and for other languages; runs of earlier versions have words only. */
  readonly numbers?: FaultNumbers;
}

/** What differs from a good line. */
export interface FaultNumbers {
  readonly in: Partial<Impairment>;
  readonly out: Partial<Impairment>;
  readonly picks: readonly FramePick[];
}

export type LabEvent = LabContent & { readonly number: 0; readonly atMs: number; readonly cause?: undefined };

/** One thing that happened in a run, to one of its hosts. */
export type RunEvent = (HostEvent | LabEvent) & { readonly host: string };

export type FrameRunEvent = Extract<RunEvent, { readonly type: "frame" }>;

/** The whole frame, for who reads its fields: what was not kept is zeros, so that its lengths hold. */
export function wholeFrame({ bytes, length }: KeptFrame): Uint8Array {
  if (bytes.length === length) return bytes;
  const whole = new Uint8Array(length);
  whole.set(bytes);
  return whole;
}
