import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, jest } from "@jest/globals";
import { closeNetwork, useNetwork } from "../../src/network/networks.ts";
import { AF_INET6 } from "../../src/winsock/abi/constants.ts";
import { closesocket, connect, getsockname, send, socket, WSACleanup } from "../../src/winsock/promises.ts";
import { type RunningProgram, startDaemon } from "../daemon/daemon-process.ts";
import { tapTest, whyNoTap } from "./namespace.ts";
import { readText, until } from "./tap-network.ts";

/** Programs over IPv6, through tapsockd, with the kernel, its curl and its servers as the peers. */

jest.setTimeout(60_000);
const run = promisify(execFile);
const TAP = "tt-six";
const OURS = "2001:db8::2";
const KERNEL = "2001:db8::1";
const KERNEL_LINK_LOCAL = "fe80::1";
const built = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));

const directory = mkdtempSync(join(tmpdir(), "tapsock-six-"));
const path = join(directory, "d.sock");
const env = { ...process.env, NODE_OPTIONS: "", TAPSOCK: `daemon:${path}` };
const started: ChildProcess[] = [];
let daemon: RunningProgram;

beforeAll(async () => {
  if (whyNoTap() !== undefined) return;
  const ipv6 = ["--ip6", `${OURS}/64`, "--ip6", "fe80::2/64", "--gateway6", KERNEL_LINK_LOCAL];
  daemon = startDaemon("--socket", path, "--tap", TAP, "--ip", "203.0.113.2/24", "--kernel-ip", "203.0.113.1/24", ...ipv6);
  await daemon.line("tapsockd ready");
  for (const address of [KERNEL, KERNEL_LINK_LOCAL]) execFileSync("ip", ["addr", "add", `${address}/64`, "dev", TAP, "nodad"]);
});

afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  if (whyNoTap() === undefined) {
    daemon.process.kill("SIGTERM");
    expect((await daemon.ended).status).toBe(0);
  }
  rmSync(directory, { recursive: true });
});

/** What a program prints, and its exit status. */
function outcome(program: string, ...args: readonly (string | number)[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [built(program), ...args.map(String)], { env }, (_error, stdout, stderr) =>
      resolve(`${stdout.trim()}${stderr.trim()} (${child.exitCode})`),
    );
  });
}

tapTest("the founding program connects over IPv6, is refused, and finds no way", async () => {
  const server = createServer((peer) => peer.resume().on("error", () => {}));
  server.listen(0, "::");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  expect(await outcome("examples/connect6.js", KERNEL, port)).toBe("Connected to server. (0)");
  expect(await outcome("examples/connect6.js", KERNEL_LINK_LOCAL, port, 1)).toBe("Connected to server. (0)");
  expect(await outcome("examples/connect6.js", "::ffff:203.0.113.1", port)).toBe("Connected to server. (0)");
  expect(await outcome("cli/main.js", "connect", `fe80::1%${TAP}`, port)).toMatch(/^connected to \[fe80::1%1\]:\d+ in .* ms \(0\)$/);
  server.close();
  await once(server, "close");
  expect(await outcome("examples/connect6.js", KERNEL, port)).toBe("connect function failed with error: 10061 (1)");
  expect(await outcome("examples/connect6.js", "fe80::1", port, 9)).toBe("connect function failed with error: 10051 (1)");
});

tapTest("curl has pages of the example server over both families, from one listener", async () => {
  const server = spawn(process.execPath, [built("examples/http-server.js"), "8080"], { env, stdio: ["ignore", "pipe", "inherit"] });
  started.push(server);
  await once(server.stdout!, "data");
  const size = 5_000_000;
  const bodies = [`[${OURS}]`, "203.0.113.2", `[fe80::2%25${TAP}]`].map(async (host) => {
    const { stdout } = await run("curl", ["-sS", "-g", `http://${host}:8080/bytes/${size}`], { encoding: "buffer", maxBuffer: 2 * size });
    return [stdout.length, createHash("sha256").update(stdout).digest("hex")];
  });
  const [first, ...others] = await Promise.all(bodies);
  expect(first?.[0]).toBe(size);
  expect(others).toEqual([first, first]);
});

/** nginx on the kernel's addresses, with the files of the test's directory. */
async function startNginx(port: number): Promise<void> {
  const listens = [`[${KERNEL}]:${port}`, `203.0.113.1:${port}`].map((at) => `listen ${at};`).join(" ");
  const http = `access_log off; client_body_temp_path ${directory}/body; server { ${listens} root ${directory}; }`;
  const configuration = `daemon off; master_process off; pid ${directory}/nginx.pid; error_log stderr; events {} http { ${http} }`;
  writeFileSync(join(directory, "nginx.conf"), configuration);
  started.push(spawn("nginx", ["-p", directory, "-c", join(directory, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] }));
  const asked = () => run("curl", ["-sf", "-g", `http://[${KERNEL}]:${port}/file.txt`, "-o", "/dev/null"]);
  await until(
    () =>
      asked().then(
        () => true,
        () => false,
      ),
    "nginx listens",
  );
}

tapTest("a program of ours has a file of nginx over IPv6, twice on one connection", async () => {
  const text = "0123456789abcdef".repeat(100_000);
  writeFileSync(join(directory, "file.txt"), text);
  await startNginx(8081);
  useNetwork(`daemon:${path}`);
  try {
    const s = await socket(AF_INET6);
    await connect(s, { address: KERNEL, port: 8081 });
    expect(await getsockname(s)).toMatchObject({ address: OURS, family: AF_INET6 });
    const request = (connection: string) => `GET /file.txt HTTP/1.1\r\nHost: six\r\nConnection: ${connection}\r\n\r\n`;
    await send(s, request("keep-alive") + request("close"));
    const bodies = (await readText(s)).split(/HTTP\/1.1 200 OK\r\n.*?\r\n\r\n/s).slice(1);
    expect(bodies.map((body) => body === text)).toEqual([true, true]);
    await closesocket(s);
  } finally {
    await WSACleanup();
    await closeNetwork();
  }
});

tapTest("the command line pings by both families, and lists what IPv6 has", async () => {
  expect(await outcome("cli/main.js", "ping", "-6", KERNEL, "-c", 1)).toMatch(/2001:db8::1: reply of 32 bytes .*1 sent, 1 answered \(0\)/s);
  expect(await outcome("cli/main.js", "ping", `fe80::1%${TAP}`, "-c", 1)).toMatch(/1 answered \(0\)/);
  expect(await outcome("cli/main.js", "route")).toMatch(/^::\/0 +fe80::1%1 +tt-six/m);
  expect(await outcome("cli/main.js", "neigh")).toMatch(/^2001:db8::1 +[0-9a-f:]{17} +tt-six/m);
  const drawing = await outcome("cli/main.js", "connect", KERNEL, 9, "--ladder");
  expect(drawing).toMatch(/peer 2001:db8::1$/m);
  expect(drawing).toMatch(/─ SYN seq=0 .*▶/);
  expect(drawing).toContain("WSAECONNREFUSED");
});
