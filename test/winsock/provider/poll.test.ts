import { describe, expect, test } from "@jest/globals";
import { WINDOWS } from "../../../src/stack/core/profile.ts";
import {
  INVALID_SOCKET,
  new_WSAPOLLFD,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDNORM,
  POLLWRNORM,
  SD_SEND,
  SO_LINGER,
  type SOCKET,
  SOL_SOCKET,
  sizeof_linger,
  sizeof_WSAPOLLFD,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOTSOCK,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, nonblocking, outcome, say } from "../../support/winsock-calls.ts";

/** Wine's test WSAPoll, as winsock.md §9 tells it; Microsoft's page where it says nothing. */

const ALL = POLLIN | POLLOUT;

/** What WSAPoll returns, and revents of each entry. */
function polled(w: BlockingFace, entries: readonly (readonly [SOCKET, number])[], timeout = 0): [number, number[]] {
  const fds = entries.map(([s, events]) => ({ ...new_WSAPOLLFD(s, events), revents: 0xdead }));
  const count = w.WSAPoll(fds, fds.length, timeout);
  return [count, fds.map(({ revents }) => revents)];
}

const one = (w: BlockingFace, s: SOCKET, events = ALL, timeout = 0) => {
  const [count, [revents]] = polled(w, [[s, events]], timeout);
  return [count, revents];
};

describe("which state is which event", () => {
  test("a listener is readable when there is a connection, and never writable", () => {
    const v = new VirtualWinsock();
    const s = v.listener(80);
    expect(one(v.peerWinsock, s)).toEqual([0, 0]);
    connect(v, v.stream(), PEER, 80);
    expect(one(v.peerWinsock, s)).toEqual([1, POLLRDNORM]);
  });

  test("a connected stream is writable, and readable with data", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM]);
    expect(one(v.winsock, s, POLLRDNORM)).toEqual([0, 0]);
    say(v.peerWinsock, peer, "x");
    v.advance(50);
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM | POLLRDNORM]);
  });

  test("the peer's end is a hang-up, asked for or not, and unread data is still there", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "x");
    v.peerWinsock.shutdown(peer, SD_SEND);
    v.advance(50);
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM | POLLRDNORM | POLLHUP]);
    v.winsock.recv(s, new Uint8Array(1), 1, 0);
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM | POLLHUP]);
    expect(one(v.winsock, s, 0)).toEqual([1, POLLHUP]);
  });

  test("our own shutdown changes nothing", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.winsock.shutdown(s, SD_SEND);
    v.advance(50);
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM]);
  });

  test("a reset is an error and a hang-up", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
    v.peerWinsock.closesocket(peer);
    v.advance(50);
    expect(one(v.winsock, s)).toEqual([1, POLLWRNORM | POLLERR | POLLHUP]);
  });

  test.each([
    [true, [1, POLLWRNORM | POLLERR | POLLHUP]],
    [false, [0, 0]],
  ])("a connect that failed is told of by newer systems (pollReportsFailedConnect: %s)", (pollReportsFailedConnect, found) => {
    const v = new VirtualWinsock({ profile: { ...WINDOWS, pollReportsFailedConnect } });
    const s = nonblocking(v, v.stream());
    connect(v, s, PEER, 81);
    expect(one(v.winsock, s, ALL, 10_000)).toEqual(found);
  });

  test("a stream that is neither connected nor listening has none; a datagram socket is writable", () => {
    const v = new VirtualWinsock();
    expect(one(v.winsock, v.stream())).toEqual([0, 0]);
    expect(one(v.winsock, datagram(v.winsock))).toEqual([1, POLLWRNORM]);
  });
});

describe("waiting", () => {
  test("goes on until something happens", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const from = v.nowMs;
    v.after(300, () => say(v.peerWinsock, peer, "x"));
    expect(one(v.winsock, s, POLLRDNORM, -1)).toEqual([1, POLLRDNORM]);
    expect(v.nowMs - from).toBeGreaterThanOrEqual(300);
  });

  test("or the time is over", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const from = v.nowMs;
    expect(one(v.winsock, s, POLLRDNORM, 700)).toEqual([0, 0]);
    expect(v.nowMs - from).toBe(700);
  });

  test("a connect comes to its end", () => {
    const v = new VirtualWinsock();
    v.listener(80);
    const s = nonblocking(v, v.stream());
    connect(v, s, PEER, 80);
    expect(one(v.winsock, s, POLLOUT, 5000)).toEqual([1, POLLWRNORM]);
  });

  test("a datagram comes", () => {
    const v = new VirtualWinsock();
    const s = datagram(v.winsock);
    bind(v, s, OURS, 7000);
    const peer = datagram(v.peerWinsock);
    v.after(100, () => v.peerWinsock.sendto(peer, new Uint8Array(1), 1, 0, address(OURS, 7000), 16));
    expect(one(v.winsock, s, POLLRDNORM, -1)).toEqual([1, POLLRDNORM]);
  });
});

describe("what is no socket, or no event", () => {
  test("no entries are WSAEINVAL, and no memory WSAEFAULT", () => {
    const { winsock: w } = new VirtualWinsock();
    expect(outcome(w, w.WSAPoll(null, 0, 0))).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.WSAPoll(null, 1, 0))).toEqual(fails(WSAEFAULT));
    expect(outcome(w, w.WSAPoll([], 1, 0))).toEqual(fails(WSAEFAULT));
    expect(outcome(w, w.WSAPoll(new Uint8Array(sizeof_WSAPOLLFD), 2, 0))).toEqual(fails(WSAEFAULT));
  });

  test("is POLLNVAL and not counted; where it is all there is, WSAENOTSOCK", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s } = v.pair();
    expect(
      polled(w, [
        [4000, ALL],
        [s, POLLOUT],
        [INVALID_SOCKET, 0],
      ]),
    ).toEqual([1, [POLLNVAL, POLLWRNORM, POLLNVAL]]);
    expect(polled(w, [[4000, ALL]])).toEqual([-1, [POLLNVAL]]);
    expect(w.WSAGetLastError()).toBe(WSAENOTSOCK);
  });

  test("bits that cannot be asked for are WSAEINVAL, of a socket and of a bad handle behind one", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const { s } = v.pair();
    for (const bits of [POLLPRI, POLLERR, POLLHUP, POLLNVAL, 0x8000 << 16]) {
      expect(polled(w, [[s, bits]])).toEqual([-1, [0]]);
      expect(w.WSAGetLastError()).toBe(WSAEINVAL);
    }
    expect(
      polled(w, [
        [s, POLLOUT],
        [4000, POLLERR],
      ]),
    ).toEqual([-1, [0, 0]]);
    expect(
      polled(w, [
        [s, POLLOUT],
        [INVALID_SOCKET, POLLERR],
      ]),
    ).toEqual([1, [POLLWRNORM, POLLNVAL]]);
  });

  test("in C layout descriptors and events are read, and revents are written", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const fds = new Uint8Array(sizeof_WSAPOLLFD);
    const view = new DataView(fds.buffer);
    view.setUint32(0, s, true);
    view.setInt16(8, POLLOUT, true);
    expect(v.winsock.WSAPoll(fds, 1, 0)).toBe(1);
    expect(view.getInt16(10, true)).toBe(POLLWRNORM);
  });
});
