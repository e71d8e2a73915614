import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AF_INET, FIONBIO, FIONREAD, SOCK_STREAM } from "../../../src/winsock/abi/constants.ts";
import {
  WSAEALREADY,
  WSAECONNRESET,
  WSAEINTR,
  WSAEINVAL,
  WSAENETDOWN,
  WSAENOTSOCK,
  WSANOTINITIALISED,
} from "../../../src/winsock/abi/errors.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { recv } from "../../support/winsock-calls.ts";

/** A program that makes calls as records, several at a time. */
function rawProgram(v: VirtualWinsock) {
  const { client } = v.blockingPort();
  let lastId = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): { readonly id: number; readonly replies: CallReply[] } => {
    const id = ++lastId;
    const replies: CallReply[] = [];
    v.provider.call(client, { id, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => replies.push(reply));
    return { id, replies };
  };
  call(CALL.startup, { a: 0x0202 });
  const socket = (): number => call(CALL.socket, { a: AF_INET, b: SOCK_STREAM }).replies[0]!.result;
  const connect = (s: number, to: string, port: number) => call(CALL.connect, { s, a: 16, data: sockaddrBytes(address(to, port)) });
  return { client, call, socket, connect };
}

describe("the life of a program", () => {
  test("a program that dies: its connections are reset, and nothing of it is left", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    const listener = v.listener(80);
    const s = program.socket();
    program.connect(s, PEER, 80);
    const waiting = [program.connect(program.socket(), NOBODY_THERE, 80)];
    v.advance(100);
    const peer = v.peerWinsock.accept(listener, null, null);
    waiting.push(
      program.call(CALL.recv, { s, a: 10 }),
      program.call(CALL.select, { a: 5_000_000, data: Uint8Array.of(1, 0, 0, 0, s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }),
    );
    expect(v.provider.usage).toMatchObject({ sockets: 2, pendingCalls: 3 });

    v.provider.closeClient(program.client);
    expect(recv(v.peerWinsock, peer)).toBe(`error ${WSAECONNRESET}`);
    expect(waiting.flatMap((call) => call.replies)).toEqual([]);
    expect(v.provider.usage).toMatchObject({ sockets: 0, pendingCalls: 0 });
    expect(v.ours.tcp.statuses()).toEqual([]);
    v.advance(60_000);
    expect(v.ours.timers.pending().filter((timer) => !timer.owner.includes("203.0.113.1"))).toEqual([]);
    const [answer] = program.call(CALL.socket).replies;
    expect(answer?.error).toBe(WSAENETDOWN);
  });

  test("a program that leaves its replies unread gets no more: what its waiting calls would bring stays with TCP until it reads", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    const listener = v.listener(80);
    const s = program.socket();
    program.connect(s, PEER, 80);
    v.advance(100);
    const peer = v.peerWinsock.accept(listener, null, null);
    const waiting = [program.call(CALL.recv, { s, a: 10 }), program.call(CALL.recv, { s, a: 10 })];
    v.provider.hold(program.client, true);
    v.peerWinsock.send(peer, new Uint8Array(15), 15, 0);
    v.advance(100);
    expect(waiting.map((call) => call.replies.length)).toEqual([0, 0]);
    expect(v.ours.tcp.statuses()[0]?.receiveQueueBytes).toBe(15);
    // A call that needs nothing else is answered all the same.
    expect(program.call(CALL.ioctlsocket, { s, a: FIONREAD }).replies[0]?.a).toBe(15);
    v.provider.hold(program.client, false);
    expect(waiting.map((call) => call.replies[0]?.result)).toEqual([10, 5]);
  });

  test("cancel ends one waiting call with WSAEINTR; the socket may connect again", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    v.listener(80);
    const s = program.socket();
    const waiting = program.connect(s, NOBODY_THERE, 80);
    v.advance(500);
    program.call(CALL.cancel, { a: waiting.id });
    expect(waiting.replies.map((reply) => reply.error)).toEqual([WSAEINTR]);
    const again = program.connect(s, PEER, 80);
    v.advance(100);
    expect(again.replies.map((reply) => reply.error)).toEqual([0]);
    program.call(CALL.cancel, { a: waiting.id });
    program.call(CALL.cancel, { a: 12345 });
    expect(waiting.replies).toHaveLength(1);
  });

  test("WSACleanup ends waiting calls with WSAEINTR, closes every socket, and asks for a new start-up (Wine's test WithWSAStartup)", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    const s = program.socket();
    const waiting = program.connect(s, NOBODY_THERE, 80);
    expect(program.call(CALL.cleanup).replies[0]?.error).toBe(0);
    expect(waiting.replies.map((reply) => reply.error)).toEqual([WSAEINTR]);
    expect(program.call(CALL.socket).replies[0]?.error).toBe(WSANOTINITIALISED);
    program.call(CALL.startup, { a: 0x0202 });
    expect(program.call(CALL.listen, { s }).replies[0]?.error).toBe(WSAENOTSOCK);
    expect(v.provider.usage.sockets).toBe(0);
  });

  test("closesocket ends a recv and a connect that wait, with WSAEINTR", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    v.listener(80);
    const connected = program.socket();
    program.connect(connected, PEER, 80);
    v.advance(10);
    const reading = program.call(CALL.recv, { s: connected, a: 10 });
    const s = program.socket();
    const connecting = program.connect(s, NOBODY_THERE, 80);
    for (const socket of [connected, s]) program.call(CALL.closesocket, { s: socket });
    expect([...reading.replies, ...connecting.replies].map((reply) => reply.error)).toEqual([WSAEINTR, WSAEINTR]);
  });

  test("one program cannot touch another's sockets", () => {
    const v = new VirtualWinsock();
    const [mine, other] = [rawProgram(v), rawProgram(v)];
    const sockets = [mine.socket(), mine.socket()];
    expect(other.call(CALL.closesocket, { s: sockets[1]! }).replies[0]?.error).toBe(WSAENOTSOCK);
    expect(mine.call(CALL.closesocket, { s: sockets[1]! }).replies[0]?.error).toBe(0);
  });

  test("a management request goes to who was set for it, whether or not the program has started up", () => {
    const v = new VirtualWinsock();
    v.provider.setControl((_, data, reply) => reply(data.slice().reverse()));
    const { client } = v.blockingPort();
    const replies: CallReply[] = [];
    v.provider.call(client, { id: 1, op: CALL.control, s: 0, a: 0, b: 0, c: 0, data: Uint8Array.of(1, 2) }, (reply) => replies.push(reply));
    expect(replies.map(({ error, data }) => [error, data])).toEqual([[0, Uint8Array.of(2, 1)]]);
  });

  test("a management request whose program has gone, or made way for another of its number, is answered to nobody", () => {
    const v = new VirtualWinsock();
    const answers: (() => void)[] = [];
    v.provider.setControl((_, _data, reply) => answers.push(() => reply(Uint8Array.of(1))));
    const program = rawProgram(v);
    const { replies } = program.call(CALL.control, { data: Uint8Array.of(0) });
    v.provider.closeClient(program.client);
    answers.shift()!();
    v.provider.openClient(program.client);
    const next = program.call(CALL.control, { data: Uint8Array.of(0) });
    v.provider.closeClient(program.client);
    v.provider.openClient(program.client);
    answers.shift()!();
    expect([replies, next.replies]).toEqual([[], []]);
  });

  test("a program that starts up anew is not held to the version of its last start-up", () => {
    const v = new VirtualWinsock();
    const program = rawProgram(v);
    const secondConnect = (): number | undefined => {
      const s = program.socket();
      program.connect(s, NOBODY_THERE, 80);
      return program.connect(s, NOBODY_THERE, 80).replies[0]?.error;
    };
    expect(secondConnect()).toBe(WSAEALREADY);
    program.call(CALL.startup, { a: 0x0101 });
    expect(secondConnect()).toBe(WSAEINVAL);
    program.call(CALL.cleanup);
    // The other start-up is still in force.
    expect(secondConnect()).toBe(WSAEINVAL);
    program.call(CALL.cleanup);
    program.call(CALL.startup, { a: 0x0202 });
    expect(secondConnect()).toBe(WSAEALREADY);
  });
});

