import { describe, expect, test } from "@jest/globals";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import {
  AF_INET6,
  AF_UNSPEC,
  FIONREAD,
  MSG_PEEK,
  SD_RECEIVE,
  SD_SEND,
  SO_BROADCAST,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_sockaddr_in, type SOCKET } from "../../../src/winsock/abi/structures.ts";
import { address, BROADCAST, ELSEWHERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import {
  bind,
  bytes,
  connect,
  datagram,
  fails,
  localName,
  nonblocking,
  outcome,
  recv,
  SUCCESS,
  say,
  set,
} from "../../support/winsock-calls.ts";

function ready(v: VirtualWinsock): { readonly s: SOCKET; readonly peer: SOCKET } {
  const s = datagram(v.winsock);
  bind(v, s, OURS, 5000);
  const peer = datagram(v.peerWinsock);
  bind(v, peer, PEER, 7000, v.peerWinsock);
  return { s, peer };
}

const sendTo = (v: VirtualWinsock, s: SOCKET, to: string, port: number, data = bytes("x"), face = v.winsock) =>
  outcome(face, face.sendto(s, data, data.length, 0, address(to, port), 16));
const peerSends = (v: VirtualWinsock, peer: SOCKET, text: string) => {
  sendTo(v, peer, OURS, 5000, bytes(text), v.peerWinsock);
  v.advance(1);
};

describe("datagram sockets", () => {
  test("the first connect throws away what others had sent, and keeps what its peer had (Microsoft: connect)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    const stranger = datagram(v.peerWinsock);
    bind(v, stranger, PEER, 7001, v.peerWinsock);
    peerSends(v, stranger, "from a stranger");
    peerSends(v, peer, "from the peer");
    peerSends(v, stranger, "again");
    connect(v, s, PEER, 7000);
    nonblocking(v, s);
    expect(recv(v.winsock, s)).toBe("from the peer");
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAEWOULDBLOCK}`);
  });

  test("newer Windows, behind the profile: a peer may be a broadcast address without SO_BROADCAST, only sendto asks for it (Wine, broadcast)", () => {
    const v = new VirtualWinsock({ profile: { ...WINDOWS, udpBroadcastConnectNeedsOption: false } });
    const server = datagram(v.peerWinsock);
    bind(v, server, "0.0.0.0", 7000, v.peerWinsock);
    const s = datagram(v.winsock);
    expect(connect(v, s, BROADCAST, 7000)).toEqual(SUCCESS);
    expect(say(v.winsock, s, "all")).toBe(3);
    expect(recv(v.peerWinsock, server)).toBe("all");
    const option = { value: 9 };
    v.winsock.getsockopt(s, SOL_SOCKET, SO_BROADCAST, option, { value: 4 });
    expect(option.value).toBe(0);
    expect(sendTo(v, s, BROADCAST, 7000)).toEqual(fails(e.WSAEACCES));
  });

  test("recvfrom tells the sender, and keeps each datagram apart", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    for (const text of ["one", "", "three"]) peerSends(v, peer, text);
    const from = new_sockaddr_in();
    const length = { value: 100 };
    const buffer = new Uint8Array(20);
    expect([0, 0, 0].map(() => v.winsock.recvfrom(s, buffer, 20, 0, from, length))).toEqual([3, 0, 5]);
    expect([from, length.value]).toEqual([address(PEER, 7000), 16]);
  });

  test("[UDP-13] a buffer too short is filled, the rest is lost: WSAEMSGSIZE (Microsoft, recvfrom function)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    peerSends(v, peer, "abcdef");
    peerSends(v, peer, "next");
    const buffer = new Uint8Array(3);
    expect(outcome(v.winsock, v.winsock.recvfrom(s, buffer, 3, 0, null, null))).toEqual(fails(e.WSAEMSGSIZE));
    expect([...buffer]).toEqual([...bytes("abc")]);
    expect(recv(v.winsock, s)).toBe("next");
  });

  test("a buffer of exactly its size takes a datagram whole, and so does one of no bytes an empty one", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    peerSends(v, peer, "abc");
    peerSends(v, peer, "");
    expect(outcome(v.winsock, v.winsock.recv(s, new Uint8Array(3), 3, 0))[0]).toBe(3);
    expect(outcome(v.winsock, v.winsock.recv(s, new Uint8Array(1), 0, 0))[0]).toBe(0);
  });

  test("MSG_PEEK leaves the datagram, FIONREAD tells its size", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    peerSends(v, peer, "abc");
    const count = { value: 0 };
    v.winsock.ioctlsocket(s, FIONREAD, count);
    expect([v.winsock.recv(s, new Uint8Array(9), 9, MSG_PEEK), count.value, recv(v.winsock, s)]).toEqual([3, 3, "abc"]);
  });

  test("an unbound socket cannot receive (WSAEINVAL), an unconnected one cannot send (WSAENOTCONN)", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAEINVAL}`);
    expect(outcome(v.winsock, say(v.winsock, s, "x"))).toEqual(fails(e.WSAENOTCONN));
  });

  test("a datagram of 60000 bytes goes and comes, and so does the longest, over a link of 1500", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    nonblocking(v, s);
    for (const length of [60_000, 65_507]) {
      const data = Uint8Array.from({ length }, (_, i) => i ^ (i >>> 8));
      const buffer = new Uint8Array(65_507);
      expect(sendTo(v, s, PEER, 7000, data)).toEqual([length, 0]);
      v.advance(1);
      expect(v.peerWinsock.recv(peer, buffer, buffer.length, 0)).toBe(length);
      expect(sendTo(v, peer, OURS, 5000, buffer.subarray(0, length), v.peerWinsock)).toEqual([length, 0]);
      v.advance(1);
      expect(v.winsock.recv(s, buffer, buffer.length, 0)).toBe(length);
      expect(buffer.subarray(0, length)).toEqual(data);
    }
  });

  test("sendto: what is wrong with an address", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = datagram(w);
    expect(outcome(w, w.sendto(s, bytes("x"), 1, 0, address(PEER, 1), 15))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(w, w.sendto(s, bytes("x"), 1, 0, address(PEER, 1, AF_INET6), 16))).toEqual(fails(e.WSAEAFNOSUPPORT));
    expect(outcome(w, w.sendto(s, null, 1, 0, address(PEER, 1), 16))).toEqual(fails(e.WSAEFAULT));
    expect(sendTo(v, s, "0.0.0.0", 1)).toEqual(fails(e.WSAEADDRNOTAVAIL));
    expect(sendTo(v, s, PEER, 0)).toEqual(fails(e.WSAEADDRNOTAVAIL));
    expect(sendTo(v, s, BROADCAST, 1)).toEqual(fails(e.WSAEACCES));
    expect(sendTo(v, s, PEER, 1, new Uint8Array(65508))).toEqual(fails(e.WSAEMSGSIZE));
    expect(sendTo(v, s, ELSEWHERE, 1)).toEqual(fails(e.WSAENETUNREACH));
    // None of these has bound it (Wine's test WSASendTo).
    expect(outcome(w, w.getsockname(s, new_sockaddr_in(), { value: 16 }))).toEqual(fails(e.WSAEINVAL));
  });

  test("a port unreachable makes one receive fail with WSAECONNRESET, connected or not (Microsoft, recvfrom function)", () => {
    for (const isConnected of [false, true]) {
      const v = new VirtualWinsock();
      const s = datagram(v.winsock);
      if (isConnected) connect(v, s, PEER, 9999);
      expect(sendTo(v, s, PEER, 9999)).toEqual([1, 0]);
      v.advance(1);
      expect(sendTo(v, s, PEER, 9999)).toEqual([1, 0]);
      v.advance(1);
      nonblocking(v, s);
      const errors = [0, 0, 0].map(() => recv(v.winsock, s));
      expect(errors).toEqual([`error ${e.WSAECONNRESET}`, `error ${e.WSAECONNRESET}`, `error ${e.WSAEWOULDBLOCK}`]);
    }
  });

  test("… unless the socket got another peer, or none, before it was told", () => {
    for (const next of [PEER, "0.0.0.0"]) {
      const v = new VirtualWinsock();
      const s = nonblocking(v, datagram(v.winsock));
      connect(v, s, PEER, 9999);
      expect(say(v.winsock, s, "x")).toBe(1);
      v.advance(1);
      connect(v, s, next, 9998);
      expect(outcome(v.winsock, v.winsock.recvfrom(s, new Uint8Array(9), 9, 0, null, null))).toEqual(fails(e.WSAEWOULDBLOCK));
    }
  });

  test("the linux profile tells connected sockets only", () => {
    const v = new VirtualWinsock({ profile: LINUX });
    const s = datagram(v.winsock);
    sendTo(v, s, PEER, 9999);
    v.advance(1);
    expect(recv(v.winsock, nonblocking(v, s))).toBe(`error ${e.WSAEWOULDBLOCK}`);
  });

  test("[IP4-25] a broadcast reaches the peer once SO_BROADCAST is set", () => {
    const v = new VirtualWinsock();
    const peer = datagram(v.peerWinsock);
    bind(v, peer, "0.0.0.0", 7000, v.peerWinsock);
    const s = datagram(v.winsock);
    set(v, s, SO_BROADCAST);
    expect(sendTo(v, s, "255.255.255.255", 7000, bytes("all"))).toEqual([3, 0]);
    expect(recv(v.peerWinsock, peer)).toBe("all");
  });

  test("with SO_BROADCAST 255.255.255.255 can be bound (ReactOS's test bind)", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    expect(bind(v, s, "255.255.255.255", 5000)).toEqual(fails(e.WSAEADDRNOTAVAIL));
    set(v, s, SO_BROADCAST);
    expect(bind(v, s, "255.255.255.255", 5000)).toEqual(SUCCESS);
  });

  test("connect to AF_UNSPEC dissolves too (Wine's test connect_udp)", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    connect(v, s, PEER, 7000);
    expect(localName(v, s).address).toBe(OURS);
    expect(outcome(v.winsock, v.winsock.connect(s, address("0.0.0.0", 0, AF_UNSPEC), 16))).toEqual(SUCCESS);
    expect(outcome(v.winsock, v.winsock.getpeername(s, new_sockaddr_in(), { value: 16 }))).toEqual(fails(e.WSAENOTCONN));
    expect(localName(v, s).address).toBe("0.0.0.0");
  });

  test("connect to port 0 succeeds, to where no route leads it does not", () => {
    const v = new VirtualWinsock();
    expect(connect(v, datagram(v.winsock), "127.0.0.1", 0)).toEqual(SUCCESS);
    const s = datagram(v.winsock);
    expect(connect(v, s, ELSEWHERE, 7000)).toEqual(fails(e.WSAENETUNREACH));
    // It is bound no more than before.
    expect(outcome(v.winsock, v.winsock.getsockname(s, new_sockaddr_in(), { value: 16 }))).toEqual(fails(e.WSAEINVAL));
    bind(v, s, OURS, 5000);
    expect(connect(v, s, ELSEWHERE, 7000)).toEqual(fails(e.WSAENETUNREACH));
    expect(localName(v, s)).toEqual({ address: OURS, port: 5000 });
  });

  test("shutdown: SD_SEND ends sendto, SD_RECEIVE recvfrom, each with WSAESHUTDOWN", () => {
    const v = new VirtualWinsock();
    const { s, peer } = ready(v);
    v.winsock.shutdown(s, SD_SEND);
    expect(sendTo(v, s, PEER, 7000)).toEqual(fails(e.WSAESHUTDOWN));
    peerSends(v, peer, "heard");
    expect(recv(v.winsock, s)).toBe("heard");
    v.winsock.shutdown(s, SD_RECEIVE);
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAESHUTDOWN}`);
  });
});
