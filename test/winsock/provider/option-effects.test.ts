/** What options do on the wire: each is set by setsockopt, and the frames that leave are looked at. */
import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { LINUX } from "../../../src/stack/core/profile.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import { WSAEADDRNOTAVAIL, WSAEFAULT, WSAEHOSTUNREACH, WSAEINVAL, WSAETIMEDOUT } from "../../../src/winsock/abi/errors.ts";
import {
  type group_req,
  type group_source_req,
  new_ip_mreq,
  new_ip_mreq_source,
  new_ipv6_mreq,
} from "../../../src/winsock/abi/multicast-requests.ts";
import type { ICMP_ERROR_INFO } from "../../../src/winsock/abi/socket-state.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import * as values from "../../../src/winsock/abi/values.ts";
import { tcpOf } from "../../support/insides.ts";
import { address6, datagram6, dual, ipv6Winsock, PEER6, stream6 } from "../../support/ipv6-winsock.ts";
import { address, BROADCAST, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, nonblocking, outcome, recv, SUCCESS, say } from "../../support/winsock-calls.ts";

const IP_AT = 14;
const GROUP = "239.1.2.3";

interface Sent {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** What leaves our host from now on, of one protocol of IP. */
function watch(v: VirtualWinsock, protocol: number): Sent[] {
  const sent: Sent[] = [];
  const transmit = v.cable.transmit.bind(v.cable);
  v.cable.transmit = (frame, at, end, info) => {
    const copy = frame.slice(at, end);
    const type = (copy[12]! << 8) | copy[13]!;
    const isIt = type === 0x0800 ? ipv4.protocol(copy, IP_AT) === protocol : type === 0x86dd && ipv6.nextHeader(copy, IP_AT) === protocol;
    if (isIt) sent.push({ atMs: v.nowMs, bytes: copy });
    return transmit(frame, at, end, info);
  };
  return sent;
}

const set = (
  v: VirtualWinsock,
  s: SOCKET,
  level: number,
  name: number,
  value: Parameters<typeof v.winsock.setsockopt>[3],
  face = v.winsock,
) => outcome(face, face.setsockopt(s, level, name, value, 512));
const setNumber = (v: VirtualWinsock, s: SOCKET, level: number, name: number, value: number, face = v.winsock) =>
  outcome(face, face.setsockopt(s, level, name, { value }, 4));
const sendTo = (v: VirtualWinsock, s: SOCKET, to: string, port = 7000, data = bytes("x"), face = v.winsock) =>
  outcome(face, face.sendto(s, data, data.length, 0, address(to, port), 16));
const flagsOf = ({ bytes }: Sent): number => tcp.flags(bytes, IP_AT + 20);
const isSyn = (frame: Sent): boolean => (flagsOf(frame) & tcp.SYN) !== 0;

describe("time to live and type of service", () => {
  test("of a stream: every segment, from the SYN on, and what changes later", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    v.listener(80);
    const s = v.stream();
    setNumber(v, s, c.IPPROTO_IP, c.IP_TTL, 7);
    setNumber(v, s, c.IPPROTO_IP, c.IP_TOS, 0xb8);
    connect(v, s, PEER, 80);
    expect(sent.map(({ bytes }) => [ipv4.ttl(bytes, IP_AT), ipv4.tos(bytes, IP_AT)])).toEqual(sent.map(() => [7, 0xb8]));
    expect(sent.length).toBeGreaterThan(1);
    setNumber(v, s, c.IPPROTO_IP, c.IP_TTL, 9);
    say(v.winsock, s, "text");
    v.advance(1);
    expect(ipv4.ttl(sent.at(-1)!.bytes, IP_AT)).toBe(9);
  });

  test("of a connection that a listener accepts: the SYN-ACK has them, too", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    const listener = v.stream();
    bind(v, listener, OURS, 90);
    setNumber(v, listener, c.IPPROTO_IP, c.IP_TTL, 3);
    v.winsock.listen(listener, 1);
    connect(v, v.stream(v.peerWinsock), OURS, 90, v.peerWinsock);
    const s = v.winsock.accept(listener, null, null);
    const box = { value: 0 };
    v.winsock.getsockopt(s, c.IPPROTO_IP, c.IP_TTL, box, { value: 4 });
    expect(box.value).toBe(3);
    say(v.winsock, s, "x");
    v.advance(1);
    expect(sent.map(({ bytes }) => ipv4.ttl(bytes, IP_AT))).toEqual(sent.map(() => 3));
  });

