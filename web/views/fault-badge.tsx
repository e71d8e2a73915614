import { faultsOf } from "../../src/run/fault-form.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { titleOf } from "./chosen-connection.tsx";
import "./inside.css";

/** How many faults are in force at the cursor, for a place that is always seen; nothing while the lines are good. */
export function FaultBadge({ run, onClick }: { readonly run: RunView; readonly onClick?: () => void }) {
  const all = faultsInForce(run);
  if (all.length === 0) return null;
  const title = all.map(({ host, where, text }) => `${titleOf(run, host)}, ${where}: ${text}`).join("\n");
  return (
    <button type="button" class="fault-badge" title={title} onClick={onClick}>
      ⚡ {insideWords.value.faults.badge(all.length)}
    </button>
  );
}

/** Of all hosts. */
export const faultsInForce = (run: RunView) =>
  [...run.hosts.value].flatMap(([host, { faults }]) => faultsOf(faults).map((fault) => ({ host, ...fault })));
