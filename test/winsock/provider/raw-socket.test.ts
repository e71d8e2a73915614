/** SOCK_RAW by Microsoft's pages "TCP/IP Raw Sockets" and "SIO_RCVALL Control Code", winsock.md §3, §12 and §14. */
import { describe, expect, test } from "@jest/globals";
import { IPV4_ANY, parseAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { FRAME_HEADROOM } from "../../../src/stack/link/link-device.ts";
import * as internetChecksum from "../../../src/stack/packet/checksum.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as icmpv6 from "../../../src/stack/packet/icmpv6.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import * as c from "../../../src/winsock/abi/constants.ts";
import * as e from "../../../src/winsock/abi/errors.ts";
import { new_WSANETWORKEVENTS } from "../../../src/winsock/abi/event-structures.ts";
import { new_WSAMSG, readControl } from "../../../src/winsock/abi/message-control.ts";
import { new_WSABUF, new_WSAOVERLAPPED } from "../../../src/winsock/abi/overlapped-structures.ts";
import { new_WSAPROTOCOL_INFOW, sizeof_WSAPROTOCOL_INFOW, type WSAPROTOCOL_INFO } from "../../../src/winsock/abi/protocol-info.ts";
import { new_sockaddr_in, type SOCKET, sizeof_sockaddr_in, sizeof_sockaddr_in6 } from "../../../src/winsock/abi/structures.ts";
import type { BlockingFace } from "../../../src/winsock/faces/blocking-face.ts";
import { ipOf } from "../../support/insides.ts";
import { address6, ipv6Winsock, OURS6, PEER6 } from "../../support/ipv6-winsock.ts";
import {
  addressAt,
  boundRaw,
  boundRaw6,
  type Came,
  datagramOf,
  echoRequest,
  echoRequest6,
  icmpText,
  raw,
  raw6,
  receive,
  receive6,
  sendTo,
  sendTo6,
  udpDatagram,
  waiting,
} from "../../support/raw-winsock.ts";
import { address, BROADCAST, ELSEWHERE, OURS, PEER, VirtualWinsock } from "../../support/virtual-winsock.ts";
import { bind, bytes, connect, datagram, fails, localName, outcome, recv, SUCCESS, say, selected } from "../../support/winsock-calls.ts";

const LOCALHOST = "127.0.0.1";
/** Of no transport here. */
const EXPERIMENTAL = 253;
const ID = 0x1234;

const set = (face: BlockingFace, s: SOCKET, level: number, name: number, value: number) =>
  outcome(face, face.setsockopt(s, level, name, { value }, 4));

/** What came for `s`, which must be something. */
function came(face: BlockingFace, s: SOCKET): Came {
  const found = receive(face, s);
  if (typeof found === "number") throw new Error(`recvfrom: ${found}`);
  return found;
}

describe("making one", () => {
  test.each([
    [c.AF_INET, c.IPPROTO_ICMP],
    [c.AF_INET, c.IPPROTO_IP],
    [c.AF_INET, c.IPPROTO_TCP],
    [c.AF_INET, c.IPPROTO_RAW],
    [c.AF_INET6, c.IPPROTO_ICMPV6],
    [c.AF_INET6, 132],
  ])("takes an administrator: socket(%i, SOCK_RAW, %i)", (family, protocol) => {
    const v = new VirtualWinsock();
    const user = v.program(v.provider, c.MAKEWORD(2, 2), false);
    expect(v.winsock.socket(family, c.SOCK_RAW, protocol)).toBeGreaterThan(0);
    expect(outcome(user, user.socket(family, c.SOCK_RAW, protocol))).toEqual(fails(e.WSAEACCES));
    expect(user.socket(family, c.SOCK_DGRAM, 0)).toBeGreaterThan(0);
  });

  test.each([-1, 256, 0xdead])("a protocol of %i is none of IP's, whoever asks", (protocol) => {
    const v = new VirtualWinsock();
    const user = v.program(v.provider, c.MAKEWORD(2, 2), false);
    for (const face of [v.winsock, user]) {
      expect(outcome(face, face.socket(c.AF_INET, c.SOCK_RAW, protocol))).toEqual(fails(e.WSAEPROTONOSUPPORT));
    }
  });

  test("WSAEnumProtocols lists an entry for each family, of which WSASocket makes one of any protocol", () => {
    const { winsock: w } = new VirtualWinsock();
    const infos: WSAPROTOCOL_INFO[] = [];
    w.WSAEnumProtocols(null, infos, { value: 100 * sizeof_WSAPROTOCOL_INFOW });
    const entries = infos.filter(({ iSocketType }) => iSocketType === c.SOCK_RAW);
    expect(entries.map(({ szProtocol, iAddressFamily, dwCatalogEntryId }) => [szProtocol, iAddressFamily, dwCatalogEntryId])).toEqual([
      ["MSAFD Tcpip [RAW/IP]", c.AF_INET, 1003],
      ["MSAFD Tcpip [RAW/IPv6]", c.AF_INET6, 1006],
    ]);
    expect(entries[0]).toMatchObject({
      dwServiceFlags1: 0x20609,
      dwProviderFlags: c.PFL_MATCHES_PROTOCOL_ZERO | c.PFL_HIDDEN,
      iProtocol: 0,
      iProtocolMaxOffset: 255,
      dwMessageSize: 32768,
    });
    const s = w.WSASocket(c.FROM_PROTOCOL_INFO, c.FROM_PROTOCOL_INFO, c.IPPROTO_ICMPV6, entries[1]!, 0, 0);
    const told = new_WSAPROTOCOL_INFOW();
    w.getsockopt(s, c.SOL_SOCKET, c.SO_PROTOCOL_INFOW, told as never, { value: sizeof_WSAPROTOCOL_INFOW });
    expect([told.iAddressFamily, told.iSocketType, told.iProtocol, told.szProtocol]).toEqual([
      c.AF_INET6,
      c.SOCK_RAW,
      c.IPPROTO_ICMPV6,
      "MSAFD Tcpip [RAW/IPv6]",
    ]);
    const type = { value: 0 };
    w.getsockopt(s, c.SOL_SOCKET, c.SO_TYPE, type, { value: 4 });
    expect(type.value).toBe(c.SOCK_RAW);
  });

  test.each([0xdead, c.AF_IRDA])("a family of %i is none that has them (winsock.md §3)", (family) => {
    const { winsock: w } = new VirtualWinsock();
    expect(outcome(w, w.socket(family, c.SOCK_RAW, 0))).toEqual(fails(e.WSAEAFNOSUPPORT));
    expect(outcome(w, w.socket(family, c.SOCK_RAW, c.IPPROTO_ICMP))).toEqual(fails(e.WSAEAFNOSUPPORT));
  });

  test("neither listens nor accepts", () => {
    const { winsock: w } = new VirtualWinsock();
    const s = boundRaw(w);
    expect(outcome(w, w.listen(s, 1))).toEqual(fails(e.WSAEOPNOTSUPP));
    expect(outcome(w, w.accept(s, null, null))).toEqual(fails(e.WSAEOPNOTSUPP));
  });
});

describe("a ping program", () => {
  test("hears the peer's replies with their IP header, and what the peer answers it answers as ever", () => {
    const v = new VirtualWinsock();
    const s = raw(v.winsock);
    const overThere = boundRaw(v.peerWinsock);
    const data = Uint8Array.from({ length: 56 }, (_, i) => i);
    for (const sequence of [1, 2]) {
      const request = echoRequest(ID, sequence, data);
      expect(sendTo(v.winsock, s, request, PEER)).toEqual([request.length, 0]);
      const reply = came(v.winsock, s);
      expect([reply.from, icmpText(reply)]).toEqual([`${PEER}:0`, `${PEER} > ${OURS}: reply ${ID}/${sequence}`]);
      expect(ipv4.check(reply.bytes, 0, reply.bytes.length)).toBeUndefined();
      expect([ipv4.verifyChecksum(reply.bytes, 0), ipv4.totalLength(reply.bytes, 0)]).toEqual([true, reply.bytes.length]);
      expect(reply.bytes.subarray(ipv4.MIN_HEADER + icmp.HEADER)).toEqual(data);
    }
    // What the host answers a raw socket of its protocol sees as well.
    expect(waiting(v.peerWinsock, overThere, icmpText)).toEqual([1, 2].map((n) => `${OURS} > ${PEER}: request ${ID}/${n}`));
    expect(v.ours.context.drops.of("icmp-unexpected-echo-reply")).toBe(0);
  });

  test.each([LOCALHOST, OURS])("of the own host at %s hears request and reply", (self) => {
    const v = new VirtualWinsock();
    const s = raw(v.winsock);
    sendTo(v.winsock, s, echoRequest(ID, 1), self);
    v.advance(10);
    expect(waiting(v.winsock, s, icmpText)).toEqual([`${self} > ${self}: request ${ID}/1`, `${self} > ${self}: reply ${ID}/1`]);
  });

  test.each([PEER6, "::1"])("over IPv6 to %s has its checksum made, and hears no headers", (to) => {
    const v = ipv6Winsock();
    const s = raw6(v.winsock);
    const request = echoRequest6(ID, 5, bytes("sixes"));
    expect(sendTo6(v.winsock, s, request, to)).toEqual([request.length, 0]);
    v.advance(50);
    let reply = receive6(v.winsock, s) as Came;
    while (icmpv6.type(reply.bytes, 0) !== icmpv6.ECHO_REPLY) reply = receive6(v.winsock, s) as Came;
    expect(reply.from).toBe(`[${to}]:0`);
    expect([icmpv6.identifier(reply.bytes, 0), icmpv6.sequence(reply.bytes, 0)]).toEqual([ID, 5]);
    expect(new TextDecoder().decode(reply.bytes.subarray(icmpv6.HEADER))).toBe("sixes");
    const [us, them] = to === "::1" ? [to, to] : [OURS6, to];
    expect(icmpv6.verifyChecksum(reply.bytes, 0, reply.bytes.length, parseAddress(them), parseAddress(us))).toBe(true);
  });

  test("over IPv6 hears nothing of messages that came damaged", () => {
    const v = ipv6Winsock();
    const s = boundRaw6(v.winsock);
    const from = raw6(v.peerWinsock, EXPERIMENTAL);
    set(v.peerWinsock, from, c.IPPROTO_IPV6, c.IPV6_HDRINCL, 1);
    const packet = (checksum: number) => {
      const b = new Uint8Array(ipv6.HEADER + icmpv6.HEADER);
      ipv6.writeHeader(b, 0, icmpv6.HEADER, parseAddress(PEER6), parseAddress(OURS6), c.IPPROTO_ICMPV6, 64);
      icmpv6.writeEcho(b, ipv6.HEADER, icmpv6.ECHO_REPLY, ID, checksum);
      if (checksum === 1) icmpv6.putChecksum(b, ipv6.HEADER, b.length, parseAddress(PEER6), parseAddress(OURS6));
      return b;
    };
    sendTo6(v.peerWinsock, from, packet(0), OURS6);
    sendTo6(v.peerWinsock, from, packet(1), OURS6);
    v.advance(50);
    const heard: number[] = [];
    for (let one = receive6(v.winsock, s); typeof one !== "number"; one = receive6(v.winsock, s)) {
      if (icmpv6.type(one.bytes, 0) === icmpv6.ECHO_REPLY) heard.push(icmpv6.sequence(one.bytes, 0));
    }
    expect(heard).toEqual([1]);
  });

  test("hears that a port, and a protocol, is unreachable", () => {
    const v = new VirtualWinsock();
    const s = boundRaw(v.winsock);
    const d = datagram(v.winsock);
    v.winsock.sendto(d, bytes("x"), 1, 0, address(PEER, 9), sizeof_sockaddr_in);
    expect(icmpText(came(v.winsock, s))).toBe(`${PEER} > ${OURS}: unreachable code ${icmp.PORT_UNREACHABLE}`);
    sendTo(v.winsock, raw(v.winsock, EXPERIMENTAL), bytes("x"), PEER);
    expect(icmpText(came(v.winsock, s))).toBe(`${PEER} > ${OURS}: unreachable code ${icmp.PROTOCOL_UNREACHABLE}`);
    // Nobody is told of what a raw socket takes.
    const taker = boundRaw(v.peerWinsock, EXPERIMENTAL);
    sendTo(v.winsock, raw(v.winsock, EXPERIMENTAL), bytes("y"), PEER);
    v.advance(50);
    expect(waiting(v.winsock, s, icmpText)).toEqual([]);
    expect(waiting(v.peerWinsock, taker, ({ bytes: b }) => String.fromCharCode(b[20]!))).toEqual(["y"]);
  });
});

/** What a router does for a traceroute, by raw sockets alone. It stands before `ELSEWHERE`, and answers for it. */
function answerAsRouter(face: BlockingFace, overhearing: SOCKET, answering: SOCKET): void {
  for (let one = receive(face, overhearing); typeof one !== "number"; one = receive(face, overhearing)) {
    const { bytes: b } = one;
    if (addressAt(b, 16) !== ELSEWHERE) continue;
    const from = addressAt(b, 12);
    const message = b.slice(ipv4.MIN_HEADER);
    if (ipv4.ttl(b, 0) > 1) {
      const { ECHO_REPLY } = icmp;
      const reply = echoRequest(icmp.identifier(message, 0), icmp.sequence(message, 0), message.subarray(icmp.HEADER), ECHO_REPLY);
      face.sendto(
        answering,
        datagramOf(from, c.IPPROTO_ICMP, reply, ELSEWHERE),
        20 + reply.length,
        0,
        address(from, 0),
        sizeof_sockaddr_in,
      );
      continue;
    }
    const error = new Uint8Array(icmp.HEADER + ipv4.MIN_HEADER + 8);
    icmp.writeError(error, 0, icmp.TIME_EXCEEDED, icmp.TTL_EXCEEDED);
    error.set(b.subarray(0, ipv4.MIN_HEADER + 8), icmp.quotedAt(0));
    icmp.putChecksum(error, 0, error.length);
    face.sendto(answering, datagramOf(from, c.IPPROTO_ICMP, error), 20 + error.length, 0, address(from, 0), sizeof_sockaddr_in);
  }
}

describe("a traceroute program", () => {
  test("finds the way by IP_TTL and the errors that come back, its router made of raw sockets as well", () => {
    const v = new VirtualWinsock();
    v.ours.ip.addRoute({ destination: IPV4_ANY, prefixLength: 0, gateway: parseV4(PEER) });
    const w = v.peerWinsock;
    const overhearing = boundRaw(w, c.IPPROTO_IP, PEER);
    w.ioctlsocket(overhearing, c.FIONBIO, { value: 1 });
    expect(receiveAll(w, overhearing, c.RCVALL_IPLEVEL)).toEqual(SUCCESS);
    const answering = raw(w);
    set(w, answering, c.IPPROTO_IP, c.IP_HDRINCL, 1);

    const s = raw(v.winsock);
    const hops = [1, 2].map((ttl) => {
      expect(set(v.winsock, s, c.IPPROTO_IP, c.IP_TTL, ttl)).toEqual(SUCCESS);
      expect(sendTo(v.winsock, s, echoRequest(ID, ttl), ELSEWHERE)).toEqual([8, 0]);
      v.after(50, () => answerAsRouter(w, overhearing, answering));
      return icmpText(came(v.winsock, s));
    });
    expect(hops).toEqual([`${PEER} > ${OURS}: time exceeded code ${icmp.TTL_EXCEEDED}`, `${ELSEWHERE} > ${OURS}: reply ${ID}/2`]);
  });
});

describe("binding and connecting", () => {
  test("binds to addresses: no port is bound, and none is fought for", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const [s, t] = [raw(w), raw(w)];
    expect(outcome(w, w.recv(s, new Uint8Array(1), 1, 0))).toEqual(fails(e.WSAEINVAL));
    expect(outcome(w, w.getsockname(s, new_sockaddr_in(), { value: 16 }))).toEqual(fails(e.WSAEINVAL));
    set(w, s, c.SOL_SOCKET, c.SO_EXCLUSIVEADDRUSE, 1);
    expect([bind(v, s, OURS, 80), bind(v, t, OURS, 80)]).toEqual([SUCCESS, SUCCESS]);
    expect(localName(v, s)).toEqual({ address: OURS, port: 0 });
    expect(bind(v, s, OURS, 0)).toEqual(fails(e.WSAEINVAL));
    expect(bind(v, raw(w), PEER, 0)).toEqual(fails(e.WSAEADDRNOTAVAIL));
    expect(outcome(w, w.bind(raw6(w), address6("::ffff:203.0.113.2", 0), 28))).toEqual(fails(e.WSAEADDRNOTAVAIL));
  });

  test("one of TCP binds to nothing, and sends nothing (the page's limitations)", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    expect(bind(v, raw(w, c.IPPROTO_TCP), OURS, 0)).toEqual(fails(e.WSAEACCES));
    expect(sendTo(w, raw(w, c.IPPROTO_TCP), new Uint8Array(20), PEER)).toEqual(fails(e.WSAEACCES));
    const s = raw(w, c.IPPROTO_RAW);
    set(w, s, c.IPPROTO_IP, c.IP_HDRINCL, 1);
    expect(sendTo(w, s, datagramOf(PEER, c.IPPROTO_TCP, new Uint8Array(20)), PEER)).toEqual(fails(e.WSAEACCES));
    const s6 = raw6(w, c.IPPROTO_RAW);
    set(w, s6, c.IPPROTO_IPV6, c.IPV6_HDRINCL, 1);
    const behindOptions = new Uint8Array(ipv6.HEADER + 8 + 20);
    ipv6.writeHeader(behindOptions, 0, 28, parseAddress("::1"), parseAddress("::1"), 60, 64);
    behindOptions[ipv6.HEADER] = c.IPPROTO_TCP;
    expect(sendTo6(w, s6, behindOptions, "::1")).toEqual(fails(e.WSAEACCES));
    const ofOptions = raw6(w, 60);
    expect(sendTo6(w, ofOptions, behindOptions.subarray(ipv6.HEADER), "::1")).toEqual(fails(e.WSAEACCES));
    expect(sendTo6(w, ofOptions, new Uint8Array(7), "::1")).toEqual(fails(e.WSAEINVAL));
  });

  test("only a send that succeeds binds", () => {
    const v = new VirtualWinsock();
    const s = raw(v.winsock);
    expect(sendTo(v.winsock, s, echoRequest(ID, 1), ELSEWHERE)).toEqual(fails(e.WSAENETUNREACH));
    expect(receive(v.winsock, s)).toBe(e.WSAEINVAL);
    sendTo(v.winsock, s, echoRequest(ID, 1), PEER);
    expect(localName(v, s)).toEqual({ address: "0.0.0.0", port: 0 });
    expect(icmpText(came(v.winsock, s))).toContain("reply");
  });

  test("copies go to each socket of the protocol, as bound by destination and as connected by source", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const [all, ours, loopback, other] = [
      boundRaw(w),
      boundRaw(w, c.IPPROTO_ICMP, OURS),
      boundRaw(w, c.IPPROTO_ICMP, LOCALHOST),
      boundRaw(w, c.IPPROTO_IGMP),
    ];
    const [ofPeer, ofNobody] = [raw(w), raw(w)];
    expect([connect(v, ofPeer, PEER, 7), connect(v, ofNobody, "203.0.113.77", 0)]).toEqual([SUCCESS, SUCCESS]);
    const name = new_sockaddr_in();
    w.getpeername(ofPeer, name, { value: 16 });
    expect([w.inet_ntoa(name.sin_addr), name.sin_port]).toEqual([PEER, 0]);
    const sender = raw(v.peerWinsock);
    sendTo(v.peerWinsock, sender, echoRequest(ID, 1, undefined, icmp.ECHO_REPLY), OURS);
    v.advance(50);
    const text = `${PEER} > ${OURS}: reply ${ID}/1`;
    expect([all, ours, loopback, other, ofPeer, ofNobody].map((s) => waiting(w, s, icmpText))).toEqual([
      [text],
      [text],
      [],
      [],
      [text],
      [],
    ]);
    // Connected, it may leave out where to.
    expect(outcome(w, w.send(ofPeer, echoRequest(ID, 2), 8, 0))).toEqual([8, 0]);
    v.advance(50);
    expect(waiting(w, ofPeer, icmpText)).toEqual([`${PEER} > ${OURS}: reply ${ID}/2`]);
  });

  test("to everybody only with SO_BROADCAST", () => {
    const v = new VirtualWinsock();
    const s = raw(v.winsock);
    const there = boundRaw(v.peerWinsock);
    expect(sendTo(v.winsock, s, echoRequest(ID, 1), BROADCAST)).toEqual(fails(e.WSAEACCES));
    set(v.winsock, s, c.SOL_SOCKET, c.SO_BROADCAST, 1);
    expect(sendTo(v.winsock, s, echoRequest(ID, 1), BROADCAST)).toEqual([8, 0]);
    v.advance(50);
    expect(waiting(v.peerWinsock, there, icmpText)).toEqual([`${OURS} > ${BROADCAST}: request ${ID}/1`]);
  });

  test("to a group without being a member, and from one as a member", () => {
    const v = new VirtualWinsock();
    const group = "224.1.2.3";
    const [member, bound] = [boundRaw(v.peerWinsock, EXPERIMENTAL, PEER), boundRaw(v.peerWinsock, EXPERIMENTAL, PEER)];
    const mreq = Uint8Array.of(...group.split(".").map(Number), 0, 0, 0, 0);
    expect(outcome(v.peerWinsock, v.peerWinsock.setsockopt(member, c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, mreq, 8))).toEqual(SUCCESS);
    sendTo(v.winsock, raw(v.winsock, EXPERIMENTAL), bytes("all"), group);
    v.advance(50);
    const text = ({ bytes: b }: Came) => `ttl ${ipv4.ttl(b, 0)}, ${b.length} bytes`;
    expect([member, bound].map((s) => waiting(v.peerWinsock, s, text))).toEqual([["ttl 1, 23 bytes"], []]);
  });
});

