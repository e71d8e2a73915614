/**
 * Overlapped control codes. W names Wine's test in dlls/ws2_32/tests/sock.c as winsock.md §12 tells it, M Microsoft's pages "WSAIoctl
 * function" and "Winsock IOCTLs"; ? marks what no source says.
 */
import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { WSAID_CONNECTEX } from "../../../src/winsock/abi/extension-functions.ts";
import { HasOverlappedIoCompleted, new_WSAOVERLAPPED, type WSAOVERLAPPED } from "../../../src/winsock/abi/index.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import type { IoctlInput, IoctlOutput } from "../../../src/winsock/faces/ioctl-values.ts";
import type { CompletionRoutine } from "../../../src/winsock/faces/transfers.ts";
import { address6, ELSEWHERE6, ipv6Winsock, PEER6 } from "../../support/ipv6-winsock.ts";
import { address, ELSEWHERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { datagram, fails, nonblocking, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

const UNTOUCHED = 0xdeadbeef;
const PENDING = fails(e.WSA_IO_PENDING);

interface Begun {
  readonly ov: WSAOVERLAPPED;
  readonly returned: { readonly value: number };
  readonly began: readonly [number, number];
}

function begin(
  w: BlockingFace,
  s: SOCKET,
  code: number,
  { input = null, output = null, event = 0, routine = null }: Partial<BeginParts> = {},
): Begun {
  const ov = new_WSAOVERLAPPED(event);
  const returned = { value: UNTOUCHED };
  const [cbIn, cbOut] = [input === null ? 0 : 28, output === null ? 0 : 64];
  const result = w.WSAIoctl(s, code, input, cbIn, output, cbOut, returned, ov, routine);
  return { ov, returned, began: outcome(w, result) };
}

interface BeginParts {
  readonly input: IoctlInput | null;
  readonly output: IoctlOutput | null;
  readonly event: number;
  readonly routine: CompletionRoutine | null;
}

/** What WSAGetOverlappedResult says: bytes, or the code. */
function resultOf(w: BlockingFace, s: SOCKET, ov: WSAOVERLAPPED, wait = false): number | string {
  const count = { value: -1 };
  return w.WSAGetOverlappedResult(s, ov, count, wait, { value: 0 }) ? count.value : `error ${w.WSAGetLastError()}`;
}

/** What GetQueuedCompletionStatus says. */
function dequeue(w: BlockingFace, port: number) {
  const [count, key, overlapped] = [{ value: -7 }, { value: -7 }, { value: null as WSAOVERLAPPED | null }];
  const result = w.GetQueuedCompletionStatus(port, count, key, overlapped, 0);
  return { result, error: w.WSAGetLastError(), count: count.value, key: key.value, ov: overlapped.value };
}
const NO_PACKET = { result: 0, error: e.WAIT_TIMEOUT, count: -7, key: -7, ov: null };

describe("a code that need not wait", () => {
  test("is over at once; its bytes are told beside the structure, and its packet tells of none (W: fionread_siocatmark)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s, peer } = v.pair();
    const port = w.CreateIoCompletionPort(s, 0, 7, 0);
    say(v.peerWinsock, peer, "four");
    v.advance(100);
    const value = { value: 0 };
    const { ov, returned, began } = begin(w, s, c.FIONREAD, { output: value });
    expect([began, value.value, returned.value]).toEqual([SUCCESS, 4, 4]);
    expect([ov.Internal, ov.InternalHigh, dequeue(w, port)]).toEqual([0, 0, { result: 1, error: 0, count: 0, key: 7, ov }]);
    expect(recv(w, s)).toBe("four");
  });

  test("sets its event, or queues its routine (W: fionbio)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = v.stream();
    const event = w.WSACreateEvent();
    expect(begin(w, s, c.FIONBIO, { input: { value: 1 }, event })).toMatchObject({ began: SUCCESS, returned: { value: 0 } });
    expect(w.WaitForSingleObject(event, 0)).toBe(c.WSA_WAIT_EVENT_0);
    const told: unknown[] = [];
    const { ov, began } = begin(w, s, c.FIONBIO, { input: { value: 0 }, routine: (...p) => told.push(p) });
    expect([began, told, w.SleepEx(0, true), told]).toEqual([SUCCESS, [[0, 0, ov, 0]], c.WSA_WAIT_IO_COMPLETION, [[0, 0, ov, 0]]]);
  });

  test("gives what it is asked for, structures and functions too", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const name = address("0.0.0.0", 0);
    expect(begin(w, v.stream(), c.SIO_ROUTING_INTERFACE_QUERY, { input: address(PEER, 0), output: name }).began).toEqual(SUCCESS);
    expect(w.inet_ntoa(name.sin_addr)).toBe(OURS);
    const box = { value: undefined as unknown };
    expect(begin(w, v.stream(), c.SIO_GET_EXTENSION_FUNCTION_POINTER, { input: WSAID_CONNECTEX, output: box }).began).toEqual(SUCCESS);
    expect(box.value).toBe(w.ConnectEx);
  });

  test("that fails tells nobody but its caller (W: fionbio)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = v.stream();
    const port = w.CreateIoCompletionPort(s, 0, 7, 0);
    expect(begin(w, s, c.FIONREAD)).toMatchObject({ began: fails(e.WSAEFAULT), returned: { value: UNTOUCHED } });
    expect(begin(w, s, c.SIO_BASE_HANDLE, { output: { value: 0 } }).began).toEqual(fails(e.WSAEOPNOTSUPP));
    expect(begin(w, 999, c.FIONREAD, { output: { value: 0 } }).began).toEqual(fails(e.WSAENOTSOCK));
    expect(dequeue(w, port)).toEqual(NO_PACKET);
  });

  test("that has no room says how much it takes, as a call without the structure does (M)", () => {
    const { winsock: w } = new VirtualWinsock();
    const s = datagram(w);
    expect(begin(w, s, c.SIO_ADDRESS_LIST_QUERY)).toMatchObject({ began: fails(e.WSAEFAULT), returned: { value: 40 } });
    const query = { input: address(PEER, 0), output: new Uint8Array(15) };
    expect(begin(w, s, c.SIO_ROUTING_INTERFACE_QUERY, query)).toMatchObject({ began: fails(e.WSAEFAULT), returned: { value: 16 } });
  });

  test("with a routine on a socket with a port is WSAEINVAL", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    v.winsock.CreateIoCompletionPort(s, 0, 7, 0);
    expect(begin(v.winsock, s, c.FIONREAD, { output: { value: 0 }, routine: () => {} }).began).toEqual(fails(e.WSAEINVAL));
  });
});

