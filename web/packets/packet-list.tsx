import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { showsEvent } from "../ladder/segment-lines.tsx";
import type { FrameRow } from "../store/frame-table.ts";
import type { RunView } from "../store/run-view.ts";
import { frameTable } from "../store/tables.ts";
import { formatNumber, words } from "../words.ts";

const ROW_HEIGHT = 24;
const BEYOND = 8;

interface PacketListProps {
  readonly run: RunView;
  readonly rows: readonly FrameRow[];
}

/** The packets that pass the filter. Only what is in sight is built, however long the run. */
export function PacketList({ run, rows }: PacketListProps) {
  const { packets } = words.value;
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(400);
  const { event: selected } = run.selection.value;
  const { count } = run.cursor.value;
  const chosen = selected === undefined ? -1 : rows.findIndex((row) => showsEvent(row, selected));
  const titles = new Map(frameTable(run).rails.map(({ name, title }) => [name, title]));

  useLayoutEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => {
      height.value = element.clientHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [height]);
  useLayoutEffect(() => {
    const element = box.current!;
    const at = chosen >= 0 ? chosen : run.cursor.peek().isAtEnd ? rows.length - 1 : -1;
    if (at < 0) return;
    const y = at * ROW_HEIGHT;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + ROW_HEIGHT * 2 > element.scrollTop + element.clientHeight) element.scrollTop = y + ROW_HEIGHT * 2 - element.clientHeight;
  }, [chosen, chosen < 0 ? rows.length : 0, run, rows]);

  const first = Math.max(0, Math.floor(top.value / ROW_HEIGHT) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top.value + height.value) / ROW_HEIGHT) + BEYOND);
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height.value / ROW_HEIGHT) - 2);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (by === undefined || rows.length === 0) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, (chosen < 0 ? (by > 0 ? -1 : rows.length) : chosen) + by));
    run.selectEvent(rows[next]!.frame.place);
  };
  const { columns } = packets;
  return (
    <div
      class="packet-list"
      role="grid"
      tabIndex={0}
      aria-label={packets.list}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={chosen >= first && chosen < last ? `packet-${rows[chosen]!.frame.index}` : undefined}
      ref={box}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget }) => {
        top.value = currentTarget.scrollTop;
      }}
    >
      <div class="packet-row packet-head" role="row" aria-rowindex={1} tabIndex={-1}>
        {[columns.number, columns.time, columns.source, columns.destination, columns.what, columns.length, columns.verdict].map((title) => (
          <span key={title} role="columnheader" tabIndex={-1}>
            {title}
          </span>
        ))}
      </div>
      <div class="packet-space" role="rowgroup" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {rows.slice(first, last).map((row, offset) => {
          const index = first + offset;
          const { frame, description } = row;
          const names = titles.get(row.fromRail);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list around it takes the keys
            <div
              key={frame.index}
              id={`packet-${frame.index}`}
              class={`packet-row ${index === chosen ? "chosen" : ""} ${frame.place >= count ? "later" : ""} ${row.isLost ? "lost" : ""}`}
              role="row"
              tabIndex={-1}
              aria-rowindex={index + 2}
              aria-selected={index === chosen}
              style={{ top: `${index * ROW_HEIGHT}px` }}
              onClick={() => run.selectEvent(frame.place)}
            >
              <Cell text={formatNumber(frame.index + 1)} />
              <Cell text={(frame.event.atMs / 1000).toFixed(6)} />
              <Cell text={description.source} title={names} />
              <Cell text={description.destination} />
              <Cell
                text={`${row.isRetransmission ? "⟳ " : ""}${description.protocol === "tcp" ? "TCP " : ""}${row.label}`}
                title={description.summary}
              />
              <Cell text={formatNumber(frame.event.length)} />
              <Verdict row={row} />
            </div>
          );
        })}
      </div>
      {rows.length === 0 && <p class="soft none">{packets.none}</p>}
    </div>
  );
}

function Cell({ text, title }: { readonly text: string; readonly title?: string | undefined }) {
  return (
    <span role="gridcell" title={title ?? text}>
      {text}
    </span>
  );
}

function Verdict({ row }: { readonly row: FrameRow }) {
  const { packets, ladder } = words.value;
  const { lost, mishaps } = row.frame;
  const others = mishaps.filter((mishap) => mishap !== lost).map(({ fate }) => ladder.lost[fate as keyof typeof ladder.lost]);
  const { verdict } = row;
  let text: string = packets.verdicts.open;
  let kind = "soft";
  if (lost !== undefined) {
    text = `✕ ${packets.verdicts.lost}: ${ladder.lost[lost.fate]}`;
    kind = "bad";
  } else if (verdict === "accepted") {
    text = `✓ ${packets.verdicts.accepted}`;
    kind = "good";
  } else if (verdict !== undefined) {
    text = `⊘ ${packets.verdicts.dropped}: ${verdict}`;
    kind = "bad";
  } else if (row.to.length > 0) {
    text = "–";
  }
  const whole = others.length === 0 ? text : `${text} (${others.join(", ")})`;
  return (
    <span role="gridcell" class={kind} title={whole}>
      {whole}
    </span>
  );
}
