import type { JSX } from "preact";
import type { LadderScale } from "../../src/run/ladder-scale.ts";
import { letterWidth } from "../parts/letter-width.ts";
import type { FrameRow } from "../store/frame-table.ts";
import type { RunView } from "../store/run-view.ts";
import { words } from "../words.ts";
import { fitted, type RailGeometry } from "./geometry.ts";

interface SegmentLinesProps {
  readonly run: RunView;
  readonly rows: readonly FrameRow[];
  readonly rails: ReadonlyMap<string, RailGeometry>;
  readonly scale: LadderScale;
  /** What is to be seen, in pixels of the ladder. */
  readonly from: number;
  readonly to: number;
}

/** Below this distance two labels on one side touch. */
const LABEL_ROOM = 13;
/** From so many lines on, they are thinned out, and words with them. */
const DENSE = 170;
/** More lines than this are one ink, and cost time. */
const MAX_LINES = 900;

interface Line {
  readonly row: FrameRow;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly isFirst: boolean;
  /** It ends before it comes to the other rail. */
  readonly brokenAt: number | undefined;
  readonly isUnseen: boolean;
  readonly verdict: string | undefined;
  readonly isDamaged: boolean;
}

/** The frames that are to be seen, as lines from rail to rail. */
export function SegmentLines({ run, rows, rails, scale, from, to }: SegmentLinesProps) {
  const cursor = run.cursor.value.count;
  const selected = run.selection.value.event;
  const all = visibleLines(rows, rails, scale, from, to, 2);
  const isDense = all.length > DENSE;
  const lines = isDense ? visibleLines(rows, rails, scale, from, to, 6) : all;
  const labels = placeLabels(lines, selected, from + 60, isDense ? 3 * LABEL_ROOM : LABEL_ROOM);
  return (
    <g class={isDense ? "segments dense" : "segments"}>
      {lines.map((line) => {
        const { row, x1, x2, y1, y2, isFirst } = line;
        const { frame } = row;
        const isSelected = selected !== undefined && showsEvent(row, selected);
        const classes = [
          "segment",
          x2 > x1 ? "right" : "left",
          row.isLost ? "lost" : "",
          row.isRetransmission ? "again" : "",
          line.isUnseen ? "unseen" : "",
          isSelected ? "selected" : "",
          frame.place >= cursor ? "later" : "",
          row.description.protocol,
        ];
        const end = line.brokenAt ?? 1;
        const xe = x1 + (x2 - x1) * end;
        const ye = y1 + (y2 - y1) * end;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys choose as well, and the table has the same rows as buttons
          <g key={`${frame.index}-${isFirst ? 0 : y2}`} class={classes.join(" ")} onClick={() => run.selectEvent(frame.place)}>
            <title>{row.description.summary}</title>
            <line class="hit" x1={x1} y1={y1} x2={xe} y2={ye} />
            <line x1={x1} y1={y1} x2={xe} y2={ye} />
            {line.brokenAt === undefined ? <Head x={xe} y={ye} dx={x2 - x1} dy={y2 - y1} /> : <Break x={xe} y={ye} />}
            {line.brokenAt !== undefined && <LostWords row={row} x={xe} y={ye} isRight={x2 > x1} />}
            {line.isDamaged && (
              <text class="trouble" x={(x1 + x2) / 2} y={(y1 + y2) / 2 + 13} text-anchor="middle">
                ⚡ {words.value.ladder.lost["corrupted"]}
              </text>
            )}
            {line.verdict !== undefined && line.verdict !== "accepted" && (
              <text class="trouble" x={x2 + (x2 > x1 ? -10 : 10)} y={y2 + 12} text-anchor={x2 > x1 ? "end" : "start"}>
                ⊘ {words.value.ladder.dropped(line.verdict)}
              </text>
            )}
          </g>
        );
      })}
      {[...labels].map(([index, { text, x, y, anchor, turn }]) => {
        const { row } = lines[index]!;
        const isSelected = selected !== undefined && showsEvent(row, selected);
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: as the lines
          <text
            key={row.frame.index}
            class={`label ${isSelected ? "selected" : ""} ${row.frame.place >= cursor ? "later" : ""}`}
            x={x}
            y={y}
            text-anchor={anchor}
            transform={turn}
            onClick={() => run.selectEvent(row.frame.place)}
          >
            {text}
          </text>
        );
      })}
    </g>
  );
}

