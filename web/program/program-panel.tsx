import { useSignal } from "@preact/signals";
import type { ProgramState } from "../../src/run/run-state.ts";
import { Icon } from "../parts/icon.tsx";
import { tell } from "../parts/toast.tsx";
import type { RunView } from "../store/run-view.ts";
import { words } from "../words.ts";
import { CodeEditor } from "./code-editor.tsx";
import { EXAMPLES } from "./example-programs.ts";
import { chooseProgram, ownProgram, programSource, writeProgram } from "./program-source.ts";
import "./program-panel.css";

/** A program to write and run, the line that it is at, and what it printed. */
export function ProgramPanel({ run }: { readonly run: RunView }) {
  const { program: text } = words.value;
  const examples = ownProgram.value === undefined ? EXAMPLES.value : [...EXAMPLES.value, ownProgram.value];
  const hosts = run.header.value.hosts.filter(({ isTraced }) => isTraced);
  const { title, source, host } = programSource.value;
  const shown = useSignal<string | undefined>(undefined);
  const at = hosts.find(({ name }) => name === host) ?? hosts[0];
  const programs = at === undefined ? undefined : run.hosts.value.get(at.name)?.programs;
  const state: ProgramState | undefined =
    (shown.value === undefined ? undefined : programs?.get(shown.value)) ?? [...(programs?.values() ?? [])].at(-1);
  // Whatever moment is looked at: what is started, starts now.
  run.version.value;
  const now = at === undefined || state === undefined ? undefined : run.timeline.now.hosts.get(at.name)?.programs.get(state.program);
  const isRunning = now !== undefined && !now.isEnded;

  const start = async (): Promise<void> => {
    if (at === undefined) return;
    run.goToEnd();
    try {
      shown.value = String(await run.request({ type: "run-program", host: at.name, title, source }));
    } catch (problem) {
      tell(problem);
    }
  };
  const stop = (): void => {
    if (state !== undefined) run.request({ type: "stop-program", program: state.program }).catch(tell);
  };
  return (
    <section class="program" aria-label={text.title}>
      <div class="program-tools">
        <label>
          {text.example}{" "}
          <select
            value=""
            onChange={({ currentTarget }) => {
              // The first is what is in the editor now.
              const example = examples[currentTarget.selectedIndex - 1];
              currentTarget.value = "";
              if (example !== undefined) chooseProgram(example);
            }}
          >
            <option value="">{title}</option>
            {examples.map((example, index) => (
              <option key={example.title} value={index}>
                {example.title}
              </option>
            ))}
          </select>
        </label>
        {hosts.length > 1 && (
          <label>
            {text.on}{" "}
            <select value={at?.name} onChange={({ currentTarget }) => writeProgram({ host: currentTarget.value })}>
              {hosts.map(({ name, title: hostTitle }) => (
                <option key={name} value={name}>
                  {hostTitle}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" class="primary" disabled={isRunning || !run.abilities.value.programs} onClick={start}>
          <Icon name="play" /> {text.run}
        </button>
        <button type="button" disabled={!isRunning} onClick={stop}>
          <Icon name="stop" /> {text.stop}
        </button>
      </div>
      <CodeEditor
        source={source}
        label={text.code}
        line={state?.line}
        isReadOnly={isRunning}
        onChange={(next) => writeProgram({ source: next })}
      />
      <div class="program-output" role="log" aria-label={text.output}>
        {state === undefined ? (
          <p class="soft">{text.notRunYet}</p>
        ) : (
          <>
            {state.printed.map(({ text: line, isError, event }) => (
              <button type="button" key={event} class={`quiet printed ${isError ? "bad" : ""}`} onClick={() => run.selectEvent(event)}>
                {isError ? "! " : ""}
                {line}
              </button>
            ))}
            <p class={state.failure === undefined ? "soft" : "bad"}>
              {!state.isEnded
                ? state.line === undefined
                  ? text.running
                  : text.atLine(state.line)
                : state.failure === undefined
                  ? text.ended
                  : text.failed(state.failure, state.line)}
            </p>
          </>
        )}
      </div>
    </section>
  );
}
