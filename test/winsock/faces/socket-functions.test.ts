import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  AF_INET6,
  AF_IRDA,
  CF_ACCEPT,
  CF_DEFER,
  CF_REJECT,
  FIONBIO,
  FROM_PROTOCOL_INFO,
  HasOverlappedIoCompleted,
  INVALID_SOCKET,
  IPPROTO_IP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IRDA_PROTO_SOCK_STREAM,
  new_WSABUF,
  new_WSAOVERLAPPED,
  new_WSAPROTOCOL_INFOW,
  SOCK_DGRAM,
  SOCK_STREAM,
  sizeof_WSAPROTOCOL_INFOA,
  sizeof_WSAPROTOCOL_INFOW,
  WSA_FLAG_OVERLAPPED,
  WSAEALREADY,
  WSAECONNREFUSED,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOBUFS,
  WSAENOPROTOOPT,
  WSAENOTSOCK,
  WSAEOPNOTSUPP,
  WSAEPROTONOSUPPORT,
  WSAESHUTDOWN,
  WSAEWOULDBLOCK,
  type WSAPROTOCOL_INFO,
  WSATRY_AGAIN,
} from "../../../src/winsock/abi/index.ts";
import type { ConditionFunction } from "../../../src/winsock/faces/socket-functions.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

describe("WSASocket (Microsoft's page, Wine's test WSASocket)", () => {
  test("makes what its parameters say, and what they leave open by the description", () => {
    const { winsock: w } = new VirtualWinsock();
    const info = { ...new_WSAPROTOCOL_INFOW(), iAddressFamily: AF_INET6, iSocketType: SOCK_DGRAM, iProtocol: IPPROTO_UDP };
    const kinds = [
      w.WSASocket(AF_INET, SOCK_STREAM, IPPROTO_TCP, null, 0, WSA_FLAG_OVERLAPPED),
      w.WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, 0),
      w.WSASocket(AF_INET, 0, 0, info, 0, 0),
    ].map((s) => {
      const told = new_WSAPROTOCOL_INFOW();
      w.getsockopt(s, 0xffff, 0x2005, told as never, { value: sizeof_WSAPROTOCOL_INFOW });
      return [told.iAddressFamily, told.iSocketType, told.iProtocol];
    });
    expect(kinds).toEqual([
      [AF_INET, SOCK_STREAM, IPPROTO_TCP],
      [AF_INET6, SOCK_DGRAM, IPPROTO_UDP],
      [AF_INET, SOCK_DGRAM, IPPROTO_UDP],
    ]);
    expect(w.WSASocket(AF_INET, SOCK_STREAM, IPPROTO_UDP, null, 0, 0)).toBe(INVALID_SOCKET);
    expect(w.WSAGetLastError()).toBe(WSAEPROTONOSUPPORT);
  });

  test("without WSA_FLAG_OVERLAPPED makes one whose overlapped calls wait, whatever its mode", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80);
    const s = w.WSASocket(AF_INET, SOCK_STREAM, 0, null, 0, 0);
    connect(v, s, PEER, 80);
    const peer = p.accept(listener, null, null);
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    const [memory, count, ov] = [new Uint8Array(10), { value: 0 }, new_WSAOVERLAPPED()];
    const from = v.nowMs;
    v.after(300, () => say(p, peer, "hello"));
    expect(outcome(w, w.WSARecv(s, [new_WSABUF(memory)], 1, count, { value: 0 }, ov, null))).toEqual(SUCCESS);
    expect([count.value, HasOverlappedIoCompleted(ov), v.nowMs - from >= 300]).toEqual([5, true, true]);
    expect(outcome(w, w.recv(s, memory, 10, 0))).toEqual(fails(WSAEWOULDBLOCK));
  });
});

