#!/usr/bin/env node
import { CommanderError } from "commander";
import { NetworkError } from "../runtime/network-error.ts";
import { TapError } from "../tap/tap-error.ts";
import { WinsockError } from "../winsock/errors.ts";
import { CommandFailure, Interrupted, UsageFailure } from "./failure.ts";
import { complain } from "./output.ts";
import { program } from "./program.ts";

const STATUS_FAILED = 1;
const STATUS_USAGE = 2;
const STATUS_INTERRUPTED = 130;

// A reader that has seen enough (`tapsock trace | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

function statusOf(error: unknown): number {
  // Commander has said what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : STATUS_USAGE;
  if (error instanceof UsageFailure) {
    complain(`error: ${error.message}`);
    return STATUS_USAGE;
  }
  if (error instanceof CommandFailure) {
    complain(`error: ${error.message}`);
    if (error.remedy !== undefined) complain(`  ${error.remedy}`);
    return STATUS_FAILED;
  }
  if (error instanceof Interrupted) return STATUS_INTERRUPTED;
  // The promise face wraps what kept the network from starting.
  if (error instanceof WinsockError && error.cause instanceof NetworkError) return statusOf(error.cause);
  if (error instanceof NetworkError || error instanceof WinsockError || error instanceof TapError) {
    complain(`error: ${error.message}`);
    return STATUS_FAILED;
  }
  complain(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return STATUS_FAILED;
}
