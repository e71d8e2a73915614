import type { LadderScale } from "../../src/run/ladder-scale.ts";
import type { CallTrack, LadderTracks, TimerTrack } from "../../src/run/ladder-tracks.ts";
import { letterWidth } from "../parts/letter-width.ts";
import type { RunView } from "../store/run-view.ts";
import { formatSpan, words } from "../words.ts";
import { callsFrom, fitted, type RailGeometry, timersFrom } from "./geometry.ts";

interface LanesProps {
  readonly run: RunView;
  readonly tracks: LadderTracks;
  readonly rail: RailGeometry;
  readonly scale: LadderScale;
  readonly from: number;
  readonly to: number;
  readonly bottom: number;
}

const BAR = 9;
const TIMER_STEP = 12;
const TEXT_ROOM = 12;

/** A host's states, timers and calls beside its rail, as far as they are to be seen. */
export function Lanes(props: LanesProps) {
  if (!props.rail.rail.isTraced) return null;
  return (
    <g class="lanes">
      <States {...props} />
      <Timers {...props} />
      <Calls {...props} />
    </g>
  );
}

function States({ run, tracks, rail, scale, from, to }: LanesProps) {
  const cursor = run.cursor.value.count;
  const { connection } = run.selection.value;
  let last = Number.NEGATIVE_INFINITY;
  const shown = tracks.states.filter(({ host, place }) => {
    if (host !== rail.rail.name) return false;
    const top = scale.topOf(place);
    return top >= from - 20 && top <= to + 20;
  });
  return (
    <>
      {shown.map(({ state, place, connection: id, host }) => {
        const top = scale.topOf(place);
        const hasRoom = top - last >= TEXT_ROOM;
        if (hasRoom) last = top;
        const isOther = connection !== undefined && (connection.host !== host || connection.id !== id);
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the table has the same rows as buttons
          <g key={place} class={`state ${place >= cursor ? "later" : ""} ${isOther ? "other" : ""}`} onClick={() => run.selectEvent(place)}>
            <title>{state}</title>
            <circle cx={rail.x} cy={top} r={3.5} />
            {hasRoom && (
              <text x={rail.x + rail.side * 8} y={top + 4} text-anchor={rail.side < 0 ? "end" : "start"}>
                {fitted(state, rail.statesWidth - 10, letterWidth() * 0.84)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** Bars beside each other while they overlap, in as many columns as there is room for. */
function columnsOf<Track extends { readonly place: number }>(
  tracks: readonly Track[],
  most: number,
  span: (track: Track) => readonly [number, number],
): ReadonlyMap<Track, number> {
  const free: number[] = [];
  const columns = new Map<Track, number>();
  for (const track of tracks) {
    const [top, bottom] = span(track);
    let column = free.findIndex((until) => until <= top);
    if (column === -1) column = free.length < most ? free.length : most - 1;
    free[column] = Math.max(bottom, free[column] ?? 0);
    columns.set(track, column);
  }
  return columns;
}

function Timers({ run, tracks, rail, scale, from, to, bottom }: LanesProps) {
  const { ladder } = words.value;
  const cursor = run.cursor.value.count;
  const span = ({ place, end }: TimerTrack): readonly [number, number] => [
    scale.topOf(place),
    end === undefined ? bottom : scale.topOf(end.place),
  ];
  const mine = tracks.timers.filter((track) => {
    if (track.host !== rail.rail.name) return false;
    const [top, end] = span(track);
    return top <= to && end >= from && end - top >= 1.5;
  });
  const columns = columnsOf(mine, Math.max(1, Math.floor((rail.timersWidth - 4) / TIMER_STEP)), span);
  return (
    <>
      {mine.map((track) => {
        const [top, end] = span(track);
        const x = timersFrom(rail) + rail.side * (6 + columns.get(track)! * TIMER_STEP);
        const how =
          track.end === undefined
            ? ladder.pending
            : track.end.how === "fired"
              ? ladder.fired
              : track.end.how === "cancelled"
                ? ladder.cancelled
                : ladder.setAnew;
        const seenTop = Math.max(top, from);
        const room = Math.min(end, to) - seenTop;
        const text = room > 44 ? fitted(track.timer, room - 16, letterWidth() * 0.9) : "";
        const middle = seenTop + room / 2;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the table has the same rows as buttons
          <g
            key={track.place}
            class={`timer ${track.end?.how.replace(" ", "-") ?? "pending"} ${track.place >= cursor ? "later" : ""}`}
            onClick={() => run.selectEvent(track.end !== undefined && track.end.place < cursor ? track.end.place : track.place)}
          >
            <title>{`${track.timer}: ${formatSpan(track.dueMs - track.atMs)}, ${how}`}</title>
            <rect x={x - 4.5} y={top} width={BAR} height={Math.max(2, end - top)} />
            {track.end?.how === "fired" && <circle cx={x} cy={end - 4} r={4.5} />}
            {track.end?.how === "cancelled" && (
              <path d={`M${x - 4} ${end - 4}L${x + 4} ${end + 4}M${x + 4} ${end - 4}L${x - 4} ${end + 4}`} />
            )}
            {text !== "" && (
              <text x={x} y={middle} text-anchor="middle" transform={`rotate(-90 ${x} ${middle}) translate(0 3.5)`}>
                {text}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

function Calls({ run, tracks, rail, scale, from, to, bottom }: LanesProps) {
  const { ladder } = words.value;
  const cursor = run.cursor.value.count;
  const span = ({ place, end }: CallTrack): readonly [number, number] => [
    scale.topOf(place),
    end === undefined ? bottom : scale.topOf(end.place),
  ];
  const mine = tracks.calls.filter((track) => {
    if (track.host !== rail.rail.name) return false;
    const [top, end] = span(track);
    return top <= to && end >= from;
  });
  const columns = columnsOf(mine, 3, span);
  let last = Number.NEGATIVE_INFINITY;
  return (
    <>
      {mine.map((track) => {
        const [top, end] = span(track);
        const x = callsFrom(rail) + rail.side * (6 + columns.get(track)! * (BAR + 2));
        const textX = x + rail.side * 9;
        const room = rail.callsWidth - Math.abs(textX - callsFrom(rail)) - 4;
        const isFailed = (track.end?.error ?? 0) !== 0;
        const outcome = track.end === undefined ? ladder.waiting : `${isFailed ? "✕ " : "→ "}${outcomeOf(track.end.result)}`;
        const isLong = end - top >= 26;
        const hasRoom = top - last >= TEXT_ROOM;
        if (hasRoom) last = isLong ? end : top;
        const anchor = rail.side < 0 ? "end" : "start";
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the table has the same rows as buttons
          <g
            key={track.place}
            class={`call ${isFailed ? "failed" : ""} ${track.end === undefined ? "pending" : ""} ${track.place >= cursor ? "later" : ""}`}
            onClick={() => run.selectEvent(track.place)}
          >
            <title>{`${track.text} ${outcome}${track.end === undefined ? "" : ` (${formatSpan(track.end.atMs - track.atMs)})`}`}</title>
            <rect x={x - BAR / 2} y={top} width={BAR} height={Math.max(3, end - top)} />
            {hasRoom && (
              <text x={textX} y={Math.max(top + 4, Math.min(from + 14, end - 16))} text-anchor={anchor}>
                {fitted(isLong ? track.name : `${track.name} ${outcome}`, room)}
              </text>
            )}
            {isLong && (
              <text class="outcome" x={textX} y={end + 2} text-anchor={anchor}>
                {fitted(outcome, room)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** `SOCKET_ERROR (WSAECONNREFUSED)`: of a failure its name says more than the value. */
function outcomeOf(result: string): string {
  return /\b(WSA\w+)\b/.exec(result)?.[1] ?? result.replace(/^=\s*/, "");
}
