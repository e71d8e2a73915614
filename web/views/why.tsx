import type { ConnectionState } from "../../src/run/run-state.ts";
import { waitSentence } from "../../src/run/wait-words.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatNumber, formatSpan, words } from "../words.ts";
import { isCapture, titleOf } from "./chosen-connection.tsx";
import type { ViewProps } from "./registry.ts";
import "./inside.css";

/** Sentences that are shown at once; those of open connections come first. */
const MOST_SHOWN = 200;

/** For each connection a sentence on what it waits for; those that are over stand behind. */
export function WhyView({ run }: ViewProps) {
  const text = insideWords.value.why;
  const all = [...run.hosts.value].flatMap(([host, { connections }]) =>
    [...connections.values()].map((connection) => ({ host, connection })),
  );
  const open = all.filter(({ connection }) => connection.closedMs === undefined);
  const over = all.filter(({ connection }) => connection.closedMs !== undefined);
  return (
    <section aria-label={words.value.views.why} class="view inside">
      {all.length === 0 && <p class="soft">{isCapture(run) ? insideWords.value.common.captureOnly : text.noConnections}</p>}
      <ul class="why">
        {[...open, ...over].slice(0, MOST_SHOWN).map(({ host, connection }) => (
          <Why key={`${host} ${connection.id}`} run={run} host={host} connection={connection} />
        ))}
      </ul>
    </section>
  );
}

interface WhyProps {
  readonly run: RunView;
  readonly host: string;
  readonly connection: ConnectionState;
}

function Why({ run, host, connection }: WhyProps) {
  const { label, state, waits, closedMs, id, local, remote } = connection;
  const selected = run.selection.value.connection;
  const isSelected = selected?.host === host && selected.id === id;
  return (
    <li class={closedMs === undefined ? "card" : "card over"}>
      <h2>
        <button type="button" class="quiet" aria-pressed={isSelected} onClick={() => run.selectConnection({ host, id })}>
          {titleOf(run, host)}: <span class="mono">{label || `${local} – ${remote}`}</span>
        </button>{" "}
        <span class="tag">{state}</span>
      </h2>
      <p class="sentence">{sentenceOf(connection)}</p>
      {waits !== undefined && closedMs === undefined && <Since run={run} waits={waits} />}
    </li>
  );
}

function sentenceOf({ waits, closedMs }: ConnectionState): string {
  const text = insideWords.value.why;
  if (closedMs !== undefined) return text.over;
  return waits === undefined ? text.unknown : waitSentence(waits, text.reasons, (count) => text.bytes(count, formatNumber(count)));
}

function Since({ run, waits: { sinceMs, untilMs } }: { readonly run: RunView; readonly waits: NonNullable<ConnectionState["waits"]> }) {
  const text = insideWords.value.why;
  const now = run.cursor.value.atMs;
  return (
    <p class="soft">
      {text.since(formatSpan(Math.max(0, now - sinceMs)))}
      {untilMs !== undefined && untilMs > now && (
        <>
          {" · "}
          <meter min={0} max={Math.max(1e-6, untilMs - sinceMs)} value={now - sinceMs} aria-hidden="true" />{" "}
          {text.until(formatSpan(untilMs - now))}
        </>
      )}
    </p>
  );
}
