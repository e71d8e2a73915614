import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { FD_ISSET, FD_SET } from "../../../src/winsock/abi/fd-set.ts";
import {
  new_fd_set,
  new_MSG,
  new_WSANETWORKEVENTS,
  new_WSAOVERLAPPED,
  PM_REMOVE,
  type SOCKET,
  WM_USER,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, datagram, fails, outcome, recv, say } from "../../support/winsock-calls.ts";

const urge = (face: BlockingFace, s: SOCKET, text: string): number => face.send(s, bytes(text), text.length, c.MSG_OOB);

const toPeer = (port = 9) => address(PEER, port);

/** A connected pair: what the peer sends comes to `s`. */
function pair() {
  const v = new VirtualWinsock();
  const { winsock: w, peerWinsock: p } = v;
  const { s, peer } = v.pair();
  const inline = (on: number) => w.setsockopt(s, c.SOL_SOCKET, c.SO_OOBINLINE, { value: on }, 4);
  const asked = (code: number): number => {
    const box = { value: -1 };
    expect(w.ioctlsocket(s, code, box)).toBe(0);
    return box.value;
  };
  const hear = (text: string, isUrgent = true) => {
    if (isUrgent) urge(p, peer, text);
    else say(p, peer, text);
    v.advance(300);
  };
  /** A byte by MSG_OOB, or the code. */
  const urgent = (flags = 0): string => {
    const buffer = new Uint8Array(10);
    const count = w.recv(s, buffer, 10, c.MSG_OOB | flags);
    return count < 0 ? `error ${w.WSAGetLastError()}` : new TextDecoder().decode(buffer.subarray(0, count));
  };
  /** FIONREAD and SIOCATMARK. */
  const facts = () => [asked(c.FIONREAD), asked(c.SIOCATMARK)];
  /** In which sets select finds the socket, and what WSAPoll says. */
  const ready = (): string => {
    const [read, except] = [new_fd_set(), new_fd_set()];
    for (const set of [read, except]) FD_SET(s, set);
    w.select(0, read, null, except, { tv_sec: 0, tv_usec: 0 });
    const polled = [{ fd: s, events: c.POLLRDNORM | c.POLLRDBAND, revents: 0 }];
    w.WSAPoll(polled, 1, 0);
    const found = polled[0]!.revents;
    return [
      FD_ISSET(s, read) ? "read" : "",
      FD_ISSET(s, except) ? "except" : "",
      (found & c.POLLRDNORM) !== 0 ? "RDNORM" : "",
      (found & c.POLLRDBAND) !== 0 ? "RDBAND" : "",
    ]
      .filter(Boolean)
      .join(" ");
  };
  return { v, w, p, s, peer, inline, hear, urgent, facts, ready };
}

const NONE = `error ${e.WSAEINVAL}`;

