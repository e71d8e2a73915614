import { describe, expect, test } from "@jest/globals";
import { LINUX, type Profile, WINDOWS } from "../../../src/stack/core/profile.ts";
import {
  AF_INET,
  CF_ACCEPT,
  CF_DEFER,
  CF_REJECT,
  FD_ACCEPT,
  FIONBIO,
  HasOverlappedIoCompleted,
  INVALID_SOCKET,
  new_sockaddr_in6,
  new_WSANETWORKEVENTS,
  new_WSAOVERLAPPED,
  POLLRDNORM,
  POLLWRNORM,
  SO_CONDITIONAL_ACCEPT,
  SO_CONNECT_TIME,
  SO_ERROR,
  SO_PAUSE_ACCEPT,
  SOCK_STREAM,
  type SOCKET,
  SOL_SOCKET,
  WSA_IO_PENDING,
  WSAEACCES,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEINTR,
  WSAEMFILE,
  WSAENETDOWN,
  WSAETIMEDOUT,
  WSAEWOULDBLOCK,
  WSATRY_AGAIN,
} from "../../../src/winsock/abi/index.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { CALL, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { ipOf } from "../../support/insides.ts";
import { bind6, connect6, ipv6Winsock, OURS6, PEER6, stream6, text6 } from "../../support/ipv6-winsock.ts";
import { OUR_ADDRESS } from "../../support/two-hosts.ts";
import { address, OURS, PEER, VirtualWinsock, type VirtualWinsockOptions } from "../../support/virtual-winsock.ts";
import { bind, connect, fails, outcome, recv, SUCCESS, say, selected, set, soError } from "../../support/winsock-calls.ts";

/** Microsoft, "SO_CONDITIONAL_ACCEPT socket option" and "WSAAccept function"; SO_PAUSE_ACCEPT: "SOL_SOCKET Socket Options". */

const PORT = 80;

interface Family {
  readonly name: string;
  readonly world: (options?: VirtualWinsockOptions) => VirtualWinsock;
  readonly stream: (v: VirtualWinsock, face: BlockingFace) => SOCKET;
  readonly bind: (v: VirtualWinsock, s: SOCKET) => void;
  /** From the peer, to our port. */
  readonly connect: (v: VirtualWinsock, s: SOCKET) => readonly [number, number];
  /** The address in the WSABUF of a condition function. */
  readonly addressIn: (name: Uint8Array) => string;
  readonly peer: string;
}

const FAMILIES: readonly Family[] = [
  {
    name: "IPv4",
    world: (options) => new VirtualWinsock(options),
    stream: (v, face) => v.stream(face),
    bind: (v, s) => bind(v, s, OURS, PORT),
    connect: (v, s) => connect(v, s, OURS, PORT, v.peerWinsock),
    addressIn: (name) => name.slice(4, 8).join("."),
    peer: PEER,
  },
  {
    name: "IPv6",
    world: (options) => ipv6Winsock(options),
    stream: stream6,
    bind: (v, s) => bind6(v, s, "::", PORT),
    connect: (v, s) => connect6(v, s, OURS6, PORT, 0, v.peerWinsock),
    addressIn: (name) => text6({ ...new_sockaddr_in6(), sin6_addr: { s6_addr: name.slice(8, 24) } }),
    peer: PEER6,
  },
];

/** A listener of ours with the option set, and a client of the peer's that knocks when it is told to. */
function conditional(family: Family = FAMILIES[0]!, options: VirtualWinsockOptions = {}, backlog = 8) {
  const v = family.world(options);
  const { winsock: w, peerWinsock: p } = v;
  const listener = family.stream(v, w);
  family.bind(v, listener);
  expect(set(v, listener, SO_CONDITIONAL_ACCEPT)).toBe(0);
  expect(w.listen(listener, backlog)).toBe(0);
  const client = (): SOCKET => {
    const c = family.stream(v, p);
    p.ioctlsocket(c, FIONBIO, { value: 1 });
    expect(family.connect(v, c)).toEqual(fails(WSAEWOULDBLOCK));
    v.advance(20);
    return c;
  };
  const ask = (verdict: number): readonly [number, number] => {
    const s = w.WSAAccept(listener, null, null, () => verdict, 0);
    return outcome(w, s);
  };
  const canWrite = (c: SOCKET): boolean => p.WSAPoll([{ fd: c, events: POLLWRNORM, revents: 0 }], 1, 0) === 1;
  return { v, w, p, listener, client, ask, canWrite };
}

