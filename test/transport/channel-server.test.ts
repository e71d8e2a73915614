import { describe, expect, test } from "@jest/globals";
import { Channel, newChannelMemory } from "../../src/transport/channel.ts";
import { ChannelServer } from "../../src/transport/channel-server.ts";
import {
  CLOSE,
  EVENT,
  emptyMessage,
  HEADER_BYTES,
  LENT,
  MAX_DATA,
  type Message,
  OPEN,
  REPLY,
  REQUEST,
} from "../../src/transport/message.ts";
import { RingReader, RingWriter } from "../../src/transport/ring.ts";
import { newRingsMemory, SharedRings } from "../../src/transport/shared-rings.ts";
import { ECHO, EchoHandler, HOLD, PRODUCE } from "./echo-handler.ts";

/** Small enough that eight answers fill it. */
const RING_BYTES = 1024 * 1024;

/** The client's name on the channel. */
const NAME = 1;

/** A server, and its client's ends of the two rings. */
function setUp(rings?: SharedRings) {
  const channel = new Channel(newChannelMemory(RING_BYTES));
  const handler = new EchoHandler();
  let clients = 40;
  const server = new ChannelServer(channel, handler, { next: () => ++clients }, rings);
  const writer = new RingWriter(channel.requests);
  const reader = new RingReader(channel.replies);
  const tell = (fields: Partial<Message>): boolean => writer.write({ ...emptyMessage(), client: NAME, ...fields });
  let lastId = 0;
  const ask = (op: number, fields: Partial<Message> = {}): boolean => tell({ kind: REQUEST, op, id: ++lastId, ...fields });
  /** At most so many of the messages that have come. */
  const hear = (most = Number.POSITIVE_INFINITY): { kind: number; id: number; length: number | undefined; a: number; b: number }[] => {
    const heard = [];
    const message = emptyMessage();
    while (heard.length < most && reader.read(message)) {
      heard.push({ kind: message.kind, id: message.id, length: message.data?.length, a: message.a, b: message.b });
      reader.release();
    }
    return heard;
  };
  const serve = () => {
    server.serve(1000);
    server.flush();
  };
  /** Whether the client, asleep since the last call, has been woken. */
  const wasWoken = (): boolean => channel.sleep(0);
  return { channel, handler, server, tell, ask, hear, serve, wasWoken };
}

function opened(rings?: SharedRings) {
  const parts = setUp(rings);
  parts.tell({ kind: OPEN });
  parts.serve();
  return { ...parts, client: 41 };
}

describe("a served channel", () => {
  test("has clients of its own numbers, which open once, close once and are asked for nothing outside of that", () => {
    const { handler, server, tell, ask, hear, serve } = setUp();
    ask(ECHO);
    tell({ kind: CLOSE });
    tell({ kind: OPEN });
    tell({ kind: OPEN });
    tell({ kind: OPEN, client: 2 });
    ask(ECHO);
    serve();
    expect([[...handler.clients], handler.calls, hear().length]).toEqual([[41, 42], 1, 1]);
    expect([server.owns(41), server.owns(42), server.owns(43)]).toEqual([true, true, false]);
    tell({ kind: CLOSE });
    tell({ kind: CLOSE });
    ask(ECHO);
    serve();
    expect([handler.closed, server.owns(41), hear()]).toEqual([[41], false, []]);
  });

  test("takes as many requests as its budget allows, and says whether more may wait", () => {
    const { handler, server, ask } = opened();
    for (let i = 0; i < 5; i++) ask(ECHO);
    expect([server.serve(3), handler.calls, server.hasWork]).toEqual([true, 3, true]);
    expect([server.serve(3), handler.calls, server.hasWork]).toEqual([false, 5, false]);
  });

  test("answers nobody when the client has gone, though another has its name", () => {
    const { handler, tell, ask, hear, serve } = opened();
    ask(HOLD);
    tell({ kind: CLOSE });
    tell({ kind: OPEN });
    serve();
    const [held] = handler.held;
    held?.reply({ id: held.id, result: 0, error: 0, a: 0, b: 0, data: null });
    serve();
    expect(hear()).toEqual([]);
  });

  test("wakes its client for replies, once for a batch", () => {
    const { channel, server, ask, wasWoken } = opened();
    channel.aboutToSleep();
    server.flush();
    expect(wasWoken()).toBe(false);
    for (let i = 0; i < 3; i++) ask(ECHO);
    server.serve(10);
    expect(wasWoken()).toBe(false);
    server.flush();
    expect(wasWoken()).toBe(true);
    channel.aboutToSleep();
    server.flush();
    expect(wasWoken()).toBe(false);
  });

  test("wakes a client that waited for room for its requests, though no reply has come of them", () => {
    const { channel, ask, serve, wasWoken } = opened();
    const data = new Uint8Array(MAX_DATA);
    while (ask(HOLD, { data }));
    channel.aboutToSleep();
    serve();
    expect(wasWoken()).toBe(true);
    expect(ask(HOLD, { data })).toBe(true);
  });

  test("closes all its clients when it ends, and lets go of the channel", () => {
    const { channel, handler, server, tell, serve } = opened();
    tell({ kind: OPEN, client: 2 });
    serve();
    channel.markClosed();
    expect([server.isClosed, server.hasWork, channel.isSpent]).toEqual([true, true, false]);
    server.end();
    expect([handler.closed, server.owns(41), channel.isSpent]).toEqual([[41, 42], false, true]);
  });
});

