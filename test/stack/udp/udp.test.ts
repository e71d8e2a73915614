import { describe, expect, test } from "@jest/globals";
import { formatAddress, IPV4_BROADCAST, parseAddress, parseV4 } from "../../../src/stack/core/address.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import * as internetChecksum from "../../../src/stack/packet/checksum.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as udp from "../../../src/stack/packet/udp.ts";
import type { UdpEndpoint, UdpOpenRequest } from "../../../src/stack/udp/udp-service.ts";
import { bytesOf, Network, type TestHost, textOf, v4 } from "../link/network.ts";

const US = v4("203.0.113.2");
const UDP_AT = 34;

interface Opened {
  readonly endpoint: UdpEndpoint;
  readonly errors: string[];
}

function open(host: TestHost, request: Omit<UdpOpenRequest, "user"> = {}): Opened {
  const errors: string[] = [];
  const icmpError = (kind: string, remote: Parameters<typeof formatAddress>[0], port: number) =>
    void errors.push(`${kind} ${formatAddress(remote)}:${port}`);
  const endpoint = host.udp.open({ ...request, user: { readable: () => {}, icmpError } });
  if (typeof endpoint === "string") throw new Error(endpoint);
  return { endpoint, errors };
}

const user = { readable: () => {}, icmpError: () => {} };

function texts(endpoint: UdpEndpoint): string[] {
  const all: string[] = [];
  for (let d = endpoint.receive(); d !== undefined; d = endpoint.receive()) all.push(textOf(d.payload));
  return all;
}

function setUp(profile = WINDOWS) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const peer = network.station("peer", "203.0.113.1");
  peer.introduce(host);
  return { network, host, peer };
}

describe("datagrams between hosts (RFC 768)", () => {
  test("[UDP-05] go and come back, empty ones too, and tell who sent them to which address", () => {
    const network = new Network();
    const a = network.host("a", "203.0.113.2");
    const b = network.host("b", "203.0.113.3");
    const client = open(a).endpoint;
    const server = open(b, { localPort: 7 }).endpoint;
    expect(client.send(bytesOf("hello"), 0, 5, parseV4("203.0.113.3"), 7)).toBe("queued");
    network.settle();

    const asked = server.receive()!;
    expect([formatAddress(asked.from), asked.fromPort, formatAddress(asked.to), textOf(asked.payload)]).toEqual([
      "203.0.113.2",
      client.localPort,
      "203.0.113.3",
      "hello",
    ]);
    expect(server.send(new Uint8Array(0), 0, 0, asked.from, asked.fromPort)).toBe("sent");
    network.settle();
    expect(client.peek()?.payload).toEqual(new Uint8Array(0));
    expect(client.receive()?.fromPort).toBe(7);
    expect(client.receive()).toBeUndefined();
  });

  test("[FRG-11] are at most 65507 bytes long, on the loopback whole, on a link in fragments", () => {
    const { network, host, peer } = setUp();
    const server = open(host, { localPort: 7 }).endpoint;
    const client = open(host).endpoint;
    const big = new Uint8Array(65508).fill(9);
    expect(client.send(big, 0, 65507, parseV4("127.0.0.1"), 7)).toBe("sent");
    expect(client.send(big, 0, 65508, parseV4("127.0.0.1"), 7)).toBe("too-long");
    expect(client.send(big, 0, 1472, parseV4("203.0.113.1"), 7)).toBe("sent");
    expect(client.send(big, 0, 65507, parseV4("203.0.113.1"), 7)).toBe("sent");
    expect(client.send(big, 0, 65508, parseV4("203.0.113.1"), 7)).toBe("too-long");
    network.settle();
    expect(peer.heardIp()).toHaveLength(1 + 45);
    expect(server.receive()?.payload).toEqual(big.subarray(0, 65507));
  });

  test("[UDP-01] carry a checksum, never 0, and the sum comes out right", () => {
    const { host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 1000 });
    const pseudo = internetChecksum.pseudoHeaderV4(US, peer.address, 17, 10);
    const seen = new Set<number>();
    // All 65536 payloads of two bytes: one of them sums up to what would be 0.
    for (let i = 0; i < 65536; i++) {
      endpoint.send(new Uint8Array([i >>> 8, i & 255]), 0, 2, parseV4("203.0.113.1"), 2000);
      if (i % 512 !== 511) continue;
      for (const f of peer.heardIp()) {
        seen.add(udp.checksum(f, UDP_AT));
        expect(udp.verifyChecksum(f, UDP_AT, pseudo)).toBe(true);
      }
    }
    expect(seen.has(0)).toBe(false);
    expect(seen.has(0xffff)).toBe(true);
  });

  test("a checksum is left to a device that can fill it in", () => {
    const network = new Network();
    const { wire } = network;
    const offloads = { checksum: true, tso4: false, tso6: false };
    const host = network.host("us", "203.0.113.2");
    host.device.setOffloads(offloads);
    const other = network.host("other", "203.0.113.3");
    other.device.setOffloads(offloads);
    expect(wire.devices[0]?.offloads.checksum).toBe(true);
    const server = open(other, { localPort: 7 }).endpoint;
    open(host).endpoint.send(bytesOf("partial"), 0, 7, parseV4("203.0.113.3"), 7);
    // Switched off while the frame waits for its neighbour: it must be completed on the way out.
    other.device.setOffloads({ checksum: false, tso4: false, tso6: false });
    network.settle();
    expect(texts(server)).toEqual(["partial"]);
  });

  test("port 0 is never sent to, and the path's trouble is told", () => {
    const { host } = setUp();
    const { endpoint } = open(host);
    expect(endpoint.send(bytesOf("x"), 0, 1, parseV4("203.0.113.1"), 0)).toBe("dropped");
    expect(endpoint.send(bytesOf("x"), 0, 1, parseV4("198.51.100.1"), 9)).toBe("no-route");
    expect(endpoint.send(bytesOf("x"))).toBe("no-route");
    host.device.setLink(false);
    expect(endpoint.send(bytesOf("x"), 0, 1, parseV4("203.0.113.1"), 9)).toBe("interface-down");
    endpoint.close();
    expect(host.udp.endpoints()).toEqual([]);
  });
});

