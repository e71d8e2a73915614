import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { DROP_REASONS } from "../../../src/stack/core/drop-reasons.ts";

const SOURCE = fileURLToPath(new URL("../../../src", import.meta.url));

const words = DROP_REASONS.flatMap(({ reasons }) => Object.keys(reasons));

test("every word stands in one table only", () => {
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
});

test("[SYS-03] every word is explained by sentences", () => {
  const meanings = DROP_REASONS.flatMap(({ reasons }) => Object.values(reasons));
  expect(meanings.filter((meaning) => !/^[A-Z].{10,}\.$/.test(meaning))).toEqual([]);
});

test("[SYS-03] there is no word that the code never says", () => {
  const said = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("drop-reasons.ts"))
    .map((name) => readFileSync(join(SOURCE, name), "utf8"))
    .join("\n");
  expect(words.filter((word) => !said.includes(`"${word}"`))).toEqual([]);
});
