import { execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeEach, describe, expect, jest } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import type { EventPort } from "../../src/transport/async-call-port.ts";
import { RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { KERNEL, OURS, until } from "./tap-network.ts";

/** The programs that people copy and run, against clients that keep no rule; the clients are the Linux kernel's sockets. */

jest.setTimeout(120_000);
const run = promisify(execFile);
const built = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
const FEW_SOCKETS = fileURLToPath(new URL("./few-sockets.mjs", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "tapsock-rude-"));
const path = join(directory, "d.sock");
const HTTP = 80;
const ECHO = 7;
/** Rude clients that are there at the same time. */
const AT_ONCE = 100;

const programs: RunningProgram[] = [];
const sockets = new Set<Socket>();
let port: EventPort;

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProgram {
  const program = new RunningProgram(
    spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", TAPSOCK: `daemon:${path}`, ...env },
    }),
  );
  programs.push(program);
  return program;
}

beforeEach(async () => {
  if (whyNoTap() !== undefined) return;
  const daemon = startDaemon("--socket", path, "--tap", "tt-rude", "--ip", `${OURS}/24`, "--kernel-ip", `${KERNEL}/24`);
  programs.push(daemon);
  await daemon.line("tapsockd ready");
  port = await openDaemonPort(path);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  port?.close();
  for (const { process: child } of programs) child.kill("SIGKILL");
  await Promise.all(programs.splice(0).map((p) => p.ended));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Where the crowd has filled the listener's queue a connect is refused, as on Windows, and comes again. */
async function open(to: number): Promise<Socket> {
  for (let attempts = 0; attempts < 500; attempts++) {
    const socket = connect({ host: OURS, port: to, allowHalfOpen: true });
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // However it ends, it is the server that is looked at.
    socket.on("error", () => {});
    const isConnected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    if (isConnected) return socket;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Nobody takes connections on port ${to} any more`);
}

/** Each of `count` clients does the same, a hundred at once. */
async function crowd(count: number, client: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await client(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** `once` would fail where the server's reset comes first. */
const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", resolve));

/** What is answered until the end of the stream, or its reset. */
const answerOf = (socket: Socket): Promise<string> => text(socket).catch(() => "");

async function ask(request: string | Buffer, to = HTTP): Promise<string> {
  const socket = await open(to);
  socket.end(request);
  const answer = await answerOf(socket);
  socket.destroy();
  return answer;
}

/** Connections of ours that are more than a memory. */
async function live(): Promise<string[]> {
  const { tcp } = await manage(port, { op: "ss" });
  return tcp.filter((c) => c.state !== "LISTEN" && c.state !== "TIME-WAIT").map((c) => `${c.local} ${c.remote} ${c.state}`);
}

const nothingIsLeft = (): Promise<void> => until(async () => (await live()).length === 0, "every connection is gone");

const pageByCurl = async (): Promise<string> => (await run("curl", ["-sS", "--max-time", "10", `http://${OURS}/`])).stdout;

function noise(i: number): Buffer {
  const bytes = Buffer.alloc(1 + ((i * 37) % 3000));
  for (let n = 0; n < bytes.length; n++) bytes[n] = (n * 131 + i * 17 + (n >>> 3)) & 255;
  return bytes;
}

describe("examples/http-server", () => {
  tapTest("outlives 8,900 clients that reset, babble, stall, flood and walk away, and then serves curl as before", async () => {
    const server = start([built("examples/http-server.js"), String(HTTP)]);
    await server.line("listening");
    const staying: Socket[] = [];

    // Before accept: a scanner.
    await crowd(4000, async () => {
      const socket = await open(HTTP);
      socket.resetAndDestroy();
      await closed(socket);
    });
    // In the middle of a request.
    await crowd(1000, async () => {
      const socket = await open(HTTP);
      socket.write("GET / HTTP/1.1\r\nHost: h", () => socket.resetAndDestroy());
      await closed(socket);
    });
    // In the middle of the answer.
    await crowd(1000, async () => {
      const socket = await open(HTTP);
      socket.write("GET /bytes/3000000 HTTP/1.1\r\nHost: h\r\n\r\n");
      socket.once("data", () => socket.resetAndDestroy());
      await closed(socket);
    });
    await crowd(1500, async (i) => {
      await ask(noise(i));
    });
    await crowd(300, async () => {
      expect(await ask(`GET / HTTP/1.1\r\nX: ${"y".repeat(40_000)}`)).toMatch(/^HTTP\/1\.1 431 |^$/);
    });
    await crowd(500, async () => {
      expect((await ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3))).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    });
    // Silent, slow, and without an ear: all of them stay while others are served.
    await crowd(600, async (i) => {
      const socket = await open(HTTP);
      socket.pause();
      if (i % 3 === 1) socket.write("GET / HT");
      if (i % 3 === 2 && i < 100) socket.write("GET /bytes/1099511627776 HTTP/1.1\r\nHost: h\r\n\r\n");
      staying.push(socket);
    });
    expect(await pageByCurl()).toContain("Hello from tapsock");
    for (const [i, socket] of staying.entries()) {
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }

    await nothingIsLeft();
    expect(await pageByCurl()).toContain("Hello from tapsock");
    await nothingIsLeft();
    expect([server.process.exitCode, server.stderr]).toEqual([null, ""]);
  });

  tapTest("waits for a socket to come free when there is none (WSAEMFILE), without asking again and again", async () => {
    const server = start(["--import", FEW_SOCKETS, built("examples/http-server.js"), String(HTTP)], { FEW_SOCKETS: "8" });
    await server.line("listening");
    const staying = await Promise.all(Array.from({ length: 8 }, () => open(HTTP)));
    const waiting = ask("GET / HTTP/1.0\r\n\r\n");
    await until(async () => (await live()).length === 9, "one more waits to be accepted");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    server.process.kill("SIGUSR2");
    const refused = Number((await server.line("refused")).split(" ")[1]);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(100);
    staying[0]!.destroy();
    expect(await waiting).toContain("Hello from tapsock");
  });

  tapTest("says what it thinks of requests that are none, and whether it keeps the connection (RFC 9112)", async () => {
    const server = start([built("examples/http-server.js"), String(HTTP)]);
    await server.line("listening");
    const connection = (answer: string): string | undefined => /^Connection: (.*)\r$/m.exec(answer)?.[1];
    const status = (answer: string): string => answer.slice(9, 12);
    const rows: readonly (readonly [string, string, string | undefined])[] = [
      ["GET / HTTP/1.0\r\n\r\n", "200", "close"],
      ["GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "200", "keep-alive"],
      ["GET / HTTP/1.0\nconnection: foo ,keep-alive\n\n", "200", "keep-alive"],
      ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "200", undefined],
      ["\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: TE, close\r\n\r\n", "200", "close"],
      ["GET / HTTP/1.1\r\n\r\n", "400", "close"],
      ["GET /\r\n\r\n", "400", "close"],
      ["GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400", "close"],
      ["GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400", "close"],
      ["GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505", "close"],
      ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "405", "close"],
      ["GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "413", "close"],
      ["GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "413", "close"],
      ["GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "404", undefined],
      [`GET / HTTP/1.1\r\nHost: h\r\nX: ${"y".repeat(17_000)}\r\n\r\n`, "431", "close"],
    ];
    for (const [request, code, kept] of rows) {
      const answer = await ask(request);
      expect([request.slice(0, 60), status(answer), connection(answer)]).toEqual([request.slice(0, 60), code, kept]);
    }
    expect(await ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")).toMatch(/Content-Length: [1-9]\d+\r\n\r\n$/);
    expect(await ask("HEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")).toMatch(/^HTTP\/1\.1 404 [\s\S]*\r\n\r\n$/);
    // The stream is not ended before the client ends it.
    const kept = await open(HTTP);
    kept.write("GET /bytes/5 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await once(kept, "data");
    kept.end("GET /bytes/6 HTTP/1.0\r\n\r\n");
    expect(await answerOf(kept)).toContain("Content-Length: 6");
  });

  tapTest("whose network goes away says so and ends with status 1", async () => {
    const server = start([built("examples/http-server.js"), String(HTTP)]);
    await server.line("listening");
    programs[0]!.process.kill("SIGTERM");
    const { status, stderr } = await server.ended;
    expect([status, stderr.trim()]).toEqual([1, expect.stringMatching(/^Cannot serve on port 80: accept failed: WSAENETDOWN .*$/)]);
  });
});

describe("tapsock listen", () => {
  tapTest("outlives clients that reset before and after accept, and echoes to the next", async () => {
    const server = start([built("cli/main.js"), "listen", String(ECHO), "--echo", "--json"]);
    await server.line('{"event":"listening"');
    await crowd(1500, async (i) => {
      const socket = await open(ECHO);
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.write(noise(i), () => socket.resetAndDestroy());
      await closed(socket);
    });
    expect(await ask("good day", ECHO)).toBe("good day");
    await nothingIsLeft();
    expect([server.process.exitCode, server.stderr]).toEqual([null, ""]);
  });

  tapTest("waits for a socket to come free when there is none (WSAEMFILE)", async () => {
    const server = start(["--import", FEW_SOCKETS, built("cli/main.js"), "listen", String(ECHO), "--echo", "--json"], { FEW_SOCKETS: "2" });
    await server.line('{"event":"listening"');
    const staying = [await open(ECHO), await open(ECHO)];
    const waiting = ask("good day", ECHO);
    await until(async () => (await live()).length === 3, "one more waits to be accepted");
    for (const socket of staying) socket.end();
    expect(await waiting).toBe("good day");
  });
});

describe("examples/udp-echo", () => {
  tapTest("outlives senders to whom no route leads, and those who are gone when the answer comes", async () => {
    const server = start([built("examples/udp-echo.js"), String(ECHO)]);
    await server.line("listening");
    await run("ip", ["addr", "add", "198.51.100.1/32", "dev", "tt-rude"]);
    const polite = createSocket("udp4");
    polite.bind(0, KERNEL);
    await once(polite, "listening");
    const answers: string[] = [];
    polite.on("message", (bytes) => answers.push(String(bytes)));
    // Again and again: the crowd fills the server's queue, and who meets a full one is lost, as always with UDP.
    const echoed = (word: string): Promise<void> =>
      until(async () => {
        polite.send(word, ECHO, OURS);
        return answers.includes(word);
      }, `"${word}" comes back`);
    try {
      // Also makes the kernel known to us, so that what follows is not lost while its card is asked for.
      await echoed("before");
      for (let i = 0; i < 500; i++) {
        const rude = createSocket("udp4");
        rude.bind(0, i % 2 === 0 ? "198.51.100.1" : KERNEL);
        await once(rude, "listening");
        await new Promise((resolve) => rude.send(noise(i).subarray(0, 1400), ECHO, OURS, resolve));
        rude.close();
      }
      await echoed("after");
    } finally {
      polite.close();
    }
    expect([server.process.exitCode, server.stderr]).toEqual([null, ""]);
  });

  tapTest("whose network goes away says so and ends with status 1", async () => {
    const server = start([built("examples/udp-echo.js"), String(ECHO)]);
    await server.line("listening");
    programs[0]!.process.kill("SIGTERM");
    const { status, stderr } = await server.ended;
    expect([status, stderr.trim()]).toEqual([1, expect.stringMatching(/^Cannot echo on port 7: recvfrom failed: WSAENETDOWN .*$/)]);
  });
});
