import { describe, expect, test } from "@jest/globals";
import {
  CF_ACCEPT,
  FIONBIO,
  HasOverlappedIoCompleted,
  INFINITE,
  INVALID_HANDLE_VALUE,
  MSG_PARTIAL,
  MSG_PEEK,
  new_OVERLAPPED_ENTRY,
  new_sockaddr_in,
  new_WSABUF,
  new_WSAOVERLAPPED,
  SD_SEND,
  SO_LINGER,
  SO_RCVTIMEO,
  SO_SNDBUF,
  type SOCKET,
  SOL_SOCKET,
  STATUS_PENDING,
  sizeof_linger,
  WSA_INVALID_HANDLE,
  WSA_INVALID_PARAMETER,
  WSA_IO_INCOMPLETE,
  WSA_IO_PENDING,
  WSA_OPERATION_ABORTED,
  WSA_WAIT_EVENT_0,
  WSA_WAIT_IO_COMPLETION,
  WSA_WAIT_TIMEOUT,
  WSAECONNABORTED,
  WSAECONNRESET,
  WSAEFAULT,
  WSAEINPROGRESS,
  WSAEINVAL,
  WSAEMSGSIZE,
  WSAENOTCONN,
  WSAENOTSOCK,
  WSAEWOULDBLOCK,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

/** Overlapped calls by winsock.md §11, from Wine's tests completion_port, WSARecv, iocp and kin, and Microsoft's pages. */

const textOf = (memory: Uint8Array, length = memory.length) => new TextDecoder().decode(memory.subarray(0, length));

function setUp() {
  const v = new VirtualWinsock();
  return { v, w: v.winsock, p: v.peerWinsock, ...v.pair() };
}

/** An overlapped receive into new memory. */
function receive(
  w: BlockingFace,
  s: SOCKET,
  size = 100,
  options: { event?: number; routine?: (...p: never[]) => void; flags?: number } = {},
) {
  const memory = new Uint8Array(size);
  const ov = new_WSAOVERLAPPED(options.event ?? 0);
  const count = { value: 0xdead };
  const routine = (options.routine ?? null) as Parameters<BlockingFace["WSARecv"]>[6];
  const result = w.WSARecv(s, [new_WSABUF(memory)], 1, count, { value: options.flags ?? 0 }, ov, routine);
  return { memory, ov, count, began: outcome(w, result) };
}

/** What WSAGetOverlappedResult says: bytes, or the code. */
function resultOf(w: BlockingFace, s: SOCKET, ov: WSAOVERLAPPED, wait = false): number | string {
  const count = { value: -1 };
  return w.WSAGetOverlappedResult(s, ov, count, wait, { value: 0 }) ? count.value : `error ${w.WSAGetLastError()}`;
}

const PENDING = fails(WSA_IO_PENDING);

describe("without an overlapped structure", () => {
  test("buffers are gathered and scattered, and the counts are given", () => {
    const { v, w, p, s, peer } = setUp();
    const count = { value: 0 };
    expect(outcome(w, w.WSASend(s, [new_WSABUF(bytes("ab")), new_WSABUF(bytes("cdXX"), 2)], 2, count, 0, null, null))).toEqual(SUCCESS);
    expect(count.value).toBe(4);
    v.advance(50);
    const [one, two, flags] = [new Uint8Array(3), new Uint8Array(10), { value: 0 }];
    expect(p.WSARecv(peer, [new_WSABUF(one), new_WSABUF(two)], 2, count, flags, null, null)).toBe(0);
    expect([count.value, textOf(one), textOf(two, 1)]).toEqual([4, "abc", "d"]);
  });

  test.each([
    ["no count", WSAEFAULT, (w: BlockingFace, s: SOCKET) => w.WSASend(s, [new_WSABUF(bytes("a"))], 1, null, 0, null, null)],
    ["no buffers to receive into", WSAEINVAL, (w: BlockingFace, s: SOCKET) => w.WSARecv(s, [], 0, { value: 0 }, { value: 0 }, null, null)],
    ["null for buffers", WSAEFAULT, (w: BlockingFace, s: SOCKET) => w.WSASend(s, null, 1, { value: 0 }, 0, null, null)],
    [
      "a buffer that is too short",
      WSAEFAULT,
      (w: BlockingFace, s: SOCKET) => w.WSASend(s, [new_WSABUF(bytes("a"), 2)], 1, { value: 0 }, 0, null, null),
    ],
    [
      "no flags",
      WSAEFAULT,
      (w: BlockingFace, s: SOCKET) => w.WSARecv(s, [new_WSABUF(new Uint8Array(1))], 1, { value: 0 }, null, null, null),
    ],
  ])("%s is refused", (_what, code, call) => {
    const { w, s } = setUp();
    expect(outcome(w, call(w, s))).toEqual(fails(code));
  });
});

describe("a receive that waits", () => {
  test("is pending, though the socket is nonblocking, until data comes; then its event is set and its memory filled", () => {
    const { v, w, p, s, peer } = setUp();
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    const event = w.WSACreateEvent();
    w.WSASetEvent(event);
    const { ov, memory, count, began } = receive(w, s, 10, { event });
    expect([began, count.value, w.WaitForSingleObject(event, 0)]).toEqual([PENDING, 0xdead, WSA_WAIT_TIMEOUT]);
    expect([HasOverlappedIoCompleted(ov), resultOf(w, s, ov)]).toEqual([false, `error ${WSA_IO_INCOMPLETE}`]);
    v.after(300, () => say(p, peer, "hello"));
    expect(w.WaitForSingleObject(event, INFINITE)).toBe(WSA_WAIT_EVENT_0);
    expect([HasOverlappedIoCompleted(ov), ov.Internal, ov.InternalHigh, textOf(memory, 5)]).toEqual([true, 0, 5, "hello"]);
    expect(resultOf(w, s, ov)).toBe(5);
  });

  test("can be waited for by WSAGetOverlappedResult", () => {
    const { v, w, p, s, peer } = setUp();
    const { ov, memory } = receive(w, s);
    v.after(300, () => say(p, peer, "hello"));
    expect([resultOf(w, s, ov, true), textOf(memory, 5)]).toEqual([5, "hello"]);
  });

  test("tells its count to who wants no flags; the count itself has to be wanted (W: TransmitFile)", () => {
    const { v, w, p, s, peer } = setUp();
    const { ov } = receive(w, s);
    say(p, peer, "hi");
    v.advance(50);
    const count = { value: -1 };
    expect([w.WSAGetOverlappedResult(s, ov, count, false, null), count.value]).toEqual([1, 2]);
    expect([w.WSAGetOverlappedResult(s, ov, null, false, null), w.WSAGetLastError()]).toEqual([0, WSAEFAULT]);
  });

  test("shows in its status that it is over as soon as somebody looks", () => {
    const { v, w, p, s, peer } = setUp();
    const { ov } = receive(w, s);
    expect(ov.Internal).toBe(STATUS_PENDING);
    say(p, peer, "x");
    v.advance(50);
    expect([ov.Internal, ov.InternalHigh]).toEqual([0, 1]);
  });

  test("several are filled in the order in which they were begun", () => {
    const { v, w, p, s, peer } = setUp();
    const all = [receive(w, s, 2), receive(w, s, 2), receive(w, s, 2)];
    say(p, peer, "abcde");
    v.advance(50);
    expect(all.map(({ ov, memory }) => [resultOf(w, s, ov), textOf(memory, ov.InternalHigh)])).toEqual([
      [2, "ab"],
      [2, "cd"],
      [1, "e"],
    ]);
  });

  test("takes its data before any event tells of it (W:read_events)", () => {
    const { v, w, p, s, peer } = setUp();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, 1);
    receive(w, s);
    say(p, peer, "x");
    v.advance(50);
    expect(w.WaitForSingleObject(event, 0)).toBe(WSA_WAIT_TIMEOUT);
  });

  test("is not ended by SO_RCVTIMEO (W:timeout)", () => {
    const { v, w, s } = setUp();
    w.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 100 }, 4);
    const { ov } = receive(w, s);
    v.advance(10_000);
    expect(HasOverlappedIoCompleted(ov)).toBe(false);
  });

  test("into no memory waits for data, and takes none (W:empty_recv)", () => {
    const { v, w, p, s, peer } = setUp();
    const { ov, began } = receive(w, s, 0);
    expect(began).toEqual(PENDING);
    say(p, peer, "x");
    v.advance(50);
    expect([resultOf(w, s, ov), recv(w, s)]).toEqual([0, "x"]);
  });

  test("whose answer finds no memory that can be written to is over all the same, with WSAEFAULT, and no other call fails for it", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const s = datagram(w);
    bind(v, s, OURS, 7000);
    const [from, ov, ran] = [new_sockaddr_in(), new_WSAOVERLAPPED(), [] as number[]];
    const routine = (error: number) => void ran.push(error);
    w.WSARecvFrom(s, [new_WSABUF(new Uint8Array(9))], 1, null, { value: 0 }, from, { value: 16 }, ov, routine);
    Object.freeze(from);
    p.sendto(datagram(p), bytes("hello"), 5, 0, address(OURS, 7000), 16);
    v.advance(50);
    expect([w.SleepEx(0, true), ran]).toEqual([WSA_WAIT_IO_COMPLETION, [WSAEFAULT]]);
  });

  test("is over at the peer's end: all of them, with nothing", () => {
    const { v, w, p, s, peer } = setUp();
    const all = [receive(w, s), receive(w, s)];
    p.shutdown(peer, SD_SEND);
    v.advance(50);
    expect(all.map(({ ov }) => resultOf(w, s, ov))).toEqual([0, 0]);
  });

  test("fails when the connection is reset", () => {
    const { v, w, p, s, peer } = setUp();
    const event = w.WSACreateEvent();
    const { ov } = receive(w, s, 10, { event });
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(50);
    expect(w.WaitForSingleObject(event, 0)).toBe(WSA_WAIT_EVENT_0);
    expect([ov.Internal, resultOf(w, s, ov)]).toEqual([0xc000020d, `error ${WSAECONNRESET}`]);
  });

  test("is aborted by closesocket (W:iocp), of a datagram socket with another code", () => {
    const { v, w, s } = setUp();
    const u = datagram(w);
    bind(v, u, OURS, 7000);
    const both = [receive(w, s), receive(w, u)];
    w.closesocket(s);
    w.closesocket(u);
    expect(both.map(({ ov }) => resultOf(w, w.socket(2, 1, 0), ov))).toEqual([
      `error ${WSAECONNABORTED}`,
      `error ${WSA_OPERATION_ABORTED}`,
    ]);
  });
});