describe("hostile requests", () => {
  const number = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.integer(), fc.constantFrom(0xffff, 0xffffffff, -1, 2 ** 52, FIONBIO));
  const request = fc.record({
    op: fc.oneof(fc.constantFrom(...Object.values(CALL)), fc.integer({ min: -5, max: 300 })),
    s: fc.oneof(fc.constantFrom(4, 8, 12, 16), number),
    a: number,
    b: number,
    c: number,
    data: fc.option(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constant(sockaddrBytes(address(PEER, 80))),
        fc.constant(sockaddrBytes(address(OURS, 5000))),
      ),
    ),
  });

  test("each request is answered exactly once when all is closed, whatever closes under it: handles used again, two closes, cleanup", () => {
    const tangled = fc.record({
      op: fc.constantFrom(
        ...[CALL.socket, CALL.closesocket, CALL.closesocket, CALL.recv, CALL.recv, CALL.send, CALL.connect, CALL.accept, CALL.bind],
        ...[CALL.listen, CALL.shutdown, CALL.recvfrom, CALL.sendto, CALL.ioctlsocket, CALL.setsockopt],
      ),
      s: fc.constantFrom(4, 8, 12, 16),
      a: fc.oneof(fc.integer({ min: -1, max: 20 }), fc.integer()),
      b: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer()),
      c: fc.integer({ min: -1, max: 20 }),
      data: fc.option(fc.constantFrom(new Uint8Array(1000), sockaddrBytes(address(PEER, 80)), sockaddrBytes(address(NOBODY_THERE, 80)))),
    });
    fc.assert(
      fc.property(fc.array(tangled, { minLength: 5, maxLength: 60 }), (requests) => {
        const v = new VirtualWinsock();
        v.listener(80);
        const program = rawProgram(v);
        const connected = program.socket();
        program.connect(connected, PEER, 80);
        program.call(CALL.socket, { a: AF_INET, b: 2 });
        const calls = requests.map((fields) => {
          const call = program.call(fields.op, fields);
          if (call.id % 3 === 0) v.advance(5);
          return call;
        });
        program.call(CALL.cleanup);
        v.advance(5);
        expect(calls.map((call) => call.replies.length)).toEqual(calls.map(() => 1));
        expect(v.provider.usage).toMatchObject({ sockets: 0, pendingCalls: 0, queuedBytes: 0, waitingBytes: 0 });
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  test("whatever a program asks, the provider answers at most once, never throws, and forgets it all when the program dies", () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), (requests) => {
        const v = new VirtualWinsock();
        v.ours.trace.subscribe(() => {});
        v.listener(80);
        const program = rawProgram(v);
        const datagrams = program.call(CALL.socket, { a: AF_INET, b: 2 });
        program.socket();
        const calls = requests.map((fields) => {
          const call = program.call(fields.op, fields);
          v.advance(5);
          return call;
        });
        expect([datagrams, ...calls].every((call) => call.replies.length <= 1)).toBe(true);
        v.provider.closeClient(program.client);
        expect(v.provider.usage).toMatchObject({ sockets: 0, pendingCalls: 0 });
      }),
      { numRuns: 150, seed: 7 },
    );
  });
});

test("the trace shows each call as a C programmer would write it, and what it returned", () => {
  const v = new VirtualWinsock();
  const lines: string[] = [];
  v.ours.trace.subscribe((event) => {
    if (event.type === "winsock-called" || event.type === "winsock-returned") lines.push(`${event.atMs} ${event.text}`);
  });
  const s = v.winsock.socket(AF_INET, SOCK_STREAM, 6);
  v.winsock.connect(s, address(PEER, 81), 16);
  v.winsock.closesocket(s);
  expect(lines).toEqual([
    "0 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)",
    "0 4",
    "0 connect(s=4, 203.0.113.1:81, 16)",
    "2000 SOCKET_ERROR, WSAECONNREFUSED (10061)",
    "2000 closesocket(s=4)",
    "2000 0",
  ]);
});
