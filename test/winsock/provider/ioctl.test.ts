/** WSAIoctl. W names Wine's test in dlls/ws2_32/tests/sock.c, M Microsoft's page of the control code; ? marks what no source says. */
import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import type { Udp } from "../../../src/stack/udp/udp.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import {
  extensionFunctionAt,
  extensionFunctionIndex,
  WSAID_ACCEPTEX,
  WSAID_CONNECTEX,
  WSAID_WSAPOLL,
} from "../../../src/winsock/abi/extension-functions.ts";
import { guid, guidBytes } from "../../../src/winsock/abi/guid.ts";
import * as abi from "../../../src/winsock/abi/ioctl-structures.ts";
import { new_WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_sockaddr_in, new_sockaddr_in6, type SOCKET } from "../../../src/winsock/abi/structures.ts";
import * as values from "../../../src/winsock/abi/values.ts";
import type { IoctlInput, IoctlOutput } from "../../../src/winsock/faces/ioctl-values.ts";
import { address6, datagram6, ELSEWHERE6, ipv6Winsock, OURS6, PEER6, stream6, text6 } from "../../support/ipv6-winsock.ts";
import { address, ELSEWHERE, NOBODY_THERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, nonblocking, outcome, recv, say } from "../../support/winsock-calls.ts";

const UNTOUCHED = 0xdeadbeef;

type Got = readonly [result: number, error: number, returned: number];

/** Lengths follow the buffers unless given. */
function ioctl(
  v: VirtualWinsock,
  s: SOCKET,
  code: number,
  input: IoctlInput | null = null,
  output: IoctlOutput | null = null,
  lengths: { readonly in?: number; readonly out?: number } = {},
): Got {
  const returned = { value: UNTOUCHED };
  const cbIn = lengths.in ?? (input instanceof Uint8Array ? input.length : input === null ? 0 : 64);
  const cbOut = lengths.out ?? (output instanceof Uint8Array ? output.length : output === null ? 0 : 4096);
  const result = v.winsock.WSAIoctl(s, code, input, cbIn, output, cbOut, returned, null, null);
  return [...outcome(v.winsock, result), returned.value] as const;
}

const done = (returned = 0): Got => [0, 0, returned];
const fails = (code: number, returned = 0): Got => [-1, code, returned];

const CODES = Object.entries(c).filter(([name, value]) => /^(SIO_|FIO|SIOC)/.test(name) && typeof value === "number") as [string, number][];

describe("what comes first", () => {
  test.each(CODES)(
    "%s: a handle that is no socket, then NULL for the bytes returned (W: fionbio, keepalive_vals, unsupported_ioctls)",
    (_, code) => {
      const v = new VirtualWinsock();
      const { winsock: w } = v;
      const room = new Uint8Array(1000);
      expect(outcome(w, w.WSAIoctl(99, code, room, 100, room, 100, null, null, null))).toEqual([-1, e.WSAENOTSOCK]);
      for (const overlapped of [null, new_WSAOVERLAPPED()]) {
        expect(outcome(w, w.WSAIoctl(v.stream(), code, room, 100, room, 100, null, overlapped, null))).toEqual([-1, e.WSAEFAULT]);
      }
    },
  );

  test.each([
    ["an unknown code", 0xdead],
    ["SIO_FLUSH", c.SIO_FLUSH],
    ["SIO_GET_QOS", c.SIO_GET_QOS],
    ["SIO_TRANSLATE_HANDLE", c.SIO_TRANSLATE_HANDLE],
    ["SIO_MULTICAST_SCOPE", c.SIO_MULTICAST_SCOPE],
  ])("%s is WSAEOPNOTSUPP with 0 bytes (W: unsupported_ioctls)", (_, code) => {
    const v = new VirtualWinsock();
    expect(ioctl(v, v.stream(), code, new Uint8Array(8), new Uint8Array(8))).toEqual(fails(e.WSAEOPNOTSUPP));
  });

  test("SIO_IDEAL_SEND_BACKLOG_CHANGE waits, which is WSAEWOULDBLOCK on a nonblocking socket (M), and refused on a blocking one until it can", () => {
    const v = new VirtualWinsock();
    expect(ioctl(v, nonblocking(v, v.stream()), c.SIO_IDEAL_SEND_BACKLOG_CHANGE)).toEqual(fails(e.WSAEWOULDBLOCK));
    expect(ioctl(v, v.stream(), c.SIO_IDEAL_SEND_BACKLOG_CHANGE)).toEqual(fails(e.WSAEOPNOTSUPP));
  });

  test("before WSAStartup there is none", () => {
    const v = new VirtualWinsock();
    v.winsock.WSACleanup();
    expect(ioctl(v, 4, c.FIONREAD, null, { value: 0 }).slice(0, 2)).toEqual([-1, e.WSANOTINITIALISED]);
  });
});

