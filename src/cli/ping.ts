import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { manage } from "../management/manage.ts";
import type { PingReport } from "../management/management.ts";
import { between, duration, hostName } from "./arguments.ts";
import { interruption } from "./interruption.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson } from "./output.ts";
import { checkFamily, type FamilyChoice, targetAddress } from "./target.ts";

interface PingCommandOptions extends NetworkOptions, FamilyChoice {
  readonly count: number;
  readonly size: number;
  readonly interval: number;
  readonly timeout: number;
  readonly json?: boolean;
}

const MAX_COUNT = 1_000_000;
/** What the longest IPv4 datagram has room for beside both headers. */
const MAX_BYTES = 65_507;

export function pingCommand(): Command {
  return new Command("ping")
    .summary("send ICMP echo requests from tapsock's address")
    .description("Sends ICMP echo requests and shows the replies. Status 1 when no reply came.")
    .argument("<host>", "address or name", hostName)
    .option("-4, --ipv4", "IPv4 alone, of a name that has both")
    .option("-6, --ipv6", "IPv6 alone, of a name that has both")
    .option("-c, --count <n>", "how many", between(1, MAX_COUNT), 4)
    .option("-s, --size <bytes>", "payload", between(0, MAX_BYTES), 32)
    .option("-i, --interval <time>", "time between requests", duration, 1000)
    .option("-W, --timeout <time>", "how long to wait for each reply", duration, 1000)
    .option("--json", "one JSON object for each request")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock ping 203.0.113.1\n  tapsock ping 203.0.113.1 -c 10 -i 200ms\n  tapsock ping -6 www.example.com\n  tapsock ping fe80::1%tap0\n  tapsock ping 203.0.113.1 --json",
    )
    .action(async (target: string, options: PingCommandOptions) => {
      checkFamily(target, options);
      const stop = interruption();
      let sent = 0;
      let received = 0;
      await withNetwork(options.network, async (port) => {
        const host = await targetAddress(port, target, options, stop);
        for (let i = 0; i < options.count && !stop.aborted; i++) {
          if (i > 0) await sleep(options.interval, undefined, { signal: stop }).catch(() => {});
          if (stop.aborted) break;
          sent++;
          const result = await manage(port, { op: "ping", address: host, bytes: options.size, timeoutMs: options.timeout }, stop);
          if (result.outcome === "reply") received++;
          if (options.json) printJson({ address: host, sequence: i + 1, ...result });
          else print(`${host}: ${resultText(result, options.timeout)}`);
        }
      });
      if (!options.json) print(`${sent} sent, ${received} answered`);
      process.exitCode = received > 0 ? 0 : 1;
    });
}

function resultText(result: PingReport, timeoutMs: number): string {
  switch (result.outcome) {
    case "reply":
      return `reply of ${result.bytes} bytes in ${result.rttMs.toFixed(3)} ms, TTL ${result.ttl}`;
    case "timeout":
      return `no reply within ${timeoutMs} ms`;
    case "unreachable":
      return `unreachable (${result.reason})${result.reporter === undefined ? "" : `, says ${result.reporter}`}`;
  }
}
