/** Which call does what in which state of a stream socket, as tests on Windows found it; and the order in which a call checks. */
import { describe, expect, test } from "@jest/globals";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MAKEWORD,
  SD_RECEIVE,
  SD_SEND,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_sockaddr_in, type SOCKET, sizeof_linger, sizeof_sockaddr_in } from "../../../src/winsock/abi/structures.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, nonblocking, outcome, say } from "../../support/winsock-calls.ts";

const STATES = {
  new: (v) => v.stream(),
  bound: (v) => bound(v),
  connecting: (v) => {
    const s = nonblocking(v, bound(v));
    connect(v, s, NOBODY_THERE, 80);
    return s;
  },
  failed: (v) => {
    const s = bound(v);
    connect(v, s, PEER, 81);
    return nonblocking(v, s);
  },
  listening: (v) => nonblocking(v, v.listener(5000, v.winsock)),
  connected: (v) => nonblocking(v, v.pair(5001).s),
  "after SD_SEND": (v) => {
    const { s } = v.pair(5001);
    v.winsock.shutdown(s, SD_SEND);
    return nonblocking(v, s);
  },
  "after SD_RECEIVE": (v) => {
    const { s } = v.pair(5001);
    v.winsock.shutdown(s, SD_RECEIVE);
    return nonblocking(v, s);
  },
  "FIN received": (v) => {
    const { s, peer } = v.pair(5001);
    v.peerWinsock.shutdown(peer, SD_SEND);
    v.advance(1);
    return nonblocking(v, s);
  },
  "RST received": (v) => {
    const { s, peer } = v.pair(5001);
    v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    v.peerWinsock.closesocket(peer);
    v.advance(1);
    return nonblocking(v, s);
  },
} as const satisfies Record<string, (v: VirtualWinsock) => SOCKET>;

function bound(v: VirtualWinsock): SOCKET {
  const s = v.stream();
  bind(v, s, OURS, 5000);
  return s;
}

const CALLS = {
  bind: (v, s) => v.winsock.bind(s, address(OURS, 6000), sizeof_sockaddr_in),
  listen: (v, s) => v.winsock.listen(s, 5),
  connect: (v, s) => v.winsock.connect(nonblocking(v, s), address(PEER, 80), sizeof_sockaddr_in),
  accept: (v, s) => v.winsock.accept(s, null, null),
  send: (v, s) => say(v.winsock, s, "x"),
  recv: (v, s) => v.winsock.recv(s, new Uint8Array(9), 9, 0),
  shutdown: (v, s) => v.winsock.shutdown(s, SD_SEND),
  getsockname: (v, s) => v.winsock.getsockname(s, new_sockaddr_in(), { value: sizeof_sockaddr_in }),
  getpeername: (v, s) => v.winsock.getpeername(s, new_sockaddr_in(), { value: sizeof_sockaddr_in }),
} as const satisfies Record<string, (v: VirtualWinsock, s: SOCKET) => number>;

const COLUMNS = Object.keys(CALLS) as (keyof typeof CALLS)[];

/** A number is a result, anything else the name of a code; `starts` is a nonblocking connect on its way. */
const TABLE: Readonly<Record<keyof typeof STATES, string>> = {
  //                  bind   listen connect   accept     send      recv      shutdown getsockname getpeername
  new: "              0      INVAL  starts    INVAL      NOTCONN   NOTCONN   NOTCONN  INVAL  NOTCONN",
  bound: "            INVAL  0      starts    INVAL      NOTCONN   NOTCONN   NOTCONN  0      NOTCONN",
  connecting: "       INVAL  INVAL  ALREADY   INVAL      NOTCONN   NOTCONN   NOTCONN  0      0",
  failed: "           INVAL  0      starts    INVAL      NOTCONN   NOTCONN   NOTCONN  0      NOTCONN",
  listening: "        INVAL  0      INVAL     WOULDBLOCK NOTCONN   NOTCONN   NOTCONN  0      NOTCONN",
  connected: "        INVAL  ISCONN ISCONN    INVAL      1         WOULDBLOCK 0       0      0",
  "after SD_SEND": "  INVAL  ISCONN ISCONN    INVAL      SHUTDOWN  WOULDBLOCK 0       0      0",
  "after SD_RECEIVE": "INVAL ISCONN ISCONN    INVAL      1         SHUTDOWN  0        0      0",
  "FIN received": "   INVAL  ISCONN ISCONN    INVAL      1         0         0        0      0",
  "RST received": "   INVAL  ISCONN ISCONN    INVAL      CONNRESET CONNRESET NOTCONN  0      0",
};

