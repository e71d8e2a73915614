import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DaemonServer, MAX_CLIENTS, MAX_PENDING_CALLS } from "../../src/daemon/server.ts";
import { connectDaemon } from "../../src/runtime/daemon-link.ts";
import { CLOSE, EVENT, emptyMessage, encodeMessage, helloMessage, type Message, OPEN, REPLY, REQUEST } from "../../src/runtime/message.ts";
import type { LinkReceiver, MessageLink } from "../../src/runtime/message-link.ts";
import type { SocketLink } from "../../src/runtime/socket-link.ts";

/** The road to a host that the test plays. */
class ScriptedHost implements MessageLink {
  readonly sent: Message[] = [];
  isFull = false;
  receiver: LinkReceiver | undefined;

  send(message: Message): boolean {
    if (this.isFull) return false;
    this.sent.push({ ...message, data: message.data?.slice() ?? null });
    return true;
  }

  ofKind(kind: number): Message[] {
    return this.sent.filter((m) => m.kind === kind);
  }

  resume(): void {}
  close(): void {}
  ref(): void {}
  unref(): void {}
}

const directory = mkdtempSync(join(tmpdir(), "tapsock-server-"));
const path = join(directory, "s.sock");
let host: ScriptedHost;
let server: DaemonServer;
let listening: Server;
let left: { client: number; why: string }[];
let links: SocketLink[];

beforeEach(async () => {
  host = new ScriptedHost();
  left = [];
  links = [];
  server = new DaemonServer(
    (receiver) => {
      host.receiver = receiver;
      return host;
    },
    { clientOpened() {}, clientClosed: (client, why) => left.push({ client, why }), hostDown() {} },
  );
  listening = createServer({ pauseOnConnect: true }, (socket: Socket) => server.accept(socket));
  await new Promise<void>((resolve) => listening.listen({ path }, resolve));
});

afterEach(async () => {
  for (const link of links) link.close();
  server.close();
  await new Promise((resolve) => listening.close(resolve));
  rmSync(path, { force: true });
});

async function until(what: () => boolean): Promise<void> {
  while (!what()) await pause(1);
}

interface Client {
  readonly link: SocketLink;
  readonly received: Message[];
  isDown: boolean;
}

async function client(): Promise<Client> {
  const link = await connectDaemon(path);
  links.push(link);
  const received: Message[] = [];
  const self: Client = { link, received, isDown: false };
  link.receiver = {
    message: (m) => received.push({ ...m, data: m.data?.slice() ?? null }) > 0,
    room() {},
    down: () => {
      self.isDown = true;
    },
  };
  return self;
}

const request = (id: number): Message => ({ ...emptyMessage(), kind: REQUEST, id, op: 5 });

