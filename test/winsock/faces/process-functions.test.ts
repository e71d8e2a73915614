import { describe, expect, jest, test } from "@jest/globals";
import {
  DUPLICATE_CLOSE_SOURCE,
  DUPLICATE_SAME_ACCESS,
  ERROR_NETNAME_DELETED,
  FIONBIO,
  INFINITE,
  new_WSABUF,
  new_WSAOVERLAPPED,
  SO_LINGER,
  SOL_SOCKET,
  sizeof_linger,
  WAIT_TIMEOUT,
  WSA_INVALID_HANDLE,
  WSA_IO_INCOMPLETE,
  WSAECONNRESET,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
} from "../../../src/winsock/abi/index.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { POSTED } from "../../../src/winsock/provider/socket.ts";
import { pattern } from "../../support/two-hosts.ts";
import { VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome } from "../../support/winsock-calls.ts";

const [ON, OFF] = [1, 0];
/** Of `VirtualWinsock.winsock`. */
const FIRST_CLIENT = 1;

describe("DuplicateHandle (Microsoft's page)", () => {
  test("makes a second handle of a socket, which lives until the last one is closed", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    const self = w.GetCurrentProcess();
    const box = { value: 0 };
    expect(w.DuplicateHandle(self, s, self, box, 0, 0, DUPLICATE_SAME_ACCESS)).toBe(ON);
    const other = box.value;
    expect([other === s, w.closesocket(s), outcome(w, w.listen(s, 1))]).toEqual([false, 0, fails(WSAENOTSOCK)]);
    expect(w.send(other, Buffer.from("by the other"), 12, 0)).toBe(12);
    v.advance(10);
    const buffer = new Uint8Array(20);
    expect(Buffer.from(buffer.subarray(0, p.recv(peer, buffer, 20, 0))).toString()).toBe("by the other");
    w.closesocket(other);
    v.advance(10);
    expect(p.recv(peer, buffer, 20, 0)).toBe(0);
  });

  test("of a stream that is read ahead: each byte is received once, in order, by whichever handle", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    const bytes = pattern(200_000, 3);
    const [buffer, box] = [new Uint8Array(8192), { value: 0 }];
    let [sent, at] = [0, 0];
    const take = (handle: number) => {
      sent += Math.max(0, p.send(peer, bytes.subarray(sent), bytes.length - sent, 0));
      v.advance(2);
      const n = w.recv(handle, buffer, buffer.length, 0);
      expect(Buffer.compare(buffer.subarray(0, n), bytes.subarray(at, at + n))).toBe(0);
      at += n;
    };
    for (let i = 0; i < 4; i++) take(s);
    w.DuplicateHandle(w.GetCurrentProcess(), s, w.GetCurrentProcess(), box, 0, 0, DUPLICATE_SAME_ACCESS);
    for (let i = 0; at < bytes.length; i++) take(i % 2 === 0 ? box.value : s);
    // Nor does one handle know what was sent by the other.
    const asked = jest.spyOn(v.provider, "call");
    for (const handle of [s, box.value, s, box.value]) w.send(handle, buffer, 100, 0);
    expect(asked.mock.calls.filter(([, { op, b }]) => op === CALL.send && b === POSTED)).toEqual([]);
    // Who has one of the handles only, and knows of no other, is shown nothing either.
    const answers: number[] = [];
    const show = { id: 9999, op: CALL.show, s, a: 100, b: 0, c: 0, data: null };
    v.provider.call(FIRST_CLIENT, show, ({ error }) => answers.push(error));
    expect(answers).toEqual([WSAEOPNOTSUPP]);
  });

  test("moves a handle, or closes one, with DUPLICATE_CLOSE_SOURCE", () => {
    const { winsock: w } = new VirtualWinsock();
    const self = w.GetCurrentProcess();
    const [event, box] = [w.WSACreateEvent(), { value: 0 }];
    expect(w.DuplicateHandle(self, event, self, box, 0, 0, DUPLICATE_CLOSE_SOURCE)).toBe(ON);
    expect([w.WSASetEvent(event), w.WSASetEvent(box.value), w.WaitForSingleObject(box.value, 0)]).toEqual([OFF, ON, 0]);
    expect(w.DuplicateHandle(self, box.value, 0, null, 0, 0, DUPLICATE_CLOSE_SOURCE)).toBe(ON);
    expect(w.WSASetEvent(box.value)).toBe(OFF);
  });

  test("knows this process and what is open in it alone", () => {
    const { winsock: w } = new VirtualWinsock();
    const [self, box] = [w.GetCurrentProcess(), { value: 7 }];
    const s = w.socket(2, 2, 0);
    for (const [from, what, to] of [
      [self, 4000, self],
      [12, s, self],
      [self, s, 12],
    ] as const) {
      expect([w.DuplicateHandle(from, what, to, box, 0, 0, 0), w.GetLastError(), box.value]).toEqual([OFF, WSA_INVALID_HANDLE, 7]);
    }
    expect(w.GetCurrentProcessId()).toBeGreaterThan(0);
  });
});

test("the low bits of an event's handle are the program's own: CloseHandle and DuplicateHandle know the event all the same", () => {
  const { winsock: w } = new VirtualWinsock();
  const self = w.GetCurrentProcess();
  const event = w.WSACreateEvent();
  const box = { value: 0 };
  expect([w.DuplicateHandle(self, event | 1, self, box, 0, 0, 0), w.CloseHandle(event | 1), w.WSASetEvent(event)]).toEqual([ON, ON, OFF]);
  expect(w.WSASetEvent(box.value)).toBe(ON);
});

describe("a socket is signalled (Microsoft, Synchronization and Overlapped Input and Output)", () => {
  test("from the end of a call without an event of its own to the beginning of the next", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    const begin = (event = 0) => w.WSARecv(s, [new_WSABUF(new Uint8Array(10))], 1, null, { value: 0 }, new_WSAOVERLAPPED(event), null);
    begin();
    expect(w.WaitForSingleObject(s, 0)).toBe(WAIT_TIMEOUT);
    v.after(50, () => void p.send(peer, Buffer.from("a"), 1, 0));
    expect(w.WaitForSingleObject(s, INFINITE)).toBe(0);
    begin();
    expect(w.WaitForSingleObject(s, 0)).toBe(WAIT_TIMEOUT);
    p.send(peer, Buffer.from("b"), 1, 0);
    v.advance(50);
    begin(w.WSACreateEvent());
    expect(w.WaitForSingleObject(s, 0)).toBe(0);
  });
});

describe("GetOverlappedResult (Microsoft's page)", () => {
  test("waits where it is told to, and says how much came, or why nothing did in kernel32's codes", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    const count = { value: 9 };
    const begin = () => {
      const overlapped = new_WSAOVERLAPPED();
      w.WSARecv(s, [new_WSABUF(new Uint8Array(10))], 1, null, { value: 0 }, overlapped, null);
      return overlapped;
    };
    const first = begin();
    expect([w.GetOverlappedResult(s, first, count, OFF), w.GetLastError()]).toEqual([OFF, WSA_IO_INCOMPLETE]);
    v.after(50, () => void p.send(peer, Buffer.from("abc"), 3, 0));
    expect([w.GetOverlappedResult(s, first, count, ON), w.GetLastError(), count.value]).toEqual([ON, 0, 3]);
    const second = begin();
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    expect([w.GetOverlappedResult(s, second, count, ON), w.GetLastError()]).toEqual([OFF, ERROR_NETNAME_DELETED]);
    expect([w.WSAGetOverlappedResult(s, second, count, ON, null), w.WSAGetLastError()]).toEqual([OFF, WSAECONNRESET]);
  });
});