  test("of datagrams, and apart from it that to groups", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_UDP);
    const s = datagram(v.winsock);
    sendTo(v, s, PEER);
    setNumber(v, s, c.IPPROTO_IP, c.IP_TTL, 5);
    setNumber(v, s, c.IPPROTO_IP, c.IP_TOS, 0x20);
    sendTo(v, s, PEER);
    sendTo(v, s, GROUP);
    setNumber(v, s, c.IPPROTO_IP, c.IP_MULTICAST_TTL, 33);
    sendTo(v, s, GROUP);
    v.advance(10);
    expect(sent.map(({ bytes }) => [ipv4.ttl(bytes, IP_AT), ipv4.tos(bytes, IP_AT)]).sort()).toEqual(
      [
        [128, 0],
        [5, 0x20],
        [1, 0x20],
        [33, 0x20],
      ].sort(),
    );
  });

  test("in IPv6 by IPV6_UNICAST_HOPS and IPV6_TCLASS", () => {
    const v = ipv6Winsock();
    const sent = watch(v, ipv4.PROTOCOL_UDP);
    const s = datagram6(v);
    setNumber(v, s, c.IPPROTO_IPV6, c.IPV6_UNICAST_HOPS, 4);
    setNumber(v, s, c.IPPROTO_IPV6, c.IPV6_TCLASS, 0x28);
    v.winsock.sendto(s, bytes("x"), 1, 0, address6(PEER6, 7000), 28);
    v.advance(10);
    expect(sent.map(({ bytes }) => [ipv6.hopLimit(bytes, IP_AT), ipv6.trafficClass(bytes, IP_AT)])).toEqual([[4, 0x28]]);
    const segments = watch(v, ipv4.PROTOCOL_TCP);
    const stream = nonblocking(v, stream6(v));
    setNumber(v, stream, c.IPPROTO_IPV6, c.IPV6_UNICAST_HOPS, 6);
    v.winsock.connect(stream, address6(PEER6, 9), 28);
    v.advance(10);
    expect(ipv6.hopLimit(segments[0]!.bytes, IP_AT)).toBe(6);
  });
});

describe("fragments", () => {
  const long = new Uint8Array(3000);

  test.each([
    ["nothing", undefined, 0, SUCCESS],
    ["IP_DONTFRAGMENT", c.IP_DONTFRAGMENT, 1, fails(10040)],
    ["IP_MTU_DISCOVER IP_PMTUDISC_DO", c.IP_MTU_DISCOVER, values.IP_PMTUDISC_DO, fails(10040)],
    ["IP_MTU_DISCOVER IP_PMTUDISC_PROBE", c.IP_MTU_DISCOVER, values.IP_PMTUDISC_PROBE, fails(10040)],
    ["IP_MTU_DISCOVER IP_PMTUDISC_DONT", c.IP_MTU_DISCOVER, values.IP_PMTUDISC_DONT, SUCCESS],
  ] as const)("with %s set, 3000 bytes to an MTU of 1500", (_, name, value, expected) => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_UDP);
    const s = datagram(v.winsock);
    if (name !== undefined) setNumber(v, s, c.IPPROTO_IP, name, value);
    const got = sendTo(v, s, PEER, 7000, long);
    expect(got).toEqual(expected[0] === 0 ? [3000, 0] : expected);
    sendTo(v, s, PEER);
    v.advance(10);
    const keepsWhole = expected[0] !== 0;
    expect(ipv4.dontFragment(sent.at(-1)!.bytes, IP_AT)).toBe(keepsWhole);
    expect(sent).toHaveLength(keepsWhole ? 1 : 4);
  });

  test("UDP_SEND_MSG_SIZE cuts a send into datagrams (M)", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_UDP);
    const s = datagram(v.winsock);
    sendTo(v, s, PEER);
    v.advance(10);
    setNumber(v, s, c.IPPROTO_UDP, c.UDP_SEND_MSG_SIZE, 1000);
    expect(sendTo(v, s, PEER, 7000, new Uint8Array(2500))).toEqual([2500, 0]);
    v.advance(10);
    expect(sent.slice(1).map(({ bytes }) => ipv4.payloadLength(bytes, IP_AT) - 8)).toEqual([1000, 1000, 500]);
  });
});

