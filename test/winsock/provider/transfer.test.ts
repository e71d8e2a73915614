import { describe, expect, test } from "@jest/globals";
import { LINUX } from "../../../src/stack/core/profile.ts";
import {
  FIONBIO,
  FIONREAD,
  MSG_PEEK,
  MSG_WAITALL,
  SD_BOTH,
  SD_RECEIVE,
  SD_SEND,
  SO_LINGER,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_sockaddr_in, type SOCKET, sizeof_linger } from "../../../src/winsock/abi/structures.ts";
import { address, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bytes, fails, nonblocking, outcome, recv, say, selected } from "../../support/winsock-calls.ts";

/** Reads until the end, an error, or `limit` bytes. */
function drain(v: VirtualWinsock, s: SOCKET, limit = Number.POSITIVE_INFINITY, face = v.peerWinsock): number {
  const buffer = new Uint8Array(256 * 1024);
  let total = 0;
  while (total < limit) {
    const length = face.recv(s, buffer, Math.min(buffer.length, limit - total), 0);
    if (length <= 0) break;
    total += length;
  }
  return total;
}

function resetBy(v: VirtualWinsock, s: SOCKET): void {
  v.peerWinsock.setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
  v.peerWinsock.closesocket(s);
  v.advance(1);
}

describe("send", () => {
  test("a nonblocking send takes all or nothing: all while the quota is not exceeded (Wine's test write_events)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    nonblocking(v, s);
    const size = 8_000_000;
    expect(v.winsock.send(s, new Uint8Array(size), size, 0)).toBe(size);
    expect(outcome(v.winsock, v.winsock.send(s, new Uint8Array(1), 1, 0))).toEqual(fails(e.WSAEWOULDBLOCK));
    expect(selected(v, s, 0)).toBe("");
    expect(drain(v, peer, size)).toBe(size);
    v.advance(1000);
    expect(selected(v, s, 0)).toBe("write");
  });

  test("… and is delivered even after closesocket", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.winsock.send(s, new Uint8Array(3_000_000), 3_000_000, 0);
    v.winsock.closesocket(s);
    expect(drain(v, peer)).toBe(3_000_000);
  });

  test("a blocking send waits for the quota, then takes all", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.winsock.send(s, new Uint8Array(1_000_000), 1_000_000, 0);
    v.after(5000, () => drain(v, peer, 1_000_000));
    const before = v.nowMs;
    expect(v.winsock.send(s, new Uint8Array(500_000), 500_000, 0)).toBe(500_000);
    expect(v.nowMs - before).toBeGreaterThanOrEqual(5000);
  });

  test("SO_SNDTIMEO ends the wait with WSAETIMEDOUT", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, { value: 700 }, 4);
    v.winsock.send(s, new Uint8Array(1_000_000), 1_000_000, 0);
    const before = v.nowMs;
    expect(outcome(v.winsock, say(v.winsock, s, "x"))).toEqual(fails(e.WSAETIMEDOUT));
    expect(v.nowMs - before).toBe(700);
  });

  test("without a send buffer a blocking send returns when the peer has acknowledged (Wine's test send)", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 0 }, 4);
    v.cable.configure("out", { delayMs: 50 });
    const before = v.nowMs;
    expect(say(v.winsock, s, "x")).toBe(1);
    expect(v.nowMs - before).toBeGreaterThanOrEqual(50);
  });

  test("without a send buffer a nonblocking socket takes each send, and select says so (Microsoft, SO_SNDBUF)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 0 }, 4);
    nonblocking(v, s);
    expect(["a", "b", "c"].map((text) => say(v.winsock, s, text))).toEqual([1, 1, 1]);
    expect(selected(v, s, 0)).toBe("write");
    v.advance(100);
    expect(recv(v.peerWinsock, peer)).toBe("abc");
  });

  test("with the linux profile a send buffer of 0 is the least that there is, and not one byte at a time", () => {
    const v = new VirtualWinsock({ profile: LINUX });
    const { s } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 0 }, 4);
    nonblocking(v, s);
    expect(v.winsock.send(s, new Uint8Array(10_000), 10_000, 0)).toBe(4608);
  });

  test("the linux profile takes what fits", () => {
    const v = new VirtualWinsock({ profile: LINUX });
    const { s } = v.pair();
    nonblocking(v, s);
    expect(v.winsock.send(s, new Uint8Array(1_000_000), 1_000_000, 0)).toBe(LINUX.sendBufferBytes);
  });

  test("sendto on a connected stream ignores the address, and recvfrom leaves it alone (Wine's test tcp_sendto_recvfrom)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    expect(v.winsock.sendto(s, bytes("hello"), 5, 0, address(OURS, 9), 16)).toBe(5);
    const from = new_sockaddr_in();
    const length = { value: 16 };
    expect(v.peerWinsock.recvfrom(peer, new Uint8Array(9), 9, 0, from, length)).toBe(5);
    expect([from, length.value]).toEqual([new_sockaddr_in(), 16]);
  });

  test("a long sendto goes in pieces as send does", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    expect(v.winsock.sendto(s, new Uint8Array(600_000), 600_000, 0, address(PEER, 9), 16)).toBe(600_000);
    expect(drain(v, peer, 600_000)).toBe(600_000);
  });
});

