import { Command } from "commander";
import { manage } from "../management/manage.ts";
import { address, mac, refusingUnknownVerbs } from "./arguments.ts";
import { UsageFailure } from "./failure.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson, table } from "./output.ts";

interface NeighbourOptions extends NetworkOptions {
  readonly json?: boolean;
}

export function neighCommand(): Command {
  const neigh = new Command("neigh")
    .summary("list, add and delete neighbours: which hardware address an address has")
    .description("Shows or changes the neighbour cache of a host (ARP, and neighbour discovery of IPv6).")
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock neigh\n  tapsock neigh add 203.0.113.9 lladdr 02:00:5e:10:00:09\n  tapsock neigh del 203.0.113.9\n  tapsock neigh del fe80::9%tap0",
    );
  refusingUnknownVerbs(neigh.command("list", { isDefault: true }), neigh)
    .description("list the neighbours")
    .option("--json", "one JSON array")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock neigh list --json")
    .action(async (_verb: unknown, options: NeighbourOptions) => {
      const neighbours = await withNetwork(options.network, (port) => manage(port, { op: "neigh-list" }));
      if (options.json) return printJson(neighbours);
      const rows = neighbours.map((each) => [each.address, each.mac ?? "?", each.interface, each.state, each.queuedFrames]);
      for (const line of table(["address", "lladdr", "interface", "state", "queued"], rows)) print(line);
    });
  neigh
    .command("add")
    .description("add an entry that never expires")
    .argument("<address>", "the neighbour's address", address)
    .argument("<lladdr>", "the word lladdr", (word: string) => {
      if (word !== "lladdr") throw new UsageFailure(`expected "lladdr" before the hardware address, not "${word}"`);
      return word;
    })
    .argument("<mac>", "its hardware address", mac)
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock neigh add 203.0.113.9 lladdr 02:00:5e:10:00:09")
    .action(async (to: string, _word: string, hardware: string, options: NeighbourOptions) => {
      await withNetwork(options.network, (port) => manage(port, { op: "neigh-add", address: to, mac: hardware }));
      if (options.json) printJson({ ok: true, address: to, mac: hardware });
    });
  neigh
    .command("del")
    .description("forget an entry")
    .argument("<address>", "the neighbour's address", address)
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock neigh del 203.0.113.9")
    .action(async (to: string, options: NeighbourOptions) => {
      await withNetwork(options.network, (port) => manage(port, { op: "neigh-del", address: to }));
      if (options.json) printJson({ ok: true, address: to });
    });
  return neigh;
}
