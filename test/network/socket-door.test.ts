import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DoorLimits } from "../../src/management/door-usage.ts";
import { type Administrators, DEFAULT_DOOR_LIMITS, type DoorNotice, SocketDoor } from "../../src/network/socket-door.ts";
import { FrozenTime } from "../../src/stack/core/time.ts";
import { TimerQueue } from "../../src/stack/core/timers.ts";
import { listenAt } from "../../src/tap/unix-socket.ts";
import { connectDaemon } from "../../src/transport/daemon-link.ts";
import {
  CLOSE,
  emptyMessage,
  encodeMessage,
  HEADER_BYTES,
  HELLO,
  helloMessage,
  MAX_DATA,
  MAX_MESSAGE,
  type Message,
  OPEN,
  REPLY,
  REQUEST,
} from "../../src/transport/message.ts";
import { MessageStream } from "../../src/transport/message-stream.ts";
import { CALL, type CallHandler, type CallRequest, type Replier } from "../../src/winsock/provider/calls.ts";

interface Call {
  readonly client: number;
  readonly request: CallRequest;
  readonly reply: Replier;
}

/** Notes what it is asked; the test answers. */
class ScriptedHandler implements CallHandler {
  readonly log: string[] = [];
  readonly calls: Call[] = [];
  /** When set, every call is answered at once with so many bytes. */
  answerBytes: number | undefined;
  throwsOn: number | undefined;

  readonly processes = new Map<number, number>();
  /** Of the programs that came, in their order. */
  readonly administrators: boolean[] = [];

  openClient(client: number, process = 0, isAdministrator = true): void {
    this.log.push(`open ${client}`);
    this.processes.set(client, process);
    this.administrators.push(isAdministrator);
  }

  closeClient(client: number): void {
    this.log.push(`close ${client}`);
  }

  hold(client: number, isHeld: boolean): void {
    this.log.push(`${isHeld ? "hold" : "let go"} ${client}`);
  }

  call(client: number, request: CallRequest, reply: Replier): void {
    if (request.op === this.throwsOn) throw new Error("ours");
    this.calls.push({ client, request: { ...request, data: request.data?.slice() ?? null }, reply });
    if (this.answerBytes !== undefined) reply(answer(request.id, new Uint8Array(this.answerBytes)));
  }

  of(client: number): Call[] {
    return this.calls.filter((c) => c.client === client);
  }
}

const answer = (id: number, data: Uint8Array | null = null, result = 0) => ({ id, result, error: 0, a: 0, b: 0, data });
const request = (id: number, more: Partial<Message> = {}): Message => ({ ...emptyMessage(), kind: REQUEST, id, op: 5, ...more });

const directory = mkdtempSync(join(tmpdir(), "tapsock-door-"));
afterAll(() => rmSync(directory, { recursive: true }));

let path: string;
let made = 0;
let handler: ScriptedHandler;
let door: SocketDoor;
let time: FrozenTime;
let timers: TimerQueue;
let notices: DoorNotice[];
let mistakes: unknown[];
const sockets: Socket[] = [];

function open(limits: Partial<DoorLimits> = {}, administrators: Administrators = "everyone"): void {
  path = join(directory, `${++made}.sock`);
  handler = new ScriptedHandler();
  time = new FrozenTime(0);
  timers = new TimerQueue(time);
  notices = [];
  mistakes = [];
  let last = 0;
  door = new SocketDoor({
    listener: listenAt(path),
    handler,
    numbers: { next: () => ++last },
    timers,
    limits: { ...DEFAULT_DOOR_LIMITS, ...limits },
    administrators,
    notice: (notice) => notices.push(notice),
    mistake: (error) => mistakes.push(error),
  });
}

beforeEach(() => open());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  door.end();
});

