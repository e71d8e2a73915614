import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { describeFrame } from "../../../src/stack/packet/describe.ts";
import { a, message } from "../../support/dns-message.ts";
import { ARP_FRAME, changed, DATA_FRAME, ECHO_FRAME, IP_AT, SYN_FRAME, TRANSPORT_AT, UDP_FRAME, UNREACHABLE_FRAME } from "./frames.ts";

const told = (frame: Uint8Array) => describeFrame(frame, 0, frame.length);

const FRAMES = [SYN_FRAME, DATA_FRAME, UDP_FRAME, ECHO_FRAME, UNREACHABLE_FRAME, ARP_FRAME];

describe("a frame in words", () => {
  test("one line says who, to whom and what", () => {
    expect(FRAMES.map((frame) => told(frame).summary)).toEqual([
      "203.0.113.2:49152 → 203.0.113.1:80 [SYN] seq=4294967280 win=64240 mss=1460 ws=8 sackOk",
      "203.0.113.1:80 → 203.0.113.2:49152 [PSH,ACK] seq=287454020 ack=4294967281 win=502 len=5 ts=100/50 sack=1000-2000 sack=4294967040-256",
      "203.0.113.2:5000 → 203.0.113.1:7 UDP len=3",
      "203.0.113.2 → 203.0.113.1 ICMP echo request id=4660 seq=1 len=4",
      "203.0.113.1 → 203.0.113.2 ICMP fragmentation needed mtu=1280 for tcp 203.0.113.2:49152 → 203.0.113.1:80",
      "ARP who has 203.0.113.1? tell 203.0.113.2",
    ]);
  });

  test("a TCP segment is told field by field", () => {
    expect(told(SYN_FRAME)).toEqual({
      protocol: "tcp",
      source: "203.0.113.2:49152",
      destination: "203.0.113.1:80",
      ip: {
        sourceAddress: "203.0.113.2",
        destinationAddress: "203.0.113.1",
        ttl: 64,
        tos: 0,
        identification: 7,
        dontFragment: true,
        totalLength: 52,
      },
      sourcePort: 49152,
      destinationPort: 80,
      flags: "SYN",
      seq: 0xfffffff0,
      ack: 0,
      window: 64240,
      urgentPointer: 0,
      options: ["mss 1460", "nop", "ws 8", "nop", "nop", "sackOk"],
      payloadLength: 0,
      summary: expect.any(String),
    });
  });

  test("a DNS message to or from port 53 is told in a line, a damaged one with what is wrong", () => {
    const payload = message({ questions: [["www.example", 1]], answers: [a("www.example", "203.0.113.80")] });
    const frame = new Uint8Array(TRANSPORT_AT + 8 + payload.length);
    frame.set(UDP_FRAME.subarray(0, TRANSPORT_AT));
    frame.set([0, frame.length - IP_AT], IP_AT + 2);
    frame.set([0, 53, 0xc0, 0, 0, 8 + payload.length, 0, 0], TRANSPORT_AT);
    frame.set(payload, TRANSPORT_AT + 8);
    expect(told(frame)).toMatchObject({
      protocol: "udp",
      dns: "A www.example: 203.0.113.80",
      summary: "203.0.113.2:53 → 203.0.113.1:49152 DNS A www.example: 203.0.113.80",
    });
    expect(told(changed(frame, TRANSPORT_AT + 8 + 7, 2))).toMatchObject({
      malformed: "dns-truncated",
      payloadLength: payload.length,
      summary: `203.0.113.2:53 → 203.0.113.1:49152 DNS len=${payload.length} dns-truncated`,
    });
    expect(told(changed(frame, TRANSPORT_AT + 1, 54))).toMatchObject({ summary: expect.stringMatching(/UDP len=/) });
  });

  test("padding behind a datagram is not taken for data (RFC 1122 §3.2.1)", () => {
    const padded = new Uint8Array(100);
    padded.set(SYN_FRAME);
    expect(told(padded)).toEqual(told(SYN_FRAME));
  });

  test("an option with a bad length is told, and the segment all the same", () => {
    const d = told(changed(SYN_FRAME, TRANSPORT_AT + 29, 30, 99));
    expect(d).toMatchObject({
      protocol: "tcp",
      malformed: "tcp-bad-option",
      options: ["mss 1460", "nop", "ws 8", "nop", "kind 30 with a bad length"],
    });
    expect(d.summary).toMatch(/ tcp-bad-option$/);
  });

  test("an ARP reply says where an address is", () => {
    expect(told(changed(ARP_FRAME, 21, 2)).summary).toBe("ARP 203.0.113.2 is at 02:00:5e:10:00:02");
  });

  test("fragments are told by their place in the datagram", () => {
    expect(told(changed(UDP_FRAME, IP_AT + 6, 0x20, 0xb9))).toMatchObject({
      protocol: "ipv4",
      fragmentOffset: 1480,
      moreFragments: true,
      summary: "203.0.113.2 → 203.0.113.1 udp fragment id=9 offset=1480, more follow len=11",
    });
  });

  test("other frame types are named where they have a name", () => {
    const summary = (...type: number[]) => told(changed(UDP_FRAME, 12, ...type)).summary;
    expect(summary(0x86, 0xdd)).toBe("02:00:5e:10:00:02 → 02:00:5e:10:00:01 IPv6 len=31 ipv6-truncated");
    expect(summary(0x81, 0x00)).toMatch(/ 802\.1Q tag len=31$/);
    expect(summary(0x88, 0xcc)).toMatch(/ type 0x88cc len=31$/);
    expect(summary(0x00, 0x1f)).toMatch(/ 802\.3 len=31$/);
  });

  test("a frame cut short anywhere is told with the reason", () => {
    for (const frame of FRAMES) {
      for (let end = 0; end < frame.length; end++) {
        const d = describeFrame(frame, 0, end);
        expect(d.malformed).toMatch(end < 14 ? /^ethernet-truncated$/ : /^(arp|ipv4)-truncated$/);
        expect(d.summary).toContain(d.malformed);
      }
    }
  });

  test("a datagram whose own length cuts its content short is told with the content's reason", () => {
    const reasons = (frame: Uint8Array) => {
      const found = new Set<string | undefined>();
      for (let total = 20; total < frame.length - IP_AT; total++) {
        const d = told(changed(frame, IP_AT + 2, total >> 8, total & 255));
        if (d.malformed !== undefined) expect(d.summary).toContain(d.malformed);
        found.add(d.malformed);
      }
      return [...found];
    };
    expect(reasons(SYN_FRAME)).toEqual(["tcp-truncated"]);
    expect(reasons(UDP_FRAME)).toEqual(["udp-truncated"]);
    expect(reasons(ECHO_FRAME)).toEqual(["icmp-truncated", undefined]); // an echo may be of any length
    expect(reasons(UNREACHABLE_FRAME)).toEqual(["icmp-truncated", "icmp-quote-truncated"]);
  });

  test("any bytes at all are described, as plain data with a line to print", () => {
    const from = fc.constantFrom(...FRAMES);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.tuple(from, fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 6 })).map(([frame, changes]) => {
        const copy = frame.slice();
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      }),
    );
    fc.assert(
      fc.property(bytes, fc.nat(200), (b, end) => {
        const d = describeFrame(b, 0, end);
        expect(d.summary).not.toMatch(/NaN|undefined|\n/);
        expect(JSON.parse(JSON.stringify(d))).toEqual(d);
      }),
      { numRuns: 3000 },
    );
  });
});