describe("datagrams in", () => {
  test("one longer than the buffer fills it, and the rest is lost; MSG_PEEK leaves it", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = raw(w);
    for (const n of [1, 2]) sendTo(w, s, echoRequest(ID, n), PEER);
    v.advance(50);
    const buffer = new Uint8Array(100);
    expect(outcome(w, w.recv(s, buffer, 100, c.MSG_PEEK))).toEqual([28, 0]);
    const head = buffer.slice(0, 24);
    buffer.fill(0);
    expect(outcome(w, w.recv(s, buffer, 24, 0))).toEqual(fails(e.WSAEMSGSIZE));
    expect([buffer.slice(0, 24), buffer[24]]).toEqual([head, 0]);
    expect(icmpText(came(w, s))).toContain(`${ID}/2`);
    const waits = { value: 1 };
    w.ioctlsocket(s, c.FIONREAD, waits);
    expect(waits.value).toBe(0);
  });

  test("select, WSAPoll, events and overlapped receives find them as a datagram socket's", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = raw(w);
    expect(selected(v, s, 0)).toBe("write");
    sendTo(w, s, echoRequest(ID, 1), PEER);
    v.advance(50);
    expect(selected(v, s, 0)).toBe("read+write");
    const fds = [{ fd: s, events: c.POLLRDNORM | c.POLLWRNORM, revents: 0 }];
    expect([w.WSAPoll(fds, 1, 0), fds[0]!.revents]).toEqual([1, c.POLLRDNORM | c.POLLWRNORM]);
    came(w, s);

    const event = w.WSACreateEvent();
    expect(outcome(w, w.WSAEventSelect(s, event, c.FD_READ))).toEqual(SUCCESS);
    expect(receive(w, s)).toBe(e.WSAEWOULDBLOCK);
    sendTo(w, s, echoRequest(ID, 2), PEER);
    expect(w.WSAWaitForMultipleEvents(1, [event], 1, 1000, 0)).toBe(0);
    const happened = new_WSANETWORKEVENTS();
    w.WSAEnumNetworkEvents(s, event, happened);
    expect(happened.lNetworkEvents).toBe(c.FD_READ);
    came(w, s);

    const ov = { ...new_WSAOVERLAPPED(), hEvent: w.WSACreateEvent() };
    const [memory, from] = [new Uint8Array(100), new_sockaddr_in()];
    const pending = w.WSARecvFrom(s, [new_WSABUF(memory)], 1, { value: 0 }, { value: 0 }, from, { value: 16 }, ov, null);
    expect(outcome(w, pending)).toEqual(fails(e.WSA_IO_PENDING));
    sendTo(w, s, echoRequest(ID, 3), PEER);
    const transferred = { value: 0 };
    expect(w.WSAGetOverlappedResult(s, ov, transferred, 1, { value: 0 })).toBe(1);
    expect([transferred.value, w.inet_ntoa(from.sin_addr)]).toEqual([28, PEER]);
    expect(icmpText({ from: "", bytes: memory.subarray(0, 28) })).toContain(`reply ${ID}/3`);
  });

  test("WSARecvMsg tells where to and how, WSASendMsg says so", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = boundRaw(w);
    set(w, s, c.IPPROTO_IP, c.IP_PKTINFO, 1);
    set(w, s, c.IPPROTO_IP, c.IP_RECVTTL, 1);
    const there = boundRaw(v.peerWinsock);
    const control = new Uint8Array(24);
    new DataView(control.buffer).setUint32(0, 20, true);
    new DataView(control.buffer).setUint32(8, c.IPPROTO_IP, true);
    new DataView(control.buffer).setUint32(12, c.IP_TTL, true);
    new DataView(control.buffer).setUint32(16, 9, true);
    const request = echoRequest(ID, 1);
    const out = { ...new_WSAMSG(), name: address(PEER, 0), namelen: 16, lpBuffers: [new_WSABUF(request)], dwBufferCount: 1 };
    const count = { value: 0 };
    expect(outcome(w, w.WSASendMsg(s, { ...out, Control: new_WSABUF(control) }, 0, count, null, null))).toEqual(SUCCESS);
    const msg = {
      ...new_WSAMSG(),
      lpBuffers: [new_WSABUF(new Uint8Array(100))],
      dwBufferCount: 1,
      Control: new_WSABUF(new Uint8Array(100)),
    };
    expect(outcome(w, w.WSARecvMsg(s, msg, count, null, null))).toEqual(SUCCESS);
    expect(count.value).toBe(28);
    expect(readControl(msg.Control.buf!.subarray(0, msg.Control.len))!.map(({ type, data }) => [type, [...data]])).toEqual([
      [c.IP_PKTINFO, [203, 0, 113, 2, 1, 0, 0, 0]],
      [c.IP_TTL, [64, 0, 0, 0]],
    ]);
    expect(waiting(v.peerWinsock, there, ({ bytes: b }) => `ttl ${ipv4.ttl(b, 0)}`)).toEqual(["ttl 9"]);
    // What is UDP's alone says nothing here.
    new DataView(control.buffer).setUint32(8, c.IPPROTO_UDP, true);
    new DataView(control.buffer).setUint32(12, c.UDP_SEND_MSG_SIZE, true);
    expect(outcome(w, w.WSASendMsg(s, { ...out, Control: new_WSABUF(control) }, 0, count, null, null))).toEqual(fails(e.WSAEINVAL));
  });

  test("a flood fills the receive buffer and no more, however many sockets there are", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const flooder = raw(v.peerWinsock);
    // Once, so that no later one waits for our address.
    sendTo(v.peerWinsock, flooder, echoRequest(ID, 0), OURS);
    v.advance(50);
    const sockets = Array.from({ length: 20 }, () => boundRaw(w));
    for (const s of sockets) set(w, s, c.SOL_SOCKET, c.SO_RCVBUF, 4000);
    for (let n = 0; n < 100; n++) sendTo(v.peerWinsock, flooder, echoRequest(ID, n, new Uint8Array(900), icmp.ECHO_REPLY), OURS);
    v.advance(50);
    const endpoints = v.ours.raw.endpoints();
    expect(endpoints.map(({ queuedDatagrams, lostDatagrams }) => [queuedDatagrams, lostDatagrams])).toEqual(sockets.map(() => [4, 96]));
    expect(new Set(endpoints.map((one) => one.peek()!.payload.buffer)).size).toBe(1);
    expect(v.ours.context.drops.of("raw-queue-full")).toBe(20 * 96);
    // SIO_ENABLE_CIRCULAR_QUEUEING loses the oldest instead.
    const [first] = sockets as [SOCKET];
    expect(ioctl(w, first, c.SIO_ENABLE_CIRCULAR_QUEUEING, null)).toEqual(SUCCESS);
    sendTo(v.peerWinsock, flooder, echoRequest(ID, 1000, new Uint8Array(900), icmp.ECHO_REPLY), OURS);
    v.advance(50);
    expect(waiting(w, first, icmpText).at(-1)).toContain(`${ID}/1000`);
  });

  test("fragments come as one datagram", () => {
    const v = new VirtualWinsock();
    const there = boundRaw(v.peerWinsock, EXPERIMENTAL);
    const payload = Uint8Array.from({ length: 4000 }, (_, i) => i * 7);
    expect(sendTo(v.winsock, raw(v.winsock, EXPERIMENTAL), payload, PEER)).toEqual([4000, 0]);
    const { bytes: b } = came(v.peerWinsock, there);
    expect([b.subarray(20), ipv4.totalLength(b, 0), ipv4.isFragment(b, 0), ipv4.verifyChecksum(b, 0)]).toEqual([
      payload,
      4020,
      false,
      true,
    ]);
  });
});