test.each([
  ["on, as it is at first", 1, "to all"],
  ["off", 0, "to us"],
])("IP_RECEIVE_BROADCAST %s: what was sent to everybody (M)", (_, value, expected) => {
  const v = new VirtualWinsock();
  const s = nonblocking(v, datagram(v.winsock));
  setNumber(v, s, c.IPPROTO_IP, c.IP_RECEIVE_BROADCAST, value);
  bind(v, s, "0.0.0.0", 7000);
  const peer = datagram(v.peerWinsock);
  setNumber(v, peer, c.SOL_SOCKET, c.SO_BROADCAST, 1, v.peerWinsock);
  expect(sendTo(v, peer, BROADCAST, 7000, bytes("to all"), v.peerWinsock)).toEqual([6, 0]);
  sendTo(v, peer, OURS, 7000, bytes("to us"), v.peerWinsock);
  v.advance(10);
  expect(recv(v.winsock, s)).toBe(expected);
});

describe("groups", () => {
  const mreq = (group: string, at = "0.0.0.0") => {
    const request = new_ip_mreq();
    request.imr_multiaddr = address(group, 0).sin_addr;
    request.imr_interface = address(at, 0).sin_addr;
    return request;
  };
  const sourced = (group: string, source: string) => {
    const request = new_ip_mreq_source();
    request.imr_multiaddr = address(group, 0).sin_addr;
    request.imr_sourceaddr = address(source, 0).sin_addr;
    return request;
  };

  function member(join: (v: VirtualWinsock, s: SOCKET) => void, isBoundFirst = true) {
    const v = new VirtualWinsock();
    const reports = watch(v, ipv4.PROTOCOL_IGMP);
    const s = nonblocking(v, datagram(v.winsock));
    if (isBoundFirst) bind(v, s, "0.0.0.0", 7000);
    join(v, s);
    if (!isBoundFirst) bind(v, s, "0.0.0.0", 7000);
    v.advance(2000);
    const peer = datagram(v.peerWinsock);
    const hears = (text: string): string => {
      sendTo(v, peer, GROUP, 7000, bytes(text), v.peerWinsock);
      v.advance(10);
      return recv(v.winsock, s);
    };
    return { v, s, reports, hears };
  }

  test.each([
    ["IP_ADD_MEMBERSHIP", true],
    ["IP_ADD_MEMBERSHIP before bind", false],
  ])("%s tells the routers by IGMP, and what is sent there is received until it is dropped", (_, isBoundFirst) => {
    const { v, s, reports, hears } = member((v, s) => {
      expect(set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP))).toEqual(SUCCESS);
    }, isBoundFirst);
    expect(reports.length).toBeGreaterThan(0);
    expect(hears("to all")).toBe("to all");
    expect(set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP))).toEqual(fails(WSAEINVAL));
    expect(set(v, s, c.IPPROTO_IP, c.IP_DROP_MEMBERSHIP, mreq(GROUP))).toEqual(SUCCESS);
    expect(hears("too late")).toBe("error 10035");
    expect(set(v, s, c.IPPROTO_IP, c.IP_DROP_MEMBERSHIP, mreq(GROUP))).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test("a membership ends with its socket", () => {
    const { v, s, reports } = member((v, s) => void set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP)));
    const before = reports.length;
    v.winsock.closesocket(s);
    v.advance(2000);
    expect(reports.length).toBeGreaterThan(before);
  });

  test("sources: one that is asked for, one that is blocked, and the words of RFC 3678", () => {
    const asked = member((v, s) => void set(v, s, c.IPPROTO_IP, c.IP_ADD_SOURCE_MEMBERSHIP, sourced(GROUP, NOBODY_THERE)));
    expect(asked.hears("from another")).toBe("error 10035");
    expect(set(asked.v, asked.s, c.IPPROTO_IP, c.IP_ADD_SOURCE_MEMBERSHIP, sourced(GROUP, PEER))).toEqual(SUCCESS);
    expect(asked.hears("from the peer")).toBe("from the peer");
    expect(set(asked.v, asked.s, c.IPPROTO_IP, c.IP_ADD_SOURCE_MEMBERSHIP, sourced(GROUP, PEER))).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(set(asked.v, asked.s, c.IPPROTO_IP, c.IP_DROP_SOURCE_MEMBERSHIP, sourced(GROUP, PEER))).toEqual(SUCCESS);
    expect(asked.hears("again")).toBe("error 10035");

    const any = member((v, s) => void set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP)));
    expect(set(any.v, any.s, c.IPPROTO_IP, c.IP_BLOCK_SOURCE, sourced(GROUP, PEER))).toEqual(SUCCESS);
    expect(any.hears("blocked")).toBe("error 10035");
    expect(set(any.v, any.s, c.IPPROTO_IP, c.IP_UNBLOCK_SOURCE, sourced(GROUP, PEER))).toEqual(SUCCESS);
    expect(any.hears("heard")).toBe("heard");
    expect(set(any.v, any.s, c.IPPROTO_IP, c.IP_UNBLOCK_SOURCE, sourced(GROUP, PEER))).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test("MCAST_JOIN_GROUP and kin say the same in names, at either level (RFC 3678 §5)", () => {
    const join: group_req = { gr_interface: 1, gr_group: address(GROUP, 0) };
    const { v, s, hears } = member((v, s) => void set(v, s, c.IPPROTO_IP, c.MCAST_JOIN_GROUP, join));
    expect(hears("joined")).toBe("joined");
    const block: group_source_req = { gsr_interface: 1, gsr_group: address(GROUP, 0), gsr_source: address(PEER, 0) };
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_BLOCK_SOURCE, block)).toEqual(SUCCESS);
    expect(hears("blocked")).toBe("error 10035");
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_UNBLOCK_SOURCE, block)).toEqual(SUCCESS);
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_LEAVE_GROUP, join)).toEqual(SUCCESS);
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_JOIN_SOURCE_GROUP, block)).toEqual(SUCCESS);
    expect(hears("asked for")).toBe("asked for");
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_LEAVE_SOURCE_GROUP, block)).toEqual(SUCCESS);
    expect(hears("left")).toBe("error 10035");
    expect(set(v, s, c.IPPROTO_IP, c.MCAST_JOIN_GROUP, { ...join, gr_interface: 77 })).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test.each([
    ["an address that is no group", mreq(PEER), WSAEINVAL],
    ["an interface that is none of ours", mreq(GROUP, PEER), WSAEADDRNOTAVAIL],
    ["too few bytes", new Uint8Array(7), WSAEFAULT],
  ])("IP_ADD_MEMBERSHIP with %s", (_, request, code) => {
    const v = new VirtualWinsock();
    expect(outcome(v.winsock, v.winsock.setsockopt(datagram(v.winsock), c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, request, 8))).toEqual(
      fails(code),
    );
  });

  test.each([
    ["by its address", OURS],
    ["by its index", "0.0.0.1"],
  ])("the interface is named %s", (_, name) => {
    const { hears } = member((v, s) => {
      expect(set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP, name))).toEqual(SUCCESS);
    });
    expect(hears("here")).toBe("here");
  });

  test("IPV6_JOIN_GROUP: of IPv6", () => {
    const v = ipv6Winsock();
    const s = nonblocking(v, datagram6(v));
    v.winsock.bind(s, address6("::", 7000), 28);
    const request = new_ipv6_mreq();
    request.ipv6mr_multiaddr = address6("ff15::77", 0).sin6_addr;
    request.ipv6mr_interface = 1;
    expect(set(v, s, c.IPPROTO_IPV6, c.IPV6_JOIN_GROUP, request)).toEqual(SUCCESS);
    v.advance(2000);
    const peer = datagram6(v, v.peerWinsock);
    v.peerWinsock.sendto(peer, bytes("six"), 3, 0, address6("ff15::77", 7000), 28);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe("six");
    expect(set(v, s, c.IPPROTO_IPV6, c.IPV6_LEAVE_GROUP, request)).toEqual(SUCCESS);
    expect(set(v, s, c.IPPROTO_IPV6, c.IPV6_LEAVE_GROUP, request)).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test("a socket of both families joins groups of IPv4 at IPv4's level", () => {
    const v = ipv6Winsock();
    const s = nonblocking(v, dual(v, datagram6(v)));
    v.winsock.bind(s, address6("::", 7000), 28);
    expect(set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP))).toEqual(SUCCESS);
    sendTo(v, datagram(v.peerWinsock), GROUP, 7000, bytes("four"), v.peerWinsock);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe("four");
  });

  test.each([
    ["on", 1, "own"],
    ["off", 0, "error 10035"],
  ])("IP_MULTICAST_LOOP %s at the receiver (M)", (_, value, expected) => {
    const { v, s } = member((v, s) => void set(v, s, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq(GROUP)));
    setNumber(v, s, c.IPPROTO_IP, c.IP_MULTICAST_LOOP, value);
    sendTo(v, datagram(v.winsock), GROUP, 7000, bytes("own"));
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(expected);
  });

  test("IP_MULTICAST_IF: what is sent to a group leaves by the loopback that was named", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_UDP);
    const s = datagram(v.winsock);
    const loopback = v.ours.ip.interfaces.find(({ isLoopback }) => isLoopback)!;
    expect(setNumber(v, s, c.IPPROTO_IP, c.IP_MULTICAST_IF, loopback.index << 24)).toEqual(SUCCESS);
    sendTo(v, s, GROUP);
    v.advance(10);
    expect(sent).toEqual([]);
    setNumber(v, s, c.IPPROTO_IP, c.IP_MULTICAST_IF, 0);
    sendTo(v, s, GROUP);
    v.advance(10);
    expect(sent).toHaveLength(1);
  });
});

