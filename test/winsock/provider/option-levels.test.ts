/**
 * Options at the levels of IP, IPv6, TCP and UDP and the less known ones of SOL_SOCKET: what a fresh socket says, what it takes, and which
 * sockets have them. W is Wine's test sockopt_validity, M Microsoft's page of the level's socket options; ? marks what no source says.
 */
import { describe, expect, test } from "@jest/globals";
import * as c from "../../../src/winsock/abi/constants.ts";
import {
  WSAEADDRNOTAVAIL,
  WSAEFAULT,
  WSAEINVAL,
  WSAENOBUFS,
  WSAENOPROTOOPT,
  WSAENOTCONN,
  WSAENOTSOCK,
} from "../../../src/winsock/abi/errors.ts";
import { new_WSAPROTOCOL_INFOW } from "../../../src/winsock/abi/protocol-info.ts";
import type { CSADDR_INFO } from "../../../src/winsock/abi/socket-state.ts";
import type { SOCKET } from "../../../src/winsock/abi/structures.ts";
import { datagram6, stream6 } from "../../support/ipv6-winsock.ts";
import { OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, connect, datagram, fails, outcome, SUCCESS } from "../../support/winsock-calls.ts";

type Kind = "stream" | "datagram" | "stream6" | "datagram6";
type Class = "bool" | "byte" | "number" | "dword";

const le = (value: number, length = 4): Uint8Array => Uint8Array.from({ length }, (_, i) => (i < 4 ? value >>> (8 * i) : 0));

function world(kind: Kind) {
  const v = new VirtualWinsock();
  const s = { stream: v.stream(), datagram: datagram(v.winsock), stream6: stream6(v), datagram6: datagram6(v) }[kind];
  return { v, s, ...calls(v, s) };
}

function calls(v: VirtualWinsock, s: SOCKET) {
  const set = (level: number, name: number, bytes: Uint8Array | null, length = bytes?.length ?? 4) =>
    outcome(v.winsock, v.winsock.setsockopt(s, level, name, bytes, length));
  /** The value as a number, or the code. */
  const get = (
    level: number,
    name: number,
    length = 4,
  ): { readonly value: number; readonly length: number } | { readonly error: number } => {
    const bytes = new Uint8Array(8);
    const optlen = { value: length };
    if (v.winsock.getsockopt(s, level, name, bytes, optlen) !== 0) return { error: v.winsock.WSAGetLastError() };
    return { value: new DataView(bytes.buffer).getUint32(0, true), length: optlen.value };
  };
  return { set, get };
}

const level = (name: string): number => {
  if (name.startsWith("TCP_")) return c.IPPROTO_TCP;
  if (name.startsWith("UDP_")) return c.IPPROTO_UDP;
  if (name.startsWith("IPV6_")) return c.IPPROTO_IPV6;
  return name.startsWith("SO_") ? c.SOL_SOCKET : c.IPPROTO_IP;
};
const numbers = new Map<string, unknown>(Object.entries(c));
const number = (name: string): number => numbers.get(name) as number;

