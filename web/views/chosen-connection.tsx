import { FlowIndex } from "../../src/run/flow-segments.ts";
import type { ConnectionState } from "../../src/run/run-state.ts";
import { insideWords } from "../inside-words.ts";
import type { ConnectionName, RunView } from "../store/run-view.ts";

/** A connection of one of the hosts, as it is at the cursor. */
export interface ChosenConnection {
  readonly host: string;
  readonly connection: ConnectionState;
}

const keyOf = (name: ConnectionName | undefined): string => (name === undefined ? "" : `${name.id} ${name.host}`);

/** Every connection that has been opened by the cursor, the latest last. */
function openedConnections(run: RunView): readonly ChosenConnection[] {
  return [...run.hosts.value]
    .flatMap(([host, { connections }]) => [...connections.values()].map((connection) => ({ host, connection })))
    .sort((a, b) => a.connection.openedMs - b.connection.openedMs);
}

/** The one that is selected; otherwise the one that was opened last, on the side that opened it first. */
export function chosenConnection(run: RunView): ChosenConnection | undefined {
  const all = openedConnections(run);
  const selected = run.selection.value.connection;
  const found = all.find(({ host, connection }) => host === selected?.host && connection.id === selected.id);
  if (found !== undefined) return found;
  return all.findLast(({ connection }) => connection.path.some(({ state }) => state === "SYN-SENT")) ?? all.at(-1);
}

export function ConnectionChoice({ run }: { readonly run: RunView }) {
  const chosen = chosenConnection(run);
  return (
    <label class="choice">
      {insideWords.value.common.connection}
      <select
        value={keyOf(chosen && { host: chosen.host, id: chosen.connection.id })}
        onChange={(event) => {
          const [id = "", ...host] = event.currentTarget.value.split(" ");
          run.selectConnection({ host: host.join(" "), id: Number(id) });
        }}
      >
        {recent(openedConnections(run), (each) => each.connection === chosen?.connection).map(({ host, connection }) => (
          <option key={keyOf({ host, id: connection.id })} value={keyOf({ host, id: connection.id })}>
            {`${titleOf(run, host)}: ${connection.label} (${connection.state})`}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Choices that a list offers: nobody looks through thousands. */
const MOST_CHOICES = 200;

/** The latest, and the one that is chosen. */
export function recent<Choice>(all: readonly Choice[], isChosen: (each: Choice) => boolean): readonly Choice[] {
  return all.length <= MOST_CHOICES ? all : all.filter((each, i) => i >= all.length - MOST_CHOICES || isChosen(each));
}

/** What people call a host. */
export const titleOf = (run: RunView, host: string): string => run.header.value.hosts.find(({ name }) => name === host)?.title ?? host;

/** Nobody tells of the inside in a run of frames alone. */
export const isCapture = (run: RunView): boolean => run.header.value.kind === "capture";

const indexes = new WeakMap<RunView, { readonly opening: number; readonly flows: FlowIndex }>();

/** The flows of the run that is open. */
export function flowsOf(run: RunView): FlowIndex {
  const opening = run.opening.value;
  const known = indexes.get(run);
  if (known?.opening === opening) return known.flows;
  const flows = new FlowIndex(run.timeline);
  indexes.set(run, { opening, flows });
  return flows;
}
