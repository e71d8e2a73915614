import { describe, expect, test } from "@jest/globals";
import { seq } from "../../../src/stack/core/seq.ts";
import * as icmp from "../../../src/stack/packet/icmp.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import { changed, ECHO_FRAME, IP_AT, SYN_FRAME, TRANSPORT_AT, UNREACHABLE_FRAME } from "./frames.ts";

const QUOTE_AT = TRANSPORT_AT + 8;

describe("ICMP (RFC 792)", () => {
  test("an echo written piece by piece is the one on the wire", () => {
    const b = new Uint8Array(14).fill(0xee);
    icmp.writeEcho(b, 1, icmp.ECHO_REQUEST, 0x1234, 1);
    b.set(ECHO_FRAME.subarray(TRANSPORT_AT + 8), icmp.dataAt(1));
    icmp.putChecksum(b, 1, 13);
    expect([...b]).toEqual([0xee, ...ECHO_FRAME.subarray(TRANSPORT_AT), 0xee]);
    expect([icmp.identifier(b, 1), icmp.sequence(b, 1)]).toEqual([0x1234, 1]);
  });

  test("a written error quotes the datagram it is about", () => {
    const b = new Uint8Array(36);
    icmp.writeError(b, 0, icmp.DESTINATION_UNREACHABLE, icmp.FRAGMENTATION_NEEDED, 1280);
    b.set(SYN_FRAME.subarray(IP_AT, IP_AT + 28), icmp.quotedAt(0));
    icmp.putChecksum(b, 0, b.length);
    expect(b).toEqual(UNREACHABLE_FRAME.slice(TRANSPORT_AT));
  });

  test("a quote gives the addresses, ports and sequence number it was sent with (RFC 1122 §3.2.2)", () => {
    const b = UNREACHABLE_FRAME;
    expect(icmp.checkQuote(b, TRANSPORT_AT, b.length)).toBeUndefined();
    expect(icmp.nextHopMtu(b, TRANSPORT_AT)).toBe(1280);
    expect(ipv4.destination(b, icmp.quotedAt(TRANSPORT_AT))).toBe(ipv4.destination(SYN_FRAME, IP_AT));
    const quoted = icmp.quotedPayloadAt(b, TRANSPORT_AT);
    expect([tcp.sourcePort(b, quoted), tcp.destinationPort(b, quoted), tcp.sequence(b, quoted)]).toEqual([49152, 80, seq(0xfffffff0)]);
  });

  test("gateway and pointer are read from the four bytes after the checksum", () => {
    const b = new Uint8Array(8);
    icmp.writeError(b, 0, icmp.REDIRECT, 1, 0xcb0071fe);
    expect(icmp.gateway(b, 0)).toBe(0xcb0071fe);
    icmp.writeError(b, 0, icmp.PARAMETER_PROBLEM, 0, 9 << 24);
    expect(icmp.pointer(b, 0)).toBe(9);
  });

  test("a changed byte fails the checksum", () => {
    expect(icmp.verifyChecksum(ECHO_FRAME, TRANSPORT_AT, ECHO_FRAME.length)).toBe(true);
    for (let at = TRANSPORT_AT; at < ECHO_FRAME.length; at++) {
      expect(icmp.verifyChecksum(changed(ECHO_FRAME, at, ECHO_FRAME[at]! ^ 0x40), TRANSPORT_AT, ECHO_FRAME.length)).toBe(false);
    }
  });

  test("every truncation of message and quote is named", () => {
    for (let end = TRANSPORT_AT; end < QUOTE_AT; end++) expect(icmp.check(UNREACHABLE_FRAME, TRANSPORT_AT, end)).toBe("icmp-truncated");
    expect(icmp.check(UNREACHABLE_FRAME, TRANSPORT_AT, QUOTE_AT)).toBeUndefined();
    for (let end = QUOTE_AT; end < UNREACHABLE_FRAME.length; end++) {
      expect(icmp.checkQuote(UNREACHABLE_FRAME, TRANSPORT_AT, end)).toBe("icmp-quote-truncated");
    }
  });

  test("a quote with a wrong version or header length is refused, and one whose options are cut off", () => {
    const check = (first: number) => icmp.checkQuote(changed(UNREACHABLE_FRAME, QUOTE_AT, first), TRANSPORT_AT, UNREACHABLE_FRAME.length);
    expect(check(0x65)).toBe("icmp-quote-bad-version");
    expect(check(0x44)).toBe("icmp-quote-bad-header-length");
    expect(check(0x46)).toBe("icmp-quote-truncated");
  });

  test("of all types only the five errors count as errors", () => {
    expect(Array.from({ length: 256 }, (_, type) => type).filter(icmp.isError)).toEqual([3, 4, 5, 11, 12]);
  });
});
