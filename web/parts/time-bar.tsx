import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Player, SPEEDS } from "../store/player.ts";
import type { RunView } from "../store/run-view.ts";
import { isDark } from "../store/theme.ts";
import { formatMoment, formatNumber, words } from "../words.ts";
import { Icon } from "./icon.tsx";
import "./time-bar.css";

/** Columns in which the density of events is counted. */
const COLUMNS = 240;

interface TimeBarProps {
  readonly run: RunView;
  readonly player: Player;
}

/** Where the run stands, and what moves it. */
export function TimeBar({ run, player }: TimeBarProps) {
  const { time } = words.value;
  const { count, atMs, isAtEnd } = run.cursor.value;
  run.version.value;
  const isPlaying = player.isPlaying.value;
  const { goesBack } = run.abilities.value;
  const speeds: readonly number[] = SPEEDS.includes(player.speed.value as (typeof SPEEDS)[number])
    ? SPEEDS
    : [...SPEEDS, player.speed.value].sort((a, b) => a - b);
  return (
    <footer class="time-bar">
      <div class="time-buttons" role="toolbar" aria-label={time.bar}>
        <Button icon="start" label={time.start} keys="Home" onClick={() => player.toStart()} />
        <Button icon="backPacket" label={time.backPacket} keys="[" onClick={() => player.step(-1, "frame")} />
        <Button icon="back" label={time.back} keys="ArrowLeft" onClick={() => player.step(-1, "event")} />
        <button type="button" class="play" aria-keyshortcuts="Space" onClick={() => player.toggle()}>
          <Icon name={isPlaying ? "pause" : "play"} /> {isPlaying ? time.pause : time.play}
        </button>
        <Button icon="forth" label={time.forth} keys="ArrowRight" onClick={() => player.step(1, "event")} />
        <Button icon="forthPacket" label={time.forthPacket} keys="]" onClick={() => player.step(1, "frame")} />
        <Button icon="end" label={time.live} keys="End" pressed={isAtEnd} onClick={() => player.toEnd()} />
        <label>
          <span class="aside">{time.speed}</span>
          <select
            title={time.speed}
            value={String(player.speed.value)}
            onChange={({ currentTarget }) => player.setSpeed(Number(currentTarget.value))}
          >
            {speeds.map((speed) => (
              <option key={speed} value={String(speed)}>
                {speedText(speed)}
              </option>
            ))}
          </select>
        </label>
        {goesBack && !isAtEnd && (
          <button type="button" title={time.resumeHint} onClick={() => player.resumeHere()}>
            {time.resumeHere}
          </button>
        )}
      </div>
      <Scrubber run={run} />
      <output class="time-now">
        <b class="mono">{formatMoment(atMs)}</b>
        <span class="soft">
          {time.event(count, run.timeline.end)}
          {isAtEnd ? ` · ${time.atEnd}` : ""}
        </span>
      </output>
    </footer>
  );
}

interface ButtonProps {
  readonly icon: Parameters<typeof Icon>[0]["name"];
  readonly label: string;
  readonly keys: string;
  readonly pressed?: boolean;
  readonly onClick: () => void;
}

function Button({ icon, label, keys, pressed, onClick }: ButtonProps) {
  return (
    <button type="button" class="symbol" aria-label={label} title={label} aria-keyshortcuts={keys} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function speedText(speed: number): string {
  const { time } = words.value;
  if (!Number.isFinite(speed)) return time.speedMax;
  return time.speedOf(speed < 0.1 ? `1/${formatNumber(1 / speed)}` : formatNumber(speed, 2));
}

/** A slider over the run's time, on a picture of how much happens when. */
function Scrubber({ run }: { readonly run: RunView }) {
  const { time } = words.value;
  const { atMs } = run.cursor.value;
  run.clock.value;
  const endMs = Math.max(run.endMs, 0.001);
  return (
    <div class="scrubber">
      <Density run={run} />
      <input
        type="range"
        min={0}
        max={endMs}
        step="any"
        value={atMs}
        aria-label={time.scrubber}
        aria-valuetext={formatMoment(atMs)}
        onInput={({ currentTarget }) => run.goToTime(Number(currentTarget.value))}
      />
    </div>
  );
}

function Density({ run }: { readonly run: RunView }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const counts = useComputed(() => {
    run.version.value;
    run.clock.value;
    const { events, first } = run.timeline;
    const endMs = Math.max(run.endMs, 0.001);
    const columns = new Array<number>(COLUMNS).fill(0);
    if (events.length === 0) return columns;
    let before = first;
    for (let i = 0; i < COLUMNS; i++) {
      const until = run.timeline.countAt(((i + 1) * endMs) / COLUMNS);
      columns[i] = until - before;
      before = until;
    }
    return columns;
  });
  const shown = counts.value;
  const dark = isDark.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    const { width, height } = context.canvas;
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(context.canvas).color;
    const most = Math.max(...shown, 1);
    shown.forEach((count, i) => {
      if (count === 0) return;
      const tall = Math.max(2, (Math.log1p(count) / Math.log1p(most)) * height);
      context.fillRect((i * width) / COLUMNS, height - tall, Math.max(1, width / COLUMNS - 1), tall);
    });
  }, [shown, dark]);
  return <canvas ref={canvas} width={COLUMNS * 3} height={30} />;
}
