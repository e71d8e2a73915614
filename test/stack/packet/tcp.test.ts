import { describe, expect, test } from "@jest/globals";
import { seq } from "../../../src/stack/core/seq.ts";
import { pseudoHeaderV4 } from "../../../src/stack/packet/checksum.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as tcp from "../../../src/stack/packet/tcp.ts";
import { ADDRESS_1, ADDRESS_2, changed, DATA_FRAME, IP_AT, SYN_FRAME, TRANSPORT_AT } from "./frames.ts";

describe("TCP header (RFC 9293 §3.1)", () => {
  test("every field is read from its place", () => {
    const t = TRANSPORT_AT;
    expect(tcp.check(DATA_FRAME, t, DATA_FRAME.length)).toBeUndefined();
    expect([tcp.sourcePort(DATA_FRAME, t), tcp.destinationPort(DATA_FRAME, t)]).toEqual([80, 49152]);
    expect([tcp.sequence(DATA_FRAME, t), tcp.acknowledgment(DATA_FRAME, t)]).toEqual([seq(0x11223344), seq(0xfffffff1)]);
    expect([tcp.headerLength(DATA_FRAME, t), tcp.payloadAt(DATA_FRAME, t)]).toEqual([52, 86]);
    expect(tcp.flags(DATA_FRAME, t)).toBe(tcp.PSH | tcp.ACK);
    expect([tcp.window(DATA_FRAME, t), tcp.window(SYN_FRAME, t)]).toEqual([502, 64240]); // unsigned (MUST-1)
    expect([tcp.checksum(DATA_FRAME, t), tcp.urgentPointer(DATA_FRAME, t)]).toEqual([0x51c4, 0]);
  });

  test("a header written over bytes of an older packet is the one on the wire", () => {
    const b = new Uint8Array(34).fill(0xee);
    tcp.writeHeader(b, 1, 49152, 80, seq(0xfffffff0), seq(0), 32, tcp.SYN, 64240);
    b.set(SYN_FRAME.subarray(TRANSPORT_AT + 20), tcp.optionsAt(1));
    tcp.putChecksum(b, 1, 33, pseudoHeaderV4(ADDRESS_2, ADDRESS_1, ipv4.PROTOCOL_TCP, 32));
    expect([...b]).toEqual([0xee, ...SYN_FRAME.subarray(TRANSPORT_AT), 0xee]);
  });

  test("setters change their field alone", () => {
    const b = SYN_FRAME.slice();
    tcp.setSequence(b, TRANSPORT_AT, seq(0x01020304));
    tcp.setAcknowledgment(b, TRANSPORT_AT, seq(0xfefdfcfb));
    tcp.setFlags(b, TRANSPORT_AT, 0xff);
    tcp.setWindow(b, TRANSPORT_AT, 0xffff);
    tcp.setUrgentPointer(b, TRANSPORT_AT, 9);
    const expected = SYN_FRAME.slice();
    expected.set([1, 2, 3, 4, 0xfe, 0xfd, 0xfc, 0xfb, 0x80, 0xff, 0xff, 0xff], TRANSPORT_AT + 4);
    expected.set([0, 9], TRANSPORT_AT + 18);
    expect(b).toEqual(expected);
  });

  test("the checksum covers the segment and its addresses (MUST-3)", () => {
    const good = (b: Uint8Array) => tcp.verifyChecksum(b, TRANSPORT_AT, b.length, ipv4.pseudoHeader(b, IP_AT));
    expect([good(SYN_FRAME), good(DATA_FRAME)]).toEqual([true, true]);
    expect(good(changed(DATA_FRAME, 90, 0x70))).toBe(false); // the last byte of the data
    expect(good(changed(DATA_FRAME, IP_AT + 15, 99))).toBe(false); // the source address
  });

  test("[HDR-12] a data offset under five words is bad, one past the segment truncated", () => {
    const bare = SYN_FRAME.slice(TRANSPORT_AT, TRANSPORT_AT + 20);
    for (let words = 0; words < 16; words++) {
      const expected = words < 5 ? "tcp-bad-data-offset" : words > 5 ? "tcp-truncated" : undefined;
      expect({ words, reason: tcp.check(changed(bare, 12, words << 4), 0, 20) }).toEqual({ words, reason: expected });
    }
  });

  test("[HDR-13] reserved bits are no part of length or flags", () => {
    const b = changed(SYN_FRAME, TRANSPORT_AT + 12, 0x8f);
    expect(tcp.check(b, TRANSPORT_AT, b.length)).toBeUndefined();
    expect([tcp.headerLength(b, TRANSPORT_AT), tcp.flags(b, TRANSPORT_AT)]).toEqual([32, tcp.SYN]);
  });

  test("every truncation is named", () => {
    for (let end = TRANSPORT_AT; end < SYN_FRAME.length; end++) expect(tcp.check(SYN_FRAME, TRANSPORT_AT, end)).toBe("tcp-truncated");
  });

  test("flags are put in words in the order in which they are said", () => {
    expect([tcp.SYN | tcp.ACK, tcp.RST, 0, 0xff].map(tcp.flagsText)).toEqual(["SYN,ACK", "RST", "", "SYN,FIN,RST,PSH,ACK,URG,ECE,CWR"]);
  });
});
