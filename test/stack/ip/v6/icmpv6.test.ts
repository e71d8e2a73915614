import { describe, expect, test } from "@jest/globals";
import { parseAddress } from "../../../../src/stack/core/address.ts";
import { LINUX, WINDOWS } from "../../../../src/stack/core/profile.ts";
import { ERROR_BURST } from "../../../../src/stack/ip/error-rate-limit.ts";
import type { PingResult } from "../../../../src/stack/ip/ping.ts";
import type { IcmpError } from "../../../../src/stack/ip/transport.ts";
import { FRAGMENT, writeFragmentHeader } from "../../../../src/stack/packet/extension-headers.ts";
import * as icmpv6 from "../../../../src/stack/packet/icmpv6.ts";
import * as ipv6 from "../../../../src/stack/packet/ipv6.ts";
import type { Station, TestHost } from "../../link/network.ts";
import { beside, echoRequest, frameOf, groupMac, heardIpv6, IP, icmpFrame, PAYLOAD, PEER, receive, US } from "./neighbour.ts";

const ALL_NODES = parseAddress("ff02::1");
const TO_ALL = { destination: ALL_NODES, linkTo: groupMac(ALL_NODES) };
const SECOND = parseAddress("2001:db8::22");
const UDP = 17;

/** A datagram to a port where nobody listens. */
function datagram(bytes = 8): Uint8Array {
  const payload = new Uint8Array(bytes);
  payload.set([0x30, 0x39, 0x00, 0x07, bytes >> 8, bytes & 0xff, 0, 0]);
  return payload;
}

const sum =
  (source = PEER, destination = US) =>
  (payload: Uint8Array) => {
    const copy = payload.slice();
    // The checksum of UDP stands where ICMPv6 has its second half of the first word: put by hand.
    let total = 17 + copy.length;
    for (const { w0, w1, w2, w3 } of [source, destination]) for (const w of [w0, w1, w2, w3]) total += (w >>> 16) + (w & 0xffff);
    for (let i = 0; i < copy.length; i += 2) total += (copy[i]! << 8) | (copy[i + 1] ?? 0);
    while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
    const sum = ~total & 0xffff || 0xffff;
    copy[6] = sum >>> 8;
    copy[7] = sum & 0xff;
    return copy;
  };

const udpFrame = (
  host: TestHost,
  peer: Station,
  bytes = 8,
  packet: { destination?: typeof US; source?: typeof US; linkTo?: Uint8Array } = {},
) => frameOf(host, peer, sum(packet.source, packet.destination)(datagram(bytes)), { next: UDP, ...packet });

