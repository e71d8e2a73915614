/** Packets of completion ports that a face has been shown before its program asks for them. */
import { expect, jest, test } from "@jest/globals";
import { INFINITE, INVALID_HANDLE_VALUE, MAKEWORD } from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_OVERLAPPED_ENTRY, new_WSAOVERLAPPED, type WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_WSADATA } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { NOBODY_THERE, type VirtualThread, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { connect } from "../../support/winsock-calls.ts";

/** The next packet, or null where there is none. */
function takePacket(face: BlockingFace, port: number, ms = 0) {
  const [bytes, key, overlapped] = [{ value: 0 }, { value: 0 }, { value: null as WSAOVERLAPPED | null }];
  if (face.GetQueuedCompletionStatus(port, bytes, key, overlapped, ms) === 1) {
    return { key: key.value, bytes: bytes.value, overlapped: overlapped.value };
  }
  expect(face.WSAGetLastError()).toBe(e.WAIT_TIMEOUT);
  return null;
}

/** Its key. */
const take = (face: BlockingFace, port: number): number | null => takePacket(face, port)?.key ?? null;

const takeAll = (face: BlockingFace, port: number): number[] => {
  const keys: number[] = [];
  for (let key = take(face, port); key !== null; key = take(face, port)) keys.push(key);
  return keys;
};

const newPort = (face: BlockingFace): number => face.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);

