import { describe, expect, test } from "@jest/globals";
import {
  FD_ACCEPT,
  FD_ALL_EVENTS,
  FD_CLOSE,
  FD_CONNECT,
  FD_READ,
  FD_WRITE,
  FIONBIO,
  INFINITE,
  new_WSANETWORKEVENTS,
  SD_BOTH,
  SD_SEND,
  SO_LINGER,
  type SOCKET,
  SOL_SOCKET,
  sizeof_linger,
  WSA_INVALID_EVENT,
  WSA_INVALID_HANDLE,
  WSA_INVALID_PARAMETER,
  WSA_WAIT_EVENT_0,
  WSA_WAIT_FAILED,
  WSA_WAIT_TIMEOUT,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOTSOCK,
  WSAEWOULDBLOCK,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

const NAMES: readonly (readonly [number, string])[] = [
  [FD_READ, "READ"],
  [FD_WRITE, "WRITE"],
  [FD_ACCEPT, "ACCEPT"],
  [FD_CONNECT, "CONNECT"],
  [FD_CLOSE, "CLOSE"],
];

/** What WSAEnumNetworkEvents says, as `READ`, `CLOSE 10053` and so on. */
function events(face: BlockingFace, s: SOCKET, event = WSA_INVALID_EVENT): string {
  const found = new_WSANETWORKEVENTS();
  expect(face.WSAEnumNetworkEvents(s, event, found)).toBe(0);
  const named = NAMES.filter(([bit]) => (found.lNetworkEvents & bit) !== 0);
  return named.map(([bit, name]) => [name, found.iErrorCode[Math.log2(bit)] || ""].join(" ").trim()).join(" ");
}

const isSet = (face: BlockingFace, event: number): boolean => face.WaitForSingleObject(event, 0) === WSA_WAIT_EVENT_0;

/** A connected pair of sockets, ours with all its events selected and those of the connect taken. */
function selected(mask = FD_ALL_EVENTS) {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: p } = v;
  const { s, peer, listener } = v.pair();
  const event = w.WSACreateEvent();
  expect(w.WSAEventSelect(s, event, mask)).toBe(0);
  const initial = events(w, s, event);
  return { v, w, p, s, peer, listener, event, initial };
}

describe("event objects (Microsoft, WSACreateEvent and kin)", () => {
  test("are nonsignalled at first, stay set until they are reset, and a wait finds the first that is set", () => {
    const { winsock: w } = new VirtualWinsock();
    const [a, b, c] = [w.WSACreateEvent(), w.WSACreateEvent(), w.WSACreateEvent()];
    const wait = (all: boolean) => w.WSAWaitForMultipleEvents(3, [a, b, c], all, 0, false);
    expect([isSet(w, a), wait(false)]).toEqual([false, WSA_WAIT_TIMEOUT]);
    expect([w.WSASetEvent(c), w.WSASetEvent(b), wait(false), wait(true)]).toEqual([1, 1, 1, WSA_WAIT_TIMEOUT]);
    expect([w.SetEvent(a), wait(true), wait(true)]).toEqual([1, 0, 0]);
    expect([w.WSAResetEvent(b), wait(true), isSet(w, c)]).toEqual([1, WSA_WAIT_TIMEOUT, true]);
  });

  test("with automatic reset end one wait each", () => {
    const { winsock: w } = new VirtualWinsock();
    const event = w.CreateEvent(null, false, true, null);
    expect([isSet(w, event), isSet(w, event)]).toEqual([true, false]);
    w.SetEvent(event);
    expect([isSet(w, event), isSet(w, event)]).toEqual([true, false]);
  });

  test("are waited for until somebody sets them, or the time is over", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const event = w.WSACreateEvent();
    const from = v.nowMs;
    expect(w.WaitForSingleObject(event, 250)).toBe(WSA_WAIT_TIMEOUT);
    expect(v.nowMs - from).toBe(250);
    v.after(100, () => w.WSASetEvent(event));
    expect([w.WaitForSingleObject(event, INFINITE), v.nowMs - from]).toEqual([WSA_WAIT_EVENT_0, 350]);
  });

  test("leave the low bits of their handle to the program", () => {
    const { winsock: w } = new VirtualWinsock();
    const event = w.WSACreateEvent();
    expect([event & 3, w.WSASetEvent(event | 1), isSet(w, event)]).toEqual([0, 1, true]);
  });

  test.each([
    ["a handle that is none", WSA_INVALID_HANDLE, (w: BlockingFace) => w.WSAWaitForMultipleEvents(1, [4000], false, 0, false)],
    ["no handles", WSA_INVALID_PARAMETER, (w: BlockingFace) => w.WSAWaitForMultipleEvents(0, [], false, 0, false)],
    ["too many", WSA_INVALID_PARAMETER, (w: BlockingFace) => w.WSAWaitForMultipleEvents(65, new Array(65).fill(4), false, 0, false)],
    ["null", WSA_INVALID_PARAMETER, (w: BlockingFace) => w.WSAWaitForMultipleEvents(1, null, false, 0, false)],
  ])("a wait for %s fails", (_what, code, call) => {
    const { winsock: w } = new VirtualWinsock();
    expect([call(w), w.WSAGetLastError()]).toEqual([WSA_WAIT_FAILED, code]);
  });

  test("that are closed, or are sockets, are refused", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const event = w.WSACreateEvent();
    expect([w.WSACloseEvent(event), w.WSACloseEvent(event), w.WSAGetLastError()]).toEqual([1, 0, WSA_INVALID_HANDLE]);
    expect([w.WSASetEvent(v.stream()), w.WSAGetLastError()]).toEqual([0, WSA_INVALID_HANDLE]);
    expect([w.closesocket(w.WSACreateEvent()), w.WSAGetLastError()]).toEqual(fails(WSAENOTSOCK));
  });

  test("CloseHandle closes sockets too", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    expect([v.winsock.CloseHandle(s), v.winsock.CloseHandle(s)]).toEqual([1, 0]);
    v.advance(100);
    expect(recv(v.peerWinsock, peer)).toBe("");
  });
});

