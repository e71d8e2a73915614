import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type { FlowIndex } from "../../src/run/flow-segments.ts";
import type { Timeline } from "../../src/run/timeline.ts";
import { insideWords } from "../inside-words.ts";
import { tell } from "../parts/toast.tsx";
import { readOpenedFile } from "../store/opened-file.ts";
import { compareWith, otherRun } from "../store/other-run.ts";
import type { RunView } from "../store/run-view.ts";
import { words } from "../words.ts";
import { chosenConnection, flowsOf, isCapture, recent, titleOf } from "./chosen-connection.tsx";
import { GraphChart } from "./graph-chart.tsx";
import { type DrawnLine, GRAPH_NAMES, type GraphName, type GraphSubject, graphOf } from "./graph-lines.ts";
import type { ViewProps } from "./registry.ts";
import { useSettled } from "./settled.ts";
import "./inside.css";

/** Time between two drawings of a run that grows. */
const REDRAW_MS = 300;

interface NamedSubject extends GraphSubject {
  readonly key: string;
  readonly label: string;
}

/** Every connection of which segments went by; in a capture every flow. */
function subjectsOf(timeline: Timeline, flows: FlowIndex, title: (host: string) => string): readonly NamedSubject[] {
  const traced = [...timeline.now.hosts].flatMap(([host, { connections }]) =>
    [...connections.values()].flatMap((connection): NamedSubject[] => {
      const flow = flows.ofConnection(host, connection);
      const label = `${title(host)}: ${connection.label}`;
      return flow === undefined ? [] : [{ key: `${connection.id} ${host}`, label, timeline, host, flow, connection: connection.id }];
    }),
  );
  if (traced.length > 0) return traced;
  return flows.flows().map((flow, i) => ({
    key: `flow ${i}`,
    label: `${title(flow.host)}: ${flow.local} – ${flow.remote}`,
    timeline,
    host: flow.host,
    flow,
    connection: undefined,
  }));
}

