import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

/** Each file under `folder` with the files there that it imports; imports of types too, which the linter's noImportCycles leaves out. */
function importsWithin(folder: string): Map<string, string[]> {
  const names = readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return new Map(
    names.map((name) => {
      const text = readFileSync(join(SOURCE, folder, name), "utf8");
      const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]!);
      return [name, specifiers.map((specifier) => relative(folder, join(folder, dirname(name), specifier)))];
    }),
  );
}

/** What is left when files that import nothing of the rest are taken away, again and again, and so are those that nothing of the rest imports. */
function circles(imports: Map<string, readonly string[]>): string[] {
  const left = new Set(imports.keys());
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const file of left) {
      const importsNone = !imports.get(file)!.some((imported) => left.has(imported));
      const isImportedByNone = ![...left].some((other) => imports.get(other)!.includes(file));
      if (importsNone || isImportedByNone) left.delete(file);
    }
  }
  return [...left].sort();
}

test("a circle is found, and what leads to or from it is not blamed", () => {
  const imports = { above: ["a"], a: ["b"], b: ["c", "below"], c: ["a"], below: [] };
  expect(circles(new Map(Object.entries(imports)))).toEqual(["a", "b", "c"]);
});

test("no file of TCP imports itself by way of others, not even for a type", () => {
  const imports = importsWithin("stack/tcp");
  expect(imports.size).toBeGreaterThan(30);
  expect(imports.get("connection.ts")).toContain("control-block.ts");
  expect(circles(imports)).toEqual([]);
});