/** Packets from `from` on, as many as said. */
function post(face: BlockingFace, port: number, from: number, count: number): void {
  for (let key = from; key < from + count; key++) expect(face.PostQueuedCompletionStatus(port, 0, key, null)).toBe(1);
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** Times that the provider was asked for packets. */
function counting(v: VirtualWinsock) {
  const asked = jest.spyOn(v.provider, "call");
  return () => asked.mock.calls.filter(([, { op }]) => op === CALL.dequeue).length;
}

test("packets that are there together come in one answer, and each is taken once, in order, whatever comes meanwhile", () => {
  const v = new VirtualWinsock();
  const port = newPort(v.winsock);
  const asked = counting(v);
  post(v.winsock, port, 0, 20);
  expect(range(0, 10).map(() => take(v.winsock, port))).toEqual(range(0, 10));
  expect(asked()).toBe(1);
  post(v.winsock, port, 20, 20);
  expect(takeAll(v.winsock, port)).toEqual(range(10, 30));
  // The first ten of the rest were here; then the others, and then none.
  expect(asked()).toBe(3);
});

test("GetQueuedCompletionStatusEx takes of those that are here, and says nothing of an earlier failure", () => {
  const v = new VirtualWinsock();
  const port = newPort(v.winsock);
  post(v.winsock, port, 0, 9);
  expect(take(v.winsock, port)).toBe(0);
  const entries = range(0, 5).map(() => new_OVERLAPPED_ENTRY());
  const count = { value: 0 };
  v.winsock.WSASetLastError(5);
  expect(v.winsock.GetQueuedCompletionStatusEx(port, entries, 5, count, 0, 0)).toBe(1);
  expect([count.value, entries.map(({ lpCompletionKey }) => lpCompletionKey), v.winsock.WSAGetLastError()]).toEqual([5, range(1, 5), 0]);
  expect(takeAll(v.winsock, port)).toEqual(range(6, 3));
});

test("while somebody watches the trace each packet is asked for", () => {
  const v = new VirtualWinsock();
  const port = newPort(v.winsock);
  const asked = counting(v);
  const end = v.ours.trace.subscribe(() => {});
  post(v.winsock, port, 0, 5);
  expect([takeAll(v.winsock, port), asked()]).toEqual([range(0, 5), 6]);
  end();
});

test("packets give the calls' own structures, with what these brought", () => {
  const v = new VirtualWinsock();
  const { s, peer } = v.pair();
  const port = v.winsock.CreateIoCompletionPort(s, 0, 7, 0);
  const asked = counting(v);
  const transfers = range(0, 4).map((i) => ({ overlapped: new_WSAOVERLAPPED(), buf: new Uint8Array(3), i }));
  for (const { overlapped, buf } of transfers) v.winsock.WSARecv(s, [{ len: 3, buf }], 1, null, { value: 0 }, overlapped, null);
  v.peerWinsock.send(peer, Buffer.from("abcdefghijk"), 11, 0);
  v.advance(10);
  for (const { overlapped, buf, i } of transfers) {
    const told = takePacket(v.winsock, port, INFINITE)!;
    expect([told.overlapped === overlapped, told.bytes, told.key]).toEqual([true, i === 3 ? 2 : 3, 7]);
    expect(Buffer.from(buf.subarray(0, told.bytes)).toString()).toBe("abcdefghijk".slice(3 * i, 3 * i + 3));
  }
  expect(asked()).toBe(1);
});

test("packets of calls that are over when they are made are taken without asking, but not for long while another may be older", () => {
  const v = new VirtualWinsock();
  const { winsock: w } = v;
  const { s } = v.pair();
  const port = w.CreateIoCompletionPort(s, 0, 7, 0);
  const send = (): WSAOVERLAPPED => {
    const overlapped = new_WSAOVERLAPPED();
    expect(w.WSASend(s, [{ len: 10, buf: new Uint8Array(10) }], 1, null, 0, overlapped, null)).toBe(0);
    return overlapped;
  };
  // The host is asked once for the socket, and once for the port.
  const first = send();
  expect(takePacket(w, port)?.overlapped).toBe(first);
  const asked = counting(v);
  for (let i = 0; i < 10; i++) {
    const overlapped = send();
    expect(takePacket(w, port)).toEqual({ key: 7, bytes: 10, overlapped });
  }
  expect(asked()).toBe(0);
  post(w, port, 99, 1);
  const keys = range(0, 40).map(() => {
    send();
    return take(w, port);
  });
  expect(keys.indexOf(99)).toBeLessThan(31);
  expect([keys.filter((key) => key === 7).length, asked() <= 3]).toEqual([39, true]);
  expect(takeAll(w, port)).toEqual([7]);
  // Nor where many are known ahead at once.
  post(w, port, 98, 1);
  for (let i = 0; i < 100; i++) send();
  const all = takeAll(w, port);
  expect([all.indexOf(98) <= 31, all.length]).toEqual([true, 101]);
});

test("another thread takes those that are not taken, and nobody takes one twice", () => {
  const v = new VirtualWinsock();
  const [one, other] = v.threads(2) as [VirtualThread, VirtualThread];
  const port = newPort(one);
  post(one, port, 0, 20);
  expect(range(0, 3).map(() => take(one, port))).toEqual([0, 1, 2]);
  // The other one is new here: until now it has asked for nothing.
  expect([take(other, port), take(one, port), take(other, port)]).toEqual([3, 4, 5]);
  post(other, port, 20, 5);
  expect(takeAll(one, port)).toEqual(range(6, 19));
  other.end();
  post(one, port, 30, 10);
  const asked = counting(v);
  expect(range(0, 10).map(() => take(one, port))).toEqual(range(30, 10));
  expect(asked()).toBe(1);
});

test("a thread that ends has taken what it has taken, and leaves the rest", () => {
  const v = new VirtualWinsock();
  const [ended, other] = v.threads(2) as [VirtualThread, VirtualThread];
  const port = newPort(ended);
  post(ended, port, 0, 6);
  expect(range(0, 2).map(() => take(ended, port))).toEqual([0, 1]);
  expect(other.WSASetEvent(other.WSACreateEvent())).toBe(1);
  ended.end();
  expect(takeAll(other, port)).toEqual(range(2, 4));
});

test("by two handles of one port each packet is taken once", () => {
  const v = new VirtualWinsock();
  const { winsock } = v;
  const port = newPort(winsock);
  post(winsock, port, 0, 8);
  expect(take(winsock, port)).toBe(0);
  const other = { value: 0 };
  expect(winsock.DuplicateHandle(-1, port, -1, other, 0, 0, 2)).toBe(1);
  expect(range(1, 7).map((i) => take(winsock, i % 2 === 0 ? port : other.value))).toEqual(range(1, 7));
});

test("packets of a port that is closed are nobody's, nor those of one before the last WSACleanup the next one's with the same handle", () => {
  const v = new VirtualWinsock();
  const { winsock } = v;
  winsock.WSACleanup();
  winsock.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
  const port = newPort(winsock);
  post(winsock, port, 0, 5);
  expect(take(winsock, port)).toBe(0);
  const again = newPort(winsock);
  post(winsock, again, 0, 5);
  expect(take(winsock, again)).toBe(0);
  expect([take(winsock, port), winsock.CloseHandle(port)]).toEqual([1, 1]);
  expect([winsock.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, { value: null }, 0), winsock.WSAGetLastError()]).toEqual([
    0,
    e.WSA_INVALID_HANDLE,
  ]);
  winsock.WSACleanup();
  expect([winsock.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, { value: null }, 0), winsock.WSAGetLastError()]).toEqual([
    0,
    e.WSANOTINITIALISED,
  ]);
  winsock.WSAStartup(MAKEWORD(2, 2), new_WSADATA());
  expect([newPort(winsock), newPort(winsock)]).toEqual([port, again]);
  expect(take(winsock, again)).toBe(null);
});