/** An arrow's head. */
function Head({ x, y, dx, dy }: { readonly x: number; readonly y: number; readonly dx: number; readonly dy: number }): JSX.Element {
  const degrees = (Math.atan2(dy, dx) * 180) / Math.PI;
  return <path class="head" d="M0 0L-9 -4L-9 4Z" transform={`translate(${x} ${y}) rotate(${degrees})`} />;
}

/** Where something was lost. */
function Break({ x, y }: { readonly x: number; readonly y: number }): JSX.Element {
  return <path class="break" d={`M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x + 5} ${y - 5}L${x - 5} ${y + 5}`} />;
}

interface LostWordsProps {
  readonly row: FrameRow;
  readonly x: number;
  readonly y: number;
  readonly isRight: boolean;
}

function LostWords({ row, x, y, isRight }: LostWordsProps) {
  const { ladder } = words.value;
  const { lost } = row.frame;
  const text = lost === undefined ? "" : (ladder.lost[lost.fate] ?? lost.fate);
  return (
    <text class="trouble" x={x + (isRight ? 10 : -10)} y={y + 4} text-anchor={isRight ? "start" : "end"}>
      {text}
    </text>
  );
}

function visibleLines(
  rows: readonly FrameRow[],
  rails: ReadonlyMap<string, RailGeometry>,
  scale: LadderScale,
  from: number,
  to: number,
  grain: number,
): readonly Line[] {
  const lines: Line[] = [];
  const drawn = new Set<string>();
  // Rows are in the order of their tops; one that begins above may still be on its way, but not by thousands.
  const first = Math.max(0, firstBelow(rows, scale, from) - 300);
  for (let i = first; i < rows.length && lines.length < MAX_LINES; i++) {
    const row = rows[i]!;
    const y1 = scale.topOf(row.frame.place);
    if (y1 > to) break;
    const start = rails.get(row.fromRail);
    if (start === undefined) continue;
    const { arrivals, from: seenToLeave } = row.frame;
    const targets =
      seenToLeave !== undefined && arrivals.length > 0
        ? arrivals.map((arrival) => ({
            rail: arrival.host,
            y2: scale.topOf(arrival.place),
            place: arrival.place,
            isDamaged: arrival.isCorrupted,
          }))
        : [{ rail: row.toRail, y2: y1, place: undefined, isDamaged: false }];
    targets.forEach(({ rail, y2, place, isDamaged }, index) => {
      const end = rails.get(rail);
      if (end === undefined || end === start || Math.max(y1, y2) < from) return;
      const isLost = row.isLost && place === undefined;
      const isUnseen = place === undefined && seenToLeave !== undefined && end.rail.isTraced && !isLost;
      const slope = isLost ? 16 : 0;
      const key = `${start.x} ${end.x} ${Math.round(y1 / grain)} ${Math.round(y2 / grain)}`;
      // What would lie on another line is not drawn twice.
      if (drawn.has(key)) return;
      drawn.add(key);
      const brokenAt = isLost ? (row.frame.lost?.direction === "in" ? 0.88 : 0.6) : undefined;
      const { verdict } = row;
      lines.push({ row, x1: start.x, x2: end.x, y1, y2: y2 + slope, isFirst: index === 0, brokenAt, isUnseen, verdict, isDamaged });
    });
  }
  return lines;
}

