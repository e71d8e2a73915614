/** Infrared between real daemons, and between programs with hosts of their own, that share a room of the machine. In real time. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { statusLines } from "../../src/cli/status.ts";
import { lapFrameBytes } from "../../src/irda/irlap-frame.ts";
import { Ladder } from "../../src/lab/ladder.ts";
import { eventOf, followTrace } from "../../src/lab/trace-stream.ts";
import { manage } from "../../src/management/manage.ts";
import { openDaemonPort } from "../../src/network/networks.ts";
import { SeededRandom } from "../../src/stack/core/random.ts";
import { bindDatagrams, sendDatagram } from "../../src/tap/unix-datagram.ts";
import { closeDescriptor } from "../../src/tap/unix-socket.ts";
import { RunningProgram, startDaemon } from "./daemon-process.ts";

const WINSOCK = new URL("../../dist/winsock/index.js", import.meta.url).href;

const directory = mkdtempSync(join(tmpdir(), "tapsock-ir-"));
afterAll(() => rmSync(directory, { recursive: true }));
let places = 0;
const newPath = (): string => join(directory, `${++places}`);

const started: RunningProgram[] = [];
afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map((p) => p.ended));
});

function keep(program: RunningProgram): RunningProgram {
  started.push(program);
  return program;
}

interface InfraredDaemon {
  readonly program: RunningProgram;
  readonly url: string;
}

async function daemon(room: string, ...flags: string[]): Promise<InfraredDaemon> {
  const socket = `${newPath()}.sock`;
  const program = keep(startDaemon("--socket", socket, "--infrared", room, ...flags));
  await program.line("tapsockd ready");
  return { program, url: `daemon:${socket}` };
}

/** A program with blocking calls: `s` is a socket of AF_IRDA, `name(id, service)` a SOCKADDR_IRDA, `text(n)` what recv got. */
const program = (url: string, lines: string): RunningProgram =>
  keep(
    RunningProgram.ofModule(`
      import * as ws from ${JSON.stringify(WINSOCK)};
      ws.useNetwork(${JSON.stringify(url)});
      ws.WSAStartup(ws.MAKEWORD(2, 2), ws.new_WSADATA());
      const s = ws.socket(ws.AF_IRDA, ws.SOCK_STREAM, 0);
      const name = (id, irdaServiceName) => ({
        ...ws.new_SOCKADDR_IRDA(), irdaAddressFamily: ws.AF_IRDA, irdaServiceName,
        irdaDeviceID: Uint8Array.of(id, id >>> 8, id >>> 16, id >>> 24),
      });
      const buffer = new Uint8Array(100_000);
      const text = (n) => new TextDecoder().decode(buffer.subarray(0, Math.max(0, n)));
      const code = (result) => (result < 0 ? ws.WSAGetLastError() : result);
      const around = () => {
        const list = ws.new_DEVICELIST();
        ws.getsockopt(s, ws.SOL_IRLMP, ws.IRLMP_ENUMDEVICES, list, { value: 4 + 8 * 29 });
        return list.Device.slice(0, list.numDevice).map((d) => d.irdaDeviceName).sort().join(" ");
      };
      ${lines}`),
  );

/** Takes one connection to "Chat" and gives back what comes, until the end. */
const CHAT = `
  ws.bind(s, name(0, "Chat"), ws.sizeof_SOCKADDR_IRDA);
  console.log("listening", ws.listen(s, 1));
  const taken = ws.accept(s, null, null);
  for (;;) {
    const n = ws.recv(taken, buffer, buffer.length, 0);
    if (n <= 0) { console.log("over", code(n)); break; }
    ws.send(taken, buffer, n, 0);
  }
  setInterval(() => {}, 1000);`;

/** Connects to it, and has a word with it. */
const connecting = (id: number): string => `
  console.log("around:", around());
  console.log("connect", code(ws.connect(s, name(${id}, "Chat"), ws.sizeof_SOCKADDR_IRDA)));
  ws.send(s, new TextEncoder().encode("hello"), 5, 0);
  console.log("heard", text(ws.recv(s, buffer, 100, 0)));`;

const BOX = 0x11223344;

