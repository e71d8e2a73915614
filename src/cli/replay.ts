import { readFileSync, statSync } from "node:fs";
import { Command } from "commander";
import { Ladder } from "../lab/ladder.ts";
import { traceEventOf } from "../lab/run-events.ts";
import { readSavedRun, replaySavedRun, SavedRunError } from "../lab/scene/saved-run.ts";
import { isSavedRun } from "../lab/scene/saved-run-text.ts";
import { styleFor } from "../lab/text-style.ts";
import { traceRecord } from "../management/trace-record.ts";
import { RecordingError } from "../replay/recording.ts";
import { Replay, ReplayError } from "../replay/replay.ts";
import { CaptureFileError, looksLikeCapture, readCaptureFile } from "../run/capture-file.ts";
import type { RunEvent, RunHeader } from "../run/run-event.ts";
import { runEventJson } from "../run/run-event-json.ts";
import { RUN_FILE_LIMITS, RunFileError, readRunFile } from "../run/run-file.ts";
import { address } from "./arguments.ts";
import { CommandFailure } from "./failure.ts";
import { complain, print, printJson } from "./output.ts";

interface ReplayOptions {
  readonly host?: string;
  readonly peer?: string;
  readonly detailed?: boolean;
  readonly json?: boolean;
}

/** A call is drawn alone when its return comes later than this. */
const PAUSE_MS = 50;
/** How a recording of `tapsockd --record` begins: a block of 8 bytes of kind 1, then JSON. */
const RECORDING_KIND = 1;
const RECORDING_BODY = 8;
const BRACE = 0x7b;

export function replayCommand(): Command {
  return new Command("replay")
    .summary("show a run file, a recording or a capture as a ladder")
    .description(
      "Shows what a file tells of a run: of tapsock record or the lab's page, of tapsockd --record (which is run again), or a pcapng or pcap capture.",
    )
    .argument("<file>", "file of the run")
    .option("--host <name>", "of a run with several hosts: whose ladder (default: the first that is traced)")
    .option("--peer <address>", "only what passes between the host and this address, and the calls", address)
    .option("--detailed", "round-trip samples, congestion window, neighbours, idle polls and alarms of infrared too")
    .option("--json", "one JSON object for each event; frames in base64")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock replay connect.tapsock\n  tapsock replay capture.pcapng --peer 203.0.113.1\n  tapsock replay run.recording --json | jq -c 'select(.type == \"state-changed\")'",
    )
    .action((file: string, options: ReplayOptions) => {
      const bytes = readFile(file);
      if (isRecording(bytes)) replayRecording(file, bytes, options);
      else showRun(file, bytes, options);
    });
}

const isRecording = (bytes: Uint8Array): boolean => bytes[0] === RECORDING_KIND && bytes[RECORDING_BODY] === BRACE;

function readFile(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > RUN_FILE_LIMITS.bytes) throw new Error(`it has more than ${RUN_FILE_LIMITS.bytes} bytes`);
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new CommandFailure(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

function showRun(file: string, bytes: Uint8Array, options: ReplayOptions): void {
  const { header, events } = readEvents(file, bytes);
  if (options.json) {
    printJson({ type: "header", ...header });
    for (const event of events) printJson(runEventJson(event));
    return;
  }
  const host = options.host ?? (header.hosts.find(({ isTraced }) => isTraced) ?? header.hosts[0])?.name;
  if (!events.some((event) => event.host === host)) {
    const known = header.hosts.map(({ name }) => name).join(", ");
    if (events.length === 0) throw new CommandFailure(`Cannot show ${file}: nothing happens in it that could be drawn`);
    throw new CommandFailure(`Cannot show ${file}: nothing is told of the host ${host}`, `name one with --host; there are: ${known}`);
  }
  print(`${header.title}${header.madeBy === "" ? "" : `, by ${header.madeBy}`}${beganAt(header)}`);
  const drawn = ladderOf(options);
  for (const event of events) {
    if (event.host !== host) continue;
    const told = traceEventOf(event);
    if (told !== undefined) drawn(told);
    else if (event.type === "left-out")
      print(`         (${event.events} events left out within ${Math.round(event.forMs)} ms: the host was too busy)`);
    else if (event.type === "noted") print(`         (${event.text})`);
  }
  drawn(undefined);
}

const beganAt = ({ epochMs }: RunHeader): string => {
  const time = new Date(epochMs ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? "" : `, ${time.toISOString()}`;
};

function readEvents(file: string, bytes: Uint8Array): { readonly header: RunHeader; readonly events: readonly RunEvent[] } {
  try {
    if (looksLikeCapture(bytes)) {
      const { header, events, notes } = readCaptureFile(bytes);
      for (const note of notes) complain(`${file}: ${note}`);
      return { header, events };
    }
    const text = new TextDecoder().decode(bytes);
    if (!text.trimStart().startsWith("{"))
      throw new RunFileError(
        bytes.length === 0 ? "there is nothing in it" : "this is neither a run, nor a recording, nor a pcapng or pcap capture",
      );
    if (isSavedRun(text)) return readSimulation(text);
    const { header, events, faults, faultCount } = readRunFile(bytes);
    for (const { line, problem } of faults) complain(`${file}, line ${line}: ${problem}; passed over`);
    if (faultCount > faults.length) complain(`${file}: ${faultCount - faults.length} more lines were passed over`);
    return { header, events };
  } catch (error) {
    if (!(error instanceof CaptureFileError) && !(error instanceof RunFileError) && !(error instanceof SavedRunError)) throw error;
    throw new CommandFailure(`${file}: ${error.message}`);
  }
}

/** A saved run of the simulation is made again. @throws SavedRunError */
function readSimulation(text: string): { readonly header: RunHeader; readonly events: readonly RunEvent[] } {
  const events: RunEvent[] = [];
  const run = replaySavedRun(readSavedRun(text), (event) => events.push(event));
  run.close();
  return { header: run.header, events };
}

function replayRecording(file: string, bytes: Uint8Array, options: ReplayOptions): void {
  const drawn = options.json ? undefined : ladderOf(options);
  try {
    const replay = new Replay(bytes);
    replay.host.trace.observe((event) => {
      if (drawn === undefined) printJson(traceRecord(event, 0));
      else drawn(event);
    });
    replay.run();
  } catch (error) {
    if (!(error instanceof RecordingError) && !(error instanceof ReplayError)) throw error;
    throw new CommandFailure(`${file}: ${error.message}`);
  }
  drawn?.(undefined);
}

type Drawn = Parameters<Ladder["event"]>[0];

/** @returns what draws an event after another, and at last undefined */
function ladderOf({ peer, detailed }: ReplayOptions): (event: Drawn | undefined) => void {
  const ladder = new Ladder({
    write: print,
    style: styleFor(process.stdout, process.env),
    width: process.stdout.columns,
    detailed: detailed === true,
    ...(peer === undefined ? {} : { peer }),
  });
  let lastMs = 0;
  return (event) => {
    if (event === undefined || event.atMs - lastMs > PAUSE_MS) ladder.pause();
    if (event === undefined) return;
    lastMs = event.atMs;
    ladder.event(event);
  };
}