describe("a code that nobody knows goes on before it fails (W: unsupported_ioctls)", () => {
  test("as its packet tells", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = v.stream();
    const port = w.CreateIoCompletionPort(s, 0, 123, 0);
    const { ov, returned, began } = begin(w, s, c.SIO_FLUSH);
    expect([began, returned.value]).toEqual([PENDING, UNTOUCHED]);
    expect(dequeue(w, port)).toEqual({ result: 0, error: e.ERROR_NOT_SUPPORTED, count: 0, key: 123, ov });
    expect([ov.InternalHigh, resultOf(w, s, ov), dequeue(w, port)]).toEqual([0, `error ${e.WSAEOPNOTSUPP}`, NO_PACKET]);
  });

  test("as its routine and its event tell", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = v.stream();
    const told: unknown[] = [];
    const { ov, began } = begin(w, s, 0xdead, { routine: (...p) => told.push(p) });
    expect([began, w.SleepEx(0, true), told]).toEqual([PENDING, c.WSA_WAIT_IO_COMPLETION, [[e.WSAEOPNOTSUPP, 0, ov, 0]]]);
    const event = w.WSACreateEvent();
    expect([begin(w, s, 0xdead, { event }).began, w.WaitForSingleObject(event, 0)]).toEqual([PENDING, c.WSA_WAIT_EVENT_0]);
  });
});

