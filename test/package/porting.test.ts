/** The porting guide: what it shows is text of the examples that it names, which print what stands below. Its whole program is tried by installed-package.test.ts. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, jest, test } from "@jest/globals";
import { ROOT } from "./entries.ts";

jest.setTimeout(120_000);

const PAGE = readFileSync(`${ROOT}docs/porting.md`, "utf8");

/** Each example with the excerpts that follow its name, and what it is said to print. */
const EXAMPLES = PAGE.split(/^## /m).flatMap((section) => {
  const name = /^Here \(`examples\/([\w-]+)\.ts`\)/m.exec(section)?.[1];
  if (name === undefined) return [];
  const excerpts = [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  return [{ name, excerpts, printed: /^```text\n([\s\S]*?)^```$/m.exec(section)?.[1] }];
});

test("it has six ports", () => expect(EXAMPLES.map(({ name }) => name)).toHaveLength(6));

describe.each(EXAMPLES)("$name", ({ name, excerpts, printed }) => {
  test("is what the page shows of it", () => {
    const source = readFileSync(`${ROOT}examples/${name}.ts`, "utf8");
    expect(excerpts.length).toBeGreaterThan(0);
    for (const excerpt of excerpts) expect(source).toContain(excerpt);
  });

  test("prints what the page says", () => {
    const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: "" };
    expect(execFileSync(process.execPath, [`${ROOT}dist/examples/${name}.js`], { env, encoding: "utf8" })).toBe(printed);
  });
});
