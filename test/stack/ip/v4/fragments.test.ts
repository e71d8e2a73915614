import { describe, expect, test } from "@jest/globals";
import { ipv4 as ipv4Address, parseV4 } from "../../../../src/stack/core/address.ts";
import { plainFrame } from "../../../../src/stack/core/frame-info.ts";
import { LINUX } from "../../../../src/stack/core/profile.ts";
import { below, SeededRandom } from "../../../../src/stack/core/random.ts";
import type { PingResult } from "../../../../src/stack/ip/ping.ts";
import type { IcmpErrorKind } from "../../../../src/stack/ip/transport.ts";
import * as ethernet from "../../../../src/stack/packet/ethernet.ts";
import * as icmp from "../../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../../src/stack/packet/ipv4.ts";
import type { UdpEndpoint } from "../../../../src/stack/udp/udp-service.ts";
import { Network, type TestHost } from "../../link/network.ts";

const US = parseV4("203.0.113.2");
const THEM = parseV4("203.0.113.3");
const IP_AT = 14;

function open(host: TestHost, localPort: number, errors: IcmpErrorKind[] = []): UdpEndpoint {
  const endpoint = host.udp.open({ localPort, user: { icmpError: (kind) => void errors.push(kind) } });
  if (typeof endpoint === "string") throw new Error(endpoint);
  return endpoint;
}

function setUp() {
  const network = new Network();
  const host = network.host("us", "203.0.113.2");
  const peer = network.station("peer", "203.0.113.1");
  peer.introduce(host);
  return { network, host, peer };
}

/** Two hosts that have not heard of each other yet. */
function twoHosts() {
  const network = new Network();
  const us = network.host("us", "203.0.113.2");
  const them = network.host("them", "203.0.113.3");
  return { network, us, them };
}

const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i ^ (i >>> 8));

/** Cuts a datagram in a frame as a router would; `sizes` are of the payloads, of the last one too. */
function cut(frame: Uint8Array, ...sizes: number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size, i) => {
    const piece = new Uint8Array(34 + size);
    piece.set(frame.subarray(0, 34));
    piece.set(frame.subarray(34 + at, 34 + at + size), 34);
    ipv4.setTotalLength(piece, IP_AT, 20 + size);
    ipv4.setFragment(piece, IP_AT, at, i < sizes.length - 1);
    ipv4.putChecksum(piece, IP_AT);
    at += size;
    return piece;
  });
}