describe("datagrams out", () => {
  test("IP_TTL, IP_TOS and IP_DONTFRAGMENT are in the header, the protocol is the socket's", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const there = boundRaw(v.peerWinsock, EXPERIMENTAL);
    const s = raw(w, EXPERIMENTAL);
    set(w, s, c.IPPROTO_IP, c.IP_TTL, 33);
    set(w, s, c.IPPROTO_IP, c.IP_TOS, 0x28);
    set(w, s, c.IPPROTO_IP, c.IP_DONTFRAGMENT, 1);
    sendTo(w, s, bytes("x"), PEER, 99);
    const { bytes: b } = came(v.peerWinsock, there);
    expect([ipv4.ttl(b, 0), ipv4.tos(b, 0), ipv4.dontFragment(b, 0), ipv4.protocol(b, 0)]).toEqual([33, 0x28, true, EXPERIMENTAL]);
    expect(sendTo(w, s, new Uint8Array(1481), PEER)).toEqual(fails(e.WSAEMSGSIZE));
    expect(sendTo(w, s, new Uint8Array(65516), PEER)).toEqual(fails(e.WSAEMSGSIZE));
    const most = { value: 0 };
    w.getsockopt(s, c.SOL_SOCKET, c.SO_MAX_MSG_SIZE, most, { value: 4 });
    expect(most.value).toBe(65515);
  });

  test("IPV6_UNICAST_HOPS and IPV6_CHECKSUM: a checksum where the program wants one", () => {
    const v = ipv6Winsock();
    const { winsock: w } = v;
    const there = boundRaw6(v.peerWinsock, EXPERIMENTAL);
    set(v.peerWinsock, there, c.IPPROTO_IPV6, c.IPV6_HOPLIMIT, 1);
    const s = raw6(w, EXPERIMENTAL);
    expect([1, -2].map((at) => set(w, s, c.IPPROTO_IPV6, c.IPV6_CHECKSUM, at))).toEqual([fails(e.WSAEINVAL), fails(e.WSAEINVAL)]);
    expect(set(w, s, c.IPPROTO_IPV6, c.IPV6_CHECKSUM, 4)).toEqual(SUCCESS);
    set(w, s, c.IPPROTO_IPV6, c.IPV6_UNICAST_HOPS, 12);
    sendTo6(w, s, Uint8Array.of(1, 2, 3, 4, 0, 0, 7), PEER6);
    const msg = { ...new_WSAMSG(), lpBuffers: [new_WSABUF(new Uint8Array(50))], dwBufferCount: 1, Control: new_WSABUF(new Uint8Array(50)) };
    const count = { value: 0 };
    expect(v.peerWinsock.WSARecvMsg(there, msg, count, null, null)).toBe(0);
    const got = msg.lpBuffers[0]!.buf!.subarray(0, count.value);
    expect([...got.subarray(0, 4), got[6]]).toEqual([1, 2, 3, 4, 7]);
    const pseudoHeader = internetChecksum.pseudoHeader(parseAddress(OURS6), parseAddress(PEER6), EXPERIMENTAL, got.length);
    expect(internetChecksum.verify(internetChecksum.sum(got, 0, got.length, pseudoHeader))).toBe(true);
    expect(readControl(msg.Control.buf!.subarray(0, msg.Control.len))!.map(({ data }) => data[0])).toEqual([12]);
    expect(sendTo6(w, s, new Uint8Array(5), PEER6)).toEqual(fails(e.WSAEINVAL));
    // Of ICMPv6 it is the stack's.
    expect(set(w, raw6(w), c.IPPROTO_IPV6, c.IPV6_CHECKSUM, 2)).toEqual(fails(e.WSAEINVAL));
    expect(sendTo6(w, raw6(w), new Uint8Array(3), PEER6)).toEqual(fails(e.WSAEINVAL));
  });

  test("IPV6_CHECKSUM of UDP is never 0, which says that there is none (RFC 8200 §8.1)", () => {
    const v = ipv6Winsock();
    const { winsock: w, peerWinsock } = v;
    const there = peerWinsock.socket(c.AF_INET6, c.SOCK_DGRAM, 0);
    peerWinsock.bind(there, address6("::", 9), sizeof_sockaddr_in6);
    peerWinsock.setsockopt(there, c.SOL_SOCKET, c.SO_RCVTIMEO, { value: 1000 }, 4);
    const s = raw6(w, c.IPPROTO_UDP);
    set(w, s, c.IPPROTO_IPV6, c.IPV6_CHECKSUM, 6);
    const message = udpDatagram(7, 9, new Uint8Array(2));
    const pseudoHeader = internetChecksum.pseudoHeader(parseAddress(OURS6), parseAddress(PEER6), c.IPPROTO_UDP, message.length);
    const missing = internetChecksum.finish(internetChecksum.sum(message, 0, message.length, pseudoHeader));
    message.set([missing >>> 8, missing & 0xff], 8);
    sendTo6(w, s, message, PEER6);
    expect(receive6(peerWinsock, there)).toMatchObject({ bytes: message.slice(8) });
  });

  test("IP_HDRINCL: the header is the program's, but for what it leaves to the stack", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const there = boundRaw(v.peerWinsock, EXPERIMENTAL);
    const s = raw(w, c.IPPROTO_RAW);
    expect(set(w, s, c.IPPROTO_IP, c.IP_HDRINCL, 1)).toEqual(SUCCESS);
    const mine = datagramOf(PEER, EXPERIMENTAL, bytes("mine"), "0.0.0.0", 7);
    mine.fill(0xff, 10, 12);
    ipv4.setTotalLength(mine, 0, 9);
    expect(sendTo(w, s, mine, PEER)).toEqual([24, 0]);
    const forged = datagramOf(PEER, EXPERIMENTAL, bytes("forged"), ELSEWHERE);
    ipv4.setIdentification(forged, 0, 0xabcd);
    expect(sendTo(w, s, forged, PEER)).toEqual([26, 0]);
    const [first, second] = [came(v.peerWinsock, there), came(v.peerWinsock, there)];
    expect([first.from, first.bytes.length, ipv4.ttl(first.bytes, 0), ipv4.identification(first.bytes, 0) > 0]).toEqual([
      `${OURS}:0`,
      24,
      7,
      true,
    ]);
    expect([second.from, ipv4.identification(second.bytes, 0)]).toEqual([`${ELSEWHERE}:0`, 0xabcd]);
    for (const bad of [
      new Uint8Array(19),
      new Uint8Array(20),
      Uint8Array.of(0x44, ...new Uint8Array(30)),
      Uint8Array.of(0x4f, ...new Uint8Array(30)),
    ]) {
      expect(sendTo(w, s, bad, PEER)).toEqual(fails(e.WSAEINVAL));
    }
    expect(sendTo(w, s, datagramOf(PEER, EXPERIMENTAL, new Uint8Array(1481)), PEER)).toEqual(fails(e.WSAEMSGSIZE));
  });

  test("UDP made by hand arrives, unless its source is none of ours", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const there = datagram(v.peerWinsock);
    bind(v, there, PEER, 53, v.peerWinsock);
    sendTo(w, raw(w, c.IPPROTO_UDP), udpDatagram(1000, 53, bytes("plain")), PEER);
    const s = raw(w, c.IPPROTO_UDP);
    set(w, s, c.IPPROTO_IP, c.IP_HDRINCL, 1);
    const sent = [OURS, ELSEWHERE, PEER, "0.0.0.0"].map((from) => {
      const d = datagramOf(PEER, c.IPPROTO_UDP, udpDatagram(1000, 53, bytes(`from ${from}`)), from);
      return sendTo(w, s, d, PEER)[0] === d.length;
    });
    expect(sent).toEqual([true, true, true, true]);
    v.advance(50);
    expect([1, 2, 3].map(() => recv(v.peerWinsock, there))).toEqual(["plain", `from ${OURS}`, "from 0.0.0.0"]);
    expect(v.ours.context.drops.of("raw-udp-source-not-ours")).toBe(2);
    expect(selected(v, there, 0)).not.toContain("read+");
  });
});

