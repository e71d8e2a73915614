import { readFileSync } from "node:fs";
import { Command } from "commander";
import { captureCommand } from "./capture.ts";
import { connectCommand } from "./connect.ts";
import { dnsCommand } from "./dns.ts";
import { doctorCommand } from "./doctor.ts";
import { drillCommand } from "./drill.ts";
import { faultCommand } from "./fault.ts";
import { labCommand } from "./lab.ts";
import { listenCommand } from "./listen.ts";
import { neighCommand } from "./neigh.ts";
import { pageCommand } from "./page.ts";
import { pingCommand } from "./ping.ts";
import { recordCommand } from "./record.ts";
import { replayCommand } from "./replay.ts";
import { resolveCommand } from "./resolve.ts";
import { routeCommand } from "./route.ts";
import { shellCommand } from "./shell.ts";
import { ssCommand } from "./ss.ts";
import { statusCommand } from "./status.ts";
import { traceCommand } from "./trace.ts";

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string }).version;

/** The whole command line. Commander's exits become CommanderError, so that main.ts decides on the status. */
export function program(): Command {
  const tapsock = new Command("tapsock")
    .description("A TCP/IP host of its own, which connects, waits and fails as Winsock documents it.")
    .version(version())
    .exitOverride()
    .enablePositionalOptions()
    // Commander's own term names arguments that a usage leaves out.
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .showHelpAfterError("(the command with --help says more)")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock connect 203.0.113.1 8080 --ladder\n  tapsock ss\n  tapsock shell -- curl http://203.0.113.2/\n\n" +
        "Status: 0 done, 1 failed, 2 wrong usage. The network is --network, else $TAPSOCK, else the daemon at its usual socket.",
    );
  const commands = [
    connectCommand(),
    listenCommand(),
    pingCommand(),
    ssCommand(),
    resolveCommand(),
    dnsCommand(),
    routeCommand(),
    neighCommand(),
    traceCommand(),
    captureCommand(),
    recordCommand(),
    replayCommand(),
    pageCommand(),
    faultCommand(),
    statusCommand(),
    shellCommand(),
    labCommand(),
    drillCommand(),
    doctorCommand(),
  ];
  for (const command of commands) {
    inherit(command, tapsock);
    tapsock.addCommand(command);
  }
  return tapsock;
}

/** `addCommand` hands down no settings, and commands made elsewhere would exit on their own. */
function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from);
  for (const sub of command.commands) inherit(sub, command);
}
