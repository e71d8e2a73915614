#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { DEFAULT_DOOR_LIMITS } from "../network/socket-door.ts";
import { DEFAULT_LIMITS } from "../winsock/provider/limits.ts";
import { daemonConfig, UsageError } from "./config.ts";
import { Daemon } from "./daemon.ts";
import { type Log, makeLog } from "./log.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { readonly version: string };

const FAILED = 1;
const WRONG_USAGE = 2;
/** Between a signal and the end, whatever hangs. */
const STOP_LIMIT_MS = 5_000;

const EXAMPLES = `
Examples:
  # a host at 203.0.113.2 on a TAP of its own; the kernel's side gets 203.0.113.1
  sudo tapsockd --tap tap0 --ip 203.0.113.2/24 --kernel-ip 203.0.113.1/24

  # on a TAP that was made for this user (ip tuntap add tap0 mode tap user $USER)
  tapsockd --tap tap0 --ip 203.0.113.2/24 --gateway 203.0.113.1 --socket /tmp/tapsock.sock

  # with IPv6 beside
  tapsockd --tap tap0 --ip 203.0.113.2/24 --ip6 2001:db8::2/64 --gateway6 2001:db8::1

  # with a name server, and names of its own beside
  tapsockd --tap tap0 --ip 203.0.113.2/24 --dns 203.0.113.53 --search corp.example --hosts /etc/hosts

  # where a DHCP server says the address
  sudo tapsockd --tap tap0 --dhcp

  # with an infrared device, in sight of those of other daemons with the same directory
  tapsockd --infrared /run/tapsock/room --infrared-name laptop

  # with the lab's page, for a browser on this machine
  tapsockd --tap tap0 --ip 203.0.113.2/24 --page 127.0.0.1:8077

  # without a TAP: programs talk to each other on a virtual host
  tapsockd --socket /tmp/tapsock.sock

Programs attach with TAPSOCK=daemon:PATH. Exit status: 0 stopped, 1 failed, 2 wrong usage.`;

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
  readonly [key: string]: unknown;
}

function command(): Command {
  return new Command("tapsockd")
    .description("Owns a TAP device and one TCP/IP host on it, which other processes use through a Unix socket.")
    .version(version)
    .option("--tap <name>", "TAP device, made if it is not there; a virtual wire when left out")
    .option("--ip <address/length>", "the host's address (default: 203.0.113.2/24)")
    .option(
      "--ip6 <address/length>",
      "an IPv6 address of the host, or auto for those that routers advertise; may be given again",
      collected,
    )
    .option("--gateway6 <address>", "default router of IPv6, link-local or within a prefix of --ip6")
    .option("--dhcp", "asks a DHCP server for address, router, name servers and MTU, in place of --ip and --gateway")
    .option("--gateway <address>", "default router")
    .option("--detect-conflicts", "asks the link whether another station has the address before it is used; takes some five seconds")
    .option("--conflict-policy <policy>", "when another station uses the address: yield, defend-once or keep (default: defend-once)")
    .option("--socket <path>", "where clients attach (default: /run/tapsock/tapsock.sock for root, else in $XDG_RUNTIME_DIR)")
    .option("--profile <name>", "windows, linux or rfc (default: windows)")
    .option("--offload <on|off>", "segmentation and checksums left to the kernel (default: on)")
    .option("--mac <address>", "the host's link address (default: made from the device's name)")
    .option("--mtu <bytes>", "largest IP datagram")
    .option(
      "--kernel-ip <address/length>",
      "gives the kernel's side of the TAP an address and brings it up; may be given again for IPv6",
      collected,
    )
    .option("--capture <file>", "writes every frame to a pcapng file")
    .option("--record <file>", "writes all that the host is given to a file, for a replay; it holds all data in clear")
    .option("--hostname <name>", "what the host calls itself (default: tapsock)")
    .option("--dns <address>", "a name server; may be given again for others, which are asked in that order", collected)
    .option("--search <domain>", "where names without a dot are looked for; may be given again", collected)
    .option("--hosts <file>", "addresses and names that are known without asking, as in /etc/hosts; read at the start")
    .option("--infrared <directory>", "gives the host an infrared device, in sight of those of other hosts with the same directory")
    .option("--infrared-devices <json>", "simulated devices in sight of the host's own, as a list of id, name, services and attributes")
    .option("--infrared-id <number>", "the infrared device's id, 1 to 0xfffffffe (default: any)")
    .option("--infrared-name <name>", "what others see of the infrared device (default: the host's name)")
    .option("--page <address:port>", "serves the lab's page to browsers on this machine, port 0 for any; the ready line has its address")
    .option("--page-anywhere", "lets --page name an address that other machines reach; what it shows is not encrypted")
    .option("--administrators <who>", "whose programs may have raw sockets: everyone who may attach, root or nobody (default: everyone)")
    .option("--max-clients <count>", `programs that may be attached at a time (default: ${DEFAULT_DOOR_LIMITS.clients})`)
    .option("--max-sockets <count>", `sockets that one program may have (default: ${DEFAULT_LIMITS.sockets})`)
    .option(
      "--config <file>",
      "JSON object with the keys tap, ip, dhcp, gateway, ip6, gateway6, detectConflicts, conflictPolicy, socket, profile, offload, mac, mtu, kernelIp, capture, record, hostname, dns, search, hosts, infrared, infraredDevices, infraredId, infraredName, page, pageAnywhere, administrators, maxClients, maxSockets; a flag wins",
    )
    .option("--json", "log JSON lines to stderr, and say ready in JSON")
    .allowExcessArguments(false)
    .showHelpAfterError("(tapsockd --help shows what there is)")
    .addHelpText("after", EXAMPLES)
    .exitOverride();
}

