import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import {
  AF_INET,
  AF_INET6,
  FIONBIO,
  INFINITE,
  IP_ADD_MEMBERSHIP,
  IP_ECN,
  IP_HOPLIMIT,
  IP_PKTINFO,
  IP_RECVIF,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_ECN,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  MSG_BCAST,
  MSG_CTRUNC,
  MSG_MCAST,
  MSG_PEEK,
  MSG_TRUNC,
  SIO_GET_EXTENSION_FUNCTION_POINTER,
  SO_BROADCAST,
  SO_RCVTIMEO,
  SOCK_DGRAM,
  SOL_SOCKET,
  UDP_SEND_MSG_SIZE,
} from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { WSAID_WSARECVMSG, WSAID_WSASENDMSG } from "../../../src/winsock/abi/extension-functions.ts";
import {
  type ControlItem,
  controlBytes,
  new_WSACMSGHDR,
  new_WSAMSG,
  read_in_pktinfo,
  readControl,
  sizeof_WSACMSGHDR,
  WSA_CMSG_DATA,
  WSA_CMSG_FIRSTHDR,
  WSA_CMSG_LEN,
  WSA_CMSG_NXTHDR,
  WSA_CMSG_SPACE,
  type WSAMSG,
} from "../../../src/winsock/abi/message-control.ts";
import { new_WSABUF, new_WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import {
  new_sockaddr_in,
  new_sockaddr_in6,
  type SOCKET,
  sizeof_sockaddr_in,
  sizeof_sockaddr_in6,
} from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { address6, ipv6Winsock, OURS6, PEER6 } from "../../support/ipv6-winsock.ts";
import { address, BROADCAST, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, datagram, fails, outcome, recv, SUCCESS, set } from "../../support/winsock-calls.ts";

/** WSARecvMsg and WSASendMsg by winsock.md §7.1, §14 and §17, from Wine's tests of these names and Microsoft's pages of WSAMSG. */

const GROUP = "224.1.2.3";
const dword = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const item = (level: number, type: number, data: Uint8Array | number): ControlItem => ({
  level,
  type,
  data: typeof data === "number" ? dword(data) : data,
});
const quad = (text: string) => Uint8Array.from(text.split(".").map(Number));
const info4 = (text: string, index: number) => Uint8Array.of(...quad(text), ...dword(index));
function info6(text: string, index: number): Uint8Array {
  const { w0, w1, w2, w3 } = parseAddress(text);
  return Uint8Array.of(...[w0, w1, w2, w3].flatMap((w) => [...dword(w)].reverse()), ...dword(index));
}

function message(options: { size?: number; control?: number; name?: WSAMSG["name"]; flags?: number } = {}): WSAMSG {
  const { size = 100, control = 200, name = null, flags = 0 } = options;
  const namelen = name === null ? 0 : "sin6_family" in name ? sizeof_sockaddr_in6 : sizeof_sockaddr_in;
  return {
    ...new_WSAMSG(),
    ...{ name, namelen, dwFlags: flags, dwBufferCount: 2 },
    lpBuffers: [new_WSABUF(new Uint8Array(2)), new_WSABUF(new Uint8Array(Math.max(0, size - 2)))],
    Control: new_WSABUF(control === 0 ? null : new Uint8Array(control)),
  };
}

/** Payload and control data of a message that came. */
function contents(msg: WSAMSG, count: number) {
  const whole = msg.lpBuffers!.flatMap(({ buf }) => [...buf!]).slice(0, count);
  const control = readControl(msg.Control.buf?.subarray(0, msg.Control.len) ?? new Uint8Array(0));
  return { text: new TextDecoder().decode(Uint8Array.from(whole)), control };
}

function recvMsg(w: BlockingFace, s: SOCKET, msg: WSAMSG) {
  const count = { value: -1 };
  const got = outcome(w, w.WSARecvMsg(s, msg, count, null, null));
  return { got, count: count.value, ...contents(msg, count.value) };
}

function sendMsg(w: BlockingFace, s: SOCKET, text: string, to: WSAMSG["name"], control: readonly ControlItem[] = []) {
  const data = controlBytes(control);
  const msg = {
    ...new_WSAMSG(),
    ...{ name: to, namelen: to === null ? 0 : "sin6_family" in to ? sizeof_sockaddr_in6 : sizeof_sockaddr_in },
    ...{ lpBuffers: [new_WSABUF(bytes(text.slice(0, 1))), new_WSABUF(bytes(text.slice(1)))], dwBufferCount: 2 },
    Control: new_WSABUF(data),
  };
  const count = { value: -1 };
  return [...outcome(w, w.WSASendMsg(s, msg, 0, count, null, null)), count.value];
}

const on = (w: BlockingFace, s: SOCKET, level: number, option: number) => w.setsockopt(s, level, option, { value: 1 }, 4);

/** One of our sockets on port 7, and one of the peer's on port 8. */
function pair4(v = new VirtualWinsock()) {
  const s = datagram(v.winsock);
  const p = datagram(v.peerWinsock);
  bind(v, s, "0.0.0.0", 7);
  bind(v, p, PEER, 8, v.peerWinsock);
  return { v, s, p };
}

function pair6(v6only = 1) {
  const v = ipv6Winsock();
  const s = v.winsock.socket(AF_INET6, SOCK_DGRAM, 0);
  v.winsock.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, { value: v6only }, 4);
  const p = v.peerWinsock.socket(AF_INET6, SOCK_DGRAM, 0);
  v.winsock.bind(s, address6("::", 7), sizeof_sockaddr_in6);
  v.peerWinsock.bind(p, address6(PEER6, 8), sizeof_sockaddr_in6);
  return { v, s, p };
}