/** Of buffers that are too small the bytes returned say 0, or what it would take, or are left alone. */
const SHORT: readonly (readonly [string, "stream" | "datagram", number, IoctlInput | null, number, Got, string])[] = [
  ["FIONBIO without input", "stream", c.FIONBIO, null, 0, fails(e.WSAEFAULT, UNTOUCHED), "W: fionbio"],
  ["FIONBIO with 3 bytes", "stream", c.FIONBIO, new Uint8Array(3), 0, fails(e.WSAEFAULT, UNTOUCHED), "W: fionbio"],
  ["FIONREAD with room for 3", "stream", c.FIONREAD, null, 3, fails(e.WSAEFAULT, UNTOUCHED), "W: fionread_siocatmark"],
  ["SIOCATMARK with room for 3", "stream", c.SIOCATMARK, null, 3, fails(e.WSAEFAULT, UNTOUCHED), "W: fionread_siocatmark"],
  ["SIO_KEEPALIVE_VALS without input", "stream", c.SIO_KEEPALIVE_VALS, null, 0, fails(e.WSAEFAULT), "W: keepalive_vals"],
  ["SIO_KEEPALIVE_VALS with 11 bytes", "stream", c.SIO_KEEPALIVE_VALS, new Uint8Array(11), 0, fails(e.WSAEFAULT), "W: keepalive_vals"],
  ["SIO_ADDRESS_LIST_QUERY without room", "stream", c.SIO_ADDRESS_LIST_QUERY, null, 0, fails(e.WSAEFAULT, 40), "W: address_list_query"],
  ["SIO_ADDRESS_LIST_QUERY with room for 4", "stream", c.SIO_ADDRESS_LIST_QUERY, null, 4, fails(e.WSAEINVAL), "W: address_list_query"],
  ["SIO_ADDRESS_LIST_QUERY with room for 39", "stream", c.SIO_ADDRESS_LIST_QUERY, null, 39, fails(e.WSAEFAULT, 40), "M"],
  ["SIO_GET_INTERFACE_LIST without room", "datagram", c.SIO_GET_INTERFACE_LIST, null, 0, fails(e.WSAEFAULT), "W: get_interface_list"],
  [
    "SIO_GET_INTERFACE_LIST with room for one of two",
    "datagram",
    c.SIO_GET_INTERFACE_LIST,
    null,
    76,
    fails(e.WSAEFAULT),
    "W: get_interface_list",
  ],
  ["SIO_BASE_HANDLE with room for 7", "stream", c.SIO_BASE_HANDLE, null, 7, fails(e.WSAEFAULT), "?"],
  ["SIO_GET_BROADCAST_ADDRESS with room for 15", "datagram", c.SIO_GET_BROADCAST_ADDRESS, null, 15, fails(e.WSAEFAULT), "?"],
  ["SIO_GET_EXTENSION_FUNCTION_POINTER without a GUID", "stream", c.SIO_GET_EXTENSION_FUNCTION_POINTER, null, 8, fails(e.WSAEFAULT), "?"],
  ["SIO_UDP_CONNRESET without input", "datagram", c.SIO_UDP_CONNRESET, null, 0, fails(e.WSAEFAULT), "?"],
  ["SIO_TCP_INITIAL_RTO with 3 bytes", "stream", c.SIO_TCP_INITIAL_RTO, new Uint8Array(3), 0, fails(e.WSAEFAULT), "?"],
  ["SIO_TCP_INFO without a version", "stream", c.SIO_TCP_INFO, null, 88, fails(e.WSAEFAULT), "?"],
  ["SIO_ADDRESS_LIST_SORT without a list", "stream", c.SIO_ADDRESS_LIST_SORT, null, 100, fails(e.WSAEFAULT), "?"],
];