describe("WSAEventSelect", () => {
  test("makes the socket nonblocking, for good, and FIONBIO cannot undo it while it is in force", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s } = v.pair();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_READ);
    expect(outcome(w, w.recv(s, new Uint8Array(4), 4, 0))).toEqual(fails(WSAEWOULDBLOCK));
    expect(outcome(w, w.ioctlsocket(s, FIONBIO, { value: 0 }))).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.ioctlsocket(s, FIONBIO, { value: 1 }))).toEqual(SUCCESS);
    expect(outcome(w, w.WSAEventSelect(s, WSA_INVALID_EVENT, 0))).toEqual(SUCCESS);
    expect(outcome(w, w.recv(s, new Uint8Array(4), 4, 0))).toEqual(fails(WSAEWOULDBLOCK));
    expect(outcome(w, w.ioctlsocket(s, FIONBIO, { value: 0 }))).toEqual(SUCCESS);
  });

  test.each([
    ["no event for some bits", WSAEINVAL, (w: BlockingFace, s: SOCKET) => w.WSAEventSelect(s, WSA_INVALID_EVENT, FD_READ)],
    ["a handle that is no event", WSAEINVAL, (w: BlockingFace, s: SOCKET) => w.WSAEventSelect(s, 4000, FD_READ)],
    ["no socket", WSAENOTSOCK, (w: BlockingFace) => w.WSAEventSelect(4000, WSA_INVALID_EVENT, 0)],
    ["a null pointer", WSAEFAULT, (w: BlockingFace, s: SOCKET) => w.WSAEnumNetworkEvents(s, WSA_INVALID_EVENT, null)],
    ["too few bytes", WSAEFAULT, (w: BlockingFace, s: SOCKET) => w.WSAEnumNetworkEvents(s, WSA_INVALID_EVENT, new Uint8Array(43))],
  ])("%s is refused", (_what, code, call) => {
    const v = new VirtualWinsock();
    const s = v.stream();
    expect(outcome(v.winsock, call(v.winsock, s))).toEqual(fails(code));
  });

  test("tells of a connect that succeeds, and then that there is room to send: once each", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    v.listener(80);
    const s = v.stream();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect(isSet(w, event)).toBe(false);
    expect(connect(v, s, PEER, 80)).toEqual(fails(WSAEWOULDBLOCK));
    expect(w.WaitForSingleObject(event, 5000)).toBe(WSA_WAIT_EVENT_0);
    expect([events(w, s, event), isSet(w, event), events(w, s)]).toEqual(["WRITE CONNECT", false, ""]);
  });

  test("tells of a connect that failed with its code, once, and of the next one again", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = v.stream();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    for (let i = 0; i < 2; i++) {
      connect(v, s, PEER, 81);
      expect(w.WaitForSingleObject(event, 5000)).toBe(WSA_WAIT_EVENT_0);
      expect(events(w, s, event)).toBe(`CONNECT ${WSAECONNREFUSED}`);
      w.WSAEventSelect(s, event, FD_ALL_EVENTS);
      expect([isSet(w, event), events(w, s)]).toEqual([false, ""]);
    }
  });

  test("has what happened before it was called: a connect and the room to send (W:connect_events)", () => {
    const { initial } = selected();
    expect(initial).toBe("WRITE CONNECT");
  });

  test("an accepted socket has no connect behind it", () => {
    const { p, peer } = selected();
    p.WSAEventSelect(peer, p.WSACreateEvent(), FD_ALL_EVENTS);
    expect(events(p, peer)).toBe("WRITE");
  });

  test("an event that was recorded and not reported sets the event object of the next selection that wants it", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "x");
    v.advance(50);
    w.WSAResetEvent(event);
    w.WSAEventSelect(s, event, FD_WRITE);
    expect(isSet(w, event)).toBe(false);
    w.WSAEventSelect(s, event, FD_READ);
    expect([isSet(w, event), events(w, s)]).toEqual([true, "READ"]);
  });

  test("one that was reported is not recorded again by another selection", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "x");
    v.advance(50);
    expect(events(w, s, event)).toBe("READ");
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect([isSet(w, event), events(w, s)]).toEqual([false, ""]);
  });

  test("bits outside the mask are kept for a later one", () => {
    const { v, w, p, s, peer, event } = selected(FD_WRITE);
    p.shutdown(peer, SD_SEND);
    v.advance(50);
    expect([isSet(w, event), events(w, s)]).toEqual([false, ""]);
    w.WSAEventSelect(s, event, FD_CLOSE);
    expect([isSet(w, event), events(w, s)]).toEqual([true, "CLOSE"]);
  });
});

