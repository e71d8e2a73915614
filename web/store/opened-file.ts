import { looksLikeCapture, readCaptureFile } from "../../src/run/capture-file.ts";
import { NO_ABILITIES } from "../../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import { looksLikeRunFile, readRunFile } from "../../src/run/run-file.ts";
import { tell } from "../parts/toast.tsx";
import { words } from "../words.ts";
import type { RunView } from "./run-view.ts";

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
  const { source } = words.value;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const reader = READERS.find(({ isOurs }) => isOurs(bytes));
  if (reader === undefined) throw new Error(source.cannotRead(file.name, source.unknownFile));
  try {
    return reader.read(bytes);
  } catch (problem) {
    throw new Error(source.cannotRead(file.name, problem instanceof Error ? problem.message : String(problem)));
  }
}

/** Shows a file's run in place of the present one. @throws Error whose message says why it cannot be opened */
export async function openFile(run: RunView, file: File): Promise<void> {
  const read = await readOpenedFile(file);
  run.sourceIs(undefined);
  run.opened(read.header, NO_ABILITIES);
  run.add(read.events);
  for (const note of read.notes) tell(note);
}
