import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { keptSources } from "../../scripts/requirement-files.ts";
import { idsIn } from "../../scripts/requirement-ledger.ts";

const TESTS = fileURLToPath(new URL("..", import.meta.url));

const { groups, ledger, deviations } = keptSources();
const requirements = groups.flatMap(({ rows }) => rows);
const ids = new Set(requirements.map(({ id }) => id));

/** Identifiers in the texts of all tests but those of the ledger itself, which speak of things that do not exist. */
const named = new Set(
  readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") && !name.startsWith("requirements/"))
    .flatMap((name) => idsIn(readFileSync(join(TESTS, name), "utf8"))),
);

test("each requirement has an identifier of its own, in a group of its own, and what it is the same as is one", () => {
  expect(ids.size).toBe(requirements.length);
  expect(new Set(groups.map(({ group }) => group)).size).toBe(groups.length);
  expect(requirements.flatMap(({ sameAs = [] }) => sameAs).filter((id) => !ids.has(id))).toEqual([]);
});

test("each title is said in a line", () => {
  expect(requirements.filter(({ title }) => title.length > 90 || title.length < 5)).toEqual([]);
});

test("tests and the page of deviations name only requirements that are", () => {
  expect([...named, ...idsIn(deviations)].filter((id) => !ids.has(id))).toEqual([]);
});

test("what the ledger has as shown is named by a test still", () => {
  expect(Object.keys(ledger.shown).filter((id) => !named.has(id))).toEqual([]);
});

test("the ledger has rows that are, and finished groups that are", () => {
  expect(Object.keys(ledger.shown).filter((id) => !ids.has(id))).toEqual([]);
  expect(ledger.finished.filter((group) => !groups.some((each) => each.group === group))).toEqual([]);
});

test("every sentence of Microsoft's page of connect has to have a test", () => {
  const sentences = groups.filter(({ page }) => page === "connect");
  expect(sentences.flatMap(({ rows }) => rows).length).toBe(96);
  expect(sentences.filter(({ group }) => !ledger.finished.includes(group))).toEqual([]);
});