describe.each([
  {
    family: "IPv4",
    af: c.AF_INET,
    another: "203.0.113.99",
    prefixLength: 24,
    far: address(ELSEWHERE, 0),
    network: "198.51.100.0",
    by: PEER,
  },
  {
    family: "IPv6",
    af: c.AF_INET6,
    another: "2001:db8::99",
    prefixLength: 64,
    far: address6(ELSEWHERE6, 0),
    network: "2001:db8:f::",
    by: PEER6,
  },
])("$family, a code that waits for a change", ({ af, another, prefixLength, far, network, by }) => {
  function setUp() {
    const v = ipv6Winsock();
    const { winsock: w } = v;
    const [eth] = v.ours.ip.interfaces;
    const change = () => v.ours.ip.addAddress(eth!, parseAddress(another), prefixLength);
    return { v, w, s: w.socket(af, c.SOCK_DGRAM, 0), change };
  }

  test.each([
    ["blocking", (_: VirtualWinsock, s: SOCKET) => s],
    ["nonblocking", nonblocking],
  ])("goes on until then on a %s socket, and sets its event (M)", (_, made) => {
    const { v, w, s, change } = setUp();
    const event = w.WSACreateEvent();
    const { ov, returned, began } = begin(w, made(v, s), c.SIO_ADDRESS_LIST_CHANGE, { event });
    expect([began, HasOverlappedIoCompleted(ov), resultOf(w, s, ov)]).toEqual([PENDING, false, `error ${e.WSA_IO_INCOMPLETE}`]);
    v.after(3000, change);
    expect([w.WaitForSingleObject(event, c.INFINITE), v.nowMs]).toEqual([c.WSA_WAIT_EVENT_0, 3000]);
    expect([HasOverlappedIoCompleted(ov), resultOf(w, s, ov), returned.value]).toEqual([true, 0, UNTOUCHED]);
  });

  test("runs its routine in an alertable wait", () => {
    const { v, w, s, change } = setUp();
    const told: unknown[] = [];
    const { ov, began } = begin(w, s, c.SIO_ADDRESS_LIST_CHANGE, { routine: (...p) => told.push(p) });
    v.after(3000, change);
    expect([began, w.SleepEx(c.INFINITE, true), v.nowMs, told]).toEqual([PENDING, c.WSA_WAIT_IO_COMPLETION, 3000, [[0, 0, ov, 0]]]);
  });

  test("leaves a packet at a completion port, of a change of the way to a destination too", () => {
    const { v, w, s, change } = setUp();
    const port = w.CreateIoCompletionPort(s, 0, 7, 0);
    const addresses = begin(w, s, c.SIO_ADDRESS_LIST_CHANGE);
    const routing = begin(w, s, c.SIO_ROUTING_INTERFACE_CHANGE, { input: far });
    expect([addresses.began, routing.began, dequeue(w, port)]).toEqual([PENDING, PENDING, NO_PACKET]);
    v.ours.ip.addRoute({ destination: parseAddress(network), prefixLength, gateway: parseAddress(by) });
    v.advance(1);
    expect([dequeue(w, port), dequeue(w, port)]).toEqual([{ result: 1, error: 0, count: 0, key: 7, ov: routing.ov }, NO_PACKET]);
    change();
    v.advance(1);
    expect(dequeue(w, port)).toEqual({ result: 1, error: 0, count: 0, key: 7, ov: addresses.ov });
  });

  test("two of them on one socket hear of the same change", () => {
    const { v, w, s, change } = setUp();
    const both = [begin(w, s, c.SIO_ADDRESS_LIST_CHANGE), begin(w, s, c.SIO_ADDRESS_LIST_CHANGE)];
    change();
    v.advance(1);
    expect(both.map(({ ov }) => resultOf(w, s, ov))).toEqual([0, 0]);
  });

  test("makes a thread that waits in a plain call run what is queued for it (Microsoft, connect function)", () => {
    const { v, w, s, change } = setUp();
    const told: number[] = [];
    begin(w, s, c.SIO_ADDRESS_LIST_CHANGE, { routine: () => told.push(v.nowMs) });
    v.after(1000, change);
    v.after(2000, () => v.ours.ip.removeAddress(v.ours.ip.interfaces[0]!, parseAddress(another)));
    const other = w.socket(af, c.SOCK_DGRAM, 0);
    v.advance(500);
    v.after(1000, () => v.ours.ip.addRoute({ destination: parseAddress(network), prefixLength, gateway: parseAddress(by) }));
    const result = w.WSAIoctl(other, c.SIO_ROUTING_INTERFACE_CHANGE, far, 28, null, 0, { value: 0 }, null, null);
    expect([outcome(w, result), v.nowMs, told]).toEqual([SUCCESS, 1500, [1000]]);
  });

  test("is refused within a routine that runs while its thread waits, as a call that would wait there is (Microsoft, connect function)", () => {
    const { v, w, s, change } = setUp();
    const codes: number[] = [];
    const ask = () => w.WSAIoctl(s, c.SIO_ADDRESS_LIST_CHANGE, null, 0, null, 0, { value: 0 }, null, null);
    const within = () => {
      codes.push(ask(), w.WSAGetLastError(), begin(w, s, c.FIONREAD, { output: { value: 0 } }).began[0]);
    };
    w.QueueUserAPC(within, w.GetCurrentThread(), 0);
    v.after(1000, change);
    expect([ask(), v.nowMs, codes]).toEqual([0, 1000, [-1, e.WSAEINPROGRESS, 0]]);
  });

  test.each([
    ["CancelIo", (w: BlockingFace, s: SOCKET) => w.CancelIo(s)],
    ["CancelIoEx", (w: BlockingFace, s: SOCKET, ov: WSAOVERLAPPED) => w.CancelIoEx(s, ov)],
    ["closesocket", (w: BlockingFace, s: SOCKET) => w.closesocket(s) + 1],
  ])("ends with WSA_OPERATION_ABORTED at %s", (_, cancel) => {
    const { v, w, s, change } = setUp();
    const other = w.socket(af, c.SOCK_DGRAM, 0);
    const event = w.WSACreateEvent();
    const { ov } = begin(w, s, c.SIO_ADDRESS_LIST_CHANGE, { event });
    expect([cancel(w, s, ov), w.WaitForSingleObject(event, 0), resultOf(w, other, ov)]).toEqual([
      c.TRUE,
      c.WSA_WAIT_EVENT_0,
      `error ${e.WSA_OPERATION_ABORTED}`,
    ]);
    w.WSAResetEvent(event);
    change();
    v.advance(1);
    expect(w.WaitForSingleObject(event, 0)).toBe(e.WAIT_TIMEOUT);
  });

  test("ends at WSACleanup", () => {
    const { w, s } = setUp();
    w.WSAStartup(0x202, null);
    const { ov } = begin(w, s, c.SIO_ADDRESS_LIST_CHANGE);
    w.WSACleanup();
    w.WSACleanup();
    expect([HasOverlappedIoCompleted(ov), ov.InternalHigh]).toEqual([true, 0]);
  });

  test("on a socket made without WSA_FLAG_OVERLAPPED keeps its thread (Microsoft, WSASocket function)", () => {
    const { v, w, change } = setUp();
    const s = w.WSASocket(af, c.SOCK_DGRAM, 0, null, 0, 0);
    v.after(2000, change);
    expect([begin(w, s, c.SIO_ADDRESS_LIST_CHANGE).began, v.nowMs]).toEqual([SUCCESS, 2000]);
    expect(begin(w, s, 0xdead).began).toEqual(fails(e.WSAEOPNOTSUPP));
  });
});

test("a socket that tells of an event by an overlapped call has no network event of it (M)", () => {
  const v = new VirtualWinsock();
  const { winsock: w } = v;
  const s = datagram(w);
  const event = w.WSACreateEvent();
  w.WSAEventSelect(s, event, c.FD_ADDRESS_LIST_CHANGE);
  const { ov } = begin(w, s, c.SIO_ADDRESS_LIST_CHANGE);
  v.ours.ip.addAddress(v.ours.ip.interfaces[0]!, parseAddress("203.0.113.99"), 24);
  v.advance(1);
  expect([resultOf(w, s, ov), w.WaitForSingleObject(event, 0)]).toEqual([0, e.WAIT_TIMEOUT]);
});

test("a code that waits for a change ends with WSA_OPERATION_ABORTED at closesocket of a connected stream, where a receive is WSAECONNABORTED (?)", () => {
  const v = new VirtualWinsock();
  const { s } = v.pair();
  const { ov } = begin(v.winsock, s, c.SIO_ADDRESS_LIST_CHANGE);
  v.winsock.closesocket(s);
  expect(resultOf(v.winsock, v.stream(), ov)).toBe(`error ${e.WSA_OPERATION_ABORTED}`);
});
