import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import { type FrameInfo, plainFrame } from "../../../src/stack/core/frame-info.ts";
import { SeededRandom } from "../../../src/stack/core/random.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { Network, v4 } from "../link/network.ts";

function setUp() {
  const network = new Network();
  const host = network.host("us", "203.0.113.2");
  const peer = network.station("peer", "203.0.113.1");
  peer.introduce(host);
  return { network, host, peer };
}

function patch(frame: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  frame.set(bytes, at);
  return frame;
}

/** Changes a frame's IP header and makes its checksum good again. */
function rewrite(frame: Uint8Array, change: (b: Uint8Array, at: number) => void): Uint8Array {
  change(frame, 14);
  ipv4.putChecksum(frame, 14);
  return frame;
}

/** A frame whose IP header carries these options, padded with zeros to whole words. */
function withOptions(frame: Uint8Array, options: readonly number[]): Uint8Array {
  const length = Math.ceil(options.length / 4) * 4;
  const grown = new Uint8Array(frame.length + length);
  grown.set(frame.subarray(0, 34));
  grown.set(options, 34);
  grown.set(frame.subarray(34), 34 + length);
  grown[14] = 0x40 | (5 + length / 4);
  return rewrite(grown, (b, at) => ipv4.setTotalLength(b, at, grown.length - 14));
}

const US = v4("203.0.113.2");

describe("Ethernet frames that are not for us", () => {
  const cases: [string, (f: Uint8Array) => Uint8Array, string][] = [
    ["for another station [ETH-06]", (f) => patch(f, 0, ethernet.parseMac("02:00:00:00:00:77")!), "ethernet-not-for-us"],
    ["from a group", (f) => patch(f, 6, ethernet.BROADCAST_MAC), "ethernet-bad-source"],
    ["with an 802.1Q tag [ETH-07]", (f) => patch(f, 12, [0x81, 0x00]), "ethernet-vlan"],
    ["with two tags", (f) => patch(f, 12, [0x88, 0xa8]), "ethernet-vlan"],
    ["of IEEE 802.3 [ETH-02]", (f) => patch(f, 12, [0x00, 0x40]), "ethernet-802.3"],
    ["of IPv6", (f) => patch(f, 12, [0x86, 0xdd]), "ipv6-truncated"],
    ["of an unknown type", (f) => patch(f, 12, [0x88, 0xcc]), "ethernet-unknown-type"],
  ];
  test.each(cases)("a frame %s is dropped and counted", (_what, change, reason) => {
    const { network, host, peer } = setUp();
    const frame = change(peer.echoRequest(host, "hello"));
    host.eth.frame(frame, 0, frame.length, plainFrame());
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });
});

