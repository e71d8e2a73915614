import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import sirv from "sirv";
import { WebSocketServer } from "ws";
import type { LiveRun } from "./live-run.ts";
import { isOurHost, type PageAddress, PageAddressError, pageOrigin } from "./page-address.ts";
import { PAGE_CLIENT_LIMITS, PageClient, type PageClientLimits } from "./page-client.ts";
import { PAGE_HEADERS, policyFor } from "./page-headers.ts";
import { PageTokens } from "./page-tokens.ts";

export interface PageServerOptions {
  readonly address: PageAddress;
  readonly run: LiveRun;
  /** How many ports behind the first are tried when it is taken; none when left out. */
  readonly morePorts?: number;
  /** The page's files; those of this build when left out. */
  readonly folder?: string;
  readonly tokens?: PageTokens;
  readonly limits?: PageClientLimits;
}

/** Pages at a time. */
export const MOST_PAGES = 16;
const MOST_MESSAGE_BYTES = 64 * 1024;
const MOST_CONNECTIONS = 128;
const HEADERS_LIMIT_MS = 10_000;
/** For pages to hear that the server ends. */
const GOODBYE_MS = 250;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;
const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));
const NOT_BUILT = "The page is not built: npm run build makes it.\n";

/** Hands out the files of the page to whoever is on this machine, and the run to who has a token. */
export class PageServer {
  readonly run: LiveRun;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #tokens: PageTokens;
  readonly #limits: PageClientLimits;
  readonly #files: (request: IncomingMessage, response: ServerResponse, next: () => void) => void;
  #address: PageAddress;

  private constructor({ address, run, folder = BUILT_PAGE, tokens, limits }: PageServerOptions) {
    this.run = run;
    this.#address = address;
    this.#tokens = tokens ?? new PageTokens();
    this.#limits = limits ?? PAGE_CLIENT_LIMITS;
    this.#files = filesOf(folder);
    this.#server = createServer({ headersTimeout: HEADERS_LIMIT_MS, requestTimeout: HEADERS_LIMIT_MS }, (request, response) =>
      this.#request(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false });
    this.#server.on("upgrade", (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
    this.#server.on("clientError", (_error, socket) => socket.destroy());
  }

  /** @throws PageAddressError when nobody can listen there */
  static async start(options: PageServerOptions): Promise<PageServer> {
    const server = new PageServer(options);
    const { host, port } = options.address;
    const ports = port === 0 ? [0] : Array.from({ length: 1 + (options.morePorts ?? 0) }, (_, i) => port + i);
    for (const [i, each] of ports.entries()) {
      const error = await server.#listen(host, each);
      if (error === undefined) return server;
      if (error.code !== "EADDRINUSE" || i === ports.length - 1) {
        const why = error.code === "EADDRINUSE" ? "another program listens there; name another port" : error.message;
        throw new PageAddressError(`Cannot serve the page at ${host}:${each}: ${why}`);
      }
    }
    return server;
  }

  /** Without a token: for everybody to know. */
  get origin(): string {
    return pageOrigin(this.#address);
  }

  /** The address for who may change the host, its token within. */
  get ownerUrl(): string {
    return `${pageOrigin(this.#address)}/?token=${this.#tokens.owner}`;
  }

  /** For who may only look. */
  get readerUrl(): string {
    return `${pageOrigin(this.#address)}/?token=${this.#tokens.reader}`;
  }

  async close(): Promise<void> {
    const { clients } = this.#sockets;
    for (const client of clients) client.close(GOING_AWAY);
    this.#sockets.close();
    const limitMs = performance.now() + GOODBYE_MS;
    while (clients.size > 0 && performance.now() < limitMs) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const client of clients) client.terminate();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    await this.run.close();
  }

  #listen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => resolve(error);
      this.#server.once("error", failed);
      this.#server.listen(port, host, () => {
        this.#server.off("error", failed);
        // From here on an error is of one accept (EMFILE), and the next may be better.
        this.#server.on("error", () => {});
        this.#address = { host, port: (this.#server.address() as AddressInfo).port };
        resolve(undefined);
      });
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value!);
    // Also where the answer is that a browser has the file: the policy that comes with that replaces the one it keeps.
    response.setHeader("Content-Security-Policy", policyFor(targetOf(request.url ?? "").path));
    if (!isOurHost(request.headers.host, this.#address)) {
      refuse(response, 403, "This page has another address; see what its server printed.\n");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      refuse(response, 405, "Only GET and HEAD are known here.\n");
      return;
    }
    try {
      this.#files(request, response, () => refuse(response, 404, "There is no such file.\n"));
    } catch {
      // A path that no URL can have.
      refuse(response, 400, "That is no address of a file.\n");
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const { host, origin } = request.headers;
    const { path, token } = targetOf(request.url ?? "");
    // Browsers say where a script comes from, and let it not say otherwise.
    if (!isOurHost(host, this.#address) || origin?.toLowerCase() !== `http://${host!.toLowerCase()}`) {
      turnAway(socket, "403 Forbidden");
      return;
    }
    if (path !== "/run") {
      turnAway(socket, "404 Not Found");
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      // Only so does a page learn why: a script sees no status of an answer that is no WebSocket.
      client.on("error", () => {});
      const role = this.#tokens.roleOf(token);
      if (role === undefined) client.close(POLICY_VIOLATION, "The token in the address is not this host's.");
      else if (this.#sockets.clients.size > MOST_PAGES) client.close(TRY_AGAIN_LATER, `${MOST_PAGES} pages are open already.`);
      else new PageClient(client, this.run, role, this.#limits);
    });
  }
}

function filesOf(folder: string): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  if (!existsSync(`${folder}/index.html`)) return (_request, response) => refuse(response, 503, NOT_BUILT);
  return sirv(folder, { etag: true, gzip: true });
}

function targetOf(url: string): { readonly path: string; readonly token: string } {
  try {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    return { path: pathname, token: searchParams.get("token") ?? "" };
  } catch {
    return { path: "", token: "" };
  }
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(sentence);
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  // Whoever does not hang up.
  setTimeout(() => socket.destroy(), HEADERS_LIMIT_MS).unref();
}