describe("IPv4 datagrams that come in fragments (RFC 791 §3.2)", () => {
  test("[FRG-01] a datagram of 65535 bytes comes whole, through 45 fragments of 1480 bytes each way", () => {
    const { network, us, them } = twoHosts();
    const server = open(them, 7);
    const client = open(us, 1000);
    const text = pattern(65_507);
    // The first waits for its neighbour with all its fragments.
    expect(client.send(text, 0, text.length, THEM, 7)).toBe("queued");
    network.settle();
    const asked = server.receive();
    expect(asked?.payload).toEqual(text);
    expect(server.send(asked!.payload, 0, text.length, US, 1000)).toBe("sent");
    network.settle();
    expect(client.receive()?.payload).toEqual(text);
    expect([us.drops(), them.drops()]).toEqual([{}, {}]);
    // One of ARP beside them.
    expect([us.device.counters.framesOut, us.device.counters.framesIn]).toEqual([46, 46]);
    expect(them.ip.reassembly.bytes).toBe(0);
  });

  test("[FRG-01] [FRG-10] an echo request of 65507 bytes is answered with all of them", () => {
    const { network, us } = twoHosts();
    const results: PingResult[] = [];
    us.ip.ping(THEM, { id: 1, sequence: 1, payloadBytes: 65_507, timeoutMs: 1000 }, (result) => results.push(result));
    network.settle();
    expect(results).toEqual([{ kind: "reply", rttMs: 0, ttl: 128, payloadBytes: 65_507 }]);
  });

  test("the header of the whole says what the first fragment's does, and is a good one for who quotes it", () => {
    const { network, host, peer } = setUp();
    const whole = peer.udp(host, { from: 9, to: 99 }, "a".repeat(3000));
    const [first, second, last] = cut(whole, 1480, 1480, 48);
    for (const piece of [last!, first!, second!]) peer.say(piece);
    network.settle();
    const [error] = peer.heardIp();
    expect([icmp.type(error!, 34), icmp.code(error!, 34)]).toEqual([icmp.DESTINATION_UNREACHABLE, icmp.PORT_UNREACHABLE]);
    expect(error!.subarray(42)).toEqual(whole.subarray(14, 14 + 548));
  });

  test("[IP4-14] what is no fragment is not taken for one, whatever its identification", () => {
    const { network, host, peer } = setUp();
    const server = open(host, 7);
    const [first, second] = cut(peer.udp(host, { from: 9, to: 7 }, "abcdefghijklmnopqrstuvwx"), 16, 16);
    peer.say(first!);
    peer.say(peer.udp(host, { from: 9, to: 7 }, "whole", { source: peer.address }));
    peer.say(second!);
    network.settle();
    expect([server.receive(), server.receive()].map((d) => String.fromCharCode(...d!.payload))).toEqual([
      "whole",
      "abcdefghijklmnopqrstuvwx",
    ]);
  });

  test("[FRG-02] pieces with the same identification and another protocol are of another datagram", () => {
    const { network, host, peer } = setUp();
    const server = open(host, 7);
    const pieces = cut(peer.udp(host, { from: 9, to: 7 }, "abcdefghijklmnopqrstuvwx"), 16, 16);
    const others = cut(peer.echoRequest(host, "abcdefghijklmnopqrstuvwx"), 16, 16);
    for (const piece of [pieces[0]!, others[0]!, others[1]!, pieces[1]!]) peer.say(piece);
    network.settle();
    expect(server.queuedDatagrams).toBe(1);
    expect(peer.heardIp().map((f) => icmp.type(f, 34))).toEqual([icmp.ECHO_REPLY]);
  });

  test.each([
    ["TCP", ipv4.PROTOCOL_TCP, 16],
    ["TCP with options", ipv4.PROTOCOL_TCP, 24],
  ])("[FRG-07] a first fragment of %s without its whole header is dropped", (_what, protocol, size) => {
    const { network, host, peer } = setUp();
    const segment = new Uint8Array(48);
    segment[12] = 0x70;
    const pieces = cut(peer.datagram(host, segment, { protocol }), size, 48 - size);
    for (const piece of pieces) peer.say(piece);
    network.settle();
    expect(host.drops()).toEqual({ "fragment-tiny-first": 1 });
    // The second waits in vain.
    expect(host.ip.reassembly.datagrams).toBe(1);
  });

  test("[FRG-04] a fragment that with its header makes more than 65535 bytes is dropped", () => {
    const { network, host, peer } = setUp();
    const [piece] = cut(peer.datagram(host, new Uint8Array(8), { protocol: ipv4.PROTOCOL_UDP }), 8, 0);
    ipv4.setFragment(piece!, IP_AT, 65_512, true);
    ipv4.putChecksum(piece!, IP_AT);
    peer.say(piece!);
    network.settle();
    expect(host.drops()).toEqual({ "fragment-too-far": 1 });
  });

  test("[FRG-12] a congestion mark of one fragment is on the whole datagram", () => {
    const { network, host, peer } = setUp();
    const server = open(host, 7);
    const pieces = cut(peer.udp(host, { from: 9, to: 7 }, "abcdefghijklmnopqrstuvwx"), 16, 16);
    pieces[0]![IP_AT + 1] = 0xb8 | 2;
    pieces[1]![IP_AT + 1] = 0xb8 | 3;
    for (const piece of pieces) {
      ipv4.putChecksum(piece, IP_AT);
      peer.say(piece);
    }
    network.settle();
    expect(server.receive()?.trafficClass).toBe(0xb8 | 3);
  });
});