/** Codes of the other type of socket. */
const WRONG_TYPE: readonly (readonly [keyof typeof c, "stream" | "datagram"])[] = [
  ["SIO_KEEPALIVE_VALS", "datagram"],
  ["SIO_TCP_INITIAL_RTO", "datagram"],
  ["SIO_TCP_INFO", "datagram"],
  ["SIO_IDEAL_SEND_BACKLOG_QUERY", "datagram"],
  ["SIO_LOOPBACK_FAST_PATH", "datagram"],
  ["SIO_UDP_CONNRESET", "stream"],
  ["SIO_UDP_NETRESET", "stream"],
  ["SIO_ENABLE_CIRCULAR_QUEUEING", "stream"],
];

const make = (v: VirtualWinsock, kind: "stream" | "datagram"): SOCKET => (kind === "stream" ? v.stream() : datagram(v.winsock));

describe("buffers", () => {
  test.each(SHORT)("%s, on a %s", (_, kind, code, input, room, expected) => {
    const v = new VirtualWinsock();
    expect(ioctl(v, make(v, kind), code, input, room === 0 ? null : new Uint8Array(room))).toEqual(expected);
  });

  test.each(WRONG_TYPE)("%s on a %s is WSAEOPNOTSUPP (MS for SIO_IDEAL_SEND_BACKLOG_QUERY, ?)", (name, kind) => {
    const v = new VirtualWinsock();
    const code = (c as unknown as Readonly<Record<string, number>>)[name]!;
    expect(ioctl(v, make(v, kind), code, new Uint8Array(64), new Uint8Array(64))).toEqual(fails(e.WSAEOPNOTSUPP));
  });

  test("what is larger than it takes is fine, and the rest of the output is not touched", () => {
    const v = new VirtualWinsock();
    const output = new Uint8Array(8).fill(0xee);
    expect(ioctl(v, v.stream(), c.FIONREAD, null, output)).toEqual(done(4));
    expect([...output]).toEqual([0, 0, 0, 0, 0xee, 0xee, 0xee, 0xee]);
  });

  test("memory that is not there is WSAEFAULT", () => {
    const v = new VirtualWinsock();
    const frozen = Object.freeze({ value: 0 });
    expect(ioctl(v, v.stream(), c.FIONREAD, null, frozen).slice(0, 2)).toEqual([-1, e.WSAEFAULT]);
    expect(ioctl(v, v.stream(), c.FIONREAD, null, new Uint8Array(2), { out: 4 }).slice(0, 2)).toEqual([-1, e.WSAEFAULT]);
  });
});

describe("codes of ioctlsocket", () => {
  test("FIONBIO switches nonblocking mode (W: fionbio)", () => {
    const v = new VirtualWinsock();
    const s = v.stream();
    expect(ioctl(v, s, c.FIONBIO, { value: 1 })).toEqual(done());
    expect(connect(v, s, NOBODY_THERE, 80)).toEqual([-1, e.WSAEWOULDBLOCK]);
  });

  test("FIONREAD counts what can be read, SIOCATMARK says that no urgent data waits (W: fionread_siocatmark)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    say(v.peerWinsock, peer, "hello");
    v.advance(10);
    const box = { value: 0 };
    expect(ioctl(v, s, c.FIONREAD, null, box)).toEqual(done(4));
    expect(box.value).toBe(5);
    expect(ioctl(v, s, c.SIOCATMARK, null, box)).toEqual(done(4));
    expect(box.value).toBe(1);
  });
});

