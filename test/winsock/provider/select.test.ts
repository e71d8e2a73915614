import { describe, expect, test } from "@jest/globals";
import { AF_INET, FIONBIO, SO_LINGER, SOCK_DGRAM, SOL_SOCKET } from "../../../src/winsock/abi/constants.ts";
import { WSAECONNREFUSED, WSAEINVAL, WSAENOTSOCK } from "../../../src/winsock/abi/errors.ts";
import { FD_SET } from "../../../src/winsock/abi/fd-set.ts";
import { type fd_set, new_fd_set, type SOCKET, sizeof_fd_set, sizeof_linger, writeFdSet } from "../../../src/winsock/abi/structures.ts";
import { CALL, type CallReply, type CallRequest } from "../../../src/winsock/provider/calls.ts";
import { Provider } from "../../../src/winsock/provider/provider.ts";
import { decodeSets, encodeSets } from "../../../src/winsock/provider/select.ts";
import { OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, nonblocking, outcome, say, selected, soError } from "../../support/winsock-calls.ts";

const setOf = (...sockets: SOCKET[]): fd_set => {
  const set = new_fd_set();
  for (const s of sockets) FD_SET(s, set);
  return set;
};
const members = (set: fd_set): SOCKET[] => set.fd_array.slice(0, set.fd_count);

/** As a program with memory of its own has it: fd_count, then handles. */
function fdSetBytes(...sockets: SOCKET[]): Uint8Array {
  const bytes = new Uint8Array(sizeof_fd_set);
  writeFdSet(bytes, sockets);
  return bytes;
}

function reset(v: VirtualWinsock, peer: SOCKET): void {
  v.peerWinsock.setsockopt(peer, SOL_SOCKET, SO_LINGER, { l_onoff: 1, l_linger: 0 }, sizeof_linger);
  v.peerWinsock.closesocket(peer);
  v.advance(1);
}