describe("echo (RFC 4443 §4)", () => {
  test("[IC6-06] a request comes back with its identifier, number and data", () => {
    const { network, host, peer } = beside();
    receive(host, icmpFrame(host, peer, echoRequest("some data!")));
    network.settle();
    const [reply] = heardIpv6(peer);
    expect(reply && [icmpv6.type(reply, PAYLOAD), icmpv6.identifier(reply, PAYLOAD), icmpv6.sequence(reply, PAYLOAD)]).toEqual([
      129, 0x1234, 5,
    ]);
    expect(Buffer.from(reply!.subarray(PAYLOAD + 8)).toString()).toBe("some data!");
    expect(icmpv6.verifyChecksum(reply!, PAYLOAD, reply!.length, US, PEER)).toBe(true);
  });

  test("[IC6-05] it is answered from the address that was asked", () => {
    const { network, host, peer } = beside();
    host.ip.addAddress(host.eth, SECOND, 64);
    receive(host, icmpFrame(host, peer, echoRequest(), { destination: SECOND }));
    network.settle();
    expect(heardIpv6(peer).map((f) => icmpv6.verifyChecksum(f, PAYLOAD, f.length, SECOND, PEER))).toEqual([true]);
  });

  test("a request to all nodes is answered from the address that suits the asker", () => {
    const { network, host, peer } = beside();
    receive(host, icmpFrame(host, peer, echoRequest(), TO_ALL));
    network.settle();
    expect(heardIpv6(peer).map((f) => icmpv6.verifyChecksum(f, PAYLOAD, f.length, US, PEER))).toEqual([true]);
  });

  test("one from beyond the link too: not from an address that no router passes on (RFC 6724 §5)", () => {
    const { network, host, peer } = beside();
    host.ip.removeAddress(host.eth, US);
    host.ip.addAddress(host.eth, parseAddress("fe80::2"), 64);
    host.ip.addAddress(host.eth, US, 64);
    host.ip.addRoute({ destination: parseAddress("::"), prefixLength: 0, gateway: PEER });
    const asker = parseAddress("2001:db8:77::1");
    receive(host, icmpFrame(host, peer, echoRequest(), { ...TO_ALL, source: asker }));
    const unknown = frameOf(host, peer, Uint8Array.of(59, 0, 0x80, 4, 0, 0, 0, 0), { next: 60, ...TO_ALL, source: asker });
    receive(host, unknown);
    network.settle();
    expect(heardIpv6(peer).map((f) => [icmpv6.type(f, PAYLOAD), icmpv6.verifyChecksum(f, PAYLOAD, f.length, US, asker)])).toEqual([
      [icmpv6.ECHO_REPLY, true],
      [icmpv6.PARAMETER_PROBLEM, true],
    ]);
  });

  test("a request that came in fragments, and is longer than what may leave, is let go", () => {
    const { host, peer } = beside();
    const message = echoRequest("a".repeat(65_520));
    icmpv6.putChecksum(message, 0, message.length, PEER, US);
    for (let at = 0; at < message.length; at += 1232) {
      const end = Math.min(message.length, at + 1232);
      const fragment = new Uint8Array(8 + end - at);
      writeFragmentHeader(fragment, 0, ipv6.PROTOCOL_ICMP, at, end < message.length, 77);
      fragment.set(message.subarray(at, end), 8);
      receive(host, frameOf(host, peer, fragment, { next: FRAGMENT }));
    }
    expect(host.drops()).toEqual({ "ipv6-too-long": 1 });
  });

  test("[IC6-10] a bad checksum is dropped", () => {
    const { host, peer } = beside();
    const frame = icmpFrame(host, peer, echoRequest());
    frame[frame.length - 1]! ^= 1;
    receive(host, frame);
    expect(host.drops()).toEqual({ "icmpv6-bad-checksum": 1 });
  });

  test("[IC6-07] our own request is answered, and the time is measured", () => {
    const { network, host, peer } = beside();
    const results: PingResult[] = [];
    expect(host.ip.ping(PEER, { id: 0x1234, sequence: 5, payloadBytes: 5, timeoutMs: 1000 }, (r) => results.push(r))).toBeUndefined();
    network.advance(3);
    const [request] = heardIpv6(peer);
    const reply = request!.slice(PAYLOAD);
    reply[0] = icmpv6.ECHO_REPLY;
    receive(host, icmpFrame(host, peer, reply, { hopLimit: 61 }));
    expect(results).toEqual([{ kind: "reply", rttMs: 3, ttl: 61, payloadBytes: 5 }]);
  });
});

describe("errors that we send", () => {
  test("[IC6-02] [IC6-08] a port where nobody listens: the quote is as long as 1280 bytes allow", () => {
    const { network, host, peer } = beside();
    receive(host, udpFrame(host, peer, 1400));
    network.settle();
    const [error] = heardIpv6(peer);
    expect(error && [icmpv6.type(error, PAYLOAD), icmpv6.code(error, PAYLOAD), error.length]).toEqual([1, 4, 14 + 1280]);
    expect(error!.subarray(PAYLOAD + 8)).toEqual(udpFrame(host, peer, 1400).subarray(IP, IP + 1232));
  });

  const silent: [string, (host: TestHost, peer: Station) => Uint8Array][] = [
    ["a datagram to a group", (host, peer) => udpFrame(host, peer, 8, TO_ALL)],
    ["an unknown protocol to a group", (host, peer) => frameOf(host, peer, new Uint8Array(8), { next: 200, ...TO_ALL })],
    ["an ICMPv6 error behind an unknown option", (host, peer) => aboutError(host, peer, icmpv6.DESTINATION_UNREACHABLE)],
    ["a redirect behind an unknown option", (host, peer) => aboutError(host, peer, icmpv6.REDIRECT)],
  ];
  test.each(silent)("[IC6-03] there is none about %s", (_what, make) => {
    const { network, host, peer } = beside();
    receive(host, make(host, peer));
    network.settle();
    expect(heardIpv6(peer)).toEqual([]);
  });

  test("[IC6-03] but about an echo request behind an unknown option there is", () => {
    const { network, host, peer } = beside();
    receive(host, aboutError(host, peer, icmpv6.ECHO_REQUEST));
    network.settle();
    expect(heardIpv6(peer)).toHaveLength(1);
  });

  test("[IC6-04] they are limited: a burst, then so many a second", () => {
    const { network, host, peer } = beside();
    for (let i = 0; i < 1000; i++) receive(host, udpFrame(host, peer));
    network.settle();
    const atOnce = heardIpv6(peer).length;
    expect(atOnce).toBeGreaterThan(10);
    expect(atOnce).toBeLessThanOrEqual(ERROR_BURST);
    expect(host.drops()["icmp-error-rate-limited"]).toBe(1000 - atOnce);
  });
});

