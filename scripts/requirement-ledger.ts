/**
 * What the stack has to do, and which tests show it. The requirements stand in test/requirements/requirements.json, and the sentences of
 * Microsoft's page of connect, each in a line of our own, in connect-sentences.json. A test names those
 * that it shows (`[IP4-05] a source …`, in its own name or its describe's), docs/deviations.md those that are left on purpose. The ledger
 * (test/requirements/ledger.json) keeps what has been shown, so that a row cannot be lost with a test.
 */

/** MUST; a lower-case "must" or a step of a state machine; SHOULD; MAY; no RFC, but what trusted stacks do or an attack taught. */
export type Level = "M" | "m" | "S" | "O" | "P";

export const LEVELS: readonly Level[] = ["M", "m", "S", "O", "P"];

export interface Requirement {
  readonly id: string;
  readonly level: Level;
  readonly title: string;
  /** RFC number and section where there is one. */
  readonly source: string;
  /** Rows that say the same: this one stands as they do. */
  readonly sameAs?: readonly string[];
}

export interface RequirementGroup {
  readonly group: string;
  readonly title: string;
  /** Of a page of its own: "connect" for sentences of that function's page. */
  readonly page?: "connect";
  readonly rows: readonly Requirement[];
}

/** Names of tests by their file. */
export type Showing = Readonly<Record<string, readonly string[]>>;

export interface Ledger {
  /** Groups in which no row of level M, m or P may be missing any more. */
  readonly finished: readonly string[];
  readonly shown: Readonly<Record<string, Showing>>;
}

/** A test that names requirements, as the reporter writes it down. */
export interface TestOutcome {
  /** Of its describes, then its own. */
  readonly names: readonly string[];
  /** "passed", "failed", or what Jest calls one that did not run. */
  readonly status: string;
  /** Where it stands in its file; the tests of one table stand at one place. */
  readonly line: number;
}

/** The tests that name requirements by their file, of the files that ran. */
export type Outcomes = ReadonlyMap<string, readonly TestOutcome[]>;

export type Standing = "shown" | "deviated" | "missing";

export interface Stocktaking {
  readonly groups: readonly RequirementGroup[];
  readonly finished: readonly string[];
  readonly standings: ReadonlyMap<string, Standing>;
  /** Rows that the ledger has and the tests no longer show, with the reason. */
  readonly lost: ReadonlyMap<string, string>;
  /** Identifiers that no requirement has, with where they were read. */
  readonly unknown: ReadonlyMap<string, string>;
  /** What the ledger would keep now: nothing goes from it that is lost. */
  readonly ledger: Ledger;
}

export interface Sources {
  readonly groups: readonly RequirementGroup[];
  readonly ledger: Ledger;
  /** The text of docs/deviations.md. */
  readonly deviations: string;
  readonly outcomes: Outcomes;
  /** Whether a test file is there; one that is there and not among the outcomes did not run, and stands as it did. */
  readonly exists: (file: string) => boolean;
  /** Whether a test that was skipped counts as one that is gone. */
  readonly isSkippedLost: boolean;
}

const ID = /\[([A-Z][A-Z0-9]{1,3}-\d{2,3})\] ?/g;

export const idsIn = (text: string): string[] => [...text.matchAll(ID)].map(([, id]) => id!);