describe("WSADuplicateSocket (Microsoft's page, Wine's test WSADuplicateSocket)", () => {
  const PID = 4321;

  test("gives another program a handle of the same socket: mode, data, and an end that comes with the last handle", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const other = v.program();
    const { s, peer } = v.pair();
    const info = new_WSAPROTOCOL_INFOW();
    expect(outcome(w, w.WSADuplicateSocket(s, PID, info))).toEqual(SUCCESS);
    const copy = other.WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, WSA_FLAG_OVERLAPPED);
    expect(copy).not.toBe(INVALID_SOCKET);
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    expect(outcome(other, other.recv(copy, new Uint8Array(1), 1, 0))).toEqual(fails(WSAEWOULDBLOCK));
    say(p, peer, "abcd");
    v.advance(50);
    const two = new Uint8Array(2);
    expect([w.recv(s, two, 2, 0), recv(other, copy)]).toEqual([2, "cd"]);
    w.closesocket(s);
    expect(say(other, copy, "still")).toBe(5);
    v.advance(50);
    expect(recv(p, peer)).toBe("still");
    other.closesocket(copy);
    v.advance(50);
    expect(recv(p, peer)).toBe("");
  });

  test("counts once, lives on without its first handle, and ends with the program that gave it and nobody took it of", () => {
    const v = new VirtualWinsock();
    const giver = v.program();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80);
    const s = v.stream(giver);
    connect(v, s, PEER, 80, giver);
    const peer = p.accept(listener, null, null);
    const [first, second] = [new_WSAPROTOCOL_INFOW(), new_WSAPROTOCOL_INFOW()];
    for (const info of [first, second]) giver.WSADuplicateSocket(s, PID, info);
    const take = (info: WSAPROTOCOL_INFO) => w.WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, 0);
    const copy = take(first);
    expect([take(first), w.WSAGetLastError()]).toEqual([INVALID_SOCKET, WSAEINVAL]);
    w.closesocket(copy);
    giver.closesocket(s);
    v.advance(50);
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    expect(recv(p, peer)).toBe(`error ${WSAEWOULDBLOCK}`);
    giver.WSACleanup();
    v.advance(50);
    expect(recv(p, peer)).toBe("");
    expect([take(second), w.WSAGetLastError()]).toEqual([INVALID_SOCKET, WSAEINVAL]);
  });

  test("in one program makes two handles, which select, events and overlapped calls take for one socket", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    const info = new_WSAPROTOCOL_INFOW();
    w.WSADuplicateSocket(s, PID, info);
    const copy = w.WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, WSA_FLAG_OVERLAPPED);
    expect(copy).not.toBe(s);
    const [memory, ov] = [new Uint8Array(10), new_WSAOVERLAPPED()];
    w.WSARecv(copy, [new_WSABUF(memory)], 1, null, { value: 0 }, ov, null);
    // Pending calls end with the last handle only (W:completion_port).
    w.closesocket(copy);
    say(p, peer, "x");
    v.advance(50);
    expect([HasOverlappedIoCompleted(ov), ov.InternalHigh]).toEqual([true, 1]);
  });

  test("lets both read a long stream without losing or repeating a byte", () => {
    const v = new VirtualWinsock({ lends: true });
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    const much = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) >>> 3);
    const got: number[] = [];
    const buffer = new Uint8Array(8192);
    let sent = 0;
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    const handles = [s];
    while (got.length < much.length) {
      const n = p.send(peer, much.subarray(sent), much.length - sent, 0);
      if (n > 0) sent += n;
      for (const handle of handles) {
        const count = w.recv(handle, buffer, Math.min(buffer.length, much.length - got.length), 0);
        for (let i = 0; i < count; i++) got.push(buffer[i]!);
        if (got.length === much.length) break;
      }
      if (handles.length === 1 && got.length > 100_000) {
        const info = new_WSAPROTOCOL_INFOW();
        w.WSADuplicateSocket(s, PID, info);
        handles.push(w.WSASocket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0, WSA_FLAG_OVERLAPPED));
      }
    }
    expect(Buffer.compare(Uint8Array.from(got), much)).toBe(0);
  });

  test.each([
    ["no socket", WSAENOTSOCK, 4000, PID, new_WSAPROTOCOL_INFOW()],
    ["no process", WSAEINVAL, undefined, 0, null],
    ["process −1", WSAEINVAL, undefined, -1, null],
    ["no memory", WSAEFAULT, undefined, PID, null],
  ])("%s is refused", (_what, code, socket, pid, info) => {
    const v = new VirtualWinsock();
    const s = socket ?? v.stream();
    expect(outcome(v.winsock, v.winsock.WSADuplicateSocket(s, pid, info))).toEqual(fails(code));
  });
});