describe("the macros of control data", () => {
  test("find heads and data, and write them in place", () => {
    const control = new Uint8Array(WSA_CMSG_SPACE(8) + WSA_CMSG_SPACE(4));
    const msg = { ...new_WSAMSG(), Control: new_WSABUF(control) };
    const first = WSA_CMSG_FIRSTHDR(msg)!;
    Object.assign(first, { cmsg_len: WSA_CMSG_LEN(8), cmsg_level: IPPROTO_IP, cmsg_type: IP_PKTINFO });
    WSA_CMSG_DATA(first).set(info4(OURS, 3));
    const second = WSA_CMSG_NXTHDR(msg, first)!;
    Object.assign(second, { cmsg_len: WSA_CMSG_LEN(4), cmsg_level: IPPROTO_IP, cmsg_type: IP_TTL });
    WSA_CMSG_DATA(second).set(dword(9));
    expect(WSA_CMSG_NXTHDR(msg, second)).toBeNull();
    expect(readControl(control)).toEqual([item(IPPROTO_IP, IP_PKTINFO, info4(OURS, 3)), item(IPPROTO_IP, IP_TTL, 9)]);
    expect(read_in_pktinfo(WSA_CMSG_DATA(first))).toEqual({ ipi_addr: { s_addr: address(OURS, 0).sin_addr.s_addr }, ipi_ifindex: 3 });
  });

  test("find nothing where there is nothing", () => {
    expect(WSA_CMSG_FIRSTHDR(new_WSAMSG())).toBeNull();
    expect(WSA_CMSG_FIRSTHDR({ ...new_WSAMSG(), Control: new_WSABUF(new Uint8Array(sizeof_WSACMSGHDR - 1)) })).toBeNull();
    expect(WSA_CMSG_NXTHDR(new_WSAMSG(), new_WSACMSGHDR())).toBeNull();
    expect(WSA_CMSG_DATA(new_WSACMSGHDR())).toHaveLength(0);
  });
});