describe("recv", () => {
  test("returns what is there, and waits when there is nothing", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.after(200, () => say(v.peerWinsock, peer, "abc"));
    const before = v.nowMs;
    expect(recv(v.winsock, s)).toBe("abc");
    expect(v.nowMs - before).toBe(200);
  });

  test("a nonblocking one says WSAEWOULDBLOCK", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect(recv(v.winsock, nonblocking(v, s))).toBe(`error ${e.WSAEWOULDBLOCK}`);
  });

  test("data first, then 0 for ever after the peer's FIN, and the last error is 0 (ReactOS's test recv)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "last");
    v.peerWinsock.closesocket(peer);
    v.advance(1);
    expect([recv(v.winsock, s), recv(v.winsock, s), recv(v.winsock, s)]).toEqual(["last", "", ""]);
    expect(v.winsock.WSAGetLastError()).toBe(0);
  });

  test("MSG_PEEK leaves the bytes, FIONREAD counts them", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "abc");
    v.advance(1);
    const buffer = new Uint8Array(2);
    expect([v.winsock.recv(s, buffer, 2, MSG_PEEK), [...buffer]]).toEqual([2, [...bytes("ab")]]);
    const count = { value: 0 };
    v.winsock.ioctlsocket(s, FIONREAD, count);
    expect(count.value).toBe(3);
    expect(recv(v.winsock, s)).toBe("abc");
  });

  test("MSG_WAITALL waits for all, more than one piece of it too, or for the end", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    for (let i = 1; i <= 6; i++) v.after(i * 100, () => v.peerWinsock.send(peer, new Uint8Array(100_000).fill(i), 100_000, 0));
    const buffer = new Uint8Array(550_000);
    expect(v.winsock.recv(s, buffer, buffer.length, MSG_WAITALL)).toBe(550_000);
    expect([buffer[0], buffer[299_999], buffer[300_000], buffer[549_999]]).toEqual([1, 3, 4, 6]);
    v.after(1000, () => v.peerWinsock.closesocket(peer));
    expect(v.winsock.recv(s, buffer, buffer.length, MSG_WAITALL)).toBe(50_000);
  });

  test("MSG_WAITALL does not go with MSG_PEEK or a nonblocking socket", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const buffer = new Uint8Array(1);
    expect(outcome(v.winsock, v.winsock.recv(s, buffer, 1, MSG_WAITALL | MSG_PEEK))).toEqual(fails(e.WSAEOPNOTSUPP));
    expect(outcome(v.winsock, v.winsock.recv(nonblocking(v, s), buffer, 1, MSG_WAITALL))).toEqual(fails(e.WSAEOPNOTSUPP));
  });

  test("SO_RCVTIMEO ends a blocking wait with WSAETIMEDOUT, and leaves no timer", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 1500 }, 4);
    const before = v.nowMs;
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAETIMEDOUT}`);
    expect(v.nowMs - before).toBe(1500);
    say(v.peerWinsock, peer, "x");
    expect(recv(v.winsock, s)).toBe("x");
    expect(v.ours.timers.pending().filter((timer) => timer.owner.startsWith("winsock"))).toEqual([]);
  });
});

describe("the end of a connection", () => {
  test("a reset: send and recv are WSAECONNRESET every time, SO_ERROR is not set (Wine's test tcp_reset)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    resetBy(v, peer);
    for (let i = 0; i < 2; i++) {
      expect(recv(v.winsock, s)).toBe(`error ${e.WSAECONNRESET}`);
      expect(outcome(v.winsock, say(v.winsock, s, "x"))).toEqual(fails(e.WSAECONNRESET));
    }
  });

  test("a reset ends a recv that waits", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.after(100, () => resetBy(v, peer));
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAECONNRESET}`);
  });

  test("sending to a peer that closed: the first send succeeds, recv is then WSAECONNABORTED (Wine's test shutdown)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.peerWinsock.closesocket(peer);
    v.advance(10);
    expect(say(v.winsock, s, "x")).toBe(1);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAECONNABORTED}`);
  });

  test("data that nobody acknowledges: WSAECONNABORTED in the end (KB170359)", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.cable.configure("out", { loss: 1 });
    say(v.winsock, s, "x");
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAECONNABORTED}`);
  });

  test("a device that is gone: WSAENETDOWN", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.after(10, () => v.unplug());
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAENETDOWN}`);
  });
});

describe("shutdown", () => {
  test("SD_SEND: the peer sees the end, and may still send (half-close)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.winsock, s, "bye");
    v.winsock.shutdown(s, SD_SEND);
    expect([recv(v.peerWinsock, peer), recv(v.peerWinsock, peer)]).toEqual(["bye", ""]);
    say(v.peerWinsock, peer, "wait");
    expect(recv(v.winsock, s)).toBe("wait");
    expect(outcome(v.winsock, say(v.winsock, s, "x"))).toEqual(fails(e.WSAESHUTDOWN));
  });

  test("SD_RECEIVE: the peer's send succeeds, our recv is WSAESHUTDOWN even if data is queued (Wine's test shutdown)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "queued");
    v.advance(1);
    v.winsock.shutdown(s, SD_RECEIVE);
    expect(say(v.peerWinsock, peer, "more")).toBe(4);
    v.advance(1);
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAESHUTDOWN}`);
    expect(say(v.winsock, s, "still")).toBe(5);
  });

  test("may be repeated", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect([SD_BOTH, SD_BOTH, SD_SEND, SD_RECEIVE].map((how) => v.winsock.shutdown(s, how))).toEqual([0, 0, 0, 0]);
  });
});