const CELLS = (Object.keys(STATES) as (keyof typeof STATES)[]).flatMap((state) =>
  TABLE[state]
    .trim()
    .split(/\s+/)
    .map((expected, i) => ({ state, call: COLUMNS[i]!, expected })),
);

describe("state and call", () => {
  test.each(CELLS)("$state: $call is $expected", ({ state, call, expected }) => {
    const v = new VirtualWinsock();
    const s = STATES[state](v);
    const [result, error] = outcome(v.winsock, CALLS[call](v, s));
    const word = error === e.WSAEWOULDBLOCK && call === "connect" ? "starts" : (e.errorName(error)?.replace("WSAE", "") ?? String(result));
    expect(word).toBe(expected);
    expect(v.isStuck).toBe(false);
  });
});

describe("order of checks", () => {
  test("start-up before the handle, the handle before the pointer, the pointer before the state (connect)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const listener = v.listener(5000, w);
    const names = (s: SOCKET, name: ReturnType<typeof address> | null, length = 16) => outcome(w, w.connect(s, name, length))[1];
    expect(names(99, null)).toBe(e.WSAENOTSOCK);
    expect(names(listener, null)).toBe(e.WSAEFAULT);
    expect(names(listener, address(PEER, 80), 15)).toBe(e.WSAEFAULT);
    expect(names(listener, address(PEER, 80, AF_INET6))).toBe(e.WSAEAFNOSUPPORT);
    expect(names(listener, address("0.0.0.0", 0))).toBe(e.WSAEINVAL);
    w.WSACleanup();
    expect(names(99, null)).toBe(e.WSANOTINITIALISED);
  });

  test("bind: handle, pointer, length of the family, family, already bound, address, conflict (Wine's and ReactOS's tests bind)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = bound(v);
    const code = (socket: SOCKET, name: ReturnType<typeof address> | null, length = 16) => outcome(w, w.bind(socket, name, length))[1];
    expect(code(99, null)).toBe(e.WSAENOTSOCK);
    expect(code(s, null, 0)).toBe(e.WSAEFAULT);
    expect(code(s, address(OURS, 1), 0)).toBe(e.WSAEFAULT);
    expect(code(s, address(OURS, 1), 15)).toBe(e.WSAEFAULT);
    expect(code(s, address(OURS, 1, 0xdead))).toBe(e.WSAEAFNOSUPPORT);
    expect(code(s, address(PEER, 1))).toBe(e.WSAEINVAL);
    expect(code(v.stream(), address(PEER, 5000))).toBe(e.WSAEADDRNOTAVAIL);
    expect(code(v.stream(), address(OURS, 5000))).toBe(e.WSAEADDRINUSE);
  });

  test("getpeername looks at the state before the pointers, and leaves a short length alone (Wine's test getpeername)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    expect(outcome(w, w.getpeername(99, null, null))).toEqual(fails(e.WSAENOTSOCK));
    expect(outcome(w, w.getpeername(v.stream(), null, null))).toEqual(fails(e.WSAENOTCONN));
    const { s } = v.pair();
    expect(outcome(w, w.getpeername(s, null, null))).toEqual(fails(e.WSAEFAULT));
    const length = { value: 15 };
    expect(outcome(w, w.getpeername(s, new_sockaddr_in(), length))).toEqual(fails(e.WSAEFAULT));
    expect(length.value).toBe(15);
    length.value = 100;
    const name = new_sockaddr_in();
    expect(w.getpeername(s, name, length)).toBe(0);
    expect([length.value, name]).toEqual([sizeof_sockaddr_in, address(PEER, 80)]);
  });

  test("send needs a connection even for no bytes, then a buffer; recv of nothing takes nothing (ReactOS's tests send and recv)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    expect(outcome(w, w.send(0, null, 0, 0))).toEqual(fails(e.WSAENOTSOCK));
    expect(outcome(w, w.send(v.stream(), null, 0, 0))).toEqual(fails(e.WSAENOTCONN));
    expect(outcome(w, w.sendto(v.stream(), null, 4, 0, address(PEER, 80), 16))).toEqual(fails(e.WSAENOTCONN));
    const { s, peer } = v.pair();
    expect(outcome(w, w.send(s, null, 0, 0))).toEqual([0, 0]);
    expect(outcome(w, w.send(s, null, 4, 0))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(w, w.send(s, new Uint8Array(3), 4, 0))).toEqual(fails(e.WSAEFAULT));
    say(v.peerWinsock, peer, "x");
    expect(outcome(w, w.recv(s, null, 0, 0))).toEqual([0, 0]);
    expect(outcome(w, w.recv(s, new Uint8Array(1), -1, 0))).toEqual(fails(e.WSAEFAULT));
    expect(w.recv(s, new Uint8Array(1), 1, 0)).toBe(1);
  });

  test("shutdown: how before the state (Wine's server)", () => {
    const v = new VirtualWinsock();
    expect(outcome(v.winsock, v.winsock.shutdown(v.stream(), 3))).toEqual(fails(e.WSAEINVAL));
  });

  test("datagram sockets neither listen nor accept (Microsoft, listen and accept functions)", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    expect(outcome(v.winsock, v.winsock.listen(s, 1))).toEqual(fails(e.WSAEOPNOTSUPP));
    expect(outcome(v.winsock, v.winsock.accept(s, null, null))).toEqual(fails(e.WSAEOPNOTSUPP));
  });
});