/** Stretches of a datagram's payload, and whether more comes after each. */
type Stretch = readonly [offset: number, length: number, more: boolean];

describe("[FRG-05] known attacks by fragments that cannot fit (hardening)", () => {
  const attacks: [string, readonly Stretch[]][] = [
    [
      "teardrop: the second lies inside the first",
      [
        [0, 40, true],
        [24, 4, false],
      ],
    ],
    [
      "newdawn: the second begins before the first ends",
      [
        [0, 32, true],
        [16, 24, false],
      ],
    ],
    [
      "nestea: a short one, then one that covers it",
      [
        [8, 16, false],
        [0, 40, true],
      ],
    ],
    [
      "rose: the ends only, far from each other",
      [
        [0, 8, true],
        [65_504, 8, false],
      ],
    ],
    [
      "rose, many ends",
      [
        [0, 8, true],
        [800, 8, false],
        [1600, 8, false],
        [800, 8, false],
      ],
    ],
    [
      "ping of death: past the longest datagram",
      [
        [0, 1480, true],
        [65_120, 1480, false],
      ],
    ],
    [
      "jolt: the last only, and again",
      [
        [8, 8, false],
        [8, 8, false],
        [8, 8, false],
      ],
    ],
    [
      "a first fragment that a later one writes over",
      [
        [0, 24, true],
        [8, 24, false],
      ],
    ],
  ];
  test.each(attacks)("%s: nothing is delivered, and after a while nothing is left", (_what, stretches) => {
    const { network, host, peer } = setUp();
    const server = open(host, 7);
    const whole = peer.udp(host, { from: 9, to: 7 }, "x".repeat(1472));
    for (const [offset, length, more] of stretches) {
      const piece = new Uint8Array(34 + length);
      piece.set(whole.subarray(0, 34));
      piece.set(whole.subarray(34, 34 + length), 34);
      ipv4.setTotalLength(piece, IP_AT, 20 + length);
      ipv4.setFragment(piece, IP_AT, offset, more);
      ipv4.putChecksum(piece, IP_AT);
      peer.say(piece);
    }
    network.settle();
    expect(server.queuedDatagrams).toBe(0);
    network.advance(30_000);
    expect([host.ip.reassembly.datagrams, host.ip.reassembly.bytes, host.context.timers.size]).toEqual([0, 0, 0]);
  });
});

test("[FRG-05] [FRG-08] twenty thousand mutilated fragments throw nothing, deliver nothing wrong and leave nothing behind", () => {
  const { network, host, peer } = setUp();
  const server = open(host, 7);
  const text = "0123456789abcdef".repeat(16);
  const random = new SeededRandom(20261126);
  let [delivered, most] = [0, 0];
  for (let i = 0; i < 20_000; i++) {
    const whole = peer.udp(host, { from: 9, to: 7 }, text);
    ipv4.setIdentification(whole, IP_AT, below(random, 60));
    const piece = cut(whole, 88, 88, 88)[below(random, 3)]!;
    // Most flips spoil a checksum; some make another offset, length or protocol.
    if (below(random, 8) === 0) {
      piece[14 + below(random, piece.length - 14)]! ^= 1 << below(random, 8);
      ipv4.putChecksum(piece, IP_AT);
    }
    host.eth.frame(piece, 0, piece.length, plainFrame());
    most = Math.max(most, host.ip.reassembly.bytes);
    for (let d = server.receive(); d !== undefined; d = server.receive(), delivered++) expect(String.fromCharCode(...d.payload)).toBe(text);
    if (i % 100 === 0) network.advance(1000);
  }
  expect(delivered).toBeGreaterThan(500);
  expect(most).toBeLessThan(600_000);
  network.advance(30_000);
  expect(host.ip.reassembly.bytes).toBe(0);
});

test("an echo reply has the request's DSCP and no mark of its own (RFC 1349 §5.1)", () => {
  const { network, host, peer } = setUp();
  const request = peer.echoRequest(host, "hello");
  request[IP_AT + 1] = 0xb8 | 3;
  ipv4.putChecksum(request, IP_AT);
  peer.say(request);
  network.settle();
  expect(ipv4.tos(peer.heardIp()[0]!, IP_AT)).toBe(0xb8);
});