describe("addresses of the host", () => {
  test("SIO_ADDRESS_LIST_QUERY lists those of the socket's family, bound or not, without the loopback's", () => {
    const v = ipv6Winsock();
    const list: abi.SOCKET_ADDRESS_LIST = { iAddressCount: 0, Address: [] };
    expect(ioctl(v, v.stream(), c.SIO_ADDRESS_LIST_QUERY, null, list)).toEqual(done(40));
    expect(list).toEqual({
      iAddressCount: 1,
      Address: [{ lpSockaddr: { ...new_sockaddr_in(), sin_family: 2, sin_addr: address(OURS, 0).sin_addr }, iSockaddrLength: 16 }],
    });
    expect(ioctl(v, datagram6(v), c.SIO_ADDRESS_LIST_QUERY, null, list)).toEqual(done(8 + 2 * 16 + 2 * 28));
    const names = list.Address.map(({ lpSockaddr }) => text6(lpSockaddr as ReturnType<typeof new_sockaddr_in6>));
    expect(names).toEqual([OURS6, "fe80::2"]);
  });

  test("SIO_ADDRESS_LIST_SORT puts first what is to be tried first (RFC 6724 §6)", () => {
    const v = ipv6Winsock();
    const names = [address6(ELSEWHERE6, 1), address(PEER, 2), address6(PEER6, 3)];
    const Address = names.map((lpSockaddr) => ({ lpSockaddr, iSockaddrLength: "sin_family" in lpSockaddr ? 16 : 28 }));
    const list: abi.SOCKET_ADDRESS_LIST = { iAddressCount: 0, Address: [] };
    const got = ioctl(v, stream6(v), c.SIO_ADDRESS_LIST_SORT, { iAddressCount: 3, Address }, list, { in: 1000 });
    expect(got.slice(0, 2)).toEqual([0, 0]);
    const ports = list.Address.map(
      ({ lpSockaddr: name }) =>
        (name !== null && "sin_port" in name ? name.sin_port : (name as ReturnType<typeof new_sockaddr_in6>).sin6_port) >>> 8,
    );
    expect(ports).toEqual([3, 2, 1]);
    // In bytes, in place.
    const place = abi.addressListOf({ iAddressCount: 3, Address });
    expect(ioctl(v, stream6(v), c.SIO_ADDRESS_LIST_SORT, place, place)).toEqual(done(place.length));
    expect(abi.readAddressList(place)).toEqual(list);
  });

  test("SIO_ADDRESS_LIST_SORT of a count that is more than there is is WSAEFAULT, of a family that is none WSAEINVAL (?)", () => {
    const v = new VirtualWinsock();
    const output = new Uint8Array(1000);
    expect(ioctl(v, v.stream(), c.SIO_ADDRESS_LIST_SORT, Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0), output)).toEqual(
      fails(e.WSAEFAULT),
    );
    const odd = abi.addressListBytes([new Uint8Array(16)]);
    expect(ioctl(v, v.stream(), c.SIO_ADDRESS_LIST_SORT, odd, output)).toEqual(fails(e.WSAEINVAL));
    odd[8] = 200;
    expect(ioctl(v, v.stream(), c.SIO_ADDRESS_LIST_SORT, odd, output)).toEqual(fails(e.WSAEFAULT));
  });

  test("SIO_GET_INTERFACE_LIST tells address, netmask and flags of each (W: get_interface_list)", () => {
    const v = ipv6Winsock();
    const list: abi.INTERFACE_INFO[] = [];
    expect(ioctl(v, datagram(v.winsock), c.SIO_GET_INTERFACE_LIST, null, list)).toEqual(done(2 * 76));
    const shown = list.map(({ iiFlags, iiAddress, iiBroadcastAddress, iiNetmask }) => [
      iiFlags,
      ...[iiAddress, iiBroadcastAddress, iiNetmask].map((name) => ("sin_addr" in name ? v.winsock.inet_ntoa(name.sin_addr) : "")),
    ]);
    const up = values.IFF_UP | values.IFF_MULTICAST;
    expect(shown[0]).toEqual([up | values.IFF_BROADCAST, OURS, "255.255.255.255", "255.255.255.0"]);
    expect(shown[1]).toEqual([up | values.IFF_LOOPBACK, "127.0.0.1", "255.255.255.255", "255.0.0.0"]);
  });

  test("SIO_GET_BROADCAST_ADDRESS is 255.255.255.255, and IPv6 has none", () => {
    const v = new VirtualWinsock();
    const name = new_sockaddr_in();
    expect(ioctl(v, datagram(v.winsock), c.SIO_GET_BROADCAST_ADDRESS, null, name)).toEqual(done(16));
    expect(v.winsock.inet_ntoa(name.sin_addr)).toBe("255.255.255.255");
    expect(ioctl(v, datagram6(v), c.SIO_GET_BROADCAST_ADDRESS, null, name)).toEqual(fails(e.WSAEOPNOTSUPP));
  });

  test.each([
    ["the peer", address(PEER, 80), OURS],
    ["ourselves", address(OURS, 80), OURS],
    ["the loopback", address("127.0.0.1", 80), "127.0.0.1"],
  ])("SIO_ROUTING_INTERFACE_QUERY towards %s tells the source, with port 0 (W: get_routing_interface_query)", (_, to, expected) => {
    const v = new VirtualWinsock();
    const name = new_sockaddr_in();
    expect(ioctl(v, v.stream(), c.SIO_ROUTING_INTERFACE_QUERY, to, name)).toEqual(done(16));
    expect([v.winsock.inet_ntoa(name.sin_addr), name.sin_port]).toEqual([expected, 0]);
  });

  test("SIO_ROUTING_INTERFACE_QUERY of IPv6", () => {
    const v = ipv6Winsock();
    const name = new_sockaddr_in6();
    expect(ioctl(v, stream6(v), c.SIO_ROUTING_INTERFACE_QUERY, address6(PEER6, 80), name)).toEqual(done(28));
    expect(text6(name)).toBe(OURS6);
  });

  const to = (text: string): Uint8Array => {
    const [a = 0, b = 0, d = 0, f = 0] = text.split(".").map(Number);
    return Uint8Array.of(2, 0, 0, 0, a, b, d, f, 0, 0, 0, 0, 0, 0, 0, 0);
  };
  test.each([
    ["no destination", null, 16, fails(e.WSAEINVAL)],
    ["15 bytes of one", to(PEER).subarray(0, 15), 16, fails(e.WSAEINVAL)],
    ["family 0", new Uint8Array(16), 16, fails(e.WSAEAFNOSUPPORT)],
    ["0.0.0.0", to("0.0.0.0"), 16, fails(e.WSAEINVAL)],
    ["no output", to(PEER), 0, fails(e.WSAEFAULT)],
    ["room for 15", to(PEER), 15, fails(e.WSAEFAULT, 16)],
    ["no route", to(ELSEWHERE), 16, fails(e.WSAENETUNREACH)],
  ])("SIO_ROUTING_INTERFACE_QUERY with %s (W: get_routing_interface_query)", (_, input, room, expected) => {
    const v = new VirtualWinsock();
    expect(ioctl(v, v.stream(), c.SIO_ROUTING_INTERFACE_QUERY, input, room === 0 ? null : new Uint8Array(room))).toEqual(expected);
  });
});

