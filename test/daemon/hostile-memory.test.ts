import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { RawClient } from "./raw-client.ts";
import { eventually, soon, WatchedDaemon } from "./watched-daemon.ts";

/**
 * What the daemon's memory may grow by for clients that want much. The bounds leave room for what V8 keeps back and for each client's
 * own budget, and are far below what an unbounded daemon takes.
 */

jest.setTimeout(40_000);

const MSG_PEEK = 2;
const MSG_WAITALL = 8;
const SOL_SOCKET = 0xffff;
const SO_SNDBUF = 0x1001;
const SO_RCVBUF = 0x1002;
const PIECE = 256 * 1024;
const LARGEST_BUFFER = new Uint8Array([0xff, 0xff, 0xff, 0x7f]);

/** While the clients are there, of all clients together. */
const PEAK_MIB = 400;
/** The same for one client. */
const PEAK_OF_ONE_MIB = 230;
/** After they have gone. */
const LEFT_MIB = 250;

let daemon: WatchedDaemon;
let baseMib: number;
beforeEach(async () => {
  daemon = await WatchedDaemon.start();
  await daemon.expectUnharmed();
  baseMib = daemon.residentMib;
});
afterEach(() => daemon.end());

const growth = (): number => Math.round(daemon.residentMib - baseMib);

/**
 * Lets the clients do what they do until the daemon has read all it wants of them, and looks at its memory meanwhile.
 * @returns the most that it grew by, in MiB
 */
async function peakWhile(clients: readonly RawClient[]): Promise<number> {
  let peak = growth();
  let before: readonly number[] = [];
  const look = (): readonly number[] => {
    peak = Math.max(peak, growth());
    return clients.map((client) => (client.isClosed ? 0 : client.socket.writableLength));
  };
  let same = 0;
  // Nothing left to be written, or nothing more taken for a while.
  const isSettled = (seen: readonly number[]) => {
    same = seen.join() === before.join() ? same + 1 : 0;
    before = seen;
    return same >= 25;
  };
  await eventually(look, isSettled, "the end of what clients write");
  return peak;
}

async function expectMemoryBack(clients: readonly RawClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.kill()));
  await daemon.expectUnharmed();
  await eventually(growth, (mib) => mib < LEFT_MIB, `a growth of less than ${LEFT_MIB} MiB`);
}

describe("clients that want much and read nothing", () => {
  test("get no room in advance for what they wait to receive (MSG_WAITALL)", async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.started(daemon.path)));
    for (const client of clients) {
      const { near } = await client.connectedPair();
      client.socket.pause();
      for (let i = 0; i < 1000; i++) client.request("recv", { s: near, a: PIECE, b: MSG_WAITALL });
    }
    expect(await peakWhile(clients)).toBeLessThan(PEAK_MIB);
    await expectMemoryBack(clients);
  });

  test("do not have the replies of calls that waited together piled up (MSG_PEEK)", async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.started(daemon.path)));
    for (const client of clients) {
      const { near, far } = await client.connectedPair();
      client.socket.pause();
      for (let i = 0; i < 1000; i++) client.request("recv", { s: near, a: PIECE, b: MSG_PEEK });
      client.request("send", { s: far, data: new Uint8Array(PIECE) });
    }
    expect(await peakWhile(clients)).toBeLessThan(PEAK_MIB);
    await expectMemoryBack(clients);
  });

  test("do not have the replies of calls made in a row piled up", async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.started(daemon.path)));
    for (const client of clients) {
      const { near, far } = await client.connectedPair();
      client.socket.pause();
      for (let i = 0; i < 500; i++) {
        client.request("send", { s: near, data: new Uint8Array(PIECE) });
        client.request("recv", { s: far, a: PIECE, b: MSG_WAITALL });
      }
    }
    expect(await peakWhile(clients)).toBeLessThan(PEAK_MIB);
    await expectMemoryBack(clients);
  });

  test("do not have long listings piled up", async () => {
    const client = await RawClient.started(daemon.path);
    for (let i = 0; i < 500; i++) await client.boundDatagramSocket();
    client.socket.pause();
    const data = new TextEncoder().encode('{"op":"ss"}');
    for (let i = 0; i < 5000; i++) client.request("control", { data });
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });

  test("do not have the events that they subscribed to piled up", async () => {
    const deaf = await RawClient.started(daemon.path);
    for (let i = 0; i < 8; i++) await deaf.manage({ op: "trace-start", snapLength: 65_549 });
    deaf.socket.pause();
    const busy = await RawClient.started(daemon.path);
    let peak = 0;
    for (let i = 0; i < 200; i++) {
      await soon(busy.manage({ op: "ping", address: "127.0.0.1", bytes: 65_000 }), "the answer to a ping");
      peak = Math.max(peak, growth());
    }
    expect(peak).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([deaf, busy]);
  });
});

describe("a client that sends much to a peer that reads nothing", () => {
  test.each([
    ["in pieces of one send", 1],
    ["in many sends", 0],
  ])("is held back: %s", async (_how, isContinuation) => {
    const client = await RawClient.started(daemon.path);
    const { near } = await client.connectedPair();
    for (let i = 0; i < 1200; i++) {
      const b = i === 0 ? 0 : isContinuation;
      client.request("send", { s: near, b, c: isContinuation, data: new Uint8Array(PIECE) });
    }
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });

  test("is held back however large it wants the buffers of its sockets", async () => {
    const client = await RawClient.started(daemon.path);
    const { near, far } = await client.connectedPair();
    await client.call("setsockopt", { s: near, a: SOL_SOCKET, b: SO_SNDBUF, c: 4, data: LARGEST_BUFFER });
    await client.call("setsockopt", { s: far, a: SOL_SOCKET, b: SO_RCVBUF, c: 4, data: LARGEST_BUFFER });
    for (let i = 0; i < 1200; i++) client.request("send", { s: near, data: new Uint8Array(PIECE) });
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });

  test("is held back in datagrams too", async () => {
    const client = await RawClient.started(daemon.path);
    const to = await client.boundDatagramSocket();
    await client.call("setsockopt", { s: to, a: SOL_SOCKET, b: SO_RCVBUF, c: 4, data: LARGEST_BUFFER });
    const name = (await client.call("getsockname", { s: to, a: 16 })).data!;
    const from = await client.boundDatagramSocket();
    for (let i = 0; i < 6000; i++) {
      client.request("sendto", { s: from, a: 16, c: 16, data: Buffer.concat([name, new Uint8Array(60_000)]) });
    }
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });
});

describe("a client with many large calls that wait", () => {
  test("is held back: select with sets as large as a message", async () => {
    const client = await RawClient.started(daemon.path);
    const s = await client.boundDatagramSocket();
    const count = 64_000;
    const data = new Uint8Array(new Uint32Array([count, ...new Array<number>(count).fill(s), 0, 0]).buffer);
    for (let i = 0; i < 1000; i++) client.request("select", { a: -1, data });
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });

  test("is held back: pings that nobody answers", async () => {
    const client = await RawClient.started(daemon.path);
    const ping = { op: "ping", address: "203.0.113.200", bytes: 1400, timeoutMs: 60_000 };
    const data = new TextEncoder().encode(JSON.stringify(ping));
    for (let i = 0; i < 20_000; i++) client.request("control", { data });
    expect(await peakWhile([client])).toBeLessThan(PEAK_OF_ONE_MIB);
    await expectMemoryBack([client]);
  });
});
