import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { fittingScale, LadderScale, readableScale, withinScale } from "../../src/run/ladder-scale.ts";
import { placeRails } from "../ladder/geometry.ts";
import { ladderModel } from "../ladder/ladder-model.ts";
import { LadderTable } from "../ladder/ladder-table.tsx";
import { Lanes } from "../ladder/lanes.tsx";
import { SegmentLines, showsEvent } from "../ladder/segment-lines.tsx";
import { Icon } from "../parts/icon.tsx";
import { rememberAs, remembered } from "../store/remembered.ts";
import type { RunView } from "../store/run-view.ts";
import { frameTable } from "../store/tables.ts";
import { formatNumber, formatSpan, words } from "../words.ts";
import type { ViewProps } from "./registry.ts";
import "./ladder.css";

const ZOOM_STEP = 1.5;
/** With more frames on their way at once, room for each one's words would tear their ways apart. */
const MAX_SPREAD_FLIGHT = 9;
/** Distance of two times at the axis. */
const TICK_ROOM = 15;

/** Hosts side by side, time downwards: calls, timers, states and the frames between. */
export function LadderView({ run }: ViewProps) {
  const isTable = useSignal(remembered("ladder-table") === "true");
  const { views } = words.value;
  return (
    <section aria-label={views.ladder} class="ladder">
      {isTable.value ? (
        <LadderTable run={run} onPicture={() => setTable(false)} />
      ) : (
        <LadderPicture run={run} onTable={() => setTable(true)} />
      )}
    </section>
  );
  function setTable(isShown: boolean): void {
    isTable.value = isShown;
    rememberAs("ladder-table", String(isShown));
  }
}

interface LadderPictureProps {
  readonly run: RunView;
  readonly onTable: () => void;
}

