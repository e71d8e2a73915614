import { describe, expect, test } from "@jest/globals";
import { FD_READ, IPPROTO_ICMP, WSA_WAIT_EVENT_0 } from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import { FD_SET } from "../../../src/winsock/abi/fd-set.ts";
import { new_fd_set, type SOCKET } from "../../../src/winsock/abi/structures.ts";
import { boundRaw } from "../../support/raw-winsock.ts";
import { address, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, outcome, recv, SUCCESS } from "../../support/winsock-calls.ts";

/** The device goes away in a second, whoever is waiting. */
function doomed(): VirtualWinsock {
  const v = new VirtualWinsock();
  v.after(1000, () => v.unplug());
  return v;
}

const listening = (v: VirtualWinsock, at: string): SOCKET => {
  const s = v.stream();
  bind(v, s, at, 80);
  v.winsock.listen(s, 5);
  return s;
};
const receiving = (v: VirtualWinsock, at: string): SOCKET => {
  const s = datagram(v.winsock);
  bind(v, s, at, 5000);
  return s;
};
const accept = (v: VirtualWinsock, s: SOCKET) => outcome(v.winsock, v.winsock.accept(s, null, null));
const DOWN = `error ${e.WSAENETDOWN}`;

/** Whether select, asked for reading, answers at once for this one socket. */
function isReadable(v: VirtualWinsock, s: SOCKET, seconds: number): boolean {
  const set = new_fd_set();
  FD_SET(s, set);
  return v.winsock.select(0, set, null, null, { tv_sec: seconds, tv_usec: 0 }) === 1;
}

describe("a device that is gone (docs/deviations.md: an adapter that goes away)", () => {
  test.each([OURS, "0.0.0.0"])("ends an accept that waits at %s, and those that follow", (at) => {
    const v = doomed();
    const s = listening(v, at);
    expect(accept(v, s)).toEqual(fails(e.WSAENETDOWN));
    expect(v.nowMs).toBeGreaterThanOrEqual(1000);
    expect(accept(v, s)).toEqual(fails(e.WSAENETDOWN));
    expect(v.isStuck).toBe(false);
    expect(outcome(v.winsock, v.winsock.closesocket(s))).toEqual(SUCCESS);
  });

  test.each([OURS, "0.0.0.0"])("ends a receive of datagrams that waits at %s, and those that follow", (at) => {
    const v = doomed();
    const s = receiving(v, at);
    expect(recv(v.winsock, s)).toBe(DOWN);
    expect(recv(v.winsock, s)).toBe(DOWN);
    expect(v.isStuck).toBe(false);
    expect(outcome(v.winsock, v.winsock.closesocket(s))).toEqual(SUCCESS);
  });

  test("ends the receive of a connected datagram socket, whose sends fail too", () => {
    const v = doomed();
    const s = datagram(v.winsock);
    connect(v, s, PEER, 7000);
    expect(recv(v.winsock, s)).toBe(DOWN);
    expect(outcome(v.winsock, v.winsock.send(s, bytes("x"), 1, 0))).toEqual(fails(e.WSAENETDOWN));
    expect(v.isStuck).toBe(false);
  });

  test.each([
    ["a datagram socket", receiving],
    ["a raw socket", (v: VirtualWinsock, at: string) => boundRaw(v.winsock, IPPROTO_ICMP, at)],
  ])("is FD_READ of %s, whose receive says why, as select has it readable", (_what, open) => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = open(v, OURS);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_READ);
    v.unplug();
    v.advance(10);
    const events = new_WSANETWORKEVENTS();
    expect([w.WaitForSingleObject(event, 0), w.WSAEnumNetworkEvents(s, event, events)]).toEqual([WSA_WAIT_EVENT_0, 0]);
    expect([events.lNetworkEvents, recv(w, s)]).toEqual([FD_READ, DOWN]);
  });

  test("leaves the datagrams that came before to be received first", () => {
    const v = new VirtualWinsock();
    const s = receiving(v, OURS);
    const peer = datagram(v.peerWinsock);
    v.peerWinsock.sendto(peer, bytes("before"), 6, 0, address(OURS, 5000), 16);
    v.advance(10);
    v.unplug();
    v.advance(10);
    expect(recv(v.winsock, s)).toBe("before");
    expect(recv(v.winsock, s)).toBe(DOWN);
  });

  test.each([
    ["a listener", listening],
    ["a datagram socket", receiving],
  ])("ends a select on nothing but %s", (_what, open) => {
    const v = doomed();
    const s = open(v, OURS);
    expect(isReadable(v, s, 60)).toBe(true);
    expect(v.nowMs).toBeLessThan(2000);
    expect(v.isStuck).toBe(false);
  });

  test("ends a connect that waits for ARP", () => {
    const v = doomed();
    const s = v.stream();
    expect(connect(v, s, NOBODY_THERE, 80)).toEqual(fails(e.WSAENETDOWN));
    expect(v.nowMs).toBeLessThan(2000);
  });

  test("is not there to be bound to or listened on any more", () => {
    const v = new VirtualWinsock();
    const bound = v.stream();
    bind(v, bound, OURS, 80);
    v.unplug();
    v.advance(10);
    expect(outcome(v.winsock, v.winsock.listen(bound, 5))).toEqual(fails(e.WSAENETDOWN));
    expect(bind(v, v.stream(), OURS, 81)).toEqual(fails(e.WSAEADDRNOTAVAIL));
    expect(bind(v, datagram(v.winsock), OURS, 81)).toEqual(fails(e.WSAEADDRNOTAVAIL));
  });

  test("is nothing to what is bound to the loopback", () => {
    const v = new VirtualWinsock();
    const s = listening(v, "127.0.0.1");
    const d = receiving(v, "127.0.0.1");
    v.unplug();
    v.advance(10);
    expect(isReadable(v, s, 1)).toBe(false);
    expect(isReadable(v, d, 1)).toBe(false);
    const client = v.stream();
    expect(connect(v, client, "127.0.0.1", 80)).toEqual(SUCCESS);
    expect(isReadable(v, s, 1)).toBe(true);
  });

  test("ends a datagram socket bound to every address only until it is connected by another way", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    connect(v, s, PEER, 7000);
    v.unplug();
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(DOWN);
    expect(connect(v, s, PEER, 7000)).toEqual(fails(e.WSAENETDOWN));
    expect(recv(v.winsock, s)).toBe(DOWN);
    const peer = receiving(v, "127.0.0.1");
    expect(connect(v, s, "127.0.0.1", 5000)).toEqual(SUCCESS);
    expect(outcome(v.winsock, v.winsock.send(s, bytes("x"), 1, 0))).toEqual([1, 0]);
    expect(recv(v.winsock, peer)).toBe("x");
    expect(isReadable(v, s, 1)).toBe(false);
  });
});
