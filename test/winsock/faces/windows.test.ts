import { describe, expect, test } from "@jest/globals";
import {
  ERROR_INVALID_WINDOW_HANDLE,
  FD_ACCEPT,
  FD_ALL_EVENTS,
  FD_CLOSE,
  FD_CONNECT,
  FD_READ,
  FD_WRITE,
  FIONBIO,
  new_MSG,
  PM_NOREMOVE,
  PM_REMOVE,
  SO_LINGER,
  type SOCKET,
  SOL_SOCKET,
  sizeof_linger,
  WM_QUIT,
  WM_USER,
  WSAECONNABORTED,
  WSAECONNREFUSED,
  WSAEINVAL,
  WSAEWOULDBLOCK,
  WSAGETSELECTERROR,
  WSAGETSELECTEVENT,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

/** WSAAsyncSelect by winsock.md §10, message mode, from Wine's tests *_events. */

const MESSAGE = WM_USER + 1;
const NAMES: Readonly<Record<number, string>> = {
  [FD_READ]: "READ",
  [FD_WRITE]: "WRITE",
  [FD_ACCEPT]: "ACCEPT",
  [FD_CONNECT]: "CONNECT",
  [FD_CLOSE]: "CLOSE",
};

/** The messages that wait, as `READ`, `CLOSE 10053` and so on, of one socket or all. */
function messages(w: BlockingFace, ofSocket?: SOCKET): string[] {
  const all: string[] = [];
  const msg = new_MSG();
  while (w.PeekMessage(msg, 0, 0, 0, PM_REMOVE)) {
    if (ofSocket !== undefined && msg.wParam !== ofSocket) continue;
    all.push(`${NAMES[WSAGETSELECTEVENT(msg.lParam)]} ${WSAGETSELECTERROR(msg.lParam) || ""}`.trim());
  }
  return all;
}

function selected() {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: p } = v;
  const { s, peer } = v.pair();
  const window = w.CreateMessageWindow(null);
  const select = (mask = FD_ALL_EVENTS) => outcome(w, w.WSAAsyncSelect(s, window, MESSAGE, mask));
  expect(select()).toEqual(SUCCESS);
  return { v, w, p, s, peer, window, select };
}

describe("windows", () => {
  test("get messages in their order, by any filter, taken or only looked at", () => {
    const { winsock: w } = new VirtualWinsock();
    const [one, other] = [w.CreateMessageWindow(null), w.CreateMessageWindow(null)];
    for (const [hwnd, message] of [
      [one, 1],
      [other, 2],
      [one, 3],
    ] as const)
      w.PostMessage(hwnd, WM_USER + message, message, -message);
    const msg = new_MSG();
    expect([w.PeekMessage(msg, other, 0, 0, PM_NOREMOVE), msg]).toEqual([1, { hwnd: other, message: WM_USER + 2, wParam: 2, lParam: -2 }]);
    expect([w.PeekMessage(msg, 0, WM_USER + 3, WM_USER + 3, PM_REMOVE), msg.wParam]).toEqual([1, 3]);
    expect([w.GetMessage(msg, 0, 0, 0), msg.wParam]).toEqual([1, 1]);
    expect([w.GetMessage(msg, 0, 0, 0), msg.wParam]).toEqual([1, 2]);
    expect(w.PeekMessage(msg, 0, 0, 0, PM_REMOVE)).toBe(0);
  });

  test("have a procedure that DispatchMessage calls", () => {
    const { winsock: w } = new VirtualWinsock();
    const seen: unknown[] = [];
    const window = w.CreateMessageWindow((...parameters) => {
      seen.push(parameters);
      return 42;
    });
    w.PostMessage(window, MESSAGE, 7, 8);
    const msg = new_MSG();
    w.GetMessage(msg, 0, 0, 0);
    expect([w.DispatchMessage(msg), seen]).toEqual([42, [[window, MESSAGE, 7, 8]]]);
  });

  test("are waited for, and WM_QUIT ends a loop", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const window = w.CreateMessageWindow(null);
    const from = v.nowMs;
    v.after(250, () => w.PostMessage(window, WM_QUIT, 0, 0));
    expect([w.GetMessage(new_MSG(), 0, 0, 0), v.nowMs - from]).toEqual([0, 250]);
  });

  test("that are destroyed have no messages any more, and get none", () => {
    const { v, w, p, peer, window } = selected();
    expect([w.DestroyWindow(window), w.DestroyWindow(window), w.WSAGetLastError()]).toEqual([1, 0, ERROR_INVALID_WINDOW_HANDLE]);
    say(p, peer, "x");
    v.advance(50);
    expect(messages(w)).toEqual([]);
    expect([w.PostMessage(window, MESSAGE, 0, 0), w.WSAGetLastError()]).toEqual([0, ERROR_INVALID_WINDOW_HANDLE]);
  });

  test("take no more than ten thousand messages", () => {
    const { winsock: w } = new VirtualWinsock();
    const window = w.CreateMessageWindow(null);
    let posted = 0;
    while (posted < 20_000 && w.PostMessage(window, MESSAGE, 0, 0)) posted++;
    expect([posted, w.WSAGetLastError()]).toEqual([10_000, 1816]);
  });
});

