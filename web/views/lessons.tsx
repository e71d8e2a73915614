import { signal } from "@preact/signals";
import { progressOf } from "../../src/run/lesson-progress.ts";
import { insideWords } from "../inside-words.ts";
import { type LessonsModel, lessonsModel, type ShownLesson } from "../lessons-model.ts";
import { exportProgress, progress } from "../store/progress.ts";
import type { RunView } from "../store/run-view.ts";
import { simulationLink } from "../store/simulation-link.ts";
import { words } from "../words.ts";
import { OpenLesson } from "./open-lesson.tsx";
import { Mystery } from "./open-mystery.tsx";
import type { ViewProps } from "./registry.ts";
import "./inside.css";
import "./lessons.css";

type Opened = { readonly lesson: string } | { readonly mystery: number } | undefined;

/** It stays open while other views are looked at. */
const opened = signal<Opened>(undefined);

/** What the view of lessons shows from now on. */
export function openLesson(id: string): void {
  opened.value = { lesson: id };
}

/** Lessons and mysteries: the list, or the one that is open. */
export function LessonsView({ run }: ViewProps) {
  const model = lessonsModel.value;
  return (
    <section aria-label={words.value.views.lessons} class="view inside lessons">
      {model === undefined ? <NotHere run={run} /> : <Shown run={run} model={model} what={opened.value} />}
    </section>
  );
}

/** Lessons need a run that can be begun anew: the simulation, which is the same page without a host behind it. */
function NotHere({ run }: { readonly run: RunView }) {
  const text = insideWords.value.lessons;
  if (run.header.value.kind === "simulated") return <p class="soft">{text.none}</p>;
  return (
    <p>
      {text.notHere}{" "}
      <a href={simulationLink({ view: "lessons" })} target="_blank" rel="noreferrer">
        {text.inSimulation}
      </a>
    </p>
  );
}

function Shown({ run, model, what }: { readonly run: RunView; readonly model: LessonsModel; readonly what: Opened }) {
  const text = insideWords.value.lessons;
  const lesson = what !== undefined && "lesson" in what ? model.lessons.find(({ id }) => id === what.lesson) : undefined;
  const mystery = what !== undefined && "mystery" in what ? what.mystery : undefined;
  if (lesson === undefined && mystery === undefined) return <List model={model} />;
  return (
    <>
      <button type="button" onClick={() => (opened.value = undefined)}>
        ← {text.back}
      </button>
      {lesson !== undefined && <OpenLesson key={lesson.id} run={run} model={model} lesson={lesson} />}
      {mystery !== undefined && <Mystery key={mystery} model={model} number={mystery} />}
    </>
  );
}

function List({ model }: { readonly model: LessonsModel }) {
  const text = insideWords.value.lessons;
  const able = model.lessons.filter(({ waitsFor }) => waitsFor === undefined);
  const passed = able.filter(({ id }) => progressOf(progress.value, id).isPassed).length;
  return (
    <>
      {text.inEnglish !== "" && <p class="note">{text.inEnglish}</p>}
      <div class="inside-bar">
        <h2>{text.list}</h2>
        <span>
          <progress max={Math.max(1, able.length)} value={passed} aria-hidden="true" /> {text.progress(passed, able.length)}
        </span>
        <button type="button" title={text.exportHint} onClick={exportProgress}>
          {text.export}
        </button>
      </div>
      <ol class="lesson-list">
        {model.lessons.map((lesson) => (
          <LessonLine key={lesson.id} lesson={lesson} />
        ))}
      </ol>
      {model.mysteries.length > 0 && (
        <>
          <h2>{text.mysteries}</h2>
          <ol class="lesson-list">
            {model.mysteries.map((number) => {
              const { isSolved = false, guesses = 0 } = progress.value.mysteries[number] ?? {};
              return (
                <li key={number}>
                  <button type="button" onClick={() => (opened.value = { mystery: number })}>
                    <b>
                      {text.mysteries} {number}
                    </b>
                    <State is={isSolved ? "passed" : guesses > 0 ? "failed" : "new"} />
                  </button>
                </li>
              );
            })}
          </ol>
        </>
      )}
    </>
  );
}

function LessonLine({ lesson: { id, number, title, goal, waitsFor } }: { readonly lesson: ShownLesson }) {
  const text = insideWords.value.lessons;
  const { isPassed, runs, predictions } = progressOf(progress.value, id);
  return (
    <li>
      <button type="button" disabled={waitsFor !== undefined} onClick={() => (opened.value = { lesson: id })}>
        <b lang="en">
          {number}. {title}
        </b>
        <span class="goal" lang="en">
          {goal}
        </span>
        {waitsFor === undefined ? (
          <State is={isPassed ? "passed" : runs > 0 ? "failed" : predictions === undefined ? "new" : "begun"} />
        ) : (
          <span class="soft">{text.waitsFor(waitsFor)}</span>
        )}
      </button>
    </li>
  );
}

const SIGNS = { new: "○", begun: "◐", failed: "◑", passed: "✓" } as const;

const State = ({ is }: { readonly is: keyof typeof SIGNS }) => (
  <span class={is === "passed" ? "good state" : "soft state"}>
    {SIGNS[is]} {insideWords.value.lessons.states[is]}
  </span>
);
