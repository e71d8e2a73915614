import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../src/stack/core/address.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_EXCLUSIVEADDRUSE,
  SO_MAX_MSG_SIZE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../src/winsock/abi/constants.ts";
import {
  WSAEACCES,
  WSAEADDRINUSE,
  WSAEADDRNOTAVAIL,
  WSAEAFNOSUPPORT,
  WSAECONNREFUSED,
  WSAECONNRESET,
  WSAEFAULT,
  WSAEINVAL,
  WSAEMSGSIZE,
  WSAENETDOWN,
  WSAENETUNREACH,
  WSAEWOULDBLOCK,
} from "../../../src/winsock/abi/errors.ts";
import {
  new_sockaddr_in,
  new_sockaddr_in6,
  sizeof_sockaddr_in,
  sizeof_sockaddr_in6,
  sockaddrBytes,
} from "../../../src/winsock/abi/structures.ts";
import {
  address6,
  bind6,
  connect6,
  datagram6,
  dual,
  ELSEWHERE6,
  ipv6Winsock,
  LOOPBACK_ZONE,
  listener6,
  name6,
  OUR_LINK_LOCAL,
  OUR_ZONE,
  OURS6,
  PEER_LINK_LOCAL,
  PEER6,
  stream6,
  text6,
} from "../../support/ipv6-winsock.ts";
import { address, OURS, PEER, type VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, nonblocking, outcome, recv, SUCCESS, say, set } from "../../support/winsock-calls.ts";

const mapped = (text: string): string => `::ffff:${text}`;

function isV6Only(v: VirtualWinsock, s: number): number {
  const value = { value: 77 };
  v.winsock.getsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, value, { value: 4 });
  return value.value & 0xff;
}

const setV6Only = (v: VirtualWinsock, s: number, value: number): readonly [number, number] =>
  outcome(v.winsock, v.winsock.setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, { value }, 4));

describe("socket", () => {
  test("there are streams and datagram sockets of AF_INET6, and no raw ones (Wine's tests WSASocket and Protocol)", () => {
    const v = ipv6Winsock();
    expect(v.winsock.socket(AF_INET6, SOCK_STREAM, 6)).toBeGreaterThan(0);
    expect(v.winsock.socket(AF_INET6, SOCK_DGRAM, 17)).toBeGreaterThan(0);
    expect(v.winsock.socket(AF_INET6, 0, 0)).toBeGreaterThan(0);
    expect(v.winsock.socket(AF_INET6, SOCK_RAW, 58)).toBeGreaterThan(0);
  });

  test("SO_MAX_MSG_SIZE is what a datagram of 65535 bytes holds, and what is longer is WSAEMSGSIZE", () => {
    const v = ipv6Winsock();
    const s = datagram6(v);
    const size = { value: 0 };
    v.winsock.getsockopt(s, SOL_SOCKET, SO_MAX_MSG_SIZE, size, { value: 4 });
    expect(size.value).toBe(65487);
    const send = (length: number) => v.winsock.sendto(s, new Uint8Array(length), length, 0, address6(PEER6, 7000), 28);
    expect(send(65487)).toBe(65487);
    expect(outcome(v.winsock, send(65488))).toEqual(fails(WSAEMSGSIZE));
  });
});