describe("WSAAsyncSelect", () => {
  test("makes the socket nonblocking, and FIONBIO cannot undo it while it is in force", () => {
    const { w, s, select } = selected();
    expect(outcome(w, w.recv(s, new Uint8Array(1), 1, 0))).toEqual(fails(WSAEWOULDBLOCK));
    expect(outcome(w, w.ioctlsocket(s, FIONBIO, { value: 0 }))).toEqual(fails(WSAEINVAL));
    select(0);
    expect(outcome(w, w.ioctlsocket(s, FIONBIO, { value: 0 }))).toEqual(SUCCESS);
  });

  test("takes the place of WSAEventSelect, and the other way round", () => {
    const { v, w, p, s, peer, select } = selected();
    messages(w);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, FD_READ);
    say(p, peer, "x");
    v.advance(50);
    expect([messages(w), w.WaitForSingleObject(event, 0)]).toEqual([[], 0]);
    w.WSAResetEvent(event);
    select(FD_READ);
    say(p, peer, "y");
    v.advance(50);
    expect(w.WaitForSingleObject(event, 0)).not.toBe(0);
  });

  test("of what is no window fails", () => {
    const { w, s } = selected();
    expect(outcome(w, w.WSAAsyncSelect(s, 4000, MESSAGE, FD_READ))).toEqual(fails(WSAEINVAL));
  });

  test("tells of a connect and then of the room to send; of one that failed by its code, once", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    v.listener(80);
    const window = w.CreateMessageWindow(null);
    const [good, bad] = [v.stream(), v.stream()];
    for (const s of [good, bad]) w.WSAAsyncSelect(s, window, MESSAGE, FD_ALL_EVENTS);
    connect(v, good, PEER, 80);
    v.advance(100);
    expect(messages(w)).toEqual(["CONNECT", "WRITE"]);
    connect(v, bad, PEER, 81);
    v.advance(5000);
    expect(messages(w)).toEqual([`CONNECT ${WSAECONNREFUSED}`]);
    w.WSAAsyncSelect(bad, window, MESSAGE, FD_ALL_EVENTS);
    expect(messages(w)).toEqual([]);
  });

  test("called after the connect tells of the room to send only, and again each time", () => {
    const { w, select } = selected();
    expect(messages(w)).toEqual(["WRITE"]);
    select();
    expect(messages(w)).toEqual(["WRITE"]);
  });

  test("posts FD_READ once until a receive, which posts it again while data remains", () => {
    const { v, w, p, s, peer, select } = selected();
    messages(w);
    say(p, peer, "abc");
    v.advance(50);
    say(p, peer, "d");
    v.advance(50);
    expect(messages(w)).toEqual(["READ"]);
    w.recv(s, new Uint8Array(1), 1, 0);
    expect(messages(w)).toEqual(["READ"]);
    select();
    expect(messages(w)).toEqual(["READ", "WRITE"]);
    // Into nothing is a receive too here.
    w.recv(s, null, 1, 0);
    expect(messages(w)).toEqual(["READ"]);
    expect([recv(w, s), messages(w)]).toEqual(["bcd", []]);
  });

  test("posts FD_ACCEPT once until an accept; what is accepted has messages of its own", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const s = v.stream();
    bind(v, s, OURS, 80);
    w.listen(s, 5);
    w.WSAAsyncSelect(s, w.CreateMessageWindow(null), MESSAGE, FD_ALL_EVENTS);
    for (let i = 0; i < 2; i++) {
      connect(v, v.stream(p), OURS, 80, p);
      v.advance(50);
    }
    expect(messages(w)).toEqual(["ACCEPT"]);
    const accepted = w.accept(s, null, null);
    const msg = new_MSG();
    const got: unknown[] = [];
    while (w.PeekMessage(msg, 0, 0, 0, PM_REMOVE)) got.push([msg.wParam, NAMES[WSAGETSELECTEVENT(msg.lParam)]]);
    expect(got).toEqual([
      [accepted, "WRITE"],
      [s, "ACCEPT"],
    ]);
  });

  test("posts FD_CLOSE with its code, and again at each selection", () => {
    const { v, w, p, peer, select } = selected();
    messages(w);
    p.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    p.closesocket(peer);
    v.advance(50);
    expect(messages(w)).toEqual([`CLOSE ${WSAECONNABORTED}`]);
    select();
    expect(messages(w)).toEqual([`CLOSE ${WSAECONNABORTED}`]);
  });

  test("tells of datagram sockets that they may send, bound or not, and after a connect again", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = datagram(w);
    w.WSAAsyncSelect(s, w.CreateMessageWindow(null), MESSAGE, FD_ALL_EVENTS);
    expect(messages(w)).toEqual(["WRITE"]);
    connect(v, s, PEER, 9);
    expect(messages(w)).toEqual(["WRITE"]);
  });
});
