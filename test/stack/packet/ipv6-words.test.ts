import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FrameNarrator, withoutPort } from "../../../src/lab/frame-words.ts";
import { type IpAddress, parseAddress } from "../../../src/stack/core/address.ts";
import { describeFrame } from "../../../src/stack/packet/describe.ts";
import * as ethernet from "../../../src/stack/packet/ethernet.ts";
import { FRAGMENT, HOP_BY_HOP, writeFragmentHeader } from "../../../src/stack/packet/extension-headers.ts";
import * as icmpv6 from "../../../src/stack/packet/icmpv6.ts";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../../../src/stack/packet/ipv4.ts";
import * as ipv6 from "../../../src/stack/packet/ipv6.ts";
import * as ndp from "../../../src/stack/packet/ndp.ts";
import { changed, SYN_FRAME, TRANSPORT_AT, UDP_FRAME } from "./frames.ts";

const OURS = parseAddress("2001:db8::2");
const PEER = parseAddress("2001:db8::1");
const GROUP = parseAddress("ff02::1:ff00:1");
const MAC = Uint8Array.of(2, 0, 0x5e, 0x10, 0, 1);
const IP_AT = ethernet.HEADER;
const BODY_AT = IP_AT + ipv6.HEADER;

/** A frame with these bytes behind its IPv6 header. */
function frameOf(next: number, body: ArrayLike<number>, to: IpAddress = PEER, from: IpAddress = OURS): Uint8Array {
  const frame = new Uint8Array(BODY_AT + body.length);
  frame.set(UDP_FRAME.subarray(0, 12));
  frame.set([0x86, 0xdd], 12);
  ipv6.writeHeader(frame, IP_AT, body.length, from, to, next, 64, 0xb8, 0x12345);
  frame.set(body, BODY_AT);
  return frame;
}

function messageOf(length: number, write: (b: Uint8Array) => void, to = PEER, from = OURS): Uint8Array {
  const body = new Uint8Array(length);
  write(body);
  return frameOf(ipv6.PROTOCOL_ICMP, body, to, from);
}

const SYN6 = frameOf(PROTOCOL_TCP, SYN_FRAME.subarray(TRANSPORT_AT));
const UDP6 = frameOf(PROTOCOL_UDP, UDP_FRAME.subarray(TRANSPORT_AT));
const ECHO6 = messageOf(12, (b) => icmpv6.writeEcho(b, 0, icmpv6.ECHO_REQUEST, 0x1234, 1));
const SOLICITATION = messageOf(
  ndp.NEIGHBOUR_MESSAGE,
  (b) => ndp.writeNeighbourMessage(b, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0, PEER, MAC),
  GROUP,
);
const ADVERTISEMENT = messageOf(
  ndp.NEIGHBOUR_MESSAGE,
  (b) => ndp.writeNeighbourMessage(b, 0, icmpv6.NEIGHBOUR_ADVERTISEMENT, ndp.FLAG_SOLICITED | ndp.FLAG_OVERRIDE, PEER, MAC),
  OURS,
  PEER,
);
/** Says lifetime 1800 s, prefix 2001:db8::/64 and MTU 1400. */
const ROUTER = messageOf(
  16 + 32 + 8,
  (b) => {
    icmpv6.writeHeader(b, 0, icmpv6.ROUTER_ADVERTISEMENT, 0, (64 << 24) | 1800);
    b.set([ndp.OPTION_PREFIX, 4, 64, 0xc0], 16);
    ipv6.putAddress(b, 32, parseAddress("2001:db8::"));
    b.set([ndp.OPTION_MTU, 1, 0, 0, 0, 0, 5, 120], 48);
  },
  parseAddress("ff02::1"),
  parseAddress("fe80::1"),
);
const REDIRECT = messageOf(40, (b) => {
  icmpv6.writeHeader(b, 0, icmpv6.REDIRECT, 0);
  ipv6.putAddress(b, 8, parseAddress("fe80::9"));
  ipv6.putAddress(b, 24, parseAddress("2001:db8:1::1"));
});
const errorFrame = (type: number, code: number, rest: number) =>
  messageOf(8 + 40 + 8, (b) => {
    icmpv6.writeHeader(b, 0, type, code, rest);
    b.set(SYN6.subarray(IP_AT, BODY_AT + 8), 8);
  });