describe("a call that is over at once", () => {
  test("returns 0 and the count, and sets its event all the same", () => {
    const { v, w, p, s, peer } = setUp();
    say(p, peer, "hi");
    v.advance(50);
    const event = w.WSACreateEvent();
    const { began, count, memory, ov } = receive(w, s, 10, { event });
    expect([began, count.value, textOf(memory, 2), ov.Internal, ov.InternalHigh]).toEqual([SUCCESS, 2, "hi", 0, 2]);
    expect(w.WaitForSingleObject(event, 0)).toBe(WSA_WAIT_EVENT_0);
  });

  test("and fails leaves event and count alone", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const event = w.WSACreateEvent();
    const { began, count } = receive(w, v.stream(), 10, { event });
    expect([began, count.value, w.WaitForSingleObject(event, 0)]).toEqual([fails(WSAENOTCONN), 0xdead, WSA_WAIT_TIMEOUT]);
    expect(receive(w, 4000).began).toEqual(fails(WSAENOTSOCK));
    expect(receive(w, v.stream(), 10, { event: 4000 }).began).toEqual(fails(WSA_INVALID_HANDLE));
  });

  test("may peek", () => {
    const { v, w, p, s, peer } = setUp();
    say(p, peer, "hi");
    v.advance(50);
    expect([receive(w, s, 10, { flags: MSG_PEEK }).count.value, recv(w, s)]).toEqual([2, "hi"]);
  });
});