describe("handles and functions", () => {
  test.each([c.SIO_BASE_HANDLE, c.SIO_BSP_HANDLE, c.SIO_BSP_HANDLE_SELECT, c.SIO_BSP_HANDLE_POLL])("0x%x is the socket itself", (code) => {
    const v = new VirtualWinsock();
    const s = v.stream();
    const box = { value: 0 };
    expect(ioctl(v, s, code, null, box)).toEqual(done(8));
    expect(box.value).toBe(s);
  });

  test("a GUID that stands for no function is WSAEINVAL, and so is one whose function is not there (M)", () => {
    const v = new VirtualWinsock();
    const box = { value: undefined as unknown };
    const unknown = guid("01234567-89ab-cdef-0123-456789abcdef");
    expect(ioctl(v, v.stream(), c.SIO_GET_EXTENSION_FUNCTION_POINTER, unknown, box)).toEqual(fails(e.WSAEINVAL));
    const face = v.winsock as unknown as Readonly<Record<string, unknown>>;
    for (const id of [WSAID_ACCEPTEX, WSAID_CONNECTEX, WSAID_WSAPOLL]) {
      const known = face[extensionFunctionAt(extensionFunctionIndex(id)!)!];
      const got = ioctl(v, datagram(v.winsock), c.SIO_GET_EXTENSION_FUNCTION_POINTER, guidBytes(id), box);
      expect(got).toEqual(known === undefined ? fails(e.WSAEINVAL) : done(8));
      expect(box.value).toBe(known);
    }
  });
});

