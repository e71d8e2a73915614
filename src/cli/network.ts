import { Option } from "commander";
import { defaultSocketPath } from "../network/default-socket-path.ts";
import { parseNetworkUrl } from "../network/network-url.ts";
import { closeNetwork, openAsyncPort, useNetwork } from "../network/networks.ts";
import type { EventPort } from "../transport/async-call-port.ts";
import { UsageFailure } from "./failure.ts";

export interface NetworkOptions {
  readonly network?: string;
}

export const networkOption = (): Option =>
  new Option("--network <url>", "embedded:, tap:NAME?ip=… or daemon:PATH (default: $TAPSOCK, else the daemon's usual socket)");

/** The URL that was given, else the environment's, else the daemon's. */
export const networkUrlOf = (given: string | undefined): string => given || process.env["TAPSOCK"] || `daemon:${defaultSocketPath()}`;

/** The socket of the daemon that the URL names; of the usual one when it names another kind of network. */
export function daemonSocketOf(given: string | undefined): string {
  const network = parseNetworkUrl(networkUrlOf(given));
  return network.kind === "daemon" ? network.path : defaultSocketPath();
}

/** The socket of the daemon that is spoken to; undefined for another kind of network. */
export function spokenSocket(given: string | undefined): string | undefined {
  const network = parseNetworkUrl(networkUrlOf(given));
  return network.kind === "daemon" ? network.path : undefined;
}

/**
 * Runs `work` with a port to the network and ends it afterwards.
 * @throws UsageFailure when the URL makes no sense; NetworkError when the network cannot be had
 */
export async function withNetwork<T>(given: string | undefined, work: (port: EventPort) => Promise<T>): Promise<T> {
  chooseNetwork(given);
  const port = await openAsyncPort();
  try {
    return await work(port);
  } finally {
    port.close();
    await closeNetwork();
  }
}

/** For commands that speak Winsock and open no port themselves. @throws UsageFailure */
export function chooseNetwork(given: string | undefined): void {
  try {
    useNetwork(networkUrlOf(given));
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
}
