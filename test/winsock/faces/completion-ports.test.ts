import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  ERROR_NETNAME_DELETED,
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  FIONBIO,
  INFINITE,
  INVALID_HANDLE_VALUE,
  new_OVERLAPPED_ENTRY,
  new_WSABUF,
  new_WSADATA,
  new_WSAOVERLAPPED,
  SO_LINGER,
  SOCK_STREAM,
  type SOCKET,
  SOL_SOCKET,
  sizeof_linger,
  WAIT_TIMEOUT,
  WSA_INVALID_HANDLE,
  WSA_INVALID_PARAMETER,
  WSA_IO_PENDING,
  WSA_OPERATION_ABORTED,
  WSA_WAIT_IO_COMPLETION,
  WSAECONNRESET,
  WSAEINVAL,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { type BlockingFace, createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, outcome, say } from "../../support/winsock-calls.ts";

/** Wine's test completion_port, as winsock.md §11 tells it; Microsoft's pages. */

const KEY = 0x1234567;

function setUp() {
  const v = new VirtualWinsock();
  const pair = v.pair();
  const port = v.winsock.CreateIoCompletionPort(pair.s, 0, KEY, 0);
  return { v, w: v.winsock, p: v.peerWinsock, ...pair, port };
}

function receive(w: BlockingFace, s: SOCKET, ov: WSAOVERLAPPED, memory = new Uint8Array(100)) {
  return outcome(w, w.WSARecv(s, [new_WSABUF(memory)], 1, null, { value: 0 }, ov, null));
}

/** What GetQueuedCompletionStatus says. */
function dequeue(w: BlockingFace, port: number, ms = 0) {
  const [count, key, overlapped] = [{ value: -7 }, { value: -7 }, { value: null as WSAOVERLAPPED | null }];
  const result = w.GetQueuedCompletionStatus(port, count, key, overlapped, ms);
  return { result, error: w.WSAGetLastError(), count: count.value, key: key.value, ov: overlapped.value };
}

const NOTHING = { result: 0, error: WAIT_TIMEOUT, count: -7, key: -7, ov: null };