describe("keepalive (M: TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT)", () => {
  test("a peer that is gone is asked after the idle time, so often, at that interval", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_KEEPIDLE, 30);
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_KEEPINTVL, 4);
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_KEEPCNT, 3);
    setNumber(v, s, c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
    v.cable.configure("out", { loss: 1 });
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    const from = v.nowMs;
    expect(recv(v.winsock, s)).toBe("error 10053");
    const times = sent.filter((frame) => (flagsOf(frame) & tcp.RST) === 0).map(({ atMs }) => Math.round((atMs - from) / 1000));
    expect(times).toEqual([30, 34, 38]);
    expect(Math.round((v.nowMs - from) / 1000)).toBe(42);
  });

  test("no time and no number of probes are the system's, and the longest is for ever", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    const probeInMs = () =>
      v.ours.tcp
        .statuses()
        .flatMap(({ timers }) => timers)
        .find(({ name }) => name === "keep-alive")?.inMs;
    for (const name of [c.TCP_KEEPIDLE, c.TCP_KEEPINTVL, c.TCP_KEEPCNT]) setNumber(v, s, c.IPPROTO_TCP, name, 0);
    setNumber(v, s, c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
    expect(probeInMs()).toBe(7_200_000);
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_KEEPIDLE, -1);
    v.advance(1000);
    expect(probeInMs()).toBeGreaterThan(4e12);
  });

  test("an idle time that is set while it runs counts from the last segment", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    setNumber(v, s, c.SOL_SOCKET, c.SO_KEEPALIVE, 1);
    v.advance(20_000);
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_KEEPALIVE, 30);
    v.advance(9000);
    expect(sent).toHaveLength(0);
    v.advance(1500);
    expect(sent).toHaveLength(1);
  });
});

