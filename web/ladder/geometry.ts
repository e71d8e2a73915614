import { letterWidth } from "../parts/letter-width.ts";
import type { Rail } from "../store/frame-table.ts";

/** Where a host's parts stand, in pixels from the left. Beside the first rail its lanes lie to the left, beside others to the right. */
export interface RailGeometry {
  readonly rail: Rail;
  readonly x: number;
  /** −1 when its lanes lie to the left. */
  readonly side: 1 | -1;
  readonly statesWidth: number;
  readonly timersWidth: number;
  readonly callsWidth: number;
}

export const AXIS_WIDTH = 74;

/** Distances of lanes from their rail. */
export const timersFrom = (g: RailGeometry): number => g.x + g.side * g.statesWidth;
export const callsFrom = (g: RailGeometry): number => g.x + g.side * (g.statesWidth + g.timersWidth);

export function placeRails(rails: readonly Rail[], width: number): readonly RailGeometry[] {
  const traced = rails.filter(({ isTraced }) => isTraced).length;
  const isRoomy = width / Math.max(1, traced) > 540;
  const isTight = width / Math.max(1, traced) < 330;
  const lanes = isTight
    ? { states: 66, timers: 30, calls: 34 }
    : isRoomy
      ? { states: 92, timers: 52, calls: 176 }
      : { states: 84, timers: 38, calls: 92 };
  const widthOf = ({ isTraced }: Rail): number => (isTraced ? lanes.states + lanes.timers + lanes.calls : 46);
  const taken = AXIS_WIDTH + rails.reduce((sum, rail) => sum + widthOf(rail), 0);
  const between = Math.max(90, (width - taken - 8) / Math.max(1, rails.length - 1));
  let x = AXIS_WIDTH;
  return rails.map((rail, index) => {
    const isFirst = index === 0;
    const own = widthOf(rail);
    x += isFirst ? own : between;
    const geometry: RailGeometry = {
      rail,
      x,
      side: isFirst ? -1 : 1,
      statesWidth: rail.isTraced ? lanes.states : 0,
      timersWidth: rail.isTraced ? lanes.timers : 0,
      callsWidth: rail.isTraced ? lanes.calls : 0,
    };
    if (!isFirst) x += own;
    return geometry;
  });
}

/** Text that fits into a width, about. */
export function fitted(text: string, width: number, perLetter = letterWidth()): string {
  const letters = Math.floor(width / perLetter);
  if (text.length <= letters) return text;
  return letters < 4 ? "" : `${text.slice(0, letters - 1)}…`;
}
