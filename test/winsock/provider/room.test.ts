import { expect, test } from "@jest/globals";
import {
  AF_INET,
  FIONBIO,
  SD_SEND,
  SO_LINGER,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import { WSAECONNRESET, WSAEINTR, WSAENOTCONN, WSAEOPNOTSUPP, WSAESHUTDOWN, WSAETIMEDOUT } from "../../../src/winsock/abi/errors.ts";
import { sockaddrBytes } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { OVERLAPPED } from "../../../src/winsock/provider/overlapped.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";

/** A connected stream whose program makes its calls as records, to a peer that reads when it is told to. */
function connected() {
  const v = new VirtualWinsock();
  const { client } = v.blockingPort();
  const listener = v.listener(80);
  let lastId = 0;
  let s = 0;
  const call = (op: number, fields: Partial<CallRequest> = {}): number[] => {
    const said: number[] = [];
    v.provider.call(client, { id: ++lastId, op, s, a: 0, b: 0, c: 0, data: null, ...fields }, ({ result, error, a, b }) => {
      said.push(error === 0 ? result : -error, a, b);
    });
    return said;
  };
  call(CALL.startup, { a: 0x0202 });
  s = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM })[0]!;
  const room = () => call(CALL.room);
  const before = room();
  call(CALL.connect, { a: 16, data: sockaddrBytes(address(PEER, 80)) });
  v.advance(10);
  const peer = v.peerWinsock.accept(listener, null, null);
  v.peerWinsock.ioctlsocket(peer, FIONBIO, { value: 1 });
  const buffer = new Uint8Array(65_536);
  const peerReads = (pieces: number, ms = 10, bytes = buffer.length): void => {
    for (let i = 0; i < pieces; i++) {
      v.peerWinsock.recv(peer, buffer, bytes, 0);
      v.advance(ms);
    }
  };
  const set = (name: number, value: number) =>
    call(CALL.setsockopt, { a: SOL_SOCKET, b: name, c: 4, data: new Uint8Array(new Int32Array([value]).buffer) });
  /** Sends until one has to wait. @returns its answer to come */
  const fill = (): number[] => {
    for (;;) {
      const said = call(CALL.send, { data: buffer });
      v.advance(10);
      if (said.length === 0) return said;
    }
  };
  return { v, call, room, set, fill, peerReads, before, peer };
}

test("room in a send queue that is not full is there, and its quota with it", () => {
  const { room, call, before } = connected();
  expect(before[0]).toBe(-WSAENOTCONN);
  const [result, queued, quota] = room() as [number, number, number];
  expect([result, queued, quota >= 65_536]).toEqual([0, 0, true]);
  call(CALL.send, { data: new Uint8Array(100) });
  expect(room().slice(0, 2)).toEqual([0, 100]);
});

test("room comes after the sends that wait, and when half of what the queue had better hold has left", () => {
  const { room, fill, peerReads } = connected();
  const waiting = fill();
  while (waiting.length === 0) peerReads(1);
  const said = room();
  expect(said).toEqual([]);
  // Little by little, and in time.
  for (let i = 0; i < 100 && said.length === 0; i++) peerReads(1, 0.015, 5000);
  const [result, left = 0, quota = 0] = said;
  expect([result, 2 * left <= quota, left > 0]).toEqual([0, true, true]);
});

test("room that is there, if not much of it, is told soon, and soon too that there is none", () => {
  const { v, room, fill, peerReads } = connected();
  const waiting = fill();
  const none = room();
  expect(none).toEqual([]);
  v.advance(2);
  expect([none[0], waiting]).toEqual([-WSAETIMEDOUT, []]);
  const told: number[][] = [];
  while (told.at(-1)?.[0] !== 0) {
    peerReads(1, 1, 5000);
    told.push(room());
    v.advance(2);
  }
  const [, queued = 0, quota = 0] = told.at(-1)!;
  expect([waiting, queued < quota, 2 * queued > quota]).toEqual([[65_536, expect.any(Number), expect.any(Number)], true, true]);
});

test("where the program has said how much may be queued room comes as soon as a send would be taken", () => {
  const { v, room, fill, set, peerReads } = connected();
  set(SO_SNDBUF, 50_000);
  const waiting = fill();
  while (waiting.length === 0) peerReads(1, 1, 5000);
  let said = room();
  while (said.length === 0) {
    v.advance(2);
    peerReads(1, 1, 5000);
    said = room();
  }
  const [result, queued = 0, quota] = said;
  expect([result, queued > 25_000, queued < 50_000, quota]).toEqual([0, true, true, 50_000]);
});

