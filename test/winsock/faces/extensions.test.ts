import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
  FIONBIO,
  HasOverlappedIoCompleted,
  INFINITE,
  IPPROTO_TCP,
  new_WSADATA,
  new_WSAOVERLAPPED,
  SD_SEND,
  SO_CONNECT_TIME,
  SO_UPDATE_ACCEPT_CONTEXT,
  SO_UPDATE_CONNECT_CONTEXT,
  SOCK_STREAM,
  type SOCKET,
  SOL_SOCKET,
  STATUS_PENDING,
  sizeof_sockaddr_in,
  TCP_FASTOPEN,
  TF_REUSE_SOCKET,
  WSA_INVALID_PARAMETER,
  WSA_IO_PENDING,
  WSA_OPERATION_ABORTED,
  WSAECONNREFUSED,
  WSAEFAULT,
  WSAEINVAL,
  WSAEISCONN,
  WSAENETDOWN,
  WSAENOTCONN,
  WSAENOTSOCK,
  WSAESHUTDOWN,
  type WSAOVERLAPPED,
} from "../../../src/winsock/abi/index.ts";
import { type BlockingFace, createBlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, localName, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

/** ConnectEx, AcceptEx and DisconnectEx by winsock.md §5.6, §6 and §8, from Wine's tests of these names and Microsoft's pages. */

const PENDING = [0, WSA_IO_PENDING] as const;
const textOf = (memory: Uint8Array, length: number) => new TextDecoder().decode(memory.subarray(0, length));

function resultOf(w: BlockingFace, s: SOCKET, ov: WSAOVERLAPPED, wait = true): number | string {
  const count = { value: -1 };
  return w.WSAGetOverlappedResult(s, ov, count, wait, null) ? count.value : `error ${w.WSAGetLastError()}`;
}

function bound(v: VirtualWinsock, face = v.winsock): SOCKET {
  const s = v.stream(face);
  bind(v, s, "0.0.0.0", 0, face);
  return s;
}

function connectEx(v: VirtualWinsock, s: SOCKET, port: number, options: { ov?: WSAOVERLAPPED | null; text?: string; to?: string } = {}) {
  const { ov = new_WSAOVERLAPPED(), text = "", to = PEER } = options;
  const data = text === "" ? null : bytes(text);
  return outcome(v.winsock, v.winsock.ConnectEx(s, address(to, port), sizeof_sockaddr_in, data, text.length, null, ov));
}

describe("ConnectEx", () => {
  test("connects while the program does other things, and sends its first bytes", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80);
    const s = bound(v);
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    expect(connectEx(v, s, 80, { ov, text: "hello" })).toEqual(PENDING);
    expect(w.WaitForSingleObject(ov.hEvent, INFINITE)).toBe(0);
    expect(resultOf(w, s, ov)).toBe(5);
    expect(recv(p, p.accept(listener, null, null))).toBe("hello");
  });

  test("with TCP_FASTOPEN on both sides its first bytes are there before the handshake is over, from the second connection on", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    v.cable.configure("in", { delayMs: 50 });
    v.cable.configure("out", { delayMs: 50 });
    const listener = v.listener(80);
    const on = { value: 1 };
    p.setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, on, 4);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const s = bound(v);
      expect(w.setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN, on, 4)).toBe(0);
      const ov = new_WSAOVERLAPPED();
      const startMs = v.nowMs;
      expect(connectEx(v, s, 80, { ov, text: "hello" })).toEqual(PENDING);
      const server = p.accept(listener, null, null);
      expect(recv(p, server)).toBe("hello");
      times.push(v.nowMs - startMs);
      say(p, server, "and back");
      expect(resultOf(w, s, ov)).toBe(5);
      expect(recv(w, s)).toBe("and back");
      w.closesocket(s);
      p.closesocket(server);
    }
    expect(times[0]).toBeGreaterThanOrEqual(150);
    expect(times.slice(1)).toEqual([50, 50]);
  });

  test("without TCP_FASTOPEN nothing leaves before the connection stands", () => {
    const v = new VirtualWinsock();
    v.cable.configure("in", { delayMs: 50 });
    v.cable.configure("out", { delayMs: 50 });
    const listener = v.listener(80);
    v.peerWinsock.setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, { value: 1 }, 4);
    for (let i = 0; i < 2; i++) {
      const startMs = v.nowMs;
      connectEx(v, bound(v), 80, { text: "hello" });
      expect(recv(v.peerWinsock, v.peerWinsock.accept(listener, null, null))).toBe("hello");
      expect(v.nowMs - startMs).toBeGreaterThanOrEqual(150);
    }
  });

  test("says that it goes on even where it is over by then, and its packet follows", () => {
    const v = new VirtualWinsock();
    v.listener(80);
    const port = v.blockingPort();
    const w = createBlockingFace(() => ({
      ...port,
      post: (request, replied) => {
        const id = port.post(request, replied);
        v.advance(50);
        return id;
      },
    }));
    w.WSAStartup(0x0202, new_WSADATA());
    const s = w.socket(AF_INET, SOCK_STREAM, 0);
    w.bind(s, address("0.0.0.0", 0), 16);
    const packets = w.CreateIoCompletionPort(s, 0, 5, 0);
    w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    const ov = new_WSAOVERLAPPED();
    expect(outcome(w, w.ConnectEx(s, address(PEER, 80), 16, null, 0, null, ov))).toEqual(PENDING);
    const told = { value: null as WSAOVERLAPPED | null };
    expect([w.GetQueuedCompletionStatus(packets, { value: 0 }, { value: 0 }, told, 0), told.value === ov]).toEqual([1, true]);
  });

  test("leaves the socket without names and shutdown until its context is updated; send and recv work", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    v.listener(80);
    const s = bound(v);
    const ov = new_WSAOVERLAPPED();
    connectEx(v, s, 80, { ov });
    resultOf(w, s, ov);
    const name = new Uint8Array(16);
    expect(outcome(w, w.getpeername(s, name, { value: 16 }))).toEqual(fails(WSAENOTCONN));
    expect(outcome(w, w.shutdown(s, SD_SEND))).toEqual(fails(WSAENOTCONN));
    expect(connect(v, s, PEER, 80)).toEqual(fails(WSAEINVAL));
    expect(connectEx(v, s, 80)).toEqual([0, WSAEISCONN]);
    expect(say(w, s, "x")).toBe(1);
    expect(outcome(w, w.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, new Uint8Array(0), 0))).toEqual(SUCCESS);
    expect(outcome(w, w.getpeername(s, name, { value: 16 }))).toEqual(SUCCESS);
    expect(connect(v, s, PEER, 80)).toEqual(fails(WSAEISCONN));
    expect(outcome(w, w.shutdown(s, SD_SEND))).toEqual(SUCCESS);
    const time = { value: 0 };
    w.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, time, { value: 4 });
    expect(time.value).toBe(0);
  });

  test("fails with the code of the attempt, and may be tried again", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = bound(v);
    const ov = new_WSAOVERLAPPED();
    connectEx(v, s, 81, { ov });
    expect([resultOf(w, s, ov), ov.Internal]).toEqual([`error ${WSAECONNREFUSED}`, 0xc0000236]);
    v.listener(81);
    connectEx(v, s, 81, { ov });
    expect(resultOf(w, s, ov)).toBe(0);
  });

  test("is ended by CancelIo and by closesocket", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const [one, other] = [bound(v), bound(v)];
    const [first, second] = [new_WSAOVERLAPPED(), new_WSAOVERLAPPED()];
    connectEx(v, one, 80, { ov: first, to: NOBODY_THERE });
    connectEx(v, other, 80, { ov: second, to: NOBODY_THERE });
    w.CancelIo(one);
    w.closesocket(other);
    expect([resultOf(w, one, first), resultOf(w, one, second)]).toEqual(new Array(2).fill(`error ${WSA_OPERATION_ABORTED}`));
  });

  test("is refused while it is asked for a second time, or connect is", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = bound(v);
    connectEx(v, s, 80, { to: NOBODY_THERE });
    expect(connectEx(v, s, 80)).toEqual([0, WSAEINVAL]);
    expect(connect(v, s, PEER, 80)).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.getpeername(s, new Uint8Array(16), { value: 16 }))).toEqual(fails(WSAENOTCONN));
  });

  test.each<[string, number, (v: VirtualWinsock) => readonly [number, number]]>([
    ["of no socket", WSAENOTSOCK, (v) => connectEx(v, 4000, 80)],
    ["without a structure", WSA_INVALID_PARAMETER, (v) => connectEx(v, bound(v), 80, { ov: null })],
    ["of a socket that is not bound", WSAEINVAL, (v) => connectEx(v, v.stream(), 80)],
    ["of a datagram socket", WSAEINVAL, (v) => connectEx(v, datagram(v.winsock), 80)],
    ["of a listener", WSAEINVAL, (v) => connectEx(v, v.listener(90, v.winsock), 80)],
    ["of a connected socket", WSAEISCONN, (v) => connectEx(v, v.pair().s, 80)],
  ])("%s is refused, its status left pending (W:connect)", (_what, code, call) => {
    expect(call(new VirtualWinsock())).toEqual([0, code]);
    const v = new VirtualWinsock();
    const ov = new_WSAOVERLAPPED();
    ov.InternalHigh = 7;
    expect(connectEx(v, v.stream(), 80, { ov })).toEqual([0, WSAEINVAL]);
    expect([ov.Internal, ov.InternalHigh]).toEqual([STATUS_PENDING, 7]);
  });
});

