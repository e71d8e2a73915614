import { once } from "node:events";
import { Command } from "commander";
import { AF_INET, AF_INET6, IPPROTO_IPV6, IPPROTO_TCP, IPV6_V6ONLY, SOCK_STREAM, SOMAXCONN } from "../winsock/abi/constants.ts";
import { WinsockError, WSAECONNRESET, WSAEMFILE, WSAENOBUFS } from "../winsock/abi/errors.ts";
import { accept, bind, closesocket, listen, recv, send, setsockopt, socket } from "../winsock/promises.ts";
import { address, port as portNumber } from "./arguments.ts";
import { interruption } from "./interruption.ts";
import { chooseNetwork, type NetworkOptions, networkOption, withNetwork } from "./network.ts";
import { complain, print, printJson } from "./output.ts";
import { endpointText, isOfIpv6, needsHost, targetAddress } from "./target.ts";

interface ListenOptions extends NetworkOptions {
  readonly address?: string;
  readonly echo?: boolean;
  readonly once?: boolean;
  readonly json?: boolean;
}

/** Asked of each recv. */
const CHUNK = 65_536;
/** Between two looks for a free socket, when others than our connections have used them up. */
const RETRY_MS = 250;

export function listenCommand(): Command {
  return new Command("listen")
    .summary("take connections on a port and show what comes")
    .description("Listens, accepts, and prints what each connection sends, until Ctrl-C.")
    .argument("<port>", "1 to 65535", portNumber)
    .option("--address <address>", "the local address; every one of both families when left out, of one for 0.0.0.0 and ::", address)
    .option("--echo", "send everything back instead of printing it")
    .option("--once", "end after the first connection")
    .option("--json", "one JSON object for each event")
    .addOption(networkOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tapsock listen 7000\n  tapsock listen 7 --echo\n  tapsock listen 7000 --address 2001:db8::2\n  tapsock listen 7000 --once --json",
    )
    .action(async (port: number, options: ListenOptions) => {
      chooseNetwork(options.network);
      const stop = interruption();
      try {
        await serve(port, options, stop);
      } catch (error) {
        if (stop.aborted) return;
        throw error;
      }
    });
}

async function serve(port: number, options: ListenOptions, stop: AbortSignal): Promise<void> {
  const local = options.address === undefined ? undefined : await localAddress(options.address, options);
  const listener = await socket(local === undefined || isOfIpv6(local) ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (local === undefined) await setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, false);
  await bind(listener, local === undefined ? { port } : { address: local, port });
  await listen(listener, SOMAXCONN);
  if (options.json) printJson({ event: "listening", address: local ?? "*", port });
  else complain(`Listening on ${endpointText(local ?? "*", port)}; end with Ctrl-C.`);
  let oneEnded = () => {};
  for (;;) {
    let accepted: Awaited<ReturnType<typeof accept>>;
    try {
      accepted = await accept(listener, { signal: stop });
    } catch (error) {
      if (!(error instanceof WinsockError)) throw error;
      // Its peer reset while it waited to be accepted; the listener is as good as before.
      if (error.errno === WSAECONNRESET) continue;
      if (error.errno !== WSAEMFILE && error.errno !== WSAENOBUFS) throw error;
      // The rest wait in the queue until one of ours ends.
      await new Promise<void>((resolve) => {
        oneEnded = resolve;
        setTimeout(resolve, RETRY_MS);
      });
      continue;
    }
    const conversation = converse(accepted.socket, endpointText(unmapped(accepted.address), accepted.port), options);
    if (options.once) return conversation;
    void conversation
      .catch((error: unknown) => complain(`error: ${error instanceof Error ? error.message : String(error)}`))
      .then(() => oneEnded());
  }
}

/** Its zone as a number. */
const localAddress = async (address: string, { network }: ListenOptions): Promise<string> =>
  needsHost(address) ? withNetwork(network, (port) => targetAddress(port, address, {})) : address;

/** An IPv4 address as such, where a socket of both families says `::ffff:203.0.113.1`. */
const unmapped = (address: string): string => address.replace(/^::ffff:(?=[\d.]+$)/, "");

/** Takes everything that one peer sends. */
async function converse(s: number, peer: string, options: ListenOptions): Promise<void> {
  let bytes = 0;
  let failure: string | undefined;
  if (options.json) printJson({ event: "accepted", peer });
  else complain(`${peer} connected`);
  try {
    for (let chunk = await recv(s, CHUNK); chunk.length > 0; chunk = await recv(s, CHUNK)) {
      bytes += chunk.length;
      if (options.echo) await send(s, chunk);
      else if (options.json) printJson({ event: "received", peer, base64: Buffer.from(chunk).toString("base64") });
      // A slow reader of ours slows the peer down, and not the memory's growth.
      else if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    }
  } catch (error) {
    if (!(error instanceof WinsockError)) throw error;
    failure = error.message;
  }
  await closesocket(s).catch(() => {});
  if (options.json) printJson({ event: "closed", peer, bytes, failure: failure ?? null });
  else complain(`${peer} ${failure === undefined ? "closed" : `was lost: ${failure}`}; ${bytes} bytes`);
  if (!options.json && !options.echo && bytes > 0 && process.stdout.isTTY) print("");
}