describe("out-of-band data apart", () => {
  test("[URG-01] [URG-05] is received by MSG_OOB, and neither FIONREAD nor recv knows it (W: fionread_siocatmark)", () => {
    const { w, s, hear, urgent, facts } = pair();
    expect([facts(), urgent()]).toEqual([[0, 1], NONE]);
    hear("ab!");
    hear("cd", false);
    expect(facts()).toEqual([4, 0]);
    expect([urgent(c.MSG_PEEK), urgent(), urgent(), facts()]).toEqual(["!", "!", NONE, [4, 1]]);
    expect(recv(w, s)).toBe("abcd");
  });

  test("may queue: two sends, two receives (W: oob_events)", () => {
    const { hear, urgent, facts } = pair();
    hear("a");
    hear("b");
    expect([urgent(), facts(), urgent(), facts(), urgent()]).toEqual(["a", [0, 0], "b", [0, 1], NONE]);
  });

  test("is told by select's exceptfds and WSAPoll's POLLRDBAND, also to who waits", () => {
    const { v, w, p, s, peer, hear, urgent, ready } = pair();
    expect(ready()).toBe("");
    v.after(500, () => urge(p, peer, "!"));
    const except = new_fd_set();
    FD_SET(s, except);
    const from = v.nowMs;
    expect(w.select(0, null, null, except, { tv_sec: 5, tv_usec: 0 })).toBe(1);
    expect(v.nowMs - from).toBeLessThan(1000);
    expect(ready()).toBe("except RDBAND");
    hear("more", false);
    expect(ready()).toBe("read except RDNORM RDBAND");
    urgent();
    expect(ready()).toBe("read RDNORM");
  });

  test("ends no receive, which waits on for ordinary bytes", () => {
    const { v, w, p, s, peer } = pair();
    v.after(100, () => urge(p, peer, "!"));
    v.after(300, () => say(p, peer, "abc"));
    expect(recv(w, s)).toBe("abc");
  });

  test("comes out of a long send as its last byte", () => {
    const { v, w, p, s, peer, urgent } = pair();
    p.ioctlsocket(peer, c.FIONBIO, { value: 1 });
    const length = 300_000;
    w.send(s, new Uint8Array(length).fill(0x61), length, c.MSG_OOB);
    v.advance(100);
    const buffer = new Uint8Array(length);
    let received = 0;
    for (let step = 0; step < 100; step++) {
      const count = p.recv(peer, buffer, length, 0);
      if (count > 0) received += count;
      v.advance(50);
    }
    expect(received).toBe(length - 1);
    expect([p.recv(peer, buffer, 9, c.MSG_OOB), p.recv(peer, buffer, 9, c.MSG_OOB)]).toEqual([1, -1]);
    // The other way there is none.
    expect(urgent()).toBe(NONE);
  });

  test("is received overlapped too, at once or not at all", () => {
    const { w, s, hear } = pair();
    hear("!");
    const buffer = { len: 4, buf: new Uint8Array(4) };
    const done = { value: 0 };
    const flags = { value: c.MSG_OOB };
    expect(outcome(w, w.WSARecv(s, [buffer], 1, done, flags, null, null))).toEqual([0, 0]);
    expect([done.value, buffer.buf[0]]).toEqual([1, 0x21]);
    flags.value = c.MSG_OOB;
    expect(outcome(w, w.WSARecv(s, [buffer], 1, done, flags, null, null))).toEqual(fails(e.WSAEINVAL));
  });

  test("its errors: of datagrams, with MSG_WAITALL, inline, after the end of receiving, and on no connection", () => {
    const { v, w, s, hear, urgent, inline } = pair();
    hear("!");
    expect(urgent(c.MSG_WAITALL)).toBe(`error ${e.WSAEOPNOTSUPP}`);
    inline(1);
    expect(urgent()).toBe(NONE);
    inline(0);
    w.shutdown(s, c.SD_RECEIVE);
    expect(urgent()).toBe(`error ${e.WSAESHUTDOWN}`);
    const fresh = v.stream();
    expect(outcome(w, w.recv(fresh, new Uint8Array(1), 1, c.MSG_OOB))).toEqual(fails(e.WSAENOTCONN));
    expect(outcome(w, urge(w, fresh, "x"))).toEqual(fails(e.WSAENOTCONN));
    const udp = datagram(w);
    expect(outcome(w, w.sendto(udp, bytes("x"), 1, c.MSG_OOB, toPeer(), 16))).toEqual(fails(e.WSAEOPNOTSUPP));
    bind(v, udp, "0.0.0.0", 0);
    expect(outcome(w, w.recv(udp, new Uint8Array(1), 1, c.MSG_OOB))).toEqual(fails(e.WSAEOPNOTSUPP));
  });
});

test("out-of-band data is gone with its connection", () => {
  const { v, w, p, s, peer, hear, urgent, ready } = pair();
  hear("!");
  p.setsockopt(peer, c.SOL_SOCKET, c.SO_LINGER, { l_onoff: 1, l_linger: 0 }, 4);
  p.closesocket(peer);
  v.advance(100);
  expect([urgent(), ready()]).toEqual([`error ${e.WSAECONNRESET}`, "read"]);
  expect(w.closesocket(s)).toBe(0);
});