describe("a port", () => {
  test("tells of a call that had to wait, by the key of its socket and the very structure of the call", () => {
    const { v, w, p, s, peer, port } = setUp();
    const ov = new_WSAOVERLAPPED();
    expect([receive(w, s, ov), dequeue(w, port)]).toEqual([fails(WSA_IO_PENDING), NOTHING]);
    v.after(300, () => say(p, peer, "hello"));
    const packet = dequeue(w, port, INFINITE);
    expect(packet).toMatchObject({ result: 1, error: 0, count: 5, key: KEY });
    expect([packet.ov === ov, ov.Internal, ov.InternalHigh]).toEqual([true, 0, 5]);
    expect(dequeue(w, port)).toEqual(NOTHING);
  });

  test("tells of a call that was over at once too, unless it was told not to", () => {
    const { v, w, p, s, peer, port } = setUp();
    const ov = new_WSAOVERLAPPED();
    for (const text of ["a", "b"]) say(p, peer, text);
    v.advance(50);
    expect(receive(w, s, ov, new Uint8Array(1))).toEqual([0, 0]);
    expect(dequeue(w, port)).toMatchObject({ result: 1, count: 1, ov });
    expect(w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)).toBe(1);
    expect([receive(w, s, ov, new Uint8Array(1)), dequeue(w, port)]).toEqual([[0, 0], NOTHING]);
    expect(receive(w, s, ov)).toEqual(fails(WSA_IO_PENDING));
    say(p, peer, "c");
    v.advance(50);
    expect(dequeue(w, port)).toMatchObject({ result: 1, count: 1 });
  });

  test("is not told of what was over at once either where its socket was told so before it had a port", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    expect(w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)).toBe(1);
    const port = w.CreateIoCompletionPort(s, 0, KEY, 0);
    say(p, peer, "a");
    v.advance(50);
    expect([receive(w, s, new_WSAOVERLAPPED()), dequeue(w, port)]).toEqual([[0, 0], NOTHING]);
  });

  test("is told either by the function or by a packet of a call that ends while its program asks whether it has", () => {
    const v = new VirtualWinsock();
    const { peerWinsock: p } = v;
    const listener = v.listener(81);
    const port = v.blockingPort();
    let meanwhile: (() => void) | undefined;
    const w = createBlockingFace(() => ({
      ...port,
      post: (request, replied) => {
        const id = port.post(request, replied);
        // What it waits for comes before the next call is made.
        meanwhile?.();
        v.advance(50);
        return id;
      },
    }));
    w.WSAStartup(0x0202, new_WSADATA());
    const s = w.socket(AF_INET, SOCK_STREAM, 0);
    w.connect(s, address(PEER, 81), 16);
    const peer = p.accept(listener, null, null);
    const packets = w.CreateIoCompletionPort(s, 0, KEY, 0);
    const ov = new_WSAOVERLAPPED();
    meanwhile = () => say(p, peer, "a");
    expect([receive(w, s, ov), dequeue(w, packets)]).toMatchObject([[0, 0], { result: 1, ov }]);
    w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    expect([receive(w, s, ov), dequeue(w, packets)]).toEqual([[0, 0], NOTHING]);
    meanwhile = () => {
      p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
      p.closesocket(peer);
    };
    expect([receive(w, s, ov), dequeue(w, packets)]).toEqual([fails(WSAECONNRESET), NOTHING]);
  });

  test("is not told where the low bit of the event is set, which is set all the same", () => {
    const { v, w, p, s, peer, port } = setUp();
    const event = w.WSACreateEvent();
    receive(w, s, new_WSAOVERLAPPED(event | 1));
    say(p, peer, "x");
    v.advance(50);
    expect([w.WaitForSingleObject(event, 0), dequeue(w, port)]).toEqual([0, NOTHING]);
  });

  test("tells of a call that failed by kernel32's code, and of one that was cancelled", () => {
    const { v, w, p, s, peer, port } = setUp();
    const [one, other] = [new_WSAOVERLAPPED(), new_WSAOVERLAPPED()];
    receive(w, s, one);
    w.CancelIo(s);
    expect(dequeue(w, port)).toMatchObject({ result: 0, error: WSA_OPERATION_ABORTED, count: 0, key: KEY, ov: one });
    receive(w, s, other);
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(50);
    expect(dequeue(w, port)).toMatchObject({ result: 0, error: ERROR_NETNAME_DELETED, ov: other });
  });

  test("does not hear of a call that failed at once, nor of ordinary calls", () => {
    const { v, w, s, port } = setUp();
    say(w, s, "x");
    const unconnected = v.stream();
    w.CreateIoCompletionPort(unconnected, port, 1, 0);
    expect(receive(w, unconnected, new_WSAOVERLAPPED())[0]).toBe(-1);
    expect(dequeue(w, port)).toEqual(NOTHING);
  });

  test("of a socket takes the place of routines: WSAEINVAL", () => {
    const { w, s } = setUp();
    const routine = () => {};
    expect(outcome(w, w.WSARecv(s, [new_WSABUF(new Uint8Array(1))], 1, null, { value: 0 }, new_WSAOVERLAPPED(), routine))).toEqual(
      fails(WSAEINVAL),
    );
  });

  test("tells all bytes of a long send in one packet", () => {
    const { v, w, p, s, peer, port } = setUp();
    const ov = new_WSAOVERLAPPED();
    w.WSASend(s, [new_WSABUF(new Uint8Array(600_000))], 1, null, 0, ov, null);
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    const buffer = new Uint8Array(65536);
    for (let i = 0; i < 200; i++) {
      while (p.recv(peer, buffer, buffer.length, 0) > 0);
      v.advance(10);
    }
    expect([dequeue(w, port), dequeue(w, port)]).toMatchObject([{ result: 1, count: 600_000, ov }, NOTHING]);
  });
});

