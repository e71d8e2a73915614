import { effect, signal } from "@preact/signals";
import { rememberAs, remembered } from "../store/remembered.ts";
import { EXAMPLES } from "./example-programs.ts";

/** The program in the editor, and the host that it is meant for. */
export interface ProgramSource {
  readonly title: string;
  readonly source: string;
  /** The first that is traced when left out. */
  readonly host?: string;
}

/** A file's name, which no example has. */
const OWN_TITLE = "mine.js";

export const programSource = signal<ProgramSource>({
  title: EXAMPLES.value[0]!.title,
  source: remembered("program") ?? EXAMPLES.value[0]!.source,
});

/** Whether the editor is beside the view. */
export const isProgramShown = signal(remembered("program-panel") === "true");

export function showProgram(isShown: boolean): void {
  isProgramShown.value = isShown;
  rememberAs("program-panel", String(isShown));
}

/** What of one's own was in the editor before something else was chosen. */
export const ownProgram = signal<ProgramSource | undefined>(readOwn());

function readOwn(): ProgramSource | undefined {
  const source = remembered("own-program");
  return source === undefined ? undefined : { title: OWN_TITLE, source };
}

/** Another program comes into the editor; what was written there is kept. */
export function chooseProgram(chosen: Partial<ProgramSource>): void {
  const { source } = programSource.peek();
  if (!EXAMPLES.peek().some((example) => example.source === source)) {
    ownProgram.value = { title: OWN_TITLE, source };
    rememberAs("own-program", source);
  }
  writeProgram(chosen);
}

/** For who wants to write a program: the echo server to begin with. */
export function openServerProgram(): void {
  showProgram(true);
  // The examples may still be on their way.
  const stop = effect(() => {
    const server = EXAMPLES.value.find(({ title }) => title === "server.js");
    if (server === undefined) return;
    queueMicrotask(() => stop());
    chooseProgram({ ...server, host: "server" });
  });
}

/** What is written is there again when the page is opened the next time. */
export function writeProgram(change: Partial<ProgramSource>): void {
  programSource.value = { ...programSource.value, ...change };
  rememberAs("program", programSource.value.source);
}