function firstBelow(rows: readonly FrameRow[], scale: LadderScale, top: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scale.topOf(rows[middle]!.frame.place) < top) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
  readonly turn: string | undefined;
}

/** Gives words to the lines that have room for them: those in front of others keep theirs, and the selected one always. */
function placeLabels(lines: readonly Line[], selected: number | undefined, top: number, labelRoom: number): ReadonlyMap<number, Label> {
  const labels = new Map<number, Label>();
  const taken: { x1: number; x2: number; y: number }[] = [];
  const order = lines.map((_, index) => index);
  const isChosen = (index: number): boolean => selected !== undefined && showsEvent(lines[index]!.row, selected);
  order.sort((a, b) => Number(isChosen(b)) - Number(isChosen(a)) || a - b);
  for (const index of order) {
    const { row, x1: beginX, x2, y1: beginY, y2, isFirst, brokenAt } = lines[index]!;
    if (!isFirst) continue;
    // Words of a line that begins above stand where it comes into sight.
    const hidden = beginY < top + 4 && y2 > top + 60 ? (top + 18 - beginY) / (y2 - beginY) : 0;
    const x1 = beginX + (x2 - beginX) * hidden;
    const y1 = beginY + (y2 - beginY) * hidden;
    const isRight = x2 > x1;
    const across = Math.abs(x2 - x1) - 26;
    const room = brokenAt === undefined ? across : across * brokenAt - 8;
    const why = againText(row);
    const short = `${row.isRetransmission ? "⟳ " : ""}${row.label}`;
    const whole = why === undefined ? short : `${short} (${why})`;
    const slope = (y2 - y1) / Math.abs(x2 - x1);
    const y = y1 - 6;
    const candidates = [fitted(whole, room), fitted(short, room), fitted(short, room / 2)];
    const text = candidates.find((candidate) => candidate !== "" && isFree(spanOf(candidate, x1, isRight), y, slope, taken, labelRoom));
    if (text === undefined) continue;
    taken.push({ ...spanOf(text, x1, isRight), y });
    const degrees = (Math.atan(slope) * 180) / Math.PI;
    const turn = degrees > 0.5 && degrees < 50 ? `rotate(${isRight ? degrees : -degrees} ${x1} ${y1})` : undefined;
    labels.set(index, { text, x: x1 + (isRight ? 8 : -8), y, anchor: isRight ? "start" : "end", turn });
  }
  return labels;
}

/** Why it was sent again, in words. */
export function againText({ reason }: FrameRow): string | undefined {
  const { againBecause } = words.value.ladder;
  if (reason === undefined) return undefined;
  return reason.is === "timer" ? againBecause.timer(reason.timer) : againBecause.frame;
}

const spanOf = (text: string, x: number, isRight: boolean): { x1: number; x2: number } => {
  const width = text.length * letterWidth() + 12;
  return isRight ? { x1: x, x2: x + width } : { x1: x - width, x2: x };
};

function isFree(
  { x1, x2 }: { readonly x1: number; readonly x2: number },
  y: number,
  slope: number,
  taken: readonly { readonly x1: number; readonly x2: number; readonly y: number }[],
  labelRoom: number,
): boolean {
  return taken.every((other) => {
    const overlap = Math.min(x2, other.x2) - Math.max(x1, other.x1);
    if (overlap <= 0) return true;
    const isSameSide = x1 === other.x1 || x2 === other.x2;
    // Words of one side lie along parallel lines; those of the other side come down towards them.
    const wanted = isSameSide ? labelRoom : labelRoom + Math.min(60, slope * (x2 - x1));
    return Math.abs(other.y - y) >= wanted;
  });
}

/** Whether an event of a place is one of the frame's. */
export function showsEvent({ frame }: FrameRow, place: number): boolean {
  return (
    frame.place === place ||
    frame.arrivals.some((arrival) => arrival.place === place) ||
    frame.mishaps.some((mishap) => mishap.place === place)
  );
}
