import { describe, expect, test } from "@jest/globals";
import { ipv4 as ipv4Address, parseV4 } from "../../../src/stack/core/address.ts";
import { plainFrame } from "../../../src/stack/core/frame-info.ts";
import { LINUX, WINDOWS } from "../../../src/stack/core/profile.ts";
import { ERROR_BURST } from "../../../src/stack/ip/error-rate-limit.ts";
import type { PingResult } from "../../../src/stack/ip/ping.ts";
import type { IcmpError } from "../../../src/stack/ip/transport.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { bytesOf, Network, textOf, v4 } from "../link/network.ts";

function setUp(profile = WINDOWS) {
  const network = new Network();
  const host = network.host("us", "203.0.113.2", profile);
  const peer = network.station("peer", "203.0.113.1");
  peer.introduce(host);
  return { network, host, peer };
}

const US = v4("203.0.113.2");
const PEER = v4("203.0.113.1");
const MESSAGE = 34;
/** For experiments (RFC 3692): a transport that the tests own. */
const PROTOCOL = 253;

describe("echo (RFC 1122 §3.2.2.6)", () => {
  test("[IC4-02] a request comes back with its identifier, sequence number and data, from the address it was sent to", () => {
    const { network, host, peer } = setUp();
    peer.say(peer.echoRequest(host, "some data!"));
    network.settle();
    const [reply] = peer.heardIp();
    expect(reply && icmp.type(reply, MESSAGE)).toBe(icmp.ECHO_REPLY);
    expect(icmp.verifyChecksum(reply!, MESSAGE, reply!.length)).toBe(true);
    expect([icmp.identifier(reply!, MESSAGE), icmp.sequence(reply!, MESSAGE)]).toEqual([0x1234, 5]);
    expect(textOf(reply!.subarray(MESSAGE + 8))).toBe("some data!");
    expect([ipv4.source(reply!, 14), ipv4.destination(reply!, 14)]).toEqual([US, PEER]);
    expect(ipv4.ttl(reply!, 14)).toBe(128);
  });

  test.each(["203.0.113.255", "255.255.255.255"])("[IC4-03] a request to the broadcast address %s is not answered", (destination) => {
    const { network, host, peer } = setUp();
    peer.say(peer.echoRequest(host, "smurf", { destination: v4(destination), linkTo: ethernet.BROADCAST_MAC }));
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "icmp-to-broadcast": 1 });
  });

  test("[IC4-01] of all types only an echo request is answered", () => {
    const { network, host, peer } = setUp();
    for (let type = 0; type < 256; type++) {
      const message = new Uint8Array(36);
      icmp.writeEcho(message, 0, type, 1, 2);
      icmp.putChecksum(message, 0, message.length);
      peer.say(peer.datagram(host, message, { protocol: 1 }));
    }
    network.settle();
    expect(peer.heardIp()).toHaveLength(1);
    expect(host.drops()["icmp-unknown-type"]).toBe(256 - 7);
  });

  test("[IC4-01] a request with a bad checksum is not answered", () => {
    const { network, host, peer } = setUp();
    const frame = peer.echoRequest(host, "hello");
    frame[frame.length - 1]! ^= 1;
    peer.say(frame);
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "icmp-bad-checksum": 1 });
  });

  test("[IC4-12] two hosts ping each other, and the time is measured", () => {
    const network = new Network();
    const a = network.host("a", "203.0.113.2");
    network.host("b", "203.0.113.3");
    const results: PingResult[] = [];
    const options = { id: 1, sequence: 1, payloadBytes: 56, timeoutMs: 1000 };
    expect(a.ip.ping(parseV4("203.0.113.3"), options, (result) => results.push(result))).toBeUndefined();
    network.settle();
    expect(results).toEqual([{ kind: "reply", rttMs: 0, ttl: 128, payloadBytes: 56 }]);
  });

  test("[IC4-02] the loopback and our own address answer 65507 bytes", () => {
    const { network, host } = setUp();
    const results: PingResult[] = [];
    const options = { id: 1, sequence: 1, payloadBytes: 65507, timeoutMs: 1000 };
    host.ip.ping(parseV4("127.0.0.1"), options, (result) => results.push(result));
    host.ip.ping(parseV4("203.0.113.2"), { ...options, sequence: 2 }, (result) => results.push(result));
    network.settle();
    expect(results.map((r) => r.kind === "reply" && r.payloadBytes)).toEqual([65507, 65507]);
    expect(host.device.counters.framesOut).toBe(0);
  });

  test("a ping without an answer times out; a late, wrong or second answer is only counted", () => {
    const { network, host, peer } = setUp();
    const results: PingResult[] = [];
    host.ip.ping(parseV4("203.0.113.1"), { id: 9, sequence: 1, payloadBytes: 8, timeoutMs: 500 }, (result) => results.push(result));
    const [request] = peer.heardIp();
    const reply = (id: number, source: number) => {
      const message = new Uint8Array(16);
      icmp.writeEcho(message, 0, icmp.ECHO_REPLY, id, 1);
      icmp.putChecksum(message, 0, message.length);
      peer.say(peer.datagram(host, message, { protocol: 1, source }));
      network.settle();
    };
    expect(request && icmp.type(request, MESSAGE)).toBe(icmp.ECHO_REQUEST);
    reply(10, PEER);
    reply(9, v4("203.0.113.8"));
    network.advance(500);
    reply(9, PEER);
    expect(results).toEqual([{ kind: "timed-out" }]);
    expect(host.drops()).toEqual({ "icmp-unexpected-echo-reply": 3 });
  });

  test("a ping ends with what a router says about it", () => {
    const { network, host, peer } = setUp();
    const results: PingResult[] = [];
    host.ip.ping(parseV4("203.0.113.1"), { id: 9, sequence: 1, payloadBytes: 8, timeoutMs: 500 }, (result) => results.push(result));
    const [request] = peer.heardIp();
    peer.say(peer.icmpError(host, icmp.TIME_EXCEEDED, 0, request!));
    network.settle();
    expect(results).toEqual([{ kind: "ttl-exceeded", reporter: ipv4Address(PEER) }]);
    expect(host.context.timers.size).toBe(0);
  });

  test("a ping to a silent neighbour is host-unreachable in the linux profile", () => {
    const { network, host } = setUp(LINUX);
    const results: PingResult[] = [];
    host.ip.ping(parseV4("203.0.113.99"), { id: 9, sequence: 1, payloadBytes: 8, timeoutMs: 5000 }, (result) => results.push(result));
    network.advance(3000);
    expect(results).toEqual([{ kind: "host-unreachable", reporter: ipv4Address(US) }]);
  });

  test("a ping that cannot leave says so at once", () => {
    const { host } = setUp();
    const options = { id: 1, sequence: 1, payloadBytes: 65508, timeoutMs: 1000 };
    expect(host.ip.ping(parseV4("203.0.113.1"), options, () => {})).toBe("too-long");
    expect(host.ip.ping(parseV4("198.51.100.1"), options, () => {})).toBe("no-route");
    expect(host.context.timers.size).toBe(0);
  });
});

