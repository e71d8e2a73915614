/** The state diagram of TCP, RFC 9293 figure 5, in a layout of our own, and the path of a connection on it. */
import type { StateStep } from "./run-state.ts";

/** `CLOSED` stands at both ends, as in the figure. */
export type DiagramNodeId =
  | "CLOSED"
  | "LISTEN"
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT"
  | "CLOSED again";

export interface DiagramNode {
  readonly id: DiagramNodeId;
  readonly state: string;
  /** Its middle. */
  readonly x: number;
  readonly y: number;
}

type Point = readonly [x: number, y: number];

export interface DiagramEdge {
  readonly from: DiagramNodeId;
  readonly to: DiagramNodeId;
  /** What leads over it, as `rcv SYN`, and what is done then, as `snd SYN,ACK`; `x` for nothing. */
  readonly event: string;
  readonly action: string;
  readonly points: readonly Point[];
  readonly label: { readonly x: number; readonly y: number; readonly anchor: "start" | "middle" | "end" };
}

export const DIAGRAM_WIDTH = 800;
export const DIAGRAM_HEIGHT = 600;
export const NODE_WIDTH = 124;
export const NODE_HEIGHT = 34;

const node = (id: DiagramNodeId, x: number, y: number): DiagramNode => ({ id, state: id === "CLOSED again" ? "CLOSED" : id, x, y });

export const DIAGRAM_NODES: readonly DiagramNode[] = [
  node("CLOSED", 400, 26),
  node("LISTEN", 400, 124),
  node("SYN-RECEIVED", 150, 206),
  node("SYN-SENT", 670, 206),
  node("ESTABLISHED", 400, 288),
  node("FIN-WAIT-1", 150, 376),
  node("CLOSE-WAIT", 670, 376),
  node("FIN-WAIT-2", 150, 476),
  node("CLOSING", 400, 476),
  node("LAST-ACK", 670, 476),
  node("TIME-WAIT", 150, 572),
  node("CLOSED again", 670, 572),
];

const edge = (
  from: DiagramNodeId,
  to: DiagramNodeId,
  event: string,
  action: string,
  points: readonly Point[],
  x: number,
  y: number,
  anchor: "start" | "middle" | "end",
): DiagramEdge => ({ from, to, event, action, points, label: { x, y, anchor } });

/** Every arrow of the figure, and that of its note 2, which a FIN with the acknowledgement of ours takes. */
// biome-ignore format: an arrow a line
export const DIAGRAM_EDGES: readonly DiagramEdge[] = [
  edge("CLOSED", "LISTEN", "passive OPEN", "create TCB", [[384, 43], [384, 107]], 370, 78, "end"),
  edge("LISTEN", "CLOSED", "CLOSE", "delete TCB", [[416, 107], [416, 43]], 430, 78, "start"),
  edge("CLOSED", "SYN-SENT", "active OPEN", "snd SYN", [[462, 18], [696, 18], [696, 189]], 690, 56, "end"),
  edge("SYN-SENT", "CLOSED", "CLOSE", "delete TCB", [[646, 189], [646, 34], [462, 34]], 634, 100, "end"),
  edge("LISTEN", "SYN-RECEIVED", "rcv SYN", "snd SYN,ACK", [[338, 116], [132, 116], [132, 189]], 245, 110, "middle"),
  edge("SYN-RECEIVED", "LISTEN", "rcv RST", "x", [[170, 189], [170, 134], [338, 134]], 265, 150, "middle"),
  edge("LISTEN", "SYN-SENT", "SEND", "snd SYN", [[462, 124], [608, 196]], 552, 150, "start"),
  edge("SYN-SENT", "SYN-RECEIVED", "rcv SYN", "snd SYN,ACK", [[608, 206], [212, 206]], 310, 200, "middle"),
  edge("SYN-RECEIVED", "ESTABLISHED", "rcv ACK of SYN", "x", [[196, 223], [338, 280]], 288, 244, "start"),
  edge("SYN-SENT", "ESTABLISHED", "rcv SYN,ACK", "snd ACK", [[620, 223], [462, 280]], 566, 274, "start"),
  edge("SYN-RECEIVED", "FIN-WAIT-1", "CLOSE", "snd FIN", [[132, 223], [132, 359]], 118, 292, "end"),
  edge("ESTABLISHED", "FIN-WAIT-1", "CLOSE", "snd FIN", [[338, 298], [196, 359]], 288, 350, "start"),
  edge("ESTABLISHED", "CLOSE-WAIT", "rcv FIN", "snd ACK", [[462, 298], [620, 359]], 520, 350, "end"),
  edge("FIN-WAIT-1", "FIN-WAIT-2", "rcv ACK of FIN", "x", [[140, 393], [140, 459]], 156, 430, "start"),
  edge("FIN-WAIT-1", "CLOSING", "rcv FIN", "snd ACK", [[212, 384], [366, 459]], 316, 418, "start"),
  edge("FIN-WAIT-1", "TIME-WAIT", "rcv FIN,ACK of FIN", "snd ACK", [[88, 376], [12, 400], [12, 548], [88, 570]], 20, 418, "start"),
  edge("FIN-WAIT-2", "TIME-WAIT", "rcv FIN", "snd ACK", [[140, 493], [140, 555]], 156, 518, "start"),
  edge("CLOSING", "TIME-WAIT", "rcv ACK of FIN", "x", [[366, 493], [212, 564]], 312, 536, "start"),
  edge("CLOSE-WAIT", "LAST-ACK", "CLOSE", "snd FIN", [[670, 393], [670, 459]], 686, 430, "start"),
  edge("LAST-ACK", "CLOSED again", "rcv ACK of FIN", "x", [[670, 493], [670, 555]], 686, 528, "start"),
  edge("TIME-WAIT", "CLOSED again", "2 MSL have passed", "delete TCB", [[212, 576], [608, 576]], 602, 594, "end"),
];