const ROOM = sizeof_sockaddr_in + 16;

function acceptEx(
  v: VirtualWinsock,
  listener: SOCKET,
  s: SOCKET,
  options: { ov?: WSAOVERLAPPED | null; room?: number; memory?: Uint8Array | null; local?: number; remote?: number } = {},
) {
  const { ov = new_WSAOVERLAPPED(), room = 0, local = ROOM, remote = ROOM, memory = new Uint8Array(200) } = options;
  const w = v.winsock;
  return outcome(w, w.AcceptEx(listener, s, memory, room, local, remote, null, ov));
}

function listening() {
  const v = new VirtualWinsock();
  const listener = v.listener(80, v.winsock);
  return { v, w: v.winsock, p: v.peerWinsock, listener, s: v.stream() };
}

describe("AcceptEx", () => {
  test("takes a connection into a socket that was made before, and tells both names", () => {
    const { v, w, p, listener, s } = listening();
    const [ov, memory] = [new_WSAOVERLAPPED(w.WSACreateEvent()), new Uint8Array(200)];
    expect(acceptEx(v, listener, s, { ov, memory })).toEqual(PENDING);
    const c = v.stream(p);
    connect(v, c, OURS, 80, p);
    v.advance(50);
    expect([w.WaitForSingleObject(ov.hEvent, 0), resultOf(w, s, ov)]).toEqual([0, 0]);
    const [local, remote] = [{ value: null as Uint8Array | null }, { value: null as Uint8Array | null }];
    const [localLength, remoteLength] = [{ value: 0 }, { value: 0 }];
    w.GetAcceptExSockaddrs(memory, 0, ROOM, ROOM, local, localLength, remote, remoteLength);
    expect([localLength.value, remoteLength.value]).toEqual([16, 16]);
    expect([...local.value!.subarray(2, 8), ...remote.value!.subarray(4, 8)]).toEqual([0, 80, 203, 0, 113, 2, 203, 0, 113, 1]);
    say(w, s, "x");
    v.advance(50);
    expect(recv(p, c)).toBe("x");
  });

  test("waits for data where there is room for it, or for the peer's end", () => {
    const { v, w, p, listener, s } = listening();
    const other = v.stream();
    const [one, two] = [new_WSAOVERLAPPED(), new_WSAOVERLAPPED()];
    const memory = new Uint8Array(200);
    acceptEx(v, listener, s, { ov: one, room: 100, memory });
    acceptEx(v, listener, other, { ov: two, room: 100 });
    const [c, d] = [v.stream(p), v.stream(p)];
    for (const each of [c, d]) connect(v, each, OURS, 80, p);
    v.advance(50);
    expect([HasOverlappedIoCompleted(one), HasOverlappedIoCompleted(two)]).toEqual([false, false]);
    say(p, c, "hello");
    p.closesocket(d);
    v.advance(50);
    expect([resultOf(w, s, one, false), textOf(memory, 5), resultOf(w, other, two, false)]).toEqual([5, "hello", 0]);
  });

  test("leaves the socket without names until its context is updated", () => {
    const { v, w, p, listener, s } = listening();
    const ov = new_WSAOVERLAPPED();
    acceptEx(v, listener, s, { ov });
    connect(v, v.stream(p), OURS, 80, p);
    v.advance(50);
    resultOf(w, s, ov);
    expect(outcome(w, w.getpeername(s, new Uint8Array(16), { value: 16 }))).toEqual(fails(WSAENOTCONN));
    const value = new Uint8Array(8);
    new DataView(value.buffer).setUint32(0, listener, true);
    expect(outcome(w, w.setsockopt(s, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, value, 8))).toEqual(SUCCESS);
    expect(outcome(w, w.getpeername(s, new Uint8Array(16), { value: 16 }))).toEqual(SUCCESS);
    expect(localName(v, s)).toEqual({ address: OURS, port: 80 });
  });

  test("takes a connection that waited already, and says all the same that it goes on", () => {
    const { v, w, p, listener, s } = listening();
    connect(v, v.stream(p), OURS, 80, p);
    v.advance(50);
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    expect(acceptEx(v, listener, s, { ov })).toEqual(PENDING);
    expect([w.WaitForSingleObject(ov.hEvent, 0), resultOf(w, s, ov, false)]).toEqual([0, 0]);
  });

  test("that waits for data stands in no other accept's way", () => {
    const { v, w, p, listener, s } = listening();
    acceptEx(v, listener, s, { room: 100 });
    for (let i = 0; i < 2; i++) connect(v, v.stream(p), OURS, 80, p);
    v.advance(50);
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    expect(w.accept(listener, null, null)).toBeGreaterThan(0);
  });

  test("comes before accept and FD_ACCEPT", () => {
    const { v, w, p, listener, s } = listening();
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    const event = w.WSACreateEvent();
    w.WSAEventSelect(listener, event, 8);
    acceptEx(v, listener, s);
    connect(v, v.stream(p), OURS, 80, p);
    v.advance(50);
    expect([w.WaitForSingleObject(event, 0), w.accept(listener, null, null)]).toEqual([258, -1]);
  });

  test("is ended by CancelIo of the listener, and by closing either socket", () => {
    for (const end of ["cancel", "listener", "acceptor"]) {
      const { v, w, listener, s } = listening();
      const ov = new_WSAOVERLAPPED();
      acceptEx(v, listener, s, { ov });
      if (end === "cancel") w.CancelIo(listener);
      else w.closesocket(end === "listener" ? listener : s);
      expect([end, resultOf(w, v.stream(), ov, false)]).toEqual([end, `error ${WSA_OPERATION_ABORTED}`]);
    }
  });

  test.each<[string, string, (x: ReturnType<typeof listening>) => unknown]>([
    ["is cancelled", `error ${WSA_OPERATION_ABORTED}`, ({ w, listener }) => w.CancelIoEx(listener, null)],
    ["loses its listener", `error ${WSA_OPERATION_ABORTED}`, ({ w, listener }) => w.closesocket(listener)],
    ["loses its device", `error ${WSAENETDOWN}`, ({ v }) => v.unplug()],
  ])("that %s leaves its socket as it was, for another AcceptEx or a connect", (_how, ending, end) => {
    const x = listening();
    const { v, w, listener, s } = x;
    const [ov, other] = [new_WSAOVERLAPPED(), v.stream()];
    acceptEx(v, listener, s, { ov });
    acceptEx(v, listener, other);
    end(x);
    v.advance(50);
    expect(resultOf(w, s, ov, false)).toBe(ending);

    const near = v.stream();
    bind(v, near, "127.0.0.1", 81);
    w.listen(near, 8);
    const again = new_WSAOVERLAPPED();
    expect(acceptEx(v, near, s, { ov: again })).toEqual(PENDING);
    expect(connect(v, other, "127.0.0.1", 81)).toEqual(SUCCESS);
    expect(resultOf(w, s, again, false)).toBe(0);
    say(w, other, "again");
    expect(recv(w, s)).toBe("again");
  });

  test.each<[string, number, (x: ReturnType<typeof listening>) => readonly [number, number]]>([
    ["of no listener", WSAENOTSOCK, ({ v, s }) => acceptEx(v, 4000, s)],
    ["into no socket", WSAENOTSOCK, ({ v, listener }) => acceptEx(v, listener, 4000)],
    ["without a structure", WSA_INVALID_PARAMETER, ({ v, listener, s }) => acceptEx(v, listener, s, { ov: null, memory: null })],
    ["of what does not listen", WSAEINVAL, ({ v, s }) => acceptEx(v, v.stream(), s)],
    ["without memory", WSAEFAULT, ({ v, listener, s }) => acceptEx(v, listener, s, { memory: null })],
    ["without room for the remote name", WSAEFAULT, ({ v, listener, s }) => acceptEx(v, listener, s, { remote: 0 })],
    ["into a bound socket", WSAEINVAL, ({ v, listener }) => acceptEx(v, listener, bound(v))],
    ["into a datagram socket", WSAEINVAL, ({ v, listener }) => acceptEx(v, listener, datagram(v.winsock))],
  ])("%s is refused", (_what, code, call) => {
    expect(call(listening())).toEqual([0, code]);
  });

  test("into a socket that another one waits for is refused, and so is a connect of that", () => {
    const { v, listener, s } = listening();
    acceptEx(v, listener, s);
    expect(acceptEx(v, listener, s)).toEqual([0, WSAEINVAL]);
    expect(connect(v, s, PEER, 81)).toEqual(fails(WSAEINVAL));
  });
});

