import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { FILTER_WORDS, type FilterProblem, parsePacketFilter } from "../../src/run/packet-filter.ts";
import { PacketDetails } from "../packets/packet-details.tsx";
import { PacketList } from "../packets/packet-list.tsx";
import { SplitPane } from "../parts/split-pane.tsx";
import { downloadCapture } from "../store/download.ts";
import { rememberAs, remembered } from "../store/remembered.ts";
import { frameTable } from "../store/tables.ts";
import { words } from "../words.ts";
import type { ViewProps } from "./registry.ts";
import "./packets.css";

/** All packets in a list, and the chosen one taken apart. */
export function PacketsView({ run }: ViewProps) {
  const { packets, views } = words.value;
  const text = useSignal(remembered("filter") ?? "");
  const table = frameTable(run);
  const all = table.rows;
  const filter = useMemo(() => parsePacketFilter(text.value), [text.value]);
  const version = run.version.value;
  const shown = useMemo(() => (text.value.trim() === "" ? all : all.filter(filter.passes)), [filter, version, all]);
  const { event } = run.selection.value;
  const chosen = event === undefined ? undefined : table.at(event);
  const setFilter = (next: string): void => {
    text.value = next;
    rememberAs("filter", next);
  };
  const list = (
    <div class="packets-list">
      <div class="packets-tools">
        <label for="packet-filter">{packets.filter}</label>
        <input
          id="packet-filter"
          type="search"
          value={text.value}
          placeholder={packets.filterHint}
          aria-describedby="packet-filter-help"
          spellcheck={false}
          autocomplete="off"
          list="packet-filter-words"
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <datalist id="packet-filter-words">
          {FILTER_WORDS.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
        <span class="soft" role="status">
          {packets.shown(shown.length, all.length)}
        </span>
        <button type="button" title={packets.captureHint} disabled={all.length === 0} onClick={() => downloadCapture(run)}>
          {packets.capture}
        </button>
        <details class="filter-help">
          <summary>?</summary>
          <p id="packet-filter-help">
            {packets.filterHelp} <span class="mono">{FILTER_WORDS.join(" ")}</span>
          </p>
        </details>
        {filter.problems.map((problem) => (
          <p key={JSON.stringify(problem)} class="warn" role="alert">
            ⚠ {problemText(problem)}
          </p>
        ))}
      </div>
      <PacketList run={run} rows={shown} />
    </div>
  );
  const details = (
    <div class="packets-details" role="region" aria-label={packets.details}>
      {chosen === undefined ? <p class="soft none">{packets.choose}</p> : <PacketDetails key={chosen.frame.index} row={chosen} />}
    </div>
  );
  return (
    <section aria-label={views.packets} class="packets">
      <SplitPane name="packets" label={packets.details} direction="column" share={0.48} first={list} second={details} />
    </section>
  );
}

function problemText(problem: FilterProblem): string {
  const { packets } = words.value;
  switch (problem.kind) {
    case "unknown":
      return packets.unknown(problem.word, problem.near);
    case "needs-port":
      return packets.needsPort(problem.value);
    case "needs-address":
      return packets.needsAddress(problem.word);
  }
}