describe("streams", () => {
  test("connect, accept, send and recv, with names of 28 bytes on both sides", () => {
    const v = ipv6Winsock();
    const listener = listener6(v, 80);
    const s = stream6(v);
    expect(connect6(v, s, PEER6, 80)).toEqual(SUCCESS);
    const from = new_sockaddr_in6();
    const length = { value: 100 };
    const peer = v.peerWinsock.accept(listener, from, length);
    expect([text6(from), length.value, from.sin6_family, from.sin6_flowinfo]).toEqual([OURS6, sizeof_sockaddr_in6, AF_INET6, 0]);
    expect(name6(v, s)).toMatch(/^\[2001:db8::2\]:\d+$/);
    expect(name6(v, s, "getpeername")).toBe(`[${PEER6}]:80`);
    expect(name6(v, peer, "getsockname", v.peerWinsock)).toBe(`[${PEER6}]:80`);
    say(v.winsock, s, "there");
    say(v.peerWinsock, peer, "back");
    expect([recv(v.peerWinsock, peer), recv(v.winsock, s)]).toEqual(["there", "back"]);
  });

  test("::1 is reached through the loopback", () => {
    const v = ipv6Winsock();
    listener6(v, 80, v.winsock);
    const s = stream6(v);
    expect(connect6(v, s, "::1", 80)).toEqual(SUCCESS);
    expect(name6(v, s)).toMatch(/^\[::1\]:/);
  });

  test("a link-local peer without a zone is of the first link, and getpeername tells the zone (RFC 4007 §6)", () => {
    const v = ipv6Winsock();
    listener6(v, 80);
    const s = stream6(v);
    expect(connect6(v, s, PEER_LINK_LOCAL, 80)).toEqual(SUCCESS);
    expect(name6(v, s, "getpeername")).toBe(`[${PEER_LINK_LOCAL}%${OUR_ZONE}]:80`);
    expect(name6(v, s)).toMatch(/^\[fe80::2%1\]:/);
    expect(connect6(v, stream6(v), PEER_LINK_LOCAL, 80, OUR_ZONE)).toEqual(SUCCESS);
    expect(connect6(v, stream6(v), PEER_LINK_LOCAL, 80, 9)).toEqual(fails(WSAENETUNREACH));
  });

  test("the zone of the loopback holds our own addresses and no neighbour: nobody is asked there, and no datagram lost", () => {
    const v = ipv6Winsock();
    for (const to of [PEER_LINK_LOCAL, OUR_LINK_LOCAL]) {
      expect(connect6(v, stream6(v), to, 80, LOOPBACK_ZONE)).toEqual(fails(WSAENETUNREACH));
      expect(connect6(v, datagram6(v), to, 7000, LOOPBACK_ZONE)).toEqual(fails(WSAENETUNREACH));
      const sent = v.winsock.sendto(datagram6(v), bytes("x"), 1, 0, address6(to, 7000, LOOPBACK_ZONE), sizeof_sockaddr_in6);
      expect(outcome(v.winsock, sent)).toEqual(fails(WSAENETUNREACH));
    }
  });

  test("a zone that a program gives for an address that needs none changes nothing", () => {
    const v = ipv6Winsock();
    listener6(v, 80);
    const s = stream6(v);
    expect(connect6(v, s, PEER6, 80, 7)).toEqual(SUCCESS);
    expect(name6(v, s, "getpeername")).toBe(`[${PEER6}]:80`);
  });

  test.each([0, 1, 15])("a name of %i bytes is WSAEFAULT, whatever its family", (namelen) => {
    const v = ipv6Winsock();
    expect(outcome(v.winsock, v.winsock.connect(stream6(v), address6(PEER6, 80), namelen))).toEqual(fails(WSAEFAULT));
  });

  test("the old sockaddr_in6 of 24 bytes is too short (Wine's test bind)", () => {
    const v = ipv6Winsock();
    expect(outcome(v.winsock, v.winsock.connect(stream6(v), address6(PEER6, 80), 24))).toEqual(fails(WSAEFAULT));
    expect(outcome(v.winsock, v.winsock.bind(stream6(v), address6(OURS6, 80), 24))).toEqual(fails(WSAEFAULT));
    const s = stream6(v);
    bind6(v, s, OURS6, 80);
    const length = { value: 27 };
    expect(outcome(v.winsock, v.winsock.getsockname(s, new_sockaddr_in6(), length))).toEqual(fails(WSAEFAULT));
    expect(length.value).toBe(27);
  });

  test("a name of another family is WSAEAFNOSUPPORT for connect and sendto, and WSAEFAULT for bind (Microsoft, bind function)", () => {
    const v = ipv6Winsock();
    expect(connect(v, stream6(v), PEER, 80)).toEqual(fails(WSAEAFNOSUPPORT));
    expect(connect6(v, v.stream(), PEER6, 80)).toEqual(fails(WSAEAFNOSUPPORT));
    const sent = v.winsock.sendto(datagram(v.winsock), bytes("x"), 1, 0, address6(PEER6, 7000), sizeof_sockaddr_in6);
    expect(outcome(v.winsock, sent)).toEqual(fails(WSAEAFNOSUPPORT));
    expect(bind(v, stream6(v), OURS, 80)).toEqual(fails(WSAEFAULT));
    expect(bind6(v, v.stream(), OURS6, 80)).toEqual(fails(WSAEFAULT));
  });

  test("an IPv4 name is too short for sendto on a socket of IPv6, as on Windows; in the room of a longer one it is of another family", () => {
    const v = ipv6Winsock();
    const storage = new Uint8Array(128);
    storage.set(sockaddrBytes(address(PEER, 7000)));
    const send = (tolen: number) => outcome(v.winsock, v.winsock.sendto(dual(v, datagram6(v)), bytes("x"), 1, 0, storage, tolen));
    expect(send(sizeof_sockaddr_in)).toEqual(fails(WSAEFAULT));
    expect(send(sizeof_sockaddr_in6)).toEqual(fails(WSAEAFNOSUPPORT));
    expect(send(storage.length)).toEqual(fails(WSAEAFNOSUPPORT));
  });
});

