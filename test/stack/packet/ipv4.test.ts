import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import { ADDRESS_1, ADDRESS_2, changed, IP_AT, SYN_FRAME } from "./frames.ts";

const DATAGRAM = SYN_FRAME.subarray(IP_AT);

/** A header of 20 bytes and these options, without payload. */
function withOptions(...options: readonly number[]): Uint8Array {
  const b = new Uint8Array(20 + options.length);
  ipv4.writeHeader(b, 0, b.length, ADDRESS_2, ADDRESS_1, ipv4.PROTOCOL_UDP, 64);
  b[0] = 0x40 | (b.length / 4);
  b.set(options, 20);
  ipv4.putChecksum(b, 0);
  return b;
}

function kindsOf(b: Uint8Array): number[] {
  const kinds: number[] = [];
  let o = ipv4.firstOption(b, 0);
  for (; o >= 0; o = ipv4.nextOption(b, 0, o)) kinds.push(ipv4.optionKind(b, o));
  return [...kinds, o];
}

describe("IPv4 header (RFC 791 §3.1)", () => {
  test("every field is read from its place", () => {
    expect(ipv4.check(SYN_FRAME, IP_AT, SYN_FRAME.length)).toBeUndefined();
    expect({
      headerLength: ipv4.headerLength(DATAGRAM, 0),
      totalLength: ipv4.totalLength(DATAGRAM, 0),
      identification: ipv4.identification(DATAGRAM, 0),
      dontFragment: ipv4.dontFragment(DATAGRAM, 0),
      ttl: ipv4.ttl(DATAGRAM, 0),
      protocol: ipv4.protocol(DATAGRAM, 0),
      checksum: ipv4.checksum(DATAGRAM, 0),
      source: ipv4.source(DATAGRAM, 0) >>> 0,
      destination: ipv4.destination(DATAGRAM, 0) >>> 0,
      payload: [ipv4.payloadAt(SYN_FRAME, IP_AT), ipv4.payloadEnd(SYN_FRAME, IP_AT), ipv4.payloadLength(SYN_FRAME, IP_AT)],
    }).toEqual({
      headerLength: 20,
      totalLength: 52,
      identification: 7,
      dontFragment: true,
      ttl: 64,
      protocol: 6,
      checksum: 0xc2b8,
      source: ADDRESS_2,
      destination: ADDRESS_1,
      payload: [34, 66, 32],
    });
  });

  test("a written header is the one on the wire, checksum included, over bytes of an older packet", () => {
    const b = new Uint8Array(24).fill(0xee);
    ipv4.writeHeader(b, 2, 52, ADDRESS_2, ADDRESS_1, ipv4.PROTOCOL_TCP, 64, 7);
    expect([...b]).toEqual([0xee, 0xee, ...DATAGRAM.subarray(0, 20), 0xee, 0xee]);
  });

  test("type of service and ECN are the same byte (RFC 3168 §5)", () => {
    const b = new Uint8Array(20);
    ipv4.writeHeader(b, 0, 20, ADDRESS_2, ADDRESS_1, ipv4.PROTOCOL_TCP, 64, 0, 0, 0xbb);
    expect([ipv4.tos(b, 0), ipv4.ecn(b, 0)]).toEqual([0xbb, 3]);
  });

  test("fragments carry their offset in bytes, to the last eighth of 64 KiB", () => {
    const b = DATAGRAM.slice();
    expect(ipv4.isFragment(b, 0)).toBe(false);
    ipv4.setFragment(b, 0, 65_528, false);
    expect([ipv4.fragmentOffset(b, 0), ipv4.moreFragments(b, 0), ipv4.dontFragment(b, 0), ipv4.isFragment(b, 0)]).toEqual([
      65_528,
      false,
      false,
      true,
    ]);
    ipv4.setFragment(b, 0, 0, true);
    expect([ipv4.fragmentOffset(b, 0), ipv4.moreFragments(b, 0), ipv4.isFragment(b, 0)]).toEqual([0, true, true]);
  });

  test("a changed bit anywhere in the header fails the checksum (RFC 1122 §3.2.1.2)", () => {
    expect(ipv4.verifyChecksum(DATAGRAM, 0)).toBe(true);
    // The header length's own four bits move the end of the sum; they are check's business.
    for (let bit = 4; bit < 160; bit++) {
      const b = DATAGRAM.slice();
      b[bit >> 3]! ^= 1 << (bit & 7);
      expect({ bit, good: ipv4.verifyChecksum(b, 0) }).toEqual({ bit, good: false });
    }
  });

  test("after a setter the checksum is made anew", () => {
    const b = DATAGRAM.slice();
    ipv4.setTotalLength(b, 0, 40);
    ipv4.setIdentification(b, 0, 0xabcd);
    expect(ipv4.verifyChecksum(b, 0)).toBe(false);
    ipv4.putChecksum(b, 0);
    expect(ipv4.verifyChecksum(b, 0)).toBe(true);
    expect([ipv4.totalLength(b, 0), ipv4.identification(b, 0)]).toEqual([40, 0xabcd]);
  });

  test("only version 4 passes (RFC 1122 §3.2.1.1)", () => {
    for (let version = 0; version < 16; version++) {
      expect(ipv4.check(changed(DATAGRAM, 0, (version << 4) | 5), 0, 52)).toBe(version === 4 ? undefined : "ipv4-bad-version");
    }
  });

  test("header length, total length and what is there must agree (RFC 1122 §3.2.1)", () => {
    for (let words = 0; words < 16; words++) {
      const expected = words < 5 ? "ipv4-bad-header-length" : words * 4 > 52 ? "ipv4-bad-total-length" : undefined;
      expect({ words, reason: ipv4.check(changed(DATAGRAM, 0, 0x40 | words), 0, 52) }).toEqual({ words, reason: expected });
    }
    const check = (total: number) => ipv4.check(changed(DATAGRAM, 2, total >> 8, total & 255), 0, 52);
    expect([0, 19].map(check)).toEqual(["ipv4-bad-total-length", "ipv4-bad-total-length"]);
    expect([20, 51, 52].map(check)).toEqual([undefined, undefined, undefined]);
    expect([53, 65_535].map(check)).toEqual(["ipv4-truncated", "ipv4-truncated"]);
  });

  test("every truncation is named", () => {
    for (let length = 0; length < 52; length++) expect(ipv4.check(DATAGRAM, 0, length)).toBe("ipv4-truncated");
  });
});

