import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { type DrillChoices, drill, reportLines, type UnexpectedPackets } from "../drill/drill.ts";
import type { PshRule } from "../drill/packet-matcher.ts";
import { readDefinition } from "../drill/parse-script.ts";
import { CORPUS_DEFINITIONS } from "../drill/published-scripts.ts";
import type { DrillIpVersion } from "../drill/script-options.ts";
import type { DrillProfile } from "../drill/script-run.ts";
import { between } from "./arguments.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { complain, print, printJson } from "./output.ts";

interface DrillOptions {
  readonly profile: DrillProfile;
  readonly ip?: DrillIpVersion;
  readonly psh: PshRule;
  readonly unexpected: UnexpectedPackets;
  readonly define?: ReadonlyMap<string, string>;
  readonly set?: ReadonlyMap<string, string | undefined>;
  readonly corpus?: string;
  readonly against?: "kernel";
  readonly seed: number;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const EXTENSION = ".pkt";
const USUAL_IP = "ipv4";

export function drillCommand(): Command {
  return new Command("drill")
    .summary("run packetdrill scripts against a host")
    .description(
      "Runs packetdrill scripts, each against a host of its own in virtual time, and says which hold. A script that asks for what there is not is skipped.",
    )
    .argument("[files...]", "scripts, and folders of them")
    .addOption(new Option("--profile <name>", "how the host behaves").choices(["linux", "windows", "rfc"]).default("linux"))
    .addOption(
      new Option("--ip <version>", "over which family, whatever the script says (default: ipv4)").choices([
        "ipv4",
        "ipv6",
        "ipv4-mapped-ipv6",
      ]),
    )
    .option("--corpus <folder>", "every script of a published corpus, with what its own runner defines")
    .addOption(
      new Option("--unexpected <rule>", "what becomes of packets at the end that no line expects")
        .choices(["ignore", "warn", "fail"])
        .default("ignore"),
    )
    .addOption(
      new Option("--psh <rule>", "PSH is compared always, or only where a write ends").choices(["lenient", "strict"]).default("lenient"),
    )
    .option("-D, --define <name=value>", "what a word in the scripts stands for; may be given again", definition)
    .option("--set <name=value>", "an option as a script has it, such as tolerance_usecs=1000; may be given again", setting)
    .addOption(new Option("--seed <number>", "of everything that is left to chance").argParser(between(0, 0xffffffff)).default(1))
    .addOption(new Option("--against <what>", "say how to run the same scripts against a kernel").choices(["kernel"]))
    .option("--verbose", "tell of each script")
    .option("--json", "one JSON object for each script, and one with the totals")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock drill handshake.pkt\n  tapsock drill --profile windows --unexpected fail my-scripts/\n" +
        "  tapsock drill --corpus packetdrill/gtests/net --json > results.json\n  tapsock drill --against kernel handshake.pkt\n\n" +
        "Status: 0 when none failed, 1 when one did, 2 wrong usage. docs/drill.md says how to write scripts.",
    )
    .action((files: readonly string[], options: DrillOptions) => {
      const scripts = scriptsIn(files, options);
      if (options.against === "kernel") {
        for (const line of kernelLines(scripts, options)) print(line);
        return;
      }
      runAll(scripts, options);
    });
}

function definition(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [name, value] = readDefinition(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("A definition is written as NAME=value.");
  return new Map(before).set(name, value);
}

function setting(text: string, before: ReadonlyMap<string, string | undefined> = new Map()): Map<string, string | undefined> {
  const [, name, value] = /^(?:--)?([a-z_]+)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("An option is written as name=value, or as its name.");
  return new Map(before).set(name, value);
}

function scriptsIn(files: readonly string[], { corpus, ip = USUAL_IP }: DrillOptions): string[] {
  if (files.length === 0 && corpus === undefined) throw new UsageFailure("no script is named: give files or folders, or --corpus FOLDER");
  const named = files.flatMap((file) => (isFolder(file) ? scriptsBelow(file) : [file]));
  const published = corpus === undefined ? [] : scriptsBelow(corpus).filter((file) => isOfFamily(file, ip));
  const all = [...named, ...published];
  if (all.length === 0) throw new CommandFailure(`There is no ${EXTENSION} file in ${[...files, corpus ?? ""].join(" ").trim()}.`);
  return all;
}

/** Published scripts that are of one family alone say so by the end of their name. */
const isOfFamily = (file: string, ip: DrillIpVersion): boolean => !file.endsWith(`${ip === "ipv6" ? "v4" : "v6"}${EXTENSION}`);

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new CommandFailure(`Cannot read ${path}: ${(error as Error).message}`);
  }
}

function scriptsBelow(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return names
      .filter((name) => name.endsWith(EXTENSION))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw new CommandFailure(`Cannot read ${folder}: ${(error as Error).message}`);
  }
}

function runAll(scripts: readonly string[], options: DrillOptions): void {
  const { ip, set = new Map<string, string | undefined>(), define = new Map<string, string>() } = options;
  const choices: DrillChoices = {
    ...options,
    options: ip === undefined ? set : new Map([["ip_version", ip], ...set]),
    definitions: options.corpus === undefined ? define : new Map([...CORPUS_DEFINITIONS[ip ?? USUAL_IP], ...define]),
  };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of scripts) {
    const report = drill(file, sourceOf(file), choices);
    counts[report.outcome]++;
    if (options.json === true) {
      printJson(report);
      continue;
    }
    for (const line of reportLines(report)) print(line);
    if (options.verbose === true && report.outcome === "passed") print(`${file}: passed`);
    for (const line of options.verbose === true ? report.printed : []) complain(line);
  }
  if (options.json === true) printJson(counts);
  else print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) process.exitCode = 1;
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

function kernelLines(scripts: readonly string[], { ip = USUAL_IP, define = new Map(), set = new Map(), corpus }: DrillOptions): string[] {
  const definitions = new Map([...(corpus === undefined ? [] : CORPUS_DEFINITIONS[ip]), ...define]);
  const words = [
    ...[...set].map(([name, value]) => (value === undefined ? `--${name}` : `--${name}=${value}`)),
    ...(ip === "ipv4" ? [] : [`--ip_version=${ip}`, ...(ip === "ipv6" ? ["--mtu=1520"] : [])]),
    ...[...definitions].map(([name, value]) => `-D ${name}=${value}`),
  ];
  return [
    "# The original tool runs a script against the kernel that it stands on. Once:",
    "git clone https://github.com/google/packetdrill",
    "(cd packetdrill/gtests/net/packetdrill && ./configure && make)",
    "# Then, in a network namespace of its own, so that nothing else is touched:",
    ...scripts.map((file) =>
      ["sudo unshare --net sh -c 'ip link set lo up; exec \"$@\"' sh packetdrill/gtests/net/packetdrill/packetdrill", ...words, file].join(
        " ",
      ),
    ),
    "# It expects what the kernel does, Linux as a rule: scripts of the profile windows are not for it.",
    ...(scripts.some((file) => basename(file) !== file)
      ? ["# A script finds its defaults.sh from its own folder: go there first where it names one."]
      : []),
  ];
}
