import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { apiPages } from "../../scripts/api-pages.ts";
import { ROOT } from "./entries.ts";

test.each([...apiPages()])("%s says what the package exports (write it anew with: npm run build && npm run reference)", (path, text) => {
  expect(readFileSync(ROOT + path, "utf8")).toBe(text);
});