describe("sends", () => {
  test("of more than a call carries are one", () => {
    const { v, w, p, s, peer } = setUp();
    const much = Uint8Array.from({ length: 700_000 }, (_, i) => i);
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    const half = [new_WSABUF(much.subarray(0, 300_000)), new_WSABUF(much.subarray(300_000))];
    const result = w.WSASend(s, half, 2, null, 0, ov, null);
    expect(result === 0 || w.WSAGetLastError() === WSA_IO_PENDING).toBe(true);
    const got = new Uint8Array(much.length);
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    let at = 0;
    for (let i = 0; i < 1000 && at < got.length; i++) {
      const n = p.recv(peer, got.subarray(at), got.length - at, 0);
      if (n > 0) at += n;
      else v.advance(10);
    }
    expect([at, Buffer.compare(got, much), resultOf(w, s, ov)]).toEqual([much.length, 0, much.length]);
  });

  test("without a send buffer are over when the peer has the data (W:send)", () => {
    const { v, w, s } = setUp();
    w.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 0 }, 4);
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    expect(outcome(w, w.WSASend(s, [new_WSABUF(bytes("hello"))], 1, null, 0, ov, null))).toEqual(PENDING);
    v.advance(300);
    expect(resultOf(w, s, ov)).toBe(5);
  });

  test("of datagrams go to their address, and receives tell whose they are", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const [s, peer] = [datagram(w), datagram(p)];
    bind(v, s, OURS, 7000);
    bind(v, peer, PEER, 7001, p);
    const [memory, from, fromlen] = [new Uint8Array(3), new Uint8Array(16), { value: 16 }];
    const ov = new_WSAOVERLAPPED();
    expect(outcome(w, w.WSARecvFrom(s, [new_WSABUF(memory)], 1, null, { value: 0 }, from, fromlen, ov, null))).toEqual(PENDING);
    const sent = new_WSAOVERLAPPED();
    expect(p.WSASendTo(peer, [new_WSABUF(bytes("he")), new_WSABUF(bytes("y"))], 2, null, 0, address(OURS, 7000), 16, sent, null)).toBe(0);
    v.advance(50);
    expect([resultOf(w, s, ov), textOf(memory), [...from.subarray(2, 8)]]).toEqual([3, "hey", [7001 >> 8, 7001 & 255, 203, 0, 113, 1]]);
  });

  test("a datagram that is too long fills the buffer, and says so", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const s = datagram(w);
    bind(v, s, OURS, 7000);
    const { ov, memory } = receive(w, s, 2);
    p.sendto(datagram(p), bytes("abc"), 3, 0, address(OURS, 7000), 16);
    v.advance(50);
    const [count, flags] = [{ value: 0 }, { value: 0 }];
    expect([w.WSAGetOverlappedResult(s, ov, count, false, flags), w.WSAGetLastError()]).toEqual([0, WSAEMSGSIZE]);
    expect([count.value, textOf(memory), ov.Internal]).toEqual([2, "ab", 0x80000005]);
  });
});

