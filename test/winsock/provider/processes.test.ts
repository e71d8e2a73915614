import { describe, expect, test } from "@jest/globals";
import { ERROR_INVALID_WINDOW_HANDLE, WSAEINTR, WSANOTINITIALISED } from "../../../src/winsock/abi/errors.ts";
import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";
import { recv } from "../../support/winsock-calls.ts";

/** Threads of one program, as the provider has them. */
function program(v: VirtualWinsock, key: number) {
  let last = 0;
  return (client: number) => {
    v.provider.openClient(client, key);
    const replies = new Map<number, CallReply>();
    const begin = (name: keyof typeof CALL, fields: Partial<CallRequest> = {}): number => {
      const id = ++last;
      const request = { id, s: 0, a: 0, b: 0, c: 0, data: null, ...fields, op: CALL[name] };
      v.provider.call(client, request, (reply) => replies.set(id, { ...reply, data: reply.data?.slice() ?? null }));
      return id;
    };
    const call = (name: keyof typeof CALL, fields?: Partial<CallRequest>) => replies.get(begin(name, fields));
    return { begin, call, replies, end: () => v.provider.closeClient(client) };
  };
}

const loopbackName = (port: number) => Uint8Array.of(2, 0, port >>> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
const DATAGRAM = { a: 2, b: 2, c: 17 };

describe("threads of one program (Microsoft, WSAStartup and WSACleanup functions)", () => {
  test("have its handles and its start-up in common", () => {
    const thread = program(new VirtualWinsock(), 7);
    const [one, other] = [thread(101), thread(102)];
    expect(other.call("socket", DATAGRAM)?.error).toBe(WSANOTINITIALISED);
    one.call("startup", { a: 0x0202 });
    const s = other.call("socket", DATAGRAM)!.result;
    expect(one.call("bind", { s, a: 16, data: loopbackName(7000) })?.error).toBe(0);
    expect(other.call("getsockname", { s, a: 16 })?.data?.slice(0, 4)).toEqual(loopbackName(7000).slice(0, 4));
  });

  test("end it for all when the last start-up is undone, by whoever undoes it: calls that wait are interrupted", () => {
    const v = new VirtualWinsock();
    const thread = program(v, 7);
    const [one, other] = [thread(101), thread(102)];
    one.call("startup", { a: 0x0202 });
    other.call("startup", { a: 0x0202 });
    const s = one.call("socket", DATAGRAM)!.result;
    one.call("bind", { s, a: 16, data: loopbackName(7000) });
    const waiting = one.begin("recv", { s, a: 10 });
    expect([other.call("cleanup")?.a, one.replies.has(waiting), one.call("getsockname", { s, a: 16 })?.error]).toEqual([1, false, 0]);
    expect(other.call("cleanup")?.error).toBe(0);
    expect([one.replies.get(waiting)?.error, one.call("getsockname", { s, a: 16 })?.error]).toEqual([WSAEINTR, WSANOTINITIALISED]);
    expect(one.call("cleanup")?.error).toBe(WSANOTINITIALISED);
  });

  test("take their waiting calls with them when they end, and nothing else; the last takes everything", () => {
    const v = new VirtualWinsock();
    const thread = program(v, 7);
    const [one, other] = [thread(101), thread(102)];
    one.call("startup", { a: 0x0202 });
    const s = one.call("socket", DATAGRAM)!.result;
    one.call("bind", { s, a: 16, data: loopbackName(7000) });
    const waiting = one.begin("recv", { s, a: 10 });
    one.end();
    expect([one.replies.has(waiting), v.provider.usage.pendingCalls]).toEqual([false, 0]);
    expect(other.call("getsockname", { s, a: 16 })?.error).toBe(0);
    other.end();
    expect(v.provider.usage.each.map(({ client }) => client)).toEqual([1]);
    const late = thread(103);
    late.call("startup", { a: 0x0202 });
    expect(late.call("bind", { s: late.call("socket", DATAGRAM)!.result, a: 16, data: loopbackName(7000) })?.error).toBe(0);
  });

  test("give back what their waiting calls kept", () => {
    const v = new VirtualWinsock();
    const thread = program(v, 7);
    const [one, other] = [thread(101), thread(102)];
    one.call("startup", { a: 0x0202 });
    const usage = () => v.provider.usage.each.find(({ client }) => client === 101)!;
    const event = one.call("createEvent")!.result;
    one.begin("waitForEvents", { b: -1, data: new Uint8Array(Uint32Array.of(event).buffer) });
    const before = usage().waitingBytes;
    one.end();
    expect([before > 0, usage().waitingBytes]).toEqual([true, 0]);
    expect(other.call("setEvent", { s: event })?.error).toBe(0);
  });

  test("take their windows with them", () => {
    const thread = program(new VirtualWinsock(), 7);
    const [one, other] = [thread(101), thread(102)];
    one.call("startup", { a: 0x0202 });
    const [window, another] = [one.call("createWindow")!.result, other.call("createWindow")!.result];
    one.end();
    expect([window, another].map((s) => other.call("postMessage", { s, a: 1024 })?.error)).toEqual([ERROR_INVALID_WINDOW_HANDLE, 0]);
  });

  test("are not those of another program, which knows none of its handles", () => {
    const v = new VirtualWinsock();
    const one = program(v, 7)(101);
    const stranger = program(v, 8)(102);
    for (const { call } of [one, stranger]) call("startup", { a: 0x0202 });
    const s = one.call("socket", DATAGRAM)!.result;
    expect([one.call("bind", { s, a: 16, data: loopbackName(7000) })?.error, stranger.call("listen", { s })?.error]).toEqual([0, 10038]);
  });
});

test("start-ups are counted: a connection lives until the last is undone, and ends then as by closesocket", () => {
  const v = new VirtualWinsock();
  const { peer } = v.pair();
  v.winsock.WSAStartup(0x0202, new Uint8Array(408));
  v.winsock.WSACleanup();
  v.advance(100);
  v.peerWinsock.ioctlsocket(peer, 0x8004667e | 0, { value: 1 });
  expect(recv(v.peerWinsock, peer)).toBe("error 10035");
  v.winsock.WSACleanup();
  v.advance(100);
  expect(recv(v.peerWinsock, peer)).toBe("");
});
