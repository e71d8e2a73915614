import { domainToASCII } from "node:url";
import { Command, Option } from "commander";
import { manage } from "../management/manage.ts";
import type { NameRecord, ResolveReport } from "../management/management.ts";
import { DNS_FAILURES, type DnsFailure, type DnsRecordType } from "../stack/dns/dns-service.ts";
import { CommandFailure, Interrupted } from "./failure.ts";
import { interruption } from "./interruption.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { complain, print, printJson, table } from "./output.ts";

interface ResolveOptions extends NetworkOptions {
  readonly type?: DnsRecordType;
  readonly json?: boolean;
}

/** After this people want to know what they wait for. */
const PATIENCE_MS = 1500;

export function resolveCommand(): Command {
  return new Command("resolve")
    .summary("ask what a name means to the host: its addresses, or another kind of record")
    .description(
      "Resolves a name as programs on the host would: hosts file, cache, then its name servers, with the search list for names that do " +
        "not end in a dot. Addresses come in the order in which they should be tried. Status 1 when there is no answer.",
    )
    .argument("<name>", "a name, or with --type PTR an address")
    .addOption(new Option("-t, --type <type>", "one kind of record").choices(["A", "AAAA", "CNAME", "PTR", "SRV", "TXT"]))
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock resolve www.example.com\n  tapsock resolve _http._tcp.example.com --type SRV\n" +
        "  tapsock resolve 203.0.113.1 --type PTR\n  tapsock resolve printer --json | jq -r .records[0].address",
    )
    .action(async (name: string, options: ResolveOptions) => {
      const stop = interruption();
      const patience = setTimeout(() => complain(`waiting for a name server to answer for ${name}`), PATIENCE_MS);
      try {
        const { type } = options;
        const request = { op: "resolve", name: asciiName(name), ...(type === undefined ? {} : { type }) } as const;
        const report = await withNetwork(options.network, (port) => manage(port, request, stop));
        if (options.json) printJson({ asked: name, ...report });
        else for (const line of resolveLines(name, report)) print(line);
        process.exitCode = report.outcome === "answer" ? 0 : 1;
      } catch (error) {
        throw stop.aborted ? new Interrupted() : error;
      } finally {
        clearTimeout(patience);
      }
    });
}

/** Letters beyond ASCII as the DNS has them, `xn--…`; anything else as it is, for the host to judge. */
const asciiName = (name: string): string => (/[^\0-\x7f]/.test(name) ? domainToASCII(name) || name : name);

/** @throws CommandFailure when there is no answer */
export function resolveLines(asked: string, report: ResolveReport): string[] {
  if (report.outcome === "failure")
    throw new CommandFailure(`Cannot resolve "${asked}": ${lowerFirst(DNS_FAILURES[report.reason])}`, NAME_REMEDIES[report.reason]);
  const { aliases, canonicalName, records, origin } = report;
  const chain = aliases.length === 0 ? [] : [`${[...aliases, canonicalName].join(" → ")}`];
  return [
    ...chain,
    ...table(
      ["name", "type", "value", "from"],
      records.map((record) => [canonicalName, record.type, valueText(record), origin]),
    ),
  ];
}

/** What one can do about a name that has no answer. */
export const NAME_REMEDIES: Partial<Record<DnsFailure, string>> = {
  "no-servers": "name one when the host starts: tapsockd --dns ADDRESS, or tap:NAME?ip=…&dns=ADDRESS",
  "timed-out": "see who was asked with: tapsock dns",
  unreachable: "see who was asked with: tapsock dns, and the ways out with: tapsock route",
};

const lowerFirst = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");

function valueText(record: NameRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "CNAME":
    case "PTR":
      return record.target;
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${record.target}`;
    case "TXT":
      return record.texts.map((text) => `"${text}"`).join(" ");
  }
}
