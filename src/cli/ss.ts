import { Command } from "commander";
import { durationText } from "../lab/ladder.ts";
import { manage } from "../management/manage.ts";
import type { ManagementResults } from "../management/management.ts";
import { waitSentence } from "../stack/core/wait-reasons.ts";
import { type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson, table } from "./output.ts";

export function ssCommand(): Command {
  return new Command("ss")
    .summary("list sockets: listeners, connections, datagram sockets")
    .description("Lists the TCP connections and listeners and the UDP sockets of a host.")
    .option("-i, --info", "show each connection's inside: round trip, windows, timers")
    .option("--why", "say what each connection waits for")
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock ss\n  tapsock ss --info\n  tapsock ss --why\n  tapsock ss --json | jq '.tcp[] | select(.state == \"ESTABLISHED\")'",
    )
    .action(async (options: NetworkOptions & { info?: boolean; why?: boolean; json?: boolean }) => {
      const sockets = await withNetwork(options.network, (port) => manage(port, { op: "ss" }));
      if (options.json) printJson(sockets);
      else for (const line of socketLines(sockets, options.info === true, options.why === true)) print(line);
    });
}

/** A table of sockets; with `inside` lines below each connection, with `why` the sentence on what it waits for. */
export function socketLines(sockets: ManagementResults["ss"], inside: boolean, why = false): string[] {
  const rows = [
    ...sockets.tcp.map((each) => ["tcp", each.state, each.receiveQueueBytes, each.sendQueueBytes, each.local, each.remote]),
    ...sockets.udp.map((each) => ["udp", "", each.receiveQueueBytes, 0, each.local, each.remote ?? "*"]),
  ];
  const [head = "", ...lines] = table(["proto", "state", "recv-q", "send-q", "local", "remote"], rows);
  return [
    head,
    ...lines.flatMap((line, i) => [line, ...(inside ? insideLines(sockets.tcp[i]) : []), ...(why ? whyLines(sockets.tcp[i]) : [])]),
  ];
}

function whyLines(status: ManagementResults["ss"]["tcp"][number] | undefined): string[] {
  if (status?.wait === undefined) return [];
  const { reason, inMs, ...details } = status.wait;
  const quiet = status.state === "TIME-WAIT" ? "" : ` (quiet for ${durationText(Math.round(status.quietMs))})`;
  return [`      ${waitSentence(reason, { ...details, untilMs: inMs }, 0)}${quiet}`];
}

function insideLines(status: ManagementResults["ss"]["tcp"][number] | undefined): string[] {
  if (status === undefined || status.state === "LISTEN") return [];
  if (status.state === "TIME-WAIT")
    return [`      ${status.timers.map((timer) => `${timer.name} in ${Math.round(timer.inMs)} ms`).join(", ")}`];
  const { srttMs, rttvarMs, rtoMs, mss, cwnd, ssthresh, sndWnd, rcvWnd, bytesSent, bytesReceived, retransmissions, timers } = status;
  const pending = timers.map((timer) => `${timer.name} in ${Math.round(timer.inMs)} ms`).join(", ") || "no timer";
  return [
    `      rtt ${srttMs.toFixed(2)}±${rttvarMs.toFixed(2)} ms  rto ${Math.round(rtoMs)} ms  mss ${mss}  cwnd ${cwnd}  ssthresh ${Number.isFinite(ssthresh) && ssthresh !== null ? ssthresh : "∞"}`,
    `      windows: peer ${sndWnd}, ours ${rcvWnd}  sent ${bytesSent}  received ${bytesReceived}  retransmitted ${retransmissions}  ${pending}`,
  ];
}
