/** "Which error, when, and why": its programs do what the page says. They run from the checkout, over what `npm run build` has made. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { codesGiven, ERROR_PROGRAMS, errorsPage } from "../../scripts/error-page.ts";
import * as errors from "../../src/winsock/abi/errors.ts";
import { ROOT } from "./entries.ts";

jest.setTimeout(600_000);

/** Every code that the sources export by a name of its own, in order of its number. */
const CODES = Object.entries(errors)
  .filter(([name, code]) => name.startsWith("WSA") && typeof code === "number" && errors.errorName(code) === name)
  .sort(([, a], [, b]) => Number(a) - Number(b));

test("the page has a section for each code, in order of their numbers", () => {
  const sections = [...errorsPage().matchAll(/^## (WSA\w+) \((\d+)\)$/gm)].map(([, name, code]) => [name, Number(code)]);
  expect(sections.length).toBeGreaterThan(90);
  expect(sections).toEqual(CODES);
});

test("each code that is given has a program, and no other has", () => {
  const programs = readdirSync(ROOT + ERROR_PROGRAMS).filter((name) => name.startsWith("WSA"));
  expect(programs.sort()).toEqual(
    codesGiven()
      .map((name) => `${name}.mjs`)
      .sort(),
  );
});

test("no code is said never to be given that the sources give", () => {
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" }).filter((name) => /\.ts$/.test(name));
  // Those two have all codes, and a mistake of ours has one of its own.
  const sources = files.filter((name) => !/abi\/(errors|nt-status)\.ts$|guarded-handler\.ts$/.test(name));
  const code = sources.map((name) => readFileSync(`${ROOT}src/${name}`, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")).join("\n");
  const words = new Set(code.match(/\bWSA\w+/g));
  const given = new Set<string>(codesGiven());
  expect(CODES.map(([name]) => name).filter((name) => words.has(name) && !given.has(name))).toEqual([]);
});

describe("the program of each code prints its number, and nothing else", () => {
  const printed = new Map<string, string>();

  /** What it prints, on both channels. */
  async function run(name: string): Promise<void> {
    const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: "" };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${ROOT}${ERROR_PROGRAMS}/${name}.mjs`], {
      env,
      timeout: 60_000,
    }).catch((error) => error);
    printed.set(name, stdout + stderr);
  }

  beforeAll(async () => {
    const waiting = [...codesGiven()];
    const worker = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await run(name);
    };
    await Promise.all([worker(), worker(), worker()]);
  });

  test.each(codesGiven())("%s", (name) => expect(printed.get(name)).toBe(`${errors.WSA_ERRORS[name].code}\n`));
});