const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Runs until the daemon has stopped. @returns the exit status */
async function main(argv: readonly string[]): Promise<number> {
  const program = command();
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    throw error;
  }
  const { config: file, json = false, ...flags } = program.opts<Flags>();
  const log = makeLog(json);
  try {
    const daemon = await Daemon.start(daemonConfig(flags, file, process.env), log);
    const ended = untilEnd(daemon, log);
    await sayReady(daemon, json);
    return await ended;
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}

/** Resolves when a signal, a client or the host's death has ended the daemon, and everything is cleaned up. */
function untilEnd(daemon: Daemon, log: Log): Promise<number> {
  return new Promise((resolve) => {
    const end = (status: number) => {
      setTimeout(() => process.exit(FAILED), STOP_LIMIT_MS).unref();
      daemon.stop().then(
        () => resolve(status),
        () => resolve(FAILED),
      );
    };
    process.once("SIGTERM", () => end(0));
    process.once("SIGINT", () => end(0));
    process.once("uncaughtException", (error) => {
      log.fatal(error.stack ?? error.message);
      end(FAILED);
    });
    daemon.onHostDown = (why) => {
      if (why !== "") log.fatal({ why }, "the host ended");
      end(why === "" ? 0 : FAILED);
    };
  });
}

async function sayReady(daemon: Daemon, json: boolean): Promise<void> {
  const { interfaces, pid } = await daemon.status();
  const outer = interfaces[0];
  const name = outer?.name ?? "";
  // A server may take its time.
  const address = outer?.addresses[0]?.address ?? "";
  // Whoever waits for this line may have gone.
  process.stdout.on("error", () => {});
  const line = json
    ? JSON.stringify({ ready: true, socket: daemon.socketPath, device: name, address, pid, ...pageRecord(daemon) })
    : `tapsockd ready on ${daemon.socketPath} (${name}, ${address || "address by DHCP"})${pageLines(daemon)}`;
  process.stdout.write(`${line}\n`);
}

const pageRecord = ({ page }: Daemon): object => (page === undefined ? {} : { page: page.ownerUrl, pageToRead: page.readerUrl });

const pageLines = ({ page }: Daemon): string => (page === undefined ? "" : `\nthe page: ${page.ownerUrl}\nonly to read: ${page.readerUrl}`);

process.exit(await main(process.argv.slice(2)));