test("[UDP-05] [IP4-22] endpoints bound to different addresses send from them, to the same peer", () => {
  const { host, peer } = setUp();
  const locals = Array.from({ length: 100 }, (_, i) => parseV4(`203.0.113.${100 + i}`));
  for (const local of locals) host.ip.addAddress(host.eth, local, 24);
  const any = open(host).endpoint;
  // More addresses than paths are kept for, so that some of them share a place.
  for (const local of locals) {
    open(host, { local }).endpoint.send(bytesOf("x"), 0, 1, parseV4("203.0.113.1"), 9);
    any.send(bytesOf("x"), 0, 1, parseV4("203.0.113.1"), 9);
  }
  const sources = peer.heardIp().map((f) => ipv4.source(f, 14));
  expect(sources).toEqual(locals.flatMap((local) => [local.w3, US]));
});

describe("malformed datagrams", () => {
  const cases: [string, (f: Uint8Array) => Uint8Array | undefined, string][] = [
    ["shorter than a header", (f) => f.fill(0, UDP_AT + 4, UDP_AT + 6).fill(7, UDP_AT + 5, UDP_AT + 6), "udp-bad-length"],
    ["longer than its packet [UDP-02]", (f) => f.fill(1, UDP_AT + 4, UDP_AT + 5), "udp-truncated"],
    ["with a bad checksum", (f) => f.fill(0, f.length - 1), "udp-bad-checksum"],
    ["for port 0", (f) => f.fill(0, UDP_AT + 2, UDP_AT + 4).fill(0, UDP_AT + 6, UDP_AT + 8), "udp-port-zero"],
  ];
  test.each(cases)("a datagram %s is dropped and counted", (_what, change, reason) => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    const frame = peer.udp(host, { from: 5, to: 53 }, "hello");
    change(frame);
    peer.say(frame);
    network.settle();
    expect(endpoint.queuedDatagrams).toBe(0);
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  test("a datagram without a checksum is taken (RFC 1122 §4.1.3.4), and one shorter than its packet is trimmed", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    const plain = peer.udp(host, { from: 5, to: 53 }, "no checksum");
    plain.fill(0, UDP_AT + 6, UDP_AT + 8);
    peer.say(plain);
    const long = peer.udp(host, { from: 5, to: 53 }, "abcdef");
    long.fill(0, UDP_AT + 6, UDP_AT + 8).fill(11, UDP_AT + 5, UDP_AT + 6);
    peer.say(long);
    network.settle();
    expect(texts(endpoint)).toEqual(["no checksum", "abc"]);
  });
});