describe("TCP", () => {
  /** Times of what our host sends, in milliseconds from now, by flags. */
  function sentTimes(v: VirtualWinsock, want: (flags: number) => boolean): number[] {
    const times: number[] = [];
    const from = v.nowMs;
    const transmit = v.cable.transmit.bind(v.cable);
    v.cable.transmit = (frame, at, end, info) => {
      const isTcp = frame[at + 12] === 8 && frame[at + 13] === 0 && ipv4.protocol(frame, at + 14) === ipv4.PROTOCOL_TCP;
      if (isTcp && want(tcp.flags(frame, at + 34))) times.push(v.nowMs - from);
      return transmit(frame, at, end, info);
    };
    return times;
  }

  test("SIO_KEEPALIVE_VALS sets both times in milliseconds, and is seen in the options (M)", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect(ioctl(v, s, c.SIO_KEEPALIVE_VALS, { onoff: 1, keepalivetime: 5500, keepaliveinterval: 700 })).toEqual(done());
    const read = (level: number, name: number) => {
      const box = { value: 0 };
      v.winsock.getsockopt(s, level, name, box, { value: 4 });
      return box.value;
    };
    expect([read(c.SOL_SOCKET, c.SO_KEEPALIVE), read(c.IPPROTO_TCP, c.TCP_KEEPIDLE), read(c.IPPROTO_TCP, c.TCP_KEEPINTVL)]).toEqual([
      1, 5, 0,
    ]);
    v.cable.configure("out", { loss: 1 });
    const probes = sentTimes(v, (flags) => (flags & tcp.RST) === 0);
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAECONNABORTED}`);
    expect(probes).toHaveLength(10);
    expect(Math.round((probes[0]! - 5500) / 10)).toBe(0);
    expect(Math.round(probes[9]! - probes[0]!)).toBe(9 * 700);
    const other = v.stream();
    expect(ioctl(v, other, c.SIO_KEEPALIVE_VALS, { onoff: 0, keepalivetime: 1, keepaliveinterval: 1 })).toEqual(done());
  });

  test.each([
    ["300 ms and 3 retransmissions", { Rtt: 300, MaxSynRetransmissions: 3 }, [0, 300, 900, 2100], 4500],
    ["none at all", { Rtt: 400, MaxSynRetransmissions: values.TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS }, [0], 400],
    ["what is unspecified", { Rtt: 0xffff, MaxSynRetransmissions: 255 }, [0, 1000, 3000, 7000, 15_000], 21_000],
    ["the defaults", { Rtt: 0, MaxSynRetransmissions: 0 }, [0, 1000, 3000, 7000, 15_000], 21_000],
    ["2000 ms alone", { Rtt: 2000, MaxSynRetransmissions: 255 }, [0, 2000, 6000, 14_000, 30_000], 62_000],
  ])("SIO_TCP_INITIAL_RTO of %s: the SYNs that leave, and when the connect is given up (M)", (_, values, expected, endMs) => {
    const v = new VirtualWinsock();
    v.ours.ip.interfaces[0]!.neighbours.addStatic(parseV4(NOBODY_THERE), Uint8Array.of(2, 0, 0, 0, 0, 9));
    const s = v.stream();
    expect(ioctl(v, s, c.SIO_TCP_INITIAL_RTO, values)).toEqual(done());
    const syns = sentTimes(v, (flags) => (flags & tcp.SYN) !== 0);
    expect(connect(v, s, NOBODY_THERE, 80)).toEqual([-1, e.WSAETIMEDOUT]);
    expect(syns.map(Math.round)).toEqual(expected);
    expect(Math.round(v.nowMs)).toBe(endMs);
  });

  test("SIO_TCP_INITIAL_RTO comes before connect (?)", () => {
    const v = new VirtualWinsock();
    expect(ioctl(v, v.pair().s, c.SIO_TCP_INITIAL_RTO, { Rtt: 300, MaxSynRetransmissions: 3 })).toEqual(fails(e.WSAEINVAL));
  });

  test("SIO_TCP_INFO tells what is measured of a connection, version 0; without one it is WSAENOTCONN (M, ?)", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    v.cable.configure("out", { delayMs: 20 });
    say(v.winsock, s, "hello");
    say(v.peerWinsock, peer, "hey");
    v.advance(1000);
    const info = abi.new_TCP_INFO_v0();
    expect(ioctl(v, s, c.SIO_TCP_INFO, { value: 0 }, info)).toEqual(done(88));
    expect(info).toMatchObject({
      State: values.TCPSTATE_ESTABLISHED,
      Mss: 1460,
      BytesOut: 5,
      BytesIn: 3,
      BytesInFlight: 0,
      TimestampsEnabled: 0,
    });
    expect([info.RcvBuf, Math.round(info.ConnectionTimeMs / 100)]).toEqual([65_536, 10]);
    expect(info.RttUs).toBeGreaterThan(0);
    expect(info.MinRttUs).toBeLessThanOrEqual(info.RttUs);
    expect(ioctl(v, s, c.SIO_TCP_INFO, { value: 2 }, info)).toEqual(fails(e.WSAEINVAL));
    expect(ioctl(v, s, c.SIO_TCP_INFO, { value: 0 }, new Uint8Array(87))).toEqual(fails(e.WSAEFAULT));
    expect(ioctl(v, v.stream(), c.SIO_TCP_INFO, { value: 0 }, info)).toEqual(fails(e.WSAENOTCONN));
  });

  test("SIO_IDEAL_SEND_BACKLOG_QUERY grows with the path, and not less because the peer's window is shut for now", () => {
    const v = new VirtualWinsock();
    const { s, peer } = v.pair();
    const buffer = new Uint8Array(65_536);
    const backlog = (): number => {
      const box = { value: 0 };
      expect(ioctl(v, s, c.SIO_IDEAL_SEND_BACKLOG_QUERY, null, box)).toEqual(done(4));
      return box.value;
    };
    for (const face of [v.winsock, v.peerWinsock]) face.ioctlsocket(face === v.winsock ? s : peer, c.FIONBIO, { value: 1 });
    for (let i = 0; i < 40; i++) {
      v.winsock.send(s, buffer, buffer.length, 0);
      v.advance(5);
      while (v.peerWinsock.recv(peer, buffer, buffer.length, 0) > 0);
    }
    const open = backlog();
    for (let i = 0; i < 100; i++) {
      v.winsock.send(s, buffer, buffer.length, 0);
      v.advance(5);
    }
    expect([open > 0x10000, backlog() >= open]).toEqual([true, true]);
  });

  test("SIO_IDEAL_SEND_BACKLOG_QUERY: 0x10000 of a fresh connection, WSAENOTCONN without one (W: ideal_send_backlog)", () => {
    const v = new VirtualWinsock();
    const box = { value: 0 };
    expect(ioctl(v, v.pair().s, c.SIO_IDEAL_SEND_BACKLOG_QUERY, null, box)).toEqual(done(4));
    expect(box.value).toBe(0x10000);
    expect(ioctl(v, v.stream(), c.SIO_IDEAL_SEND_BACKLOG_QUERY, null, box)).toEqual(fails(e.WSAENOTCONN));
  });

  test("SIO_LOOPBACK_FAST_PATH is taken before connect, and changes nothing (M)", () => {
    const v = new VirtualWinsock();
    expect(ioctl(v, v.stream(), c.SIO_LOOPBACK_FAST_PATH, { value: 1 })).toEqual(done());
    expect(ioctl(v, v.pair().s, c.SIO_LOOPBACK_FAST_PATH, { value: 1 })).toEqual(fails(e.WSAEINVAL));
  });
});

describe("UDP", () => {
  const sendTo = (v: VirtualWinsock, s: SOCKET, to: string, port: number, text = "x", face = v.winsock) =>
    face.sendto(s, bytes(text), text.length, 0, address(to, port), 16);

  test.each([
    ["TRUE, as it is at first", 1, `error ${e.WSAECONNRESET}`],
    ["FALSE", 0, `error ${e.WSAEWOULDBLOCK}`],
  ])("SIO_UDP_CONNRESET %s: a datagram that found nobody (KB263823)", (_, value, expected) => {
    const v = new VirtualWinsock();
    const s = nonblocking(v, datagram(v.winsock));
    if (value === 0) expect(ioctl(v, s, c.SIO_UDP_CONNRESET, { value })).toEqual(done());
    sendTo(v, s, PEER, 9);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(expected);
  });

  test.each([
    ["TRUE, as it is at first", 1, `error ${e.WSAENETRESET}`],
    ["FALSE", 0, `error ${e.WSAEWOULDBLOCK}`],
  ])("SIO_UDP_NETRESET %s: a datagram whose time to live was over", (_, value, expected) => {
    const v = new VirtualWinsock();
    const s = nonblocking(v, datagram(v.winsock));
    if (value === 0) expect(ioctl(v, s, c.SIO_UDP_NETRESET, { value })).toEqual(done());
    bind(v, s, OURS, 5000);
    sendTo(v, s, PEER, 9);
    const [local, remote] = [parseV4(OURS), parseV4(PEER)];
    const quote = { bytes: Uint8Array.of(5000 >>> 8, 5000 & 255, 0, 9, 0, 9, 0, 0), transportAt: 0, end: 8, mtu: 0 };
    (v.ours.udp as Udp).icmpError({ kind: "ttl-exceeded", type: 11, code: 0, reporter: remote, local, remote, ...quote });
    expect(recv(v.winsock, s)).toBe(expected);
  });

  test.each([
    ["not set", false, "1"],
    ["set", true, "3"],
  ])("SIO_ENABLE_CIRCULAR_QUEUEING %s: which datagrams a full queue loses (M)", (_, isSet, first) => {
    const v = new VirtualWinsock();
    const s = nonblocking(v, datagram(v.winsock));
    v.winsock.setsockopt(s, c.SOL_SOCKET, c.SO_RCVBUF, { value: 150 }, 4);
    if (isSet) expect(ioctl(v, s, c.SIO_ENABLE_CIRCULAR_QUEUEING)).toEqual(done());
    bind(v, s, OURS, 5000);
    const peer = datagram(v.peerWinsock);
    for (const text of ["1", "2", "3", "4"]) sendTo(v, peer, OURS, 5000, text, v.peerWinsock);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(first);
    expect(recv(v.winsock, s)).toBe(String(Number(first) + 1));
    expect(recv(v.winsock, s)).toBe(`error ${e.WSAEWOULDBLOCK}`);
  });
});