describe("packets of the program's own", () => {
  test("come in their order, with whatever they say", () => {
    const { winsock: w } = new VirtualWinsock();
    const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
    const ov = new_WSAOVERLAPPED();
    w.PostQueuedCompletionStatus(port, 10, 1, null);
    w.PostQueuedCompletionStatus(port, 20, 2, ov);
    expect([dequeue(w, port), dequeue(w, port)]).toEqual([
      { result: 1, error: 0, count: 10, key: 1, ov: null },
      { result: 1, error: 0, count: 20, key: 2, ov },
    ]);
  });

  test("are taken several at a time by GetQueuedCompletionStatusEx", () => {
    const { winsock: w } = new VirtualWinsock();
    const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
    for (const key of [1, 2, 3]) w.PostQueuedCompletionStatus(port, key * 10, key, null);
    const [entries, removed] = [[new_OVERLAPPED_ENTRY(), new_OVERLAPPED_ENTRY()], { value: 0 }];
    const take = (alertable = false) => w.GetQueuedCompletionStatusEx(port, entries, 2, removed, 0, alertable);
    expect([take(), removed.value, entries.map((e) => e.lpCompletionKey)]).toEqual([1, 2, [1, 2]]);
    expect([take(), removed.value, entries[0]?.dwNumberOfBytesTransferred]).toEqual([1, 1, 30]);
    expect([take(), w.WSAGetLastError()]).toEqual([0, WAIT_TIMEOUT]);
    w.QueueUserAPC(() => {}, w.GetCurrentThread(), 0);
    expect([take(true), w.WSAGetLastError()]).toEqual([0, WSA_WAIT_IO_COMPLETION]);
  });

  test("end a wait that somebody is in", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
    const from = v.nowMs;
    v.after(400, () => w.PostQueuedCompletionStatus(port, 0, 9, null));
    expect([dequeue(w, port, 1000).key, v.nowMs - from]).toEqual([9, 400]);
    expect([dequeue(w, port, 1000), v.nowMs - from]).toEqual([NOTHING, 1400]);
  });
});

test.each([
  ["a second port for a socket", WSA_INVALID_PARAMETER, (w: BlockingFace, s: SOCKET) => w.CreateIoCompletionPort(s, 0, 1, 0)],
  ["no socket", WSA_INVALID_HANDLE, (w: BlockingFace) => w.CreateIoCompletionPort(4000, 0, 1, 0)],
  ["no port", WSA_INVALID_HANDLE, (w: BlockingFace) => w.GetQueuedCompletionStatus(4000, { value: 0 }, { value: 0 }, { value: null }, 0)],
  ["no port to post to", WSA_INVALID_HANDLE, (w: BlockingFace) => w.PostQueuedCompletionStatus(4000, 0, 0, null)],
])("%s is refused", (_what, code, call) => {
  const { w, s } = setUp();
  expect([call(w, s), w.WSAGetLastError()]).toEqual([0, code]);
});

test("a port that is closed is none, and its packets go with it", () => {
  const v = new VirtualWinsock();
  const { winsock: w } = v;
  const before = v.provider.usage.waitingBytes;
  const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
  w.PostQueuedCompletionStatus(port, 0, 0, null);
  expect([w.CloseHandle(port), w.CloseHandle(port), v.provider.usage.waitingBytes - before]).toEqual([1, 0, 0]);
});

test("a packet is read before its memory is given to the answers that come after it", () => {
  const v = new VirtualWinsock();
  let lent: Uint8Array | null = null;
  const w = createBlockingFace(() => {
    const port = v.blockingPort();
    return {
      ...port,
      call(request) {
        const reply = port.call(request);
        lent = reply.data;
        return reply;
      },
      takeReplies() {
        lent?.fill(0xff);
        port.takeReplies();
      },
    };
  });
  w.WSAStartup(0x0202, new_WSADATA());
  const port = w.CreateIoCompletionPort(INVALID_HANDLE_VALUE, 0, 0, 0);
  const ov = new_WSAOVERLAPPED();
  w.PostQueuedCompletionStatus(port, 7, KEY, ov);
  expect(dequeue(w, port)).toEqual({ result: 1, error: 0, count: 7, key: KEY, ov });
});