function ioctl(face: BlockingFace, s: SOCKET, code: number, input: Uint8Array | null) {
  return outcome(face, face.WSAIoctl(s, code, input, input?.length ?? 0, null, 0, { value: 0 }, null, null));
}

const receiveAll = (face: BlockingFace, s: SOCKET, value: number) => ioctl(face, s, c.SIO_RCVALL, Uint8Array.of(value, 0, 0, 0));

/** `ours > peer: S`, of a segment. */
const segmentText = ({ bytes: b }: Came): string => {
  const flags = tcp.flags(b, ipv4.payloadAt(b, 0));
  const letters = [
    [tcp.SYN, "S"],
    [tcp.FIN, "F"],
    [tcp.PSH, "P"],
    [tcp.ACK, "."],
  ] as const;
  const names = new Map([
    [OURS, "ours"],
    [PEER, "peer"],
  ]);
  const text = letters.map(([bit, letter]) => ((flags & bit) === 0 ? "" : letter)).join("");
  return `${names.get(addressAt(b, 12))} > ${names.get(addressAt(b, 16))}: ${text}`;
};

describe("SIO_RCVALL", () => {
  test("is all that a socket of protocol 0 receives, whatever number a header has", () => {
    const v = new VirtualWinsock();
    const { winsock: w, peerWinsock } = v;
    const s = boundRaw(w, c.IPPROTO_IP);
    const errors = boundRaw(peerWinsock);
    const sender = raw(peerWinsock, EXPERIMENTAL);
    set(peerWinsock, sender, c.IPPROTO_IP, c.IP_HDRINCL, 1);
    expect(sendTo(peerWinsock, sender, datagramOf(OURS, 0, bytes("hello")), OURS)).toEqual([25, 0]);
    v.advance(10);
    expect([waiting(w, s, icmpText), waiting(peerWinsock, errors, icmpText)]).toEqual([[], [`${OURS} > ${PEER}: unreachable code 2`]]);
  });

  test("is for a socket of IPPROTO_IP that is bound to one address, and takes a RCVALL_VALUE", () => {
    const v = ipv6Winsock();
    const { winsock: w } = v;
    const bound = boundRaw(w, c.IPPROTO_IP, OURS);
    expect([c.RCVALL_OFF, c.RCVALL_ON, c.RCVALL_SOCKETLEVELONLY, c.RCVALL_IPLEVEL].map((value) => receiveAll(w, bound, value))).toEqual(
      new Array(4).fill(SUCCESS),
    );
    expect(ioctl(w, bound, c.SIO_RCVALL, Uint8Array.of(c.RCVALL_ON))).toEqual(SUCCESS);
    const invalid = [
      receiveAll(w, bound, 4),
      ioctl(w, bound, c.SIO_RCVALL, null),
      receiveAll(w, raw(w, c.IPPROTO_IP), c.RCVALL_ON),
      receiveAll(w, boundRaw(w, c.IPPROTO_IP), c.RCVALL_ON),
      receiveAll(w, boundRaw(w, c.IPPROTO_ICMP, OURS), c.RCVALL_ON),
      receiveAll(w, boundRaw6(w, c.IPPROTO_ICMPV6, OURS6), c.RCVALL_ON),
      receiveAll(w, datagram(w), c.RCVALL_ON),
      receiveAll(w, v.stream(), c.RCVALL_ON),
    ];
    expect(invalid).toEqual(invalid.map(() => fails(e.WSAEINVAL)));
    expect(receiveAll(w, boundRaw6(w, c.IPPROTO_IPV6, OURS6), c.RCVALL_ON)).toEqual(SUCCESS);
  });

  test("hears what passes the interface, both ways, until it is off", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = boundRaw(w, c.IPPROTO_IP, OURS);
    const deaf = boundRaw(w, c.IPPROTO_IP, OURS);
    expect(receiveAll(w, s, c.RCVALL_ON)).toEqual(SUCCESS);
    const pair = v.pair();
    say(w, pair.s, "hello");
    v.advance(300);
    const heard = waiting(w, s, segmentText);
    expect(heard.slice(0, 4)).toEqual(["ours > peer: S", "peer > ours: S.", "ours > peer: .", "ours > peer: P."]);
    expect(heard).toContain("peer > ours: .");
    // What changes nothing leaves it on.
    receiveAll(w, s, c.RCVALL_SOCKETLEVELONLY);
    say(w, pair.s, "hello");
    v.advance(300);
    expect(waiting(w, s, segmentText)[0]).toBe("ours > peer: P.");
    receiveAll(w, s, c.RCVALL_OFF);
    say(w, pair.s, "hello");
    v.advance(300);
    expect([waiting(w, s, segmentText), waiting(w, deaf, segmentText)]).toEqual([[], []]);
    expect(ipOf(v.ours).interfaces.map(({ watcher }) => watcher)).toEqual([undefined, undefined]);
  });

  test("wakes a program that waits, and hears its own sends without disturbing them", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = boundRaw(w, c.IPPROTO_IP, OURS);
    receiveAll(w, s, c.RCVALL_ON);
    const d = datagram(w);
    v.after(100, () => w.sendto(d, new Uint8Array(4000), 4000, 0, address(PEER, 9), sizeof_sockaddr_in));
    const first = came(w, s);
    v.advance(100);
    const lengths = [first.bytes.length, ...waiting(w, s, ({ bytes: b }) => String(b.length)).map(Number)];
    expect(lengths.slice(0, 3)).toEqual([1500, 1500, 1068]);
  });

  test("RCVALL_ON hears what is for other stations of the link, RCVALL_IPLEVEL does not", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const [on, level] = [boundRaw(w, c.IPPROTO_IP, OURS), boundRaw(w, c.IPPROTO_IP, OURS)];
    receiveAll(w, on, c.RCVALL_ON);
    receiveAll(w, level, c.RCVALL_IPLEVEL);
    const link = ipOf(v.ours).interfaces[0]!;
    const frameTo = (mac: Uint8Array, text: string): void => {
      const datagramBytes = datagramOf("198.51.100.9", EXPERIMENTAL, bytes(text), "198.51.100.8");
      const frame = new Uint8Array(FRAME_HEADROOM + 14 + datagramBytes.length);
      frame.set(mac, FRAME_HEADROOM);
      frame.set([2, 0, 0, 0, 0, 9, 8, 0], FRAME_HEADROOM + 6);
      frame.set(datagramBytes, FRAME_HEADROOM + 14);
      link.frame(frame, FRAME_HEADROOM, frame.length, plainFrame());
    };
    frameTo(Uint8Array.of(2, 0, 0, 0, 0, 7), "other");
    frameTo(link.mac, "us");
    v.advance(10);
    const text = ({ bytes: b }: Came) => new TextDecoder().decode(b.subarray(20));
    expect([on, level].map((s) => waiting(w, s, text))).toEqual([["other", "us"], ["us"]]);
  });

  test("hears IPv6 packets whole", () => {
    const v = ipv6Winsock();
    const { winsock: w } = v;
    const s = boundRaw6(w, c.IPPROTO_IPV6, OURS6);
    receiveAll(w, s, c.RCVALL_ON);
    sendTo6(w, raw6(w), echoRequest6(ID, 1), PEER6);
    v.advance(50);
    const heard: string[] = [];
    for (let one = receive6(w, s); typeof one !== "number"; one = receive6(w, s)) {
      const { bytes: b } = one;
      expect(ipv6.check(b, 0, b.length)).toBeUndefined();
      const type = icmpv6.type(b, ipv6.HEADER);
      if (type === icmpv6.ECHO_REQUEST || type === icmpv6.ECHO_REPLY) heard.push(`${one.from} ${type}`);
    }
    expect(heard).toEqual([`[${OURS6}]:0 ${icmpv6.ECHO_REQUEST}`, `[${PEER6}]:0 ${icmpv6.ECHO_REPLY}`]);
  });

  test("of the loopback hears each datagram once", () => {
    const v = new VirtualWinsock();
    const { winsock: w } = v;
    const s = boundRaw(w, c.IPPROTO_IP, LOCALHOST);
    receiveAll(w, s, c.RCVALL_ON);
    sendTo(w, raw(w), echoRequest(ID, 1), LOCALHOST);
    v.advance(10);
    expect(waiting(w, s, icmpText)).toEqual([`${LOCALHOST} > ${LOCALHOST}: request ${ID}/1`, `${LOCALHOST} > ${LOCALHOST}: reply ${ID}/1`]);
  });
});