/** As the host's loop does it, until `done`. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; !done(); i++) {
    if (i > 20_000) throw new Error("It never happens");
    await nextTurnOfDoor();
  }
}

async function nextTurnOfDoor(): Promise<void> {
  door.serve(64);
  door.flush();
  await nextTurn();
}

class RawClient {
  readonly socket: Socket;
  readonly messages: Message[] = [];
  isOver = false;

  constructor(options: { readonly allowHalfOpen?: boolean } = {}) {
    this.socket = createConnection({ path, ...options });
    sockets.push(this.socket);
    const stream = new MessageStream((m) => this.messages.push({ ...m, data: m.data?.slice() ?? null }) > 0);
    this.socket.on("data", (chunk: Uint8Array) => stream.feed(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.isOver = true;
    });
  }

  send(...messages: Message[]): void {
    for (const message of messages) this.socket.write(encodeMessage(message));
  }

  get replies(): Message[] {
    return this.messages.filter((m) => m.kind === REPLY);
  }
}

async function greeted(process = 0): Promise<RawClient> {
  const client = new RawClient();
  client.send(helloMessage(process));
  await until(() => client.messages.some((m) => m.kind === HELLO));
  return client;
}

describe("a door", () => {
  test("gives each client a number of its own, whatever it calls itself, and each reply to the right one", async () => {
    const one = await greeted();
    const two = await greeted();
    one.send(request(7, { client: 99 }));
    two.send(request(7, { client: 99 }));
    await until(() => handler.calls.length === 2);
    handler.of(2)[0]!.reply(answer(7, null, 22));
    handler.of(1)[0]!.reply(answer(7, null, 11));
    await until(() => one.replies.length + two.replies.length === 2);
    expect([one.replies[0]?.value, two.replies[0]?.value]).toEqual([11, 22]);
    expect(door.usage.clients).toBe(2);
  });

  test("knows the threads of a program by the number that they say, and by the system's process that they belong to", async () => {
    for (const number of [5, 5, 6, 0, 0]) await greeted(number);
    const [one, same, another, alone, alsoAlone] = [...handler.processes.values()];
    expect([same, alone, alsoAlone]).toEqual([one, 0, 0]);
    expect(one).toBe(process.pid * 2 ** 31 + 5);
    expect(another).toBe(process.pid * 2 ** 31 + 6);
    const liar = new RawClient();
    liar.send(helloMessage(2 ** 31));
    await until(() => liar.isOver);
    expect(handler.processes.size).toBe(5);
  });

  test("lets a thread's fence wait for all that the other threads of its program have asked", async () => {
    const one = await greeted(5);
    const other = await greeted(5);
    const stranger = await greeted(6);
    const asked = Array.from({ length: 3000 }, (_, i) => request(i + 1));
    one.send(...asked);
    stranger.send(request(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    other.send(request(1, { op: CALL.fence, c: 1 }), request(2));
    await until(() => handler.of(2).length === 2);
    const order = handler.calls.map(({ client, request: { id } }) => `${client}:${id}`);
    expect(order.filter((what) => !what.startsWith("3"))).toEqual([...asked.map(({ id }) => `1:${id}`), "2:1", "2:2"]);
  });

  test("lets no fence wait for a thread that leaves its replies unread, nor for one that has gone", async () => {
    const one = await greeted(5);
    const gone = await greeted(5);
    const other = await greeted(5);
    one.socket.pause();
    handler.answerBytes = 200_000;
    one.send(...Array.from({ length: 40 }, (_, i) => request(i + 1)));
    await until(() => handler.log.includes("hold 1"));
    handler.answerBytes = undefined;
    gone.socket.destroy();
    other.send(request(1, { op: CALL.fence, c: 1 }));
    await until(() => handler.of(3).length === 1);
  });

  test.each([
    ["everyone", true],
    ["root", process.getuid?.() === 0],
    ["nobody", false],
  ] as const)("has %s for administrators: whoever runs this test is one: %s", async (administrators, isOne) => {
    door.end();
    open({}, administrators);
    await greeted();
    expect(handler.administrators).toEqual([isOne]);
  });

  test("closes a client that is gone, after what it asked for before", async () => {
    const one = await greeted();
    one.send(request(1), request(2));
    one.socket.end();
    await until(() => handler.log.includes("close 1"));
    expect(handler.calls.map((c) => c.request.id)).toEqual([1, 2]);
    expect(notices).toContainEqual({ type: "client-closed", client: 1, why: "the connection was closed" });
    expect(door.usage).toMatchObject({ clients: 0, strangers: 0, requestBytes: 0, replyBytes: 0 });
    // An answer that comes too late is nobody's.
    handler.calls[0]!.reply(answer(1));
    door.flush();
  });

  test.each<[string, Message]>([
    ["an unknown kind", { ...emptyMessage(), kind: 77 }],
    ["a reply", { ...emptyMessage(), kind: REPLY }],
    ["a second hello", helloMessage()],
    ["an OPEN of another client", { ...emptyMessage(), kind: OPEN, client: 1 }],
    ["a CLOSE of another client", { ...emptyMessage(), kind: CLOSE, client: 1 }],
    ["a number that is none", request(1, { a: Number.NaN })],
    ["a request in pieces", request(1, { more: true, data: new Uint8Array(1) })],
  ])("shows out a client that sends %s, and only that one", async (_what, wrong) => {
    const good = await greeted();
    const bad = await greeted();
    bad.send(wrong);
    await until(() => bad.isOver && handler.log.includes("close 2"));
    good.send(request(1));
    await until(() => handler.calls.length === 1);
    expect(handler.log).not.toContain("close 1");
  });

  test.each([0, 47, MAX_MESSAGE + 1, 0xffffffff])("shows out a client whose message says that it has %i bytes", async (length) => {
    const bad = await greeted();
    const bytes = new Uint8Array(64);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bad.socket.write(bytes);
    await until(() => handler.log.includes("close 1"));
  });

  test("tells the handler nothing of whoever does not begin with a hello", async () => {
    const client = new RawClient();
    client.send(request(1));
    await until(() => client.isOver);
    expect(handler.log).toEqual([]);
  });

  test("tells a client of another version its own, however late it reads and whatever it says behind its hello", async () => {
    const client = new RawClient();
    await until(() => door.usage.strangers === 1);
    client.socket.pause();
    client.send({ ...helloMessage(), op: 99 });
    for (let i = 0; i < 20; i++) await nextTurnOfDoor();
    for (let i = 0; i < 20; i++) {
      client.send(i === 0 ? helloMessage() : request(i));
      await nextTurnOfDoor();
    }
    client.socket.resume();
    await until(() => client.isOver);
    expect(client.messages.map((m) => m.kind)).toEqual([HELLO]);
    await until(() => door.usage.strangers === 0);
    expect(handler.log).toEqual([]);
  });

  test("lets go of a client of another version in five seconds, though it does not hang up", async () => {
    const client = new RawClient({ allowHalfOpen: true });
    client.send({ ...helloMessage(), op: 99 });
    await until(() => client.messages.length === 1);
    time.moveTo(4999);
    timers.runDue();
    expect(door.usage.strangers).toBe(1);
    time.moveTo(5000);
    timers.runDue();
    expect(door.usage).toMatchObject({ clients: 0, strangers: 0 });
    expect(timers.size).toBe(0);
  });

  test("puts messages together again, cut anywhere, and long ones after short ones (RangeError of the first build)", async () => {
    const client = await greeted();
    const sizes = [0, 1, 4096, 65_488, 65_536, 65_804, 256 * 1024, MAX_DATA];
    for (const size of [...sizes, ...sizes.toReversed()]) client.send(request(size, { data: new Uint8Array(size).fill(size) }));
    await until(() => handler.calls.length === 2 * sizes.length);
    expect(handler.calls.map((c) => c.request.data?.length)).toEqual([...sizes, ...sizes.toReversed()]);
    const whole = encodeMessage(request(1, { data: new Uint8Array(70_000).fill(7) }));
    for (const cut of [1, 3, 4, 5, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1, 65_535, 65_536, whole.length - 1]) {
      const before = handler.calls.length;
      client.socket.write(whole.subarray(0, cut));
      for (let i = 0; i < 20; i++) {
        door.serve(64);
        await nextTurn();
      }
      client.socket.write(whole.subarray(cut));
      await until(() => handler.calls.length > before);
      expect(Buffer.compare(handler.calls.at(-1)!.request.data!, whole.subarray(HEADER_BYTES))).toBe(0);
    }
    // Nothing of it is kept.
    expect(door.usage.requestBytes).toBe(0);
  });

  test("brings a reply longer than a message in pieces, in order", async () => {
    const client = await greeted();
    const data = Uint8Array.from({ length: 2 * MAX_DATA + 5 }, (_, i) => i % 251);
    client.send(request(1));
    await until(() => handler.calls.length === 1);
    handler.calls[0]!.reply(answer(1, data));
    await until(() => client.replies.length === 3);
    expect(client.replies.map((m) => [m.data?.length, m.more])).toEqual([
      [MAX_DATA, true],
      [MAX_DATA, true],
      [5, false],
    ]);
    expect(Buffer.compare(Buffer.concat(client.replies.map((m) => m.data!)), data)).toBe(0);
  });

  test("an exception of ours costs the client that it happened for, and is told", async () => {
    const good = await greeted();
    const bad = await greeted();
    handler.throwsOn = 9;
    bad.send(request(1, { op: 9 }));
    await until(() => bad.isOver);
    expect(mistakes).toEqual([new Error("ours")]);
    good.send(request(1));
    await until(() => handler.of(1).length === 1);
  });
});

describe("a client that makes many calls", () => {
  test("is heard however many of them wait: their number is the provider's matter", async () => {
    const client = await greeted();
    for (let id = 1; id <= 5000; id++) client.send(request(id));
    await until(() => handler.calls.length === 5000);
    expect(handler.calls.map((c) => c.request.id)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });

  test("leaves the others their turn: one that asks for one thing is served between its many", async () => {
    const busy = await greeted();
    const modest = await greeted();
    for (let id = 1; id <= 3000; id++) busy.send(request(id, { data: new Uint8Array(1000) }));
    await until(() => handler.of(1).length > 0);
    modest.send(request(1));
    await until(() => handler.of(2).length === 1);
    const before = handler.calls.findIndex((c) => c.client === 2);
    expect(before).toBeLessThan(3000);
    await until(() => handler.of(1).length === 3000);
  });
});

describe("a client that does not read", () => {
  test("is not read from, has its waiting calls held, costs no more than its share, and gets all when it reads", async () => {
    open({ clientReplyBytes: 300_000 });
    handler.answerBytes = 100_000;
    const client = await greeted();
    client.socket.pause();
    for (let id = 1; id <= 100; id++) client.send(request(id));
    await until(() => handler.log.includes("hold 1"));
    const taken = handler.calls.length;
    for (let i = 0; i < 100; i++) {
      door.serve(64);
      door.flush();
      await nextTurn();
    }
    expect(handler.calls.length).toBe(taken);
    // The kernel holds some beside our share.
    expect(taken).toBeLessThan(50);
    expect(door.usage.replyBytes).toBeLessThan(300_000 + 2 * (100_000 + HEADER_BYTES));
    client.socket.resume();
    await until(() => client.replies.length === 100);
    expect(client.replies.map((m) => m.id)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(handler.log.filter((l) => l.startsWith("hold")).length).toBe(handler.log.filter((l) => l.startsWith("let go")).length);
    expect(door.usage.replyBytes).toBe(0);
  });

  test("loses events, not replies, and sees the gap in their numbers", async () => {
    const client = await greeted();
    client.socket.pause();
    const data = new Uint8Array(100_000);
    let lost = 0;
    for (let i = 0; i < 100; i++) if (!door.event(1, 1, i, data)) lost++;
    expect(lost).toBeGreaterThan(50);
    client.send(request(5));
    await until(() => handler.calls.length === 1);
    handler.calls[0]!.reply(answer(5));
    client.socket.resume();
    await until(() => client.replies.length === 1);
    expect(client.messages.length).toBe(2 + 100 - lost);
  });

  test("that leaves while it is not read from is noticed, and what it held is free", async () => {
    open({ clientReplyBytes: 300_000 });
    handler.answerBytes = 200_000;
    const client = await greeted();
    client.socket.pause();
    for (let id = 1; id <= 20; id++) client.send(request(id));
    await until(() => handler.log.includes("hold 1"));
    client.socket.destroy();
    await until(() => handler.log.includes("close 1"));
    expect(door.usage).toMatchObject({ clients: 0, replyBytes: 0 });
  });

  test("among many has a share of what all may leave unread together", async () => {
    open({ clientReplyBytes: 1_000_000, replyBytes: 1_200_000 });
    handler.answerBytes = 100_000;
    const clients = [await greeted(), await greeted(), await greeted()];
    for (const client of clients) {
      client.socket.pause();
      for (let id = 1; id <= 50; id++) client.send(request(id));
    }
    await until(() => ["hold 1", "hold 2", "hold 3"].every((line) => handler.log.includes(line)));
    expect(door.usage.replyBytes).toBeLessThan(1_200_000 + 3 * (100_000 + HEADER_BYTES));
    for (const client of clients) client.socket.resume();
    await until(() => clients.every((client) => client.replies.length === 50));
  });
});

describe("places", () => {
  test("are as many as the limit says; who comes after is turned away in a sentence, and comes in when one has left", async () => {
    open({ clients: 3 });
    const clients = [await greeted(), await greeted(), await greeted()];
    let why = "";
    connectDaemon(path).catch((error: Error) => {
      why = error.message;
    });
    await until(() => why !== "");
    expect(why).toMatch(/^Cannot use the daemon at .*: it turned us away; perhaps it has as many clients as it takes$/);
    expect(handler.log).not.toContain("open 4");
    clients[0]!.socket.destroy();
    await until(() => handler.log.includes("close 1"));
    await greeted();
  });

  test("are taken by a hello, not by silence: hundreds that say nothing keep nobody out", async () => {
    open({ clients: 2 });
    const silent = Array.from({ length: 300 }, () => new RawClient());
    await until(() => silent.filter((client) => client.isOver).length >= 300 - 128);
    expect(door.usage.strangers).toBeLessThanOrEqual(128);
    await greeted();
    await greeted();
    expect(door.usage.clients).toBe(2);
  });

  test("a client has five seconds to say hello", async () => {
    const client = new RawClient();
    await until(() => door.usage.strangers === 1);
    time.moveTo(4999);
    timers.runDue();
    expect(door.usage.strangers).toBe(1);
    time.moveTo(5000);
    timers.runDue();
    await until(() => client.isOver);
    expect(timers.size).toBe(0);
  });

  test("long messages in part are bounded for all together: the largest goes first", async () => {
    open({ requestBytes: 600_000 });
    const half = encodeMessage(request(1, { data: new Uint8Array(MAX_DATA) })).subarray(0, 1000);
    const clients = [await greeted(), await greeted(), await greeted()];
    for (const client of clients) client.socket.write(half);
    await until(() => clients.some((client) => client.isOver));
    expect(clients.filter((client) => client.isOver).length).toBe(1);
    expect(door.usage.requestBytes).toBeLessThanOrEqual(600_000);
  });

  test("who comes and goes three thousand times leaves nothing behind", async () => {
    for (let i = 0; i < 3000; i++) {
      const client = new RawClient();
      client.send(helloMessage(), request(i));
      await until(() => handler.calls.length === i + 1);
      client.socket.destroy();
    }
    await until(() => handler.log.filter((line) => line.startsWith("close")).length === 3000);
    expect(door.usage).toMatchObject({ clients: 0, strangers: 0, requestBytes: 0, replyBytes: 0 });
    expect(timers.size).toBe(0);
    // Coming and going is told, but a crowd does not fill the log.
    expect(notices.length).toBe(5000);
  });
});
