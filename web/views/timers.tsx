import type { EndedTimer, HostState, TimerState } from "../../src/run/run-state.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatMoment, formatSpan, words } from "../words.ts";
import { isCapture, titleOf } from "./chosen-connection.tsx";
import type { ViewProps } from "./registry.ts";
import "./inside.css";

/** Ended timers that are listed. */
const SHOWN_BEHIND = 60;

/** Alarms that are set, with the time that they have left at the cursor, and behind them those that have ended. */
export function TimersView({ run }: ViewProps) {
  const hosts = [...run.hosts.value];
  return (
    <section aria-label={words.value.views.timers} class="view inside">
      {isCapture(run) ? (
        <p class="soft">{insideWords.value.common.captureOnly}</p>
      ) : (
        <>
          <Pending run={run} hosts={hosts} />
          <Behind run={run} hosts={hosts} />
        </>
      )}
    </section>
  );
}

type Hosts = readonly (readonly [string, HostState])[];

function Pending({ run, hosts }: { readonly run: RunView; readonly hosts: Hosts }) {
  const text = insideWords.value.timers;
  const now = run.cursor.value.atMs;
  const pending = hosts
    .flatMap(([host, { timers }]) => [...timers.values()].map((timer) => ({ host, timer })))
    .sort((a, b) => a.timer.dueMs - b.timer.dueMs);
  return (
    <>
      <h2>{text.pending}</h2>
      {pending.length === 0 ? (
        <p class="soft">{text.nonePending}</p>
      ) : (
        <table class="wide">
          <thead>
            <tr>
              <th scope="col">{text.timer}</th>
              <th scope="col">{insideWords.value.common.host}</th>
              <th scope="col">{text.owner}</th>
              <th scope="col">{text.set}</th>
              <th scope="col">{text.due}</th>
              <th scope="col">{text.left}</th>
            </tr>
          </thead>
          <tbody>
            {pending.map(({ host, timer }) => (
              <tr key={`${host} ${timer.event}`}>
                <th scope="row">◷ {timer.timer}</th>
                <td>{titleOf(run, host)}</td>
                <td>{timer.owner}</td>
                <td>
                  <Moment run={run} event={timer.event} atMs={timer.setMs} />
                </td>
                <td class="mono">{formatMoment(timer.dueMs)}</td>
                <td>
                  <Countdown timer={timer} now={now} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Countdown({ timer: { setMs, dueMs }, now }: { readonly timer: TimerState; readonly now: number }) {
  const left = Math.max(0, dueMs - now);
  const whole = Math.max(1e-6, dueMs - setMs);
  return (
    <span class="countdown">
      <meter min={0} max={whole} value={whole - Math.min(left, whole)} aria-hidden="true" />
      <b class="mono">{left === 0 ? insideWords.value.timers.overdue : formatSpan(left)}</b>
    </span>
  );
}

const SIGNS: Readonly<Record<EndedTimer["end"], string>> = { fired: "●", cancelled: "✕", "set anew": "↻" };

function Behind({ run, hosts }: { readonly run: RunView; readonly hosts: Hosts }) {
  const text = insideWords.value.timers;
  const behind = hosts
    .flatMap(([host, { endedTimers }]) => endedTimers.map((timer) => ({ host, timer })))
    .sort((a, b) => b.timer.endEvent - a.timer.endEvent)
    .slice(0, SHOWN_BEHIND);
  return (
    <>
      <h2>{text.behind}</h2>
      {behind.length === 0 ? (
        <p class="soft">{text.noneBehind}</p>
      ) : (
        <table class="wide">
          <thead>
            <tr>
              <th scope="col">{text.end}</th>
              <th scope="col">{text.timer}</th>
              <th scope="col">{insideWords.value.common.host}</th>
              <th scope="col">{text.owner}</th>
              <th scope="col">{text.set}</th>
              <th scope="col">{text.after}</th>
            </tr>
          </thead>
          <tbody>
            {behind.map(({ host, timer }) => (
              <tr key={`${host} ${timer.event} ${timer.endEvent}`} class={timer.end === "fired" ? "strong" : undefined}>
                <td>
                  {SIGNS[timer.end]} {text.ends[timer.end]} <Moment run={run} event={timer.endEvent} atMs={timer.endMs} />
                </td>
                <th scope="row">{timer.timer}</th>
                <td>{titleOf(run, host)}</td>
                <td>{timer.owner}</td>
                <td>
                  <Moment run={run} event={timer.event} atMs={timer.setMs} />
                </td>
                <td class="mono">{formatSpan(timer.endMs - timer.setMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** A moment of the run that can be gone to. */
export function Moment({ run, event, atMs }: { readonly run: RunView; readonly event: number; readonly atMs: number }) {
  return (
    <button type="button" class="quiet moment mono" onClick={() => run.selectEvent(event)}>
      {formatMoment(atMs)}
    </button>
  );
}