describe("cancelling", () => {
  test("CancelIo ends all calls of the thread on the socket", () => {
    const { w, s } = setUp();
    const event = w.WSACreateEvent();
    const all = [receive(w, s, 10, { event }), receive(w, s)];
    expect(w.CancelIo(s)).toBe(1);
    expect(all.map(({ ov }) => resultOf(w, s, ov))).toEqual(new Array(2).fill(`error ${WSA_OPERATION_ABORTED}`));
    expect(w.WaitForSingleObject(event, 0)).toBe(WSA_WAIT_EVENT_0);
    expect([w.CancelIo(4000), w.WSAGetLastError()]).toEqual([0, WSA_INVALID_HANDLE]);
  });

  test("CancelIoEx ends one, and says when there is none", () => {
    const { v, w, p, s, peer } = setUp();
    const [one, other] = [receive(w, s), receive(w, s)];
    expect(w.CancelIoEx(s, one.ov)).toBe(1);
    say(p, peer, "x");
    v.advance(50);
    expect([resultOf(w, s, one.ov), resultOf(w, s, other.ov)]).toEqual([`error ${WSA_OPERATION_ABORTED}`, 1]);
    expect([w.CancelIoEx(s, null), w.WSAGetLastError()]).toEqual([0, 1168]);
  });

  test("WSACleanup ends them with WSA_OPERATION_ABORTED", () => {
    const { w, s } = setUp();
    const { ov } = receive(w, s);
    w.WSACleanup();
    expect(ov.Internal).toBe(0xc0000120);
  });
});