/** Source, what the option is, and what comes. The sender's TTL is 64 (profile linux), its TOS is set to 0x2a: DSCP 10, ECT(0). */
const TOLD: readonly (readonly [string, number, readonly ControlItem[]])[] = [
  ["nothing is asked for", -1, []],
  ["Microsoft, IP_PKTINFO", IP_PKTINFO, [item(IPPROTO_IP, IP_PKTINFO, info4(OURS, 1))]],
  ["Microsoft, IP_RECVTTL", IP_RECVTTL, [item(IPPROTO_IP, IP_TTL, 64)]],
  ["ws2ipdef.h: another name of it", IP_HOPLIMIT, [item(IPPROTO_IP, IP_TTL, 64)]],
  ["Microsoft, IP_RECVIF", IP_RECVIF, [item(IPPROTO_IP, IP_RECVIF, 1)]],
  ["Microsoft, IP_RECVTOS", IP_RECVTOS, [item(IPPROTO_IP, IP_TOS, 0x2a)]],
  ["Microsoft, IP_ECN", IP_ECN, [item(IPPROTO_IP, IP_ECN, 2)]],
];
const TOLD6: typeof TOLD = [
  ["Microsoft, IPV6_PKTINFO", IPV6_PKTINFO, [item(IPPROTO_IPV6, IPV6_PKTINFO, info6(OURS6, 1))]],
  ["Microsoft, IPV6_HOPLIMIT", IPV6_HOPLIMIT, [item(IPPROTO_IPV6, IPV6_HOPLIMIT, 64)]],
  ["Microsoft, IPV6_RECVTCLASS", IPV6_RECVTCLASS, [item(IPPROTO_IPV6, IPV6_TCLASS, 0x2a)]],
  ["Microsoft, IPV6_ECN", IPV6_ECN, [item(IPPROTO_IPV6, IPV6_ECN, 2)]],
];