describe("WSAEnumProtocols (Microsoft's page)", () => {
  test("lists TCP, UDP and raw sockets of both families, and infrared, says how much room it wants, and picks by protocol", () => {
    const { winsock: w } = new VirtualWinsock();
    const length = { value: 0 };
    expect(outcome(w, w.WSAEnumProtocols(null, null, length))).toEqual(fails(WSAENOBUFS));
    expect(length.value).toBe(7 * sizeof_WSAPROTOCOL_INFOW);
    const found: WSAPROTOCOL_INFO[] = [];
    expect(w.WSAEnumProtocols(null, found, length)).toBe(7);
    expect(found.map((f) => [f.iAddressFamily, f.iProtocol])).toEqual([
      [AF_INET, IPPROTO_TCP],
      [AF_INET, IPPROTO_UDP],
      [AF_INET, IPPROTO_IP],
      [AF_INET6, IPPROTO_TCP],
      [AF_INET6, IPPROTO_UDP],
      [AF_INET6, IPPROTO_IP],
      [AF_IRDA, IRDA_PROTO_SOCK_STREAM],
    ]);
    const memory = new Uint8Array(2 * sizeof_WSAPROTOCOL_INFOA);
    length.value = memory.length;
    expect([w.WSAEnumProtocolsA([IPPROTO_UDP, 0], memory, length), length.value]).toEqual([2, memory.length]);
    expect(new TextDecoder().decode(memory.subarray(116, 116 + 20))).toBe("MSAFD Tcpip [UDP/IP]");
    expect(outcome(w, w.WSAEnumProtocols(null, [], null))).toEqual(fails(WSAEFAULT));
  });
});

describe("WSAConnect (Microsoft's page)", () => {
  test("is connect, when it has nothing else to say", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    v.listener(80);
    const callee = new_WSABUF(new Uint8Array(10));
    expect(outcome(w, w.WSAConnect(v.stream(), address(PEER, 80), 16, null, callee, null, null))).toEqual(SUCCESS);
    expect(callee.len).toBe(0);
    const s = v.stream();
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    expect(outcome(w, w.WSAConnect(s, address(NOBODY_THERE, 80), 16, null, null, null, null))).toEqual(fails(WSAEWOULDBLOCK));
    expect(outcome(w, w.WSAConnect(s, address(NOBODY_THERE, 80), 16, null, null, null, null))).toEqual(fails(WSAEALREADY));
  });

  test("has no data to send with it, and no quality to promise", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const to = address(PEER, 80);
    expect(outcome(w, w.WSAConnect(v.stream(), to, 16, new_WSABUF(bytes("hi")), null, null, null))).toEqual(fails(WSAEPROTONOSUPPORT));
    expect(outcome(w, w.WSAConnect(v.stream(), to, 16, null, null, {}, null))).toEqual(fails(WSAEOPNOTSUPP));
    expect(outcome(w, w.WSAConnect(v.stream(), to, 16, null, null, null, {}))).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.WSAConnect(4000, to, 16, new_WSABUF(bytes("hi")), null, null, null))).toEqual(fails(WSAENOTSOCK));
  });
});

