import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { manage } from "../../src/management/manage.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { AF_INET, SIO_ROUTING_INTERFACE_CHANGE, SIO_ROUTING_INTERFACE_QUERY, SOCK_DGRAM } from "../../src/winsock/abi/constants.ts";
import { WSAENETUNREACH } from "../../src/winsock/abi/errors.ts";
import { CALL } from "../../src/winsock/provider/calls.ts";
import { type RunningProgram, startDaemon, startProgram } from "./daemon-process.ts";

const directory = mkdtempSync(join(tmpdir(), "tapsockd-"));
afterAll(() => rmSync(directory, { recursive: true }));

let sockets = 0;
const newPath = (): string => join(directory, `${++sockets}.sock`);

const started: RunningProgram[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

function daemon(...flags: string[]): RunningProgram {
  const program = startDaemon(...flags);
  started.push(program);
  return program;
}

function program(path: string, lines: string): RunningProgram {
  const running = startProgram(`daemon:${path}`, lines);
  started.push(running);
  return running;
}

async function connections(path: string): Promise<readonly string[]> {
  const port = await openDaemonPort(path);
  try {
    return (await manage(port, { op: "ss" })).tcp.map((c) => c.state);
  } finally {
    port.close();
  }
}

describe("tapsockd's flags", () => {
  test("--help shows examples and ends with 0", async () => {
    const { status, stdout } = await daemon("--help").ended;
    expect({ status, hasExamples: stdout.includes("Examples:") }).toEqual({ status: 0, hasExamples: true });
  });

  test.each([
    [["--tpa", "tap0"], "--tap"],
    [["spare"], "too many arguments"],
    [["--ip", "203.0.113.2"], "--ip: expected an IPv4 address with a prefix length"],
    [["--config", "/nonexistent.json"], "/nonexistent.json"],
  ])("%j is wrong usage: status 2, and a sentence", async (flags, words) => {
    const { status, stderr } = await daemon(...flags).ended;
    expect(status).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain("    at ");
  });
});

describe("tapsockd's socket", () => {
  test("is for its owner alone, and gone after SIGTERM, with status 0", async () => {
    const path = newPath();
    const d = daemon("--socket", path);
    expect(await d.line("tapsockd ready")).toBe(`tapsockd ready on ${path} (wire0, 203.0.113.2/24)`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    d.process.kill("SIGTERM");
    expect((await d.ended).status).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test("is not taken from a daemon that lives: status 1, and the first goes on", async () => {
    const path = newPath();
    await daemon("--socket", path).line("tapsockd ready");
    const second = await daemon("--socket", path).ended;
    expect(second.status).toBe(1);
    expect(second.stderr).toContain("another tapsockd runs there");
    expect(await connections(path)).toEqual([]);
  });

  test("is taken from a daemon that was killed", async () => {
    const path = newPath();
    const first = daemon("--socket", path);
    await first.line("tapsockd ready");
    first.process.kill("SIGKILL");
    await first.ended;
    expect(existsSync(path)).toBe(true);
    await daemon("--socket", path).line("tapsockd ready");
  });

  test("does not replace a file that is something else", async () => {
    const path = newPath();
    writeFileSync(path, "precious");
    const { status, stderr } = await daemon("--socket", path).ended;
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining("something else lies there") });
    expect(existsSync(path)).toBe(true);
  });

  test("--json says ready and logs as JSON lines", async () => {
    const path = newPath();
    const d = daemon("--socket", path, "--json");
    expect(JSON.parse(await d.line("{"))).toMatchObject({ ready: true, socket: path, device: "wire0", address: "203.0.113.2/24" });
    await connections(path);
    d.process.kill("SIGINT");
    const { status, stderr } = await d.ended;
    expect(status).toBe(0);
    const messages = stderr
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(expect.arrayContaining(["a client attached", "stopped"]));
  });
});

describe("two programs on one daemon", () => {
  const SERVER = `
    const { result: s } = call("socket", { a: 2, b: 1, c: 6 });
    call("bind", { s, a: 16, data: name(7100) });
    call("listen", { s, a: 5 });
    console.log("listening");
    for (;;) {
      const { result: c, error } = call("accept", { s, a: -1 });
      if (error !== 0) { console.log("accept " + error); break; }
      for (;;) {
        const { result, error, data } = call("recv", { s: c, a: 65536 });
        if (result <= 0) { console.log("recv " + result + " " + error); break; }
        call("send", { s: c, data: data.slice() });
      }
      call("closesocket", { s: c });
    }`;
  const CONNECT = `
    const { result: s } = call("socket", { a: 2, b: 1, c: 6 });
    console.log("connect " + call("connect", { s, a: 16, data: name(7100) }).error);`;

  test("talk to each other, and one killed in mid-transfer leaves nothing behind", async () => {
    const path = newPath();
    await daemon("--socket", path).line("tapsockd ready");
    const server = program(path, SERVER);
    await server.line("listening");
    const victim = program(
      path,
      `${CONNECT} for (;;) { call("send", { s, data: new Uint8Array(50000) }); console.log("sent"); call("recv", { s, a: 10 }); }`,
    );
    await victim.line("sent");
    victim.process.kill("SIGKILL");
    // The server's program hears of the reset (or of the end) and serves the next one.
    await server.line("recv");
    const next = program(
      path,
      `${CONNECT} call("send", { s, data: new Uint8Array([42]) }); console.log("got " + call("recv", { s, a: 1 }).data[0]);`,
    );
    expect(await next.line("got")).toBe("got 42");
    await next.ended;
    await server.line("recv");
    server.process.kill("SIGKILL");
    await server.ended;
    let left = await connections(path);
    for (let i = 0; i < 100 && left.some((state) => state !== "TIME-WAIT"); i++) left = await connections(path);
    expect(left.filter((state) => state !== "TIME-WAIT")).toEqual([]);
  });

  test("get WSAENETDOWN, not a hang, when the daemon is killed (blocked in accept, and in a later call)", async () => {
    const path = newPath();
    const d = daemon("--socket", path);
    await d.line("tapsockd ready");
    const server = program(path, `${SERVER} console.log("later " + call("socket", { a: 2, b: 1, c: 6 }).error);`);
    await server.line("listening");
    d.process.kill("SIGKILL");
    const { stdout, status } = await server.ended;
    expect(stdout).toContain("accept 10050\nlater 10050\n");
    expect(status).toBe(0);
  });

  test("can wait for what is done to the host's routes from outside", async () => {
    const path = newPath();
    await daemon("--socket", path).line("tapsockd ready");
    const [waiting, operator] = [await openDaemonPort(path), await openDaemonPort(path)];
    closers.push(
      () => waiting.close(),
      () => operator.close(),
    );
    await waiting.call({ op: CALL.startup, s: 0, a: 0x202, b: 0, c: 0, data: null });
    const { result: s } = await waiting.call({ op: CALL.socket, s: 0, a: AF_INET, b: SOCK_DGRAM, c: 0, data: null });
    const to = Uint8Array.of(AF_INET, 0, 0, 0, 198, 51, 100, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const ioctl = (a: number, c: number) => waiting.call({ op: CALL.WSAIoctl, s, a, b: 0, c, data: to });
    expect((await ioctl(SIO_ROUTING_INTERFACE_QUERY, 16)).error).toBe(WSAENETUNREACH);
    const changed = ioctl(SIO_ROUTING_INTERFACE_CHANGE, -1);
    await manage(operator, { op: "route-add", destination: "198.51.100.0/24", gateway: "203.0.113.1" });
    expect(await changed).toMatchObject({ result: 0, error: 0 });
    expect((await ioctl(SIO_ROUTING_INTERFACE_QUERY, 16)).error).toBe(0);
    const gone = ioctl(SIO_ROUTING_INTERFACE_CHANGE, -1);
    await manage(operator, { op: "route-del", destination: "198.51.100.0/24" });
    expect(await gone).toMatchObject({ result: 0, error: 0 });
  });

  test("are told to go when a client asks the daemon to shut down, which then ends with 0", async () => {
    const path = newPath();
    const d = daemon("--socket", path);
    await d.line("tapsockd ready");
    const server = program(path, SERVER);
    await server.line("listening");
    const port = await openDaemonPort(path);
    closers.push(() => port.close());
    await manage(port, { op: "shutdown" }).catch(() => {});
    expect((await d.ended).status).toBe(0);
    expect((await server.ended).stdout).toContain("accept 10050");
  });
});

describe("what only looks like a daemon", () => {
  test("is refused with a sentence", async () => {
    const path = newPath();
    const impostor = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\nthis is some other program altogether"));
    await new Promise<void>((resolve) => impostor.listen(path, resolve));
    closers.push(() => impostor.close());
    await expect(openDaemonPort(path)).rejects.toThrow(`Cannot use the daemon at ${path}`);
  });
});
