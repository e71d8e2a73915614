import { drawNotes } from "./ladder-text.ts";
import type { PshRule } from "./packet-matcher.ts";
import type { Definitions } from "./parse-script.ts";
import { prepareScript } from "./prepare-script.ts";
import { ScriptError, UnsupportedScript } from "./script-error.ts";
import type { OptionTexts } from "./script-options.ts";
import { type DrillProfile, type RunRecord, ScriptRun } from "./script-run.ts";

/** What becomes of packets that no line of a script has met. */
export type UnexpectedPackets = "ignore" | "warn" | "fail";

/** How scripts are run. */
export interface DrillChoices {
  readonly profile: DrillProfile;
  readonly psh: PshRule;
  readonly seed: number;
  readonly unexpected: UnexpectedPackets;
  /** As on a command line; they win over the script's. */
  readonly options: OptionTexts;
  readonly definitions: Definitions;
}

/** What one script came to. */
export interface DrillReport {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Where it failed, or what was refused; 0 for the script as a whole. */
  readonly line: number;
  readonly problem: string | undefined;
  /** The event that failed, as it is written. */
  readonly event: string | undefined;
  readonly expected: string | undefined;
  readonly came: string | undefined;
  /** What happened until then. */
  readonly ladder: readonly string[];
  readonly warnings: readonly string[];
  readonly printed: readonly string[];
}

const SHOWN_NOTES = 14;

/** Runs one script; nothing that a script says makes this throw. */
export function drill(name: string, source: string, choices: DrillChoices): DrillReport {
  const report = {
    name,
    line: 0,
    problem: undefined,
    event: undefined,
    expected: undefined,
    came: undefined,
    ladder: [],
    warnings: [],
    printed: [],
  };
  try {
    const record = new ScriptRun(prepareScript(name, source, choices), choices).run();
    return { ...report, ...reportOf(record, choices.unexpected) };
  } catch (error) {
    if (error instanceof UnsupportedScript)
      return { ...report, outcome: "skipped", line: error.line, problem: `unsupported: ${error.message}` };
    if (error instanceof ScriptError)
      return { ...report, outcome: "failed", line: error.line, problem: `the script is wrong: ${error.message}` };
    throw error;
  }
}

function reportOf(
  { failure, notes, warnings, printed, unexpected }: RunRecord,
  rule: UnexpectedPackets,
): Partial<DrillReport> & Pick<DrillReport, "outcome"> {
  const left = rule === "ignore" ? [] : unexpected.map((packet) => `no line expects ${packet}`);
  if (failure !== undefined) {
    const { error, line, text } = failure;
    return {
      outcome: "failed",
      line,
      event: text,
      problem: error.message,
      ...(error instanceof ScriptError ? {} : { expected: error.expected, came: error.came }),
      ladder: drawNotes(notes, SHOWN_NOTES),
      warnings,
      printed,
    };
  }
  if (rule === "fail" && left.length > 0) {
    return {
      outcome: "failed",
      problem: "packets came that no line expects",
      came: unexpected.join("\n"),
      ladder: drawNotes(notes, SHOWN_NOTES),
      warnings,
      printed,
    };
  }
  return { outcome: "passed", warnings: [...warnings, ...left], printed };
}

/** A report as people read it. */
export function reportLines(report: DrillReport): string[] {
  const { name, line, problem, event, expected, came, ladder, warnings, outcome } = report;
  const place = line === 0 ? name : `${name}:${line}`;
  const lines = warnings.map((warning) => `${name}: warning: ${warning}`);
  if (outcome === "skipped") return [...lines, `${place}: skipped: ${problem}`];
  if (outcome === "passed") return lines;
  lines.push(`${place}: FAILED: ${problem}`);
  if (event !== undefined) lines.push(`  line      ${event}`);
  if (expected !== undefined) lines.push(`  expected  ${expected}`);
  if (came !== undefined) lines.push(...came.split("\n").map((one, i) => `  ${i === 0 ? "came    " : "        "}  ${one}`));
  return [...lines, ...ladder.map((one) => `  ${one}`), ""];
}
