/** Series of points as the columns of one table with time first: what a chart draws and a reader of tables reads. */

import type { SequencePoint } from "./series-sequence.ts";

/** One line, or cloud of points, of a graph. */
export interface GraphLine<Point extends SequencePoint = SequencePoint> {
  readonly points: readonly Point[];
  /** Time that counts as 0. */
  readonly startMs: number;
}

export interface GraphColumns {
  /** Milliseconds from the start, ascending; several rows may have the same. */
  readonly times: readonly number[];
  /** For each row the event that it shows, by run: the place in the run of the line that has a value. */
  readonly places: readonly number[];
  /** Which line brought the row. */
  readonly lineOf: readonly number[];
  /** For each row which point of its line it is. */
  readonly pointOf: readonly number[];
  /** For each line a value in the rows that are its own, and null in others. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Lines laid over each other; each point has a row of its own, in order of time. */
export function graphColumns(lines: readonly GraphLine[]): GraphColumns {
  const rows = lines.flatMap(({ points, startMs }, line) =>
    points.map(({ atMs, place, value }, index) => ({ time: atMs - startMs, place, line, index, value })),
  );
  rows.sort((a, b) => a.time - b.time || a.place - b.place || a.line - b.line);
  return {
    times: rows.map(({ time }) => time),
    places: rows.map(({ place }) => place),
    lineOf: rows.map(({ line }) => line),
    pointOf: rows.map(({ index }) => index),
    values: lines.map((_, line) => rows.map((row) => (row.line === line ? row.value : null))),
  };
}

/** The row of the event at a place of the run, or the last one before it; −1 before all. */
export function rowAtPlace({ places, lineOf }: GraphColumns, place: number, lines: ReadonlySet<number>): number {
  let best = -1;
  for (let row = 0; row < places.length; row++) {
    if (!lines.has(lineOf[row]!) || places[row]! > place) continue;
    if (best < 0 || places[row]! >= places[best]!) best = row;
  }
  return best;
}

/** The next row of another event among those of some lines; the same at either end. */
export function rowBeside({ lineOf, places }: GraphColumns, row: number, by: 1 | -1, lines: ReadonlySet<number>): number {
  for (let next = row + by; next >= 0 && next < lineOf.length; next += by) {
    if (lines.has(lineOf[next]!) && places[next] !== places[row]) return next;
  }
  return row;
}
