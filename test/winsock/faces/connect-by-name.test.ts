import { describe, expect, test } from "@jest/globals";
import { htons } from "../../../src/winsock/abi/byte-order.ts";
import {
  AF_INET,
  AF_INET6,
  FIONBIO,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_UPDATE_CONNECT_CONTEXT,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { addressListBytes } from "../../../src/winsock/abi/ioctl-structures.ts";
import {
  new_sockaddr_in,
  new_sockaddr_in6,
  type SOCKET,
  sizeof_sockaddr_in,
  sizeof_sockaddr_in6,
  sockaddrBytes,
} from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address6, NOBODY_THERE6, PEER6 } from "../../support/ipv6-winsock.ts";
import { address, ELSEWHERE, NOBODY_THERE, OURS, PEER, type VirtualWinsock } from "../../support/virtual-winsock.ts";
import { datagram, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";
import { namesRig } from "../../support/winsock-names.ts";

/** WSAConnectByName and WSAConnectByList by winsock.md §5.7, from Wine's test of that name and Microsoft's pages. */

const YES = [1, 0] as const;
const no = (error: number) => [0, error] as const;

function rig(): VirtualWinsock {
  const { v } = namesRig();
  v.ours.dns.setHosts(`${PEER} peer.lan\n${NOBODY_THERE} nobody.lan\n${NOBODY_THERE} some.lan\n${PEER} some.lan\n${ELSEWHERE} far.lan`);
  return v;
}

interface Names {
  readonly lengths?: readonly [number, number] | null;
  readonly timeoutMs?: number;
  readonly reserved?: object | null;
}

/** With the names that it told. */
function byName(w: BlockingFace, s: SOCKET, node: string | null, service: string | null, options: Names = {}) {
  const { lengths = null, timeoutMs, reserved = null } = options;
  const [local, remote] = [new_sockaddr_in(), new_sockaddr_in()];
  const boxes = lengths?.map((value) => ({ value })) ?? [null, null];
  const timeout = timeoutMs === undefined ? null : { tv_sec: Math.floor(timeoutMs / 1000), tv_usec: (timeoutMs % 1000) * 1000 };
  const result = w.WSAConnectByNameA(s, node, service, boxes[0]!, local, boxes[1]!, remote, timeout, reserved);
  return { got: outcome(w, result), local, remote, lengths: boxes.map((box) => box?.value) };
}

/** Source, node, service, how, and the code. */
const REFUSALS: readonly (readonly [string, string | null, string | null, Names & { kind?: "datagram" | "none" }, number])[] = [
  ["Wine's test WSAConnectByName", null, "80", {}, e.WSAEINVAL],
  ["Wine's test WSAConnectByName", PEER, null, {}, e.WSAEINVAL],
  ["Wine's test WSAConnectByName", PEER, "80", { reserved: {} }, e.WSAEINVAL],
  ["Wine's test WSAConnectByName", PEER, "80", { lengths: [3, 3] }, e.WSAEFAULT],
  ["Wine's test WSAConnectByName: one is enough", PEER, "80", { lengths: [sizeof_sockaddr_in, 3] }, e.WSAEFAULT],
  ["Wine's test WSAConnectByName", PEER, "nosuchservice", {}, e.WSATYPE_NOT_FOUND],
  ["Wine's test WSAConnectByName: since Windows 10 1809", PEER, "80", { kind: "datagram" }, e.WSAEFAULT],
  ["Microsoft, WSAConnectByName", PEER, "80", { kind: "none" }, e.WSAENOTSOCK],
  ["Microsoft: as getaddrinfo", "nosuch.lan", "80", {}, e.WSAHOST_NOT_FOUND],
  ["our own choice: no time is before now", PEER, "80", { timeoutMs: -1000 }, e.WSAEINVAL],
  ["the code of the last attempt", PEER, "81", {}, e.WSAECONNREFUSED],
  ["the code of the last attempt", "nobody.lan", "80", {}, e.WSAETIMEDOUT],
];

describe("WSAConnectByName", () => {
  test.each(REFUSALS)("%s: %s %s %j is code %i", (_source, node, service, options, code) => {
    const v = rig();
    const { winsock: w } = v;
    const s = options.kind === "none" ? 4444 : options.kind === "datagram" ? datagram(w) : v.stream();
    const { got, lengths, remote } = byName(w, s, node, service, options);
    expect(got).toEqual(no(code));
    // What is refused tells nothing.
    expect(remote.sin_family).toBe(0);
    if (options.lengths) expect(lengths).toEqual(options.lengths);
  });

  test.each(["WSAConnectByName", "WSAConnectByNameA", "WSAConnectByNameW"] as const)("%s connects, and sends and receives", (name) => {
    const v = rig();
    const { winsock: w, peerWinsock: p } = v;
    const listener = v.listener(80);
    const s = v.stream();
    expect(outcome(w, w[name](s, "peer.lan", "http", null, null, null, null, null, null))).toEqual(YES);
    const peer = p.accept(listener, null, null);
    say(w, s, "x");
    expect(recv(p, peer)).toBe("x");
  });

  test("tells both names, the local one without its port, and how long they are (Wine's test)", () => {
    const v = rig();
    v.listener(80);
    const { got, local, remote, lengths } = byName(v.winsock, v.stream(), PEER, "80", { lengths: [100, 100] });
    expect(got).toEqual(YES);
    expect(lengths).toEqual([sizeof_sockaddr_in, sizeof_sockaddr_in]);
    expect([local, remote]).toEqual([address(OURS, 0), address(PEER, 80)]);
  });

  test("tells no names without lengths (Wine's test)", () => {
    const v = rig();
    v.listener(80);
    const { got, local, remote } = byName(v.winsock, v.stream(), PEER, "80");
    expect(got).toEqual(YES);
    expect([local.sin_family, remote.sin_family]).toEqual([0, 0]);
  });

  test("leaves the socket without its context until that is updated (Microsoft)", () => {
    const v = rig();
    const { winsock: w } = v;
    v.listener(80);
    const s = v.stream();
    byName(w, s, PEER, "80");
    const name = new_sockaddr_in();
    expect(outcome(w, w.getpeername(s, name, { value: 16 }))).toEqual([-1, e.WSAENOTCONN]);
    expect(outcome(w, w.setsockopt(s, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, null, 0))).toEqual(SUCCESS);
    expect(outcome(w, w.getpeername(s, name, { value: 16 }))).toEqual(SUCCESS);
  });

  test("tries one address after the other", () => {
    const v = rig();
    v.listener(80);
    const { got, remote } = byName(v.winsock, v.stream(), "some.lan", "80", { lengths: [16, 16] });
    expect(got).toEqual(YES);
    expect(remote).toEqual(address(PEER, 80));
    // The first one took all of connect's time.
    expect(v.nowMs).toBeGreaterThan(1000);
  });

  test.each(["nobody.lan", "some.lan"])("gives up %s when its time is over", (node) => {
    const v = rig();
    const { winsock: w } = v;
    v.listener(80);
    const s = v.stream();
    const before = v.nowMs;
    expect(byName(w, s, node, "80", { timeoutMs: 500 }).got).toEqual(no(e.WSAETIMEDOUT));
    expect(v.nowMs - before).toBe(500);
    // Nothing of the attempt is left.
    expect(byName(w, s, "peer.lan", "80", { timeoutMs: 500 }).got).toEqual(YES);
    expect(v.provider.usage.pendingCalls).toBe(0);
  });

  test("counts the time that names take", () => {
    const { v, server } = namesRig();
    server.answer = () => [];
    const before = v.nowMs;
    expect(byName(v.winsock, v.stream(), "silent.example", "80", { timeoutMs: 300 }).got).toEqual(no(e.WSAETIMEDOUT));
    expect(v.nowMs - before).toBe(300);
    expect(v.provider.usage.pendingCalls).toBe(0);
  });

  test("waits on a nonblocking socket too", () => {
    const v = rig();
    const { winsock: w } = v;
    v.listener(80);
    const s = v.stream();
    w.ioctlsocket(s, FIONBIO, { value: 1 });
    expect(byName(w, s, PEER, "80").got).toEqual(YES);
  });

  test("runs what is queued for the thread while it waits", () => {
    const v = rig();
    const { winsock: w } = v;
    let ran = 0;
    w.QueueUserAPC((data) => (ran += data), w.GetCurrentThread(), 7);
    expect(byName(w, v.stream(), "nobody.lan", "80", { timeoutMs: 500 }).got).toEqual(no(e.WSAETIMEDOUT));
    expect(ran).toBe(7);
  });

  test("ends with WSACancelBlockingCall, whatever other addresses there are", () => {
    const v = rig();
    const w = v.program(v.provider, 0x0101);
    v.listener(80);
    w.WSASetBlockingHook(() => {
      if (v.nowMs > 500) w.WSACancelBlockingCall();
      return 0;
    });
    expect(byName(w, v.stream(w), "some.lan", "80").got).toEqual(no(e.WSAEINTR));
  });

  test("is refused where it would wait within what interrupted a call that waits", () => {
    const v = rig();
    const { winsock: w } = v;
    v.listener(80);
    let got: unknown;
    w.QueueUserAPC(
      () => {
        got = byName(w, v.stream(), "some.lan", "80").got;
      },
      w.GetCurrentThread(),
      0,
    );
    byName(w, v.stream(), "nobody.lan", "80", { timeoutMs: 500 });
    expect(got).toEqual(no(e.WSAEINPROGRESS));
  });

  test("wants WSAStartup", () => {
    const v = rig();
    const { winsock: w } = v;
    w.WSACleanup();
    expect(byName(w, 4, PEER, "80").got).toEqual(no(e.WSANOTINITIALISED));
  });

  test.each([
    [0, "127.0.0.1", YES],
    [1, "127.0.0.1", no(e.WSAECONNREFUSED)],
    [1, "::1", YES],
  ] as const)("of IPv6 with IPV6_V6ONLY %i finds who listens at %s", (v6only, at, expected) => {
    const v = rig();
    const { winsock: w } = v;
    const listener = w.socket(at === "::1" ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (at === "::1") w.bind(listener, address6(at, 80), sizeof_sockaddr_in6);
    else w.bind(listener, address(at, 80), sizeof_sockaddr_in);
    w.listen(listener, 5);
    const s = w.socket(AF_INET6, SOCK_STREAM, 0);
    w.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, { value: v6only }, 4);
    const remote = new_sockaddr_in6();
    const length = { value: 128 };
    expect(outcome(w, w.WSAConnectByNameW(s, "localhost", "80", null, null, length, remote, null, null))).toEqual(expected);
    expect(remote.sin6_port).toBe(expected === YES ? htons(80) : 0);
    expect(length.value).toBe(expected === YES ? sizeof_sockaddr_in6 : 128);
  });
});

describe("WSAConnectByList", () => {
  const list = (...names: ReturnType<typeof address6>[]) => ({
    iAddressCount: names.length,
    Address: names.map((lpSockaddr) => ({ lpSockaddr, iSockaddrLength: sizeof_sockaddr_in6 })),
  });

  function dual(w: BlockingFace): SOCKET {
    const s = w.socket(AF_INET6, SOCK_STREAM, 0);
    w.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, { value: 0 }, 4);
    return s;
  }

  test.each([
    ["objects", (names: ReturnType<typeof list>) => names],
    ["bytes", (names: ReturnType<typeof list>) => addressListBytes(names.Address.map(({ lpSockaddr }) => sockaddrBytes(lpSockaddr)))],
  ] as const)("connects to the first that answers, of a list in %s", (_form, shape) => {
    const v = rig();
    const { winsock: w } = v;
    v.listener(80);
    const s = dual(w);
    const remote = new_sockaddr_in6();
    const length = { value: 28 };
    const names = shape(list(address6(NOBODY_THERE6, 80), address6(PEER6, 81), address6(`::ffff:${PEER}`, 80)));
    expect(outcome(w, w.WSAConnectByList(s, names, null, null, length, remote, null, null))).toEqual(YES);
    expect(remote).toEqual(address6(`::ffff:${PEER}`, 80));
  });

  test.each([
    ["none", null, null, null, e.WSAEINVAL],
    ["an empty one", list(), null, null, e.WSAEINVAL],
    ["Microsoft: Reserved must be NULL", list(address6(PEER6, 80)), null, {}, e.WSAEINVAL],
    ["the last attempt's code", list(address6(NOBODY_THERE6, 80), address6(PEER6, 80)), null, null, e.WSAECONNREFUSED],
    [
      "Microsoft: the time is over",
      list(address6(NOBODY_THERE6, 80), address6(PEER6, 80)),
      { tv_sec: 1, tv_usec: 0 },
      null,
      e.WSAETIMEDOUT,
    ],
  ] as const)("%s", (_source, names, timeout, reserved, code) => {
    const v = rig();
    const { winsock: w } = v;
    expect(outcome(w, w.WSAConnectByList(dual(w), names, null, null, null, null, timeout, reserved))).toEqual(no(code));
  });

  test("of lengths that are too short is refused", () => {
    const v = rig();
    const { winsock: w } = v;
    const length = { value: 27 };
    const remote = new_sockaddr_in6();
    const result = w.WSAConnectByList(dual(w), list(address6(PEER6, 80)), null, null, length, remote, null, null);
    expect(outcome(w, result)).toEqual(no(e.WSAEFAULT));
  });
});