describe("the end", () => {
  test("nothing of it is left in the stack", () => {
    const v = new VirtualWinsock();
    const program = v.program();
    const s = boundRaw(program, c.IPPROTO_IP, OURS);
    receiveAll(program, s, c.RCVALL_ON);
    const t = boundRaw(program);
    expect(ipOf(v.ours).rawReceiver).toBeDefined();
    expect([program.closesocket(s), ipOf(v.ours).interfaces[0]!.watcher]).toEqual([0, undefined]);
    expect(receive(program, s)).toBe(e.WSAENOTSOCK);
    sendTo(program, t, echoRequest(ID, 1), PEER);
    program.WSACleanup();
    expect([v.ours.raw.endpoints(), ipOf(v.ours).rawReceiver]).toEqual([[], undefined]);
    v.advance(100);
  });

  test("a device that goes ends receives with WSAENETDOWN, once what had come is read", () => {
    const v = new VirtualWinsock();
    const s = boundRaw(v.winsock, c.IPPROTO_ICMP, OURS);
    sendTo(v.winsock, s, echoRequest(ID, 1), PEER);
    v.advance(50);
    v.unplug();
    v.advance(10);
    expect(icmpText(came(v.winsock, s))).toContain("reply");
    expect(receive(v.winsock, s)).toBe(e.WSAENETDOWN);
  });
});