/** Graphs over time of one connection, with another run laid over where there is one. */
export function GraphsView({ run }: ViewProps) {
  const name = useSignal<GraphName>("sequence");
  const side = useSignal<"local" | "remote">("local");
  const flow = useSignal<string | undefined>(undefined);
  const otherKey = useSignal<string | undefined>(undefined);
  const version = useSettled(run.version.value, REDRAW_MS);
  const opening = run.opening.value;
  const text = insideWords.value.graphs;
  const subjects = useMemo(() => subjectsOf(run.timeline, flowsOf(run), (host) => titleOf(run, host)), [run, version, opening]);
  const other = otherRun.value;
  const others = useMemo(() => (other === undefined ? [] : subjectsOf(other.timeline, other.flows, (host) => host)), [other]);
  const subject = chosenSubject(run, subjects, flow.value);
  const over = others.find(({ key }) => key === otherKey.value) ?? likest(others, subject);
  const graph = useMemo(() => subject && graphOf(name.value, subject, side.value), [subject, name.value, side.value, version, text]);
  const overLines = useMemo(
    (): readonly DrawnLine[] =>
      over === undefined ? [] : graphOf(name.value, over, side.value, true).lines.filter(({ points }) => points.length > 0),
    [over, name.value, side.value, text],
  );
  const chosenLines = useSignal<ReadonlyMap<string, boolean>>(new Map());
  const isShown = (line: DrawnLine): boolean =>
    chosenLines.value.get(line.label) ?? !(name.value === "sequence" && dwarfsOthers(line, graph?.lines ?? []));
  const shownKey = [...(graph?.lines ?? []), ...overLines].map(isShown).join();
  const shown = useMemo(() => graph && { ...graph, lines: graph.lines.filter(isShown) }, [graph, shownKey]);
  const shownOver = useMemo(() => overLines.filter(isShown), [overLines, shownKey]);
  const startMs = subject?.flow.segments[0]?.atMs ?? 0;
  return (
    <section aria-label={words.value.views.graphs} class="view inside">
      <div class="inside-bar">
        <fieldset class="group" aria-label={text.graph}>
          {GRAPH_NAMES.map((each) => (
            <button type="button" key={each} aria-pressed={each === name.value} onClick={() => (name.value = each)}>
              {text[each]}
            </button>
          ))}
        </fieldset>
        {subject !== undefined && (
          <label class="choice">
            {insideWords.value.common.connection}
            <select value={subject.key} onChange={(event) => choose(run, subjects, event.currentTarget.value, (key) => (flow.value = key))}>
              {recent(subjects, (each) => each === subject).map(({ key, label }) => (
                <option key={key} value={key}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="choice">
          {text.direction}
          <select value={side.value} onChange={(event) => (side.value = event.currentTarget.value === "remote" ? "remote" : "local")}>
            <option value="local">{text.sends}</option>
            <option value="remote">{text.receives}</option>
          </select>
        </label>
      </div>
      <div class="inside-bar">
        {run.timeline.end > run.timeline.first && (
          <button type="button" onClick={() => compareWith(text.kept(run.header.value.title), [...run.timeline.events])}>
            {text.keep}
          </button>
        )}
        <CompareFile />
        {other !== undefined && (
          <>
            <label class="choice">
              {text.comparing(other.title)}
              <select value={over?.key} onChange={(event) => (otherKey.value = event.currentTarget.value)}>
                {recent(others, (each) => each === over).map(({ key, label }) => (
                  <option key={key} value={key}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" onClick={() => (otherRun.value = undefined)}>
              {text.remove}
            </button>
          </>
        )}
      </div>
      {subject === undefined || graph === undefined || shown === undefined ? (
        <p class="soft">{text.noConnections}</p>
      ) : (
        <>
          {graph.notes.map((note) => (
            <p key={note} class="note">
              {note}
            </p>
          ))}
          {graph.lines.every(({ points }) => points.length === 0) && <p class="soft">{text.noPoints}</p>}
          <GraphChart
            title={text[name.value]}
            graph={shown}
            over={shownOver}
            all={[...graph.lines, ...overLines]}
            onToggle={(label) => {
              const line = [...graph.lines, ...overLines].find((each) => each.label === label);
              if (line !== undefined) chosenLines.value = new Map(chosenLines.value).set(label, !isShown(line));
            }}
            place={run.place}
            cursorMs={run.cursor.value.atMs - startMs}
            onChoose={(place) => run.selectEvent(place)}
          />
        </>
      )}
    </section>
  );
}

/** How much higher than all others a line has to be to be hidden until it is asked for. */
const DWARFING = 4;

/** A window of megabytes would press a stream of kilobytes to the ground. */
function dwarfsOthers(line: DrawnLine, lines: readonly DrawnLine[]): boolean {
  if (line.shape !== "dashed steps") return false;
  const heightOf = ({ points }: DrawnLine): number => points.reduce((most, { value }) => Math.max(most, value), 0);
  const others = lines.filter(({ shape }) => shape !== "dashed steps").map(heightOf);
  return heightOf(line) > DWARFING * Math.max(1, ...others);
}

/** A saved run, or a capture, to lay over this one. */
function CompareFile() {
  const text = insideWords.value.graphs;
  const file = useRef<HTMLInputElement>(null);
  const open = async (chosen: File): Promise<void> => {
    const { header, events } = await readOpenedFile(chosen);
    compareWith(header.title === "" ? chosen.name : header.title, events);
  };
  return (
    <>
      <button type="button" onClick={() => file.current?.click()}>
        {text.open}
      </button>
      <input
        ref={file}
        type="file"
        hidden
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? [];
          if (chosen !== undefined) open(chosen).catch(tell);
          currentTarget.value = "";
        }}
      />
    </>
  );
}

/** The selected connection; in a capture the flow that was chosen here. */
function chosenSubject(run: RunView, subjects: readonly NamedSubject[], flow: string | undefined): NamedSubject | undefined {
  if (isCapture(run)) return subjects.find(({ key }) => key === flow) ?? subjects[0];
  const chosen = chosenConnection(run);
  return subjects.find(({ host, connection }) => host === chosen?.host && connection === chosen.connection.id) ?? subjects.at(-1);
}

function choose(run: RunView, subjects: readonly NamedSubject[], key: string, setFlow: (key: string) => void): void {
  const subject = subjects.find((each) => each.key === key);
  if (subject?.connection !== undefined) run.selectConnection({ host: subject.host, id: subject.connection });
  setFlow(key);
}

/** The connection of the other run that is most like this one: of the same host, to the same peer, with the most segments. */
function likest(others: readonly NamedSubject[], subject: NamedSubject | undefined): NamedSubject | undefined {
  const likeness = ({ host, flow }: NamedSubject): number =>
    (host === subject?.host ? 2e9 : 0) + (flow.remote === subject?.flow.remote ? 1e9 : 0) + flow.segments.length;
  return others.toSorted((a, b) => likeness(b) - likeness(a))[0];
}