/** name, class, value of a fresh socket, sockets, provenance. */
const KNOWN: readonly (readonly [keyof typeof c, Class, number, readonly Kind[], string])[] = [
  ["IP_TOS", "number", 0, ["stream", "datagram"], "W"],
  ["IP_TTL", "number", 128, ["stream", "datagram"], "W"],
  ["IP_MULTICAST_IF", "dword", 0, ["datagram"], "W"],
  ["IP_MULTICAST_TTL", "number", 1, ["datagram"], "W"],
  ["IP_MULTICAST_LOOP", "bool", 1, ["datagram"], "W"],
  ["IP_DONTFRAGMENT", "bool", 1, ["stream"], "W"],
  ["IP_DONTFRAGMENT", "bool", 0, ["datagram"], "W"],
  ["IP_PKTINFO", "dword", 0, ["datagram"], "W"],
  ["IP_RECVTTL", "dword", 0, ["datagram"], "W"],
  ["IP_RECEIVE_BROADCAST", "dword", 1, ["datagram"], "W, value ?"],
  ["IP_RECVIF", "dword", 0, ["datagram"], "W"],
  ["IP_RECVDSTADDR", "dword", 0, ["datagram"], "W"],
  ["IP_RECVRTHDR", "dword", 0, ["datagram"], "W"],
  ["IP_RECVTOS", "dword", 0, ["datagram"], "W"],
  ["IP_ORIGINAL_ARRIVAL_IF", "dword", 0, ["datagram"], "W"],
  ["IP_ECN", "dword", 0, ["datagram"], "W"],
  ["IP_PKTINFO_EX", "dword", 0, ["datagram"], "W"],
  ["IP_WFP_REDIRECT_RECORDS", "dword", 0, ["datagram"], "W"],
  ["IP_WFP_REDIRECT_CONTEXT", "dword", 0, ["datagram"], "W"],
  ["IP_IFLIST", "dword", 0, ["stream", "datagram"], "W"],
  ["IP_UNICAST_IF", "dword", 0, ["stream", "datagram"], "W"],
  ["IP_RTHDR", "dword", 0, ["stream", "datagram"], "W"],
  ["IP_USER_MTU", "dword", 0xffffffff, ["stream", "datagram"], "W"],
  ["IP_RECVERR", "dword", 0, ["datagram"], "W"],
  ["IPV6_UNICAST_HOPS", "number", 128, ["stream6", "datagram6"], "W"],
  ["IPV6_MULTICAST_IF", "dword", 0, ["datagram6"], "W"],
  ["IPV6_MULTICAST_HOPS", "number", 1, ["datagram6"], "W"],
  ["IPV6_MULTICAST_LOOP", "bool", 1, ["datagram6"], "W"],
  ["IPV6_DONTFRAG", "bool", 1, ["stream6"], "W"],
  ["IPV6_DONTFRAG", "bool", 0, ["datagram6"], "W"],
  ["IPV6_PKTINFO", "dword", 0, ["datagram6"], "W"],
  ["IPV6_HOPLIMIT", "dword", 0, ["datagram6"], "W"],
  ["IPV6_PROTECTION_LEVEL", "dword", c.PROTECTION_LEVEL_EDGERESTRICTED, ["stream6", "datagram6"], "W, value ?"],
  ["IPV6_RECVIF", "dword", 0, ["datagram6"], "W"],
  ["IPV6_RECVDSTADDR", "dword", 0, ["datagram6"], "W"],
  ["IPV6_V6ONLY", "byte", 1, ["stream", "datagram", "stream6", "datagram6"], "W"],
  ["IPV6_IFLIST", "dword", 0, ["stream6", "datagram6"], "W"],
  ["IPV6_UNICAST_IF", "dword", 0, ["stream6", "datagram6"], "W"],
  ["IPV6_RTHDR", "dword", 0, ["stream6", "datagram6"], "W"],
  ["IPV6_RECVRTHDR", "dword", 0, ["datagram6"], "W"],
  ["IPV6_TCLASS", "number", 0, ["stream6", "datagram6"], "?"],
  ["IPV6_RECVTCLASS", "dword", 0, ["datagram6"], "W"],
  ["IPV6_ECN", "dword", 0, ["datagram6"], "?"],
  ["IPV6_RECVERR", "dword", 0, ["datagram6"], "?"],
  ["IPV6_USER_MTU", "dword", 0xffffffff, ["stream6", "datagram6"], "?"],
  ["TCP_EXPEDITED_1122", "byte", 0, ["stream", "stream6"], "M"],
  ["TCP_KEEPALIVE", "dword", 7200, ["stream", "stream6"], "M"],
  ["TCP_KEEPIDLE", "dword", 7200, ["stream"], "M"],
  ["TCP_TIMESTAMPS", "dword", 0, ["stream"], "M"],
  ["TCP_OFFLOAD_PREFERENCE", "dword", 0, ["stream"], "H"],
  ["TCP_CONGESTION_ALGORITHM", "dword", 0, ["stream"], "H"],
  ["TCP_DELAY_FIN_ACK", "dword", 0, ["stream"], "H"],
  ["TCP_FASTOPEN", "dword", 0, ["stream"], "M"],
  ["TCP_KEEPCNT", "dword", 10, ["stream"], "M"],
  ["TCP_KEEPINTVL", "dword", 1, ["stream"], "M"],
  ["TCP_BSDURGENT", "dword", 1, ["stream"], "M"],
  ["UDP_NOCHECKSUM", "bool", 0, ["datagram", "datagram6"], "M"],
  ["UDP_SEND_MSG_SIZE", "dword", 0, ["datagram"], "M"],
  ["UDP_RECV_MAX_COALESCED_SIZE", "dword", 0, ["datagram"], "M"],
  ["UDP_CHECKSUM_COVERAGE", "bool", 0, ["datagram"], "M"],
  ["SO_GROUP_PRIORITY", "dword", 0, ["stream", "datagram"], "M"],
  ["SO_CONDITIONAL_ACCEPT", "bool", 0, ["stream"], "M"],
  ["SO_PAUSE_ACCEPT", "bool", 0, ["stream"], "M"],
  ["SO_COMPARTMENT_ID", "dword", 1, ["stream", "datagram"], "M"],
  ["SO_RANDOMIZE_PORT", "bool", 0, ["stream", "datagram"], "M"],
  ["SO_PORT_SCALABILITY", "bool", 0, ["stream", "datagram"], "M"],
  ["SO_REUSE_UNICASTPORT", "bool", 0, ["stream", "datagram"], "M"],
  ["SO_REUSE_MULTICASTPORT", "bool", 0, ["stream", "datagram"], "M"],
  ["SO_OPENTYPE", "dword", 0, ["stream", "datagram"], "W"],
];
const ROWS = KNOWN.flatMap(([name, lengths, fresh, kinds, source]) => kinds.map((kind) => [name, kind, lengths, fresh, source] as const));

