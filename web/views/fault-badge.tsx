import { type NamedFault, namedFaults, shownSetting } from "../../src/run/fault-form.ts";
import { insideWords } from "../inside-words.ts";
import type { RunView } from "../store/run-view.ts";
import { formatNumber } from "../words.ts";
import { titleOf } from "./chosen-connection.tsx";
import "./inside.css";

/** Of a pick that does not say how long. */
const USUAL_PICK_DELAY_MS = 100;

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
  [...run.hosts.value].flatMap(([host, { faults }]) =>
    namedFaults(faults).map((fault) => ({ host, where: fault.where, text: faultText(fault) })),
  );

/** In the page's language where the run tells numbers. */
function faultText({ setting, pick, text: said }: NamedFault): string {
  const text = insideWords.value.faults;
  if (setting !== undefined) {
    return `${text.fields[setting.field]} ${formatNumber(shownSetting(setting.field, setting.value), 3)} ${text.units[setting.field]}`;
  }
  if (pick === undefined) return said;
  const { match, action, count = 1, skip = 0, direction, delayMs, sequence, port } = pick;
  const kind = text.kinds[match] ?? match;
  const notes = [
    action === "delay" ? `${text.for} ${formatNumber(delayMs ?? USUAL_PICK_DELAY_MS)} ${text.ms}` : "",
    skip === 0 ? "" : text.afterPassing(skip),
    sequence === undefined ? "" : `seq ${sequence}`,
    port === undefined ? "" : `port ${port}`,
    direction === undefined ? "" : text[direction],
  ].filter((note) => note !== "");
  return [text.describe(text.actions[action], count, kind), ...notes].join(", ");
}
