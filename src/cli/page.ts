import { Command } from "commander";
import { LiveRun } from "../live/live-run.ts";
import { checkReach, PageAddressError, parsePageAddress } from "../live/page-address.ts";
import { announcePage, keptTokens, withdrawPage } from "../live/page-files.ts";
import { PageServer } from "../live/page-server.ts";
import { closeNetwork, openAsyncPort } from "../network/networks.ts";
import { wholeNumber } from "./arguments.ts";
import { CommandFailure, UsageFailure } from "./failure.ts";
import { interruption, untilAborted } from "./interruption.ts";
import { chooseNetwork, type NetworkOptions, networkOption, networkUrlOf, spokenSocket } from "./network.ts";
import { complain, print, printJson } from "./output.ts";

interface PageOptions extends NetworkOptions {
  readonly listen: string;
  readonly pageAnywhere?: boolean;
  readonly morePorts: number;
  readonly json?: boolean;
}

export function pageCommand(): Command {
  return new Command("page")
    .summary("serve the lab's page for a running host")
    .description(
      "Serves the lab's page to browsers on this machine, and what happens on the host as it happens, until Ctrl-C. A daemon may live in a network namespace of its own, and may end and come back meanwhile.",
    )
    .option("--listen <address:port>", "where; port 0 for any that is free", "127.0.0.1:8077")
    .option("--more-ports <n>", "when the port is taken: how many behind it are tried", wholeNumber, 0)
    .option("--page-anywhere", "lets --listen name an address that other machines reach; what it shows is not encrypted")
    .option("--json", "the addresses as one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock page\n  tapsock page --network daemon:/tmp/tapsock.sock --listen 127.0.0.1:0\n  tapsock page --json | jq -r .page",
    )
    .action(async (options: PageOptions) => {
      chooseNetwork(options.network);
      const stopped = interruption();
      const socket = spokenSocket(options.network);
      const server = await serve(options, socket);
      if (socket !== undefined) announcePage(socket, server.origin);
      if (options.json) printJson({ page: server.ownerUrl, pageToRead: server.readerUrl, network: networkUrlOf(options.network) });
      else {
        print(`the page: ${server.ownerUrl}`);
        print(`only to read: ${server.readerUrl}`);
      }
      await untilAborted(stopped);
      if (socket !== undefined) withdrawPage(socket);
      await server.close();
      await closeNetwork();
    });
}

/** @param socket of the daemon, beside which the tokens are kept */
async function serve(options: PageOptions, socket: string | undefined): Promise<PageServer> {
  try {
    const address = parsePageAddress(options.listen);
    checkReach(address, options.pageAnywhere === true);
    const kept = socket === undefined ? undefined : keptTokens(socket);
    if (kept?.problem !== undefined) complain(`warning: ${kept.problem}`);
    const tokens = kept === undefined ? {} : { tokens: kept.tokens };
    return await PageServer.start({ address, morePorts: options.morePorts, run: new LiveRun({ openPort: openAsyncPort }), ...tokens });
  } catch (error) {
    if (!(error instanceof PageAddressError)) throw error;
    if (error.message.includes("--page-anywhere") || error.message.includes("expected")) throw new UsageFailure(error.message);
    throw new CommandFailure(error.message);
  }
}
