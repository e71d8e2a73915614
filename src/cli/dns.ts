import { Command } from "commander";
import { manage } from "../management/manage.ts";
import type { DnsStatus } from "../stack/dns/dns-service.ts";
import { refusingUnknownVerbs } from "./arguments.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson, table } from "./output.ts";

interface DnsOptions extends NetworkOptions {
  readonly json?: boolean;
}

export function dnsCommand(): Command {
  const dns = new Command("dns")
    .summary("show how the host resolves names: its servers, search list and cache")
    .description("Shows how the host resolves names, or makes it forget what servers said.")
    .addHelpText("after", "\nExamples:\n  tapsock dns\n  tapsock dns flush\n  tapsock dns show --json | jq .servers");
  refusingUnknownVerbs(dns.command("show", { isDefault: true }), dns)
    .description("show servers, search list and counters")
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock dns show --json")
    .action(async (_verb: unknown, options: DnsOptions) => {
      const status = await withNetwork(options.network, (port) => manage(port, { op: "dns-status" }));
      if (options.json) printJson(status);
      else for (const line of dnsLines(status)) print(line);
    });
  dns
    .command("flush")
    .description("forget what servers said")
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText("after", "\nExample:\n  tapsock dns flush")
    .action(async (options: DnsOptions) => {
      const { forgotten } = await withNetwork(options.network, (port) => manage(port, { op: "dns-flush" }));
      if (options.json) printJson({ forgotten });
      else print(`${forgotten} ${forgotten === 1 ? "answer" : "answers"} forgotten`);
    });
  return dns;
}

export function dnsLines(status: DnsStatus): string[] {
  const { servers, searchList, hostsNames, cachedAnswers, cachedBytes, fromCache, joined, overTcp, waiting } = status;
  const rows = servers.map((each) => [
    each.server,
    each.source,
    each.isAvoided ? "asked last" : "",
    each.asked,
    each.answered,
    each.timedOut,
  ]);
  return [
    ...(rows.length === 0 ? ["no name server is known"] : table(["server", "from", "state", "asked", "answered", "timed out"], rows)),
    `search    ${searchList.join(" ") || "-"}`,
    `hosts     ${hostsNames} names`,
    `cache     ${cachedAnswers} answers in ${Math.ceil(cachedBytes / 1024)} KiB, used ${fromCache} times`,
    `questions ${waiting} wait for an answer, ${joined} joined one that was on its way, ${overTcp} came over TCP`,
  ];
}
