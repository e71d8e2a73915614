import { describe, expect, test } from "@jest/globals";
import { parseV4 } from "../../../src/stack/core/address.ts";
import * as igmp from "../../../src/stack/packet/igmp.ts";

const GROUP = parseV4("239.1.2.3").w3;

/** A version 3 query with two sources, its checksum good: tshark says so. */
const V3_QUERY = Uint8Array.of(0x11, 100, 0xfe, 0xdc, 239, 1, 2, 3, 0x0a, 125, 0, 2, 192, 0, 2, 1, 192, 0, 2, 2);

const query = (...bytes: readonly number[]): Uint8Array => Uint8Array.of(0x11, ...bytes);

describe("IGMP messages (RFC 3376 §4)", () => {
  test("a query of version 3 is read", () => {
    const b = V3_QUERY.slice();
    igmp.putChecksum(b, 0, b.length);
    expect(igmp.check(b, 0, b.length)).toBeUndefined();
    expect(igmp.verifyChecksum(b, 0, b.length)).toBe(true);
    expect(igmp.verifyChecksum(b.fill(9, 19), 0, b.length)).toBe(false);
    expect(igmp.queryVersion(b, 0, b.length)).toBe(3);
    expect(igmp.group(b, 0)).toBe(GROUP);
    expect([igmp.maxResponseMs(b, 0, 3), igmp.robustness(b, 0), igmp.queryIntervalMs(b, 0)]).toEqual([10_000, 2, 125_000]);
    expect([igmp.sourceCount(b, 0), igmp.source(b, 0, 0), igmp.source(b, 0, 1) >>> 0]).toEqual([2, parseV4("192.0.2.1").w3, 0xc0000209]);
  });

  test("the version of a query is told by its length and its response time (RFC 3376 §7.1)", () => {
    const versionOf = (b: Uint8Array) => igmp.queryVersion(b, 0, b.length);
    expect(versionOf(query(0, 0, 0, 0, 0, 0, 0))).toBe(1);
    expect(versionOf(query(1, 0, 0, 0, 0, 0, 0))).toBe(2);
    expect(versionOf(query(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(3);
  });

  test.each([
    [0, 0],
    [1, 100],
    [127, 12_700],
    [128, 12_800],
    [0x8f, 24_800],
    [255, 3_174_400],
  ])("a maximum response code of %i stands for %i ms (RFC 3376 §4.1.1)", (code, ms) => {
    expect(igmp.maxResponseMs(query(code, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 3)).toBe(ms);
    expect(igmp.maxResponseMs(query(code, 0, 0, 0, 0, 0, 0), 0, 2)).toBe(code * 100);
  });

  test("[MC-07] what is too short, of a length between the versions, or lacks some of its sources is found out", () => {
    const check = (b: Uint8Array, end = b.length) => igmp.check(b, 0, end);
    for (let end = 0; end < 8; end++) expect(check(V3_QUERY, end)).toBe("igmp-truncated");
    expect(check(V3_QUERY, 8)).toBeUndefined();
    for (let end = 9; end < 12; end++) expect(check(V3_QUERY, end)).toBe("igmp-bad-length");
    for (let end = 12; end < 20; end++) expect(check(V3_QUERY, end)).toBe("igmp-truncated");
    expect(check(V3_QUERY)).toBeUndefined();
    const many = V3_QUERY.slice().fill(0xff, 10, 12);
    expect(check(many)).toBe("igmp-truncated");
    // Of reports only the header is of interest to a host.
    expect(check(Uint8Array.of(igmp.V3_REPORT, 0, 0, 0, 0, 0, 0xff, 0xff))).toBeUndefined();
  });

  test("a report of version 3 is written record by record, and can be walked", () => {
    const b = new Uint8Array(8 + 12 + 8).fill(0xee);
    igmp.writeReport(b, 0, 2);
    igmp.writeRecord(b, 8, 5, 1, GROUP);
    igmp.putSource(b, 16, parseV4("192.0.2.1").w3);
    igmp.writeRecord(b, 20, 4, 0, GROUP);
    igmp.putChecksum(b, 0, b.length);
    expect([...b]).toEqual([0x22, 0, 0x30, 0xf1, 0, 0, 0, 2, 5, 0, 0, 1, 239, 1, 2, 3, 192, 0, 2, 1, 4, 0, 0, 0, 239, 1, 2, 3]);
    expect(igmp.verifyChecksum(b, 0, b.length)).toBe(true);
    const second = igmp.nextRecord(b, 8);
    expect([igmp.recordCount(b, 0), second, igmp.nextRecord(b, second)]).toEqual([2, 20, 28]);
    expect([igmp.recordKind(b, 8), igmp.recordGroup(b, 8), igmp.recordSourceCount(b, 8)]).toEqual([5, GROUP, 1]);
    expect(igmp.recordSource(b, 8, 0)).toBe(parseV4("192.0.2.1").w3);
  });

  test("a message of versions 1 and 2 is eight bytes", () => {
    const b = new Uint8Array(8).fill(0xee);
    igmp.writeMessage(b, 0, igmp.V2_REPORT, GROUP);
    igmp.putChecksum(b, 0, 8);
    expect([...b.subarray(0, 2), ...b.subarray(4)]).toEqual([0x16, 0, 239, 1, 2, 3]);
    expect(igmp.verifyChecksum(b, 0, 8)).toBe(true);
  });
});
