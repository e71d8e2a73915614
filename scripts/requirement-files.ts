/** Where the ledger of requirements and what it is compared with are kept. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ledger, ledgerText, type Outcomes, type RequirementGroup, type Sources, type TestOutcome } from "./requirement-ledger.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const REQUIREMENTS = ["test/requirements/requirements.json", "test/requirements/connect-sentences.json"];
const LEDGER = "test/requirements/ledger.json";
/** Written by test/support/requirement-reporter.js. */
const OUTCOMES = ".cache/requirements";

type OutcomesFile = Readonly<Record<string, { readonly digest: string; readonly tests: readonly TestOutcome[] }>>;

/** Everything but what ran: that is empty, so that rows stand as the ledger has them. */
export const keptSources = (root = PROJECT): Sources => ({
  groups: REQUIREMENTS.flatMap((file) => JSON.parse(readFileSync(join(root, file), "utf8")) as RequirementGroup[]),
  ledger: JSON.parse(readFileSync(join(root, LEDGER), "utf8")) as Ledger,
  deviations: readFileSync(join(root, "docs/deviations.md"), "utf8"),
  outcomes: new Map(),
  exists: (file) => existsSync(join(root, file)),
  isSkippedLost: process.env["CI"] === "true",
});

/** How the tests of both projects ended when they last ran; what ran before its file was changed does not count. */
export function lastOutcomes(root = PROJECT): Outcomes {
  const directory = join(root, OUTCOMES);
  const outcomes = new Map<string, readonly TestOutcome[]>();
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const written = JSON.parse(readFileSync(join(directory, name), "utf8")) as OutcomesFile;
    for (const [file, { digest, tests }] of Object.entries(written)) {
      if (existsSync(join(root, file)) && digestOf(join(root, file)) === digest) outcomes.set(file, tests);
    }
  }
  return outcomes;
}

export const keepLedger = (ledger: Ledger, root = PROJECT): void => writeFileSync(join(root, LEDGER), ledgerText(ledger));

const digestOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
