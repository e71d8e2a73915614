import { Command } from "commander";
import { paint, styleFor } from "../lab/text-style.ts";
import { defaultSocketPath } from "../network/default-socket-path.ts";
import { canRunOnTap, diagnose, type Finding, startCommand } from "../network/diagnosis.ts";
import { machineFacts } from "../network/machine-facts.ts";
import { print, printJson } from "./output.ts";

export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("say what this machine lacks, and the line that cures it")
    .description("Looks at everything that tapsock needs of a machine. Status 1 when the main job cannot run on a TAP device here.")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock doctor\n  tapsock doctor --json | jq '.findings[] | select(.state == \"missing\") | .cure'",
    )
    .action(async (options: { json?: boolean }) => {
      const facts = await machineFacts(defaultSocketPath());
      const findings = diagnose(facts);
      const canRun = canRunOnTap(findings);
      if (options.json) printJson({ canRunOnTap: canRun, findings });
      else printFindings(findings, canRun ? startCommand(facts) : undefined);
      process.exitCode = canRun ? 0 : 1;
    });
}

/** @param start undefined when the main job cannot run on a TAP device */
function printFindings(findings: readonly Finding[], start: string | undefined): void {
  const style = styleFor(process.stdout, process.env);
  const nameWidth = Math.max(...findings.map((each) => each.name.length));
  for (const each of findings) {
    const isOk = each.state === "ok";
    const state = isOk ? paint(style, "green", "ok     ") : paint(style, each.required ? "red" : "yellow", "missing");
    print(`${state}  ${each.name.padEnd(nameWidth)}  ${each.why}`);
    if (each.cure) print(`${" ".repeat(9 + nameWidth)}  ${each.required ? "cure" : "optional"}: ${each.cure}`);
  }
  print("");
  print(
    start !== undefined
      ? `The main job can run on a TAP device here: ${start}`
      : "The main job cannot run on a TAP device here, only on the embedded virtual wire; the lines marked 'cure' change that.",
  );
}