describe("closesocket and SO_LINGER (Microsoft, closesocket function)", () => {
  const linger = (v: VirtualWinsock, s: SOCKET, seconds: number) =>
    v.winsock.setsockopt(s, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: seconds }, sizeof_linger);

  test("a socket is none any more afterwards", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect(v.winsock.closesocket(s)).toBe(0);
    expect(outcome(v.winsock, v.winsock.closesocket(s))).toEqual(fails(e.WSAENOTSOCK));
  });

  test("linger of 0 seconds: a reset now, and no TIME-WAIT", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    linger(v, s, 0);
    v.winsock.closesocket(s);
    expect(recv(v.peerWinsock, peer)).toBe(`error ${e.WSAECONNRESET}`);
    expect(v.ours.tcp.statuses()).toEqual([]);
  });

  test("unread data at close: the peer gets a reset", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "unread");
    v.advance(10);
    v.winsock.closesocket(s);
    expect(recv(v.peerWinsock, peer)).toBe(`error ${e.WSAECONNRESET}`);
  });

  test("linger of some seconds: closesocket returns when everything is acknowledged", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    linger(v, s, 30);
    v.winsock.send(s, new Uint8Array(1_000_000), 1_000_000, 0);
    v.after(3000, () => drain(v, peer, 1_000_000));
    const before = v.nowMs;
    expect(v.winsock.closesocket(s)).toBe(0);
    expect(v.nowMs - before).toBeGreaterThanOrEqual(3000);
    expect(v.nowMs - before).toBeLessThan(30_000);
  });

  test("… or when they are over, and then closes hard", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    linger(v, s, 2);
    v.winsock.send(s, new Uint8Array(4_000_000), 4_000_000, 0);
    const before = v.nowMs;
    expect(v.winsock.closesocket(s)).toBe(0);
    expect(v.nowMs - before).toBe(2000);
    v.advance(1);
    expect(recv(v.peerWinsock, peer)).toBe(`error ${e.WSAECONNRESET}`);
  });

  test("… nor is there anything to wait for when unread data makes a reset of it", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    linger(v, s, 30);
    say(v.peerWinsock, peer, "unread");
    v.advance(10);
    const before = v.nowMs;
    expect(v.winsock.closesocket(s)).toBe(0);
    expect(v.nowMs).toBe(before);
    expect(recv(v.peerWinsock, peer)).toBe(`error ${e.WSAECONNRESET}`);
  });

  test("… but on a nonblocking socket it is WSAEWOULDBLOCK, and the socket stays", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    linger(v, s, 2);
    nonblocking(v, s);
    expect(outcome(v.winsock, v.winsock.closesocket(s))).toEqual(fails(e.WSAEWOULDBLOCK));
    expect(say(v.winsock, s, "here")).toBe(4);
    expect(recv(v.peerWinsock, peer)).toBe("here");
    v.winsock.ioctlsocket(s, FIONBIO, { value: 0 });
    expect(v.winsock.closesocket(s)).toBe(0);
  });
});