function LadderPicture({ run, onTable }: LadderPictureProps) {
  const { ladder, time } = words.value;
  const model = ladderModel(run);
  const version = model.version.value;
  const table = frameTable(run);
  const { rows, rails: allRails } = table;
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 900, height: 500 });
  const scrollTop = useSignal(0);
  /** undefined while the scale follows the run. */
  const chosenScale = useSignal<number | undefined>(undefined);
  /** undefined while it follows from how much is on its way at once. */
  const chosenSpread = useSignal<boolean | undefined>(undefined);
  const unfolded = useSignal<ReadonlySet<number>>(new Set());
  const { opening } = run;

  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [size]);
  const began = opening.value;
  useEffect(() => {
    chosenScale.value = undefined;
    chosenSpread.value = undefined;
    unfolded.value = new Set();
  }, [began]);

  const { moments, tracks } = model;
  const ways = useMemo(() => table.ways, [Math.floor(moments.length / 50), began]);
  const spreads = chosenSpread.value ?? ways.inFlight <= MAX_SPREAD_FLIGHT;
  const readable = useMemo(() => readableScale(moments, ways.wayMs), [ways, Math.floor(moments.length / 50), began]);
  const pixelsPerMs = chosenScale.value ?? readable;
  const scale = useMemo(
    () => new LadderScale(moments, { pixelsPerMs, spreads, unfolded: unfolded.value }),
    [version, pixelsPerMs, spreads, unfolded.value],
  );
  const { width, height } = size.value;
  const rails = useMemo(() => placeRails(allRails, width), [allRails.length, width, began]);
  const byName = useMemo(() => new Map(rails.map((rail) => [rail.rail.name, rail])), [rails]);
  const total = Math.max(height, scale.height);
  // The place of the scroll bar is told late when a shorter run is opened.
  const scrolled = Math.min(scrollTop.value, total - height);
  const from = scrolled - 60;
  const to = scrolled + height + 60;
  const pictureTop = Math.max(0, from);
  const pictureHeight = Math.min(total, to) - pictureTop;
  const cursor = run.cursor.value;
  const cursorTop = scale.topAt(cursor.count, cursor.atMs);
  const bottom = cursor.isAtEnd ? cursorTop : scale.height - 12;

  // The cursor stays in sight when it moves by keys or by itself.
  useLayoutEffect(() => {
    const element = box.current!;
    if (cursorTop < element.scrollTop + 30 || cursorTop > element.scrollTop + element.clientHeight - 30) {
      element.scrollTop = cursorTop - element.clientHeight * 0.6;
    }
    scrollTop.value = element.scrollTop;
  }, [cursor, height]);

  /** Zooms, and keeps what is at a height where it is. */
  const zoom = (factor: number, at = cursorTop - scrollTop.peek()): void => {
    const anchor = Math.min(Math.max(at, 0), height);
    const atMs = scale.timeAt(scrollTop.peek() + anchor);
    const next = withinScale(pixelsPerMs * factor);
    chosenScale.value = next;
    const after = new LadderScale(moments, { pixelsPerMs: next, spreads, unfolded: unfolded.value });
    const { timeline } = run;
    requestAnimationFrame(() => {
      if (box.current !== null) box.current.scrollTop = after.topAt(timeline.countAt(atMs), atMs) - anchor;
    });
  };
  const fitAll = (): void => {
    chosenSpread.value = false;
    unfolded.value = new Set();
    chosenScale.value = fittingScale(moments, Math.max(100, height));
  };
  const reset = (): void => {
    chosenSpread.value = undefined;
    chosenScale.value = undefined;
  };
  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, event.clientY - box.current!.getBoundingClientRect().top);
  };
  const latest = useRef(onWheel);
  latest.current = onWheel;
  useEffect(() => {
    const element = box.current!;
    const listener = (event: WheelEvent): void => latest.current(event);
    element.addEventListener("wheel", listener, { passive: false });
    return () => element.removeEventListener("wheel", listener);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "+" || event.key === "=") zoom(ZOOM_STEP);
    else if (event.key === "-") zoom(1 / ZOOM_STEP);
    else if (event.key === "f") fitAll();
    else if (event.key === "ArrowDown") chooseBeside(run, 1);
    else if (event.key === "ArrowUp") chooseBeside(run, -1);
    else return;
    event.preventDefault();
  };
  const keys = useRef(onKeyDown);
  keys.current = onKeyDown;
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      const { target } = event;
      const isTyping = target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=separator]") !== null;
      if (!event.defaultPrevented && !isTyping) keys.current(event);
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);
  const onAxis = (event: MouseEvent): void => {
    const { top } = box.current!.getBoundingClientRect();
    run.goToTime(scale.timeAt(event.clientY - top + box.current!.scrollTop));
  };
  const toggleFold = (place: number): void => {
    const next = new Set(unfolded.value);
    if (!next.delete(place)) next.add(place);
    unfolded.value = next;
  };

  const shownFolds = scale.folds.filter((fold) => fold.top + fold.height >= from && fold.top <= to);
  return (
    <>
      <div class="ladder-tools" role="toolbar" aria-label={words.value.views.ladder}>
        <button
          type="button"
          class="symbol"
          aria-label={ladder.zoomIn}
          title={`${ladder.zoomIn} (+, Ctrl + ⤒)`}
          onClick={() => zoom(ZOOM_STEP)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          class="symbol"
          aria-label={ladder.zoomOut}
          title={`${ladder.zoomOut} (−)`}
          onClick={() => zoom(1 / ZOOM_STEP)}
        >
          <Icon name="minus" />
        </button>
        <button type="button" title={`${ladder.fit} (f)`} onClick={fitAll}>
          {ladder.fit}
        </button>
        <button type="button" onClick={reset}>
          {ladder.readable}
        </button>
        <label title={ladder.spreadHint}>
          <input type="checkbox" checked={spreads} onChange={({ currentTarget }) => (chosenSpread.value = currentTarget.checked)} />{" "}
          {ladder.spread}
        </label>
        <button type="button" onClick={onTable}>
          {ladder.asTable}
        </button>
        <span class="soft legend">
          {ladder.legend} · {ladder.zoomed(formatSpan(100 / pixelsPerMs))}
        </span>
      </div>
      <div class="ladder-heads" aria-hidden="true">
        <span class="axis-head">{time.bar} (s)</span>
        {rails.map((rail) => (
          <RailHead key={rail.rail.name} rail={rail} run={run} />
        ))}
      </div>
      <div
        class="ladder-scroll"
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which keys must be able to do
        tabIndex={0}
        role="region"
        aria-label={ladder.picture}
        onScroll={({ currentTarget }) => (scrollTop.value = currentTarget.scrollTop)}
      >
        <div class="ladder-space" style={{ height: `${total}px` }}>
          <svg
            class="ladder-picture"
            style={{ top: `${pictureTop}px` }}
            width={width}
            height={pictureHeight}
            viewBox={`0 ${pictureTop} ${width} ${pictureHeight}`}
            role="img"
            aria-label={ladder.picture}
          >
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the slider below does the same by keys */}
            <rect class="axis" x={0} y={from} width={66} height={to - from} onClick={onAxis} />
            {rails.map((rail) => (
              <line key={rail.rail.name} class="rail" x1={rail.x} x2={rail.x} y1={Math.max(0, from)} y2={Math.min(total, to)} />
            ))}
            {shownFolds
              .filter(({ isFolded }) => isFolded)
              .map(({ place, top }) => (
                <path key={place} class="fold" d={foldPath(width, top + 34)} />
              ))}
            <Ticks run={run} scale={scale} from={from} to={to} />
            {rails.map((rail) => (
              <Lanes key={rail.rail.name} run={run} tracks={tracks} rail={rail} scale={scale} from={from} to={to} bottom={bottom} />
            ))}
            <SegmentLines run={run} rows={rows} rails={byName} scale={scale} from={from} to={to} />
            <line class="cursor" x1={0} x2={width} y1={cursorTop + 0.5} y2={cursorTop + 0.5} />
            <path class="cursor-mark" d={`M0 ${cursorTop - 5}L8 ${cursorTop}L0 ${cursorTop + 5}Z`} />
          </svg>
          {shownFolds.map(({ place, fromMs, toMs, top, height: tall, isFolded }) => (
            <button
              type="button"
              key={place}
              class="fold-button"
              style={{ top: `${isFolded ? top + 22 : Math.min(Math.max(top + 20, scrolled + 12), top + tall - 30)}px` }}
              title={isFolded ? ladder.unfold : ladder.fold}
              onClick={() => toggleFold(place)}
            >
              {isFolded ? "⇕" : "⇳"} {ladder.silence(formatSpan(toMs - fromMs))}
            </button>
          ))}
        </div>
      </div>
    </>
  );
}

