import { Command } from "commander";
import { Ladder } from "../lab/ladder.ts";
import { styleFor } from "../lab/text-style.ts";
import { eventOf, followTrace } from "../lab/trace-stream.ts";
import type { EventPort } from "../transport/async-call-port.ts";
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_STREAM } from "../winsock/abi/constants.ts";
import { describeError, errorName, WinsockError } from "../winsock/abi/errors.ts";
import { closesocket, connect, socket, WSACleanup } from "../winsock/promises.ts";
import { duration, hostName, port as portNumber } from "./arguments.ts";
import { CommandFailure, Interrupted } from "./failure.ts";
import { interruption } from "./interruption.ts";
import { chooseNetwork, type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { print, printJson } from "./output.ts";
import { checkFamily, endpointText, type FamilyChoice, isOfIpv6, needsHost, targetAddress } from "./target.ts";

interface ConnectOptions extends NetworkOptions, FamilyChoice {
  readonly ladder?: boolean;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** For the last segments of a connection to be drawn. */
const SETTLE_MS = 300;
/** A call is drawn alone when its return has not come within this time. */
const PAUSE_MS = 50;

interface Verdict {
  readonly error: number;
  readonly elapsedMs: number;
}

export function connectCommand(): Command {
  return new Command("connect")
    .summary("one Winsock connect, with its verdict")
    .description("Connects once over TCP, says what connect returned and what it means, and closes. Status 1 when it did not connect.")
    .argument("<host>", "address or name", hostName)
    .argument("<port>", "1 to 65535", portNumber)
    .option("-4, --ipv4", "IPv4 alone, of a name that has both")
    .option("-6, --ipv6", "IPv6 alone, of a name that has both")
    .option("--ladder", "show every call, segment, state and timer")
    .option("--timeout <time>", "give up after this time (Windows gives up after 21 s)", duration)
    .option("--json", "the verdict as one JSON object")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock connect 203.0.113.1 8080\n  tapsock connect 203.0.113.1 8081 --ladder\n  tapsock connect 2001:db8::1 80\n  tapsock connect fe80::1%tap0 80 --ladder\n  tapsock connect 127.0.0.1 27015 --network embedded: --json",
    )
    .action(async (target: string, port: number, options: ConnectOptions) => {
      checkFamily(target, options);
      const host = needsHost(target) ? await withNetwork(options.network, (watcher) => targetAddress(watcher, target, options)) : target;
      const verdict = options.ladder ? await drawn(host, port, options) : await attempt(host, port, options);
      report(host, port, verdict, options);
    });
}

async function attempt(host: string, port: number, options: ConnectOptions): Promise<Verdict> {
  chooseNetwork(options.network);
  const interrupted = interruption();
  const limit = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout);
  const s = await socket(isOfIpv6(host) ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  const startMs = performance.now();
  let error = 0;
  try {
    await connect(s, { address: host, port }, { signal: limit === undefined ? interrupted : AbortSignal.any([interrupted, limit]) });
  } catch (failure) {
    if (interrupted.aborted) throw new Interrupted();
    if (limit?.aborted) throw new CommandFailure(`connect to ${endpointText(host, port)} had no outcome within ${options.timeout} ms.`);
    if (!(failure instanceof WinsockError)) throw failure;
    error = failure.errno;
  }
  const elapsedMs = performance.now() - startMs;
  await closesocket(s);
  await WSACleanup();
  return { error, elapsedMs };
}

/** The same with a ladder beside: a second client of the network watches the first. */
async function drawn(host: string, port: number, options: ConnectOptions): Promise<Verdict> {
  return withNetwork(options.network, async (watcher: EventPort) => {
    // With --json the result alone is on stdout.
    const out = options.json ? process.stderr : process.stdout;
    const ladder = new Ladder({
      write: (line) => out.write(`${line}\n`),
      style: styleFor(out, process.env),
      width: out.columns,
      peer: host,
    });
    const pauses = setInterval(() => ladder.pause(), PAUSE_MS);
    try {
      const stop = await followTrace(watcher, (record) => ladder.event(eventOf(record)));
      const verdict = await attempt(host, port, options);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      await stop();
      return verdict;
    } finally {
      clearInterval(pauses);
      ladder.pause();
    }
  });
}

function report(host: string, port: number, { error, elapsedMs }: Verdict, options: ConnectOptions): void {
  const milliseconds = Math.round(elapsedMs * 1000) / 1000;
  if (options.json) {
    const name = error === 0 ? "NO_ERROR" : (errorName(error) ?? null);
    printJson({ address: host, port, connected: error === 0, error, name, meaning: describeError(error), elapsedMs: milliseconds });
  } else if (error === 0) {
    print(`connected to ${endpointText(host, port)} in ${milliseconds} ms`);
  } else {
    print(describeError(error));
  }
  process.exitCode = error === 0 ? 0 : 1;
}
