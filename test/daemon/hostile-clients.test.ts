import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { below, SeededRandom } from "../../src/stack/core/random.ts";
import {
  CLOSE,
  EVENT,
  encodeMessage,
  HEADER_BYTES,
  HELLO,
  helloMessage,
  MAX_DATA,
  MAX_MESSAGE,
  type Message,
  OPEN,
  PROTOCOL_VERSION,
  REPLY,
} from "../../src/transport/message.ts";
import { new_WSAQUERYSETW, querySetBytes } from "../../src/winsock/abi/query-set.ts";
import { SVCID_INET_HOSTADDRBYNAME } from "../../src/winsock/abi/service-classes.ts";
import { CALL, type CallName } from "../../src/winsock/provider/calls.ts";
import { type Arguments, loopbackName, RawClient, requestMessage, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from "./raw-client.ts";
import { eventually, soon, WatchedDaemon } from "./watched-daemon.ts";

/** The built daemon and clients that know its format and nothing of manners. What they send must be the loss of nobody else. */

const AF_INET = 2;
const AF_INET6 = 23;
const FIONBIO = 0x8004667e;
/** WSAENOTSOCK's reply costs nothing: no client has a socket of this number. */
const NO_SOCKET = 0x7fff_fffc;

jest.setTimeout(30_000);

let daemon: WatchedDaemon;
beforeEach(async () => {
  daemon = await WatchedDaemon.start();
});
afterEach(() => daemon.end());

/** Writes `bytes` in pieces that the seed chooses, some of them a byte, and lets the loop turn between them now and then. */
async function writeCut(client: RawClient, bytes: Uint8Array, random: SeededRandom): Promise<void> {
  for (let at = 0; at < bytes.length && !client.isClosed; ) {
    const length = 1 + below(random, [1, 50, 5000, 100_000][below(random, 4)]!);
    const piece = bytes.subarray(at, at + length);
    if (below(random, 4) === 0) await client.writeAll(piece);
    else client.write(piece);
    at += length;
  }
}

const randomBytes = (random: SeededRandom, length: number): Uint8Array => new Uint8Array(length).map(() => random.u32() & 255);

describe("bytes of any kind", () => {
  test("that are no messages end their client only, with a hello before them or without", async () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < 60; round++) {
      const client = round % 2 === 0 ? await RawClient.silent(daemon.path) : await RawClient.started(daemon.path);
      await writeCut(client, randomBytes(random, HEADER_BYTES + below(random, 3000)), random);
      // A length that happens to be possible waits for the rest of its message.
      client.socket.end();
      await soon(client.closed, "the end of a client that sent random bytes");
    }
    await daemon.expectUnharmed();
  });

  test("that are mutated messages are answered or end their client", async () => {
    const random = new SeededRandom(2);
    const ops = Object.values(CALL).filter((op) => op !== CALL.control);
    for (let round = 0; round < 150; round++) {
      const client = await RawClient.started(daemon.path);
      const { near, far } = await client.connectedPair();
      const blobs: Uint8Array[] = [];
      for (let i = 0; i < 8; i++) {
        const s = [near, far, NO_SOCKET][below(random, 3)]!;
        const numbers = { a: below(random, 70_000) - 2, b: below(random, 300) - 2, c: below(random, 40) - 2 };
        const data = below(random, 3) === 0 ? null : randomBytes(random, below(random, 600));
        const bytes = encodeMessage(requestMessage(1000 + i, ops[below(random, ops.length)]!, { s, ...numbers, data }));
        for (let flips = below(random, 4); flips > 0; flips--) bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
        blobs.push(below(random, 6) === 0 ? bytes.subarray(0, below(random, bytes.length)) : bytes);
      }
      await writeCut(client, Buffer.concat(blobs), random);
      client.socket.end();
      await soon(client.closed, "the end of a client that sent mutated messages");
    }
    await daemon.expectUnharmed();
  });

  test("as a management request are refused with a sentence, whatever they say", async () => {
    const random = new SeededRandom(3);
    const client = await RawClient.started(daemon.path);
    const whole = new TextEncoder().encode('{"op":"fault-set","device":"lo","direction":"both","settings":{"loss":0.5,"delayMs":3}}');
    for (let round = 0; round < 300; round++) {
      const data = below(random, 4) === 0 ? randomBytes(random, below(random, 200)) : whole.slice(0, 1 + below(random, whole.length));
      for (let flips = 1 + below(random, 3); flips > 0 && data.length > 0; flips--) data[below(random, data.length)] = random.u32() & 255;
      const reply = await client.call("control", { data });
      expect(reply.data).not.toBeNull();
      expect(typeof (JSON.parse(new TextDecoder().decode(reply.data!)) as { ok: unknown }).ok).toBe("boolean");
    }
    for (const text of ["[".repeat(100_000), `{"op":"${"x".repeat(200_000)}"}`, "null", '"status"', '{"op":{"op":"status"}}', ""]) {
      const reply = await client.call("control", { data: new TextEncoder().encode(text) });
      expect(JSON.parse(new TextDecoder().decode(reply.data!))).toMatchObject({ ok: false });
    }
    await client.manage({ op: "fault-clear", device: "lo" });
    await client.kill();
    await daemon.expectUnharmed();
  });
});

