import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { type DrillChoices, type DrillReport, drill, reportLines } from "../../src/drill/drill.ts";
import type { DrillProfile } from "../../src/drill/script-run.ts";

/** Our own scripts are compared in everything, and nothing may come that they do not expect. */
const STRICT: DrillChoices = {
  profile: "linux",
  psh: "strict",
  seed: 1,
  unexpected: "fail",
  options: new Map(),
  definitions: new Map(),
};

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const scriptsIn = (name: string): string[] => readdirSync(folder(name)).filter((file) => file.endsWith(".pkt"));

function run(profile: DrillProfile, file: string): DrillReport {
  return drill(file, readFileSync(folder(file), "utf8"), { ...STRICT, profile });
}

describe.each(["linux", "windows", "rfc"] as const)("scripts of the profile %s", (profile) => {
  test.each(scriptsIn(profile))("%s", (name) => {
    const report = run(profile, `${profile}/${name}`);
    expect(reportLines(report).join("\n")).toBe("");
    expect(report.outcome).toBe("passed");
  });
});

/** What a script says in its first line it comes to. */
const announced = (file: string): string => /^\/\/ (line \d+: .*)$/m.exec(readFileSync(folder(file), "utf8"))?.[1] ?? "nothing announced";

describe("scripts that must fail", () => {
  test.each(scriptsIn("failing"))("%s", (name) => {
    const report = run("linux", `failing/${name}`);
    expect(report.outcome).toBe("failed");
    expect(`line ${report.line}: ${report.problem}`).toBe(announced(`failing/${name}`));
  });
});

describe("scripts that are refused before anything runs", () => {
  test.each(scriptsIn("skipped"))("%s", (name) => {
    const report = run("linux", `skipped/${name}`);
    expect(report.outcome).toBe("skipped");
    expect(`line ${report.line}: ${report.problem}`).toBe(announced(`skipped/${name}`));
  });
});

test("the same script and seed make the same run, to the packet", () => {
  const source = readFileSync(folder("failing/other-sequence.pkt"), "utf8");
  expect(drill("x", source, STRICT)).toEqual(drill("x", source, STRICT));
  const other = drill("x", source, { ...STRICT, seed: 2 });
  expect(other.problem).toBe(drill("x", source, STRICT).problem);
});

test("scripts about Linux' settings are not run under another profile", () => {
  const source = "`../common/defaults.sh`\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
  const report = drill("x", source, { ...STRICT, profile: "windows" });
  expect([report.outcome, report.problem]).toEqual(["skipped", "unsupported: settings of Linux with the profile windows"]);
});
