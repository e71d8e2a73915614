import { useSignal } from "@preact/signals";
import { withGuess } from "../../src/run/lesson-progress.ts";
import { insideWords } from "../inside-words.ts";
import type { LessonsModel } from "../lessons-model.ts";
import { progress, setProgress } from "../store/progress.ts";

/** A run with an unnamed fault, which is to be named. */
export function Mystery({ model, number }: { readonly model: LessonsModel; readonly number: number }) {
  const text = insideWords.value.lessons;
  const chosen = useSignal("");
  const verdict = useSignal<{ readonly isRight: boolean; readonly explanation?: string } | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const begin = (): void => {
    problem.value = undefined;
    model.beginMystery(number).catch((error: unknown) => {
      problem.value = text.problem(error instanceof Error ? error.message : String(error));
    });
  };
  return (
    <article>
      <h2>
        {text.mysteries} {number}
      </h2>
      <p>{text.mystery}</p>
      <p>
        <button type="button" class="primary" onClick={begin}>
          ▶ {text.run}
        </button>{" "}
        {problem.value !== undefined && <span class="bad">✕ {problem.value}</span>}
      </p>
      <form
        class="card inside-bar"
        onSubmit={(event) => {
          event.preventDefault();
          verdict.value = model.nameFault(number, chosen.value);
          setProgress(withGuess(progress.value, number, verdict.value.isRight));
        }}
      >
        <label class="choice">
          {text.name}
          <select
            value={chosen.value}
            onChange={(event) => {
              chosen.value = event.currentTarget.value;
              verdict.value = undefined;
            }}
          >
            <option value="">{text.choose}</option>
            {model.faults.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={chosen.value === ""}>
          {text.check}
        </button>
      </form>
      <p role="status">
        {verdict.value?.isRight === true && <b class="good">✓ {text.right}</b>}
        {verdict.value?.isRight === false && <span class="bad">✕ {text.wrongGuess}</span>} {verdict.value?.explanation}
      </p>
    </article>
  );
}