describe("time exceeded in reassembly (RFC 1122 §3.3.2)", () => {
  test("[FRG-03] [IC4-11] is said after 30 s to the sender of a datagram whose first fragment came, which it quotes", () => {
    const { network, host, peer } = setUp();
    const [first, second] = cut(peer.udp(host, { from: 9, to: 7 }, "a".repeat(1000)), 1000, 8);
    peer.say(first!);
    network.settle();
    network.advance(29_999);
    expect(peer.heard()).toEqual([]);
    network.advance(1);
    const [error] = peer.heardIp();
    expect([icmp.type(error!, 34), icmp.code(error!, 34)]).toEqual([icmp.TIME_EXCEEDED, icmp.REASSEMBLY_TIME_EXCEEDED]);
    expect(error!.subarray(42)).toEqual(first!.subarray(14, 14 + 548));
    expect(host.drops()).toEqual({ "reassembly-timeout": 1 });

    peer.say(second!);
    network.settle();
    network.advance(30_000);
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "reassembly-timeout": 2 });
  });

  test("[FRG-03] is not said about a broadcast, nor about an error", () => {
    const { network, host, peer } = setUp();
    const broadcast = peer.udp(host, { from: 9, to: 7 }, "a".repeat(100), {
      destination: parseV4("203.0.113.255").w3,
      linkTo: ethernet.BROADCAST_MAC,
    });
    peer.say(cut(broadcast, 64, 44)[0]!);
    open(host, 1000).send(new Uint8Array(8), 0, 8, ipv4Address(peer.address), 9);
    const [sent] = peer.heardIp();
    peer.say(cut(peer.icmpError(host, 3, 3, sent!), 16, 20)[0]!);
    network.settle();
    network.advance(30_000);
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "reassembly-timeout": 2 });
  });
});

