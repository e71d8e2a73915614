import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { keepLedger, keptSources, lastOutcomes } from "../../scripts/requirement-files.ts";
import { takeStock } from "../../scripts/requirement-ledger.ts";
// @ts-expect-error: Jest loads reporters as JavaScript
import RequirementReporter from "../support/requirement-reporter.js";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tapsock-requirements-"));
  put("a.test.ts", "the first text");
  put("b.test.ts", "another");
  put("docs/deviations.md", "none");
  put("test/requirements/ledger.json", '{ "finished": [], "shown": {} }');
  put("test/requirements/connect-sentences.json", "[]");
  put(
    "test/requirements/requirements.json",
    JSON.stringify([{ group: "X", title: "Things", rows: [{ id: "ABC-01", level: "M", title: "the first", source: "1 §1" }] }]),
  );
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What Jest tells the reporter of a run in which each file has one test, or none. */
function run(project: string, files: Readonly<Record<string, string | undefined>>, testNamePattern = ""): void {
  const reporter = new RequirementReporter({ rootDir: root, testNamePattern });
  for (const [file, title] of Object.entries(files)) {
    const testResults =
      title === undefined ? [] : [{ ancestorTitles: ["things"], title, status: "passed", location: { line: 3, column: 1 } }];
    reporter.onTestResult({ context: { config: { displayName: { name: project } } } }, { testFilePath: join(root, file), testResults });
  }
  reporter.onRunComplete();
}

test("the tests of both projects that name a requirement are written down, others are not", () => {
  run("unit", { "a.test.ts": "[ABC-01] a test" });
  run("kernel", { "b.test.ts": "a test of nothing" });
  expect(lastOutcomes(root)).toEqual(
    new Map([
      ["b.test.ts", []],
      ["a.test.ts", [{ names: ["things", "[ABC-01] a test"], status: "passed", line: 3 }]],
    ]),
  );
});

test("a run of some files replaces what is known of those", () => {
  run("unit", { "a.test.ts": "[ABC-01] a test", "b.test.ts": "[ABC-01] another" });
  run("unit", { "b.test.ts": undefined });
  const outcomes = lastOutcomes(root);
  expect(outcomes.get("a.test.ts")).toHaveLength(1);
  expect(outcomes.get("b.test.ts")).toEqual([]);
});

test("a run of some tests by name says nothing about the others", () => {
  run("unit", { "a.test.ts": "[ABC-01] a test" });
  run("unit", { "a.test.ts": undefined }, "another");
  expect(lastOutcomes(root).get("a.test.ts")).toHaveLength(1);
});

test("what ran before its file was changed or taken away does not count", () => {
  run("unit", { "a.test.ts": "[ABC-01] a test", "b.test.ts": "[ABC-01] another" });
  put("a.test.ts", "the second text");
  rmSync(join(root, "b.test.ts"));
  expect(lastOutcomes(root).size).toBe(0);
});

test("what was shown is kept, and the loss of it found when the file runs without it", () => {
  run("unit", { "a.test.ts": "[ABC-01] a test" });
  keepLedger(takeStock({ ...keptSources(root), outcomes: lastOutcomes(root) }).ledger, root);
  expect(JSON.parse(readFileSync(join(root, "test/requirements/ledger.json"), "utf8"))).toEqual({
    finished: [],
    shown: { "ABC-01": { "a.test.ts": ["things › a test"] } },
  });

  run("unit", { "a.test.ts": undefined });
  expect(takeStock({ ...keptSources(root), outcomes: lastOutcomes(root) }).lost.has("ABC-01")).toBe(true);
});