describe("a host whose rings the client sees", () => {
  test("says where an answer lies in them, and copies any other", () => {
    const rings = new SharedRings(newRingsMemory());
    const { handler, ask, hear, serve } = opened(rings);
    const ring = rings.take(256 * 1024)!;
    ask(HOLD);
    ask(HOLD);
    serve();
    const answer = { result: 3, error: 0, a: 1, b: 2 };
    for (const data of [ring.subarray(1000, 1003), ring.slice(1000, 1003)]) {
      const { id, reply } = handler.held.shift()!;
      reply({ id, ...answer, data });
    }
    expect(hear()).toEqual([
      { kind: LENT, id: 1, length: undefined, a: rings.placeOf(ring)! + 1000, b: 0 },
      { kind: REPLY, id: 2, length: 3, a: 1, b: 2 },
    ]);
  });

  test("copies everything where the client does not see them", () => {
    const rings = new SharedRings(newRingsMemory());
    const { handler, ask, hear, serve } = opened();
    ask(HOLD);
    serve();
    handler.held[0]!.reply({ id: 1, result: 3, error: 0, a: 0, b: 0, data: rings.take(64 * 1024)!.subarray(0, 3) });
    expect(hear()).toEqual([{ kind: REPLY, id: 1, length: 3, a: 0, b: 0 }]);
  });
});

describe("a client that does not read", () => {
  /** The ring of replies is full, and more wait. */
  function stuffed() {
    const parts = opened();
    for (let i = 0; i < 8; i++) parts.ask(PRODUCE, { a: 200_000 });
    parts.serve();
    return parts;
  }

  test("is held and served no more, until it has read all that waits; then nothing is missing, and all in order", () => {
    const { handler, server, ask, hear, serve } = stuffed();
    const served = handler.calls;
    expect(served).toBeLessThan(8);
    expect(handler.holds).toEqual([true]);
    ask(ECHO);
    serve();
    expect([handler.calls, server.hasWork]).toEqual([served, false]);
    const first = hear(2);
    expect(server.hasWork).toBe(true);
    serve();
    const rest = [];
    for (let more = hear(); more.length > 0; more = hear()) {
      rest.push(...more);
      serve();
    }
    expect([...first, ...rest].map(({ kind, id, length }) => [kind, id, length])).toEqual([
      ...Array.from({ length: 8 }, (_, i) => [REPLY, i + 1, 200_000]),
      [REPLY, 9, undefined],
    ]);
    expect(handler.holds.at(-1)).toBe(false);
  });

  test("loses events: none overtakes a reply or takes its room", () => {
    const { server, hear, serve, client } = stuffed();
    const event = (count: number) => server.event(client, 7, count, new Uint8Array(10));
    expect(event(0)).toBe(false);
    // It has read everything, but what waited for room has not been written yet.
    hear();
    expect(event(1)).toBe(false);
    serve();
    hear();
    serve();
    hear();
    expect(event(2)).toBe(true);
    expect(server.event(client + 1, 7, 3, new Uint8Array(10))).toBe(false);
    expect(server.event(client, 7, 4, new Uint8Array(MAX_DATA + 1))).toBe(false);
    expect(hear()).toEqual([{ kind: EVENT, id: 0, length: 10, a: 7, b: 2 }]);
    let count = 3;
    while (event(count)) count++;
    // Half of the ring is left for replies.
    expect(server.event(client, 7, count, new Uint8Array(0))).toBe(false);
    expect((count - 3) * (HEADER_BYTES + 16)).toBeLessThanOrEqual(RING_BYTES - 2 * MAX_DATA);
  });
});