/** Above a rail: who it is. */
function RailHead({ rail, run }: { readonly rail: ReturnType<typeof placeRails>[number]; readonly run: RunView }) {
  const { ladder } = words.value;
  const profile = run.header.value.hosts.find(({ name }) => name === rail.rail.name)?.profile;
  const lanes = rail.statesWidth + rail.timersWidth;
  const [address] = rail.rail.addresses;
  return (
    <>
      <span class="rail-head" style={{ left: `${rail.x}px` }}>
        <b>{rail.rail.title}</b>
        {address !== rail.rail.title && <small> {address}</small>}
        {profile !== undefined && <small> · {profile}</small>}
      </span>
      {rail.rail.isTraced && rail.callsWidth > 60 && (
        <>
          <small class="lane-head" style={{ left: `${rail.x + rail.side * (rail.statesWidth + rail.timersWidth / 2)}px` }}>
            {ladder.timers}
          </small>
          <small class="lane-head" style={{ left: `${rail.x + rail.side * (lanes + rail.callsWidth / 2)}px` }}>
            {ladder.calls}
          </small>
        </>
      )}
    </>
  );
}

interface TicksProps {
  readonly run: RunView;
  readonly scale: LadderScale;
  readonly from: number;
  readonly to: number;
}

/** Times at the left, of what is drawn there. */
function Ticks({ run, scale, from, to }: TicksProps) {
  const { moments } = ladderModel(run);
  const ticks: { readonly top: number; readonly atMs: number }[] = [];
  let last = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NaN;
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scale.topOf(moments[middle]!.place) < from) low = middle + 1;
    else high = middle;
  }
  for (let i = low; i < moments.length; i++) {
    const { place, atMs, room } = moments[i]!;
    if (room === 0 || atMs === lastMs) continue;
    const top = scale.topOf(place);
    if (top > to) break;
    if (top - last < TICK_ROOM) continue;
    ticks.push({ top, atMs });
    last = top;
    lastMs = atMs;
  }
  return (
    <g class="ticks">
      {ticks.map(({ top, atMs }) => (
        <text key={top} x={62} y={top + 4} text-anchor="end">
          {formatNumber(atMs / 1000, 6)}
        </text>
      ))}
    </g>
  );
}

const WAVE = 16;

/** Where time is left out: a wave across. */
function foldPath(width: number, y: number): string {
  let path = `M0 ${y}`;
  for (let x = 0; x < width; x += WAVE * 2) path += `q${WAVE / 2} -5 ${WAVE} 0t${WAVE} 0`;
  return path;
}

/** The frame before or after the one that is chosen. */
function chooseBeside(run: RunView, by: 1 | -1): void {
  const { rows } = frameTable(run);
  const { event } = run.selection.peek();
  let index = event === undefined ? -1 : rows.findIndex((row) => showsEvent(row, event));
  if (index === -1) {
    const { count } = run.cursor.peek();
    const after = rows.findIndex(({ frame }) => frame.place >= count);
    index = by === 1 ? (after === -1 ? rows.length : after) - 1 : after === -1 ? rows.length : after;
  }
  const next = rows[index + by];
  if (next !== undefined) run.selectEvent(next.frame.place);
}
