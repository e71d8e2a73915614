/**
 * SIO_ADDRESS_LIST_CHANGE and SIO_ROUTING_INTERFACE_CHANGE, and their network events. M names Microsoft's page "Winsock IOCTLs", E its page of
 * WSAEventSelect; ? marks what no source says.
 */
import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import type { Host } from "../../../src/stack/host/host.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import { new_MSG, new_WSAOVERLAPPED, PM_REMOVE, WM_USER, WSAGETSELECTERROR, WSAGETSELECTEVENT } from "../../../src/winsock/abi/index.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import type { IoctlInput } from "../../../src/winsock/faces/ioctl-values.ts";
import { CALL } from "../../../src/winsock/provider/calls.ts";
import { address6, ELSEWHERE6, ipv6Winsock, PEER6 } from "../../support/ipv6-winsock.ts";
import { address, ELSEWHERE, PEER, type VirtualWinsock } from "../../support/virtual-winsock.ts";
import { fails, nonblocking, outcome, SUCCESS } from "../../support/winsock-calls.ts";

const BOTH = c.FD_ADDRESS_LIST_CHANGE | c.FD_ROUTING_INTERFACE_CHANGE;
const WOULD_BLOCK = fails(e.WSAEWOULDBLOCK);

/** What the tests do in either family. */
const FAMILIES = [
  {
    name: "IPv4",
    af: c.AF_INET,
    another: parseAddress("203.0.113.99"),
    prefixLength: 24,
    near: address(PEER, 0),
    far: address(ELSEWHERE, 0),
    network: parseAddress("198.51.100.0"),
    gateway: parseAddress(PEER),
    ofOtherFamily: address6(PEER6, 0),
    foreign: parseAddress("2001:db8::99"),
  },
  {
    name: "IPv6",
    af: c.AF_INET6,
    another: parseAddress("2001:db8::99"),
    prefixLength: 64,
    near: address6(PEER6, 0),
    far: address6(ELSEWHERE6, 0),
    network: parseAddress("2001:db8:f::"),
    gateway: parseAddress(PEER6),
    ofOtherFamily: address(PEER, 0),
    foreign: parseAddress("203.0.113.99"),
  },
] as const;
type Family = (typeof FAMILIES)[number];

/** Watches of the host that have not ended. */
function watching(host: Host): () => number {
  let count = 0;
  const watch = host.ip.watchWays.bind(host.ip);
  host.ip.watchWays = (watcher) => {
    const end = watch(watcher);
    let isOver = false;
    count++;
    return () => {
      if (!isOver) count--;
      isOver = true;
      end();
    };
  };
  return () => count;
}

function setUp({ af }: Family, type: number = c.SOCK_DGRAM) {
  const v = ipv6Winsock();
  const { winsock: w } = v;
  const left = watching(v.ours);
  const s = w.socket(af, type, 0);
  const [eth] = v.ours.ip.interfaces;
  return { v, w, s, left, ip: v.ours.ip, eth: eth! };
}

function ioctl(v: VirtualWinsock, s: SOCKET, code: number, input: IoctlInput | null = null): readonly [number, number] {
  return outcome(v.winsock, v.winsock.WSAIoctl(s, code, input, input === null ? 0 : 28, null, 0, { value: 0 }, null, null));
}

/** The bits that WSAEnumNetworkEvents tells, which have no codes. */
function events(v: VirtualWinsock, s: SOCKET, event = 0): number {
  const found = new_WSANETWORKEVENTS();
  expect(v.winsock.WSAEnumNetworkEvents(s, event, found)).toBe(0);
  expect(found.iErrorCode.every((code) => code === 0)).toBe(true);
  return found.lNetworkEvents;
}