describe("WSARecvMsg", () => {
  test.each(TOLD)("%s: option %i", (_source, option, expected) => {
    const { v, s, p } = pair4();
    if (option >= 0) expect(on(v.winsock, s, IPPROTO_IP, option)).toBe(0);
    v.peerWinsock.setsockopt(p, IPPROTO_IP, IP_TOS, { value: 0x2a }, 4);
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    const msg = message({ name: new_sockaddr_in() });
    expect(recvMsg(v.winsock, s, msg)).toEqual({ got: SUCCESS, count: 5, text: "hello", control: expected });
    expect([msg.name, msg.namelen, msg.dwFlags]).toEqual([address(PEER, 8), sizeof_sockaddr_in, 0]);
  });

  test.each(TOLD6)("%s: option %i", (_source, option, expected) => {
    const { v, s, p } = pair6();
    expect(on(v.winsock, s, IPPROTO_IPV6, option)).toBe(0);
    v.peerWinsock.setsockopt(p, IPPROTO_IPV6, IPV6_TCLASS, { value: 0x2a }, 4);
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address6(OURS6, 7), sizeof_sockaddr_in6);
    const msg = message({ name: new_sockaddr_in6() });
    expect(recvMsg(v.winsock, s, msg)).toEqual({ got: SUCCESS, count: 5, text: "hello", control: expected });
    expect([msg.name, msg.namelen]).toEqual([address6(PEER6, 8), sizeof_sockaddr_in6]);
  });

  test.each([
    ["both levels are asked: IPv4 tells it", [IPPROTO_IP, IPPROTO_IPV6], item(IPPROTO_IP, IP_PKTINFO, info4(OURS, 1))],
    ["IPv6 alone is: v4-mapped", [IPPROTO_IPV6], item(IPPROTO_IPV6, IPV6_PKTINFO, info6(`::ffff:${OURS}`, 1))],
  ])("on a socket of both families, of a datagram of IPv4, where %s", (_, levels, expected) => {
    const { v, s } = pair6(0);
    for (const level of levels) on(v.winsock, s, level, level === IPPROTO_IP ? IP_PKTINFO : IPV6_PKTINFO);
    const p = datagram(v.peerWinsock);
    v.peerWinsock.sendto(p, bytes("x"), 1, 0, address(OURS, 7), sizeof_sockaddr_in);
    expect(recvMsg(v.winsock, s, message()).control).toEqual([expected]);
  });

  test.each([
    ["to everybody on the link", BROADCAST, MSG_BCAST],
    ["to everybody", "255.255.255.255", MSG_BCAST],
    ["to a group", GROUP, MSG_MCAST],
    ["to us", OURS, 0],
  ])("says that a datagram was sent %s (Microsoft, WSAMSG)", (_, to, flags) => {
    const { v, s, p } = pair4();
    v.winsock.setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, Uint8Array.of(...quad(GROUP), 0, 0, 0, 0), 8);
    on(v.winsock, s, IPPROTO_IP, IP_PKTINFO);
    on(v.peerWinsock, p, SOL_SOCKET, SO_BROADCAST);
    v.peerWinsock.sendto(p, bytes("x"), 1, 0, address(to, 7), sizeof_sockaddr_in);
    const msg = message();
    expect(recvMsg(v.winsock, s, msg).control).toEqual([item(IPPROTO_IP, IP_PKTINFO, info4(to, 1))]);
    expect(msg.dwFlags).toBe(flags);
  });

  test.each([
    ["payload", { size: 3 }, MSG_TRUNC, "hel", 2],
    ["control data, the second of two", { control: WSA_CMSG_SPACE(8) + 8 }, MSG_CTRUNC, "hello", 1],
    ["control data at all", { control: 0 }, MSG_CTRUNC, "hello", 0],
    ["either", { size: 3, control: 10 }, MSG_TRUNC | MSG_CTRUNC, "hel", 0],
  ])("says what found no room: %s (Microsoft, WSAMSG; Wine's test WSARecvMsg)", (_, room, flags, text, items) => {
    const { v, s, p } = pair4();
    on(v.winsock, s, IPPROTO_IP, IP_PKTINFO);
    on(v.winsock, s, IPPROTO_IP, IP_RECVTTL);
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    const msg = message(room);
    const came = recvMsg(v.winsock, s, msg);
    expect([came.got, came.text, came.control!.length, msg.dwFlags]).toEqual([fails(e.WSAEMSGSIZE), text, items, flags]);
    // The rest is lost.
    v.winsock.ioctlsocket(s, FIONBIO, { value: 1 });
    expect(recvMsg(v.winsock, s, message()).got).toEqual(fails(e.WSAEWOULDBLOCK));
  });

  test("peeks", () => {
    const { v, s, p } = pair4();
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    expect(recvMsg(v.winsock, s, message({ flags: MSG_PEEK })).text).toBe("hello");
    expect(recvMsg(v.winsock, s, message()).text).toBe("hello");
  });

  test("gives up after SO_RCVTIMEO", () => {
    const { v, s } = pair4();
    v.winsock.setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, { value: 500 }, 4);
    expect(recvMsg(v.winsock, s, message()).got).toEqual(fails(e.WSAETIMEDOUT));
  });

  test("overlapped fills all of it when it is over", () => {
    const { v, s, p } = pair4();
    const { winsock: w } = v;
    on(w, s, IPPROTO_IP, IP_RECVTTL);
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    const msg = message({ name: new_sockaddr_in() });
    expect(outcome(w, w.WSARecvMsg(s, msg, null, ov, null))).toEqual(fails(e.WSA_IO_PENDING));
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    expect(w.WaitForSingleObject(ov.hEvent, INFINITE)).toBe(0);
    const count = { value: 0 };
    expect(w.WSAGetOverlappedResult(s, ov, count, 0, { value: 0 })).toBe(1);
    expect(contents(msg, count.value)).toEqual({ text: "hello", control: [item(IPPROTO_IP, IP_TTL, 64)] });
    expect(msg.name).toEqual(address(PEER, 8));
  });

  test("overlapped into an address that cannot be written is over all the same", () => {
    const { v, s, p } = pair4();
    const { winsock: w } = v;
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    w.WSARecvMsg(s, message({ name: Object.freeze(new_sockaddr_in()) }), null, ov, null);
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    expect(w.WaitForSingleObject(ov.hEvent, INFINITE)).toBe(0);
    expect(outcome(w, w.WSAGetOverlappedResult(s, ov, { value: 0 }, 0, { value: 0 }))).toEqual([0, e.WSAEFAULT]);
  });

  test("tells a routine its flags", () => {
    const { v, s, p } = pair4();
    const { winsock: w } = v;
    const heard: number[][] = [];
    w.WSARecvMsg(s, message({ size: 3 }), null, new_WSAOVERLAPPED(), (error, count, _ov, flags) => heard.push([error, count, flags]));
    v.peerWinsock.sendto(p, bytes("hello"), 5, 0, address(OURS, 7), sizeof_sockaddr_in);
    w.SleepEx(1000, 1);
    expect(heard).toEqual([[e.WSAEMSGSIZE, 3, MSG_TRUNC]]);
  });
});