/** A value that the option takes. */
function some(name: string): number {
  if (name === "IPV6_PROTECTION_LEVEL") return c.PROTECTION_LEVEL_UNRESTRICTED;
  // In network byte order, the first interface.
  return name === "IP_MULTICAST_IF" ? 0x01000000 : 1;
}

describe("options that are read and set", () => {
  test.each(ROWS)("%s of a fresh %s, %s, is %i (%s)", (name, kind, lengths, fresh) => {
    expect(world(kind).get(level(name), number(name))).toEqual({ value: fresh, length: lengths === "byte" ? 1 : 4 });
  });

  test.each(ROWS)("%s of a %s, %s, is read as it was set", (name, kind, lengths) => {
    const { set, get } = world(kind);
    expect(set(level(name), number(name), le(some(name)))).toEqual(SUCCESS);
    expect(get(level(name), number(name))).toEqual({ value: some(name), length: lengths === "byte" ? 1 : 4 });
  });

  test.each(ROWS)("%s of a %s, %s: lengths that setsockopt takes", (name, kind, lengths) => {
    const at = level(name);
    const codes = [0, 1, 2, 4, 8].map((length) => world(kind).set(at, number(name), le(some(name), length))[1]);
    const isAtSocket = at === c.SOL_SOCKET;
    const none = isAtSocket && lengths === "bool" ? 0 : WSAEFAULT;
    expect(codes).toEqual(lengths === "dword" ? [WSAEFAULT, WSAEFAULT, WSAEFAULT, 0, 0] : [none, 0, 0, 0, 0]);
    if (name === "SO_OPENTYPE") return;
    const isTaken = isAtSocket && (lengths === "bool" || lengths === "dword");
    expect(world(kind).set(at, number(name), le(some(name)), -1)).toEqual(isTaken ? SUCCESS : fails(WSAENOBUFS));
  });

  test.each(ROWS)("%s of a %s, %s: lengths that getsockopt takes", (name, kind, lengths) => {
    const results = [-1, 0, 1, 2, 4, 8].map((length) => {
      const got = world(kind).get(level(name), number(name), length);
      return "error" in got ? got.error : got.length;
    });
    const whole = lengths === "byte" ? [1, 1, 1, 1] : lengths === "dword" ? [WSAEFAULT, WSAEFAULT, 4, 4] : [1, 2, 4, 4];
    expect(results).toEqual([WSAEFAULT, WSAEFAULT, ...whole]);
  });

  test.each(ROWS.filter(([, , lengths]) => lengths === "number"))("%s of a %s, %s: more than 255 is WSAEINVAL", (name, kind) => {
    const { set } = world(kind);
    expect(set(level(name), number(name), le(255))).toEqual(SUCCESS);
    expect(set(level(name), number(name), le(256))).toEqual(fails(WSAEINVAL));
    expect(set(level(name), number(name), le(0xffffffff))).toEqual(fails(WSAEINVAL));
  });
});