export interface WalkedStep {
  /** Counts from 1. */
  readonly number: number;
  readonly from: DiagramNodeId;
  readonly to: DiagramNodeId;
  /** The figure's arrow; undefined for what has none there: a reset, an abort, a timeout. */
  readonly edge: DiagramEdge | undefined;
  readonly atMs: number;
  readonly event: number;
}

export interface DiagramPath {
  readonly at: DiagramNodeId | undefined;
  readonly steps: readonly WalkedStep[];
  readonly walked: ReadonlySet<DiagramNodeId>;
}

/** How a connection went over the diagram. */
export function diagramPath(path: readonly StateStep[]): DiagramPath {
  const steps: WalkedStep[] = [];
  const walked = new Set<DiagramNodeId>();
  let at: DiagramNodeId | undefined;
  for (const { state, atMs, event } of path) {
    const to = nodeOf(state, at);
    if (to === undefined) continue;
    if (at !== undefined && at !== to) {
      // A connection that a SYN opens is new, and the listener that it belongs to is in LISTEN.
      const from = at === "CLOSED" && to === "SYN-RECEIVED" ? "LISTEN" : at;
      walked.add(from);
      const known = DIAGRAM_EDGES.find((each) => each.from === from && each.to === to);
      steps.push({ number: steps.length + 1, from, to, edge: known, atMs, event });
    }
    at = to;
    walked.add(to);
  }
  return { at, steps, walked };
}

/** A connection that ends is at the figure's other CLOSED, unless an arrow leads back to the first. */
function nodeOf(state: string, before: DiagramNodeId | undefined): DiagramNodeId | undefined {
  if (state === "CLOSED" && before !== undefined && before !== "CLOSED") {
    return DIAGRAM_EDGES.some(({ from, to }) => from === before && to === "CLOSED") ? "CLOSED" : "CLOSED again";
  }
  return DIAGRAM_NODES.find(({ id }) => id === state)?.id;
}

/** From the rim of one node to that of another, for a step that the figure has no arrow for. */
export function straightPoints(from: DiagramNodeId, to: DiagramNodeId): readonly Point[] {
  const a = DIAGRAM_NODES.find(({ id }) => id === from)!;
  const b = DIAGRAM_NODES.find(({ id }) => id === to)!;
  return [rim(a, b), rim(b, a)];
}

function rim(node: DiagramNode, towards: DiagramNode): Point {
  const dx = towards.x - node.x;
  const dy = towards.y - node.y;
  const scale = Math.min(NODE_WIDTH / 2 / (Math.abs(dx) || 1e-9), NODE_HEIGHT / 2 / (Math.abs(dy) || 1e-9));
  return [node.x + dx * scale, node.y + dy * scale];
}

/** Half way along a line of points. */
export function middleOf(points: readonly Point[]): Point {
  const lengths = points.slice(1).map(([x, y], i) => Math.hypot(x - points[i]![0], y - points[i]![1]));
  let left = lengths.reduce((sum, each) => sum + each, 0) / 2;
  for (const [i, length] of lengths.entries()) {
    const [x0, y0] = points[i]!;
    const [x1, y1] = points[i + 1]!;
    if (left <= length && length > 0) return [x0 + ((x1 - x0) * left) / length, y0 + ((y1 - y0) * left) / length];
    left -= length;
  }
  return points[0]!;
}
