import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import { LiveRun, type LiveRunOptions } from "../../src/live/live-run.ts";
import type { PageClientLimits } from "../../src/live/page-client.ts";
import { PageServer } from "../../src/live/page-server.ts";
import type { SourceMessage } from "../../src/run/page-messages.ts";
import { ScriptedHost } from "./scripted-host.ts";

export const INDEX = "<!doctype html><title>page</title>";

/** A page's server with a scripted host behind it, and whoever a test lets look. */
export class PageOfTest {
  readonly host: ScriptedHost;
  readonly server: PageServer;
  readonly origin: string;
  readonly #folder: string;
  readonly #visitors: Visitor[] = [];

  private constructor(host: ScriptedHost, server: PageServer, folder: string) {
    this.host = host;
    this.server = server;
    this.#folder = folder;
    this.origin = new URL(server.ownerUrl).origin;
  }

  static async start(run: Partial<LiveRunOptions> = {}, limits?: PageClientLimits): Promise<PageOfTest> {
    const folder = mkdtempSync(join(tmpdir(), "tapsock-page-"));
    const files = join(folder, "page");
    mkdirSync(files);
    writeFileSync(join(folder, "secret.txt"), "not to be served");
    writeFileSync(join(files, "index.html"), INDEX);
    writeFileSync(join(files, "main.js"), "export {};");
    writeFileSync(join(files, "program-worker.js"), "eval('1');");
    const host = new ScriptedHost();
    const server = await PageServer.start({
      address: { host: "127.0.0.1", port: 0 },
      folder: files,
      run: new LiveRun({ openPort: host.openPort, retryMs: 20, lingerMs: 20, ...run }),
      ...(limits === undefined ? {} : { limits }),
    });
    return new PageOfTest(host, server, folder);
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  visit(as: "owner" | "reader" = "owner"): Visitor {
    const url = as === "owner" ? this.server.ownerUrl : this.server.readerUrl;
    return this.connect(new URL(url).searchParams.get("token")!);
  }

  connect(token: string, headers: { readonly origin?: string; readonly host?: string; readonly path?: string } = {}): Visitor {
    const { origin = this.origin, path = "/run" } = headers;
    const url = `ws://127.0.0.1:${this.port}${path}?token=${token}`;
    const visitor = new Visitor(
      new WebSocket(url, {
        ...(origin === "" ? {} : { origin }),
        ...(headers.host === undefined ? {} : { headers: { host: headers.host } }),
      }),
    );
    this.#visitors.push(visitor);
    return visitor;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#visitors) socket.terminate();
    await this.server.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** A page at its WebSocket. */
export class Visitor {
  readonly socket: WebSocket;
  readonly messages: SourceMessage[] = [];
  closeCode: number | undefined;
  failure: string | undefined;
  #lastId = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.messages.push(JSON.parse(String(data)) as SourceMessage));
    socket.on("close", (code) => {
      this.closeCode = code;
    });
    socket.on("error", (error) => {
      this.failure = error.message;
    });
  }

  of<Type extends SourceMessage["type"]>(type: Type): Extract<SourceMessage, { readonly type: Type }>[] {
    return this.messages.filter((message) => message.type === type) as Extract<SourceMessage, { readonly type: Type }>[];
  }

  get events(): Record<string, unknown>[] {
    return this.of("events").flatMap(({ events }) => events as unknown as Record<string, unknown>[]);
  }

  until(what: () => boolean): Promise<void> {
    return until(what, () => `${JSON.stringify(this.messages).slice(0, 2000)} ${this.closeCode} ${this.failure}`);
  }

  async ask(request: object): Promise<SourceMessage> {
    const id = ++this.#lastId;
    this.socket.send(JSON.stringify({ id, ...request }));
    const answer = () => this.messages.find((message) => (message.type === "answered" || message.type === "refused") && message.id === id);
    await this.until(() => answer() !== undefined);
    return answer()!;
  }
}

async function until(what: () => boolean, told: () => string): Promise<void> {
  const limitMs = performance.now() + 10_000;
  while (!what()) {
    if (performance.now() > limitMs) throw new Error(`It did not come to that: ${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