const DATAGRAMS_ONLY = ROWS.filter(
  ([name, kind]) => kind.startsWith("datagram") && !KNOWN.some(([n, , , k]) => n === name && k.some((one) => one.startsWith("stream"))),
);
const STREAMS_ONLY = ROWS.filter(
  ([name, kind]) => kind.startsWith("stream") && !KNOWN.some(([n, , , k]) => n === name && k.some((one) => one.startsWith("datagram"))),
);

describe("options that not every socket has (W)", () => {
  test.each(DATAGRAMS_ONLY.map(([name, kind]) => [name, kind === "datagram6" ? "stream6" : "stream"] as const))(
    "%s on a %s",
    (name, kind) => {
      const { set, get } = world(kind);
      const code = name.startsWith("UDP_") ? WSAENOPROTOOPT : WSAEINVAL;
      expect(get(level(name), number(name))).toEqual({ error: code });
      expect(set(level(name), number(name), le(1))).toEqual(fails(code));
    },
  );

  test.each(STREAMS_ONLY.map(([name, kind]) => [name, kind === "stream6" ? "datagram6" : "datagram"] as const))(
    "%s on a %s",
    (name, kind) => {
      const { set, get } = world(kind);
      expect(get(level(name), number(name))).toEqual({ error: WSAENOPROTOOPT });
      expect(set(level(name), number(name), le(1))).toEqual(fails(WSAENOPROTOOPT));
    },
  );

  test.each([
    ["IP_HDRINCL", "stream", WSAEINVAL, WSAEINVAL],
    ["IP_HDRINCL", "datagram", WSAEINVAL, WSAEINVAL],
    ["IP_GET_IFLIST", "stream", WSAEINVAL, WSAEINVAL],
    ["IP_GET_IFLIST", "datagram", WSAEINVAL, WSAEINVAL],
    ["IPV6_HDRINCL", "stream6", WSAEINVAL, WSAEINVAL],
    ["IPV6_GET_IFLIST", "datagram6", WSAEINVAL, WSAEINVAL],
    ["IPV6_CHECKSUM", "datagram6", WSAEINVAL, WSAEINVAL],
    ["IP_ADD_MEMBERSHIP", "stream", WSAENOPROTOOPT, WSAENOPROTOOPT],
    ["IP_DROP_MEMBERSHIP", "datagram", WSAENOPROTOOPT, WSAEFAULT],
    ["IPV6_JOIN_GROUP", "stream6", WSAENOPROTOOPT, WSAENOPROTOOPT],
    ["IPV6_LEAVE_GROUP", "datagram6", WSAENOPROTOOPT, WSAEFAULT],
    ["IPV6_UNICAST_HOPS", "datagram", WSAENOPROTOOPT, WSAENOPROTOOPT],
    ["IP_MTU", "stream", WSAENOTCONN, WSAENOTCONN],
    ["IP_MTU", "datagram", WSAENOTCONN, WSAENOTCONN],
    ["IPV6_MTU", "datagram6", WSAENOTCONN, WSAENOTCONN],
    ["TCP_STDURG", "stream", WSAENOPROTOOPT, WSAENOPROTOOPT],
    ["TCP_MAXSEG", "datagram", WSAENOPROTOOPT, WSAENOPROTOOPT],
    ["SO_UPDATE_ACCEPT_CONTEXT", "stream", WSAEINVAL, WSAENOTSOCK],
  ] as const)("%s of a %s: reading is %i, setting %i", (name, kind, read, written) => {
    const { set, get } = world(kind);
    expect(get(level(name), number(name))).toEqual({ error: read });
    expect(set(level(name), number(name), le(1))).toEqual(fails(written));
  });

  test.each([c.SOL_SOCKET, c.IPPROTO_IP, c.IPPROTO_IPV6, c.IPPROTO_TCP, c.IPPROTO_UDP])("level %i has no option -1", (at) => {
    expect(world("stream").get(at, -1)).toEqual({ error: WSAENOPROTOOPT });
  });
});

