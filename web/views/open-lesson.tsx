import { signal, useSignal } from "@preact/signals";
import { begunAnew, type PredictionAnswers, progressOf, withPredictions, withRun } from "../../src/run/lesson-progress.ts";
import type { ProfileName } from "../../src/run/run-event.ts";
import { insideWords } from "../inside-words.ts";
import type { LessonsModel, ShownCheck, ShownGuess, ShownLesson, ShownPrediction, ShownReport } from "../lessons-model.ts";
import { progress, setProgress } from "../store/progress.ts";
import { rememberAs, remembered } from "../store/remembered.ts";
import type { RunView } from "../store/run-view.ts";

const PROFILES: readonly ProfileName[] = ["windows", "linux", "rfc"];

/** What came of the last run of each lesson: they outlive the view, for who goes to a moment and comes back. */
const reports = signal<ReadonlyMap<string, ShownReport>>(new Map());

interface OpenLessonProps {
  readonly run: RunView;
  readonly model: LessonsModel;
  readonly lesson: ShownLesson;
}

/** One lesson from its goal to what to try next: first the prediction, then the run, then what it was about. */
export function OpenLesson({ run, model, lesson }: OpenLessonProps) {
  const text = insideWords.value.lessons;
  const profile = useSignal<ProfileName | undefined>(undefined);
  const report = reports.value.get(lesson.id);
  const isRunning = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const { predictions } = progressOf(progress.value, lesson.id);
  const isReady = predictions !== undefined || lesson.predictions.length === 0;

  const attempt = async (what: () => Promise<void>): Promise<void> => {
    isRunning.value = true;
    problem.value = undefined;
    try {
      await what();
    } catch (error) {
      problem.value = text.problem(error instanceof Error ? error.message : String(error));
    } finally {
      isRunning.value = false;
    }
  };
  const runIt = (): void => {
    void attempt(async () => {
      const came = await model.run(lesson.id, profile.value, predictions ?? {});
      reports.value = new Map(reports.value).set(lesson.id, came);
      setProgress(withRun(progress.value, lesson.id, came.isPassed));
    });
  };
  const anew = (): void => {
    reports.value = new Map([...reports.value].filter(([id]) => id !== lesson.id));
    setProgress(begunAnew(progress.value, lesson.id));
    void attempt(() => model.begin(lesson.id, profile.value));
  };
  return (
    <article>
      <h2>
        {text.number(lesson.number)}: {lesson.title}
      </h2>
      <p class="goal-text">
        <b>{text.goal}:</b> {lesson.goal}
      </p>
      <div class="lesson-columns">
        <div>
          <h3>{text.steps}</h3>
          <ol>
            {lesson.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </div>
        <div>
          {lesson.predictions.length > 0 && (
            <Predictions
              asked={lesson.predictions}
              committed={predictions}
              onCommit={(answers) => {
                setProgress(withPredictions(progress.value, lesson.id, answers));
                void attempt(() => model.begin(lesson.id, profile.value));
              }}
            />
          )}
        </div>
      </div>
      <div class="inside-bar">
        <label class="choice">
          {text.profile}
          <select
            value={profile.value ?? ""}
            onChange={(event) => {
              profile.value = PROFILES.find((each) => each === event.currentTarget.value);
              void attempt(() => model.begin(lesson.id, profile.value));
            }}
          >
            <option value="">–</option>
            {PROFILES.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="primary" disabled={!isReady || isRunning.value} onClick={runIt}>
          ▶ {report === undefined ? text.run : text.runAgain}
        </button>
        <button type="button" disabled={isRunning.value} onClick={anew}>
          {text.anew}
        </button>
        <button
          type="button"
          title={text.compareHint}
          disabled={isRunning.value}
          onClick={() => void attempt(() => model.compare(lesson.id))}
        >
          {text.compare}
        </button>
        <label class="choice" title={text.studentHint}>
          {text.student}
          <input
            type="text"
            size={12}
            value={remembered("student") ?? ""}
            onChange={(event) => rememberAs("student", event.currentTarget.value.trim())}
          />
        </label>
        <span role="status">
          {isRunning.value ? text.running : isReady ? "" : text.needsPrediction}
          {problem.value !== undefined && <span class="bad">✕ {problem.value}</span>}
        </span>
      </div>
      {report !== undefined && <Report run={run} report={report} />}
      {report !== undefined && <Afterwards lesson={lesson} />}
    </article>
  );
}

interface PredictionsProps {
  readonly asked: readonly ShownPrediction[];
  readonly committed: PredictionAnswers | undefined;
  readonly onCommit: (answers: PredictionAnswers) => void;
}

function Predictions({ asked, committed, onCommit }: PredictionsProps) {
  const text = insideWords.value.lessons;
  const answers = useSignal<PredictionAnswers>({});
  const given = committed ?? answers.value;
  const isComplete = asked.every(({ id }) => given[id] !== undefined);
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (isComplete) onCommit(answers.value);
      }}
    >
      <h3>{text.predict}</h3>
      {asked.map((prediction) => (
        <Question
          key={prediction.id}
          prediction={prediction}
          given={given[prediction.id]}
          isFixed={committed !== undefined}
          onAnswer={(answer) => {
            const { [prediction.id]: _, ...others } = answers.value;
            answers.value = answer === undefined ? others : { ...others, [prediction.id]: answer };
          }}
        />
      ))}
      {committed === undefined ? (
        <p>
          <button type="submit" class="primary" disabled={!isComplete}>
            {text.commit}
          </button>{" "}
          {!isComplete && <span class="soft">{text.answerAll}</span>}
        </p>
      ) : (
        <p class="soft">✓ {text.committed}</p>
      )}
    </form>
  );
}