describe("two daemons in one room", () => {
  async function talk(): Promise<{ box: InfraredDaemon; server: RunningProgram; client: RunningProgram }> {
    const room = newPath();
    const box = await daemon(room, "--infrared-id", "0x11223344", "--infrared-name", "box");
    const laptop = await daemon(room, "--hostname", "laptop");
    const server = program(box.url, CHAT);
    await server.line("listening 0");
    const client = program(laptop.url, `${connecting(BOX)}\nconsole.log("then", code(ws.recv(s, buffer, 100, 0)));`);
    await client.line("heard hello");
    expect(client.stdout).toBe("around: box\nconnect 0\nheard hello\n");
    return { box, server, client };
  }

  test("see each other, connect and talk; one that is killed is missed after twelve seconds of silence", async () => {
    const { box, client } = await talk();
    box.program.process.kill("SIGKILL");
    expect(await client.line("then")).toBe("then 10054");
  }, 120_000);

  test("tell each other's programs when one ends in order", async () => {
    const { box, client } = await talk();
    box.program.process.kill("SIGTERM");
    expect((await box.program.ended).status).toBe(0);
    expect(await client.line("then")).toBe("then 0");
  }, 120_000);

  test("tell a program of the other's that is killed, and serve on", async () => {
    const { box, server, client } = await talk();
    client.process.kill("SIGKILL");
    await server.line("over");
    const next = program(box.url, `console.log("bound", code(ws.bind(s, name(0, "Next"), ws.sizeof_SOCKADDR_IRDA)));`);
    expect(await next.line("bound")).toBe("bound 0");
  }, 120_000);
});

test("programs with hosts of their own share a room too, and move more than one turn holds", async () => {
  const room = newPath();
  const server = program(`embedded:?infrared=${room}&infrared-id=${BOX}&infrared-name=box`, CHAT);
  await server.line("listening 0");
  const client = program(
    `embedded:?infrared=${room}`,
    `${connecting(BOX)}
    ws.send(s, new Uint8Array(20_000).fill(97), 20_000, 0);
    let total = 0;
    while (total < 20_000) total += ws.recv(s, buffer, buffer.length, 0);
    console.log("total", total);
    ws.WSACleanup();`,
  );
  expect(await client.line("total")).toBe("total 20000");
  expect(await server.line("over")).toBe("over 0");
}, 120_000);

test("programs of the promise face find each other in a room by id and service, and an address that a call gave connects too", async () => {
  const promises = new URL("../../dist/winsock/promises.js", import.meta.url).href;
  const awaiting = (room: string, settings: string, lines: string): RunningProgram =>
    keep(
      RunningProgram.ofModule(`
        import * as ws from ${JSON.stringify(promises)};
        ws.useNetwork("embedded:?infrared=${room}${settings}");
        const s = await ws.socket(ws.AF_IRDA);
        const text = (bytes) => new TextDecoder().decode(bytes);
        ${lines}`),
    );
  const room = newPath();
  const server = awaiting(
    room,
    `&infrared-id=${BOX}`,
    `await ws.bind(s, { service: "Chat" });
    await ws.listen(s);
    console.log("listening");
    for await (const taken of ws.accepted(s)) {
      for await (const bytes of ws.received(taken.socket)) await ws.send(taken.socket, bytes);
    }`,
  );
  await server.line("listening");
  const client = awaiting(
    room,
    "",
    `await ws.connect(s, { id: ${BOX}, service: "Chat" });
    await ws.send(s, "one");
    console.log(text(await ws.recv(s)));
    const peer = await ws.getpeername(s);
    console.log(JSON.stringify(peer));
    await ws.closesocket(s);
    const again = await ws.socket(ws.AF_IRDA);
    await ws.connect(again, peer);
    await ws.send(again, "two");
    console.log(text(await ws.recv(again)));
    const nobody = await ws.socket(ws.AF_IRDA);
    await ws.connect(nobody, { id: ${BOX}, service: "Fax" }).catch(({ code }) => console.log(code));`,
  );
  expect((await client.ended).stderr).toBe("");
  expect(client.stdout.split("\n").slice(0, 4)).toEqual([
    "one",
    `{"address":"11223344","port":0,"family":26,"id":${BOX},"service":"Chat"}`,
    "two",
    "WSAECONNREFUSED",
  ]);
}, 120_000);

test("a daemon's simulated devices answer its programs, and its trace and its capture have their frames", async () => {
  const socket = `${newPath()}.sock`;
  const capture = `${newPath()}.pcapng`;
  const devices = [{ id: BOX, name: "box", services: [{ name: "Chat", echo: true }] }];
  const flags = ["--infrared-devices", JSON.stringify(devices), "--infrared-name", "laptop", "--capture", capture];
  const running = keep(startDaemon("--socket", socket, ...flags));
  await running.line("tapsockd ready");
  const port = await openDaemonPort(socket);
  const lines: string[] = [];
  const ladder = new Ladder({ write: (line) => lines.push(line) });
  await followTrace(port, (record) => ladder.event(eventOf(record)));
  const client = program(`daemon:${socket}`, `${connecting(BOX)}\nsetInterval(() => {}, 1000);`);
  await client.line("heard hello");
  const status = await manage(port, { op: "status" });
  expect(status.infrared).toMatchObject({ name: "laptop", peer: "11223344", connections: 1 });
  expect(statusLines("daemon:x", "me", status).join("\n")).toMatch(/^infrared {2}[0-9a-f]{8} "laptop"; linked to 11223344, 1 connection$/m);
  const drawn = lines.join("\n");
  expect(drawn).toContain('XID response "box" of 11223344');
  expect(drawn).toMatch(/peer 11223344$/m);
  expect(drawn).toContain("LM-Connect credit=16");
  expect(drawn).toMatch(/TinyTP \w\w→\w\w len=5/);
  port.close();
  running.process.kill("SIGTERM");
  await running.ended;
  const file = readFileSync(capture);
  expect(interfaceTypes(file)).toEqual([1, 144]);
}, 120_000);

