import { useSignal } from "@preact/signals";
import { receiveBar, retransmittedRanges, sendBar } from "../../src/run/sequence-bars.ts";
import { diagramPath } from "../../src/run/state-diagram.ts";
import { seq, seqDiff } from "../../src/stack/core/seq.ts";
import type { ConnectionVariables, SequenceRange } from "../../src/stack/core/trace.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatMoment, formatNumber, formatSpan, words } from "../words.ts";
import { type ChosenConnection, ConnectionChoice, chosenConnection, flowsOf, isCapture } from "./chosen-connection.tsx";
import type { ViewProps } from "./registry.ts";
import { type BarEdge, SequenceBarView } from "./sequence-bar.tsx";
import { StateDiagram } from "./state-diagram.tsx";
import "./inside.css";

/** A connection's inside: where it stands on the state diagram, its control block, its two sequence spaces. */
export function ConnectionView({ run }: ViewProps) {
  const isRelative = useSignal(true);
  const chosen = chosenConnection(run);
  return (
    <section aria-label={words.value.views.connection} class="view inside">
      <div class="inside-bar">
        {chosen !== undefined && <ConnectionChoice run={run} />}
        <label class="choice">
          {insideWords.value.connection.numbers}
          <select
            value={isRelative.value ? "relative" : "absolute"}
            onChange={(event) => {
              isRelative.value = event.currentTarget.value === "relative";
            }}
          >
            <option value="relative">{insideWords.value.connection.relative}</option>
            <option value="absolute">{insideWords.value.connection.absolute}</option>
          </select>
        </label>
      </div>
      {chosen === undefined ? (
        <p class="soft">{isCapture(run) ? insideWords.value.common.captureOnly : words.value.page.noConnections}</p>
      ) : (
        <Inside run={run} chosen={chosen} isRelative={isRelative.value} />
      )}
    </section>
  );
}

function Inside({ run, chosen, isRelative }: { readonly run: RunView; readonly chosen: ChosenConnection; readonly isRelative: boolean }) {
  const text = insideWords.value.connection;
  const { host, connection } = chosen;
  const { variables } = connection;
  const flow = flowsOf(run).ofConnection(host, connection);
  const again =
    flow === undefined || variables.sndUna === undefined ? [] : retransmittedRanges(flow, variables.sndUna, run.cursor.value.count);
  const sending = sendBar(variables, again);
  const receiving = receiveBar(variables);
  return (
    <>
      <div class="inside-columns">
        <section aria-label={text.diagram}>
          <h2>{text.diagram}</h2>
          <StateDiagram path={connection.path} onStep={(event) => run.selectEvent(event)} />
          <WalkedPath run={run} chosen={chosen} />
        </section>
        <section aria-label={text.variables}>
          <h2>{text.variables}</h2>
          <Variables run={run} chosen={chosen} isRelative={isRelative} />
        </section>
      </div>
      {sending === undefined ? (
        <p class="soft">{text.noSend}</p>
      ) : (
        <SequenceBarView title={text.send} bar={sending} edges={sendEdges(variables)} isRelative={isRelative} />
      )}
      {receiving === undefined ? (
        <p class="soft">{text.noReceive}</p>
      ) : (
        <SequenceBarView title={text.receive} bar={receiving} edges={receiveEdges(variables)} isRelative={isRelative} />
      )}
    </>
  );
}

function sendEdges({ sndUna = 0, sndNxt = 0, sndWnd = 0, cwnd }: Partial<ConnectionVariables>): readonly BarEdge[] {
  return [
    { name: "SND.UNA", offset: 0 },
    { name: "SND.NXT", offset: seqDiff(seq(sndNxt), seq(sndUna)) },
    ...(cwnd === undefined || cwnd > sndWnd ? [] : [{ name: "SND.UNA + cwnd", offset: cwnd }]),
    { name: "SND.UNA + SND.WND", offset: sndWnd },
  ];
}

const receiveEdges = ({ rcvWnd = 0 }: Partial<ConnectionVariables>): readonly BarEdge[] => [
  { name: "RCV.NXT", offset: 0 },
  { name: "RCV.NXT + RCV.WND", offset: rcvWnd },
];

