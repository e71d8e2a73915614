import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AsyncCallPort, ONLY_CLIENT } from "../../src/transport/async-call-port.ts";
import { BlockingCallPort } from "../../src/transport/blocking-call-port.ts";
import { Channel, newChannelMemory } from "../../src/transport/channel.ts";
import { ChannelServer } from "../../src/transport/channel-server.ts";
import { Doorbell, newDoorbellMemory } from "../../src/transport/doorbell.ts";
import { emptyMessage, MAX_DATA, OPEN } from "../../src/transport/message.ts";
import { thisThread } from "../../src/transport/native-thread.ts";
import { SharedMemoryLink } from "../../src/transport/shared-memory-link.ts";
import { WSAEINTR, WSAENETDOWN, WSAENOBUFS } from "../../src/winsock/abi/errors.ts";
import { CALL } from "../../src/winsock/provider/calls.ts";
import { ECHO, EchoHandler, HOLD, PRODUCE, producedBytes } from "./echo-handler.ts";

const request = (op: number, data: Uint8Array | null = null, a = 0) => ({ op, s: 5, a, b: 0, c: 0, data });

const open: { close(): void }[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** A port and a server in one thread; the server works when the test lets the event loop turn. */
function portAndServer() {
  const doorbell = new Doorbell(newDoorbellMemory());
  const channel = new Channel(newChannelMemory());
  const handler = new EchoHandler();
  let clients = 40;
  const server = new ChannelServer(channel, handler, { next: () => ++clients });
  const port = new AsyncCallPort((receiver) => {
    const link = new SharedMemoryLink(channel, doorbell, receiver);
    link.send({ ...emptyMessage(), kind: OPEN, client: ONLY_CLIENT });
    return link;
  });
  open.push(port);
  const serveUntil = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = promise.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      server.serve(64);
      server.flush();
      await turnOfTheLoop();
    }
    return done;
  };
  return { doorbell, channel, handler, server, port, serveUntil };
}

describe("calls through shared memory", () => {
  test("come back with all their fields, NULL and empty buffers included", async () => {
    const { port, serveUntil } = portAndServer();
    const sent = { op: ECHO, s: -1, a: -(2 ** 40), b: 2 ** 53 - 1, c: 10035, data: new Uint8Array([1, 2, 3]) };
    expect(await serveUntil(port.call(sent))).toMatchObject({ result: -1, a: -(2 ** 40), b: 2 ** 53 - 1, error: 10035, data: sent.data });
    expect((await serveUntil(port.call(request(ECHO, null)))).data).toBeNull();
    expect((await serveUntil(port.call(request(ECHO, new Uint8Array())))).data).toEqual(new Uint8Array());
  });

  test("a thousand at once, more than the ring holds, are all answered with their own data", async () => {
    const { port, serveUntil, handler } = portAndServer();
    const calls = Array.from({ length: 1000 }, (_, i) => port.call(request(ECHO, new Uint8Array(2000).fill(i & 255))));
    const replies = await serveUntil(Promise.all(calls));
    expect(replies.map((r) => [r.data?.length, r.data?.[1999]])).toEqual(calls.map((_, i) => [2000, i & 255]));
    expect(handler.calls).toBe(1000);
  });

  test("a reply longer than the ring arrives whole", async () => {
    const { port, serveUntil } = portAndServer();
    const length = 5 * 1024 * 1024 + 3;
    const reply = await serveUntil(port.call(request(PRODUCE, null, length)));
    expect(Buffer.compare(reply.data!, producedBytes(length))).toBe(0);
  });

  test("a client that leaves its replies in the ring has its waiting calls held until it has read them", async () => {
    const { port, serveUntil, handler } = portAndServer();
    const reply = await serveUntil(port.call(request(PRODUCE, null, 5 * 1024 * 1024)));
    expect(reply.data?.length).toBe(5 * 1024 * 1024);
    expect(handler.holds).toEqual([true, false]);
  });

  test("a request with more data than one message carries is WSAENOBUFS, and nothing is sent", async () => {
    const { port, handler } = portAndServer();
    expect((await port.call(request(ECHO, new Uint8Array(MAX_DATA + 1)))).error).toBe(WSAENOBUFS);
    expect(handler.calls).toBe(0);
  });

  test("nor does a thread that does not wait for the answer send so much", () => {
    const channel = new Channel(newChannelMemory());
    const port = new BlockingCallPort(channel, new Doorbell(newDoorbellMemory()));
    const heard: number[] = [];
    port.post(request(ECHO, new Uint8Array(MAX_DATA + 1)), ({ error }) => heard.push(error));
    expect(heard).toEqual([WSAENOBUFS]);
  });

  test("an abort cancels the pending call by its id, and a call aborted before never leaves", async () => {
    const { port, serveUntil, handler } = portAndServer();
    const abort = new AbortController();
    const call = port.call(request(HOLD), abort.signal);
    await serveUntil(turnOfTheLoop());
    const cancels: number[] = [];
    const { call: original } = handler;
    handler.call = (client, r, reply) => {
      if (r.op === CALL.cancel) {
        cancels.push(r.a);
        const { id, reply: answer } = handler.held[0]!;
        answer({ id, result: -1, error: WSAEINTR, a: 0, b: 0, data: null });
      }
      original.call(handler, client, r, reply);
    };
    abort.abort();
    expect((await serveUntil(call)).error).toBe(WSAEINTR);
    expect(cancels).toEqual([handler.held[0]!.id]);
    expect((await port.call(request(ECHO), abort.signal)).error).toBe(WSAEINTR);
  });

  test("a port that closes takes its client with it, and its pending calls end", async () => {
    const { port, server, serveUntil, handler } = portAndServer();
    const call = port.call(request(HOLD));
    await serveUntil(turnOfTheLoop());
    expect([...handler.clients]).toEqual([41]);
    port.close();
    expect((await call).error).toBe(WSAENETDOWN);
    expect(server.isClosed).toBe(true);
    server.end();
    expect(handler.closed).toEqual([41]);
    // The provider may still answer what it held.
    handler.held[0]!.reply({ id: handler.held[0]!.id, result: 0, error: 0, a: 0, b: 0, data: null });
    server.flush();
  });

  test("events that a slow client leaves no room for are lost, and replies still find room", async () => {
    const { port, server, serveUntil, handler } = portAndServer();
    const counts: number[] = [];
    port.onEvent = (_subscription, count) => counts.push(count);
    await serveUntil(port.call(request(ECHO)));
    const client = [...handler.clients][0]!;
    let lost = 0;
    for (let i = 0; i < 4000; i++) if (!server.event(client, 1, i, new Uint8Array(1000))) lost++;
    expect(lost).toBeGreaterThan(1000);
    const reply = await serveUntil(port.call(request(PRODUCE, null, 200_000)));
    expect(reply.data?.length).toBe(200_000);
    expect(counts.length).toBe(4000 - lost);
  });
});