describe("accept", () => {
  test("waits for a connection, tells who it is, and takes them in order", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    const clients = [6001, 6002].map((port) => {
      const s = v.stream(v.peerWinsock);
      v.peerWinsock.bind(s, address(PEER, port), 16);
      return s;
    });
    v.peerWinsock.ioctlsocket(clients[0]!, FIONBIO, { value: 1 });
    v.peerWinsock.ioctlsocket(clients[1]!, FIONBIO, { value: 1 });
    clients.forEach((s, i) => {
      v.after(100 * (i + 1), () => v.peerWinsock.connect(s, address(OURS, 5000), 16));
    });
    const names = [0, 1].map(() => {
      const name = new_sockaddr_in();
      v.winsock.accept(listener, name, { value: 16 });
      return name;
    });
    expect(names).toEqual([address(PEER, 6001), address(PEER, 6002)]);
  });

  test("a short length is WSAEFAULT, and the connection stays queued (Wine's test accept)", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 5000), 16);
    const length = { value: 0 };
    expect(outcome(v.winsock, v.winsock.accept(listener, new_sockaddr_in(), length))).toEqual(fails(e.WSAEFAULT));
    expect(length.value).toBe(0);
    expect(v.winsock.accept(listener, new_sockaddr_in(), null)).toBeGreaterThan(0);
  });

  test("closing the listener ends an accept that waits, with WSAEINTR", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    v.after(10, () => v.winsock.closesocket(listener));
    expect(outcome(v.winsock, v.winsock.accept(listener, null, null))).toEqual(fails(e.WSAEINTR));
  });

  test("the accepted socket has its listener's port, and a client gone before is WSAECONNRESET (Microsoft, accept function)", () => {
    const v = new VirtualWinsock();
    const listener = v.listener(5000, v.winsock);
    const gone = v.stream(v.peerWinsock);
    v.peerWinsock.connect(gone, address(OURS, 5000), 16);
    resetBy(v, gone);
    expect(outcome(v.winsock, v.winsock.accept(listener, null, null))[1]).toBe(e.WSAECONNRESET);
    v.peerWinsock.connect(v.stream(v.peerWinsock), address(OURS, 5000), 16);
    const name = new_sockaddr_in();
    v.winsock.getsockname(v.winsock.accept(listener, null, null), name, { value: 16 });
    expect(name).toEqual(address(OURS, 5000));
  });
});

test("a send is taken while less than SO_SNDBUF waits, and no more when as much does (Wine's test write_events)", () => {
  const v = new VirtualWinsock();
  const { s } = v.pair();
  nonblocking(v, s);
  v.winsock.setsockopt(s, SOL_SOCKET, SO_SNDBUF, { value: 1000 }, 4);
  const send = (length: number) => outcome(v.winsock, v.winsock.send(s, new Uint8Array(length), length, 0));
  expect([send(999)[0], send(1)[0], send(1)]).toEqual([999, 1, fails(e.WSAEWOULDBLOCK)]);
  v.advance(1000);
  expect([send(5000)[0], send(1)]).toEqual([5000, fails(e.WSAEWOULDBLOCK)]);
});