describe("IPv4 datagrams that leave in fragments (RFC 1122 §3.3.3)", () => {
  test("[FRG-04] [FRG-10] carry multiples of eight bytes but for the last, one identification, and the header that was chosen", () => {
    const { network, host, peer } = setUp();
    const client = open(host, 1000);
    client.ttl = 3;
    client.trafficClass = 0xb9;
    const text = pattern(4000);
    expect(client.send(text, 0, text.length, ipv4Address(peer.address), 9)).toBe("sent");
    network.settle();
    const pieces = peer.heardIp();
    expect(pieces.map((f) => [ipv4.fragmentOffset(f, IP_AT), ipv4.totalLength(f, IP_AT), ipv4.moreFragments(f, IP_AT)])).toEqual([
      [0, 1500, true],
      [1480, 1500, true],
      [2960, 20 + 1048, false],
    ]);
    expect(new Set(pieces.map((f) => ipv4.identification(f, IP_AT))).size).toBe(1);
    for (const f of pieces) {
      expect([ipv4.verifyChecksum(f, IP_AT), ipv4.dontFragment(f, IP_AT), ipv4.ttl(f, IP_AT), ipv4.tos(f, IP_AT)]).toEqual([
        true,
        false,
        3,
        0xb9,
      ]);
      expect(f.length).toBe(14 + ipv4.totalLength(f, IP_AT));
    }
    const payload = Uint8Array.from(pieces.flatMap((f) => [...f.subarray(34)]));
    expect(payload.subarray(8)).toEqual(text);
  });

  test("[IP4-15] sent once more they have another identification", () => {
    const { host, peer } = setUp();
    const client = open(host, 1000);
    const send = () => client.send(new Uint8Array(2000), 0, 2000, ipv4Address(peer.address), 9);
    expect([send(), send()]).toEqual(["sent", "sent"]);
    expect(new Set(peer.heardIp().map((f) => ipv4.identification(f, IP_AT))).size).toBe(2);
  });

  test("a step is what is left of a narrow path's MTU in eights", () => {
    const { host } = setUp();
    Object.defineProperty(host.device, "mtu", { value: 577 });
    const sizes: number[] = [];
    host.device.transmit = (_bytes, at, end) => {
      sizes.push(end - at - 14);
      return "sent";
    };
    host.eth.neighbours.addStatic(THEM, ethernet.parseMac("02:00:00:00:00:33")!);
    open(host, 1).send(new Uint8Array(1200), 0, 1200, THEM, 9);
    expect(sizes).toEqual([20 + 552, 20 + 552, 20 + 104]);
  });

  test("[IP4-13] what must not be fragmented is too long, and nothing of it leaves", () => {
    const { host, peer } = setUp();
    const client = open(host, 1000);
    client.dontFragment = true;
    const send = (bytes: number) => client.send(new Uint8Array(bytes), 0, bytes, ipv4Address(peer.address), 9);
    expect([send(1472), send(1473)]).toEqual(["sent", "too-long"]);
    const [sent, ...more] = peer.heardIp();
    expect([more.length, ipv4.dontFragment(sent!, IP_AT)]).toEqual([0, true]);
    client.dontFragment = false;
    expect(send(1473)).toBe("sent");
  });

  test("their checksum is computed here, though the device would do it for a whole datagram", () => {
    const { network, us, them } = twoHosts();
    for (const host of [us, them]) host.device.setOffloads({ checksum: true, tso4: false, tso6: false });
    const server = open(them, 7);
    open(us, 1000).send(pattern(5000), 0, 5000, THEM, 7);
    network.settle();
    expect(server.receive()?.payload).toEqual(pattern(5000));
    expect(them.drops()).toEqual({});
  });

  test("a device that takes only some of them is full", () => {
    const { host, peer } = setUp();
    const transmit = host.device.transmit.bind(host.device);
    let room = 2;
    host.device.transmit = (bytes, at, end, info) => (room-- > 0 ? transmit(bytes, at, end, info) : "full");
    const client = open(host, 1000);
    expect(client.send(new Uint8Array(6000), 0, 6000, ipv4Address(peer.address), 9)).toBe("full");
    expect(peer.heardIp()).toHaveLength(2);
  });

  test("of a datagram that waited in vain for its neighbour the sender is told once", () => {
    const network = new Network();
    const host = network.host("us", "203.0.113.2", LINUX);
    const errors: IcmpErrorKind[] = [];
    const client = open(host, 1000, errors);
    client.connect(THEM, 9);
    expect(client.send(new Uint8Array(6000))).toBe("queued");
    network.advance(3000);
    expect(errors).toEqual(["host-unreachable"]);
    expect(host.drops()).toEqual({ "neighbour-unresolved": 5 });
  });

  test("[IP4-07] nothing leaves with a TTL of 0, whatever its sender chose", () => {
    const { host, peer } = setUp();
    const client = open(host, 1000);
    client.ttl = 0;
    client.send(new Uint8Array(3000), 0, 3000, ipv4Address(peer.address), 9);
    client.send(new Uint8Array(1), 0, 1, ipv4Address(peer.address), 9);
    expect(peer.heardIp().map((f) => ipv4.ttl(f, IP_AT))).toEqual([1, 1, 1, 1]);
  });

  test("[IP4-08] [IP4-09] the traffic class and TTL that one side chooses the other sees", () => {
    const { network, us, them } = twoHosts();
    const server = open(them, 7);
    const client = open(us, 1000);
    client.ttl = 9;
    client.trafficClass = 0x2e;
    client.send(new Uint8Array(1), 0, 1, THEM, 7);
    client.ttl = undefined;
    client.trafficClass = 0;
    client.send(new Uint8Array(1), 0, 1, THEM, 7);
    network.settle();
    const [chosen, plain] = [server.receive(), server.receive()];
    expect([chosen?.ttl, chosen?.trafficClass, plain?.ttl, plain?.trafficClass]).toEqual([9, 0x2e, 128, 0]);
  });
});
