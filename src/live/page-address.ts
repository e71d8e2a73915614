import { isIP } from "node:net";
import { hostname } from "node:os";

/** Where the page cannot be served, or not that openly. The message is a sentence. */
export class PageAddressError extends Error {
  override readonly name = "PageAddressError";
}

export interface PageAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:8077`, `localhost:0`, `[::1]:8077`. @throws PageAddressError */
export function parsePageAddress(text: string): PageAddress {
  const [, host = "", digits = ""] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const bare = host.replace(/^\[|\]$/g, "");
  const port = Number(digits);
  const isHost = bare === "localhost" || isIP(bare) !== 0;
  if (!isHost || digits === "" || port > 65_535) {
    throw new PageAddressError(`Cannot serve the page at "${text}": expected address and port, such as 127.0.0.1:8077 or [::1]:8077`);
  }
  return { host: bare, port };
}

export const isLoopbackHost = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/** @throws PageAddressError where other machines could come, and nobody has said that they may */
export function checkReach({ host }: PageAddress, mayBeAnywhere: boolean): void {
  if (isLoopbackHost(host) || mayBeAnywhere) return;
  throw new PageAddressError(
    `Cannot serve the page at ${host}: other machines could reach it, unencrypted; say 127.0.0.1, or --page-anywhere if that is meant`,
  );
}

/** As it stands in an address: `127.0.0.1`, `[::1]`. */
const inUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** Where the page is found once it is listened at a port. */
export const pageOrigin = ({ host, port }: PageAddress): string => {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${inUrl(reachable)}:${port}`;
};

/**
 * Whether a request's Host header names us. A page of another site reaches us under that site's name when its DNS says our address
 * (rebinding), and then its scripts could read what we say; so names are ours alone, and addresses are nobody's name.
 */
export function isOurHost(header: string | undefined, { host, port }: PageAddress): boolean {
  if (header === undefined) return false;
  const [, named = "", digits] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(header.toLowerCase()) ?? [];
  if (Number(digits ?? 80) !== port) return false;
  const bare = named.replace(/^\[|\]$/g, "");
  if (isLoopbackHost(host)) return bare === host || bare === "localhost";
  return isIP(bare) !== 0 || bare === "localhost" || bare === hostname().toLowerCase();
}