describe("the daemon's server", () => {
  test("tells the host of each client under a number of its own, and brings replies to the right one", async () => {
    const one = await client();
    const two = await client();
    // What a client writes as its number counts for nothing.
    one.link.send({ ...request(7), client: 99 });
    two.link.send({ ...request(7), client: 99 });
    await until(() => host.ofKind(REQUEST).length === 2);
    expect(host.ofKind(OPEN).map((m) => m.client)).toEqual([1, 2]);
    expect(
      host
        .ofKind(REQUEST)
        .map((m) => m.client)
        .sort(),
    ).toEqual([1, 2]);
    host.receiver!.message({ ...emptyMessage(), kind: REPLY, client: 2, id: 7, value: 22 });
    host.receiver!.message({ ...emptyMessage(), kind: REPLY, client: 1, id: 7, value: 11 });
    await until(() => one.received.length + two.received.length === 2);
    expect([one.received[0]?.value, two.received[0]?.value]).toEqual([11, 22]);
  });

  test("tells the host when a client is gone", async () => {
    const one = await client();
    await until(() => host.ofKind(OPEN).length === 1);
    one.link.close();
    await until(() => host.ofKind(CLOSE).length === 1);
    expect(left).toHaveLength(1);
  });

  test.each<[string, (link: SocketLink) => void]>([
    ["an unknown kind", (link) => link.send({ ...emptyMessage(), kind: 77 })],
    ["a reply", (link) => link.send({ ...emptyMessage(), kind: REPLY })],
    ["an OPEN of another client", (link) => link.send({ ...emptyMessage(), kind: OPEN, client: 1 })],
    ["a CLOSE of another client", (link) => link.send({ ...emptyMessage(), kind: CLOSE, client: 1 })],
    ["a number that is none", (link) => link.send({ ...request(1), a: Number.NaN })],
    ["a request in pieces", (link) => link.send({ ...request(1), more: true, data: new Uint8Array(1) })],
  ])("ends a client that sends %s, and only that one", async (_what, misbehave) => {
    const good = await client();
    const bad = await client();
    await until(() => host.ofKind(OPEN).length === 2);
    misbehave(bad.link);
    await until(() => bad.isDown);
    expect(left.map((l) => l.client)).toEqual([2]);
    expect(host.ofKind(CLOSE).map((m) => m.client)).toEqual([2]);
    good.link.send(request(1));
    await until(() => host.ofKind(REQUEST).length === 1);
    expect(good.isDown).toBe(false);
  });

  test("ends whoever does not begin with a hello, and never tells the host of it", async () => {
    const socket = createConnection({ path });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(encodeMessage(request(1)));
    socket.resume();
    await closed;
    expect(host.sent).toEqual([]);
  });

  test("keeps no socket of a client of another version that does not hang up", async () => {
    const socket = createConnection({ path, allowHalfOpen: true });
    socket.write(encodeMessage({ ...helloMessage(), op: 99 }));
    await new Promise((resolve) => socket.on("data", resolve));
    const open = () => new Promise<number>((resolve) => listening.getConnections((_error, count) => resolve(count)));
    for (let i = 0; i < 200 && (await open()) > 0; i++) await pause(1);
    expect(await open()).toBe(0);
    socket.destroy();
  });

  test("reads no further from a client with too many pending calls, and goes on with the others", async () => {
    const greedy = await client();
    const modest = await client();
    for (let id = 0; id < MAX_PENDING_CALLS + 500; id++) greedy.link.sendAnyway(request(id));
    await until(() => host.ofKind(REQUEST).length === MAX_PENDING_CALLS);
    modest.link.send(request(1));
    await until(() => host.ofKind(REQUEST).some((m) => m.client === 2));
    expect(host.ofKind(REQUEST).filter((m) => m.client === 1)).toHaveLength(MAX_PENDING_CALLS);
    for (let id = 0; id < 500; id++) host.receiver!.message({ ...emptyMessage(), kind: REPLY, client: 1, id });
    await until(() => host.ofKind(REQUEST).length === MAX_PENDING_CALLS + 501);
    const ids = host
      .ofKind(REQUEST)
      .filter((m) => m.client === 1)
      .map((m) => m.id);
    expect(ids).toEqual(ids.map((_, i) => i));
  });

  test("loses events, not replies, of a client that does not read", async () => {
    const socket = createConnection({ path });
    socket.pause();
    socket.write(encodeMessage(helloMessage()));
    await until(() => host.ofKind(OPEN).length === 1);
    const data = new Uint8Array(100_000);
    for (let i = 0; i < 100; i++) host.receiver!.message({ ...emptyMessage(), kind: EVENT, client: 1, a: 1, b: i, data });
    host.receiver!.message({ ...emptyMessage(), kind: REPLY, client: 1, id: 5 });
    let bytes = 0;
    socket.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
    });
    socket.resume();
    // Hello, some events of 100,048 bytes, and the reply of 48.
    await until(() => bytes % 100_048 === 96);
    expect(bytes).toBeLessThan(3_000_000);
    socket.destroy();
  });

  test("waits with requests while the host's ring is full, and loses none", async () => {
    const one = await client();
    await until(() => host.ofKind(OPEN).length === 1);
    host.isFull = true;
    for (let id = 0; id < 20; id++) one.link.send(request(id));
    await pause(20);
    expect(host.ofKind(REQUEST)).toEqual([]);
    host.isFull = false;
    host.receiver!.room();
    await until(() => host.ofKind(REQUEST).length === 20);
    expect(host.ofKind(REQUEST).map((m) => m.id)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("ends every client when the host is gone", async () => {
    const clients = [await client(), await client()];
    host.receiver!.down("gone for a test");
    await until(() => clients.every((c) => c.isDown));
  });

  test("turns away the client after the last one it has room for", async () => {
    for (let i = 0; i < MAX_CLIENTS; i++) await client();
    await expect(connectDaemon(path)).rejects.toThrow("Cannot use the daemon");
  });
});