/** In the order in which they come (winsock.md §7.1, §17). */
const REFUSED: readonly (readonly [string, string, (w: BlockingFace, v: VirtualWinsock) => number, number])[] = [
  ["Wine's test WSASendMsg", "send, no socket", (w) => w.WSASendMsg(4444, null, 0, null, null, null), e.WSAENOTSOCK],
  ["Wine's test WSASendMsg", "send, no message", (w) => w.WSASendMsg(datagram(w), null, 0, { value: 0 }, null, null), e.WSAEFAULT],
  [
    "Wine's test WSASendMsg",
    "send, a stream",
    (w, v) => w.WSASendMsg(v.stream(), { ...message(), name: address(PEER, 7), namelen: 16 }, 0, { value: 0 }, null, null),
    e.WSAEINVAL,
  ],
  ["as send", "send, no name", (w) => w.WSASendMsg(datagram(w), message({ control: 0 }), 0, { value: 0 }, null, null), e.WSAENOTCONN],
  [
    "as sendto",
    "send, a short name",
    (w) => w.WSASendMsg(datagram(w), { ...message({ control: 0 }), name: address(PEER, 7), namelen: 15 }, 0, { value: 0 }, null, null),
    e.WSAEFAULT,
  ],
  ["Wine's test WSARecvMsg", "receive, no socket", (w) => w.WSARecvMsg(4444, null, null, null, null), e.WSAENOTSOCK],
  ["Wine's test WSARecvMsg", "receive, no message", (w) => w.WSARecvMsg(datagram(w), null, { value: 0 }, null, null), e.WSAEFAULT],
  ["Wine's test WSARecvMsg", "receive, no count", (w) => w.WSARecvMsg(datagram(w), message(), null, null, null), e.WSAEFAULT],
  ["winsock.md §17", "receive, unbound", (w) => w.WSARecvMsg(datagram(w), message(), { value: 0 }, null, null), e.WSAEINVAL],
  ["winsock.md §17", "receive, a stream", (w, v) => w.WSARecvMsg(v.stream(), message(), { value: 0 }, null, null), e.WSAEOPNOTSUPP],
  [
    "memory that is not the program's",
    "receive, control data",
    (w) => w.WSARecvMsg(datagram(w), { ...message(), Control: { len: 10, buf: new Uint8Array(9) } }, { value: 0 }, null, null),
    e.WSAEFAULT,
  ],
];

test.each(REFUSED)("%s: %s", (_source, _name, call, code) => {
  const v = new VirtualWinsock();
  expect(outcome(v.winsock, call(v.winsock, v))).toEqual(fails(code));
});

