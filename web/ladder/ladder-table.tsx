import type { RunView } from "../store/run-view.ts";
import { frameTable } from "../store/tables.ts";
import { formatMoment, words } from "../words.ts";
import { ladderModel } from "./ladder-model.ts";
import { againText, showsEvent } from "./segment-lines.tsx";

/** Rows around the cursor: all of a long run would be too much to read or to build. */
const MAX_ROWS = 400;

interface LadderTableProps {
  readonly run: RunView;
  readonly onPicture: () => void;
}

interface TableRow {
  readonly place: number;
  readonly atMs: number;
  readonly kind: string;
  readonly host: string;
  readonly what: string;
  readonly endMs: number | undefined;
  readonly outcome: string;
  readonly isSelected: boolean;
}

/** The ladder's rows in words, for who does not see it or would rather read. */
export function LadderTable({ run, onPicture }: LadderTableProps) {
  const { ladder, views } = words.value;
  const { count } = run.cursor.value;
  const rows = tableRows(run);
  const at = Math.max(
    0,
    rows.findIndex(({ place }) => place >= count - 1),
  );
  const first = Math.max(0, at - MAX_ROWS / 2);
  const shown = rows.slice(first, first + MAX_ROWS);
  return (
    <>
      <div class="ladder-tools" role="toolbar" aria-label={views.ladder}>
        <button type="button" aria-pressed={true} onClick={onPicture}>
          {ladder.asTable}
        </button>
      </div>
      <div class="view">
        <table class="ladder-table">
          <caption>{ladder.table}</caption>
          <thead>
            <tr>
              <th scope="col">{ladder.columns.time}</th>
              <th scope="col">{ladder.columns.host}</th>
              <th scope="col">{ladder.columns.what}</th>
              <th scope="col">{ladder.columns.end}</th>
              <th scope="col">{ladder.columns.outcome}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr
                key={`${row.place} ${row.kind}`}
                class={row.isSelected ? "selected" : row.place >= count ? "soft" : ""}
                aria-current={row.isSelected ? "true" : undefined}
              >
                <td class="mono">{formatMoment(row.atMs)}</td>
                <td>{row.host}</td>
                <td>
                  <button type="button" class="quiet" onClick={() => run.selectEvent(row.place)}>
                    {row.kind}: {row.what}
                  </button>
                </td>
                <td class="mono">{row.endMs === undefined ? "" : formatMoment(row.endMs)}</td>
                <td>{row.outcome}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length > shown.length && <p class="soft">{ladder.more(rows.length - shown.length)}</p>}
      </div>
    </>
  );
}

function tableRows(run: RunView): readonly TableRow[] {
  const { ladder } = words.value;
  const table = frameTable(run);
  const model = ladderModel(run);
  model.version.value;
  const { event: selected } = run.selection.value;
  const titles = new Map(table.rails.map(({ name, title }) => [name, title]));
  const title = (name: string): string => titles.get(name) ?? name;
  const rows: TableRow[] = [];
  for (const row of table.rows) {
    const { frame } = row;
    const outcome = [
      row.isRetransmission ? [ladder.again, againText(row)].filter((word) => word !== undefined).join(": ") : "",
      ...frame.mishaps.map(({ fate }) => ladder.lost[fate] ?? fate),
      row.verdict === "accepted" ? words.value.packets.verdicts.accepted : row.verdict === undefined ? "" : ladder.dropped(row.verdict),
    ];
    rows.push({
      place: frame.place,
      atMs: frame.event.atMs,
      kind: ladder.segment,
      host: `${title(row.fromRail)} → ${title(row.toRail)}`,
      what: row.label,
      endMs: frame.arrivals[0]?.atMs,
      outcome: outcome.filter((word) => word !== "").join(", "),
      isSelected: selected !== undefined && showsEvent(row, selected),
    });
  }
  for (const { place, atMs, host, text, end } of model.tracks.calls) {
    const outcome = end === undefined ? ladder.waiting : end.result;
    rows.push({ place, atMs, kind: ladder.call, host: title(host), what: text, endMs: end?.atMs, outcome, isSelected: place === selected });
  }
  for (const { place, atMs, host, timer, end } of model.tracks.timers) {
    const outcome =
      end === undefined ? ladder.pending : { fired: ladder.fired, cancelled: ladder.cancelled, "set anew": ladder.setAnew }[end.how];
    rows.push({
      place,
      atMs,
      kind: ladder.timer,
      host: title(host),
      what: timer,
      endMs: end?.atMs,
      outcome,
      isSelected: place === selected,
    });
  }
  for (const { place, atMs, host, state } of model.tracks.states) {
    rows.push({
      place,
      atMs,
      kind: ladder.state,
      host: title(host),
      what: state,
      endMs: undefined,
      outcome: "",
      isSelected: place === selected,
    });
  }
  return rows.sort((a, b) => a.place - b.place);
}
