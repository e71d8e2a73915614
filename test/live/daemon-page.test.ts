import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import WebSocket from "ws";
import { type RunningProgram as Program, RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { RawClient } from "../daemon/raw-client.ts";
import { replayed } from "../replay/recorded-run.ts";
import { Visitor } from "./page-of-test.ts";

/** The built command line, as people start it: `npm run build` first. */
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let directory = mkdtempSync(join(tmpdir(), "tapsock-page-"));
let programs: Program[] = [];
let visitors: Visitor[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const { socket } of visitors) socket.terminate();
  await Promise.all(clients.splice(0).map((client) => client.kill()));
  for (const { process } of programs) process.kill("SIGKILL");
  await Promise.all(programs.map(({ ended }) => ended));
  [programs, visitors] = [[], []];
  rmSync(directory, { recursive: true });
  directory = mkdtempSync(join(tmpdir(), "tapsock-page-"));
});

function daemon(...flags: string[]): Program {
  const started = startDaemon("--socket", join(directory, "d.sock"), ...flags);
  programs.push(started);
  return started;
}

function pageCommand(...words: string[]): Program {
  const started = new RunningProgram(
    spawn(process.execPath, [MAIN, "page", "--network", `daemon:${join(directory, "d.sock")}`, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" },
    }),
  );
  programs.push(started);
  return started;
}

function visit(url: string): Visitor {
  const { host, origin, searchParams } = new URL(url);
  const visitor = new Visitor(new WebSocket(`ws://${host}/run?token=${searchParams.get("token")}`, { origin }));
  visitors.push(visitor);
  return visitor;
}

describe("tapsockd --page", () => {
  test("says where, and shows a connect that the page asked for, its calls among what happens", async () => {
    const { page } = JSON.parse(await daemon("--page", "127.0.0.1:0", "--json").line("{")) as { page: string };
    const visitor = visit(page);
    await visitor.until(() => visitor.of("opened").length === 1);
    expect(await visitor.ask({ type: "connect", host: "tapsock", address: "127.0.0.1", port: 81 })).toMatchObject({
      type: "answered",
      value: { error: 10061 },
    });
    await visitor.until(() => visitor.events.some(({ name }) => name === "WSACleanup"));
    const calls = visitor.events.filter(({ type }) => type === "winsock-called").map(({ name }) => name);
    expect(calls).toEqual(["WSAStartup", "socket", "connect", "closesocket", "WSACleanup"]);
    expect(visitor.events.filter(({ type }) => type === "frame").length).toBeGreaterThanOrEqual(2);
    const nowhere = await visitor.ask({ type: "connect", host: "tapsock", address: "no address", port: 81 });
    expect(nowhere).toMatchObject({ type: "answered", value: { error: 10014 } });
  });

  test("ends in order while pages look", async () => {
    const running = daemon("--page", "127.0.0.1:0");
    const line = await running.line("the page: ");
    expect(await running.line("only to read: ")).toMatch(/http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    const visitor = visit(line.slice("the page: ".length));
    await visitor.until(() => visitor.of("opened").length === 1);
    running.process.kill("SIGTERM");
    expect((await running.ended).status).toBe(0);
    await visitor.until(() => visitor.closeCode !== undefined);
    expect(visitor.closeCode).toBe(1001);
  });

  test.each([
    ["where other machines could come", ["--page", "0.0.0.0:0"], 2, /other machines could reach it.*--page-anywhere/],
    ["where nobody lives", ["--page", "nowhere"], 2, /expected address and port/],
    ["at a name", ["--page", "example.com:80"], 2, /expected address and port/],
  ])("is not served %s", async (_what, flags, status, sentence) => {
    const ended = await daemon(...flags).ended;
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(sentence);
  });

  test("is served there when that is said", async () => {
    expect(await daemon("--page", "0.0.0.0:0", "--page-anywhere").line("the page: ")).toContain("http://127.0.0.1:");
  });

  test("whose port is taken leaves nothing behind", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const ended = await daemon("--page", `127.0.0.1:${port}`).ended;
    taken.close();
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain("another program listens there");
    await daemon().line("tapsockd ready");
  });
});

describe("tapsock page", () => {
  test("shows a daemon that ends and comes back at one address", async () => {
    const first = daemon();
    await first.line("tapsockd ready");
    const { page } = JSON.parse(await pageCommand("--listen", "127.0.0.1:0", "--json").line("{")) as { page: string };
    const visitor = visit(page);
    await visitor.until(() => visitor.of("opened").length === 1);
    first.process.kill("SIGKILL");
    await visitor.until(() => visitor.of("clock").at(-1)?.state === "ended");
    expect(visitor.events.at(-1)).toMatchObject({ type: "noted", text: expect.stringMatching(/^The host is gone/) });
    await first.ended;
    await daemon().line("tapsockd ready");
    await visitor.until(() => visitor.of("opened").length === 2);
    expect((await visitor.ask({ type: "tables", host: "tapsock" })).type).toBe("answered");
  });

  test("takes a port behind the one that is taken, when told to", async () => {
    const one = JSON.parse(await pageCommand("--listen", "127.0.0.1:0", "--json").line("{")) as { page: string };
    const { port } = new URL(one.page);
    const other = JSON.parse(await pageCommand("--listen", `127.0.0.1:${port}`, "--more-ports", "50", "--json").line("{")) as {
      page: string;
    };
    expect(Number(new URL(other.page).port)).toBeGreaterThan(Number(port));
    const refused = await pageCommand("--listen", `127.0.0.1:${port}`).ended;
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("another program listens there") });
  });
});

test("a host that was watched by a feed while it was busy is recorded so that it can be replayed", async () => {
  const file = join(directory, "x.recording");
  const running = daemon("--record", file);
  await running.line("tapsockd ready");
  const [client, watcher] = [await RawClient.started(join(directory, "d.sock")), await RawClient.started(join(directory, "d.sock"))];
  clients.push(client, watcher);
  const { near, far } = await client.connectedPair();
  await watcher.manage({ op: "feed-start", snapLength: 64, eventsPerSecond: 100 });
  for (let i = 0; i < 200; i++) {
    await client.call("send", { s: near, data: new Uint8Array(1000) });
    await client.call("recv", { s: far, a: 1000 });
  }
  // Long enough for sums, and for the trace to come back.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await client.call("closesocket", { s: near });
  running.process.kill("SIGTERM");
  expect((await running.ended).status).toBe(0);
  expect(replayed(new Uint8Array(readFileSync(file))).events).toBeGreaterThan(50);
});