describe("completion routines", () => {
  test("run in an alertable wait of their thread and in no other, with code, bytes and structure", () => {
    const { v, w, p, s, peer } = setUp();
    const ran: unknown[] = [];
    const { ov } = receive(w, s, 10, { routine: (...parameters: unknown[]) => void ran.push(parameters) });
    say(p, peer, "hello");
    v.advance(50);
    expect([w.SleepEx(10, false), ran]).toEqual([0, []]);
    expect(w.SleepEx(INFINITE, true)).toBe(WSA_WAIT_IO_COMPLETION);
    expect(ran).toEqual([[0, 5, ov, 0]]);
    expect(w.SleepEx(10, true)).toBe(0);
  });

  test("end an alertable wait when they come, and may begin the next transfer", () => {
    const { v, w, p, s, peer } = setUp();
    const got: string[] = [];
    const next = (): void => {
      const memory = new Uint8Array(10);
      const routine = (_error: number, count: number) => {
        got.push(textOf(memory, count));
        next();
      };
      w.WSARecv(s, [new_WSABUF(memory)], 1, null, { value: 0 }, new_WSAOVERLAPPED(), routine);
    };
    next();
    for (const [i, text] of ["one", "two"].entries()) v.after(100 * (i + 1), () => say(p, peer, text));
    const event = w.WSACreateEvent();
    expect(w.WSAWaitForMultipleEvents(1, [event], false, INFINITE, true)).toBe(WSA_WAIT_IO_COMPLETION);
    expect(got).toEqual(["one"]);
    expect(w.SleepEx(INFINITE, true)).toBe(WSA_WAIT_IO_COMPLETION);
    expect(got).toEqual(["one", "two"]);
    expect(w.WSAWaitForMultipleEvents(1, [event], false, 50, true)).toBe(WSA_WAIT_TIMEOUT);
  });

  test("end an alertable wait for packets, which leaves the port as it is", () => {
    const { v, w, p, s, peer } = setUp();
    const ran: number[] = [];
    receive(w, s, 10, { routine: (_error: number, count: number) => void ran.push(count) });
    const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
    v.after(50, () => say(p, peer, "hello"));
    const [entries, count] = [[new_OVERLAPPED_ENTRY()], { value: 7 }];
    const take = () => [w.GetQueuedCompletionStatusEx(port, entries, 1, count, INFINITE, true), w.WSAGetLastError(), count.value];
    expect([take(), ran]).toEqual([[0, WSA_WAIT_IO_COMPLETION, 7], [5]]);
    w.PostQueuedCompletionStatus(port, 1, 2, null);
    expect(take()).toEqual([1, 0, 1]);
  });

  test("of a call that is over at once wait for an alertable wait too", () => {
    const { v, w, p, s, peer } = setUp();
    say(p, peer, "x");
    v.advance(50);
    const ran: number[] = [];
    expect(receive(w, s, 10, { routine: () => void ran.push(1) }).began).toEqual(SUCCESS);
    expect(ran).toEqual([]);
    w.SleepEx(0, true);
    expect(ran).toEqual([1]);
  });

  test("of a call that fails at once never run", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const ran: number[] = [];
    expect(receive(w, v.stream(), 10, { routine: () => void ran.push(1) }).began).toEqual(fails(WSAENOTCONN));
    expect([w.SleepEx(100, true), ran]).toEqual([0, []]);
  });
});

