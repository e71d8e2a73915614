import { NO_ABILITIES } from "../../src/run/page-messages.ts";
import type { RunEvent, RunHeader } from "../../src/run/run-event.ts";
import { words } from "../words.ts";
import type { RunView } from "./run-view.ts";

/** A run that was read from a file. */
export interface ReadRun {
  readonly header: RunHeader;
  readonly events: readonly RunEvent[];
}

/** Reads one form of file. */
export interface RunReader {
  /** Whether the file begins as this form does. */
  readonly isOurs: (bytes: Uint8Array) => boolean;
  /** @throws Error whose message says what is wrong with the file, and where */
  readonly read: (bytes: Uint8Array) => ReadRun;
}

/** Forms that the page can open; whoever writes a reader puts it here. */
const READERS: readonly RunReader[] = [];

/** Reads a file's run. @throws Error whose message says why it cannot be opened */
export async function readRunFile(file: File): Promise<ReadRun> {
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
  const read = await readRunFile(file);
  run.sourceIs(undefined);
  run.opened(read.header, NO_ABILITIES);
  run.add(read.events);
}