describe("IPv4 options (RFC 1122 §3.2.1.8)", () => {
  test("a header without options has none", () => {
    expect(kindsOf(DATAGRAM)).toEqual([ipv4.NO_OPTION]);
  });

  test("padding is passed over, and the walk ends at the end-of-list byte", () => {
    const b = withOptions(1, 148, 4, 0, 0, 1, 131, 3, 4, 0, 7, 3);
    expect(kindsOf(b)).toEqual([ipv4.OPTION_ROUTER_ALERT, ipv4.OPTION_LOOSE_SOURCE_ROUTE, ipv4.NO_OPTION]);
    const three = withOptions(1, 148, 4, 0, 0, 1, 131, 3, 4, 7, 3, 4);
    expect(kindsOf(three)).toEqual([148, 131, 7, ipv4.NO_OPTION]);
    expect(ipv4.hasOption(three, 0, ipv4.OPTION_LOOSE_SOURCE_ROUTE)).toBe(true);
    expect(ipv4.hasOption(three, 0, ipv4.OPTION_STRICT_SOURCE_ROUTE)).toBe(false);
  });

  test("lengths of zero, of one and past the header are told as bad", () => {
    expect(kindsOf(withOptions(7, 0, 1, 1))).toEqual([ipv4.BAD_OPTION]);
    expect(kindsOf(withOptions(7, 1, 1, 1))).toEqual([ipv4.BAD_OPTION]);
    expect(kindsOf(withOptions(7, 5, 1, 1))).toEqual([ipv4.BAD_OPTION]);
    expect(kindsOf(withOptions(1, 1, 1, 7))).toEqual([ipv4.BAD_OPTION]);
  });

  test("any option bytes are walked in at most twenty steps, inside the header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (options) => {
        const b = withOptions(...options);
        let steps = 0;
        for (let o = ipv4.firstOption(b, 0); o >= 0; o = ipv4.nextOption(b, 0, o)) {
          expect(o + ipv4.optionLength(b, o)).toBeLessThanOrEqual(60);
          expect(++steps).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