/** Overlapped sends of so many bytes each, behind a queue that is full. @returns their answers to come */
function overlappedSends({ call, fill, peerReads }: ReturnType<typeof connected>, bytes: number, count: number): number[][] {
  const waiting = fill();
  const sends = Array.from({ length: count }, () => call(CALL.send, { data: new Uint8Array(bytes), d: OVERLAPPED }));
  while (waiting.length === 0) peerReads(1, 0.01, 5000);
  return sends;
}

const isOver = (said: readonly number[]): boolean => said.length > 0;

test("overlapped sends that found the queue full are let in together when half of it has left", () => {
  const all = connected();
  const sends = overlappedSends(all, 1000, 4);
  for (let i = 0; i < 100 && !sends.some(isOver); i++) all.peerReads(1, 0.015, 5000);
  expect(sends.map(([result]) => result)).toEqual([1000, 1000, 1000, 1000]);
  const [, queued = 0, quota = 0] = sends[0]!;
  expect(2 * (queued - 1000) <= quota).toBe(true);
});

test("but not for long, where there is room; and at once where the program has said how much may be queued", () => {
  const all = connected();
  const sends = overlappedSends(all, 1000, 2);
  while (!sends.every(isOver)) all.peerReads(1, 2.5, 5000);
  const [[, queued = 0, quota = 0], second] = sends as [number[], number[]];
  expect([queued < quota + 1000, 2 * (queued - 1000) > quota, second[0]]).toEqual([true, true, 1000]);
  const other = connected();
  other.set(SO_SNDBUF, 100_000);
  const others = overlappedSends(other, 1000, 1);
  for (let i = 0; i < 1000 && !others.some(isOver); i++) other.peerReads(1, 0.01, 5000);
  const [result, left = 0] = others[0]!;
  expect([result, left > 50_000]).toEqual([1000, true]);
});

test("nobody waits for room where a send would not wait, or for something else", () => {
  const { v, room, set, call } = connected();
  set(SO_SNDTIMEO, 100);
  expect(room()[0]).toBe(-WSAEOPNOTSUPP);
  set(SO_SNDTIMEO, 0);
  set(SO_SNDBUF, 0);
  expect(room()[0]).toBe(-WSAEOPNOTSUPP);
  set(SO_SNDBUF, 1000);
  expect(room()[0]).toBe(0);
  call(CALL.ioctlsocket, { a: FIONBIO >>> 0, b: 1 });
  expect(room()[0]).toBe(-WSAEOPNOTSUPP);
  const datagrams = call(CALL.socket, { a: AF_INET, b: SOCK_DGRAM })[0]!;
  expect(call(CALL.room, { s: datagrams })[0]).toBe(-WSAEOPNOTSUPP);
  expect(v.isStuck).toBe(false);
});

test.each([
  ["shutdown", CALL.shutdown, { a: SD_SEND }, WSAESHUTDOWN],
  ["closesocket", CALL.closesocket, {}, WSAEINTR],
])("who waits for room is told of %s", (_name, op, fields, error) => {
  const { room, fill, call } = connected();
  fill();
  const said = room();
  call(op, fields);
  expect(said[0]).toBe(-error);
});

test("who waits for room is told that the connection has died", () => {
  const { v, room, fill, peer } = connected();
  fill();
  const said = room();
  v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
  v.peerWinsock.closesocket(peer);
  v.advance(1);
  expect(said[0]).toBe(-WSAECONNRESET);
});

test("sends that wait for room leave in the order in which they came, overlapped or not", () => {
  for (const [step, bytes] of [
    [0.1, 3000],
    [0.5, 16_384],
    [1, 65_536],
  ] as const) {
    const { v, call, peer } = connected();
    const sent: number[] = [];
    const answers: number[][] = [];
    const send = (length: number, d: number): void => {
      const value = answers.length + 1;
      sent.push(...Array<number>(length).fill(value));
      answers.push(call(CALL.send, { d, data: new Uint8Array(length).fill(value) }));
    };
    do send(65_536, OVERLAPPED);
    while (answers.at(-1)!.length > 0);
    for (const d of [0, OVERLAPPED, 0]) send(1000, d);
    const memory = new Uint8Array(bytes);
    const got: number[] = [];
    for (let i = 0; i < 20_000 && got.length < sent.length; i++) {
      v.advance(step);
      const count = v.peerWinsock.recv(peer, memory, memory.length, 0);
      if (count > 0) got.push(...memory.subarray(0, count));
    }
    expect(got).toEqual(sent);
    expect(answers.every((said) => said.length > 0)).toBe(true);
  }
});
