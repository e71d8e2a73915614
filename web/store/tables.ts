import { FrameTable } from "./frame-table.ts";
import type { RunView } from "./run-view.ts";

const tables = new WeakMap<RunView, FrameTable>();

/** The one table of frames of a run, which its views share. */
export function frameTable(run: RunView): FrameTable {
  let table = tables.get(run);
  if (table === undefined) {
    table = new FrameTable(run);
    tables.set(run, table);
  }
  return table;
}