describe("socket (Wine's tests WSASocket and Protocol)", () => {
  test.each([
    [AF_INET, SOCK_STREAM, IPPROTO_TCP, 0],
    [AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0],
    [AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP, 0],
    [AF_UNSPEC, SOCK_STREAM, 0, e.WSAEINVAL],
    [AF_INET, 0, 0, 0],
    [AF_INET, 0, IPPROTO_UDP, 0],
    [0xdead, SOCK_STREAM, IPPROTO_TCP, e.WSAEAFNOSUPPORT],
    [AF_INET, 0xdead, 0, e.WSAESOCKTNOSUPPORT],
    [0xdead, 0xdead, 0, e.WSAESOCKTNOSUPPORT],
    [AF_INET, SOCK_STREAM, 0xdead, e.WSAEPROTONOSUPPORT],
    [AF_INET, SOCK_STREAM, IPPROTO_UDP, e.WSAEPROTONOSUPPORT],
    [AF_INET, SOCK_DGRAM, IPPROTO_TCP, e.WSAEPROTONOSUPPORT],
    [0xdead, SOCK_STREAM, 0xdead, e.WSAEAFNOSUPPORT],
    [AF_INET, SOCK_RAW, 0, 0],
    [AF_INET, SOCK_RAW, 255, 0],
    [AF_INET, SOCK_RAW, 256, e.WSAEPROTONOSUPPORT],
    [0xdead, SOCK_RAW, 1, e.WSAEAFNOSUPPORT],
  ])("socket(%i, %i, %i) is %i", (af, type, protocol, error) => {
    const { winsock } = new VirtualWinsock();
    winsock.socket(af, type, protocol);
    expect(winsock.WSAGetLastError()).toBe(error);
  });

  test("a 131,073rd socket is WSAEMFILE, until one is closed", () => {
    const v = new VirtualWinsock();
    const sockets = Array.from({ length: 131_072 }, () => v.stream());
    expect(new Set(sockets).size).toBe(131_072);
    expect(sockets.every((s) => s > 0 && s % 4 === 0)).toBe(true);
    expect([v.stream(), v.winsock.WSAGetLastError()]).toEqual([-1, e.WSAEMFILE]);
    v.winsock.closesocket(sockets[7]!);
    expect(sockets).not.toContain(v.stream());
  });
});

test("a 1.x program is told WSAEINVAL only while its start-up is in force", () => {
  const v = new VirtualWinsock();
  const program = v.program(v.provider, MAKEWORD(2, 2));
  program.WSAStartup(MAKEWORD(1, 1), new Uint8Array(408));
  const codes = [0, 1].map(() => {
    const s = program.socket(AF_INET, SOCK_STREAM, 0);
    program.ioctlsocket(s, 0x8004667e, { value: 1 });
    program.connect(s, address(NOBODY_THERE, 80), 16);
    program.connect(s, address(NOBODY_THERE, 80), 16);
    const code = program.WSAGetLastError();
    program.WSACleanup();
    program.WSACleanup();
    program.WSAStartup(MAKEWORD(2, 2), new Uint8Array(408));
    return code;
  });
  expect(codes).toEqual([e.WSAEINVAL, e.WSAEALREADY]);
});
