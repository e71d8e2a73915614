import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Channel, newChannelMemory } from "../../src/transport/channel.ts";
import { Doorbell, newDoorbellMemory } from "../../src/transport/doorbell.ts";
import { EVENT, emptyMessage, MAX_DATA, REQUEST } from "../../src/transport/message.ts";
import { RingReader, RingWriter } from "../../src/transport/ring.ts";
import { SharedMemoryLink } from "../../src/transport/shared-memory-link.ts";

const open: SharedMemoryLink[] = [];
afterEach(() => {
  for (const link of open.splice(0)) link.close();
});

/** A link, and its server's ends of the two rings. Nothing here takes longer than turns of the event loop. */
function setUp() {
  const doorbell = new Doorbell(newDoorbellMemory());
  const channel = new Channel(newChannelMemory());
  const state = { rings: 0, takes: true, rooms: 0 };
  const ring = doorbell.ring.bind(doorbell);
  doorbell.ring = () => {
    state.rings++;
    ring();
  };
  const heard: number[] = [];
  const down: string[] = [];
  const link = new SharedMemoryLink(channel, doorbell, {
    message: (message) => {
      heard.push(message.id);
      return state.takes;
    },
    room: () => void state.rooms++,
    down: (why) => void down.push(why),
  });
  open.push(link);
  const writer = new RingWriter(channel.replies);
  const reader = new RingReader(channel.requests);
  const tell = (id: number, data: Uint8Array | null = null): boolean => {
    const isWritten = writer.write({ ...emptyMessage(), kind: EVENT, id, data });
    channel.wakeClient();
    return isWritten;
  };
  /** The server takes all requests, and wakes a client that waited for room. */
  const take = (): number => {
    let taken = 0;
    for (const message = emptyMessage(); reader.read(message); taken++) if (reader.release()) channel.wakeClient();
    return taken;
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await turnOfTheLoop();
  };
  const someTurns = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await turnOfTheLoop();
  };
  return { doorbell, channel, state, heard, down, link, tell, take, until, someTurns };
}

describe("a link through shared memory", () => {
  test("rings for what it sends, and hears what comes, asleep or not", async () => {
    const { state, heard, link, tell, take, until, someTurns } = setUp();
    expect(link.send({ ...emptyMessage(), kind: REQUEST })).toBe(true);
    expect([state.rings, take()]).toEqual([1, 1]);
    tell(1);
    tell(2);
    await until(() => heard.length === 2);
    await someTurns();
    tell(3);
    await until(() => heard.length === 3);
    expect([heard, state.rings]).toEqual([[1, 2, 3], 1]);
  });

  test("rings when it has made room for a server that waits for some", async () => {
    const { state, heard, tell, until } = setUp();
    let told = 0;
    while (tell(++told, new Uint8Array(MAX_DATA)));
    await until(() => heard.length === told - 1);
    expect(state.rings).toBe(1);
  });

  test("gives the same message again to a receiver that could not take it, and nothing before it resumes", async () => {
    const { state, heard, link, tell, until, someTurns } = setUp();
    state.takes = false;
    tell(1);
    tell(2);
    await until(() => heard.length === 1);
    await someTurns();
    expect(heard).toEqual([1]);
    state.takes = true;
    link.resume();
    await until(() => heard.length === 3);
    expect(heard).toEqual([1, 1, 2]);
  });

  test("says that there is room again after it had none, once", async () => {
    const { state, link, take, until, someTurns } = setUp();
    const large = { ...emptyMessage(), kind: REQUEST, data: new Uint8Array(MAX_DATA) };
    while (link.send(large));
    await someTurns();
    expect(state.rooms).toBe(0);
    expect(take()).toBeGreaterThan(1);
    await until(() => state.rooms === 1);
    await someTurns();
    expect(state.rooms).toBe(1);
    expect(link.send(large)).toBe(true);
  });

  test("is down when the server's thread has ended, and says why, once", async () => {
    const { doorbell, channel, down, link, until, someTurns } = setUp();
    await someTurns();
    doorbell.becomeEnded("told to");
    channel.release();
    await until(() => down.length === 1);
    await someTurns();
    expect(down).toEqual(["told to"]);
    // Into the void.
    expect(link.send(emptyMessage())).toBe(true);
  });

  test("that is closed hears nothing more, and tells the server", async () => {
    const { channel, state, heard, down, link, tell, someTurns } = setUp();
    link.close();
    link.close();
    tell(1);
    await someTurns();
    expect([heard, down, channel.isClosed, state.rings]).toEqual([[], [], true, 1]);
  });
});