describe("messages of every length", () => {
  /** Where buffers of powers of two, a quarter of the largest message and the largest message itself end. */
  const BOUNDARIES = [0, 4, HEADER_BYTES, 16_384, 32_768, 65_536, MAX_MESSAGE / 4, 131_072, 262_144, MAX_MESSAGE, 524_288, 2 * MAX_MESSAGE];
  const STEP = 2999;
  const lengths = new Set<number>();
  for (const boundary of BOUNDARIES) for (let by = -2; by <= 2; by++) if (boundary + by >= 0) lengths.add(boundary + by);
  for (let length = 0; length <= 2 * MAX_MESSAGE; length += STEP) lengths.add(length);
  const isPossible = (length: number) => length >= HEADER_BYTES && length <= MAX_MESSAGE;

  test("are answered when they are possible, one after another, forwards and backwards", async () => {
    const client = await RawClient.started(daemon.path);
    const possible = [...lengths].filter(isPossible).sort((a, b) => a - b);
    for (const length of [...possible, ...possible.reverse()]) {
      const data = length === HEADER_BYTES ? null : new Uint8Array(length - HEADER_BYTES);
      expect((await client.call("getsockname", { s: NO_SOCKET, data })).c).toBe(10038);
    }
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("end their client when they are not", async () => {
    for (const length of lengths) {
      if (isPossible(length)) continue;
      const client = await RawClient.started(daemon.path);
      const bytes = encodeMessage(requestMessage(9, CALL.getsockname, { s: NO_SOCKET }));
      new DataView(bytes.buffer).setUint32(0, length, true);
      client.write(bytes);
      if (length > HEADER_BYTES) client.write(new Uint8Array(length - HEADER_BYTES));
      await soon(client.closed, `the end of a client whose message says ${length} bytes`);
    }
    await daemon.expectUnharmed();
  });

  test("may break off anywhere", async () => {
    for (const length of lengths) {
      if (length === 0 || length > MAX_MESSAGE) continue;
      const client = await RawClient.started(daemon.path);
      const whole = encodeMessage(requestMessage(9, CALL.getsockname, { s: NO_SOCKET, data: new Uint8Array(MAX_DATA) }));
      await client.writeAll(whole.subarray(0, length));
      await client.kill();
    }
    await daemon.expectUnharmed();
  });

  test.each(BOUNDARIES.filter((b) => b > HEADER_BYTES))(
    "around %i bytes a write, with a message of the largest size before them, are all answered",
    async (boundary) => {
      for (let by = -2; by <= 2; by++) {
        const client = await RawClient.started(daemon.path);
        const bytes: Uint8Array[] = [encodeMessage(requestMessage(0, CALL.getsockname, { s: NO_SOCKET, data: new Uint8Array(MAX_DATA) }))];
        let total = 0;
        let id = 0;
        // Twice the room that the largest message leaves, so that whatever holds the stream is filled to its end and begun anew.
        for (; total < 4 * MAX_MESSAGE; total += HEADER_BYTES + (id % 1000)) {
          bytes.push(encodeMessage(requestMessage(++id, CALL.getsockname, { s: NO_SOCKET, data: new Uint8Array(id % 1000) })));
        }
        const stream = Buffer.concat(bytes);
        const last = client.reply(id);
        for (let at = 0; at < stream.length; at += boundary + by) await client.writeAll(stream.subarray(at, at + boundary + by));
        if ((await soon(last, "the last reply")) === undefined) throw new Error(`The daemon hung up: ${daemon.stderr}`);
        expect(client.unclaimed.map((m) => m.id)).toEqual(Array.from({ length: id }, (_, i) => i));
        await client.kill();
      }
      await daemon.expectUnharmed();
    },
  );
});

describe("a client that does not begin as it should", () => {
  const hello = (change: Partial<Message>): Message => ({ ...helloMessage(), ...change });

  test.each<[string, Message]>([
    ["another magic", hello({ value: 1 })],
    ["a request", requestMessage(1, CALL.startup)],
    ["a reply", hello({ kind: REPLY })],
    ["an event", hello({ kind: EVENT })],
    ["an OPEN", hello({ kind: OPEN })],
    ["a CLOSE", hello({ kind: CLOSE, client: 1 })],
    ["version 0", hello({ op: 0 })],
    ["the next version", hello({ op: PROTOCOL_VERSION + 1 })],
    ["version 65535", hello({ op: 0xffff })],
  ])("but with %s is hung up on", async (_what, message) => {
    const client = await RawClient.silent(daemon.path, { allowHalfOpen: true });
    client.write(encodeMessage(message));
    client.request("startup", { a: 0x0202 });
    await soon(client.closed, "the end of a client without a hello");
    expect(client.unclaimed).toEqual([]);
    // Whoever speaks as a client of another version does is told which version this is.
    expect(client.hello?.op).toBe(message.kind === HELLO && message.value === helloMessage().value ? PROTOCOL_VERSION : undefined);
    await daemon.expectUnharmed();
  });

  test("but says hello twice is hung up on", async () => {
    const client = await RawClient.started(daemon.path);
    client.write(encodeMessage(helloMessage()));
    await soon(client.closed, "the end of a client that says hello twice");
    await daemon.expectUnharmed();
  });

  test("but in pieces of one byte, with the first calls behind, is served", async () => {
    const client = await RawClient.silent(daemon.path);
    const bytes = Buffer.concat([encodeMessage(helloMessage()), encodeMessage(requestMessage(1, CALL.startup, { a: 0x0202 }))]);
    const reply = client.reply(1);
    for (const byte of bytes) await client.writeAll(new Uint8Array([byte]));
    expect(await soon(reply, "the reply")).toMatchObject({ value: 0 });
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("but says nothing takes no place from others, however many of its kind there are", async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => RawClient.silent(daemon.path)));
    // Some begin a hello and leave it there.
    for (const client of silent.slice(0, 100)) client.write(encodeMessage(helloMessage()).subarray(0, 20));
    const clients = await Promise.all(
      Array.from({ length: 40 }, () => soon(RawClient.started(daemon.path), "a place beside silent clients")),
    );
    await Promise.all([...silent, ...clients].map((client) => client.kill()));
    await daemon.expectUnharmed();
  });
});

/** What each call is made with. */
interface Sockets {
  readonly near: number;
  readonly far: number;
  readonly listener: number;
  readonly datagram: number;
  readonly event: number;
}

const readSet = (s: number): Uint8Array => new Uint8Array(new Uint32Array([1, s, 0, 0]).buffer);

/** What WSALookupServiceBegin takes for the addresses of a host. */
const restrictions = (name: string): Uint8Array =>
  querySetBytes({ ...new_WSAQUERYSETW(), lpszServiceInstanceName: name, lpServiceClassId: SVCID_INET_HOSTADDRBYNAME }, true);

/** A call of each kind that waits where it can wait, with data where it takes data. */
const CALLS: Readonly<Record<CallName, (sockets: Sockets) => Arguments>> = {
  startup: () => ({ a: 0x0202 }),
  cleanup: () => ({}),
  socket: () => ({ a: AF_INET, b: SOCK_STREAM }),
  bind: ({ datagram }) => ({ s: datagram, a: 16, data: loopbackName(0) }),
  connect: ({ datagram }) => ({ s: datagram, a: 16, data: loopbackName(9) }),
  listen: ({ near }) => ({ s: near, a: 5 }),
  accept: ({ listener }) => ({ s: listener, a: 16 }),
  send: ({ near }) => ({ s: near, data: new Uint8Array(MAX_DATA) }),
  recv: ({ far }) => ({ s: far, a: 100_000 }),
  sendto: ({ datagram }) => ({ s: datagram, a: 16, c: 16, data: Buffer.concat([loopbackName(9), new Uint8Array(1000)]) }),
  recvfrom: ({ datagram }) => ({ s: datagram, a: 1000, c: 16 }),
  shutdown: ({ near }) => ({ s: near, a: 2 }),
  closesocket: ({ near }) => ({ s: near }),
  select: ({ far }) => ({ a: -1, data: readSet(far) }),
  ioctlsocket: ({ near }) => ({ s: near, a: 0x8004667e, b: 1 }),
  getsockname: ({ near }) => ({ s: near, a: 16 }),
  getpeername: ({ near }) => ({ s: near, a: 16 }),
  getsockopt: ({ near }) => ({ s: near, a: 0xffff, b: 0x1001, c: 4 }),
  setsockopt: ({ near }) => ({ s: near, a: 0xffff, b: 0x1001, c: 4, data: new Uint8Array([0, 64, 0, 0]) }),
  WSAIoctl: ({ near }) => ({ s: near, a: 0x48000016, c: 65536, data: new Uint8Array(4) }),
  cancel: () => ({ a: 5 }),
  show: ({ far }) => ({ s: far, a: 100_000 }),
  taken: ({ far }) => ({ s: far, a: 5 }),
  room: ({ near }) => ({ s: near }),
  createEvent: () => ({ a: 1 }),
  setEvent: ({ event }) => ({ s: event }),
  resetEvent: ({ event }) => ({ s: event }),
  closeHandle: ({ event }) => ({ s: event }),
  waitForEvents: ({ event }) => ({ b: -1, data: new Uint8Array(new Uint32Array([event]).buffer) }),
  selectEvents: ({ near, event }) => ({ s: near, a: event, b: 0x3ff }),
  enumerateEvents: ({ near, event }) => ({ s: near, a: event }),
  poll: ({ near }) => ({ a: -1, data: new Uint8Array(new Int32Array([near, 0x100]).buffer) }),
  fence: ({ near }) => ({ s: near }),
  cancelIo: ({ near }) => ({ s: near }),
  connectEx: ({ near }) => ({ s: near, a: 16, b: 16, data: loopbackName(9) }),
  acceptEx: ({ listener, near }) => ({ s: listener, a: near, b: 10 }),
  disconnectEx: ({ near }) => ({ s: near }),
  duplicateSocket: ({ near }) => ({ s: near }),
  socketOfDuplicate: () => ({ a: 7 }),
  offer: ({ listener }) => ({ s: listener }),
  reject: ({ listener }) => ({ s: listener }),
  recvMsg: ({ datagram }) => ({ s: datagram, a: 100, c: 16, data: Uint8Array.of(100, 0, 0, 0) }),
  sendMsg: ({ datagram }) => ({ s: datagram, a: 16, c: 16, data: Uint8Array.of(0, 0, 0, 0, ...loopbackName(9), 1, 2, 3) }),
  createWindow: () => ({}),
  destroyWindow: ({ event }) => ({ s: event }),
  postMessage: ({ event }) => ({ s: event, a: 0x400 }),
  peekMessage: () => ({}),
  getMessage: () => ({}),
  hostForWindow: ({ event }) => ({ s: event, a: 0x400, c: 64, e: 1, data: Uint8Array.of(0x61) }),
  selectMessages: ({ near, event }) => ({ s: near, a: event, b: 0x400, c: 0x3ff }),
  associate: ({ near }) => ({ s: near, b: 7 }),
  dequeue: ({ event }) => ({ s: event, a: -1, b: 1 }),
  postPacket: ({ event }) => ({ s: event, b: 7 }),
  notificationModes: ({ near }) => ({ s: near, a: 1 }),
  getaddrinfo: () => ({ data: new TextEncoder().encode("www.example.com") }),
  getnameinfo: () => ({ data: loopbackName(80) }),
  gethostname: () => ({}),
  lookupBegin: () => ({ a: 0xff0, data: restrictions("www.example.com") }),
  lookupNext: ({ event }) => ({ s: event, a: 0, b: 1, c: 4096 }),
  lookupEnd: ({ event }) => ({ s: event }),
  duplicateHandle: ({ event }) => ({ s: event, a: 3 }),
  control: () => ({ data: new TextEncoder().encode('{"op":"capture-start","device":"lo"}') }),
};

/** How far a client gets with its call. */
const POINTS = ["before the call", "in its header", "before its last byte", "right after it", "after the answer or a while"] as const;

async function callUpTo(client: RawClient, point: (typeof POINTS)[number], name: CallName, args: Arguments): Promise<void> {
  const bytes = encodeMessage(requestMessage(7777, CALL[name], args));
  if (point === "in its header") await client.writeAll(bytes.subarray(0, HEADER_BYTES / 2));
  else if (point === "before its last byte") await client.writeAll(bytes.subarray(0, -1));
  else if (point === "right after it") client.write(bytes);
  else if (point === "after the answer or a while") {
    await client.writeAll(bytes);
    // Answered in order, unless the call waits.
    await client.call("getsockname", { s: NO_SOCKET });
  }
}

describe.each(["dies", "closes its side only"])("a client that %s", (how) => {
  // One daemon for all: starting one takes longer than all that is done to it.
  test("at any point of any call leaves nothing behind", async () => {
    for (const name of Object.keys(CALLS) as CallName[]) await leaveAtAnyPointOf(name);
  });

  async function leaveAtAnyPointOf(name: CallName): Promise<void> {
    const clients = await Promise.all(
      POINTS.map(async (point) => {
        const client = await RawClient.started(daemon.path, { allowHalfOpen: true });
        const sockets = { ...(await client.connectedPair()), datagram: await client.boundDatagramSocket(), event: await client.event() };
        // Other calls wait beside it.
        client.request("recv", { s: sockets.near, a: 10 });
        client.request("select", { a: -1, data: readSet(sockets.datagram) });
        await callUpTo(client, point, name, CALLS[name](sockets));
        if (how === "dies") await client.kill();
        else client.socket.end();
        return client;
      }),
    );
    await soon(Promise.all(clients.map((client) => client.closed)), `the end of all who left at ${name}`);
    await daemon.expectUnharmed().catch((error: unknown) => {
      throw new Error(`After clients left at ${name}`, { cause: error });
    });
  }
});

describe("a raw socket", () => {
  test("takes any numbers and bytes in any call: each is answered, and nobody is harmed", async () => {
    const client = await RawClient.started(daemon.path);
    const names: readonly CallName[] = [
      "bind",
      "connect",
      "sendto",
      "sendMsg",
      "recvfrom",
      "recvMsg",
      "getsockopt",
      "setsockopt",
      "WSAIoctl",
    ];
    const numbers = [-1, 0, 2, 16, 28, 41, 0x98000001];
    const payloads = [null, new Uint8Array(0), loopbackName(0), new Uint8Array(64).fill(0x45), new Uint8Array(64).fill(0x60)];
    for (const [family, protocol] of [
      [AF_INET, 0],
      [AF_INET, 1],
      [AF_INET, 255],
      [AF_INET6, 41],
      [AF_INET6, 58],
      [AF_INET6, 60],
    ] as const) {
      const s = (await client.call("socket", { a: family, b: SOCK_RAW, c: protocol })).value;
      expect(s).toBeGreaterThan(0);
      await client.call("ioctlsocket", { s, a: FIONBIO, b: 1 });
      const ids = names.flatMap((name) =>
        numbers.flatMap((a) => numbers.flatMap((b) => payloads.map((data) => client.request(name, { s, a, b, c: a ^ b, data })))),
      );
      await soon(client.reply(ids.pop()!), "the last of all answers");
      expect(client.unclaimed.filter(({ id }) => ids.includes(id))).toHaveLength(ids.length);
      client.unclaimed.length = 0;
      await client.call("closesocket", { s });
    }
    await client.kill();
    await daemon.expectUnharmed();
  });
});

describe("clients in great numbers", () => {
  test("a thousand at once are each served or turned away, and all places are free afterwards", async () => {
    const clients = await Promise.all(Array.from({ length: 1000 }, () => RawClient.silent(daemon.path)));
    const greeted = await soon(Promise.all(clients.map((client) => client.greet())), "a hello or a farewell for each of a thousand");
    expect(greeted.filter((isServed) => isServed).length).toBeGreaterThanOrEqual(60);
    await soon(
      Promise.all(clients.map(async (client, i) => (greeted[i] ? client.call("startup", { a: 0x0202 }) : undefined))),
      "an answer for each that was greeted",
    );
    await Promise.all(clients.map((client) => client.kill()));
    await daemon.expectUnharmed();
  });

  test("ten thousand calls of one client in one go are answered in their order", async () => {
    const client = await RawClient.started(daemon.path);
    const ids = Array.from({ length: 10_000 }, () => client.request("getsockname", { s: NO_SOCKET }));
    await soon(client.reply(ids.pop()!), "the last of ten thousand replies");
    expect(client.unclaimed.map((m) => m.id)).toEqual(ids);
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("two thousand waiting calls do not keep their client's closesocket and cancel from being read", async () => {
    const client = await RawClient.started(daemon.path);
    const s = await client.boundDatagramSocket();
    const waiting = Array.from({ length: 2000 }, () => client.request("recv", { s, a: 10 }));
    for (const id of waiting.slice(0, 10)) client.request("cancel", { a: id });
    await soon(client.reply(waiting[9]!), "the end of a cancelled call");
    await soon(client.call("closesocket", { s }), "closesocket beside waiting calls");
    const ends = client.unclaimed.filter((m) => waiting.includes(m.id)).map((m) => m.c);
    expect(ends).toEqual(new Array(1999).fill(10004));
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("calls beyond what may wait are refused one by one, and end nobody", async () => {
    const client = await RawClient.started(daemon.path);
    const s = await client.boundDatagramSocket();
    // DEFAULT_LIMITS.pendingCalls, and some more.
    for (let i = 0; i < 133_000; i++) client.request("recv", { s, a: 10 });
    const isRefused = () => client.unclaimed.some((m) => m.kind === REPLY && m.c === 10055);
    await eventually(isRefused, (it) => it, "WSAENOBUFS for a call too many");
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("as many sockets as a client may have go with it", async () => {
    const client = await RawClient.started(daemon.path);
    const made = Array.from({ length: 3000 }, () => client.request("socket", { a: AF_INET, b: SOCK_DGRAM }));
    const replies = await soon(Promise.all(made.map((id) => client.reply(id))), "a socket or WSAEMFILE for each");
    const sockets = replies.filter((r) => r?.c === 0).map((r) => r!.value);
    const binds = sockets.map((s) => client.request("bind", { s, a: 16, data: loopbackName(0) }));
    await soon(client.reply(binds.at(-1)!), "the last bind");
    await client.kill();
    await daemon.expectUnharmed();
  });

  test("clients that never read, with more replies than a socket holds, keep no other from its answers", async () => {
    const deaf = await Promise.all(Array.from({ length: 8 }, () => RawClient.started(daemon.path)));
    for (const client of deaf) {
      client.socket.pause();
      // Each reply has about 1 KiB of JSON.
      const data = new TextEncoder().encode('{"op":"status"}');
      for (let i = 0; i < 3000; i++) client.request("control", { data });
    }
    const good = await RawClient.started(daemon.path);
    for (let i = 0; i < 100; i++) await soon(good.call("getsockname", { s: NO_SOCKET }), "an answer beside deaf clients");
    await Promise.all([good, ...deaf].map((client) => client.kill()));
    await daemon.expectUnharmed();
  });
});