const TOO_BIG = errorFrame(icmpv6.PACKET_TOO_BIG, 0, 1280);
const REPORT = frameOf(HOP_BY_HOP, [58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0, 0, 0, 0, 2, ...new Array(40).fill(0)], parseAddress("ff02::16"));
function fragment(offset: number, more: boolean): Uint8Array {
  const body = new Uint8Array(8 + 16);
  writeFragmentHeader(body, 0, PROTOCOL_UDP, offset, more, 0xfedcba98);
  return frameOf(FRAGMENT, body);
}

const FRAMES = [SYN6, UDP6, ECHO6, SOLICITATION, ADVERTISEMENT, ROUTER, REDIRECT, TOO_BIG, REPORT, fragment(1448, false)];
const told = (frame: Uint8Array) => describeFrame(frame, 0, frame.length);
const pair = "2001:db8::2 → 2001:db8::1";

describe("a frame of IPv6 in words", () => {
  test.each([
    ["TCP", SYN6, "[2001:db8::2]:49152 → [2001:db8::1]:80 [SYN] seq=4294967280 win=64240 mss=1460 ws=8 sackOk"],
    ["UDP", UDP6, "[2001:db8::2]:5000 → [2001:db8::1]:7 UDP len=3"],
    ["an echo", ECHO6, `${pair} ICMPv6 echo request id=4660 seq=1 len=4`],
    ["a solicitation", SOLICITATION, "2001:db8::2 → ff02::1:ff00:1 ICMPv6 who has 2001:db8::1?"],
    ["an advertisement", ADVERTISEMENT, "2001:db8::1 → 2001:db8::2 ICMPv6 2001:db8::1 is at 02:00:5e:10:00:01 (solicited, override)"],
    ["a router", ROUTER, "fe80::1 → ff02::1 ICMPv6 router advertisement lifetime=1800 prefix=2001:db8::/64 mtu=1400"],
    ["a redirect", REDIRECT, `${pair} ICMPv6 redirect for 2001:db8:1::1 to fe80::9`],
    ["an error", TOO_BIG, `${pair} ICMPv6 packet too big mtu=1280 for tcp [2001:db8::2]:49152 → [2001:db8::1]:80`],
    ["a report", REPORT, "2001:db8::2 → ff02::16 ICMPv6 listener report v2 groups=2"],
    ["a fragment", fragment(1448, false), `${pair} udp fragment id=4275878552 offset=1448, last len=16`],
    ["a first fragment", fragment(0, true), `${pair} udp fragment id=4275878552 offset=0, more follow len=16`],
    ["another protocol", frameOf(89, [1, 2, 3]), `${pair} protocol 89 len=3`],
    ["nothing at all", frameOf(59, []), `${pair} nothing len=0`],
  ])("%s", (_what, frame, summary) => {
    expect(told(frame).summary).toBe(summary);
    expect(told(frame)).not.toHaveProperty("malformed");
  });

  test.each([
    [icmpv6.DESTINATION_UNREACHABLE, 4, "port unreachable"],
    [icmpv6.DESTINATION_UNREACHABLE, 3, "address unreachable"],
    [icmpv6.DESTINATION_UNREACHABLE, 9, "unreachable, code 9"],
    [icmpv6.TIME_EXCEEDED, 0, "hop limit exceeded"],
    [icmpv6.TIME_EXCEEDED, 1, "reassembly time exceeded"],
    [icmpv6.PARAMETER_PROBLEM, 1, "parameter problem at byte 40"],
  ])("the error of type %i and code %i", (type, code, words) => {
    const quoted = "tcp [2001:db8::2]:49152 → [2001:db8::1]:80";
    expect(told(errorFrame(type, code, 40)).summary).toBe(`${pair} ICMPv6 ${words} for ${quoted}`);
  });

  test("the header is told field by field, with the headers behind it", () => {
    expect(told(REPORT)).toMatchObject({
      protocol: "icmpv6",
      ip: {
        sourceAddress: "2001:db8::2",
        destinationAddress: "ff02::16",
        hopLimit: 64,
        trafficClass: 0xb8,
        flowLabel: 0x12345,
        payloadLength: 56,
        extensionHeaders: ["hop-by-hop options"],
      },
    });
    expect(told(fragment(8, true))).toMatchObject({ protocol: "ipv6", fragmentOffset: 8, ip: { extensionHeaders: ["fragment"] } });
  });

  test("whom neighbour discovery is about stands for the group that it goes to, as with ARP", () => {
    expect(told(SOLICITATION)).toMatchObject({ source: "2001:db8::2", destination: "2001:db8::1", target: "2001:db8::1" });
    expect(told(ADVERTISEMENT)).toMatchObject({ source: "2001:db8::1", destination: "2001:db8::2" });
  });

  test.each([
    ["ipv6-bad-version", changed(SYN6, IP_AT, 0x40)],
    ["ipv6-truncated-header", frameOf(HOP_BY_HOP, [6, 9, 0, 0, 0, 0, 0, 0])],
    ["ipv6-truncated-header", frameOf(FRAGMENT, [17, 0, 0])],
    ["tcp-truncated", frameOf(PROTOCOL_TCP, [0, 80, 0, 80])],
    ["udp-truncated", frameOf(PROTOCOL_UDP, [0, 80])],
    ["icmpv6-truncated", frameOf(58, [128, 0])],
    ["icmpv6-quote-truncated", messageOf(20, (b) => icmpv6.writeHeader(b, 0, icmpv6.PACKET_TOO_BIG, 0, 1280))],
    ["ndp-truncated", messageOf(12, (b) => icmpv6.writeHeader(b, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0))],
    ["ndp-bad-option", messageOf(32, (b) => icmpv6.writeHeader(b, 0, icmpv6.NEIGHBOUR_SOLICITATION, 0))],
    ["mld-truncated", messageOf(12, (b) => icmpv6.writeHeader(b, 0, icmpv6.LISTENER_QUERY, 0))],
  ])("%s is told, with what could be read", (reason, frame) => {
    expect(told(frame)).toMatchObject({ malformed: reason, summary: expect.stringMatching(new RegExp(` ${reason}$`)) });
  });

  test("any bytes at all are described", () => {
    const from = fc.constantFrom(...FRAMES);
    const bytes = fc.tuple(from, fc.array(fc.tuple(fc.integer({ min: 12, max: 120 }), fc.nat(255)), { maxLength: 6 }), fc.nat(130));
    fc.assert(
      fc.property(bytes, ([frame, changes, end]) => {
        const copy = frame.slice();
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        const d = describeFrame(copy, 0, end);
        expect(d.summary).not.toMatch(/NaN|undefined|\n/);
        expect(JSON.parse(JSON.stringify(d))).toEqual(d);
      }),
      { numRuns: 3000 },
    );
  });

  test("on a ladder's arrow the addresses are left out", () => {
    const narrator = new FrameNarrator();
    expect(FRAMES.map((frame) => narrator.narrate(told(frame)))).toEqual([
      "SYN seq=0 win=64240 mss=1460 ws=8 sackOk",
      "UDP 5000 to 7 len=3",
      "ICMPv6 echo request seq=1",
      "ICMPv6 who has 2001:db8::1?",
      "ICMPv6 2001:db8::1 is at 02:00:5e:10:00:01 (solicited, override)",
      "ICMPv6 router advertisement lifetime=1800 prefix=2001:db8::/64 mtu=1400",
      "ICMPv6 redirect for 2001:db8:1::1 to fe80::9",
      "ICMPv6 packet too big mtu=1280",
      "ICMPv6 listener report v2 groups=2",
      "udp fragment id=4275878552 offset=1448, last len=16",
    ]);
    expect(["[2001:db8::1]:80", "2001:db8::1", "203.0.113.1:80", "203.0.113.1"].map(withoutPort)).toEqual([
      "2001:db8::1",
      "2001:db8::1",
      "203.0.113.1",
      "203.0.113.1",
    ]);
  });
});
