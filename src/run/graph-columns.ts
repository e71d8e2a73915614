/** Series of points as the columns of one table with time first: what a chart draws and a reader of tables reads. */

/** Something at a time of a run. */
interface Timed {
  readonly atMs: number;
  readonly place: number;
}

/** One line, or cloud of points, of a graph. */
export interface GraphLine<Point extends Timed = Timed> {
  readonly points: readonly Point[];
  /** The height of a point. */
  readonly value: (point: Point) => number;
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
export function graphColumns(lines: readonly GraphLine<never>[] | readonly GraphLine[]): GraphColumns {
  const rows = (lines as readonly GraphLine[]).flatMap(({ points, value, startMs }, line) =>
    points.map((point, index) => ({ time: point.atMs - startMs, place: point.place, line, index, value: value(point) })),
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

/** The row next to a time among those of some lines; −1 when they have none. */
export function rowNear({ times, lineOf }: GraphColumns, timeMs: number, lines: ReadonlySet<number>): number {
  let best = -1;
  for (let row = 0; row < times.length; row++) {
    if (!lines.has(lineOf[row]!)) continue;
    if (best < 0 || Math.abs(times[row]! - timeMs) < Math.abs(times[best]! - timeMs)) best = row;
  }
  return best;
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

/** The next row among those of some lines, `by` rows on; the same at either end. */
export function rowBeside({ lineOf }: GraphColumns, row: number, by: 1 | -1, lines: ReadonlySet<number>): number {
  for (let next = row + by; next >= 0 && next < lineOf.length; next += by) if (lines.has(lineOf[next]!)) return next;
  return row;
}