const error = (code: number) => [INVALID_SOCKET, code];
const peerError = (v: VirtualWinsock, c: SOCKET): number => {
  const value = { value: -1 };
  v.peerWinsock.getsockopt(c, SOL_SOCKET, SO_ERROR, value, { value: 4 });
  return value.value;
};

describe.each(FAMILIES)("SO_CONDITIONAL_ACCEPT over $name", (family) => {
  test("CF_ACCEPT lets the client in, who was not connected before", () => {
    const { v, w, p, listener, client, canWrite } = conditional(family);
    const c = client();
    expect(selected(v, listener, 0)).toBe("read");
    expect(canWrite(c)).toBe(false);
    expect(v.ours.tcp.connectionCount).toBe(0);
    const callers: string[] = [];
    const s = w.WSAAccept(
      listener,
      null,
      null,
      (caller) => {
        callers.push(family.addressIn(caller.buf!));
        expect(canWrite(c)).toBe(false);
        return CF_ACCEPT;
      },
      0,
    );
    expect(s).not.toBe(INVALID_SOCKET);
    expect(callers).toEqual([family.peer]);
    v.advance(20);
    say(p, c, "hello");
    expect(recv(w, s)).toBe("hello");
    expect(selected(v, listener, 0)).toBe("");
  });

  test("CF_REJECT refuses the client, who was never connected", () => {
    const { v, listener, client, ask } = conditional(family);
    const c = client();
    expect(ask(CF_REJECT)).toEqual(error(WSAECONNREFUSED));
    v.advance(20);
    expect(peerError(v, c)).toBe(WSAECONNREFUSED);
    expect(selected(v, listener, 0)).toBe("");
  });

  test("CF_DEFER leaves it in the queue, for whichever accept comes", () => {
    const { v, w, p, listener, client, ask, canWrite } = conditional(family);
    const c = client();
    expect(ask(CF_DEFER)).toEqual(error(WSATRY_AGAIN));
    expect(ask(7)[0]).toBe(INVALID_SOCKET);
    v.advance(2000);
    expect([selected(v, listener, 0), canWrite(c)]).toEqual(["read", false]);
    const s = w.accept(listener, null, null);
    say(w, s, "late");
    v.advance(20);
    expect(recv(p, c)).toBe("late");
  });
});

