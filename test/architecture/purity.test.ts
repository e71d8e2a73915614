import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
}

/** What the linter's rules for imports and globals cannot see; comments do not count. */
const WORLD = [/\bMath\.random\b/, /\bcrypto\b/, /\bglobalThis\b/, /\bimport\(/, /\brequire\(/];

test.each(["src/stack", "src/winsock/provider"])("%s has no contact with the world but its arguments (ARCHITECTURE.md)", (folder) => {
  const sources = sourcesUnder(folder);
  expect(sources.length).toBeGreaterThan(10);
  const contacts = sources.flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => !/^\s*(\/?\*|\/\/)/.test(line) && WORLD.some((pattern) => pattern.test(line)))
      .map((line) => `${relative(ROOT, path)}: ${line.trim()}`),
  );
  expect(contacts).toEqual([]);
});