describe("options (winsock.md §14, Wine's test sockopt_validity)", () => {
  const get = (face: BlockingFace, s: SOCKET, level: number, name: number): number => {
    const value = { value: 0 };
    return face.getsockopt(s, level, name, value, { value: 4 }) === 0 ? value.value : -face.WSAGetLastError();
  };

  test("IP_HDRINCL and its like are for raw sockets, IP_RECVERR and UDP's own are not", () => {
    const v = ipv6Winsock();
    const { winsock: w } = v;
    const [s, d, t] = [raw(w), datagram(w), v.stream()];
    expect([s, d, t].map((one) => get(w, one, c.IPPROTO_IP, c.IP_HDRINCL))).toEqual([0, -e.WSAEINVAL, -e.WSAEINVAL]);
    expect([s, d].map((one) => set(w, one, c.IPPROTO_IP, c.IP_HDRINCL, 1))).toEqual([SUCCESS, fails(e.WSAEINVAL)]);
    expect([get(w, s, c.IPPROTO_IP, c.IP_HDRINCL), get(w, s, c.IPPROTO_IP, c.IP_TTL), get(w, s, c.IPPROTO_IP, c.IP_PKTINFO)]).toEqual([
      1, 128, 0,
    ]);
    expect([s, d].map((one) => get(w, one, c.IPPROTO_IP, c.IP_RECVERR))).toEqual([-e.WSAEINVAL, 0]);
    expect(get(w, s, c.IPPROTO_UDP, c.UDP_SEND_MSG_SIZE)).toBe(-e.WSAENOPROTOOPT);
    const [s6, d6] = [raw6(w, EXPERIMENTAL), w.socket(c.AF_INET6, c.SOCK_DGRAM, 0)];
    expect([s6, d6].map((one) => get(w, one, c.IPPROTO_IPV6, c.IPV6_HDRINCL))).toEqual([0, -e.WSAEINVAL]);
    expect([s6, d6].map((one) => get(w, one, c.IPPROTO_IPV6, c.IPV6_CHECKSUM) >>> 0)).toEqual([0xffffffff, -e.WSAEINVAL >>> 0]);
    expect(ioctl(w, s, c.SIO_UDP_CONNRESET, Uint8Array.of(0, 0, 0, 0))).toEqual(fails(e.WSAEOPNOTSUPP));
  });
});
