import { signal } from "@preact/signals";
import { rememberAs, remembered } from "../store/remembered.ts";
import { EXAMPLES } from "./example-programs.ts";

/** The program in the editor, and the host that it is meant for. */
export interface ProgramSource {
  readonly title: string;
  readonly source: string;
  /** The first that is traced when left out. */
  readonly host?: string;
}

export const programSource = signal<ProgramSource>({
  title: EXAMPLES.value[0]!.title,
  source: remembered("program") ?? EXAMPLES.value[0]!.source,
});

/** What is written is there again when the page is opened the next time. */
export function writeProgram(change: Partial<ProgramSource>): void {
  programSource.value = { ...programSource.value, ...change };
  rememberAs("program", programSource.value.source);
}