export function takeStock({ groups, ledger, deviations, outcomes, exists, isSkippedLost }: Sources): Stocktaking {
  const rows = groups.flatMap((each) => each.rows);
  const known = new Set(rows.map(({ id }) => id));
  const tests = testsById(outcomes);
  const deviated = new Set(idsIn(deviations));
  const unknown = new Map([
    ...[...deviated].map((id) => [id, "docs/deviations.md"] as const),
    ...[...tests].map(([id, found]) => [id, found[0]!.file] as const),
  ]);
  for (const id of known) unknown.delete(id);

  const lost = new Map<string, string>();
  const shown: Record<string, Showing> = {};
  for (const { id } of rows) {
    const before = ledger.shown[id];
    const found = tests.get(id) ?? [];
    const failed = found.find(({ test }) => test.status === "failed");
    const passed = found.filter(({ test }) => test.status === "passed");
    const stillOut = Object.entries(before ?? {}).filter(([file]) => exists(file) && !outcomes.has(file));
    const skipped = isSkippedLost ? [] : found.filter(({ test }) => test.status !== "passed" && test.status !== "failed");
    if (failed === undefined && passed.length > 0) shown[id] = { ...Object.fromEntries(stillOut), ...showing(id, passed) };
    else if (before !== undefined) {
      shown[id] = before;
      if (failed !== undefined) lost.set(id, `${failed.file}: failed: ${failed.test.names.join(" › ")}`);
      else if (stillOut.length === 0 && skipped.length === 0) lost.set(id, `no test names it any more: ${Object.keys(before).join(", ")}`);
    }
  }

  const standings = new Map<string, Standing>();
  const ownStanding = (id: string): Standing =>
    deviated.has(id) ? "deviated" : shown[id] !== undefined && !lost.has(id) ? "shown" : "missing";
  for (const { id, sameAs } of rows) {
    const own = ownStanding(id);
    const others = sameAs?.map(ownStanding) ?? ["missing"];
    standings.set(id, own !== "missing" ? own : (["missing", "deviated", "shown"] as const).find((each) => others.includes(each))!);
  }
  return { groups, finished: ledger.finished, standings, lost, unknown, ledger: { finished: ledger.finished, shown } };
}

interface FoundTest {
  readonly file: string;
  readonly test: TestOutcome;
}

function testsById(outcomes: Outcomes): Map<string, FoundTest[]> {
  const byId = new Map<string, FoundTest[]>();
  for (const [file, tests] of outcomes) {
    for (const test of tests) {
      for (const id of new Set(test.names.flatMap(idsIn))) {
        const found = byId.get(id) ?? [];
        found.push({ file, test });
        byId.set(id, found);
      }
    }
  }
  return byId;
}

/** A describe that has the identifier stands for its tests, and the first test of a table for the others. */
function showing(id: string, found: readonly FoundTest[]): Showing {
  const names = new Map<string, Map<string, string>>();
  for (const { file, test } of found) {
    const last = test.names.findLastIndex((name) => idsIn(name).includes(id));
    const isOfDescribe = last < test.names.length - 1;
    const name = test.names
      .slice(0, last + 1)
      .map((each) => each.replaceAll(ID, "").trim())
      .join(" › ");
    const inFile = names.get(file) ?? new Map<string, string>();
    names.set(file, inFile);
    const place = isOfDescribe || test.line === 0 ? name : `line ${test.line}`;
    if (!inFile.has(place)) inFile.set(place, name);
  }
  return Object.fromEntries([...names].sort(([a], [b]) => compare(a, b)).map(([file, inFile]) => [file, [...new Set(inFile.values())]]));
}

/** Rows of a group that must not be missing once it is finished. */
const isDemanded = ({ level }: Requirement): boolean => level === "M" || level === "m" || level === "P";

/** What makes `npm run requirements` fail, in sentences. */
export function complaints({ groups, finished, standings, lost, unknown }: Stocktaking): string[] {
  const missing = groups
    .filter(({ group }) => finished.includes(group))
    .flatMap(({ group, rows }) =>
      rows
        .filter((row) => isDemanded(row) && standings.get(row.id) === "missing" && !lost.has(row.id))
        .map(({ id, title }) => `${id} is missing in group ${group}, which is finished: ${title}`),
    );
  return [
    ...[...unknown].map(([id, where]) => `${id} is no requirement: ${where}`),
    ...[...lost].map(([id, why]) => `${id} was shown and is not: ${why}`),
    ...missing,
  ];
}

/** The file as it is kept: one test a line, rows in the order of the requirements. */
export function ledgerText({ finished, shown }: Ledger): string {
  const rows = Object.entries(shown).map(([id, byFile]) => {
    const files = Object.entries(byFile).map(([file, names]) => {
      const list = names.map((name) => `        ${JSON.stringify(name)}`).join(",\n");
      return `      ${JSON.stringify(file)}: [\n${list}\n      ]`;
    });
    return `    ${JSON.stringify(id)}: {\n${files.join(",\n")}\n    }`;
  });
  const finishedList = finished.map((group) => JSON.stringify(group)).join(", ");
  return `{\n  "finished": [${finishedList}],\n  "shown": {\n${rows.join(",\n")}\n  }\n}\n`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