interface QuestionProps {
  readonly prediction: ShownPrediction;
  readonly given: string | number | undefined;
  readonly isFixed: boolean;
  readonly onAnswer: (answer: string | number | undefined) => void;
}

function Question({ prediction: { id, question, kind, options = [], unit }, given, isFixed, onAnswer }: QuestionProps) {
  if (kind === "choice") {
    return (
      <fieldset class="question" disabled={isFixed}>
        <legend>{question}</legend>
        {options.map((option) => (
          <label key={option}>
            <input type="radio" name={`prediction ${id}`} checked={given === option} onChange={() => onAnswer(option)} /> {option}
          </label>
        ))}
      </fieldset>
    );
  }
  return (
    <label class="question">
      {question}
      <span class="choice">
        <input
          type="number"
          step="any"
          disabled={isFixed}
          value={given ?? ""}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            onAnswer(Number.isFinite(value) ? value : undefined);
          }}
        />
        {unit}
      </span>
    </label>
  );
}

function Report({ run, report }: { readonly run: RunView; readonly report: ShownReport }) {
  const text = insideWords.value.lessons;
  return (
    <section aria-label={text.checks} class={report.isPassed ? "card passed" : "card"}>
      <h3>
        {text.checks}: {report.isPassed ? <span class="good">✓ {text.passed}</span> : <span class="bad">✕ {text.notPassed}</span>}
      </h3>
      <ul class="plain">
        {report.checks.map((check) => (
          <CheckLine key={check.id} run={run} check={check} />
        ))}
        {report.predictions.map((guess) => (
          <GuessLine key={guess.id} guess={guess} />
        ))}
      </ul>
    </section>
  );
}

function CheckLine({
  run,
  check: { title, isPassed, expected, seen, hint, event },
}: {
  readonly run: RunView;
  readonly check: ShownCheck;
}) {
  const text = insideWords.value.lessons;
  return (
    <li class="check">
      <p>
        <b class={isPassed ? "good" : "bad"}>
          {isPassed ? "✓" : "✕"} {title}
        </b>
        <span class="aside"> ({isPassed ? text.passed : text.notPassed})</span>{" "}
        {event !== undefined && (
          <button type="button" class="quiet moment" onClick={() => run.selectEvent(event)}>
            {text.toMoment}
          </button>
        )}
      </p>
      <dl>
        <dt>{text.expected}</dt>
        <dd>{expected}</dd>
        <dt>{text.seen}</dt>
        <dd>{seen}</dd>
      </dl>
      {!isPassed && hint !== undefined && <p class="note">{hint}</p>}
    </li>
  );
}

function GuessLine({ guess: { question, given, right, isRight, why } }: { readonly guess: ShownGuess }) {
  const text = insideWords.value.lessons;
  return (
    <li class="check">
      <p>
        <b>
          {isRight ? "✓" : "≠"} {question}
        </b>
      </p>
      <dl>
        <dt>{text.yourGuess}</dt>
        <dd>{given ?? "–"}</dd>
        <dt>{text.seen}</dt>
        <dd>{right ?? "–"}</dd>
      </dl>
      <p class="soft">{why}</p>
    </li>
  );
}

/** Only addresses of the web: a lesson may be anybody's. */
const isWebAddress = (url: string): boolean => /^https?:\/\//.test(url);

/** What is better read after one's own run than before it. */
function Afterwards({ lesson: { explanation, references, next } }: { readonly lesson: ShownLesson }) {
  const text = insideWords.value.lessons;
  return (
    <>
      <h3>{text.explanation}</h3>
      <div class="prose">
        {explanation.split(/\n\s*\n/).map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </div>
      {references.length > 0 && <h3>{text.references}</h3>}
      <ul>
        {references.map(({ title, url }) => (
          <li key={title}>
            {url !== undefined && isWebAddress(url) ? (
              <a href={url} target="_blank" rel="noreferrer">
                {title}
              </a>
            ) : (
              title
            )}
          </li>
        ))}
      </ul>
      {next.length > 0 && <h3>{text.next}</h3>}
      <ul>
        {next.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </>
  );
}
