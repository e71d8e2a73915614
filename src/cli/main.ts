#!/usr/bin/env node
import { CommanderError } from "commander";
import { TapError } from "../tap/tap-error.ts";
import { NetworkError } from "../transport/network-error.ts";
import { WinsockError } from "../winsock/abi/errors.ts";
import { CommandFailure, Interrupted, UsageFailure } from "./failure.ts";
import { complain } from "./output.ts";
import { program } from "./program.ts";

/** Programs that asked for JSON get their errors so too, as one line on stderr. */
const wantsJson = wordsBeforeDashes(process.argv.slice(2)).includes("--json");

const STATUS_FAILED = 1;
const STATUS_USAGE = 2;
const STATUS_INTERRUPTED = 130;

// A reader that has seen enough (`tapsock trace | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.exit(say(`Cannot write to stdout: ${error.message}.`, STATUS_FAILED));
});
// Nobody is left to complain to.
process.stderr.on("error", () => {});

const tapsock = program();
let complaint = "";
if (wantsJson) {
  const keep = (text: string): void => {
    complaint += text;
  };
  for (const command of [tapsock, ...tapsock.commands.flatMap((each) => [each, ...each.commands])])
    command.configureOutput({ writeErr: keep });
}

try {
  await tapsock.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

function statusOf(error: unknown): number {
  // Commander has said what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const [sentence = ""] = complaint.split("\n");
    if (wantsJson) say(sentence.replace(/^error: /, "") || "no command was given", STATUS_USAGE);
    return STATUS_USAGE;
  }
  if (error instanceof UsageFailure) return say(error.message, STATUS_USAGE);
  if (error instanceof CommandFailure) return say(error.message, STATUS_FAILED, error.remedy);
  if (error instanceof Interrupted) return STATUS_INTERRUPTED;
  // The promise face wraps what kept the network from starting.
  if (error instanceof WinsockError && error.cause instanceof NetworkError) return statusOf(error.cause);
  if (error instanceof WinsockError) return say(error.message, STATUS_FAILED, undefined, error.errno);
  if (error instanceof NetworkError || error instanceof TapError) return say(error.message, STATUS_FAILED);
  return say(error instanceof Error ? (error.stack ?? error.message) : String(error), STATUS_FAILED);
}

/** @param winsockError what WSAGetLastError would have returned, where it is one of Winsock's @returns the status */
function say(message: string, status: number, remedy?: string, winsockError?: number): number {
  if (wantsJson) complain(JSON.stringify({ failed: message, remedy: remedy ?? null, winsockError: winsockError ?? null, status }));
  else {
    complain(`error: ${message}`);
    if (remedy !== undefined) complain(`  ${remedy}`);
  }
  return status;
}

/** What stands behind `--` is for another program. */
function wordsBeforeDashes(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}