describe("finding the endpoint", () => {
  test("[UDP-10] connected to the sender comes before bound to the address before bound to any", () => {
    const { network, host, peer } = setUp();
    const sharesWith = () => true;
    const any = open(host, { localPort: 53, sharesWith }).endpoint;
    const bound = open(host, { localPort: 53, local: parseV4("203.0.113.2"), sharesWith }).endpoint;
    const connected = open(host, { localPort: 53, sharesWith }).endpoint;
    connected.connect(parseV4("203.0.113.1"), 5000);
    peer.say(peer.udp(host, { from: 5000, to: 53 }, "from the peer"));
    peer.say(peer.udp(host, { from: 5001, to: 53 }, "from another port"));
    network.settle();
    expect([texts(connected), texts(bound), texts(any)]).toEqual([["from the peer"], ["from another port"], []]);
    bound.close();
    connected.close();
    peer.say(peer.udp(host, { from: 5000, to: 53 }, "to any"));
    network.settle();
    expect(texts(any)).toEqual(["to any"]);
  });

  test("a port is shared only when the newcomer's owner says so; other addresses do not overlap", () => {
    const { host } = setUp();
    open(host, { localPort: 53, local: parseV4("127.0.0.1") });
    expect(host.udp.open({ localPort: 53, local: parseV4("127.0.0.1"), user })).toBe("address-in-use");
    expect(host.udp.open({ localPort: 53, user })).toBe("address-in-use");
    expect(host.udp.open({ localPort: 53, local: parseV4("203.0.113.9"), user })).toBe("source-not-local");
    open(host, { localPort: 53, local: parseV4("203.0.113.2") });
    expect(host.udp.endpointsOn(53)).toHaveLength(2);
  });

  test("[UDP-08] port 0 gets a real port, at random over the whole range (RFC 6056)", () => {
    const { host } = setUp({ ...WINDOWS, portRange: [50000, 50255] });
    const counts = new Array<number>(16).fill(0);
    const rounds = 3200;
    for (let i = 0; i < rounds; i++) {
      const { endpoint } = open(host, { localPort: 0 });
      const bucket = (endpoint.localPort - 50000) >> 4;
      counts[bucket] = counts[bucket]! + 1;
      endpoint.close();
    }
    const expected = rounds / counts.length;
    const chiSquare = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 15 degrees of freedom: above 37.7 comes once in a thousand such runs.
    expect(chiSquare).toBeLessThan(37.7);
  });

  test("an ephemeral port lies in the profile's range; when all are taken there is none", () => {
    const { host } = setUp({ ...WINDOWS, portRange: [50000, 50003] });
    const ports = [1, 2, 3, 4].map(() => open(host).endpoint.localPort).sort();
    expect(ports).toEqual([50000, 50001, 50002, 50003]);
    expect(host.udp.open({ user })).toBe("no-free-port");
  });

  test("[UDP-03] [UDP-04] nobody on the port: port unreachable, which the sender's endpoint hears", () => {
    const network = new Network();
    const a = network.host("a", "203.0.113.2");
    const b = network.host("b", "203.0.113.3");
    const { endpoint, errors } = open(a);
    endpoint.connect(parseV4("203.0.113.3"), 9);
    endpoint.send(bytesOf("x"));
    network.settle();
    expect(errors).toEqual(["port-unreachable 203.0.113.3:9"]);
    expect(b.drops()).toEqual({ "udp-no-endpoint": 1 });
    expect(a.drops()).toEqual({});
  });
});

describe("a connected endpoint (Microsoft, connect function)", () => {
  test("sends to its peer and receives from nobody else, until it is disconnected", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    expect(endpoint.local).toBeUndefined();
    expect(endpoint.connect(parseV4("203.0.113.1"), 5000)).toBeUndefined();
    expect(endpoint.local && formatAddress(endpoint.local)).toBe("203.0.113.2");
    endpoint.send(bytesOf("hi"));
    expect(udp.destinationPort(peer.heardIp()[0]!, UDP_AT)).toBe(5000);

    peer.say(peer.udp(host, { from: 5000, to: 53 }, "peer"));
    peer.say(peer.udp(host, { from: 5001, to: 53 }, "other port"));
    peer.say(peer.udp(host, { from: 5000, to: 53 }, "other host", { source: v4("203.0.113.9") }));
    network.settle();
    expect(texts(endpoint)).toEqual(["peer"]);

    endpoint.disconnect();
    peer.say(peer.udp(host, { from: 5001, to: 53 }, "anybody"));
    network.settle();
    expect(texts(endpoint)).toEqual(["anybody"]);
    expect(endpoint.local).toBeUndefined();
  });

  test("can throw away what others had sent before", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    for (const from of [5000, 5001, 5000]) peer.say(peer.udp(host, { from, to: 53 }, `from ${from}`));
    network.settle();
    endpoint.discardQueuedExcept(parseV4("203.0.113.1"), 5000);
    expect(endpoint.queuedBytes).toBe(18);
    expect(texts(endpoint)).toEqual(["from 5000", "from 5000"]);
  });

  test("keeps its old peer when there is no way to the new one", () => {
    const { host } = setUp();
    const { endpoint } = open(host);
    endpoint.connect(parseV4("203.0.113.1"), 5000);
    expect(endpoint.connect(parseV4("198.51.100.1"), 5000)).toBe("no-route");
    expect(endpoint.peer && formatAddress(endpoint.peer)).toBe("203.0.113.1");
  });
});

