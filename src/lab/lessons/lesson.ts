import type { ProfileName } from "../../run/run-event.ts";
import type { FramePick, Impairment } from "../../wire/impairment.ts";
import type { Scene } from "../scene/scene.ts";

/** A lesson is data: what there is, what to do, what to guess, and what the trace must show. */
export interface Lesson {
  /** A short word, the same in every language and version. */
  readonly id: string;
  readonly number: number;
  readonly title: string;
  /** What one can do afterwards, in a sentence. */
  readonly goal: string;
  /** What tapsock cannot do yet that the lesson, or the rest of it, needs. */
  readonly waitsFor?: string;
  readonly scene: Scene;
  /** The host on which the learner's program runs. */
  readonly host: string;
  /** What the learner starts with. */
  readonly program: string;
  /** A way to do it, for teachers and for who is stuck. */
  readonly solution?: LessonSolution;
  readonly steps: readonly string[];
  readonly predictions: readonly Prediction[];
  readonly checks: readonly Check[];
  /** Paragraphs, with an empty line between them. */
  readonly explanation: string;
  readonly references: readonly Reference[];
  readonly next: readonly string[];
  /** Runs until then, unless everything is over before. */
  readonly untilMs: number;
}

export interface Reference {
  /** `RFC 9293 §3.5`, `Microsoft, "connect function"`. */
  readonly title: string;
  readonly url?: string;
}

/** What a learner does: the program, and what happens to the line. */
export interface LessonSolution {
  readonly program?: string;
  readonly faults?: readonly LessonFault[];
  readonly predictions?: Readonly<Record<string, string | number>>;
  /** Of a mystery. */
  readonly verdict?: string;
  readonly profile?: ProfileName;
}

/** Something done to a host's line at a moment. */
export interface LessonFault {
  readonly atMs: number;
  readonly host: string;
  readonly in?: Partial<Impairment>;
  readonly out?: Partial<Impairment>;
  readonly pick?: FramePick;
}

/** A question that is answered before the run. */
export interface Prediction {
  readonly id: string;
  readonly question: string;
  readonly kind: "choice" | "number";
  readonly options?: readonly string[];
  /** Of a number. */
  readonly unit?: string;
  /** What is right: given, or measured in the run. */
  readonly answer: string | number | Measure;
  /** How far a number may be off, as a share of it. */
  readonly tolerance?: number;
  /** Why, in a sentence or two. */
  readonly why: string;
}

/** Picks moments out of a run. All that is given has to hold. */
export interface Selector {
  readonly frames?: FrameSelector;
  readonly calls?: CallSelector;
  readonly events?: EventSelector;
  /** What a program printed, as a regular expression. */
  readonly prints?: string;
}

export const FRAME_WORDS = [
  "arp-request",
  "arp-reply",
  "icmp",
  "udp",
  "tcp",
  "syn",
  "syn-ack",
  "ack",
  "data",
  "fin",
  "rst",
  "retransmission",
  "duplicate-ack",
  "zero-window",
  "lost",
  "arrived",
  "broadcast",
  "probe",
] as const;
export type FrameWord = (typeof FRAME_WORDS)[number];

/** Frames as their senders sent them, each once. */
export interface FrameSelector {
  readonly is?: FrameWord | readonly FrameWord[];
  readonly isNot?: FrameWord | readonly FrameWord[];
  /** Host. */
  readonly from?: string;
  readonly to?: string;
  /** Of either end. */
  readonly port?: number;
  /** A regular expression for the frame's line in words. */
  readonly text?: string;
}

export interface CallSelector {
  readonly name?: string;
  readonly host?: string;
  /** Only calls that ended with this code, by its name; `none` for those that succeeded. */
  readonly error?: string;
  /** A regular expression for the call as it is written. */
  readonly text?: string;
}

/** Any event of the trace, by its type and fields. */
export interface EventSelector {
  readonly type: string;
  readonly host?: string;
  /** A field has this value, or, where it is a list, this member. */
  readonly where?: Readonly<Record<string, string | number | boolean>>;
}

/** A number that the run gives. */
export type Measure =
  | ({ readonly count: Selector } & Stretch)
  /** A number that the first such moment has. */
  | ({ readonly value: Selector } & MomentField & Stretch)
  /** Of the first such call, from call to return. */
  | { readonly lastsMs: Selector }
  /** Between the first of one and the first of the other that follows it. */
  | { readonly betweenMs: readonly [Selector, Selector] };

/** A part of the run: behind the first of one, and before the first of the other that follows. */
export interface Stretch {
  readonly after?: Selector;
  readonly until?: Selector;
}

/** A number that an event or a segment has: a field by its name, or `flight`, SND.NXT − SND.UNA of an event that tells both. */
export interface MomentField {
  readonly field: string;
  /** As a share of this other one. */
  readonly of?: string;
}

/** Something that the trace must show. */
export interface Check extends Stretch {
  readonly id: string;
  readonly title: string;
  /** What a learner reads when it does not hold: where to look. */
  readonly otherwise: string;
  readonly what?: Selector;
  /** How many such moments there are. */
  readonly count?: number | Bounds;
  /** Milliseconds from each to the next; more of them than are listed are free. */
  readonly gapsMs?: readonly number[];
  /** How far they may be off, as a share; 0.05 when left out. */
  readonly tolerance?: number;
  /** How long the first such call takes; of an `order`, from its first moment to its last. */
  readonly lastsMs?: Bounds;
  /** A number that each of them has; there has to be one of them. */
  readonly value?: MomentField & Bounds;
  /** They come in bursts, so many in each, with pauses between; more bursts than are listed are free. */
  readonly bursts?: readonly number[];
  /** What is a pause between bursts, in milliseconds; 20 when left out. */
  readonly pauseMs?: number;
  /** The first such frame acknowledges all that the first of these has. */
  readonly acknowledges?: Selector;
  /** Each is found after the one before it. */
  readonly order?: readonly Selector[];
}

export interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/** What became of a check. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly isPassed: boolean;
  readonly expected: string;
  readonly seen: string;
  /** Why it may have failed. */
  readonly hint?: string;
  /** Place in the run of the moment that decided it. */
  readonly event?: number;
}

export interface PredictionResult {
  readonly id: string;
  readonly question: string;
  readonly given: string | number | undefined;
  readonly right: string | number | undefined;
  readonly isRight: boolean;
  readonly why: string;
}

export interface LessonReport {
  readonly lesson: string;
  /** Every check holds; a guess may be wrong. */
  readonly isPassed: boolean;
  readonly checks: readonly CheckResult[];
  readonly predictions: readonly PredictionResult[];
}
