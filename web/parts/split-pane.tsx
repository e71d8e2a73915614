import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { rememberAs, remembered } from "../store/remembered.ts";
import "./split-pane.css";

interface SplitPaneProps {
  /** Under which the browser remembers where the bar stands. */
  readonly name: string;
  /** What the bar is called, for who cannot see what it divides. */
  readonly label: string;
  /** `column`: one above the other. Narrow windows stack either. */
  readonly direction: "row" | "column";
  /** Share of the first pane, from 0 to 1. */
  readonly share: number;
  readonly first: ComponentChildren;
  readonly second: ComponentChildren;
}

const STEP = 0.03;
const within = (share: number): number => Math.min(0.85, Math.max(0.15, share));

/** Two panes with a bar between, which moves by pointer and by arrow keys. */
export function SplitPane({ name, label, direction, share, first, second }: SplitPaneProps) {
  const kept = Number(remembered(`split.${name}`));
  const at = useSignal(kept > 0 && kept < 1 ? within(kept) : share);
  const box = useRef<HTMLDivElement>(null);
  const move = (next: number): void => {
    at.value = within(next);
    rememberAs(`split.${name}`, at.value.toFixed(3));
  };
  const onPointerMove = (event: PointerEvent): void => {
    const bar = event.currentTarget as HTMLElement;
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const { left, top, width, height } = box.current!.getBoundingClientRect();
    const isRow = getComputedStyle(box.current!).flexDirection === "row";
    move(isRow ? (event.clientX - left) / width : (event.clientY - top) / height);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(at.value + by);
  };
  return (
    <div class={`split ${direction}`} ref={box}>
      <div class="split-pane" style={{ flexGrow: at.value }}>
        {first}
      </div>
      <div
        class="split-bar"
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={direction === "row" ? "vertical" : "horizontal"}
        aria-valuenow={Math.round(at.value * 100)}
        aria-valuemin={15}
        aria-valuemax={85}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onKeyDown={onKeyDown}
      />
      <div class="split-pane" style={{ flexGrow: 1 - at.value }}>
        {second}
      </div>
    </div>
  );
}
