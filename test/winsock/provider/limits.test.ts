import { describe, expect, test } from "@jest/globals";
import { AF_INET, MSG_WAITALL, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { WSAEMFILE, WSAENOBUFS, WSAEWOULDBLOCK } from "../../../src/winsock/abi/errors.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { BYTES_OF_PACKET } from "../../../src/winsock/provider/completion-port.ts";
import { HandleTable } from "../../../src/winsock/provider/handles.ts";
import { DEFAULT_LIMITS, type ProviderLimits } from "../../../src/winsock/provider/limits.ts";
import { OVERLAPPED, PACKET_AHEAD } from "../../../src/winsock/provider/overlapped.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { encodeSets } from "../../../src/winsock/provider/select.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";

const PIECE = 256 * 1024;
const MIB = 1 << 20;

/** A program under these limits that makes calls as records, with connections to a peer that reads when it is told to. */
function limited(limits: Partial<ProviderLimits>) {
  const v = new VirtualWinsock();
  const provider = new Provider(v.ours, limits);
  const { client } = v.blockingPort(provider);
  const listener = v.listener(80, v.peerWinsock, 200);
  let lastId = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): CallReply[] => {
    const replies: CallReply[] = [];
    provider.call(client, { id: ++lastId, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => replies.push({ ...reply }));
    return replies;
  };
  call(CALL.startup, { a: 0x0202 });
  const socket = (): CallReply => call(CALL.socket, { a: AF_INET, b: SOCK_STREAM })[0]!;
  const connection = (isNonblocking = false): { readonly s: SOCKET; readonly peer: SOCKET } => {
    const s = socket().result;
    call(CALL.connect, { s, a: 16, data: sockaddrBytes(address(PEER, 80)) });
    v.advance(10);
    if (isNonblocking) call(CALL.ioctlsocket, { s, a: 0x8004667e, b: 1 });
    return { s, peer: v.peerWinsock.accept(listener, null, null) };
  };
  const send = (s: SOCKET, length: number, b = 0, c = 0): CallReply[] => call(CALL.send, { s, b, c, data: new Uint8Array(length) });
  const readAll = (peer: SOCKET): void => {
    v.peerWinsock.ioctlsocket(peer, 0x8004667e, { value: 1 });
    const buffer = new Uint8Array(MIB);
    for (let rounds = 0; rounds < 2000; rounds++) {
      v.peerWinsock.recv(peer, buffer, buffer.length, 0);
      v.advance(5);
    }
  };
  return { v, provider, client, call, socket, connection, send, readAll };
}

describe("what one program may have", () => {
  test("131,072 sockets unless told otherwise; the next is WSAEMFILE, and usage says both", () => {
    const w = limited({});
    for (let i = 0; i < 131_072; i++) if (w.socket().error !== 0) throw new Error(`socket ${i}`);
    expect(w.socket().error).toBe(WSAEMFILE);
    expect(w.provider.usage).toMatchObject({ clients: 1, sockets: 131_072, limits: DEFAULT_LIMITS });
    const few = limited({ sockets: 2 });
    expect([few.socket(), few.socket(), few.socket()].map((reply) => reply.error)).toEqual([0, 0, WSAEMFILE]);
  });

  test("waiting calls, of which the next is WSAENOBUFS", () => {
    const w = limited({ pendingCalls: 2 });
    const { s } = w.connection();
    const waiting = [0, 1, 2].map(() => w.call(CALL.recv, { s, a: 1 }));
    expect(waiting.map((replies) => replies[0]?.error)).toEqual([undefined, undefined, WSAENOBUFS]);
  });

  test("packets of calls that it says are over, beyond what may wait", () => {
    const w = limited({ waitingBytes: 4096 });
    const { s } = w.connection();
    const port = w.call(CALL.associate, { s, b: 1 })[0]!.result;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 2000; i++) w.call(CALL.taken, { s, b: 1, d: OVERLAPPED | PACKET_AHEAD });
      expect(w.call(CALL.dequeue, { s: port, b: 1, c: 31 })[0]).toMatchObject({ result: 1 });
    }
    expect(w.provider.usage.waitingBytes).toBeLessThan(4096 + 2048 * BYTES_OF_PACKET);
  });

  test("bytes that wait to be acknowledged: pieces of one send end where the budget does, on all sockets together", () => {
    const w = limited({ queuedBytes: MIB });
    const { s, peer } = w.connection(true);
    const other = w.connection(true);
    let taken = 0;
    for (let piece = 0; piece < 1200; piece++) {
      const { result } = w.send(s, PIECE, piece === 0 ? 0 : 1, 1)[0]!;
      if (result > 0) taken += result;
    }
    expect(taken).toBe(MIB);
    expect(w.send(s, 1)[0]).toMatchObject({ result: -1, error: WSAEWOULDBLOCK });
    // Another connection is not made to stand still.
    expect(w.send(other.s, PIECE)[0]?.result).toBe(16 * 1024);
    expect(w.provider.usage.queuedBytes).toBe(MIB + 16 * 1024);

    const writable = w.call(CALL.select, { a: -1, data: encodeSets({ read: undefined, write: [s], except: undefined }) });
    expect(writable).toEqual([]);
    w.readAll(peer);
    expect(writable.map((reply) => reply.result)).toEqual([1]);
    w.readAll(other.peer);
    expect(w.provider.usage.queuedBytes).toBe(0);
  });

  test("a blocking send waits for the budget, then goes on", () => {
    const w = limited({ queuedBytes: MIB });
    const { s, peer } = w.connection();
    const replies = [0, 1, 2, 3, 4, 5].map((piece) => w.send(s, PIECE, piece === 0 ? 0 : 1, 1));
    expect(replies.map((each) => each.length)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(w.provider.usage.waitingBytes).toBe(2 * PIECE);
    w.readAll(peer);
    expect(replies.map((each) => each[0]?.result)).toEqual(replies.map(() => PIECE));
    expect(w.provider.usage).toMatchObject({ queuedBytes: 0, waitingBytes: 0 });
  });

  test("a piece goes on with a send only when one was taken of which more was to follow", () => {
    const w = limited({});
    const { s } = w.connection(true);
    expect(w.send(s, PIECE)[0]?.result).toBe(PIECE);
    expect(w.send(s, PIECE, 1, 1)[0]?.error).toBe(WSAEWOULDBLOCK);
    expect(w.send(s, PIECE, 1, 0)[0]?.error).toBe(WSAEWOULDBLOCK);
  });

  test("without SO_SNDBUF a nonblocking send beyond the budget is WSAENOBUFS", () => {
    const w = limited({ queuedBytes: MIB });
    const { s } = w.connection(true);
    w.call(CALL.setsockopt, { s, a: SOL_SOCKET, b: SO_SNDBUF, c: 4, data: new Uint8Array(4) });
    const sends = [0, 1, 2, 3, 4].map(() => w.send(s, PIECE)[0]!);
    expect(sends.map(({ result, error }) => [result, error])).toEqual([...[0, 1, 2, 3].map(() => [PIECE, 0]), [-1, WSAENOBUFS]]);
  });

  test("bytes kept for calls that wait: MSG_WAITALL, sends, select; memory is taken as bytes come, and all is given back", () => {
    const w = limited({ waitingBytes: MIB });
    const { s } = w.connection();
    const receives = Array.from({ length: 1000 }, () => w.call(CALL.recv, { s, a: PIECE, b: MSG_WAITALL }));
    expect(receives.filter((replies) => replies[0]?.error === WSAENOBUFS)).toHaveLength(996);
    w.send(s, PIECE);
    expect(w.send(s, 1)[0]?.error).toBe(WSAENOBUFS);
    const data = encodeSets({ read: [s], write: undefined, except: undefined });
    expect(w.call(CALL.select, { a: -1, data })[0]?.error).toBe(WSAENOBUFS);
    expect(w.provider.usage.each).toEqual([
      { client: w.client, threads: 1, sockets: 1, pendingCalls: 4, queuedBytes: PIECE, waitingBytes: MIB },
    ]);
    w.call(CALL.closesocket, { s });
    expect(w.provider.usage).toMatchObject({ sockets: 0, pendingCalls: 0, queuedBytes: 0, waitingBytes: 0 });
  });

  test("MSG_WAITALL hands over what came in many small pieces", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const sent = new Uint8Array(100_000).map((_, i) => (i * 7) & 255);
    for (let at = 0; at < sent.length; at += 1000) v.after(at / 100, () => v.peerWinsock.send(peer, sent.subarray(at, at + 1000), 1000, 0));
    const buffer = new Uint8Array(sent.length);
    expect(v.winsock.recv(s, buffer, buffer.length, MSG_WAITALL)).toBe(sent.length);
    expect(Buffer.compare(buffer, sent)).toBe(0);
  });

  test("of a program that died nothing is counted", () => {
    const w = limited({});
    const { s } = w.connection();
    w.send(s, PIECE, 0, 1);
    w.call(CALL.recv, { s, a: PIECE, b: MSG_WAITALL });
    w.provider.closeClient(w.client);
    expect(w.provider.usage).toMatchObject({ clients: 0, sockets: 0, queuedBytes: 0, waitingBytes: 0, each: [] });
  });
});

test("a free handle is found at once though as many are taken as may be", () => {
  const table = new HandleTable<number>(Number.POSITIVE_INFINITY);
  let count = 0;
  while (!table.isFull) table.set(table.reserve(), count++);
  expect(count).toBe(2 ** 20);
  const first = table.all().length;
  table.remove(4);
  const handle = table.reserve();
  expect([first, handle > 4 * count, table.get(handle)]).toEqual([2 ** 20, true, undefined]);
});
