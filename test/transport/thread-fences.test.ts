import { describe, expect, test } from "@jest/globals";
import { Channel, newChannelMemory } from "../../src/transport/channel.ts";
import { ChannelServer } from "../../src/transport/channel-server.ts";
import { emptyMessage, MAX_DATA, type Message, OPEN, REQUEST } from "../../src/transport/message.ts";
import { RingReader, RingWriter } from "../../src/transport/ring.ts";
import { ThreadFences } from "../../src/transport/thread-fences.ts";
import { CALL, type CallHandler, type CallRequest, type Replier } from "../../src/winsock/provider/calls.ts";

/** Writes down who asked what, and answers at once with as many bytes as the request says. */
class Listener implements CallHandler {
  readonly heard: string[] = [];
  openClient(): void {}
  closeClient(): void {}
  hold(): void {}
  call(client: number, { id, op, a }: CallRequest, reply: Replier): void {
    this.heard.push(`${client}:${op === CALL.fence ? "fence" : id}`);
    reply({ id, result: 0, error: 0, a: 0, b: 0, data: a > 0 ? new Uint8Array(a) : null });
  }
}

function setUp() {
  const handler = new Listener();
  const fences = new ThreadFences();
  let clients = 0;
  const thread = (process: number) => {
    const channel = new Channel(newChannelMemory());
    const server = new ChannelServer(channel, handler, { next: () => ++clients }, undefined, fences);
    const writer = new RingWriter(channel.requests);
    const reader = new RingReader(channel.replies);
    const tell = (fields: Partial<Message>): boolean => writer.write({ ...emptyMessage(), client: 1, ...fields });
    tell({ kind: OPEN, a: process });
    server.serve(1);
    const ask = (...ids: number[]) => {
      for (const id of ids) tell({ kind: REQUEST, op: CALL.send, id });
    };
    const fence = () => tell({ kind: REQUEST, op: CALL.fence, c: 1 });
    const read = () => {
      const message = emptyMessage();
      while (reader.read(message)) reader.release();
    };
    return { server, tell, ask, fence, read };
  };
  return { handler, thread };
}

describe("a fence of one thread", () => {
  test("comes after all that the program's other threads have asked, and holds back what is asked behind it", () => {
    const { handler, thread } = setUp();
    const [one, other] = [thread(7), thread(7)];
    one.ask(1, 2, 3, 4, 5);
    other.fence();
    other.ask(6);
    // The host takes a few of each thread at a time, whoever stands first.
    for (let i = 0; i < 3; i++) {
      other.server.serve(2);
      expect(other.server.hasWork).toBe(true);
      one.server.serve(2);
    }
    other.server.serve(2);
    expect(handler.heard).toEqual(["1:1", "1:2", "1:3", "1:4", "1:5", "2:fence", "2:6"]);
    expect(other.server.hasWork).toBe(false);
  });

  test("waits for no other program, nor for what is asked after it", () => {
    const { handler, thread } = setUp();
    const [one, stranger, other] = [thread(7), thread(8), thread(7)];
    const alone = thread(0);
    const alsoAlone = thread(0);
    stranger.ask(1);
    alsoAlone.ask(1);
    other.fence();
    alone.fence();
    other.server.serve(2);
    alone.server.serve(2);
    one.ask(2);
    expect(handler.heard).toEqual(["3:fence", "4:fence"]);
  });

  test("waits neither for a thread that has gone nor for one that leaves its replies unread", () => {
    const { handler, thread } = setUp();
    const [gone, full, other] = [thread(7), thread(7), thread(7)];
    gone.ask(1, 2, 3);
    for (let i = 1; i <= 4; i++) full.tell({ kind: REQUEST, op: CALL.recv, id: i, a: MAX_DATA });
    other.fence();
    other.server.serve(1);
    expect(handler.heard).toEqual([]);
    gone.server.end();
    for (let i = 0; i < 5; i++) full.server.serve(1);
    other.server.serve(1);
    expect(handler.heard.at(-1)).toBe("3:fence");
    expect(full.server.hasWork).toBe(false);
  });

  test("does not wait for that of another, which waits for it", () => {
    const { handler, thread } = setUp();
    const [one, other] = [thread(7), thread(7)];
    one.ask(1);
    one.fence();
    other.ask(2);
    other.fence();
    for (let i = 0; i < 4; i++) {
      one.server.serve(1);
      other.server.serve(1);
    }
    expect(handler.heard.filter((what) => what.endsWith("fence")).sort()).toEqual(["1:fence", "2:fence"]);
  });
});
