import { userInfo } from "node:os";
import { Command } from "commander";
import { readDemonstrationState } from "../lab/demonstration-state.ts";
import { type AnnouncedPage, announcedPage } from "../live/page-files.ts";
import { manage } from "../management/manage.ts";
import type { AddressStatus, DhcpStatus, HostStatus, InfraredStatus } from "../management/management.ts";
import { mibCounters } from "../management/mib-counters.ts";
import { daemonSocketOf, type NetworkOptions, networkOption, networkUrlOf, spokenSocket, withNetwork } from "./network.ts";
import { print, printJson, table } from "./output.ts";

export function statusCommand(): Command {
  return new Command("status")
    .summary("one screen: who I am, what runs, on which network, and its counters")
    .description("Shows which network this command line speaks to, the host there, its interfaces and counters.")
    .option("--json", "one JSON object")
    .addOption(networkOption())
    .addHelpText("after", "\nExamples:\n  tapsock status\n  tapsock status --network embedded:\n  tapsock status --json | jq .drops")
    .action(async (options: NetworkOptions & { json?: boolean }) => {
      const network = networkUrlOf(options.network);
      const status = await withNetwork(options.network, (port) => manage(port, { op: "status" }));
      const socket = spokenSocket(options.network);
      const demonstration = readDemonstrationState(daemonSocketOf(options.network));
      const page = socket === undefined ? undefined : announcedPage(socket);
      if (options.json)
        printJson({
          network,
          user: userName(),
          ...status,
          mib: mibCounters(status.drops),
          page: page ?? null,
          demonstration: demonstration ?? null,
        });
      else for (const line of statusLines(network, userName(), status, { namespace: demonstration?.namespace, page })) print(line);
    });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not be in its passwd file.
    return `user ${process.getuid?.() ?? "?"}`;
  }
}

/** What is known beside what the host says of itself. */
interface Surroundings {
  readonly namespace?: string | undefined;
  readonly page?: AnnouncedPage | undefined;
}

export function statusLines(network: string, user: string, status: HostStatus, { namespace, page }: Surroundings = {}): string[] {
  const { version, pid, upMs, profile, clients, connections, interfaces, drops, impaired, capturing, events, door, programs, infrared } =
    status;
  const reasons = Object.entries(drops);
  const rows = interfaces.map((each) => [
    each.name,
    each.isUp ? "up" : "down",
    each.addresses.map(addressText).join(" ") || "-",
    each.mac,
    each.mtu,
    each.framesIn,
    each.framesOut,
    each.bytesIn,
    each.bytesOut,
    sum(each.drops),
    offloadText(each.offloads),
  ]);
  const heads = ["interface", "state", "address", "mac", "mtu", "frames in", "frames out", "bytes in", "bytes out", "dropped", "offloads"];
  return [
    `I am      ${user}, process ${process.pid}, speaking to ${network}`,
    `runs      tapsock ${version}, process ${pid}, for ${upTime(upMs)}${namespace === undefined ? "" : `, in the namespace ${namespace}`}`,
    ...(page === undefined ? [] : [`page      ${page.url}${page.urlToRead === undefined ? " (its token is for who started it)" : ""}`]),
    `profile   ${profile}`,
    `in use    ${clients} ${clients === 1 ? "client" : "clients"}, ${connections} ${connections === 1 ? "connection" : "connections"}`,
    ...(door === undefined ? [] : [`door      ${doorText(door)}`]),
    `programs  ${programText(programs)}`,
    ...interfaces.flatMap(({ name, dhcp }) => (dhcp === undefined ? [] : [`dhcp      ${dhcpText(name, dhcp)}`])),
    ...(infrared === undefined ? [] : [`infrared  ${infraredText(infrared)}`]),
    `buffers   ${mebibytes(status.bufferBytes)} MiB in connections`,
    `watched   ${events.subscriptions} ${events.subscriptions === 1 ? "subscription" : "subscriptions"}${events.lost > 0 ? `, ${events.lost} events lost to slow readers` : ""}`,
    `altered   ${impaired ? "frames are impaired on purpose (tapsock fault)" : "nothing"}${capturing ? "; frames are captured" : ""}`,
    "",
    ...table(heads, rows),
    "",
    reasons.length === 0 ? "No packet came to nothing." : "Packets that came to nothing:",
    ...reasons.map(([reason, count]) => `  ${String(count).padStart(8)}  ${reason}`),
  ];
}

/** `00000007 "laptop" in /tmp/room; linked to 0a0b0c0d, 2 connections`. */
function infraredText({ id, name, room, peer, connections }: InfraredStatus): string {
  const where = room === undefined ? "" : ` in ${room}`;
  const link = peer === undefined ? "no link" : `linked to ${peer}, ${connections} ${connections === 1 ? "connection" : "connections"}`;
  return `${id} "${name}"${where}; ${link}`;
}

/** What is out of the ordinary about an address stands behind it. */
export function addressText({ address, origin, state, validForMs }: AddressStatus): string {
  const ends = validForMs === undefined ? undefined : `${upTime(validForMs)} left`;
  const notes = [origin === "manual" || origin === "loopback" ? undefined : origin, state === "preferred" ? undefined : state, ends];
  const said = notes.filter((note) => note !== undefined).join(", ");
  return said === "" ? address : `${address} (${said})`;
}

/** `tap0 BOUND, 203.0.113.77 of 203.0.113.1; renewed in 29 min 3 s, of any server in 52 min 8 s, ends in 59 min 51 s`. */
export function dhcpText(name: string, { state, address, server, renewInMs, rebindInMs, endsInMs }: DhcpStatus): string {
  if (address === undefined) return `${name} ${state}, without an address`;
  const lease = `${name} ${state}, ${address} of ${server}`;
  if (renewInMs === undefined || rebindInMs === undefined || endsInMs === undefined) return `${lease} for ever`;
  return `${lease}; renewed in ${upTime(renewInMs)}, of any server in ${upTime(rebindInMs)}, ends in ${upTime(endsInMs)}`;
}

/** What the daemon's clients hold beside what they may. */
function doorText({ clients, strangers, requestBytes, replyBytes, limits }: NonNullable<HostStatus["door"]>): string {
  const silent = strangers > 0 ? `, ${strangers} yet to say hello` : "";
  const held = `${mebibytes(requestBytes)} of ${mebibytes(limits.requestBytes)} MiB of requests in part`;
  const unread = `${mebibytes(replyBytes)} of ${mebibytes(limits.replyBytes)} MiB of replies unread (${mebibytes(limits.clientReplyBytes)} a client)`;
  return `${clients} of ${limits.clients} clients${silent}; ${held}, ${unread}`;
}

/** What programs have beside what each may. */
function programText({ sockets, pendingCalls, queuedBytes, waitingBytes, limits }: HostStatus["programs"]): string {
  const bytes = `${mebibytes(queuedBytes)} MiB to be sent (${mebibytes(limits.queuedBytes)} each), ${mebibytes(waitingBytes)} MiB in waiting calls (${mebibytes(limits.waitingBytes)} each)`;
  return `${sockets} sockets (${limits.sockets} each), ${pendingCalls} waiting calls (${limits.pendingCalls} each); ${bytes}`;
}

const mebibytes = (bytes: number): string => String(Math.round((bytes / 1024 / 1024) * 10) / 10);

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

function offloadText(offloads: HostStatus["interfaces"][number]["offloads"]): string {
  const on = [offloads.checksum && "checksum", offloads.tso4 && "tso4", offloads.tso6 && "tso6", offloads.uso === true && "uso"].filter(
    Boolean,
  );
  return on.join(" ") || "none";
}

export function upTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