describe("FD_READ (W:read_events)", () => {
  test("comes with data, and with what a receive leaves", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "abcd");
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ"]);
    const two = new Uint8Array(2);
    expect(w.recv(s, two, 2, 0)).toBe(2);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ"]);
    expect(w.recv(s, two, 2, 0)).toBe(2);
    expect([isSet(w, event), events(w, s, event)]).toEqual([false, ""]);
  });

  test("is recorded again when more data comes, though nothing was received since it was reported", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "a");
    v.advance(50);
    expect(events(w, s, event)).toBe("READ");
    say(p, peer, "b");
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ"]);
  });

  test("does not stay recorded when the data is received before anybody asked", () => {
    const { v, w, p, s, peer } = selected();
    say(p, peer, "a");
    v.advance(50);
    expect(recv(w, s)).toBe("a");
    expect(events(w, s)).toBe("");
  });

  test("does not come again for a receive into nothing", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "a");
    v.advance(50);
    expect(events(w, s, event)).toBe("READ");
    expect(outcome(w, w.recv(s, null, 4, 0))).toEqual(fails(WSAEFAULT));
    expect(events(w, s, event)).toBe("");
  });

  test("of a datagram socket comes with each datagram, and with each error that a receive will tell", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const [s, peer] = [datagram(w), datagram(p)];
    bind(v, s, OURS, 7000);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect(events(w, s, event)).toBe("WRITE");
    p.sendto(peer, bytes("hi"), 2, 0, address(OURS, 7000), 16);
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ"]);
    expect([recv(w, s), events(w, s)]).toEqual(["hi", ""]);
    w.sendto(s, bytes("x"), 1, 0, address(PEER, 9), 16);
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ"]);
  });
});