describe("a server that is held", () => {
  test("is waited for as long as its thread lives, and its answer still counts", () => {
    const doorbell = new Doorbell(newDoorbellMemory());
    doorbell.useThread(thisThread());
    const channel = new Channel(newChannelMemory());
    const server = new ChannelServer(channel, new EchoHandler(), { next: () => 1 });
    const port = new BlockingCallPort(channel, doorbell);
    let waits = 0;
    channel.sleep = () => {
      // In vain for a good while: nothing moves in the server meanwhile.
      if (++waits < 20) return false;
      server.serve(64);
      server.flush();
      return true;
    };
    expect(port.call(request(ECHO, new Uint8Array([7])))).toMatchObject({ error: 0, data: new Uint8Array([7]) });
    expect(waits).toBe(20);
    expect(doorbell.state).not.toBe("ended");
  });
});

describe("a server that ends", () => {
  test("of a lack of memory, so that it cannot say so, ends the call of a thread that is blocked", async () => {
    const doorbell = new Doorbell(newDoorbellMemory());
    const channel = new Channel(newChannelMemory());
    const workerData = { doorbell: doorbell.memory, channel: channel.memory };
    const options = { workerData, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 24 } };
    const server = new Worker(new URL("./starving-server.js", import.meta.url), options);
    server.on("error", () => {});
    const port = new BlockingCallPort(channel, doorbell);
    expect(port.call(request(HOLD))).toMatchObject({ result: -1, error: WSAENETDOWN });
    expect(doorbell.text).toBe("its thread died");
    await server.terminate();
  }, 20_000);

  test("ends every pending and every later call with WSAENETDOWN", async () => {
    const { doorbell, channel, port, serveUntil } = portAndServer();
    const pending = [port.call(request(HOLD)), port.call(request(HOLD))];
    await serveUntil(turnOfTheLoop());
    const down = new Promise<string>((resolve) => {
      port.onDown = resolve;
    });
    doorbell.becomeEnded("gone for a test");
    channel.release();
    expect((await Promise.all(pending)).map((r) => r.error)).toEqual([WSAENETDOWN, WSAENETDOWN]);
    expect(await down).toBe("gone for a test");
    expect((await port.call(request(ECHO))).error).toBe(WSAENETDOWN);
  });

  test("wakes a thread that is blocked in a call, which returns WSAENETDOWN", async () => {
    const doorbell = new Doorbell(newDoorbellMemory());
    const channel = new Channel(newChannelMemory());
    const workerData = { doorbell: doorbell.memory, channel: channel.memory };
    const killer = new Worker(new URL("./dying-server.js", import.meta.url), { workerData, execArgv: [] });
    const port = new BlockingCallPort(channel, doorbell);
    expect(port.call(request(HOLD))).toMatchObject({ result: -1, error: WSAENETDOWN });
    expect(port.call(request(HOLD)).error).toBe(WSAENETDOWN);
    await killer.terminate();
  });

  test("is not needed to open a port: without it the first call says WSAENETDOWN", () => {
    const doorbell = new Doorbell(newDoorbellMemory());
    doorbell.becomeEnded("never was");
    const port = new BlockingCallPort(new Channel(newChannelMemory()), doorbell);
    expect(port.call(request(ECHO)).error).toBe(WSAENETDOWN);
  });
});
