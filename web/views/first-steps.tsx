import type { Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ConnectOutcome } from "../../src/run/connect-outcome.ts";
import { openServerProgram } from "../program/program-source.ts";
import { closeFirstSteps, firstStepsOf, guess } from "../store/first-connect.ts";
import type { RunView } from "../store/run-view.ts";
import { simulationLink } from "../store/simulation-link.ts";
import { formatSpan, words } from "../words.ts";
import { openLesson } from "./lessons.tsx";
import type { ViewName } from "./registry.ts";

/** The lesson that a first connect leads to. */
const FIRST_LESSON = "handshake";

interface FirstStepsProps {
  readonly run: RunView;
  readonly shown: Signal<ViewName>;
  readonly onConnect: () => void;
}

/** Before the first connect a guess, after it what came of it and where to go on. */
export function FirstSteps({ run, shown, onConnect }: FirstStepsProps) {
  const { first } = words.value;
  const state = useMemo(() => firstStepsOf(run), [run]).value;
  // Who has gone on to another view has found the way.
  if (state === undefined || shown.value !== "ladder") return null;
  const hasLessons = run.abilities.value.goesBack;
  const lesson = hasLessons ? (
    <button
      type="button"
      onClick={() => {
        openLesson(FIRST_LESSON);
        shown.value = "lessons";
      }}
    >
      {first.lesson}
    </button>
  ) : (
    <a href={simulationLink({ view: "lessons", lesson: FIRST_LESSON })} target="_blank" rel="noreferrer">
      {first.lesson}
    </a>
  );
  return (
    <section class="first-steps" aria-label={first.title}>
      {state.stage === "guess" ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onConnect();
          }}
        >
          <label>
            {first.guess}{" "}
            <input
              type="number"
              min="0"
              max="99"
              value={guess.value}
              onInput={({ currentTarget }) => {
                guess.value = currentTarget.value;
              }}
            />
          </label>{" "}
          {first.press} {lesson}
        </form>
      ) : (
        <>
          <p>
            <b>{outcomeText(state.outcome)}</b>{" "}
            {state.guess !== undefined && first.guessed(state.guess, isRight(state.guess, state.outcome))}{" "}
            <button
              type="button"
              onClick={() => {
                shown.value = "ladder";
                run.goToEvent(state.outcome.place);
              }}
            >
              {first.show}
            </button>
          </p>
          <p>
            {first.next} {lesson}{" "}
            {hasLessons ? (
              <button type="button" onClick={openServerProgram}>
                {first.program}
              </button>
            ) : (
              <a href={simulationLink({ program: "server.js" })} target="_blank" rel="noreferrer">
                {first.program}
              </a>
            )}
          </p>
        </>
      )}
      <button type="button" class="quiet" aria-label={first.close} title={first.close} onClick={closeFirstSteps}>
        ✕
      </button>
    </section>
  );
}

const isRight = (guessed: number, { segments }: ConnectOutcome): boolean => guessed === segments.length;

function outcomeText({ segments, tookMs, error, text }: ConnectOutcome): string {
  const { first } = words.value;
  const took =
    segments.length === 0 ? first.tookNone(formatSpan(tookMs)) : first.took(segments.length, segments.join("; "), formatSpan(tookMs));
  return error === 0 ? took : `${took} ${first.failed(text)}`;
}