describe("select (Microsoft, select function; Wine's test select)", () => {
  test.each<readonly [string, (v: VirtualWinsock) => SOCKET, string]>([
    ["a new stream socket", (v) => v.stream(), ""],
    ["a listener without connections", (v) => v.listener(5000, v.winsock), ""],
    [
      "a listener with a connection",
      (v) => {
        const s = v.listener(5000, v.winsock);
        const client = v.stream(v.peerWinsock);
        v.peerWinsock.connect(client, { sin_family: 2, sin_port: 0x8813, sin_addr: { s_addr: 0x027100cb } }, 16);
        return s;
      },
      "read",
    ],
    ["a connected socket", (v) => v.pair().s, "write"],
    [
      "a connected socket with data",
      (v) => {
        const { s, peer } = v.pair();
        say(v.peerWinsock, peer, "x");
        v.advance(1);
        return s;
      },
      "read+write",
    ],
    [
      "one whose peer has ended",
      (v) => {
        const { s, peer } = v.pair();
        v.peerWinsock.closesocket(peer);
        v.advance(1);
        return s;
      },
      "read+write",
    ],
    [
      "one that was reset",
      (v) => {
        const { s, peer } = v.pair();
        reset(v, peer);
        return s;
      },
      "read+write",
    ],
    [
      "one with its send quota used up",
      (v) => {
        const { s } = v.pair();
        v.winsock.send(s, new Uint8Array(4_000_000), 4_000_000, 0);
        v.advance(1000);
        return s;
      },
      "",
    ],
    [
      "one whose blocking connect failed",
      (v) => {
        const s = v.stream();
        connect(v, s, PEER, 81);
        return s;
      },
      "except",
    ],
    [
      "one whose connect is on its way",
      (v) => {
        const s = nonblocking(v, v.stream());
        v.cable.configure("out", { delayMs: 50 });
        connect(v, s, PEER, 81);
        return s;
      },
      "",
    ],
    ["an unbound datagram socket", (v) => datagram(v.winsock), "write"],
    [
      "a datagram socket with a pending ICMP error",
      (v) => {
        const s = datagram(v.winsock);
        connect(v, s, PEER, 7000);
        say(v.winsock, s, "x");
        v.advance(1);
        return s;
      },
      "read+write",
    ],
  ])("%s", (_, make, expected) => {
    const v = new VirtualWinsock();
    const s = make(v);
    expect(selected(v, s, 0)).toBe(expected);
  });

  test("three NULL sets, and empty ones, are WSAEINVAL", () => {
    const { winsock: w } = new VirtualWinsock();
    expect(outcome(w, w.select(0, null, null, null, null))).toEqual(fails(WSAEINVAL));
    expect(outcome(w, w.select(0, setOf(), setOf(), null, null))).toEqual(fails(WSAEINVAL));
  });

  test("a negative time is WSAEINVAL", () => {
    const v = new VirtualWinsock();
    expect(outcome(v.winsock, v.winsock.select(0, setOf(v.stream()), null, null, { tv_sec: -1, tv_usec: 0 }))).toEqual(fails(WSAEINVAL));
  });

  test("a member that is no socket is WSAENOTSOCK, and the sets stay as they were", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const [read, write] = [setOf(s, 9999), setOf(s)];
    expect(outcome(v.winsock, v.winsock.select(0, read, write, null, { tv_sec: 0, tv_usec: 0 }))).toEqual(fails(WSAENOTSOCK));
    expect([members(read), members(write)]).toEqual([[s, 9999], [s]]);
  });

  test("counts each socket in each set, and leaves only those that are ready", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const idle = v.stream();
    say(v.peerWinsock, peer, "x");
    v.advance(1);
    const [read, write] = [setOf(s, idle), setOf(s, idle)];
    expect(v.winsock.select(0, read, write, null, null)).toBe(2);
    expect([members(read), members(write)]).toEqual([[s], [s]]);
  });

  test("a set that is passed twice becomes the union", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const both = setOf(s);
    expect(v.winsock.select(0, both, both, null, { tv_sec: 0, tv_usec: 0 })).toBe(1);
    expect(members(both)).toEqual([s]);
  });

  test("members that are there twice count once, and more than FD_SETSIZE are looked at", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const idle = Array.from({ length: 100 }, () => v.stream());
    const large: fd_set = { fd_count: 102, fd_array: [...idle, s, s] };
    expect(v.winsock.select(0, null, large, null, { tv_sec: 0, tv_usec: 0 })).toBe(1);
    expect(members(large)).toEqual([s]);
  });

  test("members that are there twice count once also for a face that passes them on as they are", () => {
    const v = new VirtualWinsock();
    const provider = new Provider(v.ours);
    const { client } = v.blockingPort(provider);
    const call = (op: number, fields: Partial<CallRequest>): CallReply => {
      const replies: CallReply[] = [];
      provider.call(client, { id: 1, op, s: 0, a: 0, b: 0, c: 0, data: null, ...fields }, (reply) => replies.push(reply));
      return replies[0]!;
    };
    call(CALL.startup, { a: 0x0202 });
    const s = call(CALL.socket, { a: AF_INET, b: SOCK_DGRAM }).result;
    const reply = call(CALL.select, { data: encodeSets({ read: undefined, write: [s, s], except: [s] }) });
    expect([reply.result, decodeSets(reply.data!)]).toEqual([1, { read: undefined, write: [s], except: [] }]);
  });

  test("counts the entries that are left: one set in two places is one set, two sets are two (Microsoft, select function)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const other = v.pair(81).s;
    say(v.peerWinsock, peer, "x");
    v.advance(1);
    const soon = { tv_sec: 0, tv_usec: 0 };
    const both = setOf(s, other);
    expect(v.winsock.select(0, both, both, null, soon)).toBe(2);
    expect(members(both).toSorted()).toEqual([s, other].toSorted());
    const thrice = setOf(s);
    expect(v.winsock.select(0, thrice, thrice, thrice, soon)).toBe(1);
    expect(v.winsock.select(0, setOf(s), setOf(s), setOf(s), soon)).toBe(2);
    const doubled: fd_set = { fd_count: 3, fd_array: [s, s, other] };
    expect(v.winsock.select(0, doubled, doubled, null, soon)).toBe(2);
    expect(doubled.fd_count).toBe(2);
    const bytes = fdSetBytes(s, other);
    expect(v.winsock.select(0, bytes, bytes.subarray(0), null, soon)).toBe(2);
    expect(bytes[0]).toBe(2);
  });

  test("a set in two roles with a socket that was closed meanwhile has it once", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    v.after(10, () => v.winsock.closesocket(s));
    const set = setOf(s);
    expect(v.winsock.select(0, set, null, set, null)).toBe(1);
    expect(members(set)).toEqual([s]);
  });

  test("waits as long as it is told, then empties the sets and leaves the time alone", () => {
    const v = new VirtualWinsock();
    const read = setOf(v.pair().s);
    const before = v.nowMs;
    const timeout = { tv_sec: 2, tv_usec: 500_000 };
    expect(v.winsock.select(0, read, null, null, timeout)).toBe(0);
    expect([v.nowMs - before, members(read), timeout]).toEqual([2500, [], { tv_sec: 2, tv_usec: 500_000 }]);
    expect(v.ours.timers.pending().filter((timer) => timer.owner.includes("select"))).toEqual([]);
  });

  test("wakes at the first thing that happens to any member", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const listener = v.listener(5000, v.winsock);
    v.after(300, () => say(v.peerWinsock, peer, "x"));
    const read = setOf(listener, s);
    const before = v.nowMs;
    expect(v.winsock.select(0, read, null, null, null)).toBe(1);
    expect([members(read), v.nowMs - before]).toEqual([[s], 300]);
  });

  test("a socket closed meanwhile is readable; if nobody wanted to read it, WSAENOTSOCK", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const [first, second] = [v.pair(80).s, v.pair(81).s];
    v.after(10, () => w.closesocket(first));
    const read = setOf(first);
    expect(w.select(0, read, null, setOf(first), null)).toBe(1);
    expect(members(read)).toEqual([first]);
    v.after(10, () => w.closesocket(second));
    expect(outcome(w, w.select(0, null, null, setOf(second), null))).toEqual(fails(WSAENOTSOCK));
  });

  test("the except set stands until the next connect succeeds", () => {
    const v = new VirtualWinsock();
    const s = nonblocking(v, v.stream());
    connect(v, s, PEER, 81);
    expect(selected(v, s, 10)).toBe("except");
    expect(selected(v, s, 0)).toBe("except");
    v.listener(81);
    v.winsock.ioctlsocket(s, FIONBIO, { value: 0 });
    connect(v, s, PEER, 81);
    expect(selected(v, s, 0)).toBe("write");
  });

  test("SO_ERROR of a nonblocking connect stays when it is read, through other attempts, until one succeeds; a blocking one leaves it alone (Wine's test select)", () => {
    const v = new VirtualWinsock();
    const blocking = v.stream();
    connect(v, blocking, PEER, 81);
    expect(soError(v, blocking)).toBe(0);
    const s = nonblocking(v, v.stream());
    connect(v, s, PEER, 81);
    expect(selected(v, s, 10)).toBe("except");
    expect([soError(v, s), soError(v, s)]).toEqual([WSAECONNREFUSED, WSAECONNREFUSED]);
    connect(v, s, PEER, 81);
    expect([selected(v, s, 0), soError(v, s)]).toEqual(["except", WSAECONNREFUSED]);
    v.advance(3000);
    v.listener(81);
    connect(v, s, PEER, 81);
    v.advance(10);
    expect([selected(v, s, 0), soError(v, s)]).toEqual(["write", 0]);
  });

  test("a failed socket that was bound may listen (Wine's test select)", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    bind(v, s, OURS, 5000);
    connect(v, s, PEER, 81);
    expect(v.winsock.listen(s, 1)).toBe(0);
    expect(selected(v, s, 0)).toBe("except");
  });
});

test("the sets' bytes are read back as they were, and nonsense is refused", () => {
  const sets = { read: [4, 8], write: undefined, except: [] };
  expect(decodeSets(encodeSets(sets))).toEqual(sets);
  const bytes = encodeSets({ read: [4], write: [8], except: [12] });
  for (let length = 0; length < bytes.length; length++) expect(decodeSets(bytes.subarray(0, length))).toBeUndefined();
});
