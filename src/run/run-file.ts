/**
 * Runs as files: JSON Lines. The first line is the header, then comes an event a line, in their order. A simulated run is made again
 * from what its header says in `simulation`, and may have no events.
 */
import type { RunEvent, RunHeader, RunHost } from "./run-event.ts";
import { readRunEvent, runEventJson } from "./run-event-json.ts";

export const RUN_FILE_FORMAT = "tapsock-run";
export const RUN_FILE_VERSION = 1;

/** A file is no run, or of a later version. The message is a sentence. */
export class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** Something in a file that was passed over. */
export interface RunFileFault {
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
}

export interface RunFile {
  readonly header: RunHeader;
  /** What else the header says, by key: of a simulated run its `simulation`. */
  readonly others: Readonly<Record<string, unknown>>;
  readonly events: readonly RunEvent[];
  /** The first of the lines that were passed over. */
  readonly faults: readonly RunFileFault[];
  readonly faultCount: number;
}

/** What is read of a file at most. */
export interface RunFileLimits {
  readonly bytes: number;
  readonly events: number;
}

export const RUN_FILE_LIMITS: RunFileLimits = { bytes: 256 * 1024 * 1024, events: 1_000_000 };

const MOST_HOSTS = 256;
const MOST_ADDRESSES = 256;
const KEPT_FAULTS = 20;
const KINDS: ReadonlySet<unknown> = new Set(["simulated", "live", "capture"]);
const PROFILE_NAMES: ReadonlySet<unknown> = new Set(["windows", "linux", "rfc"]);

/** The first line of a file, with its end. @param others what else it is to say; keys of the header win */
export function runHeaderLine(header: RunHeader, others: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ ...others, format: RUN_FILE_FORMAT, formatVersion: RUN_FILE_VERSION, ...header })}\n`;
}

/** A line of a file, with its end. */
export const runEventLine = (event: RunEvent): string => `${JSON.stringify(runEventJson(event))}\n`;

export function runFileText(header: RunHeader, events: Iterable<RunEvent>, others: Readonly<Record<string, unknown>> = {}): string {
  const lines = [runHeaderLine(header, others)];
  for (const event of events) lines.push(runEventLine(event));
  return lines.join("");
}

/** Whether a file begins as one, so that it can be told from a capture. */
export function looksLikeRunFile(bytes: Uint8Array): boolean {
  const beginning = new TextDecoder().decode(bytes.subarray(0, 4096)).trimStart();
  return beginning.startsWith("{") && beginning.includes(`"${RUN_FILE_FORMAT}"`);
}

/**
 * Reads a file. Lines that are no events are passed over and named in `faults`: a writer that was killed has cut its last one, and a
 * later version may tell of more.
 * @throws RunFileError when it is no run, or too large
 */
export function readRunFile(file: Uint8Array | string, limits: RunFileLimits = RUN_FILE_LIMITS): RunFile {
  if (file.length > limits.bytes) throw new RunFileError(`Cannot read the run: it has more than ${limits.bytes} bytes`);
  const text = typeof file === "string" ? file : new TextDecoder().decode(file);
  const headerEnd = endOfLine(text, 0);
  const { header, others } = readHeader(text.slice(0, headerEnd));
  const events: RunEvent[] = [];
  const faults: RunFileFault[] = [];
  let faultCount = 0;
  let line = 1;
  for (let at = headerEnd + 1; at < text.length; ) {
    line++;
    const end = endOfLine(text, at);
    const problem = at === end ? undefined : takeEvent(text.slice(at, end), events);
    at = end + 1;
    if (problem !== undefined && ++faultCount <= KEPT_FAULTS) faults.push({ line, problem });
    if (events.length > limits.events) throw new RunFileError(`Cannot read the run: it has more than ${limits.events} events`);
  }
  return { header, others, events, faults, faultCount };
}

/** @returns what is wrong with the line */
function takeEvent(line: string, events: RunEvent[]): string | undefined {
  if (line.trim() === "") return undefined;
  try {
    events.push(readRunEvent(JSON.parse(line)));
    return undefined;
  } catch (error) {
    // RunEventError and SyntaxError: both have a sentence.
    return error instanceof SyntaxError ? "it is no whole line of JSON" : (error as Error).message;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function readHeader(line: string): { header: RunHeader; others: Readonly<Record<string, unknown>> } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RunFileError("Cannot read the run, line 1: it is no JSON; a run begins with its header");
  }
  if (typeof value !== "object" || value === null || (value as { format?: unknown }).format !== RUN_FILE_FORMAT) {
    throw new RunFileError(`Cannot read the run, line 1: it does not say "format":"${RUN_FILE_FORMAT}"`);
  }
  const { format: _, formatVersion, title, kind, madeBy, hosts, epochMs, ...others } = value as Record<string, unknown>;
  if (formatVersion !== RUN_FILE_VERSION) {
    throw new RunFileError(`Cannot read the run: it is of version ${JSON.stringify(formatVersion)}, and this program reads version 1`);
  }
  if (!KINDS.has(kind)) throw wrongHeader("kind", '"simulated", "live" or "capture"');
  if (!Array.isArray(hosts) || hosts.length > MOST_HOSTS) throw wrongHeader("hosts", `a list of at most ${MOST_HOSTS}`);
  if (epochMs !== undefined && epochMs !== null && !Number.isFinite(epochMs)) throw wrongHeader("epochMs", "a number");
  return {
    header: {
      title: typeof title === "string" ? title : "",
      kind: kind as RunHeader["kind"],
      madeBy: typeof madeBy === "string" ? madeBy : "",
      hosts: hosts.map(readHost),
      ...(typeof epochMs === "number" ? { epochMs } : {}),
    },
    others,
  };
}

function readHost(value: unknown, index: number): RunHost {
  const { name, title, addresses, profile, isTraced } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== "string") throw wrongHeader(`hosts[${index}].name`, "text");
  const isList = Array.isArray(addresses) && addresses.length <= MOST_ADDRESSES && addresses.every((each) => typeof each === "string");
  if (!isList) throw wrongHeader(`hosts[${index}].addresses`, "a list of texts");
  return {
    name,
    title: typeof title === "string" ? title : name,
    addresses: addresses as string[],
    ...(PROFILE_NAMES.has(profile) ? { profile: profile as NonNullable<RunHost["profile"]> } : {}),
    isTraced: isTraced === true,
  };
}

const wrongHeader = (key: string, expected: string): RunFileError =>
  new RunFileError(`Cannot read the run, line 1, ${key}: expected ${expected}`);