describe.each(FAMILIES)("$name, a call that waits", (family) => {
  const { another, prefixLength, foreign, far, near, network, gateway } = family;

  test("for the address list is over when an address of its family comes, and again when it goes (M)", () => {
    const { v, s, ip, eth, left } = setUp(family);
    v.after(1000, () => ip.addAddress(eth, foreign, 24));
    v.after(5000, () => ip.addAddress(eth, another, prefixLength));
    expect([ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE), v.nowMs]).toEqual([SUCCESS, 5000]);
    v.after(1000, () => ip.removeAddress(eth, another));
    expect([ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE), v.nowMs, left()]).toEqual([SUCCESS, 6000, 0]);
  });

  test("for the address list counts an address from when it may be used (?)", () => {
    const { v, s, ip, eth } = setUp(family);
    v.after(1000, () => ip.addAddress(eth, another, prefixLength, { detectConflicts: true }));
    expect(ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE)).toEqual(SUCCESS);
    // A tentative address is none that a socket could be bound to.
    expect(v.nowMs).toBeGreaterThan(1500);
  });

  test("for a routing interface is over when a route to the destination comes, and when it goes, and not for other routes (M)", () => {
    const { v, s, ip, left } = setUp(family);
    v.after(1000, () => ip.addRoute({ destination: gateway, prefixLength: family.af === c.AF_INET ? 32 : 128, gateway }));
    v.after(2000, () => ip.addRoute({ destination: network, prefixLength, gateway }));
    expect([ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far), v.nowMs]).toEqual([SUCCESS, 2000]);
    v.after(1000, () => ip.routes.remove(network, prefixLength));
    expect([ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far), v.nowMs, left()]).toEqual([SUCCESS, 3000, 0]);
  });

  test("for a routing interface is over when the device is gone", () => {
    const { v, s } = setUp(family);
    v.after(1000, () => v.unplug());
    expect([ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, near), v.nowMs]).toEqual([SUCCESS, 1000]);
  });

  test.each([
    ["no destination", () => null, e.WSAEINVAL],
    ["one of another family", () => family.ofOtherFamily, e.WSAEAFNOSUPPORT],
    ["the unspecified one", () => (family.af === c.AF_INET ? address("0.0.0.0", 0) : address6("::", 0)), e.WSAEINVAL],
  ])("for the routing interface of %s is refused as SIO_ROUTING_INTERFACE_QUERY is (?)", (_, destination, code) => {
    const { v, s } = setUp(family);
    expect(ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, destination())).toEqual(fails(code));
  });
});

describe("a call that waits", () => {
  test.each([
    ["closesocket", CALL.closesocket],
    ["WSACleanup", CALL.cleanup],
  ])("ends at %s with WSAEINTR, and watches no longer", async (_, op) => {
    const v = ipv6Winsock();
    const left = watching(v.ours);
    const port = v.asyncPort();
    const call = (op: number, s: number, a: number, b = 0) => port.call({ op, s, a, b, c: 0, data: null });
    await call(CALL.startup, 0, 0x202);
    const { result } = await call(CALL.socket, 0, c.AF_INET, c.SOCK_DGRAM);
    const waiting = call(CALL.WSAIoctl, result, c.SIO_ADDRESS_LIST_CHANGE);
    expect(left()).toBe(1);
    await call(op, result, 0);
    expect([(await waiting).error, left()]).toEqual([e.WSAEINTR, 0]);
  });

  test("ends with its program, and watches no longer", async () => {
    const v = ipv6Winsock();
    const left = watching(v.ours);
    const port = v.asyncPort();
    const call = (op: number, s: number, a: number, b = 0) => port.call({ op, s, a, b, c: 0, data: null });
    await call(CALL.startup, 0, 0x202);
    const { result } = await call(CALL.socket, 0, c.AF_INET, c.SOCK_DGRAM);
    void call(CALL.WSAIoctl, result, c.SIO_ADDRESS_LIST_CHANGE);
    expect(left()).toBe(1);
    port.close();
    expect(left()).toBe(0);
  });
});