describe("IPv4 headers (RFC 1122 §3.2.1)", () => {
  const cases: [string, (f: Uint8Array) => Uint8Array, string][] = [
    ["of version 6 [IP4-01]", (f) => rewrite(f, (b, at) => (b[at] = 0x65)), "ipv4-bad-version"],
    ["with a header of 16 bytes [IP4-03]", (f) => rewrite(f, (b, at) => (b[at] = 0x44)), "ipv4-bad-header-length"],
    ["longer than its frame", (f) => rewrite(f, (b, at) => ipv4.setTotalLength(b, at, 200)), "ipv4-truncated"],
    ["shorter than its header", (f) => rewrite(f, (b, at) => ipv4.setTotalLength(b, at, 19)), "ipv4-bad-total-length"],
    ["cut off in its header", (f) => f.slice(0, 33), "ipv4-truncated"],
    ["with a bad checksum [IP4-02]", (f) => patch(f, 24, [f[24]! ^ 1]), "ipv4-bad-checksum"],
    ["with a loose source route [IP4-12]", (f) => withOptions(f, [131, 7, 4, 203, 0, 113, 9]), "ipv4-source-route"],
    ["with a strict source route", (f) => withOptions(f, [1, 137, 7, 4, 203, 0, 113, 9]), "ipv4-source-route"],
    ["with an option of length 0 [IP4-10]", (f) => withOptions(f, [7, 0, 0, 0]), "ipv4-bad-option"],
    ["with an option past the header", (f) => withOptions(f, [68, 12, 5, 0]), "ipv4-bad-option"],
  ];
  test.each(cases)("a datagram %s is dropped and counted", (_what, change, reason) => {
    const { network, host, peer } = setUp();
    peer.say(change(peer.echoRequest(host, "hello")));
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  const good: [string, (f: Uint8Array) => Uint8Array][] = [
    ["with link padding behind it [ETH-04] [HDR-17]", (f) => patch(new Uint8Array(90), 0, f)],
    ["with router alert and record route [IP4-27] [IP4-28]", (f) => withOptions(f, [148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0])],
    ["with an unknown option", (f) => withOptions(f, [0x5e, 4, 1, 2])],
    ["with a TTL of 0 [IP4-07]", (f) => rewrite(f, (b, at) => (b[at + 8] = 0))],
  ];
  test("[IP4-01] a datagram of any version but 4 is dropped, without an answer", () => {
    const { network, host, peer } = setUp();
    for (let version = 0; version < 16; version++) {
      peer.say(rewrite(peer.echoRequest(host, "hello"), (b, at) => (b[at] = (version << 4) | 5)));
      network.settle();
      expect(peer.heardIp()).toHaveLength(version === 4 ? 1 : 0);
    }
    expect(host.drops()).toEqual({ "ipv4-bad-version": 15 });
  });

  test("[IP4-02] a datagram with any one bit of its header changed is dropped, without an answer", () => {
    const { network, host, peer } = setUp();
    for (let bit = 0; bit < 160; bit++) {
      const frame = peer.echoRequest(host, "hello");
      frame[14 + (bit >> 3)]! ^= 1 << (bit & 7);
      peer.say(frame);
    }
    network.settle();
    expect(peer.heard()).toEqual([]);
    expect(Object.values(host.drops()).reduce((a, b) => a + b, 0)).toBe(160);
    expect(host.drops()["ipv4-bad-checksum"]).toBeGreaterThan(120);
  });

  test("[IP4-03] [HDR-17] header and total length fit each other and the frame, or the datagram is dropped", () => {
    const { network, host, peer } = setUp();
    let misfits = 0;
    for (let words = 0; words < 16; words++) {
      for (let total = 0; total <= 70; total++) {
        const frame = peer.echoRequest(host, "0123456789abcdef0123456789abcdef0123");
        const all = frame.length - 14;
        // No-operations where options would be.
        frame.fill(1, 34, 14 + Math.max(20, words * 4));
        const header = rewrite(frame, (b, at) => {
          b[at] = 0x40 | words;
          ipv4.setTotalLength(b, at, total);
        });
        host.eth.frame(header, 0, header.length, plainFrame());
        // What is whole is looked into: as a message of ICMP it is none any more.
        const isWhole = words >= 5 && total >= words * 4 && total <= all;
        if (!isWhole) misfits++;
      }
    }
    network.settle();
    expect(peer.heardIp()).toHaveLength(1);
    const reasons = ["ipv4-bad-header-length", "ipv4-bad-total-length", "ipv4-truncated"] as const;
    expect(reasons.map((reason) => host.context.drops.of(reason)).reduce((a, b) => a + b)).toBe(misfits);
  });

  test.each(good)("a datagram %s is taken", (_what, change) => {
    const { network, host, peer } = setUp();
    peer.say(change(peer.echoRequest(host, "hello")));
    network.settle();
    expect(host.drops()).toEqual({});
    expect(peer.heardIp()).toHaveLength(1);
  });
});

describe("IPv4 addresses (RFC 1122 §3.2.1.3)", () => {
  test.each([
    ["0.0.0.0", "ipv4-source-unspecified"],
    ["127.0.0.1", "ipv4-source-loopback"],
    ["224.0.0.1", "ipv4-source-not-unicast"],
    ["240.0.0.1", "ipv4-source-not-unicast"],
    ["255.255.255.255", "ipv4-source-not-unicast"],
    ["203.0.113.255", "ipv4-source-not-unicast"],
    ["203.0.113.2", "ipv4-source-ours"],
  ])("[IP4-05] [OPN-09] [UDP-06] a datagram from %s is dropped", (source, reason) => {
    const { network, host, peer } = setUp();
    peer.say(peer.echoRequest(host, "hello", { source: v4(source) }));
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  test.each([
    ["127.0.0.1", "ipv4-loopback-from-wire"],
    ["203.0.113.3", "ipv4-not-for-us"],
    ["8.8.8.8", "ipv4-not-for-us"],
    ["0.0.0.0", "ipv4-not-for-us"],
    ["224.0.0.2", "ipv4-group-not-joined"],
    ["239.255.255.250", "ipv4-group-not-joined"],
    ["203.0.114.255", "ipv4-not-for-us"],
  ])("[IP4-04] [IP4-24] a datagram for %s is neither taken nor passed on", (destination, reason) => {
    const { network, host, peer } = setUp();
    peer.say(peer.echoRequest(host, "hello", { destination: v4(destination) }));
    network.settle();
    expect(host.drops()).toEqual({ [reason]: 1 });
    expect(peer.heard()).toEqual([]);
  });

  test("[IP4-23] a datagram for the address of another interface is dropped: the host is strong (RFC 1122 §3.3.4.2)", () => {
    const { network, host, peer } = setUp();
    const other = host.ip.addInterface(network.wire.device({ name: "other" }));
    host.ip.addAddress(other, parseV4("198.51.100.2"), 24);
    peer.say(peer.echoRequest(host, "hello", { destination: v4("198.51.100.2") }));
    network.settle();
    expect(host.drops()).toEqual({ "ipv4-not-for-us": 1 });
    expect(peer.heard()).toEqual([]);
  });

  test("[ETH-05] a datagram for us in a broadcast frame is dropped (RFC 1122 §3.3.6)", () => {
    const { network, host, peer } = setUp();
    peer.say(peer.echoRequest(host, "hello", { linkTo: ethernet.BROADCAST_MAC }));
    network.settle();
    expect(host.drops()).toEqual({ "ipv4-unicast-in-link-broadcast": 1 });
  });

  test("[IP4-21] each of our addresses is ours, and answers for itself", () => {
    const { network, host, peer } = setUp();
    host.ip.addAddress(host.eth, parseV4("203.0.113.7"), 24);
    peer.say(peer.echoRequest(host, "hello", { destination: v4("203.0.113.7") }));
    network.settle();
    expect(ipv4.source(peer.heardIp()[0]!, 14)).toBe(v4("203.0.113.7"));

    host.ip.removeAddress(host.eth, parseV4("203.0.113.7"));
    peer.say(peer.echoRequest(host, "hello", { destination: v4("203.0.113.7") }));
    network.settle();
    expect(host.drops()).toEqual({ "ipv4-not-for-us": 1 });
  });
});

test("[SYS-01] no mutilated frame makes the stack throw, answer to anybody but its sender, or grow its tables", () => {
  const { network, host, peer } = setUp();
  host.udp.open({ localPort: 53, user: { readable: () => {}, icmpError: () => {} } });
  const random = new SeededRandom(20261122);
  const originals = [
    () => peer.echoRequest(host, "hello, world"),
    () => peer.udp(host, { from: 5000, to: 53 }, "a question"),
    () => peer.udp(host, { from: 5000, to: 54 }, "nobody there"),
    () => peer.icmpError(host, 3, 3, peer.udp(host, { from: 5000, to: 53 }, "abcdefgh")),
    () => withOptions(peer.echoRequest(host, "hello"), [7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0]),
  ];
  for (let i = 0; i < 20_000; i++) {
    const frame = originals[random.u32() % originals.length]!();
    for (let flips = random.u32() % 4; flips >= 0; flips--) frame[random.u32() % frame.length]! ^= 1 << (random.u32() & 7);
    if ((random.u32() & 1) === 0 && frame.length >= 34 && frame[14]! >>> 4 === 4 && (frame[14]! & 15) === 5) ipv4.putChecksum(frame, 14);
    const end = (random.u32() & 7) === 0 ? random.u32() % (frame.length + 1) : frame.length;
    host.eth.frame(frame, 0, end, plainFrame());
    if (i % 256 === 0) network.time.moveTo(network.time.now + 100);
  }
  network.settle();
  expect(Object.values(host.drops()).reduce((a, b) => a + b, 0)).toBeGreaterThan(10_000);
  expect(host.eth.neighbours.size).toBeLessThanOrEqual(512);
  for (const frame of peer.heardIp()) {
    expect(ipv4.source(frame, 14)).toBe(US);
    expect(ipv4.check(frame, 14, frame.length)).toBeUndefined();
    expect(ipv4.verifyChecksum(frame, 14)).toBe(true);
  }
});

test("a checksum that its sender left to the device is not verified, any other is, whoever says so", () => {
  const { host, peer } = setUp();
  const give = (info: Partial<FrameInfo>) => {
    const before = host.context.drops.of("udp-bad-checksum");
    const frame = peer.udp(host, { from: 5000, to: 9 }, "nobody there");
    frame[40]! ^= 0x55;
    host.eth.frame(frame, 0, frame.length, { ...plainFrame(), ...info });
    return host.context.drops.of("udp-bad-checksum") - before;
  };
  expect([give({}), give({ checksumVerified: true }), give({ checksumStart: 34, checksumOffset: 6 })]).toEqual([1, 0, 0]);
});