/** A message of this type behind destination options of which one is not known and asks for an answer. */
function aboutError(host: TestHost, peer: Station, type: number): Uint8Array {
  const message = Uint8Array.from([58, 0, 0x9e, 4, 0, 0, 0, 0, type, 0, 0, 0, 0, 0, 0, 0]);
  return frameOf(host, peer, message, { next: 60 });
}

describe("errors that come to us", () => {
  /** A transport that hears of errors. */
  function listening(profile = WINDOWS) {
    const setUp = beside({ profile });
    const heard: IcmpError[] = [];
    let isBelieved = true;
    setUp.host.ip.register({
      protocol: 253,
      input: () => "accepted",
      icmpError: (error) => {
        heard.push({ ...error });
        return isBelieved;
      },
    });
    const disbelieve = () => {
      isBelieved = false;
    };
    return { ...setUp, heard, disbelieve };
  }

  /** An error about a packet of protocol 253 that we sent. */
  function errorAbout(type: number, code: number, rest = 0, quoteSource = US, headers: readonly number[] = [], first = 253): Uint8Array {
    const quote = new Uint8Array(40 + headers.length + 8);
    ipv6.writeHeader(quote, 0, headers.length + 1200, quoteSource, PEER, first, 64);
    quote.set(headers, 40);
    const message = new Uint8Array(8 + quote.length);
    icmpv6.writeHeader(message, 0, type, code, rest);
    message.set(quote, 8);
    return message;
  }

  test.each([
    [1, 0, "net-unreachable"],
    [1, 1, "administratively-prohibited"],
    [1, 2, "net-unreachable"],
    [1, 3, "host-unreachable"],
    [1, 4, "port-unreachable"],
    [1, 5, "administratively-prohibited"],
    [1, 6, "administratively-prohibited"],
    [3, 0, "ttl-exceeded"],
    [3, 1, "reassembly-timeout"],
    [4, 0, "parameter-problem"],
    [4, 1, "protocol-unreachable"],
  ])("[IC6-09] type %i code %i is told to the transport as %s", (type, code, kind) => {
    const { host, peer, heard } = listening();
    receive(host, icmpFrame(host, peer, errorAbout(type, code)));
    expect(heard.map((e) => [e.kind, e.type, e.code])).toEqual([[kind, type, code]]);
  });

  test("[IC6-01] an error of an unknown type is told to the transport; an informational message is dropped", () => {
    const { host, peer, heard } = listening();
    receive(host, icmpFrame(host, peer, errorAbout(100, 7)));
    expect(heard).toHaveLength(1);
    receive(host, icmpFrame(host, peer, errorAbout(200, 0)));
    expect(heard).toHaveLength(1);
    expect(host.drops()).toEqual({ "icmpv6-unknown-type": 1 });
  });

  test("the transport is found behind extension headers and in a first fragment", () => {
    const { host, peer, heard } = listening();
    receive(host, icmpFrame(host, peer, errorAbout(1, 4, 0, US, [253, 0, 1, 4, 0, 0, 0, 0], 60)));
    receive(host, icmpFrame(host, peer, errorAbout(1, 4, 0, US, [253, 0, 0, 1, 0, 0, 0, 9], 44)));
    expect(heard.map((e) => e.transportAt)).toEqual([PAYLOAD + 8 + 48, PAYLOAD + 8 + 48]);
    receive(host, icmpFrame(host, peer, errorAbout(1, 4, 0, US, [253, 0, 0, 9, 0, 0, 0, 9], 44)));
    expect(heard).toHaveLength(2);
    expect(host.drops()).toEqual({ "icmp-quote-of-fragment": 1 });
  });

  test("one that quotes what we did not send is not believed", () => {
    const { host, peer, heard } = listening();
    receive(host, icmpFrame(host, peer, errorAbout(1, 4, 0, SECOND)));
    expect(heard).toEqual([]);
    expect(host.drops()).toEqual({ "icmpv6-quote-not-ours": 1 });
  });

  test.each([0, 7, 39, 47])("a quote of %i bytes tells too little", (bytes) => {
    const { host, peer, heard } = listening();
    receive(host, icmpFrame(host, peer, errorAbout(1, 4).subarray(0, 8 + bytes)));
    expect(heard).toEqual([]);
    expect(host.drops()).toEqual({ "icmpv6-quote-truncated": 1 });
  });

  test("[PM6-01] [PM6-02] packet too big lowers the path's MTU, never below 1280 and never raises it", () => {
    const { host, peer } = listening();
    const path = host.ip.route(PEER);
    if (typeof path === "string") throw new Error(path);
    receive(host, icmpFrame(host, peer, errorAbout(2, 0, 1400)));
    expect(path.mtu).toBe(1400);
    receive(host, icmpFrame(host, peer, errorAbout(2, 0, 1450)));
    expect(path.mtu).toBe(1400);
    receive(host, icmpFrame(host, peer, errorAbout(2, 0, 1279)));
    expect(path.mtu).toBe(1400);
    expect(host.drops()).toEqual({ "icmpv6-mtu-too-small": 1 });
  });

  test("packet too big that the transport does not believe changes nothing", () => {
    const { host, peer, disbelieve } = listening();
    const path = host.ip.route(PEER);
    if (typeof path === "string") throw new Error(path);
    disbelieve();
    receive(host, icmpFrame(host, peer, errorAbout(2, 0, 1300)));
    expect(path.mtu).toBe(1500);
  });

  test("[PM6-01] packet too big about an echo request lowers it too, where somebody waits for the answer", () => {
    const { network, host, peer } = beside();
    const results: PingResult[] = [];
    const ping = (sequence: number) =>
      host.ip.ping(PEER, { id: 1, sequence, payloadBytes: 1400, timeoutMs: 1000 }, (result) => results.push(result));
    ping(1);
    network.settle();
    const [whole] = heardIpv6(peer);
    const tooBig = (mtu: number, sequence: number) => {
      const message = new Uint8Array(8 + 1232);
      icmpv6.writeHeader(message, 0, icmpv6.PACKET_TOO_BIG, 0, mtu);
      message.set(whole!.subarray(IP, IP + 1232), 8);
      message[8 + 40 + 7] = sequence;
      receive(host, icmpFrame(host, peer, message));
    };
    tooBig(1279, 1);
    tooBig(1300, 2);
    expect([host.ip.mtuTo(PEER), results]).toEqual([1500, []]);
    expect(host.drops()).toEqual({ "icmpv6-mtu-too-small": 1, "icmp-quote-unexpected": 1 });
    tooBig(1300, 1);
    expect(host.ip.mtuTo(PEER)).toBe(1300);
    expect(results).toMatchObject([{ kind: "fragmentation-needed" }]);
    ping(3);
    network.settle();
    expect(heardIpv6(peer).map((frame) => [ipv6.nextHeader(frame, IP), frame.length - IP <= 1300])).toEqual(
      Array(2).fill([FRAGMENT, true]),
    );
  });

  test("a neighbour that does not answer is told of as a router would", () => {
    const { network, host, heard } = listening(LINUX);
    const silent = parseAddress("2001:db8::77");
    const path = host.ip.route(silent);
    if (typeof path === "string") throw new Error(path);
    const buffer = new Uint8Array(path.headroom + 20);
    path.send(253, buffer, path.headroom, buffer.length, {
      checksumStart: 0,
      checksumOffset: 0,
      checksumVerified: false,
      gsoType: 0,
      gsoSize: 0,
      headerLength: 0,
    });
    network.advance(10_000);
    expect(heard.map((e) => [e.kind, e.remote.w3])).toEqual([["host-unreachable", silent.w3]]);
  });
});