describe("SO_CONDITIONAL_ACCEPT", () => {
  test.each<readonly [Profile, number]>([
    [WINDOWS, 5],
    [LINUX, 1],
  ])("a client of profile %j is refused after its own tries, each of which is asked about", (peerProfile, tries) => {
    const { v, listener, client, ask } = conditional(undefined, { peerProfile });
    const c = client();
    let asked = 0;
    for (let ms = 0; ms < 5000; ms += 50) {
      if (selected(v, listener, 0) === "read") {
        ask(CF_REJECT);
        asked++;
      }
      v.advance(50);
    }
    expect([asked, peerError(v, c)]).toEqual([tries, WSAECONNREFUSED]);
  });

  test("FD_ACCEPT tells of a request, and again of the next", () => {
    const { w, listener, client, ask } = conditional();
    const event = w.WSACreateEvent();
    w.WSAEventSelect(listener, event, FD_ACCEPT);
    const told = (): number => {
      const found = new_WSANETWORKEVENTS();
      w.WSAEnumNetworkEvents(listener, event, found);
      return found.lNetworkEvents;
    };
    expect(told()).toBe(0);
    client();
    expect(told()).toBe(FD_ACCEPT);
    expect(told()).toBe(0);
    ask(CF_REJECT);
    expect(told()).toBe(0);
    client();
    expect(told()).toBe(FD_ACCEPT);
  });

  test("accept waits for a request, and for the end of its handshake", () => {
    const { v, w, listener, client } = conditional();
    v.cable.configure("out", { delayMs: 300 });
    v.after(100, client);
    const begun = v.nowMs;
    const s = w.accept(listener, null, null);
    expect(s).not.toBe(INVALID_SOCKET);
    // The SYN-ACK took its time, and the ACK of it was there when the call returned.
    expect(v.nowMs - begun).toBeGreaterThanOrEqual(400);
    expect(v.ours.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "ESTABLISHED"]);
    const seconds = { value: -1 };
    w.getsockopt(s, SOL_SOCKET, SO_CONNECT_TIME, seconds, { value: 4 });
    expect(seconds.value).toBe(0);
  });

  test("accept goes on to the next when nothing comes of a handshake", () => {
    const { v, w, p, listener, client } = conditional();
    const gone = client();
    p.closesocket(gone);
    const c = client();
    const s = w.accept(listener, null, null);
    say(w, s, "you");
    v.advance(20);
    expect(recv(p, c)).toBe("you");
    expect(selected(v, listener, 0)).toBe("");
  });

  test("WSAAccept does not go on to one that its function was not asked about", () => {
    const { p, client, ask } = conditional();
    p.closesocket(client());
    client();
    expect(ask(CF_ACCEPT)).toEqual(error(WSAECONNRESET));
    expect(ask(CF_ACCEPT)[0]).not.toBe(INVALID_SOCKET);
  });

  test("a handshake that nobody answers any more is WSAEACCES for WSAAccept", () => {
    const { v, client, ask } = conditional();
    client();
    v.cable.configure("out", { loss: 1 });
    const begun = v.nowMs;
    expect(ask(CF_ACCEPT)).toEqual(error(WSAEACCES));
    expect(v.nowMs - begun).toBe(7000);
    expect(v.ours.tcp.connectionCount).toBe(0);
  });

  test.each([
    ["the address", (v: VirtualWinsock) => ipOf(v.ours).removeAddress(ipOf(v.ours).interfaces[0]!, OUR_ADDRESS)],
    ["the device", (v: VirtualWinsock) => v.unplug()],
  ])("%s goes in the handshake: WSAENETDOWN for WSAAccept, of a listener there and of one of all addresses", (_what, goes) => {
    for (const at of [OURS, "0.0.0.0"]) {
      const v = new VirtualWinsock();
      const { winsock: w, peerWinsock: p } = v;
      const listener = v.stream();
      bind(v, listener, at, PORT);
      set(v, listener, SO_CONDITIONAL_ACCEPT);
      w.listen(listener, 8);
      const c = v.stream(p);
      p.ioctlsocket(c, FIONBIO, { value: 1 });
      connect(v, c, OURS, PORT, p);
      v.advance(20);
      v.cable.configure("out", { delayMs: 300 });
      v.after(100, () => goes(v));
      const begun = v.nowMs;
      expect(
        outcome(
          w,
          w.WSAAccept(listener, null, null, () => CF_ACCEPT, 0),
        ),
      ).toEqual(error(WSAENETDOWN));
      expect(v.nowMs - begun).toBe(100);
      expect(v.isStuck).toBe(false);
    }
  });

  test("a request that went while its function thought is WSAEACCES, and no other takes its place", () => {
    const { v, w, p, listener, client } = conditional();
    p.closesocket(client());
    const slowly = () => {
      v.advance(31_000);
      client();
      return CF_ACCEPT;
    };
    expect(outcome(w, w.WSAAccept(listener, null, null, slowly, 0))).toEqual(error(WSAEACCES));
    expect(selected(v, listener, 0)).toBe("read");
    // To reject what is gone changes nothing for others.
    const late = (verdict: number) => () => {
      v.advance(31_000);
      return verdict;
    };
    expect(outcome(w, w.WSAAccept(listener, null, null, late(CF_REJECT), 0))).toEqual(error(WSAECONNREFUSED));
  });

  test("one that another thread has decided upon is WSAEACCES too", () => {
    const v = new VirtualWinsock();
    const [a, b] = v.threads(2);
    const listener = v.stream(a);
    bind(v, listener, OURS, PORT, a);
    a!.setsockopt(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, { value: 1 }, 4);
    a!.listen(listener, 8);
    for (let i = 0; i < 2; i++) {
      const c = v.stream(v.peerWinsock);
      v.peerWinsock.ioctlsocket(c, FIONBIO, { value: 1 });
      connect(v, c, OURS, PORT, v.peerWinsock);
    }
    v.advance(20);
    const condition = () => {
      expect(b!.accept(listener, null, null)).not.toBe(INVALID_SOCKET);
      return CF_ACCEPT;
    };
    expect(outcome(a!, a!.WSAAccept(listener, null, null, condition, 0))).toEqual(error(WSAEACCES));
  });

  describe.each([
    ["requests", true],
    ["connections", false],
  ])("a function is asked about one of the %s, whatever another thread is asked meanwhile", (_what, isConditional) => {
    /** Two clients knock at a listener of two threads. */
    function threads() {
      const v = new VirtualWinsock();
      const { peerWinsock: p } = v;
      const [a, b] = v.threads(2) as unknown as readonly [BlockingFace, BlockingFace];
      const listener = v.stream(a);
      bind(v, listener, OURS, PORT, a);
      if (isConditional) a.setsockopt(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, { value: 1 }, 4);
      a.listen(listener, 8);
      const clients = [1, 2].map(() => {
        const c = v.stream(p);
        p.ioctlsocket(c, FIONBIO, { value: 1 });
        connect(v, c, OURS, PORT, p);
        v.advance(20);
        return c;
      });
      const ask = (face: BlockingFace, condition: () => number) => outcome(face, face.WSAAccept(listener, null, null, condition, 0));
      return { v, p, a, b, listener, second: clients[1]!, ask };
    }

    test.each([
      ["CF_ACCEPT", CF_ACCEPT, WSAEACCES],
      ["CF_REJECT", CF_REJECT, WSAECONNREFUSED],
    ])("and %s leaves the other's where it is", (_verdict, verdict, code) => {
      const { v, p, a, b, listener, second, ask } = threads();
      const meanwhile = (): number => {
        expect(b.accept(listener, null, null)).not.toBe(INVALID_SOCKET);
        expect(ask(b, () => CF_DEFER)).toEqual(error(WSATRY_AGAIN));
        return verdict;
      };
      expect(ask(a, meanwhile)).toEqual(error(code));
      const s = b.accept(listener, null, null);
      say(b, s, "second");
      v.advance(20);
      expect(recv(p, second)).toBe("second");
    });

    test("and both may agree, each to what it was asked about", () => {
      const { v, p, a, b, second, ask } = threads();
      const callers: unknown[] = [];
      const agreeing = () => {
        callers.push(ask(b, () => CF_ACCEPT));
        return CF_ACCEPT;
      };
      // Both were asked about the first, which the second thread took.
      expect(ask(a, agreeing)).toEqual(error(WSAEACCES));
      expect(callers).not.toContainEqual(error(WSAEACCES));
      const [s] = ask(a, () => CF_ACCEPT);
      say(a, s, "second");
      v.advance(20);
      expect(recv(p, second)).toBe("second");
    });

    test("or it asks itself", () => {
      const { a, ask } = threads();
      const inner = (): number => {
        expect(ask(a, () => CF_REJECT)).toEqual(error(WSAECONNREFUSED));
        expect(ask(a, () => CF_DEFER)).toEqual(error(WSATRY_AGAIN));
        return CF_ACCEPT;
      };
      expect(ask(a, inner)).toEqual(error(WSAEACCES));
      expect(ask(a, () => CF_ACCEPT)[0]).not.toBe(INVALID_SOCKET);
    });

    test("which a program that does not say whom it was asked about takes for the next", () => {
      const v = new VirtualWinsock();
      const port = v.blockingPort();
      const call = (op: number, request: Partial<CallRequest>) =>
        port.call({ op, ...{ s: listener, a: 0, b: 0, c: 0, data: null }, ...request });
      let listener = 0;
      call(CALL.startup, { a: 0x0202 });
      listener = call(CALL.socket, { a: AF_INET, b: SOCK_STREAM }).result;
      call(CALL.bind, { a: 16, data: Uint8Array.of(2, 0, 0, PORT, ...new Uint8Array(12)) });
      if (isConditional) call(CALL.setsockopt, { a: SOL_SOCKET, b: SO_CONDITIONAL_ACCEPT, c: 4, data: Uint8Array.of(1, 0, 0, 0) });
      call(CALL.listen, { a: 8 });
      for (let i = 0; i < 2; i++) {
        const c = v.stream(v.peerWinsock);
        v.peerWinsock.ioctlsocket(c, FIONBIO, { value: 1 });
        connect(v, c, OURS, PORT, v.peerWinsock);
        v.advance(20);
      }
      const offers = [call(CALL.offer, {}).b, call(CALL.reject, {}).error, call(CALL.offer, {}).b];
      expect(offers).toEqual([expect.any(Number), 0, expect.any(Number)]);
      expect(offers[0]).not.toBe(offers[2]);
      expect(call(CALL.accept, { a: -1, b: 1 }).error).toBe(0);
      expect(call(CALL.accept, { a: -1, b: 1 }).error).toBe(WSAEACCES);
      expect(call(CALL.reject, {}).error).toBe(0);
    });

    test("and does not wait for another when it was the last", () => {
      const { v, a, b, listener, ask } = threads();
      b.accept(listener, null, null);
      const begun = v.nowMs;
      const taken = () => {
        b.accept(listener, null, null);
        return CF_ACCEPT;
      };
      expect(ask(a, taken)).toEqual(error(WSAEACCES));
      expect([v.nowMs - begun < 100, v.isStuck]).toEqual([true, false]);
    });
  });

  test("a client that nobody decides about times out, and is forgotten", () => {
    const { v, listener, client } = conditional(undefined, { peerProfile: WINDOWS });
    const c = client();
    v.advance(21_000);
    expect(peerError(v, c)).toBe(WSAETIMEDOUT);
    expect(selected(v, listener, 0)).toBe("read");
    v.advance(30_000);
    expect(selected(v, listener, 0)).toBe("");
  });

  test("on a nonblocking socket an accept does not wait: what it returns sends after the handshake", () => {
    const { v, w, p, listener, client } = conditional();
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    expect(outcome(w, w.accept(listener, null, null))).toEqual(error(WSAEWOULDBLOCK));
    const c = client();
    const begun = v.nowMs;
    const s = w.accept(listener, null, null);
    expect([s === INVALID_SOCKET, v.nowMs]).toEqual([false, begun]);
    say(w, s, "soon");
    w.closesocket(s);
    v.advance(20);
    expect([recv(p, c), recv(p, c)]).toEqual(["soon", ""]);
  });

  test("on a nonblocking socket what comes of a client that is gone is a reset", () => {
    const { v, w, p, listener, client } = conditional();
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    p.closesocket(client());
    const s = w.accept(listener, null, null);
    expect(recv(w, s)).toBe(`error ${WSAEWOULDBLOCK}`);
    v.advance(20);
    expect(recv(w, s)).toBe(`error ${WSAECONNRESET}`);
    expect(soError(v, s)).toBe(0);
  });

  test("AcceptEx answers a request each, and is over with the handshake, or its first data", () => {
    const { v, w, p, listener, client, ask } = conditional();
    // Now the neighbours know each other.
    client();
    ask(CF_REJECT);
    v.cable.configure("out", { delayMs: 300 });
    const calls = [0, 10].map((room) => {
      const [s, ov, memory] = [v.stream(), new_WSAOVERLAPPED(), new Uint8Array(100)];
      expect(outcome(w, w.AcceptEx(listener, s, memory, room, 32, 32, null, ov))).toEqual([0, WSA_IO_PENDING]);
      return { s, ov, memory };
    });
    const [first, second] = [client(), client()];
    const isOver = () => calls.map(({ ov }) => HasOverlappedIoCompleted(ov));
    v.advance(100);
    expect(v.ours.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "SYN-RECEIVED", "SYN-RECEIVED"]);
    expect(isOver()).toEqual([false, false]);
    v.advance(400);
    expect(isOver()).toEqual([true, false]);
    say(p, second, "hello");
    v.advance(50);
    expect(isOver()).toEqual([true, true]);
    expect(new TextDecoder().decode(calls[1]!.memory.subarray(0, 5))).toBe("hello");
    say(w, calls[0]!.s, "x");
    v.advance(400);
    expect(recv(p, first)).toBe("x");
  });

  test("one that waits for its handshake stands in no other accept's way", () => {
    const { v, w, listener, client, ask } = conditional();
    client();
    ask(CF_REJECT);
    v.cable.configure("out", { delayMs: 300 });
    const ov = new_WSAOVERLAPPED();
    w.AcceptEx(listener, v.stream(), new Uint8Array(100), 0, 32, 32, null, ov);
    client();
    client();
    w.ioctlsocket(listener, FIONBIO, { value: 1 });
    expect(w.accept(listener, null, null)).not.toBe(INVALID_SOCKET);
    expect(HasOverlappedIoCompleted(ov)).toBe(false);
  });

  test("nor does a thread's in that of another", () => {
    const v = new VirtualWinsock();
    const [a, b] = v.threads(2);
    const listener = v.stream(a);
    bind(v, listener, OURS, PORT, a);
    a!.setsockopt(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, { value: 1 }, 4);
    a!.listen(listener, 8);
    for (let i = 0; i < 2; i++) {
      const c = v.stream(v.peerWinsock);
      v.peerWinsock.ioctlsocket(c, FIONBIO, { value: 1 });
      connect(v, c, OURS, PORT, v.peerWinsock);
    }
    v.advance(20);
    v.cable.configure("out", { delayMs: 300 });
    let second = INVALID_SOCKET;
    v.after(100, () => {
      b!.ioctlsocket(listener, FIONBIO, { value: 1 });
      second = b!.accept(listener, null, null);
    });
    const first = a!.accept(listener, null, null);
    expect([first, second]).not.toContain(INVALID_SOCKET);
    expect(v.ours.tcp.connectionCount).toBe(2);
  });

  test("an AcceptEx that is cancelled in its handshake resets it", () => {
    const { v, w, listener, client, ask } = conditional();
    client();
    ask(CF_REJECT);
    v.cable.configure("out", { delayMs: 300 });
    const ov = new_WSAOVERLAPPED();
    w.AcceptEx(listener, v.stream(), new Uint8Array(100), 0, 32, 32, null, ov);
    client();
    expect(v.ours.tcp.connectionCount).toBe(1);
    w.CancelIoEx(listener, null);
    expect([v.ours.tcp.connectionCount, HasOverlappedIoCompleted(ov)]).toEqual([0, true]);
  });

  test("closing the listener refuses whom nobody decided about, and resets the handshake of an accept that waits", () => {
    const { v, listener, client, p } = conditional();
    const c = client();
    v.winsock.closesocket(listener);
    v.advance(20);
    expect(peerError(v, c)).toBe(WSAECONNREFUSED);

    const [a, b] = v.threads(2);
    const other = v.stream(a);
    bind(v, other, OURS, 81, a);
    a!.setsockopt(other, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, { value: 1 }, 4);
    a!.listen(other, 8);
    const d = v.stream(p);
    p.ioctlsocket(d, FIONBIO, { value: 1 });
    p.connect(d, address(OURS, 81), 16);
    v.cable.configure("out", { delayMs: 300 });
    v.after(100, () => {
      expect(v.ours.tcp.statuses().map(({ state }) => state)).toEqual(["LISTEN", "SYN-RECEIVED"]);
      b!.closesocket(other);
    });
    expect(outcome(a!, a!.accept(other, null, null))).toEqual(error(WSAEINTR));
    expect(v.ours.tcp.connectionCount).toBe(0);
  });

  test("a program without room for another socket leaves the request where it is", () => {
    const v = new VirtualWinsock();
    const w = v.program(new Provider(v.ours, { sockets: 1 }));
    const listener = v.stream(w);
    bind(v, listener, OURS, PORT, w);
    w.setsockopt(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, { value: 1 }, 4);
    w.listen(listener, 8);
    const c = v.stream(v.peerWinsock);
    v.peerWinsock.ioctlsocket(c, FIONBIO, { value: 1 });
    connect(v, c, OURS, PORT, v.peerWinsock);
    v.advance(20);
    expect(outcome(w, w.accept(listener, null, null))).toEqual(error(WSAEMFILE));
    expect(v.ours.tcp.connectionCount).toBe(0);
    expect(w.WSAPoll([{ fd: listener, events: POLLRDNORM, revents: 0 }], 1, 0)).toBe(1);
  });

  test("is not inherited, and without it a client is in before anybody accepts", () => {
    const v = new VirtualWinsock();
    v.listener(PORT, v.winsock);
    expect(connect(v, v.stream(v.peerWinsock), OURS, PORT, v.peerWinsock)).toEqual(SUCCESS);
    const { w, listener, client } = conditional();
    client();
    const value = { value: -1 };
    w.getsockopt(w.accept(listener, null, null), SOL_SOCKET, SO_CONDITIONAL_ACCEPT, value, { value: 4 });
    expect(value.value).toBe(0);
  });
});

