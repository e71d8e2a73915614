import type { StateStep } from "../../src/run/run-state.ts";
import {
  DIAGRAM_EDGES,
  DIAGRAM_HEIGHT,
  DIAGRAM_NODES,
  DIAGRAM_WIDTH,
  type DiagramEdge,
  diagramPath,
  middleOf,
  NODE_HEIGHT,
  NODE_WIDTH,
  straightPoints,
  type WalkedStep,
} from "../../src/run/state-diagram.ts";
import { insideWords } from "../inside-words.ts";

type Points = DiagramEdge["points"];

const lineOf = (points: Points): string => points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");

/** The figure with the path of a connection on it: walked lines are thick and numbered, the present state is filled. */
export function StateDiagram({ path, onStep }: { readonly path: readonly StateStep[]; readonly onStep: (event: number) => void }) {
  const { at, steps, walked } = diagramPath(path);
  const words = insideWords.value.connection;
  const ways = waysOf(steps);
  return (
    <svg
      class="diagram"
      viewBox={`0 0 ${DIAGRAM_WIDTH} ${DIAGRAM_HEIGHT}`}
      role="img"
      aria-label={words.diagramText(at?.replace(" again", "") ?? "?", steps.length)}
    >
      <defs>
        <Arrow id="arrow" size={7} />
        <Arrow id="arrow-walked" size={5} />
      </defs>
      {DIAGRAM_EDGES.filter((edge) => !steps.some((step) => step.edge === edge)).map((edge) => (
        <path key={`${edge.from} ${edge.to}`} class="edge" d={lineOf(edge.points)} marker-end="url(#arrow)" />
      ))}
      {ways.map(({ from, to, points, isOfFigure }) => (
        <path
          key={`walked ${from} ${to}`}
          class={isOfFigure ? "edge walked" : "edge walked elsewhere"}
          d={lineOf(points)}
          marker-end="url(#arrow-walked)"
        />
      ))}
      {DIAGRAM_EDGES.map((edge) => (
        <EdgeLabel key={`${edge.from} ${edge.to}`} edge={edge} isWalked={steps.some((step) => step.edge === edge)} />
      ))}
      {DIAGRAM_NODES.map(({ id, state, x, y }) => (
        <g key={id} class={`node${walked.has(id) ? " walked" : ""}${id === at ? " present" : ""}`}>
          <rect x={x - NODE_WIDTH / 2} y={y - NODE_HEIGHT / 2} width={NODE_WIDTH} height={NODE_HEIGHT} rx={6} />
          <text x={x} y={y + 5} text-anchor="middle">
            {id === at ? `▶ ${state}` : state}
          </text>
        </g>
      ))}
      {ways.map(({ from, to, points, numbers, event }) => (
        <StepBadge key={`badge ${from} ${to}`} points={points} numbers={numbers} onClick={() => onStep(event)} />
      ))}
    </svg>
  );
}

function Arrow({ id, size }: { readonly id: string; readonly size: number }) {
  return (
    <marker id={id} viewBox="0 0 10 10" refX="9" refY="5" markerWidth={size} markerHeight={size} orient="auto-start-reverse">
      <path d="M0 0L10 5L0 10z" class={id} />
    </marker>
  );
}

/** Words that do not fit beside their arrow in one line. */
const NARROW = "rcv FIN,ACK of FIN";

function EdgeLabel({ edge: { event, action, label }, isWalked }: { readonly edge: DiagramEdge; readonly isWalked: boolean }) {
  const lines = event === NARROW ? ["rcv FIN,", "ACK of FIN", `/ ${action}`] : [action === "x" ? event : `${event} / ${action}`];
  return (
    <text class={isWalked ? "edge-label walked" : "edge-label"} x={label.x} y={label.y} text-anchor={label.anchor}>
      {lines.map((line, i) => (
        <tspan key={line} x={label.x} dy={i === 0 ? 0 : 14}>
          {line}
        </tspan>
      ))}
    </text>
  );
}

function StepBadge({ points, numbers, onClick }: { readonly points: Points; readonly numbers: string; readonly onClick: () => void }) {
  const [x, y] = middleOf(points);
  const width = 12 + numbers.length * 8;
  return (
    // The list beside the figure has buttons for the keyboard.
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse
    <g class="badge" onClick={onClick}>
      <rect x={x - width / 2} y={y - 10} width={width} height={20} rx={10} />
      <text x={x} y={y + 4} text-anchor="middle">
        {numbers}
      </text>
    </g>
  );
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly points: Points;
  readonly isOfFigure: boolean;
  readonly numbers: string;
  /** Of the last step over it. */
  readonly event: number;
}

/** Steps over the same arrow share a badge. */
function waysOf(steps: readonly WalkedStep[]): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const { from, to, edge, number, event } of steps) {
    const key = `${from} ${to}`;
    const before = ways.get(key);
    const numbers = before === undefined ? String(number) : `${before.numbers}, ${number}`;
    ways.set(key, { from, to, points: edge?.points ?? straightPoints(from, to), isOfFigure: edge !== undefined, numbers, event });
  }
  return [...ways.values()];
}