describe("errors we send (RFC 1122 §3.2.2)", () => {
  const unknown = new Uint8Array(1000).fill(0x61);

  test("[IP4-26] what is packed into another protocol is never unpacked: one protocol unreachable for each datagram, and no more", () => {
    const { network, host, peer } = setUp();
    const server = host.udp.open({ localPort: 7, user: {} });
    if (typeof server === "string") throw new Error(server);
    const inner = peer.udp(host, { from: 9, to: 7 }, "hello").subarray(14);
    for (const protocol of [4, 41, 47]) peer.say(peer.datagram(host, inner, { protocol }));
    network.settle();
    const errors = peer.heardIp();
    expect(errors.map((f) => [icmp.type(f, MESSAGE), icmp.code(f, MESSAGE)])).toEqual([
      [3, 2],
      [3, 2],
      [3, 2],
    ]);
    expect(server.queuedDatagrams).toBe(0);
    expect(host.drops()).toEqual({ "ipv4-unknown-protocol": 3 });
  });

  test.each([
    ["IP in IP", 4],
    ["GRE", 47],
    ["an experiment", 253],
  ])("[IC4-05] [IC4-06] [IP4-26] %s is answered with protocol unreachable, quoting up to 576 bytes in all", (_name, protocol) => {
    const { network, host, peer } = setUp();
    // What is in it would be for us.
    const inner = peer.echoRequest(host, "x".repeat(1000));
    const frame = peer.datagram(host, inner.subarray(14), { protocol });
    peer.say(frame);
    network.settle();
    const [error, ...more] = peer.heardIp();
    expect(more).toEqual([]);
    expect([icmp.type(error!, MESSAGE), icmp.code(error!, MESSAGE)]).toEqual([3, 2]);
    expect(icmp.verifyChecksum(error!, MESSAGE, error!.length)).toBe(true);
    expect(ipv4.totalLength(error!, 14)).toBe(576);
    expect(error!.subarray(MESSAGE + 8)).toEqual(frame.subarray(14, 14 + 548));
    expect(host.drops()).toEqual({ "ipv4-unknown-protocol": 1 });
  });

  test("[IC4-05] a short datagram is quoted whole", () => {
    const { network, host, peer } = setUp();
    const frame = peer.udp(host, { from: 5000, to: 9 }, "short");
    peer.say(frame);
    network.settle();
    expect(peer.heardIp()[0]!.subarray(MESSAGE + 8)).toEqual(frame.subarray(14));
  });

  const errorTypes = [3, 4, 5, 11, 12];
  const unspeakable: [string, (from: ReturnType<typeof setUp>) => Uint8Array][] = [
    ["a broadcast of IP", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, destination: v4("203.0.113.255") })],
    ["a broadcast of the link", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, linkTo: ethernet.BROADCAST_MAC })],
    ["a later fragment", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, fragment: 10 })],
    ["a source that is nobody", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, source: 0 })],
    ["a source that is all", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, source: v4("203.0.113.255") })],
    ["a source that is a group", ({ host, peer }) => peer.datagram(host, unknown, { protocol: 47, source: v4("224.0.0.1") })],
  ];
  test.each(unspeakable)("[IC4-04] nothing is said about %s", (_what, make) => {
    const from = setUp();
    from.peer.say(make(from));
    from.network.settle();
    expect(from.peer.heardIp()).toEqual([]);
  });

  test("[IC4-04] nothing is said about an error of ICMP, whatever it says", () => {
    const { network, host, peer } = setUp();
    const about = peer.udp(host, { from: 9, to: 9 }, "12345678");
    for (const type of errorTypes) for (let code = 0; code < 20; code++) peer.say(peer.icmpError(host, type, code, about));
    network.settle();
    expect(peer.heard()).toEqual([]);
  });

  test("[IC4-04] nothing is said about a datagram to a broadcast address", () => {
    const { network, host, peer } = setUp();
    peer.say(peer.datagram(host, unknown, { protocol: 47, destination: v4("203.0.113.255"), linkTo: ethernet.BROADCAST_MAC }));
    peer.say(peer.udp(host, { from: 1, to: 9 }, "x", { destination: v4("203.0.113.255"), linkTo: ethernet.BROADCAST_MAC }));
    network.settle();
    expect(peer.heard()).toEqual([]);
    // Nor was it tried.
    expect(host.drops()).toEqual({ "ipv4-unknown-protocol": 1, "udp-no-endpoint": 1 });
  });

  test("[IC4-07] are limited to a burst of 50 and 1000 a second", () => {
    const { network, host, peer } = setUp();
    for (let i = 0; i < 500; i++) peer.say(peer.datagram(host, unknown, { protocol: 47 }));
    network.settle();
    const first = peer.heardIp().length;
    expect(first).toBeGreaterThan(ERROR_BURST / 4);
    expect(first).toBeLessThanOrEqual(ERROR_BURST);
    expect(host.context.drops.of("icmp-error-rate-limited")).toBe(500 - first);
    network.advance(1000);
    peer.say(peer.datagram(host, unknown, { protocol: 47 }));
    network.settle();
    expect(peer.heardIp()).toHaveLength(1);
  });

  test("[IC4-10] types that are not spoken any more get no answer (RFC 6918 §2, RFC 6633)", () => {
    const { network, host, peer } = setUp();
    for (const type of [4, 5, 13, 15, 17, 40, 255]) {
      const message = new Uint8Array(36);
      icmp.writeError(message, 0, type, 0);
      icmp.putChecksum(message, 0, message.length);
      peer.say(peer.datagram(host, message, { protocol: 1 }));
    }
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(host.drops()).toEqual({ "icmp-redirect": 1, "icmp-source-quench": 1, "icmp-unknown-type": 5 });
  });
});