describe("values that are none", () => {
  test.each([
    ["IP_TTL", "datagram", 0],
    ["IPV6_UNICAST_HOPS", "stream6", 0],
    ["TCP_KEEPCNT", "stream", 256],
    ["IP_MTU_DISCOVER", "datagram", 0],
    ["IP_MTU_DISCOVER", "stream", 4],
    ["IPV6_MTU_DISCOVER", "datagram6", 0],
    ["IPV6_PROTECTION_LEVEL", "stream6", 11],
  ] as const)("%s of a %s: %i is WSAEINVAL", (name, kind, value) => {
    expect(world(kind).set(level(name), number(name), le(value))).toEqual(fails(WSAEINVAL));
  });

  test.each([
    ["IP_MULTICAST_IF", "datagram", 0x4d7100cb],
    ["IP_MULTICAST_IF", "datagram", 0x09000000],
    ["IPV6_MULTICAST_IF", "datagram6", 9],
  ] as const)("%s of a %s: no interface is 0x%x", (name, kind, value) => {
    expect(world(kind).set(level(name), number(name), le(value))).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test("IP_MULTICAST_IF takes an address of ours or an index, and is read as it was set", () => {
    const { set, get } = world("datagram");
    for (const value of [0x027100cb, 0x01000000, 0]) {
      expect(set(c.IPPROTO_IP, c.IP_MULTICAST_IF, le(value))).toEqual(SUCCESS);
      expect(get(c.IPPROTO_IP, c.IP_MULTICAST_IF)).toEqual({ value, length: 4 });
    }
  });
});

describe("options with a time of their own", () => {
  test.each(["SO_RANDOMIZE_PORT", "SO_PORT_SCALABILITY", "SO_REUSE_UNICASTPORT", "SO_REUSE_MULTICASTPORT"] as const)(
    "%s is set before bind only",
    (name) => {
      const { v, s, set } = world("stream");
      bind(v, s, OURS, 5000);
      expect(set(c.SOL_SOCKET, number(name), le(1))).toEqual(fails(WSAEINVAL));
    },
  );

  test("SO_CONDITIONAL_ACCEPT is set before listen only", () => {
    const { v, s, set } = world("stream");
    bind(v, s, OURS, 5000);
    expect(set(c.SOL_SOCKET, c.SO_CONDITIONAL_ACCEPT, le(1))).toEqual(SUCCESS);
    v.winsock.listen(s, 1);
    expect(set(c.SOL_SOCKET, c.SO_CONDITIONAL_ACCEPT, le(0))).toEqual(fails(WSAEINVAL));
  });

  test("TCP_TIMESTAMPS is set before connect only", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect(calls(v, s).set(c.IPPROTO_TCP, c.TCP_TIMESTAMPS, le(1))).toEqual(fails(WSAEINVAL));
  });

  test("IP_MTU and TCP_MAXSEG tell of the path to the peer", () => {
    const v = new VirtualWinsock();
    const { get } = calls(v, v.pair().s);
    expect(get(c.IPPROTO_IP, c.IP_MTU)).toEqual({ value: 1500, length: 4 });
    expect(get(c.IPPROTO_TCP, c.TCP_MAXSEG)).toEqual({ value: 1460, length: 4 });
  });

  test("SO_UPDATE_CONNECT_CONTEXT takes NULL, on a connected socket (MS: ConnectEx)", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair();
    expect(calls(v, s).set(c.SOL_SOCKET, c.SO_UPDATE_CONNECT_CONTEXT, null, 0)).toEqual(SUCCESS);
    expect(calls(v, v.stream()).set(c.SOL_SOCKET, c.SO_UPDATE_CONNECT_CONTEXT, null, 0)).toEqual(fails(WSAENOTCONN));
  });
});