describe("ICMP errors", () => {
  test.each([
    [WINDOWS, ["port-unreachable 203.0.113.1:9"]],
    [LINUX, []],
  ])("reach an unconnected endpoint only where the profile says so: $name", (profile, expected) => {
    const { network, host, peer } = setUp(profile);
    const { endpoint, errors } = open(host, { localPort: 1000 });
    endpoint.send(bytesOf("x"), 0, 1, parseV4("203.0.113.1"), 9);
    peer.say(peer.icmpError(host, 3, 3, peer.heardIp()[0]!, { quotedBytes: 28 }));
    network.settle();
    expect(errors).toEqual(expected);
  });

  test("[UDP-14] about a port that we do not have, or a peer that is not ours, are not believed", () => {
    const { network, host, peer } = setUp();
    const { endpoint, errors } = open(host, { localPort: 1000 });
    endpoint.connect(parseV4("203.0.113.1"), 9);
    endpoint.send(bytesOf("x"));
    const sent = peer.heardIp()[0]!;
    const wrongPort = sent.slice().fill(77, UDP_AT, UDP_AT + 2);
    const wrongPeer = sent.slice().fill(77, UDP_AT + 2, UDP_AT + 4);
    peer.say(peer.icmpError(host, 3, 3, wrongPort));
    peer.say(peer.icmpError(host, 3, 3, wrongPeer));
    network.settle();
    expect(errors).toEqual([]);
    expect(host.drops()).toEqual({ "icmp-quote-unexpected": 2 });
  });

  test("[UDP-11] of fragmentation-needed make later sends leave in smaller pieces, or too long where they must not", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host);
    endpoint.connect(parseV4("203.0.113.1"), 9);
    expect(endpoint.send(new Uint8Array(1400))).toBe("sent");
    peer.say(peer.icmpError(host, icmp.DESTINATION_UNREACHABLE, icmp.FRAGMENTATION_NEEDED, peer.heardIp()[0]!, { rest: 1000 }));
    network.settle();
    expect(endpoint.send(new Uint8Array(1400))).toBe("sent");
    expect(peer.heardIp().map((f) => ipv4.totalLength(f, 14))).toEqual([996, 452]);
    endpoint.dontFragment = true;
    expect(endpoint.send(new Uint8Array(1400))).toBe("too-long");
    expect(endpoint.send(new Uint8Array(972))).toBe("sent");
  });
});

