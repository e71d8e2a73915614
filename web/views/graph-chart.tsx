import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { type GraphColumns, graphColumns, rowAtPlace, rowBeside } from "../../src/run/graph-columns.ts";
import { insideWords } from "../inside-words.ts";
import { isDark } from "../store/theme.ts";
import { formatNumber, formatSpan } from "../words.ts";
import type { DrawnLine, Graph } from "./graph-lines.ts";
import "uplot/dist/uPlot.min.css";

interface GraphChartProps {
  readonly title: string;
  readonly graph: Graph;
  /** Of the other run, laid over. */
  readonly over: readonly DrawnLine[];
  /** Place of the event that the cursor stands at. */
  readonly place: number;
  /** The cursor's time, from the graph's beginning. */
  readonly cursorMs: number;
  readonly onChoose: (place: number) => void;
  /** Those that are hidden too, for the legend. */
  readonly all: readonly DrawnLine[];
  /** Shows a line, or hides it. */
  readonly onToggle: (label: string) => void;
}

/** A mouse that moves less between down and up has clicked. */
const CLICK_PIXELS = 4;
/** Farther from any point a click means nothing. */
const REACH_PIXELS = 40;
const HEIGHT = 400;
/** Rows of the table around the cursor. */
const TABLE_ROWS = 60;

/** What the chart shows now, for its callbacks: uPlot lives longer than a drawing of the component. */
interface Shown extends GraphChartProps {
  readonly lines: readonly DrawnLine[];
  readonly columns: GraphColumns;
  readonly own: ReadonlySet<number>;
  readonly row: number;
}

export function GraphChart(props: GraphChartProps) {
  const words = insideWords.value.graphs;
  const { title, graph, over, place, cursorMs, onChoose } = props;
  const lines = useMemo(() => [...graph.lines, ...over], [graph, over]);
  const columns = useMemo(() => graphColumns(lines), [lines]);
  const own = new Set(graph.lines.keys());
  const row = rowAtPlace(columns, place, own);
  const shown: Shown = { ...props, lines, columns, own, row };
  const latest = useRef(shown);
  latest.current = shown;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const dark = isDark.value;
  const shape = lines.map(({ label, shape }) => `${label} ${shape}`).join("\n");

  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(optionsOf(latest, element.clientWidth), dataOf(latest.current.columns), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, dark, graph.unit, words]);
  const drawn = useRef<GraphColumns>(undefined);
  useEffect(() => {
    const made = plot.current;
    if (made === undefined) return;
    const isNew = drawn.current !== undefined && drawn.current !== columns;
    drawn.current = columns;
    // Who has zoomed in stays where they are while the run goes on.
    if (isNew) made.setData(dataOf(columns), !isZoomed(made));
    made.redraw(false);
  });

  const go = (to: number): void => {
    const chosen = columns.places[to];
    if (chosen !== undefined) onChoose(chosen);
  };
  const keyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, () => number> = {
      ArrowLeft: () => rowBeside(columns, Math.max(row, 0), -1, own),
      ArrowRight: () => (row < 0 ? rowBeside(columns, -1, 1, own) : rowBeside(columns, row, 1, own)),
      Home: () => rowBeside(columns, -1, 1, own),
      End: () => rowBeside(columns, columns.times.length, -1, own),
    };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(move());
  };
  return (
    <>
      <ul class="legend">
        {props.all.map((line) => (
          <li key={line.label}>
            <button
              type="button"
              class="quiet line-choice"
              aria-pressed={lines.includes(line)}
              title={lines.includes(line) ? words.hide : words.show}
              onClick={() => props.onToggle(line.label)}
            >
              <LineSample line={line} /> {lines.includes(line) ? line.label : <s>{line.label}</s>}
            </button>
          </li>
        ))}
        <li>
          <svg class="sample" viewBox="0 0 30 12" aria-hidden="true">
            <path d="M15 0V12" stroke="var(--cursor)" stroke-width="2" stroke-dasharray="3 2" />
          </svg>{" "}
          {words.cursor}
        </li>
      </ul>
      <div
        ref={box}
        class="graph"
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, columns.times.length - 1)}
        aria-valuenow={Math.max(0, row)}
        aria-valuetext={row < 0 ? words.keys : pointText(shown, row)}
        onKeyDown={keyDown}
      />
      <p class="graph-point">
        {row < 0 ? words.keys : <b>{pointText(shown, row)}</b>}
        {row >= 0 && <span class="soft"> {words.keys}</span>} <span class="soft">{words.zoomHint}</span>
      </p>
      <PointTable shown={shown} cursorMs={cursorMs} onChoose={go} />
    </>
  );
}

