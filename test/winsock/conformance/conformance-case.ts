/**
 * What a row of the conformance suite is. A row puts a socket into a state, makes one call after another and says what each comes to, and
 * who says so. It knows nothing of faces and networks: stages.ts has those that the table is run on.
 */

import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { PromiseFace } from "../../../src/winsock/faces/promise-face.ts";
import type { Place } from "./place.ts";

export type Family = "IPv4" | "IPv6";
export type ProfileName = "windows" | "linux";
export type FaceKind = "blocking" | "promise";

/** A number, where −1 is a failure; or what the call came to in words. */
type Result = number | string;

/** What a call finds around it. */
export interface Scene {
  readonly stage: Stage;
  readonly place: Place;
  /** What the row says that the call comes to, for one that has to wait for it. */
  readonly wanted: string;
  /** The notifications selected for a socket. */
  readonly events: Map<SOCKET, EventSource>;
}

/** Where a program is told what happened on a socket. */
export interface EventSource {
  /** FD_ bits and codes since the last time, as words; "" for none. */
  take(): string;
}

/** A call of Winsock with its arguments, in both faces' ways to say it. What a face has no way to say is left out, and said why. */
export interface Call {
  /** As it stands in the name of a row. */
  readonly text: string;
  /** What it returns when it succeeds: a number, or a socket, whose number says nothing. */
  readonly returns?: "socket";
  readonly inC: (w: BlockingFace, s: SOCKET, scene: Scene) => Result | Promise<Result>;
  /** Throws WinsockError. */
  readonly awaited?: (w: PromiseFace, s: SOCKET, scene: Scene) => Promise<Result> | Promise<void>;
  /** Why the promise face has no such call. */
  readonly notAwaited?: string;
}

/** A program on one of the hosts, through either face. */
export interface Program {
  /** What the call came to: the name of its code, or its value. */
  run(call: Call, s: SOCKET, wanted?: string): Promise<string>;
  /** For what a state is made of. @returns the call's value. @throws Error when it fails */
  must(call: Call, s?: SOCKET): Promise<number>;
}

/** Two programs that can reach each other, for one row. */
export interface Stage {
  readonly ours: Program;
  readonly peer: Program;
  readonly place: Place;
  /** Lets what has left reach the other side. */
  settle(): Promise<void>;
  /** Milliseconds; of rows that are run in virtual time alone. */
  readonly nowMs: number;
  /** Time passes, or on a network in real time has to pass by itself, until the condition holds or it never will. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** How a socket came to be what it is. */
export interface State {
  readonly name: string;
  /** @returns the socket of our program that the row is about */
  make(stage: Stage): Promise<SOCKET>;
}

export type Expected = string | Readonly<Record<ProfileName, string>>;

export interface Step {
  readonly who: "ours" | "peer";
  readonly call: Call;
  /** The name of a code, or a value; `{peer:open}` stands for an address and a port of the place. */
  readonly expect: Expected;
}

export interface ConformanceCase {
  /** Unique: subject, state and calls. */
  readonly name: string;
  /** Who says so: a page of Microsoft's, a test of Wine's or ReactOS's; "inferred" with the reason where nobody does. */
  readonly from: string;
  readonly state: State;
  readonly steps: readonly Step[];
  readonly families: readonly Family[];
  /** More than the one profile where they differ. */
  readonly profiles: readonly ProfileName[];
  /** Why it runs in virtual time alone: it takes long, or a wire that a network of real time has not. */
  readonly virtualOnly?: string;
  /** Why it does not run through the promise face, where its calls do not tell. */
  readonly notAwaited?: string;
}

/** What a row may say beside its call. */
export interface RowOptions {
  readonly families?: readonly Family[];
  readonly virtualOnly?: string;
  readonly notAwaited?: string;
}

const BOTH: readonly Family[] = ["IPv4", "IPv6"];

export const ours = (call: Call, expect: Expected = "0"): Step => ({ who: "ours", call, expect });
export const peer = (call: Call, expect: Expected = "0"): Step => ({ who: "peer", call, expect });

/** A row of several calls. */
export function script(name: string, from: string, state: State, steps: readonly Step[], options: RowOptions = {}): ConformanceCase {
  const profiles: readonly ProfileName[] = steps.some(({ expect }) => typeof expect !== "string") ? ["windows", "linux"] : ["windows"];
  return { name, from, state, steps, profiles, families: BOTH, ...options };
}

/** A row of one call. */
export const row = (subject: string, from: string, state: State, call: Call, expect: Expected, options: RowOptions = {}): ConformanceCase =>
  script(`${subject}: ${state.name}: ${call.text}`, from, state, [ours(call, expect)], options);

export interface Matrix {
  readonly subject: string;
  /** The table's lines, in its order. */
  readonly states: readonly State[];
  readonly columns: readonly Column[];
  /**
   * A line for each state: its name, then a cell for each column. A cell is a value (`_` for a blank) or a code without its WSA; one with
   * a `?` is inferred, and "-" says nothing. Lines that begin with # are comments.
   */
  readonly table: string;
  readonly options?: RowOptions;
}

export interface Column {
  readonly call: Call;
  readonly from: string;
}

/** State × call × code: a row for each cell. */
export function matrix({ subject, states, columns, table, options = {} }: Matrix): ConformanceCase[] {
  const lines = table.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
  const unknown = lines.find((line) => !states.some(({ name }) => isLineOf(name, line)));
  if (unknown !== undefined) throw new Error(`${subject}: no state has this line: ${unknown}`);
  return states.flatMap((state) => {
    const line = lines.find((each) => isLineOf(state.name, each));
    if (line === undefined) throw new Error(`${subject}: no line for ${state.name}`);
    const cells = line
      .trim()
      .slice(state.name.length + 1)
      .trim()
      .split(/\s+/);
    if (cells.length !== columns.length) throw new Error(`${subject}: ${cells.length} cells for ${columns.length} calls: ${line}`);
    return columns.flatMap(({ call, from }, i) => {
      const cell = cells[i]!;
      if (cell === "-") return [];
      const isInferred = cell.endsWith("?");
      const source = isInferred ? `inferred from the neighbouring states of: ${from}` : from;
      return [row(subject, source, state, call, codeOf(isInferred ? cell.slice(0, -1) : cell), options)];
    });
  });
}

const isLineOf = (name: string, line: string): boolean => line.trim().startsWith(`${name}:`);

/** E-names are codes without their WSA, which would make tables wide. */
function codeOf(cell: string): string {
  if (/^E[A-Z]{3}/.test(cell)) return `WSA${cell}`;
  return /^(gives|value)_/.test(cell) ? cell.replace("_", " ") : cell;
}
