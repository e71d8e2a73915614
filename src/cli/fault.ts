import { Argument, Command, Option } from "commander";
import { manage } from "../management/manage.ts";
import type { ManagementRequest } from "../management/management.ts";
import { FRAME_KINDS, type FrameKind } from "../wire/frame-match.ts";
import type { ImpairmentReport } from "../wire/impairment.ts";
import { between, duration, port, refusingUnknownVerbs, share, wholeNumber } from "./arguments.ts";
import { UsageFailure } from "./failure.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson } from "./output.ts";

interface CommonOptions extends NetworkOptions {
  readonly json?: boolean;
}

interface SetOptions extends CommonOptions {
  readonly direction: "in" | "out" | "both";
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly corrupt?: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly rate?: number;
}

type PickAction = Extract<ManagementRequest, { op: "fault-pick" }>["action"];

interface PickOptions extends CommonOptions {
  readonly direction: "in" | "out" | "both";
  readonly count: number;
  readonly sequence?: number;
  readonly port?: number;
}

/** Frames that one request may pick. */
const MAX_PICKS = 1_000_000;

const directionOption = (): Option =>
  new Option("--direction <direction>", "which way, seen from tapsock").choices(["in", "out", "both"]).default("both");

export function faultCommand(): Command {
  const fault = new Command("fault")
    .summary("lose, delay, repeat and damage frames on purpose")
    .description("Shows or changes the misfortunes of a host's frames.")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock fault set --loss 5% --delay 20ms\n  tapsock fault drop syn-ack\n  tapsock fault delay data 300ms --count 2\n  tapsock fault clear",
    );
  common(refusingUnknownVerbs(fault.command("list", { isDefault: true }), fault))
    .description("show what is set, and what it has done so far")
    .action(async (_verb: unknown, options: CommonOptions) => report(options, { op: "fault-list" }));
  common(
    fault
      .command("set")
      .description("change what happens by chance; what is not named stays")
      .option("--loss <share>", "frames lost, such as 5%", share)
      .option("--duplicate <share>", "frames that come twice", share)
      .option("--reorder <share>", "frames that come late", share)
      .option("--corrupt <share>", "frames with a damaged byte", share)
      .option("--delay <time>", "for every frame", duration)
      .option("--jitter <time>", "by which the delay varies", duration)
      .option("--rate <bits>", "bits a second; 0 for no limit", wholeNumber)
      .addOption(directionOption())
      .addHelpText("after", "\nExamples:\n  tapsock fault set --loss 10% --direction in\n  tapsock fault set --rate 1000000 --delay 50ms"),
  ).action(async (options: SetOptions) => {
    const { loss, duplicate, reorder, corrupt, delay, jitter, rate } = options;
    const chosen = Object.entries({ loss, duplicate, reorder, corrupt, delayMs: delay, jitterMs: jitter, rateBitsPerSecond: rate });
    const settings = Object.fromEntries(chosen.filter(([, value]) => value !== undefined));
    if (Object.keys(settings).length === 0) throw new UsageFailure("nothing to set: name a misfortune, such as --loss 5%");
    await report(options, { op: "fault-set", direction: options.direction, settings });
  });
  for (const action of ["drop", "duplicate", "corrupt", "delay", "reset"] as const) pickCommand(fault, action);
  common(fault.command("clear").description("end every misfortune")).action(async (options: CommonOptions) =>
    report(options, { op: "fault-clear" }),
  );
  return fault;
}

function pickCommand(fault: Command, action: PickAction): void {
  const command = fault
    .command(action)
    .description(
      action === "reset"
        ? "answer the next TCP segments of a kind with a reset, in their receiver's place"
        : `${action} the next frames of a kind`,
    )
    .addArgument(new Argument("<kind>", "of frame").choices(FRAME_KINDS));
  if (action === "delay") command.argument("<time>", "by how much", duration);
  command
    .option("--count <n>", "how many", between(1, MAX_PICKS), 1)
    .option("--sequence <number>", "only the TCP segment that begins with this sequence number", between(0, 0xffffffff))
    .option("--port <port>", "only what is from this port, or to it", port)
    .addOption(directionOption());
  command.addHelpText("after", `\nExample:\n  tapsock fault ${action} syn-ack${action === "delay" ? " 300ms" : ""}`);
  common(command).action(async (match: FrameKind, ...rest: unknown[]) => {
    const delayMs = action === "delay" ? (rest[0] as number) : undefined;
    const options = (action === "delay" ? rest[1] : rest[0]) as PickOptions;
    await report(options, {
      op: "fault-pick",
      match,
      action,
      direction: options.direction,
      count: options.count,
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(options.sequence === undefined ? {} : { sequence: options.sequence }),
      ...(options.port === undefined ? {} : { port: options.port }),
    });
  });
}

const common = (command: Command): Command => command.option("--json", "one JSON object").addOption(networkOption());

type FaultRequest = Extract<ManagementRequest, { op: "fault-set" | "fault-pick" | "fault-clear" | "fault-list" }>;

async function report(options: CommonOptions, request: FaultRequest): Promise<void> {
  const result = await withNetwork(options.network, (port) => manage(port, request));
  if (options.json) printJson(result);
  else for (const line of faultLines(result)) print(line);
}

/** Settings that do something by themselves; the others shape these and have defaults. */
const CHANCES: ReadonlySet<string> = new Set(["loss", "duplicate", "reorder", "corrupt", "delayMs", "jitterMs", "rateBitsPerSecond"]);

function faultLines(result: ImpairmentReport): string[] {
  const lines = [result.impaired ? "Frames are impaired on purpose." : "Nothing is impaired."];
  for (const direction of ["in", "out"] as const) {
    const { settings, ...counts } = result[direction];
    const set = Object.entries(settings).filter(([key, value]) => CHANCES.has(key) && typeof value === "number" && value > 0);
    const done = Object.entries(counts).filter(([, value]) => value > 0);
    const words = (pairs: [string, unknown][]) => pairs.map(([key, value]) => `${key} ${String(value)}`).join(", ");
    if (set.length > 0) lines.push(`${direction.padEnd(4)} set: ${words(set)}`);
    if (done.length > 0) lines.push(`${direction.padEnd(4)} so far: ${words(done)}`);
  }
  for (const pick of result.picks) lines.push(`next ${JSON.stringify(pick)}`);
  return lines;
}
