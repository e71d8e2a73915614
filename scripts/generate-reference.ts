/** Writes the generated pages of docs/reference; those of the API are made from what `npm run build` has made. With --check it writes nothing, and fails when a page is out of date. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { apiPages } from "./api-pages.ts";
import { referencePages } from "./reference-pages.ts";

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });

for (const [path, text] of [...referencePages(), ...apiPages()]) {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  if (contentOf(file) === text) continue;
  if (options.check) {
    process.stderr.write(`${path} is out of date; write it anew with: npm run reference\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