describe.each(FAMILIES)("$name, a network event", (family) => {
  const { another, prefixLength, far, network, gateway } = family;

  function selected(type?: number) {
    const all = setUp(family, type);
    const event = all.w.WSACreateEvent();
    expect(all.w.WSAEventSelect(all.s, event, BOTH)).toBe(0);
    return { ...all, event, isSet: () => all.w.WaitForSingleObject(event, 0) === c.WSA_WAIT_EVENT_0 };
  }

  test.each([c.SOCK_DGRAM, c.SOCK_STREAM])("comes of no change that was not asked for (E), socket type %i", (type) => {
    const { v, s, ip, eth, isSet } = selected(type);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    expect([isSet(), events(v, s)]).toEqual([false, 0]);
  });

  test("FD_ADDRESS_LIST_CHANGE is recorded once, and again when the control code was issued again (E)", () => {
    const { v, s, ip, eth, left, event, isSet } = selected();
    expect(ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE)).toEqual(WOULD_BLOCK);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    expect([isSet(), left(), events(v, s, event), isSet()]).toEqual([true, 0, c.FD_ADDRESS_LIST_CHANGE, false]);
    ip.removeAddress(eth, another);
    v.advance(1);
    expect([isSet(), events(v, s)]).toEqual([false, 0]);
    expect(ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE)).toEqual(WOULD_BLOCK);
    v.advance(1);
    expect(isSet()).toBe(false);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    expect([isSet(), events(v, s, event)]).toEqual([true, c.FD_ADDRESS_LIST_CHANGE]);
  });

  test("FD_ROUTING_INTERFACE_CHANGE is told of each destination that was asked for (E)", () => {
    const { v, s, ip, left, event, isSet } = selected();
    expect(ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far)).toEqual(WOULD_BLOCK);
    expect(ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, family.near)).toEqual(WOULD_BLOCK);
    // Asking once more about the same takes the place of what was asked.
    expect(ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far)).toEqual(WOULD_BLOCK);
    expect(left()).toBe(2);
    ip.addRoute({ destination: network, prefixLength, gateway });
    v.advance(1);
    expect([isSet(), left(), events(v, s, event)]).toEqual([true, 1, c.FD_ROUTING_INTERFACE_CHANGE]);
    expect(ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far)).toEqual(WOULD_BLOCK);
    v.unplug();
    v.advance(1);
    expect([isSet(), left(), events(v, s, event)]).toEqual([true, 0, c.FD_ROUTING_INTERFACE_CHANGE]);
  });

  test("that was not told yet is forgotten when the control code is issued again, for the program will look (E)", () => {
    const { v, s, ip, eth } = selected();
    ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE);
    expect(events(v, s)).toBe(0);
  });

  test("that was recorded before it was selected sets the event then", () => {
    const { v, w, s, ip, eth } = setUp(family);
    expect(ioctl(v, nonblocking(v, s), c.SIO_ADDRESS_LIST_CHANGE)).toEqual(WOULD_BLOCK);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    const event = w.WSACreateEvent();
    w.WSAEventSelect(s, event, BOTH);
    expect([w.WaitForSingleObject(event, 0), events(v, s)]).toEqual([c.WSA_WAIT_EVENT_0, c.FD_ADDRESS_LIST_CHANGE]);
  });

  test("is a message of its own to a window, once for each time that it was asked for (Microsoft, WSAAsyncSelect)", () => {
    const { v, w, s, ip, eth } = setUp(family);
    const window = w.CreateMessageWindow(null);
    w.WSAAsyncSelect(s, window, WM_USER, BOTH);
    const message = () => {
      const msg = new_MSG();
      if (!w.PeekMessage(msg, 0, 0, 0, PM_REMOVE)) return undefined;
      return [msg.wParam, WSAGETSELECTEVENT(msg.lParam), WSAGETSELECTERROR(msg.lParam)];
    };
    ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE);
    ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far);
    ip.addAddress(eth, another, prefixLength);
    v.advance(1);
    ip.addRoute({ destination: network, prefixLength, gateway });
    ip.removeAddress(eth, another);
    v.advance(1);
    expect([message(), message(), message()]).toEqual([[s, c.FD_ADDRESS_LIST_CHANGE, 0], [s, c.FD_ROUTING_INTERFACE_CHANGE, 0], undefined]);
  });

  test("is waited for as long as the socket is there", () => {
    const { v, w, s, left } = selected();
    ioctl(v, s, c.SIO_ADDRESS_LIST_CHANGE);
    ioctl(v, s, c.SIO_ROUTING_INTERFACE_CHANGE, far);
    expect(left()).toBe(2);
    w.closesocket(s);
    expect(left()).toBe(0);
  });
});

test("a program waits for so many changes and no more, by whichever of its sockets and calls", () => {
  const v = ipv6Winsock();
  const { winsock: w } = v;
  const left = watching(v.ours);
  const [s, other] = [nonblocking(v, w.socket(c.AF_INET, c.SOCK_DGRAM, 0)), nonblocking(v, w.socket(c.AF_INET, c.SOCK_DGRAM, 0))];
  const ask = (by: SOCKET, i: number) => ioctl(v, by, c.SIO_ROUTING_INTERFACE_CHANGE, address(`10.0.${i >>> 8}.${(i & 255) + 1}`, 0));
  for (let i = 0; i < 4096; i++) if (ask(s, i)[1] !== e.WSAEWOULDBLOCK) throw new Error(`refused after ${i}`);
  expect([ask(s, 4096), ask(other, 0)]).toEqual([fails(e.WSAENOBUFS), fails(e.WSAENOBUFS)]);
  const overlapped = w.WSAIoctl(other, c.SIO_ADDRESS_LIST_CHANGE, null, 0, null, 0, { value: 0 }, new_WSAOVERLAPPED(), null);
  expect([outcome(w, overlapped), left()]).toEqual([fails(e.WSAENOBUFS), 4096]);
  // Asking about the same once more is no more to wait for.
  expect(ask(s, 7)).toEqual(WOULD_BLOCK);
  w.closesocket(s);
  expect([left(), ask(other, 0)]).toEqual([0, WOULD_BLOCK]);
});

test("nothing is watched any more when a program ends that was waiting for network events", () => {
  const v = ipv6Winsock();
  const left = watching(v.ours);
  const port = v.blockingPort();
  const call = (op: number, s: number, a: number, b = 0, data: Uint8Array | null = null) => port.call({ op, s, a, b, c: 0, data });
  call(CALL.startup, 0, 0x202);
  for (const type of [c.SOCK_DGRAM, c.SOCK_STREAM]) {
    const { result } = call(CALL.socket, 0, c.AF_INET, type);
    call(CALL.ioctlsocket, result, c.FIONBIO, 1);
    expect(call(CALL.WSAIoctl, result, c.SIO_ADDRESS_LIST_CHANGE).error).toBe(e.WSAEWOULDBLOCK);
  }
  expect(left()).toBe(2);
  port.close();
  expect(left()).toBe(0);
});