describe("options that are no numbers", () => {
  test("IP_OPTIONS is empty, and keeps up to 40 bytes (W)", () => {
    const { v, s, set } = world("datagram");
    const length = { value: 40 };
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.IPPROTO_IP, c.IP_OPTIONS, new Uint8Array(40), length))).toEqual(SUCCESS);
    expect(length.value).toBe(0);
    expect(set(c.IPPROTO_IP, c.IP_OPTIONS, Uint8Array.of(1, 1, 1, 0))).toEqual(SUCCESS);
    expect(set(c.IPPROTO_IP, c.IP_OPTIONS, new Uint8Array(41))).toEqual(fails(WSAEINVAL));
    const bytes = new Uint8Array(8);
    length.value = 8;
    v.winsock.getsockopt(s, c.IPPROTO_IP, c.IP_OPTIONS, bytes, length);
    expect([length.value, [...bytes]]).toEqual([4, [1, 1, 1, 0, 0, 0, 0, 0]]);
  });

  test.each([
    [
      "stream",
      "SO_PROTOCOL_INFOW",
      628,
      {
        iAddressFamily: c.AF_INET,
        iSocketType: c.SOCK_STREAM,
        iProtocol: 6,
        dwServiceFlags1: 0x20066,
        iMaxSockAddr: 16,
        szProtocol: "MSAFD Tcpip [TCP/IP]",
      },
    ],
    [
      "datagram6",
      "SO_PROTOCOL_INFOA",
      372,
      {
        iAddressFamily: c.AF_INET6,
        iSocketType: c.SOCK_DGRAM,
        iProtocol: 17,
        dwServiceFlags1: 0x20609,
        iMaxSockAddr: 28,
        szProtocol: "MSAFD Tcpip [UDP/IPv6]",
      },
    ],
  ] as const)("a %s says by %s, of %i bytes, what it is (Wine's test so_protocol_info)", (kind, name, size, expected) => {
    const { v, s } = world(kind);
    const length = { value: 100 };
    const read = (value: Parameters<typeof v.winsock.getsockopt>[3]) =>
      outcome(v.winsock, v.winsock.getsockopt(s, c.SOL_SOCKET, number(name), value, length));
    expect(read(new Uint8Array(100))).toEqual(fails(WSAEFAULT));
    expect(length.value).toBe(size);
    const info = new_WSAPROTOCOL_INFOW();
    expect(read(info)).toEqual(SUCCESS);
    expect(info).toMatchObject({ ...expected, iVersion: 2, dwProviderFlags: 8 });
    expect(info.ProtocolChain.ChainLen).toBe(1);
  });

  test("SO_BSP_STATE has both names, type and protocol; too little room is WSAEFAULT", () => {
    const v = new VirtualWinsock();
    const { s } = v.pair(80);
    const state = {} as CSADDR_INFO;
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.SOL_SOCKET, c.SO_BSP_STATE, state, { value: 71 }))).toEqual(fails(WSAEFAULT));
    expect(outcome(v.winsock, v.winsock.getsockopt(s, c.SOL_SOCKET, c.SO_BSP_STATE, state, { value: 72 }))).toEqual(SUCCESS);
    expect(state).toMatchObject({
      LocalAddr: { lpSockaddr: { sin_family: 2, sin_addr: { s_addr: 0x027100cb } }, iSockaddrLength: 16 },
      RemoteAddr: { lpSockaddr: { sin_port: 0x5000, sin_addr: { s_addr: 0x017100cb } }, iSockaddrLength: 16 },
      iSocketType: c.SOCK_STREAM,
      iProtocol: c.IPPROTO_TCP,
    });
    v.winsock.getsockopt(v.stream(), c.SOL_SOCKET, c.SO_BSP_STATE, state, { value: 72 });
    expect([state.LocalAddr.lpSockaddr, state.RemoteAddr.lpSockaddr]).toEqual([null, null]);
  });
});

test("SO_OPENTYPE is the thread's: any handle will do, of a socket or of nothing (W)", () => {
  const v = new VirtualWinsock();
  for (const handle of [0, 0xdead, c.INVALID_SOCKET, v.stream()]) {
    const { set, get } = calls(v, handle);
    expect(get(c.SOL_SOCKET, c.SO_OPENTYPE)).toEqual({ value: 0, length: 4 });
    expect(set(c.SOL_SOCKET, c.SO_OPENTYPE, le(c.SO_SYNCHRONOUS_NONALERT))).toEqual(SUCCESS);
    expect(calls(v, v.stream()).get(c.SOL_SOCKET, c.SO_OPENTYPE)).toEqual({ value: c.SO_SYNCHRONOUS_NONALERT, length: 4 });
    set(c.SOL_SOCKET, c.SO_OPENTYPE, le(0));
  }
  const other = v.program();
  calls(v, 0).set(c.SOL_SOCKET, c.SO_OPENTYPE, le(c.SO_SYNCHRONOUS_ALERT));
  const box = { value: 7 };
  other.getsockopt(0, c.SOL_SOCKET, c.SO_OPENTYPE, box, { value: 4 });
  expect(box.value).toBe(0);
});

test("one socket's kept options are no other's", () => {
  const v = new VirtualWinsock();
  const [one, other] = [v.stream(), v.stream()];
  calls(v, one).set(c.IPPROTO_IP, c.IP_UNICAST_IF, le(5));
  expect(calls(v, other).get(c.IPPROTO_IP, c.IP_UNICAST_IF)).toEqual({ value: 0, length: 4 });
  expect(connect(v, one, PEER, 9)[0]).toBe(-1);
});