describe("DisconnectEx", () => {
  test("ends the sending side; receiving, names and a second time work", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    expect(outcome(w, w.DisconnectEx(s, null, 0, 0))).toEqual([1, 0]);
    expect(outcome(w, w.DisconnectEx(s, null, 0, 0))).toEqual([1, 0]);
    expect([recv(p, peer), outcome(w, w.send(s, bytes("x"), 1, 0))]).toEqual(["", fails(WSAESHUTDOWN)]);
    say(p, peer, "still here");
    v.advance(50);
    expect([recv(w, s), connect(v, s, PEER, 80)]).toEqual(["still here", fails(WSAEISCONN)]);
    expect(outcome(w, w.getpeername(s, new Uint8Array(16), { value: 16 }))).toEqual(SUCCESS);
  });

  test("says that it goes on even where it is over, so its packet follows in any case", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s } = v.pair();
    const port = w.CreateIoCompletionPort(s, 0, 5, 0);
    w.SetFileCompletionNotificationModes(s, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    expect(outcome(w, w.DisconnectEx(s, null, 0, 0))).toEqual([1, 0]);
    const ov = new_WSAOVERLAPPED();
    expect(outcome(w, w.DisconnectEx(s, ov, 0, 0))).toEqual(PENDING);
    const told = { value: null as WSAOVERLAPPED | null };
    expect([w.GetQueuedCompletionStatus(port, { value: 0 }, { value: 0 }, told, 0), told.value === ov]).toEqual([1, true]);
  });

  test("with TF_REUSE_SOCKET lets the socket, bound as it was, connect anew", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer, listener } = v.pair();
    const before = localName(v, s);
    const ov = new_WSAOVERLAPPED();
    expect(outcome(w, w.DisconnectEx(s, ov, TF_REUSE_SOCKET, 0))).toEqual(PENDING);
    v.advance(100);
    expect(HasOverlappedIoCompleted(ov)).toBe(false);
    p.closesocket(peer);
    v.advance(100);
    expect([resultOf(w, s, ov, false), localName(v, s).port]).toEqual([0, before.port]);
    const third = new_WSAOVERLAPPED();
    expect([w.DisconnectEx(v.stream(), third, 0, 0), w.WSAGetLastError()]).toEqual([0, WSAENOTCONN]);
    p.closesocket(listener);
    v.listener(82);
    const again = new_WSAOVERLAPPED();
    expect(connectEx(v, s, 82, { ov: again })).toEqual(PENDING);
    expect(resultOf(w, s, again)).toBe(0);
    expect(say(w, s, "x")).toBe(1);
  });

  test.each<[string, number, (v: VirtualWinsock) => number]>([
    ["of no socket", WSAENOTSOCK, (v) => v.winsock.DisconnectEx(4000, null, 0, 0)],
    ["of a socket that is not connected", WSAENOTCONN, (v) => v.winsock.DisconnectEx(v.stream(), null, 0, 0)],
    ["with other flags", WSAEINVAL, (v) => v.winsock.DisconnectEx(v.pair().s, null, 1, 0)],
  ])("%s is refused", (_what, code, call) => {
    const v = new VirtualWinsock();
    expect(outcome(v.winsock, call(v))).toEqual([0, code]);
  });
});
