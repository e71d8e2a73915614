import { describe, expect, test } from "@jest/globals";
import {
  complaints,
  type Ledger,
  ledgerText,
  type RequirementGroup,
  type Sources,
  type TestOutcome,
  takeStock,
} from "../../scripts/requirement-ledger.ts";
import { connectPage, missingLines, requirementsPage, standingsTable } from "../../scripts/requirement-listings.ts";

const GROUPS: readonly RequirementGroup[] = [
  {
    group: "X",
    title: "Things",
    rows: [
      { id: "ABC-01", level: "M", title: "the first", source: "1 §1" },
      { id: "ABC-02", level: "S", title: "the second", source: "1 §2" },
      { id: "ABC-03", level: "P", title: "the third", source: "practice", sameAs: ["ABC-01", "ABC-02"] },
    ],
  },
];

const passed = (...names: string[]): TestOutcome => ({ names, status: "passed", line: 0 });
const failed = (...names: string[]): TestOutcome => ({ names, status: "failed", line: 0 });
const skipped = (...names: string[]): TestOutcome => ({ names, status: "pending", line: 0 });

const NOTHING: Ledger = { finished: [], shown: {} };
/** The first row is shown by a test of old.test.ts. */
const FIRST: Ledger = { finished: [], shown: { "ABC-01": { "old.test.ts": ["a test"] } } };

const stock = (ledger: Ledger, outcomes: Record<string, TestOutcome[]>, more: Partial<Sources> = {}) =>
  takeStock({
    groups: GROUPS,
    ledger,
    deviations: "",
    outcomes: new Map(Object.entries(outcomes)),
    exists: () => true,
    isSkippedLost: false,
    ...more,
  });

describe("a row", () => {
  test("is shown by a test that names it and passed, whose name is kept without identifiers", () => {
    const { standings, ledger } = stock(NOTHING, { "a.test.ts": [passed("things", "[ABC-01] [ABC-02] are there")] });
    expect([...standings.values()]).toEqual(["shown", "shown", "shown"]);
    expect(ledger.shown["ABC-01"]).toEqual({ "a.test.ts": ["things › are there"] });
  });

  test("is shown by its describe, which stands for all tests in it", () => {
    const { ledger } = stock(NOTHING, { "a.test.ts": [passed("things [ABC-01]", "one"), passed("things [ABC-01]", "two")] });
    expect(ledger.shown).toEqual({ "ABC-01": { "a.test.ts": ["things"] } });
  });

  test("is told by the first of the tests that one table makes", () => {
    const row = (n: number): TestOutcome => ({ names: [`[ABC-01] with ${n}`], status: "passed", line: 7 });
    expect(stock(NOTHING, { "a.test.ts": [row(1), row(2), row(3)] }).ledger.shown).toEqual({ "ABC-01": { "a.test.ts": ["with 1"] } });
  });

  test("is not shown while one of its tests fails", () => {
    const { standings, ledger } = stock(NOTHING, { "a.test.ts": [passed("[ABC-01] one"), failed("[ABC-01] two")] });
    expect(standings.get("ABC-01")).toBe("missing");
    expect(ledger.shown).toEqual({});
  });

  test("that the page of deviations names is deviated, whether a test shows what is done instead or not", () => {
    const { standings } = stock(FIRST, {}, { deviations: "| 1 §1 [ABC-01] | this | that |" });
    expect(standings.get("ABC-01")).toBe("deviated");
  });

  test.each([
    ["shown", { "ABC-01": { "a.test.ts": ["x"] }, "ABC-02": { "a.test.ts": ["x"] } }],
    ["missing", { "ABC-01": { "a.test.ts": ["x"] } }],
  ])("that says the same as others is %s as the last of them is", (standing, shown) => {
    expect(stock({ finished: [], shown }, {}).standings.get("ABC-03")).toBe(standing);
  });
});