describe("FD_WRITE (W:write_events)", () => {
  test("comes again only after a send that found no room", () => {
    const { v, w, p, s, peer, event } = selected();
    say(w, s, "x");
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect(events(w, s, event)).toBe("");
    const much = new Uint8Array(1_000_000);
    let sends = 0;
    while (w.send(s, much, much.length, 0) > 0) sends++;
    expect([sends > 0, w.WSAGetLastError(), isSet(w, event)]).toEqual([true, WSAEWOULDBLOCK, false]);
    const buffer = new Uint8Array(65536);
    p.ioctlsocket(peer, FIONBIO, { value: 1 });
    for (let i = 0; i < 400 && !isSet(w, event); i++) {
      v.advance(20);
      while (p.recv(peer, buffer, buffer.length, 0) > 0);
    }
    expect(events(w, s, event)).toBe("WRITE");
  });

  test("a send does not take back one that is recorded", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s } = v.pair();
    w.WSAEventSelect(s, w.WSACreateEvent(), FD_WRITE);
    say(w, s, "x");
    expect(events(w, s)).toBe("WRITE");
  });
});

describe("FD_ACCEPT (W:accept_events)", () => {
  function listening() {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const s = v.stream();
    bind(v, s, OURS, 80);
    w.listen(s, 5);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    const knock = () => {
      const c = v.stream(p);
      p.connect(c, address(OURS, 80), 16);
      v.advance(50);
      return c;
    };
    return { v, w, p, s, event, knock };
  }

  test("comes with each connection, and with one that an accept leaves", () => {
    const { w, s, event, knock } = listening();
    expect(events(w, s, event)).toBe("");
    knock();
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "ACCEPT"]);
    knock();
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "ACCEPT"]);
    w.accept(s, null, null);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "ACCEPT"]);
    w.accept(s, null, null);
    // The event is set all the same: what was accepted may be written to.
    expect(events(w, s, event)).toBe("");
  });

  test("what is accepted has the listener's event and mask, and is nonblocking", () => {
    const { v, w, p, s, event, knock } = listening();
    const c = knock();
    events(w, s, event);
    const accepted = w.accept(s, null, null);
    expect([isSet(w, event), events(w, accepted, event)]).toEqual([true, "WRITE"]);
    say(p, c, "x");
    v.advance(50);
    expect([isSet(w, event), events(w, accepted, event)]).toEqual([true, "READ"]);
    expect(outcome(w, w.ioctlsocket(accepted, FIONBIO, { value: 0 }))).toEqual(fails(WSAEINVAL));
  });

  test("one that had been closed before it was accepted tells so", () => {
    const { v, w, p, s, event, knock } = listening();
    p.closesocket(knock());
    v.advance(50);
    events(w, s, event);
    expect(events(w, w.accept(s, null, null), event)).toBe("WRITE CLOSE");
  });
});

describe("FD_CLOSE (W:close_events)", () => {
  test("comes once with the peer's end, though data is unread, and the rest of it is told of as usual", () => {
    const { v, w, p, s, peer, event } = selected();
    say(p, peer, "abc");
    p.closesocket(peer);
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "READ CLOSE"]);
    const one = new Uint8Array(1);
    w.recv(s, one, 1, 0);
    expect(events(w, s, event)).toBe("READ");
    w.recv(s, one, 1, 0);
    w.recv(s, one, 1, 0);
    expect([w.recv(s, one, 1, 0), events(w, s, event)]).toEqual([0, ""]);
  });

  test("says WSAECONNABORTED after a reset", () => {
    const { v, w, p, s, peer, event } = selected();
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(50);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, `CLOSE ${WSAECONNABORTED}`]);
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect(events(w, s, event)).toBe("");
  });

  test("does not come of our own shutdown, and comes of the peer's afterwards", () => {
    const { v, w, p, s, peer, event } = selected();
    w.shutdown(s, SD_BOTH);
    v.advance(50);
    expect(events(w, s, event)).toBe("");
    p.shutdown(peer, SD_SEND);
    v.advance(50);
    expect(events(w, s, event)).toBe("CLOSE");
  });
});

describe("a datagram socket", () => {
  test("that is not bound has no events; its connect has two (W:connect_events)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = datagram(w);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_ALL_EVENTS);
    expect([isSet(w, event), events(w, s, event)]).toEqual([false, ""]);
    connect(v, s, PEER, 9);
    expect([isSet(w, event), events(w, s, event)]).toEqual([true, "WRITE CONNECT"]);
  });
});
