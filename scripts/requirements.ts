/**
 * Says which requirements the tests show, from the ledger and what ran last, and fails where one is lost, unknown, or missing in a finished
 * group. --missing lists what is missing, --update writes what is newly shown into the ledger, --json prints everything for programs;
 * --root names the project where it is another than this one.
 */
import { parseArgs } from "node:util";
import { keepLedger, keptSources, lastOutcomes } from "./requirement-files.ts";
import { complaints, takeStock } from "./requirement-ledger.ts";
import { missingLines, standingsAsJson, standingsTable } from "./requirement-listings.ts";

const { values: options } = parseArgs({
  options: { missing: { type: "boolean" }, update: { type: "boolean" }, json: { type: "boolean" }, root: { type: "string" } },
});

const kept = keptSources(options.root);
const stock = takeStock({ ...kept, outcomes: lastOutcomes(options.root) });
if (options.update) {
  const before = new Set(Object.keys(kept.ledger.shown));
  const found = Object.keys(stock.ledger.shown).filter((id) => !before.has(id));
  keepLedger(stock.ledger, options.root);
  process.stderr.write(`${found.length} rows are new in the ledger${found.length > 0 ? `: ${found.join(" ")}` : ""}\n`);
}
if (options.json) process.stdout.write(`${JSON.stringify(standingsAsJson(stock), undefined, 2)}\n`);
else process.stdout.write(`${(options.missing ? missingLines(stock) : standingsTable(stock)).join("\n")}\n`);
for (const complaint of complaints(stock)) {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 1;
}