describe.each(FAMILIES)("SO_PAUSE_ACCEPT over $name", (family) => {
  test("a listener answers every client with a reset while it is set", () => {
    const v = family.world();
    const { winsock: w, peerWinsock: p } = v;
    const listener = family.stream(v, w);
    family.bind(v, listener);
    w.listen(listener, 8);
    const knock = () => family.connect(v, family.stream(v, p));
    expect(knock()).toEqual(SUCCESS);
    expect(set(v, listener, SO_PAUSE_ACCEPT)).toBe(0);
    expect(knock()).toEqual(fails(WSAECONNREFUSED));
    // Who was in before stays.
    expect(w.accept(listener, null, null)).not.toBe(INVALID_SOCKET);
    w.setsockopt(listener, SOL_SOCKET, SO_PAUSE_ACCEPT, { value: 0 }, 4);
    expect(knock()).toEqual(SUCCESS);
  });

  test("who waits for a decision, and sends its SYN again meanwhile, is decided upon as any", () => {
    const { v, w, p, listener, client, ask } = conditional(family);
    const [c, d] = [client(), client()];
    set(v, listener, SO_PAUSE_ACCEPT);
    v.advance(4000);
    expect([c, d].map((s) => peerError(v, s))).toEqual([0, 0]);
    const s = w.accept(listener, null, null);
    say(w, s, "welcome");
    v.advance(20);
    expect(recv(p, c)).toBe("welcome");
    expect(ask(CF_REJECT)).toEqual(error(WSAECONNREFUSED));
    v.advance(20);
    expect(peerError(v, d)).toBe(WSAECONNREFUSED);
  });

  test("it may be set before listen", () => {
    const v = family.world();
    const listener = family.stream(v, v.winsock);
    family.bind(v, listener);
    set(v, listener, SO_PAUSE_ACCEPT);
    v.winsock.listen(listener, 8);
    expect(family.connect(v, family.stream(v, v.peerWinsock))).toEqual(fails(WSAECONNREFUSED));
  });
});
