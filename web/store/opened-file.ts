import { isSavedRun } from "../../src/lab/scene/saved-run-text.ts";
import { looksLikeCapture, readCaptureFile } from "../../src/run/capture-file.ts";
import { NO_ABILITIES } from "../../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import { looksLikeRunFile, readRunFile } from "../../src/run/run-file.ts";
import { tell } from "../parts/toast.tsx";
import { words } from "../words.ts";
import type { RunView } from "./run-view.ts";
import { leaveSource, readSaved, useSimulation } from "./source-client.ts";

/** A run that was read from a file. */
export interface ReadRun {
  readonly header: RunHeader;
  readonly events: readonly RunEvent[];
  /** What could not be read, in sentences. */
  readonly notes: readonly string[];
}

/** Reads one form of file. */
export interface RunReader {
  /** Whether the file begins as this form does. */
  readonly isOurs: (bytes: Uint8Array) => boolean;
  /** @throws Error whose message says what is wrong with the file, and where */
  readonly read: (bytes: Uint8Array) => ReadRun;
}

/** So much of a file says what it is. */
const LOOKED_AT = 100_000;

/** Forms that the page can open; whoever writes a reader puts it here. */
const READERS: readonly RunReader[] = [
  {
    isOurs: looksLikeRunFile,
    read: (bytes) => {
      const { header, events, faults, faultCount } = readRunFile(bytes);
      const notes = faults.slice(0, 1).map(({ line, problem }) => words.value.source.passedOver(faultCount, line, problem));
      return { header, events, notes };
    },
  },
  { isOurs: looksLikeCapture, read: (bytes) => readCaptureFile(bytes) },
];

/** Reads a file's run. @throws Error whose message says why it cannot be opened */
export async function readOpenedFile(file: File): Promise<ReadRun> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return isSimulation(bytes) ? readSaved(new TextDecoder().decode(bytes)) : readEvents(file.name, bytes);
}

/** Shows a file's run in place of the present one. @throws Error whose message says why it cannot be opened */
export async function openFile(run: RunView, file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isSimulation(bytes)) {
    // It is made again, and can be gone on with.
    useSimulation(run);
    run.goToEnd();
    await run.request({ type: "open-saved", text: new TextDecoder().decode(bytes) });
    return;
  }
  const read = readEvents(file.name, bytes);
  leaveSource(run);
  run.opened(read.header, NO_ABILITIES);
  run.add(read.events);
  for (const note of read.notes) tell(note);
}

const isSimulation = (bytes: Uint8Array): boolean => isSavedRun(new TextDecoder().decode(bytes.subarray(0, LOOKED_AT)));

function readEvents(name: string, bytes: Uint8Array): ReadRun {
  const { source } = words.value;
  const reader = READERS.find(({ isOurs }) => isOurs(bytes));
  if (reader === undefined) throw new Error(source.cannotRead(name, source.unknownFile));
  try {
    return reader.read(bytes);
  } catch (problem) {
    throw new Error(source.cannotRead(name, problem instanceof Error ? problem.message : String(problem)));
  }
}