describe("bind", () => {
  test("to an address that is not ours, or in a zone that is another, is WSAEADDRNOTAVAIL", () => {
    const v = ipv6Winsock();
    for (const to of [PEER6, "ff02::1", mapped(OURS)]) expect(bind6(v, stream6(v), to, 80)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(bind6(v, stream6(v), OUR_LINK_LOCAL, 80, 2)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(bind6(v, stream6(v), OURS6, 80, 0xabacab)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(bind6(v, stream6(v), "::1", 80, 0xabacab)).toEqual(fails(WSAEADDRNOTAVAIL));
  });

  test("a link-local address without a zone is accepted, and getsockname tells the real one (Wine's test bind)", () => {
    const v = ipv6Winsock();
    const s = stream6(v);
    expect(bind6(v, s, OUR_LINK_LOCAL, 80)).toEqual(SUCCESS);
    expect(name6(v, s)).toBe(`[${OUR_LINK_LOCAL}%${OUR_ZONE}]:80`);
  });

  test("what is bound to :: is found by IPv6 and not by IPv4, what is bound to 0.0.0.0 the other way round", () => {
    const v = ipv6Winsock();
    listener6(v, 80);
    v.listener(81);
    expect(connect6(v, stream6(v), PEER6, 80)).toEqual(SUCCESS);
    expect(connect(v, v.stream(), PEER, 80)).toEqual(fails(WSAECONNREFUSED));
    expect(connect(v, v.stream(), PEER, 81)).toEqual(SUCCESS);
    expect(connect6(v, stream6(v), PEER6, 81)).toEqual(fails(WSAECONNREFUSED));
  });

  test("the listener of one family hears before that of both, that of one address before either", () => {
    const v = ipv6Winsock();
    const both = listener6(v, 80, v.peerWinsock, (s) => dual(v, s, v.peerWinsock));
    const v4 = v.listener(80);
    connect(v, v.stream(), PEER, 80);
    connect6(v, stream6(v), PEER6, 80);
    expect(v.peerWinsock.accept(v4, null, null)).toBeGreaterThan(0);
    const from = new_sockaddr_in6();
    v.peerWinsock.accept(both, from, { value: sizeof_sockaddr_in6 });
    expect(text6(from)).toBe(OURS6);
  });
});

describe("IPV6_V6ONLY", () => {
  test("is on, may be taken off before bind and not after, and can be read on a socket of AF_INET (Wine's test ipv6only)", () => {
    const v = ipv6Winsock();
    const s = stream6(v);
    expect(isV6Only(v, s)).toBe(1);
    expect(isV6Only(v, v.stream())).toBe(1);
    expect(setV6Only(v, s, 0)).toEqual(SUCCESS);
    expect(isV6Only(v, s)).toBe(0);
    expect(bind6(v, s, "::", 80)).toEqual(SUCCESS);
    expect(setV6Only(v, s, 1)).toEqual(fails(WSAEINVAL));
    expect(isV6Only(v, s)).toBe(0);
  });

  test("while it is on, a v4-mapped address is none to connect or send to (as on Windows 10), and the socket stays as it was", () => {
    const v = ipv6Winsock();
    v.listener(80);
    const [s, d] = [stream6(v), datagram6(v)];
    for (const to of [mapped(PEER), mapped("127.0.0.1")]) {
      expect(connect6(v, s, to, 80)).toEqual(fails(WSAEADDRNOTAVAIL));
      expect(connect6(v, d, to, 7000)).toEqual(fails(WSAEADDRNOTAVAIL));
      const sent = v.winsock.sendto(d, bytes("x"), 1, 0, address6(to, 7000), sizeof_sockaddr_in6);
      expect(outcome(v.winsock, sent)).toEqual(fails(WSAEADDRNOTAVAIL));
    }
    expect([name6(v, s), name6(v, d)]).toEqual([`error ${WSAEINVAL}`, `error ${WSAEINVAL}`]);
    expect(connect6(v, dual(v, s), mapped(PEER), 80)).toEqual(SUCCESS);
  });

  test("off, a stream connects by a v4-mapped address, and its names are v4-mapped", () => {
    const v = ipv6Winsock();
    v.listener(80);
    const s = dual(v, stream6(v));
    expect(connect6(v, s, mapped(PEER), 80)).toEqual(SUCCESS);
    expect(name6(v, s, "getpeername")).toBe(`[${mapped(PEER)}]:80`);
    expect(name6(v, s)).toMatch(new RegExp(`^\\[::ffff:${OURS}\\]:`));
    const other = dual(v, stream6(v));
    listener6(v, 81);
    expect(connect6(v, other, PEER6, 81)).toEqual(SUCCESS);
  });

  test("off, a listener takes both families, and accept tells them apart", () => {
    const v = ipv6Winsock();
    const listener = listener6(v, 80, v.peerWinsock, (s) => dual(v, s, v.peerWinsock));
    expect(name6(v, listener, "getsockname", v.peerWinsock)).toBe("[::]:80");
    expect(v.peer.tcp.statuses()[0]).toMatchObject({ state: "LISTEN", local: "*:80" });
    expect(connect(v, v.stream(), PEER, 80)).toEqual(SUCCESS);
    expect(connect6(v, stream6(v), PEER6, 80)).toEqual(SUCCESS);
    const accepted = [1, 2].map(() => {
      const from = new_sockaddr_in6();
      const s = v.peerWinsock.accept(listener, from, { value: sizeof_sockaddr_in6 });
      say(v.peerWinsock, s, "hello");
      return text6(from);
    });
    expect(accepted).toEqual([mapped(OURS), OURS6]);
  });

  test("off, a datagram socket hears and answers both families", () => {
    const v = ipv6Winsock();
    const server = dual(v, datagram6(v, v.peerWinsock), v.peerWinsock);
    bind6(v, server, "::", 7000, 0, v.peerWinsock);
    const [four, six] = [datagram(v.winsock), datagram6(v)];
    v.winsock.sendto(four, bytes("4"), 1, 0, address(PEER, 7000), sizeof_sockaddr_in);
    v.winsock.sendto(six, bytes("6"), 1, 0, address6(PEER6, 7000), sizeof_sockaddr_in6);
    const senders = [1, 2].map(() => {
      const from = new_sockaddr_in6();
      const buffer = new Uint8Array(9);
      const count = v.peerWinsock.recvfrom(server, buffer, 9, 0, from, { value: sizeof_sockaddr_in6 });
      v.peerWinsock.sendto(server, buffer, count, 0, from, sizeof_sockaddr_in6);
      return text6(from);
    });
    expect(senders).toEqual([mapped(OURS), OURS6]);
    expect([recv(v.winsock, four), recv(v.winsock, six)]).toEqual(["4", "6"]);
  });

  test("off, a datagram socket connected in one family still sends to the other by sendto, from an address of that", () => {
    const v = ipv6Winsock();
    const server = dual(v, datagram6(v, v.peerWinsock), v.peerWinsock);
    bind6(v, server, "::", 7000, 0, v.peerWinsock);
    const heard = (peer: string, to: string): string => {
      const s = dual(v, datagram6(v));
      expect(connect6(v, s, peer, 7000)).toEqual(SUCCESS);
      expect(outcome(v.winsock, v.winsock.sendto(s, bytes("x"), 1, 0, address6(to, 7000), sizeof_sockaddr_in6))).toEqual([1, 0]);
      const from = new_sockaddr_in6();
      v.peerWinsock.recvfrom(server, new Uint8Array(9), 9, 0, from, { value: sizeof_sockaddr_in6 });
      return text6(from);
    };
    expect(heard(mapped(PEER), PEER6)).toBe(OURS6);
    expect(heard(PEER6, mapped(PEER))).toBe(mapped(OURS));
  });

  test("off, a socket whose connect failed in one family connects in the other, and a datagram socket changes its peer's", () => {
    const v = ipv6Winsock();
    v.listener(80);
    const s = dual(v, stream6(v));
    expect(connect6(v, s, PEER6, 80)).toEqual(fails(WSAECONNREFUSED));
    expect(connect6(v, s, ELSEWHERE6, 80)).toEqual(fails(WSAENETUNREACH));
    expect(connect6(v, s, mapped(PEER), 80)).toEqual(SUCCESS);
    const d = dual(v, datagram6(v));
    bind6(v, d, "::", 5000);
    for (const [peer, ours] of [
      [mapped(PEER), mapped(OURS)],
      [PEER6, OURS6],
      [mapped(PEER), mapped(OURS)],
    ] as const) {
      expect(connect6(v, d, peer, 7000)).toEqual(SUCCESS);
      expect([name6(v, d), name6(v, d, "getpeername")]).toEqual([`[${ours}]:5000`, `[${peer}]:7000`]);
    }
  });

  test("off, what is bound to an address of one family cannot reach the other", () => {
    const v = ipv6Winsock();
    v.listener(80);
    listener6(v, 81);
    const four = dual(v, stream6(v));
    expect(bind6(v, four, mapped(OURS), 5000)).toEqual(SUCCESS);
    expect(connect6(v, four, PEER6, 81)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(connect6(v, four, mapped(PEER), 80)).toEqual(SUCCESS);
    const any4 = dual(v, stream6(v));
    expect(bind6(v, any4, mapped("0.0.0.0"), 5001)).toEqual(SUCCESS);
    expect(name6(v, any4)).toBe("[::ffff:0.0.0.0]:5001");
    expect(connect6(v, any4, PEER6, 81)).toEqual(fails(WSAEADDRNOTAVAIL));
    const six = dual(v, datagram6(v));
    bind6(v, six, OURS6, 5002);
    expect(connect6(v, six, mapped(PEER), 7000)).toEqual(fails(WSAEADDRNOTAVAIL));
  });
});

describe("port sharing of two families (Wine's test reuseaddr)", () => {
  /** Sockets by the names of that test: `v6any` and the mapped ones are of both families. */
  const SOCKETS: Readonly<Record<string, { readonly af: number; readonly to: string }>> = {
    any: { af: AF_INET, to: "0.0.0.0" },
    loop: { af: AF_INET, to: "127.0.0.1" },
    v6any: { af: AF_INET6, to: "::" },
    v6loop: { af: AF_INET6, to: "::1" },
    mappedAny: { af: AF_INET6, to: mapped("0.0.0.0") },
    mappedLoop: { af: AF_INET6, to: mapped("127.0.0.1") },
  };

  function bindAs(v: VirtualWinsock, text: string, isDual: boolean): string {
    const [name = "", isExclusive = false] = text.replace(")", "").split("(");
    const { af, to } = SOCKETS[name]!;
    const s = v.winsock.socket(af, SOCK_STREAM, 0);
    if (af === AF_INET6 && isDual) dual(v, s);
    if (isExclusive !== false) set(v, s, SO_EXCLUSIVEADDRUSE);
    const [, error] = af === AF_INET ? bind(v, s, to, 5000) : bind6(v, s, to, 5000);
    return { 0: "ok", [WSAEADDRINUSE]: "INUSE", [WSAEACCES]: "ACCES" }[error] ?? String(error);
  }

  test.each([
    ["any(excl)", "loop", "ACCES"],
    ["v6any(excl)", "loop", "ACCES"],
    ["any", "loop(excl)", "ok"],
    ["any(excl)", "loop(excl)", "ACCES"],
    ["loop(excl)", "any", "ok"],
    ["loop", "any(excl)", "INUSE"],
    ["loop", "v6any(excl)", "INUSE"],
    ["v6loop", "any(excl)", "ok"],
    ["v6loop(excl)", "loop(excl)", "ok"],
    ["mappedLoop", "any(excl)", "INUSE"],
    ["v6any(excl)", "any", "ACCES"],
    ["v6any", "any(excl)", "ok"],
    ["any", "any(excl)", "INUSE"],
    ["v6any", "any", "ok"],
    ["mappedAny", "any", "INUSE"],
    ["mappedLoop", "loop", "INUSE"],
    ["loop", "mappedLoop", "INUSE"],
    ["v6any", "v6any", "INUSE"],
  ])("after %s, %s is %s", (first, second, result) => {
    const v = ipv6Winsock();
    expect(bindAs(v, first, true)).toBe("ok");
    expect(bindAs(v, second, true)).toBe(result);
  });

  test.each([
    ["v6any(excl)", "any(excl)"],
    ["any(excl)", "v6any(excl)"],
    ["v6any(excl)", "loop"],
  ])("with IPV6_V6ONLY the families are independent: after %s, %s is bound", (first, second) => {
    const v = ipv6Winsock();
    expect(bindAs(v, first, false)).toBe("ok");
    expect(bindAs(v, second, false)).toBe("ok");
  });

  test("a socket of IPv6 alone and one of both families are as two wildcards of IPv6", () => {
    const v = ipv6Winsock();
    expect(bindAs(v, "v6any", false)).toBe("ok");
    expect(bindAs(v, "v6any", true)).toBe("INUSE");
  });

  test("an exclusive wildcard minds the living connections of its own family alone", () => {
    const v = ipv6Winsock();
    const listener = listener6(v, 5000, v.winsock);
    expect(v.peerWinsock.connect(stream6(v, v.peerWinsock), address6(OURS6, 5000), sizeof_sockaddr_in6)).toBe(0);
    expect(v.winsock.accept(listener, null, null)).toBeGreaterThan(0);
    v.winsock.closesocket(listener);
    expect(bindAs(v, "any(excl)", false)).toBe("ok");
    expect(bindAs(ipv6Winsock(), "v6any(excl)", false)).toBe("ok");
    expect(bindAs(v, "v6any(excl)", false)).toBe("INUSE");
  });
});

describe("datagrams", () => {
  test("sendto and recvfrom tell the sender in 28 bytes; 27 are too few", () => {
    const v = ipv6Winsock();
    const server = datagram6(v, v.peerWinsock);
    bind6(v, server, PEER6, 7000, 0, v.peerWinsock);
    const s = datagram6(v);
    expect(v.winsock.sendto(s, bytes("hello"), 5, 0, address6(PEER6, 7000), sizeof_sockaddr_in6)).toBe(5);
    expect(name6(v, s)).toMatch(/^\[::\]:\d+$/);
    const short = v.peerWinsock.recvfrom(server, new Uint8Array(9), 9, 0, new_sockaddr_in6(), { value: 27 });
    expect(outcome(v.peerWinsock, short)).toEqual(fails(WSAEFAULT));
    const from = new_sockaddr_in6();
    const length = { value: 28 };
    expect(v.peerWinsock.recvfrom(server, new Uint8Array(9), 9, 0, from, length)).toBe(5);
    expect([text6(from), length.value]).toEqual([OURS6, 28]);
  });

  test("one structure for senders of both families answers the one that was heard last", () => {
    const v = ipv6Winsock();
    const [four, six] = [datagram(v.winsock), datagram6(v)];
    bind(v, four, "0.0.0.0", 7000);
    bind6(v, six, "::", 7000);
    const from = new_sockaddr_in6();
    for (const [server, sender, to, namelen] of [
      [six, datagram6(v, v.peerWinsock), address6(OURS6, 7000), sizeof_sockaddr_in6],
      [four, datagram(v.peerWinsock), address(OURS, 7000), sizeof_sockaddr_in],
      [six, datagram6(v, v.peerWinsock), address6(OURS6, 7000), sizeof_sockaddr_in6],
    ] as const) {
      v.peerWinsock.sendto(sender, bytes("ask"), 3, 0, to, namelen);
      const length = { value: sizeof_sockaddr_in6 };
      expect(v.winsock.recvfrom(server, new Uint8Array(9), 9, 0, from, length)).toBe(3);
      expect(outcome(v.winsock, v.winsock.sendto(server, bytes("answer"), 6, 0, from, length.value))).toEqual([6, 0]);
      expect(recv(v.peerWinsock, sender)).toBe("answer");
    }
  });

  test("connected, it hears its peer alone, and a port unreachable of ICMPv6 is WSAECONNRESET", () => {
    const v = ipv6Winsock();
    const s = datagram6(v);
    bind6(v, s, "::", 5000);
    expect(connect6(v, s, PEER6, 7000)).toEqual(SUCCESS);
    expect([name6(v, s), name6(v, s, "getpeername")]).toEqual([`[${OURS6}]:5000`, `[${PEER6}]:7000`]);
    say(v.winsock, s, "anybody?");
    v.advance(10);
    expect(recv(v.winsock, s)).toBe(`error ${WSAECONNRESET}`);
    for (const [port, text] of [
      [7001, "stranger"],
      [7000, "friend"],
    ] as const) {
      const from = datagram6(v, v.peerWinsock);
      bind6(v, from, PEER6, port, 0, v.peerWinsock);
      v.peerWinsock.sendto(from, bytes(text), text.length, 0, address6(OURS6, 5000), sizeof_sockaddr_in6);
      v.peerWinsock.closesocket(from);
    }
    v.advance(10);
    expect(recv(v.winsock, s)).toBe("friend");
  });

  test("connected from an address that is no more, it hears again once it is connected from another", () => {
    const v = ipv6Winsock();
    const s = nonblocking(v, datagram6(v));
    connect6(v, s, PEER6, 7000);
    const { ip } = v.ours;
    ip.addAddress(ip.interfaces[0]!, parseAddress("2001:db8::22"), 64);
    ip.removeAddress(ip.interfaces[0]!, parseAddress(OURS6));
    expect(recv(v.winsock, s)).toBe(`error ${WSAENETDOWN}`);
    const peer = datagram6(v, v.peerWinsock);
    bind6(v, peer, "::", 7000, 0, v.peerWinsock);
    expect(connect6(v, s, PEER6, 7000)).toEqual(SUCCESS);
    expect(name6(v, s)).toMatch(/^\[2001:db8::22\]:/);
    expect(recv(v.winsock, s)).toBe(`error ${WSAEWOULDBLOCK}`);
    say(v.winsock, s, "x");
    const from = new_sockaddr_in6();
    v.peerWinsock.recvfrom(peer, new Uint8Array(9), 9, 0, from, { value: sizeof_sockaddr_in6 });
    v.peerWinsock.sendto(peer, bytes("answer"), 6, 0, from, sizeof_sockaddr_in6);
    v.advance(10);
    expect(recv(v.winsock, s)).toBe("answer");
  });

  test("no address, no port and no route have the codes of IPv4", () => {
    const v = ipv6Winsock();
    const send = (to: string, port: number) =>
      outcome(v.winsock, v.winsock.sendto(datagram6(v), bytes("x"), 1, 0, address6(to, port), sizeof_sockaddr_in6));
    expect(send("::", 7000)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(send(PEER6, 0)).toEqual(fails(WSAEADDRNOTAVAIL));
    expect(send(ELSEWHERE6, 7000)).toEqual(fails(WSAENETUNREACH));
  });

  test("a name of AF_UNSPEC or :: dissolves what was connected (Wine's test connect_udp)", () => {
    const v = ipv6Winsock();
    const s = datagram6(v);
    connect6(v, s, PEER6, 7000);
    expect(outcome(v.winsock, v.winsock.connect(s, new_sockaddr_in(), 16))).toEqual(SUCCESS);
    expect(name6(v, s, "getpeername")).toBe("error 10057");
    connect6(v, s, PEER6, 7000);
    expect(connect6(v, s, "::", 0)).toEqual(SUCCESS);
    expect(name6(v, s, "getpeername")).toBe("error 10057");
  });
});
