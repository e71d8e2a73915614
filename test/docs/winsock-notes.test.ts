import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const fileAt = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** Each row by its point, with the tests that hold it: `file "words of its name"`, between commas. */
const ROWS = fileAt("docs/winsock-notes.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| --- ") && !line.startsWith("| point "))
  .map((line) => line.slice(2, -2).split(" | "))
  .map((cells) => ({ point: cells[0]!, held: cells.at(-1)! }));

test("there are notes", () => expect(ROWS.length).toBeGreaterThan(30));

test.each(ROWS)("$point: the tests that hold it are there", ({ held }) => {
  const tests = held.split(/(?<="), (?=[\w/-]+\.test\.ts ")/);
  for (const each of tests) {
    const [, file = "", words = ""] = /^([\w/-]+\.test\.ts) "(.+)"$/.exec(each) ?? [];
    expect(`${each}: ${fileAt(`test/winsock/${file}`).includes(words)}`).toBe(`${each}: true`);
  }
});