describe("WSAAccept (Microsoft's page, Wine's test WSAAccept)", () => {
  function knocked(connections = 1) {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80, w);
    const clients = Array.from({ length: connections }, () => v.stream(p));
    for (const c of clients) connect(v, c, OURS, 80, p);
    v.advance(50);
    return { v, w, p, listener, clients };
  }

  test("asks who is there, and takes whom its function accepts", () => {
    const { w, p, listener, clients } = knocked();
    const asked: unknown[] = [];
    const condition: ConditionFunction = (caller, callerData, _sqos, _gqos, callee, _calleeData, _g, data) => {
      asked.push([...caller.buf!.subarray(4, 8)], callerData, [...callee.buf!.subarray(2, 8)], data);
      return CF_ACCEPT;
    };
    const [name, length] = [new Uint8Array(16), { value: 16 }];
    const s = w.WSAAccept(listener, name, length, condition, 77);
    expect(asked).toEqual([[203, 0, 113, 1], null, [0, 80, 203, 0, 113, 2], 77]);
    expect([...name.subarray(4, 8)]).toEqual([203, 0, 113, 1]);
    say(p, clients[0]!, "hello");
    expect(recv(w, s)).toBe("hello");
  });

  test("resets whom it rejects, and leaves whom it defers for a later accept", () => {
    const { v, w, p, listener, clients } = knocked(2);
    const ask = (verdict: number) => [w.WSAAccept(listener, null, null, () => verdict, 0), w.WSAGetLastError()];
    expect(ask(CF_DEFER)).toEqual([INVALID_SOCKET, WSATRY_AGAIN]);
    expect(ask(7)).toEqual([INVALID_SOCKET, WSAEINVAL]);
    expect(ask(CF_REJECT)).toEqual([INVALID_SOCKET, WSAECONNREFUSED]);
    v.advance(50);
    expect(outcome(p, p.recv(clients[0]!, new Uint8Array(1), 1, 0))).toEqual(fails(10054));
    const s = w.accept(listener, null, null);
    say(w, s, "second");
    v.advance(50);
    expect(recv(p, clients[1]!)).toBe("second");
  });

  test("a deferred connection counts as waiting: select and events find it, and closing the listener resets it", () => {
    const { v, w, p, listener, clients } = knocked();
    w.WSAAccept(listener, null, null, () => CF_DEFER, 0);
    expect(w.WSAPoll([{ fd: listener, events: 0x100, revents: 0 }], 1, 0)).toBe(1);
    w.closesocket(listener);
    v.advance(50);
    expect(outcome(p, p.recv(clients[0]!, new Uint8Array(1), 1, 0))).toEqual(fails(10054));
  });

  test("without a function is accept, and waits as that does", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80, w);
    v.after(200, () => {
      const c = v.stream(p);
      p.ioctlsocket(c, FIONBIO, { value: 1 });
      p.connect(c, address(OURS, 80), 16);
    });
    expect(w.WSAAccept(listener, null, null, () => CF_ACCEPT, 0)).not.toBe(INVALID_SOCKET);
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    expect([w.WSAAccept(listener, null, null, () => CF_ACCEPT, 0), w.WSAGetLastError()]).toEqual([INVALID_SOCKET, WSAEWOULDBLOCK]);
    expect([w.WSAAccept(datagram(w), null, null, null, 0), w.WSAGetLastError()]).toEqual([INVALID_SOCKET, WSAEOPNOTSUPP]);
  });
});

describe("WSASendDisconnect and WSARecvDisconnect (Microsoft's pages)", () => {
  test("are shutdown of one side each, and carry no data", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const { s, peer } = v.pair();
    expect(outcome(w, w.WSASendDisconnect(s, new_WSABUF(bytes("bye"))))).toEqual(fails(WSAENOPROTOOPT));
    expect(outcome(w, w.WSASendDisconnect(s, null))).toEqual(SUCCESS);
    v.advance(50);
    expect([recv(p, peer), outcome(w, w.send(s, bytes("x"), 1, 0))]).toEqual(["", fails(WSAESHUTDOWN)]);
    expect(outcome(w, w.WSARecvDisconnect(s, null))).toEqual(SUCCESS);
    expect(outcome(w, w.recv(s, new Uint8Array(1), 1, 0))).toEqual(fails(WSAESHUTDOWN));
    const u = datagram(w);
    bind(v, u, OURS, 7000);
    expect(outcome(w, w.WSARecvDisconnect(u, null))).toEqual(SUCCESS);
  });
});