function pointText({ lines, columns, graph }: Shown, row: number): string {
  const line = lines[columns.lineOf[row]!]!;
  const point = line.points[columns.pointOf[row]!]!;
  const value = point.from === undefined ? graph.format(point.value) : `${formatNumber(point.from)} – ${graph.format(point.value)}`;
  return insideWords.value.graphs.point(line.label, value, formatSpan(columns.times[row]!));
}

/** The same points for who cannot see the graph, around the cursor. */
function PointTable({ shown, onChoose }: { readonly shown: Shown; readonly cursorMs: number; readonly onChoose: (row: number) => void }) {
  const words = insideWords.value.graphs;
  const { columns, lines, graph } = shown;
  const first = Math.max(0, Math.min(Math.max(0, shown.row) - TABLE_ROWS / 2, columns.times.length - TABLE_ROWS));
  const rows = Array.from({ length: Math.min(TABLE_ROWS, columns.times.length - first) }, (_, i) => first + i);
  return (
    <details class="graph-table">
      <summary>
        {words.table} <span class="soft">({words.tableCut(rows.length, columns.times.length)})</span>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{insideWords.value.common.time}</th>
            <th scope="col">{words.line}</th>
            <th scope="col">{words.value}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const line = lines[columns.lineOf[row]!]!;
            const point = line.points[columns.pointOf[row]!]!;
            return (
              <tr key={row} aria-current={row === shown.row ? "true" : undefined}>
                <td class="number mono">
                  {line.isOther ? (
                    formatSpan(columns.times[row]!)
                  ) : (
                    <button type="button" class="quiet" onClick={() => onChoose(row)}>
                      {formatSpan(columns.times[row]!)}
                    </button>
                  )}
                </td>
                <td>{line.label}</td>
                <td class="mono">
                  {point.from === undefined ? graph.format(point.value) : `${formatNumber(point.from)} – ${graph.format(point.value)}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

function LineSample({ line: { shape, colour, isOther } }: { readonly line: DrawnLine }) {
  const stroke = `var(${colour})`;
  const dash = isOther ? "2 3" : undefined;
  return (
    <svg class="sample" viewBox="0 0 30 12" aria-hidden="true" fill="none" stroke={stroke} stroke-width="2" stroke-dasharray={dash}>
      {shape === "steps" && <path d="M1 10H10V6H20V2H29" />}
      {shape === "thick steps" && <path d="M1 9H10V6H20V3H29" stroke-width="4" />}
      {shape === "dashed steps" && <path d="M1 10H10V6H20V2H29" stroke-dasharray={isOther ? "2 3 6 3" : "6 3"} />}
      {shape === "dots" && <circle cx="15" cy="6" r="3" fill={isOther ? "none" : stroke} stroke-dasharray="none" />}
      {shape === "stretches" && <path d="M10 12V6M20 6V0" />}
      {shape === "crossed stretches" && <path d="M15 0V12M11 2L19 10M19 2L11 10" />}
      {shape === "ticks" && <path d="M15 1V11M11 1H19M11 11H19" />}
    </svg>
  );
}

const dataOf = ({ times, values }: GraphColumns): uPlot.AlignedData =>
  [times.map((ms) => ms / 1000), ...values.map((column) => [...column])] as uPlot.AlignedData;

function isZoomed({ data: [times], scales }: uPlot): boolean {
  const { min, max } = scales["x"] ?? {};
  return (min ?? 0) > (times[0] ?? 0) || (max ?? Number.POSITIVE_INFINITY) < (times.at(-1) ?? 0);
}

const themed = (variable: string): string => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();

interface Latest {
  readonly current: Shown;
}

function optionsOf(latest: Latest, width: number): uPlot.Options {
  const words = insideWords.value.graphs;
  const ink = themed("--ink-soft");
  const font = `12px ${themed("--font")}`;
  const axis: uPlot.Axis = {
    stroke: ink,
    font,
    labelFont: font,
    grid: { stroke: themed("--line"), width: 1 },
    ticks: { stroke: themed("--line") },
  };
  const number = (_: uPlot, values: number[]): string[] => values.map((value) => formatNumber(value, 6));
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { show: false } },
    scales: { x: { time: false }, y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most ?? 1) * 1.05 || 1] } },
    axes: [
      { ...axis, label: words.time, values: number },
      { ...axis, label: latest.current.graph.unit, size: 76, values: number },
    ],
    series: [{}, ...latest.current.lines.map((line, index) => seriesOf(line, index, latest))],
    hooks: { draw: [(u) => drawCursor(u, latest.current)], ready: [(u) => listenForClicks(u, latest)] },
  };
}

const stepped = uPlot.paths.stepped!({ align: 1, extend: true });

function seriesOf(line: DrawnLine, index: number, latest: Latest): uPlot.Series {
  const stroke = themed(line.colour);
  const common = { stroke, label: line.label, spanGaps: true, points: { show: false }, ...(line.isOther ? { dash: [2, 4] } : {}) };
  if (line.shape === "steps") return { ...common, width: 2, paths: stepped };
  if (line.shape === "thick steps") return { ...common, width: 4, paths: stepped };
  if (line.shape === "dashed steps") return { ...common, width: 2, paths: stepped, dash: line.isOther ? [2, 4, 8, 4] : [10, 4] };
  if (line.shape === "dots")
    return { ...common, paths: () => null, points: { show: true, size: 6, stroke, fill: line.isOther ? "transparent" : stroke } };
  const isCrossed = line.shape === "crossed stretches";
  return {
    ...common,
    width: isCrossed ? 2.5 : 2,
    paths: (u, series, first, last) => stretchPaths(u, series, first, last, index, latest.current),
  };
}

/** Upright strokes: plain, crossed at their end, or with a bar at both ends. */
function stretchPaths(u: uPlot, series: number, first: number, last: number, index: number, { lines, columns }: Shown): uPlot.Series.Paths {
  const line = lines[index];
  const stroke = new Path2D();
  const size = 4 * devicePixelRatio;
  for (let row = first; row <= last; row++) {
    const value = u.data[series]?.[row];
    if (value === null || value === undefined || line === undefined) continue;
    const from = line.points[columns.pointOf[row]!]?.from ?? value;
    const x = u.valToPos(u.data[0][row]!, "x", true);
    const top = u.valToPos(value, "y", true);
    const bottom = Math.max(u.valToPos(from, "y", true), top + 2);
    stroke.moveTo(x, bottom);
    stroke.lineTo(x, top);
    if (line.shape === "crossed stretches") {
      const middle = (top + bottom) / 2;
      stroke.moveTo(x - size, middle - size);
      stroke.lineTo(x + size, middle + size);
      stroke.moveTo(x + size, middle - size);
      stroke.lineTo(x - size, middle + size);
    } else if (line.shape === "ticks") {
      for (const y of [top, bottom]) {
        stroke.moveTo(x - size, y);
        stroke.lineTo(x + size, y);
      }
    }
  }
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 } as unknown as uPlot.Series.Paths;
}

/** The cursor's time, and a ring around the point that it stands at. */
function drawCursor(u: uPlot, { cursorMs, row, columns, lines }: Shown): void {
  const { ctx, bbox } = u;
  const colour = themed("--cursor");
  ctx.save();
  ctx.beginPath();
  const beyond = 9 * devicePixelRatio;
  ctx.rect(bbox.left - beyond, bbox.top - beyond, bbox.width + 2 * beyond, bbox.height + 2 * beyond);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  const x = u.valToPos(cursorMs / 1000, "x", true);
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  if (row >= 0) {
    ctx.setLineDash([]);
    const point = lines[columns.lineOf[row]!]!.points[columns.pointOf[row]!]!;
    ctx.beginPath();
    ctx.arc(u.valToPos(columns.times[row]! / 1000, "x", true), u.valToPos(point.value, "y", true), 7 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.stroke();
  }
  ctx.restore();
}

function listenForClicks(u: uPlot, latest: Latest): void {
  let down = { x: 0, y: 0 };
  u.over.addEventListener("mousedown", (event) => {
    down = { x: event.clientX, y: event.clientY };
  });
  u.over.addEventListener("click", (event) => {
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) > CLICK_PIXELS) return;
    const { left, top } = u.over.getBoundingClientRect();
    const { columns, own, onChoose } = latest.current;
    const row = nearestRow(u, event.clientX - left, event.clientY - top, columns, own);
    if (row >= 0) onChoose(columns.places[row]!);
  });
}

function nearestRow(u: uPlot, x: number, y: number, { times, lineOf, values }: GraphColumns, own: ReadonlySet<number>): number {
  let best = -1;
  let bestDistance = REACH_PIXELS;
  for (let row = 0; row < times.length; row++) {
    if (!own.has(lineOf[row]!)) continue;
    const value = values[lineOf[row]!]![row]!;
    const distance = Math.hypot(u.valToPos(times[row]! / 1000, "x") - x, u.valToPos(value, "y") - y);
    if (distance < bestDistance) [best, bestDistance] = [row, distance];
  }
  return best;
}
