import { once } from "node:events";
import { Command } from "commander";
import { AF_INET, IPPROTO_TCP, SOCK_STREAM, SOMAXCONN } from "../winsock/abi/constants.ts";
import { WinsockError, WSAECONNRESET, WSAEMFILE, WSAENOBUFS } from "../winsock/abi/errors.ts";
import { accept, bind, closesocket, listen, recv, send, socket } from "../winsock/promises.ts";
import { address, port as portNumber } from "./arguments.ts";
import { interruption } from "./interruption.ts";
import { chooseNetwork, type NetworkOptions, networkOption } from "./network.ts";
import { complain, print, printJson } from "./output.ts";

interface ListenOptions extends NetworkOptions {
  readonly address: string;
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
    .option("--address <address>", "the local address", address, "0.0.0.0")
    .option("--echo", "send everything back instead of printing it")
    .option("--once", "end after the first connection")
    .option("--json", "one JSON object for each event")
    .addOption(networkOption())
    .addHelpText("after", "\nExamples:\n  tapsock listen 7000\n  tapsock listen 7 --echo\n  tapsock listen 7000 --once --json")
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
  const listener = await socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  await bind(listener, { address: options.address, port });
  await listen(listener, SOMAXCONN);
  if (options.json) printJson({ event: "listening", address: options.address, port });
  else complain(`Listening on ${options.address}:${port}; end with Ctrl-C.`);
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
    const conversation = converse(accepted.socket, `${accepted.address}:${accepted.port}`, options);
    if (options.once) return conversation;
    void conversation
      .catch((error: unknown) => complain(`error: ${error instanceof Error ? error.message : String(error)}`))
      .then(() => oneEnded());
  }
}

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
