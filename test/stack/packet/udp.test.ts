import { describe, expect, test } from "@jest/globals";
import { pseudoHeaderV4 } from "../../../src/stack/packet/checksum.ts";
import * as ipv4 from "../../../src/stack/packet/ipv4.ts";
import * as udp from "../../../src/stack/packet/udp.ts";
import { ADDRESS_1, ADDRESS_2, changed, IP_AT, TRANSPORT_AT, UDP_FRAME } from "./frames.ts";

const PSEUDO = pseudoHeaderV4(ADDRESS_2, ADDRESS_1, ipv4.PROTOCOL_UDP, 11);

describe("UDP header (RFC 768)", () => {
  test("a datagram written piece by piece is the one on the wire", () => {
    const b = new Uint8Array(13).fill(0xee);
    udp.writeHeader(b, 1, 5000, 7, 3);
    b.set([0x61, 0x62, 0x63], udp.payloadAt(1));
    udp.putChecksum(b, 1, PSEUDO);
    expect([...b]).toEqual([0xee, ...UDP_FRAME.subarray(TRANSPORT_AT), 0xee]);
  });

  test("its fields are read from their places", () => {
    expect([udp.sourcePort(UDP_FRAME, TRANSPORT_AT), udp.destinationPort(UDP_FRAME, TRANSPORT_AT)]).toEqual([5000, 7]);
    expect([udp.length(UDP_FRAME, TRANSPORT_AT), udp.payloadLength(UDP_FRAME, TRANSPORT_AT)]).toEqual([11, 3]);
    expect([udp.payloadAt(TRANSPORT_AT), udp.payloadEnd(UDP_FRAME, TRANSPORT_AT)]).toEqual([42, 45]);
  });

  test("the checksum covers payload and addresses", () => {
    expect(ipv4.pseudoHeader(UDP_FRAME, IP_AT)).toBe(PSEUDO);
    expect(udp.verifyChecksum(UDP_FRAME, TRANSPORT_AT, PSEUDO)).toBe(true);
    expect(udp.verifyChecksum(changed(UDP_FRAME, 44, 0x64), TRANSPORT_AT, PSEUDO)).toBe(false);
    expect(udp.verifyChecksum(UDP_FRAME, TRANSPORT_AT, PSEUDO + 1)).toBe(false);
  });

  test("a checksum that comes out as zero is sent as all ones, and verifies", () => {
    const b = new Uint8Array(10);
    udp.writeHeader(b, 0, 0, 0, 2);
    const lacking = 0xffff - 10 - 10; // the two lengths are all else that is summed
    b.set([lacking >> 8, lacking & 255], 8);
    udp.putChecksum(b, 0, 10);
    expect(udp.checksum(b, 0)).toBe(0xffff);
    expect(udp.hasChecksum(b, 0)).toBe(true);
    expect(udp.verifyChecksum(b, 0, 10)).toBe(true);
  });

  test("zero in the field means that there is no checksum (RFC 1122 §4.1.3.4)", () => {
    expect(udp.hasChecksum(UDP_FRAME, TRANSPORT_AT)).toBe(true);
    expect(udp.hasChecksum(changed(UDP_FRAME, TRANSPORT_AT + 6, 0, 0), TRANSPORT_AT)).toBe(false);
  });

  test("a length under eight is bad, one past the IP payload truncated, a shorter one legal", () => {
    const check = (length: number) =>
      udp.check(changed(UDP_FRAME, TRANSPORT_AT + 4, length >> 8, length & 255), TRANSPORT_AT, UDP_FRAME.length);
    expect([0, 7].map(check)).toEqual(["udp-bad-length", "udp-bad-length"]);
    expect([8, 10, 11].map(check)).toEqual([undefined, undefined, undefined]);
    expect([12, 65_535].map(check)).toEqual(["udp-truncated", "udp-truncated"]);
    for (let end = TRANSPORT_AT; end < UDP_FRAME.length; end++) expect(udp.check(UDP_FRAME, TRANSPORT_AT, end)).toBe("udp-truncated");
  });
});