describe("WSASendMsg", () => {
  test("sends what is in several pieces as one datagram, to a name or to the peer", () => {
    const { v, s, p } = pair4();
    expect(sendMsg(v.winsock, s, "hello", address(PEER, 8))).toEqual([0, 0, 5]);
    expect(recv(v.peerWinsock, p)).toBe("hello");
    v.winsock.connect(s, address(PEER, 8), sizeof_sockaddr_in);
    expect(sendMsg(v.winsock, s, "again", null)).toEqual([0, 0, 5]);
    expect(recv(v.peerWinsock, p)).toBe("again");
  });

  test("without a count sends nothing, but binds (Wine's test WSASendMsg)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = datagram(w);
    const msg = { ...message(), name: address(PEER, 8), namelen: 16 };
    expect(outcome(w, w.WSASendMsg(s, null, 0, null, null, null))).toEqual(fails(e.WSAEFAULT));
    const name = new_sockaddr_in();
    expect(outcome(w, w.getsockname(s, name, { value: 16 }))).toEqual(fails(e.WSAEINVAL));
    expect(outcome(w, w.WSASendMsg(s, msg, 0, null, null, null))).toEqual(fails(e.WSAEFAULT));
    expect(outcome(w, w.getsockname(s, name, { value: 16 }))).toEqual(SUCCESS);
    expect(name.sin_port).not.toBe(0);
  });

  /** What is said of one datagram, and what the peer hears of it and of the next. */
  test.each([
    ["IP_TTL", [item(IPPROTO_IP, IP_TTL, 9)], { ttl: 9, trafficClass: 0 }],
    ["IP_HOPLIMIT", [item(IPPROTO_IP, IP_HOPLIMIT, 9)], { ttl: 9, trafficClass: 0 }],
    ["IP_TOS", [item(IPPROTO_IP, IP_TOS, 0x28)], { ttl: 128, trafficClass: 0x28 }],
    ["IP_ECN", [item(IPPROTO_IP, IP_ECN, 2)], { ttl: 128, trafficClass: 2 }],
    ["IP_TOS and IP_ECN", [item(IPPROTO_IP, IP_TOS, 0x28), item(IPPROTO_IP, IP_ECN, 1)], { ttl: 128, trafficClass: 0x29 }],
  ])("%s counts for one datagram", (_, control, { ttl, trafficClass }) => {
    const { v, s, p } = pair4();
    for (const option of [IP_RECVTTL, IP_RECVTOS]) on(v.peerWinsock, p, IPPROTO_IP, option);
    sendMsg(v.winsock, s, "one", address(PEER, 8), control);
    sendMsg(v.winsock, s, "two", address(PEER, 8));
    const told = (hops: number, tos: number) => [item(IPPROTO_IP, IP_TTL, hops), item(IPPROTO_IP, IP_TOS, tos)];
    expect(recvMsg(v.peerWinsock, p, message()).control).toEqual(told(ttl, trafficClass));
    expect(recvMsg(v.peerWinsock, p, message()).control).toEqual(told(128, 0));
  });

  test("IPV6_HOPLIMIT and IPV6_TCLASS count for one datagram", () => {
    const { v, s, p } = pair6();
    for (const option of [IPV6_HOPLIMIT, IPV6_RECVTCLASS]) on(v.peerWinsock, p, IPPROTO_IPV6, option);
    const control = [item(IPPROTO_IPV6, IPV6_HOPLIMIT, 3), item(IPPROTO_IPV6, IPV6_TCLASS, 7)];
    sendMsg(v.winsock, s, "one", address6(PEER6, 8), control);
    expect(recvMsg(v.peerWinsock, p, message()).control).toEqual(control);
  });

  test.each([false, true])("IP_PKTINFO chooses the source (connected: %s)", (isConnected) => {
    const { v, s, p } = pair4();
    const other = "203.0.113.3";
    v.ours.ip.addAddress(v.ours.ip.interfaces[0]!, parseAddress(other), 24);
    if (isConnected) v.winsock.connect(s, address(PEER, 8), sizeof_sockaddr_in);
    const to = isConnected ? null : address(PEER, 8);
    expect(sendMsg(v.winsock, s, "one", to, [item(IPPROTO_IP, IP_PKTINFO, info4(other, 0))])).toEqual([0, 0, 3]);
    expect(sendMsg(v.winsock, s, "two", to)).toEqual([0, 0, 3]);
    const from = [0, 1].map(() => {
      const msg = message({ name: new_sockaddr_in() });
      recvMsg(v.peerWinsock, p, msg);
      return msg.name;
    });
    expect(from).toEqual([address(other, 7), address(OURS, 7)]);
  });

  test("IPV6_PKTINFO chooses the source", () => {
    const { v, s, p } = pair6();
    const other = "2001:db8::3";
    v.ours.ip.addAddress(v.ours.ip.interfaces[0]!, parseAddress(other), 64);
    sendMsg(v.winsock, s, "one", address6(PEER6, 8), [item(IPPROTO_IPV6, IPV6_PKTINFO, info6(other, 1))]);
    const msg = message({ name: new_sockaddr_in6() });
    recvMsg(v.peerWinsock, p, msg);
    expect(msg.name).toEqual(address6(other, 7));
  });

  test("UDP_SEND_MSG_SIZE cuts one message", () => {
    const { v, s, p } = pair4();
    sendMsg(v.winsock, s, "abcde", address(PEER, 8), [item(IPPROTO_UDP, UDP_SEND_MSG_SIZE, 2)]);
    sendMsg(v.winsock, s, "whole", address(PEER, 8));
    expect([0, 1, 2, 3].map(() => recv(v.peerWinsock, p))).toEqual(["ab", "cd", "e", "whole"]);
  });

  test.each([
    ["an address that is not ours", [item(IPPROTO_IP, IP_PKTINFO, info4(PEER, 0))], e.WSAEADDRNOTAVAIL],
    ["an interface that there is not", [item(IPPROTO_IP, IP_PKTINFO, info4("0.0.0.0", 77))], e.WSAEADDRNOTAVAIL],
    ["an interface that does not lead there", [item(IPPROTO_IP, IP_PKTINFO, info4("0.0.0.0", 2))], e.WSAENETUNREACH],
    ["hops beyond 255", [item(IPPROTO_IP, IP_TTL, 256)], e.WSAEINVAL],
    ["no hops", [item(IPPROTO_IP, IP_TTL, 0)], e.WSAEINVAL],
    ["a codepoint of three bits", [item(IPPROTO_IP, IP_ECN, 4)], e.WSAEINVAL],
    ["too little", [item(IPPROTO_IP, IP_PKTINFO, new Uint8Array(7))], e.WSAEINVAL],
    ["what nobody knows", [item(77, 77, 1)], e.WSAEINVAL],
  ])("control data of %s is refused", (_, control, code) => {
    const { v, s } = pair4();
    expect(sendMsg(v.winsock, s, "x", address(PEER, 8), control)).toEqual([...fails(code), -1]);
    expect(sendMsg(v.winsock, s, "x", address(PEER, 8))).toEqual([0, 0, 1]);
  });

  test.each([
    ["shorter than its head says", Uint8Array.of(25, 0, 0, 0, 0, 0, 0, 0, ...new Uint8Array(16))],
    ["shorter than a head", new Uint8Array(15).fill(1)],
    ["a head without a length", new Uint8Array(16)],
  ])("control data that is %s is refused", (_, control) => {
    const { v, s } = pair4();
    const msg = { ...message(), name: address(PEER, 8), namelen: 16, Control: new_WSABUF(control) };
    expect(outcome(v.winsock, v.winsock.WSASendMsg(s, msg, 0, { value: 0 }, null, null))).toEqual(fails(e.WSAEINVAL));
  });

  test("says what sendto says of everybody and of what is too long", () => {
    const { v, s } = pair4();
    expect(sendMsg(v.winsock, s, "x", address(BROADCAST, 8))).toEqual([...fails(e.WSAEACCES), -1]);
    set(v, s, SO_BROADCAST);
    expect(sendMsg(v.winsock, s, "x", address(BROADCAST, 8))).toEqual([0, 0, 1]);
    for (const length of [65508, 400_000]) {
      expect(sendMsg(v.winsock, s, "x".repeat(length), address(PEER, 8))).toEqual([...fails(e.WSAEMSGSIZE), -1]);
    }
  });

  test("overlapped sets its event", () => {
    const { v, s, p } = pair4();
    const { winsock: w } = v;
    const ov = new_WSAOVERLAPPED(w.WSACreateEvent());
    const msg = { ...new_WSAMSG(), name: address(PEER, 8), namelen: 16, lpBuffers: [new_WSABUF(bytes("hi"))], dwBufferCount: 1 };
    expect(outcome(w, w.WSASendMsg(s, msg, 0, null, ov, null))).toEqual(SUCCESS);
    expect([w.WaitForSingleObject(ov.hEvent, 0), ov.InternalHigh]).toEqual([0, 2]);
    expect(recv(v.peerWinsock, p)).toBe("hi");
  });
});

test.each([
  ["WSARecvMsg", WSAID_WSARECVMSG],
  ["WSASendMsg", WSAID_WSASENDMSG],
] as const)("%s is found by its GUID", (name, id) => {
  const { winsock: w } = new VirtualWinsock();
  const found: { value: unknown } = { value: null };
  const s = w.socket(AF_INET, SOCK_DGRAM, 0);
  expect(w.WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, id, 16, found, 8, { value: 0 }, null, null)).toBe(0);
  expect(found.value).toBe(w[name]);
});