test("a blocking hook gets none of them, and leaves them where they are", () => {
  const v = new VirtualWinsock();
  const w = v.program(v.provider, MAKEWORD(1, 1));
  const port = newPort(w);
  post(w, port, 0, 3);
  const calls = jest.spyOn(v.provider, "call");
  expect(take(w, port)).toBe(0);
  const said: number[] = [];
  const asked: number[] = [];
  w.WSASetBlockingHook(() => {
    const before = calls.mock.calls.length;
    said.push(w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, { value: null }, 0), w.WSAGetLastError());
    asked.push(calls.mock.calls.length - before);
    if (said.length > 10) w.WSACancelBlockingCall();
    return false;
  });
  connect(v, v.stream(w), NOBODY_THERE, 80, w);
  expect([said.slice(0, 4), asked.slice(0, 2)]).toEqual([
    [0, e.WSAEINPROGRESS, 0, e.WSAEINPROGRESS],
    [0, 0],
  ]);
  expect(takeAll(w, port)).toEqual([1, 2]);
});

test("what was shown and is told at once to be over leaves no packet behind", () => {
  const v = new VirtualWinsock();
  const { s, peer } = v.pair();
  const port = v.winsock.CreateIoCompletionPort(s, 0, 7, 0);
  v.winsock.SetFileCompletionNotificationModes(s, 1);
  post(v.winsock, port, 0, 3);
  expect(take(v.winsock, port)).toBe(0);
  v.peerWinsock.send(peer, Buffer.from("abc"), 3, 0);
  v.advance(10);
  const received = v.winsock.WSARecv(s, [{ len: 3, buf: new Uint8Array(3) }], 1, { value: 0 }, { value: 0 }, new_WSAOVERLAPPED(), null);
  expect([received, ...takeAll(v.winsock, port)]).toEqual([0, 1, 2]);
});

test("packets that are here hold their program's budget until the host hears that they were taken", () => {
  const v = new VirtualWinsock();
  const port = newPort(v.winsock);
  const waitingBytes = () => v.provider.usage.waitingBytes;
  const before = waitingBytes();
  post(v.winsock, port, 0, 10);
  expect(takeAll(v.winsock, port)).toEqual(range(0, 10));
  expect(waitingBytes()).toBe(before);
});
