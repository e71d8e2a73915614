import { computed, signal } from "@preact/signals";
import { type ConnectOutcome, connectOutcome } from "../../src/run/connect-outcome.ts";
import { rememberAs, remembered } from "./remembered.ts";
import type { RunView } from "./run-view.ts";

/** What was guessed before the first connect: the text of a field. */
export const guess = signal("");

/** The connect that the page's button made, with what was guessed of it. */
interface MadeConnect {
  readonly opening: number;
  readonly host: string;
  /** Where the run stood. */
  readonly place: number;
  readonly guess: number | undefined;
}

const made = signal<MadeConnect | undefined>(undefined);
const isClosed = signal(remembered("first-steps") === "closed");

/** The button was pressed: the guess is committed. */
export function connectMade(run: RunView, host: string): void {
  // A guess at what one has seen is none.
  if (made.peek()?.opening === run.opening.peek()) return;
  const text = guess.peek().trim();
  const number = text === "" ? Number.NaN : Number(text);
  made.value = {
    opening: run.opening.peek(),
    host,
    place: run.timeline.end,
    guess: Number.isInteger(number) && number >= 0 ? number : undefined,
  };
}

export function closeFirstSteps(): void {
  isClosed.value = true;
  rememberAs("first-steps", "closed");
}

export type FirstSteps =
  | { readonly stage: "guess" }
  | { readonly stage: "seen"; readonly guess: number | undefined; readonly outcome: ConnectOutcome }
  | undefined;

let known: { readonly of: MadeConnect; readonly outcome: ConnectOutcome } | undefined;

/** How far the reader is with the first connect; nothing where the page cannot make one, or the reader wants no more of it. */
export const firstStepsOf = (run: RunView) =>
  computed((): FirstSteps => {
    if (isClosed.value || !run.abilities.value.connects) return undefined;
    const now = made.value;
    if (now === undefined || now.opening !== run.opening.value) return hasConnected(run) ? undefined : { stage: "guess" };
    if (known?.of !== now) {
      run.version.value;
      const outcome = connectOutcome(run.timeline, now.host, now.place);
      if (outcome === undefined) return undefined;
      if (!outcome.isWhole) return { stage: "seen", guess: now.guess, outcome };
      known = { of: now, outcome };
    }
    return { stage: "seen", guess: now.guess, outcome: known.outcome };
  });

const hasConnected = (run: RunView): boolean => {
  run.version.value;
  return run.timeline.first > 0 || [...run.timeline.now.hosts.values()].some(({ connections }) => connections.size > 0);
};