describe("opening", () => {
  test("TCP_TIMESTAMPS offers them in the SYN, and the connection has them", () => {
    const v = new VirtualWinsock();
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    v.listener(80);
    const [plain, stamped] = [v.stream(), v.stream()];
    connect(v, plain, PEER, 80);
    setNumber(v, stamped, c.IPPROTO_TCP, c.TCP_TIMESTAMPS, 1);
    connect(v, stamped, PEER, 80);
    const lengths = sent.filter(isSyn).map(({ bytes }) => tcp.headerLength(bytes, IP_AT + 20));
    expect(lengths[1]! - lengths[0]!).toBeGreaterThanOrEqual(8);
    say(v.winsock, stamped, "x");
    v.advance(1);
    expect(tcp.headerLength(sent.at(-1)!.bytes, IP_AT + 20)).toBe(32);
  });

  test.each([
    ["no word of it", false, WSAETIMEDOUT],
    ["TCP_FAIL_CONNECT_ON_ICMP_ERROR", true, WSAEHOSTUNREACH],
  ])("TCP_ICMP_ERROR_INFO tells what ICMP said of the connect that failed, with %s", (_, isSet, code) => {
    const v = new VirtualWinsock();
    const s = v.stream();
    setNumber(v, s, c.IPPROTO_TCP, c.TCP_FAIL_CONNECT_ON_ICMP_ERROR, Number(isSet));
    const info = {} as ICMP_ERROR_INFO;
    const read = () => outcome(v.winsock, v.winsock.getsockopt(s, c.IPPROTO_TCP, c.TCP_ICMP_ERROR_INFO, info, { value: 36 }));
    expect(read()).toEqual(fails(WSAEINVAL));
    v.cable.configure("in", { loss: 1 });
    v.cable.configure("out", { loss: 0 });
    // The neighbour is known, so that the SYN leaves.
    v.ours.ip.interfaces[0]!.neighbours.addStatic(parseV4(NOBODY_THERE), Uint8Array.of(2, 0, 0, 0, 0, 9));
    const sent = watch(v, ipv4.PROTOCOL_TCP);
    v.after(500, () => {
      const { bytes } = sent[0]!;
      const [local, remote, reporter] = [OURS, NOBODY_THERE, "203.0.113.254"].map((text) => parseV4(text));
      const at = { bytes, transportAt: IP_AT + 20, end: bytes.length, mtu: 0 };
      tcpOf(v.ours).icmpError({ kind: "host-unreachable", type: 3, code: 1, reporter: reporter!, local: local!, remote: remote!, ...at });
    });
    expect(connect(v, s, NOBODY_THERE, 80)).toEqual(fails(code));
    expect(read()).toEqual(SUCCESS);
    expect(info).toMatchObject({
      srcaddress: { sin_family: 2, sin_addr: address("203.0.113.254", 0).sin_addr },
      protocol: 1,
      type: 3,
      code: 1,
    });
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.IPPROTO_TCP, c.TCP_ICMP_ERROR_INFO, new Uint8Array(35), { value: 35 }))).toEqual(
      fails(WSAEFAULT),
    );
  });
});

test("IP_TTL of a fresh socket is the profile's", () => {
  const v = new VirtualWinsock({ profile: LINUX });
  const box = { value: 0 };
  v.winsock.getsockopt(v.stream(), c.IPPROTO_IP, c.IP_TTL, box, { value: 4 });
  expect(box.value).toBe(64);
});