/** The steps as a list: the figure's numbers for the keyboard and for who cannot see it. */
function WalkedPath({ run, chosen: { connection } }: { readonly run: RunView; readonly chosen: ChosenConnection }) {
  const text = insideWords.value.connection;
  const { steps } = diagramPath(connection.path);
  return (
    <ol class="walked" aria-label={text.path}>
      {steps.map(({ number, from, to, edge, atMs, event }) => (
        <li key={number}>
          <button type="button" class="quiet" onClick={() => run.selectEvent(event)}>
            {text.step(from, to.replace(" again", ""), formatMoment(atMs))}
          </button>
          {edge === undefined && <span class="soft"> ({text.noArrow})</span>}
          {edge !== undefined && to === "CLOSED" && <span class="soft"> ({text.orReset})</span>}
        </li>
      ))}
    </ol>
  );
}

type VariableName = keyof ConnectionVariables;

/** In the order in which they are explained: the two sequence spaces, congestion, time, the rest. */
const ORDER: readonly VariableName[] = [
  "iss", "sndUna", "sndNxt", "sndWnd", "irs", "rcvNxt", "rcvWnd", "flight", "cwnd", "ssthresh", "recovery",
  "duplicateAcks", "retransmissions", "srttMs", "rttvarMs", "rtoMs", "mss", "sendQueueBytes", "receiveQueueBytes", "sacked", "held",
]; // biome-ignore format: groups

const NUMBERS_OF_OURS: ReadonlySet<VariableName> = new Set<VariableName>(["sndUna", "sndNxt", "sacked"]);
const NUMBERS_OF_PEER: ReadonlySet<VariableName> = new Set<VariableName>(["rcvNxt", "held"]);

function Variables({
  run,
  chosen,
  isRelative,
}: {
  readonly run: RunView;
  readonly chosen: ChosenConnection;
  readonly isRelative: boolean;
}) {
  const text = insideWords.value.connection;
  const { host, connection } = chosen;
  const before = run.timeline.stateAfter(connection.changedAt).hosts.get(host)?.connections.get(connection.id)?.variables ?? {};
  const shown = (name: VariableName, of: Partial<ConnectionVariables>): string => {
    const initial = !isRelative ? 0 : NUMBERS_OF_OURS.has(name) ? (of.iss ?? 0) : NUMBERS_OF_PEER.has(name) ? (of.irs ?? 0) : 0;
    return valueText(name, of[name], initial);
  };
  if (Object.keys(connection.variables).length === 0) return <p class="soft">{text.noVariables}</p>;
  return (
    <>
      <table class="variables">
        <thead>
          <tr>
            <th scope="col">{text.name}</th>
            <th scope="col" class="number">
              {text.value}
            </th>
          </tr>
        </thead>
        <tbody>
          {ORDER.filter((name) => connection.variables[name] !== undefined).map((name) => {
            const isChanged = connection.changed.includes(name) && before[name] !== undefined;
            return (
              <tr key={name} class={isChanged ? "changed" : undefined}>
                <th scope="row">
                  {isChanged ? "◆ " : ""}
                  {text.meanings[name]}
                  {isChanged && <span class="aside"> {text.changed}</span>}
                </th>
                <td class="number mono">
                  {isChanged && <s>{shown(name, before)}</s>}
                  {isChanged && " → "}
                  {shown(name, connection.variables)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="soft">
        {text.changedBy}{" "}
        <button type="button" class="quiet" onClick={() => run.selectEvent(connection.changedAt)}>
          {insideWords.value.common.goTo(formatMoment(run.timeline.at(connection.changedAt)?.atMs ?? connection.openedMs))}
        </button>
      </p>
    </>
  );
}

const isRanges = (value: unknown): value is readonly SequenceRange[] => Array.isArray(value);

/** Ranges that a cell shows; more are counted. */
const SHOWN_RANGES = 4;

function valueText(name: VariableName, value: ConnectionVariables[VariableName] | undefined, initial: number): string {
  if (value === undefined) return "–";
  const relative = (number: number): string => formatNumber((number - initial) >>> 0);
  if (isRanges(value)) {
    const more = value.length > SHOWN_RANGES ? ` … (${value.length})` : "";
    return value.length === 0
      ? "–"
      : value
          .slice(0, SHOWN_RANGES)
          .map(([a, b]) => `${relative(a)}–${relative(b)}`)
          .join(", ") + more;
  }
  if (typeof value === "string") return value;
  if (name.endsWith("Ms")) return formatSpan(value);
  if (name === "ssthresh" && value === 0) return insideWords.value.connection.noThreshold;
  return NUMBERS_OF_OURS.has(name) || NUMBERS_OF_PEER.has(name) ? relative(value) : formatNumber(value);
}