/** Link types of the interfaces that a pcapng file describes. */
function interfaceTypes(file: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4))
    if (file.readUInt32LE(at) === 1) types.push(file.readUInt16LE(at + 8));
  return types;
}

test("whatever is sent into the room stops no daemon, and its program still finds the other one", async () => {
  const room = newPath();
  const box = await daemon(room, "--infrared-id", `${BOX}`, "--infrared-name", "box");
  const laptop = await daemon(room, "--infrared-id", "2");
  const server = program(box.url, CHAT);
  await server.line("listening 0");
  const random = new SeededRandom(8);
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.u32());
  // A device that hears nothing: its queue is full at once.
  const stranger = bindDatagrams(join(room, "00000bad"));
  const kinds = ["i", "rr", "rnr", "rej", "srej", "snrm", "disc", "rd", "ua", "dm", "frmr", "xidCommand", "xidResponse"] as const;
  const target = join(room, "11223344");
  const own = Uint8Array.of(0xad, 0x0b, 0, 0, 0x44, 0x33, 0x22, 0x11);
  for (let i = 0; i < 6000; i++) {
    const body = i % 3 === 0 ? Uint8Array.of(...own, ...noise(random.u32() % 40)) : noise(random.u32() % 60);
    const kind = kinds[random.u32() % kinds.length]!;
    const address = random.u32() % 128;
    const flags = random.u32();
    const frame = lapFrameBytes({
      address,
      kind,
      isCommand: (flags & 1) === 0,
      isFinal: (flags & 2) === 0,
      ns: (flags >> 2) & 7,
      nr: (flags >> 5) & 7,
      body,
    });
    sendDatagram(stranger, target, i % 5 === 0 ? noise(random.u32() % 3000) : frame);
    // As fast as the daemon takes them in.
    if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const port = await openDaemonPort(box.url.slice("daemon:".length));
  const { drops } = await manage(port, { op: "status" });
  port.close();
  expect(drops).not.toHaveProperty("internal-error");
  closeDescriptor(stranger);
  const client = program(laptop.url, `while (around() !== "box");\n${connecting(BOX)}`);
  await client.line("heard hello");
  expect(readdirSync(room).sort()).toEqual(["00000002", "11223344"]);
}, 120_000);

describe("tapsockd's room", () => {
  test("is left at the end, and taken over from one that was killed", async () => {
    const room = newPath();
    const first = await daemon(room, "--infrared-id", "1");
    first.program.process.kill("SIGKILL");
    await first.program.ended;
    expect(readdirSync(room)).toEqual(["00000001"]);
    const second = await daemon(room, "--infrared-id", "1");
    second.program.process.kill("SIGTERM");
    await second.program.ended;
    expect(readdirSync(room)).toEqual([]);
  });

  test("has no two devices of one id: status 1, and the first goes on", async () => {
    const room = newPath();
    const { url } = await daemon(room, "--infrared-id", "1");
    const socket = `${newPath()}.sock`;
    const second = await keep(startDaemon("--socket", socket, "--infrared", room, "--infrared-id", "1")).ended;
    expect(second.status).toBe(1);
    expect(second.stderr).toContain("another station with the id 0x00000001 is there; choose another id");
    expect(existsSync(socket)).toBe(false);
    expect(await program(url, `console.log("socket", s > 0);`).line("socket")).toBe("socket true");
  });

  test("is none where anybody may write: status 1", async () => {
    const room = newPath();
    mkdirSync(room);
    chmodSync(room, 0o777);
    const { status, stderr } = await keep(startDaemon("--socket", `${newPath()}.sock`, "--infrared", room)).ended;
    expect(status).toBe(1);
    expect(stderr).toContain(`Cannot enter the room ${room}: EPERM; anybody may write there`);
  });

  test.each([
    [["--infrared", "x".repeat(200)], "--infrared: expected a path of at most 98 bytes"],
    [["--infrared", "/tmp/x", "--infrared-id", "0"], "--infrared-id: expected 1 to 0xfffffffe"],
    [["--infrared", "/tmp/x", "--infrared-name", "x".repeat(23)], "--infrared-name: expected 1 to 22 characters of Latin-1"],
    [["--infrared-name", "box"], "Cannot give an infrared device the name box: it needs a directory"],
    [["--infrared", "/tmp/x", "--record", "/tmp/y"], 'Cannot record to "/tmp/y" with infrared'],
  ])("%j is wrong usage: status 2, and a sentence", async (flags, words) => {
    const { status, stderr } = await keep(startDaemon(...flags)).ended;
    expect(stderr).toContain(words);
    expect(status).toBe(2);
  });
});
