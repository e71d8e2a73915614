import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, jest } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { RunningProgram, startDaemon } from "../../daemon/daemon-process.ts";
import { tapTest } from "../namespace.ts";
import { closeKernelSockets, KERNEL, kernelListener, OURS } from "../tap-network.ts";
import { openBrowser, takePicture } from "./page-browser.ts";

jest.setTimeout(120_000);
const CLI = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
/** Where the page's button connects to. */
const PORT = 8080;

const directory = mkdtempSync(join(tmpdir(), "tapsock-page-"));
const started: RunningProgram[] = [];
let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  closeKernelSockets();
  for (const context of browser.contexts()) await context.close();
  for (const { process: child } of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true });
});

interface Served {
  readonly page: string;
  readonly pageToRead: string;
}

async function daemonOn(tap: string, ...flags: string[]): Promise<{ daemon: RunningProgram; path: string; ready: Served }> {
  const path = join(directory, `${tap}.sock`);
  const daemon = startDaemon("--socket", path, "--tap", tap, "--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`, "--json", ...flags);
  started.push(daemon);
  return { daemon, path, ready: JSON.parse(await daemon.line('{"ready"')) as Served };
}

async function open(url: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
  await page.goto(url);
  return page;
}

const connectButton = (page: Page) => page.getByRole("button", { name: "Connect", exact: true });

/** The ladder as a table has all of it, wherever the picture stands. */
const handshake = (page: Page) => page.locator("table", { hasText: /SYN,ACK/ }).first();
const tableButton = (page: Page) => page.getByRole("button", { name: "As a table" });

tapTest("the page of a daemon on a TAP: its button connects to the kernel, and what happens is drawn", async () => {
  await kernelListener((socket) => socket.end(), { port: PORT });
  const { ready } = await daemonOn("tt-page", "--page", "127.0.0.1:0");
  const page = await open(ready.page);
  await page.getByText("live", { exact: true }).first().waitFor();
  await connectButton(page).click();
  await tableButton(page).click();
  await handshake(page).waitFor();
  await tableButton(page).click();
  await page.getByRole("button", { name: "All of it" }).click();
  await page.locator("svg text", { hasText: "connect" }).first().waitFor();
  await takePicture(page, "live");
});

tapTest("who may only read can change nothing; a page of another origin can neither read nor change", async () => {
  const { ready } = await daemonOn("tt-read", "--page", "127.0.0.1:0");
  const reader = await open(ready.pageToRead);
  await reader.getByText("live", { exact: true }).first().waitFor();
  await expect(connectButton(reader).count()).resolves.toBe(0);

  const server = createServer((_request, response) => response.end("<!doctype html><title>elsewhere</title>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const hostile = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const address = ready.page;
    const tried = await hostile.evaluate(async (url: string) => {
      const read = await fetch(url).then(
        () => "read",
        () => "refused",
      );
      const socketUrl = url.replace("http", "ws").replace("/?", "/run?");
      const said = await new Promise<string>((resolve) => {
        const socket = new WebSocket(socketUrl);
        socket.onmessage = () => resolve("told");
        socket.onerror = () => resolve("refused");
        socket.onclose = () => resolve("refused");
      });
      return [read, said];
    }, address);
    expect(tried).toEqual(["refused", "refused"]);
  } finally {
    server.close();
  }
});

tapTest("a page goes on when its daemon has ended and another has begun", async () => {
  await kernelListener((socket) => socket.end(), { port: PORT });
  const { daemon, path } = await daemonOn("tt-again");
  const server = new RunningProgram(
    spawn(process.execPath, [CLI, "page", "--network", `daemon:${path}`, "--listen", "127.0.0.1:0", "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    }),
  );
  started.push(server);
  const page = await open((JSON.parse(await server.line('{"page"')) as Served).page);
  await tableButton(page).click();
  await connectButton(page).click();
  await handshake(page).waitFor();
  daemon.process.kill("SIGTERM");
  await daemon.ended;
  await daemonOn("tt-again");
  // What was drawn before is over when the new host's run is opened.
  await handshake(page).waitFor({ state: "hidden", timeout: 60_000 });
  await connectButton(page).click();
  await handshake(page).waitFor();
});

tapTest("a page that the daemon itself serves goes on with the next daemon at its place, and tapsock status says where it is", async () => {
  await kernelListener((socket) => socket.end(), { port: PORT });
  const { daemon, path, ready } = await daemonOn("tt-own", "--page", "127.0.0.1:8077");
  const page = await open(ready.page);
  await tableButton(page).click();
  await connectButton(page).click();
  await handshake(page).waitFor();
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, "status", "--network", `daemon:${path}`, "--json"], {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect((JSON.parse(stdout) as { readonly page: unknown }).page).toEqual({ url: ready.page, urlToRead: ready.pageToRead });
  daemon.process.kill("SIGTERM");
  await daemon.ended;
  const next = await daemonOn("tt-own", "--page", "127.0.0.1:8077");
  expect(next.ready).toMatchObject({ page: ready.page, pageToRead: ready.pageToRead });
  await handshake(page).waitFor({ state: "hidden", timeout: 60_000 });
  await connectButton(page).click();
  await handshake(page).waitFor();
});