describe("errors we receive (RFC 1122 §3.2.2)", () => {
  function withTransport(judge: (error: IcmpError) => boolean = () => true) {
    const all = setUp();
    const errors: IcmpError[] = [];
    all.host.ip.register({
      protocol: PROTOCOL,
      input: () => "accepted",
      icmpError: (error) => {
        errors.push({ ...error, bytes: error.bytes.slice() });
        return judge(error);
      },
    });
    const path = all.host.ip.route(parseV4("203.0.113.1"));
    if (typeof path === "string") throw new Error(path);
    const send = (bytes: number) => {
      const buffer = new Uint8Array(path.headroom + bytes);
      buffer.set(bytesOf("ABCDEFGH"), path.headroom);
      const choices = { ttl: undefined, trafficClass: 0, dontFragment: true };
      return path.send(PROTOCOL, buffer, path.headroom, buffer.length, plainFrame(), choices);
    };
    send(100);
    const [sent] = all.peer.heardIp();
    return { ...all, errors, path, send, sent: sent! };
  }

  test.each([
    [3, 0, "net-unreachable"],
    [3, 1, "host-unreachable"],
    [3, 2, "protocol-unreachable"],
    [3, 3, "port-unreachable"],
    [3, 5, "source-route-failed"],
    [3, 7, "host-unreachable"],
    [3, 11, "net-unreachable"],
    [3, 13, "administratively-prohibited"],
    [11, 0, "ttl-exceeded"],
    [11, 1, "reassembly-timeout"],
    [12, 0, "parameter-problem"],
  ])("type %i code %i reaches the transport of the quoted datagram as %s", (type, code, kind) => {
    const { network, host, peer, errors, sent } = withTransport();
    peer.say(peer.icmpError(host, type, code, sent));
    network.settle();
    expect(errors).toHaveLength(1);
    const [error] = errors;
    expect(error).toMatchObject({
      kind,
      type,
      code,
      mtu: 0,
      reporter: ipv4Address(PEER),
      local: ipv4Address(US),
      remote: ipv4Address(PEER),
    });
    expect(textOf(error!.bytes.subarray(error!.transportAt, error!.end))).toBe("ABCDEFGH");
    expect(host.drops()).toEqual({});
  });

  test("[IC4-08] a quote that is cut short, of a later fragment, of somebody else's datagram, or with an unknown code is dropped", () => {
    const { network, host, peer, errors, sent } = withTransport();
    peer.say(peer.icmpError(host, 3, 3, sent, { quotedBytes: 27 }));
    peer.say(peer.icmpError(host, 3, 3, sent, { quotedBytes: 5 }));
    peer.say(peer.icmpError(host, 3, 16, sent));
    const foreign = sent.slice();
    foreign[14 + 15] = 9;
    peer.say(peer.icmpError(host, 3, 3, foreign));
    const fragment = sent.slice();
    ipv4.setFragment(fragment, 14, 1480, false);
    peer.say(peer.icmpError(host, 3, 3, fragment));
    const otherProtocol = sent.slice();
    otherProtocol[14 + 9] = 200;
    peer.say(peer.icmpError(host, 3, 3, otherProtocol));
    network.settle();
    expect(errors).toEqual([]);
    expect(host.drops()).toEqual({
      "icmp-quote-truncated": 2,
      "icmp-unknown-code": 1,
      "icmp-quote-not-ours": 1,
      "icmp-quote-of-fragment": 1,
      "icmp-quote-unexpected": 1,
    });
  });

  test("fragmentation-needed lowers the path's MTU once the transport believes it, and not for ever (RFC 1191)", () => {
    const { network, host, peer, errors, path, send, sent } = withTransport();
    expect(path.mtu).toBe(1500);
    peer.say(peer.icmpError(host, 3, 4, sent, { rest: 1300 }));
    network.settle();
    expect(errors[0]).toMatchObject({ kind: "fragmentation-needed", mtu: 1300 });
    expect(path.mtu).toBe(1300);
    expect(send(1281)).toBe("too-long");
    expect(send(1280)).toBe("sent");
    peer.say(peer.icmpError(host, 3, 4, sent, { rest: 1400 }));
    network.settle();
    expect(errors[1]?.mtu).toBe(1300);
    expect(path.mtu).toBe(1300);
    network.advance(600_000);
    expect(path.mtu).toBe(1500);
  });

  test("the new MTU is there while the transport judges, and gone when it does not believe", () => {
    const seen: number[] = [];
    const all = withTransport(() => {
      seen.push(all.path.mtu);
      return false;
    });
    all.peer.say(all.peer.icmpError(all.host, 3, 4, all.sent, { rest: 1300 }));
    all.network.settle();
    expect(seen).toEqual([1300]);
    expect(all.path.mtu).toBe(1500);
    expect(all.host.drops()).toEqual({ "icmp-quote-unexpected": 1 });
  });

  test("an MTU under 576 is not believed (RFC 5927 §7), and a router that does not tell its own is guessed for (RFC 1191 §7)", () => {
    const { network, host, peer, path, send, sent } = withTransport();
    peer.heard();
    send(1480);
    const [big] = peer.heardIp();
    peer.say(peer.icmpError(host, 3, 4, big!, { rest: 0 }));
    network.settle();
    expect(path.mtu).toBe(1492);
    peer.say(peer.icmpError(host, 3, 4, sent, { rest: 68 }));
    network.settle();
    expect(path.mtu).toBe(576);
  });
});