describe("SO_OOBINLINE", () => {
  test("puts what waits apart back, where SIOCATMARK minds it until it is read; later it does not (W: fionread_siocatmark)", () => {
    const { w, s, inline, hear, facts, ready } = pair();
    hear("a");
    expect([facts(), ready()]).toEqual([[0, 0], "except RDBAND"]);
    inline(1);
    expect([facts(), ready()]).toEqual([[1, 0], "read RDNORM"]);
    expect([recv(w, s), facts()]).toEqual(["a", [0, 1]]);
    hear("b");
    expect([facts(), ready(), recv(w, s)]).toEqual([[1, 1], "read RDNORM", "b"]);
  });

  test("a byte that stood apart and that the stream was read beyond is no condition any more, for MSG_OOB cannot have it", () => {
    const { w, s, inline, hear, urgent, facts, ready } = pair();
    hear("a!");
    hear("b", false);
    expect(recv(w, s)).toBe("ab");
    inline(1);
    expect([facts(), ready(), urgent()]).toEqual([[0, 1], "", NONE]);
    inline(0);
    expect([facts(), ready(), urgent()]).toEqual([[0, 0], "except RDBAND", "!"]);
  });

  test("gives the byte that it puts back to the receive that waits, and tells of it as FD_READ", () => {
    const { v, w, s, inline, hear } = pair();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, c.FD_READ);
    hear("!");
    inline(1);
    v.advance(10);
    const found = new_WSANETWORKEVENTS();
    w.WSAEnumNetworkEvents(s, event, found);
    expect([found.lNetworkEvents, recv(w, s)]).toEqual([c.FD_READ, "!"]);
    inline(0);
    hear("?");
    const buffer = { len: 4, buf: new Uint8Array(4) };
    const overlapped = new_WSAOVERLAPPED(w.WSACreateEvent());
    expect(outcome(w, w.WSARecv(s, [buffer], 1, null, { value: 0 }, overlapped, null))).toEqual(fails(e.WSA_IO_PENDING));
    inline(1);
    v.advance(10);
    expect(w.WSAGetOverlappedResult(s, overlapped, { value: 0 }, 0, { value: 0 })).toBe(1);
    expect(buffer.buf[0]).toBe(0x3f);
  });

  test("[URG-05] [URG-08] lets receives end before the urgent byte and behind it, and SIOCATMARK find it", () => {
    const { w, s, inline, hear, facts } = pair();
    inline(1);
    hear("ab!");
    hear("cd", false);
    expect([facts(), recv(w, s), facts(), recv(w, s), facts(), recv(w, s)]).toEqual([[5, 0], "ab", [3, 1], "!", [2, 1], "cd"]);
  });

  test("mixes nothing in a stream that is read ahead either", () => {
    const { v, w, p, s, peer, inline } = pair();
    inline(1);
    const block = new Uint8Array(8192).fill(0x61);
    const buffer = new Uint8Array(8192);
    for (let i = 0; i < 3; i++) p.send(peer, block, 8192, 0);
    v.advance(300);
    // Enough to be taken for a stream.
    for (let i = 0; i < 2; i++) expect(w.recv(s, buffer, 8192, 0)).toBe(8192);
    urge(p, peer, "!");
    say(p, peer, "tail");
    v.advance(300);
    const pieces: number[] = [];
    for (let left = 8192 + 5; left > 0; ) {
      const count = w.recv(s, buffer, 8192, 0);
      pieces.push(count);
      left -= count;
    }
    expect(pieces.slice(-2)).toEqual([1, 4]);
    expect(pieces.slice(0, -2).reduce((sum, count) => sum + count, 0)).toBe(8192);
  });

  test("is passed on to accepted sockets", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(81);
    p.setsockopt(listener, c.SOL_SOCKET, c.SO_OOBINLINE, { value: 1 }, 4);
    const s = v.stream();
    w.connect(s, toPeer(81), 16);
    const accepted = p.accept(listener, null, null);
    urge(w, s, "!");
    v.advance(100);
    expect(recv(p, accepted)).toBe("!");
  });
});

describe("[URG-04] FD_OOB", () => {
  function selected() {
    const made = pair();
    const { w, s } = made;
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, c.FD_ALL_EVENTS & ~c.FD_WRITE);
    const events = (): number => {
      const found = new_WSANETWORKEVENTS();
      expect(w.WSAEnumNetworkEvents(s, event, found)).toBe(0);
      return found.lNetworkEvents;
    };
    events();
    return { ...made, event, events };
  }

  test("is recorded for each byte that comes, and again after a receive that leaves one (W: oob_events)", () => {
    const { hear, events, urgent } = selected();
    hear("a");
    expect([events(), events()]).toEqual([c.FD_OOB, 0]);
    hear("b");
    expect([events(), events()]).toEqual([c.FD_OOB, 0]);
    expect([urgent(), events()]).toEqual(["a", c.FD_OOB]);
    expect([urgent(), events(), urgent(), events()]).toEqual(["b", 0, NONE, 0]);
  });

  test("comes beside FD_READ for what lies around it, and a plain receive re-enables it", () => {
    const { w, s, hear, events } = selected();
    hear("ab!");
    expect(events()).toBe(c.FD_READ | c.FD_OOB);
    expect([recv(w, s), events()]).toEqual(["ab", c.FD_OOB]);
  });

  test("is FD_READ with SO_OOBINLINE", () => {
    const { inline, hear, events } = selected();
    inline(1);
    hear("!");
    expect(events()).toBe(c.FD_READ);
  });

  test("is recorded by a selection that finds a byte waiting", () => {
    const { w, s, hear } = pair();
    hear("!");
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, c.FD_OOB);
    const found = new_WSANETWORKEVENTS();
    w.WSAEnumNetworkEvents(s, event, found);
    expect(found.lNetworkEvents).toBe(c.FD_OOB);
  });

  test("is one message until a receive, also for a second byte, and is posted again by a new selection (W: oob_events)", () => {
    const { w, s, hear, urgent } = pair();
    const window = w.CreateMessageWindow(null);
    const select = () => w.WSAAsyncSelect(s, window, WM_USER, c.FD_OOB);
    const messages = (): number[] => {
      const found: number[] = [];
      for (const msg = new_MSG(); w.PeekMessage(msg, 0, 0, 0, PM_REMOVE); ) found.push(msg.lParam);
      return found;
    };
    expect(select()).toBe(0);
    hear("a");
    expect(messages()).toEqual([c.FD_OOB]);
    hear("b");
    expect(messages()).toEqual([]);
    select();
    expect(messages()).toEqual([c.FD_OOB]);
    expect([urgent(), messages(), urgent(), messages()]).toEqual(["a", [c.FD_OOB], "b", []]);
  });
});