describe("broadcast", () => {
  test.each(["203.0.113.255", "255.255.255.255"])("to %s reaches every endpoint on the port, each with a copy", (destination) => {
    const { network, host, peer } = setUp();
    const sharesWith = () => true;
    const any = open(host, { localPort: 67, sharesWith }).endpoint;
    const bound = open(host, { localPort: 67, local: parseV4("203.0.113.2"), sharesWith }).endpoint;
    const toOther = open(host, { localPort: 67, sharesWith }).endpoint;
    toOther.connect(parseV4("203.0.113.9"), 1);
    const frame = peer.udp(host, { from: 68, to: 67 }, "all", { destination: v4(destination), linkTo: ethernet.BROADCAST_MAC });
    peer.say(frame);
    network.settle();
    expect(any.peek() && formatAddress(any.peek()!.to)).toBe(destination);
    expect([texts(any), texts(bound), texts(toOther)]).toEqual([["all"], ["all"], []]);
  });

  test("an endpoint that another one closes meanwhile receives nothing more", () => {
    const { network, host, peer } = setUp();
    const sharesWith = () => true;
    const second: { endpoint?: UdpEndpoint } = {};
    host.udp.open({ localPort: 67, sharesWith, user: { readable: () => second.endpoint?.close(), icmpError: () => {} } });
    second.endpoint = open(host, { localPort: 67, sharesWith }).endpoint;
    peer.say(peer.udp(host, { from: 68, to: 67 }, "all", { destination: 0xffffffff, linkTo: ethernet.BROADCAST_MAC }));
    network.settle();
    expect(second.endpoint.queuedDatagrams).toBe(0);
  });

  test.each(["203.0.113.255", "255.255.255.255"])("[IP4-25] to %s leaves only when the endpoint's user has asked for it", (destination) => {
    const { host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 67 });
    expect(endpoint.send(bytesOf("all"), 0, 3, parseV4(destination), 67)).toBe("broadcast-not-allowed");
    expect(endpoint.connect(parseV4(destination), 67)).toBeUndefined();
    expect(endpoint.send(bytesOf("all"))).toBe("broadcast-not-allowed");
    expect(peer.heardIp()).toEqual([]);
    endpoint.allowsBroadcast = true;
    expect(endpoint.send(bytesOf("all"))).toBe("sent");
    expect(peer.heardIp().map((f) => ethernet.isBroadcast(f, 0))).toEqual([true]);
  });

  test("goes out to the whole link", () => {
    const network = new Network();
    const hosts = ["203.0.113.2", "203.0.113.3", "203.0.113.4"].map((address, i) => network.host(`h${i}`, address));
    const [from, ...others] = hosts.map((host) => open(host, { localPort: 67 }).endpoint);
    from!.allowsBroadcast = true;
    expect(from!.send(bytesOf("all"), 0, 3, IPV4_BROADCAST, 67)).toBe("sent");
    expect(from!.send(bytesOf("dir"), 0, 3, parseV4("203.0.113.255"), 67)).toBe("sent");
    network.settle();
    expect(others.map(texts)).toEqual([
      ["all", "dir"],
      ["all", "dir"],
    ]);
  });
});

describe("[UDP-09] the receive queue", () => {
  test("is bounded in bytes, loses the newest and counts it; empty datagrams fill it too", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    endpoint.setReceiveBuffer(1000);
    for (let i = 0; i < 10; i++) peer.say(peer.udp(host, { from: 5, to: 53 }, `${i}`.padEnd(136, ".")));
    network.settle();
    expect(texts(endpoint).map((t) => t[0])).toEqual(["0", "1", "2", "3", "4"]);
    expect(host.drops()).toEqual({ "udp-queue-full": 5 });

    for (let i = 0; i < 100; i++) peer.say(peer.udp(host, { from: 5, to: 53 }, ""));
    network.settle();
    expect(endpoint.queuedDatagrams).toBe(15);
  });

  test("takes one datagram of any size when it is empty", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    endpoint.setReceiveBuffer(0);
    peer.say(peer.udp(host, { from: 5, to: 53 }, "one"));
    peer.say(peer.udp(host, { from: 5, to: 53 }, "two"));
    network.settle();
    expect(texts(endpoint)).toEqual(["one"]);
  });

  test("stays in order through many receives", () => {
    const { network, host, peer } = setUp();
    const { endpoint } = open(host, { localPort: 53 });
    const got: string[] = [];
    for (let i = 0; i < 300; i++) {
      peer.say(peer.udp(host, { from: 5, to: 53 }, `${i}`));
      network.settle();
      if (i % 3 !== 0) got.push(textOf(endpoint.receive()!.payload));
    }
    got.push(...texts(endpoint));
    expect(got).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`));
  });
});

test("[UDP-01] [IP6-21] over IPv6 a datagram without a checksum is dropped (RFC 8200 §8.1)", () => {
  const { network, host, peer } = setUp();
  const [us, them] = [parseAddress("2001:db8::2"), parseAddress("2001:db8::1")];
  host.ip.addAddress(host.eth, us, 64);
  const { endpoint } = open(host, { localPort: 53 });
  const frame = new Uint8Array(14 + 40 + 8 + 5);
  ethernet.writeHeader(frame, 0, host.device.mac, peer.device.mac, ethernet.TYPE_IPV6);
  ipv6.writeHeader(frame, 14, 13, them, us, ipv4.PROTOCOL_UDP, 64);
  udp.writeHeader(frame, 54, 5, 53, 5);
  peer.say(frame);
  udp.putChecksum(frame, 54, internetChecksum.pseudoHeader(them, us, ipv4.PROTOCOL_UDP, 13));
  peer.say(frame);
  network.settle();
  expect(host.drops()).toEqual({ "udp-no-checksum": 1 });
  expect(endpoint.queuedDatagrams).toBe(1);
});