describe("a row that was shown", () => {
  test("stands while its test file has not run", () => {
    const { standings, lost } = stock(FIRST, { "new.test.ts": [] });
    expect(standings.get("ABC-01")).toBe("shown");
    expect(lost.size).toBe(0);
  });

  test("may move to another file, and the ledger follows", () => {
    const { lost, ledger } = stock(FIRST, { "old.test.ts": [], "new.test.ts": [passed("[ABC-01] a test")] });
    expect(lost.size).toBe(0);
    expect(ledger.shown["ABC-01"]).toEqual({ "new.test.ts": ["a test"] });
  });

  test("keeps the tests of files that have not run beside those that have", () => {
    const { ledger } = stock(FIRST, { "new.test.ts": [passed("[ABC-01] another test")] });
    expect(ledger.shown["ABC-01"]).toEqual({ "old.test.ts": ["a test"], "new.test.ts": ["another test"] });
  });

  const lostRows: readonly (readonly [string, Record<string, TestOutcome[]>, Partial<Sources>, RegExp])[] = [
    ["its test failed", { "old.test.ts": [failed("[ABC-01] a test")] }, {}, /failed: \[ABC-01\] a test/],
    ["its test has lost the identifier or is gone", { "old.test.ts": [] }, {}, /no test names it any more: old/],
    ["its file is gone", {}, { exists: () => false }, /no test names it any more: old/],
    [
      "its test was skipped where none may be",
      { "old.test.ts": [skipped("[ABC-01] a test")] },
      { isSkippedLost: true },
      /no test names it/,
    ],
  ];
  test.each(lostRows)("is lost when %s, stays in the ledger, and is complained about", (_, outcomes, more, reason) => {
    const taken = stock(FIRST, outcomes, more);
    expect(taken.lost.get("ABC-01")).toMatch(reason);
    expect(taken.standings.get("ABC-01")).toBe("missing");
    expect(taken.ledger).toEqual(FIRST);
    expect(complaints(taken)).toEqual([expect.stringMatching(/^ABC-01 was shown and is not: /)]);
  });

  test("stands when its test was skipped for want of what it needs", () => {
    expect(stock(FIRST, { "old.test.ts": [skipped("[ABC-01] a test")] }).lost.size).toBe(0);
  });
});

test("an identifier that no requirement has is complained about, in a test's name and on the page of deviations", () => {
  const taken = stock(NOTHING, { "a.test.ts": [passed("[ABC-99] a test")] }, { deviations: "[ABC-98]" });
  expect(complaints(taken)).toEqual(["ABC-98 is no requirement: docs/deviations.md", "ABC-99 is no requirement: a.test.ts"]);
});

test("rows of level M, m and P of a finished group must not be missing, others may", () => {
  const finished = { ...FIRST, finished: ["X"] };
  expect(complaints(stock(finished, {}))).toEqual(["ABC-03 is missing in group X, which is finished: the third"]);
  expect(complaints(stock(FIRST, {}))).toEqual([]);
});

test("the ledger is written one test a line and read as it was", () => {
  const ledger: Ledger = { finished: ["X", "Y"], shown: { "ABC-01": { "a.test.ts": ['a "test"', "another"], "b.test.ts": ["c"] } } };
  expect(JSON.parse(ledgerText(ledger))).toEqual(ledger);
  expect(JSON.parse(ledgerText(NOTHING))).toEqual(NOTHING);
  expect(ledgerText(ledger).split("\n")).toContain('        "another"');
});

test("the listings count rows by level, name those that are missing, and say where the others are shown", () => {
  const taken = stock(FIRST, {}, { deviations: "[ABC-02]" });
  expect(standingsTable(taken)[1]).toMatch(/^X {2}Things +1\/0\/0 +0\/1\/0 +0\/1\/0 +1\/2\/0$/);
  expect(missingLines(stock(FIRST, {}))).toEqual(["ABC-02 S the second (1 §2)", "ABC-03 P the third (practice)"]);
  expect(requirementsPage(taken)).toContain("| ABC-01 | M | the first | 1 §1 | `old.test.ts`: “a test” |");
  expect(requirementsPage(taken)).toContain("[deviates](../deviations.md)");
});

test("sentences of connect's page have a page of their own, with the tests that show each and the result", () => {
  const sentences: RequirementGroup = {
    group: "C",
    title: "Return value",
    page: "connect",
    rows: [
      { id: "CON-01", level: "M", title: "success is 0", source: "Return value 1.1" },
      { id: "CON-02", level: "M", title: "failure has a code", source: "Return value 1.2" },
    ],
  };
  const ledger: Ledger = { finished: ["C"], shown: { "CON-01": { "a.test.ts": ["it is 0"] } } };
  const taken = stock(ledger, {}, { groups: [...GROUPS, sentences] });
  expect(connectPage(taken)).toContain("| CON-01 | Return value 1.1 | success is 0 | `a.test.ts`: “it is 0” | passed |");
  expect(connectPage(taken)).toContain("| CON-02 | Return value 1.2 | failure has a code |  | **missing** |");
  expect(connectPage(taken)).not.toContain("ABC-01");
  expect(requirementsPage(taken)).not.toContain("CON-01");
  expect(complaints(taken)).toEqual(["CON-02 is missing in group C, which is finished: failure has a code"]);
});
