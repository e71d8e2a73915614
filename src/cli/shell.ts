import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { enterCommand, readDemonstrationState } from "../lab/demonstration-state.ts";
import { isCheckout } from "../network/machine-facts.ts";
import { CommandFailure } from "./failure.ts";
import { daemonSocketOf, type NetworkOptions, networkOption } from "./network.ts";
import { complain, printJson } from "./output.ts";

/** Status of a shell whose command was ended by a signal. */
const SIGNAL_STATUS = 128;

export function shellCommand(): Command {
  return new Command("shell")
    .summary("a shell on the kernel's side of the running demonstration")
    .description(
      "Enters the network namespace in which the kernel is tapsock's peer, and runs a shell or the given command there.\n" +
        "The status is the command's own.",
    )
    .argument("[command...]", "what to run instead of a shell; put -- before it")
    .addOption(networkOption())
    .option("--json", "run nothing: print how to enter as one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock shell\n  tapsock shell -- curl http://203.0.113.2/\n  tapsock shell -- ping -c 1 203.0.113.2",
    )
    .action(async (words: string[], options: NetworkOptions & { json?: boolean }) => {
      const socket = daemonSocketOf(options.network);
      const state = readDemonstrationState(socket);
      if (state === undefined) {
        throw new CommandFailure(
          `No demonstration runs with the daemon socket ${socket}.`,
          isCheckout()
            ? "Start one with scripts/start, in another terminal."
            : "It belongs to the project's checkout: git clone https://github.com/tapsock/tapsock && tapsock/scripts/start, in another terminal.",
        );
      }
      const enter = enterCommand(state);
      if (options.json) {
        printJson({ ...state, enter });
        return;
      }
      const shell = process.env["SHELL"] || "/bin/sh";
      if (words.length === 0) complain(`A shell on the kernel's side; tapsock is 203.0.113.2. End it with "exit".`);
      process.exitCode = await run([...enter, ...(words.length > 0 ? words : [shell])], {
        ...process.env,
        TAPSOCK: `daemon:${socket}`,
        PATH: `${fileURLToPath(new URL("../bin", import.meta.url))}${delimiter}${process.env["PATH"] ?? ""}`,
      });
    });
}

function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [command = "", ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env });
    // Ctrl-C is for what runs inside.
    process.on("SIGINT", () => {});
    child.once("error", () => reject(new CommandFailure(`Cannot run ${command}.`, "It belongs to util-linux; install that.")));
    child.once("exit", (status) => resolve(status ?? SIGNAL_STATUS));
  });
}