describe("what is queued for a thread runs while a blocking call of it waits (founding page, W:connect, W:accept, W:select)", () => {
  test("and the call goes on afterwards", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    v.listener(80);
    const s = v.stream();
    const ran: number[] = [];
    w.QueueUserAPC((data) => ran.push(data), w.GetCurrentThread(), 7);
    expect([connect(v, s, PEER, 80), ran]).toEqual([SUCCESS, [7]]);
  });

  test("in WSAAccept too, which waits for a connection to ask about", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.stream();
    bind(v, listener, OURS, 80);
    w.listen(listener, 5);
    const ran: number[] = [];
    w.QueueUserAPC((data) => ran.push(data), w.GetCurrentThread(), 7);
    v.after(100, () => {
      const s = v.stream(p);
      p.ioctlsocket(s, FIONBIO, { value: 1 });
      p.connect(s, address(OURS, 80), 16);
    });
    expect(w.WSAAccept(listener, null, null, () => CF_ACCEPT, 0)).toBeGreaterThan(0);
    expect(ran).toEqual([7]);
  });

  test("but not in a call that need not wait", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const { winsock: w } = v;
    const ran: number[] = [];
    w.QueueUserAPC((data) => ran.push(data), w.GetCurrentThread(), 7);
    expect([say(w, s, "x"), w.WSAPoll([{ fd: s, events: 0x10, revents: 0 }], 1, -1), ran]).toEqual([1, 1, []]);
    expect([w.SleepEx(0, true), ran]).toEqual([WSA_WAIT_IO_COMPLETION, [7]]);
  });

  test("also what a completion queues in the middle of it", () => {
    const { v, w, p, s, peer } = setUp();
    const seen: number[] = [];
    receive(w, s, 10, { routine: () => void seen.push(v.nowMs) });
    const from = v.nowMs;
    v.after(500, () => say(p, peer, "x"));
    const other = v.stream();
    // Nobody is there: it waits for all of its 21 seconds.
    expect(connect(v, other, NOBODY_THERE, 80)).toEqual(fails(10060));
    expect(seen).toHaveLength(1);
    expect(seen[0]! - from).toBeLessThan(600);
    expect(v.nowMs - from).toBeGreaterThan(20_000);
  });

  test("may make calls that do not wait; one that would is refused with WSAEINPROGRESS", () => {
    const { v, w, s } = setUp();
    const seen: unknown[] = [];
    w.QueueUserAPC(
      () => {
        seen.push(say(w, s, "x"));
        seen.push(outcome(w, w.recv(s, new Uint8Array(4), 4, 0)));
        seen.push(connect(v, v.stream(), NOBODY_THERE, 80));
        w.ioctlsocket(s, FIONBIO, { value: 1 });
        seen.push(outcome(w, w.recv(s, new Uint8Array(4), 4, 0)));
      },
      w.GetCurrentThread(),
      0,
    );
    expect(connect(v, v.stream(), NOBODY_THERE, 80)).toEqual(fails(10060));
    expect(seen).toEqual([1, fails(WSAEINPROGRESS), fails(WSAEINPROGRESS), fails(WSAEWOULDBLOCK)]);
  });

  test("only this thread is known yet", () => {
    const { winsock: w } = new VirtualWinsock();
    expect([w.QueueUserAPC(() => {}, 4, 0), w.WSAGetLastError()]).toEqual([0, WSA_INVALID_HANDLE]);
  });
});

test.each([
  ["no structure", WSA_INVALID_PARAMETER, (w: BlockingFace, s: SOCKET) => w.WSAGetOverlappedResult(s, null, { value: 0 }, false, null)],
  ["no count", WSAEFAULT, (w: BlockingFace, s: SOCKET) => w.WSAGetOverlappedResult(s, new_WSAOVERLAPPED(), null, false, null)],
  ["socket 0", WSAENOTSOCK, (w: BlockingFace) => w.WSAGetOverlappedResult(0, new_WSAOVERLAPPED(), { value: 0 }, false, null)],
  ["no socket", WSAENOTSOCK, (w: BlockingFace) => w.WSAGetOverlappedResult(4000, new_WSAOVERLAPPED(), { value: 0 }, false, null)],
])("WSAGetOverlappedResult of %s fails", (_what, code, call) => {
  const { w, s } = setUp();
  expect([call(w, s), w.WSAGetLastError()]).toEqual([0, code]);
});

test("the flags of a datagram that was cut short are MSG_PARTIAL", () => {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: p } = v;
  const s = datagram(w);
  bind(v, s, OURS, 7000);
  const flags: number[] = [];
  receive(w, s, 2, { routine: ((_e: number, _n: number, _o: unknown, f: number) => void flags.push(f)) as never });
  p.sendto(datagram(p), bytes("abc"), 3, 0, address(OURS, 7000), 16);
  v.advance(50);
  w.SleepEx(0, true);
  expect(flags).toEqual([MSG_PARTIAL]);
});
