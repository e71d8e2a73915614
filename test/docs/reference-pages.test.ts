import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { referencePages } from "../../scripts/reference-pages.ts";

test.each([...referencePages()])("%s says what the code says (write it anew with: npm run reference)", (path, text) => {
  expect(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8")).toBe(text);
});
